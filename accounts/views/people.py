"""People as others see them: who follows whom, small profile and avatar. Their page is blog's: it has posts."""

import hashlib
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import get_conditional_response, patch_cache_control
from django.views.decorators.http import require_safe

from accounts import avatars
from accounts.models import Follow, User, sight
from accounts.validators import fold
from microblog.pagination import cursor_of, has_gone, paginate

PEOPLE_PER_PAGE = 20


def person_named(request: HttpRequest, username: str) -> User:
    return get_object_or_404(User.objects.visible_to(request.user), username_key=fold(username))


@require_safe
def followers(request: HttpRequest, username: str) -> HttpResponse:
    """Who follows somebody, the newest first."""
    who = person_named(request, username)
    return people(request, who, username, Follow.objects.filter(followed=who), "follower")


@require_safe
def following(request: HttpRequest, username: str) -> HttpResponse:
    """Whom somebody follows, the newest first."""
    who = person_named(request, username)
    return people(request, who, username, Follow.objects.filter(follower=who), "followed")


def people(request: HttpRequest, who: User, username: str, follows: Any, side: str) -> HttpResponse:
    """A page of the people on one side of `follows`, each with whether the reader follows them."""
    name = request.resolver_match.url_name
    if who.username != username:
        answer = redirect(name, who.username, permanent=True)
        answer["Location"] += f"?{request.GET.urlencode()}" if request.GET else ""
        return answer
    shown = follows.filter(sight.visible(request.user, f"{side}__"))
    page = paginate(shown, cursor_of(request), size=PEOPLE_PER_PAGE, columns=("id", f"{side}_id"))
    if has_gone(request, page):
        return redirect(request.path)
    keys = [row[1] for row in page.rows]
    found = User.objects.in_bulk(keys)
    mine = followed_by(request.user, keys)
    rows = [(found[key], key in mine) for key in keys if key in found]
    return render(request, "accounts/people.html", {"person": who, "rows": rows, "page": page, "list": name})


def followed_by(reader: Any, keys: list[int]) -> set[int]:
    """Which of these people `reader` follows; a visitor follows nobody."""
    return set(Follow.objects.filter(follower=reader.pk, followed__in=keys).values_list("followed_id", flat=True))


@require_safe
def card(request: HttpRequest, username: str) -> HttpResponse:
    """The small profile that opens beside a name, for the script; opened by itself it is the profile."""
    who = person_named(request, username)
    if not request.htmx:
        return redirect(who)
    response = render(request, "accounts/_card.html", {"person": who, "ties": sight.ties(request.user, who)})
    patch_cache_control(response, private=True, no_store=True)
    return response


@require_safe
def avatar(request: HttpRequest, username: str) -> HttpResponse:
    """The avatar as a picture of its own."""
    who = person_named(request, username)
    response: HttpResponse
    if elsewhere := avatars.gravatar_of(who, 256):
        response = redirect(elsewhere)
    else:
        drawn = avatars.picture(who).encode()
        etag = f'"{hashlib.sha256(drawn).hexdigest()[:32]}"'
        response = HttpResponse(drawn, content_type="image/svg+xml", headers={"ETag": etag})
        response = get_conditional_response(request, etag=etag, response=response) or response
    patch_cache_control(response, public=True, max_age=3600)
    # Opened by itself it is a document of this site's: it may do nothing at all.
    response.headers["Content-Security-Policy"] = "default-src 'none'"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
