"""Digests: what a member has not read, by e-mail once a day or once a week, if they want that."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone

from accounts import emails
from accounts.models import User
from blog.events import events_of
from blog.models import Choices, Notification
from blog.models.ids import id_at, new_id

BATCH = 100  # members in one transaction
SHOWN = 20  # events in one e-mail
# A little less than the period: whoever runs it once a day does not do so to the second.
PERIODS = {
    Choices.Digest.DAILY: timedelta(days=1) - timedelta(minutes=30),
    Choices.Digest.WEEKLY: timedelta(days=7) - timedelta(minutes=30),
}
SALT = "blog.digest"


def due() -> Any:
    """The choices of all who want a digest and have had none for a day, or a week."""
    now = timezone.now()
    late = Q(digest_sent_at=None)
    for period, length in PERIODS.items():
        late |= Q(digest=period, digest_sent_at__lte=now - length)
    return Choices.objects.exclude(digest=Choices.Digest.OFF).filter(late)


def batches(queue: Any) -> Iterator[tuple[int, int]]:
    """Go through all who are due. Yield how many e-mails went into the queue with each batch, and how many did not.

    A batch is one transaction: who is in it has their e-mail in the queue and is done, or neither, wherever this ends.
    `queue(member's key, from, to)` puts an e-mail into the queue; `from` and `to` are moments as ids are.
    """
    last = 0
    while True:
        with transaction.atomic():
            rows = due().filter(pk__gt=last).order_by("pk").select_for_update(skip_locked=True)
            batch = list(rows[:BATCH])
            if not batch:
                return
            queued = sum(_take(choices, queue) for choices in _with_news(batch))
            Choices.objects.filter(pk__in=[choices.pk for choices in batch]).update(digest_sent_at=timezone.now())
        last = batch[-1].pk
        yield queued, len(batch) - queued


def _with_news(batch: list[Choices]) -> list[Choices]:
    """Those who can be written to and have something that they have not read."""
    news = Notification.objects.unread().filter(owner=OuterRef("pk"))
    people = User.objects.active().exclude(email="").filter(Exists(news), pk__in=[choices.pk for choices in batch])
    reachable = set(people.values_list("pk", flat=True))
    return [choices for choices in batch if choices.pk in reachable]


def _take(choices: Choices, queue: Any) -> bool:
    """Put the e-mail of one member into the queue, if there is something new since the last one."""
    since, until = id_at(_since(choices), 0), new_id()
    if not _unread(choices.owner_id, since, until).exists():
        return False
    queue(choices.owner_id, since, until)
    return True


def _since(choices: Choices) -> Any:
    """When the last digest told everything; before the first one, a day or a week ago."""
    return choices.digest_sent_at or timezone.now() - PERIODS[Choices.Digest(choices.digest)]


def _unread(owner_pk: int, since: int, until: int) -> Any:
    return Notification.objects.unread().filter(owner=owner_pk, newest__gt=since, newest__lte=until)


def send(member: User, since: int, until: int, *, site: str) -> None:
    """Write to `member`, if there is still something to tell, and they still want it."""
    choices = Choices.of(member)
    if choices.digest == Choices.Digest.OFF:
        return
    news = _unread(member.pk, since, until).shown_to(member)
    events = events_of(member, news.order_by("-newest").values_list("pk", flat=True)[: SHOWN + 1])
    if not events:
        return
    stop = site + reverse("blog:unsubscribe", args=[token_of(member)])
    context: dict[str, Any] = {"events": events[:SHOWN], "more": len(events) > SHOWN, "stop": stop}
    # Source: RFC 8058, which the large mail services ask for.
    headers = {"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    url = site + reverse("blog:notifications")
    language = choices.language or settings.LANGUAGE_CODE
    emails.send("digest", member.email, member, site=site, language=language, headers=headers, url=url, **context)


def token_of(member: User) -> str:
    """What makes the link in a digest `member`'s own. It does not expire: old e-mails must work, too."""
    return signing.Signer(salt=SALT).sign(str(member.pk))


def member_of(token: str) -> int:
    """The key of the member whose link has this token. Raise BadSignature when it is none of ours."""
    return int(signing.Signer(salt=SALT).unsign(token))


def unsubscribe(member_pk: int) -> None:
    """No more digests; those who get none stay without, and those who are gone stay gone."""
    Choices.objects.filter(pk=member_pk).update(digest=Choices.Digest.OFF)
