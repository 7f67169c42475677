"""The badge's counts, for the script of open pages."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.views.decorators.http import require_safe

from accounts.sessions import SessionStore
from blog.models.unread import Unread, unread_by

ADDRESS = "/notifications/unread/"
HEADERS = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}


@require_safe
def unread(request: HttpRequest) -> HttpResponse:
    """The counts as JSON; 304 when they are those of If-None-Match; 204, and nothing more to ask, when signed out."""
    counts = _counts(request.COOKIES.get(settings.SESSION_COOKIE_NAME, ""))
    if counts is None:
        return HttpResponse(status=204, headers=HEADERS)
    # A proxy that compresses may have made it a weak one: W/"3-1".
    etag = f'"{counts.notifications}-{counts.messages}"'
    if etag in request.headers.get("If-None-Match", ""):
        return HttpResponseNotModified(headers={**HEADERS, "ETag": etag})
    body = f'{{"notifications": {counts.notifications}, "messages": {counts.messages}}}'
    return HttpResponse(body, content_type="application/json", headers={**HEADERS, "ETag": etag})


def _counts(key: str) -> Unread | None:
    return unread_by(key) if SessionStore.is_well_formed(key) else None
