"""Muon: momentum whose matrices are made orthogonal, AdamW for all else (Jordan et al. 2024; scale after Liu et al. 2025)."""

from __future__ import annotations

import torch


def orthogonal(matrix: torch.Tensor, rounds: int = 3) -> torch.Tensor:
    """The nearest semi-orthogonal matrix, roughly: all singular values near 1 (quintic Newton–Schulz)."""
    a, b, c = 3.4445, -4.7750, 2.0315
    wide = matrix.shape[0] <= matrix.shape[1]
    x = (matrix if wide else matrix.T).to(torch.bfloat16)
    x = x / (x.norm() + 1e-7)
    for _ in range(rounds):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x if wide else x.T).float()


class Muon(torch.optim.Optimizer):
    """Groups with ``"orthogonal": True`` hold matrices and convolution kernels (taken as ``[out, rest]``)."""

    def __init__(self, groups: list[dict], lr: float, weight_decay: float, momentum: float = 0.95, betas: tuple = (0.9, 0.98)) -> None:
        super().__init__(groups, {"lr": lr, "weight_decay": weight_decay, "momentum": momentum, "betas": betas, "orthogonal": False})

    @torch.no_grad()
    def step(self, closure=None) -> None:
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                state = self.state[parameter]
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                if group["orthogonal"]:
                    velocity = state.setdefault("velocity", torch.zeros_like(parameter))
                    velocity.lerp_(parameter.grad, 1 - group["momentum"])
                    ahead = parameter.grad.lerp(velocity, group["momentum"]).flatten(1)
                    scale = 0.2 * max(ahead.shape) ** 0.5
                    parameter.sub_(orthogonal(ahead).view_as(parameter), alpha=group["lr"] * scale)
                else:
                    first, second = group["betas"]
                    state["step"] = state.get("step", 0) + 1
                    mean = state.setdefault("mean", torch.zeros_like(parameter))
                    square = state.setdefault("square", torch.zeros_like(parameter))
                    mean.lerp_(parameter.grad, 1 - first)
                    square.lerp_(parameter.grad.square(), 1 - second)
                    size = (square / (1 - second ** state["step"])).sqrt_().add_(1e-8)
                    parameter.addcdiv_(mean, size, value=-group["lr"] / (1 - first ** state["step"]))
