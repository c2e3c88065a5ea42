"""Words and characters of texts as numbers of buckets (feature hashing, Weinberger et al. 2009), many texts at a time.

Of a text: every run of 1 to 5 characters, every word, every pair of neighbouring words, and what `facts` says of it. A run is
told by a polynomial of its code points modulo 2^64, which prefix sums give for all runs at once; the rest of the text
plays no part. Numbers are stored in trained heads: changing how they are made means training them again.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.signals.facts import facts

BITS = 19
LONGEST_RUN = 5
MAX_CHARACTERS = 1500
BLOCK = 64  # texts that are worked on together: their arrays stay in the processor's cache

_BASE = 0x9E3779B97F4A7C15  # odd, so it has an inverse modulo 2^64
_INVERSE = pow(_BASE, -1, 1 << 64)
_LINK = re.compile(r"https?\S*|www\.\S+")
_USER = re.compile(r"@\w+")
_SPACES = re.compile(r"\s+")
_STRETCHED = re.compile(r"(.)\1{3,}")
_PAIR = np.uint64(0xD6E8FEB86659FD93)

Buckets = NDArray[np.int32]
Rows = NDArray[np.int32]


def normalise(text: str) -> str:
    """One width, lower case, links and names of users as one sign each, no character more than three times in a row."""
    text = text[:MAX_CHARACTERS]
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    text = _LINK.sub("\x01", text.lower())
    text = _SPACES.sub(" ", _USER.sub("\x02", text)).strip()
    return (" " + _STRETCHED.sub(r"\1\1\1", text) + " ")[: MAX_CHARACTERS + 2]


def features(texts: Sequence[str]) -> tuple[Rows, Buckets]:
    """The distinct features of texts as (row, bucket) pairs, by ascending row; buckets are below 2^BITS."""
    parts = [_block(texts[start : start + BLOCK], start) for start in range(0, len(texts), BLOCK)]
    if not parts:
        return np.zeros(0, np.int32), np.zeros(0, np.int32)
    keys = np.concatenate(parts)
    return (keys >> BITS).astype(np.int32), (keys & ((1 << BITS) - 1)).astype(np.int32)


def _block(texts: Sequence[str], first: int) -> NDArray[np.int64]:
    clean = [normalise(text) for text in texts]
    codes = np.frombuffer("".join(clean).encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint64)
    sizes = np.array([len(text) for text in clean])
    ends = np.cumsum(sizes)
    row_of = np.repeat(np.arange(len(clean)), sizes)
    end_of = np.repeat(ends, sizes)
    place = np.arange(len(codes))
    back, sums = _prefix_sums(codes)
    found = []

    def keep(rows: NDArray[Any], numbers: NDArray[np.uint64]) -> None:
        mixed = numbers ^ (numbers >> np.uint64(29))
        mixed = (mixed * np.uint64(0xBF58476D1CE4E5B9)) >> np.uint64(64 - BITS)
        found.append(((rows + first).astype(np.int64) << BITS) | mixed.astype(np.int64))

    for length in range(1, LONGEST_RUN + 1):
        here = place[place + length <= end_of]
        keep(row_of[here], (sums[here + length] - sums[here]) * back[here] + np.uint64(length))
    words, word_rows = _words(codes, row_of, sums, back)
    keep(word_rows, words + np.uint64(101))
    same = word_rows[1:] == word_rows[:-1]
    keep(word_rows[1:][same], (words[:-1] * _PAIR + words[1:])[same])
    told = [(row, _fact(name)) for row, text in enumerate(texts) for name in facts(text[:MAX_CHARACTERS])]
    if told:
        rows, numbers = zip(*told, strict=True)
        keep(np.array(rows), np.array(numbers, dtype=np.uint64))
    return np.unique(np.concatenate(found))


def _prefix_sums(codes: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Inverse powers (n,) and sums (n + 1,): the run from i to j is `(sums[j] - sums[i]) * inverse[i]`."""
    powers = np.full(len(codes), _BASE, dtype=np.uint64)
    inverse = np.full(len(codes), _INVERSE, dtype=np.uint64)
    powers[:1] = inverse[:1] = 1
    np.multiply.accumulate(powers, out=powers)
    np.multiply.accumulate(inverse, out=inverse)
    sums = np.zeros(len(codes) + 1, dtype=np.uint64)
    np.cumsum((codes + np.uint64(1)) * powers, out=sums[1:])
    return inverse, sums


def _words(
    codes: NDArray[np.uint64], row_of: NDArray[Any], sums: NDArray[np.uint64], back: NDArray[np.uint64]
) -> tuple[NDArray[np.uint64], NDArray[Any]]:
    """The numbers of all runs between blanks and punctuation, and the rows that they stand in."""
    apart = _SEPARATORS[np.minimum(codes, len(_SEPARATORS) - 1).astype(np.int64)]
    inside = np.concatenate([[False], ~apart, [False]])
    edges = np.flatnonzero(inside[1:] != inside[:-1])
    starts, stops = edges[::2], edges[1::2]
    return (sums[stops] - sums[starts]) * back[starts], row_of[starts]


_SEPARATORS = np.array([not (chr(code).isalnum() or chr(code) in "'’_#\x01\x02") for code in range(0x3100)])


@lru_cache(maxsize=1024)
def _fact(name: str) -> int:
    return zlib.crc32(name.encode()) * 0x9E3779B1
