"""Whether a sentence about a text stands in that text: numbers, names, dates, quotations, negations, and the gist.

A sentence passes only when its numbers, names, dates and quotations stand in the sentences that support it, when it
denies what they deny and nothing else, and when most of its other words (or its vector) are theirs. Each check alone
is simple and can be shown; none trusts a model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import regex

from engine.language.sentences import split, words
from engine.types import Span

Similarity = Callable[[str, Sequence[str]], Sequence[float]]  # cosine of a sentence to each of the source's
Refusal = Literal["", "empty", "number", "name", "date", "quotation", "negation", "link", "unsupported"]

MIN_COVERAGE = 0.5  # of a sentence's content words, in its support
MIN_COVERAGE_WITH_VECTOR = 0.34
MIN_COSINE = 0.55
_MAX_SUPPORT = 3  # sentences of the source that may support one sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`spans` index the source and are the sentences that support; `refusal` is "" when `ok`."""

    ok: bool
    spans: tuple[Span, ...] = ()
    refusal: Refusal = ""
    detail: str = ""  # the words that failed
    support: float = 0.0  # share of content words found, for ranking


_UNITS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50,
    "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "first": 1, "second": 2, "third": 3, "fourth": 4,
    "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10, "dozen": 12, "twice": 2, "once": 1,
}  # fmt: skip
_WEAK_NUMBERS = {"one", "first", "second", "once"}  # these are too often no numbers: they may be missing
_SCALES = {
    "hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12, "k": 1e3, "m": 1e6, "mn": 1e6,
    "bn": 1e9, "b": 1e9, "tn": 1e12, "万": 1e4, "萬": 1e4, "亿": 1e8, "億": 1e8,
}  # fmt: skip
_NUMBER = regex.compile(
    r"(?<![\p{L}\d.,])(?P<digits>\d[\d,]*(?:\.\d+)?)(?:\s?(?P<scale>hundred|thousand|million|billion|trillion|mn|bn|tn|[kmb](?![\p{L}])|[万萬亿億]))?",
    regex.IGNORECASE,
)
_MONTHS = (
    ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"]
)
_SHORT_MONTHS = {"jan": "january", "feb": "february", "mar": "march", "apr": "april", "jun": "june", "jul": "july",
                 "aug": "august", "sep": "september", "sept": "september", "oct": "october", "nov": "november",
                 "dec": "december"}  # fmt: skip
_DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_SHORT_DAYS = {"mon": "monday", "tue": "tuesday", "tues": "tuesday", "wed": "wednesday", "thu": "thursday",
               "thurs": "thursday", "fri": "friday", "sat": "saturday", "sun": "sunday"}  # fmt: skip
_RELATIVE = ("today", "yesterday", "tomorrow", "tonight")
_SEASONS = ("spring", "summer", "autumn", "winter")
_CJK_DATE = regex.compile(r"(?:去年|今年|明年|昨天|今天|明天|前天|后天|上周|本周|下周|上月|本月|下月|周[一二三四五六日]|星期[一二三四五六日天]|[春夏秋冬][天季])")
_NEGATIONS = frozenset(
    ["not", "no", "never", "none", "nobody", "nothing", "neither", "nor", "cannot", "without", "hardly", "nowhere", "unable"]
)
_DENIALS = frozenset(
    ["deny", "denied", "denies", "denying", "refuse", "refused", "refuses", "reject", "rejected", "rejects", "fail", "failed", "fails", "unlikely", "lack", "lacks", "lacked", "false", "untrue", "decline", "declined", "declines"]
)
_CJK_NEGATION = regex.compile(r"(?:没有|並非|并非|不是|没|未|不|無法|无法|否认|拒绝)")
_QUOTES = regex.compile(r"[“\"«「『]([^”\"»」』]{2,400})[”\"»」』]|(?<![\p{L}\p{N}])[‘']([^’']{6,400})[’'](?![\p{L}])")
_LINK = regex.compile(r"(?:https?://|www\.)[^\s<>\"”)]+|@[\w.]+@?[\w.]*\w|#\w+")
_NAME = regex.compile(r"\b\p{Lu}[\p{L}\p{M}\p{N}’'\-]*")
_FUNCTION_WORDS = frozenset(
    ["a", "about", "above", "across", "after", "again", "against", "ago", "all", "almost", "along", "already", "also", "although", "always", "am", "among", "an", "and", "any", "are", "around", "as", "at", "away", "back", "be", "because", "been", "before", "behind", "being", "below", "between", "both", "but", "by", "can", "could", "did", "do", "does", "doing", "down", "during", "each", "either", "else", "ever", "every", "few", "for", "from", "further", "get", "gets", "got", "had", "has", "have", "having", "he", "her", "here", "hers", "him", "his", "how", "however", "i", "if", "in", "into", "is", "it", "its", "itself", "just", "last", "least", "less", "like", "made", "make", "makes", "many", "may", "me", "might", "mine", "more", "most", "much", "must", "my", "near", "new", "next", "now", "of", "off", "often", "on", "only", "onto", "or", "other", "our", "out", "over", "own", "per", "quite", "rather", "same", "say", "says", "said", "she", "should", "since", "so", "some", "such", "take", "than", "that", "the", "their", "them", "then", "there", "these", "they", "this", "those", "though", "through", "thus", "to", "together", "too", "toward", "under", "until", "up", "upon", "us", "use", "used", "very", "was", "we", "well", "went", "were", "what", "when", "where", "whether", "which", "while", "who", "whom", "whose", "why", "will", "with", "within", "would", "yet", "you", "your", "according", "reported", "added", "told"]
)
_IRREGULAR = {
    "won": "win", "wins": "win", "bought": "buy", "sold": "sell", "rose": "rise", "risen": "rise", "fell": "fall",
    "fallen": "fall", "grew": "grow", "grown": "grow", "held": "hold", "kept": "keep", "left": "leave", "lost": "lose",
    "met": "meet", "paid": "pay", "ran": "run", "saw": "see", "seen": "see", "sent": "send", "spoke": "speak",
    "spent": "spend", "stood": "stand", "took": "take", "taken": "take", "taught": "teach", "thought": "think",
    "wrote": "write", "written": "write", "found": "find", "gave": "give", "given": "give", "came": "come",
    "began": "begin", "begun": "begin", "built": "build", "broke": "break", "broken": "break", "died": "die",
    "dead": "die", "death": "die", "children": "child", "men": "man", "women": "woman", "people": "person",
    "known": "know", "knew": "know", "led": "lead", "shot": "shoot", "struck": "strike", "drove": "drive",
}  # fmt: skip


def check(sentence: str, source: str, *, similarity: Similarity | None = None, context: str = "") -> Verdict:
    """Judge one sentence against the text it claims to be about.

    Args:
        sentence: what a model wrote.   source: plain text; spans index it.
        similarity: cosines of the sentence to sentences of the source, where a model speaks the language.
        context: words that may stand in the sentence besides the source's (the title).
    """
    return Checker(source, similarity=similarity, context=context).check(sentence)


class Checker:
    """The checks against one source, which is read once."""

    def __init__(self, source: str, *, similarity: Similarity | None = None, context: str = "") -> None:
        self._source = source
        self._spans = split(source)
        self._texts = [source[span.start : span.end] for span in self._spans]
        self._stems = [_stems(text) for text in self._texts]
        self._similarity = similarity
        self._context = context
        self._context_stems = _stems(context)
        everything = f"{context}\n{source}"
        self._all_names = _folded_words(everything)
        self._lower_words = {word for word in words(source) if word[:1].islower()}
        self._flat = _flat(everything)

    def check(self, sentence: str) -> Verdict:
        """Judge one sentence; see `check`."""
        sentence = sentence.strip()
        stems = _stems(sentence)
        if not stems or not self._texts:
            return Verdict(ok=False, refusal="empty")
        for link in _LINK.findall(sentence):
            if link.rstrip(".,;") not in self._source:
                return Verdict(ok=False, refusal="link", detail=link)
        for quoted in _quotations(sentence):
            if _flat(quoted) not in self._flat:
                return Verdict(ok=False, refusal="quotation", detail=quoted)
        cosines = list(self._similarity(sentence, self._texts)) if self._similarity is not None else None
        chosen = self._support(sentence, stems, cosines)
        support = " ".join(self._texts[index] for index in chosen)
        spans = tuple(self._spans[index] for index in chosen)
        for refusal, detail in (
            ("number", _missing_numbers(sentence, f"{self._context}\n{support}")),
            ("date", _missing_dates(sentence, f"{self._context}\n{support}")),
            ("name", self._missing_name(sentence, f"{self._context}\n{support}")),
        ):
            if detail:
                return Verdict(ok=False, spans=spans, refusal=refusal, detail=detail)  # type: ignore[arg-type]
        if detail := _negation_mismatch(sentence, [self._texts[index] for index in chosen]):
            return Verdict(ok=False, spans=spans, refusal="negation", detail=detail)
        covered = set().union(*(self._stems[index] for index in chosen)) | self._context_stems
        share = len(stems & covered) / len(stems)
        close = max((cosines[index] for index in chosen), default=0.0) if cosines is not None else 0.0
        if share < MIN_COVERAGE and not (share >= MIN_COVERAGE_WITH_VECTOR and close >= MIN_COSINE):
            return Verdict(ok=False, spans=spans, refusal="unsupported", support=share)
        return Verdict(ok=True, spans=spans, support=share)

    def _support(self, sentence: str, stems: set[str], cosines: list[float] | None) -> list[int]:
        """Pick up to three sentences that together hold most of the sentence's words, numbers and names first."""
        heavy = {stem for stem in stems if any(ch.isdigit() for ch in stem)}
        heavy |= {_stem(name) for name in _NAME.findall(sentence)[1:]}
        left, chosen = set(stems), list[int]()
        while len(chosen) < _MAX_SUPPORT and left:
            best, best_gain = -1, 0.0
            for index, have in enumerate(self._stems):
                if index in chosen:
                    continue
                found = left & have
                gain = sum(2.0 if stem in heavy else 1.0 for stem in found)
                if cosines is not None and not chosen:
                    gain += 2.0 * max(cosines[index], 0.0)
                if chosen and found:
                    gain += 0.25 * (abs(index - chosen[0]) == 1)
                if gain > best_gain + 1e-9:
                    best, best_gain = index, gain
            if best < 0 or (chosen and best_gain < max(1.0, 0.12 * len(stems))):
                break
            chosen.append(best)
            left -= self._stems[best]
        return sorted(chosen)

    def _missing_name(self, sentence: str, support: str) -> str:
        """Return the first name of the sentence that its support lacks.

        A capitalised word at the start counts as a name unless the source writes it in lower case.
        """
        nearby = _folded_words(support)
        starts = {span.start for span in split(sentence)} | {0}
        for match in _NAME.finditer(sentence):
            name = regex.sub(r"[’']s?$", "", match.group())
            folded = name.casefold()
            first = match.start() in starts or sentence[max(0, match.start() - 1) : match.start()] in {'"', "“", "‘"}
            if folded in _FUNCTION_WORDS or folded in _NEGATIONS or _is_date_word(folded) or folded in _UNITS:
                continue
            if first and (folded in {word.casefold() for word in self._lower_words} or _known(folded, self._all_names)):
                continue
            if first and match.start() == 0 and not sentence[match.end() :].lstrip()[:1].isupper() and len(folded) > 3:
                if _stem(folded) in {_stem(word) for word in self._all_names}:
                    continue
            if not _known(folded, nearby):
                return name
        return ""


def _known(name: str, among: set[str]) -> bool:
    """Whether a name, or all parts of a hyphenated one, or its singular, is among folded words."""
    if name in among or name.rstrip("s") in among or f"{name}s" in among:
        return True
    parts = [part for part in regex.split(r"[-’']", name) if len(part) > 1]
    return len(parts) > 1 and all(part in among for part in parts)


def _folded_words(text: str) -> set[str]:
    found = {word.casefold() for word in words(text)}
    found |= {regex.sub(r"[’']s$", "", word) for word in found}
    for word in list(found):
        if "-" in word:
            found.update(word.split("-"))
    return found


def _stem(word: str) -> str:
    """Return a rough stem: enough to meet another form of the same English word."""
    word = regex.sub(r"[’']s?$", "", word.casefold())
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if not word.isascii() or len(word) < 4:
        return word
    for suffix in ("ations", "ation", "ings", "ing", "ments", "ment", "ers", "ied", "ies", "ed", "es", "er", "ly", "s"):
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            word = word[: -len(suffix)]
            break
    return word.rstrip("eiy") if len(word) > 3 else word


def _stems(text: str) -> set[str]:
    return {_stem(word) for word in words(text) if word.casefold() not in _FUNCTION_WORDS}


def _flat(text: str) -> str:
    """Return text as quotations are compared: letters and digits only, single spaces."""
    return " ".join(word.casefold().replace("’", "'") for word in words(text))


def _quotations(sentence: str) -> list[str]:
    return [first or second for first, second in _QUOTES.findall(sentence)]


def numbers(text: str) -> list[tuple[float, str]]:
    """Return the numbers of a text, in digits and in English words, with their writing."""
    found: list[tuple[float, str]] = []
    for match in _NUMBER.finditer(text):
        digits = match["digits"].rstrip(",.").replace(",", "")
        try:
            value = float(digits)
        except ValueError:
            continue
        scale = (match["scale"] or "").lower()
        if scale and scale in _SCALES:
            found.append((value * _SCALES[scale], match.group()))
        found.append((value, match.group()))
        if scale in _SCALES:
            found.pop()
    tokens = [token.casefold() for token in words(text)]
    spread: list[str] = []
    for token in tokens:
        spread.extend(token.split("-") if "-" in token and token.split("-")[0] in _UNITS else [token])
    index = 0
    while index < len(spread):
        token = spread[index]
        if token in _UNITS:
            value, writing = float(_UNITS[token]), token
            if value >= 20 and value % 10 == 0 and index + 1 < len(spread) and 0 < _UNITS.get(spread[index + 1], 0) < 10:
                index += 1
                value += _UNITS[spread[index]]
                writing += "-" + spread[index]
            while index + 1 < len(spread) and spread[index + 1] in ("hundred", "thousand", "million", "billion"):
                index += 1
                value *= _SCALES[spread[index]]
                writing += " " + spread[index]
            found.append((value, writing))
        index += 1
    return found


def _missing_numbers(sentence: str, support: str) -> str:
    have = {round(value, 6) for value, _ in numbers(support)}
    have |= {float(part) for part in regex.findall(r"\d+", support) if len(part) < 300}
    for value, writing in numbers(sentence):
        if writing in _WEAK_NUMBERS:
            continue
        if round(value, 6) not in have:
            return writing
    return ""


def _is_date_word(word: str) -> bool:
    return word in _MONTHS or word in _DAYS or word in _SHORT_MONTHS or word in _SHORT_DAYS


def _dates(text: str) -> set[str]:
    found: set[str] = set()
    for word in words(text):
        folded = regex.sub(r"[’']s$", "", word.casefold()).rstrip("s") if word.casefold().endswith("days") else (
            regex.sub(r"[’']s$", "", word.casefold())
        )
        if folded == "may" and not word[0].isupper():
            continue
        if folded in _MONTHS or folded in _DAYS or folded in _RELATIVE or folded in _SEASONS:
            found.add(folded)
        elif folded in _SHORT_MONTHS and word[0].isupper():
            found.add(_SHORT_MONTHS[folded])
        elif folded in _SHORT_DAYS and word[0].isupper():
            found.add(_SHORT_DAYS[folded])
    found.update(_CJK_DATE.findall(text))
    return found


def _missing_dates(sentence: str, support: str) -> str:
    missing = _dates(sentence) - _dates(support)
    return min(missing) if missing else ""


def _negation_mismatch(sentence: str, support: Sequence[str]) -> str:
    """Return the word that one side denies and the other does not, "" when they agree.

    Each negation reaches the next three content words and the one before it; a word counts as denied in the support
    only when every supporting sentence that holds it denies it.
    """
    denied, plain = _polarity(sentence)
    theirs = [_polarity(text) for text in support]
    for word in sorted(denied):
        holders = [pair for pair in theirs if word in pair[0] or word in pair[1]]
        if holders and any(word in pair[0] for pair in holders):
            break
    else:
        if denied:
            return min(denied)
    for word in sorted(plain - denied):
        holders = [pair for pair in theirs if word in pair[0] or word in pair[1]]
        if holders and all(word in pair[0] and word not in pair[1] for pair in holders):
            verbs = {other for pair in holders for other in pair[0]}
            if len(plain & verbs) >= min(2, len(verbs)) and not denied:
                return word
    return ""


def _polarity(text: str) -> tuple[set[str], set[str]]:
    """Return (stems under a negation, the other content stems)."""
    cleaned = _CJK_NEGATION.sub(" not ", text.replace("’", "'"))
    cleaned = regex.sub(r"(?i)\bcan't\b", "can not", cleaned)
    cleaned = regex.sub(r"(?i)\bwon't\b", "will not", cleaned)
    cleaned = regex.sub(r"(?i)n't\b", " not", cleaned)
    cleaned = regex.sub(r"(?i)\b(not only|no longer than|no doubt|nothing but|no sooner|no fewer|no less|no more than)\b", " ", cleaned)
    denied: set[str] = set()
    plain: set[str] = set()
    reach = 0
    for clause in regex.split(r"[,;:.!?，。；：！？]|\b(?:but|although|though|while|and)\b", cleaned):
        reach = 0
        for word in words(clause):
            folded = word.casefold()
            if folded in _NEGATIONS or folded in _DENIALS:
                reach = 4 if folded in _NEGATIONS else 3
                continue
            if folded in _FUNCTION_WORDS:
                continue
            (denied if reach > 0 else plain).add(_stem(folded))
            reach -= 1
    return denied, plain
