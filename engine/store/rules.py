"""The person's rules, and which posts each of them took and why."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace

from engine.errors import NotFoundError
from engine.store.connection import Connection
from engine.store.derived import settle
from engine.store.part import Part, Row, ids_of, moment, stamp
from engine.store.tokens import all_of, words_of
from engine.types import Changes, Condition, Rule, RuleHit

# What the person did to a post stands above its hits.
_APPLY = """
update post_states set
  rule_id = (select min(h.rule_id) from hits as h where h.post_id = post_states.post_id and h.action = 'hide'),
  muffled_by = iif(hidden_by_person is 0, null,
    (select min(h.rule_id) from hits as h where h.post_id = post_states.post_id and h.action = 'muffle')),
  hidden = coalesce(hidden_by_person,
    exists (select 1 from hits as h where h.post_id = post_states.post_id and h.action = 'hide'))
where post_id in (select value from json_each(:ids))
  and (
    rule_id is not (select min(h.rule_id) from hits as h where h.post_id = post_states.post_id and h.action = 'hide')
    or muffled_by is not iif(hidden_by_person is 0, null,
      (select min(h.rule_id) from hits as h where h.post_id = post_states.post_id and h.action = 'muffle'))
  )
returning post_id
"""


def _apply(connection: Connection, ids: Iterable[int]) -> frozenset[int]:
    return frozenset(ids_of(connection, _APPLY, {"ids": json.dumps(sorted(ids))}))


def _rule(row: Row) -> Rule:
    return Rule(
        id=row[0],
        name=row[1],
        conditions=tuple(Condition(**condition) for condition in json.loads(row[2])),
        action=row[3],
        feed_ids=tuple(json.loads(row[4])),
        enabled=bool(row[5]),
        created_at=moment(row[6]),
    )


def _clear(connection: Connection, rule_id: int) -> set[int]:
    return set(ids_of(connection, "delete from hits where rule_id = ? returning post_id", (rule_id,)))


class RulesPart(Part):
    def rules(self) -> list[Rule]:
        with self._db.read() as connection:
            rows = connection.execute(
                "select id, name, conditions, action, feed_ids, enabled, created_at from rules order by id"
            ).fetchall()
        return list(map(_rule, rows))

    def save_rule(self, rule: Rule, hits: Iterable[tuple[int, str]] = ()) -> tuple[Rule, Changes]:
        """Store a rule (a new one when its id is 0) with all its hits: (post, the words that matched).

        Hits that it had before are forgotten; a rule that is not enabled has none. A post that the person brought
        back stays, whatever the hits say.

        Raises:
            NotFoundError: no rule has this id.
        """
        now = self._clock()
        found = [(post_id, matched) for post_id, matched in hits] if rule.enabled else []

        def work(connection: Connection) -> tuple[Rule, Changes]:
            values = (
                rule.name,
                json.dumps([asdict(condition) for condition in rule.conditions], ensure_ascii=False),
                rule.action,
                json.dumps(rule.feed_ids),
                rule.enabled,
            )
            touched: set[int] = set()
            if rule.id:
                row = connection.execute(
                    """
                    update rules set name = ?, conditions = ?, action = ?, feed_ids = ?, enabled = ?
                    where id = ? returning id, created_at
                    """,
                    (*values, rule.id),
                ).fetchone()
                if row is None:
                    raise NotFoundError(f"There is no rule {rule.id}.")
                touched = _clear(connection, rule.id)
            else:
                row = connection.execute(
                    """
                    insert into rules (name, conditions, action, feed_ids, enabled, created_at)
                    values (?, ?, ?, ?, ?, ?) returning id, created_at
                    """,
                    (*values, stamp(now)),
                ).fetchone()
            connection.executemany(
                "insert or replace into hits (rule_id, post_id, action, matched) values (?, ?, ?, ?)",
                sorted((row[0], post_id, rule.action, matched) for post_id, matched in found),
            )
            touched.update(post_id for post_id, _ in found)
            stored = replace(rule, id=row[0], created_at=moment(row[1]))
            return stored, Changes(rules=True, updated=_apply(connection, touched))

        return self._db.write(work, durable=True)

    def delete_rule(self, rule_id: int) -> Changes:
        """Forget a rule and its hits: what only it hid comes back. Raises NotFoundError."""

        def work(connection: Connection) -> Changes:
            touched = _clear(connection, rule_id)
            if connection.execute("delete from rules where id = ? returning id", (rule_id,)).fetchone() is None:
                raise NotFoundError(f"There is no rule {rule_id}.")
            return Changes(rules=True, updated=_apply(connection, touched))

        return self._db.write(work, durable=True)

    def save_hits(self, ids: Sequence[int], hits: Sequence[tuple[int, RuleHit]]) -> Changes:
        """Store what all rules found in these posts (new or changed ones), and settle the stage "rules" for them.

        Args:
            ids: the posts that were judged.   hits: (post, hit) for those that a rule took; several may take one.
        """
        judged = {int(post_id) for post_id in ids}

        def work(connection: Connection) -> Changes:
            connection.execute(
                "delete from hits where post_id in (select value from json_each(?))", (json.dumps(sorted(judged)),)
            )
            connection.executemany(
                # A rule may have been deleted since the caller read it.
                """
                insert or replace into hits (rule_id, post_id, action, matched)
                select id, ?, ?, ? from rules where id = ? and enabled = 1
                """,
                [(post_id, hit.action, hit.matched, hit.rule_id) for post_id, hit in hits if post_id in judged],
            )
            settle(connection, "rules", 1, list(judged))
            return Changes(updated=_apply(connection, judged))

        return self._db.write(work)

    def rule_counts(self) -> dict[int, int]:
        """Return how many posts each rule hides or muffles now; a post that two rules took counts for both."""
        with self._db.read() as connection:
            counts = dict.fromkeys(ids_of(connection, "select id from rules"), 0)
            counts.update(
                connection.execute(
                    """
                    select h.rule_id, count(*) from hits as h join post_states as s on s.post_id = h.post_id
                    where s.listed = 1 and s.hidden_by_person is null and (h.action = 'hide' or s.hidden = 0)
                    group by h.rule_id
                    """
                )
            )
        return counts

    def hits(self, post_id: int) -> list[RuleHit]:
        """Return which rules took a post, and by which words."""
        with self._db.read() as connection:
            rows = connection.execute(
                "select rule_id, action, matched from hits where post_id = ? order by rule_id", (post_id,)
            ).fetchall()
        return [RuleHit(rule_id=row[0], action=row[1], matched=row[2]) for row in rows]

    def posts_with_words(self, words: Sequence[str], feed_ids: Sequence[int] = ()) -> list[int]:
        """Return listed posts in which each of these stands somewhere (title, text, author, categories), as whole words.

        With no word that can be looked up, all listed posts.
        """
        terms = [term for word in words for term in words_of(word)]
        among = "and s.feed_id in (select value from json_each(:feeds))" if feed_ids else ""
        values = {"match": all_of(terms), "feeds": json.dumps(list(feed_ids))}
        with self._db.read() as connection:
            if not terms:
                sql = f"select s.post_id from post_states as s where s.listed = 1 {among} order by s.post_id"
            else:
                sql = f"""
                select s.post_id from words join post_states as s on s.post_id = words.rowid
                where words match :match and s.listed = 1 {among} order by s.post_id
                """
            return ids_of(connection, sql, values)
