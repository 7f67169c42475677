"""What follows here from how people stand to one another; `blog.apps` connects it."""

from typing import Any

from django.db.models import Exists, F, OuterRef, Subquery

from accounts.models import Block
from blog.models import Notification
from blog.models.notification import Teller


def forget_each_other(*, block: Block, **_signal: Any) -> None:
    """What the two have told each other is gone; a group keeps the others who are in it."""
    _forget(block.blocker_id, block.blocked_id)
    _forget(block.blocked_id, block.blocker_id)


def _forget(owner: int, actor: int) -> None:
    keys = list(Notification.objects.filter(owner=owner, tellers__actor=actor).values_list("pk", flat=True))
    told = Notification.objects.filter(pk__in=keys)
    Teller.objects.filter(notification__in=keys, actor=actor).delete()
    left = Teller.objects.filter(notification=OuterRef("pk")).order_by("-pk")
    told.exclude(Exists(left)).delete()
    told.update(count=F("count") - 1, actor=Subquery(left.values("actor")[:1]))
