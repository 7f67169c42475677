"""One post: written, shown, deleted."""

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from blog.cards import cards
from blog.forms import PostForm
from blog.models import Post
from blog.models.timeline import stamps_of
from blog.views.timelines import WRITES_IN, home_page, reads_of
from microblog.drafts import writer_required
from microblog.ratelimit import TooManyRequests, check

POSTS = {"times": 30, "per": timedelta(minutes=10)}


@require_POST
@writer_required
def new(request: HttpRequest) -> HttpResponse:
    """Publish what was written; where that is refused, the home page keeps the text and says why."""
    form = PostForm(request.POST)
    if not form.is_valid():
        return home_page(request, form, status=422)
    try:
        check("post", f"member {request.user.pk}", **POSTS)
    except TooManyRequests as error:
        form.add_error("body", _("You have posted a lot. Nothing is lost: wait a few minutes and post again."))
        response = home_page(request, form, status=429)
        response.headers["Retry-After"] = str(error.retry_after)
        return response
    form.publish(request.user)
    if form.cleaned_data["language"] != request.session.get(WRITES_IN, ""):
        request.session[WRITES_IN] = form.cleaned_data["language"]
    messages.success(request, _("Your post is now live."), extra_tags="posted")
    return redirect("blog:home")


@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """A post on a page of its own."""
    post = get_object_or_404(Post.objects.visible_to(request.user).select_related("author"), pk=pk)
    if post.repost_of_id:
        return redirect("blog:post", post.repost_of_id)
    card = cards(stamps_of([post.pk], request.user), reads_of(request.user))
    return render(request, "blog/post.html", {"post": post, "card": card})


@require_safe
def menu(request: HttpRequest, pk: int) -> HttpResponse:
    """What stands behind "more" of a card: for the author, deleting it."""
    post = get_object_or_404(Post.objects.visible_to(request.user).select_related("author"), pk=pk)
    return render(request, "blog/_menu.html", {"post": post})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then delete. Only one's own: anybody else's post is not found."""
    post = get_object_or_404(Post.objects.by(request.user), pk=pk)
    if request.method != "POST":
        return render(request, "blog/delete.html", {"post": post})
    post.remove()
    messages.success(request, _("The post is deleted."))
    return redirect("blog:home")
