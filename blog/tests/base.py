"""Posts for tests."""

from datetime import datetime

from accounts.models import User
from blog.models import Conversation, Message, Post, Side
from blog.models.ids import new_id


def make_post(author: User, body: str = "Something said.", *, at: datetime | None = None, **fields: object) -> Post:
    """A post by `author`, through the same verb as the site's own."""
    return Post.objects.publish(author, body, at=at, **fields)  # type: ignore[arg-type]


def write_letters(sender: User, recipient: User, bodies: list[str], *, read: int = 0) -> Side:
    """Private messages from one to the other, of which the first `read` are read. Return the recipient's side."""
    side = Side.objects.filter(owner=recipient, other=sender).first()
    talk = side.conversation if side else Conversation.objects.create()
    last = Message.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    first = max(last + 1, new_id())
    pks = [first + n for n in range(len(bodies))]
    Message.objects.bulk_create(
        Message(pk=pk, conversation=talk, sender=sender, body=body) for pk, body in zip(pks, bodies, strict=True)
    )
    for owner, other in ((sender, recipient), (recipient, sender)):
        mine, _made = Side.objects.get_or_create(owner=owner, other=other, defaults={"conversation": talk})
        mine.newest = pks[-1]
        if owner == recipient:
            mine.unread += len(bodies) - read
            mine.read_to = pks[read - 1] if read else mine.read_to
        mine.save()
    return Side.objects.get(owner=recipient, other=sender)
