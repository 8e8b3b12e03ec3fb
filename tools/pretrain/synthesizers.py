"""Speech from festival and flite: voices cut from recordings of real speakers, unlike espeak-ng's formants.

Both programs are Debian packages that must be installed (``PACKAGES``); a voice that is missing stops the preparation.
"""

from __future__ import annotations

import random
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PACKAGES = {
    "festvox-ca-ona-hts": "LGPL-2.1+, Antonio Bonafonte",
    "festvox-czech-dita": "GPL-3+, Brailcom",
    "festvox-czech-krb": "GPL-3+, Brailcom",
    "festvox-czech-machac": "GPL-3+, Brailcom",
    "festvox-czech-ph": "GPL-2+, Brailcom",
    "festvox-hi-nsk": "GPL-2+, CDAC Mumbai and others",
    "festvox-mr-nsk": "GPL-2+, CDAC Mumbai and others",
    "festvox-te-nsk": "GPL-2+, Chaithanya Kamishetty and others",
    "festvox-italp16k": "GPL-2+, IFM Development Team",
    "festvox-itapc16k": "GPL-2+, IFM Development Team",
    "festvox-kallpc16k": "free (MIT-like), University of Edinburgh",
    "festvox-kdlpc16k": "free (MIT-like), University of Edinburgh",
    "festvox-suopuhe-lj": "LGPL-2+, University of Helsinki",
    "festvox-suopuhe-mv": "LGPL-2+, University of Helsinki",
    "festvox-us-slt-hts": "free (MIT-like) and BSD, Carnegie Mellon University and Nagoya Institute of Technology",
    "flite": "BSD-like, Carnegie Mellon University",
}


@dataclass(frozen=True)
class Voice:
    """``language`` is what it reads; ``spoken`` the language whose phones it then says (None: not to be labelled)."""

    program: str
    name: str
    language: str
    spoken: str | None
    encoding: str = "utf-8"


VOICES = [
    Voice("festival", "upc_ca_ona_hts", "ca", "ca", "iso-8859-15"),
    Voice("festival", "czech_dita", "cs", "cs", "iso-8859-2"),
    Voice("festival", "czech_krb", "cs", "cs", "iso-8859-2"),
    Voice("festival", "czech_machac", "cs", "cs", "iso-8859-2"),
    Voice("festival", "czech_ph", "cs", "cs", "iso-8859-2"),
    Voice("festival", "hindi_NSK_diphone", "hi", "hi"),
    Voice("festival", "marathi_NSK_diphone", "hi", None),
    Voice("festival", "telugu_NSK_diphone", "hi", None),
    Voice("festival", "lp_diphone", "it", "it", "iso-8859-1"),
    Voice("festival", "pc_diphone", "it", "it", "iso-8859-1"),
    Voice("festival", "kal_diphone", "en", "en", "ascii"),
    Voice("festival", "ked_diphone", "en", "en", "ascii"),
    Voice("festival", "cmu_us_slt_arctic_hts", "en", "en", "ascii"),
    Voice("festival", "suo_fi_lj_diphone", "fi", "fi", "iso-8859-15"),
    Voice("festival", "hy_fi_mv_diphone", "fi", "fi", "iso-8859-15"),
    Voice("flite", "awb", "en", "en", "ascii"),
    Voice("flite", "rms", "en", "en", "ascii"),
    Voice("flite", "slt", "en", "en", "ascii"),
]


class MissingVoiceError(RuntimeError):
    def __init__(self, voice: Voice, said: str) -> None:
        super().__init__(f"{voice.program} did not speak with its voice {voice.name}: install {', '.join(PACKAGES)}. It said: {said}")


def phrases(voice: Voice, lines: list[str], count: int, seed: int) -> list[str]:
    """Stretches of one to eight words, plain text only."""
    choose = random.Random(f"{seed}/{voice.name}")
    found: list[str] = []
    while len(found) < count:
        words = choose.choice(lines).split()
        size = choose.choice([1, 2, 3, 4, 6, 8])
        first = choose.randrange(max(1, len(words) - size + 1))
        text = " ".join(words[first : first + size])
        text = "".join(letter for letter in text if letter.isalpha() or letter in " '" or "\u0900" <= letter <= "\u097f").strip()
        if voice.name.startswith("telugu"):
            # The two scripts' blocks are laid out alike.
            text = "".join(chr(ord(letter) + 0x300) if "\u0900" <= letter <= "\u096f" else letter for letter in text)
        text = text.encode(voice.encoding, "ignore").decode(voice.encoding)
        if len(text) > 1:
            found.append(text)
    return found


def speak(voice: Voice, texts: list[str], seed: int) -> Iterator[tuple[str, Path]]:
    """Yields every text with its wave file, which is gone afterwards; texts that the program fails on are left out."""
    choose = random.Random(f"{seed}/{voice.name}/tempo")
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{index}.wav" for index in range(len(texts))]
        said = ""
        if voice.program == "flite":
            for text, file in zip(texts, files):
                tempo = f"duration_stretch={choose.uniform(0.8, 1.25):.2f}"
                command = ["flite", "-voice", voice.name, "--setf", tempo, "-t", text, "-o", file]
                said = subprocess.run(command, capture_output=True, text=True).stderr
        else:
            lines = [f"(voice_{voice.name})"]
            for text, file in zip(texts, files):
                quoted = text.replace("\\", "").replace('"', "")
                lines.append(f"(Parameter.set 'Duration_Stretch {choose.uniform(0.8, 1.25):.2f})")
                lines.append(f"(unwind-protect (utt.save.wave (utt.synth (Utterance Text \"{quoted}\")) \"{file}\" 'riff) nil)")
            script = Path(folder) / "say.scm"
            script.write_bytes("\n".join(lines).encode(voice.encoding))
            said = subprocess.run(["festival", "-b", script], capture_output=True, text=True, errors="replace").stderr
        if not any(file.exists() for file in files):
            raise MissingVoiceError(voice, said[-300:])
        for text, file in zip(texts, files):
            if file.exists():
                yield text, file
