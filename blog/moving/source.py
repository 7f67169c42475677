"""The database of a Flask Microblog, of any edition, read only: SQLite, PostgreSQL or MySQL.

Read by plain DB-API cursors, not by Django's backends. What is needed is "these columns of that table, in this order",
streamed: Django streams nothing from MySQL, wants a C library for it, and a connection that is not in DATABASES is
no documented thing there. Here each kind of database is one function, and everything is one transaction, so that a
site which is still running is seen as it was at one moment.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blog.moving.address import Address, SourceError

CONNECT_TIMEOUT = 10  # seconds
WRITE_TIMEOUT = 3600  # seconds that MySQL waits for us while we write a batch
FETCH = 2000  # rows on their way at a time


@dataclass(frozen=True)
class Dialect:
    """How one kind of database differs from the others."""

    quote: str
    text: str  # the type that anything can be cast to, to be read as text
    catalogue: str  # selects the name of each table with the name of each of its columns
    errors: tuple[type[Exception], ...]
    cursor: Callable[[Any], Any]  # makes a cursor that streams


class Source:
    """An open database. `columns` says which tables and columns this edition has."""

    def __init__(self, connection: Any, dialect: Dialect, address: Address) -> None:
        self.connection, self.dialect, self.address = connection, dialect, address
        self.columns: dict[str, set[str]] = {}
        for table, column in self._fetch(dialect.catalogue):
            self.columns.setdefault(table, set()).add(column)

    def has(self, table: str, *columns: str) -> bool:
        return set(columns) <= self.columns.get(table, set()) if columns else table in self.columns

    def count(self, table: str) -> int:
        """How many rows a table has; none if this edition has no such table."""
        return self._fetch(f"SELECT count(*) FROM {self._name(table)}")[0][0] if self.has(table) else 0  # noqa: S608

    def rows(
        self,
        table: str,
        columns: Sequence[str],
        *,
        order: Sequence[str],
        times: Sequence[str] = (),
        ids: Sequence[int] | None = None,
    ) -> Iterator[tuple]:
        """Stream a table in `order`, or its rows of these ids. A column that this edition lacks is None in each row.

        `times` come as text: what a driver makes of year 0 or of "infinity" differs, and may be an exception.
        Read one stream to its end before the next: MySQL has room for one.
        """
        if not self.has(table):
            return
        chosen = ", ".join(self._column(table, column, as_text=column in times) for column in columns)
        where = f" WHERE id IN ({', '.join(str(int(pk)) for pk in ids)})" if ids is not None else ""
        by = ", ".join(map(self._name, order))
        yield from self._stream(f"SELECT {chosen} FROM {self._name(table)}{where} ORDER BY {by}")  # noqa: S608

    def earliest(self, table: str, time: str, by: str) -> Iterator[tuple[Any, str]]:
        """For each value of the column `by` its earliest time, as text."""
        if self.has(table, time, by):
            time, by = f"CAST(min({self._name(time)}) AS {self.dialect.text})", self._name(by)
            yield from self._stream(f"SELECT {by}, {time} FROM {self._name(table)} GROUP BY {by}")  # noqa: S608

    def _name(self, name: str) -> str:
        return f"{self.dialect.quote}{name}{self.dialect.quote}"

    def _column(self, table: str, column: str, *, as_text: bool) -> str:
        if not self.has(table, column):
            return "NULL"
        return f"CAST({self._name(column)} AS {self.dialect.text})" if as_text else self._name(column)

    def _fetch(self, sql: str) -> list[tuple]:
        return list(self._stream(sql))

    def _stream(self, sql: str) -> Iterator[tuple]:
        try:
            with closing(self.dialect.cursor(self.connection)) as cursor:
                cursor.execute(sql)
                while batch := cursor.fetchmany(FETCH):
                    yield from batch
        except self.dialect.errors as error:
            raise SourceError(self.address.hide(error)) from None


@contextmanager
def opened(address: Address) -> Iterator[Source]:
    """Open the database of a Flask Microblog, with its two first tables at least."""
    connection, dialect = OPEN[address.kind](address)
    with closing(connection):
        source = Source(connection, dialect, address)
        if not (source.has("user", "id", "username") and source.has("post", "id", "body", "timestamp", "user_id")):
            raise SourceError(f"{address} is no Flask Microblog: its tables user and post are not there.")
        yield source


def _sqlite(address: Address) -> tuple[Any, Dialect]:
    path = Path(address.database)
    if not path.is_file():
        raise SourceError(f"There is no file {address}.")
    catalogue = "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'"
    dialect = Dialect('"', "TEXT", catalogue, (sqlite3.Error,), lambda connection: connection.cursor())
    try:
        connection = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=CONNECT_TIMEOUT
        )
        connection.text_factory = lambda value: value.decode(errors="replace")
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()  # the moment from which it is seen
    except sqlite3.Error as error:
        raise SourceError(f"{address}: {error}") from None
    return connection, dialect


def _postgresql(address: Address) -> tuple[Any, Dialect]:
    import psycopg2

    place = {"dbname": address.database, "host": address.host, "port": address.port}
    place |= {"user": address.user, "password": address.password}
    defaults = {"connect_timeout": CONNECT_TIMEOUT, "application_name": "import_microblog"}
    catalogue = """SELECT table_name, column_name FROM information_schema.columns
                    WHERE table_schema = ANY (current_schemas(false))"""
    dialect = Dialect('"', "TEXT", catalogue, (psycopg2.Error,), lambda connection: connection.cursor("moving"))
    try:
        given = {key: value for key, value in place.items() if value}
        connection = psycopg2.connect(**(defaults | given | address.options))
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        with connection.cursor() as cursor:
            cursor.execute("SET client_encoding TO 'UTF8'; SET TIME ZONE 'UTC'; SET datestyle TO 'ISO'")
    except psycopg2.Error as error:
        raise SourceError(address.hide(error).strip()) from None
    return connection, dialect


def _mysql(address: Address) -> tuple[Any, Dialect]:
    try:
        import pymysql
        from pymysql.cursors import SSCursor
    except ImportError:
        raise SourceError("Reading MySQL takes the package PyMySQL: pip install PyMySQL") from None
    place = {"host": address.host or "localhost", "port": address.port or 3306, "database": address.database}
    place |= {"user": address.user, "password": address.password}
    place |= {key: value for key, value in address.options.items() if key in ("unix_socket", "ssl_ca")}
    catalogue = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = database()"
    dialect = Dialect("`", "CHAR", catalogue, (pymysql.MySQLError,), lambda connection: connection.cursor(SSCursor))
    try:
        connection = pymysql.connect(**place, charset="utf8mb4", connect_timeout=CONNECT_TIMEOUT)
        with connection.cursor() as cursor:
            cursor.execute(f"SET time_zone = '+00:00', net_write_timeout = {WRITE_TIMEOUT}")
            cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
    except (pymysql.MySQLError, RuntimeError, OSError) as error:
        raise SourceError(address.hide(error)) from None
    return connection, dialect


OPEN = {"sqlite": _sqlite, "postgresql": _postgresql, "mysql": _mysql}
