"""Fits a head: features standardised, classes weighed to be equally heavy, noise on the features against overfitting."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from engine.signals.heads import Network


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a head is trained."""

    members: int = 2  # networks that are trained apart and answer together
    hidden: int = 32  # units of each
    dropped_features: float = 0.5
    dropped_hidden: float = 0.3
    weight_decay: float = 0.3
    learning_rate: float = 1e-3
    epochs: int = 6
    batch: int = 512


def balanced(targets: NDArray[np.float32], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights under which every class holds a third of the mass, with mean 1."""
    mass = (targets * weights[:, None]).sum(axis=0)
    heavier = weights * (targets @ (mass.sum() / 3 / mass))
    return np.asarray(heavier / heavier.mean(), dtype=np.float64)


def fit(
    features: NDArray[np.float32],
    targets: NDArray[np.float32],
    weights: NDArray[np.float64],
    recipe: Recipe,
    *,
    seed: int = 0,
) -> Network:
    """Train on (n, f) features, (n, 3) distributions and (n,) weights; the scaling is folded into the network.

    Members that differ by chance alone err apart: the mean of their log-probabilities is better than either. Being a mean
    of outputs, it is one network with the units of all.
    """
    parts = [_member(features, targets, weights, recipe, 1000 * seed + number) for number in range(recipe.members)]
    return Network(
        np.concatenate([part.hidden for part in parts], axis=1),
        np.concatenate([part.hidden_bias for part in parts]),
        (np.concatenate([part.out for part in parts]) / len(parts)).astype(np.float32),
        np.stack([part.out_bias for part in parts]).mean(axis=0).astype(np.float32),
    )


def _member(
    features: NDArray[np.float32],
    targets: NDArray[np.float32],
    weights: NDArray[np.float64],
    recipe: Recipe,
    seed: int,
) -> Network:
    torch.manual_seed(seed)
    mean, scale = features.mean(axis=0), features.std(axis=0) + 1e-6
    inputs, wanted = torch.tensor((features - mean) / scale), torch.tensor(targets)
    heaviness = torch.tensor(balanced(targets, weights), dtype=torch.float32)
    first, last = torch.nn.Linear(features.shape[1], recipe.hidden), torch.nn.Linear(recipe.hidden, 3)
    model = torch.nn.Sequential(
        torch.nn.Dropout(recipe.dropped_features),
        first,
        torch.nn.ReLU(),
        torch.nn.Dropout(recipe.dropped_hidden),
        last,
    )
    optimiser = torch.optim.AdamW(model.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    steps = recipe.epochs * -(-len(inputs) // recipe.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.learning_rate, total_steps=steps)
    model.train()
    for _ in range(recipe.epochs):
        for rows in torch.randperm(len(inputs)).split(recipe.batch):  # type: ignore[no-untyped-call]
            optimiser.zero_grad()
            losses = -(wanted[rows] * torch.log_softmax(model(inputs[rows]), dim=1)).sum(dim=1)
            (heaviness[rows] * losses).mean().backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
    hidden = (first.weight.detach().numpy() / scale).T.astype(np.float32)
    bias = (first.bias.detach().numpy() - mean @ hidden).astype(np.float32)
    return Network(hidden, bias, last.weight.detach().numpy().T.copy(), last.bias.detach().numpy().copy())


def logits(network: Network, features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Log-probabilities (n, 3)."""
    return np.log(np.maximum(network.probabilities(features), 1e-12))


def temperature(found: NDArray[np.float32], targets: NDArray[np.float32]) -> float:
    """The number that log-probabilities are divided by for the best likelihood (Guo et al. 2017), by search."""
    candidates = np.exp(np.linspace(np.log(0.4), np.log(4.0), 200))
    losses = []
    for candidate in candidates:
        scaled = found / candidate
        scaled = scaled - scaled.max(axis=1, keepdims=True)
        losses.append(-(targets * (scaled - np.log(np.exp(scaled).sum(axis=1, keepdims=True)))).sum(axis=1).mean())
    return float(candidates[int(np.argmin(losses))])


def cooled(network: Network, degrees: float) -> Network:
    """The network with its temperature folded in."""
    return Network(
        network.hidden, network.hidden_bias, network.out / np.float32(degrees), network.out_bias / np.float32(degrees)
    )
