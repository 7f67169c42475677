"""Tags that every template has: icons, times, and pieces of a page that are rendered once."""

from collections.abc import Hashable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils import formats, timezone, translation
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()
KEPT: dict[tuple[Hashable, ...], SafeString] = {}
KEPT_AT_MOST = 2000


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

    `style` is "short" ("3 min"), "ago" ("3 minutes ago"), "long" (date and time), or "day".
    """
    if moment is None:
        return mark_safe("")
    moment = moment.astimezone(UTC)
    if style == "day":
        text = formats.date_format(moment, "DATE_FORMAT")
    else:
        text = f"{formats.date_format(moment, 'DATE_FORMAT')}, {moment:%H:%M} UTC"
    return format_html(
        '<time datetime="{}" data-style="{}">{}</time>', moment.strftime("%Y-%m-%dT%H:%M:%SZ"), style, text
    )


class KeptNode(template.Node):
    child_nodelists = ()  # `extends` looks through these for blocks at every render; a kept piece has none

    def __init__(self, nodelist: template.NodeList, parts: list[Any]) -> None:
        self.nodelist = nodelist
        self.parts = parts

    def render(self, context: template.Context) -> SafeString:
        # Asked once a page by the context processor: asking the thread for each piece would cost more than the piece.
        language = context.get("LANGUAGE_CODE") or translation.get_language()
        key = (language, *[part.resolve(context) for part in self.parts])
        html = KEPT.get(key)
        if html is None:
            if len(KEPT) >= KEPT_AT_MOST:
                KEPT.clear()
            html = KEPT[key] = self.nodelist.render(context)
        return html


@register.tag
def kept(parser: template.base.Parser, token: template.base.Token) -> KeptNode:
    """{% kept "name" part … %}…{% endkept %}: render once a process for each language and each value of the parts.

    For pieces that nothing but their language and the named parts decides: the bar, the footer.
    """
    parts = [parser.compile_filter(bit) for bit in token.split_contents()[1:]]
    nodelist = parser.parse(("endkept",))
    parser.delete_first_token()
    return KeptNode(nodelist, parts)


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
