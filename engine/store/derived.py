"""What models and rules still owe to posts, and what they made; all of it can be dropped and made again."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from engine.store.connection import Connection, chunks, marks
from engine.store.part import Part, hash_key, ids_of, make_model_id, model_id, stamp
from engine.types import SIGNAL_NAMES, Changes, Ids, Signals, Span, Summary, SummarySentence

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Stage = Literal["language", "vectors", "signals", "rules", "stories", "flags"]
STAGES: tuple[Stage, ...] = ("language", "vectors", "signals", "rules", "stories", "flags")


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """What ranking reads of every listed post, as arrays of one length, by ascending post id."""

    ids: Ids
    feeds: NDArray[np.int32]
    published: NDArray[np.float64]  # unix seconds
    first_seen: NDArray[np.float64]
    read: NDArray[np.bool_]
    saved: NDArray[np.bool_]
    hidden: NDArray[np.bool_]
    muffled: NDArray[np.bool_]
    folded: NDArray[np.bool_]  # behind the card of another telling of their story
    stories: Ids  # 0: stands alone
    outlets: NDArray[np.int32]  # that tell its story
    liked: NDArray[np.int8]  # -1, 0, 1
    sketches: NDArray[np.uint16]  # (n, sketch_terms), 0 where there is no term
    languages: list[str]


def settle(connection: Connection, stage: Stage, number: int, ids: Sequence[int]) -> None:
    connection.execute(
        f"update stages set {stage} = ? where post_id in (select value from json_each(?))",
        (number, json.dumps([int(post_id) for post_id in ids])),
    )


def _checked(stage: str) -> Stage:
    for known in STAGES:
        if stage == known:
            return known
    raise ValueError(f"no such stage: {stage}")


# Small values travel in one number: most of the time goes into making Python's objects of the rows.
_COLUMNS = """
select s.post_id, s.published_at, s.first_seen_at,
       s.read + 2 * s.saved + 4 * s.hidden + 8 * (s.muffled_by is not null)
         + 16 * (1 + coalesce(s.liked, 0)) + 64 * s.folded + 128 * s.feed_id,
       k.sketch, s.language
from post_states as s join sketches as k on k.post_id = s.post_id
"""


_SAVE_SIGNALS = f"""
insert or replace into signals (content_id, model_id, negative, neutral, positive, {", ".join(SIGNAL_NAMES)})
select content_id, ?, ?, ?, ?{", ?" * len(SIGNAL_NAMES)} from posts where id = ? and content_id is not null
"""


def _numbers(said: Signals) -> tuple[float | None, ...]:
    mood = said.sentiment
    moods = (None, None, None) if mood is None else (mood.negative, mood.neutral, mood.positive)
    return (*moods, *(said.shares.get(name) for name in SIGNAL_NAMES))


def _told(rows: list[Any], ids: Ids) -> tuple[Ids, NDArray[np.int32]]:
    """The stories of posts and how many outlets tell them, from rows of (post, story, outlets)."""
    import numpy as np

    stories, outlets = np.zeros(len(ids), np.int64), np.ones(len(ids), np.int32)
    if rows and len(ids):
        table = np.array(rows, dtype=np.int64)
        places = np.minimum(np.searchsorted(ids, table[:, 0]), len(ids) - 1)
        there = ids[places] == table[:, 0]
        stories[places[there]], outlets[places[there]] = table[there, 1], table[there, 2]
    return stories, outlets


class DerivedPart(Part):
    def owed(
        self, stage: str, model: str = "", *, limit: int = 1000, first: Sequence[int] = ()
    ) -> list[int]:
        """Return posts that a stage (of a model) has not seen in their present content: of `first` those, then newest."""
        column = _checked(stage)
        with self._db.read() as connection:
            number = model_id(connection, model) or 0
            test = f"{column} <> {number}" if number else "1"
            found: list[int] = []
            for some in chunks(list(first)):
                sql = f"select post_id from stages where post_id in ({marks(len(some))}) and {test}"
                open_ones = set(ids_of(connection, sql, some))
                found += [post_id for post_id in some if post_id in open_ones]
            found = list(dict.fromkeys(found))[:limit]
            if len(found) < limit:
                seen = set(found)
                sql = f"select post_id from stages where {test} order by published_at desc, post_id desc limit ?"
                rest = ids_of(connection, sql, (limit + len(seen),))
                found += [post_id for post_id in rest if post_id not in seen][: limit - len(found)]
        return found

    def owed_count(self, stage: str, model: str = "") -> int:
        column = _checked(stage)
        with self._db.read() as connection:
            number = model_id(connection, model) or 0
            test = f"{column} <> {number}" if number else "1"
            return int(connection.execute(f"select count(*) from stages where {test}").fetchone()[0])

    def settle(self, stage: str, model: str, ids: Sequence[int]) -> None:
        """Note that a stage has nothing to make of these posts."""
        column = _checked(stage)
        self._db.write(lambda connection: settle(connection, column, make_model_id(connection, model), ids))

    def save_languages(self, languages: Mapping[int, str]) -> Changes:
        """Store each post's language ("" for unknown) and settle the stage "language"."""

        def work(connection: Connection) -> Changes:
            connection.executemany(
                "update post_states set language = ? where post_id = ?",
                [(language, post_id) for post_id, language in languages.items()],
            )
            settle(connection, "language", 1, list(languages))
            return Changes(updated=frozenset(languages))

        return self._db.write(work)

    def save_signals(self, model: str, signals: Mapping[int, Signals | None]) -> Changes:
        """Store what heads said of posts' present contents, and settle the stage "signals".

        Where they said nothing (None, or `Signals` without any), what others said before goes.
        """
        said = [(post_id, one) for post_id, one in signals.items() if one is not None and (one.sentiment or one.shares)]
        silent = json.dumps(sorted(signals.keys() - {post_id for post_id, _ in said}))

        def work(connection: Connection) -> Changes:
            number = make_model_id(connection, model)
            connection.executemany(_SAVE_SIGNALS, [(number, *_numbers(one), post_id) for post_id, one in said])
            gone = connection.execute(
                """
                delete from signals where content_id in
                  (select content_id from posts where id in (select value from json_each(?))) returning content_id
                """,
                (silent,),
            ).fetchall()
            shown = ids_of(
                connection,
                "select id from posts where content_id in (select value from json_each(?))",
                (json.dumps([row[0] for row in gone]),),
            ) if gone else []  # fmt: skip
            settle(connection, "signals", number, list(signals))
            return Changes(updated=frozenset((*shown, *(post_id for post_id, _ in said))))

        return self._db.write(work)

    def candidates(self, ids: Sequence[int] | None = None, *, sketch_terms: int = 32) -> Columns:
        """Return what ranking reads of all listed posts, or of these among them."""
        import numpy as np

        size = 2 * sketch_terms
        tables: list[NDArray[np.float64]] = [np.zeros((0, 4))]
        sketches: list[NDArray[np.uint16]] = [np.zeros((0, sketch_terms), dtype=np.uint16)]
        languages: list[str] = []
        with self._db.read() as connection:
            where = "where s.listed = 1"
            values: tuple[str, ...] = ()
            if ids is not None:
                where += " and s.post_id in (select value from json_each(?))"
                values = (json.dumps([int(post_id) for post_id in ids]),)
            cursor = connection.execute(f"{_COLUMNS} {where} order by s.post_id", values)
            told = connection.execute(
                "select sp.post_id, sp.story_id, t.outlets from story_posts as sp join stories as t on t.id = sp.story_id"
                + (" where sp.post_id in (select value from json_each(?))" if ids is not None else ""),
                values,
            ).fetchall()
            while rows := cursor.fetchmany(8192):
                *numbers, packed, some_languages = zip(*rows, strict=True)
                tables.append(np.array(numbers, dtype=np.float64).T)
                padded = b"".join([sketch[:size].ljust(size, b"\0") for sketch in packed])
                sketches.append(np.frombuffer(padded, dtype="<u2").astype(np.uint16).reshape(-1, sketch_terms))
                languages.extend(map(sys.intern, some_languages))
        table = np.concatenate(tables)
        packed_values = table[:, 3].astype(np.int64)
        found = table[:, 0].astype(np.int64)
        stories, outlets = _told(told, found)
        return Columns(
            ids=found,
            feeds=(packed_values >> 7).astype(np.int32),
            published=table[:, 1].copy(),
            first_seen=table[:, 2].copy(),
            read=(packed_values & 1).astype(np.bool_),
            saved=(packed_values & 2).astype(np.bool_),
            hidden=(packed_values & 4).astype(np.bool_),
            muffled=(packed_values & 8).astype(np.bool_),
            folded=(packed_values & 64).astype(np.bool_),
            stories=stories,
            outlets=outlets,
            liked=((packed_values >> 4 & 3) - 1).astype(np.int8),
            sketches=np.concatenate(sketches),
            languages=languages,
        )

    def save_summary(
        self, content_hash: bytes, summary: Summary, *, prompt: str, asked: str | None = None
    ) -> Changes:
        """Keep a summary of a content.

        Args:
            prompt: names how it was asked for (its version, its length).
            asked: the model that was asked, also where its sentences did not pass; None is the one that wrote it.
        """
        now = stamp(self._clock())
        packed = json.dumps(asdict(summary), ensure_ascii=False)

        def work(connection: Connection) -> Changes:
            connection.execute(
                """
                insert or replace into summaries (content_id, model, prompt, summary, made_at)
                select id, ?, ?, ?, ? from contents where hash_key = ? and hash = ?
                """,
                (summary.model if asked is None else asked, prompt, packed, now, hash_key(content_hash), content_hash),
            )
            ids = ids_of(
                connection,
                """
                select p.id from posts as p join contents as c on c.id = p.content_id
                where c.hash_key = ? and c.hash = ?
                """,
                (hash_key(content_hash), content_hash),
            )
            return Changes(updated=frozenset(ids))

        return self._db.write(work)

    def summary(
        self, content_hash: bytes, *, model: str | None = None, prompt: str | None = None
    ) -> Summary | None:
        """Return the newest summary of a content, by the model that was asked and the prompt where given."""
        with self._db.read() as connection:
            row = connection.execute(
                """
                select summary from summaries
                where content_id = (select id from contents where hash_key = :key and hash = :hash)
                  and model = coalesce(:model, model) and prompt = coalesce(:prompt, prompt)
                order by made_at desc limit 1
                """,
                {"key": hash_key(content_hash), "hash": content_hash, "model": model, "prompt": prompt},
            ).fetchone()
        if row is None:
            return None
        packed = json.loads(row[0])
        sentences = tuple(
            SummarySentence(text=sentence["text"], evidence=tuple(Span(**span) for span in sentence["evidence"]))
            for sentence in packed.pop("sentences")
        )
        return Summary(sentences=sentences, **packed)
