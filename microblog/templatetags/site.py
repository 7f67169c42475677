"""Tags that every template has: icons, times, numbers."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django import template
from django.contrib.messages import get_messages
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import formats, timezone
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from microblog.templatetags.kept import Values, live_tag

register = template.Library()


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """An icon of static/icons.svg, decorative: the text beside it or the label of its button says what it is."""
    return _icon(name, extra, static("icons.svg"))


@lru_cache(maxsize=500)
def _icon(name: str, extra: str, sprite: str) -> SafeString:
    classes = f"icon {extra}".strip()
    return format_html('<svg class="{}" aria-hidden="true"><use href="{}#{}"/></svg>', classes, sprite, name)


@register.simple_tag
def when(moment: datetime | None, style: str = "short") -> SafeString:
    """A time as `<time datetime>`: readable UTC here, the reader's own zone and words by Intl in the browser.

    `style` is "short" ("3 min"), "ago" ("3 minutes ago"), "long" (date and time), "day", or "clock" (the time alone).
    """
    if moment is None:
        return mark_safe("")
    moment = moment.astimezone(UTC)
    if style == "day":
        text = formats.date_format(moment, "DATE_FORMAT")
    elif style == "clock":
        text = f"{moment:%H:%M} UTC"
    else:
        text = f"{formats.date_format(moment, 'DATE_FORMAT')}, {moment:%H:%M} UTC"
    return format_html(
        '<time datetime="{}" data-style="{}">{}</time>', moment.strftime("%Y-%m-%dT%H:%M:%SZ"), style, text
    )


@register.filter
def shown(number: int) -> str:
    """A count as people write it: 1,204 in English, 1.204 in Spanish."""
    return formats.number_format(number, use_l10n=True, force_grouping=True)


@register.filter
def minutes(seconds: int) -> int:
    """How many minutes to wait for `seconds` to have passed: a begun one counts."""
    return -(-seconds // 60)


@register.filter
def utc(moment: datetime) -> str:
    """A time as machines write it: 2026-11-22T14:05:00Z."""
    return timezone.localtime(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@live_tag(register)
def token(request: Any, _values: Values) -> str:
    """As `{% csrf_token %}`, live."""
    if request is None:
        return ""
    if not hasattr(request, "csrf_field"):  # one mask a page, as Django's tag has it
        request.csrf_field = f'<input type="hidden" name="csrfmiddlewaretoken" value="{get_token(request)}">'
    return request.csrf_field


@live_tag(register)
def notes(request: Any, _values: Values) -> str:
    """What Django's messages have to tell once, above the page."""
    return "".join([render_to_string("includes/note.html", {"message": message}) for message in get_messages(request)])


@live_tag(register)
def address(request: Any, _values: Values) -> str:
    """Where the reader is, to come back to; what was sent here by a form leads to the front."""
    return escape(request.get_full_path()) if request is not None and request.method == "GET" else "/"
