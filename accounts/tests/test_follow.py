import threading
from unittest.mock import patch

import pytest
from django.db import connection
from django.test import Client, TestCase, TransactionTestCase

from accounts.models import Follow, User
from accounts.signals import followed
from accounts.tests.base import make_user


def counts(user):
    fresh = User.objects.get(pk=user.pk)
    return fresh.follower_count, fresh.following_count


class FollowAndUnfollow(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada, cls.bob = make_user("ada"), make_user("Bob")

    def setUp(self):
        self.client.force_login(self.ada)

    def test_follows(self):
        self.assertRedirects(self.client.post("/@bob/follow/"), "/@Bob/", fetch_redirect_response=False)
        self.assertTrue(self.ada.follows(self.bob))
        self.assertEqual((counts(self.ada), counts(self.bob)), ((0, 1), (1, 0)))

    def test_twice_is_once(self):
        for _time in range(2):
            self.assertEqual(self.client.post("/@bob/follow/").status_code, 302)
        self.assertEqual(Follow.objects.count(), 1)
        self.assertEqual(counts(self.bob), (1, 0))

    def test_tells_once_that_somebody_was_followed(self):
        with patch.object(followed, "send") as send:
            for _time in range(2):
                self.client.post("/@bob/follow/")
        self.assertEqual(send.call_count, 1)

    def test_unfollows_and_twice_is_once(self):
        self.ada.follow(self.bob)
        for _time in range(2):
            self.assertRedirects(self.client.post("/@bob/unfollow/"), "/@Bob/", fetch_redirect_response=False)
        self.assertFalse(self.ada.follows(self.bob))
        self.assertEqual((counts(self.ada), counts(self.bob)), ((0, 0), (0, 0)))

    def test_not_oneself(self):
        self.assertRedirects(self.client.post("/@ADA/follow/"), "/@ada/", fetch_redirect_response=False)
        self.assertContains(self.client.get("/@ada/following/"), "You can&#x27;t follow yourself.")
        self.assertFalse(Follow.objects.exists())
        self.assertEqual(self.client.post("/@ada/unfollow/").status_code, 302)

    def test_nobody_and_the_suspended_are_not_found(self):
        self.bob.suspend()
        staff = make_user("staff1", is_staff=True)
        for user in (self.ada, staff):
            self.client.force_login(user)
            for path in ("/@nobody/follow/", "/@nobody/unfollow/", "/@bob/follow/", "/@bob/unfollow/"):
                self.assertEqual(self.client.post(path).status_code, 404)
        for path in ("/@a%00b/follow/", f"/@{'x' * 5000}/follow/", "/@<script>/follow/"):
            self.assertEqual(self.client.post(path).status_code, 404)
        self.assertFalse(Follow.objects.exists())

    def test_goes_back_to_where_the_button_was(self):
        here = "/@Bob/followers/?before=7"
        for fields, headers in (({"next": here}, {}), ({}, {"referer": f"http://testserver{here}"})):
            response = self.client.post("/@bob/follow/", fields, headers=headers)
            self.assertRedirects(response, here, fetch_redirect_response=False)

    def test_never_leaves_the_site(self):
        for url in ("//evil.example", "/\\evil.example", "javascript:alert(1)", "https://evil.example/x"):
            response = self.client.post("/@bob/follow/", {"next": url}, headers={"referer": url})
            self.assertRedirects(response, "/@Bob/", fetch_redirect_response=False)

    def test_a_script_gets_the_button_turned_over(self):
        response = self.client.post("/@bob/follow/", {"size": "small"}, headers={"hx-request": "true"})
        self.assertContains(response, 'formaction="/@Bob/unfollow/"')
        self.assertContains(response, 'aria-pressed="true"')
        self.assertContains(response, "small")
        self.assertNotContains(response, "<html")
        response = self.client.post("/@bob/unfollow/", headers={"hx-request": "true"})
        self.assertContains(response, 'formaction="/@Bob/follow/"')
        self.assertContains(response, 'aria-pressed="false"')

    def test_takes_posts_only(self):
        for path in ("/@bob/follow/", "/@bob/unfollow/"):
            self.assertEqual(self.client.get(path).status_code, 405)

    def test_needs_the_token_of_the_form(self):
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(self.ada)
        for path in ("/@bob/follow/", "/@bob/unfollow/"):
            self.assertEqual(strict.post(path).status_code, 403)

    def test_visitors_sign_in_and_are_back_where_they_were(self):
        """Not at the address of the action, which takes no GET."""
        for path in ("/@bob/follow/", "/@bob/unfollow/"):
            response = Client().post(path, {"next": "/@Bob/"})
            self.assertRedirects(response, "/accounts/login/?next=/%40Bob/", fetch_redirect_response=False)
            response = Client().post(path, {"next": "/@Bob/"}, headers={"hx-request": "true"})
            self.assertEqual(response.headers["HX-Redirect"], "/accounts/login/?next=/%40Bob/")


@pytest.mark.postgres
class FollowAtTheSameMoment(TransactionTestCase):
    def press(self, pairs):
        """Each pair is a member and the path that they post to, all at once. Return the statuses."""
        if connection.vendor == "sqlite":
            self.skipTest("threads can't share SQLite's database in memory")
        barrier, statuses = threading.Barrier(len(pairs)), []

        def post(user, path):
            client = Client()
            client.force_login(user)
            barrier.wait()
            statuses.append(client.post(path).status_code)
            connection.close()

        threads = [threading.Thread(target=post, args=pair) for pair in pairs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return statuses

    def test_a_double_click_is_one_follow(self):
        ada, bob = make_user("ada"), make_user("bob")
        self.assertEqual(self.press([(ada, "/@bob/follow/")] * 4), [302] * 4)
        self.assertEqual(Follow.objects.count(), 1)
        self.assertEqual((counts(ada), counts(bob)), ((0, 1), (1, 0)))

    def test_two_who_follow_each_other_at_once_do_not_lock_each_other_out(self):
        ada, bob = make_user("ada"), make_user("bob")
        statuses = self.press([(ada, "/@bob/follow/"), (bob, "/@ada/follow/")] * 3)
        self.assertEqual(statuses, [302] * 6)
        self.assertEqual((counts(ada), counts(bob)), ((1, 1), (1, 1)))

    def test_following_and_unfollowing_at_once_keeps_the_counts_true(self):
        ada, bob = make_user("ada"), make_user("bob")
        statuses = self.press([(ada, "/@bob/follow/"), (ada, "/@bob/unfollow/")] * 3)
        self.assertEqual(statuses, [302] * 6)
        n = Follow.objects.count()
        self.assertEqual((counts(ada), counts(bob)), ((0, n), (n, 0)))
