"""Take posts out of an archive: first a preview, then the posts themselves, each once however often it is tried."""

from collections import Counter
from typing import Any

from django.core.files import File
from django.db import transaction

from accounts.models import User
from accounts.validators import fold
from blog import text
from blog.archive.reading import RefusedError, Upload, refusing
from blog.archive.sources import Found, Source, open_source
from blog.models import Chunk, ImportedRow, Job, Post
from blog.models.job import CHUNK_SIZE
from blog.moving.ids import Ids, base_of
from blog.moving.move import batches
from blog.moving.posts import Old, publish

SIZE = 200  # posts in one transaction
SHOWN = 5  # posts of a preview
MOST_FOLLOWS = 5000
POST = ImportedRow.Kind.POST


def keep_upload(job: Job, file: File) -> None:
    """Keep what was uploaded as chunks of `job`."""
    for number, body in enumerate(iter(lambda: file.read(CHUNK_SIZE), b"")):
        Chunk.objects.create(job=job, number=number, body=body)


def source_of(job: Job) -> str:
    """Under what the rows of this member's archives are noted as taken."""
    return f"archive of {job.owner_id}"


def preview(job: Job, *, site: str) -> dict[str, Any]:
    """Read the whole archive and return what the page tells: how much can be taken, and what can't."""
    upload = Upload(job)
    job.note(total=upload.size, done=0)
    left: Counter[str] = Counter()
    taken = known = 0
    first: list[dict[str, str]] = []
    times: list[str] = []
    with refusing():
        source = open_source(upload)
        for batch in batches(source.posts(), SIZE):
            left.update(post.left for post in batch if post.left)
            good = once(batch)
            new = [post for post in good if post.key not in here_already(job, source, site, good)]
            taken, known = taken + len(new), known + len(good) - len(new)
            first += [{"time": shown(post), "body": post.body} for post in new[: SHOWN - len(first)]]
            days = [shown(post)[:10] for post in new]
            times = [min([*times, *days]), max([*times, *days])] if days or times else []
            job.note(done=min(max(upload.tell(), job.done), job.total))
        names = people(job, source)
    if not (taken or known or names):
        raise RefusedError("nothing")
    found = {"kind": source.kind, "posts": taken, "known": known, "left": dict(left), "first": first, "days": times}
    return {**found, "people": names[:20], "people_count": len(names), "same_site": source.site == site}


def shown(post: Found) -> str:
    return post.time.isoformat(timespec="seconds") if post.time else ""


def once(batch: list[Found]) -> list[Found]:
    """Those that can be taken, each once."""
    return list({post.key: post for post in batch if not post.left}.values())


def here_already(job: Job, source: Source, site: str, batch: list[Found]) -> set[int]:
    """The keys of posts that were taken before, or that never left."""
    noted = ImportedRow.objects.of(source_of(job), POST).filter(old_id__in=[post.key for post in batch])
    keys = set(noted.values_list("old_id", flat=True))
    if source.site == site:
        mine = Post.objects.filter(author=job.owner_id, pk__in=[post.here for post in batch])
        bodies = dict(mine.values_list("pk", "body"))
        keys |= {post.key for post in batch if bodies.get(post.here) == post.body}
    return keys


def people(job: Job, source: Source) -> list[str]:
    """The usernames of those whom the owner of the archive followed and who are here."""
    names: list[str] = []
    for batch in batches(source.following(), SIZE):
        found = User.objects.active().named(*batch).exclude(pk=job.owner_id)
        names += found.order_by("username_key").values_list("username", flat=True)
        if len(names) > MOST_FOLLOWS:
            break
    return names[:MOST_FOLLOWS]


def take(job: Job, *, site: str) -> dict[str, Any]:
    """Take what the preview promised. What an earlier attempt took is counted, and not taken again."""
    if job.source is None or not job.source.chunks.exists():
        raise RefusedError("source_gone")
    ids = Ids()
    told = job.result
    told.setdefault("taken", 0)
    told.setdefault("followed", 0)
    told["known"], told["left"] = 0, {}
    left: Counter[str] = Counter()
    before = told["taken"]
    expected = job.source.result
    job.note(total=expected["posts"] + expected["known"] + sum(expected["left"].values()), done=0)
    with refusing():
        source = open_source(Upload(job.source))
        for batch in batches(source.posts(), SIZE):
            left.update(post.left for post in batch if post.left)
            _take(job, source, site, ids, batch)
        told["known"], told["left"] = max(0, told["known"] - before), dict(left)
        if told.get("follow"):
            _follow(job, source)
    return told


def _take(job: Job, source: Source, site: str, ids: Ids, batch: list[Found]) -> None:
    """One batch, in one transaction with the note that it is taken: an attempt that is superseded writes nothing."""
    with transaction.atomic():
        job.step(0)  # ours still, and from here to the end of the transaction nobody else's
        good = once(batch)
        known = here_already(job, source, site, good)
        new = [post for post in good if post.key not in known]
        bases = [base_of(post.time) for post in new if post.time]
        posts = [Old(p.key, job.owner_id, base, p.language, p.body) for p, base in zip(new, bases, strict=True)]
        made = publish(posts, ids.give(bases), _mentioned(new) if source.site == site else set()) if new else []
        ImportedRow.objects.bulk_create(
            ImportedRow(source=source_of(job), kind=POST, old_id=old.key, new_id=post.pk)
            for old, post in zip(new, made, strict=True)
        )
        counts = {**job.result, "taken": job.result["taken"] + len(new), "known": job.result["known"] + len(known)}
        job.result.update(counts)
        job.note(done=min(job.done + len(batch), job.total), result=job.result)


def _mentioned(batch: list[Found]) -> set[int]:
    """On another site the same name is another person; at home it is whom the post meant."""
    names = {fold(name) for post in batch for name in text.mentions(post.body)}
    return set(User.objects.filter(username_key__in=names).values_list("pk", flat=True))


def _follow(job: Job, source: Source) -> None:
    for batch in batches(people(job, source), 50):
        with transaction.atomic():
            job.step(0)
            others = list(User.objects.named(*batch))
            already = set(job.owner.follows_made.filter(followed__in=others).values_list("followed", flat=True))
            for other in others:
                job.owner.follow(other)
            job.result["followed"] += len(others) - len(already)
            job.note(result=job.result)
