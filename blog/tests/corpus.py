"""The posts of languages.tsv, 36 in each of ten languages, for searching; and queries with what each has to find."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.contrib.auth.models import AnonymousUser

from accounts.models import User
from accounts.tests.base import make_user
from blog import search
from blog.models import Post
from blog.tests.base import make_post

FOLDER = Path(__file__).parent
AUTHORS = "ada", "bob", "cleo", "dora", "emil"
BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)


def make_corpus() -> dict[int, int]:
    """Write the posts, an hour apart, by five people in turn. Return the number of its line for each id."""
    people: list[User] = [make_user(name) for name in AUTHORS]
    lines = (FOLDER / "languages.tsv").read_text(encoding="utf-8").splitlines()
    posts: dict[int, int] = {}
    for number, line in enumerate(lines, 1):
        language, body = line.split("\t")
        author = people[number % len(people)]
        post: Post = make_post(author, body, language=language, at=BEGINNING + timedelta(hours=number))
        posts[post.pk] = number
    return posts


def queries() -> dict[str, set[int]]:
    """What is asked, and the numbers of the lines that have to be found."""
    rows = (line.split("\t") for line in (FOLDER / "data" / "queries.tsv").read_text(encoding="utf-8").splitlines())
    return {asked: {int(number) for number in numbers.split()} for asked, numbers in rows}


def hits(settle: Callable[[], None] = lambda: None) -> dict[str, list[int]]:
    """What the site's engine finds for each query, page by page, in both orders: the same posts, none twice.

    `settle` is called when the posts are written: an engine outside the database has to hear of them first.
    """
    posts = make_corpus()
    settle()
    found: dict[str, list[int]] = {}
    for asked in queries():
        best, newest = (walk(asked, order) for order in ("best", "newest"))
        assert sorted(best) == sorted(newest), asked
        assert newest == sorted(newest, reverse=True), asked
        found[asked] = [posts[pk] for pk in newest]
    return found


def walk(asked: str, order: search.Order, viewer: Any = None, size: int = search.PAGE) -> list[int]:
    """The ids of all hits, by the cursors of the pages, of which only the last one is not full."""
    ids: list[int] = []
    cursor = ""
    while True:
        page = search.match(asked, viewer=viewer or AnonymousUser(), cursor=cursor, order=order)
        assert not page.degraded, asked
        ids += [row[0] for row in page.rows]
        assert len(set(ids)) == len(ids), asked
        cursor = page.older
        if not cursor:
            return ids
        assert len(page.rows) == size, asked
