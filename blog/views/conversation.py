"""A post on a page of its own, in its conversation: what it answers above, the answers below; and answering it."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from blog.cards import cards_by_id
from blog.forms import AnswerForm, PostForm
from blog.models import Gone, Post, thread
from blog.models.thread import Place
from blog.models.timeline import stamps_of
from blog.views.posts import RefusedError, publish
from blog.views.timelines import WRITES_IN, home_page, reads_of
from microblog import drafts
from microblog.drafts import writer_required
from microblog.pagination import Cursor, cursor_of, has_gone


@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """A post and its conversation; a repost leads to the original; of a deleted post its place and the answers."""
    post = Post.objects.visible_to(request.user).select_related("author").filter(pk=pk).first()
    if post is None:
        return deleted(request, get_object_or_404(Gone, pk=pk))
    if post.repost_of_id:
        return redirect("blog:post", post.repost_of_id)
    return page(request, post)


@require_POST
@writer_required
def reply(request: HttpRequest, pk: int) -> HttpResponse:
    """Publish an answer; where that is refused, the conversation's page keeps the text and says why."""
    posts = Post.objects.visible_to(request.user).select_related("author", "repost_of__author")
    post = posts.filter(pk=pk).first()
    if post is None:
        return answer_to_nothing(request)
    form = AnswerForm(request.POST, to=post.repost_of or post)
    try:
        answer = publish(request, form)
    except RefusedError as refused:
        return refused.on(page(request, form.to, form))
    messages.success(request, _("Your answer is now live."), extra_tags="posted")
    # The newest answer is the last one: it stands on the first page of a short conversation, else on its own page.
    there = form.to if form.to.reply_count < settings.POSTS_PER_PAGE else answer
    return redirect(f"{there.get_absolute_url()}#post-{answer.pk}")


def answer_to_nothing(request: HttpRequest) -> HttpResponse:
    """What it answers is not there any more: the text is on the home page, to be posted or copied from there."""
    form = PostForm(request.POST)
    if not form.is_valid() and "required" in {error.code for error in form.errors.as_data().get("body", [])}:
        raise Http404
    gone = _("The post that you answered is not there any more. Nothing is lost: your text can be a post of its own.")
    form.add_error("body", ValidationError(gone, code="gone"))
    return home_page(request, form, status=404)


def page(request: HttpRequest, post: Post, form: AnswerForm | None = None) -> HttpResponse:
    """The conversation around `post`, with a blank form for an answer, or with one that was refused."""
    if form is None:
        draft = drafts.take(request, "blog:reply", post.pk) if request.user.is_authenticated else ""
        form = AnswerForm(to=post, initial={"body": draft, "language": request.session.get(WRITES_IN, "")})
        if draft:
            messages.info(request, _("What you had written is back. It is not posted yet."))
    context = {"post": post, "form": form, "place": Place(post.pk, thread.POST)}
    return conversation(request, "blog/post.html", context, post.reply_to_id, post.author_id)


def deleted(request: HttpRequest, gone: Gone) -> HttpResponse:
    """The place of a post that was deleted, and the answers to it."""
    kind = thread.GONE_WITH_ACCOUNT if gone.with_account else thread.GONE
    return conversation(request, "blog/gone.html", {"place": Place(gone.pk, kind)}, gone.reply_to, None)


def conversation(
    request: HttpRequest, template: str, context: dict[str, Any], reply_to: int | None, author: int | None
) -> HttpResponse:
    """The page of `context["place"]`: what it answers, and who answers it, as far as the reader sees them."""
    cursor = cursor_of(request) if request.method != "POST" else Cursor()
    found = thread.answers(context["place"].pk, cursor, request.user)
    if has_gone(request, found):
        return redirect(request.path)
    above = thread.above(reply_to, request.user)
    branches = thread.branches(found.rows, author, request.user)
    places = [*above.places, context["place"], *(place for branch in branches for place in branch.places)]
    cards = cards_of(request, places)
    more = {
        "page": found,
        "earlier": above.earlier,
        "above": dressed(above.places, cards),
        "card": cards.get(context["place"].pk),
        "branches": [(dressed(branch.places, cards), branch.more) for branch in branches],
    }
    return render(request, template, context | more)


def cards_of(request: HttpRequest, places: Iterable[Place]) -> dict[int, Any]:
    """The cards of those places where a post is shown, by its id."""
    ids = [place.pk for place in places if place.kind == thread.POST]
    return cards_by_id(stamps_of(ids, request.user), reads_of(request.user))


def dressed(places: Iterable[Place], cards: dict[int, Any]) -> list[tuple[Place, Any]]:
    """Each place with its card, if it has one."""
    return [(place, cards.get(place.pk)) for place in places]
