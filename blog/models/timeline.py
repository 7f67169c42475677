"""Who sees which posts, in pages of stamps: everything a card shows, and first the row's own id.

Home is found in three bounded steps, exact and with no extra table.

1. Walk: of the WALK newest posts of the whole site within the cursor, those of the reader and of the people they
   follow. Whoever follows busy people is done: nothing newer can have been missed.
2. Heads: else, of each of these people the newest post within the cursor (one index probe each); keep the people of
   the newest heads, one more than a page. Nobody else can have a post on the page, the heads alone fill it.
3. Posts: of those people, from the oldest of these heads on, merged.

A repost is a post of its own in this order, and its card is the original's. However many of the reader's people
repeat something, it is on their home once: where it turned up last.
"""

# ruff: noqa: S608 - every statement here is built of constants, its values are parameters
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.db import connection

from accounts.models import User
from accounts.models.sight import SUSPENDED, UNHEARD
from blog.models.post import PostQuerySet
from microblog import prepared
from microblog.pagination import Cursor, Page, cut
from microblog.pagination import paginate as paginate_rows

WALK = 800
# What a card shows, in the order of a stamp. `p` is the row of the timeline, `o` the post that it shows, `a` its
# author; `r` repeats it, `x` is answered by it. Whatever is added to a card is added here, and cards stay true.
# What few rows have is looked up for these alone: a join costs every row more than a probe costs one.
FACE = ["a.username", "a.name", "a.avatar", "a.avatar_seed"]
if settings.AVATARS == "gravatar":
    FACE.append("a.email_key")
# Through a block not even the name of who is answered is seen.
APART = """
    AND NOT EXISTS (SELECT 1 FROM accounts_block b WHERE b.blocker_id = {reader} AND b.blocked_id = x.id)
    AND NOT EXISTS (SELECT 1 FROM accounts_block b WHERE b.blocker_id = x.id AND b.blocked_id = {reader})"""
ANSWERED = """CASE WHEN o.other_id IS NOT NULL THEN (
    SELECT x.username FROM accounts_user x WHERE x.id = o.other_id{apart}) END"""
SHOWN = ["p.id", "o.id", "o.version", *FACE, "r.username", "r.name", ANSWERED]
# What changes often, and what is the reader's own: the row of buttons shows it.
COUNTS = ["o.reply_count", "o.repost_count", "o.like_count"]
MARKS = [  # the reader has repeated it, likes it
    """o.repost_count > 0 AND (
        SELECT 1 FROM blog_post m WHERE m.repost_of_id = o.id AND m.author_id = {reader} LIMIT 1) IS NOT NULL""",
    """o.like_count > 0 AND (
        SELECT 1 FROM blog_like l WHERE l.post_id = o.id AND l.user_id = {reader} LIMIT 1) IS NOT NULL""",
]
NO_MARKS = ["FALSE", "FALSE"]


def page_of(posts: PostQuerySet, cursor: Cursor, reader: Any = None) -> Page:
    """A page of stamps of any queryset of posts."""
    page = paginate_rows(posts, cursor, size=settings.POSTS_PER_PAGE)
    return Page(stamps_of(page.ids, reader), page.older, page.newer)


def stamps_of(ids: list[int], reader: Any = None) -> list[tuple]:
    """The stamps of the posts with these ids, in their order; one that is gone has none."""
    if not ids:
        return []
    marks = ", ".join(["%s"] * len(ids))
    sql = _dressed(f"SELECT * FROM blog_post WHERE id IN ({marks})", reader=str(_key(reader)) if _key(reader) else None)
    with connection.cursor() as cursor:
        cursor.execute(sql, ids)
        found = {row[0]: _plain(row) for row in cursor.fetchall()}
    return [found[pk] for pk in ids if pk in found]


def explore(cursor: Cursor, reader: Any = None) -> Page:
    """What everybody says, newest first, but not what they repeat or answer, as one statement."""
    way = _direction(cursor)
    posts = f"""
        SELECT p.id, p.author_id, p.repost_of_id, p.other_id FROM blog_post p
         WHERE p.hidden_at IS NULL AND p.repost_of_id IS NULL AND p.reply_to_id IS NULL
           AND p.author_id NOT IN ({_unheard(reader)}) {way.within}
         ORDER BY p.id {way.order} LIMIT {{limit}}
    """
    return _page("explore", posts, way, cursor, reader)


def profile(author: User, cursor: Cursor, reader: Any = None) -> Page:
    """The posts of `author`, who is known to be visible to `reader`; what they repeated themselves stands once."""
    way = _direction(cursor)
    posts = f"""
        SELECT p.id, p.author_id, p.repost_of_id, p.other_id FROM blog_post p
         WHERE p.author_id = {{author}} AND p.hidden_at IS NULL {way.within}
           AND (p.repost_of_id IS NULL OR p.other_id NOT IN ({_unheard(reader)}))
           AND NOT EXISTS (SELECT 1 FROM blog_post n WHERE n.repost_of_id = p.id AND n.author_id = {{author}})
         ORDER BY p.id {way.order} LIMIT {{limit}}
    """
    return _page("profile", posts, way, cursor, reader, author=author.pk)


def home_of(reader: User, cursor: Cursor) -> Page:
    """The home timeline: what `reader` and those they follow say and repeat, newest first.

    Answers are in it where both, who answers and who is answered, are among these people.
    """
    way = _direction(cursor)

    def find(limit: int) -> list[tuple]:
        params = _parameters(cursor, reader=reader.pk)
        walked = _fetch(f"walk_{way.name}_{WALK}", _walked(way, WALK), params, limit)
        if len(walked) == limit:
            return walked
        by_heads = _by_heads if connection.vendor == "postgresql" else _by_heads_in_steps
        return by_heads(way, params, limit)

    return cut(find, cursor, settings.POSTS_PER_PAGE)


# The people whose posts are on the page, and those who can't be seen. An IN beside an OR stays a hashed filter, which
# keeps the order of what it filters, so that the search stops at the end of the page; alone it would become a join.
PEOPLE = "SELECT followed_id AS id FROM accounts_follow WHERE follower_id = {reader} UNION ALL SELECT {reader}"
OF_PEOPLE = "({0} = {{reader}} OR {0} IN (SELECT followed_id FROM accounts_follow WHERE follower_id = {{reader}}))"
# The same for few rows: one probe each, where the filter would read whom the reader follows once more.
IS_OF_PEOPLE = """({0} = {{reader}} OR (
    SELECT 1 FROM accounts_follow f WHERE f.follower_id = {{reader}} AND f.followed_id = {0} LIMIT 1) IS NOT NULL)"""
UNHEARD_ONCE = f"WITH unheard AS MATERIALIZED ({UNHEARD})"
# What of these people's posts belongs on the reader's home, besides that they are not hidden.
WANTED = f"""
    p.author_id NOT IN (SELECT id FROM unheard)
    AND (p.reply_to_id IS NULL OR {IS_OF_PEOPLE.format("p.other_id")})
    AND (p.repost_of_id IS NULL OR p.other_id NOT IN (SELECT id FROM unheard))
    AND NOT EXISTS (
        SELECT 1 FROM blog_post n
         WHERE n.repost_of_id = COALESCE(p.repost_of_id, p.id) AND n.id > p.id AND n.hidden_at IS NULL
           AND n.author_id NOT IN (SELECT id FROM unheard)
           AND {IS_OF_PEOPLE.format("n.author_id")})
"""


@dataclass(frozen=True)
class Direction:
    """Which way a page is read: down from the newest, or up from a cursor."""

    name: str
    order: str  # of the page
    within: str  # the cursor's condition on p.id
    up_to: str  # how a post of step 3 compares with the furthest head
    open_end: int  # an id beyond every post on the far side


FIRST = Direction("first", "DESC", "", ">=", 0)
BEFORE = Direction("before", "DESC", "AND p.id < {cursor}", ">=", 0)
AFTER = Direction("after", "ASC", "AND p.id > {cursor}", "<=", 2**63 - 1)


def _direction(cursor: Cursor) -> Direction:
    if cursor.after is not None:
        return AFTER
    return FIRST if cursor.before is None else BEFORE


@cache
def _walked(way: Direction, walk: int) -> str:
    return _page_sql(_walk(way, walk), way, "{reader}", UNHEARD_ONCE)


def _walk(way: Direction, walk: int) -> str:
    columns = "p.id, p.author_id, p.reply_to_id, p.repost_of_id, p.other_id"
    return f"""
        SELECT {columns} FROM (
            SELECT {columns} FROM blog_post p WHERE p.hidden_at IS NULL {way.within}
             ORDER BY p.id {way.order} LIMIT {walk}
        ) p
        WHERE CASE WHEN {OF_PEOPLE.format("p.author_id")} THEN {WANTED} ELSE FALSE END
        ORDER BY p.id {way.order} LIMIT {{limit}}
    """


def _newest_of(person: str, way: Direction, limit: str, bound: str = "") -> str:
    return f"""
        SELECT p.id, p.author_id, p.repost_of_id, p.other_id FROM blog_post p
         WHERE p.author_id = {person} AND p.hidden_at IS NULL {way.within} {bound} AND {WANTED}
         ORDER BY p.id {way.order} LIMIT {limit}
    """


def _page(name: str, posts: str, way: Direction, cursor: Cursor, reader: Any, **who: int) -> Page:
    """A page of what the statement `posts` finds; `name` is the statement's on the server."""
    key = _key(reader)
    name, params = (f"{name}_{way.name}_of", {**who, "reader": key}) if key else (f"{name}_{way.name}", who)
    sql = _page_sql(posts, way, "{reader}" if key else None)
    return cut(lambda limit: _fetch(name, sql, _parameters(cursor, **params), limit), cursor, settings.POSTS_PER_PAGE)


def _parameters(cursor: Cursor, **who: int) -> dict[str, tuple[str, int]]:
    params = {key: ("bigint", pk) for key, pk in who.items()}
    edge = cursor.after if cursor.after is not None else cursor.before
    return params if edge is None else {**params, "cursor": ("bigint", edge)}


def _key(reader: Any) -> int | None:
    return getattr(reader, "pk", None)


def _unheard(reader: Any) -> str:
    return UNHEARD if _key(reader) else SUSPENDED


def _by_heads(way: Direction, params: dict[str, tuple[str, int]], limit: int) -> list[tuple]:
    """Steps 2 and 3 on PostgreSQL: one statement, limited for each person by LATERAL."""
    furthest = "min" if way.order == "DESC" else "max"
    bound = f"AND p.id {way.up_to} (SELECT id FROM edge)"
    sets = f"""{UNHEARD_ONCE}, heads AS MATERIALIZED (
            SELECT people.id, head.id AS head FROM ({PEOPLE}) people
             CROSS JOIN LATERAL ({_newest_of("people.id", way, "1")}) head
             ORDER BY head.id {way.order} LIMIT {{limit}}
        ), edge AS MATERIALIZED (
            -- With fewer heads than places, every post of theirs may be on the page.
            SELECT CASE WHEN count(*) < {{limit}} THEN {way.open_end} ELSE {furthest}(head) END AS id FROM heads
        )"""
    found = f"""
        SELECT p.* FROM heads CROSS JOIN LATERAL ({_newest_of("heads.id", way, "{limit}", bound)}) p
         ORDER BY id {way.order} LIMIT {{limit}}"""
    return _fetch(f"heads_{way.name}", _page_sql(found, way, "{reader}", sets), params, limit)


def _by_heads_in_steps(way: Direction, params: dict[str, tuple[str, int]], limit: int) -> list[tuple]:
    """Steps 2 and 3 on SQLite, which has no LATERAL: the last is a UNION ALL of one limited select a person."""
    heads = f"""
        {UNHEARD_ONCE} SELECT id, head FROM (
            SELECT people.id, (SELECT id FROM ({_newest_of("people.id", way, "1")})) AS head FROM ({PEOPLE}) people
        ) WHERE head IS NOT NULL ORDER BY head {way.order} LIMIT {{limit}}
    """
    people = prepared.fetch("heads", heads.replace("{limit}", str(limit)), params)
    if not people:
        return []
    edge = people[-1][1] if len(people) == limit else way.open_end
    bound = f"AND p.id {way.up_to} {edge}"
    union = " UNION ALL ".join(f"SELECT * FROM ({_newest_of(pk, way, '{limit}', bound)})" for pk, _head in people)
    return _fetch("found", _page_sql(union, way, "{reader}", UNHEARD_ONCE), params, limit)


def _page_sql(posts: str, way: Direction, reader: str | None, sets: str = "") -> str:
    """The statement that dresses `posts` as stamps, in the order of the page."""
    return f"{sets} {_dressed(posts, reader)} ORDER BY p.id {way.order} LIMIT {{limit}}"


def _dressed(posts: str, reader: str | None) -> str:
    """Stamps of `posts`; `reader` is the expression for the reader's id, whose marks they hold."""
    columns = ", ".join(SHOWN + COUNTS + (MARKS if reader else NO_MARKS))
    columns = columns.replace("{apart}", APART if reader else "").replace("{reader}", reader or "")
    return f"""
        SELECT {columns} FROM ({posts}) p
          JOIN blog_post o ON o.id = COALESCE(p.repost_of_id, p.id)
          JOIN accounts_user a ON a.id = o.author_id
          LEFT JOIN accounts_user r ON r.id = CASE WHEN p.repost_of_id IS NOT NULL THEN p.author_id END"""


def _fetch(name: str, sql: str, params: dict[str, tuple[str, int]], limit: int) -> list[tuple]:
    """Rows of a statement. Its limit is written into it: for an unknown one the planner would join whole tables."""
    found = prepared.fetch(f"{name}_{limit}", sql.replace("{limit}", str(limit)), params)
    return found if connection.vendor == "postgresql" else [_plain(row) for row in found]


def _plain(row: tuple) -> tuple:
    """SQLite has no booleans."""
    return (*row[:-2], bool(row[-2]), bool(row[-1]))
