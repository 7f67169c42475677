"""What is left of a deleted post that has answers: its place in the conversation, and nothing of what it said."""

from django.db import models
from django.db.models import Q

from blog.models.ids import moment_of


class Gone(models.Model):
    """The place of a post that was deleted: `id` was the post's. The answers to it still name it."""

    id = models.BigIntegerField(primary_key=True)
    reply_to = models.BigIntegerField(null=True)  # what it answered, which may be gone as well
    with_account = models.BooleanField(default=False)  # its author deleted their account

    class Meta:
        indexes = [models.Index(fields=["reply_to", "id"], name="gone_answers", condition=Q(reply_to__isnull=False))]

    def __str__(self) -> str:
        return f"{self.pk} of {moment_of(self.pk):%Y}"
