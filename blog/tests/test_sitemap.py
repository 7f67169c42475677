from datetime import UTC, datetime, timedelta
from unittest.mock import patch
from xml.etree import ElementTree

from django.db import connection
from django.test import TestCase, override_settings
from django.test.utils import CaptureQueriesContext

from accounts.tests.base import make_user, queries_of
from blog import sitemap
from blog.tests.base import make_post

NS = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


class SiteMap(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada, cls.bob = make_user("ada"), make_user("bob")
        cls.posts = [make_post(cls.ada, f"Week {n}.", at=MONDAY + timedelta(weeks=n)) for n in (0, 1, 7, 60)]

    def locations(self, path):
        answer = self.client.get(path)
        self.assertEqual(answer.headers["Content-Type"], "application/xml; charset=utf-8")
        self.assertIn("max-age", answer.headers["Cache-Control"])
        return [node.text for node in ElementTree.fromstring(answer.content).iter(f"{NS}loc")]  # noqa: S314

    def everything(self):
        files = self.locations("/sitemap.xml")
        return [loc for file in files for loc in self.locations(file.removeprefix("http://testserver"))]

    def test_every_person_and_post_is_in_it_once(self):
        found = self.everything()
        self.assertEqual(len(found), len(set(found)))
        expected = ["/", "/explore/", "/@ada/", "/@bob/", *(f"/posts/{post.pk}/" for post in self.posts)]
        self.assertCountEqual(found, [f"http://testserver{path}" for path in expected])

    def test_answers_are_in_it_and_reposts_are_not(self):
        answer = make_post(self.bob, "Answered.", reply_to=self.posts[0])
        repost = self.posts[0].repost(self.bob)
        found = " ".join(self.everything())
        self.assertIn(f"/posts/{answer.pk}/", found)
        self.assertNotIn(str(repost.pk), found)

    def test_only_weeks_with_posts_have_a_file(self):
        files = [loc for loc in self.locations("/sitemap.xml") if "posts" in loc]
        self.assertEqual(len(files), 4)

    def test_hidden_posts_and_suspended_people_are_not_in_it(self):
        self.posts[0].hide("spam")
        make_post(self.bob, "From somebody who was sent away.")
        self.bob.suspend()
        found = " ".join(self.everything())
        self.assertNotIn(str(self.posts[0].pk), found)
        self.assertNotIn("bob", found)
        self.assertEqual(found.count("/posts/"), 3)

    def test_a_file_is_bounded_and_keeps_the_newest(self):
        other = make_post(self.bob, "A little later.", at=MONDAY + timedelta(minutes=1))
        first = next(loc for loc in self.locations("/sitemap.xml") if "posts" in loc)
        with patch.object(sitemap, "AT_MOST", 1):
            self.assertEqual(self.locations(first), [f"http://testserver/posts/{other.pk}/"])

    def test_posts_say_when_they_were_written(self):
        first = next(loc for loc in self.locations("/sitemap.xml") if "posts" in loc)
        self.assertContains(self.client.get(first), "<lastmod>2026-03-02T00:00:00Z</lastmod>")

    def test_queries_do_not_grow_with_rows_and_count_no_table(self):
        before = queries_of(self.client, "/sitemap.xml")
        for n in range(20):
            make_post(make_user(f"p{n}"), "One more.", at=MONDAY + timedelta(weeks=n))
        with CaptureQueriesContext(connection) as after:
            self.client.get("/sitemap.xml")
        self.assertEqual(len(after), before)
        self.assertNotIn("COUNT(", " ".join(query["sql"].upper() for query in after))

    def test_a_site_without_posts_has_one_too(self):
        for post in self.posts:
            post.remove()
        self.assertFalse([loc for loc in self.locations("/sitemap.xml") if "posts" in loc])

    def test_other_names_are_not_found(self):
        for name in ["x", "posts", "posts-", "posts-x", "posts-1-2", "posts-123456789", "people--1"]:
            self.assertEqual(self.client.get(f"/sitemap-{name}.xml").status_code, 404)

    @override_settings(SITE_URL="https://blog.example")
    def test_addresses_are_the_sites_own(self):
        self.assertTrue(all(loc.startswith("https://blog.example/") for loc in self.locations("/sitemap.xml")))


class Robots(TestCase):
    @override_settings(SITE_URL="https://blog.example")
    def test_crawlers_learn_where_to_go_and_where_not(self):
        answer = self.client.get("/robots.txt")
        self.assertEqual(answer.headers["Content-Type"], "text/plain; charset=utf-8")
        self.assertContains(answer, "Sitemap: https://blog.example/sitemap.xml")
        self.assertContains(answer, "Disallow: /admin/")
