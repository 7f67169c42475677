"""Remove a member with everything that is theirs, in batches: nobody waits, and it can be interrupted anywhere.

Each step takes at most BATCH rows in a transaction of its own, which leaves what others have true: their counts, their
groups of notifications, their side of a conversation. Whatever hangs on a row goes before it.
"""

from collections import Counter
from collections.abc import Callable, Iterable

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Exists, F, Model, OuterRef, Q, QuerySet
from django_tasks_db.models import DBTaskResult

from accounts.models import Follow, User
from blog import counters
from blog.models import Gone, Like, Notification, Post, Tag, Tagging, Teller, search

BATCH = 500  # rows in one transaction
DELETED = "-"  # in place of a name or a text in the history of the administration


def remove(member: User) -> None:
    """Delete `member` and every trace: rows, counts of others, links to them, what the history quotes."""
    while any(step(member) for step in STEPS):
        pass
    search.purge()
    _forget(User, [member.pk])
    _forget_in_tasks(member)
    member.delete()


def _remove_posts(member: User) -> int:
    """Newest first: an answer goes before what it answers, so that only a place with answers of others is kept."""
    pks = list(Post.objects.by(member).order_by("-pk").values_list("pk", flat=True)[:BATCH])
    if not pks:
        return 0
    hanging = (
        Like.objects.filter(post__in=pks),
        Teller.objects.filter(notification__post__in=pks),
        Notification.objects.filter(post__in=pks),
        Post.objects.filter(repost_of__in=pks),
    )
    return any(_delete_some(rows) for rows in hanging) or _delete_posts(pks)


def _delete_some(rows: QuerySet) -> int:
    """Delete BATCH of rows on which nobody counts."""
    pks = list(rows.values_list("pk", flat=True)[:BATCH])
    return rows.model.objects.filter(pk__in=pks).delete()[0] if pks else 0


def _delete_posts(pks: list[int]) -> int:
    with transaction.atomic():
        rows = Post.objects.filter(pk__in=pks)
        list(rows.select_for_update().order_by("pk").values_list("pk"))  # whoever answers one now waits
        answers = dict(rows.values_list("pk", "reply_to"))
        reposts = rows.exclude(repost_of=None).values_list("repost_of", flat=True)
        counters.add(Post, "reply_count", Counter(filter(None, answers.values())), -1)
        counters.add(Post, "repost_count", Counter(filter(None, reposts)), -1)
        _keep_places(answers)
        tags = list(Tagging.objects.filter(post__in=pks).values_list("tag", flat=True).distinct())
        Post.objects.filter(pk__in=pks).delete()
        _forget(Post, pks)
        # A hashtag is a word of theirs, too, where nobody else has used it.
        used = Exists(Tagging.objects.filter(tag=OuterRef("pk")))
        Tag.objects.filter(~used, pk__in=tags).delete()
    return len(pks)


def _keep_places(posts: dict[int, int | None]) -> None:
    """Leave a Gone for each of `posts` (and what it answers) below which something stays."""
    below = Post.objects.filter(reply_to__in=posts).exclude(pk__in=posts).values_list("reply_to", flat=True)
    found = {*below, *Gone.objects.filter(reply_to__in=posts).values_list("reply_to", flat=True)}
    kept: set[int] = set()
    for place in found:
        while place in posts and place not in kept:
            kept.add(place)
            place = posts[place]
    places = [Gone(pk=pk, reply_to=posts[pk], with_account=True) for pk in kept]
    Gone.objects.bulk_create(places, ignore_conflicts=True)


def _remove_likes(member: User) -> int:
    likes = dict(member.likes.order_by("pk").values_list("pk", "post")[:BATCH])
    with transaction.atomic():
        counters.add(Post, "like_count", Counter(likes.values()), -1)
        Like.objects.filter(pk__in=likes).delete()
    return len(likes)


def _remove_from_groups(member: User) -> int:
    """What they did is told to nobody any more: the others of a group stay in it."""
    told = dict(Teller.objects.filter(actor=member).order_by("pk").values_list("pk", "notification")[:BATCH])
    groups = set(told.values()) or set(Notification.objects.filter(actor=member).values_list("pk", flat=True)[:BATCH])
    with transaction.atomic():
        rows = Notification.objects.filter(pk__in=groups)
        list(rows.select_for_update().order_by("pk").values_list("pk"))
        Teller.objects.filter(pk__in=told).delete()
        tellers = Teller.objects.filter(notification=OuterRef("pk"))
        rows.filter(~Exists(tellers)).delete()
        rows.update(actor=tellers.order_by("-pk").values("actor")[:1], count=counters.people_in_group())
    return len(groups)


def _remove_notifications(member: User) -> int:
    return _delete_some(Teller.objects.filter(notification__owner=member)) or _delete_some(member.notifications.all())


def _leave_conversations(member: User) -> int:
    """The other side stays, with what the other wrote. One that nobody can see any more goes."""
    side = member.conversations.order_by("pk").first()
    if side is None:
        return 0
    side.leave(BATCH)
    return 1


def _remove_follows(member: User) -> int:
    """Both directions, keeping the counts of the others."""
    removed = 0
    for mine, theirs, column in [
        ("follower", "followed", "follower_count"),
        ("followed", "follower", "following_count"),
    ]:
        with transaction.atomic():
            rows = Follow.objects.select_for_update().filter(**{mine: member}).order_by("pk")[:BATCH]
            others = {row.pk: getattr(row, f"{theirs}_id") for row in rows}
            Follow.objects.filter(pk__in=others).delete()
            counters.add(User, column, Counter(others.values()), -1)
        removed += len(others)
    return removed


def _remove_blocks_and_mutes(member: User) -> int:
    relations = (member.blocks_made, member.blocks_received, member.mutes_made, member.mutes_received)
    return sum(_delete_some(rows.all()) for rows in relations)


def _remove_chunks(member: User) -> int:
    job = member.jobs.filter(chunks__isnull=False).first()
    return job.chunks.all().delete()[0] if job else 0


def _leave_answers(member: User) -> int:
    """Answers of others stay; whom they answered, nobody knows any more."""
    answers = Post.objects.filter(other=member).order_by("pk")
    return Post.objects.filter(pk__in=list(answers.values_list("pk", flat=True)[:BATCH])).update(other=None)


def _unlink(member: User) -> int:
    """In the posts of others the name stays as they wrote it, without the link."""
    links = Post.mentions.through.objects.filter(user=member)
    batch = dict(links.values_list("pk", "post_id")[:BATCH])
    with transaction.atomic():
        Post.objects.filter(pk__in=batch.values()).update(version=F("version") + 1)  # cards are drawn anew
        links.filter(pk__in=batch).delete()
    return len(batch)


STEPS: tuple[Callable[[User], int], ...] = (
    _remove_posts,
    _remove_likes,
    _remove_from_groups,
    _remove_notifications,
    _leave_conversations,
    _remove_follows,
    _remove_blocks_and_mutes,
    _remove_chunks,
    _leave_answers,
    _unlink,
)


def _forget(model: type[Model], pks: Iterable[int]) -> None:
    """The history keeps that something was done, and by whom, but not to whom."""
    of_them = {"content_type": ContentType.objects.get_for_model(model), "object_id__in": [str(pk) for pk in pks]}
    LogEntry.objects.filter(**of_them).update(object_repr=DELETED, change_message="")


def _forget_in_tasks(member: User) -> None:
    """A task's arguments are keys only; the traceback of one that failed may quote anything."""
    quoted = Q()
    for text in {member.username, member.username_key, member.email, member.email_key, member.name} - {""}:
        quoted |= Q(traceback__icontains=text)
    DBTaskResult.objects.filter(quoted).update(traceback="")
