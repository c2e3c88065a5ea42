"""Whether a sentence about a text stands in that text: its numbers, dates, names, quotations, denials, and its words.

A sentence passes only when its numbers, dates and names stand in the source among the same words, when its quotations
stand there word for word, when it denies what the source denies and nothing else, and when it says next to nothing in
words of its own. Each check is simple and can be shown; none trusts a model. Vectors, where a model speaks the
language, excuse one word more of a paraphrase; they never excuse a number, a date, a name, a quotation or a denial.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np
import regex
from numpy.typing import NDArray

from engine.language import compression, lexicon, polarity, roles
from engine.language.alignment import Places
from engine.language.pairs import Pairs, telling
from engine.language.sentences import split, words
from engine.language.tokens import DATES, Token, is_reporting, read, stem
from engine.types import Span

Similarity = Callable[[str, Sequence[str]], Sequence[float]]  # cosine of a sentence to each of the source's
Refusal = Literal["", "empty", "number", "name", "date", "quotation", "negation", "link", "unsupported"]

MAX_SOURCE_CHARACTERS = 20_000  # what stands behind them supports nothing
MAX_SOURCE_SENTENCES = 300
MAX_SENTENCE_CHARACTERS = 1_000
MAX_SUPPORT = 3  # sentences of the source that may support one sentence
NEW_WORDS_SHARE = 0.15  # of a sentence's content words may be its own, one in any case
CLOSE_COSINE = 0.75  # from here on one more
ALONE = 0.45  # a number or date stands nowhere among the words it has here, by the better of its two sides
RIVAL = 1.25  # a number, date or name fits better where another stands
DISPLACED_FIT, DISPLACED_GAP = (
    0.35,
    0.42,
)  # a word that may be a name stands far from its neighbours, and another among them
COMMON_FIT, COMMON_GAP = 0.2, 0.6  # the same for a word that is none
TOGETHER = 0.84  # of the pairs of near words of a sentence must stand so in the source
TORN = 0.35  # of those of each telling word
TORN_NAME = 0.15  # of those of a name, or it has been put where it is
CLOSE_SCORE = 0.88
STRAY = 0.1  # the same of a small word
MOSTLY = 0.6  # of a sentence's words in one sentence of the source: then it says what that one says
_LONG_SPAN = 240  # characters of a supporting sentence from which on only the clauses that support are shown

_QUOTES = regex.compile(
    r"[“\"«「『]\s*([^”\"»」』]{2,400})(?:[”\"»」』]|$)|``\s*(.{2,400}?)\s*(?:''|``|$)"
    r"|(?<![\p{L}\p{N}`])[‘`]\s*([^`‘]{2,400}?)\s*[’'](?![\p{L}'])|(?<![\p{L}\p{N}]|[\p{L}\p{N}]\s)'(?!\s)([^']{6,400})'(?![\p{L}])"
)
_CUT = regex.compile(r"\.\.\.|…|\[[^\]]*\]")
_LINK = regex.compile(r"(?:https?://|www\.)[^\s<>\"”)]+|(?<![\w.])@[\w.]+@?[\w.]*\w|(?<!\w)#\w+")
_FOLLOWING = regex.compile(
    r"(\w+)(?:\W{0,3}[,，]\s*(\p{L}+ing|where|who|whose)|\s+(because|since|while|when|after|before|unless|although|so that))\b",
    regex.IGNORECASE,
)
_CLAUSE_END = regex.compile(r"[,;:，；：]\s*|\s[—–-]\s")
_HAN = regex.compile(r"\p{Han}")
_NAME_FIRST = regex.compile(
    r"\P{L}*\p{Lu}[\p{L}’'-]*\s+(?:\p{Lu}|(?:is|was|has|had|will|would|did|does|can|could|also|said|says)\b)"
)
_SURNAMES = frozenset(
    "王李张張刘劉陈陳杨楊赵趙黄黃周吴吳徐孙孫胡朱高林何郭马馬罗羅梁宋郑鄭谢謝韩韓唐冯馮于董萧蕭程曹袁邓鄧许許傅沈曾彭吕呂苏蘇卢盧蒋蔣蔡贾賈丁魏薛叶葉阎余潘杜戴夏钟鍾汪田任姜范方石姚谭譚廖邹鄒熊金陆陸郝孔白崔康毛邱秦江史顾顧侯邵孟龙龍万萬段雷钱錢汤湯尹黎易常武乔喬贺賀赖賴龚龔文"
)
_PLACE_ENDS = frozenset("市省县縣区區镇鎮村国國州岛島山河湖江海港路街院所局部厅廳队隊社站校厂廠店城")
_PLACE_FOLLOWS = regex.compile(
    rf"[{''.join(sorted(_PLACE_ENDS))}]|\p{{Han}}?(?:大学|大學|公司|银行|銀行|集团|集團|医院|醫院|科技)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`spans` index the source: what supports the sentence. `refusal` is "" when `ok`."""

    ok: bool
    spans: tuple[Span, ...] = ()
    refusal: Refusal = ""
    detail: str = ""  # the words that failed
    support: float = 0.0  # in [0, 1]: how well its telling words stand together in the source
    close: bool = False  # nearly in the source's own words, put together as there; of what is `ok`
    score: float = 0.0  # in [0, 1]: how likely the source says this, for ordering claims


def check(sentence: str, source: str, *, similarity: Similarity | None = None, context: str = "") -> Verdict:
    """Judge one sentence against the text it claims to be about.

    Args:
        sentence: what a model wrote.   source: plain text, of which the first 20,000 characters count; spans index it.
        similarity: cosines of the sentence to sentences of the source, where a model speaks the language.
        context: words that may stand in the sentence besides the source's (the title); alone they support nothing.
    """
    return Checker(source, similarity=similarity, context=context).check(sentence)


class Checker:
    """The checks against one source, which is read once."""

    def __init__(self, source: str, *, similarity: Similarity | None = None, context: str = "") -> None:
        self._source = source[:MAX_SOURCE_CHARACTERS]
        self._spans = split(self._source)[:MAX_SOURCE_SENTENCES]
        self._similarity = similarity
        tokens = read(self._source, [(span.start, span.end) for span in self._spans])
        self._names = {token.key for token in tokens if token.family == "name"}
        tokens = self._with_names(tokens)
        self._places = Places(tokens, len(self._spans))
        self._denied = polarity.denials(tokens)
        self._cased = bool(self._names) or len(_HAN.findall(self._source)) > len(self._source) / 8
        self._context = {token.key for token in read(context[:MAX_SENTENCE_CHARACTERS])}
        self._quotes = bool(_QUOTES.search(self._source))
        self._flat = f" {_flat(self._source)} {_flat(context[:MAX_SENTENCE_CHARACTERS])} "
        self._pairs = Pairs(
            [*(self._source[span.start : span.end] for span in self._spans), context[:MAX_SENTENCE_CHARACTERS]]
        )
        self._keys = [set[str]() for _ in self._spans]
        for token in self._places.tokens:
            self._keys[token.sentence].add(token.key)

    def check(self, sentence: str) -> Verdict:
        """Judge one sentence; see `check`."""
        sentence = sentence.strip()
        if len(sentence) > MAX_SENTENCE_CHARACTERS:
            return Verdict(ok=False, refusal="unsupported")
        tokens = self._with_names(read(sentence, [(0, len(sentence))]))
        plain = [token for token in tokens if not token.negation]
        if not plain or not self._places.count:
            return Verdict(ok=False, refusal="empty")
        for link in _LINK.findall(sentence):
            if link.rstrip(".,;") not in self._source:
                return Verdict(ok=False, refusal="link", detail=link)
        fits = self._places.fit(plain)
        chosen = self._support(plain, fits)
        support = self._strength(plain, fits)
        refusal, detail = self._refusal(sentence, tokens, plain, fits, chosen)
        spans = tuple(self._shown(index, plain) for index in chosen)
        score = 0.6 * self._pairs.share(sentence) + 0.25 * support + 0.15 * (not refusal)
        return Verdict(
            ok=not refusal,
            spans=spans,
            refusal=refusal,
            detail=detail,
            support=support,
            close=not refusal and score >= CLOSE_SCORE and self._is_close(sentence),
            score=min(score, 1.0),
        )

    def follows(self, span: Span, before: Span | None) -> bool:
        """Whether a span stands in the sentence behind that of another, or in the same one; in the first one where there is none before."""
        own = self._sentence_at(span.start)
        return own - self._sentence_at(before.start) in (0, 1) if before is not None else own == 0

    def _sentence_at(self, place: int) -> int:
        return max(bisect_right([one.start for one in self._spans], place) - 1, 0)

    def _with_names(self, tokens: list[Token]) -> list[Token]:
        """At a sentence's start a capital says nothing: there a name is what is one elsewhere in the source."""
        return [
            replace(token, family="name")
            if token.family == "word" and token.key in self._names and token.text[:1].isupper()
            else token
            for token in tokens
        ]

    def _refusal(
        self, sentence: str, tokens: list[Token], plain: list[Token], fits: NDArray[np.float64], chosen: list[int]
    ) -> tuple[Refusal, str]:
        for quoted in _quotations(sentence):
            short = 0 < len(quoted.split()) < 3
            if f" {quoted} " not in self._flat or (short and self._quotes and not self._marked(quoted)):
                return "quotation", quoted
        if failed := self._missing_facts(plain, chosen):
            return failed
        if failed := self._in_anothers_place(plain, fits):
            return failed
        if detail := roles.exchanged(sentence, plain, self._source, self._places):
            return "name", detail
        if detail := polarity.mismatch(sentence, tokens, fits, self._source, self._places, self._denied):
            return "negation", detail
        if detail := polarity.opposite(tokens, fits, self._places):
            return "unsupported", detail
        if detail := self._too_new(sentence, plain, chosen):
            return "unsupported", detail
        if detail := self._displaced(plain, fits):
            return "unsupported", detail
        if detail := self._pairs.placed_elsewhere(sentence) or self._torn_name(plain, sentence):
            return "name", detail
        if detail := self._only_perhaps(sentence, plain):
            return "unsupported", detail
        return "", ""

    def _torn_name(self, plain: list[Token], sentence: str) -> str:
        """Return a name that stands nowhere in the source beside a word it has here, or begins a sentence from nowhere."""
        known = {token.start for token in plain if token.family == "name"}
        reporting = any(token.start == 0 and is_reporting(token) for token in plain)
        start = 0
        for written, key, share in self._pairs.of_each(sentence):
            start = sentence.index(written, start)
            if start in known and share < TORN_NAME and not _HAN.search(written):
                return written
            first = start == 0 and self._cased and not reporting
            if first and written[:1].isupper() and telling(key) and not self._pairs.knows(key):
                return written
            start += len(written)
        return ""

    def _is_close(self, sentence: str) -> bool:
        """Whether every word stands in the source beside those it has here, and clauses follow what they follow there."""
        if self._pairs.share(sentence) < TOGETHER or self._attached_elsewhere(sentence):
            return False
        if not compression.is_shortened(sentence, self._pairs.lines):
            return False
        if self._pairs.widened(sentence):
            return False
        for written, key, share in self._pairs.of_each(sentence):
            small = written.casefold() if not telling(key) else ""
            if share < (STRAY if small and small not in lexicon.WEIGHTY else TORN) and small not in lexicon.LIGHT:
                return False
        return True

    def _attached_elsewhere(self, sentence: str) -> str:
        """Return a clause that follows other words in the source: what sent shares lower stands before
        "sending"."""
        for match in _FOLLOWING.finditer(sentence):
            clause = match[2] or match[3]
            there = regex.findall(rf"(\w+)\W{{0,5}}{regex.escape(clause)}\b", self._source, regex.IGNORECASE)
            if there and stem(match[1]) not in {stem(word) for word in there}:
                return clause
        return ""

    def _only_perhaps(self, sentence: str, plain: list[Token]) -> str:
        """Return the word by which the source asks, doubts or hopes what the sentence asserts, else ""."""
        keys = {token.key for token in plain}
        held = [len(keys & line) for line in self._keys]
        best = max(range(len(held)), key=held.__getitem__)
        if held[best] < MOSTLY * len(keys):
            return ""
        span = self._spans[best]
        return polarity.hedge(sentence, self._source[span.start : span.end])

    def _own(self, token: Token) -> list[int]:
        return self._places.by_key.get(token.key, [])

    def _strength(self, plain: list[Token], fits: NDArray[np.float64]) -> float:
        """The mean fit of the tokens at their best places, by how telling they are; what is missing fits nowhere."""
        weights = np.array([self._places.weight(token.key) for token in plain])
        best = np.array([max((min(float(fits[row, place]), 1.0) for place in self._own(token)), default=0.0)
                         for row, token in enumerate(plain)])  # fmt: skip
        return float((weights * best).sum() / weights.sum())

    def _support(self, plain: list[Token], fits: NDArray[np.float64]) -> list[int]:
        """Pick up to three sentences of the source that together hold most of the sentence, where it fits best."""
        worth = np.zeros((len(plain), len(self._spans)))
        for row, token in enumerate(plain):
            weight = self._places.weight(token.key)
            for place in self._own(token):
                line = self._places.sentence[place]
                worth[row, line] = max(worth[row, line], weight * (0.3 + float(fits[row, place])))
        chosen: list[int] = []
        have = np.zeros(len(plain))
        first_gain = 0.0
        while len(chosen) < MAX_SUPPORT:
            gains = np.maximum(worth - have[:, None], 0.0).sum(axis=0)
            best = int(np.argmax(gains))
            if gains[best] <= 0 or (chosen and gains[best] < 0.1 * first_gain):
                break
            first_gain = first_gain or float(gains[best])
            chosen.append(best)
            have = np.maximum(have, worth[:, best])
        return sorted(chosen)

    def _marked(self, quoted: str) -> bool:
        """Whether a word or two stand in the source beside a quotation mark: short quotations are easily invented."""
        words_in_order = r"\W+".join(regex.escape(word) for word in quoted.split())
        pattern = rf"[“\"«「『`‘']\s?{words_in_order}\b|\b{words_in_order}[.,!?]?\s?[”\"»」』’']"
        return bool(regex.search(pattern, self._source.replace("’", "'"), regex.IGNORECASE))

    def _missing_facts(self, plain: list[Token], chosen: list[int]) -> tuple[Refusal, str] | None:
        """A number or date must stand in the support; a name there, or shortly before it, where "she" may mean it."""
        nearby = set().union(*(self._keys[index] for index in chosen)) if chosen else set[str]()
        before = {line for index in chosen for line in range(max(0, index - 3), min(len(self._keys), index + 2))}
        around = set().union(*(self._keys[line] for line in before)) if before else set[str]()
        for token in plain:
            if token.family in DATES and token.key not in nearby | self._context:
                return "date", token.text
            if token.family == "number" and token.key not in nearby | self._context:
                return "number", token.text
            if token.family == "name" and token.key not in around | self._context and not self._compound(token, around):
                return "name", token.text
        return None

    def _compound(self, token: Token, around: set[str]) -> bool:
        """Whether a name is a plural or another form of one that stands there."""
        return token.key.rstrip("s") in around or stem(token.key) in around

    def _in_anothers_place(self, plain: list[Token], fits: NDArray[np.float64]) -> tuple[Refusal, str] | None:
        """A number, date or name that fits clearly better where another of its family stands has been put there."""
        said = {token.key for token in plain}
        sides = self._places.best_side(plain)
        for row, token in enumerate(plain):
            if token.family == "word":
                continue
            rivals = self._places.rivals(token, said)
            own = max((float(fits[row, place]) for place in self._own(token)), default=0.0)
            theirs = float(fits[row, rivals].max()) if rivals else 0.0
            best = max((float(sides[row, place]) for place in self._own(token)), default=ALONE)
            alone = token.family != "name" and len(plain) > 3 and best < ALONE
            if alone or theirs > max(RIVAL * own, 0.25):
                kind: Refusal = "date" if token.family in DATES else "number" if token.family == "number" else "name"
                return kind, token.text
        return None

    def _displaced(self, plain: list[Token], fits: NDArray[np.float64]) -> str:
        """Return words that stand in the source far from their neighbours here, among which another word stands there."""
        said = {token.key for token in plain}
        others = [place for place, token in enumerate(self._places.tokens) if token.key not in said]
        if not others:
            return ""
        for width in (1, 2, 3):
            table = self._places.best_side(plain, width)
            for row in range(len(plain) - width + 1):
                group = plain[row : row + width]
                if len(plain) - width < 3 or any(is_reporting(token) for token in group):
                    continue
                own = self._occurrences(group)
                if not own:
                    continue
                best = float(table[row, own].max())
                doubtful = not self._cased or any(token.family == "name" for token in group)
                if not doubtful and width == 1:
                    continue
                fit, gap = (DISPLACED_FIT, DISPLACED_GAP) if doubtful else (COMMON_FIT, COMMON_GAP)
                if best < fit and float(table[row, others].max()) - best > gap:
                    return " ".join(token.text for token in group)
        return ""

    def _occurrences(self, group: list[Token]) -> list[int]:
        """Places of the source where the first of these tokens stands, the others soon after it."""
        own = self._own(group[0])
        for step, token in enumerate(group[1:], 1):
            later = set(self._own(token))
            own = [place for place in own if later & set(range(place + 1, place + step + 3))]
        return own

    def _too_new(self, sentence: str, plain: list[Token], chosen: list[int]) -> str:
        """Return the words that the support lacks when they are too many, or make a phrase of their own."""
        near = {line for index in chosen for line in range(max(0, index - 1), min(len(self._keys), index + 2))}
        there = set[str]().union(*(self._keys[line] for line in near))
        have = there | self._context
        grounded = sum(token.key in there for token in plain)
        new = [row for row, token in enumerate(plain) if token.key not in have and not is_reporting(token)]
        if not new:
            return "" if grounded >= len(plain) / 2 else sentence
        if len(_HAN.findall(sentence)) * 2 > len(plain):
            return _new_han(sentence, plain, new)
        weight = len(new) + sum(later - row == 1 for row, later in pairwise(new))
        if not self._cased or (new[0] == 0 and _NAME_FIRST.match(sentence)):
            return plain[new[0]].text
        limit = max(1.0, NEW_WORDS_SHARE * len(plain))
        if weight > 1 and self._similarity is not None and chosen:
            support = [self._source[span.start : span.end] for span in (self._spans[index] for index in chosen)]
            limit += max(self._similarity(sentence, support)) >= CLOSE_COSINE
        if weight > limit or len(plain) - len(new) < min(2, len(plain)):
            return " ".join(plain[row].text for row in new)
        return ""

    def _shown(self, index: int, plain: list[Token]) -> Span:
        """The part of a supporting sentence to point at: all of it, or of a long one the clauses that support."""
        span = self._spans[index]
        if span.end - span.start <= _LONG_SPAN:
            return span
        keys = {token.key for token in plain}
        hits = [token for token in self._places.tokens if token.sentence == index and token.key in keys]
        if not hits:
            return span
        first, last = hits[0].start, hits[-1].end
        start, end = span.start, span.end
        for mark in _CLAUSE_END.finditer(self._source, span.start, span.end):
            if mark.end() <= first:
                start = mark.end()
            elif mark.start() >= last:
                end = mark.start()
                break
        return Span(start=start, end=end)


def _new_han(sentence: str, plain: list[Token], new: list[int]) -> str:
    """Chinese words are runs of characters: of new ones, names and more than a few are refused."""
    runs: list[list[Token]] = []
    for row in new:
        if runs and runs[-1][-1].end == plain[row].start:
            runs[-1].append(plain[row])
        else:
            runs.append([plain[row]])
    for run in runs:
        written = "".join(token.text for token in run)
        if len(run) > 3 or (len(run) > 1 and (run[0].text in _SURNAMES or run[-1].text in _PLACE_ENDS)):
            return written
        if _PLACE_FOLLOWS.match(sentence, run[-1].end):
            return written
    if len(new) > max(2, 0.25 * len(plain)):
        return "".join(plain[row].text for row in new)
    return ""


def _flat(text: str) -> str:
    """Return text as quotations are compared: words in lower case, single spaces."""
    return " ".join(word.casefold().replace("’", "'") for word in words(text))


def _quotations(sentence: str) -> list[str]:
    """Return the quoted parts, flat; what is left out with dots or brackets splits one."""
    found = ["".join(groups) for groups in _QUOTES.findall(sentence)]
    return [flat for quoted in found for part in _CUT.split(quoted) if (flat := _flat(part))]
