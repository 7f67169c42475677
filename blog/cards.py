"""A page of stamps to its cards: each card's HTML is rendered once a process and kept.

A card depends on nothing but its stamp and the language, so a stamp that is at hand needs no query at all.
"""

from collections import OrderedDict
from collections.abc import Sequence

from django.template.loader import get_template
from django.utils import translation
from django.utils.safestring import SafeString, mark_safe

from blog.models import Post

KEPT_AT_MOST = 3000  # about 2 KB each
_kept: OrderedDict[tuple, str] = OrderedDict()


def cards(rows: Sequence[tuple]) -> SafeString:
    """The cards of `rows` (stamps, see blog.models.timeline), in their order, as one piece of HTML."""
    language = translation.get_language()
    keys = [(language, *row) for row in rows]
    found = {key: html for key in keys if (html := _kept.get(key)) is not None}
    if len(found) < len(keys):
        found |= _render([key for key in keys if key not in found])
    for key in found:
        _keep(key, found[key])
    return mark_safe("".join([found[key] for key in keys if key in found]))


def _render(keys: list[tuple]) -> dict[tuple, str]:
    """Load the posts behind `keys` and render each; one that was deleted meanwhile has no card."""
    posts = Post.objects.select_related("author").prefetch_related("mentions").in_bulk([key[1] for key in keys])
    template = get_template("blog/_post.html")
    return {key: template.render({"post": posts[key[1]]}) for key in keys if key[1] in posts}


def _keep(key: tuple, html: str) -> None:
    """Newest last; what was not asked for longest goes first."""
    _kept[key] = html
    _kept.move_to_end(key)
    while len(_kept) > KEPT_AT_MOST:
        _kept.popitem(last=False)


def forget() -> None:
    """Drop every kept card: for tests and for changed templates."""
    _kept.clear()
