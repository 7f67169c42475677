"""Whom a member might like to follow, and whom they might mean while they type a name."""

import time
from datetime import timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Exists, OuterRef, Q

from accounts.models import Follow, NameWord, User
from accounts.models.names import begins, plain
from accounts.validators import fold

POPULAR = 50  # people to choose from, found once in POPULAR_FOR for everybody
POPULAR_FOR = timedelta(minutes=10)
WELL_KNOWN = 500  # the most followed, who are found by the first letter already
LOOKED_AT = 300  # of those whose name begins as what was typed, so many are compared, however many there are
PREFIX_LENGTH = 64


def who_to_follow(reader: User, *, at_most: int = 3) -> tuple[int, ...]:
    """The keys of the most followed people who write, are heard by `reader`, and whom `reader` does not follow yet."""
    popular: list[int] = cache.get_or_set("popular", _popular, POPULAR_FOR.total_seconds()) or []
    follows = Follow.objects.filter(follower=reader, followed=OuterRef("pk"))
    new = User.objects.heard_by(reader).filter(~Exists(follows), pk__in=popular).exclude(pk=reader.pk)
    heard = set(new.values_list("pk", flat=True))
    return tuple([pk for pk in popular if pk in heard][:at_most])


def people_like(prefix: str, viewer: Any, limit: int = 8) -> list[User]:
    """Whom `viewer` might mean by `prefix`, at most `limit`: who bears exactly this username, then the people they
    follow, then by followers.

    `prefix` is what was typed, with or without its @, in any script and case: the beginning of a username or of any
    word of a name, where accents make no difference. Never the viewer, nor anybody who is not heard by them (blocked
    either way, muted, suspended). `viewer` may be a visitor. Nothing typed is nobody.

    However many people there are, five statements look at a few hundred rows that an index finds.
    """
    typed = prefix.encode(errors="ignore").decode().replace("\0", "").lstrip("@＠").strip()[:PREFIX_LENGTH]
    key, word = fold(typed), plain(typed)
    if not key or not word:
        return []
    by_name = begins("username_key", key)
    by_word = begins("word", word)
    follows = Follow.objects.filter(follower=viewer.pk, followed=OuterRef("pk"))
    mine = User.objects.filter(Exists(follows))
    with_word = Exists(NameWord.objects.filter(by_word, person=OuterRef("pk")))
    known: list[int] = cache.get_or_set("well-known", _well_known, POPULAR_FOR.total_seconds()) or []
    keys = {*User.objects.filter(username_key=key).values_list("pk", flat=True)}
    keys |= {
        *mine.filter(by_name | with_word).order_by("-follower_count", "pk").values_list("pk", flat=True)[:LOOKED_AT]
    }
    keys |= {*User.objects.filter(by_name | with_word, pk__in=known).values_list("pk", flat=True)}
    keys |= {*User.objects.filter(by_name).values_list("pk", flat=True)[:LOOKED_AT]}
    keys |= {*NameWord.objects.filter(by_word).values_list("person", flat=True)[:LOOKED_AT]}
    found = User.objects.heard_by(viewer).filter(pk__in=keys).exclude(pk=viewer.pk)
    best = found.annotate(meant=Q(username_key=key), mine=Exists(follows))
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


def _well_known() -> list[int]:
    most_followed = User.objects.active().filter(follower_count__gt=0).order_by("-follower_count", "pk")
    return list(most_followed.values_list("pk", flat=True)[:WELL_KNOWN])
