"""Scores a frozen encoder on spoken digits, speakers and emotions, beside the same architecture untrained and MFCCs.

    python tools/probe/probe.py --data DIR [--model public/models/wavlm-nano]

``DIR`` holds ``fsdd/recordings/{digit}_{speaker}_{index}.wav`` and ``emodb/{emotion}/{speaker}….wav``. Features are the mean and
standard deviation over time of each layer, standardised; the classifier is a logistic regression. Every figure pools the
predictions of all folds: accuracy for FSDD, unweighted average recall for EMO-DB.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import torch
from scipy.signal import resample_poly
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import recall_score
from sklearn.preprocessing import StandardScaler
from transformers import WavLMConfig, WavLMModel

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "pretrain"))
from targets import log_mel, mfcc  # noqa: E402


@dataclass
class Task:
    name: str
    clips: list[int]
    labels: np.ndarray
    folds: np.ndarray


def read(path: Path) -> np.ndarray:
    """Mono float32 at 16 kHz; 8 kHz recordings through a polyphase filter."""
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    mono = samples.mean(1)
    if rate != 16000:
        divisor = np.gcd(rate, 16000)
        mono = resample_poly(mono, 16000 // divisor, rate // divisor).astype(np.float32)
    return mono


def load_tasks(data: Path) -> tuple[list[np.ndarray], list[Task]]:
    """All clips, and the tasks with the splits that the reference scores use."""
    digits = sorted((data / "fsdd/recordings").glob("*.wav"))
    emotions = sorted((data / "emodb").glob("*/*.wav"))
    clips = [read(path) for path in [*digits, *emotions]]
    parts = np.array([path.stem.split("_") for path in digits])
    first, second = list(range(len(digits))), list(range(len(digits), len(clips)))
    emotion, actor = np.array([path.parent.name for path in emotions]), np.array([path.name[:2] for path in emotions])
    return clips, [
        Task("fsdd digits, speaker out", first, parts[:, 0], parts[:, 1]),
        Task("fsdd speakers, digit out", first, parts[:, 1], parts[:, 0]),
        Task("emodb 4 emotions, speaker out (UAR)", second, emotion, actor),
    ]


def pool(frames: np.ndarray) -> np.ndarray:
    return np.concatenate([frames.mean(0), frames.std(0)])


def normalise(samples: np.ndarray) -> np.ndarray:
    return (samples - samples.mean()) / np.sqrt(samples.var() + 1e-7)


def encode(model: WavLMModel, clips: list[np.ndarray]) -> np.ndarray:
    """Pooled hidden states ``[N, L + 1, 2·D]``; every clip alone, unpadded, normalised."""
    rows = []
    with torch.inference_mode():
        for clip in clips:
            samples = np.pad(clip, (0, max(0, 400 - len(clip))))
            output = model(torch.from_numpy(normalise(samples))[None], output_hidden_states=True)
            # Some releases of transformers leave the last entry before the final layer norm; the model's output is after it.
            states = [*output.hidden_states[:-1], output.last_hidden_state]
            rows.append(np.stack([pool(state[0].numpy()) for state in states]))
    return np.stack(rows).astype(np.float32)


def encode_mfcc(clips: list[np.ndarray]) -> np.ndarray:
    """20 MFCCs and their slopes, pooled, ``[N, 1, 80]``."""
    rows = []
    for clip in clips:
        coefficients = mfcc(log_mel(torch.from_numpy(normalise(clip))[None])[0].numpy(), 20)
        padded = np.pad(coefficients, ((2, 2), (0, 0)), mode="edge")
        rows.append(pool(np.concatenate([coefficients, (padded[4:] - padded[:-4]) / 4], -1)))
    return np.stack(rows)[:, None]


def score(task: Task, predicted: np.ndarray) -> float:
    if "UAR" in task.name:
        return 100 * recall_score(task.labels, predicted, average="macro")
    return 100 * float((task.labels == predicted).mean())


def single_layer(features: np.ndarray, task: Task, strength: float) -> float:
    """Logistic regression (``C = strength``) on standardised ``[N, F]``, folds pooled."""
    predicted = np.empty_like(task.labels)
    for fold in np.unique(task.folds):
        test = task.folds == fold
        scaler = StandardScaler().fit(features[~test])
        model = LogisticRegression(C=strength, max_iter=400, tol=1e-3).fit(scaler.transform(features[~test]), task.labels[~test])
        predicted[test] = model.predict(scaler.transform(features[test]))
    return score(task, predicted)


def layer_sum(features: np.ndarray, task: Task, strength: float) -> tuple[float, np.ndarray]:
    """The same with a softmax-weighted sum of the standardised layers ``[N, L + 1, F]``, weights learned with the classifier."""
    classes, labels = np.unique(task.labels, return_inverse=True)
    predicted, mixes = np.empty_like(task.labels), []
    for fold in np.unique(task.folds):
        test = task.folds == fold
        mean, scale = features[~test].mean(0), features[~test].std(0) + 1e-8
        inputs = torch.from_numpy((features - mean) / scale).float()
        train, answers = inputs[torch.from_numpy(~test)], torch.from_numpy(labels[~test])
        weight = torch.zeros(features.shape[2], len(classes), requires_grad=True)
        bias = torch.zeros(len(classes), requires_grad=True)
        mix = torch.zeros(features.shape[1], requires_grad=True)
        optimiser = torch.optim.LBFGS([weight, bias, mix], max_iter=150, history_size=10, line_search_fn="strong_wolfe")

        def logits(rows: torch.Tensor) -> torch.Tensor:
            return torch.einsum("nlf,l->nf", rows, mix.softmax(0)) @ weight + bias

        def closure() -> torch.Tensor:
            optimiser.zero_grad()
            loss = torch.nn.functional.cross_entropy(logits(train), answers, reduction="sum") + weight.square().sum() / (2 * strength)
            (loss / len(train)).backward()
            return loss.detach() / len(train)

        optimiser.step(closure)
        with torch.no_grad():
            predicted[test] = classes[logits(inputs[torch.from_numpy(test)]).argmax(1).numpy()]
            mixes.append(mix.softmax(0).numpy())
    return score(task, predicted), np.mean(mixes, 0)


def untrained(folder: Path, seed: int) -> WavLMModel:
    torch.manual_seed(seed)
    return WavLMModel(WavLMConfig.from_pretrained(folder)).eval()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=Path("public/models/wavlm-nano"))
    parser.add_argument("--c", type=float, default=0.1, help="inverse regularisation for encoders (MFCC has 1)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1, help="of the untrained network")
    parser.add_argument("--features", nargs="+", choices=["mfcc", "trained", "untrained"], default=["mfcc", "trained", "untrained"])
    parser.add_argument("--no-layer-sum", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    clips, tasks = load_tasks(args.data)

    def show(name: str, cells: list[str]) -> None:
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)

    def show_scores(name: str, scores: list[float]) -> None:
        show(name, [f"{value:.1f}" for value in scores])

    show("features", [task.name for task in tasks])
    show("---", ["---"] * len(tasks))
    for features in args.features:
        if features == "mfcc":
            table = encode_mfcc(clips)
            show_scores("MFCC + slopes, C=1", [single_layer(table[task.clips, 0], task, 1.0) for task in tasks])
            continue
        model = untrained(args.model, args.seed) if features == "untrained" else WavLMModel.from_pretrained(args.model, dtype=torch.float32)
        table = encode(model.eval(), clips)
        layers = []
        for layer in range(table.shape[1]):
            layers.append([single_layer(table[task.clips, layer], task, args.c) for task in tasks])
            show_scores(f"{features}, layer {layer}", layers[-1])
        show_scores(f"{features}, best single layer", [max(scores) for scores in zip(*layers)])
        if not args.no_layer_sum:
            sums = [layer_sum(table[task.clips], task, args.c) for task in tasks]
            show_scores(f"{features}, learned layer sum", [value for value, _ in sums])
            show(f"{features}, its layer weights", [" ".join(f"{value:.2f}" for value in weights) for _, weights in sums])


if __name__ == "__main__":
    main()
