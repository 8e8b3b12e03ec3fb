"""Reading the prepared corpus, and the batches of one training step."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from prepare import UNKNOWN_PHONE
from targets import HOP, SAMPLE_RATE, WINDOW

RECORDED_SPEEDS = (0.88, 1.0, 1.14)
_EDGES_SEC = (0.0, 0.5, 0.8, 1.2, 1.7, 2.4, 3.2, 5.1)


@dataclass
class Batch:
    """Clean waves ``[B, n]`` padded with zeros, and what is known about them (-1 / 255: not known).

    ``pairs [B]`` numbers the rows; two rows of one number are two utterances of one voice. ``traits [B, 3]`` are espeak-ng's rate,
    pitch and range, standardised (NaN elsewhere).
    """

    waves: np.ndarray
    lengths: np.ndarray
    phones: np.ndarray
    f0: np.ndarray
    voices: np.ndarray
    tokens: list[list[int] | None]
    speech: np.ndarray
    pairs: np.ndarray
    traits: np.ndarray


class Corpus:
    """``held_out`` sources are never drawn: they are for the probe of the recipe."""

    def __init__(self, folder: Path, held_out: list[str]) -> None:
        self.lines = [json.loads(line) for line in open(folder / "utterances.jsonl", encoding="utf-8")]
        self.audio = np.memmap(folder / "audio.i16", np.int16, "r")
        self.f0 = np.memmap(folder / "f0.f16", np.float16, "r")
        self.phones = np.memmap(folder / "phones.u8", np.uint8, "r")
        usable = [index for index, line in enumerate(self.lines) if line["source"] not in held_out]
        names: dict[str, int] = {}
        for index in usable:
            voice = self.lines[index]["voice"]
            if voice is not None:
                for speed in RECORDED_SPEEDS:
                    names.setdefault(self._voice_key(self.lines[index], speed), len(names))
        self.voice_index = names
        self.alike: list[dict[str, list[int]]] = []
        self.pools: list[dict[str, np.ndarray]] = []
        for low, high in zip(_EDGES_SEC[:-1], _EDGES_SEC[1:]):
            inside = [i for i in usable if low <= self.lines[i]["length"] / SAMPLE_RATE < high]
            kinds: dict[str, list[int]] = {"synthetic": [], "transcribed": [], "recorded": [], "sounds": []}
            alike: dict[str, list[int]] = {}
            for index in inside:
                kinds[self._kind(self.lines[index])].append(index)
                if self.lines[index]["voice"] is not None:
                    alike.setdefault(self.lines[index]["voice"], []).append(index)
            self.alike.append(alike)
            self.pools.append({kind: np.array(indices, np.int64) for kind, indices in kinds.items()})
        seconds = [sum(self.lines[i]["length"] for pool in group.values() for i in pool) / SAMPLE_RATE for group in self.pools]
        self.bucket_odds = np.array(seconds) / sum(seconds)

    @staticmethod
    def _kind(line: dict) -> str:
        if line["source"] == "espeak-ng":
            return "synthetic"
        if not line["speech"]:
            return "sounds"
        return "transcribed" if line["tokens"] or line["source"] == "festvox-ru" else "recorded"

    @classmethod
    def _voice_key(cls, line: dict, speed: float) -> str:
        """A voice heard faster is another voice; a kind of sound stays itself, and espeak-ng's voices have their speed already."""
        return f"{line['voice']}*{speed}" if cls._kind(line) in ("transcribed", "recorded") else line["voice"]

    def clip(self, index: int) -> np.ndarray:
        line = self.lines[index]
        return self.audio[line["start"] : line["start"] + line["length"]].astype(np.float32) / 32768

    def draw(self, rng: np.random.Generator, seconds: float, mix: dict[str, float]) -> Batch:
        """Utterances of like length, about ``seconds`` in all; ``mix`` gives the share of each kind."""
        bucket = rng.choice(len(self.pools), p=self.bucket_odds)
        rows = max(2, round(seconds / _EDGES_SEC[bucket + 1]))
        kinds = [kind for kind in mix if len(self.pools[bucket][kind])]
        odds = np.array([mix[kind] for kind in kinds])
        chosen = [kinds[i] for i in rng.choice(len(kinds), (rows + 1) // 2, p=odds / odds.sum())]
        indices, speeds, pairs = [], [], []
        for kind in chosen:
            first = int(rng.choice(self.pools[bucket][kind]))
            others = self.alike[bucket].get(self.lines[first]["voice"], [])
            second = int(rng.choice(others if len(others) > 1 else self.pools[bucket][kind]))
            speed = 1.0 if kind == "synthetic" else float(rng.choice(RECORDED_SPEEDS))
            number = pairs[-1] + 1 if pairs else 0
            indices += [first, second]
            speeds += [speed, speed]
            pairs += [number, number] if len(others) > 1 and first != second else [number, number + 1]
        clips = []
        for index, speed in zip(indices, speeds):
            clip = self.clip(index)
            if speed != 1.0:
                positions = np.arange(int((len(clip) - 1) / speed)) * speed
                clip = np.interp(positions, np.arange(len(clip)), clip).astype(np.float32)
            clips.append(clip)
        rows = len(indices)
        lengths = np.array([max(len(clip), 720) for clip in clips])
        frames = (lengths - WINDOW) // HOP + 1
        shape = (rows, int(frames.max()))
        waves = np.zeros((rows, int(lengths.max())), np.float32)
        phones, f0 = np.full(shape, UNKNOWN_PHONE, np.uint8), np.zeros(shape, np.float32)
        voices, traits = np.full(rows, -1), np.full((rows, 3), np.nan, np.float32)
        for row, (index, clip, speed) in enumerate(zip(indices, clips, speeds)):
            line = self.lines[index]
            waves[row, : len(clip)] = clip
            own = (line["length"] - WINDOW) // HOP + 1
            where = line["frame"] + np.minimum((np.arange(frames[row]) * speed).astype(int), own - 1)
            phones[row, : frames[row]] = self.phones[where]
            f0[row, : frames[row]] = self.f0[where].astype(np.float32) * speed
            if "traits" in line:
                spoken = line["traits"]
                traits[row] = [(spoken["rate"] - 185) / 50, (spoken["pitch"] - 50) / 26, (spoken["range"] - 52) / 25]
            if line["voice"] is not None:
                voices[row] = self.voice_index[self._voice_key(line, speed)]
        speech = np.array([self.lines[index]["speech"] for index in indices])
        tokens = [self.lines[index]["tokens"] for index in indices]
        return Batch(waves, lengths, phones, f0, voices, tokens, speech, np.array(pairs), traits)


def normalise(waves: np.ndarray, lengths: np.ndarray) -> torch.Tensor:
    """Zero mean and unit variance over each row's own samples, zeros after them (the feature extractor's ``do_normalize``)."""
    out = np.zeros_like(waves, dtype=np.float32)
    for row, length in enumerate(lengths):
        part = waves[row, :length]
        out[row, :length] = (part - part.mean()) / np.sqrt(part.var() + 1e-7)
    return torch.from_numpy(out)
