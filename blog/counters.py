"""The counters on people's rows, against the rows that they count."""

from collections.abc import Callable, Iterator
from typing import Any

from django.db import transaction
from django.db.models import Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.models import Follow, User
from blog.models import Post

BATCH = 500  # people at a time


def _count(rows: QuerySet, person: str) -> Coalesce:
    """How many of `rows` name a person in their column `person`."""
    counted = rows.order_by().filter(**{person: OuterRef("pk")}).values(person).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


# Each counter and what it should be.
COUNTERS: dict[str, Callable[[], Coalesce]] = {
    "post_count": lambda: _count(Post.objects.originals(), "author"),
    "follower_count": lambda: _count(Follow.objects.all(), "followed"),
    "following_count": lambda: _count(Follow.objects.all(), "follower"),
}


def batches() -> Iterator[QuerySet]:
    """Everybody, BATCH by BATCH, in the order of their ids."""
    last = 0
    while ids := list(User.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        last = ids[-1]
        yield User.objects.filter(pk__in=ids).order_by("pk")


def differences(people: QuerySet) -> list[dict[str, Any]]:
    """Those of `people` whose counters are wrong: pk, username, every counter, and `true_` for what it should be.

    One statement, so one moment: whoever posts or follows meanwhile is not taken for an error.
    """
    true = {f"true_{name}": count() for name, count in COUNTERS.items()}
    wrong = Q()
    for name in COUNTERS:
        wrong |= ~Q(**{name: F(f"true_{name}")})
    return list(people.annotate(**true).filter(wrong).values("pk", "username", *COUNTERS, *true))


def mend(pks: list[int]) -> None:
    """Set the counters of these people right, while nobody else changes them."""
    with transaction.atomic():
        # Their rows are locked first: who posts or follows meanwhile waits, and counts on from what is true.
        list(User.objects.select_for_update().filter(pk__in=pks).order_by("pk").values_list("pk"))
        for row in differences(User.objects.filter(pk__in=pks)):
            User.objects.filter(pk=row["pk"]).update(**{name: row[f"true_{name}"] for name in COUNTERS})
