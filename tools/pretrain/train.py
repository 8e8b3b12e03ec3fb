"""Trains the encoder: seeded, checkpointed every few minutes, and the same whether or not it was interrupted."""

from __future__ import annotations

import argparse
import copy
import json
import queue
import re
import signal
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from sklearn.cluster import MiniBatchKMeans

from augment import augment
from corpus import Corpus, normalise
from filterbank import install_filterbank
from model import EncoderConfig, WavLM, frame_count
from muon import Muon
from objectives import Heads, losses, slope
from targets import log_mel, mfcc


@dataclass
class Recipe:
    """Everything that decides the result, saved beside the checkpoint."""

    seed: int = 1
    steps: int = 6000
    seconds_per_step: float = 48.0
    filterbank: bool = True
    frozen_layers: int = 4
    learning_rate: float = 2e-3
    rate: list[tuple[int, float]] = field(default_factory=lambda: [(0, 0.02), (49, 1.0), (5500, 1.0), (6000, 0.02)])
    weight_decay: float = 0.02
    average_decay: float = 0.999
    units: int = 128
    mask_share: float = 0.4
    mask_rows: float = 0.3
    mask_span: int = 6
    mix: dict[str, float] = field(default_factory=lambda: {"synthetic": 0.42, "transcribed": 0.32, "recorded": 0.17, "sounds": 0.09})
    weights: dict[str, float] = field(
        default_factory=lambda: {
            "heard": 0.5, "echo": 1.0, "acoustic": 1.0, "f0": 0.5, "voicing": 0.3, "phones": 1.0, "ctc": 0.3, "units": 0.3, "voice": 0.5,
            "session": 0.5, "traits": 0.3,
        }  # fmt: skip
    )
    augmentation: dict[str, float] = field(default_factory=lambda: {"clean": 0.2, "equalise": 0.45, "depth_db": 6.0})
    later: list[dict] = field(default_factory=list)
    layers: dict[str, int] = field(default_factory=lambda: {"echo": 2, "session": 2, "acoustic": 3, "voice": 3, "units": 3, "phones": 4})
    held_out: list[str] = field(default_factory=lambda: ["gcin-voice", "ktuberling-data"])
    encoder: dict = field(default_factory=dict)


def stage(recipe: Recipe, step: int) -> dict:
    """The loss weights and the augmentation in force: each entry of ``later`` changes some from its ``from_step`` on."""
    weights, augmentation = dict(recipe.weights), dict(recipe.augmentation)
    for change in recipe.later:
        if step >= change["from_step"]:
            weights |= change.get("weights", {})
            augmentation |= change.get("augmentation", {})
    return {"weights": weights, "augmentation": augmentation}


def fit_units(corpus: Corpus, recipe: Recipe) -> np.ndarray:
    """k-means centroids ``[units, 26]`` of standardised MFCCs and slopes; returned with the scale as the last two rows."""
    rng = np.random.default_rng([recipe.seed, 7])
    frames = []
    for _ in range(20):
        batch = corpus.draw(rng, 60, recipe.mix)
        mel = log_mel(normalise(batch.waves, batch.lengths))
        both = unit_features(mel)
        valid = np.arange(both.shape[1])[None] < ((batch.lengths - 400) // 320 + 1)[:, None]
        frames.append(both[valid])
    table = np.concatenate(frames)
    mean, scale = table.mean(0), table.std(0)
    found = MiniBatchKMeans(recipe.units, random_state=recipe.seed, n_init=1, batch_size=4096, max_iter=30).fit((table - mean) / scale)
    return np.concatenate([found.cluster_centers_, mean[None], scale[None]]).astype(np.float32)


def unit_features(mel: torch.Tensor) -> np.ndarray:
    return np.concatenate([mfcc(mel.numpy()), mfcc(slope(mel).numpy())], -1)


def assign_units(mel: torch.Tensor, table: np.ndarray) -> torch.Tensor:
    """The nearest centroid of each frame, ``[B, T]``."""
    points = torch.from_numpy((unit_features(mel) - table[-2]) / table[-1])
    centres = torch.from_numpy(table[:-2])
    return (centres.square().sum(1) - 2 * points @ centres.T).argmin(-1)


def draw_masks(rng: np.random.Generator, rows: int, frames: int, recipe: Recipe) -> np.ndarray:
    masked = np.zeros((rows, frames), bool)
    for row in range(rows):
        if rng.random() < recipe.mask_rows:
            for start in np.flatnonzero(rng.random(frames) < recipe.mask_share / recipe.mask_span):
                masked[row, start : start + recipe.mask_span] = True
    return masked


def make_step(corpus: Corpus, recipe: Recipe, step: int):
    """The whole input of one step; depends on the recipe and the step alone."""
    rng = np.random.default_rng([recipe.seed, 11, step])
    batch = corpus.draw(rng, recipe.seconds_per_step, recipe.mix)
    heard, channels = augment(batch.waves, batch.lengths, batch.pairs, rng, stage(recipe, step)["augmentation"])
    clean, heard = normalise(batch.waves, batch.lengths), normalise(heard, batch.lengths)
    clean_mel = log_mel(clean)
    masked = draw_masks(rng, *clean_mel.shape[:2], recipe)
    return batch, heard, clean_mel, torch.from_numpy(masked), torch.from_numpy(channels)


def learning_rate(recipe: Recipe, step: int) -> float:
    """The recipe's rate times the factor at ``step`` between the knots of its ``rate``."""
    steps, factors = zip(*recipe.rate)
    return recipe.learning_rate * float(np.interp(step, steps, factors))


def feed(corpus: Corpus, recipe: Recipe, first: int, out: queue.Queue) -> None:
    for step in range(first, recipe.steps):
        out.put(make_step(corpus, recipe, step))


def _fixed(values: dict) -> dict:
    """What may not change on the way; how long to train, and what comes later, may."""
    return {name: value for name, value in values.items() if name not in ("steps", "rate", "later")}


def train(folder: Path, corpus_folder: Path, recipe: Recipe, threads: int, minutes: float | None, save_every_sec: float = 180) -> None:
    """Trains to ``recipe.steps`` or for ``minutes``, from ``folder/checkpoint.pt`` when there is one."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(threads)
    torch.manual_seed(recipe.seed)
    corpus = Corpus(corpus_folder, recipe.held_out)
    config = EncoderConfig(**recipe.encoder)
    encoder, heads = WavLM(config), Heads(config, len(corpus.voice_index), recipe.units)
    if recipe.filterbank:
        install_filterbank(encoder.feature_extractor)
        for layer in encoder.feature_extractor.conv_layers[: recipe.frozen_layers]:
            layer.requires_grad_(False)
    average = copy.deepcopy(encoder)
    average.requires_grad_(False)
    parameters = [*encoder.parameters(), *heads.parameters()]
    matrices = [p for name, p in encoder.named_parameters() if p.dim() > 1 and re.search(r"(proj|dense|projection|[1-9]\.conv)\.weight$", name)]
    chosen = {id(p) for p in matrices}
    rest = [p for p in parameters if id(p) not in chosen]
    optimiser = Muon([{"params": matrices, "orthogonal": True}, {"params": rest}], recipe.learning_rate, recipe.weight_decay)
    layers = {name: index % (config.num_hidden_layers + 1) for name, index in recipe.layers.items()}
    step, path = 0, folder / "checkpoint.pt"
    if path.exists():
        saved = torch.load(path, weights_only=False)
        if _fixed(saved["recipe"]) != _fixed(asdict(recipe)):
            raise SystemExit(f"{path} was made by another recipe: choose another folder or remove it")
        encoder.load_state_dict(saved["encoder"])
        heads.load_state_dict(saved["heads"])
        average.load_state_dict(saved["average"])
        optimiser.load_state_dict(saved["optimiser"])
        table, step = saved["units"], saved["step"]
    else:
        table = fit_units(corpus, recipe)

    def save() -> None:
        state = {"encoder": encoder.state_dict(), "heads": heads.state_dict(), "average": average.state_dict(), "config": config.to_json()}
        state |= {"optimiser": optimiser.state_dict(), "units": table, "step": step, "recipe": asdict(recipe)}
        torch.save(state, path.with_suffix(".part"))
        path.with_suffix(".part").replace(path)

    (folder / "recipe.json").write_text(json.dumps(asdict(recipe), indent=1))
    steps: queue.Queue = queue.Queue(3)
    threading.Thread(target=feed, args=(corpus, recipe, step, steps), daemon=True).start()
    began = saved_at = logged_at = time.monotonic()
    sums: dict[str, float] = {}
    counted, heard_sec = 0, 0.0
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    while step < recipe.steps and not stopping.is_set() and (minutes is None or time.monotonic() - began < 60 * minutes):
        batch, waves, clean_mel, masked, channels = steps.get()
        lengths = torch.from_numpy(batch.lengths)
        valid = torch.arange(clean_mel.shape[1])[None] < frame_count(lengths)[:, None]
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(recipe, step)
        with torch.autocast("cpu", torch.bfloat16):
            units = assign_units(clean_mel, table)
            states, features = encoder(waves, lengths, masked)
            parts = losses(heads, states, features, clean_mel, waves, valid, masked, units, batch, channels, layers)
        loss = sum(weight * parts[name] for name, weight in stage(recipe, step)["weights"].items())
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(parameters, 5.0)
        if torch.isfinite(norm):
            optimiser.step()
        step += 1
        decay = min(recipe.average_decay, step / (step + 10))
        with torch.no_grad():
            for mean, value in zip(average.parameters(), encoder.parameters()):
                mean.lerp_(value, 1 - decay)
        counted += 1
        heard_sec += float(batch.lengths.sum()) / 16000
        for name, value in parts.items():
            sums[name] = sums.get(name, 0) + float(value.detach())
        now = time.monotonic()
        if now - logged_at > 20:
            line = {"step": step, "sec": round(now - began), "audio_per_sec": round(heard_sec / (now - logged_at), 1), "norm": round(float(norm), 2)}
            print(json.dumps(line | {name: round(value / counted, 3) for name, value in sums.items()}), flush=True)
            sums, counted, heard_sec, logged_at = {}, 0, 0.0, now
        if now - saved_at > save_every_sec:
            save()
            saved_at = now
    save()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=Path("build/pretrain/corpus"))
    parser.add_argument("--out", type=Path, default=Path("build/pretrain/run"))
    parser.add_argument("--recipe", type=Path, help="a JSON file of Recipe fields; what it leaves out is default")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--minutes", type=float, help="stop (resumably) after this long")
    args = parser.parse_args()
    recipe = Recipe(**json.loads(args.recipe.read_text())) if args.recipe else Recipe()
    train(args.out, args.corpus, recipe, args.threads, args.minutes)


if __name__ == "__main__":
    main()
