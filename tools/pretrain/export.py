"""Writes a checkpoint's averaged encoder as a Hugging Face folder: config, preprocessor and float16 safetensors."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import save_file

PREPROCESSOR = {
    "do_normalize": True,
    "feature_extractor_type": "Wav2Vec2FeatureExtractor",
    "feature_size": 1,
    "padding_side": "right",
    "padding_value": 0.0,
    "return_attention_mask": True,
    "sampling_rate": 16000,
}


def export(checkpoint: Path, out: Path) -> int:
    """Returns the size of ``model.safetensors`` in bytes."""
    saved = torch.load(checkpoint, weights_only=False, map_location="cpu")
    tensors = {name: value.to(torch.float16).contiguous() for name, value in sorted(saved["average"].items())}
    for name, value in tensors.items():
        if not torch.isfinite(value).all():
            raise ValueError(f"{name} does not fit into float16")
    out.mkdir(parents=True, exist_ok=True)
    save_file(tensors, out / "model.safetensors", metadata={"format": "pt"})
    (out / "model.safetensors").chmod(0o644)
    (out / "config.json").write_text(json.dumps(saved["config"], indent=2, sort_keys=True) + "\n")
    (out / "preprocessor_config.json").write_text(json.dumps(PREPROCESSOR, indent=2) + "\n")
    return (out / "model.safetensors").stat().st_size


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, default=Path("build/pretrain/run/checkpoint.pt"))
    parser.add_argument("--out", type=Path, default=Path("public/models/wavlm-nano"))
    args = parser.parse_args()
    print(f"{export(args.checkpoint, args.out)} bytes")


if __name__ == "__main__":
    main()
