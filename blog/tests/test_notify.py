"""Who is told what, when, and in which group."""

import threading

import pytest
from django.db import connection
from django.test import TestCase, TransactionTestCase
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.tests.base import make_user
from accounts.tests.test_moderation import make_moderator
from blog.models import Choices, Job, Notification, Post, Teller
from blog.tests.base import make_post

Kind = Notification.Kind


def groups(owner, *, read=False):
    """The groups of `owner`, newest first: kind, how many people, and the names that are kept."""
    rows = Notification.objects.filter(owner=owner, read=read).order_by("-newest")
    return [
        (row.kind, row.count, sorted(row.tellers.values_list("actor__username", flat=True)))
        for row in rows.prefetch_related("tellers")
    ]


def assert_true(test):
    """Every group counts its people, and names one of them."""
    for row in Notification.objects.exclude(kind__in=Notification.BY_NOBODY):
        people = set(row.tellers.values_list("actor", flat=True))
        test.assertEqual(row.count, len(people))
        test.assertIn(row.actor_id, people)


class Telling(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada, cls.bob, cls.eve, cls.tom = (make_user(name) for name in ("ada", "bob", "eve", "tom"))
        cls.post = make_post(cls.ada, "Rye starter.")

    def tearDown(self):
        assert_true(self)

    def test_likes_of_one_post_are_one_group_until_it_is_read(self):
        for fan in (self.bob, self.eve, self.tom):
            self.post.like(fan)
        self.assertEqual(groups(self.ada), [("like", 3, ["bob", "eve", "tom"])])
        self.assertEqual(Notification.objects.get().actor, self.tom)
        self.ada.notifications.mark_read()
        self.post.like(make_user("nadia"))
        self.assertEqual(groups(self.ada), [("like", 1, ["nadia"])])
        self.assertEqual(groups(self.ada, read=True), [("like", 3, ["bob", "eve", "tom"])])

    def test_each_post_and_each_kind_is_a_group_of_its_own(self):
        other = make_post(self.ada, "Lentil soup.")
        self.post.like(self.bob)
        other.like(self.bob)
        other.repost(self.bob)
        self.bob.follow(self.ada)
        self.eve.follow(self.ada)
        alone = ["bob"]
        want = [("follow", 2, ["bob", "eve"]), ("repost", 1, alone), ("like", 1, alone), ("like", 1, alone)]
        self.assertEqual(groups(self.ada), want)

    def test_telling_twice_is_once(self):
        for _time in range(2):
            Notification.tell(self.ada, Kind.LIKE, self.bob, post=self.post)
            Notification.tell(self.ada, Kind.FOLLOW, self.bob)
        self.assertEqual(groups(self.ada), [("follow", 1, ["bob"]), ("like", 1, ["bob"])])

    def test_what_is_undone_is_told_no_more(self):
        for fan in (self.bob, self.eve):
            self.post.like(fan)
            self.post.repost(fan)
            fan.follow(self.ada)
        self.post.unlike(self.eve)
        self.post.unrepost(self.bob)
        self.bob.unfollow(self.ada)
        want = [("follow", 1, ["eve"]), ("repost", 1, ["eve"]), ("like", 1, ["bob"])]
        self.assertEqual(sorted(groups(self.ada)), sorted(want))
        self.assertEqual(Notification.objects.get(kind="like").actor, self.bob)
        self.post.unlike(self.bob)
        self.post.unlike(self.bob)
        self.post.unrepost(self.eve)
        self.eve.unfollow(self.ada)
        self.assertEqual(groups(self.ada), [])
        self.assertFalse(Teller.objects.exists())

    def test_done_undone_and_done_again_is_once(self):
        for _time in range(3):
            self.post.like(self.bob)
            self.post.unlike(self.bob)
        self.post.like(self.bob)
        self.assertEqual(groups(self.ada), [("like", 1, ["bob"])])

    def test_what_was_read_is_not_told_again_when_it_is_done_again(self):
        self.post.like(self.bob)
        self.post.repost(self.bob)
        self.bob.follow(self.ada)
        self.ada.notifications.mark_read()
        self.post.unlike(self.bob)
        self.post.like(self.bob)
        self.post.unrepost(self.bob)
        self.post.repost(self.bob)
        self.bob.unfollow(self.ada)
        self.bob.follow(self.ada)
        self.assertEqual(groups(self.ada), [])
        self.assertEqual(len(groups(self.ada, read=True)), 3)
        make_post(self.ada, "Another.").like(self.bob)
        self.assertEqual(groups(self.ada), [("like", 1, ["bob"])])

    def test_a_message_after_one_that_was_read_is_told_again(self):
        Notification.tell(self.ada, Kind.MESSAGE, self.bob)
        Notification.tell(self.ada, Kind.MESSAGE, self.bob)
        Notification.tell(self.ada, Kind.MESSAGE, self.eve)
        self.assertEqual(groups(self.ada), [("message", 1, ["eve"]), ("message", 1, ["bob"])])
        self.ada.notifications.mark_read()
        Notification.tell(self.ada, Kind.MESSAGE, self.bob)
        self.assertEqual(groups(self.ada), [("message", 1, ["bob"])])

    def test_an_answer_and_its_mentions_reach_everybody_once(self):
        self.bob.follow(self.ada)
        Notification.objects.all().delete()
        make_post(self.bob, "@ada @eve @bob and @tom, yes.", reply_to=self.post)
        self.assertEqual(groups(self.ada), [("reply", 1, ["bob"])])
        self.assertEqual(groups(self.eve), [("mention", 1, ["bob"])])
        self.assertEqual(groups(self.tom), [("mention", 1, ["bob"])])
        self.assertEqual(groups(self.bob), [])

    def test_nobody_is_told_of_themselves(self):
        self.post.like(self.ada)
        self.post.repost(self.ada)
        make_post(self.ada, "@ada, remember.", reply_to=self.post)
        self.assertEqual(groups(self.ada), [])

    def test_a_post_of_the_past_is_told_to_nobody(self):
        make_post(self.bob, "@ada, once.", at=self.ada.created_at, reply_to=self.post)
        self.assertEqual(groups(self.ada), [])

    def everything(self, actor):
        """All that somebody can do to ada."""
        self.post.like(actor)
        self.post.repost(actor)
        Notification.tell(self.ada, Kind.FOLLOW, actor)
        Notification.tell(self.ada, Kind.MESSAGE, actor)
        make_post(actor, "Yes.", reply_to=self.post)
        make_post(actor, "@ada!")

    def test_everything_is_told(self):
        self.everything(self.bob)
        kinds = {"like", "repost", "follow", "message", "reply", "mention"}
        self.assertEqual({kind for kind, _count, _names in groups(self.ada)}, kinds)

    def test_nothing_is_told_of_somebody_muted_blocked_blocking_or_suspended(self):
        self.ada.mute(self.bob)
        self.ada.block(self.eve)
        self.tom.block(self.ada)
        spam = make_user("spam")
        spam.suspend()
        for actor in (self.bob, self.eve, self.tom, spam):
            self.everything(actor)
        self.assertEqual(groups(self.ada), [])

    def test_a_mute_of_the_other_side_silences_nobody(self):
        self.bob.mute(self.ada)
        self.post.like(self.bob)
        self.assertEqual(groups(self.ada), [("like", 1, ["bob"])])

    def test_a_mute_takes_back_what_is_not_read(self):
        self.post.like(self.eve)
        self.everything(self.bob)
        self.ada.mute(self.bob)
        self.assertEqual(groups(self.ada), [("like", 1, ["eve"])])

    def test_a_block_takes_it_back_on_both_sides(self):
        self.everything(self.bob)
        make_post(self.bob, "Bread.").like(self.ada)
        self.ada.block(self.bob)
        self.assertEqual(groups(self.ada) + groups(self.bob), [])

    def test_kinds_that_are_not_wanted_are_not_made(self):
        Choices.choose(self.ada, {"mention", "job"}, "off")
        self.everything(self.bob)
        self.post.hide("spam")
        self.post.show("no spam")
        self.assertEqual({kind for kind, _count, _names in groups(self.ada)}, {"mention"})
        Choices.choose(self.ada, {"moderation"}, "off")
        self.post.hide("spam")
        self.post.show("no spam")
        told = Notification.objects.filter(owner=self.ada).exclude(kind="mention")
        self.assertEqual([row.kind for row in told.order_by("newest")], ["moderation", "restored"])

    def test_a_moderators_decision_is_told_with_its_reason_and_once(self):
        for reason in ("spam", "once more"):
            self.post.hide(reason)
        row = Notification.objects.get()
        self.assertEqual((row.kind, row.text, row.actor, row.post), ("moderation", "spam", None, self.post))
        self.post.show("a joke")
        self.post.show("twice")
        told = Notification.objects.order_by("newest").values_list("kind", "text")
        self.assertEqual(list(told), [("moderation", "spam"), ("restored", "a joke")])
        self.post.hide("really")
        self.assertEqual(Notification.objects.get(kind="moderation").text, "really")

    def test_what_moderators_do_in_the_administration_is_told(self):
        self.client.force_login(make_moderator())
        for verb, reason in (("hide", "advertising"), ("show", "it was a joke")):
            self.client.post(f"/admin/blog/post/{verb}/?id={self.post.pk}", {"reason": reason})
        told = Notification.objects.filter(owner=self.ada).order_by("newest").values_list("kind", "text", "actor")
        self.assertEqual(list(told), [("moderation", "advertising", None), ("restored", "it was a joke", None)])

    def test_who_repeats_a_hidden_post_is_not_told(self):
        self.post.repost(self.bob)
        self.post.hide("spam")
        self.assertEqual(groups(self.bob), [])

    def test_a_job_that_ends_is_told_once_for_each_end(self):
        def job(**fields):
            return Job.objects.create(owner=self.ada, kind=Job.Kind.EXPORT, **fields)

        ready, failed, lost, stopped = job(status="running"), None, None, None
        ready.finish()
        failed = job(status="running")
        failed.fail("failed")
        lost = job(status="running")
        Job.objects.filter(pk=lost.pk).give_up("lost")
        Job.objects.filter(pk=lost.pk).give_up("lost")
        stopped = job(status="running")
        stopped.cancel()
        told = Notification.objects.filter(owner=self.ada, kind="job").order_by("newest")
        self.assertEqual([row.job for row in told], [ready, failed, lost])

    def test_a_post_that_is_deleted_takes_its_news_along(self):
        self.post.like(self.bob)
        self.post.remove()
        self.assertEqual(groups(self.ada), [])

    def queries(self, act):
        with CaptureQueriesContext(connection) as captured:
            act()
        return sum("blog_notification" in query["sql"] or "blog_teller" in query["sql"] for query in captured)

    def test_a_post_costs_the_same_however_many_it_mentions(self):
        for number in range(12):
            make_user(f"p{number}")
        names = [f"@p{number}" for number in range(12)]
        few = self.queries(lambda: make_post(self.bob, f"Hello {names[0]}"))
        many = self.queries(lambda: make_post(self.bob, f"Hello {' '.join(names)}"))
        self.assertEqual(many, few)
        self.assertEqual(Notification.objects.filter(kind="mention").count(), 13)

    def test_a_like_costs_the_same_however_many_there_are(self):
        fans = [make_user(f"p{number}") for number in range(10)]
        self.post.like(self.bob)
        few = self.queries(lambda: self.post.like(fans[0]))
        for fan in fans[1:9]:
            self.post.like(fan)
        self.assertEqual(self.queries(lambda: self.post.like(fans[9])), few)

    def test_all_are_marked_in_batches(self):
        Notification.objects.bulk_create([Notification(owner=self.ada, kind=Kind.JOB) for _n in range(25)])
        Notification.tell(self.bob, Kind.FOLLOW, self.ada)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("blog.models.notification.BATCH", 10)
            self.assertEqual(self.ada.notifications.mark_read(), 25)
            self.assertEqual(self.ada.notifications.mark_read(), 0)
        self.assertEqual(len(groups(self.bob)), 1)


@pytest.mark.postgres
class TellingAtTheSameMoment(TransactionTestCase):
    """Real threads, real locks: every group stays exact, and none waits for another for ever."""

    def at_once(self, *acts):
        if connection.vendor == "sqlite":
            self.skipTest("threads can't share SQLite's database in memory")
        barrier, errors = threading.Barrier(len(acts)), []

        def run(act):
            try:
                barrier.wait(30)
                act()
            except Exception as error:
                errors.append(error)
            finally:
                connection.close()

        threads = [threading.Thread(target=run, args=[act]) for act in acts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertEqual(errors, [])
        assert_true(self)

    def setUp(self):
        self.ada = make_user("ada")
        self.fans = [make_user(f"fan{number}") for number in range(8)]
        self.post = make_post(self.ada, "Rye starter.")

    def mine(self, pk=None):
        return Post.objects.get(pk=pk or self.post.pk)

    def test_likes_at_once_are_one_group_of_all(self):
        self.at_once(*[lambda fan=fan: self.mine().like(fan) for fan in self.fans])
        [(kind, count, _names)] = groups(self.ada)
        self.assertEqual((kind, count), ("like", 8))

    def test_done_and_undone_at_once_the_group_says_what_is_so(self):
        def restless(fan):
            for _time in range(4):
                self.mine().like(fan)
                self.mine().unlike(fan)
            if fan.pk % 2:
                self.mine().like(fan)

        self.at_once(*[lambda fan=fan: restless(fan) for fan in self.fans])
        likes = set(self.post.likes.values_list("user__username", flat=True))
        [(_kind, count, names)] = groups(self.ada)
        self.assertEqual((count, set(names)), (len(likes), likes))
        self.assertEqual(count, 4)

    def test_follows_at_once_are_one_group_and_unfollows_leave_it(self):
        def restless(fan):
            ada = User.objects.get(pk=self.ada.pk)
            for _time in range(3):
                fan.follow(ada)
                fan.unfollow(ada)
            if fan.pk % 2:
                fan.follow(ada)

        self.at_once(*[lambda fan=fan: restless(fan) for fan in self.fans])
        [(_kind, count, names)] = groups(self.ada)
        self.assertEqual((count, len(names)), (4, 4))

    def test_reading_muting_blocking_and_liking_at_once_end(self):
        posts = [make_post(self.ada, f"Day {number}.") for number in range(6)]

        def likes(fan, order):
            for post in order:
                self.mine(post.pk).like(fan)
                self.mine(post.pk).unlike(fan)
                self.mine(post.pk).like(fan)

        def reads():
            for _time in range(10):
                Notification.objects.filter(owner=self.ada).mark_read()

        ways = [posts, posts[::-1]]
        acts = [lambda fan=fan, n=n: likes(fan, ways[n % 2]) for n, fan in enumerate(self.fans[:4])]
        acts += [reads, reads, lambda: self.ada.mute(self.fans[0]), lambda: self.ada.block(self.fans[1])]
        acts += [lambda: self.fans[2].block(self.ada)]
        self.at_once(*acts)

    def test_the_same_message_twice_at_once_is_one_group(self):
        bob = self.fans[0]
        self.at_once(*[lambda: Notification.tell(self.ada, Kind.MESSAGE, bob)] * 6)
        self.assertEqual(groups(self.ada), [("message", 1, ["fan0"])])

    def test_a_double_click_on_like_is_told_once(self):
        self.mine().like(self.fans[1])
        self.at_once(*[lambda: self.mine().like(self.fans[0])] * 4)
        self.assertEqual(groups(self.ada), [("like", 2, ["fan0", "fan1"])])
