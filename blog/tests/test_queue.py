"""The queue: how it stands, who is alive, and the checks that tell when nobody works."""

import io
from datetime import timedelta
from unittest import mock

from django.core import checks
from django.core.management import call_command
from django.db import OperationalError
from django.test import TestCase, override_settings
from django.utils import timezone
from django_tasks_db.models import DBTaskResult, get_date_max

from blog import queue
from blog.management.commands import worker
from blog.management.commands.worker import Runner
from blog.models import Worker

QUEUE = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}


def make_task(*, waits: timedelta = timedelta(0), **fields) -> DBTaskResult:
    """A task that nobody will run, enqueued a while ago."""
    fields = {"run_after": get_date_max(), "task_path": "gone.task", "backend_name": "default", **fields}
    row = DBTaskResult.objects.create(args_kwargs={"args": [], "kwargs": {}}, **fields)
    DBTaskResult.objects.filter(pk=row.pk).update(enqueued_at=timezone.now() - waits)
    return row


class TheQueue(TestCase):
    def test_an_empty_queue_has_no_oldest_task(self):
        assert queue.status() == queue.Status(waiting=0, oldest=None, running=0, workers=0)
        assert queue.status().as_json()["oldest_seconds"] is None

    def test_counts_what_is_due_and_how_long_the_oldest_waits(self):
        make_task(waits=timedelta(seconds=90))
        make_task(waits=timedelta(hours=5), run_after=timezone.now() - timedelta(seconds=30))
        make_task(run_after=timezone.now() + timedelta(hours=1))
        make_task(status="RUNNING", worker_ids=["a"])
        make_task(status="FAILED", waits=timedelta(days=3))
        status = queue.status()
        assert (status.waiting, status.running) == (2, 1)
        assert 89 < status.oldest.total_seconds() < 99

    def test_a_worker_is_alive_while_its_sign_of_life_is_fresh(self):
        queue.beat("here")
        queue.beat("gone")
        Worker.objects.filter(pk="gone").update(beat_at=timezone.now() - queue.GONE_AFTER - timedelta(seconds=1))
        assert queue.status().workers == 1
        queue.leave("here")
        assert queue.status().workers == 0

    def test_late_tasks_are_a_problem_only_where_no_worker_is_alive(self):
        make_task(waits=queue.LATE_AFTER - timedelta(seconds=10))
        assert queue.problems() == []
        make_task(waits=queue.LATE_AFTER + timedelta(seconds=10))
        assert queue.problems() == ["2 tasks wait, the oldest for 5\xa0minutes, and no worker is alive"]
        queue.beat("here")
        assert queue.problems() == []

    def test_a_formation_without_a_worker_is_told_by_the_check_of_the_database(self):
        make_task(waits=timedelta(hours=1))
        found = {message.id: message for message in checks.run_checks(databases=["default"])}
        assert "WORKER_IN_WEB=1" in found["blog.W001"].hint
        assert "blog.W001" not in [message.id for message in checks.run_checks()]

    def test_the_check_is_silent_before_the_first_migration(self):
        with mock.patch("blog.queue.problems", side_effect=OperationalError("no such table")):
            assert "blog.W001" not in [message.id for message in checks.run_checks(databases=["default"])]

    def test_readyz_shows_the_queue(self):
        make_task(waits=timedelta(seconds=90))
        answer = self.client.get("/readyz").json()["queue"]
        assert (answer["waiting"], answer["running"], answer["workers"]) == (1, 0, 0)
        assert 89 <= answer["oldest_seconds"] < 99

    def test_readyz_tells_a_catalogue_that_is_not_compiled(self):
        with mock.patch("microblog.catalogues.problems", return_value=["locale/de/… is not compiled"]):
            answer = self.client.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["checks"]["catalogues"] == "locale/de/… is not compiled"

    def test_status_is_printed(self):
        make_task(waits=timedelta(seconds=90))
        out = io.StringIO()
        call_command("worker", "--status", stdout=out)
        assert out.getvalue().startswith("1 tasks wait, the oldest for 9")


@override_settings(TASKS=QUEUE)
class ReclaimingAndRunning(TestCase):
    def setUp(self):
        # The worker drops old connections before each turn; this one is inside the test's transaction.
        keep = mock.patch("blog.management.commands.worker.close_old_connections")
        keep.start()
        self.addCleanup(keep.stop)

    def test_puts_back_only_what_vanished_workers_had(self):
        queue.beat("alive")
        mine = make_task(status="RUNNING", worker_ids=["me"], started_at=timezone.now())
        theirs = make_task(status="RUNNING", worker_ids=["vanished", "alive"])
        lost = make_task(status="RUNNING", worker_ids=["alive", "vanished"])
        assert queue.reclaim("me") == 2
        states = {row.pk: row.status for row in DBTaskResult.objects.all()}
        assert states == {mine.pk: "READY", theirs.pk: "RUNNING", lost.pk: "READY"}
        assert DBTaskResult.objects.get(pk=mine.pk).started_at is None

    def test_a_task_waits_less_than_a_minute_for_another_worker(self):
        """Killed just after its sign of life, found by the worker that looked just before."""
        queue.beat("killed")
        lost = make_task(status="RUNNING", worker_ids=["killed"])
        longest = queue.GONE_AFTER.total_seconds() + worker.RECLAIM_EVERY + worker.LOOK_EVERY
        assert longest < 60
        Worker.objects.update(beat_at=timezone.now() - queue.GONE_AFTER - timedelta(seconds=1))
        assert queue.reclaim("me") == 1
        assert queue.claim("me") == lost

    def test_right_after_the_database_was_away_others_are_left_alone(self):
        queue.beat("stale")
        Worker.objects.update(beat_at=timezone.now() - timedelta(hours=1))
        make_task(status="RUNNING", worker_ids=["stale"])
        assert queue.reclaim("me", others=False) == 0
        assert queue.reclaim("me") == 1
        assert not Worker.objects.exists()

    def test_a_task_whose_function_is_gone_fails_and_does_not_stop_the_worker(self):
        row = make_task(task_path="accounts.tasks.no_longer_there")
        runner = Runner(batch=True, housekeeping=False)
        with self.assertLogs("blog.worker", "ERROR") as logs:
            runner.turn()
        assert DBTaskResult.objects.get(pk=row.pk).status == "FAILED"
        assert "accounts.tasks.no_longer_there" in logs.output[0]

    def test_housekeeping_runs_once_an_hour_whichever_worker_comes_first(self):
        with mock.patch("blog.management.commands.worker.call_command") as clean_up:
            for _worker in range(3):
                Runner(batch=True).turn()
        clean_up.assert_called_once_with("clean_up", stdout=mock.ANY)

    def test_housekeeping_that_fails_does_not_stop_the_worker(self):
        with (
            mock.patch("blog.management.commands.worker.call_command", side_effect=ValueError("no")),
            self.assertLogs("blog.worker", "ERROR"),
        ):
            Runner(batch=True).turn()

    def test_no_housekeeping_where_it_is_told_not_to(self):
        with mock.patch("blog.management.commands.worker.call_command") as clean_up:
            Runner(housekeeping=False, batch=True).turn()
        clean_up.assert_not_called()
