"""Who sees which posts, in pages of stamps: everything a card shows, and the id first.

Home takes two bounded steps, exact and with no extra table. Step 1: of each followed person the newest post within
the cursor; keep the people of the newest heads, one more than a page. Step 2: the posts of those people from the
oldest of these heads on, merged. Nobody else can have a post among them: the heads alone fill the page.
"""

from django.conf import settings
from django.db import connection

from accounts.models import User
from blog.models.post import PostQuerySet
from microblog import prepared
from microblog.pagination import Cursor, Page, cut
from microblog.pagination import paginate as paginate_rows

# What a card shows, in the order of a stamp. Whatever is added to a card is added here, and cards stay true.
STAMP = ["id", "version", "author__username", "author__name", "author__avatar", "author__avatar_seed"]
if settings.AVATARS == "gravatar":
    STAMP.append("author__email_key")
COLUMNS = ", ".join(name.replace("author__", "a.") if "__" in name else f"p.{name}" for name in STAMP)


def page_of(posts: PostQuerySet, cursor: Cursor) -> Page:
    """A page of stamps of any queryset of posts."""
    return paginate_rows(posts, cursor, size=settings.POSTS_PER_PAGE, columns=STAMP)


def home_of(reader: User, cursor: Cursor) -> Page:
    """The home timeline: the posts of `reader` and of those they follow, newest first."""
    find = _home_lateral if connection.vendor == "postgresql" else _home_union
    return cut(lambda limit: find(reader.pk, cursor, limit), cursor, settings.POSTS_PER_PAGE)


# Whose posts are on the page: the reader and those they follow, with each one's newest post.
PEOPLE = """
    SELECT u.id, u.newest_post_id FROM accounts_follow f JOIN accounts_user u ON u.id = f.followed_id
     WHERE f.follower_id = {reader} AND u.suspended_at IS NULL
    UNION ALL SELECT id, newest_post_id FROM accounts_user WHERE id = {reader}
"""


def _heads(cursor: Cursor) -> tuple[str, str, str, str]:
    """The statement of step 1; the order of the page; how step 2 is bounded; the name of the kind of page."""
    if cursor.after is not None:
        return _probe("min", ">"), "ASC", "p.id > {cursor} AND p.id <= ", "after"
    if cursor.before is not None:
        return _probe("max", "<"), "DESC", "p.id < {cursor} AND p.id >= ", "before"
    # The head of each is kept on their row for the first page; any other takes one index probe a person.
    newest = f"SELECT id, newest_post_id AS head FROM ({PEOPLE}) people WHERE newest_post_id > 0"  # noqa: S608
    return newest, "DESC", "p.id >= ", "first"


def _probe(end: str, side: str) -> str:
    return f"""
        SELECT people.id, (SELECT {end}(p.id) FROM blog_post p
                            WHERE p.author_id = people.id AND p.hidden_at IS NULL AND p.id {side} {{cursor}}) AS head
          FROM ({PEOPLE}) people WHERE people.newest_post_id > 0
    """  # noqa: S608


def _parameters(reader: int, cursor: Cursor, limit: int) -> dict[str, tuple[str, int]]:
    params = {"reader": ("bigint", reader), "limit": ("bigint", limit)}
    edge = cursor.after if cursor.after is not None else cursor.before
    return params if edge is None else {**params, "cursor": ("bigint", edge)}


def _home_lateral(reader: int, cursor: Cursor, limit: int) -> list[tuple]:
    """PostgreSQL: both steps in one statement, step 2 limited for each person by LATERAL."""
    heads, order, within, name = _heads(cursor)
    # With fewer heads than the page has places, every post of theirs may be on it.
    furthest = "min(head)" if order == "DESC" else "max(head)"
    open_end = "0" if order == "DESC" else "9223372036854775807"
    sql = f"""
        WITH heads AS MATERIALIZED (
            SELECT id, head FROM ({heads}) found WHERE head IS NOT NULL ORDER BY head {order} LIMIT {{limit}}
        ), edge AS MATERIALIZED (
            SELECT CASE WHEN count(*) < {{limit}} THEN {open_end} ELSE {furthest} END AS id FROM heads
        ), found AS MATERIALIZED (
            SELECT one.* FROM heads CROSS JOIN LATERAL (
                SELECT p.id, p.version, p.author_id FROM blog_post p
                 WHERE p.author_id = heads.id AND p.hidden_at IS NULL AND {within} (SELECT id FROM edge)
                 ORDER BY p.id {order} LIMIT {{limit}}
            ) one ORDER BY one.id {order} LIMIT {{limit}}
        )
        SELECT {COLUMNS} FROM found p JOIN accounts_user a ON a.id = p.author_id ORDER BY p.id {order}
    """  # noqa: S608 - built of constants only
    return prepared.fetch(f"home_{name}", sql, _parameters(reader, cursor, limit))


def _home_union(reader: int, cursor: Cursor, limit: int) -> list[tuple]:
    """SQLite, which has no LATERAL: step 1 first, then a UNION ALL of one limited select a person."""
    heads, order, within, name = _heads(cursor)
    params = _parameters(reader, cursor, limit)
    step_1 = f"SELECT id, head FROM ({heads}) found WHERE head IS NOT NULL ORDER BY head {order} LIMIT {{limit}}"  # noqa: S608
    people = prepared.fetch(f"home_heads_{name}", step_1, params)
    if not people:
        return []
    edge = people[-1][1] if len(people) == limit else (0 if order == "DESC" else 2**63 - 1)
    one = f"""SELECT * FROM (SELECT p.id, p.version, p.author_id FROM blog_post p
               WHERE p.author_id = %d AND p.hidden_at IS NULL AND {within} {edge}
               ORDER BY p.id {order} LIMIT {{limit}})"""  # noqa: S608
    union = " UNION ALL ".join(one % pk for pk, _head in people)
    sql = f"""SELECT {COLUMNS} FROM ({union}) p JOIN accounts_user a ON a.id = p.author_id
              ORDER BY p.id {order} LIMIT {{limit}}"""  # noqa: S608
    return prepared.fetch("home_posts", sql, params)
