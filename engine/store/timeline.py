"""Which posts, in which order, and what a card or the reading pane shows of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.errors import NotFoundError
from engine.store.connection import Connection, chunks, marks
from engine.store.extras import read_extras
from engine.store.feeds import feed_title
from engine.store.folded import outlets_of, told_by
from engine.store.part import Row, ids_of, moment, stamp
from engine.store.scores import Ranking, ScoresPart
from engine.types import SIGNAL_NAMES, Counts, Media, Post, PostRow, Sentiment, TimelineQuery

EXCERPT = 280  # characters
TITLE = 1000
WORDS_A_MINUTE = 220
WALKED = 12_000  # ranked posts looked at one by one before all that qualify are listed instead
FEW = 20_000  # posts that are quicker looked at one by one than found among all


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """What models read of a post."""

    id: int
    title: str
    text: str
    language: str
    content_hash: bytes
    url: str
    published_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Matchable:
    """What rules look at."""

    id: int
    feed_id: int
    folder: str
    title: str
    text: str
    author: str
    source_title: str
    source_url: str
    categories: tuple[str, ...]
    url: str
    network: str
    language: str
    word_count: int
    media: frozenset[str]
    age_hours: float  # when it arrived
    outlets: int  # that tell its story, this one among them
    signals: Mapping[str, float]  # probabilities by name; empty where no model has seen it


# Of a story whose lead is in no feed of the folder, the first telling that is.
_STANDS_HERE = """
select m.post_id from story_posts as own join story_posts as m on m.story_id = own.story_id
join post_states as o on o.post_id = m.post_id join feeds as of on of.id = o.feed_id
where own.post_id = s.post_id and o.hidden = 0 and o.listed = 1 and of.removed_at is null
  and (of.folder = :folder or substr(of.folder, 1, length(:folder) + 1) = :folder || '/')
order by o.folded, o.published_at, o.post_id limit 1
"""


def conditions(
    *,
    feed_id: int | None,
    folder: str | None,
    unread: bool | None,
    saved: bool | None,
    since: datetime | None,
    hidden: bool = False,
    rule_id: int | None = None,
    until: datetime | None = None,
    story_id: int | None = None,
    fold: bool = False,
) -> tuple[str, dict[str, Any]]:
    """Return what follows `where` for `post_states as s`, and its parameters.

    Args:
        fold: of a story's posts only the one that stands for all, among the feeds asked for. A list of one feed has all its
            posts, and so have those of saved and of hidden ones: the person, or a rule, chose these.
    """
    parts = ["s.hidden = 1" if hidden else "s.hidden = 0"]
    # A saved post outlives its subscription.
    parts.append("s.saved = 1" if saved else "s.listed = 1")
    values: dict[str, Any] = {}
    if feed_id is not None:
        parts.append("s.feed_id = :feed")
        values["feed"] = feed_id
    if folder is not None:
        # The unary plus keeps SQLite on the index by date, which holds the order.
        parts.append(
            "+s.feed_id in (select id from feeds where removed_at is null"
            " and (folder = :folder or substr(folder, 1, length(:folder) + 1) = :folder || '/'))"
        )
        values["folder"] = folder
    if story_id is not None:
        parts.append("s.post_id in (select post_id from story_posts where story_id = :story)")
        values["story"] = story_id
    elif fold and feed_id is None and not hidden and not saved:
        parts.append("s.folded = 0" if folder is None else f"(s.folded = 0 or s.post_id = ({_STANDS_HERE}))")
    if unread is not None:
        parts.append("s.read = 0" if unread else "s.read = 1")
    if saved is False:
        parts.append("s.saved = 0")
    if since is not None:
        parts.append("s.published_at >= :since")
        values["since"] = stamp(since)
    if until is not None:
        parts.append("s.published_at < :until")
        values["until"] = stamp(until)
    if rule_id is not None:
        parts.append(
            "s.hidden_by_person is null and s.post_id in (select post_id from hits where rule_id = :rule and action = 'hide')"
        )
        values["rule"] = rule_id
    return " and ".join(parts), values


def _of_query(query: TimelineQuery, *, fold: bool = True) -> tuple[str, dict[str, Any]]:
    return conditions(
        feed_id=query.feed_id,
        folder=query.folder,
        unread=query.unread,
        saved=query.saved,
        since=query.since,
        hidden=query.hidden,
        rule_id=query.rule_id,
        story_id=query.story_id,
        fold=fold,
    )


def newest(
    connection: Connection, query: TimelineQuery, limit: int, *, after_id: int | None = None, fold: bool = True
) -> list[int]:
    """Return ids, newest first; with `after_id` only of posts that came later than that one."""
    where, values = _of_query(query, fold=fold)
    later, index = "", ""
    if after_id is not None:
        later = " and s.post_id > :after"
        (last,) = connection.execute("select max(post_id) from post_states").fetchone()
        if (last or 0) - after_id < FEW:
            index = " not indexed"  # by the table's own key: SQLite would walk all posts by their date
    return ids_of(
        connection,
        f"""
        select s.post_id from post_states as s{index} where {where}{later}
        order by s.published_at desc, s.post_id desc limit :limit
        """,
        {**values, "after": after_id, "limit": limit},
    )


def ranked(connection: Connection, query: TimelineQuery, limit: int, top: Ranking, whole: Callable[[], Ranking]) -> list[int]:
    """Return ids as they were ranked; posts that came later stand first, newest first.

    The ranking is walked from its top while it yields; a query that few posts meet lists those and orders them.

    Args:
        top: the ranking or its first part.   whole: returns all of it.
    """
    selective = query.feed_id is not None or query.hidden or bool(query.saved) or query.story_id is not None
    if limit > 0 and not selective:
        found = newest(connection, query, limit, after_id=top.newest)
        for part in _growing(top.ids[:WALKED].tolist()):
            if len(found) >= limit:
                break
            found.extend(_that_meet(connection, query, part))
        if len(found) >= limit:
            return found[:limit]
    everything = newest(connection, query, -1)
    ordered = whole().in_order(everything)
    return ordered[:limit] if limit > 0 else ordered


def followed(connection: Connection, limit: int) -> list[int]:
    """Return the leads of the stories that are followed, those with something new first, then the latest first."""
    return ids_of(
        connection,
        """
        select t.lead_id from stories as t join post_states as s on s.post_id = t.lead_id
        where t.followed_at is not null and s.listed = 1 and s.hidden = 0
        order by not exists (
          select 1 from story_posts as sp where sp.story_id = t.id and sp.added_at > max(t.followed_at, coalesce(t.looked_at, 0))
        ), t.newest_at desc, t.id desc limit ?
        """,
        (limit,),
    )


def _growing(ids: list[int]) -> Iterator[list[int]]:
    start, size = 0, 600
    while start < len(ids):
        yield ids[start : start + size]
        start, size = start + size, size * 2


def _that_meet(connection: Connection, query: TimelineQuery, ids: list[int]) -> list[int]:
    where, values = _of_query(query)
    sql = f"select s.post_id from post_states as s where s.post_id in (select value from json_each(:ids)) and {where}"
    met = {row[0] for row in connection.execute(sql, {**values, "ids": json.dumps(ids)})}
    return [post_id for post_id in ids if post_id in met]


_SHARES = ", ".join(f"g.{name}" for name in SIGNAL_NAMES)
_ROW = f"""
select p.id, p.feed_id, f.own_title, f.title, f.url, c.title, substr(c.text, 1, 600), c.author, c.url, s.language,
       s.published_at, s.read, s.saved, s.liked, s.hidden, s.rule_id, s.hidden_by_person, s.muffled_by, c.word_count,
       g.negative, g.neutral, g.positive, x.extras, n.counters, {_SHARES}, e.flags
from posts as p
join post_states as s on s.post_id = p.id
join feeds as f on f.id = p.feed_id
join contents as c on c.id = p.content_id
left join signals as g on g.content_id = c.id
left join extras as x on x.content_id = c.id
left join counters as n on n.post_id = p.id
left join content_flags as e on e.content_id = c.id
"""


def _post_row(row: Row, reason: str, detail: str, shown: Mapping[str, Any]) -> PostRow:
    liked, hidden, by_person = row[13], bool(row[14]), row[16]
    return PostRow(
        id=row[0],
        feed_id=row[1],
        feed_title=feed_title(row[2], row[3], row[4]),
        title=row[5][:TITLE],
        excerpt=_excerpt(row[6]),
        author=row[7],
        url=row[8],
        language=row[9],
        published_at=moment(row[10]),
        read=bool(row[11]),
        saved=bool(row[12]),
        liked=None if liked is None else liked > 0,
        hidden=hidden,
        hidden_by=row[15] if hidden and by_person is None else None,
        muffled_by=row[17],
        reading_minutes=max(1, round(row[18] / WORDS_A_MINUTE)),
        sentiment=None if row[19] is None else Sentiment(row[19], row[20], row[21]),
        reason=reason,
        reason_detail=detail,
        extras=read_extras(row[22], row[23]),
        shares=_asked(SIGNAL_NAMES, row[24 : 24 + len(SIGNAL_NAMES)]),
        flags=tuple(row[24 + len(SIGNAL_NAMES)].split()) if row[24 + len(SIGNAL_NAMES)] else (),
        **shown,
    )


def _shown_by_rules(connection: Connection, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """The labels and badges that rules put on posts, as fields of `PostRow`."""
    found: dict[int, dict[str, Any]] = {}
    for post_id, action, name, matched in connection.execute(
        f"""
        select h.post_id, h.action, r.name, h.matched from hits as h join rules as r on r.id = h.rule_id
        where h.post_id in ({marks(len(ids))}) and h.action in ('label', 'breakout') order by h.rule_id
        """,
        list(ids),
    ):
        fields = found.setdefault(post_id, {})
        if action == "label":
            fields["labels"] = (*fields.get("labels", ()), name)
        else:
            fields.setdefault("broke_out", matched)
    return found


def _signals(connection: Connection, ids: Sequence[int]) -> dict[int, dict[str, float]]:
    """Probabilities by name, of the posts that heads have seen."""
    rows = connection.execute(
        f"""
        select p.id, g.negative, g.neutral, g.positive, {_SHARES} from posts as p
        join signals as g on g.content_id = p.content_id where p.id in ({marks(len(ids))})
        """,
        list(ids),
    )
    return {row[0]: _asked(("negative", "neutral", "positive", *SIGNAL_NAMES), row[1:]) for row in rows}


def _asked(names: Sequence[str], values: Sequence[float | None]) -> dict[str, float]:
    return {name: value for name, value in zip(names, values, strict=True) if value is not None}


def _excerpt(text: str) -> str:
    """Shorten the first 600 characters of a text, on one line."""
    words = " ".join(text.split())
    if len(words) <= EXCERPT and len(text) < 600:
        return words
    return words[: EXCERPT - 1].rstrip() + "…"


_MATCHABLE = """
select p.id, p.feed_id, c.title, c.text, c.author, c.categories, c.url, s.language, c.word_count, c.media,
       s.first_seen_at - s.published_at
from posts as p join contents as c on c.id = p.content_id join post_states as s on s.post_id = p.id
where p.id
"""
_STATE_ONLY = """
select s.post_id, s.feed_id, '', '', '', '', '', s.language, 0, '', s.first_seen_at - s.published_at from post_states as s
where s.post_id
"""


class TimelinePart(ScoresPart):
    def timeline(self, query: TimelineQuery, *, fold: bool = True) -> list[int]:
        """Return the ids of the posts that meet a query, in its order; a limit of 0 or less means all of them.

        Args:
            fold: False: with those that stand behind the card of another telling of their story, the newest first.
        """
        limit = query.limit if query.limit > 0 else -1
        with self._db.read() as connection:
            if query.followed:
                return followed(connection, limit)
            if query.order == "newest" or not fold:
                return newest(connection, query, limit, fold=fold)
            top = self.ranking(connection, whole=False)
            return ranked(connection, query, limit, top, lambda: self.ranking(connection))

    def rows(self, ids: Sequence[int]) -> list[PostRow]:
        """Return what cards show, in the order of `ids`; ids of no post (or one whose content was pruned) are left out."""
        found: dict[int, PostRow] = {}
        with self._db.read() as connection:
            reasons = self.ranking_of(connection, ids).reasons(connection, ids)
            for some in chunks(list(ids)):
                shown, told = _shown_by_rules(connection, some), told_by(connection, some)
                for row in connection.execute(f"{_ROW} where p.id in ({marks(len(some))})", some):
                    found[row[0]] = _post_row(row, *reasons.get(row[0], ("", "")), {**shown.get(row[0], {}), **told.get(row[0], {})})
        return [found[post_id] for post_id in ids if post_id in found]

    def post(self, post_id: int) -> Post:
        """Raises NotFoundError."""
        rows = self.rows([post_id])
        with self._db.read() as connection:
            row = connection.execute(
                """
                select p.guid, b.body_html, c.text, c.media, c.categories, c.comments_url,
                       (select count(*) from versions as v where v.post_id = p.id), s.first_seen_at, c.hash
                from posts as p join contents as c on c.id = p.content_id join post_states as s on s.post_id = p.id
                left join bodies as b on b.content_id = c.id
                where p.id = ?
                """,
                (post_id,),
            ).fetchone()
        if not rows or row is None:
            raise NotFoundError(f"There is no post {post_id}.")
        guid, body_html, text, media, categories, comments_url, versions, first_seen_at, content_hash = row
        return Post(
            row=rows[0],
            guid=guid.partition("\x1f")[0],
            body_html=text if body_html is None else body_html,
            text=text,
            media=tuple(Media(**item) for item in json.loads(media or "[]")),
            categories=tuple(json.loads(categories or "[]")),
            comments_url=comments_url,
            versions=max(1, versions),
            first_seen_at=moment(first_seen_at),
            content_hash=content_hash,
        )

    def texts(self, ids: Sequence[int]) -> list[Text]:
        """Return what models read, in the order of `ids`."""
        found: dict[int, Text] = {}
        with self._db.read() as connection:
            for some in chunks(list(ids)):
                for row in connection.execute(
                    f"""
                    select p.id, c.title, c.text, s.language, c.hash, c.url, s.published_at
                    from posts as p join contents as c on c.id = p.content_id
                    join post_states as s on s.post_id = p.id where p.id in ({marks(len(some))})
                    """,
                    some,
                ):
                    found[row[0]] = Text(
                        id=row[0],
                        title=row[1],
                        text=row[2],
                        language=row[3],
                        content_hash=row[4],
                        url=row[5],
                        published_at=moment(row[6]),
                    )
        return [found[post_id] for post_id in ids if post_id in found]

    def matchables(
        self,
        ids: Iterable[int] | None = None,
        *,
        feed_ids: Sequence[int] = (),
        signals: bool = False,
        outlets: bool = False,
        contents: bool = True,
    ) -> Iterator[Matchable]:
        """Yield what rules look at, of these posts or of all that are listed, of these feeds or of all.

        Args:
            signals, outlets, contents: whether these are wanted; reading them takes time. Without contents all that the
                post itself says is empty.
        """
        with self._db.read() as connection:
            if ids is None:
                ids = ids_of(connection, "select post_id from post_states where listed = 1 order by post_id")
            feeds = {
                row[0]: (feed_title(row[1], row[2], row[3]), row[3], row[4], row[5])
                for row in connection.execute("select id, own_title, title, url, kind, folder from feeds")
            }
        wanted = set(feed_ids)
        for some in chunks(list(ids)):
            with self._db.read() as connection:
                rows = connection.execute(
                    f"{_MATCHABLE if contents else _STATE_ONLY} in ({marks(len(some))})",
                    some,
                ).fetchall()
                said = _signals(connection, some) if signals else {}
                told = outlets_of(connection, some) if outlets else {}
            for row in rows:
                if not wanted or row[1] in wanted:
                    title, url, kind, folder = feeds.get(row[1], ("", "", "", ""))
                    yield Matchable(
                        id=row[0],
                        feed_id=row[1],
                        folder=folder,
                        title=row[2],
                        text=row[3],
                        author=row[4],
                        source_title=title,
                        source_url=url,
                        categories=tuple(json.loads(row[5] or "[]")),
                        url=row[6],
                        network=kind,
                        language=row[7],
                        word_count=row[8],
                        media=frozenset(item["kind"] for item in json.loads(row[9])) if row[9] else frozenset(),
                        age_hours=max(0.0, row[10] / 3600),
                        outlets=told.get(row[0], 1),
                        signals=said.get(row[0], {}),
                    )

    def counts(self) -> Counts:
        """Return how many posts and feeds there are, from counters that every write keeps."""
        with self._db.read() as connection:
            row = connection.execute(
                """
                select coalesce(sum(unread - folded), 0), coalesce(sum(saved), 0), coalesce(sum(hidden), 0),
                       coalesce(sum(posts), 0), (select count(*) from feeds where removed_at is null)
                from feed_counts
                """
            ).fetchone()
        return Counts(unread=row[0], saved=row[1], hidden=row[2], posts=row[3] - row[2], feeds=row[4])
