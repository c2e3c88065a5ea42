"""Stacks the parts of a reading into calibrated probabilities, and measures them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from engine.types import SURE_FROM
from tests.evaluate import metrics

Numbers = NDArray[np.float32]


def balanced(targets: Numbers, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights under which every class that occurs holds the same mass, with mean 1."""
    mass = (targets * weights[:, None]).sum(axis=0)
    share = np.where(mass > 0, 1 / np.maximum(mass, 1e-9), 0.0)
    heavier = weights * (targets @ share)
    return np.asarray(heavier / heavier.mean(), dtype=np.float64)


def stack(
    parts: Numbers, targets: Numbers, weights: NDArray[np.float64], *, penalty: float = 1e-3
) -> tuple[Numbers, Numbers]:
    """A logistic regression of few numbers: (n, p) and soft labels (n, c) to (p, c) and (c,).

    With one column of targets it is a yes or no, with several a softmax. Being fitted by likelihood, it calibrates as it
    weighs (Platt 1999; Guo et al. 2017).
    """
    inputs, wanted = torch.tensor(parts, dtype=torch.float64), torch.tensor(targets, dtype=torch.float64)
    heavy = torch.tensor(weights / weights.sum())
    mix = torch.zeros((parts.shape[1], targets.shape[1]), dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(targets.shape[1], dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([mix, bias], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        said = inputs @ mix + bias
        if targets.shape[1] == 1:
            each = torch.nn.functional.binary_cross_entropy_with_logits(said, wanted, reduction="none").sum(dim=1)
        else:
            each = -(wanted * torch.log_softmax(said, dim=1)).sum(dim=1)
        total = (heavy * each).sum() + penalty * mix.square().sum()
        total.backward()  # type: ignore[no-untyped-call]
        return total

    optimiser.step(loss)
    return mix.detach().numpy().astype(np.float32), bias.detach().numpy().astype(np.float32)


def of_classes(targets: Numbers, shares: Numbers) -> dict[str, float]:
    """Figures of one choice among classes, in percent; classes that never occur are left out of both."""
    used = np.flatnonzero(targets.sum(axis=0) > 0)
    shares = shares[:, used] / shares[:, used].sum(axis=1, keepdims=True)
    truth, said = targets[:, used].argmax(axis=1).tolist(), shares.argmax(axis=1).tolist()
    right = [a == b for a, b in zip(truth, said, strict=True)]
    second, best = np.sort(shares, axis=1)[:, -2:].T
    sure = (best >= 0.5) & (best - second >= 2 * SURE_FROM - 1 - 1e-9)  # as `Sentiment.label` decides
    return {
        "recall": 100 * metrics.macro_recall(truth, said),
        "F1": 100 * metrics.macro_f1(truth, said),
        "accuracy": 100 * metrics.accuracy(truth, said),
        "ECE": 100 * metrics.ece(shares.max(axis=1).tolist(), right),
        "unsure": 100 * float(1 - sure.mean()),
    }


def of_yes_or_no(truth: Sequence[bool], share: Numbers, sure_from: float) -> dict[str, float]:
    """Figures of a yes or no, in percent."""
    said = (share >= 0.5).tolist()
    truth = list(map(bool, truth))
    found = sum(a and b for a, b in zip(truth, said, strict=True))
    return {
        "recall": 100 * metrics.macro_recall(truth, said),
        "F1": 100 * metrics.macro_f1(truth, said),
        "accuracy": 100 * metrics.accuracy(truth, said),
        "ECE": 100 * metrics.ece(share.tolist(), truth),
        "unsure": 100 * float(((share > 1 - sure_from) & (share < sure_from)).mean()),
        "F1 of yes": 100 * 2 * found / max(1, sum(truth) + sum(said)),
    }
