"""Delete what nobody will ask for again."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db.models import QuerySet
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts.models import EmailChange, Session
from accounts.models.email_change import CONFIRM_WITHIN
from blog.models import Job, Notification, Translation
from blog.models.ids import id_at
from blog.models.job import STALE_AFTER
from blog.search import index
from blog.tasks import start_filling_search, start_removals
from microblog.models import RateWindow

BATCH = 1000  # rows in one transaction
LONGEST_LIMIT = timedelta(days=1)  # no rate limit counts over more
LONGEST_RELEASE = timedelta(hours=3)  # an older release that writes posts beside this one
TASKS_KEPT = timedelta(days=7)


class Command(BaseCommand):
    help = (
        "Delete expired sessions, past rate limits, unconfirmed changes of address, void translations, notifications "
        "that were read long ago, and jobs and tasks that ended a week ago. Begin to remove those who left two weeks "
        "ago."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        gone = {
            "expired sessions": delete(Session.objects.filter(expire_date__lt=now)),
            "past rate limits": delete(RateWindow.objects.filter(starts_at__lt=now - LONGEST_LIMIT)),
            "changes of address that nobody confirmed": delete(
                EmailChange.objects.filter(confirmed_at=None, created_at__lt=now - CONFIRM_WITHIN)
            ),
            "void translations": delete(Translation.objects.void()),
            "expired jobs": delete(Job.objects.filter(expires_at__lt=now)),
            "old notifications": delete(
                Notification.objects.filter(read=True, newest__lt=id_at(now - settings.NOTIFICATIONS_KEPT, 0))
            ),
            "finished tasks": delete(DBTaskResult.objects.finished().filter(finished_at__lt=now - TASKS_KEPT)),
        }
        start_removals()
        start_filling_search()
        index.mend_newest(id_at(now - LONGEST_RELEASE))
        Job.objects.filter(created_at__lt=now - STALE_AFTER).give_up("late")
        self.stdout.write(f"Deleted: {', '.join(f'{n} {what}' for what, n in gone.items())}.")


def delete(rows: QuerySet) -> int:
    """Delete `rows` a batch at a time, so that nobody waits for long. Return how many there were."""
    total = 0
    while keys := list(rows.order_by().values_list("pk", flat=True)[:BATCH]):
        rows.model._default_manager.filter(pk__in=keys).delete()
        total += len(keys)
    return total
