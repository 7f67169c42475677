"""A member who left: nothing of theirs is anywhere, and nothing of others is gone."""

from datetime import timedelta
from io import StringIO
from unittest import mock

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection
from django.test import TestCase
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts.models import Departure, EmailChange, User
from accounts.tests.base import PASSWORD, make_user, sign_in
from blog import removal, tasks
from blog.models import Job, Post, Tag, Translation
from blog.tests.base import make_post
from blog.tests.test_queue import make_task
from microblog.tests.queue import in_the_database

USERNAME, NAME, EMAIL = "zsuzsanna", "Zsuzsanna Quarkovich", "zsq@quark.example"
TEXTS = ["Dandelion wine in the cellar #quarktag", "Another sentence on marmalade"]
TRACES = [USERNAME, "quark", "dandelion", "marmalade", "löwenzahn"]


def everywhere() -> str:
    """Every value of every row of every table, in small letters."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
            for row in cursor.fetchall():
                found += [bytes(v).decode("latin-1") if isinstance(v, bytes | memoryview) else str(v) for v in row]
    return "\n".join(found).lower()


class Gone(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.member = make_user(USERNAME, name=NAME, email=EMAIL, about="All about quarks.")
        cls.bob, cls.root = make_user("bob"), make_user("root", is_staff=True, is_superuser=True)
        cls.posts = [make_post(cls.member, text) for text in TEXTS]
        cls.bobs = make_post(cls.bob, "Bread with @bob and others. #bread")

    def fill_every_table(self):
        """Leave a trace wherever a member can."""
        client = self.client_class()
        sign_in(client, self.member)
        client.post("/accounts/settings/email/", {"email": "new@quark.example", "password": PASSWORD})
        EmailChange.objects.update(old_email="old@quark.example")
        client.post("/jobs/export/")
        self.member.follow(self.bob)
        self.bob.follow(self.member)
        Translation.objects.create(post=self.posts[0], target="de", version=0, body="Löwenzahnwein im Keller")
        for row in (self.member, *self.posts):
            LogEntry.objects.create(
                user=self.root,
                content_type=ContentType.objects.get_for_model(row),
                object_id=str(row.pk),
                object_repr=str(row)[:200],
                action_flag=CHANGE,
                change_message=f"Hide: {TEXTS[0]}",
            )
        make_task(status="FAILED", traceback=f"DETAIL: Key (username_key)=({USERNAME}) exists")
        client.post("/accounts/settings/delete/", {"password": PASSWORD})
        Departure.objects.update(due_at=timezone.now())

    def remove(self):
        with mock.patch.object(removal, "BATCH", 1):
            call_command("clean_up", stdout=StringIO())

    def test_no_row_anywhere_still_carries_their_name_their_address_or_their_text(self):
        self.fill_every_table()
        before = everywhere()
        assert [trace for trace in TRACES if trace not in before] == []  # or this test proved nothing
        self.remove()
        after = everywhere()
        assert [trace for trace in TRACES if trace in after] == []
        assert not User.objects.filter(pk=self.member.pk).exists()
        assert not Job.objects.exists() and not Departure.objects.exists()

    def test_what_others_have_stays_and_their_counts_are_true(self):
        self.fill_every_table()
        self.remove()
        assert list(Post.objects.all()) == [self.bobs]
        assert list(Tag.objects.values_list("name", flat=True)) == ["bread"]
        self.bob.refresh_from_db()
        assert (self.bob.follower_count, self.bob.following_count, self.bob.post_count) == (0, 0, 1)
        assert LogEntry.objects.filter(user=self.root).count() == 3
        out = StringIO()
        call_command("recount", stdout=out)
        assert out.getvalue() == "All counters of 2 people are right.\n"

    def test_where_others_name_them_the_name_stays_without_a_link(self):
        post = make_post(self.bob, f"Good bread, @{USERNAME}.")
        self.assertContains(self.client.get("/explore/"), f'href="/@{USERNAME}/"')
        Departure.objects.create(user=self.member, due_at=timezone.now())
        self.remove()
        page = self.client.get("/explore/")
        self.assertContains(page, f"@{USERNAME}")
        self.assertNotContains(page, f'href="/@{USERNAME}/"')
        post.refresh_from_db()
        assert post.version == 1

    def test_their_pages_are_gone(self):
        Departure.objects.create(user=self.member, due_at=timezone.now())
        self.remove()
        for path in [f"/@{USERNAME}/", f"/posts/{self.posts[0].pk}/", f"/@{USERNAME}/feed.atom"]:
            assert self.client.get(path).status_code == 404

    def test_within_the_two_weeks_nobody_is_removed(self):
        Departure.objects.create(user=self.member, due_at=timezone.now() + timedelta(minutes=1))
        self.remove()
        assert User.objects.filter(pk=self.member.pk).exists()

    def test_who_came_back_at_the_last_moment_is_not_removed(self):
        Departure.objects.create(user=self.member, due_at=timezone.now())
        with in_the_database:
            assert tasks.start_removals() == 1
        (row,) = DBTaskResult.objects.all()
        sign_in(self.client, self.member)
        row.task.call(*row.args_kwargs["args"])
        assert User.objects.filter(pk=self.member.pk).exists()

    def test_interrupted_it_goes_on_where_it_was(self):
        Departure.objects.create(user=self.member, due_at=timezone.now())
        with (
            mock.patch.object(removal, "BATCH", 1),
            mock.patch.object(removal, "_unlink", side_effect=KeyboardInterrupt),
            self.assertRaises(KeyboardInterrupt),
        ):
            tasks.remove_member.call(self.member.pk)
        assert not Post.objects.by(self.member).exists()
        assert User.objects.filter(pk=self.member.pk).exists()
        tasks.remove_member.call(self.member.pk)
        assert not User.objects.filter(pk=self.member.pk).exists()
        tasks.remove_member.call(self.member.pk)  # and once more does nothing
