"""Pieces of a page that are rendered once a process and kept, with holes for what is live."""

import re
from collections.abc import Hashable
from contextvars import ContextVar
from typing import Any

from django import template
from django.utils import translation
from django.utils.safestring import SafeString, mark_safe

register = template.Library()
KEPT_AT_MOST = 3000
_kept: dict[tuple[Hashable, ...], list[str | template.NodeList]] = {}
_holes: ContextVar[list[template.NodeList] | None] = ContextVar("holes", default=None)
HOLE = re.compile("\0(\\d+)\0")  # no page has a NUL


class KeptNode(template.Node):
    child_nodelists = ()  # no blocks inside, so inheritance need not look

    def __init__(self, nodelist: template.NodeList, parts: list[Any]) -> None:
        self.nodelist = nodelist
        self.parts = parts

    def render(self, context: template.Context) -> SafeString:
        # Every page says its language (microblog.context_processors): to ask the thread costs as much as the rest.
        language = context.get("LANGUAGE_CODE") or translation.get_language()
        key = (language, *[part.resolve(context) for part in self.parts])
        pieces = _kept.get(key)
        if pieces is None:
            pieces = self.render_once(context)
            _keep(key, pieces)
        if len(pieces) == 1:
            return pieces[0]  # type: ignore[return-value]
        html = [piece if isinstance(piece, str) else piece.render(context) for piece in pieces]
        return mark_safe("".join(html))

    def render_once(self, context: template.Context) -> list[str | template.NodeList]:
        """The piece as text, split where something live stands: text, nodes, text, …"""
        token = _holes.set([])
        try:
            html = self.nodelist.render(context)
            holes: Any = _holes.get()
        finally:
            _holes.reset(token)
        parts = HOLE.split(html)
        return [holes[int(part)] if n % 2 else mark_safe(part) for n, part in enumerate(parts)]


class LiveNode(template.Node):
    def __init__(self, nodelist: template.NodeList) -> None:
        self.nodelist = nodelist

    def render(self, context: template.Context) -> SafeString:
        holes = _holes.get()
        if holes is None:
            return self.nodelist.render(context)
        holes.append(self.nodelist)
        return mark_safe(f"\0{len(holes) - 1}\0")


@register.tag
def kept(parser: template.base.Parser, token: template.base.Token) -> KeptNode:
    """{% kept "name" part … %}…{% endkept %}: render once for each language and each value of the parts.

    The parts name everything else that the piece depends on: for what shows the member, `user.stamp`.
    """
    parts = [parser.compile_filter(bit) for bit in token.split_contents()[1:]]
    nodelist = parser.parse(("endkept",))
    parser.delete_first_token()
    return KeptNode(nodelist, parts)


@register.tag
def live(parser: template.base.Parser, token: template.base.Token) -> LiveNode:
    """{% live %}…{% endlive %}: inside a kept piece, rendered each time. It sees the page's variables only."""
    nodelist = parser.parse(("endlive",))
    parser.delete_first_token()
    return LiveNode(nodelist)


def _keep(key: tuple[Hashable, ...], pieces: list[str | template.NodeList]) -> None:
    while len(_kept) >= KEPT_AT_MOST:
        _kept.pop(next(iter(_kept)), None)  # the oldest
    _kept[key] = pieces
