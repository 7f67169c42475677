"""The site's addresses and some that fail, each in its way."""

from datetime import timedelta
from typing import NoReturn

from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest
from django.urls import path

from microblog.ratelimit import check
from microblog.urls import *  # noqa: F403
from microblog.urls import urlpatterns as site


def raises(error: Exception):
    def view(request: HttpRequest, **_named: str) -> NoReturn:
        raise error

    return view


def too_often(request: HttpRequest) -> None:
    for _try in range(3):
        check("test", "somebody", times=1, per=timedelta(minutes=1))


urlpatterns = [
    path("broken/crash/", raises(ZeroDivisionError("by zero\nand a second line"))),
    path("broken/reset/<str:token>/", raises(ZeroDivisionError("by zero"))),
    path("broken/away/", raises(OperationalError('connection to server at "10.0.0.7" failed\n\tIs it running?'))),
    path("broken/gone/", raises(InterfaceError("connection already closed"))),
    path("broken/sentence/", raises(BadRequest("This is <not> a page."))),
    path("broken/suspicious/", raises(SuspiciousOperation("Invalid HTTP_HOST header for developers."))),
    path("broken/lost/", raises(Http404("Nothing matches."))),
    path("broken/forbidden/", raises(PermissionDenied())),
    path("broken/often/", too_often),
    *site,
]
