"""The site's addresses and one empty view: what the framework alone costs, for visitors and members."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from microblog.urls import *  # noqa: F403
from microblog.urls import urlpatterns as site


def empty(request: HttpRequest) -> HttpResponse:
    """Load the session and its member, and say whose they are."""
    return HttpResponse(f"<title>{request.user}</title>")


urlpatterns = [path("bench/empty/", empty), *site]
