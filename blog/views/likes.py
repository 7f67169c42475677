"""Liking and reposting, each with its undoing, and who did."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User, sight
from accounts.views.people import PEOPLE_PER_PAGE, followed_by
from blog.cards import buttons
from blog.models import Like, Post
from microblog.addresses import back, member_required
from microblog.pagination import cursor_of, has_gone, paginate
from microblog.ratelimit import limit

LIKES = {"times": 300, "per": timedelta(minutes=10)}  # taking one back counts as well
REPOSTS = {"times": 60, "per": timedelta(minutes=10)}


@require_POST
@member_required
@limit("like", **LIKES)
def like(request: HttpRequest, pk: int) -> HttpResponse:
    return pressed(request, pk, Post.like)


@require_POST
@member_required
@limit("like", **LIKES)
def unlike(request: HttpRequest, pk: int) -> HttpResponse:
    return pressed(request, pk, Post.unlike)


@require_POST
@member_required
@limit("repost", **REPOSTS)
def repost(request: HttpRequest, pk: int) -> HttpResponse:
    return pressed(request, pk, Post.repost)


@require_POST
@member_required
@limit("repost", **REPOSTS)
def unrepost(request: HttpRequest, pk: int) -> HttpResponse:
    return pressed(request, pk, Post.unrepost)


def pressed(request: HttpRequest, pk: int, verb: Callable[[Post, User], Any]) -> HttpResponse:
    """Do it to the original; then the buttons as they are now, for a script, or back to the card without one."""
    posts = Post.objects.visible_to(request.user).select_related("author", "repost_of__author")
    found = get_object_or_404(posts, pk=pk)
    post = found.repost_of or found
    try:
        verb(post, request.user)
        post.refresh_from_db(fields=["like_count", "repost_count"])
    except Post.DoesNotExist as gone:
        raise Http404 from gone
    if request.htmx:
        return render(request, "blog/_pressed.html", {"post": post, "buttons": buttons(post.pk, request.user)})
    return redirect(f"{back(request, post).partition('#')[0]}#post-{post.pk}")


@require_safe
def likes(request: HttpRequest, pk: int) -> HttpResponse:
    """Who likes a post, the newest first."""
    return people(request, pk, Like.objects.all(), "post", "user")


@require_safe
def reposts(request: HttpRequest, pk: int) -> HttpResponse:
    """Who reposted a post, the newest first."""
    return people(request, pk, Post.objects.filter(hidden_at=None), "repost_of", "author")


def people(request: HttpRequest, pk: int, rows: Any, of: str, who: str) -> HttpResponse:
    """A page of the people in the column `who` of `rows` whose column `of` is the post; those the reader hears."""
    posts = Post.objects.visible_to(request.user).originals().select_related("author")
    post = get_object_or_404(posts, pk=pk)
    heard = rows.filter(**{of: post}).filter(sight.heard(request.user, f"{who}__"))
    page = paginate(heard, cursor_of(request), size=PEOPLE_PER_PAGE, columns=("id", f"{who}_id"))
    if has_gone(request, page):
        return redirect(request.path)
    keys = [row[1] for row in page.rows]
    found, mine = User.objects.in_bulk(keys), followed_by(request.user, keys)
    context = {
        "post": post,
        "rows": [(found[key], key in mine) for key in keys if key in found],
        "page": page,
        "list": request.resolver_match.url_name,
    }
    return render(request, "blog/liked.html", context)
