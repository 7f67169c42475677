"""What is answered before a request is made ready for pages: the question for the badge, which open tabs ask."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from blog.views.unread import ADDRESS, unread


class BadgeMiddleware:
    """Answer the badge at once: no member is loaded, no session is opened, and nobody was seen because of it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return unread(request) if request.path_info == ADDRESS else self.get_response(request)
