"""The queue in tests: its own worker, without its signals, until nothing is due."""

from django.test import override_settings
from django.utils import timezone
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult

in_the_database = override_settings(TASKS={"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}})


def work() -> None:
    """Run what is due, as `db_worker --batch` does."""
    Worker(
        queue_names=["default"],
        interval=0,
        batch=True,
        backend_name="default",
        startup_delay=False,
        max_tasks=None,
        worker_id="test",
        excluded_queue_names=[],
    ).run()


def waiting() -> DBTaskResult | None:
    """The task that waits, if there is one."""
    return DBTaskResult.objects.filter(status="READY").first()


def wait() -> float:
    """Let the time pass until the task that waits is due. Return how many seconds that would have been."""
    task = waiting()
    assert task, "nothing waits"
    seconds = (task.run_after - timezone.now()).total_seconds()
    DBTaskResult.objects.filter(pk=task.pk).update(run_after=timezone.now())
    return seconds
