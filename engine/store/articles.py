"""Whole articles beside what feeds gave: fetched when a person wanted them, kept until their post goes."""

from __future__ import annotations

import json
from collections.abc import Sequence

from engine.errors import NotFoundError
from engine.store.connection import Connection
from engine.store.part import Part, moment, stamp
from engine.types import Changes, FullText


class ArticlesPart(Part):
    def full_text(self, post_id: int) -> FullText | None:
        """Return the kept article of a post."""
        with self._db.read() as connection:
            row = connection.execute(
                "select url, title, body_html, text, fetched_at from full_texts where post_id = ?", (post_id,)
            ).fetchone()
        if row is None:
            return None
        return FullText(post_id=post_id, url=row[0], title=row[1], body_html=row[2], text=row[3], fetched_at=moment(row[4]))

    def save_full_text(self, found: FullText) -> Changes:
        """Keep an article. Raises NotFoundError when its post is gone."""

        def work(connection: Connection) -> Changes:
            if connection.execute("select 1 from posts where id = ?", (found.post_id,)).fetchone() is None:
                raise NotFoundError(f"There is no post {found.post_id}.")
            connection.execute(
                "insert or replace into full_texts (post_id, url, title, body_html, text, fetched_at) values (?, ?, ?, ?, ?, ?)",
                (found.post_id, found.url, found.title, found.body_html, found.text, stamp(found.fetched_at)),
            )
            return Changes(updated=frozenset({found.post_id}))

        return self._db.write(work)

    def whole_texts(self, post_ids: Sequence[int]) -> dict[int, str]:
        """Return the plain texts of the articles that are kept of these posts, by post."""
        with self._db.read() as connection:
            rows = connection.execute(
                "select post_id, text from full_texts where post_id in (select value from json_each(?))",
                (json.dumps(list(post_ids)),),
            )
            return {int(post_id): str(text) for post_id, text in rows}

    def full_text_feeds(self) -> frozenset[int]:
        """Return the feeds whose articles the person wants whole whenever a post is opened."""
        with self._db.read() as connection:
            return frozenset(row[0] for row in connection.execute("select feed_id from full_text_feeds"))

    def set_full_text_feed(self, feed_id: int, wanted: bool) -> Changes:
        def work(connection: Connection) -> Changes:
            if wanted:
                connection.execute("insert or ignore into full_text_feeds (feed_id) values (?)", (feed_id,))
            else:
                connection.execute("delete from full_text_feeds where feed_id = ?", (feed_id,))
            return Changes(feeds=frozenset({feed_id}))

        return self._db.write(work, durable=True)
