"""Stories: what folding reads of posts, where it puts them, and what is shown of them."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.store.connection import Connection, chunks, marks
from engine.store.derived import settle
from engine.store.feeds import feed_title
from engine.store.folded import is_there, members_of, new_story, pour, settle_stories, story_numbers
from engine.store.part import Part, Row, ids_of, moment, stamp
from engine.stories.leads import PEOPLE
from engine.types import Changes, Ids, Story, StoryPost

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_TEXT = 600  # characters that folding reads
_SHORT = 120  # words up to which a post's links are read

# What a telling says to the index; the body only where its links count.
_TELLING = f"""
select p.id, c.title, substr(c.text, 1, {_TEXT}), c.url, c.word_count, s.published_at, sp.story_id,
       iif(c.word_count <= {_SHORT}, coalesce(b.body_html, ''), ''), coalesce(x.extras, ''), s.feed_id, f.kind, c.author
from post_states as s
join posts as p on p.id = s.post_id
join contents as c on c.id = p.content_id
join feeds as f on f.id = s.feed_id
left join bodies as b on b.content_id = c.id
left join extras as x on x.content_id = c.id
left join story_posts as sp on sp.post_id = s.post_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTelling:
    """What folding reads of a stored post."""

    id: int
    title: str
    text: str  # its beginning
    url: str
    words: int
    published: float  # unix seconds
    story_id: int | None
    body_html: str  # "" where it is too long for its links to count
    quoted_url: str
    source: int  # who tells it: a feed, or a person of a network


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """Where a post belongs: beside which one (None: it stands alone), and whose stories come together with that one's."""

    post_id: int
    beside: int | None = None
    joined: tuple[int, ...] = ()


class StoriesPart(Part):
    # ---- what folding reads and writes -------------------------------------------------------

    def owed_stories(self, *, since: float, limit: int) -> list[int]:
        """Return posts that were not folded in their present content: those from `since` (unix seconds) on, then the others, each the
        oldest first."""
        with self._db.read() as connection:
            return ids_of(
                connection,
                "select post_id from stages where stories <> 1 order by published_at < ?, published_at, post_id limit ?",
                (since, limit),
            )

    def tellings(self, ids: Sequence[int]) -> list[StoredTelling]:
        """Return what folding reads of posts, the oldest first; those without a content are left out."""
        found: list[StoredTelling] = []
        with self._db.read() as connection:
            for some in chunks(list(ids)):
                found += map(_telling, connection.execute(f"{_TELLING} where s.post_id in ({marks(len(some))})", some))
        return sorted(found, key=lambda telling: (telling.published, telling.id))

    def tellings_between(self, since: float, until: float, *, limit: int) -> Iterator[StoredTelling]:
        """Yield what folding reads of the posts of a time that were folded already, the newest first."""
        with self._db.read() as connection:
            cursor = connection.execute(
                f"""
                {_TELLING} join stages as g on g.post_id = s.post_id
                where g.stories = 1 and s.published_at >= ? and s.published_at <= ? order by s.published_at desc limit ?
                """,
                (since, until, limit),
            )
            while rows := cursor.fetchmany(1000):
                yield from map(_telling, rows)

    def save_folds(self, folds: Sequence[Fold]) -> tuple[Changes, dict[int, int | None]]:
        """Store where posts belong, and settle the stage "stories" for them.

        Returns:
            what changed: every post of every story that changed; and the story of each of these posts.
        """
        now = stamp(self._clock())

        def work(connection: Connection) -> tuple[Changes, dict[int, int | None]]:
            books = _Books(connection, now)
            for fold in folds:
                books.put(fold)
            settle(connection, "stories", 1, [fold.post_id for fold in folds])
            touched = books.close()
            return Changes(updated=frozenset(touched)), story_numbers(connection, {*touched, *(fold.post_id for fold in folds)})

        return self._db.write(work)

    def numbers_of_stories(self, ids: Iterable[int]) -> dict[int, int | None]:
        """Return the story of each post, None where it stands alone."""
        with self._db.read() as connection:
            return story_numbers(connection, set(ids))

    def story_pairs(self) -> list[tuple[int, int, bool]]:
        """Return what the person put together (True) or apart, the latest last."""
        with self._db.read() as connection:
            rows = connection.execute("select post_id, other_id, together from story_pairs order by act_id, post_id, other_id")
            return [(one, other, bool(together)) for one, other, together in rows]

    def fold_all(self) -> Changes:
        """After the setting "fold_stories" changed: put posts behind the cards of their stories, or all out again."""

        def work(connection: Connection) -> Changes:
            return Changes(updated=settle_stories(connection, ids_of(connection, "select id from stories")), order=True)

        return self._db.write(work, durable=True)

    def fold_by_feeds(self, feed_ids: Sequence[int]) -> Changes:
        """After the person weighed feeds: choose anew what stands for the stories that these feeds tell."""

        def work(connection: Connection) -> Changes:
            among = json.dumps(list(feed_ids))
            stories = ids_of(
                connection,
                """
                select distinct sp.story_id from story_posts as sp join post_states as s on s.post_id = sp.post_id
                where s.feed_id in (select value from json_each(?))
                """,
                (among,),
            )
            return Changes(updated=settle_stories(connection, stories))

        return self._db.write(work)

    # ---- what is shown -----------------------------------------------------------------------

    def story(self, post_id: int) -> Story | None:
        """Return the story that a post tells with others; None where it stands alone."""
        with self._db.read() as connection:
            row = connection.execute(
                """
                select t.id, t.lead_id, t.outlets, t.followed_at, t.looked_at from stories as t
                join story_posts as sp on sp.story_id = t.id where sp.post_id = ?
                """,
                (post_id,),
            ).fetchone()
            if row is None:
                return None
            members = connection.execute(
                """
                select p.id, p.feed_id, f.own_title, f.title, f.url, f.kind, c.author, c.title, c.url, s.published_at, s.read,
                       s.hidden, sp.added_at
                from story_posts as sp join posts as p on p.id = sp.post_id join post_states as s on s.post_id = p.id
                join feeds as f on f.id = p.feed_id join contents as c on c.id = p.content_id
                where sp.story_id = ? and s.listed = 1 order by p.id <> ?, s.published_at desc, p.id desc
                """,
                (row[0], row[1]),
            ).fetchall()
        looked = None if row[3] is None else max(row[3], row[4] or 0)
        posts = tuple(
            StoryPost(
                post_id=m[0], feed_id=m[1], feed_title=feed_title(m[2], m[3], m[4]), network=m[5], author=m[6], title=m[7], url=m[8],
                published_at=moment(m[9]), read=bool(m[10]), hidden=bool(m[11]), new=looked is not None and m[12] > looked,
            )
            for m in members
        )  # fmt: skip
        return Story(id=row[0], lead_id=row[1], posts=posts, outlets=row[2], followed=row[3] is not None)

    def with_tellings(self, ids: Sequence[int]) -> list[int]:
        """Return these posts and all others of their stories that are shown, each once, these first."""
        with self._db.read() as connection:
            others = ids_of(
                connection,
                """
                select distinct o.post_id from story_posts as sp join story_posts as o on o.story_id = sp.story_id
                join post_states as s on s.post_id = o.post_id
                where sp.post_id in (select value from json_each(?)) and s.listed = 1 and s.hidden = 0 order by o.post_id
                """,
                (json.dumps([int(post_id) for post_id in ids]),),
            )
        return list(dict.fromkeys([*ids, *others]))

    def story_sizes(self) -> tuple[Ids, NDArray[np.int32]]:
        """Return the posts that tell a story with others, ascending, and how many outlets tell each one's story: (n,), (n,)."""
        import numpy as np

        with self._db.read() as connection:
            rows = connection.execute(
                "select sp.post_id, t.outlets from story_posts as sp join stories as t on t.id = sp.story_id order by sp.post_id"
            ).fetchall()
        table = np.array(rows, dtype=np.int64).reshape(-1, 2)
        return table[:, 0].copy(), table[:, 1].astype(np.int32)

class _Books:
    """Stories while posts are put to them."""

    def __init__(self, connection: Connection, now: float) -> None:
        self._connection = connection
        self._now = now
        self._touched: set[int] = set()
        self._moved: set[int] = set()

    def put(self, fold: Fold) -> None:
        present, beside = self._story(fold.post_id), None
        if fold.beside is not None and fold.beside != fold.post_id and is_there(self._connection, fold.beside):
            beside = self._story(fold.beside)
            if beside is None:
                beside = new_story(self._connection, fold.beside, self._now)
                self._insert(fold.beside, beside)
        if beside is None and present is not None and len(members_of(self._connection, [present])[present]) == 1:
            return  # a story that is followed from its only telling on
        if present is not None and present != beside:
            self._connection.execute("delete from story_posts where post_id = ?", (fold.post_id,))
            self._touched.add(present)
            self._moved.add(fold.post_id)
        if beside is None:
            return
        if present != beside and is_there(self._connection, fold.post_id):
            self._insert(fold.post_id, beside)
        for other in fold.joined:
            story = self._story(other)
            if story is None and is_there(self._connection, other):
                self._insert(other, beside)
            elif story is not None and story != beside:
                pour(self._connection, story, beside)
                self._touched.add(beside)

    def close(self) -> set[int]:
        """Settle all that was touched; return the posts of these stories, and those that left one."""
        changed = set(settle_stories(self._connection, self._touched))
        members = {post_id for ids in members_of(self._connection, self._touched).values() for post_id in ids}
        gone = json.dumps(sorted(self._moved - members))
        changed.update(
            ids_of(
                self._connection,
                "update post_states set folded = 0 where folded = 1 and post_id in (select value from json_each(?))"
                " and post_id not in (select post_id from story_posts) returning post_id",
                (gone,),
            )
        )
        return changed | members | self._moved

    def _insert(self, post_id: int, story_id: int) -> None:
        self._connection.execute("insert or replace into story_posts (post_id, story_id, added_at) values (?, ?, ?)", (post_id, story_id, self._now))
        self._touched.add(story_id)

    def _story(self, post_id: int) -> int | None:
        row = self._connection.execute("select story_id from story_posts where post_id = ?", (post_id,)).fetchone()
        return None if row is None else int(row[0])


def _telling(row: Row) -> StoredTelling:
    quote = json.loads(row[8]).get("quote") if row[8] else None
    return StoredTelling(
        id=row[0], title=row[1], text=row[2], url=row[3], words=row[4], published=row[5], story_id=row[6], body_html=row[7],
        quoted_url=quote[2] if quote else "", source=-zlib.crc32(row[11].encode()) - 1 if row[10] in PEOPLE and row[11] else row[9],
    )  # fmt: skip
