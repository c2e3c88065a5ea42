"""What was learnt of a person, in words: what the profile page shows."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.ranking.features import named_terms
from engine.ranking.learner import Feedback
from engine.ranking.model import Known, Model
from engine.ranking.score import SHARE_NAMES
from engine.types import Floats, InterestKind, Learned

MOST_WORDS = 80
_TOPIC_WORDS = 3
_LEAST = 0.05  # log-odds below which a word says nothing worth showing
_TEXT_CHARACTERS = 600  # as in a sketch


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Names of what a model knows by numbers."""

    texts: Sequence[str]  # (n,) title and text of the posts of the feedback
    feeds: Mapping[int, str]  # titles by id
    authors: Sequence[str]  # by number
    topics: Mapping[str, str]  # titles of posts that are edited as topics, by key


def learned(
    model: Model | None, feedback: Feedback, named: Named, edits: Mapping[tuple[InterestKind, str], float]
) -> tuple[Learned, ...]:
    """Return all that is worth telling, and every edit: the strongest first."""
    found: dict[tuple[InterestKind, str], Learned] = {}
    if model is not None and model.acts:
        acted = feedback.picked(np.flatnonzero(feedback.strengths))
        texts = [named.texts[place] for place in np.flatnonzero(feedback.strengths).tolist()]
        words = _Words(texts)
        for each in (
            *_groups("source", model.sources, {number: (str(number), name) for number, name in named.feeds.items()}),
            *_groups("author", model.authors, {number: (name, name) for number, name in enumerate(named.authors)}),
            *_words(model, acted, words),
            *_topics(model, acted, words),
            *_signals(model, acted),
        ):
            found[each.kind, each.key] = each
    for (kind, key), weight in edits.items():
        before = found.get((kind, key))
        name = named.feeds.get(int(key), key) if kind == "source" and key.isdecimal() else named.topics.get(key, key)
        if kind == "topic" and before is not None:  # of a topic an edit comes on top
            weight += before.learnt
        found[kind, key] = Learned(
            kind=kind, key=key, name=name, weight=weight, learnt=before.learnt if before else 0.0,
            doubt=before.doubt if before else 0.0, acts=before.acts if before else 0, edited=True,
        )  # fmt: skip
    return tuple(sorted(found.values(), key=lambda each: (-abs(each.weight), each.kind, each.key)))


def _learnt(kind: InterestKind, key: str, name: str, weight: float, variance: float, acts: int) -> Learned:
    doubt = float(np.sqrt(max(variance, 0.0)))
    return Learned(kind=kind, key=key, name=name, weight=weight, learnt=weight, doubt=doubt, acts=acts, edited=False)


def _groups(kind: InterestKind, known: Known, names: Mapping[int, tuple[str, str]]) -> list[Learned]:
    rows = zip(known.ids.tolist(), known.weights.tolist(), known.variances.tolist(), known.acts.tolist(), strict=True)
    return [_learnt(kind, *names[number], weight, variance, acts) for number, weight, variance, acts in rows if number in names]


class _Words:
    """Which words the terms of some texts are made of, and in how many of the texts each term stands."""

    def __init__(self, texts: Sequence[str]) -> None:
        names: defaultdict[int, Counter[str]] = defaultdict(Counter)
        self.acts: Counter[int] = Counter()
        for text in texts:
            there: dict[int, str] = {}
            for number, name in named_terms(text[:_TEXT_CHARACTERS]):
                names[number][name] += 1
                there[number] = name
            self.acts.update(there.keys())
        self.names = {
            number: max(counts.items(), key=lambda pair: (pair[1], -len(pair[0]), pair[0]))[0] for number, counts in names.items()
        }


def _words(model: Model, acted: Feedback, words: _Words) -> list[Learned]:
    """The terms that say most, per post of a usual length. A single character of a script without spaces says little."""
    lengths = np.sqrt(((model.idf**2)[acted.sketches] * (acted.sketches != 0)).sum(axis=1))
    usual = max(float(np.median(lengths)) if len(lengths) else 1.0, 1.0)
    numbers = np.array([number for number, name in words.names.items() if len(name) > 1], np.int64)
    if not len(numbers):
        return []
    weights = model.words[numbers] * model.idf[numbers] / usual
    strongest = numbers[np.argsort(-np.abs(weights), kind="stable")[:MOST_WORDS]].tolist()
    found = []
    for number in strongest:
        share = float(model.idf[number]) / usual
        weight = float(model.words[number]) * share
        if abs(weight) >= _LEAST:
            name, variance = words.names[number], float(model.word_variances[number]) * share**2
            found.append(_learnt("word", name, name, weight, variance, words.acts[number]))
    return found


def _topics(model: Model, acted: Feedback, words: _Words) -> list[Learned]:
    """The anchors, each named by the words of the acts that are nearest to it."""
    spoken = np.flatnonzero(~np.isnan(acted.vectors).any(axis=1))
    if not len(model.anchors) or not len(spoken):
        return []
    nearest = np.argmax(acted.vectors[spoken] @ model.anchors.T, axis=1)
    weights = model.meaning(model.anchors) - np.float32(model.middle[0])
    variances = model.meaning_variance(model.anchors)
    found: dict[str, Learned] = {}
    for place in range(len(model.anchors)):
        members = spoken[nearest == place]
        name = _name(model.idf, acted.sketches[members], words)
        if name and name not in found:
            found[name] = _learnt("topic", name, name, float(weights[place]), float(variances[place]), len(members))
    return list(found.values())


def _name(idf: Floats, sketches: NDArray[np.uint16], words: _Words) -> str:
    counts = np.bincount(sketches.ravel(), minlength=len(idf)) * idf
    counts[0] = 0
    picked: list[str] = []
    for number in np.argsort(-counts, kind="stable")[: 4 * _TOPIC_WORDS].tolist():
        name = words.names.get(number, "")
        if counts[number] > 0 and len(name) > 1 and len(picked) < _TOPIC_WORDS:
            picked.append(name)
    return ", ".join(picked)


def _signals(model: Model, acted: Feedback) -> list[Learned]:
    there = (acted.shares != 255).sum(axis=0)
    return [
        _learnt("signal", name, name, float(model.signals[place]), float(model.signal_variances[place]), int(there[place]))
        for place, name in enumerate(SHARE_NAMES)
        if there[place]
    ]
