"""A page of stamps to its cards: each card's HTML is rendered once a process and kept.

A card depends on nothing but its stamp and the language, so a stamp that is at hand needs no query at all. Of the
reader it knows one thing more, which languages they read: it is kept with the link to a translation and without.
"""

from collections import OrderedDict
from collections.abc import Sequence, Set
from typing import NamedTuple

from django.template.loader import get_template
from django.utils import translation
from django.utils.safestring import SafeString, mark_safe

from blog.models import Post
from blog.translate import is_offered
from microblog.languages import base, name_in_a_sentence

KEPT_AT_MOST = 3000  # about 2 KB each


class Card(NamedTuple):
    """A card's HTML, and without the link to a translation, for who reads `language`; the same where it has none."""

    html: str
    bare: str
    language: str


_kept: OrderedDict[tuple, Card] = OrderedDict()


def cards(rows: Sequence[tuple], reads: Set[str] = frozenset()) -> SafeString:
    """The cards of `rows` (stamps, see blog.models.timeline), in their order, as one piece of HTML.

    `reads` holds the languages that the reader needs no translation of, as `microblog.languages.base` has them.
    """
    language = translation.get_language()
    keys = [(language, *row) for row in rows]
    found = {key: card for key in keys if (card := _kept.get(key)) is not None}
    if len(found) < len(keys):
        found |= _render([key for key in keys if key not in found])
    for key in found:
        _keep(key, found[key])
    shown = [found[key] for key in keys if key in found]
    return mark_safe("".join([card.bare if card.language in reads else card.html for card in shown]))


def _render(keys: list[tuple]) -> dict[tuple, Card]:
    """Load the posts behind `keys` and render each; one that was deleted meanwhile has no card."""
    posts = Post.objects.select_related("author").prefetch_related("mentions").in_bulk([key[1] for key in keys])
    return {key: _card(posts[key[1]], key[0]) for key in keys if key[1] in posts}


def _card(post: Post, language: str) -> Card:
    link = ""
    if is_offered(post.language, language):
        named = name_in_a_sentence(post.language)
        link = get_template("blog/_translate.html").render({"post": post, "language": named})
    html = get_template("blog/_post.html").render({"post": post, "translation": link})
    return Card(html, html.replace(link, "", 1) if link else html, base(post.language))


def _keep(key: tuple, card: Card) -> None:
    """Newest last; what was not asked for longest goes first."""
    _kept[key] = card
    _kept.move_to_end(key)
    while len(_kept) > KEPT_AT_MOST:
        _kept.popitem(last=False)


def forget() -> None:
    """Drop every kept card: for tests and for changed templates."""
    _kept.clear()
