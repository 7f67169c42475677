"""The one table of the ground: the rate limiter's counters."""

from django.db import models


class RateWindow(models.Model):
    """How often something was tried under one key since `starts_at`. Rows of the past can be deleted at any time."""

    key = models.CharField(max_length=200)
    starts_at = models.DateTimeField(db_index=True)
    n = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "starts_at"], name="rate_window_once")]

    def __str__(self) -> str:
        return f"{self.key}: {self.n} since {self.starts_at}"
