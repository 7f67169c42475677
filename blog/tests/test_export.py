"""A member's archive: what is in it, who gets it, and how far it is."""

import csv
import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from unittest import mock

from django.apps import apps
from django.core import mail
from django.core.management import call_command
from django.test import TestCase, TransactionTestCase
from django.utils import timezone
from django_tasks_db.compat import TASKS_LOGGER

from accounts.models import User
from accounts.tests.base import make_user
from blog import tasks
from blog.archive import pages
from blog.archive.sections import SECTIONS
from blog.models import Chunk, Job
from blog.models.job import CHUNK_SIZE, TRIES, StoppedError
from blog.tests.base import make_post
from microblog.tests.queue import in_the_database, wait, waiting, work

# Tables with a key of a member that are not in the archive, and why.
LEFT_OUT = {
    "blog.Post_mentions": "what others wrote",
    "accounts.Departure": "a day, of which they have an e-mail",
    "admin.LogEntry": "what moderators did",
    "accounts.User_groups": "rights that the staff gives",
    "accounts.User_user_permissions": "rights that the staff gives",
}
IN_IT = {
    "blog.Post",
    "accounts.Follow",
    "accounts.Session",
    "accounts.EmailChange",
    "blog.Job",
}


def archive_of(client) -> zipfile.ZipFile:
    """Start an export and download it."""
    page = client.post("/jobs/export/", follow=True)
    answer = client.get(page.request["PATH_INFO"] + "download/")
    assert answer.status_code == 200, page.content
    return zipfile.ZipFile(io.BytesIO(answer.getvalue()))


def jsonl(archive: zipfile.ZipFile, name: str) -> list[dict]:
    return [json.loads(line) for line in archive.read(f"data/{name}.jsonl").decode().splitlines()]


class TheArchive(TestCase):
    def setUp(self):
        self.ada, self.bob = make_user("ada", name="Ada <b>Ferri</b>", about="Bread."), make_user("bob")
        self.client.force_login(self.ada)

    def test_every_table_that_knows_members_is_in_it_or_left_out_for_a_reason(self):
        pointing = {
            model._meta.label
            for model in apps.get_models(include_auto_created=True)
            for field in model._meta.get_fields()
            if field.concrete and not field.many_to_many and field.related_model is User
        }
        assert pointing - LEFT_OUT.keys() == IN_IT
        queried = {section.query(self.ada).model._meta.label for section in SECTIONS}
        assert queried == IN_IT | {"accounts.User"}

    def test_holds_profile_settings_posts_follows_and_sessions(self):
        make_post(self.ada, "First.", at=datetime(2018, 5, 1, 12, 0, 0, 123000, tzinfo=UTC), language="en")
        hidden = make_post(self.ada, "Second, hidden.")  # now
        hidden.hide("unkind")
        make_post(self.bob, "Not mine.")
        self.ada.follow(self.bob)
        self.bob.follow(self.ada)
        archive = archive_of(self.client)
        assert archive.testzip() is None
        (profile,) = jsonl(archive, "profile")
        assert (profile["username"], profile["email"], profile["about"]) == ("ada", "ada@example.com", "Bread.")
        first, second = jsonl(archive, "posts")
        assert (first["text"], first["time"], first["language"]) == ("First.", "2018-05-01T12:00:00.123Z", "en")
        assert (second["text"], second["hidden_reason"]) == ("Second, hidden.", "unkind")
        assert [row["username"] for row in jsonl(archive, "following")] == ["bob"]
        assert [row["username"] for row in jsonl(archive, "followers")] == ["bob"]
        assert len(jsonl(archive, "sessions")) == 1
        assert "Not mine" not in "".join(archive.read(name).decode() for name in archive.namelist())

    def test_has_the_posts_as_the_flask_microblog_mailed_them(self):
        make_post(self.ada, 'One "line".', at=datetime(2020, 1, 1, tzinfo=UTC))
        make_post(self.ada, "Two.", at=datetime(2021, 1, 1, tzinfo=UTC))
        assert json.loads(archive_of(self.client).read("posts.json")) == {
            "posts": [
                {"body": 'One "line".', "timestamp": "2020-01-01T00:00:00.000Z"},
                {"body": "Two.", "timestamp": "2021-01-01T00:00:00.000Z"},
            ]
        }

    def test_spreadsheets_get_text_and_no_formula(self):
        make_post(self.ada, '=HYPERLINK("https://evil.example")', at=datetime(2020, 1, 1, tzinfo=UTC))
        make_post(self.ada, 'Comma, "quote"\nand line.')
        text = archive_of(self.client).read("data/posts.csv").decode("utf-8-sig")
        cells = [row[3] for row in csv.reader(io.StringIO(text))]
        assert cells == [
            "text",
            '\'=HYPERLINK("https://evil.example")',
            'Comma, "quote"\nand line.',
        ]

    def test_its_pages_are_escaped_and_load_nothing(self):
        make_post(self.ada, "<script>alert(1)</script>")
        archive = archive_of(self.client)
        pages_in_it = [archive.read(name).decode() for name in archive.namelist() if name.endswith(".html")]
        assert any("&lt;script&gt;alert(1)" in page for page in pages_in_it)
        for page in pages_in_it:
            assert "<script" not in page and "<b>Ferri" not in page and "src=" not in page and "http" not in page[400:]

    def test_its_pages_lead_from_one_to_the_next(self):
        for number in range(5):
            make_post(self.ada, f"Number {number}.", at=datetime(2020, 1, 1 + number, tzinfo=UTC))
        with mock.patch.object(pages, "ROWS", 2):
            archive = archive_of(self.client)
        third = archive.read("pages/posts-3.html").decode()
        assert "Number 4." in third and "../pages/posts-2.html" in third and "posts-4" not in third
        assert "../pages/posts-3.html" in archive.read("pages/posts-2.html").decode()
        assert 'href="pages/posts-1.html"' in archive.read("index.html").decode()

    def test_its_pages_are_in_the_language_of_the_member(self):
        User.objects.filter(pk=self.ada.pk).update(language="es")
        assert '<html lang="es" dir="ltr">' in archive_of(self.client).read("index.html").decode()

    def test_a_file_of_several_chunks_comes_whole(self):
        with mock.patch("blog.archive.write.CHUNK_SIZE", 500):
            archive = archive_of(self.client)
        assert Chunk.objects.count() > 5
        assert archive.testzip() is None
        assert CHUNK_SIZE == 256 * 1024


class TheDoor(TestCase):
    def setUp(self):
        self.ada, self.bob = make_user("ada"), make_user("bob")
        self.client.force_login(self.ada)

    def export(self) -> Job:
        self.client.post("/jobs/export/")
        return Job.objects.get(owner=self.ada)

    def test_mails_a_link_and_the_archive_while_it_is_small(self):
        job = self.export()
        (letter,) = mail.outbox
        assert letter.to == ["ada@example.com"]
        assert f"http://testserver/jobs/{job.pk}/" in letter.body
        ((name, body, kind),) = letter.attachments
        assert (name, kind) == (f"microblog-ada-{job.created_at:%Y-%m-%d}.zip", "application/zip")
        assert zipfile.ZipFile(io.BytesIO(body)).testzip() is None

    def test_mails_only_the_link_when_it_is_large(self):
        with mock.patch.object(tasks, "ATTACHED_AT_MOST", 100):
            self.export()
        assert mail.outbox[0].attachments == []

    def test_somebody_without_an_address_gets_no_letter(self):
        User.objects.filter(pk=self.ada.pk).update(email="", email_key="")
        assert self.export().is_ready
        assert mail.outbox == []

    def test_is_downloaded_by_its_owner_only(self):
        job = self.export()
        answer = self.client.get(f"/jobs/{job.pk}/download/", headers={"Accept-Encoding": "gzip"})
        assert answer.headers["Content-Disposition"].startswith("attachment;")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert len(answer.getvalue()) == int(answer.headers["Content-Length"]) == job.size
        self.client.force_login(self.bob)
        for path in ["", "progress/", "download/"]:
            assert self.client.get(f"/jobs/{job.pk}/{path}").status_code == 404
        assert self.client.post(f"/jobs/{job.pk}/cancel/").status_code == 404
        self.client.logout()
        for path in ["/jobs/", f"/jobs/{job.pk}/", f"/jobs/{job.pk}/download/"]:
            self.assertRedirects(self.client.get(path), f"/accounts/login/?next={path}")
        for path in ["/jobs/export/", f"/jobs/{job.pk}/cancel/"]:
            self.assertRedirects(self.client.post(path), "/accounts/login/?next=/", fetch_redirect_response=False)

    def test_starting_and_stopping_take_a_post(self):
        job = self.export()
        for path in ["/jobs/export/", f"/jobs/{job.pk}/cancel/"]:
            assert self.client.get(path).status_code == 405

    def test_is_gone_after_a_week(self):
        job = self.export()
        Job.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        assert self.client.get(f"/jobs/{job.pk}/download/").status_code == 404
        call_command("clean_up", stdout=io.StringIO())
        assert not Job.objects.exists() and not Chunk.objects.exists()

    def test_is_kept_until_then(self):
        job = self.export()
        assert timedelta(days=6, hours=23) < job.expires_at - timezone.now() <= timedelta(days=7)
        call_command("clean_up", stdout=io.StringIO())
        assert self.client.get(f"/jobs/{job.pk}/download/").status_code == 200

    def test_the_page_tells_what_can_be_done_before_anything_was(self):
        page = self.client.get("/jobs/")
        self.assertContains(page, "Export your data")
        self.assertContains(page, "Nothing yet.")
        self.assertContains(self.client.get("/accounts/settings/"), 'href="/jobs/"')

    def test_the_page_leads_to_the_file(self):
        job = self.export()
        page = self.client.get(f"/jobs/{job.pk}/")
        self.assertContains(page, f'href="/jobs/{job.pk}/download/"')
        self.assertNotContains(page, "hx-trigger")


@in_the_database
class TheWork(TransactionTestCase):
    def setUp(self):
        self.ada = make_user("ada")
        for number in range(20):
            make_post(self.ada, f"Number {number}.")
        self.client.force_login(self.ada)

    def start(self) -> Job:
        self.client.post("/jobs/export/")
        return Job.objects.get()

    def test_one_export_at_a_time(self):
        job = self.start()
        answer = self.client.post("/jobs/export/")
        self.assertRedirects(answer, f"/jobs/{job.pk}/")
        assert Job.objects.count() == 1
        work()
        self.client.post("/jobs/export/")
        assert Job.objects.count() == 2

    def test_the_page_asks_how_far_it_is_until_it_is_ready(self):
        job = self.start()
        self.assertContains(self.client.get(f"/jobs/{job.pk}/"), f'hx-get="/jobs/{job.pk}/progress/"')
        work()
        fragment = self.client.get(f"/jobs/{job.pk}/progress/")
        self.assertNotContains(fragment, "hx-get")
        self.assertContains(fragment, "Ready")

    def test_the_percentage_moves_with_the_rows_written(self):
        job, seen = self.start(), []
        note = Job.note

        def watched(job, **changes):
            note(job, **changes)
            seen.append(Job.objects.get(pk=job.pk).percent)

        with mock.patch.object(Job, "note", watched), mock.patch("blog.archive.write.BATCH", 5):
            work()
        assert seen == sorted(seen)
        assert len(set(seen)) > 10
        assert seen[-2] <= 99 and seen[-1] == 100  # 100 with READY and not before
        job.refresh_from_db()
        assert (job.status, job.done) == ("ready", job.total)

    def test_stopping_it_drops_what_was_written(self):
        job = self.start()
        step = Job.add

        def stopped_meanwhile(job, number, body):
            step(job, number, body)
            self.client.post(f"/jobs/{job.pk}/cancel/")

        with mock.patch.object(Job, "add", stopped_meanwhile), mock.patch("blog.archive.write.CHUNK_SIZE", 200):
            work()
        job.refresh_from_db()
        assert job.status == "cancelled"
        assert not job.chunks.exists()
        assert mail.outbox == []
        self.assertContains(self.client.get(f"/jobs/{job.pk}/"), "Stopped")

    def test_one_that_is_ready_is_not_stopped(self):
        job = self.start()
        work()
        self.client.post(f"/jobs/{job.pk}/cancel/")
        assert self.client.get(f"/jobs/{job.pk}/download/").status_code == 200

    def test_taken_up_again_it_begins_anew_and_the_former_attempt_can_write_nothing(self):
        job = self.start()
        former = Job.objects.get(pk=job.pk)
        assert former.begin()
        former.note(total=100)
        former.add(0, b"half of it")
        work()
        job.refresh_from_db()
        assert (job.status, job.attempts) == ("ready", 2)
        assert not job.chunks.filter(body=b"half of it").exists()
        for write in (lambda: former.add(99, b"late"), lambda: former.note(done=1), former.finish):
            with self.assertRaises(StoppedError):
                write()
        assert not job.begin()  # a third run does nothing

    def test_an_error_is_tried_again_later_and_then_the_job_fails_and_says_so(self):
        job = self.start()
        waits = []
        with mock.patch("blog.tasks.write", side_effect=ValueError("no")), self.assertLogs(TASKS_LOGGER, "ERROR"):
            work()
            while waiting():
                job.refresh_from_db()
                assert job.status == "waiting"
                self.assertContains(self.client.get(f"/jobs/{job.pk}/"), "It is tried again")
                waits.append(wait())
                work()
        assert waits == sorted(waits) and len(waits) == TRIES - 1
        job.refresh_from_db()
        assert (job.status, job.message) == ("failed", "failed")
        page = self.client.get(f"/jobs/{job.pk}/")
        self.assertContains(page, "Something went wrong, several times.")
        self.assertNotContains(page, "100 %")
        self.client.post("/jobs/export/")  # a failed one blocks no other
        assert Job.objects.count() == 2

    def test_whoever_left_meanwhile_gets_nothing_and_nothing_fails(self):
        self.start()
        self.ada.delete()
        work()
        assert waiting() is None and not Chunk.objects.exists()
