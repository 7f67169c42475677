"""One post: written, and deleted. It is shown in its conversation."""

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import sight
from blog.forms import PostForm
from blog.models import Post
from blog.views.timelines import WRITES_IN, home_page
from microblog.drafts import writer_required
from microblog.ratelimit import TooManyRequests, check

POSTS = {"times": 30, "per": timedelta(minutes=10)}


class RefusedError(Exception):
    """What somebody wrote is not published; the form says why."""

    def __init__(self, status: int, retry_after: int | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.retry_after = retry_after

    def on(self, page: HttpResponse) -> HttpResponse:
        """`page`, which shows the form, as the answer to who sent it."""
        page.status_code = self.status
        if self.retry_after is not None:
            page.headers["Retry-After"] = str(self.retry_after)
        return page


def publish(request: HttpRequest, form: PostForm) -> Post:
    """Publish what was written, a post or an answer, or raise RefusedError. Its language is offered again."""
    if not form.is_valid():
        raise RefusedError(422)
    try:
        check("post", f"member {request.user.pk}", **POSTS)
    except TooManyRequests as error:
        form.add_error("body", _("You have posted a lot. Nothing is lost: wait a few minutes and post again."))
        raise RefusedError(429, error.retry_after) from error
    post = form.publish(request.user)
    if form.cleaned_data["language"] != request.session.get(WRITES_IN, ""):
        request.session[WRITES_IN] = form.cleaned_data["language"]
    return post


@require_POST
@writer_required
def new(request: HttpRequest) -> HttpResponse:
    """Publish what was written; where that is refused, the home page keeps the text and says why."""
    form = PostForm(request.POST)
    try:
        publish(request, form)
    except RefusedError as refused:
        return refused.on(home_page(request, form))
    messages.success(request, _("Your post is now live."), extra_tags="posted")
    return redirect("blog:home")


@require_safe
def menu(request: HttpRequest, pk: int) -> HttpResponse:
    """What stands behind "more" of a card: deleting it for its author, muting and blocking them for others."""
    posts = Post.objects.visible_to(request.user).originals().select_related("author")
    post = get_object_or_404(posts, pk=pk)
    is_another = request.user.is_authenticated and request.user != post.author
    ties = sight.ties(request.user, post.author) if is_another else None
    return render(request, "blog/_menu.html", {"post": post, "ties": ties})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then delete. Only one's own: anybody else's post is not found. A repost is not deleted but undone."""
    post = get_object_or_404(Post.objects.by(request.user).originals(), pk=pk)
    if request.method != "POST":
        return render(request, "blog/delete.html", {"post": post})
    place = post.remove()
    messages.success(request, _("The post is deleted."))
    return redirect("blog:post", place.pk) if place else redirect("blog:home")
