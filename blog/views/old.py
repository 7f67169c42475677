"""Where the pages of the Flask Microblog are now. They changed nothing by GET, so nothing happens here either."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from microblog.addresses import is_ours

# A browser keeps a permanent redirect for ever unless told otherwise, and some pages will move once more.
FOR_A_DAY = {"Cache-Control": "max-age=86400"}


@require_safe
def moved(request: HttpRequest, to: str, keep: str = "", **_named: str) -> HttpResponse:
    """Redirect to the path `to`; the parameter `keep` goes along, `next` only if it names a page of this site."""
    where = request.GET.get(keep, "") if keep else ""
    if where and (keep != "next" or is_ours(request, where)):
        to = f"{to}?{urlencode({keep: where})}"
    return HttpResponsePermanentRedirect(to, headers=FOR_A_DAY)


@require_safe
def profile(request: HttpRequest, username: str, to: str = "blog:person") -> HttpResponse:
    """Everything about somebody is on their page now, or at the address of it that is called `to`."""
    return HttpResponsePermanentRedirect(reverse(to, args=[username]), headers=FOR_A_DAY)


@require_safe
def conversation(request: HttpRequest, username: str) -> HttpResponse:
    """A message to somebody is written where the others are."""
    return HttpResponsePermanentRedirect(reverse("blog:conversation", args=[username]), headers=FOR_A_DAY)
