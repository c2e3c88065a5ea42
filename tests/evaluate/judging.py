"""What probabilities of one signal are worth against yes and no. No answer is a wrong one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine import SURE_FROM, Engine, Signals
from tests.evaluate import metrics, provenance
from tests.evaluate.layouts import YesNo
from tests.evaluate.tasks import SetResult, sample

HEADS = Path(__file__).resolve().parents[2] / "resources" / "heads"


def yes_no(truth: Sequence[bool], shares: Sequence[float | None]) -> dict[str, float]:
    """F1 of "yes", macro-F1 and accuracy at one half; AUC; calibration; how many were answered, unsure, and right when sure."""
    said = [None if share is None else share >= 0.5 for share in shares]
    told = [(there, share) for there, share in zip(truth, shares, strict=True) if share is not None]
    sure = [(there, share) for there, share in told if not 1 - SURE_FROM < share < SURE_FROM]
    hits = sum(there and answer is True for there, answer in zip(truth, said, strict=True))
    claimed = sum(answer is True for answer in said)
    return {
        "macro_f1": metrics.macro_f1(truth, said),
        "f1": metrics.f1(hits / claimed if claimed else 0.0, hits / sum(truth) if any(truth) else 0.0),
        "accuracy": metrics.accuracy(truth, said),
        "auc": metrics.auc([there for there, _ in told], [share for _, share in told]),
        "ece": metrics.ece([share for _, share in told], [there for there, _ in told]),
        "answered": len(told) / len(truth) if truth else metrics.NAN,
        "unsure": 1 - len(sure) / len(told) if told else metrics.NAN,
        "accuracy_when_sure": metrics.accuracy([there for there, _ in sure], [share >= 0.5 for _, share in sure]),
    }


def judged(engine: Engine, found: YesNo, signal: str, limit: int) -> SetResult:
    """Put a sample of a set to the engine and measure one signal."""
    rows, total = sample(range(len(found.texts)), limit)
    texts, truth = [found.texts[row] for row in rows], [found.labels[row] for row in rows]
    shares = shares_of(engine.signals(texts), signal)
    measured = yes_no(truth, shares)
    if found.worse:
        told = [(found.worse[row], share) for row, share in zip(rows, shares, strict=True) if share is not None]
        measured["auc_worse"] = metrics.auc([worse for worse, _ in told], [share for _, share in told])
    return SetResult(
        name=found.name, n=len(rows), metrics=measured, sampled_from=total, trained_on=known_texts(texts)
    )


def shares_of(said: Sequence[Signals], signal: str) -> list[float | None]:
    return [one.shares.get(signal) for one in said]


def known_texts(texts: Sequence[str]) -> bool:
    """Whether shipped heads have learnt from these texts."""
    return provenance.trained_on(texts, provenance.known_rows(HEADS))
