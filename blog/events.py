"""What happened to a member, as they read it: each group of notifications with its people and its sentence."""

# ruff: noqa: S608 - every statement here is built of constants and keys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.models import User
from accounts.models.sight import UNHEARD
from blog import text
from blog.models import Job, Notification
from blog.models.ids import moment_of
from microblog.pagination import Cursor, Page, paginate

PER_PAGE = 20
FACES = 5  # people of a group who are shown
QUOTED = 140  # characters of a post
Kind = Notification.Kind

# For one, for two, and for more people: whole sentences, so that every language can inflect them.
SENTENCES: dict[str, tuple[Any, Any, Any]] = {
    Kind.FOLLOW: (
        _("%(name)s follows you"),
        _("%(name)s and %(other)s follow you"),
        ngettext_lazy("%(name)s and %(n)d other follow you", "%(name)s and %(n)d others follow you", "n"),
    ),
    Kind.LIKE: (
        _("%(name)s liked your post"),
        _("%(name)s and %(other)s liked your post"),
        ngettext_lazy("%(name)s and %(n)d other liked your post", "%(name)s and %(n)d others liked your post", "n"),
    ),
    Kind.REPOST: (
        _("%(name)s reposted your post"),
        _("%(name)s and %(other)s reposted your post"),
        ngettext_lazy(
            "%(name)s and %(n)d other reposted your post", "%(name)s and %(n)d others reposted your post", "n"
        ),
    ),
}
# By one person always: each answer is a post of its own, each writer has a conversation of their own.
OF_ONE = {
    Kind.REPLY: _("%(name)s answered you"),
    Kind.MENTION: _("%(name)s mentioned you"),
    Kind.MESSAGE: _("%(name)s wrote to you"),
}
DECISIONS = {
    Kind.MODERATION: (_("A moderator has hidden your post"), _("A moderator has hidden your post: %(reason)s")),
    Kind.RESTORED: (_("A moderator shows your post again"), _("A moderator shows your post again: %(reason)s")),
}
JOBS: dict[tuple[str, str], Any] = {
    (Job.Kind.EXPORT, Job.Status.READY): _("Your archive is ready"),
    (Job.Kind.EXPORT, Job.Status.FAILED): _("Your data could not be exported"),
    (Job.Kind.PREVIEW, Job.Status.READY): _("The archive you uploaded was read"),
    (Job.Kind.PREVIEW, Job.Status.FAILED): _("The archive you uploaded could not be read"),
    (Job.Kind.IMPORT, Job.Status.READY): _("The posts of your archive are imported"),
    (Job.Kind.IMPORT, Job.Status.FAILED): _("The posts of your archive could not be imported"),
}
ICONS = {
    Kind.FOLLOW: "user-plus",
    Kind.LIKE: "heart",
    Kind.REPOST: "repeat-2",
    Kind.REPLY: "reply",
    Kind.MENTION: "at-sign",
    Kind.MESSAGE: "mail",
    Kind.JOB: "hourglass",
    Kind.MODERATION: "eye-off",
    Kind.RESTORED: "shield",
}


@dataclass(frozen=True)
class Event:
    """A group as its owner sees it: `people` are the newest of those whom they hear, `count` is how many there are."""

    group: Notification
    people: list[User]
    count: int

    @property
    def is_new(self) -> bool:
        return not self.group.read

    @property
    def at(self) -> Any:
        return moment_of(self.group.newest)

    @property
    def icon(self) -> str:
        return ICONS[Kind(self.group.kind)]

    @property
    def html(self) -> SafeString:
        """The sentence, with links on those it names."""
        link = '<a class="name" href="{}"><bdi>{}</bdi></a>'
        return mark_safe(self._say(lambda one: format_html(link, one.get_absolute_url(), one.shown_name), format_html))

    def __str__(self) -> str:
        return self._say(lambda one: one.shown_name, lambda form, reason: reason)

    def _say(self, name: Callable[[User], str], write: Callable[[str, str], str]) -> str:
        group, kind = self.group, Kind(self.group.kind)
        if kind == Kind.JOB:
            return str((group.job and JOBS.get((group.job.kind, group.job.status))) or kind.label)
        if kind in DECISIONS:
            plain, with_reason = DECISIONS[kind]
            return with_reason % {"reason": write("<bdi>{}</bdi>", group.text)} if group.text else str(plain)
        first = name(self.people[0])
        if kind in OF_ONE:
            return OF_ONE[kind] % {"name": first}
        one, two, more = SENTENCES[kind]
        if self.count == 1:
            return one % {"name": first}
        if self.count == 2:
            return two % {"name": first, "other": name(self.people[1])}
        return more % {"name": first, "n": self.count - 1}

    @property
    def url(self) -> str:
        """Where it happened."""
        group = self.group
        if group.post:
            return group.post.get_absolute_url()
        if group.job:
            return group.job.get_absolute_url()
        if not self.people:
            return reverse("blog:notifications")
        if group.kind == Kind.MESSAGE:
            return reverse("blog:conversation", args=[self.people[0].username])
        if self.count == 1:
            return self.people[0].get_absolute_url()
        return reverse("followers", args=[group.owner.username])

    @property
    def quote(self) -> str:
        """The post's first words, or why a job failed."""
        if self.group.post:
            return text.summary(self.group.post.body, QUOTED)
        return str(self.group.job.sentence) if self.group.job else ""


def page_of(owner: User, cursor: Cursor) -> Page:
    """A page of `owner`'s groups, the newest first. Its rows hold the cursor's number and the key of a group."""
    shown = Notification.objects.shown_to(owner)
    return paginate(shown, cursor, size=PER_PAGE, columns=("newest", "pk"), key="newest")


def events_of(owner: User, keys: Iterable[int]) -> list[Event]:
    """The events of the groups with these keys, in their order; what nobody is left to name is left out."""
    keys = list(keys)
    groups = Notification.objects.select_related("post", "job").in_bulk(keys)
    people = _people_of(owner, keys)
    counts = {key: len(who) for key, who in people.items()}
    large = [key for key, count in counts.items() if count == FACES and key in groups]
    left_out = _unheard_in(owner, large)
    for key in large:
        counts[key] = groups[key].count - left_out.get(key, 0)
    found = []
    for key in keys:
        if key in groups and (key in people or groups[key].kind in Notification.BY_NOBODY):
            groups[key].owner = owner
            found.append(Event(groups[key], people.get(key, []), counts.get(key, 0)))
    return found


def _people_of(owner: User, keys: list[int]) -> dict[int, list[User]]:
    """The newest people of each group, FACES at most, whom `owner` hears."""
    if not keys:
        return {}
    some = " UNION ALL ".join(
        f"""SELECT * FROM (SELECT notification_id, actor_id FROM blog_teller
            WHERE notification_id = {int(key)} AND actor_id NOT IN (SELECT id FROM unheard)
            ORDER BY id DESC LIMIT {FACES}) AS of_{int(key)}"""
        for key in keys
    )
    rows = _rows(f"WITH unheard AS MATERIALIZED ({UNHEARD.format(reader=int(owner.pk))}) {some}")
    users = User.objects.in_bulk({actor for _key, actor in rows})
    people: dict[int, list[User]] = {}
    for key, actor in rows:
        if actor in users:
            people.setdefault(key, []).append(users[actor])
    return people


def _unheard_in(owner: User, keys: list[int]) -> dict[int, int]:
    """How many of each group's people `owner` does not hear."""
    if not keys:
        return {}
    them = ", ".join(str(int(key)) for key in keys)
    return dict(
        _rows(f"""
        SELECT notification_id, count(*) FROM blog_teller
         WHERE notification_id IN ({them}) AND actor_id IN ({UNHEARD.format(reader=int(owner.pk))})
         GROUP BY notification_id""")
    )


def _rows(sql: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()
