"""Hashtags that somebody might mean while they type."""

from datetime import timedelta
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.db.models import Count, Exists, Max, OuterRef

from accounts.models.names import begins
from blog import text
from blog.models import Post, Tag, Tagging

LATELY = 20_000  # uses, among which the best known tags are found, once in KEPT_FOR for everybody
WELL_KNOWN = 500
KEPT_FOR = timedelta(minutes=10)
LOOKED_AT = 100  # of the tags that begin as what was typed, so many are compared, however many there are
COUNTED = 100  # uses of a tag that is not so well known; more than these are as good as these


def tags_like(prefix: str, viewer: Any, limit: int = 8) -> list[str]:
    """The names of tags that `viewer` might mean by `prefix`, at most `limit`, the most used first.

    `prefix` is what was typed, with or without its #, in any script, case and accents. Never a tag under which
    `viewer` would find nothing. Nothing typed is no tag. The work is bounded however many tags and posts there are.
    """
    key = text.fold(prefix)
    if not key:
        return []
    known: dict[int, str] = cache.get_or_set("tags-well-known", _well_known, KEPT_FOR.total_seconds()) or {}
    begun = {*Tag.objects.filter(begins("name", key)).values_list("pk", flat=True)[:LOOKED_AT]}
    begun |= {*Tag.objects.filter(name=key).values_list("pk", flat=True)}
    best = [pk for pk, name in known.items() if name.startswith(key)] + _ranked(begun - known.keys())
    heard = Post.objects.heard_by(viewer).filter(tagging__tag=OuterRef("pk"))
    found = dict(Tag.objects.filter(Exists(heard), pk__in=best[: 4 * limit]).values_list("pk", "name"))
    return [found[pk] for pk in best if pk in found][:limit]


def _ranked(keys: set[int]) -> list[int]:
    """The keys of these tags, the most used first."""
    if not keys:
        return []
    marks = ", ".join(["%s"] * len(keys))
    sql = f"""
        SELECT t.id, (SELECT count(*) FROM (
                   SELECT 1 FROM blog_tagging g WHERE g.tag_id = t.id LIMIT {COUNTED}) used) AS uses
          FROM blog_tag t WHERE t.id IN ({marks}) ORDER BY uses DESC, t.name"""  # noqa: S608 - of constants
    with connection.cursor() as cursor:
        cursor.execute(sql, list(keys))
        return [row[0] for row in cursor.fetchall()]


def _well_known() -> dict[int, str]:
    """The tags with the most of the latest uses, in that order: key → name."""
    newest = Tagging.objects.aggregate(pk=Max("pk"))["pk"] or 0
    lately = Tagging.objects.filter(pk__gt=newest - LATELY).values_list("tag").annotate(uses=Count("pk"))
    keys = [row[0] for row in lately.order_by("-uses", "tag")[:WELL_KNOWN]]
    names = dict(Tag.objects.filter(pk__in=keys).values_list("pk", "name"))
    return {pk: names[pk] for pk in keys if pk in names}
