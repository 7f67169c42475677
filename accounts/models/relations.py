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
