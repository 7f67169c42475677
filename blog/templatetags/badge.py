"""How much is unread, in the bar and before the title."""

from functools import lru_cache
from typing import Any

from django import template
from django.utils import translation
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from blog.models.unread import AT_MOST, Unread, unread_of
from microblog.templatetags.kept import Values, live_tag

register = template.Library()


@live_tag(register)
def badge(request: Any, _values: Values, of: str) -> SafeString:
    """The number of unread notifications or messages, hidden where there are none: the script counts on."""
    return _badge(of, getattr(_unread(request), of), translation.get_language())


@live_tag(register)
def badge_in_title(request: Any, _values: Values) -> str:
    """ "(3) " before the title of a page; nothing when nothing is unread."""
    total = _unread(request).total
    return f"({_shown(total)}) " if total else ""


def _unread(request: Any) -> Unread:
    """What the member of the request has not read: looked up once a request, where it is shown at all."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return Unread()
    if not hasattr(request, "unread"):
        also = getattr(request.session, "also", None)  # read with the session, unless somebody has read since
        request.unread = Unread(**also) if also else unread_of(user.pk)
    return request.unread


def _shown(number: int) -> str:
    return f"{AT_MOST - 1}+" if number >= AT_MOST else str(number)


@lru_cache(maxsize=500)
def _badge(of: str, number: int, language: str) -> SafeString:
    """`language` is the one that is spoken: a part of what is kept."""
    html = '<span class="badge" data-badge="{}" data-count="{}"{}><span class="hidden">{} </span><bdi>{}</bdi></span>'
    off = mark_safe("" if number else " hidden")
    return format_html(html, of, number, off, _("Unread:"), _shown(number))
