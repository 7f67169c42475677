"""Search: what was asked, read once (`query`), is found by one of three engines, and shown if the reader may see it.

The database's own engine is always there: its rows are written in the transaction that writes a post, by
`blog.models.search`. Whoever makes posts in bulk calls `written(posts)`; whoever changes them past `save()`,
`changed(ids)`; whoever deletes them past Django, `dropped(ids)`: each in the transaction that does it. With a cluster
these, and Django's signals for the rest, note the posts in the outbox (`blog.search.outbox`).
"""

import logging
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from django.conf import settings
from django.db import connection

from accounts.models import User
from blog.models import Post
from blog.models.search import changed, dropped, written
from blog.models.timeline import stamps_of
from blog.search import cursor as cursors
from blog.search import elastic, postgres, sqlite
from blog.search.cursor import CursorError
from blog.search.engine import EngineError, Hit, Order, Wanted
from blog.search.query import Query, other_tries, parse, shorten

__all__ = [
    "PAGE",
    "CursorError",
    "Hits",
    "Order",
    "changed",
    "dropped",
    "engine",
    "glimpse",
    "match",
    "other_tries",
    "parse",
    "shorten",
    "written",
]
PAGE = 20
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Hits:
    """A page of posts that were found.

    rows: stamps (blog.models.timeline), in the order asked for. older: the cursor of the next page, "" on the last.
    degraded: another engine than the site's own found them, and some may be missing. restarted: the cursor was of
    another engine or order, so this is the first page again. engine: its name.
    """

    query: Query
    rows: list[tuple] = field(default_factory=list)
    older: str = ""
    degraded: bool = False
    restarted: bool = False
    engine: str = ""


def match(text: str, *, viewer: Any, cursor: str = "", order: Order = "best") -> Hits:
    """The page of `text`'s hits that begins at `cursor`, as `viewer` may see them.

    Raises CursorError where `cursor` is none.
    """
    query = parse(text)
    if query.is_empty:
        return Hits(query)
    try:
        return _page(engine(), query, viewer, cursor, order)
    except EngineError as error:
        logger.debug("The database searches instead: %s", error)  # why, was said when it began
        return _page(database_engine(), query, viewer, cursor, order, degraded=True)


def glimpse(text: str, *, viewer: Any, limit: int) -> list[Post]:
    """The newest posts, at most `limit`, that have what is being typed: its last word may be a beginning."""
    query = parse(text, typing=True)
    if query.is_empty:
        return []
    try:
        hits = _found(engine(), query, viewer, limit)
    except EngineError:
        hits = _found(database_engine(), query, viewer, limit)
    heard = Post.objects.heard_by(viewer).filter(pk__in=[hit.id for hit in hits])
    return list(heard.select_related("author").order_by("-pk"))


def engine() -> ModuleType:
    """The engine that the settings name."""
    return elastic if settings.ELASTICSEARCH_DSL else database_engine()


def database_engine() -> ModuleType:
    """The engine that is in the database."""
    return postgres if connection.vendor == "postgresql" else sqlite


def _page(module: ModuleType, query: Query, viewer: Any, cursor: str, order: Order, *, degraded: bool = False) -> Hits:
    after = cursors.read(cursor, module.NAME, order) if cursor else None
    about = {"degraded": degraded, "restarted": bool(cursor and after is None), "engine": module.NAME}
    found = _found(module, query, viewer, PAGE + 1, order, after)
    hits = found[:PAGE]
    older = cursors.written(module.NAME, order, hits[-1]) if len(found) > PAGE else ""
    return Hits(query, stamps(hits, viewer), older, **about)


def _found(
    module: ModuleType, query: Query, viewer: Any, limit: int, order: Order = "newest", after: Hit | None = None
) -> list[Hit]:
    authors = _people(query.authors)
    if query.authors and not authors:
        return []
    hits: list[Hit] = module.find(Wanted(query, viewer.pk, order, limit, after, authors, _people(query.not_authors)))
    return hits


def _people(keys: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(User.objects.active().filter(username_key__in=keys).values_list("pk", flat=True)) if keys else ()


def stamps(hits: list[Hit], viewer: Any) -> list[tuple]:
    """The stamps of those hits that the database says `viewer` may see, in the order of the hits."""
    heard = set(Post.objects.heard_by(viewer).filter(pk__in=[hit.id for hit in hits]).values_list("pk", flat=True))
    return stamps_of([hit.id for hit in hits if hit.id in heard], viewer)
