"""The ground of the administration: its site, lists that never count, and what is done with a reason."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.contrib.admin.views.main import PAGE_VAR, ChangeList
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.text import capfirst, format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from microblog.addresses import wanted
from microblog.pagination import LARGEST

ROWS = 50  # a page of a list


class AdminSite(admin.AdminSite):
    """Django's, under our name, with our own door: sign-in is limited and remembered in one place only."""

    site_header = format_lazy("{} · {}", settings.SITE_NAME, _("Administration"))
    site_title = settings.SITE_NAME
    index_title = _("Administration")
    enable_nav_sidebar = False

    def login(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        """Only who has no right to be here comes here."""
        if request.user.is_authenticated:
            raise PermissionDenied
        return redirect_to_login(wanted(request) or reverse("admin:index"))

    def password_change(self, request: HttpRequest, extra_context: dict | None = None) -> Any:
        return redirect("password_change")


class KeysetList(ChangeList):
    """A list by id, newest first. Its page variable is not a number of pages but the id that the page stands before,
    so that no list counts a table, or skips rows that it has shown already.
    """

    model_admin: "ReadOnlyAdmin"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = capfirst(str(self.opts.verbose_name_plural))

    def get_ordering(self, request: HttpRequest, queryset: QuerySet) -> list[Any]:
        return ["-pk"]

    def get_results(self, request: HttpRequest) -> None:
        size = self.list_per_page
        rows = self.queryset
        self.before = min(self.page_num, LARGEST) if self.page_num > 1 else None
        if self.before:
            rows = rows.filter(pk__lt=self.before)
        self.edge = self._edge() if self.model_admin.is_slow(self.query) else None
        if self.edge:
            rows = rows.filter(pk__gt=self.edge)
        found = list(rows[: size + 1])
        self.result_list = found[:size]
        more = len(found) > size
        self.older = found[size - 1].pk if more else self.edge + 1 if self.edge else None
        # What Django's templates ask: with both counts alike they say nothing of a total.
        self.result_count = self.full_result_count = len(self.result_list)
        self.show_full_result_count = self.show_admin_actions = True
        self.can_show_all = self.multi_page = False
        self.paginator = None

    def _edge(self) -> int | None:
        """The id below the rows that a search looks through at once, or None if it reaches the oldest."""
        rows = self.model._default_manager.order_by("-pk")
        if self.before:
            rows = rows.filter(pk__lt=self.before)
        reach = self.model_admin.search_reach
        return rows.values_list("pk", flat=True)[reach : reach + 1].first()

    @property
    def older_link(self) -> str:
        return self.get_query_string({PAGE_VAR: self.older})

    @property
    def newest_link(self) -> str:
        return self.get_query_string(remove=[PAGE_VAR])


class LanguageFilter(admin.SimpleListFilter):
    """Rows in one of the site's languages; one that is none filters nothing."""

    title = _("language")
    parameter_name = "language"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        return list(settings.LANGUAGES)

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        known = self.value() in dict(self.lookup_choices)
        return queryset.filter(language=self.value()) if known else queryset


class ReadOnlyAdmin(admin.ModelAdmin):
    """A model that the administration shows and never adds, changes or deletes by a form."""

    change_list_template = "admin/keyset_list.html"
    ordering = ("-pk",)
    sortable_by = ()
    list_per_page = ROWS
    show_facets = admin.ShowFacets.NEVER
    search_reach = 20_000  # rows that one page of a slow search looks through

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return KeysetList

    def is_slow(self, query: str) -> bool:
        """Whether a search for `query` has to read rows that it does not find."""
        return False

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        name = self.opts.model_name
        return any(request.user.has_perm(f"{self.opts.app_label}.{verb}_{name}") for verb in ("view", "change"))


@dataclass(frozen=True)
class Verb:
    """Something that moderators do to rows, one by one or several at once, always with a reason.

    `applies(moderator, row)` tells whether there is anything to do; the row's own method does it. Sentences are
    functions of the number of rows.
    """

    name: str
    label: Promise
    permission: str
    applies: Callable[[Any, Any], bool]
    run: Callable[[Any, str], None]
    question: Callable[[int], str]
    done: Callable[[int], str]


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("Kept in the history. Write what you would tell the person."),
        max_length=200,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )


class VerbAdmin(ReadOnlyAdmin):
    """A list whose rows moderators act on: each verb is a button on the row's page and an action of the list."""

    change_form_template = "admin/verbs_form.html"
    verbs: Sequence[Verb] = ()

    def may(self, request: HttpRequest, verb: Verb) -> bool:
        return request.user.has_perm(verb.permission)

    def get_actions(self, request: HttpRequest, action_location: Any = None) -> dict[str, Any]:
        # Django 6.1 asks for the page of a row, too, where the verbs are buttons already.
        if getattr(action_location, "name", "") == "CHANGE_FORM":
            return {}
        permitted = [verb for verb in self.verbs if self.may(request, verb)]
        return {verb.name: (partial(_ask, verb), verb.name, verb.label) for verb in permitted}

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        own = [
            path(f"{verb.name}/", self.admin_site.admin_view(partial(self.act, verb=verb)), name=f"{name}_{verb.name}")
            for verb in self.verbs
        ]
        return [*own, *super().get_urls()]

    def address_of(self, verb: Verb, pks: Sequence[Any], back: str) -> str:
        """The page that asks for the reason, for the rows `pks`; it returns to `back`."""
        page = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_{verb.name}")
        return f"{page}?{urlencode({'id': pks, 'next': back}, doseq=True)}"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        verbs = [verb for verb in self.verbs if row and self.may(request, verb) and verb.applies(request.user, row)]
        links = [(verb.label, self.address_of(verb, [object_id], request.path)) for verb in verbs]
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "verbs": links})

    def act(self, request: HttpRequest, *, verb: Verb) -> HttpResponse:
        """Ask for the reason; then do it to every row that it applies to, and note each in the history."""
        if not self.may(request, verb):
            raise PermissionDenied
        found = self.get_queryset(request).filter(pk__in=_ids(request)).order_by("-pk")
        rows = [row for row in found if verb.applies(request.user, row)]
        back = wanted(request) or reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        if not rows:
            messages.warning(request, gettext("Nothing was changed: this applies to none of them."))
            return redirect(back)
        form = ReasonForm(request.POST or None)
        if not form.is_valid():
            return self.ask(request, verb, rows, form, left_out=len(found) - len(rows), back=back)
        for row in rows:
            self.do(request, verb, row, form.cleaned_data["reason"])
        messages.success(request, verb.done(len(rows)))
        return redirect(back)

    @transaction.atomic
    def do(self, request: HttpRequest, verb: Verb, row: Model, reason: str) -> None:
        verb.run(row, reason)
        self.log_change(request, row, f"{verb.label}: {reason}")

    def ask(
        self, request: HttpRequest, verb: Verb, rows: list, form: ReasonForm, *, left_out: int, back: str
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": verb.question(len(rows)),
            "opts": self.opts,
            "verb": verb,
            "rows": rows,
            "left_out": left_out,
            "form": form,
            "back": back,
        }
        return TemplateResponse(request, "admin/verb.html", context, status=422 if form.is_bound else 200)


def _ask(verb: Verb, model_admin: VerbAdmin, request: HttpRequest, queryset: QuerySet) -> HttpResponse:
    """The action of a list: on to the page that asks for the reason."""
    pks = list(queryset.values_list("pk", flat=True)[:ROWS])
    return redirect(model_admin.address_of(verb, pks, request.get_full_path()))


def _ids(request: HttpRequest) -> list[int]:
    """The rows that an address names; what is no id names none."""
    given = [int(value) for value in request.GET.getlist("id")[:ROWS] if value.isdecimal() and len(value) < 20]
    return [pk for pk in given if pk <= LARGEST]


@admin.register(LogEntry)
class HistoryAdmin(ReadOnlyAdmin):
    """Who did what in the administration, and why."""

    list_display = ("action_time", "user", "what", "change_message")
    list_display_links = None
    list_select_related = ("user", "content_type")
    fields = ("action_time", "user", "content_type", "object_repr", "change_message")

    @admin.display(description=_("what"))
    def what(self, entry: LogEntry) -> SafeString | str:
        url = entry.get_admin_url()
        return format_html('<a href="{}">{}</a>', url, entry.object_repr) if url else entry.object_repr
