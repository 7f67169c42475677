"""What every request passes: an id for the logs, and a Content-Security-Policy on the answer."""

import re
import secrets
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from microblog.logging import request_id

Handler = Callable[[HttpRequest], HttpResponse]
WELL_FORMED = re.compile(r"[\w-]{8,200}", re.ASCII)


class RequestMiddleware:
    """Give each request an id (the router's where a proxy is trusted) and answer with it."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "") if settings.TRUST_PROXY else ""
        request.id = given if WELL_FORMED.fullmatch(given) else secrets.token_hex(8)
        token = request_id.set(request.id)
        try:
            response = self.get_response(request)
        finally:
            request_id.reset(token)
        response.headers["X-Request-ID"] = request.id
        return response


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
