"""Knowing an old database again: the ids of another one mean other people."""

from accounts.models import User
from accounts.validators import fold
from blog.models import ImportedRow
from blog.moving import plan
from blog.moving.address import SourceError
from blog.moving.ids import base_of
from blog.moving.move import Move

SAMPLE = 100  # rows that are compared


def recognise(move: Move) -> None:
    """Stop if what was imported under this name came from another database.

    A post's time never changes, so posts prove it. Without any, most of the people must be who they were.
    """
    posts, people = _sample(move, ImportedRow.Kind.POST), _sample(move, ImportedRow.Kind.PERSON)
    same = _same_posts(move, posts) if posts else _same_people(move, people)
    if not same:
        raise SourceError(
            "Another database was imported before. If this is not the same one, give it a name of its own: "
            "--source other-name."
        )


def _sample(move: Move, kind: ImportedRow.Kind) -> dict[int, int]:
    rows = ImportedRow.objects.of(move.name, kind).order_by("old_id")
    return dict(rows.values_list("old_id", "new_id")[:SAMPLE])


def _same_posts(move: Move, sample: dict[int, int]) -> bool:
    rows = move.source.rows("post", ["id", "timestamp"], order=["id"], times=["timestamp"], ids=list(sample))
    times = {old_id: plan.moment(time) for old_id, time in rows}
    return bool(times) and all(time and base_of(time) >> 16 == sample[pk] >> 16 for pk, time in times.items())


def _same_people(move: Move, sample: dict[int, int]) -> bool:
    here = {user.pk: user for user in User.objects.filter(pk__in=sample.values())}
    known = {old_id: here[pk] for old_id, pk in sample.items() if pk in here}
    if not known:
        return True
    rows = list(move.source.rows("user", ["id", "username", "email"], order=["id"], ids=list(known)))
    same = [_is(known[old_id], plan.as_text(name), plan.as_text(email)) for old_id, name, email in rows]
    return sum(same) * 2 >= len(known)


def _is(user: User, name: str, email: str) -> bool:
    return fold(name) == user.username_key or fold(email.strip()) == (user.email_key or None)
