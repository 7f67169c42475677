"""Notifications: what happened to a member, in groups: "Ada and 4 others liked your post"."""

from typing import Any

from django.db import models, transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from blog.models.ids import new_id


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
        ]

    def __str__(self) -> str:
        return f"{self.kind} → {self.owner_id}"

    @classmethod
    def tell(cls, owner: User, kind: str, actor: User | None = None, **about: Any) -> None:
        """Tell `owner` that `actor` did something; `about` is a post, a job or a text. Telling twice is once."""
        if actor is not None and not User.objects.filter(pk=actor.pk).heard_by(owner).exists():
            return
        with transaction.atomic():
            group = {"owner": owner, "kind": kind, "read": False, **about}
            if kind == cls.Kind.MESSAGE:
                group["actor"] = actor
            told, _made = cls.objects.get_or_create(**group, defaults={"actor": actor, "count": 0 if actor else 1})
            if actor is not None and Teller.objects.get_or_create(notification=told, actor=actor)[1]:
                cls.objects.filter(pk=told.pk).update(count=F("count") + 1, actor=actor, newest=new_id())

    @classmethod
    def untell(cls, owner: User, kind: str, actor: User, **about: Any) -> None:
        """Take it back: a like that was undone is nothing to tell."""
        with transaction.atomic():
            for told in cls.objects.filter(owner=owner, kind=kind, tellers__actor=actor, **about):
                told.tellers.filter(actor=actor).delete()
                last = told.tellers.order_by("-pk").first()
                if last is None:
                    told.delete()
                else:
                    cls.objects.filter(pk=told.pk).update(count=F("count") - 1, actor=last.actor_id)

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
    digest_sent_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["digest", "digest_sent_at"], name="digest_due", condition=~Q(digest="off"))]

    def __str__(self) -> str:
        return f"choices of {self.owner_id}"
