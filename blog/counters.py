"""Every counter that is kept on a row, against the rows that it counts."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Case, Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, Greatest

from accounts.models import Follow, User
from blog.models import Like, Notification, Post, Side, Teller
from blog.models.message import newest_of_side, unread_of_side

BATCH = 500  # rows at a time


def _count(rows: QuerySet, column: str) -> Coalesce:
    """How many of `rows` name this row in their `column`."""
    counted = rows.order_by().filter(**{column: OuterRef("pk")}).values(column).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def people_in_group() -> Case:
    """How many people are in this group of notifications; one about nobody counts once."""
    people = _count(Teller.objects.all(), "notification")
    return Case(When(actor=None, then=Greatest(people, Value(1))), default=people, output_field=IntegerField())


def add(model: Any, column: str, counts: Counter[int], sign: int = 1) -> None:
    """Add to the counter `column` of each row what `counts` has under its key; with `sign` -1, take it away."""
    rows = model.objects.filter(pk__in=counts)
    # Locked in one order first: no two of these wait for each other.
    list(rows.select_for_update().order_by("pk").values_list("pk"))
    # Few numbers stand for many rows: one statement for all that have one more, one for all that have two more …
    for n in set(counts.values()):
        alike = [pk for pk, count in counts.items() if count == n]
        # Never below zero: a counter that was wrong must not keep somebody from leaving.
        rows.filter(pk__in=alike).update(**{column: Greatest(F(column) + sign * n, Value(0))})


@dataclass(frozen=True)
class Counted:
    """A table with counters: what each of them should be, and how a row is called where it is wrong."""

    model: Any
    people: str  # what they are, in a sentence
    counters: dict[str, Callable[[], Any]]
    named: str = "pk"
    called: str = "{}"

    def name_of(self, row: dict[str, Any]) -> str:
        return self.called.format(row[self.named])

    def batches(self) -> Iterator[tuple[int, QuerySet]]:
        """All rows, BATCH by BATCH, in the order of their keys: how many, and which."""
        last = None
        rows = self.model.objects.order_by("pk")
        while ids := list((rows if last is None else rows.filter(pk__gt=last)).values_list("pk", flat=True)[:BATCH]):
            last = ids[-1]
            yield len(ids), rows.filter(pk__gte=ids[0], pk__lte=last)

    def differences(self, rows: QuerySet) -> list[dict[str, Any]]:
        """Those of `rows` whose counters are wrong: name, every counter, and `true_` for what it should be.

        One statement, so one moment: whoever posts or follows meanwhile is not taken for an error.
        """
        true = {f"true_{name}": count() for name, count in self.counters.items()}
        wrong = Q()
        for name in self.counters:
            wrong |= ~Q(**{name: F(f"true_{name}")})
        return list(rows.annotate(**true).filter(wrong).values(*{"pk", self.named}, *self.counters, *true))

    def mend(self, pks: list[Any]) -> None:
        """Set the counters of these rows right, while nobody else changes them."""
        with transaction.atomic():
            # They are locked first: who posts or follows meanwhile waits, and counts on from what is true.
            rows = self.model.objects.filter(pk__in=pks)
            list(rows.select_for_update().order_by("pk").values_list("pk"))
            for row in self.differences(rows):
                true = {name: row[f"true_{name}"] for name in self.counters}
                self.model.objects.filter(pk=row["pk"]).update(**true)


COUNTED = (
    Counted(
        User,
        "people",
        {
            "post_count": lambda: _count(Post.objects.originals(), "author"),
            "follower_count": lambda: _count(Follow.objects.all(), "followed"),
            "following_count": lambda: _count(Follow.objects.all(), "follower"),
        },
        named="username",
        called="@{}",
    ),
    Counted(
        Post,
        "posts",
        {
            "reply_count": lambda: _count(Post.objects.exclude(reply_to=None), "reply_to"),
            "repost_count": lambda: _count(Post.objects.exclude(repost_of=None), "repost_of"),
            "like_count": lambda: _count(Like.objects.all(), "post"),
        },
        called="post {}",
    ),
    Counted(
        Side,
        "sides of conversations",
        {"newest": newest_of_side, "unread": unread_of_side},
        called="side {}",
    ),
    Counted(
        Notification,
        "notifications",
        {"count": people_in_group},
        called="notification {}",
    ),
)
