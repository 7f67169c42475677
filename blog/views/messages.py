"""Private messages: the conversations of a member, and one of them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from accounts.validators import fold
from blog import text
from blog.forms import MessageForm, NewsForm, RecipientForm
from blog.models import Message, Side
from blog.models.ids import moment_of
from blog.models.message import NotTakenError
from microblog import drafts
from microblog.addresses import member_required
from microblog.drafts import kept_meanwhile
from microblog.pagination import Page, cursor_of, has_gone, paginate
from microblog.ratelimit import TooManyRequests, check

CONVERSATIONS_PER_PAGE = 20
MESSAGES_PER_PAGE = 25
NEWS_AT_MOST = 100  # messages in one answer; a page that was away for longer asks again
SENT = {"times": 100, "per": timedelta(minutes=10)}


class Said(NamedTuple):
    """A message as a page shows it."""

    pk: int
    mine: bool
    html: SafeString
    moment: datetime
    new_day: bool  # nothing above it is of the same day; by UTC, which the script corrects
    seen: bool  # the last one of the reader's that the other has read


@require_safe
@never_cache
@login_required
def all_of_mine(request: HttpRequest) -> HttpResponse:
    """The conversations, the latest on top, each with the first words of its last message."""
    sides = Side.objects.of(request.user).begun()
    page = paginate(sides, cursor_of(request), size=CONVERSATIONS_PER_PAGE, columns=("newest", "pk"), key="newest")
    if has_gone(request, page):
        return redirect(request.path)
    found = Side.objects.select_related("other").in_bulk([pk for _newest, pk in page.rows])
    last = Message.objects.in_bulk(page.ids)
    rows = [(found[pk], last.get(newest), moment_of(newest)) for newest, pk in page.rows if pk in found]
    return render(request, "blog/messages.html", {"rows": rows, "page": page})


@require_safe
@login_required
def begin(request: HttpRequest) -> HttpResponse:
    """Whom to write to, by their name."""
    form = RecipientForm(request.user, request.GET or None)
    if form.is_valid():
        return redirect("blog:conversation", form.cleaned_data["to"].username)
    return render(request, "blog/message_new.html", {"form": form}, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@kept_meanwhile
@login_required
def conversation(request: HttpRequest, username: str) -> HttpResponse:
    """What was said with somebody, and what is said next. Whoever opens it has read it."""
    who = person_named(request, username)
    if who == request.user:
        return redirect("blog:messages")
    if request.method == "POST":
        return send(request, who)
    if who.username != username:
        return redirect("blog:conversation", who.username, permanent=True)
    return talk(request, who, side_with(request, who))


@require_safe
@never_cache
@login_required
def left(request: HttpRequest, pk: int) -> HttpResponse:
    """A conversation with somebody whose account is deleted: it has no name to be found by."""
    side = side_named(request, pk)
    if side.other:
        return redirect("blog:conversation", side.other.username)
    return talk(request, None, side)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then delete one's own side."""
    side = side_named(request, pk)
    if request.method != "POST":
        return render(request, "blog/message_delete.html", {"person": side.other, "side": side})
    side.clear()
    messages.success(request, _("The conversation is deleted."))
    return redirect("blog:messages")


@require_safe
@never_cache
@login_required
def news(request: HttpRequest, username: str) -> HttpResponse:
    """What is newer than the message `after`, as HTML for the end of the page; 204 where that is nothing.

    `read` is how far the other had read: that they have read on is news, too. Each open conversation asks every few
    seconds, so it costs one indexed query where there is nothing; and it changes nothing: to ask is not to read.
    """
    form = NewsForm(request.GET)
    side = Side.objects.of(request.user).filter(other__username_key=fold(username)).with_seen().first()
    if side is None:
        person_named(request, username)
    if side is None or not form.is_valid():
        return HttpResponse(status=204)
    after, read_to = form.cleaned_data["after"], form.cleaned_data["read"] or 0
    if side.newest <= after and side.seen_to <= read_to:
        return HttpResponse(status=204)
    return render_news(request, side, after)


@require_POST
@member_required
def read(request: HttpRequest, username: str) -> HttpResponse:
    """The member has seen what came in by `news`, up to the message `after`."""
    form = NewsForm(request.POST)
    side = side_with(request, person_named(request, username))
    if side and form.is_valid():
        side.read(form.cleaned_data["after"])
    return HttpResponse(status=204)


def person_named(request: HttpRequest, username: str) -> User:
    """Somebody with whom one can have a conversation; who blocks or is blocked is not found."""
    return get_object_or_404(User.objects.apart_from(request.user), username_key=fold(username))


def side_with(request: HttpRequest, who: User) -> Side | None:
    return Side.objects.filter(owner=request.user.pk, other=who).with_seen().first()


def side_named(request: HttpRequest, pk: int) -> Side:
    """The member's side of a conversation, if there is something in it."""
    sides = Side.objects.of(request.user).begun().with_seen().select_related("other")
    return get_object_or_404(sides, conversation=pk)


def send(request: HttpRequest, who: User) -> HttpResponse:
    """Send what was written; where that is refused, the page keeps the text and says why."""
    form = MessageForm(request.POST)
    if not form.is_valid():
        return talk(request, who, side_with(request, who), form, status=422)
    after = form.cleaned_data["after"]
    try:
        check("message", f"member {request.user.pk}", **SENT)
        Message.objects.send(request.user, who, form.cleaned_data["body"], after=after)
    except TooManyRequests as error:
        form.add_error("body", _("You have sent a lot. Nothing is lost: wait a few minutes and send it again."))
        response = talk(request, who, side_with(request, who), form, status=429)
        response.headers["Retry-After"] = str(error.retry_after)
        return response
    except NotTakenError:
        form.add_error("body", closed(request, who))
        return talk(request, who, side_with(request, who), form, status=403)
    if request.htmx:
        return render_news(request, side_with(request, who), after or 0)
    return redirect(f"{reverse('blog:conversation', args=[who.username])}#latest")


def closed(request: HttpRequest, who: User) -> str:
    """Why the reader can't write to `who`; nothing where they can."""
    if request.user.may_write_to(who):
        return ""
    if who.suspended_at:
        return _("This account is suspended. What was written stays here for you, but it can't be answered.")
    if who.messages_from == User.Writers.FOLLOWED:
        return _("%(name)s takes messages only from people whom they follow.") % {"name": who.shown_name}
    return _("%(name)s takes no messages.") % {"name": who.shown_name}


def talk(
    request: HttpRequest, who: User | None, side: Side | None, form: MessageForm | None = None, status: int = 200
) -> HttpResponse:
    """The page of a conversation: with `who`, or with somebody who left; with the form that was refused, or a blank."""
    if who and who.suspended_at and not (side and side.newest):
        raise Http404  # there is nothing to read, and nobody to write to
    cursor = cursor_of(request)
    page = Page()
    if side:
        page = paginate(side.messages, cursor, size=MESSAGES_PER_PAGE, columns=("id", "sender_id", "body"))
    if has_gone(request, page):
        return redirect(request.path)
    context = {"person": who, "side": side, "page": page, "form": form, "closed": closed(request, who) if who else ""}
    if side:
        context |= shown(request, side, page.rows[::-1], latest=not page.has_newer)
        if request.method != "HEAD" and not page.has_newer:
            side.read(page.newest)
            request.session.also.clear()  # the badge of this very page counts without what is on it
    if form is None:
        context["form"] = blank(request, page.newest if not page.has_newer else side.newest)
    return render(request, "blog/talk.html", context, status=status)


def blank(request: HttpRequest, newest: int) -> MessageForm:
    """The form below a page whose newest message is `newest`: empty, or with what was sent after the session ended."""
    draft = drafts.take(request)
    if draft:
        messages.info(request, _("What you had written is back. It is not sent yet."))
    return MessageForm(initial={"after": newest, "body": draft})


def render_news(request: HttpRequest, side: Side, after: int) -> HttpResponse:
    """The messages behind `after`, as they stand in the page."""
    newer = side.messages.filter(pk__gt=after).order_by("pk").values_list("pk", "sender_id", "body")[:NEWS_AT_MOST]
    return render(request, "blog/_talk.html", {"person": side.other, "side": side, **shown(request, side, list(newer))})


def shown(request: HttpRequest, side: Side, rows: Sequence[tuple], *, latest: bool = True) -> dict[str, Any]:
    """What a template needs of messages in their order. `latest`: there are none behind them."""
    names = {fold(name) for _pk, _sender, body in rows for name in text.mentions(body)}
    known = User.objects.visible_to(request.user).filter(username_key__in=names) if names else User.objects.none()
    mentioned = set(known.values_list("username_key", flat=True))
    # "Read" stands under the last of one's messages that was read. On a page of older ones that is only known where
    # something on it is not: who has answered since has read it anyway.
    read_here = [pk for pk, sender, _body in rows if sender == side.owner_id and pk <= side.seen_to]
    seen = read_here[-1] if read_here and (latest or side.seen_to <= rows[-1][0]) else 0
    said, day = [], None
    for pk, sender, body in rows:
        moment = moment_of(pk)
        html = text.render(body, mentioned=mentioned)
        said.append(Said(pk, sender == side.owner_id, html, moment, moment.date() != day, pk == seen))
        day = moment.date()
    return {"said": said, "newest": rows[-1][0] if rows else 0}
