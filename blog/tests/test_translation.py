"""What readers see of it: the link under a post, the translation in place, and the page without scripts."""

from django.contrib.messages import get_messages
from django.test import TestCase, override_settings

from accounts.tests.base import make_user, queries_of
from blog import cards
from blog.models import Outage, Translation
from blog.tests.base import make_post
from blog.tests.translators import libretranslate

HTMX = {"HX-Request": "true"}
LINK = "Translate from Spanish"


class Foreign(TestCase):
    """A post in Spanish, one in English and one in a language nobody knows; and a provider."""

    configured = True

    def setUp(self):
        self.server = self.enterContext(libretranslate())
        url = self.server.url if self.configured else ""
        self.enterContext(override_settings(LIBRETRANSLATE_URL=url, LIBRETRANSLATE_API_KEY=""))
        cards.forget()
        self.addCleanup(cards.forget)
        self.ada, self.bob = make_user("ada"), make_user("bob")
        self.post = make_post(self.bob, "Pan hecho con @ada #pan", language="es")
        self.own = make_post(self.bob, "Bread.", language="en")
        self.unknown = make_post(self.bob, "Ok.", language="und")
        self.address = f"/posts/{self.post.pk}/translation/"

    def ask(self, **headers):
        return self.client.post(self.address, headers=headers)


class Link(Foreign):
    def test_stands_under_foreign_posts_only(self):
        page = self.client.get("/explore/")
        self.assertContains(page, LINK, count=1)
        self.assertContains(page, f'formaction="{self.address}"')
        self.assertContains(self.client.get(f"/posts/{self.post.pk}/"), LINK)
        for post in (self.own, self.unknown):
            self.assertNotContains(self.client.get(f"/posts/{post.pk}/"), "Translate")

    @override_settings(LANGUAGES=[("en", "English"), ("es", "español")])
    def test_depends_on_the_language_of_the_site(self):
        page = self.client.get("/explore/", headers={"Accept-Language": "es"})
        self.assertNotContains(page, self.address)
        self.assertContains(page, f"/posts/{self.own.pk}/translation/")

    def test_is_not_shown_to_those_who_read_the_language(self):
        self.ada.reads = "es ja"
        self.ada.save()
        self.client.force_login(self.ada)
        self.ada.follow(self.bob)
        for path in ("/", "/explore/", "/@bob/", "/tags/pan/", f"/posts/{self.post.pk}/"):
            with self.subTest(path):
                page = self.client.get(path)
                self.assertContains(page, "Pan hecho con")
                self.assertNotContains(page, "Translate from")
        self.client.force_login(make_user("eve"))
        self.assertContains(self.client.get("/explore/"), LINK)

    def test_languages_read_cost_no_card_of_their_own(self):
        self.client.get("/explore/")
        kept = len(cards._cards)
        self.ada.reads = "es ja"
        self.ada.save()
        self.client.force_login(self.ada)
        self.client.get("/explore/")
        self.assertEqual(len(cards._cards), kept)

    def test_regional_forms_are_one_language(self):
        make_post(self.bob, "Hiya.", language="en-GB")
        mexican = make_post(self.bob, "Órale.", language="es-MX")
        self.assertNotContains(self.client.get("/explore/"), "Translate from English")
        self.ada.reads = "es"
        self.ada.save()
        self.client.force_login(self.ada)
        self.assertNotContains(self.client.get(f"/posts/{mexican.pk}/"), "Translate")

    def test_names_what_has_a_name(self):
        for code, words in {
            "zh": "Translate from Chinese",
            "sr-Latn": "Translate from Serbian Latin",
            "yue": "Translate</button>",
        }.items():
            post = make_post(self.bob, f"In {code}", language=code)
            self.assertContains(self.client.get(f"/posts/{post.pk}/"), words)


class WithoutProvider(Foreign):
    configured = False

    def test_there_is_no_link_and_no_address(self):
        self.assertNotContains(self.client.get("/explore/"), "Translate")
        self.client.force_login(self.ada)
        self.assertEqual(self.client.get(self.address).status_code, 404)
        self.assertEqual(self.ask().status_code, 404)


class InPlace(Foreign):
    def setUp(self):
        super().setUp()
        self.client.force_login(self.ada)

    def test_shows_the_translation_who_made_it_and_the_way_back(self):
        part = self.ask(**HTMX)
        self.assertContains(part, "Translated from Spanish by LibreTranslate")
        self.assertContains(part, "Show original")
        self.assertContains(part, '<div class="body" lang="en" dir="ltr">PAN HECHO CON <a href="/@ada/">')
        self.assertContains(part, '<a href="/tags/pan/"><bdi>#pan</bdi></a>')
        self.assertNotContains(part, "<html")

    def test_trouble_is_a_sentence_in_its_place(self):
        sentences = {
            (503, "It failed"): "The translation did not arrive in time. Try again in a minute.",
            (429, "Slowdown: 9 per 1 day"): "This site has used up its translations for now. Try again in a few days.",
            (403, "Invalid API key"): "Translation is not set up correctly on this site.",
            (400, "es is not supported"): "There is no translation between these two languages here.",
        }
        for (status, error), sentence in sentences.items():
            with self.subTest(status):
                self.server.reply = (status, {"error": error})
                part = self.ask(**HTMX)
                self.assertContains(part, sentence)
                self.assertEqual("Try again</button>" in part.content.decode(), status == 503)
                self.assertNotContains(part, error)
                Outage.objects.all().delete()

    def test_too_many_are_refused_but_what_is_kept_is_not(self):
        for n in range(60):
            self.server.reply = (200, {"translatedText": [f"Bread {n}"]})
            Translation.objects.all().delete()
            self.assertContains(self.ask(**HTMX), f"Bread {n}")
        self.assertContains(self.ask(**HTMX), "Bread 59")
        Translation.objects.all().delete()
        self.assertContains(self.ask(**HTMX), "You have had many posts translated. You can go on in")
        page = self.ask()
        self.assertEqual(page.status_code, 429)
        self.assertGreater(int(page.headers["Retry-After"]), 0)
        self.client.force_login(self.bob)
        self.assertContains(self.ask(**HTMX), "Bread 59")


class Page(Foreign):
    def test_a_member_asks_by_a_button_and_lands_on_the_translation(self):
        self.client.force_login(self.ada)
        page = self.client.get(self.address)
        self.assertContains(page, LINK)
        self.assertEqual(self.server.asked, [])
        answer = self.ask()
        self.assertRedirects(answer, self.address)
        page = self.client.get(self.address)
        for words in ("Pan hecho con", "PAN HECHO CON", "by LibreTranslate", "Show original", 'name="robots"'):
            self.assertContains(page, words)
        self.assertNotContains(page, LINK)
        self.assertEqual(list(get_messages(answer.wsgi_request)), [])

    def test_trouble_has_a_status(self):
        self.client.force_login(self.ada)
        for reply, status, again in (
            ((503, {"error": "x"}), 503, "60"),
            ((429, {"error": "9 per 1 day"}), 503, None),
            ((400, {"error": "es is not supported"}), 404, None),
        ):
            with self.subTest(reply):
                self.server.reply = reply
                page = self.ask()
                self.assertEqual((page.status_code, page.headers.get("Retry-After")), (status, again))
                self.assertContains(page, "Pan hecho con", status_code=status)
                Outage.objects.all().delete()

    def test_visitors_see_what_is_kept_and_are_asked_to_sign_in_for_more(self):
        page = self.client.get(self.address)
        self.assertContains(page, "Sign in to have this post translated")
        self.assertNotContains(page, LINK)
        self.assertRedirects(self.ask(), f"/accounts/login/?next={self.address}")
        self.assertEqual(self.ask(**HTMX).headers["HX-Redirect"], f"/accounts/login/?next={self.address}")
        self.assertEqual(self.server.asked, [])
        self.client.force_login(self.ada)
        self.ask()
        self.client.logout()
        self.assertContains(self.client.get(self.address), "PAN HECHO CON")
        self.assertContains(self.ask(**HTMX), "PAN HECHO CON")
        self.assertEqual(len(self.server.asked), 1)

    def test_a_post_in_the_reader_s_own_language_has_no_such_page(self):
        self.assertEqual(self.client.get(f"/posts/{self.own.pk}/translation/").status_code, 404)

    def test_a_post_in_an_unknown_language_can_be_asked_for_by_its_address(self):
        self.client.force_login(self.ada)
        self.client.post(f"/posts/{self.unknown.pk}/translation/")
        self.assertEqual(self.server.asked[0].body["source"], "auto")
        self.assertContains(self.client.get(f"/posts/{self.unknown.pk}/translation/"), "Translated by LibreTranslate")

    def test_a_hidden_post_is_not_found_translated_or_not(self):
        self.client.force_login(self.ada)
        self.ask()
        self.post.hide("spam")
        self.assertEqual(self.client.get(self.address).status_code, 404)
        self.assertEqual(self.ask().status_code, 404)

    def test_queries_do_not_depend_on_mentions(self):
        self.client.force_login(self.ada)
        counts = []
        for names in ("@ada", "@ada @bob @eve @dan"):
            for name in names.replace("@", "").split():
                make_user(name) if name in ("eve", "dan") else None
            post = make_post(self.bob, f"Hola {names}", language="es")
            self.client.post(f"/posts/{post.pk}/translation/")
            counts.append(queries_of(self.client, f"/posts/{post.pk}/translation/"))
        self.assertEqual(counts[0], counts[1])


class Csrf(Foreign):
    def test_asking_needs_the_token(self):
        client = self.client_class(enforce_csrf_checks=True)
        client.force_login(self.ada)
        self.assertEqual(client.post(self.address).status_code, 403)


class Writing(TestCase):
    def setUp(self):
        self.ada = make_user("ada")
        self.client.force_login(self.ada)

    def write(self, body, language):
        self.client.post("/posts/", {"body": body, "language": language})
        return self.ada.posts.first().language

    def test_the_language_is_detected_unless_the_author_chose_one(self):
        self.assertEqual(self.write("The bread is in the oven and the kitchen is warm.", ""), "en")
        self.assertEqual(self.write("Ok.", "es"), "es")

    def test_the_choice_is_remembered_for_the_session(self):
        self.assertContains(self.client.get("/"), '<option value="" selected>Detect the language</option>')
        self.write("Ok.", "es")
        self.assertContains(self.client.get("/"), '<option value="es" selected>Spanish</option>')
        self.write("Ok.", "")
        self.assertContains(self.client.get("/"), '<option value="" selected>Detect the language</option>')
        self.write("Ok.", "es")
        self.client.logout()
        self.client.force_login(self.ada)
        self.assertContains(self.client.get("/"), '<option value="" selected>Detect the language</option>')

    def test_a_refused_post_keeps_the_choice_and_remembers_nothing(self):
        page = self.client.post("/posts/", {"body": " ", "language": "ru"})
        self.assertContains(page, '<option value="ru" selected>Russian</option>', status_code=422)
        self.assertContains(self.client.get("/"), '<option value="" selected>Detect the language</option>')

    def test_a_language_that_is_none_is_refused(self):
        self.assertEqual(self.client.post("/posts/", {"body": "Ok.", "language": "xx"}).status_code, 422)
        self.assertEqual(self.ada.posts.count(), 0)


class Settings(TestCase):
    def test_a_member_says_what_they_read(self):
        ada = make_user("ada")
        self.client.force_login(ada)
        page = self.client.get("/accounts/settings/language/")
        self.assertContains(page, "Languages you read")
        self.client.post("/accounts/settings/language/", {"language": "", "reads": ["es", "zh"]})
        ada.refresh_from_db()
        self.assertEqual(ada.languages_read, {"es", "zh"})
        page = self.client.get("/accounts/settings/language/")
        self.assertContains(page, 'value="es" class="languages" id="id_reads_', html=False)
        self.assertContains(page, " checked>", count=2)
        self.client.post("/accounts/settings/language/", {"language": ""})
        ada.refresh_from_db()
        self.assertEqual(ada.languages_read, frozenset())

    def test_a_language_that_is_none_is_refused(self):
        self.client.force_login(make_user("ada"))
        page = self.client.post("/accounts/settings/language/", {"language": "", "reads": ["xx"]})
        self.assertEqual(page.status_code, 422)
