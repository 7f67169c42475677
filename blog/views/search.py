"""The page of the search: posts, people and hashtags; and what is suggested while somebody types."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseClientRedirect

from accounts.suggestions import people_like
from accounts.views.people import followed_by
from blog import search
from blog.cards import cards
from blog.forms import SearchForm
from blog.search import names
from blog.search.marking import mark
from blog.views.timelines import reads_of
from microblog import ratelimit

A_MINUTE = timedelta(minutes=1)
SEARCHES, SUGGESTIONS = 60, 240  # a minute, of each member or address
SUGGESTED_PEOPLE, SUGGESTED_TAGS, SUGGESTED_POSTS = 5, 3, 3
BESIDE = 3  # people, and hashtags, above the posts


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """A page of results, or what can be asked where nothing was."""
    form = SearchForm(request.GET)
    if not form.is_valid():
        raise no_page()
    asked = {name: form.cleaned_data[name] for name in ("q", "kind", "order", "before")}
    asked["kind"], asked["order"] = asked["kind"] or "posts", asked["order"] or "best"
    if asked["q"].strip():
        ratelimit.check("search", ratelimit.who(request), times=SEARCHES, per=A_MINUTE)
    try:
        return KINDS[asked["kind"]](request, asked)
    except search.CursorError:
        raise no_page() from None


def no_page() -> BadRequest:
    return BadRequest(_("This address names no page of the list. Start again from its beginning."))


def posts(request: HttpRequest, asked: dict[str, str]) -> HttpResponse:
    hits = search.match(asked["q"], viewer=request.user, cursor=asked["before"], order=asked["order"])  # type: ignore[arg-type]
    if hits.restarted:  # found by another engine than the page before: the two can't be one list
        first = address({**asked, "before": ""})
        return HttpResponseClientRedirect(first) if request.htmx else redirect(first)
    context = {"hits": hits, "cards": mark(cards(hits.rows, reads_of(request.user)), hits.query), "older": hits.older}
    if asked["q"].strip() and not asked["before"]:
        context |= beside(request, asked["q"])
        if not hits.rows:
            context["tries"] = [(text, address({**asked, "q": text})) for text in search.other_tries(hits.query)]
    return answer(request, asked, context)


def beside(request: HttpRequest, text: str) -> dict[str, Any]:
    """The people and hashtags that the text may mean, for the first page of posts."""
    found = people_like(text, request.user, BESIDE)
    mine = followed_by(request.user, [person.pk for person in found])
    rows = [(person, person.pk in mine) for person in found]
    return {"meant": rows, "meant_tags": names.tags(text, request.user, limit=BESIDE)[0]}


def people(request: HttpRequest, asked: dict[str, str]) -> HttpResponse:
    found, older = names.people(asked["q"], request.user, asked["before"])
    mine = followed_by(request.user, [person.pk for person in found])
    return answer(request, asked, {"rows": [(person, person.pk in mine) for person in found], "older": older})


def tags(request: HttpRequest, asked: dict[str, str]) -> HttpResponse:
    found, older = names.tags(asked["q"], request.user, asked["before"])
    return answer(request, asked, {"tags": found, "older": older})


KINDS = {"posts": posts, "people": people, "tags": tags}


def answer(request: HttpRequest, asked: dict[str, str], context: dict[str, Any]) -> HttpResponse:
    """The page, with the addresses of the other tabs and of the next page."""
    first = {**asked, "before": ""}
    tabs = [
        (kind, label, address({**first, "kind": kind}))
        for kind, label in [("posts", _("Posts")), ("people", _("People")), ("tags", _("Hashtags"))]
    ]
    orders = [
        (order, label, address({**first, "order": order}))
        for order, label in [("best", _("Best match")), ("newest", _("Newest first"))]
    ]
    older = address({**asked, "before": context["older"]}) if context["older"] else ""
    page = {**context, "asked": asked, "tabs": tabs, "orders": orders, "older": older, "first": address(first)}
    return render(request, "blog/search.html", page)


def address(asked: dict[str, str]) -> str:
    """The address of a search; what is as usual is left out."""
    usual = {"kind": "posts", "order": "best", "before": ""}
    # Only what is read of a very long text: a dozen links repeat it.
    asked = {**asked, "q": search.shorten(asked["q"])[0]}
    parameters = {name: value for name, value in asked.items() if value != usual.get(name)}
    return f"{reverse('blog:search')}?{urlencode(parameters)}"


@require_safe
def suggestions(request: HttpRequest) -> HttpResponse:
    """People, hashtags and posts with words that begin like what is being typed, for the list under the box."""
    form = SearchForm(request.GET)
    if not form.is_valid():
        raise no_page()
    text = form.cleaned_data["q"].strip()
    ratelimit.check("suggestions", ratelimit.who(request), times=SUGGESTIONS, per=A_MINUTE)
    context = {
        "text": text,
        "people": people_like(text, request.user, SUGGESTED_PEOPLE),
        "tags": names.tags(text, request.user, limit=SUGGESTED_TAGS)[0],
        "posts": search.glimpse(text, viewer=request.user, limit=SUGGESTED_POSTS),
        "all_posts": address({"q": text}),
    }
    response = render(request, "blog/_suggestions.html", context)
    patch_cache_control(response, private=True, max_age=30)
    return response
