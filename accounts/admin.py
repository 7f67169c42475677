"""People in the administration: moderators find and suspend, administrators also say who is one of them."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.forms.fields import UniqueMixin
from accounts.models import NameWord, User
from accounts.models.names import begins, plain
from accounts.validators import fold
from microblog.admin import LanguageFilter, Verb, VerbAdmin

WORDS_AT_MOST = 5  # of a search, one statement each
PEOPLE_AT_MOST = 1000  # who have a word in their names that begins so


def may_suspend(moderator: User, person: User) -> bool:
    """Not oneself; and staff only by a superuser."""
    return person.pk != moderator.pk and (moderator.is_superuser or not (person.is_staff or person.is_superuser))


SUSPEND = Verb(
    name="suspend",
    label=_("Suspend"),
    permission="accounts.suspend_user",
    applies=lambda moderator, person: person.is_active and may_suspend(moderator, person),
    run=lambda person, reason: person.suspend(),
    question=lambda n: ngettext("Suspend this person?", "Suspend these %(n)d people?", n) % {"n": n},
    done=lambda n: ngettext("%(n)d person is suspended.", "%(n)d people are suspended.", n) % {"n": n},
)
RESTORE = Verb(
    name="restore",
    label=_("Restore"),
    permission="accounts.suspend_user",
    applies=lambda moderator, person: not person.is_active and may_suspend(moderator, person),
    run=lambda person, reason: person.restore(),
    question=lambda n: ngettext("Restore this person?", "Restore these %(n)d people?", n) % {"n": n},
    done=lambda n: ngettext("%(n)d person is restored.", "%(n)d people are restored.", n) % {"n": n},
)


class SuspendedFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        return [("active", _("Active")), ("suspended", _("Suspended"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() == "suspended":
            return queryset.exclude(suspended_at=None)
        return queryset.filter(suspended_at=None) if self.value() == "active" else queryset


class PersonForm(UniqueMixin, forms.ModelForm):
    """What an administrator may change. Only a superuser makes superusers, see `PeopleAdmin.get_fields`."""

    class Meta:
        model = User
        fields = ("email", "is_staff", "is_superuser", "groups")
        widgets = {"groups": forms.CheckboxSelectMultiple}

    def clean(self) -> dict[str, Any] | None:
        self.member = self.instance
        self.check_free()
        return super().clean()


def called(term: str) -> Q:
    """Whose names hold words that begin as those of `term` do, each of them."""
    found = Q()
    for word in plain(term).split()[:WORDS_AT_MOST]:
        # The people first: within an OR, PostgreSQL would walk everybody.
        people = NameWord.objects.filter(begins("word", word)).values_list("person", flat=True)[:PEOPLE_AT_MOST]
        found &= begins("username_key", word) | Q(pk__in=list(people))
    return found


@admin.register(User)
class PeopleAdmin(VerbAdmin):
    """Nobody is added here (people join), deleted here (that is theirs), or given a password (they reset it)."""

    form = PersonForm
    list_display = ("username", "name", "email", "created_at", "last_seen_at", "written", "state")
    list_filter = (SuspendedFilter, "is_staff", LanguageFilter)
    search_fields = ("username",)  # shows the box; `get_search_results` finds
    search_help_text = _("The beginning of a username, of the words of a name, or of an e-mail address.")
    verbs = (SUSPEND, RESTORE)
    seen = ("username", "name", "email", "about", "language", "created_at", "last_seen_at", "state")
    numbers = ("written", "followers", "following")
    rights = ("is_staff", "groups")

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, term: str) -> tuple[QuerySet, bool]:
        key = fold(term.strip().removeprefix("@"))
        if not key:
            return queryset, False
        # Index scans on PostgreSQL, all of them (username_prefix, email_prefix, word_prefix).
        found = Q(email_key__startswith=key)
        return queryset.filter(found if "@" in key else found | Q(username_key__startswith=key) | called(term)), False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Administrators; and nobody but a superuser changes a superuser."""
        allowed = request.user.has_perm("accounts.change_user")
        return allowed and (obj is None or request.user.is_superuser or not obj.is_superuser)

    def get_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        fields: tuple[str, ...] = self.seen + self.numbers
        if self.has_change_permission(request, obj):
            fields += self.rights
        return fields + (("is_superuser",) if request.user.is_superuser else ())

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        return tuple(name for name in self.seen + self.numbers if name != "email")

    @admin.display(description=_("state"))
    def state(self, person: User) -> Any:
        if person.suspended_at is None:
            return _("Active")
        return format_html("<strong>{}</strong>", _("Suspended"))

    @admin.display(description=_("posts"))
    def written(self, person: User) -> SafeString:
        query = urlencode({"q": f"author:{person.username}"})
        return format_html('<a href="{}?{}">{}</a>', reverse("admin:blog_post_changelist"), query, person.post_count)

    @admin.display(description=_("followers"))
    def followers(self, person: User) -> int:
        return person.follower_count

    @admin.display(description=_("following"))
    def following(self, person: User) -> int:
        return person.following_count

    def view_on_site(self, person: User) -> str:
        return person.get_absolute_url()
