"""The English texts that the sentiment head learns from, each with a distribution over the three classes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.evaluate.layouts import Texts, read_lines, sentiment_sets, tweet


@dataclass(frozen=True, slots=True)
class Corpus:
    """Texts with soft labels (n, 3): negative, neutral, positive."""

    name: str
    licence: str
    weight: float  # of one row, beside a row of English tweets with hand-made classes
    texts: tuple[str, ...]
    targets: NDArray[np.float32]


def soft_intensity(mean: NDArray[np.float64]) -> NDArray[np.float32]:
    """From a mean rating in −4…4 to classes: certain from ±1.5 on, neutral at 0, mixed between."""
    strength = np.clip(np.abs(mean) / 1.5, 0.0, 1.0)
    targets = np.zeros((len(mean), 3), dtype=np.float32)
    targets[:, 1] = 1.0 - strength
    targets[np.arange(len(mean)), np.where(mean < 0, 0, 2)] += strength.astype(np.float32)
    return targets


def _hard(found: Texts) -> NDArray[np.float32]:
    return np.eye(3, dtype=np.float32)[list(found.labels)]


def _only(folder: Path) -> Texts:
    (found,) = sentiment_sets(folder, every_split=True)
    return found


def load(data: Path) -> Iterator[Corpus]:
    """Read the sets whose licence allows training; `data` is the folder that holds `signals/`."""
    signals = data / "signals"
    plain = (
        ("tweeteval/sentiment", "research use, training allowed (SemEval 2017 task 4)", 1.0),
        ("umsab/english", "Apache-2.0", 1.0),
        ("sst2", "research use, training allowed", 0.3),
        ("newsmtsc", "MIT", 0.1),
    )
    for name, licence, weight in plain:
        found = _only(signals / name)
        yield Corpus(name, licence, weight, found.texts, _hard(found))
    rated = _only(signals / "vader_gt")
    assert rated.intensity is not None
    yield Corpus("vader_gt", "MIT", 0.5, rated.texts, soft_intensity(np.array(rated.intensity)))
    yield load_emotion(data)


def load_emotion(data: Path) -> Corpus:
    """Tweets with an emotion: joy and optimism as positive, anger and sadness as negative. None is neutral."""
    folder = data / "signals/tweeteval/emotion"
    names = dict(line.split("\t") for line in read_lines(folder / "mapping.txt"))
    polarity = {"joy": 2, "optimism": 2, "anger": 0, "sadness": 0}
    texts: list[str] = []
    labels: list[int] = []
    for split in ("train", "val"):
        texts += [tweet(line) for line in read_lines(folder / f"{split}_text.txt")]
        labels += [polarity[names[line.strip()].strip()] for line in read_lines(folder / f"{split}_labels.txt")]
    licence = "research use, training allowed (SemEval 2018 task 1)"
    return Corpus("tweeteval/emotion", licence, 0.1, tuple(texts), np.eye(3, dtype=np.float32)[labels])
