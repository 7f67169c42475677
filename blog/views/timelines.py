"""The pages that are timelines, and the counts behind "3 new posts"."""

from collections.abc import Hashable, Set
from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts import suggestions
from accounts.models import User, sight
from accounts.suggestions import who_to_follow
from accounts.validators import fold
from blog import text
from blog.cards import encoded
from blog.forms import PostForm
from blog.models import Post, Tag
from blog.models import timeline as timelines
from blog.models.timeline import home_of, page_of
from microblog import drafts
from microblog.context_processors import site_url, theme_of
from microblog.pagination import Cursor, Page, cursor_of, has_gone
from microblog.templatetags.kept import render_kept

WRITES_IN = "writes_in"  # in the session: the language that the author chose for their last post, if they did


def timeline(page: Page, reader: Any) -> dict[str, Any]:
    """What a template needs of a page: its cards, as `reader` sees them, and its cursors."""
    return {"page": page, "cards": encoded(page.rows, reads_of(reader))}


def reads_of(reader: Any) -> Set[str]:
    """The languages that a member has said they read; of a visitor nothing is known."""
    return reader.languages_read if reader.is_authenticated else frozenset()


def home(request: HttpRequest) -> HttpResponse:
    """The home timeline of a member; the front page for a visitor."""
    if not request.user.is_authenticated:
        return front(request)
    return home_page(request)


def home_page(request: HttpRequest, form: PostForm | None = None, status: int = 200) -> HttpResponse:
    """The home timeline below a form: a blank one, or one that was refused."""
    page = home_of(request.user, cursor_of(request))
    if has_gone(request, page):
        return redirect(request.path)
    writes_in = request.session.get(WRITES_IN, "")
    if form is None and (draft := drafts.take(request, "blog:new")):
        form = PostForm(initial={"body": draft, "language": writes_in})
        messages.info(request, _("What you had written is back. It is not posted yet."))
    # A blank form is kept as HTML, and made only where it is not at hand.
    forms = {"form": form, "writes_in": writes_in, "blank": partial(PostForm, initial={"language": writes_in})}
    context = {**timeline(page, request.user), **forms}
    if form:
        return render(request, "blog/home.html", context, status=status)
    return shell(request, "blog/home.html", context, writes_in)


@require_safe
def front(request: HttpRequest) -> HttpResponse:
    page = timelines.explore(Cursor(), request.user)
    return shell(request, "blog/front.html", timeline(page, request.user))


@require_safe
def explore(request: HttpRequest) -> HttpResponse:
    page = timelines.explore(cursor_of(request), request.user)
    if has_gone(request, page):
        return redirect(request.path)
    context = timeline(page, request.user)
    if request.user.is_authenticated and (chosen := who_to_follow(request.user)):
        # Kept as HTML for everybody to whom the same people are suggested; loaded only where it is not at hand.
        context |= {"suggestions": (chosen, suggestions.period()), "suggested": partial(suggestions.people, chosen)}
    return shell(request, "blog/explore.html", context, context.get("suggestions"))


def shell(request: HttpRequest, template: str, context: dict[str, Any], *besides: Hashable) -> HttpResponse:
    """A page of which all but the rows is decided by the reader, their colours, its address, and `besides`."""
    user = request.user
    stamp = user.stamp if user.is_authenticated else (site_url(request), bool(request.GET))
    return render_kept(request, template, (stamp, theme_of(request), context["page"].shape, *besides), context)


@require_safe
def tag(request: HttpRequest, name: str) -> HttpResponse:
    """Posts that carry a hashtag; a tag nobody used yet is an empty list, not an error."""
    folded = text.fold(name)
    if not folded:
        raise Http404
    if folded != name:
        return redirect("blog:tag", folded, permanent=True)
    found = Tag.objects.filter(name=folded).first()
    page = tagged(found, request) if found else Page()
    if has_gone(request, page):
        return redirect(request.path)
    return render(request, "blog/tag.html", {**timeline(page, request.user), "tag": folded})


def tagged(found: Tag, request: HttpRequest) -> Page:
    return page_of(Post.objects.tagged(found).heard_by(request.user), cursor_of(request), request.user)


@require_safe
def person(request: HttpRequest, username: str) -> HttpResponse:
    """Somebody's profile and posts. Their name in other letters redirects to the name as they write it."""
    who = get_object_or_404(User, username_key=fold(username))
    between = sight.ties(request.user, who)
    if not sight.sees(request.user, who, between):
        raise Http404
    if who.username != username:
        return redirect(who, permanent=True)
    if request.user.is_staff or request.user == who:  # they see the hidden ones too
        page = page_of(Post.objects.by(who).visible_to(request.user), cursor_of(request), request.user)
    else:
        page = timelines.profile(who, cursor_of(request), request.user)
    if has_gone(request, page):
        return redirect(request.path)
    takes = request.user.is_authenticated and request.user.may_write_to(who, between)
    context = {**timeline(page, request.user), "person": who, "ties": between, "takes_messages": takes}
    return render(request, "blog/person.html", context)


@require_safe
@login_required
def home_new(request: HttpRequest) -> JsonResponse:
    """How many posts of the home timeline are newer than `?after=`."""
    return count_of(home_of(request.user, cursor_of(request)))


@require_safe
def explore_new(request: HttpRequest) -> JsonResponse:
    return count_of(timelines.explore(cursor_of(request), request.user))


def count_of(page: Page) -> JsonResponse:
    """The count, whether there are more, and the words of the bar in the reader's language."""
    count, more = len(page.rows), page.newer is not None
    words = ngettext("%(n)s new post", "%(n)s new posts", count) % {"n": f"{count}+" if more else count}
    return JsonResponse({"count": count, "more": more, "label": words}, headers={"Cache-Control": "no-store"})
