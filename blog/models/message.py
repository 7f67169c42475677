"""Private messages: a conversation of two, each with a side of their own."""

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from blog.models.ids import moment_of, new_id


class Conversation(models.Model):
    """What two people write to one another; `Side` says who they are."""

    def __str__(self) -> str:
        return f"{self.pk}"


class Side(models.Model):
    """One person's view of a conversation: what they have not read, and what they have deleted."""

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="sides")
    owner = models.ForeignKey(User, models.CASCADE, related_name="conversations", db_index=False)
    # Nobody, when the other has deleted their account.
    other = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    newest = models.BigIntegerField(default=0)  # the id of the newest message that the owner can see; 0 for none
    read_to = models.BigIntegerField(default=0)  # the newest message that the owner has read
    cleared_to = models.BigIntegerField(default=0)  # up to here the owner has deleted their side
    unread = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "other"], name="conversation_once"),
            models.UniqueConstraint(fields=["conversation", "owner"], name="side_once"),
        ]
        indexes = [
            models.Index(fields=["owner", "-newest"], name="conversation_newest"),
            models.Index(fields=["owner"], name="conversation_unread", condition=models.Q(unread__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.owner_id} ↔ {self.other_id}"


class Message(models.Model):
    """Up to 1,000 characters from one to the other. The id is time-ordered, as a post's is."""

    id = models.BigIntegerField(primary_key=True, default=new_id, editable=False)
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="messages", db_index=False)
    sender = models.ForeignKey(User, models.CASCADE, related_name="messages_sent", db_index=False)
    body = models.TextField(_("text"))

    class Meta:
        constraints = [models.CheckConstraint(condition=~models.Q(body=""), name="message_not_empty")]
        indexes = [
            models.Index(fields=["conversation", "-id"], name="message_page"),
            models.Index(fields=["sender", "-id"], name="message_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"  # what it says is private

    @property
    def created_at(self) -> datetime:
        return moment_of(self.pk)
