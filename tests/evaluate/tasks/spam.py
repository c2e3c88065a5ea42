"""Unwanted messages. Where a set tells scams from other spam, in three classes too; of comments, below each video by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from engine import Engine, Signals
from tests.evaluate import metrics
from tests.evaluate.judging import known_texts, shares_of, yes_no
from tests.evaluate.layouts import Named, spam_sets
from tests.evaluate.tasks import SetResult, sample


def evaluate(engine: Engine, data: Path, limit: int) -> Iterator[SetResult]:
    for found in spam_sets(data / "signals"):
        for part in by_group(found):
            rows, total = sample(range(len(part.texts)), limit)
            texts = [part.texts[row] for row in rows]
            yield SetResult(
                name=part.name,
                n=len(rows),
                metrics=judge([part.labels[row] for row in rows], engine.signals(texts)),
                sampled_from=total,
                trained_on=known_texts(texts),
            )


def by_group(found: Named) -> Iterator[Named]:
    """The whole set, and each of its groups."""
    yield found
    groups = sorted(set(found.groups))
    for group in groups if len(groups) > 1 else ():
        inside = [place for place, name in enumerate(found.groups) if name == group]
        texts, labels = tuple(found.texts[i] for i in inside), tuple(found.labels[i] for i in inside)
        yield Named(f"{found.name}/{group}", texts, labels)


def judge(truth: Sequence[str], answers: Sequence[Signals]) -> dict[str, float]:
    """`truth`: "ham", "spam" or "smishing". `macro_f1` is of unwanted or not, `macro_f1_of_3` of the three."""
    measured = yes_no([label != "ham" for label in truth], shares_of(answers, "spam"))
    if "smishing" in truth:
        measured["macro_f1_of_3"] = metrics.macro_f1(truth, [choice(one) for one in answers])
    return measured


def choice(said: Signals) -> str:
    """Spam is whatever is unwanted, scams among it: what is more likely a scam than other spam is one."""
    spam, scam = said.shares.get("spam"), said.shares.get("scam")
    if spam is None:
        return ""
    if spam < 0.5:
        return "ham"
    return "smishing" if scam is not None and scam >= spam - scam else "spam"
