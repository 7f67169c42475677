"""Texts that were sent without anybody being signed in any more: kept until whoever wrote them is back.

A script keeps them in the browser as well; this is for where there is none. They are in the session of the visitor,
which signing in continues, under the address that they were sent to, and are gone once the form has shown them.
"""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from microblog.addresses import member_required

KEY = "drafts"
KEPT_AT_MOST = 3
LONGEST = 10_000  # characters


def writer_required(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """As `member_required`, for a view that takes a text in the field `body`: a visitor's is kept meanwhile."""
    return kept_meanwhile(member_required(view))


def kept_meanwhile(checked: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Keep what a visitor sends in the field `body` to `checked`, which asks them to sign in."""

    @wraps(checked)
    def keeping(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if not request.user.is_authenticated and request.method == "POST":
            keep(request, request.POST.get("body", ""))
        return checked(request, *args, **kwargs)

    return keeping


def keep(request: HttpRequest, text: str) -> None:
    """Keep `text` for the form that sends to the address of this request."""
    if not text.strip():
        return
    drafts = {**request.session.get(KEY, {}), request.path: text[:LONGEST]}
    request.session[KEY] = dict(list(drafts.items())[-KEPT_AT_MOST:])


def take(request: HttpRequest, view: str = "", *args: object) -> str:
    """The text that was sent to the address of `view`, else to this request's own, once; "" where there is none."""
    drafts = request.session.get(KEY)
    if not drafts:
        return ""
    address = reverse(view, args=args) if view else request.path
    if address not in drafts:
        return ""
    text = drafts.pop(address)
    request.session[KEY] = drafts
    return text
