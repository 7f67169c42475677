import threading

import pytest
from django.db import connection
from django.test import Client, TestCase, TransactionTestCase

from accounts.models import Block, Follow, User
from accounts.suggestions import who_to_follow
from accounts.tests.base import make_user, queries_of
from blog.tests.base import make_post


class Blocking(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada, cls.bob = make_user("ada"), make_user("Bob", name="Bob Bakes")

    def setUp(self):
        self.client.force_login(self.ada)

    def test_asks_first_and_changes_nothing_yet(self):
        page = self.client.get("/@Bob/block/")
        self.assertContains(page, "Block <bdi>Bob Bakes</bdi>?")
        self.assertContains(page, 'id="block" method="post"')
        self.assertFalse(Block.objects.exists())

    def test_blocks_and_twice_is_once(self):
        for _time in range(2):
            response = self.client.post("/@bob/block/")
            self.assertRedirects(response, "/accounts/settings/blocked/", fetch_redirect_response=False)
        self.assertEqual(Block.objects.get().blocked, self.bob)
        page = self.client.get("/accounts/settings/blocked/")
        self.assertContains(page, "You have blocked Bob Bakes. Neither of you sees the other any more.")
        self.assertRedirects(self.client.get("/@Bob/block/"), "/accounts/settings/blocked/")

    def test_ends_follows_both_ways_with_their_counts(self):
        self.ada.follow(self.bob)
        self.bob.follow(self.ada)
        self.client.post("/@Bob/block/")
        self.assertFalse(Follow.objects.exists())
        counts = set(User.objects.values_list("follower_count", "following_count"))
        self.assertEqual(counts, {(0, 0)})

    def test_neither_can_follow_the_other_not_even_staff(self):
        User.objects.filter(pk=self.bob.pk).update(is_staff=True)
        self.client.post("/@Bob/block/")
        self.assertEqual(self.client.post("/@Bob/follow/").status_code, 404)
        self.client.force_login(self.bob)
        self.assertEqual(self.client.post("/@ada/follow/").status_code, 404)
        self.assertIsNone(self.bob.follow(self.ada))
        self.assertFalse(Follow.objects.exists())

    def test_each_is_not_found_by_the_other(self):
        self.client.post("/@Bob/block/")
        paths = ("", "followers/", "following/", "card/", "avatar.svg", "feed.atom")
        for reader, other in ((self.ada, "Bob"), (self.bob, "ada")):
            self.client.force_login(reader)
            for path in paths:
                self.assertEqual(self.client.get(f"/@{other}/{path}").status_code, 404, path)
        for path in paths[:3]:
            self.assertEqual(Client().get(f"/@ada/{path}").status_code, 200, path)
        self.assertEqual(Client().get("/@ada/feed.atom").status_code, 200)

    def test_is_undone_from_the_list_where_the_page_is_not_found(self):
        self.client.post("/@Bob/block/")
        page = self.client.get("/accounts/settings/blocked/")
        self.assertContains(page, 'formaction="/@Bob/unblock/"')
        self.assertNotContains(page, 'href="/@Bob/"')
        for _time in range(2):
            response = self.client.post("/@Bob/unblock/", {"next": "/accounts/settings/blocked/"})
            self.assertRedirects(response, "/accounts/settings/blocked/", fetch_redirect_response=False)
        self.assertFalse(Block.objects.exists())
        self.assertContains(self.client.get("/accounts/settings/blocked/"), "You have blocked nobody")
        self.assertEqual(self.client.get("/@Bob/").status_code, 200)

    def test_blocks_somebody_by_name_who_blocked_first_and_is_on_no_page(self):
        self.bob.block(self.ada)
        for path in ("/@Bob/block/", "/@Bob/unblock/", "/@Bob/mute/", "/@Bob/unmute/"):
            self.assertEqual(self.client.post(path).status_code, 404, path)
        response = self.client.post("/accounts/settings/blocked/", {"username": "@bob"})
        self.assertRedirects(response, "/accounts/settings/blocked/", fetch_redirect_response=False)
        self.bob.unblock(self.ada)
        self.assertEqual(self.client.get("/@Bob/").status_code, 404)
        self.client.post("/@Bob/unblock/")
        self.assertEqual(self.client.get("/@Bob/").status_code, 200)

    def test_a_name_that_is_nobodys_or_ones_own_stays_in_the_form(self):
        for typed, said in (
            ("nobody_at_all", "Nobody here has this username."),
            ("ADA", "You can&#x27;t block yourself."),
        ):
            page = self.client.post("/accounts/settings/blocked/", {"username": typed})
            self.assertContains(page, said, status_code=422)
            self.assertContains(page, f'value="{typed}"', status_code=422)
        for typed in ("", "x" * 5000, "a\0b"):
            self.assertEqual(self.client.post("/accounts/settings/blocked/", {"username": typed}).status_code, 422)
        self.assertFalse(Block.objects.exists())

    def test_not_oneself(self):
        self.assertRedirects(self.client.post("/@ada/block/"), "/@ada/", fetch_redirect_response=False)
        self.assertContains(self.client.get("/@ada/"), "You can&#x27;t block yourself.")
        self.assertFalse(Block.objects.exists())

    def test_nobody_is_not_found(self):
        for path in ("/@nobody/block/", "/@nobody/unblock/", "/@a%00b/block/", f"/@{'x' * 5000}/unblock/"):
            self.assertEqual(self.client.post(path).status_code, 404)
        self.assertEqual(self.client.get("/@nobody/block/").status_code, 404)

    def test_whom_one_has_blocked_can_be_unblocked_while_they_are_suspended(self):
        self.ada.block(self.bob)
        self.bob.suspend()
        self.assertContains(self.client.get("/accounts/settings/blocked/"), "@Bob")
        self.client.post("/@Bob/unblock/")
        self.assertFalse(Block.objects.exists())

    def test_undoing_takes_posts_only_and_a_token(self):
        self.assertEqual(self.client.get("/@Bob/unblock/").status_code, 405)
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(self.ada)
        for path in ("/@Bob/block/", "/@Bob/unblock/", "/accounts/settings/blocked/"):
            self.assertEqual(strict.post(path).status_code, 403)

    def test_visitors_sign_in(self):
        for path in ("/@Bob/block/", "/accounts/settings/blocked/"):
            self.assertRedirects(Client().get(path), f"/accounts/login/?next={path.replace('@', '%40')}")
        response = Client().post("/@Bob/unblock/", {"next": "/@Bob/"})
        self.assertRedirects(response, "/accounts/login/?next=/%40Bob/", fetch_redirect_response=False)
        self.assertNotContains(Client().get("/@Bob/"), "/block/")

    def test_the_list_comes_in_pages_that_cost_the_same(self):
        people = [make_user(f"p{n:02}") for n in range(45)]
        for person in people[:10]:
            self.ada.block(person)
        self.client.get("/accounts/settings/blocked/")
        ten = queries_of(self.client, "/accounts/settings/blocked/")
        for person in people[10:]:
            self.ada.block(person)
        names, path = [], "/accounts/settings/blocked/"
        while path:
            self.assertEqual(queries_of(self.client, path), ten)
            page = self.client.get(path)
            names += [person.username for person, _since in page.context["rows"]]
            older = page.context["page"].older
            path = f"/accounts/settings/blocked/?before={older}" if older else ""
        self.assertEqual(names, [f"p{n:02}" for n in reversed(range(45))])
        self.assertEqual(self.client.get("/accounts/settings/blocked/?before=x").status_code, 400)

    def test_is_in_the_menu_of_a_profile_and_not_of_ones_own(self):
        self.assertContains(self.client.get("/@Bob/"), 'href="/@Bob/block/" data-ask')
        self.assertNotContains(self.client.get("/@ada/"), "/block/")

    def test_is_in_the_menu_of_a_post_and_not_of_ones_own(self):
        of_bob, of_ada = make_post(self.bob), make_post(self.ada)
        menu = self.client.get(f"/posts/{of_bob.pk}/menu/")
        self.assertContains(menu, 'href="/@Bob/block/" data-ask')
        self.assertContains(menu, 'formaction="/@Bob/mute/"')
        self.ada.mute(self.bob)
        self.assertContains(self.client.get(f"/posts/{of_bob.pk}/menu/"), 'formaction="/@Bob/unmute/"')
        for client, post in ((self.client, of_ada), (Client(), of_bob)):
            menu = client.get(f"/posts/{post.pk}/menu/")
            self.assertNotContains(menu, "block")
            self.assertNotContains(menu, "mute")

    def test_staff_block_and_still_see_the_page_and_undo_it_there(self):
        self.client.force_login(make_user("staff1", is_staff=True))
        self.assertContains(self.client.get("/@Bob/block/"), "Block <bdi>Bob Bakes</bdi>?")
        self.assertEqual(self.client.post("/@Bob/block/").status_code, 302)
        for path in ("/@Bob/mute/", "/@Bob/unmute/"):
            self.assertEqual(self.client.post(path).status_code, 302)
        page = self.client.get("/@Bob/")
        self.assertContains(page, 'formaction="/@Bob/unblock/"')
        self.assertNotContains(page, "/@Bob/block/")
        self.assertEqual(self.client.post("/@Bob/unblock/").status_code, 302)
        self.assertFalse(Block.objects.exists())

    def test_is_never_suggested_again(self):
        make_post(self.bob)
        make_user("fan").follow(self.bob)
        self.assertEqual(who_to_follow(self.ada), (self.bob.pk,))
        self.ada.mute(self.bob)
        self.assertEqual(who_to_follow(self.ada), ())
        self.ada.unmute(self.bob)
        self.bob.block(self.ada)
        self.assertEqual(who_to_follow(self.ada), ())

    def test_is_in_nobodys_list_for_the_other(self):
        carol = make_user("carol")
        for person in (self.ada, self.bob):
            person.follow(carol)
            carol.follow(person)
        self.ada.block(self.bob)
        for path in ("/@carol/followers/", "/@carol/following/"):
            self.assertNotContains(self.client.get(path), "@Bob")
            self.assertContains(Client().get(path), "@Bob")


class Muting(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada, cls.bob = make_user("ada"), make_user("Bob", name="Bob Bakes")
        make_post(cls.bob, "Bread again")

    def setUp(self):
        self.client.force_login(self.ada)

    def test_mutes_and_unmutes_and_twice_is_once(self):
        for verb, count in (("mute", 1), ("unmute", 0)):
            for _time in range(2):
                response = self.client.post(f"/@bob/{verb}/", {"next": "/explore/"})
                self.assertRedirects(response, "/explore/", fetch_redirect_response=False)
            self.assertEqual(self.ada.mutes_made.count(), count)

    def test_hides_from_who_mutes_and_from_nobody_else(self):
        self.ada.follow(self.bob)
        self.client.post("/@Bob/mute/")
        for path in ("/", "/explore/"):
            self.assertNotContains(self.client.get(path), "Bread again")
        self.assertContains(Client().get("/explore/"), "Bread again")
        self.assertTrue(self.ada.follows(self.bob))

    def test_leaves_the_page_within_reach_and_says_so_there(self):
        self.assertNotContains(self.client.get("/@Bob/"), "You have muted")
        self.client.post("/@Bob/mute/")
        page = self.client.get("/@Bob/")
        self.assertContains(page, "You have muted <bdi>Bob Bakes</bdi>.")
        self.assertContains(page, 'formaction="/@Bob/unmute/"')
        self.assertContains(page, "Bread again")
        self.assertContains(self.client.get(f"/posts/{self.bob.posts.get().pk}/"), "Bread again")
        self.client.force_login(self.bob)
        self.assertNotContains(self.client.get("/@ada/"), "mute you")

    def test_is_on_a_list_with_its_undoing(self):
        self.assertContains(self.client.get("/accounts/settings/muted/"), "You have muted nobody")
        self.client.post("/@Bob/mute/")
        page = self.client.get("/accounts/settings/muted/")
        self.assertContains(page, 'formaction="/@Bob/unmute/"')
        self.assertContains(page, 'href="/@Bob/"')
        self.client.post("/@Bob/unmute/", {"next": "/accounts/settings/muted/"})
        self.assertContains(self.client.get("/accounts/settings/muted/"), "You have unmuted Bob Bakes.")

    def test_the_list_leaves_out_who_blocked_later_and_the_mute_can_still_be_undone(self):
        self.ada.mute(self.bob)
        self.bob.block(self.ada)
        self.assertNotContains(self.client.get("/accounts/settings/muted/"), "@Bob")
        self.assertEqual(self.client.post("/@Bob/unmute/").status_code, 302)
        self.assertFalse(self.ada.mutes_made.exists())

    def test_not_oneself_and_nobody_is_not_found(self):
        self.assertRedirects(self.client.post("/@ADA/mute/"), "/@ada/", fetch_redirect_response=False)
        for path in ("/@nobody/mute/", "/@nobody/unmute/"):
            self.assertEqual(self.client.post(path).status_code, 404)
        self.assertFalse(self.ada.mutes_made.exists())

    def test_takes_posts_only_and_a_token(self):
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(self.ada)
        for path in ("/@Bob/mute/", "/@Bob/unmute/"):
            self.assertEqual(self.client.get(path).status_code, 405)
            self.assertEqual(strict.post(path).status_code, 403)
            response = Client().post(path, {"next": "/@Bob/"})
            self.assertRedirects(response, "/accounts/login/?next=/%40Bob/", fetch_redirect_response=False)

    def test_the_list_comes_in_pages_that_cost_the_same(self):
        people = [make_user(f"p{n:02}") for n in range(25)]
        for person in people[:10]:
            self.ada.mute(person)
        self.client.get("/accounts/settings/muted/")
        ten = queries_of(self.client, "/accounts/settings/muted/")
        for person in people[10:]:
            self.ada.mute(person)
        self.assertEqual(queries_of(self.client, "/accounts/settings/muted/"), ten)
        page = self.client.get("/accounts/settings/muted/")
        self.assertEqual(len(page.context["rows"]), 20)
        older = self.client.get(f"/accounts/settings/muted/?before={page.context['page'].older}")
        self.assertEqual(len(older.context["rows"]), 5)


@pytest.mark.postgres
class BlockAtTheSameMoment(TransactionTestCase):
    def test_a_follow_never_outlives_a_block(self):
        if connection.vendor == "sqlite":
            self.skipTest("threads can't share SQLite's database in memory")
        for n in range(5):
            ada, bob = make_user(f"ada{n}"), make_user(f"bob{n}")
            presses = [(ada, f"/@bob{n}/block/"), (bob, f"/@ada{n}/follow/"), (bob, f"/@ada{n}/block/")] * 2
            barrier, statuses = threading.Barrier(len(presses)), []

            def press(user, path, barrier=barrier, statuses=statuses):
                client = Client()
                client.force_login(user)
                barrier.wait()
                statuses.append(client.post(path).status_code)
                connection.close()

            threads = [threading.Thread(target=press, args=pair) for pair in presses]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertLessEqual(set(statuses), {302, 404})
            self.assertFalse(Follow.objects.exists())
            # Of two who block at once the second may not find the first any more.
            self.assertTrue(Block.objects.filter(blocker__in=[ada, bob], blocked__in=[ada, bob]).exists())
            self.assertEqual(set(User.objects.values_list("follower_count", "following_count")), {(0, 0)})
