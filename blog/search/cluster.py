"""What `manage.py search_index` does with Elasticsearch: what django-elasticsearch-dsl's does, without its losses."""

import logging
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from django.conf import settings

from blog.models import Post, SearchEntry
from blog.search import build, calls, outbox
from blog.search.calls import ClusterError
from blog.search.verify import verify

__all__ = ["add_arguments", "create", "delete", "populate", "rebuild", "verify"]
DELAYS = 1, 2, 5, 10  # seconds between tries of a step that the cluster does not take
MODELS = "blog", "blog.post"
T = TypeVar("T")
logger = logging.getLogger(__name__)


def add_arguments(parser: ArgumentParser, what: Any) -> None:
    """The library's options. Where ours needs no asking they say so and change nothing."""
    what.add_argument("--create", action="store_true", help="make an empty index, if there is none")
    what.add_argument("--populate", action="store_true", help="write every post into the index that is there")
    what.add_argument("--delete", action="store_true", help="delete the index; a worker that runs builds it anew")
    parser.add_argument("--models", nargs="*", type=str.lower, choices=MODELS, help="only posts are indexed")
    parser.add_argument("-f", "--force", action="store_true", help="with --delete: don't ask")
    parser.add_argument("--use-alias", action="store_true", help="always so: a new index is built behind the alias")
    parser.add_argument("--use-alias-keep-index", action="store_true", help="with --rebuild: keep the former index")
    parser.add_argument("--parallel", action="store_true", help="read the next posts while some are sent")
    parser.add_argument("--no-parallel", action="store_false", dest="parallel", help="one after the other")
    parser.add_argument("--refresh", action="store_true", help="always so: what was written can be found at once")
    parser.add_argument("--no-count", action="store_false", dest="count", help="don't count the posts first")
    parser.add_argument(
        "--database", action="store_true", help="the database's own index, which answers while the cluster is away"
    )


def rebuild(*, keep: bool = False, parallel: bool = False) -> Iterator[int]:
    """Build a new index while people write and search, and put it in the place of the former one.

    Yield how many posts each step has written. Raise ClusterError, SupersededError. Whatever ends this before its
    time, the former index goes on serving.
    """
    name, done = again(build.begin), False
    try:
        yield from _in_parallel(name) if parallel else iter(lambda: again(lambda: build.step(name)), 0)
        again(lambda: build.finish(name, keep=keep))
        done = True
    finally:
        if not done:
            build.cancel(name)


def _in_parallel(name: str) -> Iterator[int]:
    """The steps of a build, of which each is read while the one before is sent."""
    with ThreadPoolExecutor(1) as sender:
        turn = build.read(name)
        while turn.sources:
            sent = sender.submit(again, partial(outbox.write, turn, [outbox.alias_of(name)]))
            following = build.read(name, below=min(turn.sources))
            build.copied(name, turn, sent.result())
            yield len(turn.sources)
            turn = following


def create() -> str:
    """Make an empty index behind the alias, if there is none. Return its name, or "" where there was one."""
    try:
        calls.try_it(calls.look)
    except ClusterError as error:
        if error.kind != calls.MISSING:
            raise
    else:
        return ""
    name = build.begin()
    build.finish(name)
    return name


def populate() -> Iterator[int]:
    """Write every post into the index that is there. Yield how many each step has written."""
    SearchEntry.objects.note_all_of(Post.objects.indexed())
    while number := again(outbox.drain):
        yield number
    calls.try_it(lambda client: client.indices.refresh(index=settings.ELASTICSEARCH_INDEX), seconds=outbox.PATIENCE)


def delete() -> list[str]:
    """Delete the index behind the alias. Return the names of what is gone."""

    def run(client: Any) -> list[str]:
        names = list(
            client.indices.get(index=settings.ELASTICSEARCH_INDEX, ignore_unavailable=True, features="aliases")
        )
        if names:
            client.indices.delete(index=names)
        return names

    return calls.try_it(run, seconds=outbox.PATIENCE)


def again(step: Callable[[], T]) -> T:
    """What `step` returns, tried again after each of DELAYS while the cluster does not take it. Raise ClusterError."""
    for delay in DELAYS:
        try:
            return step()
        except ClusterError as error:
            if error.kind in (calls.REFUSED, calls.FOREIGN):
                raise
            logger.warning("Elasticsearch did not do its part (%s); it is asked again in %s s.", error, delay)
            time.sleep(delay)
    return step()
