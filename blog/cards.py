"""A page of stamps to its cards: each card's HTML is rendered once a process and kept.

A card depends on nothing but its stamp and the language, so a stamp that is at hand needs no query at all. Its row of
buttons, whose counts change often and whose marks are the reader's, is kept apart and stands in a hole: a like draws
three buttons anew and no card. Of the reader a card knows one thing more, which languages they read: it is kept with
the link to a translation and without.
"""

from collections import OrderedDict
from collections.abc import Hashable, Sequence, Set
from typing import Any, NamedTuple

from django.template.loader import get_template
from django.utils import translation
from django.utils.safestring import SafeString, mark_safe

from blog.models import Post
from blog.models.timeline import COUNTS, MARKS, SHOWN, stamps_of
from blog.translate import is_offered
from microblog.languages import base, name_in_a_sentence

KEPT_AT_MOST = 3000  # about 2 KB each
LIVE = len(COUNTS) + len(MARKS)  # the end of a stamp: the counts and the reader's marks
WHO = SHOWN.index("r.username")  # who repeats it: username and name; then whom it answers
HOLE = "\0"  # no page has a NUL


class Card(NamedTuple):
    """A card's HTML around its buttons, and without the link to a translation, for who reads `language`."""

    before: str
    bare: str
    after: str
    language: str


class Kept(OrderedDict[Hashable, Any]):
    """What is kept: newest last; what was not asked for longest goes first."""

    def find(self, key: Hashable) -> Any:
        """What is kept under `key`; None if nothing is, or no more: other threads keep things, too."""
        try:
            self.move_to_end(key)
        except KeyError:
            return None
        return self.get(key)

    def keep(self, key: Hashable, value: Any) -> None:
        self[key] = value
        while len(self) > KEPT_AT_MOST:
            self.popitem(last=False)


_cards = Kept()
_buttons = Kept()
_encoded = Kept()  # cards with their buttons, as timelines send them to everybody for whom they are the same


def cards(rows: Sequence[tuple], reads: Set[str] = frozenset()) -> SafeString:
    """The cards of `rows` (stamps, see blog.models.timeline), in their order, as one piece of HTML.

    `reads` holds the languages that the reader needs no translation of, as `microblog.languages.base` has them.
    """
    return mark_safe("".join(_each(rows, reads)))


def encoded(rows: Sequence[tuple], reads: Set[str] = frozenset()) -> bytes:
    """The same as bytes in UTF-8: joining and encoding twenty cards takes longer than looking them up."""
    language = translation.get_language()
    keys = [(language, reads, *row[1:]) for row in rows]
    html = [_encoded.find(key) for key in keys]
    if None in html:
        for n, card in enumerate(_each(rows, reads)):
            if html[n] is None:
                html[n] = card.encode()
                _encoded.keep(keys[n], html[n])
    return b"".join(html)


def cards_by_id(rows: Sequence[tuple], reads: Set[str] = frozenset()) -> dict[int, SafeString]:
    """The same cards, each under the id of its row, for pages that put something between them."""
    return {row[0]: mark_safe(card) for row, card in zip(rows, _each(rows, reads), strict=True) if card}


def _each(rows: Sequence[tuple], reads: Set[str]) -> list[str]:
    """A card for each row; "" for a post that was deleted meanwhile."""
    language = translation.get_language()
    keys = [(language, *row[1:-LIVE]) for row in rows]
    found = [_cards.find(key) for key in keys]
    if None in found:
        made = _render([key for key, card in zip(keys, found, strict=True) if card is None])
        found = [card or made.get(key) for key, card in zip(keys, found, strict=True)]
    return [_whole(card, language, row, reads) if card else "" for row, card in zip(rows, found, strict=True)]


def _whole(card: Card, language: str, row: tuple, reads: Set[str]) -> str:
    buttons = str(row[1]).join(_buttons_around(language, row[-LIVE:]))
    return f"{card.bare if card.language in reads else card.before}{buttons}{card.after}"


def _render(keys: list[tuple]) -> dict[tuple, Card]:
    """Load the posts behind `keys`, render and keep each; one that was deleted meanwhile has no card."""
    posts = Post.objects.select_related("author").prefetch_related("mentions").in_bulk({key[1] for key in keys})
    made = {key: _card(posts[key[1]], key) for key in keys if key[1] in posts}
    for key, card in made.items():
        _cards.keep(key, card)
    return made


def _card(post: Post, key: tuple) -> Card:
    language, (username, name, answered) = key[0], key[WHO : WHO + 3]
    link = ""
    if is_offered(post.language, language):
        named = name_in_a_sentence(post.language)
        link = get_template("blog/_translate.html").render({"post": post, "language": named})
    reposter = {"username": username, "name": name or username} if username else None
    context = {"post": post, "translation": link, "buttons": HOLE, "reposter": reposter, "answered": answered}
    before, _hole, after = get_template("blog/_post.html").render(context).partition(HOLE)
    return Card(before, before.replace(link, "", 1) if link else before, after, base(post.language))


def _buttons_around(language: str, live: tuple) -> list[str]:
    """The buttons of any card with these counts and marks, in pieces: between two stands the post's id."""
    key = (language, *live)
    pieces = _buttons.find(key)
    if pieces is None:
        names = ("reply_count", "repost_count", "like_count", "reposted", "liked")
        context = {**dict(zip(names, live, strict=True)), "pk": HOLE}
        pieces = get_template("blog/_buttons.html").render(context).split(HOLE)
        _buttons.keep(key, pieces)
    return pieces


def buttons(pk: int, reader: Any) -> SafeString:
    """The buttons of this post's card as `reader` sees them now; nothing if it was deleted."""
    language = translation.get_language()
    return mark_safe("".join(str(pk).join(_buttons_around(language, row[-LIVE:])) for row in stamps_of([pk], reader)))


def forget() -> None:
    """Drop every kept card: for tests and for changed templates."""
    _cards.clear()
    _buttons.clear()
    _encoded.clear()
