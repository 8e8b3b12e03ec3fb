"""Everything in one command: fetch and prepare the speech, train, export. Interrupted at any time, it goes on where it was.

    python tools/pretrain/pipeline.py [--build build/pretrain] [--out public/models/wavlm-nano]
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from export import export
from prepare import prepare
from train import Recipe, train

SYNTHETIC_UTTERANCES = 60_000


def main() -> None:
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=Path("build/pretrain"), help="packages, corpus and checkpoints")
    parser.add_argument("--out", type=Path, default=Path("public/models/wavlm-nano"))
    parser.add_argument("--recipe", type=Path, default=here / "recipe.json")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    args = parser.parse_args()
    recipe = Recipe(**json.loads(args.recipe.read_text()))
    prepare(args.build / "raw", args.build / "corpus", SYNTHETIC_UTTERANCES, seed=1, workers=args.threads)
    train(args.build / args.recipe.stem, args.build / "corpus", recipe, args.threads, minutes=None)
    print(f"{export(args.build / args.recipe.stem / 'checkpoint.pt', args.out)} bytes")


if __name__ == "__main__":
    main()
