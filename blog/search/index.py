"""Fill the index of the database's engine, and compare it with the posts; `manage.py search_index` asks for it.

Done in batches, each in a transaction of its own: nobody waits for long, and posts that are written meanwhile are in
the index already. What was interrupted is done again, or only what `verify` finds.
"""

from collections.abc import Iterator
from importlib import import_module

from django.apps import apps
from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from blog import words
from blog.models import Post, SearchRow
from blog.models.post import PostQuerySet
from blog.models.search import AT_ONCE, TABLE, dropped


def problems() -> list[str]:
    """What of the tables of `0009_search` is not there: somebody may have restored or changed a database by hand."""
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            cursor.execute("SELECT sql FROM sqlite_master WHERE name = %s", [TABLE])
            found = cursor.fetchone()
            return [] if found and "fts5" in found[0] else [f"The table {TABLE} of FTS5"]
        cursor.execute("SELECT to_regclass(%s), to_regclass('search_vector')", [TABLE])
        table, vectors = cursor.fetchone()
        cursor.execute("SELECT cfgname FROM pg_ts_config")
        missing = {f"microblog_{code}" for code in words.STEMMED} - {name for (name,) in cursor.fetchall()}
    gone = [(f"The table {TABLE}", table), (f"The index search_vector on {TABLE}", vectors)]
    return [name for name, there in gone if not there] + [
        f"The text search configuration {name}" for name in sorted(missing)
    ]


def recreate() -> None:
    """Make the table anew as the migration does, and empty."""
    migration = import_module("blog.migrations.0009_search")
    with connection.schema_editor() as editor:
        migration.unmake(apps, editor)
        migration.make(apps, editor)


def rebuild() -> Iterator[int]:
    """Write the row of every post that people may find, the newest first. Yield how many were written, batch by batch.

    It works on the rows in place, so that search answers all the while; only a table that is gone is made first.
    """
    if problems():
        recreate()
    for keys in _batches():
        _write(keys)
        yield len(keys)
    _drop_surplus(repair=True)


def is_filled() -> bool:
    """Whether the oldest post is in the index: `rebuild` and `fill` come to it last."""
    oldest = _shown().order_by("pk").values_list("pk", flat=True).first()
    return oldest is None or SearchRow.objects.filter(pk=oldest).exists()


def fill(below: int) -> int:
    """Index the newest posts older than `below`, at most AT_ONCE. Return the oldest of them, 0 when there is none."""
    keys = list(_shown().filter(pk__lt=below).order_by("-pk").values_list("pk", flat=True)[:AT_ONCE])
    _write(keys)
    return keys[-1] if keys else 0


def mend_newest(since: int) -> int:
    """Index the posts from the id `since` on that have no row, as an older release may write them while it still runs.

    Return how many there were.
    """
    lacking = _shown().filter(~Exists(SearchRow.objects.filter(pk=OuterRef("pk"))), pk__gte=since)
    keys = list(lacking.values_list("pk", flat=True))
    for start in range(0, len(keys), AT_ONCE):
        _write(keys[start : start + AT_ONCE])
    return len(keys)


def verify(*, repair: bool) -> Iterator[tuple[int, int]]:
    """Compare every row with its post, and mend it with `repair`. Yield how many were seen, and how many differ."""
    for keys in _batches():
        with transaction.atomic():
            posts = _locked(keys)
            wrong = set(SearchRow.objects.differing(posts)) if posts else set()
            if repair:
                SearchRow.objects.write(post for post in posts if post.pk in wrong)
        yield len(keys), len(wrong)
    yield 0, _drop_surplus(repair=repair)


def _write(keys: list[int]) -> None:
    with transaction.atomic():
        SearchRow.objects.write(_locked(keys))


def _locked(keys: list[int]) -> list[Post]:
    """These posts: whoever hides or deletes one waits until its row is written, and takes it out after that.

    They lock the row first, too, so that nobody waits for each other.
    """
    list(SearchRow.objects.select_for_update().filter(pk__in=keys).values_list("pk"))
    return list(_shown().select_for_update().filter(pk__in=keys))


def _shown() -> PostQuerySet:
    """The posts that have something to be found by."""
    return Post.objects.originals().filter(hidden_at=None)


def _batches() -> Iterator[list[int]]:
    """Their keys, the newest first."""
    posts = _shown().order_by("-pk").values_list("pk", flat=True)
    keys = list(posts[:AT_ONCE])
    while keys:
        yield keys
        keys = list(posts.filter(pk__lt=keys[-1])[:AT_ONCE])


def _drop_surplus(*, repair: bool) -> int:
    """Take out the rows of posts that are hidden or gone. Return how many there were."""
    shown = _shown().filter(pk=OuterRef("pk"))
    surplus = list(SearchRow.objects.filter(~Exists(shown)).values_list("pk", flat=True))
    if repair:
        dropped(surplus)
    return len(surplus)
