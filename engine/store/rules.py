"""The person's rules, and which posts each of them took and why."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from secrets import randbits
from typing import Any

from engine.errors import NotFoundError
from engine.store.connection import Connection
from engine.store.derived import settle
from engine.store.folded import refold
from engine.store.part import Part, Row, ids_of, moment, stamp
from engine.store.tokens import all_of, words_of
from engine.types import Breakout, Changes, Condition, Rule, RuleHit

_ALLOWED = "exists (select 1 from hits as a where a.post_id = post_states.post_id and a.action = 'allow')"
_TAKEN_BY = "(select min(h.rule_id) from hits as h where h.post_id = post_states.post_id and h.action = '{action}')"
_HIDDEN_BY = f"iif({_ALLOWED}, null, {_TAKEN_BY.format(action='hide')})"
_MUFFLED_BY = f"iif(hidden_by_person is 0 or {_ALLOWED}, null, {_TAKEN_BY.format(action='muffle')})"
# What the person did to a post stands above its hits.
_APPLY = f"""
update post_states set
  rule_id = {_HIDDEN_BY},
  muffled_by = {_MUFFLED_BY},
  hidden = coalesce(hidden_by_person, {_HIDDEN_BY} is not null)
where post_id in (select value from json_each(:ids))
  and (rule_id is not {_HIDDEN_BY} or muffled_by is not {_MUFFLED_BY})
returning post_id
"""
_SHOWN_ON_CARDS = ("label", "breakout", "boost")  # actions whose hits change how a post looks or stands
Place = tuple[float, int]  # of a post in the list by date: when it was published (seconds since 1970), and its id
CLEARED_AT_ONCE = 1000  # hits of a rule whose time is over; more are cleared piece by piece
_ONCE = frozenset({"star", "read", "notify"})
RULE = "select id, name, conditions, action, feed_ids, enabled, created_at, options from rules"


def _apply(connection: Connection, ids: Iterable[int]) -> frozenset[int]:
    changed = frozenset(ids_of(connection, _APPLY, {"ids": json.dumps(sorted(ids))}))
    return changed | refold(connection, changed)


def rule_of(row: Row) -> Rule:
    options = json.loads(row[7])
    return Rule(
        id=row[0],
        name=row[1],
        conditions=tuple(map(_condition, json.loads(row[2]))),
        action=row[3],
        feed_ids=tuple(json.loads(row[4])),
        enabled=bool(row[5]),
        created_at=moment(row[6]),
        until=datetime.fromisoformat(options["until"]) if options.get("until") else None,
        breakout=_breakout(options["breakout"]) if options.get("breakout") else None,
        folders=tuple(options.get("folders", ())),
    )


def _condition(fields: dict[str, Any]) -> Condition:
    return Condition(**_with_tuples(fields))


def _breakout(fields: dict[str, Any]) -> Breakout:
    return Breakout(**_with_tuples(fields))


def _with_tuples(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}


def _options(rule: Rule) -> str:
    return json.dumps(
        {
            "until": rule.until.isoformat() if rule.until is not None else None,
            "breakout": asdict(rule.breakout) if rule.breakout is not None else None,
            **({"folders": rule.folders} if rule.folders else {}),
        },
        ensure_ascii=False,
    )


def _act_on_arrival(
    connection: Connection, had: set[tuple[int, int]], hits: Sequence[tuple[int, RuleHit]], judged: set[int]
) -> Changes:
    """What rules do once with a post: star it, mark it read, tell the person. Not again when it is judged anew, and not to
    posts that were there before the rule."""
    new = [
        (post_id, hit.rule_id, hit.action)
        for post_id, hit in hits
        if hit.action in _ONCE and post_id in judged and (hit.rule_id, post_id) not in had
    ]
    if not new:
        return Changes()
    arrived = set(
        connection.execute(
            """
            select r.id, s.post_id from rules as r left join rule_progress as p on p.rule_id = r.id
            join post_states as s on s.first_seen_at >= r.created_at and s.post_id > coalesce(p.newest_id, 0)
            where r.id in (select value from json_each(?)) and s.post_id in (select value from json_each(?))
            """,
            (json.dumps(sorted({rule_id for _, rule_id, _ in new})), json.dumps(sorted({post_id for post_id, _, _ in new}))),
        )
    )
    acting = [(post_id, action) for post_id, rule_id, action in new if (rule_id, post_id) in arrived]
    changed: set[int] = set()
    for action, column in (("star", "saved"), ("read", "read")):
        ids = json.dumps([post_id for post_id, done in acting if done == action])
        changed.update(
            ids_of(
                connection,
                f"update post_states set {column} = 1 where post_id in (select value from json_each(?)) and {column} = 0 returning post_id",
                (ids,),
            )
        )
    return Changes(updated=frozenset(changed), notify=frozenset(post_id for post_id, done in acting if done == "notify"))


def _otherwise_shown(connection: Connection, among: str, had: set[Row]) -> frozenset[int]:
    """Posts whose labels, badges or boosts are not what they were."""
    now = set(
        connection.execute("select rule_id, post_id, action, matched from hits where post_id in (select value from json_each(?))", (among,))
    )
    return frozenset(row[1] for row in had ^ now if row[2] in _SHOWN_ON_CARDS)


def _clear(connection: Connection, rule_id: int, among: Collection[int] | None = None) -> set[int]:
    """Forget a rule's hits, all or those of some posts; returns the posts."""
    if among is None:
        return set(ids_of(connection, "delete from hits where rule_id = ? returning post_id", (rule_id,)))
    sql = "delete from hits where rule_id = ? and post_id in (select value from json_each(?)) returning post_id"
    return set(ids_of(connection, sql, (rule_id, json.dumps(sorted(among)))))


def keep_hits(connection: Connection, rule_id: int, hits: Iterable[tuple[int, RuleHit]]) -> None:
    connection.executemany(
        "insert or replace into hits (rule_id, post_id, action, matched) values (?, ?, ?, ?)",
        sorted((rule_id, post_id, hit.action, hit.matched) for post_id, hit in hits),
    )


def apply_hits(connection: Connection, rule: Rule, touched: Collection[int]) -> frozenset[int]:
    """Let posts follow their hits; returns those that look otherwise now, as far as this rule goes."""
    changed = _apply(connection, touched)
    return changed | frozenset(touched) if rule.action in _SHOWN_ON_CARDS or rule.breakout is not None else changed


def mark_owed(connection: Connection, rule_id: int, *, done: int | None, upto: Place | None = None) -> None:
    """Note that a rule's past is to be judged, of which `done` posts are, down to `upto`; None: all of it is."""
    if done is None:
        connection.execute("delete from rule_progress where rule_id = ?", (rule_id,))
        return
    connection.execute(
        """
        insert or replace into rule_progress (rule_id, version, done, upto_at, upto_id, newest_id)
        values (?, ?, ?, ?, ?, (select coalesce(max(post_id), 0) from post_states))
        """,
        (rule_id, randbits(62), done, *(upto or (None, None))),
    )


def _put(connection: Connection, rule: Rule, now: datetime, *, again: bool) -> Rule:
    """Write a rule, a new one when its id is 0. Raises NotFoundError."""
    values = (
        rule.name,
        json.dumps([asdict(condition) for condition in rule.conditions], ensure_ascii=False),
        rule.action,
        json.dumps(rule.feed_ids),
        rule.enabled,
        _options(rule),
    )
    if rule.id:
        row = connection.execute(
            """
            update rules set name = ?, conditions = ?, action = ?, feed_ids = ?, enabled = ?, options = ?, removed_at = null
            where id = ? and (removed_at is null or ?) returning id, created_at
            """,
            (*values, rule.id, again),
        ).fetchone()
        if row is None:
            raise NotFoundError(f"There is no rule {rule.id}.")
    else:
        row = connection.execute(
            """
            insert into rules (name, conditions, action, feed_ids, enabled, options, created_at)
            values (?, ?, ?, ?, ?, ?, ?) returning id, created_at
            """,
            (*values, stamp(now)),
        ).fetchone()
    return replace(rule, id=row[0], created_at=moment(row[1]))


def _remove(connection: Connection, rule_id: int, now: float) -> Rule:
    row = connection.execute(f"{RULE} where id = ? and removed_at is null", (rule_id,)).fetchone()
    if row is None:
        raise NotFoundError(f"There is no rule {rule_id}.")
    connection.execute("update rules set removed_at = ? where id = ?", (now, rule_id))
    return rule_of(row)


class RulesPart(Part):
    def rules(self) -> list[Rule]:
        with self._db.read() as connection:
            rows = connection.execute(f"{RULE} where removed_at is null order by id").fetchall()
        return list(map(rule_of, rows))

    def save_rule(
        self,
        rule: Rule,
        hits: Iterable[tuple[int, RuleHit]] = (),
        *,
        judged: Collection[int] | None = None,
        upto: Place | None = None,
        again: bool = False,
    ) -> tuple[Rule, Changes]:
        """Store a rule (a new one when its id is 0) with its hits: (post, action, the words that matched).

        Hits that it had before are forgotten; a rule that is not enabled has none. A post that the person brought
        back stays, whatever the hits say.

        Args:
            judged: the posts that the hits speak of; those of others stay as they are until they are judged
                (see `rules_owed`). None: all posts.
            upto: all posts down to this one are among `judged`.
            again: a rule that was removed comes back.
        Raises:
            NotFoundError: no rule has this id.
        """
        found = list(hits) if rule.enabled else []

        def work(connection: Connection) -> tuple[Rule, Changes]:
            stored = _put(connection, rule, self._clock(), again=again)
            touched = _clear(connection, stored.id, judged)
            keep_hits(connection, stored.id, found)
            touched.update(post_id for post_id, _ in found)
            mark_owed(connection, stored.id, done=None if judged is None else len(judged), upto=upto)
            return stored, Changes(rules=True, updated=apply_hits(connection, rule, touched), order=rule.action == "boost")

        return self._db.write(work, durable=True)

    def save_rules(self, rules: Sequence[Rule], gone: Sequence[int] = ()) -> tuple[list[Rule], Changes]:
        """Store rules, new ones and old, and remove others, all in one; what they take is judged afterwards.

        Raises:
            NotFoundError: one of them is not there; then nothing was changed.
        """

        def work(connection: Connection) -> tuple[list[Rule], Changes]:
            stored = [_put(connection, rule, self._clock(), again=True) for rule in rules]
            for rule_id in gone:
                _remove(connection, rule_id, stamp(self._clock()))
            for rule_id in [*(rule.id for rule in stored), *gone]:
                mark_owed(connection, rule_id, done=0)
            return stored, Changes(rules=True)

        return self._db.write(work, durable=True)

    def delete_rule(self, rule_id: int, *, judged: Collection[int] | None = None, upto: Place | None = None) -> Changes:
        """Remove a rule and its hits: what only it hid comes back. Raises NotFoundError.

        The rule itself is kept for a while, with what was said of it, so that `save_rule` can bring it back.

        Args:
            judged, upto: only the hits of these posts go at once, as for `save_rule`. None: all.
        """

        def work(connection: Connection) -> Changes:
            rule = _remove(connection, rule_id, stamp(self._clock()))
            touched = _clear(connection, rule_id, judged)
            mark_owed(connection, rule_id, done=None if judged is None else len(judged), upto=upto)
            touched |= _apply(connection, touched)
            return Changes(rules=True, updated=frozenset(touched), order=rule.action == "boost")

        return self._db.write(work, durable=True)

    def save_hits(self, ids: Sequence[int], hits: Sequence[tuple[int, RuleHit]]) -> Changes:
        """Store what all rules found in these posts (new or changed ones), and settle the stage "rules" for them.

        Args:
            ids: the posts that were judged.   hits: (post, hit) for those that a rule took; several may take one.
        """
        judged = {int(post_id) for post_id in ids}

        def work(connection: Connection) -> Changes:
            among = json.dumps(sorted(judged))
            had = set(
                connection.execute(
                    "select rule_id, post_id, action, matched from hits where post_id in (select value from json_each(?))", (among,)
                )
            )
            connection.execute(
                "delete from hits where post_id in (select value from json_each(?))", (json.dumps(sorted(judged)),)
            )
            connection.executemany(
                # A rule may have been deleted since the caller read it.
                """
                insert or replace into hits (rule_id, post_id, action, matched)
                select id, ?, ?, ? from rules where id = ? and enabled = 1 and removed_at is null
                """,
                [(post_id, hit.action, hit.matched, hit.rule_id) for post_id, hit in hits if post_id in judged],
            )
            settle(connection, "rules", 1, list(judged))
            return _act_on_arrival(connection, {pair[:2] for pair in had}, hits, judged) | Changes(
                updated=_apply(connection, judged) | _otherwise_shown(connection, among, had)
            )

        return self._db.write(work)

    def expire_rules(self) -> Changes:
        """Turn off the rules whose time is over: what only they hid comes back, where it is much piece by piece (`rules_owed`)."""
        now = self._clock()

        def work(connection: Connection) -> Changes:
            touched: set[int] = set()
            over = [
                rule.id
                for rule in map(rule_of, connection.execute(f"{RULE} where enabled = 1 and removed_at is null and options like '%until%'").fetchall())
                if rule.until is not None and rule.until <= now
            ]
            for rule_id in over:
                connection.execute("update rules set enabled = 0 where id = ?", (rule_id,))
                (hits,) = connection.execute("select count(*) from hits where rule_id = ?", (rule_id,)).fetchone()
                few = hits <= CLEARED_AT_ONCE
                touched |= _clear(connection, rule_id) if few else set()
                mark_owed(connection, rule_id, done=None if few else 0)
            touched |= _apply(connection, touched)
            return Changes(rules=bool(over), updated=frozenset(touched), order=bool(over))

        with self._db.read() as connection:
            rules = map(rule_of, connection.execute(f"{RULE} where enabled = 1 and removed_at is null and options like '%until%'").fetchall())
            if not any(rule.until is not None and rule.until <= now for rule in rules):
                return Changes()
        return self._db.write(work, durable=True)

    def judge_rule(self, rule_id: int, marks: Mapping[int, bool | None]) -> Changes:
        """Keep what the person said of posts that a rule took, or might: it fits (True), it does not, or nothing (None)."""
        now = stamp(self._clock())

        def work(connection: Connection) -> Changes:
            for post_id, fits in marks.items():
                connection.execute("delete from rule_marks where rule_id = ? and post_id = ?", (rule_id, post_id))
                if fits is not None:
                    connection.execute("insert into rule_marks values (?, ?, ?, ?)", (rule_id, post_id, int(fits), now))
            return Changes(rules=True)

        return self._db.write(work, durable=True)

    def rule_marks(self, rule_id: int) -> dict[int, bool]:
        """Return what the person said of posts: see `judge_rule`. A post that was restored from the tray does not fit."""
        with self._db.read() as connection:
            rows = connection.execute("select post_id, fits from rule_marks where rule_id = ?", (rule_id,))
            return {post_id: bool(fits) for post_id, fits in rows}

    def rule_judgements(self) -> dict[int, tuple[int, int]]:
        """Return for each rule how many posts that it took were judged, and how many of them did not fit."""
        with self._db.read() as connection:
            rows = connection.execute(
                """
                select rule_id, count(*), sum(fits = 0) from rule_marks
                where rule_id in (select id from rules where removed_at is null) group by rule_id
                """
            )
            return {rule_id: (judged, mistakes) for rule_id, judged, mistakes in rows}

    def hidden_and_restored(self) -> tuple[int, int]:
        """Return how many posts rules ever hid or muffled, as their rules stand now, and how many of them came back by hand."""
        with self._db.read() as connection:
            (hidden,) = connection.execute(
                """
                select count(*) from post_states
                where listed = 1 and hidden_by_person is null and (hidden = 1 or muffled_by is not null)
                """
            ).fetchone()
            (restored,) = connection.execute(
                f"""
                select count(*) from post_states
                where listed = 1 and hidden_by_person = 0 and not {_ALLOWED}
                  and exists (select 1 from hits as h where h.post_id = post_states.post_id and h.action in ('hide', 'muffle'))
                """
            ).fetchone()
        return hidden + restored, restored

    def judged_scores(self, since: float) -> list[tuple[float, str, float, float]]:
        """Return what the person did to posts from then on (seconds since 1970): when, what, and where the post then stood
        in the order and by date, from 0 (top) to 1."""
        with self._db.read() as connection:
            rows = connection.execute(
                "select at, event, place, newest_place from judged_scores where at >= ? order by at, post_id", (since,)
            ).fetchall()
        return [(row[0], row[1], row[2], row[3]) for row in rows]

    def boosted(self) -> list[int]:
        """Return the posts that a rule ranks higher."""
        with self._db.read() as connection:
            return ids_of(connection, "select distinct post_id from hits where action = 'boost'")

    def topic_vector(self, model: str, description: str) -> bytes | None:
        """Return the kept vector of a description: float32, little-endian."""
        with self._db.read() as connection:
            row = connection.execute(
                "select vector from topics where model = ? and description = ?", (model, description)
            ).fetchone()
        return None if row is None else bytes(row[0])

    def save_topic_vector(self, model: str, description: str, vector: bytes) -> None:
        self._db.write(
            lambda connection: connection.execute("insert or replace into topics values (?, ?, ?)", (model, description, vector))
        )

    def rule_counts(self) -> dict[int, int]:
        """Return how many posts each rule takes now; a post that two rules took counts for both. Of a rule whose past is
        still being judged, those that were judged."""
        with self._db.read() as connection:
            counts = dict.fromkeys(ids_of(connection, "select id from rules where removed_at is null"), 0)
            found = connection.execute(
                """
                select h.rule_id, count(*) from hits as h join post_states as s on s.post_id = h.post_id
                left join rule_progress as p on p.rule_id = h.rule_id
                where s.listed = 1 and s.hidden_by_person is null and h.action <> 'breakout' and (h.action = 'hide' or s.hidden = 0)
                  and (p.rule_id is null or (s.published_at, s.post_id) >= (p.upto_at, p.upto_id))
                group by h.rule_id
                """
            )
            counts.update((rule_id, count) for rule_id, count in found if rule_id in counts)
        return counts

    def hits(self, post_id: int) -> list[RuleHit]:
        """Return which rules took a post, and by which words."""
        with self._db.read() as connection:
            rows = connection.execute(
                "select rule_id, action, matched from hits where post_id = ? order by rule_id", (post_id,)
            ).fetchall()
        return [RuleHit(rule_id=row[0], action=row[1], matched=row[2]) for row in rows]

    def arrived_since(self, since: float, ids: Sequence[int] | None = None) -> list[int]:
        """Return the listed posts, of these or of all, that arrived from then on (seconds since 1970)."""
        among = "and post_id in (select value from json_each(:ids))" if ids is not None else ""
        with self._db.read() as connection:
            return ids_of(
                connection,
                f"select post_id from post_states where listed = 1 and first_seen_at >= :since {among} order by post_id",
                {"since": since, "ids": json.dumps(list(ids or ()))},
            )

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
