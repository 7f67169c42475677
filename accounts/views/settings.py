"""What a member chooses about themselves."""

from copy import copy
from secrets import randbelow

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.forms import LanguageForm, ProfileForm, WritersForm
from accounts.forms.profile import LARGEST_SEED
from accounts.models import User


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def profile(request: HttpRequest) -> HttpResponse:
    """What everybody sees. "Another drawing" shows one and saves nothing yet."""
    member = copy(request.user)
    if "redraw" in request.POST:
        form = ProfileForm(instance=member, initial=redrawn(request))
    else:
        form = ProfileForm(request.POST if request.method == "POST" else None, instance=member)
    if form.is_valid() and form.store():
        messages.success(request, _("Your changes are saved."))
        return redirect("settings")
    return render(request, "accounts/profile.html", {"form": form}, status=422 if form.errors else 200)


def redrawn(request: HttpRequest) -> dict:
    """What was typed so far, with another drawing."""
    typed = {name: request.POST.get(name, "").replace("\0", "") for name in ("name", "username", "about")}
    return typed | {
        "shortcuts": "shortcuts" in request.POST,
        "avatar": User.Avatar.SHAPES,
        "avatar_seed": 1 + randbelow(LARGEST_SEED),
    }


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def language(request: HttpRequest) -> HttpResponse:
    kept = {"language": request.user.language, "reads": request.user.reads.split()}
    form = LanguageForm(request.POST if request.method == "POST" else None, initial=kept)
    if not form.is_valid():
        return render(request, "accounts/language.html", {"form": form}, status=422 if form.is_bound else 200)
    chosen = form.cleaned_data["language"]
    reads = " ".join(form.cleaned_data["reads"])
    User.objects.filter(pk=request.user.pk).update(language=chosen, reads=reads)
    response = redirect("settings_language")
    if not chosen:  # or the cookie would go before the browser
        response.delete_cookie(settings.LANGUAGE_COOKIE_NAME, samesite=settings.LANGUAGE_COOKIE_SAMESITE)
    with translation.override(chosen or translation.get_language()):
        messages.success(request, _("Your changes are saved."))
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def writers(request: HttpRequest) -> HttpResponse:
    """Who may write private messages to the member."""
    form = WritersForm(request.POST if request.method == "POST" else None, instance=copy(request.user))
    if not form.is_valid():
        return render(request, "accounts/messages.html", {"form": form}, status=422 if form.is_bound else 200)
    User.objects.filter(pk=request.user.pk).update(messages_from=form.cleaned_data["messages_from"])
    messages.success(request, _("Your changes are saved."))
    return redirect("settings_messages")
