"""What every request passes: an id and a line in the log, and a Content-Security-Policy on the answer."""

import logging
import re
import secrets
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import BadRequest, MiddlewareNotUsed
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import resolve

from microblog.logging import ACCESS, PROBES, request_id, without_secrets
from microblog.views import bad_request, method_not_allowed, not_found

Handler = Callable[[HttpRequest], HttpResponse]
WELL_FORMED = re.compile(r"[\w-]{8,200}", re.ASCII)
LOOPBACK = {"127.0.0.1", "localhost", "[::1]", "::1"}
access = logging.getLogger(ACCESS)


class RequestMiddleware:
    """Give each request an id (the router's where a proxy is trusted), answer with it, and log one line."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        begun = time.perf_counter()
        given = request.headers.get("X-Request-ID", "") if settings.TRUST_PROXY else ""
        request.id = given if WELL_FORMED.fullmatch(given) else secrets.token_hex(8)
        token = request_id.set(request.id)
        try:
            # No address of ours holds a NUL, and PostgreSQL takes none.
            response = not_found(request) if "\0" in request.path_info else self.get_response(request)
            response.headers["X-Request-ID"] = request.id
            if response.cookies and not request.is_secure() and on_this_machine(request):
                for cookie in response.cookies.values():
                    cookie["secure"] = ""
            if request.method == "HEAD" and not response.streaming and response.content:
                leave_out_the_text(response)
            _note(request, response.status_code, begun)
        finally:
            request_id.reset(token)
        return response


def leave_out_the_text(response: HttpResponse) -> None:
    """A HEAD wants the headers only; gunicorn would drop the text itself, but with a warning in the log each time."""
    response.headers.setdefault("Content-Length", str(len(response.content)))
    response.content = b""


def on_this_machine(request: HttpRequest) -> bool:
    """Whether somebody on this very machine asks it by its own name: no wire is between them that needs https.

    Source: https://www.w3.org/TR/secure-contexts/#is-origin-trustworthy, which holds http://127.0.0.1 to be safe. A
    proxy in front names the site, or the address that it speaks for.
    """
    named = request.META.get("HTTP_HOST", "").rpartition(":")[0] or request.META.get("HTTP_HOST", "")
    here = named in LOOPBACK and request.META.get("REMOTE_ADDR", "") in LOOPBACK
    return here and "HTTP_X_FORWARDED_FOR" not in request.META


def _note(request: HttpRequest, status: int, begun: float) -> None:
    quiet = request.path_info in PROBES or request.path.startswith(settings.STATIC_URL)
    level = logging.DEBUG if quiet else logging.INFO
    if access.isEnabledFor(level):
        ms = round((time.perf_counter() - begun) * 1000)
        member = getattr(getattr(request, "user", None), "pk", None) or "-"
        path = without_secrets(request.path)
        access.log(level, "%s %s %s %s ms member %s", request.method, path, status, ms, member)


class ProbeMiddleware:
    """Answer the platform's probes at once: they come with any host name, and mustn't wait for a session."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info in PROBES:
            return resolve(request.path_info).func(request)
        return self.get_response(request)


class MethodMiddleware:
    """A page for 405, which Django leaves blank: who reloads the answer to a form by its address gets there."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == 405 and not response.content:
            return method_not_allowed(request, response.headers["Allow"])
        return response


class MistakeMiddleware:
    """With DEBUG, too, a visitor's mistake gets the site's own page: the debugger's is for crashes of ours."""

    def __init__(self, get_response: Handler) -> None:
        if not settings.DEBUG:
            raise MiddlewareNotUsed  # Django asks the handlers in urls.py then
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        unknown = response.status_code == 404 and request.resolver_match is None
        return not_found(request) if unknown else response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, Http404):
            return not_found(request, exception)
        return bad_request(request, exception) if isinstance(exception, BadRequest) else None


class ContentSecurityPolicyMiddleware:
    """Everything from this site only; nothing inline. Source: https://www.w3.org/TR/CSP3/"""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        images = "'self' data:"
        if settings.AVATARS == "gravatar":
            parts = urlsplit(settings.GRAVATAR_URL)
            images += f" {parts.scheme}://{parts.netloc}"
        self.policy = "; ".join(
            [
                "default-src 'self'",
                f"img-src {images}",
                "object-src 'none'",
                "base-uri 'none'",
                "form-action 'self'",
                "frame-ancestors 'none'",
            ]
        )

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", self.policy)
        return response
