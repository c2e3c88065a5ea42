"""Reading a text as the evidence check needs it: content words as stems, numbers as values, dates, names, negations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import regex

from engine.language import lexicon
from engine.language.sentences import split

Family = Literal["word", "number", "weekday", "month", "year", "season", "relative", "name"]
DATES: frozenset[str] = frozenset({"weekday", "month", "year", "season", "relative"})

_PIECE = regex.compile(
    r"""(?P<han_date>(?:周|星期|礼拜|禮拜)[一二三四五六日天]|[去今明前昨后後][年天]|[上本下][周月]|[春夏秋冬][天季])
    |(?P<han_number>[〇零一二两兩三四五六七八九十百千][〇零一二两兩三四五六七八九十百千万萬亿億]+
        |[二两兩三四五六七八九十](?=[个個人年月日号號天次名位岁歲元家台辆輛件条條票万萬亿億小分公米倍场場]))
    |(?P<number>\d{1,3}(?:\ ,\ \d{3})+(?!\d)(?:\ \.\ \d+)?|\d+\ \.\ \d+|\d[\d,]*(?:\.\d+)?)(?P<suffix>\p{Latin}+)?
    |(?P<negation>n['’]t\b)
    |(?P<word>[\p{L}\p{M}--\p{Han}]++(?:['’][\p{L}\p{M}--\p{Han}]++)*+)
    |(?P<han>\p{Han})""",
    regex.VERBOSE | regex.VERSION1 | regex.IGNORECASE,
)
_BEFORE_MONTH = regex.compile(
    r"(?:\b(?:in|since|until|till|last|next|early|late|by|of)|\d(?:st|nd|rd|th)?)\s$", regex.IGNORECASE
)
_NO_DENIAL = regex.compile(
    r"\s+(?:(?:only|just|merely)\b.*\bbut|doubt|sooner|fewer|less|more than|later|matter|least|but|to mention)\b"
)
_HAN_FUNCTION = frozenset(
    "的了在是和与與及也都就而把被将將对對于於从從以为為这這那其之个個着著过過到会會等并並又还還很地得"
)
_SUFFIXES = (
    "ations", "ation", "ments", "ment", "ingly", "edly", "ness", "ions", "ings", "ing", "ers", "ied", "ies", "ion",
    "ive", "ed", "es", "er", "or", "ly", "al", "s",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Token:
    """One content word, number, date, name or negation of a text."""

    text: str
    start: int
    end: int
    key: str  # equal keys say the same
    family: Family
    sentence: int
    negation: bool = False


@dataclass(frozen=True, slots=True)
class _Raw:
    """A piece of text before numbers are put together."""

    text: str
    start: int
    end: int
    kind: str


def stem(word: str) -> str:
    """Return a rough stem: enough to meet another form of the same English word."""
    word = word.casefold().replace("’", "'").removesuffix("'s").rstrip("'")
    word = lexicon.IRREGULAR.get(word, word)
    if not word.isascii() or len(word) < 4:
        return word
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            word = word[: -len(suffix)]
            break
    if len(word) > 4 and word[-1] == word[-2] and word[-1] not in "lsz":
        word = word[:-1]
    return word.rstrip("eiy") if len(word.rstrip("eiy")) >= 2 else word


_DENIALS = frozenset(stem(word) for word in lexicon.DENIALS)
_REPORTING = frozenset(stem(word) for word in lexicon.REPORTING)


def is_denial(token: Token) -> bool:
    """Whether a word says by itself that something is not so ("refused", "without")."""
    return token.negation or token.key in _DENIALS


def is_reporting(token: Token) -> bool:
    """Whether a word only says that somebody says something."""
    return token.family == "word" and token.key in _REPORTING


def read(text: str, spans: list[tuple[int, int]] | None = None) -> list[Token]:
    """Return the tokens that carry meaning, in order; function words are left out.

    Args:
        spans: the sentences, as `sentences.split` finds them when left out.
    """
    if spans is None:
        spans = [(span.start, span.end) for span in split(text)]
    tokens: list[Token] = []
    for place, (start, end) in enumerate(spans):
        tokens.extend(_sentence(text, start, end, place))
    return tokens


def _sentence(text: str, start: int, end: int, place: int) -> Iterator[Token]:
    raw = list(_raw(text, start, end))
    index = 0
    while index < len(raw):
        piece = raw[index]
        used = 1
        if piece.kind in ("number", "word"):
            value, used = _number(raw, index, text)
            if value is not None:
                last = raw[index + used - 1]
                yield _numeric(text[piece.start : last.end], piece.start, last.end, value, place, text)
                index += used
                continue
            used = 1
        if piece.kind == "han_number":
            value = _han_value(piece.text)
            yield Token(piece.text, piece.start, piece.end, f"#{value:g}", "number", place)
        elif piece.kind == "han_date":
            yield Token(
                piece.text, piece.start, piece.end, piece.text.replace("天", "日"), _han_family(piece.text), place
            )
        elif piece.kind == "negation":
            yield Token(piece.text, piece.start, piece.end, "not", "word", place, negation=True)
        elif piece.kind == "han":
            if piece.text not in _HAN_FUNCTION:
                yield Token(piece.text, piece.start, piece.end, piece.text, "word", place)
        elif piece.kind == "word" and (token := _word(piece, place, first=index == 0, text=text)) is not None:
            yield token
        index += used


def _raw(text: str, start: int, end: int) -> Iterator[_Raw]:
    skip = start
    for match in _PIECE.finditer(text, start, end):
        if match.start() < skip:
            continue
        kind = match.lastgroup or ""
        if kind in ("number", "suffix"):
            digits_end = match.end("number")
            yield _Raw(match["number"].replace(" ", "").rstrip(",."), match.start(), digits_end, "number")
            if match["suffix"]:
                yield _Raw(match["suffix"], digits_end, match.end(), "word")
        elif kind == "han" and (taken := _han_negation(text, match.start())):
            skip = match.start() + len(taken)
            if taken in lexicon.HAN_NEGATIONS:
                yield _Raw(taken, match.start(), skip, "negation")
        elif kind == "word" and regex.search(r"n['’]t$", match[0], regex.IGNORECASE):
            yield _Raw(match[0][:-3], match.start(), match.end() - 3, "word")
            yield _Raw(match[0][-3:], match.end() - 3, match.end(), "negation")
        else:
            yield _Raw(match[0], match.start(), match.end(), kind)


def _han_negation(text: str, start: int) -> str:
    for word in (*lexicon.HAN_NOT_NEGATION, *lexicon.HAN_NEGATIONS):
        if text.startswith(word, start):
            return word
    return ""


def _month_here(text: str, start: int, end: int) -> bool:
    """Whether "may" or "march" is a month by what stands around it."""
    return bool(regex.match(r"\s\d", text, pos=end) or _BEFORE_MONTH.search(text[max(0, start - 10) : start]))


def _number(raw: list[_Raw], index: int, text: str) -> tuple[float | None, int]:
    """Return the value of a number that starts here and how many pieces it takes; None where there is none."""
    piece = raw[index]
    folded = piece.text.casefold()
    if piece.kind == "number":
        digits = piece.text.replace(",", "")
        value = float(digits) if len(digits) < 300 else None
        if value is None:
            return None, 1
    elif folded in lexicon.NUMBER_WORDS and folded not in lexicon.WEAK_NUMBERS:
        value = float(lexicon.NUMBER_WORDS[folded])
    else:
        return None, 1
    used = 1
    if piece.kind == "word" and value >= 20 and value % 10 == 0 and index + 1 < len(raw):
        unit = lexicon.NUMBER_WORDS.get(raw[index + 1].text.casefold(), 0)
        if raw[index + 1].kind == "word" and 0 < unit < 10:
            value, used = value + unit, 2
    while index + used < len(raw):
        following = raw[index + used]
        scale = lexicon.SCALES.get(following.text.casefold())
        glued = following.start == raw[index + used - 1].end
        if scale is None or (len(following.text) == 1 and following.text.isascii() and not glued):
            break
        value *= scale
        used += 1
    if index + used < len(raw) and raw[index + used].text in ("s", "'s", "’s") and raw[index + used].start == piece.end:
        return (value + 0.5, used + 1) if value >= 10 and value % 10 == 0 else (value, used)  # "1980s" are not 1980
    if index + used < len(raw) and raw[index + used].text in ("st", "nd", "rd", "th"):
        used += raw[index + used].start == raw[index + used - 1].end
    return value, used


def _numeric(written: str, start: int, end: int, value: float, place: int, text: str) -> Token:
    plain = written.isdigit() and len(written) == 4 and 1000 <= value <= 2100
    year = (plain and not text[max(0, start - 2) : start].strip().endswith(("$", "£", "€"))) or text[
        end : end + 1
    ] == "年"
    return Token(
        written, start, end, f"#{value:g}" if abs(value) < 1e15 else f"#{value!r}", "year" if year else "number", place
    )


def _han_value(text: str) -> float:
    """Return the value of a Chinese numeral; a run of digits is read digit by digit."""
    if all(sign in lexicon.HAN_DIGITS for sign in text):
        return float("".join(str(lexicon.HAN_DIGITS[sign]) for sign in text[:15]))
    total, section, digit = 0.0, 0.0, 0.0
    units = {"十": 10.0, "百": 100.0, "千": 1000.0}
    for sign in text[:20]:
        if sign in lexicon.HAN_DIGITS:
            digit = float(lexicon.HAN_DIGITS[sign])
        elif sign in units:
            section += (digit or 1.0) * units[sign]
            digit = 0.0
        else:
            total = (total + section + digit) * lexicon.SCALES[sign]
            section, digit = 0.0, 0.0
    return total + section + digit


def _han_family(text: str) -> Family:
    if text[0] in "周星礼禮":
        return "weekday"
    return "season" if text[0] in "春夏秋冬" else "relative"


def _word(piece: _Raw, place: int, *, first: bool, text: str) -> Token | None:
    """Return a word's token, None for a function word."""
    word = regex.sub(r"['’]s?$", "", piece.text)
    folded = word.casefold()
    if folded in lexicon.NEGATIONS:
        if _NO_DENIAL.match(text, piece.end):
            return None
        return Token(piece.text, piece.start, piece.end, "not", "word", place, negation=True)
    capital = word[:1].isupper()
    plural = folded.removesuffix("s")
    for family, table in (("weekday", lexicon.DAYS), ("month", lexicon.MONTHS), ("season", lexicon.SEASONS)):
        known = folded if folded in table else plural
        sure = capital or known not in lexicon.DOUBTFUL_DATES or known in ("may", "march")
        if known in table and sure and not (family == "season" and known == "fall"):
            if known in ("may", "march") and (first or not capital) and not _month_here(text, piece.start, piece.end):
                break
            return Token(piece.text, piece.start, piece.end, f"{family}:{table[known]}", family, place)  # type: ignore[arg-type]
    if folded in lexicon.RELATIVE_DAYS:
        return Token(piece.text, piece.start, piece.end, f"day:{lexicon.RELATIVE_DAYS[folded]}", "relative", place)
    if folded in lexicon.FUNCTION_WORDS or (len(folded) == 1 and folded.isascii()):
        return None
    inside = capital and not first and text[max(0, piece.start - 1) : piece.start] not in {'"', "“", "‘", "「"}
    return Token(piece.text, piece.start, piece.end, stem(word), "name" if inside else "word", place)
