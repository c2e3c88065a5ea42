"""Summaries made of the text's own sentences.

What is told, as news is, begins with what matters: there the first sentences are taken that are near the text's centre.
What is said, in talks, mail and personal posts, says it anywhere: there sentences are taken that are close to the centre
and unlike each other, by maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998) over TF-IDF of the text's own
words, in Chinese of its characters and pairs of them. Vectors of a model in the place of TF-IDF do not change its ROUGE.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import regex

from engine.language import injection
from engine.language.sentences import count_words, split, words
from engine.types import Floats, Span, Summary, SummarySentence, Vectors

_MAX_CHARACTERS = 40_000
_MAX_SENTENCES = 250  # of the source that are looked at
_SHARE = 0.25  # of a talk's words that a summary has at most: most of it is no news
_LEAST_WORDS = 25  # which a summary may have of the shortest talk
_LEAD_BONUS = 0.35  # of the first sentence of what is said over its last
_LENGTH_BONUS, _LONG_WORDS = 0.05, 30
_POLITE = 0.1  # what counts against a question or a courtesy of a Chinese talk
_NOVELTY = 0.6  # how much likeness to a chosen sentence counts against one
_TOO_SHORT_WORDS = 4
_TOLD_WORDS = 6  # shorter ones at the beginning of news are bylines and captions
_TOLD_SENTENCES, _TOLD_SENTENCE_WORDS = 4, 20  # more where there is room for more of so many words
_TOLD_AMONG = 30
_FEW = 5  # of so few sentences the centre tells little about the first ones
_SAME = 0.7  # cosine from which on a sentence of news says what another said
_NEAR = 0.8  # of the median closeness to the centre: a sentence of news that is further off is passed over
_SAID_SHARE = 0.25  # of sentences that speak of "me" and "you", from which on a text is said rather than told

_SPEAKER = regex.compile(
    r"\b(?:i|me|my|mine|i['’](?:m|ve|d|ll)|we|us|our|you|your|yours)\b|[我你您咱]|[吧嘛呢][，。？！,?!]|^\W{0,2}[\p{Lu}#][\w #.'’-]{0,24}[:：]",
    regex.IGNORECASE,
)
_QUOTED = regex.compile(r"[“\"「『][^”\"」』]{0,600}[”\"」』]|``.{0,600}?''|(?<!\w)[`‘][^`‘]{0,600}?[’'](?!\w)")
_HAN = regex.compile(r"\p{Han}")
_PART = regex.compile(r"['’-]")
_MANNERS = regex.compile(r"[?？]|[吗呢嗎]|谢谢|謝謝|感谢|感謝|有请|有請|欢迎|歡迎|主持人|各位|大家好")  # questions, welcomes, thanks
# Mail. Some texts have three spaces or more for each line break.
_LINE_END = regex.compile(r"[^\S\n]*\n\s*|\s{3,}")
_MAIL = regex.compile(r"(?:^|\n|\s{3})\s*>|\b(?:From|To|Name|Subject|E-?mail): |\bwrote:", regex.IGNORECASE)
_HEAD = regex.compile(
    r"\s*(?:</?s>)?\s*(?:Name|E-?mail|From|To|Cc|Bcc|Sent|Date|Reply-To|Message-ID):", regex.IGNORECASE
)
_NO_TEXT = regex.compile(r"\s*(?:>|-{2,}\s?\w[\w ]{0,40}\s?-{2,})|.{0,120}\bwr(?:ote|ites):\s*$", regex.IGNORECASE)
_QUOTE = regex.compile(r"\s*>")
_SIGNATURE = regex.compile(r"\s*(?:--|-{1,2}\s?\p{Lu}[\w.]{1,20})\s*$")
_BREAK = regex.compile(r"Subject:|</?s>|[-_=*]{3,}|\S{1,64}@[\w.-]{1,80}", regex.IGNORECASE)


def summarise(text: str, *, max_words: int = 60, note: str = "") -> Summary:
    """Pick sentences of at most `max_words` words in all, at least one where there is any; of a talk that is longer, a quarter.

    Args:
        text: plain text; spans of the summary index it.   note: why no model wrote it, see `Summary.note`.
    """
    read = injection.blank(text[:_MAX_CHARACTERS])  # of equal length: what speaks to a model is passed over
    mail = bool(_MAIL.search(read))
    spans = (list(_written(read)) if mail else split(read))[:_MAX_SENTENCES] or split(read)[:_MAX_SENTENCES]
    if not spans:
        return Summary(sentences=(), method="extractive", model="", text=text, note=note)
    texts = [read[span.start : span.end] for span in spans]
    lengths = [count_words(part) for part in texts]
    if mail:
        chosen = _said(texts, lengths, max_words, quoted=" ".join(read[a:b] for a, b in _lines(read) if _QUOTE.match(read[a:b])))
    elif len(texts) > _FEW and not _is_said(texts):
        chosen = _told(texts, lengths, max_words)
    else:
        whole = count_words(read)
        room = max_words if whole <= max_words else min(max_words, max(_LEAST_WORDS, round(_SHARE * whole)))
        chosen = _said(texts, lengths, room)
    sentences = tuple(_sentence(read, spans[index]) for index in chosen)
    return Summary(sentences=sentences, method="extractive", model="", text=text, note=note)


def _written(text: str) -> Iterator[Span]:
    """The sentences of mail that its writers wrote: no heads, no quoted lines, no signatures."""
    signed = False
    begun = end = 0
    for start, stop in _lines(text):
        line = text[start:stop]
        head = bool(_HEAD.match(line))
        signed = not head and (signed or bool(_SIGNATURE.match(line)))
        if head or signed or _NO_TEXT.match(line):
            yield from _between(text, begun, end)
            begun = stop
        end = stop
    yield from _between(text, begun, end)


def _lines(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for mark in _LINE_END.finditer(text):
        yield start, mark.start()
        start = mark.end()
    yield start, len(text)


def _between(text: str, start: int, end: int) -> Iterator[Span]:
    """The sentences of a part, cut at what is no text."""
    for mark in (*_BREAK.finditer(text, start, end), None):
        stop = mark.start() if mark is not None else end
        for span in split(text[start:stop]) if start < stop else ():
            yield Span(start=start + span.start, end=start + span.end)
        start = mark.end() if mark is not None else end


def _sentence(text: str, span: Span) -> SummarySentence:
    return SummarySentence(text=" ".join(text[span.start : span.end].split()), evidence=(span,))


def _is_said(texts: Sequence[str]) -> bool:
    """Whether somebody speaks of himself or to somebody, outside quotations."""
    outside = [_QUOTED.sub(" ", part) for part in texts]
    return sum(bool(_SPEAKER.search(part)) for part in outside) > _SAID_SHARE * len(texts)


def _told(texts: Sequence[str], lengths: Sequence[int], room: int) -> list[int]:
    """Return the first sentences that fit and are near the centre."""
    vectors = _tf_idf(texts)
    central = _central(vectors, np.zeros(vectors.shape[1], dtype=np.float32))
    near = _NEAR * float(np.median(central))
    most = max(_TOLD_SENTENCES, room // _TOLD_SENTENCE_WORDS)
    chosen: list[int] = []
    for place in range(min(len(texts), _TOLD_AMONG)):
        if lengths[place] < _TOLD_WORDS or central[place] < near:
            continue
        if chosen and float((vectors[chosen] @ vectors[place]).max()) > _SAME:
            continue
        if lengths[place] > room or len(chosen) == most:
            break
        chosen.append(place)
        room -= lengths[place]
    return chosen or _said(texts, lengths, room)


def _said(texts: Sequence[str], lengths: Sequence[int], room: int, quoted: str = "") -> list[int]:
    """Return the places of central sentences that say different things, in the text's order.

    Args:
        quoted: what answers quote; it moves the centre, for what is answered matters.
    """
    count = len(texts)
    vectors = _tf_idf([*texts, quoted] if quoted else texts)
    answered, vectors = vectors[count:].sum(axis=0), vectors[:count]
    chinese = len(_HAN.findall("".join(texts[:20]))) > 3 * min(count, 20)
    sizes = np.array(lengths, dtype=np.float32)
    worth = _central(vectors, answered) + _LENGTH_BONUS * np.minimum(sizes, _LONG_WORDS) / _LONG_WORDS
    if chinese:
        worth -= _POLITE * np.array([bool(_MANNERS.search(part)) for part in texts])
    else:
        worth += _LEAD_BONUS / (1.0 + np.arange(count, dtype=np.float32))
    long = [place for place in range(count) if lengths[place] >= _TOO_SHORT_WORDS] or list(range(count))
    chosen: list[int] = []
    likeness = np.zeros(count, dtype=np.float32)
    while True:
        open_to = [index for index in long if index not in chosen and lengths[index] <= room]
        if not open_to:
            break
        best = open_to[int(np.argmax((worth - _NOVELTY * likeness)[open_to]))]
        chosen.append(best)
        room -= lengths[best]
        likeness = np.maximum(likeness, vectors @ vectors[best])
    return sorted(chosen) or [max(long, key=lambda place: float(worth[place]))]


def _central(vectors: Vectors, answered: Floats) -> Floats:
    """Return (n,) cosines to the centre, half of which is what is answered, a unit vector or nothing."""
    centre = vectors.mean(axis=0)
    centre = centre / max(float(np.linalg.norm(centre)), 1e-9) + answered
    norm = float(np.linalg.norm(centre))
    found: Floats = vectors @ (centre / norm) if norm > 0 else np.zeros(len(vectors), dtype=np.float32)
    return found


def _tf_idf(texts: Sequence[str]) -> Vectors:
    """Return (n, d) unit vectors of the sentences' words, weighed by how few sentences hold them."""
    bags = [Counter(_terms(text)) for text in texts]
    spread = Counter(word for bag in bags for word in bag)
    places = {word: place for place, word in enumerate(spread)}
    matrix = np.zeros((len(texts), max(len(places), 1)), dtype=np.float32)
    for row, bag in enumerate(bags):
        for word, times in bag.items():
            matrix[row, places[word]] = (1.0 + math.log(times)) * math.log(1.0 + len(texts) / spread[word])
    norms = np.linalg.norm(matrix, axis=1, keepdims=True)
    unit: Vectors = (matrix / np.where(norms > 0, norms, 1.0)).astype(np.float32)
    return unit


def _terms(text: str) -> list[str]:
    """Words, and of Han characters also each two that follow one another: most Chinese words are two."""
    found = [part for word in words(text) for part in _PART.split(word.casefold()) if part]
    pairs = [a + b for a, b in pairwise(found) if len(a) == len(b) == 1 and _HAN.match(a) and _HAN.match(b)]
    return found + pairs
