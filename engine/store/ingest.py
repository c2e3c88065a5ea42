"""Taking in what feeds brought: identity, content and state of each post, in one short transaction."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace

from engine.store.connection import Connection, chunks, marks
from engine.store.extras import content_json, save_counters
from engine.store.feeds import Answer, save_info, save_state
from engine.store.part import Part, Row, hash_key, stamp, stamp_or_none
from engine.store.tokens import encodable, spaced
from engine.types import Changes, FetchedPost

LOOK_BACK = 1000  # posts of a feed among which one with a changed guid is looked for
EARLIEST = -2208988800.0  # 1900: what is older is a mistake

_CONTENT = """
insert into contents (id, hash, hash_key, title, author, url, language, word_count, updated_at, comments_url, categories, media,
                      text)
values (?,?,?,?,?,?,?,?,?,?,?,?,?)
"""
_POST = "insert into posts (id, feed_id, guid, content_id, url_key, text_key, source_date) values (?,?,?,?,?,?,?)"
_POST_STATE = "insert into post_states (post_id, feed_id, published_at, first_seen_at, language) values (?,?,?,?,?)"
_STAGES = "insert into stages (post_id, published_at, language) values (?,?,?)"
_WORDS = "insert into words (rowid, title, text, other) values (?,?,?,?)"


def _key(*parts: str) -> int:
    """A number for a text: equal texts have equal ones, and others almost never."""
    digest = hashlib.blake2b("\0".join(parts).encode("utf-8", "ignore"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def url_key(post: FetchedPost) -> int:
    return _key(post.canonical_url, post.title) if post.canonical_url else 0


def text_key(post: FetchedPost) -> int:
    return _key(post.title, post.text) if post.title or post.text else 0


def distinct(posts: Iterable[FetchedPost]) -> list[FetchedPost]:
    """Return posts with guids that differ: a feed that gives several posts one guid has them told apart by address."""
    by_guid: dict[str, list[FetchedPost]] = defaultdict(list)
    for post in posts:
        by_guid[post.guid].append(post)
    if all(len(same) == 1 for same in by_guid.values()):
        return [post for (post,) in by_guid.values()]
    found: dict[str, FetchedPost] = {}
    for guid, same in by_guid.items():
        if len({(post.canonical_url, post.title, post.text) for post in same}) == 1:
            found.setdefault(guid, same[0])
            continue
        apart = len({post.canonical_url for post in same}) == len(same)
        for post in same:
            tail = post.canonical_url if apart else f"{text_key(post):x}"
            found.setdefault(f"{guid}\x1f{tail}", replace(post, guid=f"{guid}\x1f{tail}"))
    return list(found.values())


def clean(post: FetchedPost) -> FetchedPost:
    """Return the post with text that can be stored: a lone surrogate has no UTF-8."""
    media = [text for item in post.media for text in (item.url, item.mime, item.alt)]
    fields = (post.guid, post.url, post.canonical_url, post.title, post.author, post.text, post.body_html)
    try:
        "".join((*fields, post.language, post.comments_url, post.hidden, *post.categories, *media)).encode()
    except UnicodeEncodeError:
        return _without_surrogates(post)
    return post


def _without_surrogates(post: FetchedPost) -> FetchedPost:
    return replace(
        post,
        guid=encodable(post.guid),
        url=encodable(post.url),
        canonical_url=encodable(post.canonical_url),
        title=encodable(post.title),
        author=encodable(post.author),
        body_html=encodable(post.body_html),
        text=encodable(post.text),
        language=encodable(post.language),
        categories=tuple(map(encodable, post.categories)),
        comments_url=encodable(post.comments_url),
        hidden=encodable(post.hidden),
        media=tuple(
            replace(item, url=encodable(item.url), mime=encodable(item.mime), alt=encodable(item.alt))
            for item in post.media
        ),
    )


class _Ingest:
    """One transaction's worth of answers."""

    def __init__(self, connection: Connection, now: float) -> None:
        self._connection = connection
        self._now = now
        one = connection.execute
        self._next_post = 1 + max(
            one("select coalesce(max(id), 0) from posts").fetchone()[0],
            one("select coalesce(max(post_id), 0) from post_states").fetchone()[0],
        )
        self._next_content = 1 + one("select coalesce(max(id), 0) from contents").fetchone()[0]

    def take(self, answer: Answer) -> Changes:
        row = self._connection.execute(
            "select removed_at, coalesce(keep_posts, 0) + coalesce(keep_days, 0) from feeds where id = ?",
            (answer.feed_id,),
        ).fetchone()
        if row is None or row[0] is not None:
            return Changes()  # left while it was being fetched
        limited = bool(row[1])
        posts = distinct(clean(post) for post in answer.posts)
        known = self._known(answer.feed_id, [post.guid for post in posts])
        fresh = [post for post in posts if post.guid not in known]
        if fresh:
            renamed = self._renamed(answer.feed_id, fresh, {post.guid for post in posts})
            known.update(renamed)
            fresh = [post for post in fresh if post.guid not in renamed]
        if limited:  # what was dropped beyond the feed's limit stays dropped while there is one
            posts = [post for post in posts if known.get(post.guid, (0, 0))[1] is not None]
        contents = self._contents(posts)
        changed = [
            (post, *known[post.guid][:2])
            for post in posts
            if post.guid in known and known[post.guid][1] != contents[post.content_hash]
        ]
        updated = self._change(changed, contents)
        new = self._add(answer.feed_id, fresh, contents)
        extra = [post for post in posts if post.extras is not None]
        if extra:
            ids = {guid: post_id for guid, (post_id, _) in self._known(answer.feed_id, [p.guid for p in extra]).items()}
            updated = sorted({*updated, *save_counters(self._connection, extra, ids)} - set(new))
        save_info(self._connection, answer.feed_id, answer.info)
        save_state(self._connection, answer.state, "")
        return Changes(new=frozenset(new), updated=frozenset(updated), feeds=frozenset({answer.feed_id}))

    def _known(self, feed_id: int, guids: Sequence[str]) -> dict[str, tuple[int, int | None]]:
        """Return post id and content id by guid."""
        found: dict[str, tuple[int, int | None]] = {}
        for some in chunks(guids):
            for guid, post_id, content_id in self._connection.execute(
                f"select guid, id, content_id from posts where feed_id = ? and guid in ({marks(len(some))})",
                (feed_id, *some),
            ):
                found[guid] = (post_id, content_id)
        return found

    def _renamed(
        self, feed_id: int, fresh: Sequence[FetchedPost], present: set[str]
    ) -> dict[str, tuple[int, int | None]]:
        """Find the posts that `fresh` ones were before the feed changed their guids, and give them the new guids.

        Two posts are one when their title and text are equal and their address or date is, or when title, address and
        date are. A post whose guid the feed still uses is never taken for another.
        """
        rows = self._connection.execute(
            """
            select id, guid, content_id, url_key, text_key, source_date from posts
            where feed_id = ? order by id desc limit ?
            """,
            (feed_id, LOOK_BACK),
        ).fetchall()
        if not rows:
            return {}
        by_keys: dict[tuple[str, int, object], Row] = {}
        for row in reversed(rows):
            if row[1] not in present:
                for keys in _identities(row[3], row[4], row[5]):
                    by_keys[keys] = row
        found: dict[str, tuple[int, int | None]] = {}
        taken: set[int] = set()
        for post in fresh:
            for keys in _identities(url_key(post), text_key(post), stamp_or_none(post.published_at)):
                match = by_keys.get(keys)
                if match is not None and match[0] not in taken:
                    taken.add(match[0])
                    found[post.guid] = (match[0], match[2])
                    break
        self._connection.executemany(
            "update posts set guid = ? where id = ?", [(guid, post_id) for guid, (post_id, _) in found.items()]
        )
        return found

    def _contents(self, posts: Sequence[FetchedPost]) -> dict[bytes, int]:
        """Return the id of each content by its hash, storing those that are new."""
        by_hash = {post.content_hash: post for post in posts}
        found: dict[bytes, int] = {}
        for some in chunks(list(by_hash)):
            rows_there = self._connection.execute(
                f"select hash, id from contents where hash_key in ({marks(len(some))})", list(map(hash_key, some))
            )
            found.update((content_hash, content_id) for content_hash, content_id in rows_there if content_hash in by_hash)
        rows: list[Row] = []
        bodies: list[Row] = []
        extras: list[Row] = []
        hidden: list[Row] = []
        for content_hash, post in by_hash.items():
            if content_hash not in found:
                found[content_hash] = self._next_content
                rows.append(_content_row(self._next_content, post))
                if post.body_html != post.text:
                    bodies.append((self._next_content, post.body_html))
                if post.extras is not None and (text := content_json(post.extras)):
                    extras.append((self._next_content, text))
                if post.hidden:
                    hidden.append((self._next_content, post.hidden))
                self._next_content += 1
        self._connection.executemany(_CONTENT, rows)
        self._connection.executemany("insert into bodies (content_id, body_html) values (?, ?)", bodies)
        self._connection.executemany("insert into extras (content_id, extras) values (?, ?)", extras)
        self._connection.executemany("insert or replace into content_flags (content_id, hidden) values (?, ?)", hidden)
        return found

    def _add(self, feed_id: int, posts: Sequence[FetchedPost], contents: dict[bytes, int]) -> list[int]:
        """Store posts never seen before. Ids grow with time, so that the newest matches of a search have the highest."""
        dated = sorted(((self._date(post), post) for post in reversed(posts)), key=lambda pair: pair[0])
        ids = range(self._next_post, self._next_post + len(dated))
        self._next_post += len(dated)
        rows = [(post_id, date, post) for post_id, (date, post) in zip(ids, dated, strict=True)]
        many = self._connection.executemany
        many(
            _POST,
            [
                (
                    post_id,
                    feed_id,
                    post.guid,
                    contents[post.content_hash],
                    url_key(post),
                    text_key(post),
                    stamp_or_none(post.published_at),
                )
                for post_id, _, post in rows
            ],
        )
        many(_POST_STATE, [(post_id, feed_id, date, self._now, post.language) for post_id, date, post in rows])
        many(_STAGES, [(post_id, date, bool(post.language)) for post_id, date, post in rows])
        many("insert into sketches (post_id, sketch) values (?,?)", [(i, post.sketch) for i, _, post in rows])
        many(_WORDS, [_words_row(post_id, post) for post_id, _, post in rows])
        return list(ids)

    def _change(self, changed: Sequence[tuple[FetchedPost, int, int | None]], contents: dict[bytes, int]) -> list[int]:
        """Give posts a new current content. The old one stays; what was derived from it is owed again."""
        one = self._connection.execute
        for post, post_id, before in changed:
            content_id = contents[post.content_hash]
            one(
                "update posts set content_id = ?, url_key = ?, text_key = ? where id = ?",
                (content_id, url_key(post), text_key(post), post_id),
            )
            for version in (before, content_id):
                if version is not None:
                    one("insert or ignore into versions values (?, ?, ?)", (post_id, version, self._now))
            one(
                "update post_states set listed = 1, language = iif(? = '', language, ?) where post_id = ?",
                (post.language, post.language, post_id),
            )
            one(
                """
                insert or replace into stages (post_id, published_at, language)
                select post_id, published_at, ? from post_states where post_id = ?
                """,
                (bool(post.language), post_id),
            )
            one("insert or replace into sketches (post_id, sketch) values (?, ?)", (post_id, post.sketch))
            one("delete from words where rowid = ?", (post_id,))
            one(_WORDS, _words_row(post_id, post))
        return [post_id for _, post_id, _ in changed]

    def _date(self, post: FetchedPost) -> float:
        """When it was published; first seen where the source does not say, or says that it will be."""
        date = stamp_or_none(post.published_at)
        return self._now if date is None or date > self._now or date < EARLIEST else date


def _identities(url: int, text: int, date: float | None) -> list[tuple[str, int, object]]:
    found: list[tuple[str, int, object]] = []
    if text and url:
        found.append(("text and address", text, url))
    if text and date is not None:
        found.append(("text and date", text, date))
    if url and date is not None:
        found.append(("address and date", url, date))
    if text and not url and date is None:
        found.append(("text", text, None))
    return found


def _content_row(content_id: int, post: FetchedPost) -> Row:
    return (
        content_id,
        post.content_hash,
        hash_key(post.content_hash),
        post.title,
        post.author,
        post.url,
        post.language,
        post.word_count,
        stamp_or_none(post.updated_at),
        post.comments_url,
        json.dumps(post.categories, ensure_ascii=False) if post.categories else "",
        json.dumps([asdict(item) for item in post.media], ensure_ascii=False) if post.media else "",
        post.text,
    )


def _words_row(post_id: int, post: FetchedPost) -> Row:
    other = " ".join((post.author, *post.categories))
    return post_id, spaced(post.title), spaced(post.text), spaced(other)


class IngestPart(Part):
    def ingest(self, answers: Sequence[Answer]) -> list[Changes]:
        """Store what fetches brought, in one transaction; storing the same again changes nothing.

        A post is known by (feed, guid), or by what it says where the feed changed its guids; each distinct content is
        kept. A post without a date gets the time it was first seen; dates in the future become now.

        Returns:
            what each answer changed, in their order; empty for a feed that was left meanwhile.
        """
        now = stamp(self._clock())

        def work(connection: Connection) -> list[Changes]:
            transaction = _Ingest(connection, now)
            return [transaction.take(answer) for answer in answers]

        return self._db.write(work)
