"""What was asked: the text of a search, read once, the same for every engine.

    bread "fresh yeast" -rye brea* from:ada lang:es has:link since:2026-01-01 #baking @bob

All terms must be there, and none that has a hyphen before it. Nothing here touches a database, and nothing raises:
what can't be understood is left out and said in a sentence.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Literal, NamedTuple

import regex
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.validators import fold as fold_username
from blog import text, words
from microblog.languages import base

MAX_CHARACTERS = 500  # of a query; the rest is not read
MAX_TERMS = 12
MAX_PREFIXES = 4  # an engine reads all words that begin so, and for each of them all posts
MAX_PHRASE = 40  # words
SHORTEST_PREFIX = 2  # letters

Kind = Literal["word", "phrase", "prefix", "mark"]
_QUOTES = str.maketrans("“”„‟«»＂", '"""""""')
_PIECE = regex.compile(r'(?P<minus>(?<!\S)[-−–]+(?=\S))?(?:"(?P<phrase>[^"]*)(?:"|$)|(?P<word>[^\s"]+))')
_OPERATOR = regex.compile(r"(from|lang|has|since)[:：](.*)", regex.IGNORECASE)
_LANGUAGE = regex.compile(r"[a-z]{2,3}(?:-[a-z0-9]+)*", regex.IGNORECASE)
_DAY = regex.compile(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?")


class Term(NamedTuple):
    """Something that a post has to have, or must not have.

    word: one word, in any form that has the same stem in the post's own language.
    phrase: these words as they stand, in this order; also a single word that has no stem.
    prefix: a word that begins like this.
    mark: a hashtag ("#bread") or a mention ("@ada").
    """

    kind: Kind
    words: tuple[str, ...]


@dataclass(frozen=True)
class Query:
    """What was asked. `authors` are keys of usernames and `languages` base codes, of each any one; dates are UTC's."""

    text: str = ""
    required: tuple[Term, ...] = ()
    excluded: tuple[Term, ...] = ()
    authors: tuple[str, ...] = ()
    not_authors: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    not_languages: tuple[str, ...] = ()
    has_link: bool | None = None
    since: date | None = None
    problems: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is looked for: no terms and no filters, or only what is to be left out."""
        return not (self.required or self.authors or self.languages or self.has_link or self.since)

    @property
    def since_id(self) -> int:
        """The least id that a post of `since` can have; 0 without it. See blog.models.post.id_at."""
        if self.since is None:
            return 0
        moment = datetime(self.since.year, self.since.month, self.since.day, tzinfo=UTC)
        return max(0, int(moment.timestamp() * 1000) << 16)


def other_tries(query: Query) -> list[str]:
    """Wider searches, where `query` finds nothing: without filters, words in any order, one word, beginnings."""
    wanted = [term for term in query.required if term.kind != "mark"]
    # Words that have no blanks between them were written without.
    loose = [("" if words.is_character(term.words[0]) else " ").join(term.words) for term in wanted]
    tries = [" ".join(term.words[0] if term.kind == "mark" else _written(term) for term in query.required)]
    tries.append(" ".join(loose))
    if len(loose) > 1:
        tries.append(max(loose, key=len))
    if len(wanted) == 1 and wanted[0].kind == "word" and len(loose[0]) > SHORTEST_PREFIX:
        tries.append(f"{loose[0]}*")
    return [text for text in dict.fromkeys(tries) if text and text != query.text.casefold()][:3]


def _written(term: Term) -> str:
    """A term as it would be typed."""
    if term.kind == "prefix":
        return f"{term.words[0]}*"
    if words.is_character(term.words[0]):
        return "".join(term.words)
    return f'"{" ".join(term.words)}"' if len(term.words) > 1 else term.words[0]


@dataclass
class _Reading:
    """A query while it is read."""

    required: list[Term] = field(default_factory=list)
    excluded: list[Term] = field(default_factory=list)
    filters: dict[str, list[str]] = field(default_factory=dict)
    has_link: bool | None = None
    since: date | None = None
    problems: list[str] = field(default_factory=list)

    def add(self, terms: list[Term], minus: bool) -> None:
        (self.excluded if minus else self.required).extend(terms)

    def keep(self, name: str, value: str) -> None:
        self.filters.setdefault(name, []).append(value)


def shorten(asked: str) -> tuple[str, bool]:
    """What is read of the text of a search, and whether that is all of it."""
    cleaned = text.clean(asked[: 4 * MAX_CHARACTERS])
    return cleaned[:MAX_CHARACTERS], len(asked) <= 4 * MAX_CHARACTERS and len(cleaned) <= MAX_CHARACTERS


def parse(asked: str, *, typing: bool = False) -> Query:
    """Read the text of a search; `typing`: the last word may be a beginning. Never raises."""
    reading = _Reading()
    shortened, is_whole = shorten(asked)
    if not is_whole:
        sentence = ngettext(
            "Only the first %(n)d character was read.", "Only the first %(n)d characters were read.", MAX_CHARACTERS
        )
        reading.problems.append(sentence % {"n": MAX_CHARACTERS})
    pieces = list(_PIECE.finditer(shortened.translate(_QUOTES)))
    for piece in pieces:
        _take(reading, piece, typing and piece is pieces[-1] and piece.end() == len(shortened))
    return _query(shortened, reading)


def _query(shortened: str, reading: _Reading) -> Query:
    required = list(dict.fromkeys(reading.required))
    excluded = list(dict.fromkeys(reading.excluded))
    if (most := _affordable([*required, *excluded])) < len(required) + len(excluded):
        sentence = ngettext(
            "Only the first %(n)d word was looked for.", "Only the first %(n)d words were looked for.", most
        )
        reading.problems.append(sentence % {"n": most})
        required = required[:most]
        excluded = excluded[: most - len(required)]
    filters = {name: tuple(dict.fromkeys(values)) for name, values in reading.filters.items()}
    query = Query(
        shortened,
        tuple(required),
        tuple(excluded),
        has_link=reading.has_link,
        since=reading.since,
        problems=tuple(dict.fromkeys(reading.problems)),
        **filters,
    )
    if query.is_empty and (query.excluded or query.not_authors or query.not_languages or query.has_link is False):
        sentence = _("Say also what to look for, not only what to leave out.")
        return Query(shortened, problems=(*query.problems, sentence))
    return query


def _affordable(terms: list[Term]) -> int:
    """How many of `terms` are looked for: up to MAX_TERMS, and to the last one before a prefix too many."""
    prefixes = [n for n, term in enumerate(terms) if term.kind == "prefix"]
    return min(MAX_TERMS, len(terms), *prefixes[MAX_PREFIXES:])


def _take(reading: _Reading, piece: regex.Match, typing: bool) -> None:
    minus = bool(piece["minus"])
    if piece["phrase"] is not None:
        if phrase := words.read(piece["phrase"]).words[:MAX_PHRASE]:
            reading.add([Term("phrase", phrase)], minus)
    elif operator := _OPERATOR.fullmatch(piece["word"]):
        _OPERATORS[operator[1].lower()](reading, operator[2], minus)
    else:
        reading.add(_terms(piece["word"], typing, reading), minus)


def _terms(word: str, typing: bool, reading: _Reading) -> list[Term]:
    """What one word without blanks asks for: a link, "l'été" and 東京tower are more than one."""
    tokens = list(text.tokens(word))
    if len(tokens) == 1 and tokens[0].kind in ("mention", "tag"):
        return [Term("mark", (words.mark_of(tokens[0]),))]
    if len(tokens) == 1 and tokens[0].kind == "link":
        return [Term("phrase", words.read(word).words[:MAX_PHRASE])]
    terms = [Term("word" if words.has_stem(unit[0]) else "phrase", unit[:MAX_PHRASE]) for unit in words.units(word)]
    starred = word.endswith("*")
    if terms and (starred or typing):
        terms[-1:] = _prefix(terms[-1], starred, reading)
    return terms


def _prefix(last: Term, starred: bool, reading: _Reading) -> list[Term]:
    """The last word of what was typed as a beginning; characters that stand alone are one anyway."""
    if len(last.words) > 1 or len(last.words[0]) < SHORTEST_PREFIX:
        if starred and len(last.words) == 1:
            sentence = ngettext(
                "Before * at least %(n)d letter is needed.",
                "Before * at least %(n)d letters are needed.",
                SHORTEST_PREFIX,
            )
            reading.problems.append(sentence % {"n": SHORTEST_PREFIX})
        return [last]
    return [Term("prefix", last.words)]


def _from(reading: _Reading, value: str, minus: bool) -> None:
    name = value.strip().lstrip("@＠")
    if name:
        reading.keep("not_authors" if minus else "authors", fold_username(name[:64]))
    else:
        reading.problems.append(_("After from: comes a username, without a blank: from:ada"))


def _lang(reading: _Reading, value: str, minus: bool) -> None:
    if _LANGUAGE.fullmatch(value):
        reading.keep("not_languages" if minus else "languages", base(value))
    else:
        reading.problems.append(_("After lang: comes the code of a language, without a blank: lang:es"))


def _has(reading: _Reading, value: str, minus: bool) -> None:
    if value.lower() in ("link", "links"):
        reading.has_link = not minus
    else:
        reading.problems.append(_("After has: comes only link: has:link"))


def _since(reading: _Reading, value: str, minus: bool) -> None:
    day = _day(value)
    if day is None or minus:
        reading.problems.append(_("After since: comes a day, without a blank: since:2026-01-31"))
    else:
        reading.since = max(day, reading.since or day)


def _day(value: str) -> date | None:
    """A day, or the first of a month or a year."""
    found = _DAY.fullmatch(value)
    if not found:
        return None
    try:
        return date(int(found[1]), int(found[2] or 1), int(found[3] or 1))
    except ValueError:
        return None


_OPERATORS = {"from": _from, "lang": _lang, "has": _has, "since": _since}
