"""Notifications: what happened to a member, in groups: "Ada and 4 others liked your post".

Locks are taken in one order everywhere: the post or the people that something was done to, then the group's row, then
who is in it. Of several groups the one with the smaller key goes first. So no two of these wait for each other.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection, models, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from accounts.models import User, sight
from blog.models.ids import new_id

BATCH = 5000  # rows in one transaction
# The unread group of a kind, made where there is none, and locked.
GROUP = """
    INSERT INTO blog_notification (owner_id, kind, post_id, job_id, text, actor_id, newest, count, read)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, FALSE) {one} RETURNING id
"""
AGAIN = "ON CONFLICT {group} DO UPDATE SET newest = EXCLUDED.newest, text = EXCLUDED.text"
TELLER = "INSERT INTO blog_teller (notification_id, actor_id) VALUES (%s, %s) ON CONFLICT DO NOTHING"


class NotificationQuerySet(models.QuerySet["Notification"]):
    def unread(self) -> "NotificationQuerySet":
        return self.filter(read=False)

    def shown_to(self, owner: User) -> "NotificationQuerySet":
        """Those of `owner` that name somebody whom they hear, or nobody at all, and no post that is out of sight.

        Every post here is the owner's own or that of somebody it names: it is out of sight with them, or hidden.
        """
        people = Teller.objects.filter(sight.heard(owner, "actor__"), notification=OuterRef("pk"))
        # A value, not a condition: PostgreSQL would answer EXISTS for all of the owner's groups, not for a page.
        rows = self.filter(owner=owner).alias(somebody=Subquery(people.values("pk")[:1]))
        posts = Q(post=None) | Q(post__hidden_at=None) | Q(post__author=owner)
        return rows.filter(posts, Q(kind__in=Notification.BY_NOBODY) | Q(somebody__isnull=False))

    def mark_read(self) -> int:
        """Return how many groups were not read before."""
        total = 0
        while done := self.mark_some_read():
            total += done
            if done < BATCH:
                break
        return total

    def mark_some_read(self) -> int:
        """As many as one transaction takes, BATCH. Return how many it were."""
        with transaction.atomic():
            rows = self.unread().select_for_update().order_by("pk").values_list("pk", flat=True)
            pks = list(rows[:BATCH])
            Notification.objects.filter(pk__in=pks).update(read=True)
        return len(pks)


class Notification(models.Model):
    """One group: of one kind, about one thing, to one member, until they have read it."""

    class Kind(models.TextChoices):
        FOLLOW = "follow", _("Somebody follows me")
        LIKE = "like", _("Somebody likes a post of mine")
        REPOST = "repost", _("Somebody reposts a post of mine")
        REPLY = "reply", _("Somebody answers me")
        MENTION = "mention", _("Somebody mentions me")
        MESSAGE = "message", _("Somebody writes me a message")
        JOB = "job", _("Work that I asked for is done")
        MODERATION = "moderation", _("A moderator decides about something of mine")
        RESTORED = "restored", _("A moderator takes back a decision")

    # What can be undone and done again: who has read of it is not told a second time.
    ONCE = (Kind.FOLLOW, Kind.LIKE, Kind.REPOST)
    BY_NOBODY = (Kind.JOB, Kind.MODERATION, Kind.RESTORED)
    CHOSEN = (*Kind,)[:-1]  # whoever is told of a decision is told when it is taken back

    owner = models.ForeignKey(User, models.CASCADE, related_name="notifications", db_index=False)
    kind = models.CharField(max_length=10, choices=Kind)
    # What it is about: at most one of these; a follow and a message are about nobody's post.
    post = models.ForeignKey("blog.Post", models.CASCADE, null=True, related_name="notifications")
    job = models.ForeignKey("blog.Job", models.CASCADE, null=True, related_name="notifications")
    text = models.CharField(max_length=300, blank=True)  # a moderator's reason
    actor = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")  # the newest of them
    count = models.PositiveIntegerField(default=1)  # how many people are in the group
    newest = models.BigIntegerField(default=new_id)  # when the newest of it happened: time-ordered, as a post's id
    read = models.BooleanField(default=False)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "kind", "post"], condition=Q(read=False, post__isnull=False), name="group_of_post"
            ),
            models.UniqueConstraint(
                fields=["owner", "kind"], condition=Q(read=False, kind="follow"), name="group_of_follows"
            ),
            models.UniqueConstraint(
                fields=["owner", "actor"], condition=Q(read=False, kind="message"), name="group_of_messages"
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "-newest"], name="notification_page"),
            models.Index(fields=["owner"], name="notification_unread", condition=Q(read=False)),
            models.Index(fields=["newest"], name="notification_old", condition=Q(read=True)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} → {self.owner_id}"

    @classmethod
    def tell(
        cls, owner: User, kind: str, actor: User | None = None, *, post: Any = None, job: Any = None, text: str = ""
    ) -> None:
        """Tell `owner` that `actor` did something; without an actor, that the site did. Telling twice is once.

        Nobody is told of themselves, of whom they don't hear, of what they don't want to know, and of what was undone
        and done again after they had read of it.
        """
        if not cls._listening({owner.pk: kind}, actor, post):
            return
        about = [owner.pk, kind, post and post.pk, job and job.pk, text[:300], actor and actor.pk, new_id()]
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(GROUP.format(one=cls._one(kind)), [*about, 0 if actor else 1])
            [pk] = cursor.fetchone()
            if actor is None:
                return
            cursor.execute(TELLER, [pk, actor.pk])
            if cursor.rowcount:
                cls.objects.filter(pk=pk).update(count=F("count") + 1, actor=actor)

    @classmethod
    def _one(cls, kind: str) -> str:
        """What the unread group of this kind has in common; each job is one by itself."""
        if kind == cls.Kind.JOB:
            return ""
        if connection.vendor == "sqlite":
            # It takes whichever index is in the way. Named, it would want its condition word for word, and Django 5.2
            # writes NOT "read" there, 6.1 "read" = 0.
            return AGAIN.format(group="")
        columns, those = {
            cls.Kind.FOLLOW: ("owner_id, kind", "kind = 'follow'"),
            cls.Kind.MESSAGE: ("owner_id, actor_id", "kind = 'message'"),
        }.get(cls.Kind(kind), ("owner_id, kind, post_id", "post_id IS NOT NULL"))
        return AGAIN.format(group=f"({columns}) WHERE {those} AND NOT read")

    @classmethod
    def announce(cls, post: Any, kinds: Mapping[int, str]) -> None:
        """Tell of a new post. `kinds` says whom, by their keys, and why; it takes three statements however many."""
        listening = cls._listening(kinds, post.author)
        if not listening:
            return
        rows = [Notification(owner_id=pk, kind=kinds[pk], post=post, actor=post.author) for pk in sorted(listening)]
        with transaction.atomic(savepoint=False):
            made = Notification.objects.bulk_create(rows)
            Teller.objects.bulk_create([Teller(notification=row, actor=post.author) for row in made])

    @classmethod
    def _listening(cls, kinds: Mapping[int, str], actor: User | None, post: Any = None) -> list[int]:
        """Who of these members is to be told that `actor` did this, and wants to be."""
        people = User.objects.filter(pk__in=kinds)
        if actor is not None:
            people = people.exclude(pk=actor.pk).hearing(actor)
            if once := set(cls.ONCE).intersection(kinds.values()):
                of_this = {"notification__kind__in": once, "notification__post": post, "notification__read": True}
                told = Teller.objects.filter(actor=actor, notification__owner=OuterRef("pk"), **of_this)
                people = people.filter(~Exists(told))
        chosen = people.values_list("pk", "notification_choices__silent")
        return [pk for pk, silent in chosen if not Choices.are_silent(silent or "", kinds[pk])]

    @classmethod
    def untell(cls, owner: User, kind: str, actor: User, *, post: Any = None) -> None:
        """Take it back as long as it is not read: a like that was undone is nothing to tell."""
        cls._without(actor, cls.objects.filter(owner=owner, kind=kind, post=post))

    @classmethod
    def part(cls, owner: User, actor: User) -> None:
        """Take back all that `owner` has not read of `actor`, whom they don't want to hear any more."""
        cls._without(actor, cls.objects.filter(owner=owner))

    @classmethod
    def _without(cls, actor: User, groups: QuerySet) -> None:
        """Leave `actor` out of these groups, as far as they are not read; a group of nobody goes."""
        theirs = groups.filter(read=False, pk__in=Teller.objects.filter(actor=actor).values("notification"))
        with transaction.atomic():
            pks = list(theirs.select_for_update().order_by("pk").values_list("pk", flat=True))
            if not pks:
                return
            Teller.objects.filter(notification__in=pks, actor=actor).delete()
            rest = Teller.objects.filter(notification=OuterRef("pk")).order_by("-pk")
            rows = cls.objects.filter(pk__in=pks)
            rows.update(count=F("count") - 1, actor=Subquery(rest.values("actor")[:1]))
            rows.filter(count=0).delete()

    @classmethod
    def seen(cls, owner: int, kind: str, actor: int | None) -> None:
        """`owner` has seen what `actor` (their keys) did, where they did it: it is read."""
        cls.objects.filter(owner=owner, kind=kind, actor=actor, read=False).update(read=True)


class Teller(models.Model):
    """One of the people in a group."""

    notification = models.ForeignKey(Notification, models.CASCADE, related_name="tellers", db_index=False)
    actor = models.ForeignKey(User, models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["notification", "actor"], name="told_once")]
        indexes = [models.Index(fields=["notification", "-id"], name="teller_newest", include=["actor"])]

    def __str__(self) -> str:
        return f"{self.actor_id} in {self.notification_id}"


class Choices(models.Model):
    """What a member wants to be told, and how. No row is everything, and no e-mail."""

    class Digest(models.TextChoices):
        OFF = "off", _("Never")
        DAILY = "daily", _("Once a day")
        WEEKLY = "weekly", _("Once a week")

    owner = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="notification_choices")
    silent = models.CharField(max_length=200, blank=True)  # the kinds they don't want, with spaces between
    digest = models.CharField(max_length=6, choices=Digest, default=Digest.OFF)
    digest_sent_at = models.DateTimeField(null=True)  # up to when a digest has told everything
    # What they read when they chose, for those who leave their language to the browser.
    language = models.CharField(max_length=12, blank=True, default="", db_default="")

    class Meta:
        indexes = [models.Index(fields=["digest", "digest_sent_at"], name="digest_due", condition=~Q(digest="off"))]

    def __str__(self) -> str:
        return f"choices of {self.owner_id}"

    @classmethod
    def are_silent(cls, silent: str, kind: str) -> bool:
        """Whether the kinds in `silent` leave this one out."""
        return (Notification.Kind.MODERATION if kind == Notification.Kind.RESTORED else kind) in silent.split()

    @property
    def told(self) -> list[str]:
        """The kinds that they want to be told."""
        return [kind for kind in Notification.CHOSEN if not self.are_silent(self.silent, kind)]

    @classmethod
    def of(cls, owner: User) -> "Choices":
        """Their choices, or what holds before they made any, which is not saved."""
        return cls.objects.filter(owner=owner).first() or cls(owner=owner)

    @classmethod
    def choose(cls, owner: User, told: Iterable[str], digest: str, language: str = "") -> None:
        silent = " ".join(kind for kind in Notification.CHOSEN if kind not in set(told))
        chosen = {"silent": silent, "digest": digest, "language": language}
        cls.objects.update_or_create(owner=owner, defaults=chosen)
