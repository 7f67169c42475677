"""Background tasks for the tests of the worker. They leave a line in a file, so that each run can be counted."""

import os
import signal
import time

from django_tasks import task


@task()
def note(path: str, word: str, seconds: float = 0) -> None:
    """Write that it begins, take a while, write that it ended."""
    write(path, f"{word} begins")
    time.sleep(seconds)
    write(path, f"{word} ends")


@task()
def hold(path: str, word: str, free: str) -> None:
    """Write that it begins, go on when there is a file `free`, write that it ended."""
    write(path, f"{word} begins")
    while not os.path.exists(free):  # noqa: PTH110 - a path as it was enqueued
        time.sleep(0.05)
    write(path, f"{word} ends")


@task()
def fail(path: str) -> None:
    write(path, "fail begins")
    raise ValueError("it can't be done")


@task()
def kill_the_worker(path: str) -> None:
    write(path, "kill begins")
    os.kill(os.getpid(), signal.SIGKILL)


def write(path: str, line: str) -> None:
    with open(path, "a") as file:  # noqa: PTH123 - one write, appended whole
        file.write(line + "\n")
