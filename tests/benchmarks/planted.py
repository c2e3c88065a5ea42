"""How many planted errors the evidence check refuses, and how many true sentences: python -m tests.benchmarks.planted

True sentences are those of summaries that people found wholly supported by their source, and sentences of the sources
themselves. Into them one error each is planted: another number (half the time one that the source holds elsewhere),
another name (likewise), a negation put in or taken out, another date, a changed word within a quotation. All choices
come from one seed. The texts of some sets are lower-case throughout: with --case names are written with capitals again.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.language import evidence

KINDS = ("number", "name", "negation", "date", "quotation")
EACH = 60

_DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_MONTHS = ["january", "february", "march", "april", "june", "july", "august", "september", "october", "november", "december"]
_NUMBER = re.compile(r"(?<![\w.,$£-])\d+(?:,\d{3})*(?:\.\d+)?(?![\w,.]\d)")
_NUMBER_WORDS = ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_YEAR = re.compile(r"(?<![\w,.])(?:19|20)\d\d(?![\w,.]\d)")
_QUOTED = re.compile(r"(?:``|[“\"])\s?([^`“”\"]{8,}?)\s?(?:''|``|[”\"])|`\s([^`]{8,}?)\s'(?=[\s,.]|$)")
_AUXILIARY = re.compile(
    r"\b(is|are|was|were|has|have|had|will|would|can|could|should|may|must)\b(?! (?:not|n't|been not))", re.I
)
_NEGATED = re.compile(r"\b(not|never|n't|no)\b ?", re.I)


@dataclass(frozen=True, slots=True)
class Case:
    source: str
    sentence: str
    kind: str  # "" for a true sentence


def read_rows(path: Path) -> list[dict[str, object]]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def sentences(text: str) -> list[str]:
    parts = re.split(r"(?<=\s[.!?])\s+(?=[A-Z`'\"“])|(?<=\w[.!?])\s+(?=[A-Z\"“])", text.strip())
    return [part for part in parts if 6 <= len(part.split()) <= 60]


def true_sentences(data: Path) -> Iterator[Case]:
    """Sentences of wholly supported summaries, and now and then one that stands in the source."""
    for path in sorted((data / "summaries").glob("*.jsonl")):
        for row in read_rows(path):
            source = row.get("src")
            systems = row.get("sys_summs")
            if not isinstance(source, str) or not isinstance(systems, dict):
                continue
            for system in systems.values():
                if system["scores"].get("fact") == 1.0:
                    for sentence in sentences(system["sys_summ"]):
                        yield Case(source, sentence, "")


def copied_sentences(data: Path) -> Iterator[Case]:
    for name in ("Newsroom", "QAGS_CNN"):
        path = data / "summaries" / f"{name}.jsonl"
        for row in read_rows(path) if path.exists() else []:
            source = str(row["src"])
            for sentence in sentences(source)[1:8]:
                yield Case(source, sentence, "")


def name_table(data: Path) -> set[str]:
    """Words that English news writes with a capital in the middle of a sentence nearly always."""
    upper: Counter[str] = Counter()
    lower: Counter[str] = Counter()
    texts = [str(row["src"]) for row in read_rows(data / "summaries" / "Newsroom.jsonl")]
    news = data / "topics" / "ag_news.csv"
    if news.exists():
        texts.append(news.read_text(encoding="utf-8", errors="replace").replace('""', '"'))
    for text in texts:
        for before, word in re.findall(r"([a-z,] )([A-Za-z][a-z]{2,})\b", text):
            del before
            (upper if word[0].isupper() else lower)[word.lower()] += 1
    dates = {*_DAYS, *_MONTHS, "may"}
    titles = {"president", "minister", "prime", "king", "queen", "mayor",
              "senator", "doctor", "chief", "judge", "sir", "miss", "lord"}  # fmt: skip
    return {w for w, n in upper.items() if n >= 2 and n >= 9 * lower[w] and w not in dates and w not in titles}


def cased(text: str, names: set[str]) -> str:
    """The text with names, days and months written with a capital."""
    capitals = names | {*_DAYS, *_MONTHS}
    return re.sub(r"\b[a-z]{3,}\b", lambda m: m[0].capitalize() if m[0] in capitals else m[0], text)


class Planter:
    """Plants one error of a kind into a true sentence; None where the sentence has no place for it."""

    def __init__(self, seed: int, names: set[str]) -> None:
        self.random = random.Random(seed)
        self.names = names
        self.plants: dict[str, Callable[[str, str], str | None]] = {
            "number": self.number, "name": self.name, "negation": self.negation, "date": self.date,
            "quotation": self.quotation,
        }  # fmt: skip

    def plant(self, case: Case, kind: str) -> Case | None:
        changed = self.plants[kind](case.sentence, case.source)
        if changed is None or changed.lower() == case.sentence.lower():
            return None
        return Case(case.source, changed, kind)

    def _replace(self, sentence: str, span: tuple[int, int], new: str) -> str:
        old = sentence[span[0] : span[1]]
        if old[:1].isupper():
            new = new[:1].upper() + new[1:]
        return sentence[: span[0]] + new + sentence[span[1] :]

    def number(self, sentence: str, source: str) -> str | None:
        digits = [m for m in _NUMBER.finditer(sentence) if not _YEAR.fullmatch(m[0])]
        spelt = list(re.finditer(rf"\b({'|'.join(_NUMBER_WORDS)})\b", sentence, re.I))
        if not digits and not spelt:
            return None
        match = self.random.choice(digits + spelt)
        here = set(_NUMBER.findall(sentence.lower())) | set(re.findall(r"[a-z]+", sentence.lower()))
        if match in digits:
            elsewhere = sorted({n for n in _NUMBER.findall(source) if n not in here and not _YEAR.fullmatch(n)})
            value = float(match[0].replace(",", ""))
            fresh = str(round(value * self.random.choice([2, 3, 10]) + self.random.choice([1, 2, 7])))
        else:
            elsewhere = sorted({w for w in _NUMBER_WORDS if re.search(rf"\b{w}\b", source) and w not in here})
            fresh = self.random.choice([w for w in _NUMBER_WORDS if w not in here])
        new = self.random.choice(elsewhere) if elsewhere and self.random.random() < 0.5 else fresh
        return self._replace(sentence, match.span(), new)

    def name(self, sentence: str, source: str) -> str | None:
        found = [m for m in re.finditer(r"\b[A-Za-z]{3,}\b", sentence) if m[0].lower() in self.names]
        if not found:
            return None
        match = self.random.choice(found)
        here = set(re.findall(r"[a-z]+", sentence.lower()))
        elsewhere = sorted({w for w in re.findall(r"[a-z]{3,}", source.lower()) if w in self.names and w not in here})
        # a part of the same full name is no error
        near = " ".join(re.findall(rf"(?:\w+ )?\b{match[0].lower()}\b(?: \w+)?", source.lower()))
        elsewhere = [w for w in elsewhere if w not in near.split()]
        fresh = self.random.choice([w for w in sorted(self.names) if w not in here and w not in source.lower()])
        new = self.random.choice(elsewhere) if elsewhere and self.random.random() < 0.5 else fresh
        return self._replace(sentence, match.span(), new.capitalize() if match[0][0].isupper() else new)

    def negation(self, sentence: str, source: str) -> str | None:
        taken = list(_NEGATED.finditer(sentence))
        if taken:
            match = self.random.choice(taken)
            gone = sentence[: match.start()] + sentence[match.end() :]
            return re.sub(r"\bca ", "can ", re.sub(r"\bwo ", "will ", gone))
        put = list(_AUXILIARY.finditer(sentence))
        if not put:
            return None
        match = self.random.choice(put)
        word = self.random.choice(["not", "never", "not"])
        return sentence[: match.end()] + f" {word}" + sentence[match.end() :]

    def date(self, sentence: str, source: str) -> str | None:
        found = list(re.finditer(rf"\b({'|'.join(_DAYS + _MONTHS)})\b", sentence, re.I)) + list(
            _YEAR.finditer(sentence)
        )
        if not found:
            return None
        match = self.random.choice(found)
        old = match[0].lower()
        if old.isdigit():
            others = [str(int(old) + step) for step in (-10, -2, -1, 1, 2, 7)] + _YEAR.findall(source)
        else:
            family = _DAYS if old in _DAYS else _MONTHS
            inside = [w for w in family if re.search(rf"\b{w}\b", source, re.I)]
            others = inside if len(inside) > 1 and self.random.random() < 0.5 else family
        others = [w for w in others if w != old and not re.search(rf"\b{w}\b", sentence, re.I)]
        if not others:
            return None
        new = self.random.choice(others)
        return self._replace(sentence, match.span(), new.capitalize() if match[0][0].isupper() else new)

    def quotation(self, sentence: str, source: str) -> str | None:
        found = list(_QUOTED.finditer(sentence))
        if not found:
            return None
        match = self.random.choice(found)
        group = 1 if match[1] else 2
        inside = list(re.finditer(r"\b[A-Za-z]{4,}\b", match[group]))
        if not inside:
            return None
        word = self.random.choice(inside)
        start = match.start(group) + word.start()
        pool = [w for w in re.findall(r"\b[a-z]{4,}\b", source) if w != word[0].lower()]
        return self._replace(sentence, (start, start + len(word[0])), self.random.choice(pool))


def build(data: Path, *, seed: int = 7, each: int = EACH, case: bool = False) -> tuple[list[Case], list[Case]]:
    """Return (planted errors, `each` of a kind; all true sentences), the same for the same seed."""
    names = name_table(data)
    written = list(true_sentences(data))
    copied = list(copied_sentences(data))
    order = random.Random(seed)
    order.shuffle(written)
    order.shuffle(copied)
    if case:
        written = [Case(cased(c.source, names), cased(c.sentence, names), "") for c in written]
        copied = [Case(cased(c.source, names), cased(c.sentence, names), "") for c in copied]
    planter = Planter(seed, names)
    planted: list[Case] = []
    for kind in KINDS:
        made = (found for item in written + copied if (found := planter.plant(item, kind)) is not None)
        planted += [found for found, _ in zip(made, range(each), strict=False)]
    return planted, written


def auc(rows: Sequence[tuple[float, bool]]) -> float:
    positive = [score for score, good in rows if good]
    negative = [score for score, good in rows if not good]
    wins = sum((p > n) + 0.5 * (p == n) for p in positive for n in negative)
    return wins / (len(positive) * len(negative)) if positive and negative else float("nan")


def supported_auc(data: Path, similarity: evidence.Similarity | None) -> float:
    """How well the support score tells wholly supported summaries from others (AUC)."""
    rows: list[tuple[float, bool]] = []
    for path in sorted((data / "summaries").glob("*.jsonl")):
        for row in read_rows(path):
            systems = row.get("sys_summs")
            if not isinstance(systems, dict):
                continue
            for system in systems.values():
                fact = system["scores"].get("fact")
                if fact is None:
                    continue
                parts = re.split(r"(?<=[.!?])\s+(?=\S)", system["sys_summ"].strip())
                checker = evidence.Checker(str(row["src"]), similarity=similarity)
                verdicts = [checker.check(part) for part in parts if part.strip(" .")]
                rows.append((min((v.support + v.ok for v in verdicts), default=0.0), fact >= 1.0))
    return auc(rows)


def report(data: Path, *, seed: int, case: bool, similarity: evidence.Similarity | None, verbose: bool) -> None:
    planted, true = build(data, seed=seed, case=case)
    refused: Counter[str] = Counter()
    totals = Counter(item.kind for item in planted)
    reasons: Counter[str] = Counter()
    for item in planted + true:
        verdict = evidence.check(item.sentence, item.source, similarity=similarity)
        if not verdict.ok:
            refused[item.kind] += 1
            if not item.kind:
                reasons[verdict.refusal] += 1
        if verbose and verdict.ok == bool(item.kind):
            print(f"{item.kind or 'TRUE'} {verdict.refusal} {verdict.detail!r} {verdict.support:.2f} | {item.sentence}")
    for kind in KINDS:
        print(f"  {kind:10} {refused[kind]:3}/{totals[kind]:3}  {refused[kind] / max(totals[kind], 1):.1%}")
    every = sum(refused[kind] for kind in KINDS)
    print(f"  {'all':10} {every:3}/{len(planted):3}  {every / max(len(planted), 1):.1%}")
    print(f"  true sentences refused: {refused['']}/{len(true)} {refused[''] / max(len(true), 1):.1%} {dict(reasons)}")


def vectors(models: Path) -> evidence.Similarity:
    """Cosines from the embedding worker; a source's sentences are embedded once."""
    import numpy as np

    from engine.workers.clients import EmbedWorker

    worker = EmbedWorker(models / "all-MiniLM-L6-v2", None)
    known: dict[str, object] = {}

    def similarity(sentence: str, sources: Sequence[str]) -> Sequence[float]:
        missing = [text for text in dict.fromkeys([sentence, *sources]) if text not in known]
        if missing:
            for batch in worker.embed(missing, heads=False):
                for place, vector in zip(batch.indices, batch.vectors, strict=True):
                    known[missing[place]] = vector
        return [float(np.dot(known[sentence], known[text])) for text in sources]  # type: ignore[call-overload]

    return similarity


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", type=Path, help="folder of the installed models: measure with vectors too")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--verbose", action="store_true")
    chosen = parser.parse_args()
    ways: list[tuple[str, evidence.Similarity | None]] = [("without vectors", None)]
    if chosen.models is not None:
        ways.append(("with vectors", vectors(chosen.models)))
    for title, similarity in ways:
        for case in (False, True):
            print(f"{title}, {'names with capitals' if case else 'as the data is'}:")
            report(chosen.data, seed=chosen.seed, case=case, similarity=similarity, verbose=chosen.verbose)
        print(f"  supported or not, AUC: {supported_auc(chosen.data, similarity):.3f}")


if __name__ == "__main__":
    main()
