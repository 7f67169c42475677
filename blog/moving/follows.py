"""Who reads whom."""

from collections import Counter

from django.db import transaction
from django.db.models import F

from accounts.models import Follow, User
from blog.models import ImportedRow
from blog.moving.move import GONE, Key, Move, batches

FOLLOW = ImportedRow.Kind.FOLLOW


def move_follows(move: Move) -> None:
    """Take every follow between two people who are here. Nobody is notified of what was so for years."""
    move.progress.start("follows", move.source.count("followers"))
    columns = ["follower_id", "followed_id"]
    last: tuple = ()
    for batch in batches(move.source.rows("followers", columns, order=columns)):
        pairs: list[Key] = []
        for row in batch:
            # The early editions have no key on this table; in this order the same rows are neighbours.
            if row == last:
                move.report.leave("follows that are there twice", _shown(row))
            elif _is_sound(move, row):
                pairs.append(row)
            last = row
        _write(move, pairs)
        move.step(len(batch))
    move.progress.end()


def _shown(row: tuple) -> str:
    return "→".join("nobody" if part is None else str(part) for part in row)


def _is_sound(move: Move, row: tuple) -> bool:
    follower, followed = row
    if follower not in move.people or followed not in move.people:
        move.report.leave("follows of people who are not in the old database", _shown(row))
    elif follower == followed:
        move.report.leave("follows of oneself", _shown(row))
    elif GONE in (move.people[follower], move.people[followed]):
        move.report.leave("follows of people who have left this site", _shown(row))
    else:
        return True
    return False


def _write(move: Move, pairs: list[Key]) -> None:
    with transaction.atomic():
        known = move.known(FOLLOW, pairs)
        new = [pair for pair in pairs if pair not in known]
        move.report.known["follows"] += len(pairs) - len(new)
        move.report.taken["follows"] += len(new)
        if new and not move.dry_run:
            _follow(move, new)


def _follow(move: Move, pairs: list[Key]) -> None:
    """Make the follows, but for those that the two have made here meanwhile."""
    ours = {(move.people[one], move.people[other]): (one, other) for one, other in pairs}
    made = Follow.objects.filter(
        follower__in={one for one, _other in ours}, followed__in={other for _one, other in ours}
    )
    here = set(made.values_list("follower_id", "followed_id"))
    follows = [Follow(follower_id=one, followed_id=other) for one, other in ours if (one, other) not in here]
    Follow.objects.bulk_create(follows)
    move.remember(FOLLOW, ((pair, 0) for pair in pairs))
    following, followers = Counter(f.follower_id for f in follows), Counter(f.followed_id for f in follows)
    raise_counts({"following_count": following, "follower_count": followers})


def raise_counts(changes: dict[str, Counter[int]]) -> None:
    """Add to counters of people. Their rows are locked in one order first: no two of these wait for each other."""
    pks = sorted(set().union(*changes.values()))
    list(User.objects.select_for_update().filter(pk__in=pks).order_by("pk").values_list("pk"))
    for column, counts in changes.items():
        # Few numbers stand for many people: one statement for all who have one more, one for all who have two more …
        for n in set(counts.values()):
            people = [pk for pk, count in counts.items() if count == n]
            User.objects.filter(pk__in=people).update(**{column: F(column) + n})
