"""Which posts stand behind the card of another telling of their story: kept in step by every write that shows or hides posts."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from engine.store.connection import Connection, marks
from engine.store.part import Row, ids_of
from engine.stories.leads import PEOPLE, Member, choose_lead, outlets

_MEMBERS = """
select sp.story_id, s.post_id, s.feed_id, f.kind, coalesce(c.author, ''), coalesce(c.word_count, 0), s.published_at,
       s.listed = 1 and s.hidden = 0 and p.content_id is not null, coalesce(e.weight, 0), s.folded
from story_posts as sp
join post_states as s on s.post_id = sp.post_id
join feeds as f on f.id = s.feed_id
left join posts as p on p.id = sp.post_id
left join contents as c on c.id = p.content_id
left join interest_edits as e on e.kind = 'source' and e.key = cast(s.feed_id as text)
where sp.story_id in (select value from json_each(?))
"""


def told_by(connection: Connection, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return the stories of posts that tell one with others, as fields of `PostRow`."""
    rows: list[Row] = connection.execute(
        f"""
        select sp.post_id, sp.story_id, t.outlets, t.followed_at is not null,
          (select count(*) from story_posts as o where o.story_id = sp.story_id),
          iif(t.followed_at is null, 0, (select count(*) from story_posts as o
            where o.story_id = sp.story_id and o.added_at > max(t.followed_at, coalesce(t.looked_at, 0))))
        from story_posts as sp join stories as t on t.id = sp.story_id where sp.post_id in ({marks(len(ids))})
        """,
        list(ids),
    ).fetchall()
    people = _people(connection, {row[1] for row in rows})
    return {
        row[0]: {
            "story_id": row[1], "outlets": row[2], "people": people.get(row[1], 0), "story_followed": bool(row[3]),
            "story_posts": row[4], "story_new": row[5],
        }
        for row in rows
    }  # fmt: skip


def _people(connection: Connection, stories: set[int]) -> dict[int, int]:
    """How many people of networks tell these stories; those that only outlets tell are left out."""
    return dict(
        connection.execute(
            f"""
            select sp.story_id, count(distinct f.kind || char(10) || c.author) from story_posts as sp
            join posts as p on p.id = sp.post_id join feeds as f on f.id = p.feed_id join contents as c on c.id = p.content_id
            where sp.story_id in (select value from json_each(?)) and c.author <> '' and f.kind in ({marks(len(PEOPLE))})
            group by sp.story_id
            """,
            [json.dumps(sorted(stories)), *sorted(PEOPLE)],
        )
    )


def outlets_of(connection: Connection, ids: Sequence[int]) -> dict[int, int]:
    """Return how many outlets tell the stories of these posts; those that stand alone are left out."""
    return dict(
        connection.execute(
            f"""
            select sp.post_id, t.outlets from story_posts as sp join stories as t on t.id = sp.story_id
            where sp.post_id in ({marks(len(ids))})
            """,
            list(ids),
        )
    )


def refold(connection: Connection, ids: Iterable[int]) -> frozenset[int]:
    """Choose anew what stands for the stories of these posts; return the posts that now are, or no longer are, behind another card."""
    return settle_stories(connection, stories_of(connection, ids))


def stories_of(connection: Connection, ids: Iterable[int]) -> set[int]:
    among = json.dumps(sorted({int(post_id) for post_id in ids}))
    return set(ids_of(connection, "select distinct story_id from story_posts where post_id in (select value from json_each(?))", (among,)))


def settle_stories(connection: Connection, stories: Iterable[int]) -> frozenset[int]:
    """Bring leads, outlets and `folded` of stories up to date; a story of one post that nobody follows goes."""
    wanted = sorted(stories)
    if not wanted:
        return frozenset()
    folding = connection.execute("select value from settings where name = 'fold_stories'").fetchone()
    on = folding is None or bool(json.loads(folding[0]))
    touched: set[int] = set()
    kept = {
        row[0]: row[1:]
        for row in connection.execute(
            "select id, lead_id, chosen_id, followed_at from stories where id in (select value from json_each(?))", (json.dumps(wanted),)
        )
    }
    rows: dict[int, list[Row]] = defaultdict(list)
    for row in connection.execute(_MEMBERS, (json.dumps(wanted),)):
        rows[row[0]].append(row[1:])
    fold: list[int] = []
    unfold: list[int] = []
    for story_id in wanted:
        if story_id not in kept:
            continue
        lead_id, chosen_id, followed = kept[story_id]
        members = [
            Member(
                post_id=row[0], feed_id=row[1], network=row[2], author=row[3], words=row[4], published=row[5], shown=bool(row[6]),
                weight=row[7], chosen=row[0] == chosen_id,
            )
            for row in rows[story_id]
        ]  # fmt: skip
        if not members or (len(members) == 1 and followed is None):
            _dissolve(connection, story_id)
            unfold += [row[0] for row in rows[story_id] if row[8]]
            touched.update(row[0] for row in rows[story_id])
            continue
        lead = choose_lead(members)
        for row in rows[story_id]:
            if not row[6]:
                continue  # it stands in no list; once it is shown again, this is asked anew
            behind = on and lead is not None and row[0] != lead
            if behind != bool(row[8]):
                (fold if behind else unfold).append(row[0])
        connection.execute(
            "update stories set lead_id = ?, outlets = ?, newest_at = ? where id = ?",
            (lead_id if lead is None else lead, outlets(members), max(member.published for member in members), story_id),
        )
    for ids, flag in ((fold, 1), (unfold, 0)):
        connection.execute(
            "update post_states set folded = ? where post_id in (select value from json_each(?)) and folded <> ?", (flag, json.dumps(ids), flag)
        )
    return frozenset({*fold, *unfold, *touched})


def _dissolve(connection: Connection, story_id: int) -> None:
    connection.execute("delete from story_posts where story_id = ?", (story_id,))
    connection.execute("delete from stories where id = ?", (story_id,))


def leave_stories(connection: Connection, ids: Sequence[int]) -> frozenset[int]:
    """Take posts that are gone out of their stories."""
    stories = stories_of(connection, ids)
    among = json.dumps([int(post_id) for post_id in ids])
    connection.execute("delete from story_posts where post_id in (select value from json_each(?))", (among,))
    connection.execute("update post_states set folded = 0 where folded = 1 and post_id in (select value from json_each(?))", (among,))
    return settle_stories(connection, stories)


def story_numbers(connection: Connection, ids: set[int]) -> dict[int, int | None]:
    found: dict[int, int | None] = dict.fromkeys(sorted(ids))
    found.update(
        connection.execute(
            "select post_id, story_id from story_posts where post_id in (select value from json_each(?))", (json.dumps(sorted(ids)),)
        )
    )
    return found


def members_of(connection: Connection, stories: Iterable[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {story_id: [] for story_id in sorted(stories)}
    for story_id, post_id in connection.execute(
        "select story_id, post_id from story_posts where story_id in (select value from json_each(?)) order by post_id", (json.dumps(list(found)),)
    ):
        found[story_id].append(post_id)
    return found


def is_there(connection: Connection, post_id: int) -> bool:
    return connection.execute("select 1 from posts where id = ? and content_id is not null", (post_id,)).fetchone() is not None


def new_story(connection: Connection, lead_id: int, now: float) -> int:
    return int(connection.execute("insert into stories (lead_id, newest_at) values (?, ?) returning id", (lead_id, now)).fetchone()[0])


def pour(connection: Connection, story_id: int, into: int) -> None:
    """Make two stories one; it is followed where either was."""
    connection.execute("update story_posts set story_id = ? where story_id = ?", (into, story_id))
    connection.execute(
        """
        update stories set
          followed_at = coalesce(followed_at, (select followed_at from stories where id = :gone)),
          looked_at = coalesce(looked_at, (select looked_at from stories where id = :gone))
        where id = :into
        """,
        {"into": into, "gone": story_id},
    )
    connection.execute("delete from stories where id = ?", (story_id,))
