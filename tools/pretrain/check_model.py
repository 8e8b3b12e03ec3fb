"""Checks that this folder's encoder is the WavLM of ``transformers``: alone, padded in a batch, and after the float16 export.

    python tools/pretrain/check_model.py [--model public/models/wavlm-nano]
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import WavLMModel

from export import export
from filterbank import install_filterbank
from model import EncoderConfig, WavLM, frame_count

TOLERANCE = 5e-4  # hidden states reach some tens; float32 in another order of sums


def largest_difference(model: WavLM, reference: WavLMModel) -> float:
    """Over all hidden states of two clips in one padded batch against each alone."""
    torch.manual_seed(2)
    lengths = torch.tensor([30000, 20000])
    waves = torch.randn(2, 30000)
    waves[1, 20000:] = 0
    worst = 0.0
    with torch.inference_mode():
        batched, _ = model(waves, lengths)
        for row, length in enumerate(lengths.tolist()):
            output = reference(waves[row : row + 1, :length], output_hidden_states=True)
            # Some releases of transformers leave the last entry before the final layer norm; the model's output is after it.
            alone = [*output.hidden_states[:-1], output.last_hidden_state]
            for mine, theirs in zip(batched, alone, strict=True):
                worst = max(worst, float((mine[row, : frame_count(length)] - theirs[0]).abs().max()))
    return worst


def check(folder: Path) -> None:
    config = EncoderConfig.load(folder / "config.json")
    model = WavLM(config).eval()
    weights = {name: value.float() for name, value in load_file(folder / "model.safetensors").items()}
    model.load_state_dict(weights, strict=True)
    difference = largest_difference(model, WavLMModel.from_pretrained(folder, dtype=torch.float32).eval())
    print(f"{folder}: largest difference of any hidden state {difference:.1e}")
    if not difference < TOLERANCE:
        raise SystemExit(f"{folder} is not computed as transformers computes it")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="an exported folder; without it, random and filter-bank weights only")
    args = parser.parse_args()
    for filterbank in (False, True):
        torch.manual_seed(1)
        model = WavLM(EncoderConfig())
        if filterbank:
            install_filterbank(model.feature_extractor)
        with tempfile.TemporaryDirectory() as folder:
            torch.save({"average": model.state_dict(), "config": model.config.to_json()}, Path(folder) / "checkpoint.pt")
            export(Path(folder) / "checkpoint.pt", Path(folder) / "model")
            check(Path(folder) / "model")
    if args.model:
        check(args.model)


if __name__ == "__main__":
    main()
