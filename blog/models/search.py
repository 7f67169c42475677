"""What the database's own search knows of each post, written in the transaction that writes the post.

One row a post that people may find, in a table of its own: blog_post is read all the time and stays narrow. On
SQLite the table is one of FTS5, on PostgreSQL it holds a vector; both know the same words (blog.words). The columns
beside the key are the database's, so they are written by statements of ours (migration 0009_search).
"""

# ruff: noqa: S608 - the statements are built of constants, their values are parameters
from collections.abc import Iterable, Sequence
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any

from django.db import connection, models

from blog import words
from blog.models.outbox import SearchEntry
from microblog.languages import base

if TYPE_CHECKING:
    from blog.models.post import Post

TABLE = "blog_search"
PLAIN = "plain"  # the mark, in a vector, of a post whose language has no stems
AT_ONCE = 200  # rows in one statement
SHORT = 4  # letters: most of the words that every other post has are no longer
PAGES = 500  # of FTS5, about 4 KB each, that are merged in one transaction


class SearchRowQuerySet(models.QuerySet["SearchRow"]):
    def write(self, posts: Iterable["Post"]) -> None:
        """Write the rows of `posts`, as the database has them. What is hidden has none, and a repost says nothing."""
        posts = list(posts)
        if hidden := [post.pk for post in posts if post.hidden_at]:
            _drop(hidden)
        # In the order of their keys: for a key that is less than the one before FTS5 writes a segment of its own.
        shown = sorted((post for post in posts if not post.hidden_at and post.body), key=lambda post: post.pk)
        for start in range(0, len(shown), AT_ONCE):
            (_write_vectors if connection.vendor == "postgresql" else _write_fts)(shown[start : start + AT_ONCE])

    def add(self, post: "Post") -> None:
        """Write the row of a post that is being published, and note it for the cluster.

        On PostgreSQL in one statement: its author waits, and each statement is a way there and back.
        """
        if connection.vendor == "postgresql":
            _write_vectors([post], *SearchEntry.objects.noting(post.pk))
        else:
            SearchEntry.objects.note([post.pk])
            _write_fts([post])

    def differing(self, posts: Sequence["Post"]) -> list[int]:
        """The keys of those of `posts`, at most AT_ONCE, that have no row, or another one than `write` would write."""
        return (_differing_vectors if connection.vendor == "postgresql" else _differing_fts)(posts)


class SearchRow(models.Model):
    """A post that the database's search can find."""

    # FTS5 has no other key, so PostgreSQL's has this name, too.
    post = models.OneToOneField("blog.Post", models.CASCADE, primary_key=True, db_column="rowid", related_name="+")

    objects = SearchRowQuerySet.as_manager()

    class Meta:
        db_table = TABLE

    def __str__(self) -> str:
        return str(self.pk)


def written(posts: Iterable["Post"]) -> None:
    """Index posts that were just made by `bulk_create`, in its transaction."""
    posts = list(posts)
    SearchEntry.objects.note(post.pk for post in posts)
    SearchRow.objects.write(posts)


def changed(ids: Sequence[int]) -> None:
    """Index these posts as they are now: the way in for whoever wrote, hid or showed them in bulk.

    Call it in the transaction of the change; a post that is gone is taken out.
    """
    from blog.models.post import Post

    SearchEntry.objects.note(ids)
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        posts = Post.objects.in_bulk(some)
        SearchRow.objects.write(posts.values())
        if gone := [pk for pk in some if pk not in posts]:
            _drop(gone)


def dropped(ids: Sequence[int]) -> None:
    """Forget these posts. Where posts are deleted through Django their rows go with them, and nobody need call it."""
    SearchEntry.objects.note(ids)
    _drop(ids)


def _drop(ids: Sequence[int]) -> None:
    for start in range(0, len(ids), AT_ONCE):
        SearchRow.objects.filter(pk__in=ids[start : start + AT_ONCE]).delete()


def purge() -> None:
    """Drop the words of deleted posts for good: FTS5 keeps them until it merges its pages, here PAGES at a time.

    Source: https://www.sqlite.org/fts5.html#the_merge_command
    """
    if connection.vendor != "sqlite":
        return
    connection.ensure_connection()
    pages, changes = -PAGES, 2  # the first one, below zero, says that everything is to be merged
    while pages < 0 or changes >= 2:
        before = connection.connection.total_changes
        _run(f"INSERT INTO {TABLE} ({TABLE}, rank) VALUES ('merge', %s)", [pages])
        pages, changes = PAGES, connection.connection.total_changes - before


def marks_of(post: "Post", read: words.Read) -> list[str]:
    """By what else than its words a post is found: hashtags, mentions, links, its language and its author."""
    return [*read.marks, f"lang:{base(post.language)}", f"by:{post.author_id}"]


def _fts(post: "Post") -> tuple[int, str]:
    """One column of tokens: the words in order, then, with a colon, stems of the language (":en:run") and marks."""
    read = words.read(post.body)
    language = base(post.language)
    stems = [f"{language}:{stem}" for stem in dict.fromkeys(words.stems(read.words, language))]
    return post.pk, " ".join([*read.words, *[f":{token}" for token in [*stems, *marks_of(post, read)]]])


def _write_fts(posts: Sequence["Post"]) -> None:
    # FTS5 has no "on conflict".
    values = ", ".join(["(%s, %s)"] * len(posts))
    _run(f"INSERT OR REPLACE INTO {TABLE} (rowid, tokens) VALUES {values}", chain.from_iterable(map(_fts, posts)))


def _differing_fts(posts: Sequence["Post"]) -> list[int]:
    marks = ", ".join(["%s"] * len(posts))
    there = dict(_run(f"SELECT rowid, tokens FROM {TABLE} WHERE rowid IN ({marks})", [post.pk for post in posts]))
    return [pk for pk, tokens in map(_fts, posts) if there.get(pk) != tokens]


# Stems by the configuration of the language, then the words as they stand ("=running"), then marks.
VECTOR = "(to_tsvector({configuration}::regconfig, {stemmed}) || {plain}::tsvector)"


def _vector(post: "Post") -> tuple[int, int, str, str, str]:
    """Key, author and the parts of VECTOR."""
    read = words.read(post.body)
    language = base(post.language)
    stemmed = " ".join(filter(words.has_stem, read.words)) if language in words.STEMMED else ""
    configuration = f"microblog_{language}" if stemmed else "simple"
    marks = [*marks_of(post, read), *pairs(read.words), *([] if language in words.STEMMED else [PLAIN])]
    return post.pk, post.author_id, configuration, stemmed, vector(read.words, dict.fromkeys(marks))


def _write_vectors(posts: Sequence["Post"], besides: str = "", params: Iterable[Any] = ()) -> None:
    """Write the rows; `besides` is the beginning of the statement, with its parameters: what else it does."""
    row = f"(%s, %s, {VECTOR.format(configuration='%s', stemmed='%s', plain='%s')})"
    _run(
        f"{besides} INSERT INTO {TABLE} (rowid, author_id, vector) VALUES {', '.join([row] * len(posts))}"
        " ON CONFLICT (rowid) DO UPDATE SET author_id = excluded.author_id, vector = excluded.vector",
        chain(params, chain.from_iterable(map(_vector, posts))),
    )


def _differing_vectors(posts: Sequence["Post"]) -> list[int]:
    wanted = VECTOR.format(configuration="w.configuration", stemmed="w.stemmed", plain="w.plain")
    values = ", ".join(["(%s, %s, %s, %s, %s)"] * len(posts))
    rows = _run(
        f"SELECT w.id FROM (VALUES {values}) w (id, author_id, configuration, stemmed, plain)"
        f" LEFT JOIN {TABLE} s ON s.rowid = w.id WHERE s.vector IS DISTINCT FROM {wanted}",
        chain.from_iterable(map(_vector, posts)),
    )
    return [pk for (pk,) in rows]


def _run(statement: str, params: Iterable[Any]) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, list(params))
        return cursor.fetchall() if cursor.description else []


def vector(plain: Iterable[str], marks: Iterable[str]) -> str:
    """A tsvector as PostgreSQL writes it: words with their places, marks without."""
    places: dict[str, list[str]] = {}
    for place, word in enumerate(plain, 1):
        places.setdefault(f"={word}", []).append(str(place))
    return " ".join(
        [f"{quoted(word)}:{','.join(at[:255])}" for word, at in places.items()] + [quoted(mark) for mark in marks]
    )


def pairs(plain: Sequence[str]) -> list[str]:
    """What follows what, of words that many posts have: two characters ("~東京"), two short words ("~of the").

    The index knows no places. By these it finds a phrase without offering all posts that have both words somewhere.
    """
    together = []
    for a, b in pairwise(plain):
        if words.is_character(a) and words.is_character(b):
            together.append(f"~{a}{b}")
        elif max(len(a), len(b)) <= SHORT:
            together.append(f"~{a} {b}")
    return together


def quoted(lexeme: str) -> str:
    """A lexeme as tsvector and tsquery read it."""
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"
