"""What language models wrote of more than one content, and what the person wants of their writing."""

from __future__ import annotations

from engine.errors import InputError
from engine.store.connection import Connection
from engine.store.part import Part, stamp
from engine.types import MAX_WISH_CHARACTERS, Changes, SummaryWish

KEPT_SECONDS = 180 * 86_400.0  # what a model wrote longer ago than this can be written again


class WrittenPart(Part):
    def written(self, key: bytes, kind: str, model: str, prompt: str) -> str | None:
        """Return what was kept under a key.

        Args:
            key: a hash of all that was read.   kind: of text ("story", "thread", …).   prompt: names how it was asked for.
        """
        with self._db.read() as connection:
            row = connection.execute(
                "select content from written where key = ? and kind = ? and model = ? and prompt = ?",
                (key, kind, model, prompt),
            ).fetchone()
        return None if row is None else str(row[0])

    def save_written(self, key: bytes, kind: str, model: str, prompt: str, content: str) -> None:
        """Keep a text; of its kind, what is older than half a year goes."""
        now = stamp(self._clock())

        def work(connection: Connection) -> None:
            connection.execute("delete from written where kind = ? and made_at < ?", (kind, now - KEPT_SECONDS))
            connection.execute(
                "insert or replace into written (key, kind, model, prompt, content, made_at) values (?, ?, ?, ?, ?, ?)",
                (key, kind, model, prompt, content, now),
            )

        self._db.write(work)

    def summary_wishes(self) -> dict[int, SummaryWish]:
        """Return what the person wants of summaries, by feed; feeds without a wish are left out."""
        with self._db.read() as connection:
            rows = connection.execute("select feed_id, max_words, prompt, always from summary_wishes").fetchall()
        return {
            int(feed_id): SummaryWish(max_words=words, prompt=prompt, always=bool(always))
            for feed_id, words, prompt, always in rows
        }

    def set_summary_wish(self, feed_id: int, wish: SummaryWish | None) -> Changes:
        """Keep a wish, or forget it. Raises InputError: it is out of bounds, or there is no such feed."""
        if wish is not None and wish.max_words is not None and not 10 <= wish.max_words <= 400:
            raise InputError(f"A summary has 10 to 400 words; {wish.max_words} is out of that.")
        if wish is not None and len(wish.prompt) > MAX_WISH_CHARACTERS:
            raise InputError(f"What a summary shall be like is said in at most {MAX_WISH_CHARACTERS} characters.")

        def work(connection: Connection) -> None:
            if connection.execute("select 1 from feeds where id = ?", (feed_id,)).fetchone() is None:
                raise InputError(f"There is no feed {feed_id}.")
            connection.execute("delete from summary_wishes where feed_id = ?", (feed_id,))
            if wish is not None and wish != SummaryWish():
                connection.execute(
                    "insert into summary_wishes (feed_id, max_words, prompt, always) values (?, ?, ?, ?)",
                    (feed_id, wish.max_words, wish.prompt, int(wish.always)),
                )

        self._db.write(work, durable=True)
        return Changes(feeds=frozenset({feed_id}))

    def summary_seconds(self, day: str) -> float:
        """Return how long the model summed up in idle time on a day ("2026-11-30")."""
        with self._db.read() as connection:
            row = connection.execute("select seconds from summary_days where day = ?", (day,)).fetchone()
        return 0.0 if row is None else float(row[0])

    def add_summary_seconds(self, day: str, seconds: float) -> None:
        """Count time; days before are forgotten."""

        def work(connection: Connection) -> None:
            connection.execute("delete from summary_days where day < ?", (day,))
            connection.execute(
                "insert into summary_days (day, seconds) values (?, ?) "
                "on conflict (day) do update set seconds = seconds + excluded.seconds",
                (day, seconds),
            )

        self._db.write(work)
