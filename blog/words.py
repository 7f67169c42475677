"""The words of a text, for search: made here for posts and queries alike, so that every engine finds the same.

Pure functions over strings. A word has no case, no accents and no punctuation. Writing that puts no spaces between
words is taken character by character; links, mentions and hashtags are words, and the latter two are marks as well.
Stems are Snowball's, as PostgreSQL and Elasticsearch have them.
"""

import threading
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from unicodedata import normalize

import regex
import Stemmer

from accounts.validators import fold as fold_username
from blog import text
from microblog.languages import base

MAX_LENGTH = 64  # characters of a word; what is longer is cut, in posts and in queries
MAX_WORDS = 5000  # of a text: posts of today have 140 characters, those that were moved in may have any number
# The languages that have stems, as Snowball calls them. Posts in any other are found by their words as they stand.
STEMMED = {
    "en": "english",
    "es": "spanish",
    "ru": "russian",
    "de": "german",
    "fr": "french",
    "pt": "portuguese",
    "it": "italian",
}

_ALONE = (
    r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Bopomofo}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}ー々&&\p{L}]"
)
_UNIT = regex.compile(
    rf"(?P<character>{_ALONE}[\p{{M}}ﾞﾟ]*+)"  # the marks of half-width kana are letters until `fold` joins them
    rf"|(?P<word>[[\p{{L}}\p{{N}}]--{_ALONE}][[\p{{L}}\p{{Mn}}\p{{Mc}}\p{{N}}]--{_ALONE}]*+)"
    rf"|(?P<emoji>\p{{RI}}{{2}}|{text.EMOJI.pattern})",
    regex.V1,
)
_CHARACTER = regex.compile(rf"{_ALONE}\p{{M}}*", regex.V1)
# Points and vowel signs that writers of Arabic and Hebrew leave out, and the stroke that only makes a word longer.
_POINTED = regex.compile(r"[\p{Arabic}\p{Hebrew}]")
_POINTS = regex.compile(r"(?<=[\p{Arabic}\p{Hebrew}]\p{Mn}*)\p{Mn}|ـ")
_LOOKS = regex.compile(r"[\uFE0E\uFE0F]|\p{Emoji_Modifier}")
_HAS_STEM = regex.compile(r"[\p{Latin}\p{Cyrillic}]+")
_SCHEME = regex.compile(r"^https?://", regex.IGNORECASE)
_stemmers = threading.local()


class Span(NamedTuple):
    """Words and where in the text they stand; more than one where a single sign stands for several."""

    start: int
    end: int
    words: tuple[str, ...]
    is_character: bool


class Read(NamedTuple):
    """What a post says: its words in order, and its marks ("#bread", "@ada", "has:link")."""

    words: tuple[str, ...]
    marks: tuple[str, ...]


def fold(body: str) -> str:
    """`body` without case, accents and points."""
    body = text.plain(body)
    if not _POINTED.search(body):
        return body
    return normalize("NFKC", _POINTS.sub("", normalize("NFKD", body)))


def units(body: str) -> Iterator[tuple[str, ...]]:
    """The words of `body` in order, each as a tuple of one; characters that stand together are one tuple."""
    together: list[str] = []
    end = -1
    for match in _UNIT.finditer(fold(body)):
        is_character = match.lastgroup == "character"
        if together and not (is_character and match.start() == end):
            yield tuple(together)
            together = []
        if is_character:
            together.append(match[0])
            end = match.end()
        else:
            yield (_word(match),)
    if together:
        yield tuple(together)


def _word(match: regex.Match) -> str:
    return _LOOKS.sub("", match[0])[:MAX_LENGTH]


def split(body: str) -> list[str]:
    """The words of `body` in order."""
    return [word for unit in units(body) for word in unit]


def read(body: str) -> Read:
    """The words and marks of a post."""
    words: list[str] = []
    marks: list[str] = []
    for token in text.tokens(body):
        words += split(_SCHEME.sub("", token.text) if token.kind == "link" else token.text)
        if mark := mark_of(token):
            marks.append(mark)
    return Read(tuple(words[:MAX_WORDS]), tuple(dict.fromkeys(marks)))


def mark_of(token: text.Token) -> str:
    """By what a link, a mention or a hashtag is found as such; "" for other text."""
    if token.kind == "link":
        return "has:link"
    if token.kind == "mention":
        return f"@{fold_username(token.text[1:])}"
    return f"#{text.fold(token.text[1:])}" if token.kind == "tag" else ""


def spans(body: str) -> Iterator[Span]:
    """The words of `body` with their places in it, for marking them."""
    for match in _UNIT.finditer(body):
        yield Span(match.start(), match.end(), tuple(split(match[0])), match.lastgroup == "character")


def is_character(word: str) -> bool:
    """Whether it is of a writing that puts no spaces between words."""
    return not word.isascii() and _CHARACTER.fullmatch(word) is not None


def has_stem(word: str) -> bool:
    """Whether the word is written in the letters of a language that has stems."""
    return word.isalpha() if word.isascii() else _HAS_STEM.fullmatch(word) is not None


def stem(word: str, language: str) -> str:
    """The stem of a folded word in `language`, a key of STEMMED."""
    return _stemmer(language).stemWord(word)


def stems(words: Iterable[str], language: str) -> list[str]:
    """The stems of those of `words` that have one; none in a language without stems (any BCP 47 code)."""
    if (language := base(language)) not in STEMMED:
        return []
    return _stemmer(language).stemWords([word for word in words if has_stem(word)])


def _stemmer(language: str) -> "Stemmer.Stemmer":
    """A stemmer of this thread's own: it keeps what it has stemmed."""
    if not hasattr(_stemmers, language):
        setattr(_stemmers, language, Stemmer.Stemmer(STEMMED[language]))
    return getattr(_stemmers, language)
