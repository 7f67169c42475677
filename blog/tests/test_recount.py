from datetime import timedelta
from io import StringIO
from unittest.mock import patch

from django.core.management import CommandError, call_command
from django.test import TestCase
from django.utils import timezone
from django_tasks_db.models import DBTaskResult, get_date_max

from accounts.models import EmailChange, Session, User
from accounts.tests.base import make_user
from blog import counters
from blog.management.commands import clean_up
from blog.tests.base import make_post
from microblog.models import RateWindow


def run(name, *options):
    out = StringIO()
    call_command(name, *options, stdout=out, stderr=StringIO())
    return out.getvalue().splitlines()


class Recount(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada, cls.bob, cls.eve = make_user("ada"), make_user("bob"), make_user("eve")
        cls.ada.follow(cls.bob)
        cls.eve.follow(cls.bob)
        posts = [make_post(cls.ada, f"Post {n}.") for n in range(3)]
        posts[0].hide("spam")
        posts[1].remove()

    def numbers(self, person):
        return User.objects.values_list("post_count", "follower_count", "following_count").get(pk=person.pk)

    def test_the_sites_own_verbs_keep_the_counters_true(self):
        self.assertEqual(run("recount", "--check"), ["All counters of 3 people are right."])

    def test_checking_lists_each_difference_fails_and_changes_nothing(self):
        User.objects.filter(pk=self.ada.pk).update(post_count=7, following_count=0)
        out = StringIO()
        with self.assertRaisesMessage(CommandError, "The counters of 1 of 3 people are wrong."):
            call_command("recount", "--check", stdout=out)
        self.assertEqual(out.getvalue(), "@ada: post_count 7, is 2; following_count 0, is 1\n")
        self.assertEqual(self.numbers(self.ada), (7, 0, 0))

    def test_recounting_mends_every_counter_once(self):
        User.objects.update(post_count=9, follower_count=9, following_count=9)
        self.assertEqual(run("recount")[-1], "Mended the counters of 3 of 3 people.")
        self.assertEqual([self.numbers(p) for p in (self.ada, self.bob, self.eve)], [(2, 0, 1), (0, 2, 0), (0, 0, 1)])
        self.assertEqual(run("recount"), ["All counters of 3 people are right."])

    def test_people_are_taken_in_batches_and_nobody_is_left_out(self):
        User.objects.update(post_count=9)
        with patch.object(counters, "BATCH", 2):
            self.assertEqual(run("recount")[-1], "Mended the counters of 3 of 3 people.")

    def test_an_empty_site_is_right(self):
        User.objects.all().delete()
        self.assertEqual(run("recount"), ["All counters of 0 people are right."])


class CleanUp(TestCase):
    def make_task(self, status, finished):
        return DBTaskResult.objects.create(
            status=status,
            args_kwargs={"args": [], "kwargs": {}},
            task_path="x",
            backend_name="default",
            run_after=get_date_max(),
            finished_at=finished,
        )

    def test_what_is_past_goes_and_what_is_in_use_stays(self):
        now, ada = timezone.now(), make_user("ada")
        for key, expires in {"a": -1, "b": 1}.items():
            Session.objects.create(session_key=key * 32, session_data="", expire_date=now + timedelta(hours=expires))
        for key, hours in {"old": -25, "new": -23}.items():
            RateWindow.objects.create(key=key, starts_at=now + timedelta(hours=hours), n=1)
        EmailChange.objects.create(user=ada, email="x@example.com", created_at=now - timedelta(days=2))
        EmailChange.objects.create(user=make_user("bob"), email="y@example.com")
        for status, days in [("SUCCESSFUL", 8), ("FAILED", 8), ("SUCCESSFUL", 6)]:
            self.make_task(status, now - timedelta(days=days))
        self.make_task("RUNNING", None)
        self.make_task("READY", None)
        self.assertEqual(
            run("clean_up"),
            [
                "Deleted: 1 expired sessions, 1 past rate limits, 1 changes of address that nobody confirmed, "
                "0 void translations, 0 expired jobs, 2 finished tasks."
            ],
        )
        left = [Session, RateWindow, EmailChange, DBTaskResult]
        self.assertEqual([model.objects.count() for model in left], [1, 1, 1, 3])
        self.assertIn("Deleted: 0 expired sessions, 0 past", run("clean_up")[0])

    def test_more_than_a_batch_goes_too(self):
        for n in range(5):
            RateWindow.objects.create(key=f"k{n}", starts_at=timezone.now() - timedelta(days=2))
        with patch.object(clean_up, "BATCH", 2):
            self.assertIn("5 past rate limits", run("clean_up")[0])
