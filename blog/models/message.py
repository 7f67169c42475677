"""Private messages: a conversation of two, each with a side of their own.

Nobody but the two reads them: they are not in the administration, whoever looks after the site.
"""

from contextlib import suppress
from datetime import datetime

from django.db import IntegrityError, models, transaction
from django.db.models import BigIntegerField, Count, F, IntegerField, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from accounts.models import User, sight
from blog import text
from blog.models.ids import moment_of, new_id
from blog.models.notification import Notification

MESSAGE_LENGTH = 1000  # characters, as people see them


class NotTakenError(Exception):
    """The recipient takes no messages of this sender."""


class Conversation(models.Model):
    """What two people write to one another; `Side` says who they are."""

    def __str__(self) -> str:
        return f"{self.pk}"


def _seen() -> "MessageQuerySet":
    """What the owner of this side can see."""
    return Message.objects.filter(conversation=OuterRef("conversation"), pk__gt=OuterRef("cleared_to"))


def newest_of_side() -> Coalesce:
    """The newest message that the owner of this side can see, 0 for none."""
    return Coalesce(Subquery(_seen().order_by("-pk").values("pk")[:1], output_field=BigIntegerField()), 0)


def unread_of_side() -> Coalesce:
    """How many messages of the other's the owner of this side has not read."""
    unread = _seen().filter(pk__gt=OuterRef("read_to")).exclude(sender=OuterRef("owner"))
    counted = unread.order_by().values("conversation").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


class SideQuerySet(models.QuerySet["Side"]):
    def of(self, owner: User) -> "SideQuerySet":
        """The conversations of `owner`. While a block stands between the two, theirs is not among them."""
        return self.filter(sight.apart(owner, "other__"), owner=owner)

    def begun(self) -> "SideQuerySet":
        """Those in which their owner has something to read."""
        return self.filter(newest__gt=0)

    def with_seen(self) -> "SideQuerySet":
        """With `seen_to`: up to which message the other has read; 0 where there is no other any more."""
        theirs = Side.objects.filter(conversation=OuterRef("conversation"), owner=OuterRef("other"))
        return self.annotate(seen_to=Coalesce(Subquery(theirs.values("read_to")), 0))

    def between(self, one: User, other: User) -> "SideQuerySet":
        """Both sides of the conversation of two people."""
        return self.filter(Q(owner=one, other=other) | Q(owner=other, other=one))

    def locked(self) -> "list[Side]":
        """These sides, kept from changing until the transaction ends; always in one order, so that no two wait."""
        return list(self.select_for_update().order_by("pk"))

    def begin(self, one: User, other: User) -> "list[Side]":
        """Both sides, locked. Of two who begin the conversation at the same moment, one does; the other joins it."""
        while len(sides := self.between(one, other).locked()) < 2:
            # Another one's may be there by now; then there is nothing to make, and the next look finds it.
            with suppress(IntegrityError), transaction.atomic():
                conversation = Conversation.objects.create()
                for owner, to in sorted([(one, other), (other, one)], key=lambda pair: pair[0].pk):
                    self.create(conversation=conversation, owner=owner, other=to)
        return sides

    def wrong(self) -> "SideQuerySet":
        """Those whose numbers are not what the messages say; with `true_newest` and `true_unread`."""
        truth = {f"true_{name}": true for name, true in self._truth().items()}
        return self.annotate(**truth).exclude(newest=F("true_newest"), unread=F("true_unread"))

    def mend(self) -> int:
        """Set the numbers of these sides right, while nobody writes or reads there. Return how many were wrong."""
        with transaction.atomic():
            locked = Side.objects.filter(pk__in=[side.pk for side in self.locked()])
            wrong = list(locked.wrong().values_list("pk", flat=True))
            return Side.objects.filter(pk__in=wrong).update(**self._truth())

    def _truth(self) -> dict[str, Coalesce]:
        """What the numbers of a side should be, counted from the messages."""
        return {"newest": newest_of_side(), "unread": unread_of_side()}


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

    objects = SideQuerySet.as_manager()

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

    @property
    def messages(self) -> "MessageQuerySet":
        """What the owner can see."""
        return Message.objects.filter(conversation=self.conversation_id, pk__gt=self.cleared_to)

    def read(self, to: int) -> None:
        """The owner has read everything up to the message `to`: nothing of it is ever unread again."""
        if to <= self.read_to:
            return
        with transaction.atomic():
            for side in Side.objects.filter(pk=self.pk).locked():
                read_to = max(side.read_to, min(to, side.newest))  # nobody has read what is not written yet
                unread = side.messages.filter(pk__gt=read_to).exclude(sender=side.owner_id).count()
                Side.objects.filter(pk=side.pk).update(read_to=read_to, unread=unread)
            Notification.seen(self.owner_id, Notification.Kind.MESSAGE, self.other_id)

    def clear(self) -> None:
        """Delete the conversation for its owner; for good, when the other has nothing of it either."""
        with transaction.atomic():
            sides = Side.objects.filter(conversation=self.conversation_id).locked()
            for mine in (side for side in sides if side.pk == self.pk and side.newest):
                Side.objects.filter(pk=self.pk).update(newest=0, unread=0, cleared_to=mine.newest)
                Notification.seen(self.owner_id, Notification.Kind.MESSAGE, self.other_id)
            if not any(side.newest for side in sides if side.pk != self.pk):
                Conversation.objects.filter(pk=self.conversation_id).delete()

    def leave(self, at_most: int) -> bool:
        """For an owner whose account goes: delete `at_most` of their messages, and after the last one their side.

        Return whether that was all. What the other wrote stays with the other, under "deleted account".
        """
        with transaction.atomic():
            sides = Side.objects.filter(conversation=self.conversation_id)
            sides.locked()
            mine = Message.objects.filter(conversation=self.conversation_id, sender=self.owner_id).order_by("pk")
            pks = list(mine.values_list("pk", flat=True)[:at_most])
            Message.objects.filter(pk__in=pks).delete()
            if done := len(pks) < at_most:
                Side.objects.filter(pk=self.pk).delete()
                sides.update(other=None)
            sides.mend()
            if done and not sides.begun().exists():
                Conversation.objects.filter(pk=self.conversation_id).delete()
        return done


class MessageQuerySet(models.QuerySet["Message"]):
    def send(self, sender: User, recipient: User, body: str, *, after: int | None = None) -> "Message":
        """Write to somebody; `body` is cleaned already. Return the message. NotTakenError if they take none of these.

        `after` is the newest message that the sender had before them: the same text once more since then is not
        another message, but the same one, sent twice.
        """
        if not sender.may_write_to(recipient):
            raise NotTakenError
        with transaction.atomic():
            mine, theirs = sorted(Side.objects.begin(sender, recipient), key=lambda side: side.owner_id != sender.pk)
            if after is not None and (sent := self._sent(mine, after, body)):
                return sent
            # Whoever asks for what is newer than the newest they have misses nothing: ids rise as messages are kept.
            floor = max(mine.newest, mine.cleared_to, theirs.newest, theirs.cleared_to)
            message = self.create(
                pk=max(new_id(), floor + 1), conversation_id=mine.conversation_id, sender=sender, body=body
            )
            Side.objects.filter(pk=mine.pk).update(newest=message.pk)
            Side.objects.filter(pk=theirs.pk).update(newest=message.pk, unread=F("unread") + 1)
            Notification.tell(recipient, Notification.Kind.MESSAGE, sender)
        return message

    def _sent(self, mine: Side, after: int, body: str) -> "Message | None":
        """The message of the sender that says the same, among the newest after `after`."""
        since = mine.messages.filter(pk__gt=after, sender=mine.owner_id).order_by("-pk")[:20]
        return next((message for message in since if message.body == body), None)


class Message(models.Model):
    """Up to 1,000 characters from one to the other. The id is time-ordered, as a post's is."""

    id = models.BigIntegerField(primary_key=True, default=new_id, editable=False)
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="messages", db_index=False)
    sender = models.ForeignKey(User, models.CASCADE, related_name="messages_sent", db_index=False)
    body = models.TextField(_("text"))

    objects = MessageQuerySet.as_manager()

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

    @property
    def first_words(self) -> str:
        return text.summary(self.body, at_most=100)
