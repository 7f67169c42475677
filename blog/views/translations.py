"""A post in the reader's language: kept translations for everybody, new ones for members."""

from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils.translation import get_language, ngettext
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from accounts.models import User
from blog.models import Post, Translation
from blog.translate import TranslationError, provider, translate
from microblog import languages
from microblog.ratelimit import TooManyRequests, check

ASKED = {"times": 60, "per": timedelta(hours=1)}  # what is kept already does not count
RETRY_AFTER = 60  # seconds: as long as a provider that failed is not asked


@dataclass(frozen=True)
class Trouble:
    """Why there is no translation: a sentence for the reader, the HTTP status, and when another try makes sense."""

    sentence: str
    status: int
    retry_after: int | None = None

    @property
    def passes(self) -> bool:
        return self.retry_after is not None


@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """GET shows what is kept; POST has the post translated, in place for htmx, else on this page.

    Where that fails, the sentence that says why stands in the translation's place; htmx would not show any other
    status than 200, so the page alone carries it: 429, 503, or 404 for languages between which nobody translates.
    """
    posts = Post.objects.visible_to(request.user).originals().select_related("author").prefetch_related("mentions")
    post, target = get_object_or_404(posts, pk=pk), get_language()
    if provider() is None or languages.same(post.language, target):
        raise Http404
    found, trouble = Translation.objects.of(post, target), None
    if request.method == "POST" and found is None:
        if not request.user.is_authenticated:
            return to_sign_in(request)
        found, trouble = ask(request.user, post, target)
    named = languages.name_in_a_sentence(post.language)
    context = {"post": post, "language": named, "found": found, "trouble": trouble}
    if request.method == "POST" and request.htmx:
        return render(request, "blog/_translation.html", context)
    if request.method == "POST" and found:
        return redirect("blog:translation", pk)
    return page(request, context, trouble)


def ask(member: User, post: Post, target: str) -> tuple[Translation | None, Trouble | None]:
    """The translation, or why there is none."""
    try:
        check("translate", f"member {member.pk}", **ASKED)
        return translate(post, target), None
    except TooManyRequests as error:
        n = -(-error.retry_after // 60)
        sentence = ngettext(
            "You have had many posts translated. You can go on in %(n)d minute.",
            "You have had many posts translated. You can go on in %(n)d minutes.",
            n,
        )
        return None, Trouble(sentence % {"n": n}, 429, error.retry_after)
    except TranslationError as error:
        status = 404 if error.kind == "pair_not_offered" else 503
        return None, Trouble(error.sentence, status, RETRY_AFTER if error.kind == "later" else None)


def page(request: HttpRequest, context: dict, trouble: Trouble | None) -> HttpResponse:
    """A page of its own: the post with its translation, or with the button that asks for one."""
    known = context["found"] or trouble
    if known or request.user.is_authenticated:
        part = "blog/_translation.html" if known else "blog/_translate.html"
        context["translation"] = render_to_string(part, context, request)
    context["sign_in"] = not known and not request.user.is_authenticated
    response = render(request, "blog/translation.html", context, status=trouble.status if trouble else 200)
    if trouble and trouble.retry_after is not None:
        response.headers["Retry-After"] = str(trouble.retry_after)
    return response


def to_sign_in(request: HttpRequest) -> HttpResponse:
    answer = redirect_to_login(request.path)
    return HttpResponseClientRedirect(answer.url) if request.htmx else answer
