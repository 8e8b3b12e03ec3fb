"""The probe for choosing between recipes: recorded speech that no recipe trains on, and not the sets that are reported.

Mandarin syllables by two speakers (``gcin-voice``): first sound, rhyme and tone, trained on one speaker and tested on the other;
26 voices, one per language (``ktuberling-data``), five folds. Mean and standard deviation of each layer, ridge classifier (a
matter of seconds, unlike logistic regression over 400 classes).
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

import numpy as np
import torch
from sklearn.linear_model import RidgeClassifier
from sklearn.preprocessing import StandardScaler
from transformers import WavLMModel

from prepare import read_audio, trim

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "probe"))
from probe import Task, encode, encode_mfcc, score, untrained  # noqa: E402


def load_tasks(raw: Path) -> tuple[list[np.ndarray], list[Task]]:
    clips: list[np.ndarray] = []
    rows: list[tuple[str, str, str, str]] = []
    for path in sorted((raw / "gcin-voice/usr/share/gcin-voice/ogg").glob("*/*.ogg")):
        match = re.fullmatch(r"(\D+)(\d?)", path.parent.name)
        clip = trim(read_audio(path)) if match else np.zeros(0)
        if match and 2000 < len(clip) < 32000:
            clips.append(clip)
            rows.append((match[1][0], match[1][-1], match[2] or "1", path.stem))
    first = list(range(len(clips)))
    initial, rhyme, tone, speaker = (np.array(column) for column in zip(*rows))
    voices, folds = [], []
    for index, path in enumerate(sorted((raw / "ktuberling-data/usr/share/ktuberling/sounds").rglob("*.*"))):
        if path.suffix in (".ogg", ".wav", ".opus") and index % 2:
            clip = trim(read_audio(path))
            if 2000 < len(clip) < 48000:
                clips.append(clip)
                voices.append(path.parent.name)
                folds.append(len(voices) % 5)
    second = list(range(len(first), len(clips)))
    return clips, [
        Task("first sound, speaker out", first, initial, speaker),
        Task("rhyme, speaker out", first, rhyme, speaker),
        Task("tone, speaker out", first, tone, speaker),
        Task("26 voices", second, np.array(voices), np.array(folds)),
    ]


def ridge(features: np.ndarray, task: Task) -> float:
    """Accuracy of a ridge classifier on standardised ``[N, F]``, folds pooled."""
    predicted = np.empty_like(task.labels)
    for fold in np.unique(task.folds):
        test = task.folds == fold
        scaler = StandardScaler().fit(features[~test])
        model = RidgeClassifier(alpha=300.0).fit(scaler.transform(features[~test]), task.labels[~test])
        predicted[test] = model.predict(scaler.transform(features[test]))
    return score(task, predicted)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--raw", type=Path, default=Path("build/pretrain/raw"))
    parser.add_argument("--model", type=Path, action="append", required=True)
    parser.add_argument("--baselines", action="store_true", help="MFCC and the untrained network too")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    clips, tasks = load_tasks(args.raw)
    if args.baselines:
        table = encode_mfcc(clips)
        print("mfcc", " ".join(f"{ridge(table[task.clips, 0], task):.1f}" for task in tasks), flush=True)
    models = [(str(path), WavLMModel.from_pretrained(path, dtype=torch.float32).eval()) for path in args.model]
    if args.baselines:
        models.append(("untrained", untrained(args.model[0], 1)))
    for name, model in models:
        table = encode(model, clips)
        for layer in range(table.shape[1]):
            print(name, "layer", layer, " ".join(f"{ridge(table[task.clips, layer], task):.1f}" for task in tasks), flush=True)


if __name__ == "__main__":
    main()
