"""Finding posts by words: BM25 where the words are rare enough, the newest matches where all of them are common.

SQLite's own bm25() counts every post that holds a term before it gives the first score, which for a stop word costs
more than the whole search may. A term's frequency is therefore counted up to a cap; common terms only have to be there,
and a query of common terms alone is judged on its newest matches.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from typing import Any

from engine.store.connection import Connection
from engine.store.part import Part, ids_of
from engine.store.timeline import conditions
from engine.store.tokens import all_of, phrase, spaced, words_of
from engine.types import SearchQuery

COMMON = 6000  # posts that hold a term; from here on it is only required, not scored
JUDGED = 300  # newest matches that are scored when all terms are common
_K1, _B = 1.2, 0.75
_AVERAGE_LENGTH = 180.0  # words; only the newest matches are judged, so no average over all posts is at hand
_TITLE_WEIGHT = 3.0

_RARE = """
select s.post_id, -bm25(words, 4.0, 1.0, 2.0) as score
from words join post_states as s on s.post_id = words.rowid
where words match :rare {also} and {where}
order by score desc, s.post_id desc limit :limit
"""


def _filters(query: SearchQuery) -> tuple[str, dict[str, Any]]:
    return conditions(
        feed_id=query.feed_id,
        folder=query.folder,
        unread=query.unread,
        saved=query.saved,
        since=query.since,
        until=query.until,
    )


def _is_common(connection: Connection, term: str) -> bool:
    row = connection.execute(
        "select count(*) from (select 1 from words where words match ? limit ?)", (phrase(term), COMMON)
    ).fetchone()
    return int(row[0]) >= COMMON


class SearchPart(Part):
    def search_words(self, query: SearchQuery) -> tuple[list[tuple[int, float]], bool]:
        """Find posts that hold every word; any text is safe.

        Returns:
            at most `query.limit` pairs of id and score, best first, and whether so many posts match that only the
            newest of them were judged.
        """
        terms = words_of(query.text)
        if not terms or query.limit < 1:
            return [], False
        where, values = _filters(query)
        with self._db.read() as connection:
            rare = [term for term in terms if not _is_common(connection, term)]
            if not rare:
                return _newest(connection, query, terms, where, values)
            also = ""
            if len(rare) < len(terms):
                # The plus keeps SQLite from looking up each of those rows in the index by itself.
                also = "and +words.rowid in (select rowid from words where words match :all)"
            rows = connection.execute(
                _RARE.format(also=also, where=where),
                {**values, "rare": all_of(rare), "all": all_of(terms), "limit": query.limit},
            ).fetchall()
        return [(row[0], float(row[1])) for row in rows], False

    def filter_ids(self, ids: Sequence[int], query: SearchQuery) -> list[int]:
        """Return those of `ids`, in their order, that meet the query's filters (feed, folder, unread, saved, dates)."""
        where, values = _filters(query)
        with self._db.read() as connection:
            met = set(
                ids_of(
                    connection,
                    f"""
                    select s.post_id from post_states as s
                    where s.post_id in (select value from json_each(:ids)) and {where}
                    """,
                    {**values, "ids": json.dumps([int(post_id) for post_id in ids])},
                )
            )
        return [post_id for post_id in ids if post_id in met]


def _newest(
    connection: Connection, query: SearchQuery, terms: Sequence[str], where: str, values: dict[str, Any]
) -> tuple[list[tuple[int, float]], bool]:
    """Score the newest matches by how often the terms stand in title and text for their length (BM25 without idf)."""
    judged = max(JUDGED, query.limit)
    ids = ids_of(
        connection,
        f"""
        select s.post_id from words join post_states as s on s.post_id = words.rowid
        where words match :match and {where} order by words.rowid desc limit :limit
        """,
        {**values, "match": all_of(list(terms)), "limit": judged + 1},
    )
    more, ids = len(ids) > judged, ids[:judged]
    rows = connection.execute(
        """
        select p.id, c.title, substr(c.text, 1, 20000) from posts as p join contents as c on c.id = p.content_id
        where p.id in (select value from json_each(?))
        """,
        (json.dumps(ids),),
    ).fetchall()
    patterns = [re.compile(rf"\b{re.escape(term.casefold())}\b" if term.isascii() else re.escape(term)) for term in terms]
    scored = [(post_id, _score(patterns, title, text)) for post_id, title, text in rows]
    scored.sort(key=lambda pair: (-pair[1], -pair[0]))
    return scored[: query.limit], more


def _score(patterns: Sequence[re.Pattern[str]], title: str, text: str) -> float:
    title, text = spaced(title).casefold(), spaced(text).casefold()
    norm = _K1 * (1 - _B + _B * (len(text) / 6 + 1) / _AVERAGE_LENGTH)
    total = 0.0
    for pattern in patterns:
        found = len(pattern.findall(text)) + _TITLE_WEIGHT * len(pattern.findall(title))
        total += found * (_K1 + 1) / (found + norm)
    return total / math.sqrt(len(patterns))
