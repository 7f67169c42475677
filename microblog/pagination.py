"""Keyset pagination: the cursor is the id, and one row more than the page tells whether there is a next one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.core.exceptions import BadRequest
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

LARGEST = 2**63 - 1


class CursorForm(forms.Form):
    """`?before=` or `?after=` an id; anything else is a bad request."""

    before = forms.IntegerField(min_value=1, max_value=LARGEST, required=False)
    after = forms.IntegerField(min_value=0, max_value=LARGEST, required=False)


@dataclass(frozen=True)
class Cursor:
    """Where a page begins: the rows older than `before`, or the ones just newer than `after`, or the newest."""

    before: int | None = None
    after: int | None = None


def cursor_of(request: HttpRequest) -> Cursor:
    """The cursor in the address; one that is none is a bad request, answered with a sentence."""
    if not request.GET:
        return Cursor()
    form = CursorForm(request.GET)
    if not form.is_valid():
        raise BadRequest(_("This address names no page of the list. Start again from its beginning."))
    return Cursor(before=form.cleaned_data["before"], after=form.cleaned_data["after"])


@dataclass(frozen=True)
class Page:
    """A page of rows, newest first, each a tuple that begins with its id; and the cursors beside it."""

    rows: Sequence[tuple] = field(default_factory=tuple)
    older: int | None = None
    newer: int | None = None

    @property
    def has_older(self) -> bool:
        return self.older is not None

    @property
    def has_newer(self) -> bool:
        return self.newer is not None

    @property
    def shape(self) -> tuple[bool, bool, bool]:
        """All that the frame around the rows depends on: is there one, an older, a newer page?"""
        return (bool(self.rows), self.has_older, self.has_newer)

    @property
    def ids(self) -> list[int]:
        return [row[0] for row in self.rows]

    @property
    def newest(self) -> int:
        return self.rows[0][0] if self.rows else 0


def has_gone(request: HttpRequest, page: Page) -> bool:
    """Whether "Newer" led to where nothing is any more; the list begins at the address without its cursor."""
    return "after" in request.GET and not page.rows


def cut(fetch: Callable[[int], list[tuple]], cursor: Cursor, size: int) -> Page:
    """Make a page of what `fetch(limit)` finds.

    `fetch` answers newest first for `before`, oldest first for `after`; it is asked for one row more than the page.
    """
    rows = list(fetch(size + 1))
    more, rows = len(rows) > size, rows[:size]
    if cursor.after is not None:
        rows.reverse()
        older = rows[-1][0] if rows else None
        return Page(rows, older=older, newer=rows[0][0] if more else None)
    older = rows[-1][0] if more else None
    newer = rows[0][0] if rows and cursor.before is not None else None
    return Page(rows, older=older, newer=newer)


def paginate(
    queryset: QuerySet, cursor: Cursor, *, size: int, columns: Sequence[str] = ("id",), key: str = "id"
) -> Page:
    """A page of `queryset` by the unique, rising column `key`; its rows hold `columns`, the key first."""

    def fetch(limit: int) -> list[Any]:
        rows = queryset
        if cursor.after is not None:
            rows = rows.filter(**{f"{key}__gt": cursor.after}).order_by(key)
        else:
            if cursor.before is not None:
                rows = rows.filter(**{f"{key}__lt": cursor.before})
            rows = rows.order_by(f"-{key}")
        return list(rows.values_list(*columns)[:limit])

    return cut(fetch, cursor, size)
