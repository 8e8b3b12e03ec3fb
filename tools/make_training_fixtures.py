"""Reference values for the training tests, from PyTorch and scikit-learn.

Writes tests/fixtures/training/reference.json. Needs `pip install torch scikit-learn scipy`. Inputs are either stored
beside the results or given by a formula that the tests repeat: wave(i, t) = sin(0.7 i + 0.3 t) · cos(0.13 i t).
"""

import json
import math
import pathlib

import numpy as np
import torch
from scipy.interpolate import interp1d
from scipy.optimize import brentq
from sklearn import metrics
from sklearn.preprocessing import StandardScaler
from torch import nn

COUNT, STEPS = 11, 200


def wave(count: int, t: float) -> torch.Tensor:
    return torch.tensor(
        [math.sin(0.7 * i + 0.3 * t) * math.cos(0.13 * i * t) for i in range(count)], dtype=torch.float32
    )


def optimizer_cases() -> list[dict]:
    cases = []
    settings = [
        ("adamw", dict(lr=0.01, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01)),
        ("adamw", dict(lr=0.003, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.2)),
        ("sgd", dict(lr=0.01, momentum=0.0, nesterov=False, weight_decay=0.05)),
        ("sgd", dict(lr=0.01, momentum=0.9, nesterov=False, weight_decay=0.0)),
        ("sgd", dict(lr=0.01, momentum=0.9, nesterov=True, weight_decay=0.01)),
    ]
    for kind, options in settings:
        parameter = nn.Parameter(wave(COUNT, 0.5))
        make = torch.optim.AdamW if kind == "adamw" else torch.optim.SGD
        optimizer = make([parameter], **options)
        seen = {}
        for step in range(1, STEPS + 1):
            parameter.grad = wave(COUNT, step)
            optimizer.step()
            if step in (1, 2, 50, STEPS):
                seen[step] = parameter.detach().tolist()
        cases.append({"kind": kind, "options": options, "parameters": seen})
    return cases


def clip_case() -> dict:
    a, b = nn.Parameter(torch.zeros(COUNT)), nn.Parameter(torch.zeros(5))
    a.grad, b.grad = wave(COUNT, 3), 4 * wave(5, 7)
    norm = nn.utils.clip_grad_norm_([a, b], 1.5)
    return {"norm": norm.item(), "a": a.grad.tolist(), "b": b.grad.tolist()}


def schedule_cases() -> list[dict]:
    lr = torch.optim.lr_scheduler
    base, total, per_epoch = 0.4, 60, 10
    cases = []
    for warmup in (0, 7):
        makers = {
            "constant": lambda o: lr.ConstantLR(o, factor=1),
            "cosine": lambda o: lr.CosineAnnealingLR(o, T_max=total - warmup, eta_min=base * 0.1),
        }
        for kind, make in makers.items():
            optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=base)
            schedulers = [make(optimizer)]
            if warmup:
                rise = lr.LinearLR(optimizer, start_factor=1 / warmup, end_factor=1, total_iters=warmup - 1)
                scheduler = lr.SequentialLR(optimizer, [rise, *schedulers], milestones=[warmup])
            else:
                scheduler = schedulers[0]
            rates = []
            for _ in range(total):
                rates.append(optimizer.param_groups[0]["lr"])
                optimizer.step()
                scheduler.step()
            cases.append({"kind": kind, "warmupSteps": warmup, "minFactor": 0.1, "rates": rates})
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=base)
    scheduler = lr.StepLR(optimizer, step_size=2, gamma=0.5)
    rates = []
    for epoch in range(total // per_epoch):
        rates += [optimizer.param_groups[0]["lr"]] * per_epoch
        optimizer.step()
        scheduler.step()
    cases.append({"kind": "step", "warmupSteps": 0, "everyEpochs": 2, "gamma": 0.5, "rates": rates})
    losses = [1.0, 0.8, 0.81, 0.805, 0.7, 0.72, 0.71, 0.73, 0.74, 0.6, 0.61, 0.62, 0.63, 0.64]
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=base)
    scheduler = lr.ReduceLROnPlateau(optimizer, factor=0.3, patience=1, threshold=1e-4)
    rates = []
    for loss in losses:
        rates.append(optimizer.param_groups[0]["lr"])
        scheduler.step(loss)
    cases.append({"kind": "plateau", "gamma": 0.3, "patience": 1, "threshold": 1e-4, "losses": losses, "rates": rates})
    return [{"base": base, "total": total, "perEpoch": per_epoch, **case} for case in cases]


def cross_entropy_cases(generator: torch.Generator) -> list[dict]:
    cases = []
    for weights, smoothing in ((None, 0.0), ([1.0, 3.0, 0.5, 0.0], 0.0), (None, 0.2), ([1.0, 3.0, 0.5, 2.0], 0.1)):
        logits = (3 * torch.randn(9, 4, generator=generator)).requires_grad_()
        labels = torch.tensor([0, 1, 2, 1, 0, 2, 2, 3, 1])
        weight = None if weights is None else torch.tensor(weights)
        loss = nn.functional.cross_entropy(logits, labels, weight=weight, label_smoothing=smoothing)
        loss.backward()
        cases.append(
            {
                "logits": logits.flatten().tolist(),
                "labels": labels.tolist(),
                "weights": weights,
                "smoothing": smoothing,
                "loss": loss.item(),
                "gradient": logits.grad.flatten().tolist(),
            }
        )
    return cases


def contrastive_case(generator: torch.Generator) -> dict:
    x = torch.randn(10, 6, generator=generator).requires_grad_()
    labels = torch.tensor([0, 1, 2, 1, 0, 2, 2, 4, 1, 0])
    temperature = 0.3
    z = nn.functional.normalize(x, dim=1)
    similarity = z @ z.T / temperature
    itself = torch.eye(10, dtype=torch.bool)
    log_probability = similarity - torch.logsumexp(similarity.masked_fill(itself, -math.inf), dim=1, keepdim=True)
    positives = (labels[:, None] == labels[None, :]) & ~itself
    counts = positives.sum(1)
    anchors = counts > 0
    per_anchor = -(log_probability * positives).sum(1)[anchors] / counts[anchors]
    loss = per_anchor.mean()
    loss.backward()
    return {
        "x": x.flatten().tolist(),
        "labels": labels.tolist(),
        "temperature": temperature,
        "loss": loss.item(),
        "gradient": x.grad.flatten().tolist(),
    }


def mlp_case(generator: torch.Generator) -> dict:
    """Thirty AdamW steps of a small network, the whole chain."""
    torch.manual_seed(3)
    head = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3))
    x, labels = torch.randn(12, 6, generator=generator), torch.tensor([0, 1, 2] * 4)
    initial = {name: value.flatten().tolist() for name, value in head.state_dict().items()}
    optimizer = torch.optim.AdamW(head.parameters(), lr=0.02, weight_decay=0.01)
    losses = []
    for _ in range(30):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(head(x), labels, label_smoothing=0.1)
        loss.backward()
        nn.utils.clip_grad_norm_(head.parameters(), 0.5)
        optimizer.step()
        losses.append(loss.item())
    final = {name: value.flatten().tolist() for name, value in head.state_dict().items()}
    return {"x": x.flatten().tolist(), "initial": initial, "losses": losses, "final": final}


def classification_case(random: np.random.Generator) -> dict:
    truth = random.integers(0, 4, 80)
    predictions = np.where(random.random(80) < 0.6, truth, random.integers(0, 5, 80))
    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        truth, predictions, labels=range(6), zero_division=0
    )
    return {
        "truth": truth.tolist(),
        "predictions": predictions.tolist(),
        "classes": 6,
        "confusion": metrics.confusion_matrix(truth, predictions, labels=range(6)).flatten().tolist(),
        "accuracy": metrics.accuracy_score(truth, predictions),
        "uar": metrics.balanced_accuracy_score(truth, predictions),
        "macroF1": metrics.f1_score(truth, predictions, average="macro"),
        "precision": precision.tolist(),
        "recall": recall.tolist(),
        "f1": f1.tolist(),
        "support": support.tolist(),
    }


def detection_cases(random: np.random.Generator) -> list[dict]:
    cases = []
    for decimals, shift in ((6, 1.2), (1, 1.0), (6, -0.4)):
        target = random.random(60) < 0.4
        scores = np.round(random.normal(0, 1, 60) + shift * target, decimals)
        false_accept, true_accept, thresholds = metrics.roc_curve(target, scores, drop_intermediate=False)
        curve = interp1d(false_accept, true_accept)
        cases.append(
            {
                "scores": scores.tolist(),
                "target": target.astype(int).tolist(),
                "falseAccept": false_accept.tolist(),
                "trueAccept": true_accept.tolist(),
                "thresholds": [None, *thresholds[1:].tolist()],
                "auc": metrics.roc_auc_score(target, scores),
                "eer": brentq(lambda x: 1 - x - curve(x), 0, 1),
            }
        )
    return cases


def standardiser_case(random: np.random.Generator) -> dict:
    x = (random.normal(5, 3, (20, 4)) * [1, 10, 0, 0.01] + [0, 100, 7, 0]).astype(np.float32)
    scaler = StandardScaler().fit(x.astype(np.float64))
    return {
        "x": x.flatten().tolist(),
        "mean": scaler.mean_.tolist(),
        "deviation": scaler.scale_.tolist(),
        "standardised": scaler.transform(x.astype(np.float64)).flatten().tolist(),
    }


def main() -> None:
    generator = torch.Generator().manual_seed(1)
    random = np.random.default_rng(1)
    reference = {
        "optimizers": optimizer_cases(),
        "clip": clip_case(),
        "schedules": schedule_cases(),
        "crossEntropy": cross_entropy_cases(generator),
        "contrastive": contrastive_case(generator),
        "mlp": mlp_case(generator),
        "classification": classification_case(random),
        "detection": detection_cases(random),
        "standardiser": standardiser_case(random),
    }
    target = pathlib.Path(__file__).parent.parent / "tests/fixtures/training/reference.json"
    target.write_text(json.dumps(reference, separators=(",", ":")) + "\n")
    print(f"{target}: {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
