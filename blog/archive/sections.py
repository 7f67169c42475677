"""What a member's archive holds: a list of sections, each a query and its columns. A new kind of row is a new entry."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from blog.models import Post

BATCH = 1000  # rows in memory at once


@dataclass(frozen=True)
class Column:
    """`name` in the files, `label` for people, and where the value comes from."""

    name: str
    label: Promise
    lookup: str
    read: Callable[[Any], Any] = lambda value: value


@dataclass(frozen=True)
class Section:
    """One kind of rows. `name` is what its files are called."""

    name: str
    title: Promise
    query: Callable[[User], QuerySet]
    columns: tuple[Column, ...]

    def count(self, member: User) -> int:
        return self.query(member).count()

    def rows(self, member: User) -> Iterator[list]:
        """The values of each row, oldest first, BATCH of them in memory at once."""
        lookups = [column.lookup for column in self.columns]
        rows, last = self.query(member).order_by("pk").values_list("pk", *lookups), None
        while batch := list((rows if last is None else rows.filter(pk__gt=last))[:BATCH]):
            last = batch[-1][0]
            for _pk, *values in batch:
                yield [plain(column.read(value)) for column, value in zip(self.columns, values, strict=True)]


def plain(value: Any) -> Any:
    """A value as JSON has it; times in UTC, to the millisecond."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value


def time_of(post_pk: int) -> datetime:
    return datetime.fromtimestamp((post_pk >> 16) / 1000, UTC)


NAME, SINCE = _("Name"), _("Since")
SECTIONS = [
    Section(
        "profile",
        _("Profile"),
        lambda member: User.objects.filter(pk=member.pk),
        (
            Column("username", _("Username"), "username"),
            Column("name", NAME, "name"),
            Column("email", _("E-mail"), "email"),
            Column("about", _("About"), "about"),
            Column("joined", _("Joined"), "created_at"),
            Column("last_seen", _("Last seen"), "last_seen_at"),
            Column("suspended", _("Suspended since"), "suspended_at"),
        ),
    ),
    Section(
        "settings",
        _("Settings"),
        lambda member: User.objects.filter(pk=member.pk),
        (
            Column("language", _("Language"), "language"),
            Column("reads", _("Languages read"), "reads"),
            Column("avatar", _("Avatar"), "avatar"),
            Column("avatar_seed", _("Drawing"), "avatar_seed"),
            Column("shortcuts", _("Keyboard shortcuts"), "shortcuts"),
        ),
    ),
    Section(
        "posts",
        _("Posts"),
        lambda member: Post.objects.by(member),
        (
            Column("id", _("Number"), "id", str),  # JavaScript's numbers are too short for it
            Column("time", _("Written"), "id", time_of),
            Column("language", _("Language"), "language"),
            Column("text", _("Text"), "body"),
            Column("hidden", _("Hidden since"), "hidden_at"),
            Column("hidden_reason", _("Reason"), "hidden_reason"),
        ),
    ),
    Section(
        "following",
        _("Following"),
        lambda member: member.follows_made.all(),
        (
            Column("username", _("Username"), "followed__username"),
            Column("name", NAME, "followed__name"),
            Column("since", SINCE, "created_at"),
        ),
    ),
    Section(
        "followers",
        _("Followers"),
        lambda member: member.follows_received.all(),
        (
            Column("username", _("Username"), "follower__username"),
            Column("name", NAME, "follower__name"),
            Column("since", SINCE, "created_at"),
        ),
    ),
    Section(
        "sessions",
        _("Sessions"),
        lambda member: member.sessions.all(),
        (
            Column("device", _("Device"), "user_agent"),
            Column("signed_in", _("Signed in"), "created_at"),
            Column("used", _("Last used"), "used_at"),
            Column("expires", _("Expires"), "expire_date"),
        ),
    ),
    Section(
        "email_changes",
        _("Changes of your e-mail address"),
        lambda member: member.email_changes.all(),
        (
            Column("email", _("E-mail"), "email"),
            Column("old_email", _("Former address"), "old_email"),
            Column("asked", _("Asked for"), "created_at"),
            Column("confirmed", _("Confirmed"), "confirmed_at"),
        ),
    ),
    Section(
        "jobs",
        _("Exports and imports"),
        lambda member: member.jobs.all(),
        (
            Column("kind", _("Kind"), "kind"),
            Column("status", _("State"), "status"),
            Column("started", _("Started"), "created_at"),
            Column("finished", _("Finished"), "finished_at"),
        ),
    ),
]
