from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from xml.etree import ElementTree

from django.db import connection
from django.test import TestCase, override_settings
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.tests.base import make_user, queries_of
from blog.models import Post
from blog.tests.base import make_post

ATOM, XML = "{http://www.w3.org/2005/Atom}", "{http://www.w3.org/XML/1998/namespace}"
BEGIN = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Feeds(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada = make_user("ada", name="Ada", about="Numbers & engines")
        cls.bob = make_user("bob")
        cls.bread = make_post(cls.ada, "Bread & <butter>.\nSay @bob, #sourdough https://example.org/x", at=BEGIN)
        cls.soup = make_post(cls.bob, "Суп.", language="ru", at=BEGIN + timedelta(hours=1))

    def feed(self, path, **headers):
        answer = self.client.get(path, headers=headers)
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(answer.headers["Content-Type"], "application/atom+xml; charset=utf-8")
        return ElementTree.fromstring(answer.content)  # noqa: S314 - our own

    def entries(self, path):
        return [entry.findtext(f"{ATOM}title") for entry in self.feed(path).iter(f"{ATOM}entry")]

    def assert_valid(self, element):
        """What RFC 4287 §4.1.1 and §4.1.2 demand of a feed and its entries."""
        for name in ("id", "title", "updated"):
            self.assertEqual(len(element.findall(f"{ATOM}{name}")), 1, name)
        self.assertTrue(urlsplit(element.findtext(f"{ATOM}id")).scheme)
        self.assertTrue(datetime.fromisoformat(element.findtext(f"{ATOM}updated")).tzinfo)
        for link in element.findall(f"{ATOM}link"):
            self.assertTrue(link.get("href").startswith("http://testserver/"))

    def test_both_feeds_are_valid(self):
        for path in ["/explore/feed.atom", "/@ada/feed.atom"]:
            with self.subTest(path):
                feed = self.feed(path)
                self.assert_valid(feed)
                self.assertEqual(feed.get(f"{XML}lang"), "en")
                links = {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}
                self.assertEqual(links["self"], f"http://testserver{path}")
                self.assertEqual(links["alternate"], f"http://testserver{path.removesuffix('feed.atom')}")
                entries = feed.findall(f"{ATOM}entry")
                for entry in entries:
                    self.assert_valid(entry)
                    self.assertTrue(entry.findtext(f"{ATOM}author/{ATOM}name"))
                ids = [entry.findtext(f"{ATOM}id") for entry in entries]
                self.assertEqual(len(ids), len(set(ids)))

    def test_a_person_has_their_own_posts_and_explore_everybodys_newest_first(self):
        self.assertEqual(len(self.entries("/@ada/feed.atom")), 1)
        self.assertEqual(self.entries("/explore/feed.atom")[0], "Суп.")
        feed = self.feed("/@ada/feed.atom")
        self.assertEqual(feed.findtext(f"{ATOM}author/{ATOM}name"), "Ada")
        self.assertEqual(feed.findtext(f"{ATOM}author/{ATOM}uri"), "http://testserver/@ada/")
        self.assertEqual(feed.findtext(f"{ATOM}subtitle"), "Numbers & engines")
        self.assertEqual(feed.findtext(f"{ATOM}updated"), "2026-03-02T12:00:00+00:00")

    def test_an_entry_is_the_whole_post_in_its_language(self):
        soup, bread = self.feed("/explore/feed.atom").findall(f"{ATOM}entry")
        self.assertEqual(soup.get(f"{XML}lang"), "ru")
        self.assertEqual(bread.findtext(f"{ATOM}id"), f"tag:testserver,2026-03-02:/posts/{self.bread.pk}/")
        content = bread.find(f"{ATOM}content")
        self.assertEqual(content.get("type"), "html")
        self.assertIn("Bread &amp; &lt;butter&gt;.<br>Say ", content.text)
        self.assertIn('href="http://testserver/@bob/"', content.text)
        self.assertIn('href="http://testserver/tags/sourdough/"', content.text)
        self.assertIn('href="https://example.org/x"', content.text)

    def test_readers_that_have_it_get_304_without_loading_a_post(self):
        for path in ["/explore/feed.atom", "/@ada/feed.atom"]:
            first = self.client.get(path)
            for header in [{"If-None-Match": first["ETag"]}, {"If-Modified-Since": first["Last-Modified"]}]:
                with CaptureQueriesContext(connection) as queries:
                    again = self.client.get(path, headers=header)
                self.assertEqual((again.status_code, again.content), (304, b""))
                self.assertEqual(again["ETag"], first["ETag"])
                self.assertNotIn("body", " ".join(query["sql"] for query in queries))

    def test_a_new_a_hidden_and_a_renamed_thing_change_the_etag(self):
        def etag():
            return self.client.get("/explore/feed.atom")["ETag"]

        seen = {etag()}
        make_post(self.ada, "More.")
        seen.add(etag())
        self.soup.hide("spam")
        seen.add(etag())
        User.objects.filter(pk=self.ada.pk).update(name="Ada L.")
        seen.add(etag())
        self.assertEqual(len(seen), 4)

    def test_answers_are_in_the_feed_of_who_wrote_them_and_reposts_in_none(self):
        make_post(self.bob, "It rose.", reply_to=self.bread)
        self.bread.repost(self.bob)
        self.bread.repost(self.ada)
        self.assertEqual(self.entries("/@bob/feed.atom"), ["It rose.", "Суп."])
        self.assertEqual(len(self.entries("/@ada/feed.atom")), 1)
        self.assertEqual(len(self.entries("/explore/feed.atom")), 2)

    def test_a_like_does_not_change_a_feed(self):
        for path in ["/explore/feed.atom", "/@ada/feed.atom"]:
            before = self.client.get(path)["ETag"]
            self.bread.like(self.bob)
            self.bread.repost(self.bob)
            self.assertEqual(self.client.get(path)["ETag"], before)
            self.bread.unlike(self.bob)

    def test_hidden_posts_are_in_no_feed_not_even_for_their_author(self):
        self.bread.hide("spam")
        for viewer in (self.ada, make_user("eve", is_staff=True)):
            self.client.force_login(viewer)
            self.assertEqual(self.entries("/@ada/feed.atom"), [])
            self.assertEqual(self.entries("/explore/feed.atom"), ["Суп."])

    def test_a_suspended_person_has_no_feed(self):
        self.bob.suspend()
        self.assertEqual(self.client.get("/@bob/feed.atom").status_code, 404)
        self.assertEqual(len(self.entries("/explore/feed.atom")), 1)

    def test_an_empty_feed_is_a_feed(self):
        self.assert_valid(self.feed(f"/@{make_user('eve').username}/feed.atom"))
        Post.objects.all().delete()
        self.assert_valid(self.feed("/explore/feed.atom"))

    def test_a_name_in_other_letters_redirects_and_nobody_is_not_found(self):
        self.assertRedirects(self.client.get("/@ADA/feed.atom"), "/@ada/feed.atom", status_code=301)
        self.assertEqual(self.client.get("/@nobody/feed.atom").status_code, 404)

    def test_characters_that_xml_can_not_hold_do_not_break_it(self):
        Post.objects.filter(pk=self.bread.pk).update(body="Bell \x07 and \ufffe and tab\t.")
        self.assertEqual(len(self.entries("/@ada/feed.atom")), 1)

    def test_queries_do_not_grow_with_posts(self):
        make_post(self.ada, "Hi @bob", at=BEGIN)
        few = queries_of(self.client, "/explore/feed.atom")
        for n in range(12):
            make_post(make_user(f"p{n}"), "Hello @ada and @bob", at=BEGIN + timedelta(minutes=n))
        self.assertEqual(queries_of(self.client, "/explore/feed.atom"), few)

    @override_settings(SITE_URL="https://blog.example")
    def test_ids_stay_when_the_feed_is_asked_for_by_another_host(self):
        feed = self.feed("/@ada/feed.atom?x=y", Host="localhost")
        self.assertEqual(feed.findtext(f"{ATOM}id"), "https://blog.example/@ada/feed.atom")
        self.assertTrue(feed.findtext(f"{ATOM}entry/{ATOM}id").startswith("tag:blog.example,2026-03-02:"))

    def test_feeds_are_read_only(self):
        self.assertEqual(self.client.head("/explore/feed.atom").status_code, 200)
        self.assertEqual(self.client.post("/explore/feed.atom").status_code, 405)
