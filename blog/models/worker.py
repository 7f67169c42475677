"""Who works on the queue: one row for each background worker, kept fresh while it lives."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Worker(models.Model):
    """A background worker. One that is killed leaves its row, which grows old: that is how its task is found."""

    id = models.CharField(primary_key=True, max_length=64)  # as django-tasks-db notes it on a task
    started_at = models.DateTimeField(_("started"))
    beat_at = models.DateTimeField(_("last sign of life"))

    class Meta:
        verbose_name = _("background worker")
        verbose_name_plural = _("background workers")

    def __str__(self) -> str:
        return self.id
