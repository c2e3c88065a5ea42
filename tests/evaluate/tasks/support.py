"""Whether a document supports a claim, against what people found: a claim counts as supported when all of it was.

`auc` is of the engine's score, `auc_bigrams` of the share of the claim's bigrams that stand in the document, in the
same run; `halves` are the engine's AUC on the two halves of the set, to see how far it can be trusted.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from engine import Engine, check_summary, supports
from tests.evaluate import metrics
from tests.evaluate.planted import KINDS, WAYS, Case, build
from tests.evaluate.tasks import SetResult, Value, sample
from tests.evaluate.tasks.summaries import Claim, collections


def evaluate(engine: Engine, data: Path, limit: int) -> Iterator[SetResult]:
    del engine  # the check needs no profile and no model
    for name, _, claims in collections(data / "summaries"):
        if claims:
            chosen, total = sample(claims, limit)
            start = time.perf_counter()
            measured = judge(chosen)
            notes: dict[str, Value] = {"ms_each": round((time.perf_counter() - start) * 1000 / len(chosen))}
            yield SetResult(name=name, n=len(chosen), metrics=measured, sampled_from=total, notes=notes)


    planted, true = build(data)
    if planted and true:
        yield SetResult(name="planted errors", n=len(planted), metrics=refusals(planted, true), notes={"true": len(true)})


def refusals(planted: list[Case], true: list[Case]) -> dict[str, float]:
    """Shares refused: of planted errors and of each kind, of true sentences and of each way they were made; and what is not shown."""
    verdicts = [(case.kind, check_summary(case.sentence, case.source)) for case in (*planted, *true)]

    def refused(kinds: Sequence[str]) -> float:
        return metrics.mean([float(not verdict.ok) for kind, verdict in verdicts if kind in kinds])

    def kept_back(kinds: Sequence[str]) -> float:
        return metrics.mean([float(not verdict.close) for kind, verdict in verdicts if kind in kinds])

    return {
        "rejected": refused(KINDS),
        "rejected_when_shown": kept_back(KINDS),
        **{f"rejected_{kind}": refused([kind]) for kind in KINDS},
        "lost": refused(WAYS),
        "lost_when_shown": kept_back(WAYS),
        **{f"lost_{way}": refused([way]) for way in WAYS},
    }


def judge(claims: list[Claim]) -> dict[str, float]:
    truth = [claim.supported >= 1.0 for claim in claims]
    found = [supports(claim.text, claim.source) for claim in claims]
    scores = [one.score for one in found]
    real = [one.supported for one, true in zip(found, truth, strict=True) if true]
    false = [one.supported for one, true in zip(found, truth, strict=True) if not true]
    auc, bigrams = metrics.auc(truth, scores), metrics.auc(truth, [bigram_overlap(claim) for claim in claims])
    return {
        "auc": auc,
        "auc_bigrams": bigrams,
        "gain": auc - bigrams,
        "auc_first_half": metrics.auc(truth[::2], scores[::2]),
        "auc_second_half": metrics.auc(truth[1::2], scores[1::2]),
        "refused_of_unsupported": 1 - sum(false) / len(false) if false else metrics.NAN,
        "refused_of_supported": 1 - sum(real) / len(real) if real else metrics.NAN,
    }


def bigram_overlap(claim: Claim) -> float:
    """The baseline: the share of a claim's bigrams of words that stand in its source."""
    there = set(bigrams(claim.source))
    own = bigrams(claim.text)
    return sum(pair in there for pair in own) / len(own) if own else 0.0


def bigrams(text: str) -> list[tuple[str, str]]:
    said = metrics.words(text)
    return list(pairwise(said))
