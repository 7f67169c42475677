"""Whom a member might like to follow: the most followed people whom they don't follow yet."""

from datetime import timedelta

from django.core.cache import cache

from accounts.models import Follow, User

POPULAR = 50  # people to choose from, found once in POPULAR_FOR for everybody
POPULAR_FOR = timedelta(minutes=10)


def who_to_follow(reader: User, *, at_most: int = 3) -> list[User]:
    """The most followed active people who write and whom `reader` does not follow, the most followed first."""
    popular: list[int] = cache.get_or_set("popular", _popular, POPULAR_FOR.total_seconds()) or []
    known = Follow.objects.filter(follower=reader, followed__in=popular).values_list("followed", flat=True)
    chosen = [pk for pk in popular if pk not in {reader.pk, *known}][:at_most]
    people = User.objects.active().in_bulk(chosen)
    return [people[pk] for pk in chosen if pk in people]


def _popular() -> list[int]:
    people = User.objects.active().filter(post_count__gt=0).order_by("-follower_count", "pk")
    return list(people.values_list("pk", flat=True)[:POPULAR])
