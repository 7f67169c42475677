"""What the HTML of the pages promises: to readers, to people who hear or tab through it, and to the script."""

import hashlib
import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.test import Client, TestCase, override_settings
from django.utils import timezone, translation

from accounts.tests.base import make_user
from blog import events
from blog.tests.base import make_post

TEMPLATES = Path(settings.BASE_DIR, "templates")
VISITORS_PAGES = [
    "/",
    "/explore/",
    "/@ada/",
    "/@ada/followers/",
    "/@ada/following/",
    "/tags/bread/",
    "/tags/nobody/",
    "/accounts/login/",
    "/accounts/register/",
    "/accounts/password_reset/",
    "/nowhere/",
    "/explore/?before=x",
]
MEMBERS_PAGES = [
    "/",
    "/explore/",
    "/@ada/",
    "/@bob/",
    "/@ada/followers/",
    "/accounts/settings/",
    "/accounts/settings/language/",
    "/accounts/settings/sessions/",
    "/nowhere/",
]


class Outline(HTMLParser):
    """The elements of a page, and what a strict Content-Security-Policy would refuse."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.inline: list[str] = []
        self._inside = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self.inline += [f"{tag} {name}" for name, _ in attrs if name == "style" or name.startswith("on")]
        self._inside = tag if tag in ("script", "style") else ""

    def handle_data(self, data):
        if self._inside and data.strip():
            self.inline.append(f"{self._inside}: {data[:40]}")

    def handle_endtag(self, tag):
        self._inside = ""

    def all(self, tag: str, **attributes: str) -> list[dict[str, str | None]]:
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [found for name, found in self.elements if name == tag and wanted.items() <= found.items()]


def outline(response) -> Outline:
    return Outline(response.content.decode())


class Pages(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada, cls.bob = make_user("ada", name="Ada Ferri", about="Bread."), make_user("bob")
        cls.post = make_post(cls.ada, "Rye again. #bread")

    def look(self, path: str) -> Outline:
        page = outline(self.client.get(path))
        self.assertEqual(len(page.all("h1")), 1, path)
        self.assertEqual(page.inline, [], path)
        self.assertEqual(len(page.all("form", id="act")), 1, path)
        self.assertEqual(len(page.all("main", id="main")), 1, path)
        self.assertEqual(len(page.all("div", id="live", role="status")), 1, path)
        ids = [attrs["id"] for _tag, attrs in page.elements if "id" in attrs]
        self.assertEqual(sorted(ids), sorted(set(ids)), path)
        for label in page.all("label"):
            self.assertIn(label.get("for"), ids, path)
        return page

    def conversation(self) -> list[str]:
        """The pages of a post, of who likes it, and of the place of a deleted one."""
        gone = make_post(self.bob, "Gone.", reply_to=self.post)
        make_post(self.ada, "Not gone.", reply_to=gone)
        gone.remove()
        own = self.post.get_absolute_url()
        return [own, f"{own}likes/", f"{own}reposts/", gone.get_absolute_url()]

    def test_every_page_of_a_visitor_is_whole(self):
        for path in [*VISITORS_PAGES, *self.conversation()]:
            with self.subTest(path):
                page = self.look(path)
                self.assertEqual(page.all("nav", class_="nav"), [])
                self.assertTrue(page.all("a", href="/accounts/register/"))

    def test_every_page_of_a_member_is_whole(self):
        self.client.force_login(self.ada)
        own = self.post.get_absolute_url()
        for path in [*MEMBERS_PAGES, *self.conversation(), f"{own}delete/"]:
            with self.subTest(path):
                page = self.look(path)
                links = [link["href"] for link in page.all("a")]
                for there in ["/", "/explore/", "/#id_body", "/@ada/", "/accounts/settings/"]:
                    self.assertIn(there, links)
                self.assertTrue(page.all("button", form="act", formaction="/accounts/logout/"))

    def test_titles_tell_pages_apart(self):
        titles = set()
        paths = ["/explore/", "/@ada/", "/@bob/", "/tags/bread/", self.post.get_absolute_url(), "/accounts/login/"]
        for path in paths:
            title = re.search(r"<title>(.+) · Microblog</title>", self.client.get(path).content.decode())
            self.assertIsNotNone(title, path)
            titles.add(title[1])
        self.assertEqual(len(titles), len(paths))

    def test_the_page_says_where_one_is(self):
        self.client.force_login(self.ada)
        for path in ["/", "/explore/", "/@ada/", "/accounts/settings/"]:
            current = [link["href"] for link in outline(self.client.get(path)).all("a", aria_current="page")]
            self.assertIn(path, current)
        others = outline(self.client.get("/@bob/")).all("a", aria_current="page")
        self.assertEqual([link["href"] for link in others if link["href"].startswith("/@")], [])

    def test_the_bar_changes_with_the_name_and_nobody_else_gets_it(self):
        self.client.force_login(self.bob)
        self.assertContains(self.client.get("/explore/"), "<b><bdi>bob</bdi></b>")
        self.bob.name = "Bob <b>"
        self.bob.save()
        self.assertContains(self.client.get("/explore/"), "<b><bdi>Bob &lt;b&gt;</bdi></b>")
        self.client.force_login(self.ada)
        self.assertNotContains(self.client.get("/explore/"), "Bob &lt;b&gt;")

    def test_only_staff_is_led_to_the_administration(self):
        self.client.force_login(self.bob)
        self.assertFalse(outline(self.client.get("/explore/")).all("a", href="/admin/"))
        self.client.force_login(make_user("mod", is_staff=True))
        self.assertTrue(outline(self.client.get("/explore/")).all("a", href="/admin/"))

    def test_shortcuts_can_be_switched_off(self):
        self.client.force_login(self.ada)
        self.assertFalse(outline(self.client.get("/explore/")).all("body", data_shortcuts="off"))
        self.ada.shortcuts = False
        self.ada.save()
        self.assertTrue(outline(self.client.get("/explore/")).all("body", data_shortcuts="off"))

    def test_colours_are_the_cookies_if_it_names_some(self):
        for theme, shown in [("dark", "dark"), ("light", "light"), ("pink", None), ("", None)]:
            self.client.cookies["theme"] = theme
            page = outline(self.client.get("/explore/"))
            self.assertEqual(page.all("html")[0].get("data-theme"), shown)
            pressed = [button["value"] for button in page.all("button", name="theme", aria_pressed="true")]
            self.assertEqual(pressed, [shown or "system"])

    def test_the_language_in_use_is_the_one_pressed(self):
        for code, _name in settings.LANGUAGES:
            page = outline(self.client.get("/explore/", headers={"Accept-Language": code}))
            self.assertEqual(page.all("html")[0]["lang"], code)
            pressed = page.all("button", name="language", aria_pressed="true")
            self.assertEqual([button["value"] for button in pressed], [code])

    def test_public_pages_say_what_they_are_and_pages_of_older_posts_stay_out_of_indexes(self):
        for path in ["/", "/explore/", "/@ada/", "/tags/bread/", self.post.get_absolute_url()]:
            page = outline(self.client.get(path))
            self.assertEqual(
                page.all("link", rel="canonical"), [{"rel": "canonical", "href": f"http://testserver{path}"}]
            )
            self.assertTrue(page.all("meta", name="description")[0]["content"], path)
            self.assertTrue(page.all("meta", property="og:title")[0]["content"], path)
            self.assertEqual(page.all("meta", name="robots"), [])
        older = outline(self.client.get("/explore/?before=9"))
        self.assertEqual(older.all("meta", name="robots")[0]["content"], "noindex, follow")

    def test_feeds_are_named_in_the_head(self):
        for path, feed in [("/explore/", "/explore/feed.atom"), ("/@ada/", "/@ada/feed.atom")]:
            found = outline(self.client.get(path)).all("link", rel="alternate", type="application/atom+xml")
            self.assertEqual([link["href"] for link in found], [feed])


class Writing(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada = make_user("ada")

    def setUp(self):
        self.client.force_login(self.ada)

    def test_the_form_has_a_label_a_limit_and_a_token(self):
        page = outline(self.client.get("/"))
        self.assertTrue(page.all("form", method="post", action="/posts/"))
        self.assertTrue(page.all("label", for_="id_body"))
        self.assertTrue(page.all("span", data_limit="140"))
        self.assertEqual(len(page.all("input", name="csrfmiddlewaretoken")), 2)

    def test_a_form_with_its_token_is_taken(self):
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(self.ada)
        token = outline(strict.get("/")).all("input", name="csrfmiddlewaretoken")[0]["value"]
        answer = strict.post("/posts/", {"body": "Hello.", "csrfmiddlewaretoken": token})
        self.assertRedirects(answer, "/", fetch_redirect_response=False)

    def test_what_was_refused_is_kept_and_the_reason_takes_the_focus(self):
        response = self.client.post("/posts/", {"body": "<b>" + "x" * 140})
        self.assertContains(response, "&lt;b&gt;" + "x" * 140, status_code=422)
        page = outline(response)
        (field,) = page.all("textarea", id="id_body")
        self.assertEqual((field["aria-invalid"], field["aria-describedby"]), ("true", "id_body_error"))
        self.assertTrue(page.all("p", id="id_body_error"))
        (alert,) = page.all("div", role="alert")
        self.assertIn("autofocus", alert)
        self.assertEqual(len(page.all("h1")), 1)

    def test_a_page_with_a_refused_text_leads_on_to_pages_that_exist(self):
        for n in range(21):
            make_post(self.ada, f"Post {n}")
        page = outline(self.client.post("/posts/", {"body": ""}))
        (older,) = page.all("a", rel="next")
        self.assertEqual(self.client.get(older["href"]).status_code, 200)
        self.assertEqual(page.all("input", name="next"), [{"type": "hidden", "name": "next", "value": "/"}])

    def test_success_is_said_once_and_tells_the_script_to_forget_the_draft(self):
        page = outline(self.client.post("/posts/", {"body": "Hello."}, follow=True))
        self.assertEqual(len(page.all("div", data_about="posted")), 1)
        self.assertEqual(outline(self.client.get("/")).all("div", data_about="posted"), [])


class Forms(TestCase):
    def test_mistakes_stand_beside_their_fields_and_in_a_summary_that_leads_there(self):
        response = self.client.post("/accounts/register/", {"username": "no spaces", "email": "ada@example.com"})
        page = outline(response)
        (summary,) = page.all("div", role="alert")
        self.assertIn("autofocus", summary)
        self.assertEqual(summary["tabindex"], "-1")
        (name,) = page.all("input", name="username")
        self.assertEqual((name["value"], name["aria-invalid"]), ("no spaces", "true"))
        ids = {attrs.get("id") for _tag, attrs in page.elements}
        self.assertLessEqual(set(name["aria-describedby"].split()), ids)
        self.assertIn("id_username_error", name["aria-describedby"])
        self.assertTrue(page.all("a", href="#id_username"))
        (fine,) = page.all("input", name="email")
        self.assertEqual((fine["value"], fine.get("aria-invalid")), ("ada@example.com", None))

    def test_a_mistake_of_the_whole_form_names_no_field(self):
        response = self.client.post("/accounts/login/", {"username": "ada", "password": "wrong"})
        page = outline(response)
        self.assertEqual(len(page.all("div", role="alert")), 1)
        self.assertNotContains(response, "another look", status_code=response.status_code)


class Empty(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada, cls.bob = make_user("ada"), make_user("bob", name="Bob")

    def test_visitors_are_told_that_nobody_wrote_yet(self):
        for path, button in [("/", "/accounts/register/"), ("/explore/", "/"), ("/tags/bread/", "/explore/")]:
            page = outline(self.client.get(path))
            self.assertEqual(len(page.all("div", class_="nothing")), 1, path)
            self.assertTrue(page.all("a", class_="button first", href=button), path)

    def test_members_are_told_what_to_do_next(self):
        self.client.force_login(self.ada)
        self.assertContains(self.client.get("/"), "See what people write")
        self.assertContains(self.client.get("/@ada/"), "You have not written anything yet")
        self.assertContains(self.client.get("/@bob/"), "Bob has not written anything yet.")

    def test_a_list_with_posts_says_nothing_of_the_kind(self):
        make_post(self.ada, "Rye. #bread")
        self.client.force_login(self.ada)
        for path in ["/", "/explore/", "/tags/bread/", "/@ada/"]:
            self.assertNotContains(self.client.get(path), 'class="nothing"')


class Cards(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada, cls.bob = make_user("ada"), make_user("bob", name="<b>ob")
        cls.post = make_post(cls.ada, "Rye again.\nالخبز", language="en")

    def card(self, path: str) -> str:
        return re.search(r"<article.*?</article>", self.client.get(path).content.decode(), re.DOTALL)[0]

    def test_a_card_is_the_same_for_whoever_reads_it(self):
        as_visitor = self.card("/explore/")
        self.client.force_login(self.ada)
        self.assertEqual(self.card("/explore/"), as_visitor)
        self.assertNotIn("csrf", as_visitor)
        self.assertNotIn("delete", as_visitor)

    def test_a_card_says_its_language_its_direction_and_its_time(self):
        (body,) = Outline(self.card("/explore/")).all("div", class_="body")
        self.assertEqual((body["lang"], body["dir"]), ("en", "ltr"))
        (time,) = Outline(self.card("/explore/")).all("time")
        self.assertEqual(time["datetime"], f"{self.post.created_at:%Y-%m-%dT%H:%M:%SZ}")

    def test_names_are_escaped(self):
        make_post(self.bob, "<script>alert(1)</script>")
        page = self.client.get("/explore/").content.decode()
        self.assertNotIn("<b>ob", page)
        self.assertNotIn("<script>alert", page)
        self.assertIn("&lt;b&gt;ob", page)

    def test_a_hidden_post_tells_its_author_why(self):
        self.post.hide("Rude to another member.")
        self.client.force_login(self.ada)
        for path in ["/@ada/", self.post.get_absolute_url()]:
            self.assertContains(self.client.get(path), "Hidden by a moderator: Rude to another member.")

    def test_deleting_stands_behind_more_and_for_the_author_only(self):
        menu, delete = f"{self.post.get_absolute_url()}menu/", f"{self.post.get_absolute_url()}delete/"
        self.assertNotContains(self.client.get(menu), delete)
        self.client.force_login(self.bob)
        self.assertNotContains(self.client.get(menu), delete)
        self.assertNotContains(self.client.get(self.post.get_absolute_url()), delete)
        self.client.force_login(self.ada)
        self.assertContains(self.client.get(menu), delete)
        self.assertContains(self.client.get(self.post.get_absolute_url()), delete)

    def test_deleting_shows_what_would_be_gone_and_how_to_keep_it(self):
        self.client.force_login(self.ada)
        page = self.client.get(f"{self.post.get_absolute_url()}delete/")
        self.assertContains(page, "Rye again.")
        self.assertTrue(outline(page).all("a", href=self.post.get_absolute_url(), class_="button"))


class Profiles(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada, cls.bob = make_user("ada"), make_user("bob")

    def button(self, path: str) -> list[dict[str, str | None]]:
        return [one for one in outline(self.client.get(path)).all("button", form="act") if "data-other" in one]

    def test_the_button_turns_over(self):
        self.client.force_login(self.ada)
        (button,) = self.button("/@bob/")
        self.assertEqual((button["formaction"], button["aria-pressed"]), ("/@bob/follow/", "false"))
        self.ada.follow(self.bob)
        (button,) = self.button("/@bob/")
        self.assertEqual((button["formaction"], button["aria-pressed"]), ("/@bob/unfollow/", "true"))
        self.assertEqual(button["data-other"], "/@bob/follow/")

    def test_nobody_follows_themselves_and_visitors_follow_nobody(self):
        self.assertEqual(self.button("/@bob/"), [])
        self.client.force_login(self.ada)
        self.assertEqual(self.button("/@ada/"), [])
        self.assertTrue(outline(self.client.get("/@ada/")).all("a", class_="button", href="/accounts/settings/"))

    def test_whoever_follows_you_is_marked(self):
        self.bob.follow(self.ada)
        self.client.force_login(self.ada)
        self.assertContains(self.client.get("/@bob/"), "follows you")
        self.client.force_login(self.bob)
        self.assertNotContains(self.client.get("/@ada/"), "follows you")

    def test_counts_have_their_plural_forms(self):
        make_post(self.bob, "One.")
        self.ada.follow(self.bob)
        self.assertContains(self.client.get("/@bob/"), "<b>1</b> post</span>")
        self.assertContains(self.client.get("/@bob/"), "<b>1</b> follower</a>")
        self.assertContains(self.client.get("/@ada/"), "<b>0</b> posts</span>")

    def test_a_suspended_account_says_so_to_the_staff(self):
        self.bob.suspend()
        self.client.force_login(make_user("mod", is_staff=True))
        self.assertContains(self.client.get("/@bob/"), "This account is suspended.")


class Timelines(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada = make_user("ada")
        began = timezone.now() - timedelta(hours=1)
        cls.posts = [make_post(cls.ada, f"Post {n}", at=began + timedelta(minutes=n)) for n in range(45)]

    def test_links_lead_through_all_pages_and_back(self):
        path, seen = "/explore/", []
        while path:
            page = outline(self.client.get(path))
            seen += [card["id"] for card in page.all("article")]
            links = page.all("a", rel="next")
            path = "/explore/" + links[0]["href"] if links else ""
        self.assertEqual(seen, [f"post-{post.pk}" for post in reversed(self.posts)])
        (newer,) = page.all("a", rel="prev")
        back = outline(self.client.get("/explore/" + newer["href"]))
        self.assertEqual([card["id"] for card in back.all("article")], seen[20:40])

    def test_newer_leads_to_the_beginning_when_what_was_newer_is_gone(self):
        self.client.force_login(self.ada)
        newest = self.posts[-1].pk
        for path in ["/", "/explore/", "/@ada/", "/tags/bread/", "/@ada/followers/", "/@ada/following/"]:
            self.assertRedirects(self.client.get(f"{path}?after={newest}"), path)

    def test_only_the_newest_page_waits_for_newer_posts(self):
        self.client.force_login(self.ada)
        for path, poll in [("/", "/new/"), ("/explore/", "/explore/new/")]:
            page = outline(self.client.get(path))
            (bar,) = page.all("a", class_="fresh")
            self.assertEqual((bar["href"], bar["data-poll"], bar["hidden"]), (path, poll, None))
            (posts,) = page.all("div", id="posts")
            self.assertEqual(posts["data-newest"], str(self.posts[-1].pk))
            older = outline(self.client.get(f"{path}?before={self.posts[20].pk}"))
            self.assertEqual(older.all("a", class_="fresh"), [])

    def test_the_bars_words_have_plural_forms_and_an_end(self):
        for behind, words in [(1, "1 new post"), (3, "3 new posts"), (44, "20+ new posts")]:
            answer = self.client.get(f"/explore/new/?after={self.posts[-1 - behind].pk}").json()
            self.assertEqual(answer["label"], words)


def error(name: str, **context: object) -> str:
    return render_to_string(f"errors/{name}.html", context)


class Errors(TestCase):
    def test_the_standalone_pages_need_no_request_no_member_and_no_database(self):
        for name in ["500", "503"]:
            with self.assertNumQueries(0):
                page = Outline(error(name, request_id="0af3"))
            self.assertEqual(len(page.all("h1")), 1)
            self.assertEqual(page.inline, [])
            self.assertTrue(page.all("a", href="/"))
        self.assertIn("0af3", error("500", request_id="0af3"))

    def test_all_have_one_heading_and_lead_home(self):
        for name in ["400", "403", "404", "429", "csrf"]:
            with self.subTest(name):
                page = Outline(error(name))
                self.assertEqual(len(page.all("h1")), 1)
                self.assertTrue(page.all("a", class_="button first", href="/"))
                self.assertEqual(page.inline, [])

    def test_a_reason_is_said(self):
        for name in ["400", "403", "csrf"]:
            self.assertIn("This &lt;i&gt; names no page.", error(name, reason="This <i> names no page."))
        self.assertContains(self.client.get("/explore/?before=x"), "This address names no page", status_code=400)

    def test_too_many_says_how_long_to_wait_in_begun_minutes(self):
        for seconds, minutes in [(1, "1 minute,"), (60, "1 minute,"), (61, "2 minutes,"), (121, "3 minutes,")]:
            self.assertIn(f"Wait {minutes}", error("429", retry_after=seconds))

    @override_settings(ALLOWED_HOSTS=["example.org"])
    def test_a_host_that_is_not_ours_gets_a_page_not_a_crash(self):
        self.assertEqual(self.client.get("/explore/").status_code, 400)


def test_every_icon_named_is_in_the_sprite_and_every_one_there_is_named():
    named = set()
    for file in TEMPLATES.rglob("*.html"):
        named |= set(re.findall(r'\{% icon "([\w-]+)|picture="([\w-]+)"|picture\|default:"([\w-]+)"', file.read_text()))
    names = {name for found in named for name in found if name} | set(events.ICONS.values())
    sprite = set(re.findall(r'<symbol id="([\w-]+)"', Path(settings.BASE_DIR, "static/icons.svg").read_text()))
    assert names == sprite


def test_files_of_others_are_the_ones_that_the_readme_names():
    folder = Path(settings.BASE_DIR, "static/vendor")
    sums = re.findall(r"sha256 ([0-9a-f]{64})", (folder / "README").read_text())
    files = [file for file in folder.iterdir() if file.name != "README"]
    assert files
    assert sorted(sums) == sorted(hashlib.sha256(file.read_bytes()).hexdigest() for file in files)
    assert not [file for file in files if b"sourceMappingURL" in file.read_bytes()]


@pytest.mark.parametrize("code", [code for code, _name in settings.LANGUAGES])
def test_sentences_for_the_script_are_there_in_every_language(code):
    with translation.override(code):
        (live,) = Outline(render_to_string("includes/words.html")).all("div", id="live")
    said = {name: words for name, words in live.items() if name.startswith("data-")}
    assert len(said) == 10
    assert all(said.values())
