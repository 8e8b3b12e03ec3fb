"""Lays the training corpus out once: every utterance at 16 kHz, with phones, F0 and voice where they are known.

``OUT/audio.i16`` holds the samples one after the other; ``OUT/f0.f16`` (Hz, 0 unvoiced) and ``OUT/phones.u8`` one value per
20 ms frame; ``OUT/utterances.jsonl`` one line per utterance. 255 in ``phones.u8`` means "not known".
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import pickle
import random
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import resample_poly

import sources
import synthesizers
from espeak import Espeak, ipa_letters
from targets import HOP, SAMPLE_RATE, WINDOW, track_f0

PHONES = ["", *"pbtdkgqʔmnɲŋrɾʁvfβθðszʃʒɕʑʂʐçxɣχħhɦjwɹlʎɭcɟɨʉɯɪʊuieoøyəɤɛɔœɜaæɑɐʌɒʏ"]
PHONE_INDEX = {letter: index for index, letter in enumerate(PHONES)}
UNKNOWN_PHONE = 255
MAX_SEC, MIN_SEC = 4.0, 0.25
PHRASES_PER_VOICE = 600

# The phone set of the Russian voice's label files, in IPA letters.
_RUSSIAN = {
    "a": "ɐ", "aa": "a", "ae": "ə", "ay": "ə", "b": "b", "bb": "b", "ch": "tɕ", "d": "d", "dd": "d", "e": "ɪ", "ee": "e", "f": "f",
    "ff": "f", "g": "g", "gg": "g", "h": "x", "hh": "x", "i": "ɪ", "ii": "i", "j": "j", "k": "k", "kk": "k", "l": "l", "ll": "l",
    "m": "m", "mm": "m", "n": "n", "nn": "n", "oo": "o", "p": "p", "pp": "p", "r": "r", "rr": "r", "s": "s", "ss": "s", "sch": "ɕ",
    "sh": "ʂ", "t": "t", "tt": "t", "c": "ts", "u": "ʊ", "uu": "u", "ur": "ʊ", "v": "v", "vv": "v", "y": "ɨ", "yy": "ɨ",
    "z": "z", "zz": "z", "zh": "ʐ", "pau": "",
}  # fmt: skip


@dataclass
class Utterance:
    samples: np.ndarray
    source: str
    language: str | None
    voice: str | None
    speech: bool = True
    tokens: list[int] | None = None
    phones: np.ndarray | None = None
    traits: dict[str, float] = field(default_factory=dict)


def frame_phones(spans: list[tuple[str, float, float]], samples: int) -> np.ndarray:
    """Phone indices per frame from ``(IPA, start, end)`` in samples: a span of several letters is divided equally."""
    frames = max(0, (samples - WINDOW) // HOP + 1)
    labels = np.zeros(frames, np.uint8)
    for ipa, start, end in spans:
        letters = ipa_letters(ipa)
        for position, letter in enumerate(letters):
            first = start + (end - start) * position / len(letters)
            last = start + (end - start) * (position + 1) / len(letters)
            low, high = np.ceil((first - WINDOW / 2) / HOP), np.ceil((last - WINDOW / 2) / HOP)
            labels[max(0, int(low)) : max(0, int(high))] = PHONE_INDEX.get(letter, UNKNOWN_PHONE)
    return labels


def read_audio(path: Path) -> np.ndarray:
    """Mono float32 at 16 kHz in [-1, 1]."""
    if path.suffix in (".g722", ".gsm"):
        command = ["ffmpeg", "-v", "error", "-f", path.suffix[1:], "-i", str(path), "-f", "s16le", "-ac", "1", "-ar", "16000", "-"]
        data = subprocess.run(command, check=True, capture_output=True).stdout
        return np.frombuffer(data, np.int16).astype(np.float32) / 32768
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    mono = samples.mean(1)
    if rate != SAMPLE_RATE:
        divisor = np.gcd(rate, SAMPLE_RATE)
        mono = resample_poly(mono, SAMPLE_RATE // divisor, rate // divisor).astype(np.float32)
    return mono


def trim(samples: np.ndarray) -> np.ndarray:
    """Cuts leading and trailing parts more than 40 dB under the loudest 20 ms, leaving 60 ms."""
    count = len(samples) // HOP
    if count < 3:
        return samples
    energy = np.square(samples[: count * HOP].reshape(count, HOP)).mean(1)
    loud = np.flatnonzero(energy > energy.max() * 1e-4)
    return samples[max(0, loud[0] - 3) * HOP : (loud[-1] + 4) * HOP]


def _split(samples: np.ndarray) -> list[np.ndarray]:
    limit = int(MAX_SEC * SAMPLE_RATE)
    pieces = int(np.ceil(len(samples) / limit))
    return [piece for piece in np.array_split(samples, max(1, pieces)) if len(piece) >= MIN_SEC * SAMPLE_RATE]


def _labelled_festvox(recording: sources.Recording, samples: np.ndarray) -> list[Utterance]:
    spans, start = [], 0.0
    for line in (recording.path.parents[1] / "lab" / f"{recording.path.stem}.lab").read_text().splitlines()[1:]:
        end, _, name = line.split()
        spans.append((_RUSSIAN.get(name, "?"), start, float(end) * SAMPLE_RATE))
        start = float(end) * SAMPLE_RATE
    labels = frame_phones([span for span in spans if span[0] != "?"], len(samples))
    for name, first, last in spans:
        if name == "?":
            labels[int(first / HOP) : int(last / HOP) + 1] = UNKNOWN_PHONE
    utterances = []
    limit = int(3.2 * SAMPLE_RATE) // HOP * HOP
    for first in range(0, len(samples), limit):
        piece = samples[first : first + limit]
        frames = (len(piece) - WINDOW) // HOP + 1
        if len(piece) >= MIN_SEC * SAMPLE_RATE:
            utterances.append(Utterance(piece, "festvox-ru", "ru", "festvox-ru", phones=labels[first // HOP : first // HOP + frames]))
    return utterances


_speaker: Espeak | None = None


def _espeak() -> Espeak:
    global _speaker
    _speaker = _speaker or Espeak()
    return _speaker


_ESPEAK_NAMES = {"en": "en-us", "nb": "nb", "nn": "nb", "no": "nb", "pt": "pt"}


def prepare_recording(recording: sources.Recording) -> list[Utterance]:
    """The utterances of one clip, cut to at most 4 s; its phones from espeak-ng's reading of the text when that fits in one."""
    try:
        samples = read_audio(recording.path)
    except (subprocess.CalledProcessError, soundfile.LibsndfileError):
        return []
    if len(samples) < MIN_SEC * SAMPLE_RATE or np.abs(samples).max() < 1e-3:
        return []
    if recording.source == "festvox-ru":
        return _labelled_festvox(recording, samples)
    common = (recording.source, recording.language, recording.voice, recording.speech)
    return _transcribed(trim(samples), common, recording.text, recording.language or "en")


def _transcribed(samples: np.ndarray, common: tuple, text: str | None, language: str) -> list[Utterance]:
    """One utterance with the phones of ``text`` as espeak-ng reads it, where that can be; else pieces without."""
    if text and MIN_SEC * SAMPLE_RATE <= len(samples) <= 5.0 * SAMPLE_RATE and _espeak().voice(_ESPEAK_NAMES.get(language, language)):
        letters = _espeak().phones(text)
        tokens = [PHONE_INDEX[letter] for letter in letters if letter in PHONE_INDEX]
        if 0 < len(tokens) <= len(samples) / HOP * 0.7:
            return [Utterance(samples, *common, tokens=tokens)]
    return [Utterance(piece, *common) for piece in _split(samples)]


def _spoken_job(job: tuple[synthesizers.Voice, list[str], int]) -> list[tuple[Utterance, np.ndarray]]:
    voice, texts, seed = job
    utterances: list[Utterance] = []
    for text, path in synthesizers.speak(voice, texts, seed):
        samples = read_audio(path)
        if len(samples) and np.abs(samples).max() > 1e-3:
            common = (voice.program, voice.spoken, f"{voice.program}/{voice.name}", True)
            utterances += _transcribed(trim(samples), common, text if voice.spoken else None, voice.language)
    return _with_f0(utterances)


_SPEEDS = (0.86, 0.93, 1.0, 1.08, 1.17)


def prepare_synthetic(job: tuple[int, int, dict[str, list[str]], list[str]]) -> list[Utterance]:
    """``count`` utterances from job ``(seed, count, texts, variants)``."""
    seed, count, texts, variants = job
    choose = random.Random(seed)
    speaker = _espeak()
    languages = sorted(texts)
    weights = [4.0 if language in ("en", "de", "es", "fr", "it", "ru", "pt", "nl", "pl", "cs", "sv") else 1.0 for language in languages]
    utterances = []
    while len(utterances) < count:
        language = choose.choices(languages, weights)[0]
        name = _ESPEAK_NAMES.get(language, language)
        if language == "en":
            name = choose.choice(["en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-us", "en-029"])
        variant = choose.choice(variants)
        if not speaker.voice(f"{name}+{variant}"):
            continue
        rate, pitch, spread = choose.randint(110, 260), choose.randint(5, 95), choose.randint(10, 95)
        kind = choose.random()
        if kind < 0.3:
            text = str(choose.randrange(10 ** choose.choice([1, 1, 2, 3, 4])))
        else:
            words = choose.choice(texts[language]).split()
            size = choose.choice([1, 1, 2, 3, 4, 6, 8]) if kind < 0.8 else len(words)
            first = choose.randrange(max(1, len(words) - size + 1))
            text = " ".join(words[first : first + size])
            if choose.random() < 0.3:
                text = text.rstrip(".!?,") + choose.choice("!?.")
        spoken = speaker.speak(text, rate, pitch, spread)
        speed = choose.choice(_SPEEDS)
        up, down = 320, round(441 * spoken.sample_rate / 22050 * speed)
        loud = np.flatnonzero(np.abs(spoken.samples) > 200)
        if not len(loud):
            continue
        first, last = max(0, loud[0] - choose.randrange(3000)), min(len(spoken.samples), loud[-1] + choose.randrange(3000))
        last = min(last, first + int(MAX_SEC * SAMPLE_RATE * down / up))
        samples = resample_poly(spoken.samples[first:last].astype(np.float32) / 32768, up, down).astype(np.float32)
        if len(samples) < MIN_SEC * SAMPLE_RATE:
            continue
        starts = [(position - first) * up / down for _, position in spoken.phones] + [float(len(samples))]
        spans = [(ipa, starts[index], starts[index + 1]) for index, (ipa, _) in enumerate(spoken.phones)]
        labels = frame_phones(spans, len(samples))
        traits = {"rate": rate / speed, "pitch": pitch, "range": spread}
        voice = f"espeak/{variant}/{speed}"
        utterances.append(Utterance(samples, "espeak-ng", language, voice, phones=labels, traits=traits))
    return utterances


def espeak_variants() -> list[str]:
    """The names of espeak-ng's voice variants, without the whisper and croak effects (no F0)."""
    listing = subprocess.run(["espeak-ng", "--voices=variant"], check=True, capture_output=True, text=True).stdout
    names = [line.split()[4].split("/")[-1] for line in listing.splitlines()[1:]]
    return sorted({name for name in names if "whisper" not in name and "croak" not in name and name.isascii()})


class Writer:
    def __init__(self, out: Path) -> None:
        out.mkdir(parents=True, exist_ok=True)
        self.audio, self.f0 = open(out / "audio.i16", "wb"), open(out / "f0.f16", "wb")
        self.phones, self.lines = open(out / "phones.u8", "wb"), open(out / "utterances.jsonl", "w")
        self.samples = self.frames = self.count = 0
        self.seconds: dict[str, float] = {}

    def add(self, utterance: Utterance, f0: np.ndarray) -> None:
        samples = utterance.samples / max(1e-4, float(np.abs(utterance.samples).max())) * 0.7
        frames = len(f0)
        phones = utterance.phones if utterance.phones is not None else np.full(frames, UNKNOWN_PHONE, np.uint8)
        assert len(phones) == frames, (len(phones), frames)
        self.audio.write((samples * 32767).astype(np.int16).tobytes())
        self.f0.write(f0.astype(np.float16).tobytes())
        self.phones.write(phones.tobytes())
        line = {
            "start": self.samples, "length": len(samples), "frame": self.frames, "source": utterance.source,
            "language": utterance.language, "voice": utterance.voice, "speech": utterance.speech, "tokens": utterance.tokens,
            "aligned": utterance.phones is not None, **({"traits": utterance.traits} if utterance.traits else {}),
        }  # fmt: skip
        self.lines.write(json.dumps(line, ensure_ascii=False) + "\n")
        self.samples += len(samples)
        self.frames += frames
        self.count += 1
        self.seconds[utterance.source] = self.seconds.get(utterance.source, 0) + len(samples) / SAMPLE_RATE

    def close(self) -> None:
        for file in (self.audio, self.f0, self.phones, self.lines):
            file.close()


def _with_f0(utterances: list[Utterance]) -> list[tuple[Utterance, np.ndarray]]:
    return [(utterance, track_f0(utterance.samples)[0]) for utterance in utterances]


def _recording_job(recording: sources.Recording) -> list[tuple[Utterance, np.ndarray]]:
    return _with_f0(prepare_recording(recording))


def _synthetic_job(job: tuple[int, int, dict[str, list[str]], list[str]]) -> list[tuple[Utterance, np.ndarray]]:
    """Runs in a child of its own: some voices of espeak-ng crash on some words, and then the job gives nothing.

    Only the child starts espeak-ng, whose sounds depend on all that it spoke before: so the same job gives the same samples
    whatever ran before it, and however many workers share the jobs.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        with os.fdopen(writing, "wb") as pipe:
            pickle.dump(_with_f0(prepare_synthetic(job)), pipe)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        data = pipe.read()
    _, status = os.waitpid(child, 0)
    return pickle.loads(data) if status == 0 else []


def prepare(raw: Path, out: Path, synthetic: int, seed: int, workers: int) -> None:
    """Builds the corpus in ``out`` unless it is whole already (``corpus.json`` is written last)."""
    if (out / "corpus.json").exists():
        return
    missing = [name for name in ("ffmpeg", "espeak-ng", "festival", "flite") if shutil.which(name) is None]
    if missing:
        raise SystemExit(f"Not installed: {', '.join(missing)}. README.md names the Debian packages that are needed.")
    sources.fetch(raw)
    texts = {language: lines for language, lines in sources.texts(raw).items() if len(lines) >= 100}
    speaker = _espeak()
    texts.pop("zh", None)  # espeak-ng's packaged Mandarin dictionary spells most characters out as code points
    texts = {language: lines for language, lines in texts.items() if speaker.voice(_ESPEAK_NAMES.get(language, language))}
    variants = espeak_variants()
    writer = Writer(out)
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        for results in pool.imap(_recording_job, sources.recordings(raw), chunksize=32):
            for utterance, f0 in results:
                writer.add(utterance, f0)
        spoken = []
        for voice in synthesizers.VOICES:
            phrases = synthesizers.phrases(voice, texts[voice.language], PHRASES_PER_VOICE, seed)
            spoken += [(voice, phrases[first : first + 50], seed + first) for first in range(0, len(phrases), 50)]
        for results in pool.imap(_spoken_job, spoken):
            for utterance, f0 in results:
                writer.add(utterance, f0)
    jobs = [(seed + index, 25, texts, variants) for index in range(synthetic // 25)]
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        for results in pool.imap(_synthetic_job, jobs):
            for utterance, f0 in results:
                writer.add(utterance, f0)
    writer.close()
    summary = {"utterances": writer.count, "hours": {key: round(value / 3600, 3) for key, value in writer.seconds.items()}}
    summary |= {"languages": sorted(texts), "variants": variants, "phones": PHONES, "seed": seed}
    summary["licences"] = sources.PACKAGES | synthesizers.PACKAGES
    (out / "corpus.json").write_text(json.dumps(summary, ensure_ascii=False, indent=1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raw", type=Path, default=Path("build/pretrain/raw"), help="where packages are unpacked")
    parser.add_argument("--out", type=Path, default=Path("build/pretrain/corpus"))
    parser.add_argument("--synthetic", type=int, default=40000, help="how many espeak-ng utterances")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    args = parser.parse_args()
    prepare(args.raw, args.out, args.synthetic, args.seed, args.workers)


if __name__ == "__main__":
    main()
