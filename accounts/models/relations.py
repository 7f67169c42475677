"""How two people stand to one another."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone


class Follow(models.Model):
    """Somebody reads somebody: the posts of `followed` are in the home timeline of `follower`."""

    follower = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="follows_made", db_index=False)
    followed = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="follows_received", db_index=False
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["follower", "followed"], name="follow_once"),
            models.CheckConstraint(condition=~Q(follower=F("followed")), name="follow_not_self"),
        ]
        indexes = [
            models.Index(fields=["follower", "id"], name="follow_following_page"),
            models.Index(fields=["followed", "id"], name="follow_followers_page"),
        ]

    def __str__(self) -> str:
        return f"{self.follower_id} → {self.followed_id}"


class Block(models.Model):
    """Neither sees the other, anywhere: what that means is said in `accounts.models.sight`."""

    blocker = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="blocks_made", db_index=False)
    blocked = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="blocks_received", db_index=False
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["blocker", "blocked"], name="block_once"),
            models.CheckConstraint(condition=~Q(blocker=F("blocked")), name="block_not_self"),
        ]
        indexes = [
            models.Index(fields=["blocker", "id"], name="block_page"),
            models.Index(fields=["blocked"], name="block_received", include=["blocker"]),
        ]

    def __str__(self) -> str:
        return f"{self.blocker_id} ⊘ {self.blocked_id}"


class Mute(models.Model):
    """`muter` is shown nothing of `muted` that they did not ask for; `muted` does not learn of it."""

    muter = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="mutes_made", db_index=False)
    muted = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="mutes_received")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["muter", "muted"], name="mute_once"),
            models.CheckConstraint(condition=~Q(muter=F("muted")), name="mute_not_self"),
        ]
        indexes = [models.Index(fields=["muter", "id"], name="mute_page")]

    def __str__(self) -> str:
        return f"{self.muter_id} ⊖ {self.muted_id}"
