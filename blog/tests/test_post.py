from datetime import timedelta
from unittest.mock import patch

from django.db import connection
from django.test import Client, TestCase, override_settings
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.tests.base import make_user
from blog import cards
from blog.models import Post, Tag
from blog.models.timeline import stamps_of
from blog.tests.base import make_post

POSTS_PER = timedelta(minutes=10)
FAMILY = "👨‍👩‍👧‍👦"


class Publishing(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada = make_user("ada")
        cls.bob = make_user("bob")

    def setUp(self):
        self.client.force_login(self.ada)

    def post(self, body):
        return self.client.post("/posts/", {"body": body})

    def test_publishes_and_says_so(self):
        response = self.client.post("/posts/", {"body": "Hello, world."}, follow=True)
        self.assertRedirects(response, "/")
        self.assertContains(response, "Your post is now live.")
        self.assertContains(response, "Hello, world.")

    def test_detects_the_language(self):
        self.post("Сегодня в городе выпал первый снег, и трамваи звенят иначе.")
        self.assertEqual(Post.objects.get().language, "ru")
        self.assertContains(self.client.get("/"), 'lang="ru"')

    def test_counts_characters_as_people_see_them(self):
        self.assertEqual(self.post(FAMILY * 140).status_code, 302)
        self.assertEqual(self.post(FAMILY * 141).status_code, 422)

    @override_settings(POST_MAX_LENGTH=5, POSTS_PER_PAGE=2)
    def test_the_site_says_how_much_fits_into_a_post_and_onto_a_page(self):
        refused = self.post("123456")
        self.assertContains(refused, "1 character too long", status_code=422)
        self.assertContains(refused, 'data-limit="5"', status_code=422)
        for body in ("1 one", "2 two", "3 sun"):
            self.assertEqual(self.post(body).status_code, 302)
        for path in ("/", "/explore/", "/@ada/"):
            self.assertContains(self.client.get(path), "<article", count=2)

    def test_refuses_an_empty_post_and_says_why(self):
        for body in ["", "   ", "\n\n", "\0", "\u202e"]:
            with self.subTest(body=body):
                response = self.post(body)
                self.assertEqual(response.status_code, 422)
                self.assertContains(response, "Write something first.", status_code=422)
        self.assertFalse(Post.objects.exists())

    def test_keeps_the_text_of_a_post_that_is_too_long(self):
        body = "Too long. " * 15
        response = self.post(body)
        self.assertContains(response, "9 characters too long", status_code=422)
        self.assertContains(response, body.strip(), status_code=422)

    def test_a_post_of_10000_characters_is_refused_with_its_text(self):
        response = self.post("x" * 10_000)
        self.assertContains(response, "x" * 10_000, status_code=422)

    def test_nul_bytes_and_overrides_do_not_reach_the_database(self):
        self.post("a\0b \u202eevil\u202c c")
        self.assertEqual(Post.objects.get().body, "ab evil c")

    def test_140_combining_marks_are_one_character_with_a_few_marks(self):
        self.assertEqual(self.post("a" + "\u0301" * 140).status_code, 302)
        self.assertLess(len(Post.objects.get().body), 12)

    def test_escapes_what_is_no_link(self):
        self.post('<script>alert(1)</script> & "quotes" https://example.org/?a=1&b=<2>')
        page = self.client.get("/").content.decode()
        self.assertNotIn("<script>alert", page)
        self.assertIn("&lt;script&gt;", page)

    def test_links_tags_and_those_who_exist(self):
        self.post("@Bob and @nobody on #Döner")
        page = self.client.get("/")
        self.assertContains(page, 'href="/@Bob/"')
        self.assertNotContains(page, 'href="/@nobody/"')
        self.assertContains(page, 'href="/tags/doner/"')
        self.assertEqual(Tag.objects.get().name, "doner")
        self.assertEqual(Post.objects.get().mentions.get(), self.bob)

    def test_too_many_posts_keep_the_text_and_say_to_wait(self):
        with patch("blog.views.posts.POSTS", {"times": 1, "per": POSTS_PER}):
            self.post("One.")
            response = self.post("Two, and it is not lost.")
        self.assertEqual(response.status_code, 429)
        self.assertIn("Retry-After", response.headers)
        self.assertContains(response, "Two, and it is not lost.", status_code=429)
        self.assertContains(response, "wait a few minutes", status_code=429)

    def test_is_for_members_by_post_with_csrf(self):
        self.assertEqual(self.client.get("/posts/").status_code, 405)
        self.assertRedirects(
            Client().post("/posts/", {"body": "x"}), "/accounts/login/?next=/", fetch_redirect_response=False
        )
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(self.ada)
        self.assertEqual(strict.post("/posts/", {"body": "x"}).status_code, 403)

    def test_counts_the_posts_of_its_author(self):
        self.post("One.")
        self.post("Two.")
        self.assertEqual(User.objects.get(pk=self.ada.pk).post_count, 2)


class Deleting(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada = make_user("ada")
        cls.bob = make_user("bob")
        cls.post = make_post(cls.ada, "To be deleted. #tag @bob")
        cls.path = f"/posts/{cls.post.pk}/delete/"

    def test_asks_first(self):
        self.client.force_login(self.ada)
        self.assertContains(self.client.get(self.path), "Delete post")
        self.assertTrue(Post.objects.exists())

    def test_deletes_and_says_so(self):
        self.client.force_login(self.ada)
        self.assertContains(self.client.post(self.path, follow=True), "The post is deleted.")
        self.assertFalse(Post.objects.exists())
        self.assertEqual(User.objects.get(pk=self.ada.pk).post_count, 0)
        self.assertEqual(self.client.get(f"/posts/{self.post.pk}/").status_code, 404)

    def test_finds_nobody_elses_post(self):
        self.client.force_login(self.bob)
        self.assertEqual(self.client.get(self.path).status_code, 404)
        self.assertEqual(self.client.post(self.path).status_code, 404)
        self.assertTrue(Post.objects.exists())

    def test_sends_visitors_to_sign_in(self):
        self.assertRedirects(
            self.client.post(self.path), f"/accounts/login/?next={self.path}", fetch_redirect_response=False
        )

    def test_wants_a_token(self):
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(self.ada)
        self.assertEqual(strict.post(self.path).status_code, 403)


class Cards(TestCase):
    def test_are_rendered_once_until_something_they_show_changes(self):
        ada = make_user("ada")
        make_post(ada, "Shown.")
        self.client.get("/explore/")
        with CaptureQueriesContext(connection) as captured:
            self.client.get("/explore/")
        self.assertNotIn("body", " ".join(q["sql"] for q in captured.captured_queries))
        ada.name = "Ada Ferri"
        ada.save()
        self.assertContains(self.client.get("/explore/"), "Ada Ferri")

    def test_of_a_post_that_is_gone_are_left_out(self):
        ada = make_user("ada")
        post = make_post(ada, "Gone.")
        rows = stamps_of([post.pk])
        post.remove()
        self.assertEqual(cards.cards(rows), "")
        self.assertEqual(stamps_of([post.pk]), [])
