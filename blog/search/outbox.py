"""The outbox on its way to the cluster: what changed is read as it is now, written in bulk, and taken off the list.

Reading happens under a lock (`take_turn`), writing does not. The turn is the version of what was read: whatever
arrives late, from a process that was stopped or a cluster that hung, is older than what is there and is refused.
"""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import transaction

from blog.models import Post, SearchEntry, SearchIndex
from blog.search import calls
from blog.search.calls import ClusterError

SLICE = 500  # entries of one turn
PATIENCE = 20  # seconds: who writes into the index is no visitor
CHUNK_BYTES = 4 * 1024 * 1024  # of one request; small plans refuse large ones
BAD, STALE = 400, 409  # HTTP's numbers, for each document
logger = logging.getLogger(__name__)


@dataclass
class Turn:
    """What was read under one turn: the sources of visible posts by id, and None for the others."""

    version: int
    index: SearchIndex
    sources: dict[int, dict[str, Any] | None]
    entries: dict[int, int] = field(default_factory=dict)  # the post of each entry


def read_entries(most: int = SLICE) -> Turn:
    """The oldest entries, and what is now of their posts."""
    with transaction.atomic():
        index = SearchIndex.objects.take_turn()
        entries = dict(SearchEntry.objects.order_by("pk").values_list("pk", "post")[:most])
        sources = sources_of(set(entries.values()))
    return Turn(index.turn, index, sources, entries)


def alias_of(name: str) -> str:
    """What changes are written to while the index `name` is built."""
    return f"{name}-writes"


def source_of(post: Post) -> dict[str, Any]:
    from blog import documents

    return documents.source_of(post)


def sources_of(pks: set[int]) -> dict[int, dict[str, Any] | None]:
    """What the index has to hold for each of these posts; None for what nobody may find."""
    found = {post.pk: source_of(post) for post in Post.objects.indexed().filter(pk__in=pks)}
    return {pk: found.get(pk) for pk in pks}


def drain(most: int = SLICE) -> int:
    """Carry the oldest entries to the cluster, and the index that is being built. Return how many are done.

    Raise ClusterError where nothing could be done. An entry that came meanwhile is another row, and stays.
    """
    if not SearchEntry.objects.exists():
        return 0
    turn = read_entries(most)
    building = turn.index.building
    left = write(turn, [settings.ELASTICSEARCH_INDEX, *([alias_of(building)] if building else [])])
    done = [entry for entry, pk in turn.entries.items() if pk not in left]
    SearchEntry.objects.filter(pk__in=done).delete()
    return len(done)


def drain_all() -> None:
    """Carry what is in the outbox now; while people write, a few entries are always on their way."""
    while drain() == SLICE:
        pass


def write(turn: Turn, targets: list[str]) -> set[int]:
    """Put what was read into each of `targets`. Return the posts for which that has to be done again.

    Raise ClusterError where it is not about single documents. While an index is being built, which will have
    everything, it is no loss that the site's own is missing.
    """
    left: set[int] = set()
    missing: set[str] = set()
    reason = ""
    for target, pk, status, problem in send(actions(turn, targets)):
        if problem == "index_not_found_exception":
            missing.add(target)
        elif problem and status == BAD:
            logger.error("Elasticsearch refuses post %s: %s", pk, problem)  # for ever: it would stop all behind it
        elif problem and status != STALE:
            left.add(pk)
            reason = f"HTTP {status}, {problem}"
    if turn.index.building and alias_of(turn.index.building) in missing:
        SearchIndex.objects.end(turn.index.building)
    if missing == set(targets):
        raise ClusterError(calls.MISSING, "no index to write to")
    if left == set(turn.sources) and left:
        raise ClusterError("", reason)
    return left


def send(operations: Iterable[dict[str, Any]]) -> list[tuple[str, int, int, str]]:
    """Write in bulk. For each operation the index, the post, the status, and the type of its error or ""."""

    def run(client: Any) -> list[tuple[str, int, int, str]]:
        from elasticsearch.helpers import streaming_bulk

        answers = streaming_bulk(client, operations, raise_on_error=False, max_retries=0, max_chunk_bytes=CHUNK_BYTES)
        return [read_answer(answer) for _ok, answer in answers]

    return calls.try_it(run, seconds=PATIENCE)


def read_answer(answer: dict[str, Any]) -> tuple[str, int, int, str]:
    (item,) = answer.values()
    return item["_index"], int(item["_id"]), item["status"], item.get("error", {}).get("type", "")


def actions(turn: Turn, targets: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The operations of the bulk API that put each document into each index."""
    for target in targets:
        # Where no such alias is, a cluster that makes indexes by itself would make one without our analyzers.
        meta = {"_index": target, "require_alias": True, "version": turn.version, "version_type": "external"}
        for pk, source in turn.sources.items():
            what = {"_op_type": "index", "_source": source} if source else {"_op_type": "delete"}
            yield {**meta, "_id": str(pk), **what}
