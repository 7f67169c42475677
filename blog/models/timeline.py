"""Who sees which posts, in pages of stamps: everything a card shows, and the id first.

Home is found in three bounded steps, exact and with no extra table.

1. Walk: of the WALK newest posts of the whole site within the cursor, those of the reader and of the people they
   follow. Whoever follows busy people is done: nothing newer can have been missed.
2. Heads: else, of each of these people the newest post within the cursor (one index probe each); keep the people of
   the newest heads, one more than a page. Nobody else can have a post on the page, the heads alone fill it.
3. Posts: of those people, from the oldest of these heads on, merged.
"""

# ruff: noqa: S608 - every statement here is built of constants, its values are parameters
from dataclasses import dataclass

from django.conf import settings
from django.db import connection

from accounts.models import User
from blog.models.post import PostQuerySet
from microblog import prepared
from microblog.pagination import Cursor, Page, cut
from microblog.pagination import paginate as paginate_rows

WALK = 600
# What a card shows, in the order of a stamp. Whatever is added to a card is added here, and cards stay true.
STAMP = ["id", "version", "author__username", "author__name", "author__avatar", "author__avatar_seed"]
if settings.AVATARS == "gravatar":
    STAMP.append("author__email_key")
COLUMNS = ", ".join(name.replace("author__", "a.") if "__" in name else f"p.{name}" for name in STAMP)


def page_of(posts: PostQuerySet, cursor: Cursor) -> Page:
    """A page of stamps of any queryset of posts."""
    return paginate_rows(posts, cursor, size=settings.POSTS_PER_PAGE, columns=STAMP)


def explore(cursor: Cursor) -> Page:
    """Everybody's posts, newest first: what `Post.objects.public()` has, as one statement without building a query."""
    way = _direction(cursor)
    posts = f"""
        SELECT p.id, p.version, p.author_id FROM blog_post p
         WHERE p.hidden_at IS NULL AND p.author_id NOT IN ({SUSPENDED}) {way.within}
         ORDER BY p.id {way.order} LIMIT {{limit}}
    """
    return _page("explore", posts, way, cursor)


def profile(author: User, cursor: Cursor) -> Page:
    """The posts of `author`, who is known to be visible, as everybody sees them."""
    way = _direction(cursor)
    return _page("profile", _newest_of("{author}", way, "{limit}"), way, cursor, author=author.pk)


def home_of(reader: User, cursor: Cursor) -> Page:
    """The home timeline: the posts of `reader` and of those they follow, newest first."""
    way = _direction(cursor)

    def find(limit: int) -> list[tuple]:
        params = _parameters(cursor, limit, reader=reader.pk)
        walked = prepared.fetch(f"walk_{way.name}_{WALK}", _stamps(_walk(way), way), params)
        if len(walked) == limit:
            return walked
        return _by_heads(way, params) if connection.vendor == "postgresql" else _by_heads_in_steps(way, params, limit)

    return cut(find, cursor, settings.POSTS_PER_PAGE)


# The people whose posts are on the page, and those who can't be seen.
PEOPLE = "SELECT followed_id AS id FROM accounts_follow WHERE follower_id = {reader} UNION ALL SELECT {reader}"
SUSPENDED = "SELECT id FROM accounts_user WHERE suspended_at IS NOT NULL"


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


def _walk(way: Direction) -> str:
    return f"""
        SELECT p.id, p.version, p.author_id FROM (
            SELECT p.id, p.version, p.author_id FROM blog_post p WHERE p.hidden_at IS NULL {way.within}
             ORDER BY p.id {way.order} LIMIT {WALK}
        ) p
        WHERE (p.author_id = {{reader}} OR p.author_id IN (
                SELECT followed_id FROM accounts_follow WHERE follower_id = {{reader}}))
          AND p.author_id NOT IN ({SUSPENDED})
        ORDER BY p.id {way.order} LIMIT {{limit}}
    """


def _newest_of(person: str, way: Direction, limit: str, bound: str = "") -> str:
    return f"""
        SELECT p.id, p.version, p.author_id FROM blog_post p
         WHERE p.author_id = {person} AND p.hidden_at IS NULL {way.within} {bound}
         ORDER BY p.id {way.order} LIMIT {limit}
    """


def _page(name: str, posts: str, way: Direction, cursor: Cursor, **who: int) -> Page:
    """A page of what the statement `posts` finds; `name` is the statement's on the server."""
    return cut(
        lambda limit: prepared.fetch(f"{name}_{way.name}", _stamps(posts, way), _parameters(cursor, limit, **who)),
        cursor,
        settings.POSTS_PER_PAGE,
    )


def _parameters(cursor: Cursor, limit: int, **who: int) -> dict[str, tuple[str, int]]:
    params = {**{key: ("bigint", pk) for key, pk in who.items()}, "limit": ("bigint", limit)}
    edge = cursor.after if cursor.after is not None else cursor.before
    return params if edge is None else {**params, "cursor": ("bigint", edge)}


def _by_heads(way: Direction, params: dict[str, tuple[str, int]]) -> list[tuple]:
    """Steps 2 and 3 on PostgreSQL: one statement, limited for each person by LATERAL."""
    furthest = "min" if way.order == "DESC" else "max"
    bound = f"AND p.id {way.up_to} (SELECT id FROM edge)"
    sql = f"""
        WITH heads AS MATERIALIZED (
            SELECT people.id, head.id AS head FROM ({PEOPLE}) people
             CROSS JOIN LATERAL ({_newest_of("people.id", way, "1")}) head
             WHERE people.id NOT IN ({SUSPENDED})
             ORDER BY head.id {way.order} LIMIT {{limit}}
        ), edge AS MATERIALIZED (
            -- With fewer heads than places, every post of theirs may be on the page.
            SELECT CASE WHEN count(*) < {{limit}} THEN {way.open_end} ELSE {furthest}(head) END AS id FROM heads
        ), found AS MATERIALIZED (
            SELECT p.* FROM heads CROSS JOIN LATERAL ({_newest_of("heads.id", way, "{limit}", bound)}) p
             ORDER BY id {way.order} LIMIT {{limit}}
        )
        SELECT {COLUMNS} FROM found p JOIN accounts_user a ON a.id = p.author_id ORDER BY p.id {way.order}
    """
    return prepared.fetch(f"heads_{way.name}", sql, params)


def _by_heads_in_steps(way: Direction, params: dict[str, tuple[str, int]], limit: int) -> list[tuple]:
    """Steps 2 and 3 on SQLite, which has no LATERAL: the last is a UNION ALL of one limited select a person."""
    end = "max" if way.order == "DESC" else "min"
    heads = f"""
        SELECT id, head FROM (
            SELECT people.id, (SELECT {end}(p.id) FROM blog_post p
                    WHERE p.author_id = people.id AND p.hidden_at IS NULL {way.within}) AS head
              FROM ({PEOPLE}) people WHERE people.id NOT IN ({SUSPENDED})
        ) WHERE head IS NOT NULL ORDER BY head {way.order} LIMIT {{limit}}
    """
    people = prepared.fetch("heads", heads, params)
    if not people:
        return []
    edge = people[-1][1] if len(people) == limit else way.open_end
    bound = f"AND p.id {way.up_to} {edge}"
    union = " UNION ALL ".join(f"SELECT * FROM ({_newest_of(pk, way, '{limit}', bound)})" for pk, _head in people)
    return prepared.fetch("found", _stamps(union, way), params)


def _stamps(posts: str, way: Direction) -> str:
    return f"""SELECT {COLUMNS} FROM ({posts}) p JOIN accounts_user a ON a.id = p.author_id
                ORDER BY p.id {way.order} LIMIT {{limit}}"""
