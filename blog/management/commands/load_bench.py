"""Load the benchmark's data set into an empty database, in bulk."""

import csv
import io
import json
import resource
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.models import Model

from accounts.models import Block, Follow, Mute, User
from accounts.validators import fold
from blog import text
from blog.bench import Plan, Row, Sizes, row_of, stored
from blog.models import (
    Conversation,
    Like,
    Message,
    Notification,
    Post,
    SearchEntry,
    SearchRow,
    Side,
    Tag,
    Tagging,
    Teller,
)
from blog.models.ids import id_at
from blog.search import index

BATCH = 10_000
BODIES = 2000  # that messages and answers repeat
COUNT = """
    UPDATE accounts_user SET
      post_count = (SELECT count(*) FROM blog_post WHERE author_id = accounts_user.id AND repost_of_id IS NULL),
      follower_count = (SELECT count(*) FROM accounts_follow WHERE followed_id = accounts_user.id),
      following_count = (SELECT count(*) FROM accounts_follow WHERE follower_id = accounts_user.id)
"""


class Command(BaseCommand):
    help = (
        "Load users.csv, posts.csv, follows.csv and meta.json of a benchmark's data set into an empty database, "
        "and make what people do with them: likes, reposts, threads, messages and notifications."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="the folder with the files")
        of_one = {"replies": "thread", "talk": "conversation", "notifications": "person"}
        for name, default in vars(Sizes()).items():
            what = f"so many {name} of one {of_one[name]}" if name in of_one else f"so many {name}"
            parser.add_argument(f"--{name}", type=int, default=default, metavar="N", help=f"{what} ({default:,})")

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        if User.objects.exists():
            raise CommandError("The database has people already: the benchmark wants an empty one.")
        try:
            meta = json.loads((folder / "meta.json").read_text())
        except OSError as error:
            raise CommandError(f"{folder} has no data set: {error}") from error
        begun = time.monotonic()
        sizes = Sizes(**{name: max(0, options[name]) for name in vars(Sizes())})
        with transaction.atomic():
            self.load(folder, meta["password"], sizes)
        settle()
        self.stdout.write(f"{sum(index.rebuild()):,} {SearchRow._meta.db_table}")
        settle()
        counts = ", ".join(f"{n:,} {what}" for what, n in meta["counts"].items())
        taken = f"{time.monotonic() - begun:.0f} s and {most_memory()} MB of memory"
        self.stdout.write(self.style.SUCCESS(f"Loaded {counts}, and what people do with them, in {taken}."))

    def load(self, folder: Path, password: str, sizes: Sizes) -> None:
        names: dict[str, int] = {}
        self.copy(User, people(folder, make_password(password), names))
        self.copy(Follow, follows(folder), pk=False)
        written = [(post_id(r), int(r["user_id"])) for r in records(folder / "posts.csv")]
        plan = Plan(written, list(names.values()), names["bench"], sizes)
        bodies = [r["body"] for r in islice(records(folder / "posts.csv"), BODIES)]
        self.write_posts(folder, names, plan, bodies)
        self.write_deeds(plan, bodies)
        for statement in connection.ops.sequence_reset_sql(no_style(), [User, Tag, Conversation, Notification]):
            with connection.cursor() as cursor:
                cursor.execute(statement)
        with connection.cursor() as cursor:
            # Or the count looks through all posts for each person. Not of all: SQLite would believe that the tables of
            # FTS5, which are filled after this, have two rows, and scan them for each segment that it merges.
            for model in (Post, Follow):
                cursor.execute(f"ANALYZE {model._meta.db_table}")
            cursor.execute(COUNT)
        SearchEntry.objects.note_all_of(Post.objects.indexed())

    def write_posts(self, folder: Path, names: dict[str, int], plan: Plan, bodies: list[str]) -> None:
        tags: dict[str, int] = {}
        tagged: list[Row] = []
        mentioned: list[Row] = []
        self.copy(Post, posts(folder, names, plan, tags, tagged, mentioned))
        self.copy(Post, plan.repost_rows())
        self.copy(Post, plan.answer_rows(bodies))
        self.copy(Tag, ([pk, name] for name, pk in tags.items()))
        self.copy(Tagging, tagged, pk=False, columns=["post_id", "tag_id"])
        self.copy(Post.mentions.through, mentioned, pk=False, columns=["post_id", "user_id"])

    def write_deeds(self, plan: Plan, bodies: list[str]) -> None:
        """What people do with the posts and to one another."""
        self.copy(Like, plan.likes(), pk=False)
        reads = Follow.objects.filter(follower=plan.reader).order_by("pk").values_list("followed", flat=True)
        blocked, muted = plan.relations(list(reads))
        self.copy(Block, blocked, pk=False)
        self.copy(Mute, muted, pk=False)
        sides: list[Row] = []
        self.copy(Conversation, ([n] for n, _pair in enumerate(plan.conversations(), 1)))
        self.copy(Message, plan.message_rows(bodies, sides))
        self.copy(Side, sides, pk=False)
        tellers: list[Row] = []
        self.copy(Notification, plan.notification_rows(tellers))
        self.copy(Teller, tellers, pk=False)

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


def most_memory() -> int:
    """The most that this process has held at once, in megabytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit // 1_000_000


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


def post_id(record: dict[str, str]) -> int:
    at = moment(record["created_at"])
    return id_at(at, at.microsecond % 1000 << 6)  # times are unique to the microsecond, so ids are


def posts(
    folder: Path, names: dict[str, int], plan: Plan, tags: dict[str, int], tagged: list[Row], mentioned: list[Row]
) -> Iterator[Row]:
    for number, r in enumerate(records(folder / "posts.csv")):
        pk = post_id(r)
        for tag in dict.fromkeys(text.fold(tag) for tag in text.tags(r["body"])):
            tagged.append([pk, tags.setdefault(tag, len(tags) + 1)])
        for name in text.mentions(r["body"]):
            if person := names.get(fold(name)):
                mentioned.append([pk, person])
        said = {"id": pk, "author_id": int(r["user_id"]), "body": r["body"], "language": r["language"]}
        yield row_of(Post, **said, **plan.counts_of(number))


def settle() -> None:
    """Let the planner know what is there, and index-only scans work at once."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
