"""Mark the words that were looked for, in the HTML of cards. Pure: strings in, strings out."""

from collections.abc import Iterator
from html import unescape

import regex
from django.utils.safestring import SafeString, mark_safe

from blog import words
from blog.search.query import Query, Term
from microblog.languages import base

_BODY = regex.compile(r'(<div class="body" lang="([^"]*)"[^>]*>)(.*?)(</div>)', regex.DOTALL)
_TEXT = regex.compile(r"(<[^>]*>)|([^<]+)")
_CHARACTER = regex.compile(r"&(?:#?\w+);|.", regex.DOTALL)


def mark(html: str, query: Query) -> SafeString:
    """`html`, which is safe, with `<mark>` around each word, in the bodies of posts, for which `query` found them."""
    terms = [term for term in query.required if term.kind != "mark"]
    marks = {term.words[0][1:] for term in query.required if term.kind == "mark"}
    if not (terms or marks):
        return mark_safe(html)

    def body(found: regex.Match) -> str:
        looked_for = _LookedFor(terms, marks, base(found[2]))
        return found[1] + _TEXT.sub(lambda piece: piece[1] or looked_for.mark(piece[2]), found[3]) + found[4]

    return mark_safe(_BODY.sub(body, html))


class _LookedFor:
    """The words of a query as they are in posts of one language."""

    def __init__(self, terms: list[Term], marks: set[str], language: str) -> None:
        self.language = language
        self.single = {term.words[0] for term in terms if term.kind == "word" or len(term.words) == 1}
        self.single |= {word for mark in marks for word in words.split(mark)}
        self.prefixes = tuple(term.words[0] for term in terms if term.kind == "prefix")
        self.phrases = [term.words for term in terms if term.kind == "phrase" and len(term.words) > 1]
        self.stems = set(words.stems([term.words[0] for term in terms if term.kind == "word"], language))

    def mark(self, escaped: str) -> str:
        """Escaped text with its marks; characters of entities stay together."""
        pieces = _CHARACTER.findall(escaped)
        text = "".join(unescape(piece) if len(piece) > 1 else piece for piece in pieces)
        if len(text) != len(pieces):  # an entity of more than one character, which we never write
            return escaped
        html, last = [], 0
        for start, end in _merged(self.places(text), text):
            html += [*pieces[last:start], "<mark>", *pieces[start:end], "</mark>"]
            last = end
        return "".join([*html, *pieces[last:]])

    def places(self, text: str) -> list[tuple[int, int]]:
        """Where in `text` its words stand, from start to end, in order."""
        spans = [(span.start, span.end, word) for span in words.spans(text) for word in span.words]
        found = {n for n, (_start, _end, word) in enumerate(spans) if self.is_looked_for(word)}
        for phrase in self.phrases:
            for n in range(len(spans) - len(phrase) + 1):
                if all(spans[n + i][2] == word for i, word in enumerate(phrase)):
                    found.update(range(n, n + len(phrase)))
        return [spans[n][:2] for n in sorted(found)]

    def is_looked_for(self, word: str) -> bool:
        if word in self.single or (self.prefixes and word.startswith(self.prefixes)):
            return True
        return bool(self.stems) and self.stems.issuperset(words.stems([word], self.language) or [""])


def _merged(places: list[tuple[int, int]], text: str) -> Iterator[tuple[int, int]]:
    """Places that touch, or have blanks only between them, as one."""
    merged: list[tuple[int, int]] = []
    for start, end in places:
        if merged and not text[merged[-1][1] : start].strip(" "):
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    yield from merged
