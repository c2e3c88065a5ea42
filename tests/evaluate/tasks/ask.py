"""Questions with passages: are they answered, refused where only passages that say nothing of it are given, and do planted
falsehoods pass for facts?

A set is json lines with `query`, `answer`, `positive` and `negative`; some have `positive_wrong`, the same passages with
`fakeanswer` in the answer's place. An answer is a text, or a list of what all has to be said; in it a list names forms of which
one is enough. The shown answer is what stands in its sentences.

`exact`: all of the answer is shown where passages that hold it stand among the others. `part`: some of it is.
`refused`: nothing is shown where only the others are given. `resisted`: with true and false passages together, the false answer is
not shown, or both are shown as a disagreement; `resisted_true`: and the true one is shown besides. `false_alarm`: a disagreement is
said where nothing false was put in. `words`: shown, on average.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine import Answer, Engine, PlainPost
from tests.evaluate import metrics
from tests.evaluate.tasks import SetResult, Value, sample


@dataclass(frozen=True, slots=True)
class Asked:
    """One question; each part of `answer` has forms of which one is enough."""

    question: str
    answer: tuple[tuple[str, ...], ...]
    true: tuple[str, ...]
    others: tuple[str, ...]
    false: tuple[str, ...]
    false_answer: tuple[tuple[str, ...], ...]


def evaluate(engine: Engine, data: Path, limit: int) -> Iterator[SetResult]:
    for name, questions in ask_sets(data / "ask"):
        chosen, total = sample(questions, limit)
        yield measure(engine, name, chosen, total)


def measure(engine: Engine, name: str, questions: Sequence[Asked], total: int | None) -> SetResult:
    rows: dict[str, list[float]] = {}
    by: dict[str, int] = {}
    for asked in questions:
        answer = ask(engine, asked.question, (*asked.true, *asked.others))
        said = [any(_holds(answer, form) for form in forms) for forms in asked.answer]
        rows.setdefault("false_alarm", []).append(float(bool(answer.disagreements)))
        by[answer.method] = by.get(answer.method, 0) + 1
        rows.setdefault("exact", []).append(float(all(said)))
        rows.setdefault("part", []).append(float(any(said)))
        rows.setdefault("words", []).append(float(sum(count_words(sentence.text) for sentence in answer.sentences)))
        if asked.others:
            rows.setdefault("refused", []).append(float(not ask(engine, asked.question, asked.others).sentences))
        if asked.false:
            answer = ask(engine, asked.question, (*asked.true, *asked.false, *asked.others))
            fake = any(_holds(answer, form) for forms in asked.false_answer for form in forms)
            true = all(any(_holds(answer, form) for form in forms) for forms in asked.answer)
            resisted = not fake or (true and bool(answer.disagreements))
            rows.setdefault("resisted", []).append(float(resisted))
            rows.setdefault("resisted_true", []).append(float(resisted and true))
    words = metrics.mean(rows.pop("words", [0.0]))
    notes: dict[str, Value] = {"words": round(words), **{f"by_{method}": count for method, count in sorted(by.items())}}
    return SetResult(
        name=name, n=len(questions), metrics={key: metrics.mean(values) for key, values in rows.items()}, sampled_from=total, notes=notes
    )


def ask(engine: Engine, question: str, passages: Sequence[str]) -> Answer:
    """Answer from passages in a fixed order that tells nothing: by their text."""
    ordered = sorted(passages, key=lambda text: hash_of(text))
    return engine.answer(question, passages=[PlainPost(title="", text=text) for text in ordered])


def hash_of(text: str) -> int:
    return sum((place + 1) * ord(character) for place, character in enumerate(text[:200])) % 1_000_003


def ask_sets(root: Path) -> Iterator[tuple[str, list[Asked]]]:
    """Every set below `root`: files whose lines are objects with a query, an answer and passages."""
    for path in sorted([*root.rglob("*.json"), *root.rglob("*.jsonl")]):
        questions = []
        for line in path.read_text(encoding="utf-8-sig").splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                break
            if not isinstance(row, dict) or not {"query", "answer", "positive"} <= row.keys():
                break
            questions.append(
                Asked(
                    question=row["query"],
                    answer=_forms(row["answer"]),
                    true=_flat(row["positive"]),
                    others=_flat(row.get("negative", [])),
                    false=_flat(row.get("positive_wrong", [])),
                    false_answer=_forms(row.get("fakeanswer", [])),
                )
            )
        if questions:
            yield path.stem, questions


def _forms(answer: Any) -> tuple[tuple[str, ...], ...]:
    parts = answer if isinstance(answer, list) else [answer]
    return tuple(tuple(map(str, part)) if isinstance(part, list) else (str(part),) for part in parts)


def count_words(text: str) -> int:
    """Words between blanks; two Han characters are one."""
    han = len(re.findall("[\u3400-\u9fff]", text))
    return len(re.sub("[\u3400-\u9fff]", " ", text).split()) + (han + 1) // 2


def _flat(passages: Any) -> tuple[str, ...]:
    """Passages, which may come in one list for each part of the answer."""
    if isinstance(passages, str):
        return (passages,) if passages.strip() else ()
    return tuple(text for one in passages for text in _flat(one))


def _holds(answer: Answer, form: str) -> bool:
    shown = _plain(" ".join(sentence.text for sentence in answer.sentences))
    return re.search(rf"(?<![a-z0-9]){re.escape(_plain(form))}(?![a-z0-9])", shown) is not None


def _plain(text: str) -> str:
    """Text as answers are compared: one width and case, without blanks, commas and stops, but with words of Latin letters apart."""
    text = re.sub(r"(?<=\w)[,.](?=\w)|[.,]", "", unicodedata.normalize("NFKC", text).casefold())
    return re.sub(r"\s+(?=[^a-z0-9])|(?<=[^a-z0-9])\s+", "", text)
