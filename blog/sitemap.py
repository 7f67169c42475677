"""The site map: every page that a search engine may show, in files of bounded size that never count a table.

A file holds the rows of a span of ids. For posts, whose ids are times, a span is a week; for people it is a number.
Source: https://www.sitemaps.org/protocol.html
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db import connection
from django.db.models import Model, QuerySet
from django.urls import reverse
from django.utils.html import escape

from accounts.models import User
from blog.models import Post

AT_MOST = 50_000  # addresses in a file, by the protocol; a week with more posts shows its newest
WEEK = 7 * 24 * 60 * 60 * 1000 << 16  # as a difference of two posts' ids
PEOPLE = 10_000
XMLNS = "http://www.sitemaps.org/schemas/sitemap/0.9"


@dataclass(frozen=True)
class Section:
    """The files of one model: the rows from n * span up to the next span are in file n."""

    model: type[Model]
    span: int

    def files(self) -> list[int]:
        """The numbers of the files that hold anything: one index probe each, however many rows there are."""
        table = connection.ops.quote_name(self.model._meta.db_table)
        sql = f"""
            WITH RECURSIVE first(id) AS (
                SELECT min(id) FROM {table} UNION ALL
                SELECT (SELECT min(id) FROM {table} WHERE id >= (first.id / %(span)s + 1) * %(span)s)
                  FROM first WHERE first.id IS NOT NULL
            ) SELECT id / %(span)s FROM first WHERE id IS NOT NULL
        """  # noqa: S608 - the table's name only
        with connection.cursor() as cursor:
            cursor.execute(sql, {"span": self.span})
            return [number for (number,) in cursor.fetchall()]

    def rows(self, visible: QuerySet, number: int) -> QuerySet:
        """The newest of `visible` that stand in file `number`."""
        begin = number * self.span
        return visible.filter(pk__gte=begin, pk__lt=begin + self.span).order_by("-pk")[:AT_MOST]


SECTIONS = {"people": Section(User, PEOPLE), "posts": Section(Post, WEEK)}


def addresses(section: str, number: int) -> Iterator[tuple[str, str]]:
    """The path of each page in a file, and when it last changed ("" where nobody knows)."""
    if section == "people":
        for (username,) in SECTIONS[section].rows(User.objects.active(), number).values_list("username"):
            yield reverse("blog:person", args=[username]), ""
    else:
        # One address is made, and the others like it: to make one takes longer than to read a row.
        before, after = reverse("blog:post", args=[0]).split("0")
        for (pk,) in SECTIONS[section].rows(Post.objects.public().originals(), number).values_list("pk"):
            yield f"{before}{pk}{after}", f"{Post(pk=pk).created_at:%Y-%m-%dT%H:%M:%SZ}"


def index(base: str) -> str:
    """The file that names the others; `base` is the site's address."""
    names = ["pages", *(f"{name}-{number}" for name, section in SECTIONS.items() for number in section.files())]
    files = [f"<sitemap><loc>{escape(base)}/sitemap-{name}.xml</loc></sitemap>" for name in names]
    return _document("sitemapindex", files)


def pages(base: str) -> str:
    """The file of the pages that are no one's."""
    return urlset(base, [(reverse("blog:home"), ""), (reverse("blog:explore"), "")])


def urlset(base: str, found: Iterable[tuple[str, str]]) -> str:
    """A file of addresses."""
    base = escape(base)
    return _document(
        "urlset",
        [
            f"<url><loc>{base}{escape(path)}</loc>{f'<lastmod>{changed}</lastmod>' if changed else ''}</url>"
            for path, changed in found
        ],
    )


def _document(root: str, parts: list[str]) -> str:
    body = "\n".join(parts)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{XMLNS}">\n{body}\n</{root}>\n'
