from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client, TestCase
from django.test.utils import CaptureQueriesContext

from accounts.tests.base import make_user
from accounts.tests.test_moderation import make_moderator
from blog.admin import PostAdmin
from blog.models import Post
from blog.tests.base import make_post

POSTS = "/admin/blog/post/"


class Hiding(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.mona = make_moderator()
        cls.ada, cls.bob = make_user("ada"), make_user("bob")
        cls.bob.follow(cls.ada)
        cls.spam = make_post(cls.ada, "Cheap pills! #sourdough", language="en")
        cls.bread = make_post(cls.ada, "Bread and butter. #sourdough", language="es")
        cls.soup = make_post(cls.bob, "Soup with bread.", language="en")

    def setUp(self):
        self.client.force_login(self.mona)

    def act(self, verb, *posts, reason="advertising", **more):
        return self.client.post(f"{POSTS}{verb}/?" + "&".join(f"id={p.pk}" for p in posts), {"reason": reason, **more})

    def found(self, query=""):
        return list(self.client.get(f"{POSTS}{query}").context["cl"].result_list)

    def assert_seen(self, client, path, post, seen):
        answer = client.get(path)
        text = answer.content.decode() if answer.status_code == 200 else ""
        self.assertEqual(f"/posts/{post.pk}/" in text or f'id="post-{post.pk}"' in text, seen, path)

    def test_a_hidden_post_is_gone_from_every_address_for_everybody_but_its_author_and_staff(self):
        self.act("hide", self.spam)
        visitor, bob, ada = Client(), Client(), Client()
        bob.force_login(self.bob)
        ada.force_login(self.ada)
        places = ["/explore/", "/@ada/", "/tags/sourdough/", "/explore/feed.atom", "/@ada/feed.atom", "/"]
        week = f"/sitemap-posts-{self.spam.pk // (7 * 24 * 3600 * 1000 << 16)}.xml"
        for client in (visitor, bob):
            for path in [*places, week]:
                self.assert_seen(client, path, self.spam, False)
                self.assert_seen(client, path, self.bread, True)
            for path in [f"/posts/{self.spam.pk}/", f"/posts/{self.spam.pk}/menu/"]:
                self.assertEqual(client.get(path).status_code, 404)
        for client in (ada, self.client):
            self.assertEqual(client.get(f"/posts/{self.spam.pk}/").status_code, 200)
            self.assert_seen(client, "/@ada/", self.spam, True)
        self.assertEqual(bob.get(f"/new/?after={self.spam.pk - 1}").json()["count"], 2)

    def test_showing_it_again_brings_it_back_everywhere(self):
        self.act("hide", self.spam)
        self.act("show", self.spam, reason="it was a joke")
        for path in ["/explore/", "/@ada/", "/tags/sourdough/", "/explore/feed.atom", f"/posts/{self.spam.pk}/"]:
            self.assert_seen(Client(), path, self.spam, True)

    def test_each_hiding_and_showing_is_in_the_history_with_its_reason(self):
        self.act("hide", self.spam)
        self.spam.refresh_from_db()
        self.assertEqual(self.spam.hidden_reason, "advertising")
        self.act("show", self.spam, reason="it was a joke")
        messages = [entry.get_change_message() for entry in LogEntry.objects.order_by("pk")]
        self.assertEqual(messages, ["Hide: advertising", "Show again: it was a joke"])
        self.assertEqual({entry.user for entry in LogEntry.objects.all()}, {self.mona})
        page = self.client.get(f"{POSTS}{self.spam.pk}/history/")
        self.assertContains(page, "Show again: it was a joke")

    def test_hiding_twice_is_hiding_once(self):
        self.act("hide", self.spam)
        answer = self.act("hide", self.spam, reason="again")
        self.assertRedirects(answer, POSTS)
        self.spam.refresh_from_db()
        self.assertEqual(self.spam.hidden_reason, "advertising")
        self.assertEqual(LogEntry.objects.count(), 1)

    def test_one_by_one_by_the_button_on_its_page(self):
        page = self.client.get(f"{POSTS}{self.spam.pk}/change/")
        self.assertContains(page, f"{POSTS}hide/?id={self.spam.pk}")
        self.assertContains(page, f'href="/posts/{self.spam.pk}/"')
        self.assertNotContains(page, "_save")
        back = f"{POSTS}{self.spam.pk}/change/"
        self.assertRedirects(self.act("hide", self.spam, next=back), back)
        self.assertContains(self.client.get(back), "advertising")
        self.assertContains(self.client.get(back), f"{POSTS}show/?id={self.spam.pk}")

    def test_a_repost_is_not_listed_and_is_hidden_and_shown_with_the_original(self):
        repost = self.spam.repost(self.bob)
        self.assertEqual(self.found(), [self.soup, self.bread, self.spam])
        self.assertEqual(self.client.get(f"{POSTS}{repost.pk}/change/").status_code, 302)
        self.act("hide", self.spam)
        for path in ("/@bob/", f"/posts/{repost.pk}/"):
            self.assertNotContains(
                Client().get(path, follow=True), "Cheap pills", status_code=200 if "@" in path else 404
            )
        self.act("show", self.spam)
        self.assertContains(Client().get("/@bob/"), "Cheap pills")

    def test_an_answer_leads_to_what_it_answers(self):
        answer = make_post(self.bob, "No, thank you.", reply_to=self.spam)
        page = self.client.get(f"{POSTS}{answer.pk}/change/")
        self.assertContains(page, f'<a href="/posts/{self.spam.pk}/">The post that this one answers</a>')
        self.assertNotContains(self.client.get(f"{POSTS}{self.spam.pk}/change/"), "The post that this one answers")

    def test_several_at_once_by_the_action_of_the_list(self):
        chosen = {"action": "hide", "_selected_action": [self.spam.pk, self.soup.pk], "index": 0}
        page = self.client.post(f"{POSTS}?language=en", chosen, follow=True)
        self.assertContains(page, "Hide these 2 posts?")
        answer = self.client.post(page.redirect_chain[-1][0], {"reason": "x", "next": page.context["back"]})
        self.assertRedirects(answer, f"{POSTS}?language=en")
        self.assertEqual(Post.objects.exclude(hidden_at=None).count(), 2)

    def test_a_reason_is_needed_and_a_long_one_refused(self):
        for reason in ["", "x" * 201]:
            self.assertEqual(self.act("hide", self.spam, reason=reason).status_code, 422)
        self.spam.refresh_from_db()
        self.assertIsNone(self.spam.hidden_at)

    def test_members_and_visitors_can_not_hide(self):
        for member in (None, self.ada, make_user("staff1", is_staff=True)):
            self.client.logout()
            if member:
                self.client.force_login(member)
            for verb in ("hide", "show"):
                self.assertIn(self.act(verb, self.spam).status_code, {302, 403})
        self.spam.refresh_from_db()
        self.assertIsNone(self.spam.hidden_at)

    def test_a_post_is_not_written_changed_or_deleted_here(self):
        self.client.force_login(make_user("root1", is_staff=True, is_superuser=True))
        for path in ["add/", f"{self.spam.pk}/delete/"]:
            self.assertEqual(self.client.get(f"{POSTS}{path}").status_code, 403)
        self.assertEqual(self.client.post(f"{POSTS}{self.spam.pk}/change/", {"body": "x"}).status_code, 403)

    def test_the_link_to_moderate_is_on_the_post_for_moderators_only(self):
        link = f"{POSTS}{self.spam.pk}/change/"
        self.assertContains(self.client.get(f"/posts/{self.spam.pk}/menu/"), link)
        self.client.force_login(self.bob)
        self.assertNotContains(self.client.get(f"/posts/{self.spam.pk}/menu/"), link)

    def test_posts_are_found_by_their_text_their_author_and_their_language(self):
        self.assertEqual(self.found("?q=BREAD"), [self.soup, self.bread])
        self.assertEqual(self.found("?q=author:ADA"), [self.bread, self.spam])
        self.assertEqual(self.found("?q=author:@ada+bread"), [self.bread])
        self.assertEqual(self.found("?q=author:nobody"), [])
        self.assertEqual(self.found("?q=language:es"), [self.bread])
        self.assertEqual(self.found("?language=en"), [self.soup, self.spam] if self.has_language("en") else [])
        self.spam.hide("x")
        self.assertEqual(self.found("?state=hidden"), [self.spam])
        self.assertEqual(self.found("?state=shown"), [self.soup, self.bread])
        self.assertEqual(self.found("?q=100%25"), [])

    def has_language(self, code):
        return f"language={code}" in self.client.get(POSTS).content.decode()

    def test_a_search_for_words_looks_through_a_bounded_number_and_goes_on_from_there(self):
        PostAdmin.search_reach, kept = 2, PostAdmin.search_reach
        self.addCleanup(setattr, PostAdmin, "search_reach", kept)
        page = self.client.get(f"{POSTS}?q=pills")
        self.assertEqual(list(page.context["cl"].result_list), [])
        self.assertContains(page, "A search looks through 2 posts at a time")
        self.assertEqual(self.found(page.context["cl"].older_link), [self.spam])
        self.assertEqual(self.found("?q=author:ada+pills"), [self.spam])

    def test_the_list_counts_no_table_and_asks_nothing_for_each_row(self):
        def queries():
            with CaptureQueriesContext(connection) as captured:
                self.client.get(POSTS)
            return captured

        queries()
        for n in range(10):
            make_post(make_user(f"p{n}"), "More.")
        ten = queries()
        for n in range(10, 20):
            make_post(make_user(f"p{n}"), "More.")
        twenty = queries()
        self.assertEqual(len(twenty), len(ten))
        statements = " ".join(query["sql"].upper() for query in twenty if "accounts_session" not in query["sql"])
        self.assertNotIn("COUNT(", statements)
        self.assertNotIn("OFFSET", statements)

    def test_odd_searches_are_no_error(self):
        for query in [
            "?q=%00",
            "?q=author:",
            "?q=language:",
            "?q=author:%00x",
            "?language=%00",
            "?language=x",
            "?p=x",
            "?p=" + "9" * 40,
            "?o=1",
            "?zzz=1",
        ]:
            with self.subTest(query):
                self.assertIn(self.client.get(POSTS + query).status_code, {200, 302})
