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
from blog.models import Notification, Post, Side
from blog.tests.base import make_post, write_letters
from microblog.models import RateWindow


def run(name, *options):
    out = StringIO()
    call_command(name, *options, stdout=out, stderr=StringIO())
    return out.getvalue().splitlines()


def all_right(*, people=0, posts=0, sides=0, notifications=0):
    return (
        f"All counters are right: {people} people, {posts} posts, {sides} sides of conversations, "
        f"{notifications} notifications."
    )


class Recount(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada, cls.bob, cls.eve = make_user("ada"), make_user("bob"), make_user("eve")
        cls.ada.follow(cls.bob)
        cls.eve.follow(cls.bob)
        posts = [make_post(cls.ada, f"Post {n}.") for n in range(3)]
        posts[0].hide("spam")
        posts[1].remove()
        cls.post = posts[2]

    def numbers(self, person):
        return User.objects.values_list("post_count", "follower_count", "following_count").get(pk=person.pk)

    def converse(self):
        """Every counter of posts, sides and groups, by the site's own verbs. Return ada's side."""
        answer = make_post(self.bob, "Quite so.", reply_to=self.post)
        make_post(self.eve, "Indeed.", reply_to=self.post).remove()
        for reader in (self.bob, self.eve):
            self.post.like(reader)
        answer.like(self.ada)
        self.post.unlike(self.eve)
        self.post.repost(self.eve)
        self.post.repost(self.ada)
        self.post.unrepost(self.ada)
        make_post(self.bob, "Look here, @ada.")
        return write_letters(self.bob, self.ada, ["One.", "Two.", "Three."], read=1)

    def test_the_sites_own_verbs_keep_the_counters_true(self):
        self.converse()
        self.assertEqual(run("recount", "--check")[0].partition(":")[0], "All counters are right")
        self.assertEqual(self.numbers(self.ada), (2, 0, 1))  # a repost is no post of one's own
        self.post.refresh_from_db()
        self.assertEqual((self.post.reply_count, self.post.repost_count, self.post.like_count), (1, 1, 1))

    def test_checking_lists_each_difference_fails_and_changes_nothing(self):
        User.objects.filter(pk=self.ada.pk).update(post_count=7, following_count=0)
        out = StringIO()
        with self.assertRaisesMessage(CommandError, "The counters of 1 people are wrong."):
            call_command("recount", "--check", stdout=out)
        self.assertEqual(out.getvalue(), "@ada: post_count 7, is 2; following_count 0, is 1\n")
        self.assertEqual(self.numbers(self.ada), (7, 0, 0))

    def test_recounting_mends_every_counter_once(self):
        User.objects.update(post_count=9, follower_count=9, following_count=9)
        self.assertIn("Mended the counters of 3 people, of 3 people,", run("recount")[-1])
        self.assertEqual([self.numbers(p) for p in (self.ada, self.bob, self.eve)], [(2, 0, 1), (0, 2, 0), (0, 0, 1)])
        self.assertEqual(run("recount"), [all_right(people=3, posts=2, notifications=Notification.objects.count())])

    def test_recounting_mends_posts_conversations_and_notifications_too(self):
        side = self.converse()
        groups = dict(Notification.objects.values_list("pk", "count"))
        Post.objects.update(reply_count=9, repost_count=9, like_count=9)
        Side.objects.update(newest=5, unread=7)
        Notification.objects.update(count=50)
        told = run("recount")
        self.assertIn(f"post {self.post.pk}: reply_count 9, is 1; repost_count 9, is 1; like_count 9, is 1", told)
        self.assertIn(f"side {side.pk}: newest 5, is {side.newest}; unread 7, is 2", told)
        self.assertEqual(dict(Notification.objects.values_list("pk", "count")), groups)
        self.assertEqual(run("recount", "--check")[0].partition(":")[0], "All counters are right")

    def test_what_a_side_has_deleted_is_not_counted(self):
        side = write_letters(self.bob, self.ada, ["One.", "Two.", "Three."])
        Side.objects.filter(pk=side.pk).update(cleared_to=side.newest)
        self.assertIn(f"side {side.pk}: newest {side.newest}, is 0; unread 3, is 0", run("recount"))

    def test_rows_are_taken_in_batches_and_none_is_left_out(self):
        User.objects.update(post_count=9)
        with patch.object(counters, "BATCH", 2):
            self.assertIn("Mended the counters of 3 people, of 3 people,", run("recount")[-1])

    def test_an_empty_site_is_right(self):
        User.objects.all().delete()
        self.assertEqual(run("recount"), [all_right()])


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
                "0 void translations, 0 expired jobs, 0 old notifications, 2 finished tasks."
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
