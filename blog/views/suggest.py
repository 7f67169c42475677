"""Names and hashtags while one types them."""

from datetime import timedelta

from django import forms
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.suggestions import people_like
from blog.suggestions import tags_like
from microblog.ratelimit import check

ASKED = {"times": 200, "per": timedelta(minutes=1)}  # somebody types quickly, a machine more so
MARKS = "@＠#＃"


class TypedForm(forms.Form):
    """`?q=@ad` or `?q=#dj`: a mark, and what begins after it."""

    q = forms.RegexField(rf"^[{MARKS}].", max_length=65)


@require_safe
@login_required
def suggest(request: HttpRequest) -> HttpResponse:
    """The list for the box in which somebody types: people for `@`, hashtags for `#`; nothing where nobody is meant."""
    form = TypedForm(request.GET)
    if not form.is_valid():
        raise BadRequest(_("Suggestions begin with @ or #."))
    check("suggest", f"member {request.user.pk}", **ASKED)
    mark, typed = form.cleaned_data["q"][0], form.cleaned_data["q"][1:]
    people = people_like(typed, request.user) if mark in "@＠" else []
    tags = tags_like(typed, request.user) if mark in "#＃" else []
    context = {"people": people, "tags": tags, "count": len(people) + len(tags)}
    response = render(request, "blog/_suggest.html", context)
    response.headers["Cache-Control"] = "private, no-store"
    return response
