"""Posts as weighted bags of hashed terms, and a space learnt from the words of the person's own posts.

The space is latent semantic analysis (Deerwester et al. 1990): a truncated singular value decomposition of the posts'
TF-IDF bags, by the randomised range finder of Halko, Martinsson and Tropp (2011). Two posts that share no word can be
close in it. It carries the ranking for languages that the embedding model does not speak.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.ranking.features import TERM_SPACE, Sketches, terms
from engine.types import Floats

Numbers = NDArray[np.floating[Any]]
_ROUNDS = 4  # of the power iteration: with 2 the last of 32 dimensions still depend on the start

Table = NDArray[np.float32]  # (TERM_SPACE,) or (TERM_SPACE, k): one number or vector for each term


@dataclass(frozen=True, slots=True)
class Bags:
    """Terms of n posts in compressed rows: post i has `terms[starts[i]:starts[i + 1]]`, with `values` beside."""

    starts: NDArray[np.int64]  # (n + 1,)
    terms: NDArray[np.int64]
    values: Floats

    def __len__(self) -> int:
        return len(self.starts) - 1

    @staticmethod
    def of(counts: Iterable[Counter[int]]) -> Bags:
        """Bags of counted terms; a term's value is 1 + ln(count)."""
        rows = [(np.fromiter(c.keys(), np.int64, len(c)), np.fromiter(c.values(), np.float32, len(c))) for c in counts]
        starts = np.concatenate([[0], np.cumsum([len(keys) for keys, _ in rows])]).astype(np.int64)
        if not starts[-1]:
            return Bags(starts, np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32))
        values = np.concatenate([values for _, values in rows])
        return Bags(starts, np.concatenate([keys for keys, _ in rows]), 1 + np.log(values))

    @staticmethod
    def of_sketches(sketches: Sketches) -> Bags:
        """Bags of sketches; every term has the value 1."""
        there = sketches != 0
        starts = np.concatenate([[0], np.cumsum(there.sum(axis=1))]).astype(np.int64)
        found = sketches[there].astype(np.int64)
        return Bags(starts, found, np.ones(len(found), dtype=np.float32))

    def head(self, count: int) -> Bags:
        """The first `count` bags."""
        return self.part(0, count)

    def part(self, first: int, last: int) -> Bags:
        """The bags from `first` up to `last`."""
        begin, end = self.starts[first], self.starts[last]
        return Bags(self.starts[first : last + 1] - begin, self.terms[begin:end], self.values[begin:end])

    def picked(self, posts: NDArray[np.int64]) -> Bags:
        """The bags of some posts, in the order given, which must grow."""
        keep = np.isin(self.rows(), posts)
        starts = np.concatenate([[0], np.cumsum(np.diff(self.starts)[posts])]).astype(np.int64)
        return Bags(starts, self.terms[keep], self.values[keep])

    def rows(self) -> NDArray[np.int64]:
        """The post of each term."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))

    def document_frequency(self) -> Floats:
        """In how many posts each term stands: (TERM_SPACE,)."""
        return np.bincount(self.terms, minlength=TERM_SPACE).astype(np.float32)

    def weighted(self, idf: Table) -> Bags:
        """These bags with TF-IDF values, each scaled to unit length."""
        values = self.values * idf[self.terms]
        rows = self.rows()
        lengths = np.sqrt(np.bincount(rows, values * values, minlength=len(self)))
        return Bags(self.starts, self.terms, (values / np.maximum(lengths, 1e-9)[rows]).astype(np.float32))

    def sums(self, table: Table) -> Floats:
        """For each post the sum over its terms of value times table entry: (n,) or (n, k)."""
        rows = self.rows()
        if table.ndim == 1:
            return np.bincount(rows, self.values * table[self.terms], minlength=len(self)).astype(np.float32)
        result = np.zeros((len(self), table.shape[1]), dtype=np.float32)
        step = 4096
        for first in range(0, len(self), step):
            last = min(first + step, len(self))
            there = np.flatnonzero(np.diff(self.starts[first : last + 1])) + first
            begin, end = self.starts[first], self.starts[last]
            if begin == end:
                continue
            products = table[self.terms[begin:end]] * self.values[begin:end, None]
            result[there] = np.add.reduceat(products, self.starts[there] - begin, axis=0)
        return result

    def table(self, weights: Numbers) -> Table:
        """For each term the sum over posts of value times the post's weight: (TERM_SPACE,)."""
        return np.bincount(self.terms, self.values * weights[self.rows()], minlength=TERM_SPACE).astype(np.float32)

    def gram(self) -> Floats:
        """Dot products of all posts with all: (n, n)."""
        used, columns = np.unique(self.terms, return_inverse=True)
        rows = self.rows()
        result = np.zeros((len(self), len(self)), dtype=np.float32)
        step = 8192  # columns at once: memory stays bounded
        for first in range(0, len(used), step):
            here = (columns >= first) & (columns < first + step)
            dense = np.zeros((len(self), min(step, len(used) - first)), dtype=np.float32)
            np.add.at(dense, (rows[here], columns[here] - first), self.values[here])
            result += dense @ dense.T
        return result


def inverse_document_frequency(frequency: Floats, posts: int) -> Table:
    """1 + ln((1 + n) / (1 + df)), which stays positive for words that stand everywhere."""
    return (1 + np.log((1 + posts) / (1 + frequency))).astype(np.float32)


def count_terms(text: str, extra: Sequence[int] = ()) -> Counter[int]:
    """Count a text's terms (see `features.terms`), and each of `extra` once more."""
    counts = Counter(terms(text))
    counts.update(extra)
    return counts


def _principal(tall: Floats) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Singular values, largest first, and right singular vectors (k, k) of a tall (n, k) matrix, by its Gram matrix."""
    squares, axes = np.linalg.eigh((tall.T @ tall).astype(np.float64))
    return np.sqrt(np.maximum(squares[::-1], 1e-12)), axes[:, ::-1]


class TermSpace:
    """Term weights and a latent space from the words of many posts."""

    def __init__(self, idf: Table, projection: Table, mean: Floats, posts: int, footing: float = 1.0) -> None:
        self.idf = idf  # (TERM_SPACE,)
        self.projection = projection  # (TERM_SPACE, k)
        self.mean = mean  # (k,)
        self.posts = posts
        self.footing = footing  # the length of the projection that three posts in four reach

    @staticmethod
    def fit(bags: Bags, dims: int = 32) -> TermSpace:
        """Learn from the bags of a few hundred to some ten thousand posts; deterministic.

        Terms that stand in fewer than three posts get no place in the latent space. With fewer than four times `dims`
        posts there is no latent space, only term weights.
        """
        frequency = bags.document_frequency()
        idf = inverse_document_frequency(frequency, len(bags))
        common = np.flatnonzero(frequency >= 3)
        if len(bags) < 4 * dims or len(common) <= 2 * dims:
            return TermSpace(idf, np.zeros((TERM_SPACE, 0), np.float32), np.zeros(0, np.float32), len(bags))
        weighted = bags.weighted(np.where(frequency >= 3, idf, 0).astype(np.float32))
        order = np.argsort(weighted.terms, kind="stable")
        rows = weighted.rows()[order]
        values = weighted.values[order]
        firsts = np.searchsorted(weighted.terms[order], common)
        end = int(np.searchsorted(weighted.terms[order], common[-1], side="right"))

        def transposed(left: Floats) -> Table:
            """(TERM_SPACE, k) from (n, k)."""
            result = np.zeros((TERM_SPACE, left.shape[1]), dtype=np.float32)
            step = 512
            for first in range(0, len(common), step):
                picked = firsts[first : first + step]
                stop = int(firsts[first + step]) if first + step < len(common) else end
                begin = int(picked[0])
                # Terms between two common ones are rare: their value is 0, so their rows add nothing.
                products = left[rows[begin:stop]] * values[begin:stop, None]
                result[common[first : first + step]] = np.add.reduceat(products, picked - begin, axis=0)
            return result

        random = np.random.default_rng(0)
        basis = np.zeros((TERM_SPACE, dims + 8), dtype=np.float32)
        basis[common] = random.standard_normal((len(common), dims + 8), dtype=np.float32)
        for _ in range(_ROUNDS):
            left = weighted.sums(basis)
            lengths, axes = _principal(left)
            basis = transposed(left @ (axes / lengths).astype(np.float32))
        singular, axes = _principal(basis[common])
        kept = axes[:, :dims].astype(np.float32)
        projection = np.zeros((TERM_SPACE, dims), dtype=np.float32)
        projection[common] = basis[common] @ (kept / singular[:dims].astype(np.float32))
        places = weighted.sums(projection)
        footing = float(np.quantile(np.linalg.norm(places, axis=1), 0.25))
        return TermSpace(idf, projection, places.mean(axis=0), len(bags), max(footing, 1e-9))

    @property
    def dims(self) -> int:
        return int(self.projection.shape[1])

    def places(self, bags: Bags) -> Floats:
        """Return (n, dims) vectors of TF-IDF bags in the latent space, measured from its middle, at most 1 long.

        A post that the space holds little of (see `footing`) is shorter: of a language of few posts it knows next to
        nothing, and all such posts would lie side by side at the far end from the middle.
        """
        found = bags.sums(self.projection)
        known = np.minimum(np.linalg.norm(found, axis=1, keepdims=True) / self.footing, 1.0)
        found -= self.mean
        return np.asarray(known * found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9), dtype=np.float32)
