"""Tasks for what fails now and then and works an hour later: they are tried again, later and later."""

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial, wraps
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string

try:
    from django.tasks import task
except ImportError:  # before Django 6
    from django_tasks import task  # type: ignore[no-redef]

__all__ = ["after_commit", "retried", "task"]

logger = logging.getLogger(__name__)
DELAYS = (
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
)


def after_commit(job: Any, *args: Any) -> None:
    """Enqueue a task once the transaction is in. A queue that fails is logged: what was saved stays saved."""
    transaction.on_commit(partial(job.enqueue, *args), robust=True)


def retried(*errors: type[Exception], delays: Sequence[timedelta] = DELAYS) -> Callable:
    """Run the function under `@task` again after each of `delays` when it raises one of `errors`; then it fails.

    The number of tries so far travels with the task, as `tried`; the function itself doesn't see it.
    """

    def decorate(run: Callable[..., None]) -> Callable[..., None]:
        @wraps(run)
        def attempt(*args: Any, tried: int = 0) -> None:
            try:
                run(*args)
            except errors as error:
                if not again(run, args, tried, delays, error):
                    raise

        return attempt

    return decorate


def again(
    run: Callable[..., None], args: Sequence[Any], tried: int, delays: Sequence[timedelta], error: Exception
) -> bool:
    """Put the task of `run` back into the queue for later; False when it was tried often enough."""
    path = f"{run.__module__}.{run.__qualname__}"
    job = import_string(path)
    if tried >= len(delays) or not job.get_backend().supports_defer:
        logger.error("%s%r failed for good, tried %d times: %s", path, tuple(args), tried + 1, error)
        return False
    logger.warning("%s%r failed and is tried again in %s: %s", path, tuple(args), delays[tried], error)
    job.using(run_after=timezone.now() + delays[tried]).enqueue(*args, tried=tried + 1)
    return True
