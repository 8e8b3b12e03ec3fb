"""The recordings: which Debian packages, under which licence, and what each clip says and who says it.

Packages are fetched with ``apt-get download`` and unpacked with ``dpkg -x``; nothing is installed. Only packages whose licence
covers the recordings in so many words are named here.
"""

from __future__ import annotations

import re
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PACKAGES = {
    "asterisk-core-sounds-en-g722": "CC BY-SA 3.0, Allison Smith",
    "asterisk-core-sounds-es-g722": "CC BY-SA 3.0, Allison Smith",
    "asterisk-core-sounds-fr-g722": "CC BY-SA 3.0, June Wallack",
    "asterisk-core-sounds-it-g722": "CC BY 3.0, Carlo Flora",
    "asterisk-core-sounds-ru-g722": "CC BY 3.0, Maxim Topal",
    "asterisk-prompt-es-co": "GPL-2",
    "asterisk-prompt-fr-armelle": "GPL-2+, Michel Gutierrez",
    "asterisk-prompt-it-menardi-wav": "CC BY-SA 3.0 IT, Marco Menardi and Paola Dal Zot",
    "festvox-ru": "BSD-like, Nickolay V. Shmyrev",
    "fillets-ng-data": "GPL-2",
    "fillets-ng-data-cs": "GPL-2",
    "fillets-ng-data-nl": "GPL-2",
    "gcin-voice": "GPL-3 or LGPL-3, Edward Der-Hua Liu; CC BY 3.0, Chu Lo",
    "hedgewars-data": "GFDL-1.3 (its sounds), Hedgewars Project",
    "klettres-data": "GPL-2+, KDE",
    "ktuberling-data": "GPL-2+, KDE",
    "megaglest-data": "CC BY-SA 3.0, The Glest Team",
    "openarena-data": "GPL-2+, OpenArena contributors",
    "sonic-pi-samples": "CC0, from freesound.org",
    "tuxpaint-stamps-default": "GPL-2, Bill Kendrick and contributors",
    "warzone2100-data": "GPL-2+, Eidos Interactive and Warzone 2100 Project",
    "wesnoth-1.16-data": "GPL-2+, David White and contributors",
}

_AUDIO = (".ogg", ".wav", ".flac", ".opus")


@dataclass(frozen=True)
class Recording:
    """A clip: ``voice`` names one speaker in one recording condition (None: not known), ``text`` what is said (None: not known).

    Where ``speech`` is False, ``voice`` names the kind of sound.
    """

    path: Path
    source: str
    language: str | None
    voice: str | None
    text: str | None
    speech: bool = True


def fetch(raw: Path) -> None:
    """Downloads and unpacks every package that is not there yet into ``raw/NAME``."""
    raw.mkdir(parents=True, exist_ok=True)
    for name in PACKAGES:
        if (raw / name / ".unpacked").exists():
            continue
        subprocess.run(["apt-get", "download", name], cwd=raw, check=True)
        archive = max(raw.glob(f"{name}_*.deb"))
        subprocess.run(["dpkg", "-x", archive.name, name], cwd=raw, check=True)
        archive.unlink()
        for inner in [path for path in (raw / name).rglob("*") if path.suffix in (".pk3", ".wz")]:
            with zipfile.ZipFile(inner) as packed:
                packed.extractall(raw / name / "unpacked" / inner.stem, [item for item in packed.namelist() if item.endswith(_AUDIO)])
        (raw / name / ".unpacked").touch()


def recordings(raw: Path) -> Iterator[Recording]:
    """Every clip of every package, in a fixed order."""
    yield from _asterisk(raw)
    yield from _festvox(raw)
    yield from _fillets(raw)
    yield from _folders(raw)
    yield from _tuxpaint(raw)
    yield from _games(raw)


def texts(raw: Path) -> dict[str, list[str]]:
    """Sentences and phrases per language from the packages' translations, for the synthesizer to read."""
    found: dict[str, set[str]] = {}
    for path in _stamps(raw).rglob("*.txt"):
        for language, text in _stamp_texts(path).items():
            if text:
                found.setdefault(re.split(r"[@_]", language)[0], set()).add(text)
    for path in (raw / "fillets-ng-data").rglob("dialogs_*.lua"):
        language = path.stem.split("_", 1)[1].split("_")[0]
        found.setdefault(language, set()).update(_dialog_texts(path).values())
        found["en"].update(re.findall(r'dialogId\("[^"]+", *"[^"]+", *"((?:[^"\\%]|\\.)*)"\)', path.read_text(errors="replace")))
    return {language: sorted(lines) for language, lines in sorted(found.items())}


def _asterisk(raw: Path) -> Iterator[Recording]:
    for name in [name for name in PACKAGES if name.startswith("asterisk-")]:
        language = re.search(r"-(en|es|fr|it|ru)(-|$)", name)[1]
        for path in sorted((raw / name / "usr/share/asterisk/sounds").rglob("*.*")):
            if path.suffix not in (".g722", ".wav", ".gsm") or "tone" in path.stem or path.stem.startswith(("beep", "silence")):
                continue
            text = None
            if path.parent.name == "digits" and path.stem.isdecimal():
                text = path.stem
            elif path.parent.name == "letters" and len(path.stem) == 1 and path.stem.isalpha():
                text = path.stem
            yield Recording(path, name, language, name, text)


def _festvox(raw: Path) -> Iterator[Recording]:
    home = raw / "festvox-ru/usr/share/festival/voices/russian/msu_ru_nsh_clunits"
    said = dict(re.findall(r'\( (\S+) "(.*)" \)', (home / "etc/txt.done.data").read_text(errors="replace")))
    for path in sorted((home / "wav").glob("*.wav")):
        text = said.get(path.stem)
        yield Recording(path, "festvox-ru", "ru", "festvox-ru", text.replace("+", "") if text else None)


def _dialog_texts(path: Path) -> dict[str, str]:
    pairs = re.findall(r'dialogId\("([^"]+)",[^\n]*\)\s*\ndialogStr\("((?:[^"\\]|\\.)*)"\)', path.read_text(errors="replace"))
    return {key: text.replace('\\"', '"').replace("\\n", " ") for key, text in pairs if "%1" not in text}


def _fillets(raw: Path) -> Iterator[Recording]:
    for name, language in (("fillets-ng-data", "en"), ("fillets-ng-data-cs", "cs"), ("fillets-ng-data-nl", "nl")):
        said: dict[str, str] = {}
        for path in sorted((raw / "fillets-ng-data").rglob(f"dialogs_{language}.lua")):
            said.update(_dialog_texts(path))
        for path in sorted((raw / name).rglob("*.ogg")):
            if "sound" not in path.parts or "music" in path.parts:
                continue
            speech = path.parent.name == language
            role = re.search(r"-([mv])-", path.stem)
            voice = f"{name}/{role[1]}" if speech and role else None
            yield Recording(path, name, language if speech else None, voice, said.get(path.stem) if speech else None, speech)


def _folders(raw: Path) -> Iterator[Recording]:
    for path in sorted((raw / "gcin-voice").rglob("*.ogg")):
        yield Recording(path, "gcin-voice", "cmn", f"gcin-voice/{path.stem}", None)
    for path in sorted((raw / "klettres-data/usr/share/klettres").rglob("*.ogg")):
        language = path.relative_to(raw / "klettres-data/usr/share/klettres").parts[0]
        yield Recording(path, "klettres-data", language, f"klettres/{language}", None)
    for path in sorted((raw / "ktuberling-data/usr/share/ktuberling/sounds").rglob("*.*")):
        if path.suffix in _AUDIO:
            yield Recording(path, "ktuberling-data", path.parent.name, f"ktuberling/{path.parent.name}", None)


def _stamps(raw: Path) -> Path:
    return raw / "tuxpaint-stamps-default/usr/share/tuxpaint/stamps"


def _stamp_texts(path: Path) -> dict[str, str]:
    lines = path.read_text(errors="replace").splitlines()
    texts = {"en": lines[0].strip()} if lines else {}
    for line in lines[1:]:
        match = re.match(r"([A-Za-z_@]+)\.utf8=(.*)", line)
        if match:
            texts[match[1]] = match[2].strip()
    return texts


def _tuxpaint(raw: Path) -> Iterator[Recording]:
    for path in sorted(_stamps(raw).rglob("*.ogg")):
        match = re.match(r"(.*)_desc(?:_([A-Za-z_@]+))?$", path.stem)
        if not match:
            yield Recording(path, "tuxpaint-stamps-default", None, None, None, False)
            continue
        language = match[2] or "en"
        script = path.with_name(match[1] + ".txt")
        text = _stamp_texts(script).get(language) if script.exists() else None
        voice = f"tuxpaint/{language}" if language != "en" else None
        yield Recording(path, "tuxpaint-stamps-default", language, voice, text)


def _clips(home: Path) -> list[Path]:
    return sorted(path for path in home.rglob("*.*") if path.suffix in _AUDIO)


def _kind(stem: str) -> str:
    """``bow-hit-2`` and ``bow-hit`` are one kind of sound."""
    return re.sub(r"[-_ ]?\d+[a-z]?$", "", stem.lower())


def _games(raw: Path) -> Iterator[Recording]:
    voices = raw / "hedgewars-data/usr/share/games/hedgewars/Data/Sounds/voices"
    languages = {"es": "es", "pl": "pl", "ru": "ru", "uk": "uk"}
    for path in _clips(voices):
        folder = path.relative_to(voices).parts[0]
        yield Recording(path, "hedgewars-data", languages.get(folder.split("_")[-1], "en"), f"hedgewars/{folder}", None)
    home = raw / "warzone2100-data/unpacked/base/audio"
    for path in _clips(home):
        room, *inner = path.relative_to(home).parts[:-1]
        if room == "sfx":
            yield Recording(path, "warzone2100-data", None, f"warzone/{_kind(path.stem)}", None, False)
        else:
            speaker = inner[0] if room == "taunts" else "computer" if room in ("memressp", "tutorial", "extra", "countdown") else room
            yield Recording(path, "warzone2100-data", "en", f"warzone/{speaker}", None)
    home = raw / "openarena-data/unpacked"
    for path in _clips(home):
        person = path.parent.name if path.parent.parent.name == "player" else None
        yield Recording(path, "openarena-data", None, f"openarena/{person or _kind(path.stem)}", None, False)
    for name in ("megaglest-data", "wesnoth-1.16-data", "sonic-pi-samples"):
        for path in _clips(raw / name):
            if path.parent.name not in ("music", "buffers"):
                yield Recording(path, name, None, f"{name}/{_kind(path.stem)}", None, False)
