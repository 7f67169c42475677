"""Databases as the Flask Microblog's editions made them, for tests: on SQLite, PostgreSQL and MySQL."""

import sqlite3
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg2
import pymysql
from django.core.management import call_command

from blog.models import ImportedRow
from blog.moving.address import Address, parse

ORIGINAL = Path(__file__).parent / "data" / "flask-microblog.db"
PASSWORDS = ORIGINAL.with_suffix(".json")

# What each edition added; the tables of the first have no column or table of a later one.
V04 = {
    "user": "id INTEGER PRIMARY KEY, username VARCHAR(64), email VARCHAR(120), password_hash VARCHAR(128)",
    "post": "id INTEGER PRIMARY KEY, body VARCHAR(140), timestamp {time}, user_id INTEGER",
}
V09 = {
    **V04,
    "user": V04["user"] + ", about_me VARCHAR(140), last_seen {time}",
    "followers": "follower_id INTEGER, followed_id INTEGER",  # no key: a row can be there twice
}
V14 = {**V09, "post": V09["post"] + ", language VARCHAR(5)"}
V23 = {
    **V14,
    "user": V14["user"].replace("password_hash VARCHAR(128)", "password_hash VARCHAR(256)")
    + ", last_message_read_time {time}, token VARCHAR(32), token_expiration {time}",
    "followers": "follower_id INTEGER NOT NULL, followed_id INTEGER NOT NULL, PRIMARY KEY (follower_id, followed_id)",
    "message": "id INTEGER PRIMARY KEY, sender_id INTEGER, recipient_id INTEGER, body VARCHAR(140), timestamp {time}",
}
EDITIONS = {"v0.4": V04, "v0.9": V09, "v0.14": V14, "v0.23": V23}
TIMES = {"sqlite": "DATETIME", "postgresql": "TIMESTAMP", "mysql": "DATETIME"}


class OldMicroblog:
    """A database to fill. Columns that its edition lacks are left out of what is written."""

    def __init__(self, url: str, edition: str = "v0.23") -> None:
        self.url = url
        address = parse(url)
        self.quote = "`" if address.kind == "mysql" else '"'
        self.mark = "?" if address.kind == "sqlite" else "%s"
        self.connection = connect(address)
        self.columns: dict[str, list[str]] = {}
        for table, columns in EDITIONS[edition].items():
            self.execute(f"CREATE TABLE {self._name(table)} ({columns.format(time=TIMES[address.kind])})")
            self.columns[table] = [words.split()[0] for words in columns.partition(", PRIMARY")[0].split(", ")]
        self.connection.commit()

    def person(self, pk: int, username: str | None, **columns: Any) -> "OldMicroblog":
        columns.setdefault("email", f"person{pk}@example.com")
        return self.add("user", id=pk, username=username, **columns)

    def post(self, pk: int, user_id: int, body: str | None = "Something said.", **columns: Any) -> "OldMicroblog":
        columns.setdefault("timestamp", f"2018-01-09 12:{pk // 60 % 60:02}:{pk % 60:02}.000000")
        return self.add("post", id=pk, user_id=user_id, body=body, **columns)

    def follow(self, follower: int | None, followed: int | None) -> "OldMicroblog":
        return self.add("followers", follower_id=follower, followed_id=followed)

    def add(self, table: str, **columns: Any) -> "OldMicroblog":
        there = {name: value for name, value in columns.items() if name in self.columns[table]}
        names, marks = ", ".join(map(self._name, there)), ", ".join([self.mark] * len(there))
        self.execute(f"INSERT INTO {self._name(table)} ({names}) VALUES ({marks})", list(there.values()))  # noqa: S608
        self.connection.commit()
        return self

    def execute(self, sql: str, parameters: Any = ()) -> None:
        cursor = self.connection.cursor()
        cursor.execute(sql, parameters)
        cursor.close()

    def move(self, *arguments: str) -> str:
        """Import it by the command. Return what that prints."""
        return move(self.url, *arguments)

    def _name(self, name: str) -> str:
        return f"{self.quote}{name}{self.quote}"


def connect(address: Address) -> Any:
    if address.kind == "sqlite":
        connection = sqlite3.connect(address.database)
        connection.execute("PRAGMA synchronous = OFF")  # a test's rows need not survive a power cut
        return connection
    place = {"host": address.host, "port": address.port, "user": address.user}
    if address.kind == "postgresql":
        return psycopg2.connect(dbname=address.database, **place)
    return pymysql.connect(database=address.database, password=address.password, charset="utf8mb4", **place)


def move(url: str, *arguments: str) -> str:
    """Run `manage.py import_microblog`. Return what it prints."""
    output = StringIO()
    call_command("import_microblog", str(url), *arguments, stdout=output, stderr=StringIO())
    return output.getvalue()


def new_ids(kind: ImportedRow.Kind = ImportedRow.Kind.POST, source: str = "microblog") -> dict[int, int]:
    """What each old id became."""
    return dict(ImportedRow.objects.of(source, kind).order_by("old_id").values_list("old_id", "new_id"))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")
