"""What a post's body says: its links, mentions and hashtags, its length, and its safe HTML.

Pure functions over strings: no database, no models. `tokens` reads a body once, from left to right, and everything
else stands on it, so that what is shown as a mention is what notifies, and a `#` inside a link is a tag nowhere.
Every function takes time linear in the body, whatever is in it.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterator, Set
from typing import NamedTuple
from urllib.parse import quote

import regex
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from accounts.validators import fold as fold_username
from microblog.graphemes import count as length  # noqa: F401 - a body's length is counted as all text is

TAG_MAX_LENGTH = 64
USERNAME_MAX_LENGTH = 64
LINK_SHOWN_LENGTH = 40
MARKS_PER_BASE = 8  # The tallest stack in real writing, a Tibetan mantra's, has eight.

RTL_LANGUAGES = frozenset(
    [
        "ar",
        "arc",
        "azb",
        "ckb",
        "dv",
        "fa",
        "glk",
        "he",
        "iw",
        "ji",
        "lrc",
        "mzn",
        "nqo",
        "pnb",
        "ps",
        "sd",
        "syr",
        "ug",
        "ur",
        "yi",
    ]
)
RTL_SCRIPTS = frozenset(["adlm", "arab", "hebr", "mand", "nkoo", "rohg", "samr", "syrc", "thaa"])


class Token(NamedTuple):
    """A piece of a body: `kind` is "text", "link", "mention" or "tag"; `text` is what stands there."""

    kind: str
    text: str


# Default ignorables are out: U+3164, a letter that nobody sees, would make a tag or a name that nobody sees.
_WORD = r"[[\p{L}\p{M}\p{N}_]--\p{DI}]"
# Where writing puts no spaces between words, "谢谢@mei" is a mention; where it does, "a@b" is an address.
_INSIDE_WORD = rf"[{_WORD}--[\p{{Han}}\p{{Hiragana}}\p{{Katakana}}ー\p{{Thai}}\p{{Lao}}\p{{Khmer}}\p{{Myanmar}}]]"
_SCHEME = "[Hh][Tt][Tt][Pp][Ss]?://"
_LABEL = r"[\p{L}\p{M}\p{N}_-]+"
# The last label is of ASCII or has none of it: "https://example.org很好" ends before 很.
_LAST_LABEL = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?|[[\p{L}\p{M}\p{N}]--[\x00-\x7F]]+)"
_NOT_IN_LINK = r'[\s<>"“”„‟‘’‚‹›«»「」『』【】《》〈〉。、，！？；：（）]|(?![\u200C\u200D])\p{C}'

_TOKEN = regex.compile(
    rf"""
      (?=[HhWw@＠\#＃]) (?:  # Looking ahead first makes plain text six times as quick.
      (?P<link>
        (?: (?<![A-Za-z0-9]) {_SCHEME} | (?<![A-Za-z0-9@/._-]) (?=[Ww]{{3}}\.{_LABEL}\.[\p{{L}}\p{{N}}]) )
        (?:{_LABEL}\.)* {_LAST_LABEL} (?: :[0-9]{{1,5}} )?+
        (?: [/?\#] (?:(?!{_NOT_IN_LINK}).)*+ )?+
      )
    | (?P<mention>
        (?<!{_INSIDE_WORD}|[/@＠]|\w[+-])
        [@＠] (?>(?:{_WORD}|[.-]){{0,{USERNAME_MAX_LENGTH - 1}}}{_WORD}) (?!{_WORD}|[@＠]|://)
      )
    | (?P<tag>
        (?<!{_INSIDE_WORD}|[&/\#＃])
        [\#＃] (?=[\p{{N}}_]*+[\p{{L}}--\p{{DI}}]) (?:{_WORD}|(?<={_WORD})[\u200C\u200D](?={_WORD}))++ (?!://)
      )
      )
    """,
    regex.V1 | regex.VERBOSE,
)

_OPENING = {")": "(", "]": "[", "}": "{"}
_SENTENCE = frozenset(".,:;!?'*_~`…·([{")

EMOJI = regex.compile(
    r"(?:\p{Extended_Pictographic}|\p{RI}|[0-9#*]\uFE0F?\u20E3)"
    r"(?:\u200D\p{Extended_Pictographic}|[\uFE0E\uFE0F\u20E3\U000E0020-\U000E007F]|\p{Emoji_Modifier})*"
)

# Kept: tags that spell a flag. Dropped: controls, lone surrogates, bidi embeddings and overrides (U+202A–202E),
# deprecated format characters, byte order marks, annotations, and tags that smuggle unseen text.
_UNWANTED = regex.compile(
    r"(?P<flag>\U0001F3F4[\U000E0020-\U000E007E]{1,16}\U000E007F)"
    r"|[[\p{Cc}\p{Cs}\u202A-\u202E\u206A-\u206F\uFEFF\uFFF9-\uFFFB\U000E0000-\U000E007F]--\n]",
    regex.V1,
)
_NEWLINES = str.maketrans({"\r": "\n", "\u2028": "\n", "\u2029": "\n", "\t": " "})
_BLANK_LINES = regex.compile(r"\n(?:[^\S\n]*+\n){2,}")
_SURPLUS_MARKS = regex.compile(rf"([\p{{M}}\u200C\u200D]{{{MARKS_PER_BASE}}})[\p{{M}}\u200C\u200D]+")
_VISIBLE = regex.compile(r"[^\s\p{DI}\p{Cf}\u2800]")

_NOT_IN_TAG = regex.compile(r"[^\p{L}\p{M}\p{N}_]|\p{DI}")
_ACCENTED = regex.compile(r"([\p{Latin}\p{Greek}\p{Cyrillic}])(\p{Mn}+)")
# Letters of their own, not letters with an accent: й is no и, Belarusian ў no у, Ukrainian ї no і. (But ё is е.)
_LETTERS = frozenset({"и\u0306", "у\u0306", "і\u0308"})


def tokens(body: str) -> Iterator[Token]:
    """Yield the pieces of `body` in order; put together again, their texts are the body."""
    position = 0
    while match := _TOKEN.search(body, position):
        start, end = match.span()
        if match.lastgroup == "link":
            end = _link_end(body, start, end)
        if start > position:
            yield Token("text", body[position:start])
        yield Token(match.lastgroup, body[start:end])
        position = end
    if position < len(body):
        yield Token("text", body[position:])


def _link_end(body, start, end):
    """Where a link ends that stands in a sentence: before its punctuation and the brackets it did not open."""
    counts = Counter(body[start:end])
    while (last := body[end - 1]) in _SENTENCE or counts[last] > counts[_OPENING.get(last, last)]:
        counts[last] -= 1
        end -= 1
    return end


def _different(words, key):
    """`words` in order, each once by `key`, as it was first written."""
    first: dict = {}
    for word in words:
        first.setdefault(key(word), word)
    return list(first.values())


def clean(body: str) -> str:
    """`body` as it is stored: NFC, LF, no control characters, no open bidi controls, no towers of marks.

    Cleaning twice changes nothing more. A body in which nothing can be seen becomes "".
    """
    body = body.replace("\r\n", "\n").translate(_NEWLINES)
    body = _balance(_UNWANTED.sub(lambda match: match["flag"] or "", body))
    # Capped before as well: to sort ten thousand marks takes normalize() quadratic time.
    body = _SURPLUS_MARKS.sub(r"\1", unicodedata.normalize("NFC", _SURPLUS_MARKS.sub(r"\1", body)))
    body = _BLANK_LINES.sub("\n\n", body).strip()
    return body if _VISIBLE.search(body) else ""


def _balance(body):
    """`body` without the bidi isolates (U+2066–2069) that are not opened and closed in one line (UAX #9, BD9)."""
    opened, unmatched = [], set()
    for index, character in enumerate(body):
        if character in "\u2066\u2067\u2068":
            opened.append(index)
        elif character == "\u2069" and opened:
            opened.pop()
        elif character == "\u2069":
            unmatched.add(index)
        elif character == "\n":
            unmatched.update(opened)
            opened.clear()
    unmatched.update(opened)
    return "".join(c for i, c in enumerate(body) if i not in unmatched) if unmatched else body


def mentions(body: str) -> list[str]:
    """The usernames mentioned, as written, in order, each once as accounts tell names apart.

    "@ada@example.org" is an address on another site, so it mentions nobody here.
    """
    return _different([token.text[1:] for token in tokens(body) if token.kind == "mention"], fold_username)


def tags(body: str) -> list[str]:
    """The hashtags, as written and without their `#`, in order, each once by `fold`."""
    return _different([token.text[1:] for token in tokens(body) if token.kind == "tag"], fold)


def links(body: str) -> list[str]:
    """The addresses linked, in order, each once, always with their scheme."""
    return _different([_href(token.text) for token in tokens(body) if token.kind == "link"], str)


def fold(tag: str) -> str:
    """The key under which tags are one: no case, no width, no accents; at most 64 characters.

    Accents fall from Latin, Greek and Cyrillic letters only: in other scripts a mark is a vowel or another sound.
    """
    return plain(_NOT_IN_TAG.sub("", unicodedata.normalize("NFKD", tag[: 16 * TAG_MAX_LENGTH])))[:TAG_MAX_LENGTH]


def plain(text: str) -> str:
    """`text` without case, width and accents; those fall from Latin, Greek and Cyrillic letters only."""
    text = _ACCENTED.sub(_without_accents, unicodedata.normalize("NFKD", text))
    return unicodedata.normalize("NFKC", text.casefold())


def _without_accents(match):
    base, marks = match.groups()
    return base + next((mark for mark in marks if base.casefold() + mark in _LETTERS), "")


def strip(body: str) -> str:
    """The words of `body` alone, in one line: no links, mentions, tags and emoji. What a language is detected from."""
    words = " ".join(token.text for token in tokens(body) if token.kind == "text")
    return " ".join(EMOJI.sub(" ", words).split())


def render(body: str, *, mentioned: Set[str] | None = None) -> SafeString:
    """`body` as safe HTML: `<a>` and `<bdi>` for links, mentions and tags, everything else escaped.

    `mentioned` holds the keys of the usernames that exist: only they become links; None links every mention.
    Newlines stay newlines. A link shows itself without its scheme, shortened at 40 characters.
    """
    return mark_safe("".join(_html(token, mentioned) for token in tokens(body)))


def _html(token, mentioned):
    kind, text = token
    if kind == "link":
        link = '<a href="{}" rel="nofollow ugc noopener"><bdi>{}</bdi></a>'
        return format_html(link, _href(text), _shown(text))
    if kind == "tag":
        return format_html('<a href="/tags/{}/"><bdi>{}</bdi></a>', quote(fold(text[1:]), safe=""), text)
    if kind == "mention" and (mentioned is None or fold_username(text[1:]) in mentioned):
        return format_html('<a href="/@{}/"><bdi>{}</bdi></a>', quote(text[1:], safe=""), text)
    return escape(text)


def _href(link):
    return link if link[:4].lower() == "http" else f"https://{link}"


def _shown(link):
    return _cut(regex.sub(f"^{_SCHEME}", "", link), LINK_SHOWN_LENGTH)


def _cut(line, at_most):
    """`line`, or its beginning with "…" so that it has `at_most` characters."""
    if regex.fullmatch(rf"\X{{0,{at_most}}}+", line):
        return line
    return regex.match(rf"\X{{0,{at_most - 1}}}+", line)[0].rstrip() + "…"


def summary(body: str, at_most: int = 60) -> str:
    """`body` in one line of at most `at_most` characters, cut after a word with "…"; for titles."""
    line = " ".join(regex.sub("[\u2066-\u2069]", "", body).split())
    cut = _cut(line, at_most)
    if cut == line or line[len(cut) - 1] == " ":
        return cut
    words = cut.rpartition(" ")[0]
    # A very long word, or a language without spaces, is cut where the line ends.
    return words + "…" if 2 * len(words) > len(cut) else cut


def direction(language: str, body: str) -> str:
    """ "ltr" or "rtl": by the language (a BCP 47 code), or for "und" by the first letter that has a direction."""
    code, *subtags = language.lower().split("-")
    if code not in ("und", ""):
        scripts = [subtag for subtag in subtags if len(subtag) == 4 and subtag.isalpha()]
        return "rtl" if (scripts[0] in RTL_SCRIPTS if scripts else code in RTL_LANGUAGES) else "ltr"
    classes = map(unicodedata.bidirectional, strip(body) or body)
    return "rtl" if next((c for c in classes if c in ("L", "R", "AL")), "L") != "L" else "ltr"
