"""Stories of the last days, kept so that a new post finds its own in bounded time. Pure; not thread-safe.

What is kept of a post is a row of hashed terms, its vector and its addresses. A new post is compared with those that share rare
words or addresses with it or whose vectors are near, never with all; posts that are too old are forgotten, never compared anew.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.ranking.features import TERM_SPACE, normalise
from engine.ranking.termspace import count_terms
from engine.types import Floats, Ids, Vectors

WINDOW_HOURS = 96.0  # posts that are further apart are not compared

_TERMS = 48  # of a post, its title's first
_TEXT_CHARACTERS = 300
_TEXT_WEIGHT = 0.6  # of a term that stands in the text only
_BLOCK = 64  # posts whose cosines are made at once
_COMMON = 0.02  # share of the posts from which a term leads to nobody
_RAREST = 20  # terms of a post that lead to others
_LOOKED_UP = 12_000  # entries of the word index that one post may cost
_USUAL_LENGTH = 15.0  # of a post's weighted terms; only the choice of whom to compare hangs on it
_COMPARED = 64  # posts that one post is compared with closely
_NEAREST = 3  # members by which a story is judged
_LEAST_TITLE = 12  # characters from which an equal title means an equal story
_ALIKE = 0.37  # what the mean likeness to a story's nearest members must reach, …
_FEW = 0.09  # … more of a story that is told once, half as much more of one told twice
TWO_ALIKE = _ALIKE + _FEW  # from here on two posts begin a story
_BRIDGE = 0.12  # … and more for a post to bring a second story to its own
_MOST_BRIDGED = 40  # posts of a story that may still be brought to another
_SAME_SOURCE = 0.85  # a feed that says the like again mostly tells something else
_WORDS_SHARE = 0.35  # beside the vectors' cosine
# Shared words alone score lower than words and meaning together: the exponent lifts them to one scale.
_WORDS_ALONE_EXPONENT = 1.5
_LEAST_GROUND = 400.0  # posts that term weights are learnt from at least; fewer count as so many

_COLUMNS = ("_ids", "_hours", "_stories", "_alive", "_terms", "_values", "_vectors", "_spoken", "_sources")
_TITLE = "\n"  # begins a title among the addresses
_Slots = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What folding reads of a post."""

    id: int
    title: str
    text: str = ""
    links: tuple[str, ...] = ()  # addresses that it is about, reduced for matching: see `links_of`
    hours: float = float("nan")  # when it was published, in hours since 1970; NaN while unknown
    source: int = 0  # the feed; 0 while unknown
    vector: Floats | None = None  # (d,) of length 1; None where the model does not speak its language


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Where a post belongs: beside which other post (None: it stands alone so far), and whose stories it brings together with that."""

    id: int
    beside: int | None = None
    joined: tuple[int, ...] = ()


class StoryIndex:
    """Posts of a window of time with their stories.

    Stories are numbers that the caller gives; the index gives negative ones to those it begins.

    Args:
        stricter: is added to what a post must reach to be taken into a story: what the person's splits and merges taught.
    """

    def __init__(self, *, stricter: float = 0.0) -> None:
        self.stricter = stricter
        self._count = 0  # rows in use, those of forgotten posts among them
        self._ids: Ids = np.zeros(0, np.int64)
        self._hours: NDArray[np.float64] = np.zeros(0, np.float64)
        self._stories: _Slots = np.zeros(0, np.int64)
        self._alive: NDArray[np.bool_] = np.zeros(0, np.bool_)
        self._terms: NDArray[np.int32] = np.zeros((0, _TERMS), np.int32)
        self._values: Floats = np.zeros((0, _TERMS), np.float32)
        self._vectors: Vectors = np.zeros((0, 0), np.float32)
        self._spoken: NDArray[np.bool_] = np.zeros(0, np.bool_)
        self._sources: _Slots = np.zeros(0, np.int64)
        self._row: dict[int, int] = {}
        self._sizes: dict[int, int] = defaultdict(int)
        self._by_term: dict[int, array[int]] = defaultdict(_no_rows)
        self._by_link: dict[str, list[int]] = defaultdict(list)
        self._links: dict[int, tuple[str, ...]] = {}
        self._frequency: Floats = np.zeros(TERM_SPACE, np.float32)
        self._seen = 0.0
        self._apart: dict[int, set[int]] = defaultdict(set)
        self._together: dict[int, set[int]] = defaultdict(set)
        self._next_story = -(2**62)
        self._table: Floats = np.zeros(TERM_SPACE, np.float32)
        self._block: Floats = np.zeros((0, 0), np.float32)
        self._block_first = 0

    def __len__(self) -> int:
        return len(self._row)

    def __contains__(self, post_id: int) -> bool:
        return post_id in self._row

    def story_of(self, post_id: int) -> int | None:
        row = self._row.get(post_id)
        return None if row is None else int(self._stories[row])

    # ---- what is known already ---------------------------------------------------------------

    def load(self, tellings: Sequence[Telling], stories: Mapping[int, int]) -> None:
        """Take in posts whose stories are settled; those without an entry stand alone."""
        for telling in tellings:
            self.remove([telling.id])
            row = self._add(telling)
            self._put(row, stories.get(telling.id) or self._new_story())

    def number(self, stories: Mapping[int, int | None]) -> None:
        """Give posts the numbers of their stories (None: the post stands alone); those that are not here are passed over."""
        for post_id, story in stories.items():
            row = self._row.get(post_id)
            if row is not None:
                self._put(row, self._new_story() if story is None else story)

    def keep(self, pairs: Iterable[tuple[int, int, bool]]) -> None:
        """Remember what the person decided: two posts tell the same (True) or do not (False), for ever."""
        for one, other, together in pairs:
            for a, b in ((one, other), (other, one)):
                (self._together if together else self._apart)[a].add(b)
                (self._apart if together else self._together)[a].discard(b)

    def forget_pairs(self) -> None:
        """Forget what the person decided, to be told anew."""
        self._apart.clear()
        self._together.clear()

    def remove(self, ids: Iterable[int]) -> None:
        """Forget posts; those that are not here are passed over."""
        for post_id in ids:
            row = self._row.pop(post_id, None)
            if row is None:
                continue
            self._alive[row] = False
            self._leave(row)
            for link in self._links.pop(post_id, ()):
                self._by_link[link].remove(row)
                if not self._by_link[link]:
                    del self._by_link[link]
        if self._count > 1024 and self._count > 2 * len(self._row):
            self._compact()

    def forget_before(self, hours: float) -> None:
        """Forget posts that were published before a time, in hours since 1970."""
        rows = np.flatnonzero(self._alive[: self._count] & (self._hours[: self._count] < hours))
        self.remove(self._ids[rows].tolist())

    # ---- placing -----------------------------------------------------------------------------

    def place(self, tellings: Sequence[Telling]) -> list[Placed]:
        """Put new posts to their stories, in the order given, and keep them. A post that is here already is placed anew."""
        found: list[Placed] = []
        for first in range(0, len(tellings), _BLOCK):
            block = tellings[first : first + _BLOCK]
            self.remove([telling.id for telling in block])
            rows = [self._add(telling) for telling in block]
            self._make_cosines(rows)
            for telling, row in zip(block, rows, strict=True):
                found.append(self._place(telling, row))
        return found

    def _place(self, telling: Telling, row: int) -> Placed:
        beside = self._known(telling, row)
        rows, alike = self._nearest(row)
        best, also = self._closest(telling.id, row, rows, alike)
        if beside is None:
            beside = best
        else:
            also = [other for other in ([best] if best is not None else []) + also if self._stories[other] != self._stories[beside]]
        if beside is None:
            self._put(row, self._new_story())
            return Placed(id=telling.id)
        story = int(self._stories[beside])
        self._put(row, story)
        joined: list[int] = []
        for other in also:
            if self._stories[other] != story and self._may_join(int(self._stories[other]), story):
                joined.append(int(self._ids[other]))
                for member in np.flatnonzero(self._stories[: self._count] == self._stories[other]):
                    self._put(int(member), story)
        return Placed(id=telling.id, beside=int(self._ids[beside]), joined=tuple(joined))

    def _known(self, telling: Telling, row: int) -> int | None:
        """A post that tells the same by what needs no comparing: the person's word, one address, one longer title."""
        for other in self._together.get(telling.id, ()):
            if self._row.get(other, row) < row:
                return self._row[other]
        for link in self._links[telling.id]:
            for other in reversed(self._by_link.get(link, ())):
                if other >= row or (link.startswith(_TITLE) and telling.source and telling.source == self._sources[other]):
                    continue
                if self._alive[other] and self._in_window(other, row) and self._allowed(telling.id, other):
                    return other
        return None

    def _nearest(self, row: int) -> tuple[_Slots, Floats]:
        """Earlier posts that may tell the same, and how alike they are."""
        rough = self._shared_words(row)
        if self._spoken[row]:  # vectors of posts without one are zero
            rough = np.maximum(rough, self._block[row - self._block_first, :row])
        near = np.flatnonzero((rough >= 0.2) & self._alive[:row])
        near = near[~(np.abs(self._hours[near] - self._hours[row]) > WINDOW_HOURS)]
        if len(near) > _COMPARED:
            near = np.sort(near[np.argpartition(-rough[near], _COMPARED)[:_COMPARED]])
        return near, self._alike(row, near)

    def _alike(self, row: int, others: _Slots) -> Floats:
        """(n,) how alike a post and some others are, from 0 to 1."""
        words = self._word_cosines(row, others)
        alike = alone(words)
        if self._spoken[row] and len(others):
            cosines = np.clip(self._block[row - self._block_first, others], 0, 1)
            alike = np.where(self._spoken[others], together(cosines, words), alike)
        if self._sources[row]:
            alike = np.where(self._sources[others] == self._sources[row], alike * np.float32(_SAME_SOURCE), alike)
        return alike

    def _closest(self, post_id: int, row: int, rows: _Slots, alike: Floats) -> tuple[int | None, list[int]]:
        """A member of the story that a post is most alike, if it is alike enough, and of further ones that it is as surely alike."""
        best: dict[int, list[tuple[float, int]]] = {}
        order = np.argsort(-alike)
        for score, place, story in zip(alike[order].tolist(), rows[order].tolist(), self._stories[rows[order]].tolist(), strict=True):
            if score < _ALIKE / 2:
                break
            nearest = best.setdefault(story, [])
            if len(nearest) < _NEAREST:
                nearest.append((score, place))
        judged: list[tuple[float, int]] = []
        for story, nearest in best.items():
            if post_id in self._apart and not self._allowed_in(post_id, story):
                continue
            size = min(self._sizes[story], _NEAREST)
            over = sum(score for score, _ in nearest) / size - _ALIKE - (_FEW, _FEW / 2, 0.0)[size - 1] - self.stricter
            if over >= 0:
                judged.append((over, nearest[0][1]))
        judged.sort(reverse=True)
        also = [
            place for over, place in judged[1:]
            if over >= _BRIDGE and judged[0][0] >= _BRIDGE and self._sizes[int(self._stories[place])] <= _MOST_BRIDGED
        ]  # fmt: skip
        return (judged[0][1] if judged else None), also

    def alike(self, one: Telling, other: Telling) -> float:
        """How alike two posts are, by what words are worth now; they need not be here, and are not kept."""
        pair = StoryIndex()
        pair._frequency, pair._seen = self._frequency, max(self._seen, 1.0)
        rows = [pair._add(replace(one, id=1)), pair._add(replace(other, id=2))]
        for row in rows:  # the weights are this index's own
            pair._frequency[pair._terms[row][pair._terms[row] > 0]] -= 1
        pair._make_cosines(rows)
        return float(pair._alike(1, np.zeros(1, np.int64))[0])

    def compare_with_all(self) -> Floats:
        """How alike the newest post is to every other one: what placing costs without an index, to measure it by."""
        row = self._count - 1
        self._make_cosines([row])
        return self._alike(row, np.arange(row))

    # ---- inside ------------------------------------------------------------------------------

    def _allowed(self, post_id: int, row: int) -> bool:
        return post_id not in self._apart or self._allowed_in(post_id, int(self._stories[row]))

    def _allowed_in(self, post_id: int, story: int) -> bool:
        """Whether the person kept a post apart from no member of a story."""
        return all(self.story_of(other) != story for other in self._apart.get(post_id, ()))

    def _may_join(self, story: int, other: int) -> bool:
        """Whether the person kept no two members of two stories apart."""
        return not any(
            {self.story_of(post_id), self.story_of(b)} == {story, other} for post_id, bs in self._apart.items() for b in bs
        )

    def _in_window(self, row: int, other: int) -> bool:
        return not abs(self._hours[row] - self._hours[other]) > WINDOW_HOURS

    def _new_story(self) -> int:
        self._next_story += 1
        return self._next_story

    def _put(self, row: int, story: int) -> None:
        self._leave(row)
        self._stories[row] = story
        self._sizes[story] += 1

    def _leave(self, row: int) -> None:
        story = int(self._stories[row])
        if story:
            self._sizes[story] -= 1
            if self._sizes[story] <= 0:
                del self._sizes[story]
        self._stories[row] = 0

    def _add(self, telling: Telling) -> int:
        if self._count == len(self._ids):
            self._grow()
        row = self._count
        self._count += 1
        self._ids[row], self._hours[row], self._stories[row] = telling.id, telling.hours, 0
        self._sources[row] = telling.source
        self._alive[row] = True
        self._row[telling.id] = row
        terms, values = _bag(telling)
        self._terms[row], self._values[row] = 0, 0
        self._terms[row, : len(terms)], self._values[row, : len(terms)] = terms, values
        self._frequency[terms] += 1
        self._seen += 1
        for term in terms.tolist():
            self._by_term[term].append(row)
        links = telling.links
        title = " ".join(normalise(telling.title).split())
        if len(title) >= _LEAST_TITLE:
            links = (*links, _TITLE + title)
        self._links[telling.id] = links
        for link in links:
            self._by_link[link].append(row)
        self._spoken[row] = False
        if telling.vector is not None and np.isfinite(telling.vector).all():
            if not self._vectors.shape[1]:
                self._vectors = np.zeros((len(self._ids), len(telling.vector)), np.float32)
            if len(telling.vector) == self._vectors.shape[1]:
                self._vectors[row], self._spoken[row] = telling.vector, True
        if not self._spoken[row] and self._vectors.shape[1]:
            self._vectors[row] = 0
        return row

    def _grow(self) -> None:
        room = max(256, len(self._ids) // 2)
        for name in _COLUMNS:
            column: NDArray[Any] = getattr(self, name)
            setattr(self, name, np.concatenate([column, np.zeros((room, *column.shape[1:]), column.dtype)]))

    def _compact(self) -> None:
        """Drop the rows of forgotten posts."""
        keep = np.flatnonzero(self._alive[: self._count])
        for name in _COLUMNS:
            setattr(self, name, getattr(self, name)[keep].copy())
        self._count = len(keep)
        self._row = {int(post_id): row for row, post_id in enumerate(self._ids)}
        moved = {int(old): new for new, old in enumerate(keep)}
        self._by_link = defaultdict(list, {link: [moved[row] for row in rows] for link, rows in self._by_link.items()})
        self._by_term = defaultdict(_no_rows)
        for row in range(self._count):
            for term in self._terms[row][self._terms[row] > 0].tolist():
                self._by_term[term].append(row)
        # Old posts weigh less in what the words of today are worth, and are not quite forgotten.
        self._frequency *= np.float32(0.7)
        self._seen *= 0.7

    def _weights(self) -> Floats:
        """How much each term tells, from the posts seen so far: (TERM_SPACE,)."""
        return np.asarray(1 + np.log((1 + max(self._seen, _LEAST_GROUND)) / (1 + self._frequency)), dtype=np.float32)

    def _make_cosines(self, rows: Sequence[int]) -> None:
        """Cosines of the posts of a block with all before them: made at once, which is many times faster."""
        self._idf = self._weights()
        self._block_first = rows[0] if rows else 0
        if rows and self._vectors.shape[1]:
            self._block = self._vectors[rows[0] : rows[-1] + 1] @ self._vectors[: rows[-1] + 1].T
        else:
            self._block = np.zeros((len(rows), self._count), np.float32)

    def _shared_words(self, row: int) -> Floats:
        """(row,) roughly: word cosines of a post with those before it, by its rarer terms."""
        there = self._terms[row] > 0
        terms = self._terms[row][there]
        weights = self._values[row][there] * self._idf[terms]
        length = float(np.sqrt((weights * weights).sum())) or 1.0
        common = max(50.0, _COMMON * len(self._row))
        order = np.argsort(self._frequency[terms])
        looked: list[NDArray[np.int32]] = []
        worth: list[float] = []
        total = 0
        for place in order[:_RAREST].tolist():
            rows = np.frombuffer(self._by_term[int(terms[place])], np.int32)
            total += len(rows)
            if looked and (self._frequency[terms[place]] > common or total > _LOOKED_UP):
                break
            looked.append(rows)
            worth.append(float(weights[place] * self._idf[terms[place]]) / length)
        if not looked:
            return np.zeros(row, np.float32)
        each = np.repeat(worth, [len(rows) for rows in looked])
        sums = np.bincount(np.concatenate(looked), each, minlength=self._count)[:row]
        return (sums / _USUAL_LENGTH).astype(np.float32)

    def _word_cosines(self, row: int, others: _Slots) -> Floats:
        if not len(others):
            return np.zeros(0, np.float32)
        own_terms = self._terms[row]
        own = self._values[row] * self._idf[own_terms]
        self._table[own_terms] = own
        terms = self._terms[others]
        values = self._values[others] * self._idf[terms]
        sums = (self._table[terms] * values).sum(axis=1)
        self._table[own_terms] = 0
        lengths = np.sqrt((values * values).sum(axis=1)) * np.sqrt((own * own).sum())
        return np.asarray(sums / np.maximum(lengths, 1e-9), dtype=np.float32)


def _no_rows() -> array[int]:
    return array("i")


def together(cosines: Floats, words: Floats) -> Floats:
    """How alike posts are by their vectors' and their words' cosines."""
    return np.asarray((1 - _WORDS_SHARE) * cosines + _WORDS_SHARE * words, dtype=np.float32)


def alone(words: Floats) -> Floats:
    """The same where there are no vectors."""
    return np.asarray(1 - np.power(np.clip(1 - words, 0, 1), _WORDS_ALONE_EXPONENT), dtype=np.float32)


def _bag(telling: Telling) -> tuple[NDArray[np.int32], Floats]:
    """A post's terms, its title's first, and what each is worth: more where it is repeated, less outside of the title."""
    values: dict[int, float] = {term: 1 + log(count) for term, count in count_terms(telling.title).items()}
    for term, count in count_terms(telling.text[:_TEXT_CHARACTERS]).items():
        values.setdefault(term, (_TEXT_WEIGHT if telling.title else 1.0) * (1 + log(count)))
    chosen = dict(list(values.items())[:_TERMS])
    return np.fromiter(chosen.keys(), np.int32, len(chosen)), np.fromiter(chosen.values(), np.float32, len(chosen))
