"""The background worker as processes: several at once, told to stop, killed, without a database."""

import collections
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from microblog.tests.faults.conftest import Place
from microblog.tests.rehearsal.postgres import Postgres
from microblog.tests.rehearsal.processes import Process, wait_until

pytestmark = pytest.mark.processes

# The command itself, with times of which a test can wait for several.
QUICK = """
import sys, django; django.setup()
from datetime import timedelta
from django.core.management import execute_from_command_line
from blog import queue
from blog.management.commands import worker
queue.BEAT_EVERY, queue.GONE_AFTER = timedelta(seconds=0.3), timedelta(seconds=float(sys.argv.pop(1)))
worker.RECLAIM_EVERY, worker.LOOK_EVERY, worker.AWAY_DELAYS = 0.5, 0.1, (0.2, 0.5)
execute_from_command_line(["manage.py", "worker", *sys.argv[1:]])
"""


ALIVE = 7  # seconds: nobody who lives is silent for so long, on a busy machine either


def worker(place: Place, name: str = "worker", gone_after: float = 2, *options: str) -> Process:
    """One that takes others for gone that gave no sign of life for so many seconds."""
    command = [sys.executable, "-c", QUICK, str(gone_after), "--no-housekeeping", *options]
    return Process(command, cwd=place.code, env=place.env, log=place.home / f"{name}.log")


def enqueue(place: Place, *calls: str) -> None:
    """Each call as it is written: `note.enqueue("/tmp/…", "bread")`."""
    place.run("\n".join(["from microblog.tests.faults.tasks import *", *calls]))


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def states(place: Place) -> str:
    """The state of every task and how often it was taken, in order of enqueueing."""
    script = (
        "from django_tasks_db.models import DBTaskResult\n"
        "for row in DBTaskResult.objects.order_by('enqueued_at'): print(row.status, len(row.worker_ids))"
    )
    return place.run(script).strip()


def test_several_workers_run_each_task_once(place):
    noted = place.home / "noted"
    with worker(place, "one", ALIVE) as one, worker(place, "two", ALIVE) as two:
        one.wait_for("starts")
        two.wait_for("starts")
        enqueue(place, f"for n in range(60): note.enqueue({str(noted)!r}, f'task{{n}}', 0.02)")
        wait_until(lambda: len(lines(noted)) >= 120)
        wait_until(lambda: (one.output + two.output).count(": successful") == 60)
    assert set(collections.Counter(lines(noted)).values()) == {1}
    for process in (one, two):
        assert process.output.count(": successful") > 0  # both had their share
    assert "60 tasks" not in place.manage("worker", "--status")


def test_sigterm_finishes_the_task_in_hand_and_takes_no_other(place):
    noted, free = place.home / "noted", place.home / "free"
    first = f"hold.enqueue({str(noted)!r}, 'first', {str(free)!r})"
    enqueue(place, first, f"note.enqueue({str(noted)!r}, 'second')")
    with worker(place) as process:
        wait_until(lambda: lines(noted) == ["first begins"])
        process.signal_group(signal.SIGTERM)
        time.sleep(0.5)  # the signal is there
        free.touch()
        assert process.wait(30) == 0
    assert lines(noted) == ["first begins", "first ends"]
    assert states(place).splitlines() == ["SUCCESSFUL 1", "READY 0"]
    assert place.manage("worker", "--status").startswith("1 tasks wait, the oldest for ")
    assert "0 workers are alive" in place.manage("worker", "--status")


def test_beside_the_web_it_finishes_the_task_in_hand_however_often_it_is_told(place):
    """The platform tells every process, and the web process tells it once more."""
    noted, free = place.home / "noted", place.home / "free"
    enqueue(place, f"hold.enqueue({str(noted)!r}, 'first', {str(free)!r})")
    with worker(place, "worker", 2, "--beside", str(os.getpid())) as process:
        wait_until(lambda: lines(noted) == ["first begins"])
        for _time in range(2):
            process.signal_group(signal.SIGTERM)
            time.sleep(0.5)  # the signal is there
        free.touch()
        assert process.wait(30) == 0
    assert states(place) == "SUCCESSFUL 1"


def test_sigterm_ends_an_idle_worker_at_once(place):
    with worker(place) as process:
        process.wait_for("starts")
        process.signal_group(signal.SIGTERM)
        assert process.wait(30) == 0


def test_the_task_of_a_killed_worker_is_run_by_another(place):
    noted, free = place.home / "noted", place.home / "free"
    enqueue(place, f"hold.enqueue({str(noted)!r}, 'bread', {str(free)!r})")
    with worker(place, "killed") as killed:
        wait_until(lambda: lines(noted) == ["bread begins"])
        killed.signal_group(signal.SIGKILL)
        killed.wait(30)
    free.touch()
    with worker(place, "other") as other:
        other.wait_for("is put back: its worker is gone")
        other.wait_for("attempt 2: successful")
    assert lines(noted) == ["bread begins", "bread begins", "bread ends"]
    assert states(place) == "SUCCESSFUL 2"


def test_the_task_of_a_worker_that_lives_is_left_to_it_however_long_it_takes(place):
    noted = place.home / "noted"
    enqueue(place, f"note.enqueue({str(noted)!r}, 'bread', {ALIVE + 2})")
    with worker(place, "one", ALIVE) as one, worker(place, "two", ALIVE) as two:
        wait_until(lambda: "bread ends" in lines(noted))
        wait_until(lambda: "successful" in one.output + two.output)
    assert lines(noted) == ["bread begins", "bread ends"]
    assert "put back" not in one.output + two.output


def test_a_task_that_kills_three_workers_fails(place):
    noted = place.home / "noted"
    enqueue(place, f"kill_the_worker.enqueue({str(noted)!r})")
    for attempt in range(3):
        with worker(place, f"victim{attempt}") as victim:
            assert victim.wait(60) == -signal.SIGKILL
    with worker(place, "last") as last:
        last.wait_for("3 workers vanished with it")
        wait_until(lambda: states(place) == "FAILED 3")
    assert lines(noted) == ["kill begins"] * 3


def test_a_task_that_fails_is_one_line_with_its_traceback_and_the_worker_goes_on(place):
    noted = place.home / "noted"
    enqueue(place, f"fail.enqueue({str(noted)!r})", f"note.enqueue({str(noted)!r}, 'next')")
    with worker(place) as process:
        process.wait_for("attempt 1: successful")
        assert process.output.count("attempt 1: failed") == 1
        assert "ValueError: it can't be done" in process.output
    assert states(place).splitlines() == ["FAILED 1", "SUCCESSFUL 1"]


def test_batch_ends_when_nothing_is_due(place):
    noted = place.home / "noted"
    enqueue(place, f"note.enqueue({str(noted)!r}, 'bread')")
    place.manage("worker", "--batch")
    assert lines(noted) == ["bread begins", "bread ends"]
    assert place.manage("worker", "--status") == "0 tasks wait; 0 run; 0 workers are alive.\n"


def test_survives_the_database_going_away_and_coming_back(postgres: Postgres, tmp_path):
    place = Place(tmp_path, postgres.url_of("away"))
    place.manage("migrate", "--noinput")
    noted = tmp_path / "noted"
    enqueue(place, f"note.enqueue({str(noted)!r}, 'in-hand', 3)")
    with worker(place) as process:
        wait_until(lambda: lines(noted) == ["in-hand begins"])
        postgres.stop()
        process.wait_for("The worker waits for the database")
        postgres.start()
        process.wait_for("attempt 2: successful")  # it could not note that the first was done
        enqueue(place, f"note.enqueue({str(noted)!r}, 'after')")
        wait_until(lambda: "after ends" in lines(noted))
        assert process.output.count("The worker waits for the database") == 1
        assert "Traceback" not in process.output
        process.signal_group(signal.SIGTERM)
        assert process.wait(30) == 0
    assert states(place).splitlines() == ["SUCCESSFUL 2", "SUCCESSFUL 1"]
