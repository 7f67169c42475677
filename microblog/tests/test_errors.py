from unittest.mock import Mock, patch

from django.db import OperationalError, connection
from django.test import Client, TestCase, override_settings
from django.utils import translation

from accounts.tests.base import make_user
from blog.tests.base import make_post

BROKEN = override_settings(ROOT_URLCONF="microblog.tests.broken_urls")
LANGUAGES = override_settings(LANGUAGES=[("en", "English"), ("es", "Español"), ("ru", "Русский")])
JSON, HTMX = {"Accept": "application/json"}, {"HX-Request": "true"}


@BROKEN
class Pages(TestCase):
    def setUp(self):
        self.client = Client(raise_request_exception=False)

    def test_each_error_has_its_status_and_a_page_in_the_sites_look(self):
        statuses = {
            "/broken/crash/": 500,
            "/broken/away/": 503,
            "/broken/gone/": 503,
            "/broken/sentence/": 400,
            "/broken/suspicious/": 400,
            "/broken/forbidden/": 403,
            "/broken/often/": 429,
            "/nothing/here/": 404,
        }
        for path, status in statuses.items():
            with self.subTest(path):
                answer = self.client.get(path)
                self.assertEqual(answer.status_code, status)
                self.assertContains(answer, "css/site.css", status_code=status)
                self.assertContains(answer, "<h1", status_code=status)
                self.assertIn("no-store", answer.headers["Cache-Control"])
                self.assertNotContains(answer, "Traceback", status_code=status)

    @override_settings(DEBUG=True)
    def test_a_visitors_mistake_has_the_same_page_where_crashes_are_shown(self):
        for path, status in {"/nothing/here/": 404, "/broken/lost/": 404, "/broken/sentence/": 400}.items():
            with self.subTest(path):
                answer = self.client.get(path)
                self.assertContains(answer, "css/site.css", status_code=status)
                self.assertNotContains(answer, "DEBUG", status_code=status)
        self.assertContains(self.client.get("/broken/crash/"), "Traceback", status_code=500)
        self.assertRedirects(self.client.get("/explore"), "/explore/", 301)

    def test_the_sentence_of_a_bad_request_reaches_the_page_and_djangos_own_words_do_not(self):
        sentence = self.client.get("/broken/sentence/", headers=JSON)
        self.assertEqual(sentence.json(), {"error": "This is <not> a page."})
        page = self.client.get("/broken/sentence/")
        self.assertEqual(page.context["reason"], "This is <not> a page.")
        self.assertNotContains(page, "<not>", status_code=400)
        self.assertNotContains(self.client.get("/broken/suspicious/", headers=JSON), "HTTP_HOST", status_code=400)

    def test_too_many_requests_say_when_to_come_back(self):
        answer = self.client.get("/broken/often/")
        seconds = int(answer.headers["Retry-After"])
        self.assertTrue(0 < seconds <= 60)
        self.assertEqual(answer.context["retry_after"], seconds)
        self.assertEqual(self.client.get("/broken/often/", headers=JSON).json().keys(), {"error", "retry_after"})

    def test_a_database_that_is_away_is_not_our_mistake_and_passes(self):
        answer = self.client.get("/broken/away/")
        self.assertEqual(int(answer.headers["Retry-After"]), 10)
        self.assertNotContains(answer, "10.0.0.7", status_code=503)

    def test_a_crash_names_the_number_that_stands_in_the_log(self):
        answer = self.client.get("/broken/crash/")
        self.assertContains(answer, answer.headers["X-Request-ID"], status_code=500)

    def test_scripts_get_one_sentence(self):
        for path, status in {"/broken/crash/": 500, "/broken/forbidden/": 403, "/nothing/": 404}.items():
            with self.subTest(path):
                sentence = self.client.get(path, headers=JSON).json()["error"]
                short = self.client.get(path, headers=HTMX)
                self.assertEqual(short.headers["Content-Type"], "text/plain; charset=utf-8")
                self.assertContains(short, sentence, status_code=status, html=True)
                whole = self.client.get(path, headers={**HTMX, "HX-Boosted": "true"})
                self.assertContains(whole, "</html>", status_code=status)

    @LANGUAGES
    def test_errors_speak_the_members_language(self):
        self.client.force_login(make_user("eva", language="es"))
        with patch("accounts.middleware.LANGUAGE_CODES", {"en", "es"}):
            for path, status in {"/broken/crash/": 500, "/broken/away/": 503, "/nothing/": 404}.items():
                with self.subTest(path):
                    self.assertContains(self.client.get(path), '<html lang="es"', status_code=status)

    @LANGUAGES
    def test_a_host_that_is_not_ours_is_a_bad_request_in_the_visitors_language(self):
        self.addCleanup(translation.deactivate)
        translation.activate("ru")  # what the request before left behind in this thread
        answer = self.client.get("/", headers={"Host": "evil.example", "Accept-Language": "es"})
        self.assertContains(answer, '<html lang="es"', status_code=400)
        self.assertNotContains(answer, "evil.example", status_code=400)

    def test_an_address_for_forms_that_is_opened_has_a_page_too(self):
        answer = self.client.get("/posts/")
        self.assertContains(answer, "css/site.css", status_code=405)
        self.assertEqual(answer.headers["Allow"], "POST")
        self.assertEqual(self.client.get("/posts/", headers=JSON).json().keys(), {"error"})

    @override_settings(CSRF_COOKIE_SECURE=True)
    def test_cookies_for_https_on_a_site_without_it_are_told_to_the_operator(self):
        strict = Client(enforce_csrf_checks=True)
        with self.assertLogs("microblog.views", "WARNING") as logged:
            strict.post("/posts/", {"body": "x"})
        self.assertIn("SITE_URL=http://", logged.output[0])
        with self.assertNoLogs("microblog.views", "WARNING"):
            strict.post("/posts/", {"body": "x"}, secure=True)

    def test_a_form_without_its_token_says_what_to_do(self):
        strict = Client(enforce_csrf_checks=True)
        answer = strict.post("/posts/", {"body": "x"})
        self.assertContains(answer, "css/site.css", status_code=403)
        self.assertIn("cookie", answer.context["reason"])
        strict.get("/accounts/login/")
        self.assertIn("reload", strict.post("/posts/", {"body": "x"}).context["reason"])

    def test_a_form_without_its_token_keeps_what_was_written(self):
        strict = Client(enforce_csrf_checks=True)
        strict.get("/accounts/login/")
        answer = strict.post("/posts/", {"body": "Half an hour <b>of thinking</b>"})
        self.assertContains(answer, ">\nHalf an hour &lt;b&gt;of thinking&lt;/b&gt;</textarea>", status_code=403)
        self.assertNotContains(strict.post("/accounts/login/"), "<textarea", status_code=403)

    def test_what_another_site_makes_one_send_is_not_shown(self):
        strict = Client(enforce_csrf_checks=True, headers={"Origin": "https://evil.example"})
        answer = strict.post("/posts/", {"body": "Call this number"})
        self.assertNotContains(answer, "Call this number", status_code=403)


@BROKEN
class WithoutADatabase(TestCase):
    def get(self, path, **headers):
        client = Client(raise_request_exception=False)
        client.cookies["sessionid"] = "a" * 32
        away = OperationalError("away")
        with patch.multiple(connection, ensure_connection=Mock(side_effect=away), cursor=Mock(side_effect=away)):
            return client.get(path, headers=headers)

    def test_a_signed_in_member_gets_the_503_page(self):
        for path in ["/", "/explore/", "/nothing/", "/admin/"]:
            with self.subTest(path):
                self.assertContains(self.get(path), "css/site.css", status_code=503)

    def test_the_last_resort_needs_no_template(self):
        broken = patch("microblog.views.render_to_string", side_effect=RuntimeError("no template"))
        with broken, self.assertLogs("microblog.views", "ERROR"):
            self.assertContains(self.get("/broken/crash/"), "<h1>", status_code=503)


class OddAddresses(TestCase):
    """Whatever stands in the address: an answer, and no 500. The client raises what would be one."""

    @classmethod
    def setUpTestData(cls):
        cls.ada = make_user("ada")
        cls.post = make_post(cls.ada, "Bread. #sourdough")

    ODD = (
        "%00",
        "a%00b",
        "%ff%fe",
        "%ed%a0%80",
        "%0a",
        "%0d%0aSet-Cookie:%20x",
        "x" * 5000,
        "%F0%9F%91%BB",
        "..%2f..",
        "%25",
    )
    ODD += (
        "'",
        '"%3E%3Cscript%3E',
        "{{7*7}}",
        "%E2%80%AE",
        "9" * 30,
        "9" * 5000,
        "-1",
        "0",
        "1e9",
        "%C0%AF",
        "!!!",
        "_",
        ":)",
    )

    def assert_answered(self, path):
        answer = self.client.get(path)
        self.assertIn(answer.status_code, {200, 301, 302, 400, 403, 404, 405, 410}, path[:80])
        return answer

    def test_every_kind_of_address_survives_odd_names(self):
        for member in (None, self.ada):
            if member:
                self.client.force_login(member)
            for odd in self.ODD:
                for place in [
                    "/@{}/",
                    "/@{}/feed.atom",
                    "/tags/{}/",
                    "/posts/{}/",
                    "/user/{}",
                    "/{}",
                    "/sitemap-{}.xml",
                ]:
                    with self.subTest(place=place, odd=odd[:40], member=member):
                        self.assert_answered(place.format(odd))

    def test_every_list_survives_odd_cursors(self):
        self.client.force_login(self.ada)
        for odd in [*self.ODD, "", "NaN", str(2**63), str(-(2**63)), "１", "1&before=x"]:
            for place in [
                "/?before={}",
                "/explore/?after={}",
                "/@ada/?before={}",
                "/tags/sourdough/?after={}",
                "/new/?after={}",
            ]:
                with self.subTest(place=place, odd=odd[:40]):
                    self.assert_answered(place.format(odd))

    def test_a_cursor_of_letters_is_a_bad_request_with_a_sentence(self):
        answer = self.client.get("/explore/?before=abc")
        self.assertEqual(answer.status_code, 400)
        self.assertIn("names no page", answer.context["reason"])

    def test_odd_cookies_are_no_error(self):
        for odd in [
            '"\\000\\000\\000\\000\\000\\000\\000\\000\\000"',
            "x" * 4000,
            "ÿ" * 40,
            "'; drop table--abcdefghi",
        ]:
            for name in ["sessionid", "csrftoken", "django_language", "theme", "messages"]:
                with self.subTest(name=name, odd=odd[:30]):
                    answer = self.client.get("/", headers={"Cookie": f"{name}={odd}"})
                    self.assertEqual(answer.status_code, 200)

    def test_odd_headers_are_no_error(self):
        for headers in [{"Accept-Language": "x" * 9000}, {"Accept": "a/b;q=x,," * 99}, {"If-None-Match": '"' * 99}]:
            self.assertEqual(self.client.get("/explore/", headers=headers).status_code, 200)
            self.assertEqual(self.client.get("/nothing/", headers=headers).status_code, 404)
