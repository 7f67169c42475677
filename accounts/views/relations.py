"""Following and unfollowing."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.models import User
from accounts.validators import fold
from microblog.addresses import back, member_required


@require_POST
@member_required
def follow(request: HttpRequest, username: str) -> HttpResponse:
    who = get_object_or_404(User.objects.active(), username_key=fold(username))
    if who == request.user:
        messages.error(request, _("You can't follow yourself. Your own posts are in your home timeline anyway."))
        return redirect(who)
    request.user.follow(who)
    return answer(request, who, followed=True)


@require_POST
@member_required
def unfollow(request: HttpRequest, username: str) -> HttpResponse:
    who = get_object_or_404(User.objects.active(), username_key=fold(username))
    request.user.unfollow(who)
    return answer(request, who, followed=False)


def answer(request: HttpRequest, who: User, *, followed: bool) -> HttpResponse:
    """The button turned over, for a script; back to where it was pressed, without one."""
    if request.htmx:
        return render(request, "includes/follow.html", {"person": who, "followed": followed, "size": size(request)})
    return redirect(back(request, who))


def size(request: HttpRequest) -> str:
    return "small" if request.POST.get("size") == "small" else "first"
