"""Model servers of the person's own: where they are. Their keys lie in the keyring, never here."""

from __future__ import annotations

from engine.errors import NotFoundError
from engine.store.connection import Connection
from engine.store.part import Part, Row, moment_or_none, stamp
from engine.types import Changes, ModelServer

_SERVER = "select id, url, model, item, confirmed_at, enabled from model_servers"


def _server(row: Row) -> ModelServer:
    return ModelServer(
        id=row[0], url=row[1], model=row[2], has_key=bool(row[3]), confirmed_at=moment_or_none(row[4]), enabled=bool(row[5])
    )


class ModelServersPart(Part):
    def model_servers(self) -> list[ModelServer]:
        with self._db.read() as connection:
            return [_server(row) for row in connection.execute(f"{_SERVER} order by url")]

    def enabled_model_server(self) -> ModelServer | None:
        with self._db.read() as connection:
            row = connection.execute(f"{_SERVER} where enabled = 1").fetchone()
        return None if row is None else _server(row)

    def model_server_key(self, server_id: int) -> str:
        """Return the keyring's item of a server's key, "" where it has none. Raises NotFoundError."""
        with self._db.read() as connection:
            row = connection.execute("select item from model_servers where id = ?", (server_id,)).fetchone()
        if row is None:
            raise NotFoundError(f"There is no model server {server_id}.")
        return str(row[0])

    def save_model_server(self, *, url: str, model: str, item: str, confirmed: bool) -> ModelServer:
        """Keep a server, switched off; of one whose address is known, the model and the key become these.

        Args:
            item: the keyring's, "" for no key.   confirmed: the person typed the name of a host outside the home network.
        """

        def work(connection: Connection) -> ModelServer:
            at = stamp(self._clock()) if confirmed else None
            connection.execute(
                """
                insert into model_servers (url, model, item, confirmed_at) values (?, ?, ?, ?)
                on conflict (url) do update set model = excluded.model, item = excluded.item, confirmed_at = excluded.confirmed_at
                """,
                (url, model, item, at),
            )
            return _server(connection.execute(f"{_SERVER} where url = ?", (url,)).fetchone())

        return self._db.write(work, durable=True)

    def enable_model_server(self, server_id: int | None) -> Changes:
        """Switch one server on and all others off; None switches all off. Raises NotFoundError."""

        def work(connection: Connection) -> Changes:
            connection.execute("update model_servers set enabled = 0")
            if server_id is not None:
                done = connection.execute("update model_servers set enabled = 1 where id = ?", (server_id,)).rowcount
                if not done:
                    raise NotFoundError(f"There is no model server {server_id}.")
            return Changes(settings=True)

        return self._db.write(work, durable=True)

    def remove_model_server(self, server_id: int) -> Changes:
        """Raises NotFoundError."""

        def work(connection: Connection) -> Changes:
            if not connection.execute("delete from model_servers where id = ?", (server_id,)).rowcount:
                raise NotFoundError(f"There is no model server {server_id}.")
            return Changes(settings=True)

        return self._db.write(work, durable=True)
