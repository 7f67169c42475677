"""Search with PostgreSQL's full text: a stored vector by the post's language, and a GIN index.

The index knows every match, but not in which order; to read the rows of all that a common word finds takes time with
the size of the site. So the newest matches are found from the newest post down, in windows:

1. The WALK newest posts are looked at one by one. For a common word that is all.
2. What was found there tells how far down enough more will be. The planner finds them in that window, by the index or
   by another walk, whichever is less work.
3. Of a word that was hardly met, all matches are read, by the index: they are few. A beginning beside it is compared
   with these: the index would first read all words that begin so, and every post of each.

The forms that look simpler have a cliff: "vector @@ query ORDER BY id DESC LIMIT 21" walks the whole table for a word
that nobody used, and a materialised match reads them all for a word that everybody uses.
"""

# ruff: noqa: S608 - every statement here is built of constants, its values are parameters
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.db import connection

from accounts.models.sight import UNHEARD
from blog.models.search import PLAIN, TABLE, pairs, quoted
from blog.search.blocks import ranked
from blog.search.engine import END, Hit, Wanted
from blog.search.query import Query, Term
from blog.words import STEMMED

NAME = "postgres"
WALK = 1000  # posts
FEW = 6  # matches among them: of a word that is rarer, all are read
WINDOWS = 3  # at most; then all the rest is one


class Values(list):
    """The parameters of a statement that is being built."""

    def add(self, value: object) -> str:
        """What stands for `value` in the statement."""
        self.append(value)
        return f"%(p{len(self) - 1})s"

    def named(self) -> dict[str, Any]:
        return {f"p{n}": value for n, value in enumerate(self)}


def find(wanted: Wanted) -> list[Hit]:
    """The hits of a page. See blog.search.engine."""
    if wanted.order == "newest":
        top = wanted.after.id - 1 if wanted.after else END
        return [Hit(pk) for pk in _newest(wanted, top, wanted.limit)]
    return ranked(wanted, lambda top, limit: _scored(wanted.query, _newest(wanted, top, limit)))


def _newest(wanted: Wanted, top: int, limit: int) -> list[int]:
    """The ids of the newest `limit` matches that are no newer than `top`."""
    first, last = _walked(top)
    if last is None:  # there are no more posts than these
        return _between(wanted, 0, top, limit)
    found = _between(wanted, last, top, limit)
    edge = last
    for _window in range(WINDOWS):
        if len(found) >= limit or len(found) < FEW:
            break
        # As deep below as the matches so far lie apart, and half as much again.
        low = max(0, edge - (first - edge) * 3 * (limit - len(found)) // (2 * len(found)))
        found += _between(wanted, low, edge - 1, limit - len(found))
        edge = low
    if len(found) < limit and edge > wanted.query.since_id:
        compared = _beside_what_is_rare(wanted, last, top)
        found += _between(wanted, 0, edge - 1, limit - len(found), by_index=True, compared=compared)
    return found


def _beside_what_is_rare(wanted: Wanted, low: int, high: int) -> list[Term]:
    """The beginnings that are asked for, if hardly a post from `high` down to `low` has what else is asked for."""
    beginnings = [term for term in wanted.query.required if term.kind == "prefix"]
    rest = _without(wanted, beginnings)
    if not (beginnings and (rest.query.required or rest.choices)):
        return []
    return beginnings if len(_between(rest, low, high, FEW)) < FEW else []


def _without(wanted: Wanted, terms: Sequence[Term]) -> Wanted:
    required = tuple(term for term in wanted.query.required if term not in terms)
    return replace(wanted, query=replace(wanted.query, required=required))


def _walked(top: int) -> tuple[int, int | None]:
    """The first and the last of the WALK newest posts from `top` down; None for the last if there are fewer."""
    statement = f"""
        SELECT max(rowid), min(rowid), count(*)
          FROM (SELECT rowid FROM {TABLE} WHERE rowid <= %(top)s ORDER BY rowid DESC LIMIT {WALK}) walked
    """
    [(first, last, count)] = _run(statement, {"top": top})
    return first, last if count == WALK else None


def _between(
    wanted: Wanted, low: int, high: int, limit: int, *, by_index: bool = False, compared: Sequence[Term] = ()
) -> list[int]:
    """The newest `limit` matches from `high` down to `low`; `by_index`: all matches are read, and no other row.

    The index is not asked for those terms that are `compared`.
    """
    values = Values()
    within = f"rowid BETWEEN {values.add(max(low, wanted.query.since_id))} AND {values.add(high)}"
    conditions = _conditions(_without(wanted, compared) if compared else wanted, values)
    # What @@ calls. No index knows it by this name.
    conditions += [f"ts_match_vq(vector, {_lexemes(term, values)})" for term in compared]
    matching = f"SELECT rowid FROM {TABLE} WHERE {' AND '.join([within, *conditions])}"
    if by_index:
        matching = f"WITH matching AS MATERIALIZED ({matching}) SELECT rowid FROM matching"
    statement = f"{matching} ORDER BY rowid DESC LIMIT {values.add(limit)}"
    return [pk for (pk,) in _run(statement, values.named())]


def _conditions(wanted: Wanted, values: Values) -> list[str]:
    conditions = []
    if queries := _tsqueries(wanted, values):
        # One condition each: an index scan of an "and" skips from match to match, one of "or" looks at every word.
        conditions.append(f"({' OR '.join(f'vector @@ ({query})' for query in queries)})")
    return [*conditions, f"author_id NOT IN ({UNHEARD.format(reader=values.add(wanted.viewer))})"]


def _tsqueries(wanted: Wanted, values: Values) -> list[str]:
    """What may be in the vector, any one of them: the query as it is read in each language. Empty if anything may."""
    query = wanted.query
    same = [_lexemes(term, values) for term in query.required if term.kind != "word"]
    same += [_one_of(marks, values) for marks in wanted.choices]
    same += [f"!!{_lexemes(term, values)}" for term in query.excluded if term.kind != "word"]
    same += [f"!!{_one_of([mark], values)}" for mark in wanted.unwanted_marks]
    required = [term.words[0] for term in query.required if term.kind == "word"]
    excluded = [term.words[0] for term in query.excluded if term.kind == "word"]
    if not (required or excluded):
        return [" && ".join(same)] if same else []
    readings = [_reading(language, required, excluded, values) for language in [*STEMMED, PLAIN]]
    return [" && ".join([*reading, *same]) for reading in readings]


def _reading(language: str, required: list[str], excluded: list[str], values: Values) -> list[str]:
    """Words as they are read in posts of one language, which have its mark."""
    mark = PLAIN if language == PLAIN else f"lang:{language}"
    parts = [_words(language, required, values)] if required else []
    return [*parts, _one_of([mark], values), *[f"!!{_words(language, [word], values)}" for word in excluded]]


def _words(language: str, words: list[str], values: Values) -> str:
    """All of `words`, by their stems or, in a language without them, as they stand."""
    if language == PLAIN:
        return f"({values.add(' & '.join(quoted(f'={word}') for word in words))}::tsquery)"
    # In quotes: outside them "or" and - are operators.
    asked = " ".join(f'"{word}"' for word in words)
    return f"websearch_to_tsquery('microblog_{language}', {values.add(asked)})"


def _lexemes(term: Term, values: Values) -> str:
    """A phrase, a prefix or a mark."""
    if term.kind == "mark":
        return _one_of(list(term.words), values)
    phrase = " <-> ".join(quoted(f"={word}") for word in term.words)
    if term.kind == "prefix":
        return f"({values.add(f'{phrase}:*')}::tsquery)"
    return f"({values.add(' & '.join([f'({phrase})', *map(quoted, pairs(term.words))]))}::tsquery)"


def _one_of(marks: list[str], values: Values) -> str:
    return f"({values.add(' | '.join(quoted(mark) for mark in marks))}::tsquery)"


def _scored(query: Query, ids: list[int]) -> list[Hit]:
    """How well each post matches: how often it has the words, in their stems or as they stand, for its length."""
    terms = [term for term in query.required if term.kind != "mark"]
    if not (terms and ids):
        return [Hit(pk) for pk in ids]
    values = Values()
    parts = [_lexemes(term, values) for term in terms if term.kind != "word"]
    if words := [term.words[0] for term in terms if term.kind == "word"]:
        parts += [_words(language, words, values) for language in [*STEMMED, PLAIN]]
    statement = f"""
        SELECT rowid, ts_rank(vector, {" || ".join(parts)}, 1)  -- 1: divided by the logarithm of the length
          FROM {TABLE} WHERE rowid = ANY ({values.add(ids)})
    """
    return sorted((Hit(pk, score) for pk, score in _run(statement, values.named())), reverse=True)


def _run(statement: str, values: dict[str, Any]) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()
