"""Liking and reposting, undoing them, and the lists of who did."""

import threading
from unittest.mock import patch

import pytest
from django.db import connection
from django.test import Client, TestCase, TransactionTestCase

from accounts.models import User
from accounts.tests.base import make_user, queries_of
from blog.models import Like, Notification, Post
from blog.tests.base import make_post

VERBS = ("like", "unlike", "repost", "unrepost")
SCRIPT = {"hx-request": "true"}


def counts(post):
    """The likes and reposts that the post says it has, and those that there are."""
    fresh = Post.objects.get(pk=post.pk)
    told = fresh.like_count, fresh.repost_count
    return told, (Like.objects.filter(post=post).count(), Post.objects.filter(repost_of=post).count())


class Pressing(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada, cls.bob = make_user("ada"), make_user("bob")
        cls.post = make_post(cls.ada, "Bread again.")

    def setUp(self):
        self.client.force_login(self.bob)

    def press(self, verb, post=None, **more):
        return self.client.post(f"/posts/{(post or self.post).pk}/{verb}/", **more)

    def assert_counts(self, likes, reposts):
        self.assertEqual(counts(self.post), ((likes, reposts), (likes, reposts)))

    def test_twice_is_once_and_so_is_undoing(self):
        for verb, likes, reposts in [("like", 1, 0), ("repost", 1, 1), ("unlike", 0, 1), ("unrepost", 0, 0)]:
            for _time in range(2):
                self.assertRedirects(self.press(verb), f"/posts/{self.post.pk}/#post-{self.post.pk}")
                self.assert_counts(likes, reposts)

    def test_the_author_is_told_once_and_not_any_more_when_it_is_undone(self):
        for verb in ("like", "repost"):
            self.press(verb)
            self.press(verb)
            self.assertEqual(Notification.objects.get(owner=self.ada, kind=verb, post=self.post).count, 1)
            self.press(f"un{verb}")
            self.assertFalse(Notification.objects.filter(kind=verb).exists())

    def test_ones_own_posts_too(self):
        self.client.force_login(self.ada)
        for verb in ("like", "repost"):
            self.press(verb)
        self.assert_counts(1, 1)
        self.assertFalse(Notification.objects.exists())

    def test_what_is_done_to_a_repost_is_done_to_the_original(self):
        carol = make_user("carol")
        repost = self.post.repost(carol)
        for verb in ("like", "repost"):
            self.assertRedirects(self.press(verb, repost), f"/posts/{self.post.pk}/#post-{self.post.pk}")
        self.assert_counts(1, 2)
        self.press("unrepost", repost)
        self.press("unlike", repost)
        self.assert_counts(0, 1)

    def test_goes_back_to_the_card_where_it_was_pressed(self):
        here = "/explore/?before=7"
        for fields, headers in (({"next": here}, {}), ({}, {"referer": f"http://testserver{here}"})):
            answer = self.press("like", data=fields, headers=headers)
            self.assertEqual(answer.headers["Location"], f"{here}#post-{self.post.pk}")
        away = {"next": "//evil.example", "headers": {"referer": "https://evil.example/"}}
        answer = self.press("like", data={"next": away["next"]}, headers=away["headers"])
        self.assertEqual(answer.headers["Location"], f"/posts/{self.post.pk}/#post-{self.post.pk}")

    def test_a_script_gets_the_buttons_as_they_are_now(self):
        answer = self.press("like", headers=SCRIPT)
        self.assertContains(answer, f'formaction="/posts/{self.post.pk}/unlike/"')
        self.assertContains(answer, 'aria-pressed="true"', count=1)
        self.assertContains(answer, "<b>1</b> like</a>")
        self.assertNotContains(answer, "<html")
        answer = self.press("unlike", headers=SCRIPT)
        self.assertContains(answer, f'formaction="/posts/{self.post.pk}/like/"')
        self.assertNotContains(answer, 'aria-pressed="true"')

    def test_the_marks_are_the_readers_own(self):
        self.press("like")
        self.press("repost")
        for reader, marks in [(self.bob, 2), (self.ada, 0)]:
            self.client.force_login(reader)
            for path in ("/explore/", f"/posts/{self.post.pk}/"):
                page = self.client.get(path).content.decode()
                card = page[page.index("<article") : page.index("</article>")]
                self.assertEqual(card.count('aria-pressed="true"'), marks, path)
                self.assertEqual(card.count('<span class="count">1</span>'), 2, path)

    def test_what_is_not_visible_is_not_found(self):
        staff = make_user("staff1", is_staff=True)

        def assert_not_found(reader):
            self.client.force_login(reader)
            for verb in VERBS:
                self.assertEqual(self.press(verb).status_code, 404)
            for path in ("likes", "reposts"):
                self.assertEqual(self.client.get(f"/posts/{self.post.pk}/{path}/").status_code, 404)

        for prevent, undo in [
            (lambda: self.ada.block(self.bob), lambda: self.ada.unblock(self.bob)),
            (lambda: self.bob.block(self.ada), lambda: self.bob.unblock(self.ada)),
            (self.ada.suspend, self.ada.restore),
            (lambda: self.post.hide("rude"), self.post.show),
        ]:
            prevent()
            assert_not_found(self.bob)
            undo()
        self.post.hide("rude")
        for reader in (self.ada, staff):
            self.client.force_login(reader)
            self.assertEqual(self.press("like").status_code, 302)
        self.post.remove()
        assert_not_found(self.bob)

    def test_a_hidden_post_stays_hidden_when_its_author_repeats_it(self):
        fan = make_user("fan")
        fan.follow(self.ada)
        self.post.hide("rude")
        self.client.force_login(self.ada)
        self.press("repost")
        self.client.force_login(fan)
        for path in ("/", "/@ada/"):
            self.assertNotContains(self.client.get(path), "Bread again.")
        self.post.show()
        self.assertContains(self.client.get("/"), "Bread again.")

    def test_takes_posts_with_a_token_only(self):
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(self.bob)
        for verb in VERBS:
            self.assertEqual(self.client.get(f"/posts/{self.post.pk}/{verb}/").status_code, 405)
            self.assertEqual(strict.post(f"/posts/{self.post.pk}/{verb}/").status_code, 403)

    def test_visitors_sign_in_and_are_back_where_they_were(self):
        for verb in VERBS:
            path = f"/posts/{self.post.pk}/{verb}/"
            there = f"/accounts/login/?next=/posts/{self.post.pk}/"
            answer = Client().post(path, {"next": f"/posts/{self.post.pk}/"})
            self.assertRedirects(answer, there, fetch_redirect_response=False)
            answer = Client().post(path, {"next": f"/posts/{self.post.pk}/"}, headers=SCRIPT)
            self.assertEqual(answer.headers["HX-Redirect"], there)
        self.assert_counts(0, 0)

    def test_too_many_are_refused_with_a_sentence(self):
        for name, verbs in (("LIKES", ("like", "unlike")), ("REPOSTS", ("repost", "unrepost"))):
            # The limits are read where the views are made, so the counter is filled instead.
            times = {"LIKES": 300, "REPOSTS": 60}[name]
            with patch("microblog.ratelimit.count", return_value=(times + 1, 90)):
                for verb in verbs:
                    answer = self.press(verb, headers=SCRIPT)
                    self.assertContains(answer, "That was too often.", status_code=429)
                    self.assertEqual(self.press(verb).status_code, 429)
            with patch("microblog.ratelimit.count", return_value=(times, 90)):
                self.assertEqual(self.press(verbs[0]).status_code, 302)
                self.assertEqual(self.press(verbs[1]).status_code, 302)
        self.assert_counts(0, 0)

    def test_deleting_a_post_takes_its_likes_and_reposts_along(self):
        self.press("like")
        self.press("repost")
        self.post.remove()
        self.assertFalse(Like.objects.exists() or Post.objects.exists())
        self.assertEqual(User.objects.get(pk=self.bob.pk).post_count, 0)

    def test_a_repost_is_undone_and_has_no_deleting_menu_or_translation_of_its_own(self):
        repost = self.post.repost(self.bob)
        for part in ("delete", "menu", "translation"):
            self.assertEqual(self.client.get(f"/posts/{repost.pk}/{part}/").status_code, 404)
        self.assertEqual(self.client.post(f"/posts/{repost.pk}/delete/").status_code, 404)
        self.assert_counts(0, 1)


class WhoDid(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada = make_user("ada", name="Ada Ferri")
        cls.post = make_post(cls.ada, "Bread again.")
        cls.fans = [make_user(f"fan{number}") for number in range(25)]
        for fan in cls.fans:
            cls.post.like(fan)
            cls.post.repost(fan)

    def names(self, path):
        return [row[0].username for row in self.client.get(path).context["rows"]]

    def test_are_listed_the_newest_first_in_pages(self):
        for name in ("likes", "reposts"):
            path = f"/posts/{self.post.pk}/{name}/"
            first = self.client.get(path).context["page"]
            newest = [fan.username for fan in reversed(self.fans)]
            self.assertEqual(self.names(path), newest[:20])
            self.assertEqual(self.names(f"{path}?before={first.older}"), newest[20:])
            self.assertRedirects(self.client.get(f"{path}?after={first.newest}"), path)

    def test_with_buttons_to_follow_them(self):
        self.client.force_login(self.ada)
        self.ada.follow(self.fans[-1])
        for name in ("likes", "reposts"):
            page = self.client.get(f"/posts/{self.post.pk}/{name}/")
            self.assertContains(page, 'formaction="/@fan24/unfollow/"')
            self.assertContains(page, 'formaction="/@fan23/follow/"')

    def test_are_linked_from_the_post_with_their_number(self):
        page = self.client.get(f"/posts/{self.post.pk}/")
        self.assertContains(page, f'<a href="/posts/{self.post.pk}/likes/"><b>25</b> likes</a>')
        self.assertContains(page, f'<a href="/posts/{self.post.pk}/reposts/"><b>25</b> reposts</a>')

    def test_only_those_the_reader_may_meet(self):
        self.client.force_login(self.ada)
        self.ada.mute(self.fans[0])
        self.ada.block(self.fans[1])
        self.fans[2].block(self.ada)
        self.fans[3].suspend()
        for name in ("likes", "reposts"):
            path = f"/posts/{self.post.pk}/{name}/"
            last = self.client.get(path).context["page"].older
            self.assertEqual(self.names(f"{path}?before={last}"), ["fan4"])

    def test_nobody_yet_is_said(self):
        post = make_post(self.ada, "Silence.")
        for name in ("likes", "reposts"):
            page = self.client.get(f"/posts/{post.pk}/{name}/")
            self.assertContains(page, "Nobody to show here")
            self.assertContains(page, f'class="button first" href="/posts/{post.pk}/"')

    def test_pages_have_titles_of_their_own(self):
        for name, title in [
            ("likes", "Who likes what Ada Ferri wrote: Bread again."),
            ("reposts", "Who reposted what Ada Ferri wrote: Bread again."),
        ]:
            self.assertContains(
                self.client.get(f"/posts/{self.post.pk}/{name}/"), f"<title>{title} · Microblog</title>"
            )

    def test_ask_nothing_for_each_person(self):
        self.client.force_login(self.ada)
        few = make_post(self.ada, "Few.")
        for fan in self.fans[:3]:
            few.like(fan)
            few.repost(fan)
        for name in ("likes", "reposts"):
            queries_of(self.client, f"/posts/{few.pk}/{name}/")
            with_few = queries_of(self.client, f"/posts/{few.pk}/{name}/")
            self.assertEqual(queries_of(self.client, f"/posts/{self.post.pk}/{name}/"), with_few)


@pytest.mark.postgres
class PressingAtTheSameMoment(TransactionTestCase):
    def setUp(self):
        if connection.vendor == "sqlite":
            self.skipTest("threads can't share SQLite's database in memory")
        self.ada, self.people = make_user("ada"), [make_user(f"p{number}") for number in range(4)]
        self.post = make_post(self.ada, "Bread again.")

    def press(self, pairs):
        """Each pair is a member and a verb, all at once. Return the statuses."""
        barrier, statuses = threading.Barrier(len(pairs)), []

        def press(user, verb):
            client = Client(raise_request_exception=False)
            client.force_login(user)
            barrier.wait()
            statuses.append(client.post(f"/posts/{self.post.pk}/{verb}/").status_code)
            connection.close()

        threads = [threading.Thread(target=press, args=pair) for pair in pairs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return statuses

    def test_a_double_click_is_one_like_and_one_repost(self):
        bob = self.people[0]
        self.assertEqual(self.press([(bob, "like")] * 4 + [(bob, "repost")] * 4), [302] * 8)
        self.assertEqual(counts(self.post), ((1, 1), (1, 1)))
        self.assertEqual(sorted(Notification.objects.values_list("kind", "count")), [("like", 1), ("repost", 1)])

    def test_everybody_at_once_is_counted(self):
        pairs = [(one, verb) for one in self.people for verb in ("like", "repost")]
        self.assertEqual(self.press(pairs), [302] * 8)
        self.assertEqual(counts(self.post), ((4, 4), (4, 4)))

    def test_doing_and_undoing_at_once_keeps_the_counts_true(self):
        bob = self.people[0]
        self.assertEqual(self.press([(bob, verb) for verb in VERBS] * 2), [302] * 8)
        told, there = counts(self.post)
        self.assertEqual(told, there)

    def test_a_post_that_is_deleted_at_that_moment_is_not_found(self):
        """And nothing of it is left, and nothing crashes."""
        barrier = threading.Barrier(2)

        def remove():
            barrier.wait()
            self.post.remove()
            connection.close()

        thread = threading.Thread(target=remove)
        thread.start()
        barrier.wait()
        statuses = self.press([(one, verb) for one in self.people for verb in ("like", "repost")])
        thread.join()
        self.assertLessEqual(set(statuses), {302, 404})
        self.assertFalse(Like.objects.exists() or Post.objects.exists())
