"""Who is in whose sight: the one place that decides it, for people and for all that they write.

There are two questions, and each has one answer in the form of a condition and one as plain SQL, for the statements
that are written as text. A test holds the two together.

- **Visible**: may the viewer see this person, asked for by name? Not who is suspended, and neither side of a block.
- **Heard**: should this person turn up where the viewer did not ask for them, as in a timeline? Who is visible and not
  muted by the viewer.

Both stand on a third, which private messages ask alone: are the two **apart**, with no block between them?

Staff may look at everybody; in their own timelines they are readers like all others.
"""

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q

from accounts.models.relations import Block, Mute
from microblog import prepared

# The ids of those who are not heard by {reader}; for a visitor, of those nobody may see.
SUSPENDED = "SELECT id FROM accounts_user WHERE suspended_at IS NOT NULL"
UNHEARD = f"""{SUSPENDED}
    UNION ALL SELECT blocked_id FROM accounts_block WHERE blocker_id = {{reader}}
    UNION ALL SELECT blocker_id FROM accounts_block WHERE blocked_id = {{reader}}
    UNION ALL SELECT muted_id FROM accounts_mute WHERE muter_id = {{reader}}"""  # noqa: S608 - of constants
# That neither a block nor a mute keeps {person} from {reader}: where few people are asked about, three probes for each.
UNTIED = """NOT EXISTS (SELECT 1 FROM accounts_block WHERE blocker_id = {reader} AND blocked_id = {person})
    AND NOT EXISTS (SELECT 1 FROM accounts_block WHERE blocker_id = {person} AND blocked_id = {reader})
    AND NOT EXISTS (SELECT 1 FROM accounts_mute WHERE muter_id = {reader} AND muted_id = {person})"""
# That {person}, a column of another table, is suspended.
IS_SUSPENDED = "EXISTS (SELECT 1 FROM accounts_user WHERE id = {person} AND suspended_at IS NOT NULL)"


def visible(viewer: Any, prefix: str = "") -> Q:
    """The condition that a person is visible to `viewer`; `prefix` leads to the person: "author__"."""
    if getattr(viewer, "is_staff", False):
        return Q()
    return _active(prefix) & apart(viewer, prefix)


def heard(viewer: Any, prefix: str = "") -> Q:
    """The condition that a person is heard by `viewer`."""
    shown = _active(prefix) & apart(viewer, prefix)
    if viewer is None or viewer.pk is None:
        return shown
    return shown & ~Q(**{f"{_key(prefix)}__in": Mute.objects.filter(muter=viewer.pk).values("muted")})


def hearing(person: Any) -> Q:
    """The condition that somebody hears `person`: `heard`, asked from the other side."""
    if person.suspended_at is not None:
        return Q(pk__in=[])
    one = OuterRef("pk")
    mine = Block.objects.filter(blocker=person.pk, blocked=one)
    theirs = Block.objects.filter(blocker=one, blocked=person.pk)
    mutes = Mute.objects.filter(muter=one, muted=person.pk)
    return Q(~Exists(mine), ~Exists(theirs), ~Exists(mutes))


def _active(prefix: str) -> Q:
    return Q(**{f"{prefix}suspended_at": None})


def apart(viewer: Any, prefix: str = "") -> Q:
    """The condition that no block stands between `viewer` and the person.

    What two people wrote to each other stays with one of them while the other is suspended or muted. Staff is no
    exception: to look at somebody's page is their work, to write to who blocked them is not.
    """
    if viewer is None or viewer.pk is None:
        return Q()
    key = _key(prefix)
    mine = Block.objects.filter(blocker=viewer.pk).values("blocked")
    theirs = Block.objects.filter(blocked=viewer.pk).values("blocker")
    return ~Q(**{f"{key}__in": mine}) & ~Q(**{f"{key}__in": theirs})


def _key(prefix: str) -> str:
    """`author__` is the column author_id; nothing is the person's own id."""
    return prefix.removesuffix("__") or "pk"


@dataclass(frozen=True)
class Ties:
    """How a viewer and a person stand to one another."""

    followed: bool = False  # the viewer follows the person
    follows_you: bool = False
    blocked: bool = False  # the viewer has blocked the person
    blocks_you: bool = False
    muted: bool = False

    @property
    def apart(self) -> bool:
        return self.blocked or self.blocks_you


TIES = """
    SELECT 0 AS tie FROM accounts_follow WHERE follower_id = {viewer} AND followed_id = {person}
    UNION ALL SELECT 1 FROM accounts_follow WHERE follower_id = {person} AND followed_id = {viewer}
    UNION ALL SELECT 2 FROM accounts_block WHERE blocker_id = {viewer} AND blocked_id = {person}
    UNION ALL SELECT 3 FROM accounts_block WHERE blocker_id = {person} AND blocked_id = {viewer}
    UNION ALL SELECT 4 FROM accounts_mute WHERE muter_id = {viewer} AND muted_id = {person}
"""


def ties(viewer: Any, person: Any) -> Ties:
    """All that stands between the two, in one statement; a visitor has no ties."""
    if viewer is None or viewer.pk is None:
        return Ties()
    found = prepared.fetch("ties", TIES, {"viewer": ("bigint", viewer.pk), "person": ("bigint", person.pk)})
    kinds = {row[0] for row in found}
    return Ties(*[kind in kinds for kind in range(5)])


def sees(viewer: Any, person: Any, between: Ties) -> bool:
    """The answer to `visible` for one person, who is at hand already."""
    return bool(getattr(viewer, "is_staff", False)) or (person.suspended_at is None and not between.apart)
