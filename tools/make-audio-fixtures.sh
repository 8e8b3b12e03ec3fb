#!/usr/bin/env bash
# Makes the compressed fixtures of the audio tests: short synthetic tones (440 Hz; in stereo 440 Hz left at half scale
# and 660 Hz right at a quarter), coded by every codec the app reads and some that it refuses. Needs ffmpeg (Debian: apt-get install ffmpeg).
set -euo pipefail
out=$(cd "$(dirname "$0")/.." && pwd)/tests/fixtures/audio
mkdir -p "$out"
run() { ffmpeg -hide_banner -loglevel error -y "$@"; }
mono() { run -f lavfi -i "aevalsrc=0.5*sin(2*PI*440*t):s=$1:d=$2" -ac 1 -map_metadata -1 -fflags +bitexact -flags:a +bitexact "${@:3}"; }
stereo() { run -f lavfi -i "aevalsrc=0.5*sin(2*PI*440*t)|0.25*sin(2*PI*660*t):s=$1:d=$2" -map_metadata -1 -fflags +bitexact -flags:a +bitexact "${@:3}"; }

mono 16000 0.5 -sample_fmt s16 "$out/mono-16k.flac"
stereo 44100 0.1 -sample_fmt s32 -bits_per_raw_sample 24 "$out/stereo-44k-24bit.flac"
mono 44100 1 -c:a libmp3lame -b:a 32k "$out/mono-44k.mp3"
mono 44100 1 -c:a libmp3lame -b:a 32k -write_xing 0 "$out/mono-44k-no-tag.mp3"
stereo 22050 1 -c:a libmp3lame -q:a 9 "$out/stereo-22k-vbr.mp3"
mono 44100 1 -c:a libvorbis -q:a 0 -serial_offset 1 "$out/mono-44k.ogg"
stereo 48000 1 -c:a libopus -b:a 24k -serial_offset 1 "$out/stereo-48k.opus"
mono 44100 1 -c:a aac -b:a 32k "$out/mono-44k.m4a"
mono 44100 1 -c:a aac -b:a 32k -movflags +faststart "$out/mono-44k-faststart.m4a"
mono 44100 1 -c:a aac -b:a 32k -f adts "$out/mono-44k.aac"
mono 16000 0.1 -c:a alac "$out/mono-16k-alac.m4a"
mono 48000 1 -c:a libopus -b:a 24k "$out/mono-48k.webm"
mono 16000 0.2 -c:a pcm_s16be -f aiff "$out/mono-16k.aiff"
mono 16000 0.5 -c:a adpcm_ima_wav "$out/mono-16k-adpcm.wav"
mono 8000 0.5 -c:a libgsm_ms "$out/mono-8k-gsm.wav" 2>/dev/null || true
mono 16000 0.2 -c:a flac -f ogg -serial_offset 1 "$out/mono-16k.oga"
mono 8000 1 -c:a libspeex -f ogg -serial_offset 1 "$out/mono-8k-speex.ogg"
du -b "$out"/* | sort -n
