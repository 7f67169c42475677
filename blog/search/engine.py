"""What an engine is: a module with the functions below. Those of the databases are `sqlite` and `postgres`.

    NAME: str                                   what a cursor says of where it comes from
    find(wanted: Wanted) -> list[Hit]           at most `wanted.limit` hits, in the order wanted
    rebuild(progress) / verify(repair)          what `manage.py search_index` does, see blog.search.index

`find` may raise EngineError when the engine can't answer; `blog.search.match` then asks the database's own engine.
Nothing that an engine finds is shown before the database has said that the reader may see it.
"""

from dataclasses import dataclass
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
    """A page of hits: what `query` asks for, by any one of `authors` (by everybody, if empty), as `viewer` may see it.

    `after` is the last hit of the page before. `viewer` is the reader's id, None for a visitor: the engine leaves out
    whom they do not hear (accounts.models.sight), and people who are suspended. `authors` and `not_authors` are the
    ids of those whom the query names.
    """

    query: Query
    viewer: int | None = None
    order: Order = "best"
    limit: int = 21
    after: Hit | None = None
    authors: tuple[int, ...] = ()
    not_authors: tuple[int, ...] = ()

    @property
    def choices(self) -> list[list[str]]:
        """The marks (blog.models.search.marks_of) that a post needs: of each list one."""
        lists = [[f"by:{pk}" for pk in self.authors], [f"lang:{code}" for code in self.query.languages]]
        return [marks for marks in [*lists, ["has:link"] * bool(self.query.has_link)] if marks]

    @property
    def unwanted_marks(self) -> list[str]:
        """The marks that a post must not have."""
        marks = [f"by:{pk}" for pk in self.not_authors] + [f"lang:{code}" for code in self.query.not_languages]
        return marks + ["has:link"] * (self.query.has_link is False)
