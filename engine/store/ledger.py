"""Every request that left the machine, written before it was made; and hosts that asked for a pause."""

from __future__ import annotations

from datetime import datetime

from engine.store.connection import Connection
from engine.store.part import Part, moment, stamp
from engine.types import LedgerRow


class LedgerPart(Part):
    """An `engine.http.Recorder`."""

    def begin(self, *, host: str, purpose: str, method: str, sent_bytes: int) -> int:
        """Enter a request; returns its number once the row is committed, so that nothing connects unseen."""
        now = stamp(self._clock())

        def work(connection: Connection) -> int:
            row = connection.execute(
                "insert into ledger (at, host, purpose, method, sent_bytes) values (?, ?, ?, ?, ?) returning id",
                (now, host, purpose, method, sent_bytes),
            ).fetchone()
            return int(row[0])

        return self._db.write(work)

    def complete(self, entry: int, *, status: int | None, received_bytes: int, error: str) -> None:
        """Note how a request ended. Returns before the commit: nobody waits for this."""

        def work(connection: Connection) -> None:
            connection.execute(
                "update ledger set status = ?, received_bytes = ?, error = ? where id = ?",
                (status, received_bytes, error, entry),
            )

        self._db.send_and_log(work, "ledger")

    def pause(self, host: str, until: datetime) -> None:
        """Remember that a host (name and port), or what has the pace "pace:…", is not to be asked before then."""

        def work(connection: Connection) -> None:
            connection.execute(
                """
                insert into pauses (host, until) values (?, ?)
                on conflict (host) do update
                set until = iif(host like 'pace:%', excluded.until, max(until, excluded.until))
                """,
                (host, stamp(until)),
            )

        self._db.write(work)

    def pauses(self) -> dict[str, datetime]:
        """Return the pauses that are not over yet, by host."""
        with self._db.read() as connection:
            rows = connection.execute("select host, until from pauses where until > ?", (stamp(self._clock()),)).fetchall()
        return {host: moment(until) for host, until in rows}

    def ledger(self, limit: int = 200, host: str | None = None) -> list[LedgerRow]:
        """Return the newest requests, of one host where given."""
        with self._db.read() as connection:
            rows = connection.execute(
                f"""
                select id, at, host, purpose, method, sent_bytes, received_bytes, status, error from ledger
                {"where host = :host" if host is not None else ""} order by id desc limit :limit
                """,
                {"host": host, "limit": limit},
            ).fetchall()
        return [
            LedgerRow(
                id=row[0],
                at=moment(row[1]),
                host=row[2],
                purpose=row[3],
                method=row[4],
                sent_bytes=row[5],
                received_bytes=row[6],
                status=row[7],
                error=row[8],
            )
            for row in rows
        ]
