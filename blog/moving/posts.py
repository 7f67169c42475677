"""What was said: posts with their times and languages, and the hashtags and mentions in them."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from accounts.models import User
from accounts.validators import fold
from blog import language, text
from blog.models import ImportedRow, Post, Tag, Tagging, search
from blog.moving import plan
from blog.moving.follows import raise_counts
from blog.moving.ids import Ids, base_of
from blog.moving.move import GONE, Move, batches

COLUMNS = ["id", "user_id", "timestamp", "language", "body"]
POST = ImportedRow.Kind.POST
PARAMETERS = 900  # of one statement: SQLite once allowed 999


@dataclass(frozen=True)
class Old:
    """A post that can be taken."""

    old_id: int
    author: int
    base: int
    language: str
    body: str
    # The post here that it answers, and whose that is.
    reply_to: int | None = None
    other: int | None = None


def move_posts(move: Move) -> None:
    """Take every post of somebody who is here. Its text stays as it is, longer than a post may be now as well."""
    move.progress.start("posts", move.source.count("post"))
    ids = Ids()
    members = {pk for pk in move.people.values() if pk != GONE}
    for batch in batches(move.source.rows("post", COLUMNS, order=["id"], times=["timestamp"])):
        _write(move, ids, members, [old for old in (_read(move, row) for row in batch) if old])
        move.step(len(batch))
    move.progress.end()


def _read(move: Move, row: tuple) -> Old | None:
    old_id, user_id, timestamp, code, body = row
    time, body = plan.moment(timestamp), plan.as_text(body)
    if user_id not in move.people:
        move.report.leave("posts of nobody who is in the old database", old_id)
    elif move.people[user_id] == GONE:
        move.report.leave("posts of people who have left this site", old_id)
    elif time is None:
        move.report.leave("posts without a time", old_id)
    elif not text.clean(body):
        move.report.leave("posts without a text", old_id)
    else:
        return Old(old_id, move.people[user_id], base_of(time), plan.language_code(plan.as_text(code)), body)
    return None


def _write(move: Move, ids: Ids, members: set[int], batch: list[Old]) -> None:
    with transaction.atomic():
        known = move.known(POST, [(old.old_id, 0) for old in batch])
        new = [old for old in batch if (old.old_id, 0) not in known]
        for old in batch:
            if pk := known.get((old.old_id, 0)):
                ids.learn(old.base, pk)
        move.report.known["posts"] += len(batch) - len(new)
        move.report.taken["posts"] += len(new)
        if new and not move.dry_run:
            posts = publish(new, ids.give([old.base for old in new]), members)
            move.remember(POST, (((old.old_id, 0), post.pk) for old, post in zip(new, posts, strict=True)))


def publish(batch: list[Old], pks: list[int], members: set[int]) -> list[Post]:
    """Make the posts with all that `Post.objects.publish` makes for one."""
    posts = [
        Post(
            pk=pk,
            author_id=old.author,
            body=old.body,
            language=old.language or language.detect(old.body),
            reply_to_id=old.reply_to,
            other_id=old.other,
        )
        for old, pk in zip(batch, pks, strict=True)
    ]
    Post.objects.bulk_create(posts)
    _tag(posts)
    _mention(posts, members)
    raise_counts({"post_count": Counter(post.author_id for post in posts)})
    search.written(posts)
    return posts


def _found(queryset: Any, column: str, names: set[str]) -> dict[str, int]:
    """The keys of the rows whose `column` is one of `names`."""
    rows: dict[str, int] = {}
    for some in batches(sorted(names), PARAMETERS):
        rows.update(queryset.filter(**{f"{column}__in": some}).values_list(column, "pk"))
    return rows


def _tag(posts: list[Post]) -> None:
    named = {post.pk: {text.fold(tag) for tag in text.tags(post.body)} for post in posts}
    names = set().union(*named.values())
    # In one order, so that a post which is written meanwhile and these can't wait for each other.
    Tag.objects.bulk_create([Tag(name=name) for name in sorted(names)], ignore_conflicts=True)
    tags = _found(Tag.objects, "name", names)
    Tagging.objects.bulk_create([Tagging(post_id=pk, tag_id=tags[name]) for pk in named for name in sorted(named[pk])])


def _mention(posts: list[Post], members: set[int]) -> None:
    """Link the people of the old site only: "@ada" meant their ada, not the one who was here before."""
    named = {post.pk: {fold(name) for name in text.mentions(post.body)} for post in posts}
    people = _found(User.objects, "username_key", set().union(*named.values()))
    through = Post.mentions.through
    through.objects.bulk_create(
        [
            through(post_id=pk, user_id=people[name])
            for pk in named
            for name in sorted(named[pk])
            if people.get(name) in members
        ]
    )
