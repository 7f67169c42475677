"""The queue of background work: how long it is, who works on it, and what a vanished worker left behind.

Tasks are rows of django-tasks-db. A worker that is killed leaves its task RUNNING; nobody but us puts it back.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Case, Count, F, Min, QuerySet, When
from django.utils import timezone
from django.utils.timesince import timesince
from django_tasks_db.compat import TaskResultStatus
from django_tasks_db.models import DBTaskResult, get_date_max
from django_tasks_db.utils import exclusive_transaction

from blog.models import Job, Worker

BEAT_EVERY = timedelta(seconds=10)
GONE_AFTER = timedelta(seconds=40)  # without a sign of life; with RECLAIM_EVERY less than a minute
LOST_AT_MOST = 3  # workers that vanish with the same task in hand, before the task is held to be the cause
LATE_AFTER = timedelta(minutes=5)
JOB_TASK = "blog.tasks.run_job"  # its first argument is the job
logger = logging.getLogger(__name__)


class WorkerLostError(Exception):
    """The worker of a task vanished, and not for the first time."""


@dataclass(frozen=True)
class Status:
    """How the queue stands. `oldest` is how long the longest-waiting task waits, None if none does."""

    waiting: int
    oldest: timedelta | None
    running: int
    workers: int

    def __str__(self) -> str:
        since = f", the oldest for {self.oldest.total_seconds():.0f} s" if self.oldest is not None else ""
        return f"{self.waiting} tasks wait{since}; {self.running} run; {self.workers} workers are alive"

    def as_json(self) -> dict[str, int | None]:
        oldest = None if self.oldest is None else int(self.oldest.total_seconds())
        return {"waiting": self.waiting, "oldest_seconds": oldest, "running": self.running, "workers": self.workers}


def status() -> Status:
    """Count what is due now; tasks for later do not wait yet."""
    due_since = Case(When(run_after=get_date_max(), then=F("enqueued_at")), default=F("run_after"))
    found = DBTaskResult.objects.ready().order_by().aggregate(waiting=Count("*"), since=Min(due_since))
    return Status(
        waiting=found["waiting"],
        oldest=timezone.now() - found["since"] if found["since"] else None,
        running=DBTaskResult.objects.running().count(),
        workers=Worker.objects.filter(beat_at__gte=timezone.now() - GONE_AFTER).count(),
    )


def problems() -> list[str]:
    """What is wrong with the queue: tasks that wait for long, and nobody there to do them."""
    now = status()
    if now.oldest is None or now.oldest < LATE_AFTER or now.workers:
        return []
    return [
        f"{now.waiting} tasks wait, the oldest for {timesince(timezone.now() - now.oldest)}, and no worker is alive"
    ]


def beat(worker_id: str) -> None:
    """Note that this worker is alive."""
    now = timezone.now()
    Worker.objects.update_or_create(
        pk=worker_id, defaults={"beat_at": now}, create_defaults={"beat_at": now, "started_at": now}
    )


def leave(worker_id: str) -> None:
    """This worker ends, with nothing in hand."""
    Worker.objects.filter(pk=worker_id).delete()


def claim(worker_id: str) -> DBTaskResult | None:
    """Take the next task that is due, so that nobody else does."""
    if not DBTaskResult.objects.ready().exists():  # without a lock, which SQLite has only one of
        return None
    with exclusive_transaction():
        row = DBTaskResult.objects.ready().get_locked()
        if row is not None:
            row.claim(worker_id)
    return row


def reclaim(worker_id: str, *, others: bool = True) -> int:
    """Put back what vanished workers had in hand, and what `worker_id` itself has, who asks between two tasks.

    Without `others` only the latter: right after the database was away nobody's last sign of life is fresh.
    Return how many tasks were put back.
    """
    with exclusive_transaction():
        if others:
            Worker.objects.filter(beat_at__lt=timezone.now() - GONE_AFTER).exclude(pk=worker_id).delete()
        alive = set(Worker.objects.exclude(pk=worker_id).values_list("pk", flat=True))
        lost = [
            row
            for row in DBTaskResult.objects.running().select_for_update(skip_locked=True)
            if row.worker_ids[-1:] == [worker_id] or (others and not alive.intersection(row.worker_ids[-1:]))
        ]
        for row in lost:
            put_back(row)
    return len(lost)


def put_back(row: DBTaskResult) -> None:
    """Back into the queue; a task that cost LOST_AT_MOST workers fails instead."""
    if len(row.worker_ids) >= LOST_AT_MOST:
        logger.error("task %s %s failed: %s workers vanished with it", row.task_path, row.pk, len(row.worker_ids))
        row.set_failed(WorkerLostError(f"{len(row.worker_ids)} workers vanished with this task in hand"))
        if row.task_path == JOB_TASK:
            Job.objects.filter(pk=row.args_kwargs["args"][0]).give_up("lost")
        return
    logger.warning("task %s %s is put back: its worker is gone", row.task_path, row.pk)
    row.status = TaskResultStatus.READY
    row.started_at = None
    row.save(update_fields=["status", "started_at"])


def run_again(rows: QuerySet) -> list[DBTaskResult]:
    """Put the failed ones of `rows` back into the queue, as if nobody had tried. Return them."""
    with exclusive_transaction():
        again = list(rows.select_for_update(skip_locked=True).filter(status=TaskResultStatus.FAILED))
        for row in again:
            row.status, row.started_at, row.finished_at, row.worker_ids = TaskResultStatus.READY, None, None, []
            row.run_after = get_date_max()
            row.args_kwargs["kwargs"].pop("tried", None)
            row.save()
    return again
