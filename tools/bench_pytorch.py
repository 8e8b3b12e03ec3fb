"""One epoch of a linear head and of an MLP-512 in PyTorch on the CPU, for comparison with `npm run bench`.

The task is that of the app's benchmark: 22,326 rows of 1024 float32 features, 10 classes, batches of 64 drawn by a
seeded permutation, cross-entropy, AdamW. Needs only `pip install torch`.

    python tools/bench_pytorch.py [--threads 2] [--epochs 5]
"""

import argparse
import json
import time

import torch
from torch import nn

ROWS, FEATURES, CLASSES, BATCH = 22_326, 1024, 10, 64


def epoch_seconds(head: nn.Module, x: torch.Tensor, y: torch.Tensor, epochs: int) -> list[float]:
    """Wall seconds of each of `epochs` epochs, after one that is not counted."""
    optimizer = torch.optim.AdamW(head.parameters(), lr=1e-3, weight_decay=1e-2)
    seconds = []
    for epoch in range(epochs + 1):
        start = time.perf_counter()
        total = 0.0
        for rows in torch.randperm(ROWS, generator=torch.Generator().manual_seed(epoch)).split(BATCH):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(head(x[rows]), y[rows])
            loss.backward()
            optimizer.step()
            total += loss.item()
        if epoch > 0:
            seconds.append(time.perf_counter() - start)
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    x = torch.randn(ROWS, FEATURES)
    y = torch.randint(0, CLASSES, (ROWS,))
    heads = {
        "linear": nn.Linear(FEATURES, CLASSES),
        "mlp-512": nn.Sequential(nn.Linear(FEATURES, 512), nn.ReLU(), nn.Linear(512, CLASSES)),
    }
    for name, head in heads.items():
        seconds = sorted(epoch_seconds(head, x, y, arguments.epochs))
        median = seconds[len(seconds) // 2]
        print(json.dumps({"head": name, "threads": arguments.threads, "torch": torch.__version__, "epochSec": round(median, 3)}))


if __name__ == "__main__":
    main()
