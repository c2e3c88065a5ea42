"""True sentences about texts, and the same with one error planted in each: what an evidence check must tell apart.

True are sentences of summaries that people found wholly supported, sentences of the texts themselves, the same with a
clause left out, and two that follow one another joined by "and". Into them one error each is planted: another number
(half the time one that the text holds elsewhere), another name (likewise), a negation put in or taken out, another date,
a changed word within a quotation, two names in each other's place. All choices come from one seed.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice, pairwise, zip_longest
from pathlib import Path

from tests.tellings import APART, BRIDGE, LATER, LATER_STILL

KINDS = ("number", "name", "negation", "date", "quotation", "roles")
WAYS = ("written", "copied", "shortened", "joined")
EACH = 167

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
    kind: str  # of the error, or the way a true sentence was made


def read_rows(path: Path) -> list[dict[str, object]]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def sentences(text: str) -> list[str]:
    parts = re.split(r"(?<=\s[.!?])\s+(?=[A-Z`'\"“])|(?<=\w[.!?])\s+(?=[A-Z\"“])", text.strip())
    return [part for part in parts if 6 <= len(part.split()) <= 60]


def written(data: Path) -> Iterator[Case]:
    """Sentences of wholly supported summaries."""
    for path in sorted((data / "summaries").glob("*.jsonl")):
        for row in read_rows(path):
            source = row.get("src")
            systems = row.get("sys_summs")
            if not isinstance(source, str) or not isinstance(systems, dict):
                continue
            for system in systems.values():
                if system["scores"].get("fact") == 1.0:
                    for sentence in sentences(system["sys_summ"]):
                        yield Case(source, sentence, "written")


def texts(data: Path) -> Iterator[str]:
    """Documents of the sets, and texts of our own."""
    for path in sorted((data / "summaries").glob("*.jsonl")):
        for row in read_rows(path):
            if isinstance(row.get("src"), str) and isinstance(row.get("sys_summs"), dict):
                yield str(row["src"])
    yield from (text for _, _, _, text in (*BRIDGE, *APART, LATER, LATER_STILL) if text.isascii())


def from_text(source: str) -> Iterator[Case]:
    """Sentences of a text that are still true of it: as they stand, shortened, joined."""
    found = sentences(source)[:9]
    for sentence in found[1:8]:
        yield Case(source, sentence, "copied")
        if (shorter := shortened(sentence)) is not None:
            yield Case(source, shorter, "shortened")
    for first, second in pairwise(found):
        if (both := joined(first, second)) is not None:
            yield Case(source, both, "joined")


_ASIDE = re.compile(
    r" ?, (?:who|which|whose|where|when|including|such as|along with|aged)\b[^,.?!]{4,120} ?,(?= )"
    r"| \([^)]{2,120}\)| -- [^-]{4,120} --(?= )"
)
_TRAILING = re.compile(r" ?, (?:who|which|where|when|while|after|including|despite|following)\b[^,?!]{4,160}(?=\s?\.$)")
_OPENING = re.compile(r"^(?:On|In|At|After|When|During|Since|Earlier|Last)\b[^,“\"`]{2,80} ?, (?=\w)", re.I)


def shortened(sentence: str) -> str | None:
    """The sentence without one clause that its truth does not hang on; None where there is none."""
    for pattern in (_ASIDE, _TRAILING, _OPENING):
        match = pattern.search(sentence)
        if match is not None:
            left = sentence[: match.start()] + sentence[match.end() :]
            if len(left.split()) >= 6:
                return left[:1].upper() + left[1:] if sentence[:1].isupper() else left
    return None


def joined(first: str, second: str) -> str | None:
    """Two sentences in one; None where that would not read."""
    if not re.search(r"\w\s?\.$", first) or re.search(r"[?!:;`'\"“”]", first + second) or len((first + second).split()) > 50:
        return None
    opening = second.split()[0]
    if not re.fullmatch(r"(?:The|A|An|He|She|It|They|His|Her|Their|This|That|There|But|In|On)", opening, re.I) or opening.lower() == "but":
        return None
    return re.sub(r"\s?\.$", "", first) + " and " + opening.lower() + second[len(opening) :]


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
            "quotation": self.quotation, "roles": self.roles,
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


    def roles(self, sentence: str, source: str) -> str | None:
        """Two names change places, unless they stand side by side as in a list, or are parts of one."""
        found = [m for m in re.finditer(r"\b[A-Z][a-z]{2,}(?: [A-Z][a-z]{2,})*\b", sentence)
                 if all(part.lower() in self.names for part in m[0].split())]  # fmt: skip
        pairs = [
            (one, other)
            for place, one in enumerate(found)
            for other in found[place + 1 :]
            if not set(one[0].lower().split()) & set(other[0].lower().split())
            and not re.fullmatch(r"\s*(?:,|and|or|&|with|v|vs\.?|against|/|-|\s)*\s*", sentence[one.end() : other.start()])
            and not re.search(r"\b(?:between|both|and|or)\b|,", sentence[one.end() : other.start()])
        ]
        if not pairs:
            return None
        one, other = self.random.choice(pairs)
        middle = sentence[one.end() : other.start()]
        return sentence[: one.start()] + other[0] + middle + one[0] + sentence[other.end() :]


def build(data: Path, *, seed: int = 7, each: int = EACH) -> tuple[list[Case], list[Case]]:
    """Return (planted errors, `each` of a kind; true sentences, as many of each way), the same for the same seed.

    Names are written with capitals: some sets are in lower case, which posts are not.
    """
    names = name_table(data)
    order = random.Random(seed)
    true: dict[str, list[Case]] = {way: [] for way in WAYS}
    for case in (*written(data), *(case for text in texts(data) for case in from_text(text))):
        true[case.kind].append(Case(cased(case.source, names), cased(case.sentence, names), case.kind))
    for cases in true.values():
        order.shuffle(cases)
    planter = Planter(seed, names)
    mixed = [case for row in zip_longest(*true.values()) for case in row if case is not None]
    planted: list[Case] = []
    for kind in KINDS:
        made = (found for item in mixed if (found := planter.plant(item, kind)) is not None)
        planted += islice(made, each)
    return planted, [case for cases in true.values() for case in cases[: 2 * each]]
