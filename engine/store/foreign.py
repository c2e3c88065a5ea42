"""The databases of other readers: opened for reading only, in the `parse` worker, whatever their makers put into them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from sqlcipher3 import dbapi2 as sqlcipher

from engine.errors import ParseError
from engine.store.connection import Connection

MAX_TEXT = 2 << 20  # characters of one value; the rest is cut
MAX_STEPS = 4_000  # times 100,000 instructions of SQLite's for one query


class Foreign:
    """One database. Tables and columns that it lacks read as empty: every version of a reader has others.

    Only ordinary tables are read: a view or a virtual table runs what its maker wrote.

    Args:
        copy: it is a copy of our own, whose log (WAL or journal) may be applied; else it is opened immutable.
    """

    def __init__(self, path: Path, *, copy: bool) -> None:
        mode = "mode=rw" if copy else "mode=ro&immutable=1"
        self._steps = 0
        try:
            self._connection: Connection = sqlcipher.connect(
                f"file:{quote(str(path.absolute()))}?{mode}", uri=True, isolation_level=None
            )
            self._connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
            for pragma in (
                "cipher_log_level = NONE", "trusted_schema = off", "cell_size_check = on", "query_only = on",
                "temp_store = memory", "cache_size = -16000", "mmap_size = 0",
            ):  # fmt: skip
                self._connection.execute(f"pragma {pragma}").fetchall()
            self._connection.set_progress_handler(self._step, 100_000)
            self._connection.execute("select count(*) from sqlite_master").fetchall()
        except sqlcipher.Error as error:
            raise ParseError("The file is no database that can be read, or it is damaged.") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def _step(self) -> int:
        self._steps += 1
        return int(self._steps > MAX_STEPS)

    @cached_property
    def tables(self) -> Mapping[str, frozenset[str]]:
        """Names of columns by the names of tables, all in lower case."""
        rows = self._rows(
            "select name from sqlite_master where type = 'table' and upper(ltrim(sql)) not like 'CREATE VIRTUAL%' limit 500"
        )
        found = {}
        for (name,) in rows:
            columns = self._rows(f"select name from pragma_table_info({_text(name)}) limit 500")
            found[str(name).lower()] = frozenset(str(column).lower() for (column,) in columns)
        return found

    def rows(self, table: str, columns: Sequence[str], *, after: int = 0, limit: int) -> Iterator[tuple[Any, ...]]:
        """Yield (row's number, *columns) in the order of rows, from behind row `after` on."""
        if table.lower() not in self.tables:
            return
        there = self.tables[table.lower()]
        chosen = ", ".join(
            f"iif(typeof({_name(column)}) in ('text', 'blob'), substr({_name(column)}, 1, {MAX_TEXT}), {_name(column)})"
            if column.lower() in there
            else "null"
            for column in columns
        )
        yield from self._rows(
            f"select rowid, {chosen} from {_name(table)} where rowid > ? order by rowid limit ?", (after, limit)
        )

    def rows_of(self, table: str, columns: Sequence[str], key: str, values: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
        """Yield (row's number, *columns) of the rows whose `key` is among `values`."""
        there = self.tables.get(table.lower(), frozenset())
        if not {key.lower(), *(column.lower() for column in columns)} <= there or not values:
            return
        chosen = ", ".join(f"substr({_name(column)}, 1, {MAX_TEXT})" for column in columns)
        wanted = ",".join("?" * len(values))
        yield from self._rows(
            f"select rowid, {chosen} from {_name(table)} where {_name(key)} in ({wanted}) order by rowid limit 100000", values
        )

    def count(self, table: str, *, unset: Sequence[str] = (), set_: Sequence[str] = ()) -> int:
        """How many rows have nothing (0, empty, null) in the columns `unset`, and something in `set_`."""
        if table.lower() not in self.tables:
            return 0
        there = self.tables[table.lower()]
        if any(column.lower() not in there for column in set_):
            return 0
        tests = [f"coalesce({_name(column)}, 0) in (0, '')" for column in unset if column.lower() in there]
        tests += [f"coalesce({_name(column)}, 0) not in (0, '')" for column in set_]
        return int(next(self._rows(f"select count(*) from {_name(table)} where {' and '.join(tests) or 'true'}"))[0])

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        self._steps = 0
        try:
            yield from self._connection.execute(sql, tuple(values))
        except (sqlcipher.Error, OverflowError, MemoryError) as error:
            raise ParseError("The database is damaged or not of the shape that its reader makes.") from error


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(text: str) -> str:
    return "'" + str(text).replace("'", "''").replace("\0", "") + "'"
