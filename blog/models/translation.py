"""Posts in other languages, as providers translated them; and which provider need not be asked just now."""

from datetime import timedelta

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from blog import text
from blog.models.post import Post

CLAIM_HOLDS = timedelta(seconds=10)  # longer than a call can take: after that, whoever made it is gone
OUTAGE_LASTS = timedelta(minutes=1)
ATTEMPT_TAKES = timedelta(seconds=4)


class TranslationQuerySet(models.QuerySet["Translation"]):
    def of(self, post: Post, target: str) -> "Translation | None":
        """The translation of `post` as it reads now."""
        return self.filter(post=post, target=target, version=post.version).exclude(body="").first()

    def void(self) -> "TranslationQuerySet":
        """What nobody will read: of a post as it read formerly, or left over from a call that failed."""
        failed = Q(body="", created_at__lt=timezone.now() - CLAIM_HOLDS)
        return self.filter(~Q(version=F("post__version")) | failed)

    def claim(self, post: Post, target: str) -> "Translation | None":
        """The right to have `post` translated: a row for exactly one of those who ask at once, None for the others.

        It is free again when the call failed, when the post changed, or when who had it did not come back.
        """
        now = timezone.now()
        row, made = self.get_or_create(post=post, target=target, defaults={"version": post.version, "created_at": now})
        if made:
            return row
        free = ~Q(version=post.version) | ~Q(error="") | Q(body="", created_at__lt=now - CLAIM_HOLDS)
        # The time makes it a comparison with what was read: of two who read the same row, one finds it unchanged.
        same = self.filter(free, pk=row.pk, created_at=row.created_at)
        if not same.update(version=post.version, body="", provider="", error="", created_at=now):
            return None
        row.version, row.body, row.provider, row.error, row.created_at = post.version, "", "", "", now
        return row


class Translation(models.Model):
    """A post in the language `target`; without a body it is a call under way, or one that failed."""

    post = models.ForeignKey(Post, models.CASCADE, related_name="translations", db_index=False)
    target = models.CharField(max_length=12)
    version = models.PositiveIntegerField()  # of the post: a change of it makes the translation void
    body = models.TextField(blank=True)
    provider = models.CharField(max_length=40, blank=True)
    error = models.CharField(max_length=20, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = TranslationQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["post", "target"], name="translation_once")]

    def __str__(self) -> str:
        return f"{self.post_id} in {self.target}"

    @property
    def direction(self) -> str:
        return text.direction(self.target, self.body)

    @property
    def html(self) -> SafeString:
        """The body as safe HTML. Only what is a link in the post is one here: a provider can't add any."""
        linked = {token for token in text.tokens(self.post.body) if token.kind != "text"}
        keys = {person.username_key for person in self.post.mentions.all()}
        return mark_safe(
            "".join(
                text.render(token.text, mentioned=keys) if token in linked else escape(token.text)
                for token in text.tokens(self.body)
            )
        )

    def keep(self, body: str, provider: str) -> "Translation":
        """Store what the provider said, unless somebody else has the claim by now. Return the translation."""
        self._mine().update(body=body, provider=provider)
        self.body, self.provider = body, provider
        return self

    def fail(self, error: str) -> None:
        """Let go of the claim, and tell those who wait for it why."""
        self._mine().update(error=error)

    def _mine(self) -> models.QuerySet:
        return Translation.objects.filter(pk=self.pk, version=self.version, created_at=self.created_at)


class OutageQuerySet(models.QuerySet["Outage"]):
    def hinders(self, provider: str) -> str:
        """Why nobody should ask `provider` now, or "". When the minute is over, one reader tries for everybody."""
        outage = self.filter(pk=provider).first()
        if outage is None:
            return ""
        now = timezone.now()
        over = outage.until <= now
        if over and self.filter(pk=provider, until=outage.until).update(until=now + ATTEMPT_TAKES):
            return ""
        return outage.kind

    def begin(self, provider: str, kind: str) -> None:
        """Ask `provider` no more for a minute, whichever process would."""
        until = timezone.now() + OUTAGE_LASTS
        self.update_or_create(pk=provider, defaults={"kind": kind, "until": until})

    def end(self, provider: str) -> None:
        self.filter(pk=provider).delete()


class Outage(models.Model):
    """A provider that failed for everybody, and until when nobody asks it."""

    provider = models.CharField(max_length=40, primary_key=True)
    kind = models.CharField(max_length=20)
    until = models.DateTimeField()

    objects = OutageQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.provider}: {self.kind} until {self.until}"
