"""Posts in the administration: moderators find them, hide them and show them again."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django_tasks_db.models import DBTaskResult

from accounts.models import User
from blog import queue, text
from blog.models import Post
from microblog.admin import LanguageFilter, ReadOnlyAdmin, Verb, VerbAdmin

HIDE = Verb(
    name="hide",
    label=_("Hide"),
    permission="blog.moderate_post",
    applies=lambda moderator, post: post.hidden_at is None,
    run=lambda post, reason: post.hide(reason),
    question=lambda n: ngettext("Hide this post?", "Hide these %(n)d posts?", n) % {"n": n},
    done=lambda n: ngettext("%(n)d post is hidden.", "%(n)d posts are hidden.", n) % {"n": n},
)
SHOW = Verb(
    name="show",
    label=_("Show again"),
    permission="blog.moderate_post",
    applies=lambda moderator, post: post.hidden_at is not None,
    run=lambda post, reason: post.show(reason),
    question=lambda n: ngettext("Show this post again?", "Show these %(n)d posts again?", n) % {"n": n},
    done=lambda n: ngettext("%(n)d post is shown again.", "%(n)d posts are shown again.", n) % {"n": n},
)
AUTHOR, LANGUAGE = "author:", "language:"


class HiddenFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        return [("shown", _("Shown")), ("hidden", _("Hidden"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() == "hidden":
            return queryset.exclude(hidden_at=None)
        return queryset.filter(hidden_at=None) if self.value() == "shown" else queryset


class PostLanguageFilter(LanguageFilter):
    """The site's own languages; any other one is found by `language:de` in the search."""

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        return [*super().lookups(request, model_admin), ("und", _("Unknown"))]


@admin.register(Post)
class PostAdmin(VerbAdmin):
    """Posts are read here, and hidden: their authors write and delete them."""

    list_display = ("text", "author_link", "language", "written", "state")
    list_filter = (HiddenFilter, PostLanguageFilter)
    list_select_related = ("author",)
    search_fields = ("body",)  # shows the box; `get_search_results` finds
    search_help_text = _("Words of a post; author:name for everything by somebody; language:de for a language.")
    verbs = (HIDE, SHOW)
    fields = ("body", "author_link", "answers_link", "language", "written", "hidden_at", "hidden_reason")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """A repost says nothing of its own: it is hidden, and shown again, with what it repeats."""
        return super().get_queryset(request).filter(repost_of=None)

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, term: str) -> tuple[QuerySet, bool]:
        words = term.split()
        for word in words:
            if word.startswith(AUTHOR):
                # The person first: with a subquery PostgreSQL would walk everybody's posts to find theirs.
                people = User.objects.named(word.removeprefix(AUTHOR).removeprefix("@"))
                queryset = queryset.filter(author_id__in=list(people.values_list("pk", flat=True)))
            elif word.startswith(LANGUAGE):
                queryset = queryset.filter(language=word.removeprefix(LANGUAGE))
        if phrase := self.phrase_of(term):
            queryset = queryset.filter(body__icontains=phrase)
        return queryset, False

    def phrase_of(self, term: str) -> str:
        return " ".join(word for word in term.split() if not word.startswith((AUTHOR, LANGUAGE)))

    def is_slow(self, query: str) -> bool:
        return bool(self.phrase_of(query)) and AUTHOR not in query

    @admin.display(description=_("text"))
    def text(self, post: Post) -> SafeString:
        return format_html("<bdi>{}</bdi>", text.summary(post.body, 140))

    @admin.display(description=_("author"))
    def author_link(self, post: Post) -> SafeString:
        url = reverse("admin:accounts_user_change", args=[post.author_id])
        return format_html('<a href="{}"><bdi>@{}</bdi></a>', url, post.author.username)

    @admin.display(description=_("answers"), empty_value="–")
    def answers_link(self, post: Post) -> SafeString | None:
        """What the post answers, in its conversation; it may be deleted."""
        if post.reply_to_id is None:
            return None
        url, words = reverse("blog:post", args=[post.reply_to_id]), gettext("The post that this one answers")
        return format_html('<a href="{}">{}</a>', url, words)

    @admin.display(description=_("written"))
    def written(self, post: Post) -> str:
        return date_format(post.created_at, "DATETIME_FORMAT")

    @admin.display(description=_("state"))
    def state(self, post: Post) -> Any:
        if post.hidden_at is None:
            return _("Shown")
        return format_html("<strong>{}</strong>: {}", _("Hidden"), post.hidden_reason)

    def view_on_site(self, post: Post) -> str:
        return post.get_absolute_url()


@admin.register(DBTaskResult)
class TaskAdmin(ReadOnlyAdmin):
    """The background work: what waits, what runs, and what failed, with the reason, to be run again."""

    change_list_template = "admin/change_list.html"
    list_display = ("what", "status", "attempts", "enqueued_at", "run_after_shown", "finished_at", "reason")
    list_filter = ("status",)
    ordering = ("-enqueued_at",)
    show_full_result_count = False
    fields = (*list_display, "args_kwargs", "traceback")
    readonly_fields = fields
    actions = ("run_again",)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ChangeList  # their keys are no numbers; a week's rows are few enough to count

    def has_run_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("django_tasks_database.change_dbtaskresult")

    @admin.action(description=_("Run again"), permissions=["run"])
    def run_again(self, request: HttpRequest, rows: QuerySet) -> None:
        """Put failed tasks back into the queue; the others are left as they are."""
        again = queue.run_again(rows)
        for row in again:
            self.log_change(request, row, gettext("Run again"))
        text = ngettext("%(n)d task is run again.", "%(n)d tasks are run again.", len(again)) % {"n": len(again)}
        messages.add_message(request, messages.SUCCESS if again else messages.WARNING, text)

    @admin.display(description=_("task"))
    def what(self, row: DBTaskResult) -> str:
        return row.task_path

    @admin.display(description=_("attempts"))
    def attempts(self, row: DBTaskResult) -> int:
        return row.args_kwargs["kwargs"].get("tried", 0) + len(row.worker_ids)

    @admin.display(description=_("not before"))
    def run_after_shown(self, row: DBTaskResult) -> Any:
        return row.run_after if row.run_after < queue.get_date_max() else None

    @admin.display(description=_("reason"))
    def reason(self, row: DBTaskResult) -> str:
        """The last line of the traceback."""
        return row.traceback.strip().rpartition("\n")[2][:200]
