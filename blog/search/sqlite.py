"""Search with FTS5, which is in SQLite. It knows tokens only: the stems are Snowball's (see blog.models.search)."""

# ruff: noqa: S608 - every statement here is built of constants, its values are parameters
from collections.abc import Iterable
from math import log
from typing import Any

from django.db import connection

from accounts.models.sight import UNHEARD
from blog import words
from blog.models.search import TABLE
from blog.search.blocks import ranked
from blog.search.engine import END, Hit, Wanted
from blog.search.query import Query, Term

NAME = "sqlite"
UNHEARD_BY = UNHEARD.format(reader="%s")


def find(wanted: Wanted) -> list[Hit]:
    """The hits of a page. See blog.search.engine."""
    if wanted.order == "newest":
        top = wanted.after.id - 1 if wanted.after else END
        return [Hit(pk) for pk, _tokens in _newest(wanted, top, wanted.limit)]
    tokens = _scored(wanted.query)
    return ranked(wanted, lambda top, limit: [Hit(pk, _score(has, tokens)) for pk, has in _newest(wanted, top, limit)])


def _newest(wanted: Wanted, top: int, limit: int) -> list[tuple[int, str]]:
    """The newest `limit` matches that are no newer than `top`, with their tokens. FTS5 reads them in this order."""
    conditions = ["s.rowid BETWEEN %s AND %s", f"p.author_id NOT IN ({UNHEARD_BY})"]
    params: list[Any] = [wanted.query.since_id, top, *[wanted.viewer] * UNHEARD_BY.count("%s")]
    if match := _match(wanted):
        conditions.append(f"{TABLE} MATCH %s")
        params.append(match)
    for part in _unwanted(wanted) if not match else ():
        conditions.append(f"s.rowid NOT IN (SELECT rowid FROM {TABLE} WHERE {TABLE} MATCH %s)")
        params.append(part)
    statement = f"""
        SELECT s.rowid, s.tokens FROM {TABLE} s JOIN blog_post p ON p.id = s.rowid
         WHERE {" AND ".join(conditions)} ORDER BY s.rowid DESC LIMIT %s
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, [*params, limit])
        return cursor.fetchall()


def _match(wanted: Wanted) -> str:
    """The query in FTS5's language, "" if any post may match."""
    query = wanted.query
    asked = [term.words[0] for term in query.required if term.kind == "word"]
    parts = [_phrase(term) for term in query.required if term.kind != "word"]
    if asked:
        parts.append(_read_in_each_language(asked))
    parts += [_group(" OR ", map(_mark, marks)) for marks in wanted.choices]
    if not parts:
        return ""
    found = " AND ".join(parts)
    unwanted = _unwanted(wanted)
    return f"({found}) NOT {_group(' OR ', unwanted)}" if unwanted else found


def _unwanted(wanted: Wanted) -> list[str]:
    parts = [
        _read_in_each_language([term.words[0]]) if term.kind == "word" else _phrase(term)
        for term in wanted.query.excluded
    ]
    return parts + [_mark(mark) for mark in wanted.unwanted_marks]


def _read_in_each_language(asked: list[str]) -> str:
    """All of these words: in a post of each language by their stems there, in any post as they stand."""
    readings = [[f":{code}:{words.stem(word, code)}" for word in asked] for code in words.STEMMED]
    return _group(" OR ", [_group(" AND ", map(_quoted, tokens)) for tokens in [*readings, asked]])


def _group(operator: str, parts: Iterable[str]) -> str:
    return f"({operator.join(parts)})"


def _phrase(term: Term) -> str:
    """A phrase, a prefix or a mark."""
    if term.kind == "mark":
        return _mark(term.words[0])
    return _quoted(" ".join(term.words)) + (" *" if term.kind == "prefix" else "")


def _mark(mark: str) -> str:
    return _quoted(f":{mark}")


def _quoted(token: str) -> str:
    # In quotes: outside them - * ( NEAR are operators.
    return '"' + token.replace('"', '""') + '"'


def _scored(query: Query) -> list[set[str]]:
    """For each word that was asked for, the tokens that stand for it."""
    return [
        {word, *(f":{code}:{words.stem(word, code)}" for code in words.STEMMED)}
        for term in query.required
        if term.kind in ("word", "phrase")
        for word in term.words
    ]


def _score(has: str, asked: Iterable[set[str]]) -> float:
    """How well a post with these tokens matches: how often it has the words, for its length."""
    tokens = has.split(" ")
    counts = [sum(token in forms for token in tokens) for forms in asked]
    return round(sum(log(1 + count) for count in counts) / log(2 + len(tokens)), 6)
