"""A new password: changed by a member who knows theirs, or set again by way of their e-mail."""

from datetime import timedelta
from typing import Any

from django.contrib import auth
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import PasswordResetConfirmView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts import tasks
from accounts.forms import NewPasswordForm, PasswordChangeForm, ResetForm, guesses_of
from accounts.models import User
from accounts.validators import fold
from microblog import ratelimit
from microblog.addresses import site_address
from microblog.retry import after_commit

HOUR = timedelta(hours=1)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@sensitive_post_parameters()
@login_required
@ratelimit.limit("password change", times=10, per=HOUR)
def change(request: HttpRequest) -> HttpResponse:
    form = PasswordChangeForm(request.user, request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return render(request, "accounts/password.html", {"form": form}, status=422 if form.is_bound else 200)
    form.save()
    auth.update_session_auth_hash(request, request.user)
    start_anew(request.user, but=request.session.session_key)
    return redirect("password_change_done")


def start_anew(member: User, *, but: str | None = None) -> None:
    """End what somebody who knew the former password may have begun."""
    member.end_sessions(but=but)
    member.email_changes.filter(confirmed_at=None).delete()


@require_safe
@login_required
def changed(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/password_done.html")


@require_http_methods(["GET", "HEAD", "POST"])
def reset(request: HttpRequest) -> HttpResponse:
    """Ask for a link. The answer is the same, and takes as long, whether or not somebody has the address."""
    form = ResetForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        context = {"form": form}
        return render(request, "registration/password_reset_form.html", context, status=422 if form.is_bound else 200)
    key = fold(form.cleaned_data["email"])
    ratelimit.check("reset from", ratelimit.client_address(request), times=20, per=HOUR)
    ratelimit.check("reset of", key, times=5, per=HOUR)
    member = User.objects.active().filter(email_key=key).first()
    after_commit(tasks.send_reset, member.pk if member else 0, site_address(request), get_language())
    return redirect("password_reset_done")


@require_safe
def reset_sent(request: HttpRequest) -> HttpResponse:
    return render(request, "registration/password_reset_done.html")


class ResetConfirmView(PasswordResetConfirmView):
    """Django's, which keeps the token out of the page's address; nobody stays signed in with the old password."""

    form_class = NewPasswordForm

    def get_user(self, uidb64: str) -> User | None:
        user = super().get_user(uidb64)
        return user if user and user.is_active else None

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        if self.request.user.pk == self.user.pk:
            auth.logout(self.request)
        start_anew(self.user)
        ratelimit.clear("sign-in of", guesses_of(self.user))
        return response

    def render_to_response(self, context: dict, **kwargs: Any) -> HttpResponse:
        if not self.validlink:
            status = 404
        else:
            status = 422 if context["form"].is_bound else 200
        return super().render_to_response(context, status=status, **kwargs)


@require_safe
def reset_complete(request: HttpRequest) -> HttpResponse:
    return render(request, "registration/password_reset_complete.html")
