"""What people wrote to one another: private messages, read and unread as the old site had them.

The report names them by their numbers only: what is in them is nobody's who moves a site.
"""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction

from blog import text
from blog.models import Conversation, ImportedRow, Message, Side
from blog.moving import plan
from blog.moving.ids import Ids, base_of
from blog.moving.move import GONE, Move, batches

COLUMNS = ["id", "sender_id", "recipient_id", "timestamp", "body"]
MESSAGE = ImportedRow.Kind.MESSAGE
Pair = tuple[int, int]  # an owner, and the other


@dataclass(frozen=True)
class Old:
    """A message that can be taken."""

    old_id: int
    sender: int
    recipient: int
    base: int
    body: str
    is_read: bool


def move_messages(move: Move) -> None:
    """Take every message between two people who are here. Nobody is notified of what was written for years."""
    move.progress.start("private messages", move.source.count("message"))
    ids, read_until = Ids(Message), _read_until(move)
    for batch in batches(move.source.rows("message", COLUMNS, order=["id"], times=["timestamp"])):
        _write(move, ids, [old for old in (_read(move, read_until, row) for row in batch) if old])
        move.step(len(batch))
    move.progress.end()


def _read_until(move: Move) -> dict[int, int]:
    """When each person of the old site last looked at their messages, as the ids of messages tell time."""
    if not move.source.has("message"):
        return {}
    column = "last_message_read_time"
    times = move.source.rows("user", ["id", column], order=["id"], times=[column])
    return {old_id: base_of(time) for old_id, text_of_it in times if (time := plan.moment(text_of_it))}


def _read(move: Move, read_until: dict[int, int], row: tuple) -> Old | None:
    old_id, sender, recipient, timestamp, body = row
    time, body = plan.moment(timestamp), plan.as_text(body)
    if sender not in move.people or recipient not in move.people:
        move.report.leave("private messages of people who are not in the old database", old_id)
    elif sender == recipient:
        move.report.leave("private messages to oneself", old_id)
    elif GONE in (move.people[sender], move.people[recipient]):
        move.report.leave("private messages of people who have left this site", old_id)
    elif time is None:
        move.report.leave("private messages without a time", old_id)
    elif not text.clean(body):
        move.report.leave("private messages without a text", old_id)
    else:
        is_read = base_of(time) <= read_until.get(recipient, 0)
        return Old(old_id, move.people[sender], move.people[recipient], base_of(time), body, is_read)
    return None


def _write(move: Move, ids: Ids, batch: list[Old]) -> None:
    with transaction.atomic():
        known = move.known(MESSAGE, [(old.old_id, 0) for old in batch])
        new = [old for old in batch if (old.old_id, 0) not in known]
        for old in batch:
            if pk := known.get((old.old_id, 0)):
                ids.learn(old.base, pk)
        move.report.known["private messages"] += len(batch) - len(new)
        move.report.taken["private messages"] += len(new)
        if new and not move.dry_run:
            pks = ids.give([old.base for old in new])
            _deliver(new, pks)
            move.remember(MESSAGE, (((old.old_id, 0), pk) for old, pk in zip(new, pks, strict=True)))


def _deliver(batch: list[Old], pks: list[int]) -> None:
    """Make the messages, and what `Message.objects.send` makes besides, once for each conversation."""
    sides = _sides({(old.sender, old.recipient) for old in batch})
    Message.objects.bulk_create(
        Message(
            pk=pk, conversation_id=sides[old.sender, old.recipient].conversation_id, sender_id=old.sender, body=old.body
        )
        for old, pk in zip(batch, pks, strict=True)
    )
    read: dict[int, Side] = {}
    for old, pk in zip(batch, pks, strict=True):
        side = sides[old.recipient, old.sender]
        if old.is_read and pk > side.read_to:
            side.read_to = pk
            read[side.pk] = side
    Side.objects.bulk_update(read.values(), ["read_to"], batch_size=200)
    Side.objects.filter(pk__in=[side.pk for side in sides.values()]).mend()


def _sides(pairs: Collection[Pair]) -> dict[Pair, Side]:
    """Both sides of all conversations of `pairs`, locked; they begin here where there is none yet."""
    people = {person for pair in pairs for person in pair}
    wanted = {(min(pair), max(pair)) for pair in pairs}
    made = Side.objects.filter(owner__in=people, other__in=people).locked()
    sides = {(side.owner_id, side.other_id or 0): side for side in made}
    missing = sorted(pair for pair in wanted if pair not in sides)
    conversations = Conversation.objects.bulk_create([Conversation() for _pair in missing])
    new = [
        Side(conversation=conversation, owner_id=owner, other_id=other)
        for conversation, (one, two) in zip(conversations, missing, strict=True)
        for owner, other in ((one, two), (two, one))
    ]
    Side.objects.bulk_create(new)
    sides |= {(side.owner_id, side.other_id or 0): side for side in new}
    return {pair: side for pair, side in sides.items() if (min(pair), max(pair)) in wanted}
