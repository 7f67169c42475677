"""The posts of this site that the answers and reposts of an archive are about."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from blog import counters
from blog.archive.sources import Found, Source, key_of
from blog.models import ImportedRow, Job, Post
from blog.moving.ids import Ids, base_of

POST = ImportedRow.Kind.POST


class Subject(NamedTuple):
    """A post that somebody answers or repeats, and its author."""

    pk: int
    author: int


def source_of(job: Job) -> str:
    """Under what the rows of this member's archives are noted as taken."""
    return f"archive of {job.owner_id}"


def subjects(job: Job, source: Source, site: str, ids: Iterable[int]) -> dict[int, Subject]:
    """Those of the posts with these ids in the archive that are here, and that its owner may see.

    They are those that were taken along, and at home those that never left.
    """
    keys = {key_of(source.site, pk): pk for pk in ids if pk}
    noted = ImportedRow.objects.of(source_of(job), POST).filter(old_id__in=keys).values_list("old_id", "new_id")
    places = {new: keys[old] for old, new in noted}
    if source.site == site:
        places |= {pk: pk for pk in keys.values()}
    seen = Post.objects.visible_to(job.owner).originals().filter(pk__in=places, hidden_at=None)
    return {places[pk]: Subject(pk, author) for pk, author in seen.values_list("pk", "author")}


def repeat(job: Job, reposts: dict[int, tuple[Found, Subject]], ids: Ids) -> dict[int, int]:
    """Repost these posts at the times of the archive, and return which key became which post."""
    if not reposts:
        return {}
    pks = ids.give([base_of(found.time) for found, _subject in reposts.values() if found.time])
    rows = [
        Post(pk=pk, author=job.owner, body="", repost_of_id=subject.pk, other_id=subject.author)
        for pk, (_found, subject) in zip(pks, reposts.values(), strict=True)
    ]
    Post.objects.bulk_create(rows)
    counters.add(Post, "repost_count", Counter(subject.pk for _found, subject in reposts.values()))
    return dict(zip(reposts, pks, strict=True))
