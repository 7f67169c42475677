"""Following, blocking and muting, each with its undoing, and the lists of whom one blocks and mutes."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.forms import BlockForm
from accounts.models import User, sight
from accounts.validators import fold
from accounts.views.people import PEOPLE_PER_PAGE
from microblog.addresses import back, member_required
from microblog.pagination import Page, cursor_of, has_gone, paginate


@require_POST
@member_required
def follow(request: HttpRequest, username: str) -> HttpResponse:
    who = get_object_or_404(User.objects.active().visible_to(request.user), username_key=fold(username))
    if who == request.user:
        messages.error(request, _("You can't follow yourself. Your own posts are in your home timeline anyway."))
        return redirect(who)
    if request.user.follow(who) is None:
        raise Http404
    return answer(request, who, followed=True)


@require_POST
@member_required
def unfollow(request: HttpRequest, username: str) -> HttpResponse:
    who = get_object_or_404(User.objects.active().visible_to(request.user), username_key=fold(username))
    request.user.unfollow(who)
    return answer(request, who, followed=False)


def answer(request: HttpRequest, who: User, *, followed: bool) -> HttpResponse:
    """The button turned over, for a script; back to where it was pressed, without one."""
    if request.htmx:
        return render(request, "includes/follow.html", {"person": who, "followed": followed, "size": size(request)})
    return redirect(back(request, who))


def size(request: HttpRequest) -> str:
    return "small" if request.POST.get("size") == "small" else "first"


def person_named(request: HttpRequest, username: str) -> tuple[User, sight.Ties]:
    """Somebody, in sight or not, and how they and the reader stand to one another."""
    who = get_object_or_404(User, username_key=fold(username))
    return who, sight.ties(request.user, who)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def block(request: HttpRequest, username: str) -> HttpResponse:
    """Ask, then block. Asked again about somebody who is blocked already, their place in the list is the answer."""
    who, between = person_named(request, username)
    if not between.blocked and not sight.sees(request.user, who, between):
        raise Http404
    if who == request.user:
        messages.error(request, _("You can't block yourself."))
        return redirect(who)
    if request.method != "POST" and not between.blocked:
        return render(request, "accounts/block.html", {"person": who})
    if request.method == "POST":
        part_from(request, who)
    return redirect("settings_blocked")


def part_from(request: HttpRequest, who: User) -> None:
    request.user.block(who)
    text = _("You have blocked %(name)s. Neither of you sees the other any more.")
    messages.success(request, text % {"name": who.shown_name})


@require_POST
@member_required
def unblock(request: HttpRequest, username: str) -> HttpResponse:
    """Only whom one has blocked, or sees; the name of anybody else is not found, as everywhere."""
    who, between = person_named(request, username)
    if not between.blocked and not sight.sees(request.user, who, between):
        raise Http404
    request.user.unblock(who)
    text = _("You have unblocked %(name)s. You don't follow each other any more, unless you begin again.")
    messages.success(request, text % {"name": who.shown_name})
    return redirect(back(request, "settings_blocked"))


@require_POST
@member_required
def mute(request: HttpRequest, username: str) -> HttpResponse:
    who = get_object_or_404(User.objects.visible_to(request.user), username_key=fold(username))
    if who == request.user:
        messages.error(request, _("You can't mute yourself."))
        return redirect(who)
    request.user.mute(who)
    text = _("You have muted %(name)s. Their posts stay on their page, and nobody is told.")
    messages.success(request, text % {"name": who.shown_name})
    return redirect(back(request, who))


@require_POST
@member_required
def unmute(request: HttpRequest, username: str) -> HttpResponse:
    who, between = person_named(request, username)
    if not between.muted and not sight.sees(request.user, who, between):
        raise Http404
    request.user.unmute(who)
    messages.success(request, _("You have unmuted %(name)s.") % {"name": who.shown_name})
    return redirect(back(request, "settings_muted"))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def blocked(request: HttpRequest) -> HttpResponse:
    """Whom one has blocked, and a form for blocking by name: who blocks first is on no page for the other."""
    form = BlockForm(request.user, request.POST if request.method == "POST" else None)
    if form.is_valid():
        part_from(request, form.who)
        return redirect("settings_blocked")
    return listed(request, request.user.blocks_made.all(), "blocked", form=form)


@require_safe
@login_required
def muted(request: HttpRequest) -> HttpResponse:
    """Whom one has muted, and may see."""
    return listed(request, request.user.mutes_made.filter(sight.visible(request.user, "muted__")), "muted")


def listed(request: HttpRequest, ties: Any, whom: str, **more: Any) -> HttpResponse:
    """A page of the people at the other end of `ties`, the newest first."""
    page = paginate(ties, cursor_of(request), size=PEOPLE_PER_PAGE, columns=("id", f"{whom}_id", "created_at"))
    if has_gone(request, page):
        return redirect(request.path)
    status = 422 if "form" in more and more["form"].errors else 200
    return render(request, f"accounts/{whom}.html", {"rows": rows_of(page), "page": page, **more}, status=status)


def rows_of(page: Page) -> list[tuple[User, Any]]:
    """Each person of the page, and since when."""
    found = User.objects.in_bulk([row[1] for row in page.rows])
    return [(found[key], since) for _pk, key, since in page.rows if key in found]
