"""Whom a member might like to follow: the most followed people whom they don't follow yet."""

import time
from datetime import timedelta

from django.core.cache import cache

from accounts.models import Follow, User

POPULAR = 50  # people to choose from, found once in POPULAR_FOR for everybody
POPULAR_FOR = timedelta(minutes=10)


def who_to_follow(reader: User, *, at_most: int = 3) -> tuple[int, ...]:
    """The keys of the most followed active people who write and whom `reader` does not follow, in that order."""
    popular: list[int] = cache.get_or_set("popular", _popular, POPULAR_FOR.total_seconds()) or []
    known = Follow.objects.filter(follower=reader, followed__in=popular).values_list("followed", flat=True)
    mine = {reader.pk, *known}
    return tuple([pk for pk in popular if pk not in mine][:at_most])


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
