"""Leaving for good."""

from datetime import timedelta

from django.contrib import auth, messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import tasks
from accounts.forms import LeaveForm
from accounts.models import Departure
from accounts.models.departure import GRACE
from microblog.addresses import site_address
from microblog.ratelimit import limit
from microblog.retry import after_commit


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@sensitive_post_parameters("password")
@login_required
@limit("leave", times=10, per=timedelta(minutes=15))
def leave(request: HttpRequest) -> HttpResponse:
    """Say what will go, ask for the password; then sign out, everywhere, for good unless they sign in again."""
    member = request.user
    form = LeaveForm(member, request.POST if request.method == "POST" else None)
    if not form.is_valid():
        context = {"form": form, "days": GRACE.days}
        return render(request, "accounts/leave.html", context, status=422 if form.is_bound else 200)
    departure = Departure.objects.ask(member)
    after_commit(tasks.send_leaving, member.pk, site_address(request), get_language())
    auth.logout(request)
    day = date_format(departure.due_at, "DATE_FORMAT")
    messages.success(request, _("You are signed out, and your account is deleted on %(day)s.") % {"day": day})
    return redirect("blog:home")
