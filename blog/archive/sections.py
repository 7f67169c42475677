"""What a member's archive holds: a list of sections, each a query and its columns. A new kind of row is a new entry."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from blog.models import Choices, Message, Post
from blog.models.ids import moment_of

BATCH = 1000  # rows in memory at once
OFF = Choices.Digest.OFF.value


@dataclass(frozen=True)
class Column:
    """`name` in the files, `label` for people, and where the value comes from. An address is a path of the site."""

    name: str
    label: Promise
    lookup: str
    read: Callable[[Any], Any] = lambda value: value
    is_address: bool = False

    def value(self, found: Any, site: str) -> Any:
        """What is written for what was found, as JSON has it."""
        value = plain(self.read(found))
        return site + value if self.is_address and value else value


@dataclass(frozen=True)
class Section:
    """One kind of rows. `name` is what its files are called."""

    name: str
    title: Promise
    query: Callable[[User], QuerySet]
    columns: tuple[Column, ...]

    def count(self, member: User) -> int:
        return self.query(member).count()

    def rows(self, member: User, site: str) -> Iterator[list]:
        """The values of each row, oldest first, BATCH of them in memory at once. Links lead to `site`."""
        lookups = [column.lookup for column in self.columns]
        rows, last = self.query(member).order_by("pk").values_list("pk", *lookups), None
        while batch := list((rows if last is None else rows.filter(pk__gt=last))[:BATCH]):
            last = batch[-1][0]
            for _pk, *values in batch:
                yield [column.value(found, site) for column, found in zip(self.columns, values, strict=True)]


def plain(value: Any) -> Any:
    """A value as JSON has it; times in UTC, to the millisecond."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value


def number(pk: int | None) -> str | None:
    """JavaScript's numbers are too short for a post's."""
    return str(pk) if pk else None


def str_of(value: str | None) -> str:
    """A text of a row that may be missing."""
    return value or ""


def time_of(pk: int) -> datetime | None:
    return moment_of(pk) if pk else None


def address_of(post: int | None) -> str:
    # The post may be gone, and this is asked for each row: Django's reverse would cost more than the rest of it.
    return f"/posts/{post}/" if post else ""


def messages(member: User) -> QuerySet:
    """What a conversation shows to `member`: their own side of it, without what they deleted."""
    shown = {"conversation__sides__owner": member, "pk__gt": F("conversation__sides__cleared_to")}
    return Message.objects.filter(**shown)


NAME, SINCE, PERSON, POST, LINK = _("Name"), _("Since"), _("Person"), _("Post"), _("Address")
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
            Column("messages_from", _("Who may write to me"), "messages_from"),
            Column("not_told", _("Notifications not wanted"), "notification_choices__silent", str_of),
            Column("digest", _("Digest by e-mail"), "notification_choices__digest", lambda row: row or OFF),
            Column(
                "digest_language", _("Language of the digest"), "notification_choices__language", lambda row: row or ""
            ),
            Column("digest_sent", _("Latest digest"), "notification_choices__digest_sent_at"),
        ),
    ),
    Section(
        "posts",
        _("Posts"),
        lambda member: Post.objects.by(member).annotate(subject=Coalesce("reply_to_id", "repost_of_id")),
        (
            Column("id", _("Number"), "id", number),
            Column("time", _("Written"), "id", time_of),
            Column("language", _("Language"), "language"),
            Column("text", _("Text"), "body"),
            Column("reply_to", _("Answers the post"), "reply_to_id", number),
            Column("repost_of", _("Repeats the post"), "repost_of_id", number),
            Column("other", _("Of"), "other__username"),
            Column("link", LINK, "subject", address_of, is_address=True),
            Column("hidden", _("Hidden since"), "hidden_at"),
            Column("hidden_reason", _("Reason"), "hidden_reason"),
        ),
    ),
    Section(
        "likes",
        _("Likes"),
        lambda member: member.likes.all(),
        (
            Column("time", _("Liked"), "created_at"),
            Column("post", POST, "post_id", number),
            Column("author", _("Of"), "post__author__username"),
            Column("link", LINK, "post_id", address_of, is_address=True),
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
        "blocks",
        _("Blocked people"),
        lambda member: member.blocks_made.all(),
        (
            Column("username", _("Username"), "blocked__username"),
            Column("name", NAME, "blocked__name"),
            Column("since", SINCE, "created_at"),
        ),
    ),
    Section(
        "mutes",
        _("Muted people"),
        lambda member: member.mutes_made.all(),
        (
            Column("username", _("Username"), "muted__username"),
            Column("name", NAME, "muted__name"),
            Column("since", SINCE, "created_at"),
        ),
    ),
    Section(
        "conversations",
        _("Conversations"),
        lambda member: member.conversations.all(),
        (
            Column("with", _("With"), "other__username"),  # nobody, if they have deleted their account
            Column("newest", _("Latest message"), "newest", time_of),
            Column("read_to", _("Read up to"), "read_to", time_of),
            Column("deleted_to", _("Deleted up to"), "cleared_to", time_of),
            Column("unread", _("Unread"), "unread"),
        ),
    ),
    Section(
        "messages",
        _("Messages"),
        messages,
        (
            Column("id", _("Number"), "id", number),
            Column("time", _("Written"), "id", time_of),
            Column("with", _("Conversation with"), "conversation__sides__other__username"),
            Column("sender", _("From"), "sender__username"),
            Column("text", _("Text"), "body"),
        ),
    ),
    Section(
        "notifications",
        _("Notifications"),
        lambda member: member.notifications.all(),
        (
            Column("time", _("Latest"), "newest", time_of),
            Column("kind", _("Kind"), "kind"),
            Column("person", PERSON, "actor__username"),
            Column("people", _("How many people"), "count"),
            Column("post", POST, "post_id", number),
            Column("link", LINK, "post_id", address_of, is_address=True),
            Column("text", _("Text"), "text"),
            Column("read", _("Read"), "read"),
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
