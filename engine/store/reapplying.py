"""The past of rules: posts in order from the newest, and how far down each rule has judged them."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.store.connection import Connection
from engine.store.part import Part, ids_of, stamp
from engine.store.rules import RULE, Place, apply_hits, keep_hits, mark_owed, rule_of
from engine.store.tokens import all_of, words_of
from engine.types import SIGNAL_NAMES, Changes, Floats, Ids, Rule, RuleHit, RuleProgress

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

REMEMBERED_SECONDS = 24 * 3600.0  # a removed rule can be brought back


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """A rule whose past is not judged to its end. `version` is another one each time the rule changes."""

    rule: Rule  # as if off, when it was removed
    version: int
    upto: Place | None  # older posts than this one are still to be judged
    done: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """Listed posts from the newest to the oldest, as arrays of one length."""

    ids: Ids
    published: NDArray[np.float64]  # unix seconds
    feeds: NDArray[np.int64]
    first_seen: NDArray[np.float64]


class ReapplyingPart(Part):
    def newest_posts(self, count: int) -> list[Place]:
        """Return the newest of the listed posts, hidden ones among them, as (published, id)."""
        with self._db.read() as connection:
            rows = connection.execute(
                """
                select published_at, post_id from (
                  select * from (select published_at, post_id from post_states where listed = 1 and hidden = 0
                                 order by published_at desc, post_id desc limit :count)
                  union all
                  select * from (select published_at, post_id from post_states where listed = 1 and hidden = 1
                                 order by published_at desc, post_id desc limit :count)
                ) order by published_at desc, post_id desc limit :count
                """,
                {"count": count},
            ).fetchall()
        return [(row[0], row[1]) for row in rows]

    def posts_by_date(self) -> Dated:
        """Return all listed posts, the newest first."""
        import numpy as np

        tables: list[NDArray[np.float64]] = [np.zeros((0, 4))]
        with self._db.read() as connection:
            cursor = connection.execute("select post_id, published_at, feed_id, first_seen_at from post_states where listed = 1")
            while rows := cursor.fetchmany(8192):
                tables.append(np.array(rows, dtype=np.float64))
        table = np.concatenate(tables)
        table = table[np.lexsort((-table[:, 0], -table[:, 1]))]
        return Dated(
            ids=table[:, 0].astype(np.int64), published=table[:, 1].copy(), feeds=table[:, 2].astype(np.int64), first_seen=table[:, 3].copy()
        )

    def signal_columns(self, names: Sequence[str]) -> tuple[Ids, Floats]:
        """Return what heads said of all posts: (n,) ids and (n, len(names)) probabilities, NaN for "not asked".

        An old rule may name a signal that there is no more: nobody was asked for it.
        """
        import numpy as np

        known = ("negative", "neutral", "positive", *SIGNAL_NAMES)
        columns = ", ".join(f"g.{name}" if name in known else "null" for name in names)
        found: list[NDArray[np.float64]] = [np.zeros((0, 1 + len(names)))]
        with self._db.read() as connection:
            cursor = connection.execute(
                f"select p.id, {columns} from signals as g join posts as p on p.content_id = g.content_id"
            )
            while rows := cursor.fetchmany(8192):
                found.append(np.array(rows, dtype=np.float64))
        table = np.concatenate(found)
        return table[:, 0].astype(np.int64), table[:, 1:].astype(np.float32)

    def posts_of_rule(self, rule_id: int, *, at_most: int | None = None) -> list[int]:
        """Return the posts that a rule has hits on."""
        with self._db.read() as connection:
            return ids_of(connection, "select post_id from hits where rule_id = ? limit ?", (rule_id, -1 if at_most is None else at_most))

    def few_posts_with_words(self, wanted: Sequence[str], at_most: int) -> bool:
        """Whether these words stand together in no more posts than that."""
        terms = [term for word in wanted for term in words_of(word)]
        if not terms:
            return False
        with self._db.read() as connection:
            found = ids_of(connection, "select rowid from words where words match ? limit ?", (all_of(terms), at_most + 1))
        return len(found) <= at_most

    def posts_with_urls(self, urls: Collection[str]) -> dict[str, int]:
        """Return posts by their addresses, the last one where there are several; reads all contents once."""
        if not urls:
            return {}
        with self._db.read() as connection:
            return dict(
                connection.execute(
                    """
                    select c.url, max(p.id) from contents as c join posts as p on p.content_id = c.id
                    where c.url in (select value from json_each(?)) group by c.url
                    """,
                    (json.dumps(sorted(urls)),),
                )
            )

    def rules_owed(self) -> list[Owed]:
        """Return the rules whose past is still to be judged, those that hide first, then the ones changed last."""
        with self._db.read() as connection:
            rows = connection.execute(
                f"""
                {RULE.replace(" from rules", ", p.version, p.upto_at, p.upto_id, p.done, rules.removed_at from rules")}
                join rule_progress as p on p.rule_id = rules.id
                order by action not in ('hide', 'allow'), p.rowid desc
                """
            ).fetchall()
        owed = []
        for row in rows:
            version, at, post_id, done, removed = row[8:13]
            rule = rule_of(row)
            if removed is not None:
                rule = replace(rule, enabled=False)
            owed.append(Owed(rule=rule, version=version, upto=None if at is None else (at, post_id), done=done))
        return owed

    def rule_progress(self) -> dict[int, RuleProgress]:
        """Return how far the rules are whose past is still to be judged."""
        with self._db.read() as connection:
            rows = connection.execute(
                """
                select p.rule_id, p.done, p.total, r.removed_at is not null, p.version
                from rule_progress as p join rules as r on r.id = p.rule_id
                """
            ).fetchall()
        return {row[0]: RuleProgress(rule_id=row[0], done=row[1], total=row[2] or None, removed=bool(row[3]), version=row[4]) for row in rows}

    def save_piece(
        self,
        owed: Owed,
        judged: Collection[int],
        hits: Sequence[tuple[int, RuleHit]],
        *,
        upto: Place | None,
        done: int,
        total: int,
    ) -> Changes | None:
        """Store what a rule found in some posts of its past, and how far it is; `upto` None: it is done.

        Returns:
            what changed; None, and nothing is stored, when the rule is another one by now.
        """

        def work(connection: Connection) -> Changes | None:
            row = connection.execute("select version from rule_progress where rule_id = ?", (owed.rule.id,)).fetchone()
            if row is None or row[0] != owed.version:
                return None
            among = json.dumps(sorted(judged))
            had = set(
                connection.execute(
                    "select post_id, action, matched from hits where rule_id = ? and post_id in (select value from json_each(?))",
                    (owed.rule.id, among),
                )
            )
            found = {(post_id, str(hit.action), hit.matched) for post_id, hit in hits}
            gone = {row[0] for row in had - found}
            connection.executemany("delete from hits where rule_id = ? and post_id = ?", [(owed.rule.id, post_id) for post_id in sorted(gone)])
            new = [pair for pair in hits if (pair[0], pair[1].action, pair[1].matched) not in had]
            keep_hits(connection, owed.rule.id, new)
            if upto is None:
                # What it took of feeds that were left since, it no longer takes: nobody would judge these.
                gone |= set(
                    ids_of(
                        connection,
                        "delete from hits where rule_id = ? and post_id in (select post_id from post_states where listed = 0) returning post_id",
                        (owed.rule.id,),
                    )
                )
                mark_owed(connection, owed.rule.id, done=None)
            else:
                connection.execute(
                    "update rule_progress set upto_at = ?, upto_id = ?, done = ?, total = ? where rule_id = ?",
                    (*upto, done, total, owed.rule.id),
                )
            return Changes(updated=apply_hits(connection, owed.rule, gone | {post_id for post_id, _ in new}), rules=upto is None)

        return self._db.write(work)

    def renew_rules(self, rule_ids: Collection[int]) -> Changes:
        """Note that what some rules look at has changed: their past is to be judged anew."""

        def work(connection: Connection) -> Changes:
            for rule_id in ids_of(
                connection, "select id from rules where enabled = 1 and removed_at is null and id in (select value from json_each(?))",
                (json.dumps(sorted(rule_ids)),),
            ):  # fmt: skip
                mark_owed(connection, rule_id, done=0)
            return Changes(rules=bool(rule_ids))

        return self._db.write(work)

    def forget_removed_rules(self) -> None:
        """Drop rules that were removed more than a day ago."""
        before = stamp(self._clock()) - REMEMBERED_SECONDS
        old = "select id from rules where removed_at < ? and id not in (select rule_id from rule_progress)"
        with self._db.read() as connection:
            if not ids_of(connection, old, (before,)):
                return

        def work(connection: Connection) -> None:
            ids = json.dumps(ids_of(connection, old, (before,)))
            for table, column in (("hits", "rule_id"), ("rule_marks", "rule_id"), ("rules", "id")):
                connection.execute(f"delete from {table} where {column} in (select value from json_each(?))", (ids,))

        self._db.write(work)
