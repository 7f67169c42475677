"""Whom a member might like to follow, and whom they might mean while they type a name."""

import time
from datetime import timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Exists, OuterRef, Q, Subquery

from accounts.models import Follow, NameWord, User
from accounts.models.names import begins, plain
from accounts.models.sight import UNTIED
from accounts.validators import fold
from microblog import prepared

POPULAR = 50  # people to choose from, found once in POPULAR_FOR for everybody
POPULAR_FOR = timedelta(minutes=10)
WELL_KNOWN = 500  # the most followed, who are found by the first letter already
LOOKED_AT = 200  # of those whose name begins as what was typed, so many are compared, however many there are
FOLLOWED = 500  # of the people one follows
PREFIX_LENGTH = 64
# Those of the popular whom {reader} does not follow yet and hears: the statement of a page that many ask for.
OF_POPULAR = [f"popular{n}" for n in range(POPULAR)]
NEW = f"""
    SELECT u.id FROM accounts_user u
     WHERE u.id IN ({", ".join(f"{{{name}}}" for name in OF_POPULAR)})
       AND u.id <> {{reader}} AND u.suspended_at IS NULL AND {UNTIED.format(reader="{reader}", person="u.id")}
       AND NOT EXISTS (SELECT 1 FROM accounts_follow WHERE follower_id = {{reader}} AND followed_id = u.id)
"""  # noqa: S608 - of constants


def who_to_follow(reader: User, *, at_most: int = 3) -> tuple[int, ...]:
    """The keys of the most followed people who write, are heard by `reader`, and whom `reader` does not follow yet."""
    popular: list[int] = cache.get_or_set("popular", _popular, POPULAR_FOR.total_seconds()) or []
    places = dict.fromkeys(OF_POPULAR, ("bigint", 0)) | dict(
        zip(OF_POPULAR, (("bigint", pk) for pk in popular), strict=False)
    )
    new = {pk for (pk,) in prepared.fetch("who_to_follow", NEW, {"reader": ("bigint", reader.pk), **places})}
    return tuple([pk for pk in popular if pk in new][:at_most])


def people_like(prefix: str, viewer: Any, limit: int = 8) -> list[User]:
    """Whom `viewer` might mean by `prefix`, at most `limit`: who bears exactly this username, then the people they
    follow, then by followers.

    `prefix` is what was typed, with or without its @, in any script and case: the beginning of a username or of any
    word of a name, where accents make no difference. Never the viewer, nor anybody who is not heard by them (blocked
    either way, muted, suspended). `viewer` may be a visitor. Nothing typed is nobody.

    However many people there are, a few statements look at some hundred rows that an index finds; where more begin so,
    also at those whom `viewer` follows.
    """
    typed = prefix.encode(errors="ignore").decode().replace("\0", "").lstrip("@＠").strip()[:PREFIX_LENGTH]
    key, word = fold(typed), plain(typed)
    if not key or not word:
        return []
    keys = {pk for pk, names in _well_known().items() if any(name.startswith((key, word)) for name in names)}
    by_name, by_word = begins("username_key", key), begins("word", word)
    begun = [
        User.objects.filter(by_name).values_list("pk", flat=True)[:LOOKED_AT],
        NameWord.objects.filter(by_word).values_list("person", flat=True)[:LOOKED_AT],
    ]
    keys.update(*begun)
    if LOOKED_AT in map(len, begun):  # these are not all, so that the one who is meant may be missing
        keys |= {*User.objects.filter(username_key=key).values_list("pk", flat=True)}
        keys |= _followed(viewer, by_name | Q(Exists(NameWord.objects.filter(by_word, person=OuterRef("pk")))))
    found = User.objects.heard_by(viewer).filter(pk__in=keys).exclude(pk=viewer.pk)
    mine = Exists(Follow.objects.filter(follower=viewer.pk, followed=OuterRef("pk")))
    best = found.annotate(meant=Q(username_key=key), mine=mine)
    return list(best.order_by("-meant", "-mine", "-follower_count", "username_key")[:limit])


def people(keys: tuple[int, ...]) -> list[User]:
    """The people of these keys, in their order, without those who were suspended meanwhile."""
    found = User.objects.active().in_bulk(keys)
    return [found[pk] for pk in keys if pk in found]


def period() -> int:
    """Rises every POPULAR_FOR: what shows people's names and faces is not kept for longer."""
    return int(time.time() // POPULAR_FOR.total_seconds())


def _popular() -> list[int]:
    most_followed = User.objects.active().filter(post_count__gt=0).order_by("-follower_count", "pk")
    return list(most_followed.values_list("pk", flat=True)[:POPULAR])


def _followed(viewer: Any, begun: Q) -> set[int]:
    """The keys of those people `viewer` follows who meet the condition: each is looked up, nobody else is."""
    # A value, and no join: that PostgreSQL would begin with everybody who meets the condition.
    one = User.objects.filter(pk=OuterRef("followed")).annotate(begun=begun).values("begun")
    follows = Follow.objects.filter(follower=viewer.pk).annotate(begun=Subquery(one)).filter(begun=True)
    return {*follows.values_list("followed", flat=True)[:FOLLOWED]}


def _well_known() -> dict[int, list[str]]:
    """The most followed people, and by what each is found: key → username and words of the name."""
    found: dict[int, list[str]] | None = cache.get("well-known")
    if found is None:
        best = User.objects.active().filter(follower_count__gt=0).order_by("-follower_count", "pk")
        found = {pk: [name] for pk, name in best.values_list("pk", "username_key")[:WELL_KNOWN]}
        for pk, word in NameWord.objects.filter(person__in=found).values_list("person", "word"):
            found[pk].append(word)
        cache.set("well-known", found, POPULAR_FOR.total_seconds())
    return found
