from contextlib import contextmanager

from django.test import SimpleTestCase, override_settings

from blog.tests import translators
from blog.tests.translators import KEY
from blog.translate import apertium, deepl, libretranslate, microsoft
from blog.translate.calls import Caller, TranslationError
from blog.translate.markup import carry

BODY = "Eat #bread & cheese with @ada\nat https://example.org/a?b=1&c=2 <today> 🎉"
SAID = "EAT #bread & CHEESE WITH @ada\nAT https://example.org/a?b=1&c=2 <TODAY> 🎉"


class Provider(SimpleTestCase):
    """What the tests of each provider share: a server that speaks its protocol, and settings that point to it."""

    module = serve = settings_of = None

    def setUp(self):
        self.server = self.enterContext(self.serve())
        self.enterContext(override_settings(**self.settings_of(self.server)))

    def say(self, body="Hello", source="en", target="es"):
        caller = Caller()
        return carry(body, lambda lines: self.module.translate(lines, source, target, caller))

    @contextmanager
    def refused(self, kind, lasts):
        with self.assertRaises(TranslationError) as caught:
            yield
        self.assertEqual((caught.exception.kind, caught.exception.lasts), (kind, lasts))
        self.assertNotIn("Hello", str(caught.exception))
        self.assertNotIn(KEY, str(caught.exception))

    def check_documented(self, replies):
        """Each documented refusal (its name, status and content) and what we make of it."""
        for name, reply, kind, lasts in replies:
            with self.subTest(name), self.refused(kind, lasts):
                self.server.reply = reply
                self.say()


class Microsoft(Provider):
    module = microsoft
    serve = staticmethod(translators.microsoft)

    def settings_of(self, server):
        return {"MS_TRANSLATOR_KEY": KEY, "MS_TRANSLATOR_URL": server.url, "MS_TRANSLATOR_REGION": ""}

    def test_translates_in_one_request_with_everything_kept(self):
        self.assertEqual(self.say(BODY), SAID)
        self.assertEqual(len(self.server.asked), 1)
        self.assertEqual(self.server.asked[0].query["from"], "en")

    def test_names_the_region_only_where_there_is_one(self):
        self.say()
        self.assertNotIn("Ocp-Apim-Subscription-Region", self.server.asked[0].headers)
        with self.settings(MS_TRANSLATOR_REGION="westeurope"):
            self.assertEqual(self.say(), "HELLO")
        with self.settings(MS_TRANSLATOR_REGION="mars"), self.refused("not_configured", True):
            self.say()

    def test_lets_it_detect_what_nobody_knows(self):
        self.assertEqual(self.say(source=""), "HELLO")
        self.assertNotIn("from", self.server.asked[0].query)

    def test_uses_its_names_of_languages(self):
        names = {"zh": "zh-Hans", "zh-hant": "zh-Hant", "pt-br": "pt", "pt-PT": "pt-pt", "no": "nb", "es-mx": "es"}
        for code, name in {**names, "sr": "sr-Cyrl", "sr-Latn": "sr-Latn"}.items():
            with self.subTest(code):
                self.say(source=code, target=code)
                self.assertEqual(self.server.asked[-1].query["to"], name)
                self.assertEqual(self.server.asked[-1].query["from"], name)

    def test_a_language_that_it_does_not_have_is_a_pair_not_offered(self):
        for pair in ({"source": "tlh"}, {"target": "tlh"}):
            with self.subTest(pair), self.refused("pair_not_offered", False):
                self.say(**pair)

    def test_a_wrong_key_is_not_configured(self):
        with self.settings(MS_TRANSLATOR_KEY="other"), self.refused("not_configured", True):
            self.say()

    def test_every_documented_error_has_its_sentence(self):
        pair = {400003, 400006, 400018, 400019, 400023, 400035, 400036, 400075}
        once = {400000, 400001, 400002, 400004, 400005, 400020, 400021, 400042, 400043, 400050, 400064, 400070}
        once |= {400071, 400072, 400073, 400074, 400077, 400079, 400080, 405000, 408001, 408002, 415000}
        always = {429000, 429001, 429002, 500000, 503000}
        outcomes = dict.fromkeys(pair, ("pair_not_offered", False)) | dict.fromkeys(once, ("later", False))
        outcomes |= dict.fromkeys(always, ("later", True))
        outcomes |= dict.fromkeys((401000, 401015, 403000), ("not_configured", True)) | {403001: ("quota", True)}
        self.check_documented(
            (code, translators.microsoft_error(code, "Hello, it failed."), *outcome)
            for code, outcome in outcomes.items()
        )


class DeepL(Provider):
    module = deepl
    serve = staticmethod(translators.deepl)

    def settings_of(self, server):
        return {"DEEPL_API_KEY": KEY, "DEEPL_URL": server.url}

    def test_translates_in_one_request_with_everything_kept(self):
        self.assertEqual(self.say(BODY), SAID)
        self.assertEqual(len(self.server.asked), 1)

    def test_lets_it_detect_what_nobody_knows(self):
        self.assertEqual(self.say(source=""), "HELLO")
        self.assertNotIn("source_lang", self.server.asked[0].body)

    def test_uses_its_names_of_languages(self):
        targets = {"en": "EN-US", "en-gb": "EN-GB", "pt": "PT-PT", "pt-br": "PT-BR", "zh": "ZH-HANS", "nn": "NB"}
        for code, name in {**targets, "zh-hant": "ZH-HANT", "es-mx": "ES", "pt-ao": "PT-PT"}.items():
            with self.subTest(code):
                self.say(source=code, target=code)
                self.assertEqual(self.server.asked[-1].body["target_lang"], name)
                self.assertEqual(self.server.asked[-1].body["source_lang"], name[:2])

    def test_a_language_that_it_does_not_have_is_a_pair_not_offered(self):
        for pair in ({"source": "eu"}, {"target": "eu"}):
            with self.subTest(pair), self.refused("pair_not_offered", False):
                self.say(**pair)

    def test_free_keys_have_an_address_of_their_own(self):
        for key, address in {"abc:fx": "https://api-free.deepl.com", "abc": "https://api.deepl.com"}.items():
            with self.settings(DEEPL_API_KEY=key, DEEPL_URL=""):
                self.assertEqual(deepl.address(), address)

    def test_every_documented_error_has_its_sentence(self):
        message = {"message": "Hello, it failed."}
        outcomes = {400: ("later", False), 413: ("later", False), 414: ("later", False), 456: ("quota", True)}
        outcomes |= dict.fromkeys((401, 403, 404), ("not_configured", True))
        outcomes |= dict.fromkeys((429, 500, 503, 504, 529), ("later", True))
        self.check_documented((status, (status, message), *outcome) for status, outcome in outcomes.items())


class LibreTranslate(Provider):
    module = libretranslate
    serve = staticmethod(translators.libretranslate)

    def settings_of(self, server):
        return {"LIBRETRANSLATE_URL": server.url, "LIBRETRANSLATE_API_KEY": ""}

    def test_translates_in_one_request_with_everything_kept(self):
        self.assertEqual(self.say(BODY), SAID)
        self.assertEqual(len(self.server.asked), 1)

    def test_entities_in_a_post_survive_that_it_replaces_them(self):
        self.assertEqual(self.say("1 &#60; 2 < 3 or @ada"), "1 &#60; 2 < 3 OR @ada")

    def test_sends_the_key_only_where_there_is_one(self):
        self.say()
        self.assertNotIn("api_key", self.server.asked[0].body)
        with self.settings(LIBRETRANSLATE_API_KEY=KEY):
            self.assertEqual(self.say(), "HELLO")
        self.assertEqual(self.server.asked[1].body["api_key"], KEY)

    def test_a_wrong_key_is_not_configured(self):
        with self.settings(LIBRETRANSLATE_API_KEY="other"), self.refused("not_configured", True):
            self.say()

    def test_lets_it_detect_what_nobody_knows(self):
        self.say(source="")
        self.assertEqual(self.server.asked[0].body["source"], "auto")

    def test_uses_its_names_of_languages(self):
        names = {"zh": "zh", "zh-Hans": "zh", "zh-hant": "zt", "pt-br": "pb", "pt": "pt", "no": "nb", "es-mx": "es"}
        for code, name in names.items():
            with self.subTest(code):
                self.say(source=code, target=code)
                self.assertEqual([self.server.asked[-1].body[key] for key in ("source", "target")], [name, name])

    def test_a_pair_that_it_does_not_have_is_not_offered(self):
        for pair in ({"source": "eu"}, {"target": "eu"}, {"source": "he", "target": "ja"}):
            with self.subTest(pair), self.refused("pair_not_offered", False):
                self.say(**pair)

    def test_every_documented_error_has_its_sentence(self):
        contact = "Please contact the server operator to get an API key"
        visit = "Visit https://example.org to get an API key"
        self.check_documented(
            [
                ("a key is asked for", (400, {"error": contact}), "not_configured", True),
                ("where to get it", (400, {"error": visit}), "not_configured", True),
                ("too long", (400, {"error": "Invalid request: request (9) exceeds text limit (8)"}), "later", False),
                ("banned", (403, {"error": "Too many request limits violations"}), "later", True),
                ("no such address", (404, b"<!doctype html>"), "not_configured", True),
                ("slow down", (429, {"error": "Slowdown: 80 per 1 minute"}), "later", True),
                ("for today", (429, {"error": "Slowdown: 1000 per 1 day"}), "quota", True),
                ("it failed", (500, {"error": "Cannot translate text: Hello"}), "later", True),
                ("away", (503, b"<html>Service Unavailable</html>"), "later", True),
            ]
        )


class ApertiumCodes(SimpleTestCase):
    """What the real server in test_apertium.py can't be asked, because it has one pair."""

    def answer(self, status, content):
        return lambda request: (status, content)

    def test_sends_its_own_codes_and_takes_its_marks_away(self):
        said = '<p> Los #dar un @thing, <span id="kept1">#x</span> C# &#39;#a</p>'
        content = {"responseData": {"translatedText": said}, "responseDetails": None, "responseStatus": 200}
        with translators.serving(self.answer(200, content)) as server, self.settings(APERTIUM_URL=server.url):
            lines = apertium.translate(["one"], "sr-Latn", "pt-br", Caller())
        self.assertEqual(server.asked[0].body["langpair"], "hbs_SR|por_BR")
        self.assertEqual(lines, [' Los dar un thing, <span id="kept1">x</span> C# &#39;a'])

    def test_detects_nothing(self):
        with self.assertRaises(TranslationError) as caught:
            apertium.translate(["one"], "", "en", Caller())
        self.assertEqual(caught.exception.kind, "pair_not_offered")

    def test_every_documented_error_has_its_sentence(self):
        outcomes = {400: ("later", False), 404: ("not_configured", True), 408: ("later", False), 500: ("later", True)}
        for status, (kind, lasts) in {**outcomes, 503: ("later", True)}.items():
            content = {"status": "error", "code": status, "message": "Hello", "explanation": "internal error"}
            with self.subTest(status), translators.serving(self.answer(status, content)) as server:
                with self.settings(APERTIUM_URL=server.url), self.assertRaises(TranslationError) as caught:
                    apertium.translate(["one"], "en", "es", Caller())
                self.assertEqual((caught.exception.kind, caught.exception.lasts), (kind, lasts))


del Provider
