"""What ranking remembers of a post's words: a sketch of at most 32 hashed terms, 64 bytes a post.

A term is a word of a script with spaces, a character or a pair of neighbouring characters of a script without
them, or "@" and the host of the post's link. A term's number is the CRC-32 of its UTF-8 form, folded to
16 bits (`high half xor low half`); 0 means "no term" and a term that folds to 0 becomes 1. The numbers are stored in
profiles: changing how they are made means making all sketches again, and raising `SKETCH_VERSION`.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from sys import byteorder

import numpy as np
from numpy.typing import NDArray

SKETCH_VERSION = 1
SKETCH_TERMS = 32
TERM_SPACE = 65536

Sketches = NDArray[np.uint16]  # (n, SKETCH_TERMS), 0 where there is no term

# Scripts written without spaces between words: Thai, Lao, Myanmar, Khmer, kana, Han.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_UNSPACED += "\U00020000-\U0003ffff"
_TOKENS = re.compile(rf"[{_UNSPACED}]+|[^\W_{_UNSPACED}]+(?:['’][^\W_{_UNSPACED}]+)?")
_ASCII_TOKENS = re.compile(r"[a-z0-9]+(?:'[a-z0-9]+)?")  # the same of lower-case ASCII, three times as fast
_IS_UNSPACED = re.compile(rf"[{_UNSPACED}]")
_TEXT_CHARACTERS = 600  # a sketch is full long before

_STOP_WORDS = """
    a about after all also am an and any are as at be because been before being but by can could did do does for
    from get got had has have he her here him his how i if in into is it its just me more most my new no not now of
    off on one only or other our out over own she so some such than that the their them then there these they this
    those through to too up us very was we were what when where which while who why will with would you your via
    der das und ein eine ist von mit den dem zu im für auf nicht auch es ich sie wir
    le la les des un une et est dans pour que qui sur pas par au aux ce il elle nous
    el los las una del por con para es en se lo al su como o y e os da do em não na no uma
    di il che per non sono della gli het een en op te dat
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())


def _term(text: str) -> int:
    """The number of a term, 1 to 65535."""
    code = zlib.crc32(text.encode("utf-8", "surrogatepass"))
    return ((code >> 16) ^ code) & 0xFFFF or 1


@lru_cache(maxsize=65536)
def _word_term(word: str) -> int:
    """The number of a lower-case word less its English plural and possessive endings; 0 for a stop word."""
    if word.endswith(("'s", "’s")):
        word = word[:-2]
    if word in STOP_WORDS or (len(word) == 1 and word.isascii()):
        return 0
    if len(word) > 3 and word.isascii():
        if word.endswith("ies") and len(word) > 4:
            word = word[:-3] + "y"
        elif word[-1] == "s" and word[-2] not in "sui":
            word = word[:-1]
    return _term(word)


@lru_cache(maxsize=65536)
def _gram_term(gram: str) -> int:
    return _term(gram)


def host_of(url: str) -> str:
    """Return the host that a URL names, lower-case, without "www." and port; "" when it names none."""
    _, found, rest = url.partition("://")
    if not found:
        return ""
    host = re.split(r"[/?#]", rest, maxsplit=1)[0].rpartition("@")[2].partition(":")[0].lower()
    return host.removeprefix("www.")


def host_term(host: str) -> int:
    """The number of the term that stands for a link's host."""
    return _gram_term("@" + host)


def normalise(text: str) -> str:
    """Return text in one width and lower case (NFKC), as terms are made from it."""
    return text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).lower()


def terms(text: str) -> Iterator[int]:
    """Yield the numbers of a text's terms in order, repeats included."""
    folded = normalise(text)
    for match in (_ASCII_TOKENS if folded.isascii() else _TOKENS).finditer(folded):
        token = match.group()
        if token.isascii() or not _IS_UNSPACED.match(token):
            if number := _word_term(token):
                yield number
        else:
            previous = ""
            for character in token:
                if previous:
                    yield _gram_term(previous + character)
                yield _gram_term(character)
                previous = character


def terms_of_word(word: str) -> tuple[int, ...]:
    """The numbers that a post's sketch holds when the post has this word; "@" and a host stand for links to it.

    Of a word of a script without spaces its pairs of characters, which say more than the characters; () for a stop word.
    """
    if word.startswith("@"):
        return (host_term(word[1:].lower()),)
    found: dict[int, None] = {}
    for number, name in named_terms(word):
        if len(name) > 1 or len(word) == 1:
            found[number] = None
    return tuple(found)


def terms_of_text(text: str) -> tuple[int, ...]:
    """The numbers of a text's distinct terms, in order of their first place."""
    return tuple(dict.fromkeys(terms(text)))


def named_terms(text: str) -> Iterator[tuple[int, str]]:
    """Yield a text's terms in order, each with the characters that it was made of."""
    for match in _TOKENS.finditer(normalise(text)):
        token = match.group()
        if token.isascii() or not _IS_UNSPACED.match(token):
            if number := _word_term(token):
                yield number, token
        else:
            for place, character in enumerate(token):
                if place:
                    yield _gram_term(token[place - 1 : place + 1]), token[place - 1 : place + 1]
                yield _gram_term(character), character


def sketch(title: str, text: str, url: str) -> bytes:
    """Return a post's sketch: distinct terms as little-endian uint16, the host's first, then title, then text.

    Args:
        title, text: plain text; of the text only the beginning is read.
        url: the post's link; "" when there is none.
    Returns:
        At most 2 * SKETCH_TERMS bytes.
    """
    seen: dict[int, None] = {}
    if host := host_of(url):
        seen[host_term(host)] = None
    for part in (title, *_halves(text)):
        for number in _distinct_terms(part[:_TEXT_CHARACTERS]):
            seen[number] = None
            if len(seen) == SKETCH_TERMS:
                return _packed(seen)
    return _packed(seen)


def _halves(text: str) -> tuple[str, ...]:
    """The beginning of a text in one or two parts: most sketches are full before the second is read."""
    cut = text.rfind(" ", 0, 250) if len(text) > 300 else -1
    if cut <= 0 or not text[:cut].isascii():
        return (text,)
    return text[:cut], text[cut:_TEXT_CHARACTERS]


def _distinct_terms(text: str) -> Iterable[int]:
    """The numbers of a text's terms in order of their first place; some may come again."""
    folded = normalise(text)
    if folded.isascii():
        return filter(None, map(_word_term, dict.fromkeys(_ASCII_TOKENS.findall(folded))))
    return terms(text)


def _packed(numbers: Iterable[int]) -> bytes:
    packed = array("H", numbers)
    if byteorder == "big":
        packed.byteswap()
    return packed.tobytes()


def unpack(sketches: Sequence[bytes]) -> Sketches:
    """Return (n, SKETCH_TERMS) uint16 from stored sketches, 0 after the last term of each."""
    width = 2 * SKETCH_TERMS
    padded = b"".join([part[:width].ljust(width, b"\0") for part in sketches])
    return np.frombuffer(padded, dtype="<u2").astype(np.uint16).reshape(len(sketches), SKETCH_TERMS)
