"""Pieces of a page, and whole pages, that are rendered once a process and kept, with holes for what is live."""

import re
from collections.abc import Hashable
from contextvars import ContextVar
from typing import Any

from django import template
from django.http import HttpRequest, HttpResponse
from django.template.context import make_context
from django.template.loader import get_template
from django.utils import translation
from django.utils.safestring import SafeString, mark_safe

register = template.Library()
KEPT_AT_MOST = 1000  # measured: 12 MB where the pages are in Russian; a process has 120 in all
_kept: dict[tuple[Hashable, ...], list[str | template.NodeList]] = {}
_holes: ContextVar[list[template.NodeList] | None] = ContextVar("holes", default=None)
HOLE = re.compile("\0(\\d+)\0")  # no page has a NUL


class KeptNode(template.Node):
    child_nodelists = ()  # no blocks inside, so `extends`, which looks for them at every render, need not

    def __init__(self, nodelist: template.NodeList, parts: list[Any]) -> None:
        self.nodelist = nodelist
        self.parts = parts

    def render(self, context: template.Context) -> SafeString:
        # Asked once a page by the context processor: asking the thread for each piece costs more than the piece.
        language = context.get("LANGUAGE_CODE") or translation.get_language()
        key = (language, *[part.resolve(context) for part in self.parts])
        pieces = _kept.get(key)
        if pieces is None:
            pieces = _split(self.nodelist, context)
            _keep(key, pieces)
        if len(pieces) == 1:
            return pieces[0]  # type: ignore[return-value]
        return _joined(pieces, context)


class LiveNode(template.Node):
    def __init__(self, nodelist: template.NodeList) -> None:
        self.nodelist = nodelist

    def render(self, context: template.Context) -> SafeString:
        return _live(self.nodelist, context)


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


def render_kept(request: HttpRequest, name: str, key: tuple[Hashable, ...], context: dict[str, Any]) -> HttpResponse:
    """As `render`, of a page of which all that is not `{% live %}` depends on its language and on `key` only."""
    page = get_template(name).template  # type: ignore[attr-defined] # Django's own engine
    live = make_context(context, request)
    with live.render_context.push_state(page), live.bind_template(page):
        pieces = _kept.get(whole := (name, translation.get_language(), *key))
        if pieces is None:
            pieces = _split(page.nodelist, live)
            _keep(whole, pieces)
        return HttpResponse(_joined(pieces, live))


def _split(nodes: template.NodeList, context: template.Context) -> list[str | template.NodeList]:
    """`nodes` as text, split where something live stands: text, nodes, text, …"""
    token = _holes.set([])
    try:
        html = nodes.render(context)
        holes: Any = _holes.get()
    finally:
        _holes.reset(token)
    parts = HOLE.split(html)
    return [holes[int(part)] if n % 2 else mark_safe(part) for n, part in enumerate(parts)]


def _joined(pieces: list[str | template.NodeList], context: template.Context) -> SafeString:
    return mark_safe("".join([piece if isinstance(piece, str) else _live(piece, context) for piece in pieces]))


def _live(nodes: template.NodeList, context: template.Context) -> SafeString:
    """What is live, now; or its hole, where a larger piece around it is being kept."""
    holes = _holes.get()
    if holes is None:
        return nodes.render(context)
    holes.append(nodes)
    return mark_safe(f"\0{len(holes) - 1}\0")


def _keep(key: tuple[Hashable, ...], pieces: list[str | template.NodeList]) -> None:
    while len(_kept) >= KEPT_AT_MOST:
        _kept.pop(next(iter(_kept)), None)  # the oldest
    _kept[key] = pieces


def forget() -> None:
    """Drop every kept piece: for tests and for changed templates."""
    _kept.clear()
