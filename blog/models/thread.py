"""A conversation around a post: what it answers, and what answers it. Whatever its size, a page of it costs the same.

Everything here is about places: a post that is shown, or one that is not there, or not for this reader. A place stays,
so an answer never hangs in the air.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection

from accounts.models.sight import SUSPENDED, UNHEARD
from blog.models.gone import Gone
from blog.models.post import Post
from microblog import prepared
from microblog.pagination import Cursor, Page, cut

ABOVE = 10  # places above a post; before them there is a link
JOINED = 2  # answers to an answer that stand below it, at most

POST = "post"
GONE, GONE_WITH_ACCOUNT = "gone", "gone with account"
QUIET, UNSEEN = "quiet", "unseen"  # not shown unless asked for, as after a mute; not for this reader at all

CHAIN = """
    WITH RECURSIVE chain(depth, id) AS (
        SELECT 1, CAST(%s AS bigint)
        UNION ALL
        SELECT chain.depth + 1, COALESCE(p.reply_to_id, g.reply_to) FROM chain
          LEFT JOIN blog_post p ON p.id = chain.id LEFT JOIN blog_gone g ON g.id = chain.id
         WHERE chain.depth <= %s AND COALESCE(p.reply_to_id, g.reply_to) IS NOT NULL
    ) SELECT id FROM chain ORDER BY depth
"""
# Posts and the places of deleted ones: of these the last column says whether the account went along.
ANSWERS = """
    SELECT id, with_account FROM (
        SELECT * FROM (
            SELECT id, CAST(NULL AS boolean) AS with_account FROM blog_post
             WHERE reply_to_id = {pk} AND hidden_at IS NULL AND author_id NOT IN ({unheard}) {within}
             ORDER BY id {order} LIMIT {limit}) posts
        UNION ALL SELECT * FROM (
            SELECT id, with_account FROM blog_gone WHERE reply_to = {pk} {within}
             ORDER BY id {order} LIMIT {limit}) gone
    ) found ORDER BY id {order} LIMIT {limit}
"""
# The first answer to each of {tops}, the first answer to that, and so on, each with whether it is the only one.
FIRST = """
    WITH RECURSIVE unheard AS MATERIALIZED ({unheard}), tops(id) AS (VALUES {tops}), chain(top, depth, id) AS (
        SELECT CAST(id AS bigint), 0, CAST(id AS bigint) FROM tops
        UNION ALL
        SELECT chain.top, chain.depth + 1, (
            SELECT p.id FROM blog_post p WHERE p.reply_to_id = chain.id AND p.hidden_at IS NULL
               AND p.author_id NOT IN (SELECT id FROM unheard) ORDER BY p.id LIMIT 1)
          FROM chain WHERE chain.depth <= {joined} AND chain.id IS NOT NULL
    )
    SELECT chain.top, chain.id, p.author_id, NOT EXISTS (
        SELECT 1 FROM blog_post n WHERE n.reply_to_id = p.reply_to_id AND n.id > p.id AND n.hidden_at IS NULL
           AND n.author_id NOT IN (SELECT id FROM unheard))
      FROM chain JOIN blog_post p ON p.id = chain.id WHERE chain.depth > 0 ORDER BY chain.top, chain.depth
"""


class Place(NamedTuple):
    """A place in a conversation: the id of a post, and what of it the reader is shown."""

    pk: int
    kind: str


@dataclass
class Branch:
    """An answer, with those to it that stand below it; `more` if there are others."""

    places: list[Place]
    more: bool = False


@dataclass
class Above:
    """What a post answers, and what that answers, the oldest first; `earlier` is the id of what came before."""

    places: list[Place] = field(default_factory=list)
    earlier: int | None = None


def above(pk: int | None, reader: Any) -> Above:
    """The conversation before an answer to the post `pk`."""
    if pk is None:
        return Above()
    with connection.cursor() as cursor:
        cursor.execute(CHAIN, [pk, ABOVE])
        ids = [row[0] for row in cursor.fetchall()]
    earlier = ids[ABOVE] if len(ids) > ABOVE else None
    return Above(_places(ids[:ABOVE][::-1], reader), earlier)


def _places(ids: list[int], reader: Any) -> list[Place]:
    """What of these posts `reader` is shown in a conversation."""
    posts, gone = Post.objects.filter(pk__in=ids), Gone.objects.filter(pk__in=ids)
    kinds = dict.fromkeys(posts.heard_by(reader).values_list("pk", flat=True), POST)
    if len(kinds) < len(ids):
        kinds = {
            **dict.fromkeys(posts.values_list("pk", flat=True), UNSEEN),
            **dict.fromkeys(posts.visible_to(reader).values_list("pk", flat=True), QUIET),
            **{pk: _kind(with_account) for pk, with_account in gone.values_list("pk", "with_account")},
            **kinds,
        }
    return [Place(pk, kinds.get(pk, GONE)) for pk in ids]


def answers(pk: int, cursor: Cursor, reader: Any) -> Page:
    """A page of the places of answers to `pk`, the oldest first: `older` leads on here, to the ones after `?after=`."""
    back = cursor.before is not None
    edge, bound = ("AND id < {edge}", cursor.before) if back else ("AND id > {edge}", cursor.after or 0)
    order, name = ("DESC", "answers_before") if back else ("ASC", "answers_after")
    sql = ANSWERS.replace("{within}", edge).replace("{order}", order).replace("{unheard}", _unheard(reader))
    params = {"pk": ("bigint", pk), "edge": ("bigint", bound), "reader": ("bigint", reader.pk or 0)}

    def fetch(limit: int) -> list[tuple]:
        rows = prepared.fetch(f"{name}_{'of' if reader.pk else 'all'}", sql, {**params, "limit": ("bigint", limit)})
        return [Place(row, POST if with_account is None else _kind(with_account)) for row, with_account in rows]

    turned = Cursor(before=cursor.after, after=cursor.before)  # `cut` is made for lists that begin with the newest
    return cut(fetch, turned, settings.POSTS_PER_PAGE)


def _unheard(reader: Any) -> str:
    return UNHEARD if reader.pk else SUSPENDED


def _kind(with_account: bool) -> str:
    return GONE_WITH_ACCOUNT if with_account else GONE


def branches(tops: Sequence[Place], author: int | None, reader: Any) -> list[Branch]:
    """Each of `tops` with the first answer to it, if that is by `author` or the only one; and so on, JOINED times."""
    found = [Branch([place]) for place in tops]
    by_top = {branch.places[0].pk: branch for branch in found}
    for top, pk, by, alone in _first_answers(list(by_top), reader):
        branch = by_top[top]
        if branch.more or len(branch.places) > JOINED or not (alone or by == author):
            branch.more = True
        else:
            branch.places.append(Place(pk, POST))
            branch.more = not alone
    # A deleted answer that has answers itself is no post any more, but there is more to read.
    shown = {place.pk: branch for branch in found for place in branch.places}
    for gone in Gone.objects.filter(reply_to__in=shown):
        shown[gone.reply_to or 0].more = True
    return found


def _first_answers(tops: list[int], reader: Any) -> list[tuple[int, int, int, bool]]:
    if not tops:
        return []
    unheard = _unheard(reader).format(reader=reader.pk)
    sql = FIRST.format(unheard=unheard, tops=", ".join(f"({pk:d})" for pk in tops), joined=JOINED)
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()
