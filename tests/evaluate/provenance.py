"""Which texts the shipped heads were trained on, as hashes: `packaging/heads` writes them, the evaluation reads them.

A text is known again through changes of case, punctuation, links and names of users, because the same post goes round
in several collections. A hash has 32 bits: with 30,000 rows a foreign text is taken for a known one once in 140,000.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SHARE = 0.2  # from this share of known rows on, a set counts as trained on
_LINK = re.compile(r"https?\S*|www\.\S+")
_USER = re.compile(r"@\w+")
_OTHER = re.compile(r"[\W_]+")


def normalised(text: str) -> str:
    """The words of a text alone: lower-case, without links, names of users, punctuation and spaces."""
    text = html.unescape(text).lower()
    return _OTHER.sub("", _USER.sub("", _LINK.sub("", text)))


def row_hash(text: str) -> int:
    return int.from_bytes(hashlib.sha256(normalised(text).encode()).digest()[:4], "big")


def row_hashes(texts: Iterable[str]) -> NDArray[np.uint32]:
    """The sorted, distinct hashes of texts."""
    return np.unique(np.fromiter((row_hash(text) for text in texts), dtype=np.uint32))


def known_rows(folder: Path) -> NDArray[np.uint32]:
    """Every row hash that the cards in `resources/heads` come with (`*.rows.npy`)."""
    parts = [np.load(path, allow_pickle=False) for path in sorted(folder.glob("*.rows.npy"))]
    return np.unique(np.concatenate(parts)) if parts else np.empty(0, dtype=np.uint32)


def trained_on(texts: Sequence[str], known: NDArray[np.uint32]) -> bool:
    """Whether at least a fifth of these texts were in a shipped head's training data."""
    if not len(texts) or not len(known):
        return False
    return float(np.isin(row_hashes(texts), known).mean()) >= SHARE
