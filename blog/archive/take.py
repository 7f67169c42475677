"""Take posts out of an archive: first a preview, then the posts themselves, each once however often it is tried."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.core.files import File
from django.db import transaction

from accounts.models import User
from accounts.validators import fold
from blog import counters, text
from blog.archive.reading import RefusedError, Upload, refusing
from blog.archive.sources import Found, Source, open_source
from blog.archive.subjects import POST, Subject, repeat, source_of, subjects
from blog.models import Chunk, ImportedRow, Job, Post
from blog.models.job import CHUNK_SIZE
from blog.moving.ids import Ids, base_of
from blog.moving.move import batches
from blog.moving.posts import Old, publish

SIZE = 200  # posts in one transaction
SHOWN = 5  # posts of a preview
MOST_PEOPLE = 5000
NAMED = 20  # people of a preview


@dataclass(frozen=True)
class Relation:
    """How the owner of an archive stands to others: the verb, its section of the archive, and its rows here."""

    verb: str
    section: str
    done: str  # what a report calls it: so many people "followed"
    rows: str


RELATIONS = (
    Relation("follow", "following", "followed", "follows_made"),
    Relation("block", "blocks", "blocked", "blocks_made"),
    Relation("mute", "mutes", "muted", "mutes_made"),
)


def keep_upload(job: Job, file: File) -> None:
    """Keep what was uploaded as chunks of `job`."""
    for number, body in enumerate(iter(lambda: file.read(CHUNK_SIZE), b"")):
        Chunk.objects.create(job=job, number=number, body=body)


def preview(job: Job, *, site: str) -> dict[str, Any]:
    """Read the whole archive and return what the page tells: how much can be taken, and what can't."""
    upload = Upload(job)
    job.note(total=upload.size, done=0)
    left: Counter[str] = Counter()
    taken = known = reposts = 0
    first: list[dict[str, str]] = []
    times: list[str] = []
    with refusing():
        source = open_source(upload)
        for batch in batches(source.posts(), SIZE):
            looked = look(job, source, site, batch)
            left.update(looked.left)
            said = [post for post in looked.new if not post.repost_of]
            taken, known = taken + len(looked.new), known + looked.known
            reposts += len(looked.new) - len(said)
            first += [{"time": shown(post), "body": post.body} for post in said[: SHOWN - len(first)]]
            days = [shown(post)[:10] for post in looked.new]
            times = [min([*times, *days]), max([*times, *days])] if days or times else []
            job.note(done=min(max(upload.tell(), job.done), job.total))
        named = {relation.verb: people(job, source, relation) for relation in RELATIONS}
    if not (taken or known or any(named.values())):
        raise RefusedError("nothing")
    found = {"kind": source.kind, "posts": taken, "reposts": reposts, "known": known, "left": dict(left)}
    counts = {f"{verb}_count": len(names) for verb, names in named.items()}
    people_of = {f"{verb}_people": names[:NAMED] for verb, names in named.items()}
    return {**found, "first": first, "days": times, **counts, **people_of, "same_site": source.site == site}


def shown(post: Found) -> str:
    return post.time.isoformat(timespec="seconds") if post.time else ""


def once(batch: list[Found]) -> list[Found]:
    """Those that can be taken, each once."""
    return list({post.key: post for post in batch if not post.left}.values())


@dataclass
class Looked:
    """What there is to do with some posts of an archive: what is new, and what the new ones are about."""

    new: list[Found]
    known: int
    left: Counter[str]
    about: dict[int, Subject]


def look(job: Job, source: Source, site: str, batch: list[Found]) -> Looked:
    """Compare posts of the archive with what is here."""
    left = Counter(post.left for post in batch if post.left)
    good = once(batch)
    known = here_already(job, source, site, good)
    new = [post for post in good if post.key not in known]
    about = subjects(job, source, site, {post.reply_to or post.repost_of for post in new})
    repeated = Post.objects.filter(author=job.owner_id, repost_of__in={subject.pk for subject in about.values()})
    again = set(repeated.values_list("repost_of", flat=True))
    for post in [post for post in new if post.repost_of]:
        if post.repost_of in about and about[post.repost_of].pk in again:
            known.add(post.key)
            new.remove(post)
        elif post.repost_of not in about and not post.of_own:  # one's own may be among those that are taken first
            left["not_here"] += 1
            new.remove(post)
    return Looked(new, len(known), left, about)


def here_already(job: Job, source: Source, site: str, batch: list[Found]) -> set[int]:
    """The keys of posts that were taken before, or that never left."""
    noted = ImportedRow.objects.of(source_of(job), POST).filter(old_id__in=[post.key for post in batch])
    keys = set(noted.values_list("old_id", flat=True))
    if source.site == site:
        mine = Post.objects.filter(author=job.owner_id, pk__in=[post.here for post in batch])
        bodies = dict(mine.values_list("pk", "body"))
        keys |= {post.key for post in batch if bodies.get(post.here) == post.body}
    return keys


def people(job: Job, source: Source, relation: Relation) -> list[str]:
    """The usernames of those in this section of the archive who are here: to follow, only who is in sight."""
    here = User.objects.active().exclude(pk=job.owner_id)
    if relation.verb == "follow":
        here = here.visible_to(job.owner)
    names: list[str] = []
    for batch in batches(source.people(relation.section), SIZE):
        names += here.named(*batch).order_by("username_key").values_list("username", flat=True)
        if len(names) > MOST_PEOPLE:
            break
    return names[:MOST_PEOPLE]


def take(job: Job, *, site: str) -> dict[str, Any]:
    """Take what the preview promised. What an earlier attempt took is counted, and not taken again."""
    if job.source is None or not job.source.chunks.exists():
        raise RefusedError("source_gone")
    ids = Ids()
    told = job.result
    for counted in ("taken", "reposts", *(relation.done for relation in RELATIONS)):
        told.setdefault(counted, 0)
    told["known"], told["left"] = 0, {}
    left: Counter[str] = Counter()
    before = told["taken"]
    expected = job.source.result
    job.note(total=expected["posts"] + expected["known"] + sum(expected["left"].values()), done=0)
    with refusing():
        source = open_source(Upload(job.source))
        for batch in batches(source.posts(), SIZE):
            left.update(_take(job, source, site, ids, batch))
        told["known"], told["left"] = max(0, told["known"] - before), dict(left)
        for relation in RELATIONS:
            if told.get(relation.verb):
                _relate(job, source, relation)
    return told


def _take(job: Job, source: Source, site: str, ids: Ids, batch: list[Found]) -> Counter[str]:
    """One batch, in one transaction with the note that it is taken: an attempt that is superseded writes nothing.

    Return what was left out, and why.
    """
    with transaction.atomic():
        job.step(0)  # ours still, and from here to the end of the transaction nobody else's
        looked = look(job, source, site, batch)
        made = _publish(job, source, site, ids, looked)
        reposts: dict[int, tuple[Found, Subject]] = {}
        for post in [post for post in looked.new if post.repost_of]:
            if subject := looked.about.get(post.repost_of):
                reposts.setdefault(subject.pk, (post, subject))
            else:
                looked.left["not_here"] += 1
        repeated = repeat(job, {post.key: (post, subject) for post, subject in reposts.values()}, ids)
        ImportedRow.objects.bulk_create(
            ImportedRow(source=source_of(job), kind=POST, old_id=key, new_id=pk)
            for key, pk in {**made, **repeated}.items()
        )
        counts = {"taken": len(made) + len(repeated), "reposts": len(repeated), "known": looked.known}
        job.result.update({name: job.result[name] + n for name, n in counts.items()})
        job.note(done=min(job.done + len(batch), job.total), result=job.result)
    return looked.left


def _publish(job: Job, source: Source, site: str, ids: Ids, looked: Looked) -> dict[int, int]:
    """Write what is new and no repost, and return which key became which post; it is what reposts may be about."""
    new = [post for post in looked.new if not post.repost_of]
    if not new:
        return {}
    bases = [base_of(post.time) for post in new if post.time]
    pks = ids.give(bases)
    looked.about.update({post.here: Subject(pk, job.owner_id) for post, pk in zip(new, pks, strict=True) if post.here})
    posts = [
        Old(post.key, job.owner_id, base, post.language, post.body, *looked.about.get(post.reply_to, (None, None)))
        for post, base in zip(new, bases, strict=True)
    ]
    made = publish(posts, pks, _mentioned(new) if source.site == site else set())
    counters.add(Post, "reply_count", Counter(post.reply_to_id for post in made if post.reply_to_id))
    return {old.key: post.pk for old, post in zip(new, made, strict=True)}


def _mentioned(batch: list[Found]) -> set[int]:
    """On another site the same name is another person; at home it is whom the post meant."""
    names = {fold(name) for post in batch for name in text.mentions(post.body)}
    return set(User.objects.filter(username_key__in=names).values_list("pk", flat=True))


def _relate(job: Job, source: Source, relation: Relation) -> None:
    """Follow, block or mute the people of the archive who are here."""
    for batch in batches(people(job, source, relation), 50):
        with transaction.atomic():
            job.step(0)
            others = list(User.objects.named(*batch))
            rows = getattr(job.owner, relation.rows).filter(**{f"{relation.done}__in": others})
            already = rows.count()
            for other in others:
                getattr(job.owner, relation.verb)(other)
            job.result[relation.done] += len(others) - already
            job.note(result=job.result)
