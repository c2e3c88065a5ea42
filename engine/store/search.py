"""Finding posts by words: first those that hold all of them, then those that hold some, the rarer the better.

A term's frequency is counted up to a cap only. Terms beyond it have to be there where all terms have to be, and are left
out of what is scored; a query of such terms alone is judged on its newest matches. SQLite's bm25() is BM25 with k1 1.2
and b 0.75 (Robertson and Zaragoza, The Probabilistic Relevance Framework, 2009).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import closing
from typing import Any

from engine.store.connection import Connection
from engine.store.part import Part, ids_of
from engine.store.timeline import conditions
from engine.store.tokens import Wanted, all_of, any_of, phrase, spaced, wanted
from engine.types import SearchQuery

COMMON = 9_000  # posts that hold a term; from here on it is only required, not scored
SCORED = 9_000  # rows that are scored where any term will do: the rarest terms until they have so many
WALKED = 60_000  # entries of the index that phrases may cost; beyond it only the newest posts are searched
JUDGED = 300  # newest matches that are scored when all terms are common
_K1, _B = 1.2, 0.75
_AVERAGE_LENGTH = 180.0  # words; only the newest matches are judged, so no average over all posts is at hand
_TITLE_WEIGHT = 3.0
_CHUNK = 256

Scored = list[tuple[int, float]]

# The plus keeps SQLite from looking up each of those rows in the index by itself. Whether a row may be shown is asked
# afterwards, best first: for each of thousands of rows that costs more than its score.
_RANKED = """
select rowid, -bm25(words, 4.0, 1.0, 2.0) as score from words
where words match :match {among} order by score desc, rowid desc
"""
_MUST = "and +words.rowid in (select rowid from words where words match :must)"


def _filters(query: SearchQuery) -> tuple[str, dict[str, Any]]:
    return conditions(
        feed_id=query.feed_id,
        folder=query.folder,
        unread=query.unread,
        saved=query.saved,
        since=query.since,
        until=query.until,
    )


class SearchPart(Part):
    def search_words(self, query: SearchQuery) -> tuple[Scored, bool]:
        """Find posts by words; any text is safe.

        Posts that hold every word come first. Where these are fewer than `query.limit`, posts that hold some of the words
        follow, ranked by BM25. Phrases in quotes are in every post found, words after a dash in none.

        Returns:
            at most `query.limit` pairs of id and score, best first, and whether so many posts match that only the
            newest of them were judged.
        """
        sought = wanted(query.text)
        if not sought.all or query.limit < 1:
            return [], False
        with self._db.read() as connection:
            search = _Search(connection, query, sought)
            hits, newest_only = search.with_all()
            if len(hits) < query.limit:
                more, newest_of_any = search.with_any({post_id for post_id, _ in hits})
                hits += _below(hits, more)[: query.limit - len(hits)]
                newest_only = newest_only or newest_of_any
        return hits, newest_only

    def filter_ids(self, ids: Sequence[int], query: SearchQuery) -> list[int]:
        """Return those of `ids`, in their order, that meet the query's filters (feed, folder, unread, saved, dates) and
        hold its phrases in quotes and none of the words that it excludes."""
        where, values = _filters(query)
        sought = wanted(query.text)
        if sought.quoted:
            where += " and s.post_id in (select rowid from words where words match :quoted)"
        if sought.excluded:
            where += " and s.post_id not in (select rowid from words where words match :excluded)"
        values |= {"quoted": all_of(sought.quoted), "excluded": any_of(sought.excluded)}
        with self._db.read() as connection:
            met = _met(connection, ids, where, values)
        return [post_id for post_id in ids if post_id in met]


class _Search:
    """One search over one connection."""

    def __init__(self, connection: Connection, query: SearchQuery, sought: Wanted) -> None:
        self._connection = connection
        self._query = query
        self._sought = sought
        self._where, self._values = _filters(query)
        self._counts: dict[str, int] = {}
        # A filter that few posts meet is applied before the scores.
        narrow = query.feed_id is not None or query.folder is not None or bool(query.saved)
        self._among = f"and +words.rowid in (select s.post_id from post_states as s where {self._where})" if narrow else ""

    def with_all(self) -> tuple[Scored, bool]:
        """Return the posts that hold every term, and whether only the newest were judged."""
        terms = self._sought.all
        rare = [term for term in terms if self._count(term) < COMMON]
        if any(not self._count(term) for term in rare):
            return [], False
        if not rare:
            return self._newest(terms, all_of(terms))
        must = all_of(terms) if len(rare) < len(terms) else ""
        return self._ranked(self._without(all_of(rare)), must), False

    def with_any(self, known: AbstractSet[int]) -> tuple[Scored, bool]:
        """Return the posts beside `known` that hold some of the terms' pieces, and whether only the newest were judged."""
        pieces = self._sought.pieces
        if not pieces and not self._sought.quoted:
            return [], False
        if self._sought.all == pieces[:1] and not any(map(self._count, pieces[1:])):
            return [], False  # one word: all that hold it are known
        phrases = [piece for piece in pieces if " " in piece]
        cost = sum(self._count(part) for piece in phrases for part in piece.split())
        newest_only = cost > WALKED
        if newest_only:
            found = self._newest_by_rarity(pieces, WALKED / cost)
        else:
            quoted = self._sought.quoted
            chosen = self._chosen(pieces)
            if chosen or quoted:
                # What is quoted suffices to be found, and the others add to the score.
                match = f"({' AND '.join(map(phrase, quoted))}) AND ({any_of([*quoted, *chosen])})"
                found = self._ranked(self._without(match if quoted else any_of(chosen)), "", known)
            elif common := [piece for piece in pieces if self._count(piece)]:
                found, newest_only = self._newest(common, any_of(common))
            else:
                found = []
        return [hit for hit in found if hit[0] not in known], newest_only

    def _chosen(self, pieces: Sequence[str]) -> list[str]:
        """Return the rarest pieces, as many as may be scored; none that most posts hold, unless there are no others."""
        total = self._newest_id()
        held = sorted((piece for piece in pieces if 0 < self._count(piece) < COMMON), key=self._count)
        telling = [piece for piece in held if 2 * self._count(piece) <= total] or held
        chosen, rows = telling[:1], sum(map(self._count, telling[:1]))
        for piece in telling[1:]:
            rows += self._count(piece)
            if rows > SCORED:
                break
            chosen.append(piece)
        return chosen

    def _count(self, term: str) -> int:
        """Count the posts that hold a term, up to COMMON."""
        if term not in self._counts:
            (self._counts[term],) = self._connection.execute(
                "select count(*) from (select 1 from words where words match ? limit ?)", (phrase(term), COMMON)
            ).fetchone()
        return self._counts[term]

    def _newest_id(self) -> int:
        return int(self._connection.execute("select coalesce(max(post_id), 0) from post_states").fetchone()[0])

    def _without(self, match: str) -> str:
        return f"({match}) NOT ({any_of(self._sought.excluded)})" if self._sought.excluded else match

    def _ranked(self, match: str, must: str, known: AbstractSet[int] = frozenset()) -> Scored:
        among = f"{_MUST if must else ''} {self._among}"
        with closing(
            self._connection.execute(_RANKED.format(among=among), {**self._values, "match": match, "must": must})
        ) as rows:
            return self._shown(((row[0], float(row[1])) for row in rows if row[0] not in known), self._query.limit)

    def _shown(self, rows: Iterable[tuple[int, float]], limit: int) -> Scored:
        """Return the first `limit` rows that meet the query's filters."""
        found: Scored = []
        for some in _chunks(rows):
            met = _met(self._connection, [post_id for post_id, _ in some], self._where, self._values)
            found += [row for row in some if row[0] in met]
            if len(found) >= limit:
                break
        return found[:limit]

    def _newest_by_rarity(self, pieces: Sequence[str], share: float) -> Scored:
        """Score the newest `share` of all posts by which pieces they hold: the sum of their idf."""
        newest = self._newest_id()
        searched = max(1, int(newest * share))
        scores: dict[int, float] = {}
        for piece in pieces:
            ids = ids_of(
                self._connection,
                f"""
                select rowid from words where words match :match and rowid > :floor {_MUST if self._sought.quoted else ""}
                order by rowid desc limit :limit
                """,
                {
                    "match": self._without(phrase(piece)),
                    "floor": newest - searched,
                    "must": all_of(self._sought.quoted),
                    "limit": COMMON,
                },
            )
            weight = max(math.log((searched - len(ids) + 0.5) / (len(ids) + 0.5)), 0.0)
            for post_id in ids:
                scores[post_id] = scores.get(post_id, 0.0) + weight
        best = sorted(((i, score) for i, score in scores.items() if score > 0), key=lambda hit: (-hit[1], -hit[0]))
        return self._shown(best, self._query.limit)

    def _newest(self, terms: Sequence[str], match: str) -> tuple[Scored, bool]:
        """Score the newest matches by how often the terms stand in title and text for their length (BM25 without idf)."""
        judged = max(JUDGED, self._query.limit)
        ids = ids_of(
            self._connection,
            f"""
            select s.post_id from words join post_states as s on s.post_id = words.rowid
            where words match :match {self._among} and {self._where} order by words.rowid desc limit :limit
            """,
            {**self._values, "match": self._without(match), "limit": judged + 1},
        )
        more, ids = len(ids) > judged, ids[:judged]
        rows = self._connection.execute(
            """
            select p.id, c.title, substr(c.text, 1, 20000) from posts as p join contents as c on c.id = p.content_id
            where p.id in (select value from json_each(?))
            """,
            (json.dumps(ids),),
        ).fetchall()
        patterns = [
            re.compile(rf"\b{re.escape(term.casefold())}\b" if term.isascii() else re.escape(term)) for term in terms
        ]
        scored = [(post_id, _score(patterns, title, text)) for post_id, title, text in rows]
        scored.sort(key=lambda pair: (-pair[1], -pair[0]))
        return scored[: self._query.limit], more


def _met(connection: Connection, ids: Sequence[int], where: str, values: dict[str, Any]) -> set[int]:
    return set(
        ids_of(
            connection,
            f"""
            select s.post_id from post_states as s
            where s.post_id in (select value from json_each(:ids)) and {where}
            """,
            {**values, "ids": json.dumps([int(post_id) for post_id in ids])},
        )
    )


def _chunks(rows: Iterable[tuple[int, float]]) -> Iterator[Scored]:
    some: Scored = []
    for row in rows:
        some.append(row)
        if len(some) == _CHUNK:
            yield some
            some = []
    if some:
        yield some


def _below(better: Scored, rest: Scored) -> Scored:
    """Return `rest` with scores that lie below those of `better`, in the same proportions."""
    if not better or not rest or rest[0][1] < better[-1][1]:
        return rest
    factor = 0.999 * better[-1][1] / rest[0][1] if rest[0][1] > 0 else 1.0
    return [(post_id, score * factor) for post_id, score in rest]


def _score(patterns: Sequence[re.Pattern[str]], title: str, text: str) -> float:
    title, text = spaced(title).casefold(), spaced(text).casefold()
    norm = _K1 * (1 - _B + _B * (len(text) / 6 + 1) / _AVERAGE_LENGTH)
    total = 0.0
    for pattern in patterns:
        found = len(pattern.findall(text)) + _TITLE_WEIGHT * len(pattern.findall(title))
        total += found * (_K1 + 1) / (found + norm)
    return total / math.sqrt(len(patterns))
