"""Search with PostgreSQL's full text: a stored vector by the post's language, and a GIN index.

Found in two bounded steps. Of the WALK newest posts those that match: for a common word that is all. Else the index
knows every match, and they are few, because the walk met fewer than are wanted. The forms that look simpler have a
cliff: "vector @@ query ORDER BY id DESC LIMIT 21" walks the whole table for a word that nobody used.
"""

# ruff: noqa: S608 - every statement here is built of constants, its values are parameters
from typing import Any

from django.db import connection

from accounts.models.sight import UNHEARD
from blog.models.search import TABLE, quoted
from blog.search.blocks import ranked
from blog.search.engine import END, Hit, Wanted
from blog.search.query import Query, Term
from blog.words import STEMMED

NAME = "postgres"
WALK = 2000


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
        return _newest(wanted, top, wanted.limit, scored=False)
    return ranked(wanted, lambda top, limit: _newest(wanted, top, limit, scored=True))


def _newest(wanted: Wanted, top: int, limit: int, *, scored: bool) -> list[Hit]:
    """The newest `limit` matches that are no newer than `top`."""
    values = Values()
    within = f"rowid <= {values.add(top)}"
    match = " AND ".join([within, f"rowid >= {values.add(wanted.query.since_id)}", *_conditions(wanted, values)])
    score = _score(wanted.query, values) if scored else "0"
    size = values.add(limit)
    rows = _run(_walked(within, match, score, size), values)
    if len(rows) < limit:
        rows = _run(_indexed(match, score, size), values)
    return [Hit(pk, score) for pk, score in rows]


def _walked(within: str, match: str, score: str, size: str) -> str:
    """Among the newest posts, as they come: it ends when there are enough."""
    return f"""
        SELECT rowid, {score} FROM (
            SELECT rowid, author_id, vector FROM {TABLE} WHERE {within} ORDER BY rowid DESC LIMIT {WALK}
        ) walked WHERE {match} ORDER BY rowid DESC LIMIT {size}
    """


def _indexed(match: str, score: str, size: str) -> str:
    """All that match, by the index; only the newest of them are ranked."""
    return f"""
        WITH matching AS MATERIALIZED (SELECT rowid, vector FROM {TABLE} WHERE {match})
        SELECT rowid, {score} FROM (SELECT * FROM matching ORDER BY rowid DESC LIMIT {size}) newest
         ORDER BY rowid DESC
    """


def _conditions(wanted: Wanted, values: Values) -> list[str]:
    conditions = []
    if query := _tsquery(wanted, values):
        conditions.append(f"vector @@ ({query})")
    return [*conditions, f"author_id NOT IN ({UNHEARD.format(reader=values.add(wanted.viewer))})"]


def _tsquery(wanted: Wanted, values: Values) -> str:
    """What has to be in the vector, "" if anything may."""
    query = wanted.query
    words = [term.words[0] for term in query.required if term.kind == "word"]
    parts = [_lexemes(term, values) for term in query.required if term.kind != "word"]
    if words:
        parts.append(_read_in_each_language(words, values))
    parts += [_one_of(marks, values) for marks in wanted.choices]
    parts += [f"!!{part}" for part in _unwanted(wanted, values)]
    return " && ".join(parts)


def _unwanted(wanted: Wanted, values: Values) -> list[str]:
    parts = [
        _read_in_each_language([term.words[0]], values) if term.kind == "word" else _lexemes(term, values)
        for term in wanted.query.excluded
    ]
    return parts + [_one_of([mark], values) for mark in wanted.unwanted_marks]


def _read_in_each_language(words: list[str], values: Values) -> str:
    """All of `words`: in a post of each language by their stems there, in any post as they stand."""
    # In quotes: outside them "or" and - are operators.
    asked = values.add(" ".join(f'"{word}"' for word in words))
    readings = [
        f"(websearch_to_tsquery('microblog_{code}', {asked}) && {_one_of([f'lang:{code}'], values)})"
        for code in STEMMED
    ]
    as_they_stand = values.add(" & ".join(quoted(f"={word}") for word in words))
    return f"({' || '.join([*readings, f'{as_they_stand}::tsquery'])})"


def _lexemes(term: Term, values: Values) -> str:
    """A phrase, a prefix or a mark."""
    if term.kind == "mark":
        return _one_of(list(term.words), values)
    phrase = " <-> ".join(quoted(f"={word}") for word in term.words)
    return f"{values.add(phrase + ':*' if term.kind == 'prefix' else phrase)}::tsquery"


def _one_of(marks: list[str], values: Values) -> str:
    return f"({values.add(' | '.join(quoted(mark) for mark in marks))}::tsquery)"


def _score(query: Query, values: Values) -> str:
    """How well a post matches: how often it has the words, in their stems or as they stand, for its length."""
    terms = [term for term in query.required if term.kind != "mark"]
    if not terms:
        return "0"
    parts = [
        _read_in_each_language(list(term.words), values) if term.kind == "word" else _lexemes(term, values)
        for term in terms
    ]
    return f"ts_rank(vector, {' || '.join(parts)}, 1)"  # 1: divided by the logarithm of the length


def _run(statement: str, values: Values) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values.named())
        return cursor.fetchall()
