"""What Elasticsearch has yet to hear: an entry for each change of a post, written in the transaction of the change."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import time_ns

from django.conf import settings
from django.db import connection, models
from django.utils import timezone

BATCH = 400  # rows of one statement: SQLite once allowed 999 parameters
LEFT_AFTER = timedelta(minutes=1)  # without a step of a build
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
LAST = 2**63 - 1  # above every id
COUNTED = 100_000  # entries: a longer outbox is not counted to its end


@dataclass(frozen=True)
class Backlog:
    """How many entries wait (COUNTED means: or more), and since when the oldest does; None if none does."""

    entries: int
    oldest: timedelta | None


class SearchEntryQuerySet(models.QuerySet["SearchEntry"]):
    def note(self, pks: Iterable[int]) -> None:
        """Note that these posts have changed, or are gone. Nothing to do where there is no Elasticsearch.

        It goes into the transaction of the change, so that one is there exactly if the other is.
        """
        if not settings.ELASTICSEARCH_DSL:
            return
        pks = list(pks)
        now = connection.ops.adapt_datetimefield_value(timezone.now())
        with connection.cursor() as cursor:
            for start in range(0, len(pks), BATCH):
                some = pks[start : start + BATCH]
                values = ", ".join(["(%s, %s)"] * len(some))
                # Plain, for it is in the way of everybody who posts: bulk_create takes three times as long.
                cursor.execute(
                    f"INSERT INTO {SearchEntry._meta.db_table} (post, at) VALUES {values}",  # noqa: S608 - parameters
                    [value for pk in some for value in (pk, now)],
                )

    def noting(self, pk: int) -> tuple[str, list]:
        """`note` as the beginning of another statement, on PostgreSQL, and its parameters."""
        if not settings.ELASTICSEARCH_DSL:
            return "", []
        return "WITH noted AS (INSERT INTO blog_searchentry (post, at) VALUES (%s, %s))", [pk, timezone.now()]

    def note_all_of(self, posts: models.QuerySet) -> None:
        """The same for a queryset of posts, without bringing their ids here."""
        if not settings.ELASTICSEARCH_DSL:
            return
        sql, params = posts.order_by().values("pk").query.sql_with_params()
        # The SQL of a queryset of ours, in which every value is a parameter.
        insert = f"INSERT INTO {SearchEntry._meta.db_table} (at, post) SELECT %s, found.* FROM ({sql}) found"  # noqa: S608
        with connection.cursor() as cursor:
            cursor.execute(insert, [connection.ops.adapt_datetimefield_value(timezone.now()), *params])

    def backlog(self) -> Backlog:
        first = self.order_by("pk").first()
        waits = max(timezone.now() - first.at, timedelta(0)) if first else None
        return Backlog(self.order_by()[:COUNTED].count(), waits)


class SearchEntry(models.Model):
    """One change of a post. Entries are only ever added and removed: who sees one twice indexes what is there now."""

    id = models.BigAutoField(primary_key=True)
    post = models.BigIntegerField()  # no foreign key: the post may be gone
    at = models.DateTimeField(default=timezone.now)

    objects = SearchEntryQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.post} at {self.at}"


class SearchIndexQuerySet(models.QuerySet["SearchIndex"]):
    def take_turn(self) -> "SearchIndex":
        """Lock the one row until the transaction ends, with a `turn` greater than all before.

        What is read from here on in the transaction is newer than what any earlier turn has read. The turn is the
        version of the documents made of it, so that the cluster refuses whatever arrives late.
        """
        row, _made = self.select_for_update().get_or_create(pk=1)
        # Microseconds: a database that was set back to yesterday's still makes greater ones.
        row.turn = max(row.turn + 1, time_ns() // 1000)
        row.save(update_fields=["turn"])
        return row

    def state(self) -> "SearchIndex":
        return self.filter(pk=1).first() or SearchIndex(pk=1)

    def claim(self) -> bool:
        """The right to begin a build that nobody asked for: for one of those who ask at once, and only if none runs."""
        self.get_or_create(pk=1)
        now = timezone.now()
        return bool(self.filter(building="", beat_at__lt=now - LEFT_AFTER).update(beat_at=now))

    def begin(self, index: str) -> None:
        """From now on every change goes into `index`, too; nothing is copied there yet."""
        self.update_or_create(pk=1, defaults={"building": index, "copied_to": LAST, "beat_at": timezone.now()})

    def copied(self, index: str, pk: int) -> bool:
        """Note that `index` has every post from `pk` on. False if somebody builds another one by now."""
        return bool(self.filter(building=index).update(copied_to=pk, beat_at=timezone.now()))

    def end(self, index: str = "") -> None:
        """`index` is built, or given up; without one, it was never begun."""
        self.filter(building=index).update(building="", copied_to=0, beat_at=NEVER)


class SearchIndex(models.Model):
    """One row: the last turn, and the index that is being built, if one is."""

    turn = models.BigIntegerField(default=0)
    building = models.CharField(max_length=255, blank=True)
    copied_to = models.BigIntegerField(default=0)  # posts from this id on are in it; those below still have to be
    beat_at = models.DateTimeField(default=NEVER)  # when the build went on last

    objects = SearchIndexQuerySet.as_manager()

    def __str__(self) -> str:
        return self.building or "nothing is built"

    @property
    def is_left(self) -> bool:
        """Whether a build stands still: whoever did it is gone."""
        return bool(self.building) and self.beat_at < timezone.now() - LEFT_AFTER
