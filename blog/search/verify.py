"""Compare the index of the cluster with the posts, and mend it: what differs goes through the outbox, as changes do."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from django.conf import settings

from blog.models import Post, SearchEntry
from blog.models.outbox import LAST
from blog.search import calls, outbox

SLICE = 2000  # posts, or documents


def verify(*, repair: bool) -> Iterator[tuple[int, int]]:
    """Compare every post that people may find with its document. Raise ClusterError.

    Yield how many posts were seen, and how many documents are missing, outdated or superfluous there. What waits in
    the outbox is no difference: it is known already.
    """
    outbox.drain_all()
    below = LAST
    while below:
        posts = {post.pk: post for post in Post.objects.indexed().filter(pk__lt=below).order_by("-pk")[:SLICE]}
        lowest = min(posts) if len(posts) == SLICE else 0
        wrong = _differing(posts, dict(_documents(below, lowest)))
        if repair:
            SearchEntry.objects.note(sorted(wrong))
        yield len(posts), len(wrong)
        below = lowest
    if repair:
        outbox.drain_all()
        calls.try_it(lambda client: client.indices.refresh(index=settings.ELASTICSEARCH_INDEX), seconds=outbox.PATIENCE)


def _differing(posts: dict[int, Post], kept: dict[int, dict[str, Any]]) -> set[int]:
    outdated = {pk for pk in posts.keys() & kept.keys() if outbox.source_of(posts[pk]) != kept[pk]}
    seeming = outdated | (posts.keys() ^ kept.keys())
    if not seeming:
        return seeming
    # What a worker has written a moment ago the search does not know for a second; who asks by id is told at once.
    kept = calls.try_it(partial(_by_id, pks=sorted(seeming)), seconds=outbox.PATIENCE)
    wrong = {pk for pk, source in outbox.sources_of(seeming).items() if source != kept.get(pk)}
    return wrong - set(SearchEntry.objects.filter(post__in=wrong).values_list("post", flat=True))


def _by_id(client: Any, *, pks: list[int]) -> dict[int, dict[str, Any]]:
    found = client.mget(index=settings.ELASTICSEARCH_INDEX, ids=[str(pk) for pk in pks])["docs"]
    return {int(row["_id"]): row["_source"] for row in found if row.get("found")}


def _documents(below: int, lowest: int) -> Iterator[tuple[int, dict[str, Any]]]:
    """The documents with `lowest` <= id < `below`."""
    while below > lowest:
        rows = calls.try_it(partial(_page, below=below, lowest=lowest), seconds=outbox.PATIENCE)
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
