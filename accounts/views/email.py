"""Another e-mail address: asked for with the password, confirmed from the new mailbox."""

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import tasks
from accounts.forms import EmailForm
from accounts.models import EmailChange
from accounts.models.email_change import EmailTakenError
from accounts.validators import fold
from microblog import ratelimit
from microblog.addresses import site_address
from microblog.retry import after_commit

HOUR = timedelta(hours=1)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@sensitive_post_parameters("password")
@login_required
@ratelimit.limit("e-mail change", times=10, per=HOUR)
def change(request: HttpRequest) -> HttpResponse:
    form = EmailForm(request.user, request.POST if request.method == "POST" else None)
    if not form.is_valid():
        asked = request.user.email_changes.filter(confirmed_at=None).first()
        context = {"form": form, "asked": asked if asked and asked.is_open else None}
        return render(request, "accounts/email.html", context, status=422 if form.is_bound else 200)
    email = form.cleaned_data["email"]
    ratelimit.check("e-mail change to", fold(email), times=3, per=HOUR)  # a stranger's mailbox is not for filling
    asked = EmailChange.objects.start(request.user, email)
    after_commit(tasks.send_address_confirmation, asked.pk, site_address(request), get_language())
    messages.success(request, _("We have written to %(email)s. Open the link in that e-mail.") % {"email": email})
    return redirect("settings_email")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """The link from the e-mail: a page with a button, since programs that check mail open links too."""
    asked = EmailChange.objects.by_token(token)
    if asked is None or asked.user_id != request.user.pk:
        return render(request, "accounts/email_confirm.html", status=404)
    if request.method != "POST":
        return render(request, "accounts/email_confirm.html", {"asked": asked})
    try:
        changed = asked.confirm()
    except EmailTakenError:
        return render(request, "accounts/email_confirm.html", {"taken": asked.email}, status=409)
    if changed:
        after_commit(tasks.send_address_changed, asked.pk, site_address(request), get_language())
    messages.success(request, _("Your e-mail address is %(email)s now.") % {"email": asked.email})
    return redirect("settings_email")
