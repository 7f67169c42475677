"""Where the next page of hits begins, in an address: which engine found the last hit, in which order, and that hit."""

from typing import get_args

import regex

from blog.search.engine import END, Hit, Order

_CURSOR = regex.compile(
    r"([a-z]{1,16})\.([a-z]{1,8})\.(-?\d{1,9}(?:\.\d{1,12})?(?:e-?\d{1,3})?)\.(\d{1,19})\.(\d{1,19})"
)


class CursorError(ValueError):
    """This is no cursor of ours."""


def written(engine: str, order: Order, hit: Hit) -> str:
    """The cursor of the page after `hit`."""
    return f"{engine}.{order}.{hit.score!r}.{hit.id}.{hit.top}"


def read(cursor: str, engine: str, order: Order) -> Hit | None:
    """The last hit of the page before; None where another engine or order wrote it: then the list begins anew."""
    found = _CURSOR.fullmatch(cursor)
    if not found or found[2] not in get_args(Order) or max(int(found[4]), int(found[5])) > END:
        raise CursorError(cursor)
    if (found[1], found[2]) != (engine, order):
        return None
    return Hit(int(found[4]), float(found[3]), int(found[5]))
