"""The words that were looked for, in the HTML of a card."""

import pytest

from blog.search.marking import mark
from blog.search.query import parse


def marked(body, query, language="en"):
    """`body`, HTML, as the card of a post in `language` shows it to who asked for `query`."""
    before, after = f'<p>bread</p><div class="body" lang="{language}" dir="ltr">', "</div><p>bread</p>"
    html = mark(before + body + after, parse(query))
    assert html.startswith(before)
    assert html.endswith(after)
    return html.removeprefix(before).removesuffix(after)


@pytest.mark.parametrize(
    ("body", "query", "html"),
    [
        ("Bread and BREADS, breadth", "bread", "<mark>Bread</mark> and <mark>BREADS</mark>, breadth"),
        ("Café au lait", "cafe", "<mark>Café</mark> au lait"),
        ("fresh bread, bread fresh", '"fresh bread"', "<mark>fresh bread</mark>, bread fresh"),
        ("bread breads", "brea*", "<mark>bread breads</mark>"),
        ("no rye here", "here -rye", "no rye <mark>here</mark>"),
        ("&lt;b&gt; &amp; b&#x27;s", "amp b lt x27", "&lt;<mark>b</mark>&gt; &amp; <mark>b</mark>&#x27;s"),
        (
            '<a href="/tags/bread/"><bdi>#bread</bdi></a>',
            "bread",
            '<a href="/tags/bread/"><bdi>#<mark>bread</mark></bdi></a>',
        ),
        ("<bdi>#bread</bdi> @ada", "#bread", "<bdi>#<mark>bread</mark></bdi> @ada"),
        ("東京タワーと京都", "京タ", "東<mark>京タ</mark>ワーと京都"),
        ("ﾊﾟﾝとガﾗｽ", "パン ガラス", "<mark>ﾊﾟﾝ</mark>と<mark>ガﾗｽ</mark>"),
        ("🎉 party 👍🏽", "🎉 👍", "<mark>🎉</mark> party <mark>👍🏽</mark>"),
        ("bread", "from:ada lang:en", "bread"),
        ("bread", "", "bread"),
        ("مُحَمَّد", "محمد", "<mark>مُحَمَّد</mark>"),
    ],
)
def test_marks(body, query, html):
    assert marked(body, query) == html


def test_forms_are_those_of_the_language_of_the_post():
    assert marked("casas", "casa", "es") == "<mark>casas</mark>"
    assert marked("casas", "casa", "und") == "casas"
    assert marked("casa", "casa", "und") == "<mark>casa</mark>"


def test_every_post_of_a_page_is_marked_for_itself():
    html = "".join(f'<div class="body" lang="{code}" dir="ltr">casas</div>' for code in ("es", "und", "pt-BR"))
    assert mark(html, parse("casa")).count("<mark>") == 2
