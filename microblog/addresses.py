"""Addresses that a request may send somebody to, and the site's own for links in e-mails."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseClientRedirect


def site_address(request: HttpRequest) -> str:
    """`https://example.org`: SITE_URL, else the request's host as far as ALLOWED_HOSTS vouches for it.

    "" where nobody vouches for it: a visitor could choose where our links lead (microblog.W011).
    """
    if settings.SITE_URL:
        return settings.SITE_URL
    if "*" in settings.ALLOWED_HOSTS and not settings.DEBUG:
        return ""
    return f"{request.scheme}://{request.get_host()}"


def is_ours(request: HttpRequest, url: str) -> bool:
    """Whether `url` stays on this site: no other host, no `//evil.example`, no `javascript:`.

    Nor a bare word, which `redirect` takes for the name of a view, and fails where there is none.
    """
    whole = url.startswith(("/", "http://", "https://"))
    return whole and url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure())


def wanted(request: HttpRequest) -> str:
    """Where `next` asks to go, if that is on this site; else nothing."""
    url = request.POST.get("next") or request.GET.get("next") or ""
    return url if is_ours(request, url) else ""


def back(request: HttpRequest, default: Any = "/") -> str:
    """Where an action returns to: `next`, else the page it was started from, else `default` (as for `redirect`)."""
    if url := wanted(request):
        return url
    referer = request.headers.get("Referer", "")
    page = urlsplit(referer)._replace(scheme="", netloc="").geturl() if is_ours(request, referer) else ""
    # Asked again without its host: our page //evil.example/ is a "not found" with buttons, and its path another host.
    return page if is_ours(request, page) else resolve_url(default)


def member_required(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """For addresses that take POST only: a visitor signs in first, then is back on the page they came from.

    Django's `login_required` would bring them to the address itself, which answers a GET with 405.
    """

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        answer = redirect_to_login(back(request))
        return HttpResponseClientRedirect(answer.url) if request.htmx else answer

    return checked
