"""Whether a document says what a claim of one or several sentences says, and how likely it is."""

from __future__ import annotations

from dataclasses import dataclass

from engine.language.evidence import Checker, Similarity, Verdict
from engine.language.sentences import split


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """`supported` when every sentence of the claim passes the checks; `score` orders claims, it decides nothing."""

    supported: bool
    score: float  # in [0, 1]
    verdicts: tuple[Verdict, ...]  # one for each sentence of the claim; their spans index the document


def supports(claim: str, document: str, *, similarity: Similarity | None = None, context: str = "") -> Support:
    """Judge a claim against a document, sentence by sentence; see `engine.language.evidence.check`.

    Args:
        claim: plain text of any number of sentences; one without words is not supported.
        document: plain text, of which the first 20,000 characters count.
        similarity, context: as for `check`.
    """
    checker = Checker(document, similarity=similarity, context=context)
    verdicts = tuple(checker.check(claim[span.start : span.end]) for span in split(claim))
    if not verdicts:
        return Support(supported=False, score=0.0, verdicts=())
    score = sum(verdict.score for verdict in verdicts) / len(verdicts)
    return Support(supported=all(verdict.ok for verdict in verdicts), score=score, verdicts=verdicts)
