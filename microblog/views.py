"""Pages for what went wrong, in the site's look and the reader's language.

A page for 500 and 503 needs no database, session or member: what went wrong may be just these.
"""

import logging
import sys

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import BadRequest
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.middleware.csrf import REASON_NO_CSRF_COOKIE
from django.template.context_processors import csrf
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from microblog.context_processors import site
from microblog.ratelimit import TooManyRequests

logger = logging.getLogger(__name__)
AWAY = OperationalError, InterfaceError  # the database does not answer, or answers that it can't just now
AWAY_RETRY_AFTER = 10  # seconds
HTTPS_COOKIES = (
    "A form came by http, but cookies are for https: set TRUST_PROXY=1 behind a proxy that has https, "
    "SITE_URL=http://… for a site without it."
)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400, with the sentence that a view gave to BadRequest. Its relatives carry Django's words for developers."""
    reason = str(exception) if type(exception) is BadRequest else ""
    _speak(request)
    return _answer(request, 400, reason or _("This request can't be understood."), reason=reason)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403, or 429 for what was tried too often."""
    _speak(request)
    if isinstance(exception, TooManyRequests):
        return too_many_requests(request, exception)
    reason = str(exception or "")
    return _answer(request, 403, reason or _("You may not do this."), reason=reason)


def too_many_requests(request: HttpRequest, exception: TooManyRequests) -> HttpResponse:
    """429. Source: RFC 6585 §4."""
    n = exception.retry_after
    sentence = ngettext(
        "That was too often. Try again in %(n)d second.", "That was too often. Try again in %(n)d seconds.", n
    ) % {"n": n}
    return _answer(request, 429, sentence, retry_after=n)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form without our token, with the text that was in it. What one can do about it is in `reason`."""
    _speak(request)
    text = _typed(request, reason)
    if reason == REASON_NO_CSRF_COOKIE:
        if settings.CSRF_COOKIE_SECURE and not request.is_secure():
            logger.warning(HTTPS_COOKIES)
        reason = _("Your browser sent no cookie. Allow cookies for this site, go back, reload the page and try again.")
    else:
        reason = _("The page was open for too long, or you signed in elsewhere. Go back, reload it and try again.")
    return _answer(request, 403, reason, template="csrf", reason=reason, text=text)


def _typed(request: HttpRequest, reason: str) -> str:
    """What somebody wrote in a form of ours that has expired; nothing of what another site made them send."""
    if "checking failed" in reason:
        return ""
    try:
        return request.POST.get("body", "")
    except UnreadablePostError:  # who sent it is gone
        return ""


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    _speak(request)
    return _answer(request, 404, _("There is nothing at this address."))


def method_not_allowed(request: HttpRequest, allowed: str) -> HttpResponse:
    """405: an address that only takes forms was opened, or the other way round."""
    response = _answer(request, 405, _("This request can't be understood."), template="400")
    response.headers["Allow"] = allowed
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """500; or 503 where the database is away, which passes by itself."""
    _speak(request)
    if isinstance(sys.exc_info()[1], AWAY):
        sentence = _("The site can't reach its database just now. Try again in a moment.")
        return _answer(request, 503, sentence, retry_after=AWAY_RETRY_AFTER)
    return _answer(request, 500, _("Something went wrong on our side. We have been told."))


def _speak(request: HttpRequest) -> None:
    """Choose the reader's language where what failed came before the middleware that does."""
    if not hasattr(request, "LANGUAGE_CODE"):
        translation.activate(translation.get_language_from_request(request))


def _answer(
    request: HttpRequest,
    status: int,
    sentence: str,
    *,
    template: str = "",
    reason: str = "",
    text: str = "",
    retry_after: int | None = None,
) -> HttpResponse:
    """The page errors/<status>.html; for a script one sentence, as JSON if it asked for that."""
    if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
        more = {} if retry_after is None else {"retry_after": retry_after}
        response: HttpResponse = JsonResponse({"error": sentence, **more}, status=status)
    elif request.headers.get("HX-Request") and not request.headers.get("HX-Boosted"):
        response = HttpResponse(sentence, status=status, content_type="text/plain; charset=utf-8")
    else:
        context = {"status": status, "sentence": sentence, "reason": reason, "text": text, "retry_after": retry_after}
        context["request_id"] = getattr(request, "id", "")
        response = HttpResponse(_page(request, template or str(status), context), status=status)
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    add_never_cache_headers(response)
    return response


def _page(request: HttpRequest, name: str, context: dict) -> str:
    if context["status"] < 500:
        return render_to_string(f"errors/{name}.html", context, request)
    alone = {**site(request), **csrf(request), "request": request, "user": AnonymousUser(), **context}
    try:
        return render_to_string(f"errors/{name}.html", alone)
    except Exception:  # the last resort, a page that needs nothing at all
        logger.exception("errors/%s.html can't be shown", name)
        return f"<!doctype html><title>{context['status']}</title><h1>{context['sentence']}</h1>"
