"""What an engine is: a module with the functions below. Those of the databases are `sqlite` and `postgres`.

    NAME: str                                   what a cursor says of where it comes from
    find(wanted: Wanted) -> list[Hit]           at most `wanted.limit` hits, in the order wanted
    rebuild(progress) / verify(repair)          what `manage.py search_index` does, see blog.search.index

`find` may raise EngineError when the engine can't answer; `blog.search.match` then asks the database's own engine.
Nothing that an engine finds is shown before the database has said that the reader may see it.
"""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from blog.search.query import Query

Order = Literal["best", "newest"]
END = 2**63 - 1  # an id beyond every post


class EngineError(Exception):
    """The engine can't answer now. The text has no secrets, and says why."""


class Hit(NamedTuple):
    """A post that was found. `top` is for engines that rank a bounded number of posts at a time: where these begin."""

    id: int
    score: float = 0.0
    top: int = END


@dataclass(frozen=True)
class Wanted:
    """A page of hits: the terms of `query`, by any one of `authors` (all, if empty) and by none of `without`.

    `after` is the last hit of the page before. `authors` and `without` are ids of people, found from the names of
    the query and from whom the reader does not want to read; suspended people are for the engine to leave out.
    """

    query: Query
    order: Order = "best"
    limit: int = 21
    after: Hit | None = None
    authors: tuple[int, ...] = ()
    without: tuple[int, ...] = field(default=())
