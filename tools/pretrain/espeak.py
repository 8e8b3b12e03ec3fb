"""Speech with phone times from the espeak-ng library (``libespeak-ng.so.1``, 1.50 or newer)."""

from __future__ import annotations

import ctypes
import unicodedata
from dataclasses import dataclass

import numpy as np

_AUDIO_OUTPUT_SYNCHRONOUS = 2
_PHONEME_EVENTS, _PHONEME_IPA = 1, 2
_EVENT_LIST_TERMINATED, _EVENT_PHONEME = 0, 7
_CHARS_UTF8 = 1
_POS_CHARACTER = 1
_RATE, _VOLUME, _PITCH, _RANGE = 1, 2, 3, 4


class _Identifier(ctypes.Union):
    _fields_ = [("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Identifier),
    ]


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


@dataclass
class Spoken:
    """One utterance: ``samples`` int16 at ``sample_rate``, and phones as (IPA text, start in samples)."""

    samples: np.ndarray
    sample_rate: int
    phones: list[tuple[str, int]]


class Espeak:
    """The process's one espeak-ng; not for use by several threads."""

    def __init__(self, library: str = "libespeak-ng.so.1") -> None:
        self._lib = ctypes.CDLL(library)
        self.sample_rate = self._lib.espeak_Initialize(_AUDIO_OUTPUT_SYNCHRONOUS, 0, None, _PHONEME_EVENTS | _PHONEME_IPA)
        if self.sample_rate <= 0:
            raise RuntimeError("espeak-ng did not start: is its data package installed?")
        self._lib.espeak_TextToPhonemes.restype = ctypes.c_char_p
        self._chunks: list[np.ndarray] = []
        self._events: list[tuple[str, int]] = []
        self._callback = _Callback(self._receive)
        self._lib.espeak_SetSynthCallback(self._callback)

    def _receive(self, wave, count: int, events) -> int:
        if wave and count > 0:
            self._chunks.append(np.ctypeslib.as_array(wave, (count,)).copy())
        index = 0
        while events[index].type != _EVENT_LIST_TERMINATED:
            event = events[index]
            if event.type == _EVENT_PHONEME:
                name = event.id.string.decode("utf-8", "ignore")
                self._events.append((name, event.sample))
            index += 1
        return 0

    def voice(self, name: str) -> bool:
        """Chooses a voice such as ``de`` or ``en-us+f3``; False when there is none of that name."""
        return self._lib.espeak_SetVoiceByName(name.encode()) == 0

    def speak(self, text: str, rate: int = 175, pitch: int = 50, pitch_range: int = 50) -> Spoken:
        """Speaks ``text``: ``rate`` in words per minute (80–450), ``pitch`` and ``pitch_range`` 0–99."""
        for parameter, value in ((_RATE, rate), (_PITCH, pitch), (_RANGE, pitch_range), (_VOLUME, 80)):
            self._lib.espeak_SetParameter(parameter, value, 0)
        self._chunks, self._events = [], []
        data = text.encode()
        self._lib.espeak_Synth(data, len(data) + 1, 0, _POS_CHARACTER, 0, _CHARS_UTF8, None, None)
        self._lib.espeak_Synchronize()
        samples = np.concatenate(self._chunks) if self._chunks else np.zeros(0, np.int16)
        return Spoken(samples, self.sample_rate, self._events)

    def phones(self, text: str) -> list[str]:
        """The IPA letters of ``text`` in the chosen voice, stress and length marks removed."""
        buffer = ctypes.create_string_buffer(text.encode())
        pointer = ctypes.c_void_p(ctypes.addressof(buffer))
        parts: list[str] = []
        while pointer.value:
            part = self._lib.espeak_TextToPhonemes(ctypes.byref(pointer), _CHARS_UTF8, _PHONEME_IPA)
            parts.append((part or b"").decode("utf-8", "ignore"))
        return ipa_letters(" ".join(parts))


_SAME = {"ɡ": "g", "ɚ": "ə", "ɝ": "ɜ", "ɫ": "l", "ᵻ": "ɪ", "ɐ": "ɐ", "ʀ": "ʁ", "ɹ": "ɹ", "ɾ": "ɾ", "ʌ": "ʌ", "ɵ": "ə", "ɘ": "ə"}


def ipa_letters(text: str) -> list[str]:
    """Splits IPA into its base letters: diacritics, stress, tone digits, length and language switches go."""
    letters: list[str] = []
    depth = 0
    for character in unicodedata.normalize("NFD", text):
        if character == "(":
            depth += 1
        elif character == ")":
            depth = max(0, depth - 1)
        elif depth == 0 and unicodedata.category(character) == "Ll" and character not in "ʰʲʷˠˤ":
            letters.append(_SAME.get(character, character))
    return letters
