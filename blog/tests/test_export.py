"""A member's archive: what is in it, who gets it, and how far it is."""

import csv
import io
import json
import re
import zipfile
from dataclasses import replace
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
from blog.archive.sections import SECTIONS, Column
from blog.models import Choices, Chunk, Job, Message, Notification, Side
from blog.models.job import CHUNK_SIZE, TRIES, StoppedError
from blog.tests.base import make_post, write_letters
from microblog.tests.queue import in_the_database, wait, waiting, work

# Tables with a key of a member that are not in the archive, and why.
LEFT_OUT = {
    "blog.Post_mentions": "what others wrote",
    "blog.Teller": "what others did; a group tells how many they are, and the newest of them",
    "accounts.NameWord": "the words of the name, which is in it",
    "accounts.Departure": "a day, of which they have an e-mail",
    "admin.LogEntry": "what moderators did",
    "accounts.User_groups": "rights that the staff gives",
    "accounts.User_user_permissions": "rights that the staff gives",
}
IN_IT = {
    "blog.Post",
    "blog.Like",
    "blog.Message",
    "blog.Side",
    "blog.Notification",
    "blog.Choices",
    "blog.Job",
    "accounts.Follow",
    "accounts.Block",
    "accounts.Mute",
    "accounts.Session",
    "accounts.EmailChange",
}
# Columns of those tables (and of the member's own) that are not in the archive, and why.
COLUMNS_LEFT_OUT = {
    "a secret": {"User.password", "Session.session_key", "Session.session_data"},
    "found in another one": {"User.username_key", "User.email_key", "User.last_login", "Post.version"},
    "counted from rows that are in it": {
        "User.post_count",
        "User.follower_count",
        "User.following_count",
        "Post.reply_count",
        "Post.repost_count",
        "Post.like_count",
    },
    "a right that the staff gives": {"User.is_staff", "User.is_superuser"},
    "how a job is done": {
        f"Job.{name}" for name in ("done", "total", "message", "result", "source", "attempts", "expires_at")
    },
    "a number of ours": {"Notification.job"},
}


def looked_up(section, member) -> set:
    """The fields that a section reads, its query's own and those of the tables it joins."""
    model, fields = section.query(member).model, set()
    for column in section.columns:
        at = model
        for step in column.lookup.removesuffix("_id").split("__"):
            if step != "subject":
                field = at._meta.get_field(step)
                fields.add(field if field.concrete else field.remote_field)
                at = field.related_model
    return fields


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
        fields = set().union(*(looked_up(section, self.ada) for section in SECTIONS))
        read = {field.model._meta.label for field in fields}
        assert read == IN_IT | {"accounts.User"}

    def test_every_column_of_those_tables_is_in_it_or_left_out_for_a_reason(self):
        fields = set().union(*(looked_up(section, self.ada) for section in SECTIONS))
        missing = set()
        for model in (apps.get_model(label) for label in IN_IT | {"accounts.User"}):
            columns = [field for field in model._meta.local_fields if field not in fields]
            numbers = [f for f in columns if (f.primary_key and f.attname == "id") or f.related_model is User]
            missing |= {f"{model.__name__}.{field.name}" for field in columns if field not in numbers}
        assert missing == set().union(*COLUMNS_LEFT_OUT.values())

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

    def test_holds_answers_and_reposts_with_links_to_the_posts_that_they_are_about(self):
        theirs = make_post(self.bob, "What others wrote.")
        answer = make_post(self.ada, "Mine.", reply_to=theirs)
        theirs.repost(self.ada)
        mine, repeated = jsonl(archive_of(self.client), "posts")
        link = f"http://testserver/posts/{theirs.pk}/"
        assert (mine["id"], mine["reply_to"], mine["repost_of"]) == (str(answer.pk), str(theirs.pk), None)
        assert (repeated["text"], repeated["reply_to"], repeated["repost_of"]) == ("", None, str(theirs.pk))
        assert [(row["other"], row["link"]) for row in (mine, repeated)] == [("bob", link)] * 2

    def test_holds_likes_blocks_and_mutes_and_not_those_of_others(self):
        liked, eve, dan = make_post(self.bob, "What others wrote."), make_user("eve"), make_user("dan")
        liked.like(self.ada)
        liked.like(eve)
        self.ada.block(eve)
        self.ada.mute(self.bob)
        dan.mute(self.ada)
        dan.block(self.ada)
        archive = archive_of(self.client)
        (like,) = jsonl(archive, "likes")
        assert (like["post"], like["author"]) == (str(liked.pk), "bob")
        assert like["link"] == f"http://testserver/posts/{liked.pk}/"
        assert [row["username"] for row in jsonl(archive, "blocks")] == ["eve"]
        assert [row["username"] for row in jsonl(archive, "mutes")] == ["bob"]
        everything = "".join(archive.read(name).decode() for name in archive.namelist())
        assert "What others wrote" not in everything
        assert "dan" not in everything  # who mutes or blocks somebody does so quietly

    def test_holds_both_sides_of_the_conversations_as_far_as_one_sees_them(self):
        write_letters(self.bob, self.ada, ["Deleted by Ada."])
        Side.objects.filter(owner=self.ada).update(cleared_to=Message.objects.get().pk)
        write_letters(self.ada, self.bob, ["=SUM(Ada)"])
        write_letters(self.bob, self.ada, ["Answered."])
        eve = make_user("eve")
        write_letters(eve, self.bob, ["Not for Ada."])
        write_letters(eve, self.ada, ["Before I go."])
        Side.objects.filter(other=eve).update(other=None)
        archive = archive_of(self.client)
        rows = jsonl(archive, "messages")
        assert [(row["with"], row["sender"], row["text"]) for row in rows] == [
            ("bob", "ada", "=SUM(Ada)"),
            ("bob", "bob", "Answered."),
            (None, "eve", "Before I go."),
        ]
        first, second = jsonl(archive, "conversations")
        assert (first["with"], first["unread"], first["newest"]) == ("bob", 2, rows[1]["time"])
        assert first["deleted_to"] and second["deleted_to"] is None
        cells = list(csv.reader(io.StringIO(archive.read("data/messages.csv").decode("utf-8-sig"))))
        assert cells[1][2:] == ["bob", "ada", "'=SUM(Ada)"]
        assert "Before I go." in archive.read("pages/messages-1.html").decode()
        everything = "".join(archive.read(name).decode() for name in archive.namelist())
        assert "Deleted by Ada" not in everything and "Not for Ada" not in everything

    def test_holds_notifications_and_how_they_are_wanted(self):
        post = make_post(self.ada, "Bread.")
        for reader in (make_user("eve"), self.bob):
            post.like(reader)
        Notification.objects.create(owner=self.ada, kind="moderation", text="Unkind.", read=True)
        Choices.objects.create(owner=self.ada, silent="follow mention", digest="weekly")
        User.objects.filter(pk=self.ada.pk).update(messages_from="followed")
        archive = archive_of(self.client)
        likes, word = jsonl(archive, "notifications")
        assert (likes["kind"], likes["person"], likes["people"], likes["read"]) == ("like", "bob", 2, False)
        assert likes["link"] == f"http://testserver/posts/{post.pk}/"
        assert (word["kind"], word["text"], word["person"], word["link"], word["read"]) == (
            ("moderation", "Unkind.", None, "", True)
        )
        page = archive.read("pages/notifications-1.html").decode()
        assert '<td dir="auto">Yes</td>' in page and '<td dir="auto">No</td>' in page
        (chosen,) = jsonl(archive, "settings")
        assert (chosen["messages_from"], chosen["not_told"], chosen["digest"]) == (
            ("followed", "follow mention", "weekly")
        )

    def test_who_chose_nothing_has_the_settings_that_hold(self):
        (chosen,) = jsonl(archive_of(self.client), "settings")
        assert (chosen["messages_from"], chosen["not_told"], chosen["digest"]) == ("everyone", "", "off")

    def test_has_the_posts_as_the_flask_microblog_mailed_them(self):
        make_post(self.ada, 'One "line".', at=datetime(2020, 1, 1, tzinfo=UTC))
        make_post(self.ada, "Two.", at=datetime(2021, 1, 1, tzinfo=UTC))
        make_post(self.bob, "Not mine.").repost(self.ada)
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
        make_post(self.ada, "<script>alert(1)</script>", reply_to=make_post(self.bob))
        archive = archive_of(self.client)
        pages_in_it = [archive.read(name).decode() for name in archive.namelist() if name.endswith(".html")]
        assert any("&lt;script&gt;alert(1)" in page for page in pages_in_it)
        for page in pages_in_it:
            assert "<script" not in page and "<b>Ferri" not in page and "src=" not in page
            rest = re.sub(r'<a href="(http://testserver/posts/\d+/)">\1</a>', "", page[400:])
            assert "http" not in rest  # but the links that lead to the site, when one follows them

    def test_its_pages_lead_from_one_to_the_next(self):
        for number in range(5):
            make_post(self.ada, f"Number {number}.", at=datetime(2020, 1, 1 + number, tzinfo=UTC))
        with mock.patch.object(pages, "ROWS", 2):
            archive = archive_of(self.client)
        third = archive.read("pages/posts-3.html").decode()
        assert "Number 4." in third and "../pages/posts-2.html" in third and "posts-4" not in third
        assert "../pages/posts-3.html" in archive.read("pages/posts-2.html").decode()
        assert 'href="pages/posts-1.html"' in archive.read("index.html").decode()

    def test_where_there_is_no_room_for_a_table_each_cell_says_what_it_is(self):
        make_post(self.ada, "Bread.")
        page = archive_of(self.client).read("pages/posts-1.html").decode()
        assert 'td:nth-child(4)::before { content: "Text\\3a  "; }' in page
        assert "@media all {" in page
        assert "@media (max-width: 45rem) {" in pages.layout(next(s for s in SECTIONS if s.name == "mutes"))
        odd = replace(SECTIONS[0], columns=(Column("x", 'A "b"</style>', "username"),))
        assert "</style>" not in pages.layout(odd) and '"b"' not in pages.layout(odd)

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
