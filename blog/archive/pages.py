"""The archive's pages: plain HTML that opens from a folder, without a network, in the member's language."""

from collections.abc import Iterator
from html import escape
from itertools import count
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from blog.archive.sections import Section

ROWS = 1000  # on a page
STYLE = SafeString("""
:root { color-scheme: light dark; }
body { max-width: 60rem; margin: 0 auto; padding: 1rem; font: 1rem/1.5 system-ui, sans-serif; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid #8886; padding: 0.375rem 0.75rem 0.375rem 0; text-align: start; vertical-align: top; }
td { overflow-wrap: anywhere; white-space: pre-line; }
nav { display: flex; gap: 1rem; margin-block: 1rem; }
""")
# A row as a block, in which each cell says what it is.
BLOCKS = """
thead { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); }
tbody, tr, td { display: block; }
tr { border-bottom: 1px solid #8886; padding-block: 0.75rem; }
td { border: 0; padding: 0; }
td:empty { display: none; }
td::before { opacity: 0.7; }
"""
FEW = 5  # columns that have room beside one another


def layout(section: Section) -> SafeString:
    """Tables for sections of few columns on a wide screen, blocks for all others."""
    rules = [
        f'td:nth-child({number})::before {{ content: "{css(str(column.label) + ": ")}"; }}'
        for number, column in enumerate(section.columns, 1)
    ]
    where = "(max-width: 45rem)" if len(section.columns) <= FEW else "all"
    return SafeString(f"@media {where} {{{BLOCKS}" + "\n".join(rules) + "\n}\n")


def css(text: str) -> str:
    """The inside of a string of CSS in a page of HTML: what would end either is written as its number."""
    return "".join(letter if letter.isalnum() or letter in " -" else f"\\{ord(letter):x} " for letter in text)


def head(title: str, style: SafeString = STYLE) -> SafeString:
    """The beginning of a page: with a policy that lets nothing load or run."""
    language = translation.get_language() or "en"
    return format_html(
        '<!doctype html>\n<html lang="{}" dir="{}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        "<title>{}</title><style>{}</style></head><body><main>\n",
        language,
        "rtl" if translation.get_language_bidi() else "ltr",
        title,
        style,
    )


FOOT = "</main></body></html>\n"


def page_name(section: Section, number: int) -> str:
    return f"pages/{section.name}-{number}.html"


def index(member: Any, made_at: str, counts: dict[str, int], sections: list[Section]) -> Iterator[str]:
    """The first page: whose archive it is, when it was made, and what is in it."""
    title = _("The archive of @%(username)s") % {"username": member.username}
    yield head(title)
    yield format_html("<h1>{}</h1>\n<p>{}, {}</p>\n<ul>\n", title, settings.SITE_NAME, made_at)
    for section in sections:
        link = format_html('<a href="{}">{}</a>', page_name(section, 1), section.title)
        yield format_html("<li>{} ({})</li>\n", link if counts[section.name] else section.title, counts[section.name])
    yield format_html("</ul>\n<p>{}</p>\n", _("The folder “data” has the same for spreadsheets and for programs."))
    yield FOOT


def pages(section: Section, rows: Iterator[list]) -> Iterator[tuple[str, Iterator[str]]]:
    """The name of each page of a section and its parts, in this order; each page is read before the next."""
    ahead = Ahead(rows)
    for number in count(1):
        if ahead.empty:
            return
        yield page_name(section, number), _page(section, ahead, number)


class Ahead:
    """Rows of which the next one is known, so that a page knows whether another follows."""

    def __init__(self, rows: Iterator[list]) -> None:
        self.rows = rows
        self.next = next(rows, None)

    @property
    def empty(self) -> bool:
        return self.next is None

    def take(self, n: int) -> Iterator[list]:
        while n and self.next is not None:
            row, self.next = self.next, next(self.rows, None)
            n -= 1
            yield row


def _page(section: Section, ahead: Ahead, number: int) -> Iterator[str]:
    yield head(str(section.title), STYLE + layout(section))
    yield format_html('<nav><a href="../index.html">{}</a></nav>\n<h1>{}</h1>\n', _("All of it"), section.title)
    heads = format_html_join("", '<th scope="col">{}</th>', ((column.label,) for column in section.columns))
    yield format_html("<table><thead><tr>{}</tr></thead><tbody>\n", heads)
    addresses = [column.is_address for column in section.columns]
    for row in ahead.take(ROWS):
        yield _row(row, addresses)
    yield "</tbody></table>\n<nav>"
    if number > 1:
        yield format_html('<a href="../{}">{}</a>', page_name(section, number - 1), _("Older"))
    if not ahead.empty:
        yield format_html('<a href="../{}">{}</a>', page_name(section, number + 1), _("Newer"))
    yield "</nav>\n" + FOOT


def _row(row: list, addresses: list[bool]) -> str:
    # The standard library's escape and one join: a cell of these costs a tenth of Django's.
    cells = "".join(map(_cell, row, addresses))
    return f"<tr>{cells}</tr>\n"


def _cell(value: Any, is_address: bool) -> str:
    if isinstance(value, bool):
        value = _("Yes") if value else _("No")
    text = "" if value is None else escape(str(value))
    inside = f'<a href="{text}">{text}</a>' if is_address and text else text
    return f'<td dir="auto">{inside}</td>'
