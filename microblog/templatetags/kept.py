"""Pieces of a page, and whole pages, that are rendered once a process and kept, with holes for what is live."""

import re
from collections.abc import Callable, Hashable, Iterable, Mapping
from contextvars import ContextVar
from typing import Any, TypeVar

from django import template
from django.http import HttpRequest, HttpResponse
from django.template.context import make_context
from django.template.loader import get_template
from django.utils import translation
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

register = template.Library()
KEPT_AT_MOST = 1000  # measured: 12 MB where the pages are in Russian; a process has 120 in all
HOLE = re.compile("\0(\\d+)\0")  # no page has a NUL
Values = Mapping[str, Any] | template.Context  # the variables of a page
F = TypeVar("F", bound=Callable[..., str | bytes])


class LiveTag(template.Node):
    """A live tag that asks for no context, which costs more than most of what is live: see `live_tag`."""

    def __init__(self, function: Callable[..., str | bytes], words: list[str]) -> None:
        self.function = function
        self.words = words

    def render(self, context: template.Context) -> SafeString:
        if hole := _hole(self):
            return hole
        html = self.function(context.get("request"), context, *self.words)
        return mark_safe(html.decode() if isinstance(html, bytes) else html)

    def now(self, request: HttpRequest, values: Values) -> bytes:
        html = self.function(request, values, *self.words)
        return html if isinstance(html, bytes) else html.encode()


class LiveNode(template.Node):
    """A live piece of a template, which is rendered from the context of its page."""

    def __init__(self, nodelist: template.NodeList) -> None:
        self.nodelist = nodelist

    def render(self, context: template.Context) -> SafeString:
        return _hole(self) or self.nodelist.render(context)

    def now(self, _request: HttpRequest, context: template.Context) -> bytes:
        return self.nodelist.render(context).encode()


# What is kept: text, what is live, text, …; the text of a whole page as the bytes that are sent.
Pieces = list[str | bytes | LiveTag | LiveNode]
_kept: dict[tuple[Hashable, ...], Pieces] = {}
_holes: ContextVar[list[LiveTag | LiveNode] | None] = ContextVar("holes", default=None)


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
        html = [piece if isinstance(piece, str) else piece.render(context) for piece in pieces]  # type: ignore[union-attr]
        return mark_safe("".join(html))


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


def live_tag(library: template.Library) -> Callable[[F], F]:
    """Make a function the tag {% its_name word … %} that is live inside a kept piece.

    It is called with the request (None where a template is rendered without), the page's variables, and the words
    of the tag as they stand there; and answers safe HTML, as text or as its bytes in UTF-8.
    """

    def register_function(function: F) -> F:
        def compile_function(_parser: template.base.Parser, token: template.base.Token) -> LiveTag:
            return LiveTag(function, token.split_contents()[1:])

        library.tag(function.__name__, compile_function)
        return function

    return register_function


@live_tag(register)
def value(_request: HttpRequest | None, values: Values, name: str) -> str | bytes:
    """{% value page.older %}: `{{ page.older }}`, live, its number as programs write it; "" where there is none.

    Bytes are HTML already.
    """
    name, _dot, attribute = name.partition(".")
    found = values.get(name)
    if attribute:
        found = getattr(found, attribute, None)
    if isinstance(found, bytes):
        return found
    return "" if found is None else conditional_escape(found)


def render_kept(request: HttpRequest, name: str, key: Iterable[Hashable], values: dict[str, Any]) -> HttpResponse:
    """As `render`, of a page of which all that is not live depends on its language and on `key` only."""
    whole = (name, translation.get_language(), *key)
    pieces = _kept.get(whole)
    if pieces is not None and not any(isinstance(piece, LiveNode) for piece in pieces):
        return HttpResponse(_joined(pieces, request, values))
    page = get_template(name).template  # type: ignore[attr-defined] # Django's own engine
    context = make_context(values, request)
    with context.render_context.push_state(page), context.bind_template(page):
        if pieces is None:
            split = _split(page.nodelist, context)
            pieces = [piece.encode() if isinstance(piece, str) else piece for piece in split]
            _keep(whole, pieces)
        return HttpResponse(_joined(pieces, request, context))


def _split(nodes: template.NodeList, context: template.Context) -> Pieces:
    """`nodes` as text, split where something live stands: text, what is live, text, …"""
    token = _holes.set([])
    try:
        html = nodes.render(context)
        holes: Any = _holes.get()
    finally:
        _holes.reset(token)
    parts = HOLE.split(html)
    return [holes[int(part)] if n % 2 else mark_safe(part) for n, part in enumerate(parts)]


def _joined(pieces: Pieces, request: HttpRequest, values: Any) -> bytes:
    html = [piece if isinstance(piece, bytes) else piece.now(request, values) for piece in pieces]  # type: ignore[union-attr]
    return b"".join(html)


def _hole(live: LiveTag | LiveNode) -> SafeString:
    """The hole of something live, where a piece around it is being kept; else nothing."""
    holes = _holes.get()
    if holes is None:
        return SafeString()
    holes.append(live)
    return mark_safe(f"\0{len(holes) - 1}\0")


def _keep(key: tuple[Hashable, ...], pieces: Pieces) -> None:
    while len(_kept) >= KEPT_AT_MOST:
        _kept.pop(next(iter(_kept)), None)  # the oldest
    _kept[key] = pieces


def forget() -> None:
    """Drop every kept piece: for tests and for changed templates."""
    _kept.clear()
