"""What is in memory of every post that may stand in the timeline."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.ranking.candidates import Candidates
from engine.ranking.clusters import Clusters
from engine.ranking.edits import Edits
from engine.ranking.learner import Feedback, Interest, Model, corpus_idf
from engine.ranking.model import lengths_of
from engine.ranking.score import Ranking
from engine.ranking.termspace import Table
from engine.types import Floats, Ids, Vectors
from engine.vectors import Int8Matrix


@dataclass(slots=True)
class Loaded:
    """Columns of all candidates by row, and what was learnt."""

    candidates: Candidates
    vectors: Int8Matrix
    read: NDArray[np.bool_]
    saved: NDArray[np.bool_]
    folded: NDArray[np.bool_]  # only lists of more than one feed lack them
    learnt: Model | None = None
    feedback: Feedback | None = None  # what that was learnt from
    acted: Ids = field(default_factory=lambda: np.zeros(0, np.int64))  # the posts of that
    words: tuple[int, Table, Floats] | None = None  # weights of terms and lengths of bags, by the version of the candidates
    clusters: Clusters | None = None
    pool: Vectors | None = None  # some vectors, evenly over all: see `drift`
    pool_of: int = 0  # how many there were then
    drifted: dict[int, Floats] = field(default_factory=dict)  # by post that the person acted on
    authors: dict[str, int] = field(default_factory=dict)  # of posts that the person acted on, and edited ones
    author_of: dict[int, str] = field(default_factory=dict)
    edits: Edits = field(default_factory=Edits)
    interest: Interest | None = None  # of all candidates; None where it must be asked anew
    edited: dict[str, Floats] | None = None
    orders: OrderedDict[int, Ranking] = field(default_factory=OrderedDict)  # by timeline; 0 is For you
    boosted: Ids = field(default_factory=lambda: np.zeros(0, np.int64))  # posts that rules rank higher
    stale: bool = True  # the orders lack what changed since; cards may still read them, lists may not
    liked_ids: Ids = field(default_factory=lambda: np.zeros(0, np.int64))
    liked_vectors: Vectors = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    liked_titles: dict[int, str] = field(default_factory=dict)  # those that were asked for
    unsaved: bool = False

    def rows_in_vectors(self) -> NDArray[np.int64]:
        return self.vectors.rows_of(self.candidates.ids) if self.vectors.dim else np.full(len(self.candidates), -1, np.int64)

    def term_weights(self) -> Table:
        return self._words()[1]

    def lengths(self) -> Floats:
        return self._words()[2]

    def _words(self) -> tuple[int, Table, Floats]:
        if self.words is None or self.words[0] != self.candidates.version:
            idf = corpus_idf(self.candidates.sketches)
            self.words = self.candidates.version, idf, lengths_of(self.candidates.sketches, idf)
        return self.words


def vectors_of(loaded: Loaded, ids: Ids) -> Vectors:
    """Return (n, d) vectors, NaN in the rows of posts that have none."""
    dim = max(loaded.vectors.dim, 1)
    found = np.full((len(ids), dim), np.nan, np.float32)
    if loaded.vectors.dim:
        rows = loaded.vectors.rows_of(ids)
        found[rows >= 0] = loaded.vectors.vectors(rows[rows >= 0])
    return found
