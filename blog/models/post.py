"""A post: something said, at a time, by a member."""

import secrets
from datetime import UTC, datetime
from typing import Any

from django.db import models, transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.validators import fold
from blog import text
from blog.models import search
from blog.models.tag import Tag, Tagging


def id_at(moment: datetime, low: int | None = None) -> int:
    """An id for a post of this moment: milliseconds << 16, and `low` (random otherwise) in the last 16 bits.

    One column is so both the order and the cursor, and nobody can count the site's posts.
    """
    milliseconds = int(moment.timestamp() * 1000)
    return milliseconds << 16 | (secrets.randbits(16) if low is None else low)


def new_id() -> int:
    return id_at(timezone.now())


class PostQuerySet(models.QuerySet["Post"]):
    def visible_to(self, viewer: Any) -> "PostQuerySet":
        """What `viewer` may read. A hidden post is there for its author and staff only."""
        if getattr(viewer, "is_staff", False):
            return self
        shown = Q(hidden_at=None, author__suspended_at=None)
        return self.filter(shown | Q(author=viewer.pk)) if viewer.pk else self.filter(shown)

    def public(self) -> "PostQuerySet":
        """What a visitor may read, and what everybody's timelines show."""
        return self.filter(hidden_at=None, author__suspended_at=None)

    def indexed(self) -> "PostQuerySet":
        """What the search index of a cluster holds, with what a document is made of."""
        return self.public().only("author_id", "body", "language")

    def by(self, author: User) -> "PostQuerySet":
        return self.filter(author=author)

    def tagged(self, tag: Tag) -> "PostQuerySet":
        return self.filter(tagging__tag=tag)

    def publish(
        self, author: User, body: str, *, language: str = "und", at: datetime | None = None, pk: int | None = None
    ) -> "Post":
        """Write a post with its hashtags and mentions, in one transaction. Return it.

        `body` is cleaned already (the form's work); `at` is for posts that were written elsewhere, in the past.
        """
        pk = pk or id_at(at or timezone.now())
        with transaction.atomic():
            post = self.create(pk=pk, author=author, body=body, language=language)
            post.mark(body)
            search.SearchRow.objects.write([post])
            User.objects.filter(pk=author.pk).update(post_count=F("post_count") + 1)
        return post


class Post(models.Model):
    """Up to 140 characters by a member."""

    id = models.BigIntegerField(primary_key=True, default=new_id, editable=False)
    author = models.ForeignKey(User, models.CASCADE, related_name="posts", verbose_name=_("author"), db_index=False)
    body = models.TextField(_("text"))
    language = models.CharField(_("language"), max_length=12, default="und")
    version = models.PositiveIntegerField(default=0, editable=False)  # rises with each change that a card shows
    hidden_at = models.DateTimeField(_("hidden since"), null=True, blank=True, editable=False)
    hidden_reason = models.CharField(_("reason"), max_length=200, blank=True)
    mentions = models.ManyToManyField(User, related_name="mentioned_in", editable=False)
    tags = models.ManyToManyField(Tag, through=Tagging, editable=False)

    objects = PostQuerySet.as_manager()

    class Meta:
        verbose_name = _("post")
        verbose_name_plural = _("posts")
        ordering = ["-id"]
        permissions = [("moderate_post", "Can hide posts and show them again")]
        constraints = [models.CheckConstraint(condition=~Q(body=""), name="post_not_empty")]
        indexes = [
            # These two cover the home timeline and Explore: the newest visible posts of a person, and of everybody,
            # without a look at the table.
            models.Index(
                fields=["author", "-id"], name="post_shown", include=["version"], condition=Q(hidden_at__isnull=True)
            ),
            models.Index(
                fields=["-id"],
                name="post_newest",
                include=["author", "version"],
                condition=Q(hidden_at__isnull=True),
            ),
            models.Index(fields=["author", "-id"], name="post_author"),
            models.Index(fields=["-id"], name="post_hidden", condition=Q(hidden_at__isnull=False)),
            models.Index(fields=["language", "-id"], name="post_language"),
        ]

    def __str__(self) -> str:
        return text.summary(self.body)

    def get_absolute_url(self) -> str:
        return reverse("blog:post", args=[self.pk])

    @property
    def created_at(self) -> datetime:
        """When it was written: the time is in the id."""
        return datetime.fromtimestamp((self.pk >> 16) / 1000, UTC)

    @property
    def direction(self) -> str:
        return text.direction(self.language, self.body)

    @property
    def html(self) -> SafeString:
        """The body as safe HTML, with links on those it mentions."""
        return text.render(self.body, mentioned={person.username_key for person in self.mentions.all()})

    def mark(self, body: str) -> None:
        """Make the rows of the hashtags and mentions in `body`."""
        if names := [text.fold(tag) for tag in text.tags(body)]:
            Tag.objects.bulk_create([Tag(name=name) for name in names], ignore_conflicts=True)
            tags = Tag.objects.filter(name__in=names)
            Tagging.objects.bulk_create([Tagging(post=self, tag=tag) for tag in tags], ignore_conflicts=True)
        if names := text.mentions(body):
            self.mentions.set(User.objects.filter(username_key__in=[fold(name) for name in names]))

    def remove(self) -> None:
        """Delete the post for good."""
        with transaction.atomic():
            gone, _rows = Post.objects.filter(pk=self.pk).delete()
            if gone:
                User.objects.filter(pk=self.author_id).update(post_count=F("post_count") - 1)

    def hide(self, reason: str) -> None:
        """Take the post out of everybody's sight but its author's and the staff's."""
        with transaction.atomic():
            Post.objects.filter(pk=self.pk, hidden_at=None).update(
                hidden_at=timezone.now(), hidden_reason=reason, version=F("version") + 1
            )
            search.changed([self.pk])
        self.refresh_from_db(fields=["hidden_at", "hidden_reason", "version"])

    def show(self) -> None:
        """Show a hidden post again."""
        with transaction.atomic():
            Post.objects.filter(pk=self.pk).exclude(hidden_at=None).update(
                hidden_at=None, hidden_reason="", version=F("version") + 1
            )
            search.changed([self.pk])
        self.refresh_from_db(fields=["hidden_at", "hidden_reason", "version"])
