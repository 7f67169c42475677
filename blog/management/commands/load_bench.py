"""Load the benchmark's data set into an empty database, in bulk."""

import csv
import io
import json
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.management.color import no_style
from django.db import connection, models, transaction
from django.db.models import Model

from accounts.models import Follow, User
from accounts.validators import fold
from blog import text
from blog.models import Post, SearchEntry, SearchRow, Tag, Tagging
from blog.models.ids import id_at
from blog.search import index

BATCH = 10_000
COUNT = """
    UPDATE accounts_user SET
      post_count = (SELECT count(*) FROM blog_post WHERE author_id = accounts_user.id),
      follower_count = (SELECT count(*) FROM accounts_follow WHERE followed_id = accounts_user.id),
      following_count = (SELECT count(*) FROM accounts_follow WHERE follower_id = accounts_user.id)
"""
Row = list[Any]


class Command(BaseCommand):
    help = "Load users.csv, posts.csv, follows.csv and meta.json of a benchmark's data set into an empty database."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="the folder with the files")

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        if User.objects.exists():
            raise CommandError("The database has people already: the benchmark wants an empty one.")
        try:
            meta = json.loads((folder / "meta.json").read_text())
        except OSError as error:
            raise CommandError(f"{folder} has no data set: {error}") from error
        begun = time.monotonic()
        with transaction.atomic():
            self.load(folder, meta["password"])
        settle()
        counts = ", ".join(f"{n:,} {what}" for what, n in meta["counts"].items())
        self.stdout.write(self.style.SUCCESS(f"Loaded {counts} in {time.monotonic() - begun:.0f} s."))

    def load(self, folder: Path, password: str) -> None:
        hashed = make_password(password)
        names: dict[str, int] = {}
        self.copy(User, people(folder, hashed, names))
        self.copy(Follow, follows(folder), pk=False)
        tags: dict[str, int] = {}
        tagged: list[Row] = []
        mentioned: list[Row] = []
        self.copy(Post, posts(folder, names, tags, tagged, mentioned))
        self.copy(Tag, ([pk, name] for name, pk in tags.items()))
        self.copy(Tagging, tagged, pk=False, columns=["post_id", "tag_id"])
        self.copy(Post.mentions.through, mentioned, pk=False, columns=["post_id", "user_id"])
        for statement in connection.ops.sequence_reset_sql(no_style(), [User, Tag]):
            with connection.cursor() as cursor:
                cursor.execute(statement)
        with connection.cursor() as cursor:
            cursor.execute(COUNT)
        SearchEntry.objects.note_all_of(Post.objects.indexed())
        indexed = sum(index.rebuild())
        self.stdout.write(f"{indexed:,} {SearchRow._meta.db_table}")

    def copy(
        self, model: type[Model], rows: Iterable[Row], *, pk: bool = True, columns: list[str] | None = None
    ) -> None:
        """Write `rows`, which hold the columns of `model` in their order, and say how many."""
        columns = columns or [str(f.column) for f in model._meta.concrete_fields if pk or not f.primary_key]
        write, rows, done = writer(), iter(rows), 0
        while batch := list(islice(rows, BATCH)):
            write(model._meta.db_table, columns, batch)
            done += len(batch)
        self.stdout.write(f"{done:,} {model._meta.db_table}")


def writer() -> Callable[[str, list[str], list[Row]], None]:
    return copy_in if connection.vendor == "postgresql" else insert


def copy_in(table: str, columns: list[str], rows: list[Row]) -> None:
    """PostgreSQL's COPY, by far the quickest way in."""
    lines = io.StringIO()
    out = csv.writer(lines)
    out.writerows([["\\N" if value is None else value for value in row] for row in rows])
    lines.seek(0)
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT csv, NULL '\\N')", lines)


def insert(table: str, columns: list[str], rows: list[Row]) -> None:
    marks = ", ".join(["%s"] * len(columns))
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)  # noqa: S608


def records(path: Path) -> Iterator[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def moment(iso: str) -> datetime:
    return datetime.fromisoformat(iso)


def row_of(model: type[Model], **values: Any) -> Row:
    """The values of a row in the order of the model's columns; what is not given has its default."""
    return [
        values[f.attname] if f.attname in values else (None if f.null else f.get_db_prep_save(default(f), connection))
        for f in model._meta.concrete_fields
    ]


def default(field: models.Field) -> Any:
    return field.get_default()


def stored(value: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(value)


def people(folder: Path, hashed: str, names: dict[str, int]) -> Iterator[Row]:
    for r in records(folder / "users.csv"):
        names[fold(r["username"])] = int(r["id"])
        yield row_of(
            User,
            id=int(r["id"]),
            password=hashed,
            username=r["username"],
            username_key=fold(r["username"]),
            email=r["email"],
            email_key=fold(r["email"]),
            about=r["about_me"],
            created_at=stored(moment(r["created_at"])),
            last_seen_at=stored(moment(r["last_seen"])),
        )


def follows(folder: Path) -> Iterator[Row]:
    for r in records(folder / "follows.csv"):
        yield [int(r["follower_id"]), int(r["followed_id"]), stored(moment(r["created_at"]))]


def posts(
    folder: Path, names: dict[str, int], tags: dict[str, int], tagged: list[Row], mentioned: list[Row]
) -> Iterator[Row]:
    for r in records(folder / "posts.csv"):
        at = moment(r["created_at"])
        pk = id_at(at, at.microsecond % 1000 << 6)  # times are unique to the microsecond, so ids are
        for tag in dict.fromkeys(text.fold(tag) for tag in text.tags(r["body"])):
            tagged.append([pk, tags.setdefault(tag, len(tags) + 1)])
        for name in text.mentions(r["body"]):
            if person := names.get(fold(name)):
                mentioned.append([pk, person])
        yield row_of(Post, id=pk, author_id=int(r["user_id"]), body=r["body"], language=r["language"])


def settle() -> None:
    """Let the planner know what is there, and index-only scans work at once."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
