"""Joining, signing in and signing out."""

from datetime import timedelta

from django.contrib import auth, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import tasks
from accounts.forms import RegisterForm, SignInForm
from accounts.models import Departure, User
from accounts.validators import fold
from microblog.addresses import site_address, wanted
from microblog.ratelimit import check, limit
from microblog.retry import after_commit

HOUR = timedelta(hours=1)


def enter(request: HttpRequest, member: User, *, remember: bool) -> HttpResponse:
    """Sign `member` in, for as long as the browser is open or longer, and go where they wanted to go."""
    auth.login(request, member)
    if Departure.objects.cancel(member):
        messages.success(request, _("Welcome back. Your account is not deleted."))
    request.session.set_expiry(None if remember else 0)
    return redirect(wanted(request) or "blog:home")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@sensitive_post_parameters("password1", "password2")
@limit("register", times=30, per=HOUR)
def register(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect(wanted(request) or "blog:home")
    if name := request.POST.get("username", "").strip():
        check("register as", fold(name[:64]), times=20, per=HOUR)  # from however many addresses
    form = RegisterForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and (member := form.register()):
        after_commit(tasks.send_welcome, member.pk, site_address(request), get_language())
        messages.success(request, _("Congratulations, you are a member now."))
        return enter(request, member, remember=form.cleaned_data["remember"])
    context = {"form": form, "next": wanted(request)}
    return render(request, "registration/register.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect(wanted(request) or "blog:home")
    form = SignInForm(request, request.POST if request.method == "POST" else None)
    if form.is_valid():
        return enter(request, form.get_user(), remember=form.cleaned_data["remember"])
    context = {"form": form, "next": wanted(request)}
    return render(request, "registration/login.html", context, status=422 if form.is_bound else 200)


@require_POST
@never_cache
def sign_out(request: HttpRequest) -> HttpResponse:
    auth.logout(request)
    messages.success(request, _("You are signed out."))
    return redirect("blog:home")
