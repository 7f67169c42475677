"""A post: something said, at a time, by a member."""

from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.models import User, sight
from accounts.validators import fold
from blog import text
from blog.models import search
from blog.models.gone import Gone
from blog.models.ids import id_at, moment_of, new_id
from blog.models.notification import Notification
from blog.models.tag import Tag, Tagging


class PostQuerySet(models.QuerySet["Post"]):
    def visible_to(self, viewer: Any) -> "PostQuerySet":
        """What `viewer` may read, asked for by its address. A hidden post is there for its author and staff only."""
        if getattr(viewer, "is_staff", False):
            return self
        shown = Q(hidden_at=None) & sight.visible(viewer, "author__") & self._of_the_original(sight.visible, viewer)
        return self.filter(shown | Q(author=viewer.pk)) if viewer.pk else self.filter(shown)

    def heard_by(self, viewer: Any) -> "PostQuerySet":
        """What may turn up where `viewer` did not ask for it: in timelines, threads, search, feeds."""
        shown = Q(hidden_at=None) & sight.heard(viewer, "author__") & self._of_the_original(sight.heard, viewer)
        return self.filter(shown)

    def _of_the_original(self, condition: Any, viewer: Any) -> Q:
        """A repost is there for whom the post that it repeats is."""
        return Q(repost_of=None) | condition(viewer, "other__")

    def public(self) -> "PostQuerySet":
        """What a visitor may read, and what everybody's timelines show."""
        return self.heard_by(None)

    def originals(self) -> "PostQuerySet":
        """Without reposts."""
        return self.filter(repost_of=None)

    def indexed(self) -> "PostQuerySet":
        """What the index of a cluster holds, with the columns that a document is made of."""
        shown = self.originals().filter(hidden_at=None, author__suspended_at=None)
        return shown.only("author_id", "body", "language")

    def by(self, author: User) -> "PostQuerySet":
        return self.filter(author=author)

    def tagged(self, tag: Tag) -> "PostQuerySet":
        return self.filter(tagging__tag=tag)

    def publish(
        self,
        author: User,
        body: str,
        *,
        language: str = "und",
        reply_to: "Post | None" = None,
        at: datetime | None = None,
        pk: int | None = None,
    ) -> "Post":
        """Write a post with its hashtags and mentions, in one transaction. Tell whom it answers or mentions. Return it.

        `body` is cleaned already (the form's work); `reply_to` is the post that it answers; `at` is for posts that
        were written elsewhere, in the past, of which nobody is told.
        """
        pk = pk or (id_at(at) if at else new_id())
        answers = {"reply_to": reply_to, "other_id": reply_to.author_id} if reply_to else {}
        with transaction.atomic():
            if reply_to and not self.filter(pk=reply_to.pk).update(reply_count=F("reply_count") + 1):
                # It was deleted a moment ago, and had no answers yet: now its place is needed.
                Gone.objects.get_or_create(pk=reply_to.pk, defaults={"reply_to": reply_to.reply_to_id})
            post = self.model(pk=pk, author=author, body=body, language=language, **answers)
            post.is_noted = True  # below, with its words
            post.save(force_insert=True)
            post.is_noted = False
            post.mark(body)
            search.SearchRow.objects.add(post)
            User.objects.filter(pk=author.pk).update(post_count=F("post_count") + 1)
            if at is None:
                post.tell()
        return post


class Post(models.Model):
    """Up to 140 characters by a member."""

    id = models.BigIntegerField(primary_key=True, default=new_id, editable=False)
    author = models.ForeignKey(User, models.CASCADE, related_name="posts", verbose_name=_("author"), db_index=False)
    body = models.TextField(_("text"))
    language = models.CharField(_("language"), max_length=12, default="und")
    # No constraint: an answer outlives what it answers, whose place is then kept by a Gone.
    reply_to = models.ForeignKey(
        "self", models.DO_NOTHING, null=True, related_name="answers", db_constraint=False, db_index=False
    )
    repost_of = models.ForeignKey("self", models.CASCADE, null=True, related_name="reposts", db_index=False)
    # Whom it answers, or whose post it repeats: timelines decide by it without looking at the other post.
    other = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    # Kept in the transaction of the change; `manage.py recount` proves them.
    reply_count = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    repost_count = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    like_count = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    version = models.PositiveIntegerField(default=0, editable=False)  # rises with each change that a card shows
    hidden_at = models.DateTimeField(_("hidden since"), null=True, blank=True, editable=False)
    hidden_reason = models.CharField(_("reason"), max_length=200, blank=True)
    mentions = models.ManyToManyField(User, related_name="mentioned_in", editable=False)
    tags = models.ManyToManyField(Tag, through=Tagging, editable=False)

    is_noted = False  # whoever saves it tells Elasticsearch of it

    objects = PostQuerySet.as_manager()

    class Meta:
        verbose_name = _("post")
        verbose_name_plural = _("posts")
        ordering = ["-id"]
        permissions = [("moderate_post", "Can hide posts and show them again")]
        constraints = [
            models.CheckConstraint(condition=~Q(body="") | Q(repost_of__isnull=False), name="post_not_empty"),
            models.CheckConstraint(condition=Q(body="") | Q(repost_of=None), name="repost_is_empty"),
            # With its condition, or SQLite looks for posts that repeat nothing in this index, and sorts all there are.
            models.UniqueConstraint(
                fields=["repost_of", "author"], name="repost_once", condition=Q(repost_of__isnull=False)
            ),
        ]
        indexes = [
            # These two cover the home timeline and Explore: the newest visible posts of a person, and of everybody,
            # without a look at the table.
            models.Index(
                fields=["author", "-id"],
                name="post_shown",
                include=["reply_to", "repost_of", "other"],
                condition=Q(hidden_at__isnull=True),
            ),
            models.Index(
                fields=["-id"],
                name="post_newest",
                include=["author", "reply_to", "repost_of", "other"],
                condition=Q(hidden_at__isnull=True),
            ),
            models.Index(
                fields=["-id"],
                name="post_said",
                include=["author"],
                condition=Q(hidden_at__isnull=True, repost_of__isnull=True, reply_to__isnull=True),
            ),
            models.Index(fields=["reply_to", "id"], name="post_answers", condition=Q(reply_to__isnull=False)),
            models.Index(
                fields=["repost_of", "id"],
                name="post_reposts",
                include=["author", "hidden_at"],
                condition=Q(repost_of__isnull=False),
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
        return moment_of(self.pk)

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

    def tell(self) -> None:
        """Tell whom it answers, and whom it mentions besides."""
        kinds = dict.fromkeys(self.mentions.values_list("pk", flat=True), Notification.Kind.MENTION)
        if self.reply_to_id and self.other_id:
            kinds[self.other_id] = Notification.Kind.REPLY
        Notification.announce(self, kinds)

    def like(self, reader: User) -> None:
        """`reader` likes it; twice is one like. DoesNotExist if it was deleted meanwhile, as for all of these verbs."""
        with transaction.atomic():
            self._lock()
            if self.likes.get_or_create(user=reader)[1]:
                Post.objects.filter(pk=self.pk).update(like_count=F("like_count") + 1)
                Notification.tell(self.author, Notification.Kind.LIKE, reader, post=self)

    def unlike(self, reader: User) -> None:
        with transaction.atomic():
            self._lock()
            if self.likes.filter(user=reader).delete()[0]:
                Post.objects.filter(pk=self.pk).update(like_count=F("like_count") - 1)
                Notification.untell(self.author, Notification.Kind.LIKE, reader, post=self)

    def repost(self, reader: User) -> "Post":
        """`reader` repeats it for who follows them; a repost of a repost is one of the original. Twice is one.

        What a moderator has hidden stays hidden when it is repeated.
        """
        if self.repost_of:
            return self.repost_of.repost(reader)
        with transaction.atomic():
            locked = self._lock()
            about = {"other": self.author, "hidden_at": locked.hidden_at, "hidden_reason": locked.hidden_reason}
            row, made = Post.objects.get_or_create(author=reader, repost_of=self, defaults=about)
            if made:
                Post.objects.filter(pk=self.pk).update(repost_count=F("repost_count") + 1)
                Notification.tell(self.author, Notification.Kind.REPOST, reader, post=self)
        return row

    def unrepost(self, reader: User) -> None:
        if self.repost_of:
            self.repost_of.unrepost(reader)
            return
        with transaction.atomic():
            self._lock()
            if Post.objects.filter(author=reader, repost_of=self).delete()[0]:
                Post.objects.filter(pk=self.pk).update(repost_count=F("repost_count") - 1)
                Notification.untell(self.author, Notification.Kind.REPOST, reader, post=self)

    def remove(self) -> Gone | None:
        """Delete the post for good, with its likes and reposts. Answers stay, below its place: it is returned."""
        place = None
        with transaction.atomic():
            # Whoever answers, likes or repeats it at this moment waits, or is waited for.
            Post.objects.select_for_update().filter(pk=self.pk).first()
            if Post.objects.filter(reply_to=self.pk).exists():
                place, _made = Gone.objects.get_or_create(pk=self.pk, defaults={"reply_to": self.reply_to_id})
            gone = Post.objects.filter(pk=self.pk).delete()[1].get("blog.Post")
            if gone:
                if self.reply_to_id:
                    Post.objects.filter(pk=self.reply_to_id).update(reply_count=F("reply_count") - 1)
                User.objects.filter(pk=self.author_id).update(post_count=F("post_count") - 1)
        return place

    def hide(self, reason: str) -> None:
        """Take the post and its reposts out of everybody's sight but the author's, who is told, and the staff's."""
        hidden = {"hidden_at": timezone.now(), "hidden_reason": reason, "version": F("version") + 1}
        with transaction.atomic():
            done = Post.objects.filter(pk=self.pk, hidden_at=None).update(**hidden)
            self.reposts.filter(hidden_at=None).update(**hidden)
            search.dropped([self.pk])
            if done:
                Notification.tell(self.author, Notification.Kind.MODERATION, post=self, text=reason)
        self.refresh_from_db(fields=["hidden_at", "hidden_reason", "version"])

    def show(self, reason: str = "") -> None:
        """Show a hidden post again, and tell its author, with the reason."""
        shown = {"hidden_at": None, "hidden_reason": "", "version": F("version") + 1}
        with transaction.atomic():
            done = Post.objects.filter(pk=self.pk).exclude(hidden_at=None).update(**shown)
            self.reposts.exclude(hidden_at=None).update(**shown)
            search.changed([self.pk])
            if done:
                Notification.tell(self.author, Notification.Kind.RESTORED, post=self, text=reason)
        self.refresh_from_db(fields=["hidden_at", "hidden_reason", "version"])

    def _lock(self) -> "Post":
        """The row as it is now, which nobody else changes until the end of the transaction."""
        return Post.objects.select_for_update(no_key=True).get(pk=self.pk)
