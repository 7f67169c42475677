"""The page of the search, with and without scripts, and what is suggested while somebody types."""

import re
from datetime import timedelta
from unittest import mock

from django.db import connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from accounts.tests.base import make_user
from blog import search
from blog.models import Tag
from blog.search import names
from blog.search.engine import EngineError
from blog.tests.base import make_post
from microblog.models import RateWindow


class Page(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada = make_user("ada", name="Ada Ferri")
        cls.reader = make_user("reader")

    def get(self, q, **more):
        return self.client.get("/search/", {"q": q, **more})

    def cards(self, response):
        return [int(pk) for pk in re.findall(r'id="post-(\d+)"', response.content.decode())]


class Posts(Page):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        long_ago = timezone.now() - timedelta(days=30)
        cls.posts = [
            make_post(cls.ada, f"Baking bread number {n}", language="en", at=long_ago + timedelta(hours=n)).pk
            for n in range(45)
        ]

    def test_is_open_to_visitors_and_shows_what_was_asked_for(self):
        page = self.get("breads")
        self.assertContains(page, "<title>Search for “breads” · Microblog</title>", html=True)
        self.assertContains(page, 'value="breads"')
        self.assertEqual(self.cards(page), self.posts[:-21:-1])
        self.assertContains(page, 'name="robots" content="noindex')

    def test_pages_follow_one_another_by_links(self):
        for order in ("best", "newest"):
            seen, address = [], f"/search/?q=bread&order={order}"
            while address:
                page = self.client.get(address)
                seen += self.cards(page)
                link = re.search(r'rel="next" id="older" href="([^"]+)"', page.content.decode())
                address = link[1].replace("&amp;", "&") if link else ""
            self.assertEqual(seen, self.posts[::-1])

    def test_a_later_page_leads_back_to_the_first(self):
        first = self.get("bread")
        self.assertNotContains(first, "First page")
        later = self.client.get(first.context["older"])
        self.assertContains(later, '<a class="button" rel="prev" href="/search/?q=bread">First page</a>')
        self.assertNotContains(later, 'class="meant"')

    def test_the_links_of_a_very_long_text_have_what_was_read(self):
        asked = "bread and " * 1000
        page = self.get(asked)
        self.assertContains(page, "Only the first 500 characters were read.")
        self.assertContains(page, f'value="{asked}"')  # the box keeps what was typed
        self.assertLess(max(len(url) for _kind, _label, url in page.context["tabs"]), 600)

    def test_each_order_is_a_link(self):
        page = self.get("bread", order="newest")
        self.assertContains(page, '<a href="/search/?q=bread">Best match</a>')
        self.assertContains(page, '<a href="/search/?q=bread&amp;order=newest" aria-current="true">Newest first</a>')

    def test_the_words_that_were_looked_for_are_marked(self):
        make_post(self.ada, "<b>Breads</b> & café's bread, breadth #bread @ada", language="en")
        page = self.get("bread cafe")
        self.assertContains(
            page, "&lt;b&gt;<mark>Breads</mark>&lt;/b&gt; &amp; <mark>café</mark>&#x27;s <mark>bread</mark>"
        )
        self.assertContains(page, "breadth")
        self.assertNotContains(page, "<mark>breadth")
        self.assertNotContains(self.client.get("/@ada/"), "<mark>")

    def test_what_was_not_understood_is_told(self):
        self.assertContains(self.get("bread since:yesterday"), "After since: comes a day")
        self.assertContains(self.get("-bread"), "Say also what to look for, not only what to leave out.")
        self.assertContains(self.get("bread" + " x" * 3000), "Only the first")

    def test_nothing_found_says_what_to_try(self):
        page = self.get('"bread baking" from:ada -cake')
        self.assertContains(page, "Nothing found for “&quot;bread baking&quot; from:ada -cake”")
        self.assertContains(page, "try fewer or other words")
        self.assertContains(page, '<a class="button" href="/search/?q=bread+baking"><bdi>bread baking</bdi></a>')
        self.assertEqual(len(self.cards(self.client.get("/search/?q=bread+baking"))), 20)

    def test_without_a_question_it_says_what_can_be_asked(self):
        for q in ("", "  ", "\0"):
            page = self.get(q)
            self.assertContains(page, "What a search can do")
            self.assertContains(page, "from:ada")
        self.assertEqual(self.client.get("/search/").status_code, 200)

    def test_an_address_that_is_no_page_is_told(self):
        for more in ({"before": "x"}, {"kind": "x"}, {"order": "x"}, {"before": "sqlite.best.0.1.1" * 30}):
            self.assertContains(self.get("bread", **more), "This address names no page of the list", status_code=400)

    def test_changes_nothing_and_takes_no_form(self):
        self.assertEqual(self.client.post("/search/", {"q": "bread"}).status_code, 405)
        self.assertEqual(self.client.post("/search/suggestions/", {"q": "bread"}).status_code, 405)

    def test_a_fallback_between_two_pages_begins_the_list_anew(self):
        engine = search.engine().NAME
        other = self.get("bread").context["older"].replace(f"before={engine}", "before=elastic")
        self.assertRedirects(self.client.get(other), "/search/?q=bread")
        answer = self.client.get(other, headers={"HX-Request": "true"})
        self.assertEqual(answer.headers["HX-Redirect"], "/search/?q=bread")

    def test_says_so_while_the_site_s_own_engine_is_away(self):
        away = mock.Mock(NAME="elastic", **{"find.side_effect": EngineError("down")})
        with mock.patch.object(search, "engine", lambda: away):
            page = self.get("bread")
        self.assertContains(page, "Some results may be missing")
        self.assertEqual(len(self.cards(page)), 20)
        self.assertNotContains(self.get("bread"), "Some results may be missing")

    def test_is_limited_to_sixty_a_minute(self):
        with mock.patch("blog.views.search.SEARCHES", 2):
            self.assertEqual([self.get("bread").status_code for _n in range(3)], [200, 200, 429])
            self.assertEqual(self.client.get("/search/").status_code, 200)
            self.client.force_login(self.reader)
            self.assertEqual(self.get("bread").status_code, 200)
        self.assertFalse(RateWindow.objects.filter(key__contains="bread").exists())

    def test_queries_do_not_grow_with_what_is_found(self):
        def cost(q):
            self.get(q)
            with CaptureQueriesContext(connection) as captured:
                self.get(q)
            return len(captured)

        for n in range(10):
            make_post(self.ada, f"Ten times soup {n}", language="en")
        self.assertEqual(cost("soup"), cost("bread"))
        self.client.force_login(self.reader)
        self.assertEqual(cost("soup"), cost("bread"))

    def test_is_reached_from_the_bar_from_explore_and_by_a_key(self):
        page = self.client.get("/explore/")
        self.assertContains(page, 'role="search" action="/search/"', count=2)
        self.assertContains(page, 'data-search="/search/"')
        self.assertContains(page, "<dt><kbd>/</kbd></dt><dd>Search</dd>")


class People(Page):
    def names(self, page):
        return [person.username for person, _followed in page.context["rows"]]

    def test_finds_the_beginning_of_a_username_or_of_a_word_of_a_name(self):
        for q in ("ad", "ADA", "@ada", "ferr", "fer ad", "Férri"):
            self.assertEqual(self.names(self.get(q, kind="people")), ["ada"], q)
        for q in ("da", "ada lovelace", "%", "_", "\0", "'"):
            page = self.get(q, kind="people")
            self.assertNotIn("ada", [person.username for person, _followed in page.context.get("rows") or []], q)

    def test_twenty_a_page_each_once(self):
        people = [User(username=f"Zoë{n:02}", name="Zoe Ferri", email=f"z{n}@example.com") for n in range(45)]
        User.objects.bulk_create(people)
        seen, address = [], "/search/?q=zo&kind=people"
        sizes = []
        while address:
            page = self.client.get(address)
            seen += self.names(page)
            sizes.append(len(page.context["rows"]))
            address = page.context["older"]
        self.assertEqual((sorted(seen), sizes), ([f"Zoë{n:02}" for n in range(45)], [20, 20, 5]))

    def test_nobody_who_may_not_be_seen(self):
        self.client.force_login(self.reader)
        self.ada.block(self.reader)
        self.assertContains(self.get("ada", kind="people"), "Nothing found")
        self.ada.unblock(self.reader)
        self.reader.mute(self.ada)
        self.assertEqual(self.names(self.get("ada", kind="people")), ["ada"])  # asked for by name
        self.ada.suspend()
        self.assertContains(self.get("ada", kind="people"), "Nothing found")

    def test_can_be_followed_from_the_list(self):
        self.client.force_login(self.reader)
        self.assertContains(self.get("ada", kind="people"), 'formaction="/@ada/follow/"')
        self.reader.follow(self.ada)
        self.assertContains(self.get("ada", kind="people"), 'aria-pressed="true"')

    def test_queries_do_not_grow(self):
        def cost(q):
            with CaptureQueriesContext(connection) as captured:
                self.get(q, kind="people")
            return len(captured)

        User.objects.bulk_create([User(username=f"zoe{n}", email=f"z{n}@example.com") for n in range(15)])
        cost("ada")
        self.assertEqual(cost("ada"), cost("zoe"))


class Hashtags(Page):
    def test_finds_how_they_begin_whatever_the_case_and_accents(self):
        make_post(self.ada, "#Brot #bröseln #brett")
        for q in ("br", "#BRÖ", "bro"):
            self.assertIn("brot", self.get(q, kind="tags").context["tags"], q)
        self.assertContains(self.get("bro", kind="tags"), 'href="/tags/broseln/"')
        self.assertContains(self.get("ot", kind="tags"), "Nothing found")
        self.assertContains(self.get("#", kind="tags"), "Nothing found")

    def test_nothing_that_only_hidden_posts_say(self):
        make_post(self.ada, "#secret").hide("x")
        self.assertContains(self.get("secr", kind="tags"), "Nothing found")
        make_post(self.reader, "#secret")
        self.assertEqual(self.get("secr", kind="tags").context["tags"], ["secret"])
        self.reader.block(self.ada)
        self.client.force_login(self.ada)
        self.assertContains(self.get("secr", kind="tags"), "Nothing found")

    def test_twenty_a_page_each_once(self):
        for n in range(45):
            make_post(self.ada, f"#tag{n:02}")
        seen, address = [], "/search/?q=tag&kind=tags"
        while address:
            page = self.client.get(address)
            seen += page.context["tags"]
            address = page.context["older"]
        self.assertEqual(seen, [f"tag{n:02}" for n in range(45)])
        self.assertEqual(Tag.objects.count(), 45)


class Suggestions(Page):
    def get_them(self, q):
        return self.client.get("/search/suggestions/", {"q": q})

    def test_people_first_then_hashtags_then_posts_then_the_search(self):
        post = make_post(self.ada, "#adagio")
        html = self.get_them("ada").content.decode()
        parts = ['href="/@ada/"', 'href="/tags/adagio/"', f'href="/posts/{post.pk}/"', 'href="/search/?q=ada"']
        places = [html.index(part) for part in parts]
        self.assertEqual(places, sorted(places))
        self.assertIn("Posts with “ada”", html)

    def test_without_a_script_the_page_shows_the_same_above_the_posts(self):
        make_post(self.ada, "Ada wrote #adagio")
        page = self.get("ada")
        html = page.content.decode()
        places = [html.index(part) for part in ('class="meant"', 'href="/@ada/"', 'href="/tags/adagio/"', 'id="posts"')]
        self.assertEqual(places, sorted(places))

    def test_whatever_is_typed_is_text(self):
        for q in ("", "<b>", "\0", '"', "x" * 10_000, "\ud800".encode(errors="replace").decode(), "🎉"):
            self.assertEqual(self.get_them(q).status_code, 200)
        self.assertContains(self.get_them("<b>"), "&lt;b&gt;")
        self.assertEqual(self.get_them(" ").content.decode().count("<a "), 0)

    def test_the_newest_posts_in_which_the_last_word_begins_so(self):
        posts = [make_post(self.ada, f"Marzipan & <almonds> {n}").pk for n in range(4)]
        for q in ("marz", "almonds MARZI", "marzipan", '"marzipan almonds"', "from:ada marzi"):
            found = re.findall(r'href="/posts/(\d+)/"', self.get_them(q).content.decode())
            self.assertEqual([int(pk) for pk in found], posts[:0:-1], q)
        self.assertContains(self.get_them("marz"), "Marzipan &amp; &lt;almonds&gt; 3")
        for q in ("arzipan", "-marz", "from:nobody marz", "m"):
            self.assertNotContains(self.get_them(q), "/posts/")

    def test_posts_are_suggested_while_the_site_s_own_engine_is_away(self):
        make_post(self.ada, "Marzipan")
        away = mock.Mock(NAME="elasticsearch", find=mock.Mock(side_effect=EngineError("unreachable")))
        with mock.patch.object(search, "engine", lambda: away):
            self.assertContains(self.get_them("marz"), "/posts/")

    def test_nobody_blocked_muted_or_suspended(self):
        make_post(self.ada, "Adagio by me")
        self.client.force_login(self.reader)
        for part in ("/@ada/", "/posts/"):
            self.assertContains(self.get_them("ada"), part)
        self.reader.mute(self.ada)
        for part in ("/@ada/", "/posts/"):
            self.assertNotContains(self.get_them("ada"), part)

    def test_is_private_and_limited(self):
        answer = self.get_them("ada")
        self.assertIn("private", answer.headers["Cache-Control"])
        with mock.patch("blog.views.search.SUGGESTIONS", 2):
            self.assertEqual([self.get_them("x").status_code for _n in range(2)], [200, 429])

    def test_an_anonymous_page_of_names_needs_no_more_than_it_shows(self):
        self.assertEqual(names.people("", None), ([], ""))
        self.assertEqual(names.tags("", None), ([], ""))
