"""Briefings: what came in a time, what was told already, and the briefings themselves."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from engine.errors import NotFoundError
from engine.store.connection import Connection
from engine.store.part import Part, Row, moment, stamp
from engine.types import Briefing, BriefingGroup, BriefingItem, BriefingSentence, Span

KEPT = 60  # briefings; older ones are forgotten, and with them what they told
_COLUMNS = "id, made_at, since, minutes, done, content"


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """A post that came in a time, and the post that stands for its story (itself where it stands alone)."""

    post_id: int
    lead_id: int
    story_id: int | None
    read: bool
    published: float  # unix seconds
    arrived: float


class BriefingsPart(Part):
    def came_since(self, since: datetime, *, late_seconds: float = 0.0) -> list[Came]:
        """Return the posts of a time that no rule hid or muffled, the newest first.

        Args:
            late_seconds: a post that arrived since then counts, too, when it was published no longer before.
        """
        with self._db.read() as connection:
            rows = connection.execute(
                """
                select s.post_id, coalesce(t.lead_id, s.post_id), sp.story_id, s.read, s.published_at, s.first_seen_at
                from post_states as s
                left join story_posts as sp on sp.post_id = s.post_id
                left join stories as t on t.id = sp.story_id
                where s.hidden = 0 and s.listed = 1 and s.muffled_by is null and s.published_at >= :early
                  and (s.published_at >= :since or s.first_seen_at >= :since)
                order by s.published_at desc, s.post_id desc
                """,
                {"since": stamp(since), "early": stamp(since) - late_seconds},
            ).fetchall()
        return [
            Came(post_id=row[0], lead_id=row[1], story_id=row[2], read=bool(row[3]), published=row[4], arrived=row[5]) for row in rows
        ]

    def told_in_briefings(self) -> tuple[dict[int, datetime], dict[int, datetime]]:
        """Return when a briefing last told of each post, and of each story."""
        with self._db.read() as connection:
            rows = connection.execute(
                """
                select d.post_id, sp.story_id, max(b.made_at) from briefed as d join briefings as b on b.id = d.briefing_id
                left join story_posts as sp on sp.post_id = d.post_id group by d.post_id
                """
            ).fetchall()
        posts = {row[0]: moment(row[2]) for row in rows}
        stories: dict[int, datetime] = {}
        for _, story, made_at in rows:
            if story is not None:
                stories[story] = max(stories.get(story, moment(made_at)), moment(made_at))
        return posts, stories

    def save_briefing(self, briefing: Briefing) -> Briefing:
        """Keep a briefing (a new one when its id is 0) and what it tells of."""
        content = {name: value for name, value in asdict(briefing).items() if name not in ("id", "made_at", "since", "minutes", "done")}
        values = (
            stamp(briefing.made_at), stamp(briefing.since), briefing.minutes, int(briefing.done),
            json.dumps(content, ensure_ascii=False, default=stamp),
        )  # fmt: skip

        def work(connection: Connection) -> Briefing:
            number = briefing.id
            if number:
                connection.execute(
                    "update briefings set made_at = ?, since = ?, minutes = ?, done = ?, content = ? where id = ?", (*values, number)
                )
            else:
                (number,) = connection.execute(
                    "insert into briefings (made_at, since, minutes, done, content) values (?, ?, ?, ?, ?) returning id", values
                ).fetchone()
                connection.execute("delete from briefings where id not in (select id from briefings order by made_at desc, id desc limit ?)", (KEPT,))
            told = sorted({post_id for item in briefing.items for post_id in (item.post_id, *item.tellings)})
            connection.executemany("insert or ignore into briefed (briefing_id, post_id) values (?, ?)", [(number, post_id) for post_id in told])
            return replace(briefing, id=number)

        return self._db.write(work)

    def briefings(self, *, limit: int = KEPT) -> list[Briefing]:
        """Return the kept briefings, the newest first."""
        with self._db.read() as connection:
            rows = connection.execute(
                f"select {_COLUMNS} from briefings order by made_at desc, id desc limit ?", (limit,)
            ).fetchall()
        return [_briefing(row) for row in rows]

    def briefing(self, briefing_id: int) -> Briefing:
        """Raises NotFoundError."""
        with self._db.read() as connection:
            row = connection.execute(f"select {_COLUMNS} from briefings where id = ?", (briefing_id,)).fetchone()
        if row is None:
            raise NotFoundError(f"There is no briefing {briefing_id}.")
        return _briefing(row)

    def last_briefed_at(self) -> datetime | None:
        """Return when the last briefing was made."""
        with self._db.read() as connection:
            (made_at,) = connection.execute("select max(made_at) from briefings").fetchone()
        return None if made_at is None else moment(made_at)


def _briefing(row: Row) -> Briefing:
    content = json.loads(row[5])
    groups = tuple(
        BriefingGroup(kind=group["kind"], title=group["title"], items=tuple(map(_item, group["items"]))) for group in content.pop("groups")
    )
    outside = content.pop("outside")
    return Briefing(
        id=row[0], made_at=moment(row[1]), since=moment(row[2]), minutes=row[3], done=bool(row[4]), groups=groups,
        outside=None if outside is None else _item(outside), **content,
    )  # fmt: skip


def _item(packed: dict[str, Any]) -> BriefingItem:
    sentences = tuple(
        BriefingSentence(
            text=sentence["text"], evidence=tuple(Span(**span) for span in sentence["evidence"]), quotes=tuple(sentence["quotes"])
        )
        for sentence in packed.pop("sentences")
    )
    published_at, new_since = packed.pop("published_at"), packed.pop("new_since")
    packed["tellings"] = tuple(packed["tellings"])
    return BriefingItem(
        sentences=sentences, published_at=moment(published_at), new_since=None if new_since is None else moment(new_since), **packed
    )
