"""Build a new index behind the alias while people write, then let the alias point to it.

From the moment a build begins (a row of the database says so), the worker writes each change into both indexes. So
the new one lacks only what was there before, which is copied slice by slice, newest first. Whoever is interrupted,
another one goes on: the command, or the worker.
"""

import logging
import re
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from blog.models import Post, SearchIndex
from blog.models.outbox import LAST
from blog.search import calls, outbox
from blog.search.calls import ClusterError
from blog.search.outbox import PATIENCE

SLICE = 2000  # posts
WHILE_BUILDING = {"refresh_interval": "-1", "number_of_replicas": 0}
AFTERWARDS = {"refresh_interval": None, "number_of_replicas": None, "auto_expand_replicas": "0-1"}
logger = logging.getLogger(__name__)


class SupersededError(Exception):
    """Somebody else began a build of their own, or the new index was deleted."""


def begin() -> str:
    """Make a new, empty index, into which changes go from now on. Return its name. Raise ClusterError."""
    name = f"{settings.ELASTICSEARCH_INDEX}-{timezone.now():%Y%m%d%H%M%S%f}"
    calls.try_it(lambda client: _make(client, name), seconds=PATIENCE)
    former = SearchIndex.objects.state().building
    SearchIndex.objects.begin(name)
    if former:
        drop(former)
    logger.info("The index %s is being built.", name)
    return name


def _make(client: Any, name: str) -> None:
    from blog.documents import PostDocument

    shape = PostDocument._index.to_dict()
    shape["settings"] = {**shape.get("settings", {}), **WHILE_BUILDING}
    client.indices.create(index=name, aliases={outbox.alias_of(name): {}}, **shape)


def step(name: str) -> int:
    """Copy the next slice of posts. Return how many; 0 when all are there. Raise ClusterError, SupersededError."""
    turn = read(name)
    if turn.sources:
        copied(name, turn, outbox.write(turn, [outbox.alias_of(name)]))
    return len(turn.sources)


def read(name: str, below: int = LAST) -> outbox.Turn:
    """The newest posts that are not copied yet, and older than `below`. Raise SupersededError."""
    with transaction.atomic():
        index = SearchIndex.objects.take_turn()
        if index.building != name:
            raise SupersededError(name)
        posts = list(Post.objects.indexed().filter(pk__lt=min(index.copied_to, below)).order_by("-pk")[:SLICE])
    return outbox.Turn(index.turn, index, {post.pk: outbox.source_of(post) for post in posts})


def copied(name: str, turn: outbox.Turn, left: set[int]) -> None:
    """Note that the slice is in the new index, unless some of it is `left`. Raise as `step` does."""
    if left:
        raise ClusterError("", f"{len(left)} documents were not taken")
    if not SearchIndex.objects.copied(name, min(turn.sources)):
        raise SupersededError(name)


def finish(name: str, *, keep: bool = False) -> None:
    """Let the alias point to the new index, and delete the others, or `keep` them. Raise as `step` does."""
    outbox.drain_all()
    if SearchIndex.objects.state().building != name:
        raise SupersededError(name)
    calls.try_it(lambda client: _swap(client, name, keep=keep), seconds=PATIENCE)
    SearchIndex.objects.end(name)
    logger.info("The index %s is built, and searched from now on.", name)


def _swap(client: Any, name: str, *, keep: bool) -> None:
    alias = settings.ELASTICSEARCH_INDEX
    client.indices.put_settings(index=name, settings=AFTERWARDS)
    client.indices.refresh(index=name)
    changes = [{"add": {"alias": alias, "index": name}}]
    for other, about in client.indices.get(index=[alias, f"{alias}-*"], ignore_unavailable=True).items():
        if other == alias or (other != name and re.fullmatch(rf"{re.escape(alias)}-\d{{20}}", other) and not keep):
            changes.append({"remove_index": {"index": other}})
        elif other != name and alias in about["aliases"]:
            changes.append({"remove": {"alias": alias, "index": other}})
    client.indices.update_aliases(actions=changes)  # all at once, or none


def drop(name: str) -> None:
    """Delete an index that was never finished."""
    try:
        calls.try_it(lambda client: client.indices.delete(index=name, ignore_unavailable=True), seconds=PATIENCE)
    except ClusterError as error:
        logger.warning("The index %s could not be deleted: %s", name, error)


def cancel(name: str) -> None:
    """End a build before its time: the index that is there goes on serving."""
    SearchIndex.objects.end(name)
    drop(name)
