"""What the person does to stories: split, merge, follow, choose a lead. Remembered, and taken back row by row."""

from __future__ import annotations

import json
from collections.abc import Sequence

from engine.errors import InputError, NotFoundError
from engine.store.connection import Connection, marks
from engine.store.folded import is_there, members_of, new_story, pour, settle_stories, stories_of, story_numbers
from engine.store.part import Part, Row, stamp
from engine.types import Changes, StoryAct

MOST_PAIRS = 4000  # that one act keeps apart


class StoryActsPart(Part):
    def split_story(self, post_ids: Sequence[int]) -> StoryAct:
        """Take posts out of their story, together; all of a story: every one of them by itself. Remembered for ever.

        Raises:
            InputError: none of them tells a story with others.
        """
        now, wanted = stamp(self._clock()), sorted({int(post_id) for post_id in post_ids})

        def work(connection: Connection) -> StoryAct:
            act = _Act(connection, "split", now)
            stories = members_of(connection, stories_of(connection, wanted))
            for story_id, members in stories.items():
                taken = [post_id for post_id in members if post_id in wanted]
                rest = [post_id for post_id in members if post_id not in wanted]
                if not taken or len(members) < 2:
                    continue
                act.remember(story_id)
                pairs = [(a, b) for a in taken for b in rest] if rest else [(a, b) for a in taken for b in taken if a < b]
                for one, other in pairs[:MOST_PAIRS]:
                    act.pair(one, other, together=False)
                connection.executemany("delete from story_posts where post_id = ?", [(post_id,) for post_id in taken])
                if rest and len(taken) > 1:
                    act.move(taken, new_story(connection, taken[0], now), now)
            return act.close("These posts stand alone already: no story of theirs can be split.")

        return self._db.write(work, durable=True)

    def merge_stories(self, post_ids: Sequence[int]) -> StoryAct:
        """Put the stories of posts together. Remembered for ever.

        Raises:
            InputError: they tell one story already, or are fewer than two.
        """
        now, wanted = stamp(self._clock()), list(dict.fromkeys(int(post_id) for post_id in post_ids))

        def work(connection: Connection) -> StoryAct:
            act = _Act(connection, "merge", now)
            numbers = story_numbers(connection, set(wanted))
            there = [post_id for post_id in wanted if is_there(connection, post_id)]
            if there and len({numbers[post_id] or -post_id for post_id in there}) > 1:
                first = next((story for post_id in there if (story := numbers[post_id]) is not None), None)
                into = first if first is not None else new_story(connection, there[0], now)
                for story_id in {story for post_id in there if (story := numbers[post_id]) is not None}:
                    act.remember(story_id)
                for other in there[1:]:
                    act.pair(there[0], other, together=True)
                act.move([post_id for post_id in there if numbers[post_id] is None], into, now)
                for story in {numbers[post_id] for post_id in there} - {None, into}:
                    assert story is not None
                    pour(connection, story, into)
                    act.touched.add(into)
            return act.close("These posts tell one story already.")

        return self._db.write(work, durable=True)

    def set_lead(self, post_id: int) -> StoryAct:
        """Let this telling stand for its story. Raises InputError when it stands alone."""
        now = stamp(self._clock())

        def work(connection: Connection) -> StoryAct:
            act = _Act(connection, "lead", now)
            for story_id in stories_of(connection, [post_id]):
                act.remember(story_id)
                connection.execute("update stories set chosen_id = ? where id = ?", (post_id, story_id))
            return act.close("This post stands alone: there is no story for it to stand for.")

        return self._db.write(work, durable=True)

    def undo_story_act(self, act_id: int) -> Changes:
        """Take back what the person did to stories. Posts that came since stay where they were put.

        Raises:
            NotFoundError: there is no such act, or it was taken back.
        """
        now = stamp(self._clock())

        def work(connection: Connection) -> Changes:
            row = connection.execute("select before from story_acts where id = ? and undone_at is null", (act_id,)).fetchone()
            if row is None:
                raise NotFoundError(f"There is no act {act_id} on stories that could be taken back.")
            before = json.loads(row[0])
            connection.execute("delete from story_pairs where act_id = ?", (act_id,))
            connection.executemany("insert or replace into story_pairs values (?, ?, ?, ?)", before["pairs"])
            ids = [post_id for post_id, *_ in before["posts"]]
            touched = stories_of(connection, ids)
            among = json.dumps(ids)
            others = members_of(connection, touched)
            connection.execute("delete from story_posts where post_id in (select value from json_each(?))", (among,))
            connection.executemany(
                """
                insert into stories (id, lead_id, chosen_id, newest_at, outlets, followed_at, looked_at) values (?, ?, ?, ?, ?, ?, ?)
                on conflict (id) do update set lead_id = excluded.lead_id, chosen_id = excluded.chosen_id
                """,
                before["stories"],
            )
            # What a story was followed for only because another was poured into it.
            poured = [story[5] for story in before["stories"] if story[5] is not None]
            connection.executemany(
                f"update stories set followed_at = null, looked_at = ? where id = ? and followed_at in ({marks(len(poured))})",
                [(story[6], story[0], *poured) for story in before["stories"] if story[5] is None],
            )
            connection.executemany(
                "insert into story_posts (post_id, story_id, added_at) select ?, ?, ? where exists (select 1 from post_states where post_id = ?)",
                [(post_id, story_id, at, post_id) for post_id, story_id, at in before["posts"] if story_id is not None],
            )
            touched |= {story[0] for story in before["stories"]}
            connection.execute("update story_acts set undone_at = ? where id = ?", (now, act_id))
            changed = settle_stories(connection, touched)
            connection.execute(
                "update post_states set folded = 0 where folded = 1 and post_id in (select value from json_each(?))"
                " and post_id not in (select post_id from story_posts)",
                (among,),
            )
            return Changes(updated=changed | frozenset(ids) | {post_id for members in others.values() for post_id in members})

        return self._db.write(work, durable=True)

    def follow_story(self, post_id: int, followed: bool) -> Changes:
        """Follow the story that a post tells, also one that it tells alone so far, or leave it. Raises NotFoundError."""
        now = stamp(self._clock())

        def work(connection: Connection) -> Changes:
            if not is_there(connection, post_id):
                raise NotFoundError(f"There is no post {post_id}.")
            stories = stories_of(connection, [post_id])
            if followed and not stories:
                story_id = new_story(connection, post_id, now)
                connection.execute("insert into story_posts (post_id, story_id, added_at) values (?, ?, ?)", (post_id, story_id, now))
                stories = {story_id}
            members = {post_id for ids in members_of(connection, stories).values() for post_id in ids}
            for story_id in stories:
                connection.execute(
                    "update stories set followed_at = iif(:on, coalesce(followed_at, :now), null), looked_at = iif(:on, :now, looked_at) where id = :id",
                    {"on": followed, "now": now, "id": story_id},
                )
            return Changes(updated=settle_stories(connection, stories) | members)

        return self._db.write(work, durable=True)

    def looked_at_story(self, post_id: int) -> Changes:
        """Note that the person looked at a story: nothing in it is new any more."""
        now = stamp(self._clock())

        def work(connection: Connection) -> Changes:
            stories = stories_of(connection, [post_id])
            for story_id in stories:
                connection.execute("update stories set looked_at = ? where id = ?", (now, story_id))
            return Changes(updated=frozenset(post_id for ids in members_of(connection, stories).values() for post_id in ids))

        return self._db.write(work)


class _Act:
    """One act of the person's, with what was before it."""

    def __init__(self, connection: Connection, act: str, now: float) -> None:
        self._connection = connection
        self._now = now
        self._act = act
        self._stories: list[Row] = []
        self._posts: list[Row] = []
        self._pairs: list[Row] = []
        self._wanted: list[tuple[int, int, bool]] = []
        self.touched: set[int] = set()

    def remember(self, story_id: int) -> None:
        """Keep a story and who tells it, as they are before the act."""
        row = self._connection.execute(
            "select id, lead_id, chosen_id, newest_at, outlets, followed_at, looked_at from stories where id = ?", (story_id,)
        ).fetchone()
        self._stories.append(row)
        self._posts += self._connection.execute("select post_id, story_id, added_at from story_posts where story_id = ?", (story_id,)).fetchall()
        self.touched.add(story_id)

    def pair(self, one: int, other: int, *, together: bool) -> None:
        self._wanted.append((min(one, other), max(one, other), together))

    def move(self, ids: Sequence[int], story_id: int, now: float) -> None:
        known = {row[0] for row in self._posts}
        self._posts += [(post_id, None, now) for post_id in ids if post_id not in known]
        self._connection.executemany("insert or replace into story_posts (post_id, story_id, added_at) values (?, ?, ?)", [(i, story_id, now) for i in ids])
        self.touched.add(story_id)

    def close(self, otherwise: str) -> StoryAct:
        """Store the act. Raises InputError with `otherwise` when nothing was done."""
        if not self.touched:
            raise InputError(otherwise)
        one = self._connection.execute
        keys = json.dumps([[a, b] for a, b, _ in self._wanted])
        self._pairs = one(
            "select post_id, other_id, together, act_id from story_pairs where (post_id, other_id) in"
            " (select json_extract(value, '$[0]'), json_extract(value, '$[1]') from json_each(?))",
            (keys,),
        ).fetchall()
        before = json.dumps({"stories": self._stories, "posts": self._posts, "pairs": self._pairs})
        act_id = one("insert into story_acts (at, act, before) values (?, ?, ?) returning id", (self._now, self._act, before)).fetchone()[0]
        self._connection.executemany(
            "insert or replace into story_pairs values (?, ?, ?, ?)", [(a, b, int(together), act_id) for a, b, together in self._wanted]
        )
        changed = set(settle_stories(self._connection, self.touched))
        ids = [row[0] for row in self._posts]
        one(
            "update post_states set folded = 0 where folded = 1 and post_id in (select value from json_each(?))"
            " and post_id not in (select post_id from story_posts)",
            (json.dumps(ids),),
        )
        changed.update(ids)
        changed.update(post_id for members in members_of(self._connection, self.touched).values() for post_id in members)
        return StoryAct(id=act_id, changes=Changes(updated=frozenset(changed)))
