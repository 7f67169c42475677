"""Remove a member with everything that is theirs, in batches: nobody waits, and it can be interrupted anywhere."""

from collections.abc import Iterable

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Exists, F, Model, OuterRef, Q
from django_tasks_db.models import DBTaskResult

from accounts.models import Follow, User
from blog.models import Post, Tag, Tagging, search

BATCH = 500  # rows in one transaction
DELETED = "-"  # in place of a name or a text in the history of the administration


def remove(member: User) -> None:
    """Delete `member` and every trace: rows, counts of others, links to them, what the history quotes."""
    while _remove_posts(member) or _remove_follows(member) or _remove_chunks(member):
        pass
    search.purge()
    _unlink(member)
    _forget(User, [member.pk])
    _forget_in_tasks(member)
    member.delete()


def _remove_posts(member: User) -> int:
    pks = list(Post.objects.by(member).order_by("pk").values_list("pk", flat=True)[:BATCH])
    with transaction.atomic():
        tags = list(Tagging.objects.filter(post__in=pks).values_list("tag", flat=True).distinct())
        Post.objects.filter(pk__in=pks).delete()
        _forget(Post, pks)
        # A hashtag is a word of theirs, too, where nobody else has used it.
        used = Exists(Tagging.objects.filter(tag=OuterRef("pk")))
        Tag.objects.filter(~used, pk__in=tags).delete()
    return len(pks)


def _remove_follows(member: User) -> int:
    """Both directions, keeping the counts of the others."""
    removed = 0
    for mine, theirs, count in [
        ("follower", "followed", "follower_count"),
        ("followed", "follower", "following_count"),
    ]:
        with transaction.atomic():
            rows = Follow.objects.select_for_update().filter(**{mine: member}).order_by("pk")[:BATCH]
            others = {row.pk: getattr(row, f"{theirs}_id") for row in rows}
            Follow.objects.filter(pk__in=others).delete()
            people = User.objects.filter(pk__in=others.values())
            # Locked in one order first: no two of these wait for each other.
            list(people.select_for_update().order_by("pk").values_list("pk"))
            people.update(**{count: F(count) - 1})
        removed += len(others)
    return removed


def _remove_chunks(member: User) -> int:
    job = member.jobs.filter(chunks__isnull=False).first()
    return job.chunks.all().delete()[0] if job else 0


def _unlink(member: User) -> None:
    """In the posts of others the name stays as they wrote it, without the link."""
    links = Post.mentions.through.objects.filter(user=member)
    while batch := dict(links.values_list("pk", "post_id")[:BATCH]):
        with transaction.atomic():
            Post.objects.filter(pk__in=batch.values()).update(version=F("version") + 1)  # cards are drawn anew
            links.filter(pk__in=batch).delete()


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
