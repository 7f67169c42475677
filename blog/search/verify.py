"""Compare the index with the database, and mend it: what differs goes into the outbox like any other change."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.conf import settings

from blog.models import Post, SearchEntry
from blog.models.outbox import LAST
from blog.search import calls, outbox

SLICE = 2000  # posts, or documents


@dataclass
class Differences:
    """Posts that the index lacks, holds as they were, or should not hold; and how many were looked at."""

    missing: set[int] = field(default_factory=set)
    outdated: set[int] = field(default_factory=set)
    superfluous: set[int] = field(default_factory=set)
    seen: int = 0

    def __bool__(self) -> bool:
        return bool(self.missing or self.outdated or self.superfluous)

    def __str__(self) -> str:
        return f"{len(self.missing)} missing, {len(self.outdated)} outdated, {len(self.superfluous)} superfluous"


def compare(told: Callable[[int], None] = lambda seen: None) -> Differences:
    """Every visible post with its document, newest first. Raise ClusterError. `told` hears how many were seen.

    What waits in the outbox is no difference: that is known already.
    """
    found = Differences()
    below = LAST
    while below:
        posts = {post.pk: post for post in Post.objects.indexed().filter(pk__lt=below).order_by("-pk")[:SLICE]}
        lowest = min(posts) if len(posts) == SLICE else 0
        kept = dict(documents(below, lowest))
        _compare(found, posts, kept)
        below = lowest
        found.seen += len(posts)
        told(found.seen)
    return found


def _compare(found: Differences, posts: dict[int, Post], kept: dict[int, dict[str, Any]]) -> None:
    missing = posts.keys() - kept.keys()
    superfluous = kept.keys() - posts.keys()
    outdated = {pk for pk in posts.keys() & kept.keys() if outbox.source_of(posts[pk]) != kept[pk]}
    wrong = missing | superfluous | outdated
    known = set(SearchEntry.objects.filter(post__in=wrong).values_list("post", flat=True)) if wrong else set()
    found.missing |= missing - known
    found.superfluous |= superfluous - known
    found.outdated |= outdated - known


def documents(below: int, lowest: int) -> Iterator[tuple[int, dict[str, Any]]]:
    """The documents with `lowest` <= id < `below`, newest first."""
    while below > lowest:
        rows = calls.try_it(partial(_page, below=below, lowest=lowest), seconds=outbox.BULK_PATIENCE)
        yield from ((int(row["_id"]), row["_source"]) for row in rows)
        below = int(rows[-1]["_id"]) if len(rows) == SLICE else lowest


def _page(client: Any, *, below: int, lowest: int) -> list[dict[str, Any]]:
    answer = client.search(
        index=settings.ELASTICSEARCH_INDEX,
        query={"range": {"id": {"lt": below, "gte": lowest}}},
        sort=[{"id": "desc"}],
        size=SLICE,
    )
    return answer["hits"]["hits"]


def mend(found: Differences) -> None:
    """Put every difference into the outbox."""
    SearchEntry.objects.note(sorted(found.missing | found.outdated | found.superfluous))
