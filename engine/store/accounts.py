"""Accounts on networks: whose they are and where. Their tokens lie in the keyring, never here."""

from __future__ import annotations

from engine.errors import NotFoundError
from engine.store.connection import Connection
from engine.store.part import Part, Row, moment, moment_or_none, stamp
from engine.types import Account, Changes

_ACCOUNT = "select id, kind, server, name, item, added_at, scopes, error, synced_at from accounts"


def _account(row: Row) -> Account:
    return Account(
        id=row[0], kind=row[1], server=row[2], name=row[3], item=row[4], added_at=moment(row[5]), scopes=row[6], error=row[7],
        synced_at=moment_or_none(row[8]),
    )  # fmt: skip


class AccountsPart(Part):
    def accounts(self) -> list[Account]:
        with self._db.read() as connection:
            return [_account(row) for row in connection.execute(f"{_ACCOUNT} order by name")]

    def account(self, name: str) -> Account | None:
        """Return the account of that name."""
        with self._db.read() as connection:
            row = connection.execute(f"{_ACCOUNT} where name = ?", (name,)).fetchone()
        return _account(row) if row is not None else None

    def save_account(self, *, kind: str, server: str, name: str, item: str, scopes: str = "read") -> Account:
        """Keep an account, or where one of that name is known, that its token lies under another item now.

        Args:
            server: its origin.   item: the keyring's.
        """

        def work(connection: Connection) -> Account:
            connection.execute(
                """
                insert into accounts (kind, server, name, item, added_at, scopes) values (?, ?, ?, ?, ?, ?)
                on conflict (name) do update set kind = excluded.kind, server = excluded.server, item = excluded.item,
                  scopes = excluded.scopes, error = ''
                """,
                (kind, server, name, item, stamp(self._clock()), scopes),
            )
            return _account(connection.execute(f"{_ACCOUNT} where name = ?", (name,)).fetchone())

        return self._db.write(work, durable=True)

    def remove_account(self, name: str) -> Changes:
        """Forget an account; feeds that are read with it stay, and say that nobody is signed in. Raises NotFoundError."""

        def work(connection: Connection) -> Changes:
            if not connection.execute("delete from accounts where name = ?", (name,)).rowcount:
                raise NotFoundError(f"There is no account {name}.")
            return Changes(settings=True)

        return self._db.write(work, durable=True)
