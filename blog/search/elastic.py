"""Search with Elasticsearch. What is indexed and how: blog.documents; how it gets there: blog.search.outbox."""

import time
from collections.abc import Iterable
from typing import Any

from django.conf import settings

from accounts.models import Block, Mute
from blog import words
from blog.search import calls
from blog.search.blocks import ranked
from blog.search.engine import END, Hit, Wanted
from blog.search.query import Term

NAME = "elasticsearch"
# A post fills one of these, that of its language. (Named here too, so that nothing imports the client to know them.)
STEMS = [*(f"stems_{code}" for code in words.STEMMED), "stems_plain"]
AT_MOST = 10_000  # people; Elasticsearch takes 65,536
Clause = dict[str, Any]


def find(wanted: Wanted) -> list[Hit]:
    """The hits of a page. Raise ClusterError. See blog.search.engine."""
    ends = time.monotonic() + calls.PATIENCE
    if wanted.order == "newest":
        top = wanted.after.id - 1 if wanted.after else END
        return _newest(wanted, top, wanted.limit, ends)
    return ranked(wanted, lambda top, limit: _scored(wanted, _newest(wanted, top, limit, ends), ends))


def _newest(wanted: Wanted, top: int, limit: int, ends: float) -> list[Hit]:
    """The newest `limit` matches that are no newer than `top`. The index is sorted so that it ends with the last."""
    asked = {"query": {"bool": _conditions(wanted, top)}, "sort": [{"id": "desc"}], "size": limit}
    return [Hit(int(row["_id"])) for row in _search(asked, ends)]


def _scored(wanted: Wanted, hits: list[Hit], ends: float) -> list[Hit]:
    """The same with their scores. Asked with the first question, these would be found for every match there is."""
    if not hits:
        return []
    conditions = _conditions(wanted, hits[0].id)
    conditions["filter"].append({"ids": {"values": [str(hit.id) for hit in hits]}})
    rows = _search({"query": {"bool": conditions}, "size": len(hits)}, ends)
    scores = {int(row["_id"]): row["_score"] for row in rows}
    return [Hit(hit.id, scores.get(hit.id, 0.0)) for hit in hits]


def _search(asked: dict[str, Any], ends: float) -> list[dict[str, Any]]:
    seconds = ends - time.monotonic()
    request = {
        **asked,
        "track_total_hits": False,
        "timeout": f"{max(1, int(seconds * 1000))}ms",
        "allow_partial_search_results": False,
        "source": False,
    }
    answer = calls.ask(lambda client: client.search(index=settings.ELASTICSEARCH_INDEX, **request), seconds=seconds)
    return answer["hits"]["hits"]


def _conditions(wanted: Wanted, top: int) -> dict[str, list[Clause]]:
    """What a post must have, and what it must not have; only words and phrases count for the score."""
    query = wanted.query
    scored = [_clause(term) for term in query.required if term.kind != "mark"]
    return {
        "must": scored,
        "filter": [
            {"range": {"id": {"gte": query.since_id, "lte": top}}},
            *_filters(wanted, [term for term in query.required if term.kind == "mark"]),
        ],
        "must_not": [*(_clause(term) for term in query.excluded), *_unwanted(wanted)],
    }


def _clause(term: Term) -> Clause:
    """One term of the query in Elasticsearch's language, in which nothing of it is an operator."""
    if term.kind == "word":  # read by each field's own analyzer: so it has the stem of each language
        return {"multi_match": {"query": term.words[0], "fields": STEMS, "type": "best_fields"}}
    if term.kind == "prefix":
        return {"prefix": {"words": {"value": term.words[0]}}}
    if term.kind == "mark":
        return {"terms": {"marks": list(term.words)}}
    return {"match_phrase": {"words": " ".join(term.words)}}


def _filters(wanted: Wanted, marks: Iterable[Term]) -> Iterable[Clause]:
    query = wanted.query
    yield from map(_clause, marks)
    if wanted.authors:
        yield {"terms": {"author": list(wanted.authors)}}
    if query.languages:
        yield {"terms": {"language": list(query.languages)}}
    if query.has_link:
        yield {"term": {"marks": "has:link"}}


def _unwanted(wanted: Wanted) -> Iterable[Clause]:
    if people := [*wanted.not_authors, *_unheard(wanted.viewer)]:
        yield {"terms": {"author": people}}
    if wanted.query.not_languages:
        yield {"terms": {"language": list(wanted.query.not_languages)}}
    if wanted.query.has_link is False:
        yield {"term": {"marks": "has:link"}}


def _unheard(viewer: int | None) -> list[int]:
    """Whom this reader does not hear (accounts.models.sight). Who is suspended has no document, and need not be here.

    Beyond AT_MOST people the database leaves them out, so that a page is less than full.
    """
    if viewer is None:
        return []
    mine = Block.objects.filter(blocker=viewer).values_list("blocked", flat=True)
    theirs = Block.objects.filter(blocked=viewer).values_list("blocker", flat=True)
    muted = Mute.objects.filter(muter=viewer).values_list("muted", flat=True)
    return list(mine.union(theirs, muted)[:AT_MOST])
