"""A body on its way to a provider and back.

Each line travels as HTML of its own (in HTML a newline is a space), in which a link, a mention, a tag and a run of
emoji is an element that providers leave alone. What comes back inside such an element is of no interest: its number
says what stood there. Where one is missing or doubled, or a mention is no mention any more, the words between them
travel a second time, alone.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from html import escape, unescape
from typing import NamedTuple

import regex

from blog import text

Send = Callable[[list[str]], list[str]]

_EMOJI_RUN = regex.compile(rf"(?:{text.EMOJI.pattern})(?:[^\S\n]*(?:{text.EMOJI.pattern}))*+")
_LETTER = regex.compile(r"\p{L}")
_EDGES = regex.compile(r"(\s*)(.*?)(\s*)", regex.DOTALL)
KEPT = regex.compile(r"""<span\b[^<>]*?\bid\s*=\s*["']?kept(\d{1,4})\b[^<>]*>[^<>]*</span\s*>""", regex.IGNORECASE)


class Piece(NamedTuple):
    """A part of a line: `kept` as it is, or to be said in other words."""

    kept: bool
    text: str

    @property
    def speaks(self) -> bool:
        return not self.kept and _LETTER.search(self.text) is not None


def carry(body: str, send: Send) -> str:
    """`body` with its words as `send` says them: a function from pieces of HTML to as many pieces of HTML.

    Links, mentions, tags and emoji are the same as before. Raise ValueError where that can't be had.
    """
    lines = [pieces(line) for line in body.split("\n")]
    spoken = [n for n, line in enumerate(lines) if any(piece.speaks for piece in line)]
    if not spoken:
        return body
    said = {n: put_back(html, lines[n]) for n, html in zip(spoken, send([mark(lines[n]) for n in spoken]), strict=True)}
    if lost := [n for n in spoken if said[n] is None]:
        said |= dict(zip(lost, between([lines[n] for n in lost], send), strict=True))
    return "\n".join(said.get(n) or "".join(piece.text for piece in line) for n, line in enumerate(lines))


def pieces(line: str) -> list[Piece]:
    """A line's links, mentions, tags and emoji, and what is between them."""
    found: list[Piece] = []
    for token in text.tokens(line):
        if token.kind != "text":
            found.append(Piece(True, token.text))
            continue
        position = 0
        for emoji in _EMOJI_RUN.finditer(token.text):
            found += [Piece(False, token.text[position : emoji.start()]), Piece(True, emoji[0])]
            position = emoji.end()
        found.append(Piece(False, token.text[position:]))
    return [piece for piece in found if piece.text]


def mark(line: Sequence[Piece]) -> str:
    """A line as HTML. `translate` and `class` are what Microsoft, DeepL and LibreTranslate document for this."""
    element = '<span id="kept{}" translate="no" class="notranslate">{}</span>'
    return "".join(element.format(n, plain(p.text)) if p.kept else plain(p.text) for n, p in enumerate(line))


def plain(words: str) -> str:
    """Text as HTML. Quotes stay: Apertium does not know the word "it&#x27;s"."""
    return escape(words, quote=False)


def put_back(html: str, line: Sequence[Piece]) -> str | None:
    """The translated line as text with all that was kept in it, or None where something of that is gone."""
    parts, position, seen = [], 0, Counter[int]()
    for element in KEPT.finditer(html):
        number = int(element[1])
        seen[number] += 1
        if number >= len(line):
            return None
        parts += [Piece(False, unescape(html[position : element.start()])), Piece(True, line[number].text)]
        position = element.end()
    parts.append(Piece(False, unescape(html[position:])))
    if seen != Counter(n for n, piece in enumerate(line) if piece.kept):
        return None
    return whole(parts, line)


def between(lines: Sequence[Sequence[Piece]], send: Send) -> list[str]:
    """The lines with only the words between what is kept sent, each alone."""
    words = [piece for line in lines for piece in line if piece.speaks]
    edges = [_EDGES.fullmatch(piece.text).groups() for piece in words]  # type: ignore[union-attr]
    answers = send([plain(middle) for _before, middle, _after in edges]) if words else []
    said = iter([f"{e[0]}{unescape(html).strip()}{e[2]}" for e, html in zip(edges, answers, strict=True)])
    found = []
    for line in lines:
        result = whole([Piece(False, next(said)) if piece.speaks else piece for piece in line], line)
        if result is None:
            raise ValueError("links, mentions or tags were lost")
        found.append(result)
    return found


def whole(parts: Sequence[Piece], line: Sequence[Piece]) -> str | None:
    """The parts as one text in which everything kept is still read as what it was; apart, if it has to be."""
    wanted = tokens("".join(piece.text for piece in line))
    for glue in ("", " "):
        joined = _join([part.text for part in parts if part.text], glue)
        if wanted <= tokens(joined):
            return joined
    return None


def tokens(body: str) -> Counter:
    """The links, mentions and tags of `body`, counted."""
    return Counter(token for token in text.tokens(body) if token.kind != "text")


def _join(parts: Sequence[str], glue: str) -> str:
    joined = ""
    for part in parts:
        apart = joined and not joined[-1].isspace() and not part[0].isspace()
        joined += (glue if apart else "") + part
    return joined.strip()
