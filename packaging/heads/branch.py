"""Fine-tunes a branch of the sentence encoder: its last layers once more, trained on all tasks at once (Caruana 1997).

The layers below are shared with the embedding and stay as they are, so what they make of each token is computed once and
kept. A task is read from the mean over a text's tokens of the branch's last layer, by one linear layer each.
"""

from __future__ import annotations

import copy
import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer

from engine.workers.branch import Layers

SHARED = 3  # layers that branch and embedding have in common, after the embedding layer
MAX_TOKENS = 128


@dataclass(frozen=True, slots=True)
class Recipe:
    epochs: int = 2
    batch: int = 64
    learning_rate: float = 2e-4
    layer_decay: float = 0.9  # of the rate, from the last layer to the first
    head_rate: float = 1e-3
    weight_decay: float = 0.01
    smoothing: float = 0.05
    dropout: float = 0.1
    mixed_dropout: int = 1  # masks of the last dropout that a text is read through at once
    averaged: float = 0.4  # share of the steps, at the end, over which the weights are averaged (Izmailov et al. 2018)


@dataclass(frozen=True, slots=True)
class Hidden:
    """What the shared layers made of texts: the tokens of text i are `values[starts[i]:starts[i + 1]]` (tokens, d)."""

    values: torch.Tensor  # bfloat16
    starts: NDArray[np.int64]

    def padded(self, rows: NDArray[np.int64]) -> tuple[torch.Tensor, torch.Tensor]:
        """(n, tokens, d) and the mask (n, tokens)."""
        first = torch.from_numpy(self.starts[rows])
        sizes = torch.from_numpy(self.starts[rows + 1]) - first
        place = torch.arange(-(-int(sizes.max()) // 8) * 8)
        mask = place < sizes[:, None]
        return self.values[torch.where(mask, first[:, None] + place, 0)], mask

    def lengths(self) -> NDArray[np.int64]:
        return np.diff(self.starts)


@dataclass(frozen=True, slots=True)
class Lesson:
    """Rows of the hidden states that teach one task, with soft labels (n, classes)."""

    task: str
    rows: NDArray[np.int64]
    targets: NDArray[np.float32]
    weight: float = 1.0  # of a row
    drawn: int = 1_000_000  # at most so many rows in each epoch, drawn anew for each


class Branch(torch.nn.Module):
    """The last layers and a linear read-out for each task."""

    def __init__(self, encoder: SentenceTransformer, classes: Mapping[str, int], dropped: float) -> None:
        super().__init__()
        self.layers = last_layers(encoder)
        self.dropout = torch.nn.Dropout(dropped)
        for layer in self.layers.layers:
            layer.dropped = dropped
        width = int(encoder[0].auto_model.config.hidden_size)
        self.heads = torch.nn.ModuleDict({task: torch.nn.Linear(width, count) for task, count in classes.items()})


def last_layers(encoder: SentenceTransformer) -> Layers:
    """The encoder's own layers after the shared ones, as the branch begins with them."""
    config = encoder[0].auto_model.config
    theirs = encoder[0].auto_model.encoder.layer[SHARED:]
    ours = Layers(len(theirs), config.hidden_size, config.intermediate_size, config.num_attention_heads)
    with torch.no_grad():
        for old, new in zip(theirs, ours.layers, strict=True):
            attention = old.attention.self
            parts = (attention.query, attention.key, attention.value)
            new.query_key_value.weight.copy_(torch.cat([part.weight for part in parts]))
            new.query_key_value.bias.copy_(torch.cat([part.bias for part in parts]))
            for ours_, theirs_ in (
                (new.joined, old.attention.output.dense),
                (new.attended, old.attention.output.LayerNorm),
                (new.up, old.intermediate.dense),
                (new.down, old.output.dense),
                (new.done, old.output.LayerNorm),
            ):
                ours_.weight.copy_(theirs_.weight)
                ours_.bias.copy_(theirs_.bias)
    return ours


def load_encoder(folder: Path) -> SentenceTransformer:
    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    return model.eval()


def hidden_states(encoder: SentenceTransformer, texts: Sequence[str], cache: Path | None) -> Hidden:
    """What the shared layers make of texts, kept in `cache` under the hash of the texts."""
    digest = hashlib.sha256("\0".join([str(SHARED), str(MAX_TOKENS), *texts]).encode()).hexdigest()[:16]
    path = cache / f"hidden-{digest}.pt" if cache is not None else None
    if path is not None and path.exists():
        values, starts = torch.load(path, weights_only=True)
        return Hidden(values, starts.numpy())
    ids: list[list[int]] = []
    for start in range(0, len(texts), 1024):
        some = [text[:2000] for text in texts[start : start + 1024]]
        ids += encoder.tokenizer(some, truncation=True, max_length=MAX_TOKENS, padding=False)["input_ids"]
    starts = np.concatenate([[0], np.cumsum([len(one) for one in ids])]).astype(np.int64)
    inner = encoder[0].auto_model
    values = torch.empty((int(starts[-1]), int(inner.config.hidden_size)), dtype=torch.bfloat16)
    order = np.argsort(np.diff(starts), kind="stable")
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        for start in range(0, len(order), 64):
            rows = order[start : start + 64]
            longest = max(len(ids[row]) for row in rows)
            tokens = torch.zeros((len(rows), longest), dtype=torch.long)
            mask = torch.zeros((len(rows), longest), dtype=torch.bool)
            for place, row in enumerate(rows):
                tokens[place, : len(ids[row])] = torch.tensor(ids[row])
                mask[place, : len(ids[row])] = True
            hidden = inner.embeddings(input_ids=tokens)
            for layer in inner.encoder.layer[:SHARED]:
                found = layer(hidden, attention_mask=mask[:, None, None, :])
                hidden = found[0] if isinstance(found, tuple) else found
            for place, row in enumerate(rows):
                values[starts[row] : starts[row + 1]] = hidden[place, : len(ids[row])].to(torch.bfloat16)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save((values, torch.from_numpy(starts)), path)
    return Hidden(values, starts)


def train(
    encoder: SentenceTransformer,
    hidden: Hidden,
    lessons: Sequence[Lesson],
    recipe: Recipe,
    *,
    seed: int = 0,
    log: bool = False,
) -> Branch:
    """Train a branch on all lessons at once."""
    torch.manual_seed(seed)
    draw = np.random.default_rng(seed)
    branch = Branch(encoder, {lesson.task: lesson.targets.shape[1] for lesson in lessons}, recipe.dropout)
    depth = len(branch.layers.layers)
    groups = [
        {"params": layer.parameters(), "lr": recipe.learning_rate * recipe.layer_decay ** (depth - 1 - number)}
        for number, layer in enumerate(branch.layers.layers)
    ]
    groups.append({"params": branch.heads.parameters(), "lr": recipe.head_rate})
    optimiser = torch.optim.AdamW(groups, weight_decay=recipe.weight_decay, fused=True)
    an_epoch = sum(min(lesson.drawn, len(lesson.rows)) for lesson in lessons) // recipe.batch
    steps = recipe.epochs * an_epoch
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min(1.0, (step + 1) / (0.06 * steps)) * max(0.02, 1 - step / steps)
    )
    average = torch.optim.swa_utils.AveragedModel(branch)
    quick = (
        copy.deepcopy(branch.layers).to(torch.bfloat16).train()
    )  # what is run; the weights in full precision are taught
    pairs = list(zip(branch.layers.parameters(), quick.parameters(), strict=True))
    branch.train()
    began, step = time.monotonic(), 0
    lengths = hidden.lengths()
    for epoch in range(recipe.epochs):
        total, seen = 0.0, 0
        for batch in _batches(lessons, lengths, recipe.batch, draw):
            loss = _loss(branch, quick, hidden, lessons, batch, recipe)
            loss.backward()  # type: ignore[no-untyped-call]
            for full, half in pairs:
                full.grad = half.grad.float()  # type: ignore[union-attr]
                half.grad = None
            torch.nn.utils.clip_grad_norm_(branch.parameters(), 1.0)
            optimiser.step()
            optimiser.zero_grad()
            schedule.step()
            with torch.no_grad():
                for full, half in pairs:
                    half.copy_(full)
            total, seen, step = total + loss.item(), seen + 1, step + 1
            if step >= (1 - recipe.averaged) * steps and step % 8 == 0:
                average.update_parameters(branch)
            if log and step % 100 == 0:
                print(f"  step {step}/{steps} loss {total / seen:.4f} {time.monotonic() - began:.0f} s", flush=True)
        if log:
            print(f"  epoch {epoch + 1} loss {total / seen:.4f} {time.monotonic() - began:.0f} s", flush=True)
    chosen = average.module if recipe.averaged else branch
    return chosen.eval()  # type: ignore[no-any-return]


def _loss(
    branch: Branch,
    quick: Layers,
    hidden: Hidden,
    lessons: Sequence[Lesson],
    batch: NDArray[np.int64],
    recipe: Recipe,
) -> torch.Tensor:
    """Of a batch (n, 2) of lessons and places in them."""
    rows = np.array([lessons[lesson].rows[place] for lesson, place in batch])
    states, mask = hidden.padded(rows)
    means = quick(states, mask)
    parts = []
    tasks = [lessons[lesson].task for lesson, _ in batch]
    for task in sorted(set(tasks)):
        places = [place for place, one in enumerate(tasks) if one == task]
        wanted = torch.tensor(np.stack([lessons[batch[place, 0]].targets[batch[place, 1]] for place in places]))
        wanted = (1 - recipe.smoothing) * wanted + recipe.smoothing / wanted.shape[1]
        heavy = torch.tensor([lessons[batch[place, 0]].weight for place in places])
        for _ in range(recipe.mixed_dropout):
            said = torch.log_softmax(branch.heads[task](branch.dropout(means[places])), dim=1)
            parts.append((heavy * -(wanted * said).sum(dim=1)).sum() / recipe.mixed_dropout)
    return torch.stack(parts).sum() / len(batch)


def _batches(
    lessons: Sequence[Lesson], lengths: NDArray[np.int64], size: int, draw: np.random.Generator
) -> list[NDArray[np.int64]]:
    """The rows of an epoch in random batches of about equal length: shuffled, cut into pools, sorted inside each."""
    chosen = []
    for number, lesson in enumerate(lessons):
        places = draw.permutation(len(lesson.rows))[: lesson.drawn]
        chosen.append(np.stack([np.full(len(places), number), places], axis=1))
    mixed = draw.permutation(np.concatenate(chosen))
    size_of = np.array([lengths[lessons[lesson].rows[place]] for lesson, place in mixed])
    found: list[NDArray[np.int64]] = []
    for start in range(0, len(mixed), 50 * size):
        pool = start + np.argsort(size_of[start : start + 50 * size], kind="stable")
        found += [mixed[pool[at : at + size]] for at in range(0, len(pool), size)]
    return [found[place] for place in draw.permutation(len(found))]


def means(layers: Layers, hidden: Hidden, rows: NDArray[np.int64], *, batch: int = 64) -> NDArray[np.float32]:
    """The branch's reading of texts: (n, d)."""
    order = np.argsort(hidden.lengths()[rows], kind="stable")
    out = np.empty((len(rows), layers.layers[0].joined.out_features), dtype=np.float32)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        for start in range(0, len(order), batch):
            places = order[start : start + batch]
            states, mask = hidden.padded(rows[places])
            out[places] = layers(states, mask).float().numpy()
    return out
