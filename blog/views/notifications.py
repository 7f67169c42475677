"""What happened to a member, and what they want to be told."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.core.signing import BadSignature
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from blog import digest, tasks
from blog.events import events_of, page_of
from blog.forms import NotificationsForm, ReadForm
from blog.models import Choices, Notification
from microblog.addresses import member_required
from microblog.pagination import cursor_of, has_gone


@require_safe
@never_cache
@login_required
def all_of_mine(request: HttpRequest) -> HttpResponse:
    """The groups, newest first. Looking changes nothing: the page's script says what was shown, or else a button."""
    cursor = cursor_of(request)
    page = page_of(request.user, cursor)
    if has_gone(request, page):
        return redirect(request.path)
    mine = Notification.objects.filter(owner=request.user.pk)
    # From the newest page on everything is seen, also what is newer and nobody is shown: it must not count for ever.
    latest = mine.order_by("-newest").values_list("newest", flat=True).first() or 0
    context = {
        "page": page,
        "events": events_of(request.user, [key for _newest, key in page.rows]),
        "since": page.rows[-1][0] if page.has_older else 0,
        "until": page.newest if page.has_newer else latest,
        "latest": latest,
        "unread": mine.unread().exists(),
    }
    return render(request, "blog/notifications.html", context)


@require_POST
@member_required
def read(request: HttpRequest) -> HttpResponse:
    """Mark what happened between two moments as read; what came after the page was made stays new."""
    form = ReadForm(request.POST)
    if not form.is_valid():
        raise BadRequest(_("This address names no page of the list. Start again from its beginning."))
    since, until = form.cleaned_data["since"] or 0, form.cleaned_data["until"]
    tasks.start_reading(request.user.pk, since, until)
    return redirect("blog:notifications")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def choose(request: HttpRequest) -> HttpResponse:
    """Which kinds, and how often by e-mail."""
    chosen = Choices.of(request.user)
    form = NotificationsForm(
        request.POST if request.method == "POST" else None, initial={"told": chosen.told, "digest": chosen.digest}
    )
    if form.is_valid():
        Choices.choose(request.user, form.cleaned_data["told"], form.cleaned_data["digest"], get_language())
        messages.success(request, _("Your changes are saved."))
        return redirect("blog:settings_notifications")
    status = 422 if form.is_bound else 200
    return render(request, "blog/settings_notifications.html", {"form": form}, status=status)


@csrf_exempt  # a mail service posts here, without a session: the signed address is the permission (RFC 8058)
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """End a member's digests, named by the link in one; looking at the page only shows the button."""
    try:
        member = digest.member_of(token)
    except BadSignature as error:
        raise Http404 from error
    if request.method == "POST":
        digest.unsubscribe(member)
    return render(request, "blog/unsubscribe.html", {"done": request.method == "POST"})
