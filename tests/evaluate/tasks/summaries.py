"""Summaries by the engine against summaries by people (ROUGE F1), and the evidence check against people's verdicts.

`picked` are the text's own sentences, at most 80 words, with no model; `lead3` and `lexrank` what they are compared with.

ROUGE counts lower-case words, unstemmed, and each Chinese or Japanese character as a word. The check is judged by how
well its support orders supported before unsupported summaries (`auc`), and by what it refuses.
"""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import engine as public
from engine import Engine, Summary
from tests.evaluate import baselines, metrics
from tests.evaluate.layouts import read_jsonl, read_lines, sets
from tests.evaluate.tasks import SetResult, Value, sample

_END = re.compile(r"(?<=[.!?])\s+(?=\S)|(?<=[。！？])")
BUDGET_SECONDS = 240.0  # for one set: on a small machine the language model needs a minute for a long text
AT_LEAST = 5
PICKED_WORDS = 80


@dataclass(frozen=True, slots=True)
class Pair:
    source: str
    reference: str


@dataclass(frozen=True, slots=True)
class Claim:
    """A summary somebody wrote of a source, and the share of it that people found supported."""

    source: str
    text: str
    supported: float


def evaluate(engine: Engine, data: Path, limit: int) -> Iterator[SetResult]:
    for name, pairs, claims in collections(data / "summaries"):
        measured: dict[str, float] = {}
        notes: dict[str, Value] = {}
        chosen, total = sample(pairs, limit)
        start = time.perf_counter()
        done = summarise(engine, chosen)
        if done:
            measured |= compare(done) | evidence(done)
            notes["extractive"] = round(sum(summary.method == "extractive" for _, summary in done) / len(done), 6)
            notes["words"] = round(metrics.mean([words_of(summary) for _, summary in done]))
            notes["ms_each"] = round((time.perf_counter() - start) * 1000 / len(done))
            measured |= without_ai(engine, [pair for pair, _ in done])
            found, told = picked(engine, chosen)
            measured |= found
            notes |= told
            total = len(pairs) if len(done) < len(pairs) else None
        check = getattr(public, "check_summary", None)
        if claims and check is not None:
            judged, _ = sample(claims, limit)
            measured |= compare_check(check, judged)
            notes["claims"] = len(judged)
        yield SetResult(name=name, n=len(done), metrics=measured, sampled_from=total, notes=notes)


def summarise(engine: Engine, pairs: list[Pair]) -> list[tuple[Pair, Summary]]:
    """Summarise in an order that is mixed and the same each time, until the time for one set is up.

    Summaries may be about as long as the references are on average.
    """
    if not pairs:
        return []
    max_words = length(pairs)
    deadline = time.monotonic() + BUDGET_SECONDS
    done: list[tuple[Pair, Summary]] = []
    for pair in random.Random(0).sample(pairs, len(pairs)):
        if len(done) >= AT_LEAST and time.monotonic() > deadline:
            break
        done.append((pair, engine.summarise(pair.source, max_words=max_words)))
    return done


def without_ai(engine: Engine, pairs: list[Pair]) -> dict[str, float]:
    """The same sources with every model switched off, to see what the models add."""
    return {f"without_ai_{name}": value for name, value in compare(pick(engine, pairs, length(pairs))).items()}


def picked(engine: Engine, pairs: list[Pair]) -> tuple[dict[str, float], dict[str, Value]]:
    """Picked sentences of at most 80 words beside the lead and LexRank at the same length; mean words, milliseconds."""
    start = time.perf_counter()
    done = pick(engine, pairs, PICKED_WORDS)
    notes: dict[str, Value] = {
        "picked_words": round(metrics.mean([words_of(summary) for _, summary in done])),
        "picked_ms_each": round((time.perf_counter() - start) * 1000 / len(done)),
    }
    measured = {f"picked_{name}": value for name, value in compare(done).items()}
    for title, baseline in (("lead3", baselines.lead), ("lexrank", baselines.lexrank)):
        rivals = [(pair, baseline(cut(pair.source), PICKED_WORDS, count)) for pair in pairs]
        measured |= {f"{title}_{name}": value for name, value in rouge(rivals).items()}
    return measured, notes


def pick(engine: Engine, pairs: list[Pair], max_words: int) -> list[tuple[Pair, Summary]]:
    engine.set_setting("ai", False)
    try:
        return [(pair, engine.summarise(pair.source, max_words=max_words)) for pair in pairs]
    finally:
        engine.set_setting("ai", True)


def evidence(done: list[tuple[Pair, Summary]]) -> dict[str, float]:
    """The share of sentences that point at words of the source."""
    pointing = [
        any(pair.source[span.start : span.end].strip() for span in sentence.evidence)
        for pair, summary in done
        for sentence in summary.sentences
    ]
    return {"with_evidence": sum(pointing) / len(pointing) if pointing else metrics.NAN}


def words_of(summary: Summary) -> int:
    return sum(count(sentence.text) for sentence in summary.sentences)


def count(text: str) -> int:
    """Words; two Chinese or Japanese characters count as one, as in a summary's length."""
    found = metrics.words(text)
    signs = sum(len(word) == 1 and word >= "\u3040" for word in found)
    return len(found) - signs + (signs + 1) // 2


def cut(text: str) -> list[str]:
    return [part.strip() for line in text.splitlines() for part in _END.split(line) if part.strip()]


def length(pairs: list[Pair]) -> int:
    """Words of an average reference, between 20 and 200."""
    return min(max(round(metrics.mean([len(metrics.words(pair.reference)) for pair in pairs])), 20), 200)


def compare(done: list[tuple[Pair, Summary]]) -> dict[str, float]:
    """Mean ROUGE F1 of summaries against the references."""
    return rouge([(pair, [sentence.text for sentence in summary.sentences]) for pair, summary in done])


def rouge(done: list[tuple[Pair, list[str]]]) -> dict[str, float]:
    rows: dict[str, list[float]] = {"rouge_1": [], "rouge_2": [], "rouge_l": []}
    for pair, lines in done:
        said = metrics.words(" ".join(lines))
        wanted = metrics.words(pair.reference)
        rows["rouge_1"].append(metrics.rouge_n(wanted, said, 1))
        rows["rouge_2"].append(metrics.rouge_n(wanted, said, 2))
        rows["rouge_l"].append(metrics.rouge_l(wanted, said))
    return {name: metrics.mean(values) for name, values in rows.items()}


def compare_check(check: Callable[..., Any], claims: list[Claim]) -> dict[str, float]:
    """Judge the evidence check: a claim counts as supported when people found all of it so.

    A claim stands when each of its sentences does; its support is the least that a sentence has, refused ones below all.
    """
    verdicts = [[check(sentence, claim.source) for sentence in sentences(claim.text)] for claim in claims]
    truth = [claim.supported >= 1.0 for claim in claims]
    stands = [all(verdict.ok for verdict in found) for found in verdicts]
    scores = [min(verdict.support + (1.0 if verdict.ok else 0.0) for verdict in found) for found in verdicts]
    false = [ok for ok, true in zip(stands, truth, strict=True) if not true]
    real = [ok for ok, true in zip(stands, truth, strict=True) if true]
    return {
        "auc": metrics.auc(truth, scores),
        "refused_of_unsupported": 1 - sum(false) / len(false) if false else metrics.NAN,
        "refused_of_supported": 1 - sum(real) / len(real) if real else metrics.NAN,
    }


def sentences(text: str) -> list[str]:
    """Split after the end of a sentence; abbreviations are not looked for, for a wrong cut costs little here."""
    return [part for part in _END.split(text.strip()) if part] or [text]


def collections(root: Path) -> Iterator[tuple[str, list[Pair], list[Claim]]]:
    """Every set below `root`: its pairs of source and reference, and its claims with verdicts."""
    for name, files in sets(root.rglob("*.source")):
        pairs = [
            Pair(source, reference)
            for path in files
            for source, reference in zip(read_lines(path), read_lines(path.with_suffix(".target")), strict=True)
        ]
        yield name, pairs, []
    for name, files in sets(root.rglob("*.jsonl")):
        rows = [row for path in files for row in read_jsonl(path)]
        found = [pair for row in rows if (pair := _pair(row)) is not None]
        claims = [claim for row in rows for claim in _claims(row)]
        if found or claims:
            yield name, found, claims
    for name, files in sets(root.rglob("*.json")):
        rows = [row for path in files for row in _array(path)]
        if found := [pair for row in rows if (pair := _pair(row)) is not None]:
            yield name, found, []


def _array(path: Path) -> list[Any]:
    document = json.loads(path.read_text(encoding="utf-8-sig"))
    return document if isinstance(document, list) else []


def _pair(row: Any) -> Pair | None:
    if not isinstance(row, Mapping):
        return None
    if row.get("src") and row.get("ref_summ") and row["src"] != row["ref_summ"]:  # some give no summary of their own
        return Pair(_text(row["src"]), _text(row["ref_summ"]))
    if row.get("dialogue") and (row.get("summary") or row.get("summary1")):
        return Pair(_text(row["dialogue"]), _text(row.get("summary") or row["summary1"]))
    if row.get("context") and row.get("discussion"):
        return Pair(_text(row["context"]), _text(row["discussion"]))
    return None


def _claims(row: Mapping[str, Any]) -> Iterator[Claim]:
    for system in (row.get("sys_summs") or {}).values():
        verdict = system.get("scores", {}).get("fact")
        if verdict is not None and system.get("sys_summ"):
            yield Claim(_text(row["src"]), _text(system["sys_summ"]), float(verdict))


def _text(value: Any) -> str:
    """Text, or lists of it joined: turns of a talk become paragraphs."""
    if isinstance(value, str):
        return value.strip()
    return "\n".join("".join(part) if isinstance(part, list) else str(part) for part in value).strip()
