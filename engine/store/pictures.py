"""Fetched pictures, encrypted with everything else and bounded; and which feeds have a policy of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from engine.errors import InputError
from engine.store.connection import Connection
from engine.store.part import Part, stamp
from engine.types import Changes, Picture, PicturePolicy

MOST_BYTES = 256 << 20  # of all kept pictures; those not looked at for longest go first
_DAY = 86_400.0


class PicturesPart(Part):
    def pictures(self, urls: Sequence[str]) -> list[Picture]:
        """Return those of these addresses that are kept, in their order."""
        found: list[Picture] = []
        with self._db.read() as connection:
            for url in dict.fromkeys(urls):
                row = connection.execute("select mime, width, height, data from pictures where url = ?", (url,)).fetchone()
                if row is not None:
                    found.append(Picture(url=url, mime=row[0], width=row[1], height=row[2], data=row[3]))
        return found

    def save_picture(self, post_id: int, picture: Picture) -> Changes:
        """Keep a picture; the ones that were shown least recently make room for it."""
        now = stamp(self._clock())

        def work(connection: Connection) -> Changes:
            connection.execute(
                "insert or replace into pictures (url, mime, width, height, size_bytes, data, used_at) values (?, ?, ?, ?, ?, ?, ?)",
                (picture.url, picture.mime, picture.width, picture.height, len(picture.data), picture.data, now),
            )
            total: int = connection.execute("select sum(size_bytes) from pictures").fetchone()[0]
            if total > MOST_BYTES:
                oldest = connection.execute("select url, size_bytes from pictures order by used_at, rowid").fetchall()
                for url, size in oldest:
                    if total <= MOST_BYTES or url == picture.url:
                        break
                    connection.execute("delete from pictures where url = ?", (url,))
                    total -= size
            return Changes(updated=frozenset({post_id}))

        return self._db.write(work)

    def pictures_shown(self, urls: Sequence[str]) -> None:
        """Remember that they were looked at; once a day is often enough."""
        now = stamp(self._clock())
        with self._db.read() as connection:
            due = [
                url
                for url in urls
                if connection.execute("select 1 from pictures where url = ? and used_at < ?", (url, now - _DAY)).fetchone()
            ]
        if due:
            self._db.write(lambda connection: connection.executemany("update pictures set used_at = ? where url = ?", [(now, url) for url in due]))

    def forget_pictures(self) -> int:
        """Delete all kept pictures; returns how many there were."""
        return self._db.write(lambda connection: int(connection.execute("delete from pictures").rowcount))

    def picture_policies(self) -> dict[int, PicturePolicy]:
        """Return the feeds that have a policy of their own."""
        with self._db.read() as connection:
            return dict(connection.execute("select feed_id, policy from picture_feeds"))

    def set_picture_policy(self, feed_id: int, policy: PicturePolicy | None) -> Changes:
        """None: as in the settings. Raises InputError."""
        if policy is not None and policy not in get_args(PicturePolicy):
            raise InputError(f"Pictures are fetched never, on click or all, not “{policy}”.")

        def work(connection: Connection) -> Changes:
            connection.execute("delete from picture_feeds where feed_id = ?", (feed_id,))
            if policy is not None:
                connection.execute("insert into picture_feeds (feed_id, policy) values (?, ?)", (feed_id, policy))
            return Changes(feeds=frozenset({feed_id}))

        return self._db.write(work, durable=True)
