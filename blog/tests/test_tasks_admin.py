"""Operators see the background work in the administration, and run again what failed."""

from datetime import timedelta
from io import StringIO

from django.contrib.admin.models import LogEntry
from django.core.management import call_command
from django.test import TestCase
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts import tasks
from accounts.tests.base import make_user
from blog import queue
from blog.models import Job
from blog.tests.test_queue import make_task


class Operators(TestCase):
    def setUp(self):
        self.root = make_user("root", is_staff=True, is_superuser=True)
        self.client.force_login(self.root)
        self.failed = make_task(
            status="FAILED",
            task_path="blog.tasks.run_job",
            worker_ids=["a", "b"],
            traceback="Traceback…\nValueError: the reason\n",
            finished_at=timezone.now(),
        )

    def test_see_what_failed_and_why(self):
        page = self.client.get("/admin/django_tasks_database/dbtaskresult/?status__exact=FAILED")
        self.assertContains(page, "ValueError: the reason")
        self.assertContains(
            self.client.get(f"/admin/django_tasks_database/dbtaskresult/{self.failed.pk}/change/"), "Traceback"
        )

    def run_again(self, *rows):
        chosen = {"action": "run_again", "_selected_action": [str(row.pk) for row in rows]}
        return self.client.post("/admin/django_tasks_database/dbtaskresult/", chosen, follow=True)

    def test_run_it_again_as_if_nobody_had_tried(self):
        done = make_task(status="SUCCESSFUL")
        self.assertContains(self.run_again(self.failed, done), "1 task is run again.")
        self.failed.refresh_from_db()
        assert (self.failed.status, self.failed.worker_ids, self.failed.finished_at) == ("READY", [], None)
        assert DBTaskResult.objects.ready().get() == self.failed
        done.refresh_from_db()
        assert done.status == "SUCCESSFUL"
        assert LogEntry.objects.filter(object_id=str(self.failed.pk)).exists()

    def test_moderators_neither_see_it_nor_run_it(self):
        self.client.force_login(make_user("moderator", is_staff=True))
        assert self.client.get("/admin/django_tasks_database/dbtaskresult/").status_code == 403
        assert self.run_again(self.failed).status_code == 403
        self.failed.refresh_from_db()
        assert self.failed.status == "FAILED"

    def test_add_change_and_delete_nothing_by_hand(self):
        assert self.client.get("/admin/django_tasks_database/dbtaskresult/add/").status_code == 403
        assert (
            self.client.post(f"/admin/django_tasks_database/dbtaskresult/{self.failed.pk}/delete/").status_code == 403
        )


class TheQueue(TestCase):
    def test_resets_and_confirmations_are_first_in_line(self):
        assert tasks.send_reset.priority == tasks.send_address_confirmation.priority > tasks.send_welcome.priority
        later = make_task(waits=timedelta(hours=1))
        first = make_task(priority=tasks.send_reset.priority)
        assert queue.claim("me") == first
        assert queue.claim("me") == later

    def test_a_job_whose_workers_vanished_fails_and_says_so(self):
        job = Job.objects.create(owner=make_user("ada"), kind=Job.Kind.EXPORT)
        assert job.begin()
        lost = ["one", "two", "three"]
        arguments = {"args": [job.pk, "https://example.org", "en"], "kwargs": {}}
        row = make_task(status="RUNNING", task_path=queue.JOB_TASK, worker_ids=lost)
        DBTaskResult.objects.filter(pk=row.pk).update(args_kwargs=arguments)
        queue.reclaim("me")
        job.refresh_from_db()
        assert (job.status, job.message) == ("failed", "lost")

    def test_clean_up_removes_finished_tasks_and_gives_up_jobs_that_nobody_did(self):
        old = make_task(status="SUCCESSFUL", finished_at=timezone.now() - timedelta(days=8))
        young = make_task(status="FAILED", finished_at=timezone.now() - timedelta(days=6))
        job = Job.objects.create(owner=make_user("ada"), kind=Job.Kind.EXPORT)
        call_command("clean_up", stdout=StringIO())
        job.refresh_from_db()
        assert job.status == "waiting"
        Job.objects.update(created_at=timezone.now() - timedelta(days=2))
        call_command("clean_up", stdout=StringIO())
        job.refresh_from_db()
        assert (job.status, job.message) == ("failed", "late")
        assert set(DBTaskResult.objects.all()) == {young}
        assert old.pk
