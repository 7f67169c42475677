"""Keeping, claiming, and trouble: one provider stands for all four."""

import logging
import socket
import time
from datetime import timedelta
from io import StringIO
from unittest.mock import patch

from django.core.management import call_command
from django.test import TestCase, override_settings
from django.utils import timezone

from accounts.tests.base import make_user
from blog import translate as translating
from blog.models import Outage, Post, Translation
from blog.models import translation as model
from blog.tests.base import make_post
from blog.tests.translators import KEY, libretranslate
from blog.translate import TranslationError, calls, provider, say, translate
from blog.translate.calls import ANSWER_AT_MOST
from microblog.logging import RequestFilter, TextFormatter

PATIENCE = calls.PATIENCE  # of a reader: the servers of these tests have more
WORDS = "Pan recién hecho con @ada #pan"


class Translating(TestCase):
    def setUp(self):
        self.server = self.enterContext(libretranslate())
        settings = {"LIBRETRANSLATE_URL": self.server.url, "LIBRETRANSLATE_API_KEY": KEY}
        self.enterContext(override_settings(**settings))
        self.ada = make_user("ada")
        self.post = make_post(self.ada, WORDS, language="es")

    def refusal(self, call, *args):
        """The error of a call, and the seconds it took."""
        began = time.monotonic()
        with self.assertRaises(TranslationError) as caught:
            call(*args)
        return caught.exception, time.monotonic() - began


class Keeping(Translating):
    def test_a_translation_is_asked_for_once_for_each_language(self):
        first = translate(self.post, "en")
        self.assertEqual((first.body, first.provider), ("PAN RECIÉN HECHO CON @ada #pan", "LibreTranslate"))
        self.assertEqual(translate(self.post, "en").pk, first.pk)
        self.assertEqual(len(self.server.asked), 1)
        translate(self.post, "ru")
        self.assertEqual(len(self.server.asked), 2)

    def test_it_is_void_when_the_post_changes(self):
        translate(self.post, "en")
        Post.objects.filter(pk=self.post.pk).update(body="Otra cosa", version=self.post.version + 1)
        changed = Post.objects.get(pk=self.post.pk)
        self.assertIsNone(Translation.objects.of(changed, "en"))
        self.assertEqual(translate(changed, "en").body, "OTRA COSA")
        self.assertEqual(Translation.objects.count(), 1)

    def test_what_is_void_is_cleaned_up(self):
        kept = translate(self.post, "en")
        changed = make_post(self.ada, "Antes.", language="es")
        translate(changed, "en")
        Post.objects.filter(pk=changed.pk).update(version=changed.version + 1)
        Translation.objects.claim(self.post, "ru").fail("later")
        Translation.objects.filter(target="ru").update(created_at=timezone.now() - timedelta(hours=1))
        Translation.objects.claim(self.post, "de")
        call_command("clean_up", stdout=StringIO())
        self.assertEqual({row.target for row in Translation.objects.all()}, {"en", "de"})
        self.assertEqual(Translation.objects.get(target="en"), kept)

    def test_it_goes_with_the_post(self):
        translate(self.post, "en")
        self.post.remove()
        self.assertEqual(Translation.objects.count(), 0)

    def test_a_post_in_two_lines_keeps_them(self):
        post = make_post(self.ada, "Uno.\nDos.", language="es")
        self.assertEqual(translate(post, "en").body, "UNO.\nDOS.")

    def test_nothing_is_asked_where_there_are_no_words(self):
        post = make_post(self.ada, "@ada 🎉", language="es")
        self.assertEqual(translate(post, "en").body, "@ada 🎉")
        self.assertEqual(self.server.asked, [])

    def test_markup_of_a_provider_is_escaped_and_adds_no_link(self):
        self.server.said = lambda html: '<script>x</script> https://evil.example @bob <a href="/">#spam</a> ' + html
        make_user("bob")
        html = translate(self.post, "en").html
        self.assertIn("&lt;script&gt;", html)
        self.assertEqual(html.count("<a "), 2)
        for link in ('href="/@ada/"', 'href="/tags/pan/"'):
            self.assertIn(link, html)

    def test_control_characters_of_a_provider_are_gone(self):
        self.server.said = lambda html: "a\u202eb\x00c\ud800d" + html
        self.assertTrue(translate(self.post, "en").body.startswith("abcdPan"))

    def test_right_to_left_is_said(self):
        self.server.said = lambda html: "خبز " + html
        self.assertEqual(translate(self.post, "ar").direction, "rtl")
        self.assertEqual(translate(self.post, "en").direction, "ltr")


class Choosing(TestCase):
    def test_the_first_that_is_configured_is_asked(self):
        every = {"MS_TRANSLATOR_KEY": "k", "DEEPL_API_KEY": "k", "LIBRETRANSLATE_URL": "u", "APERTIUM_URL": "u"}
        names = ["Microsoft Translator", "DeepL", "LibreTranslate", "Apertium"]
        for variable, name in zip(list(every), names, strict=True):
            with self.settings(**every):
                self.assertEqual(provider().NAME, name)
            every[variable] = ""
        with self.settings(**every):
            self.assertIsNone(provider())
            with self.assertRaises(TranslationError) as caught:
                say("Hola", "es", "en")
        self.assertEqual(caught.exception.kind, "not_configured")


class Claiming(Translating):
    def claim(self):
        return Translation.objects.claim(self.post, "en")

    def test_one_has_it_until_it_is_kept(self):
        claim = self.claim()
        self.assertIsNone(self.claim())
        claim.keep("Bread", "DeepL")
        self.assertIsNone(self.claim())
        self.assertEqual(Translation.objects.of(self.post, "en").body, "Bread")

    def test_it_is_free_after_a_failure(self):
        self.claim().fail("later")
        self.assertIsNotNone(self.claim())
        self.assertIsNone(self.claim())

    def test_it_is_free_when_who_had_it_did_not_come_back(self):
        lost = self.claim()
        Translation.objects.update(created_at=timezone.now() - model.CLAIM_HOLDS - timedelta(seconds=1))
        claim = self.claim()
        self.assertIsNotNone(claim)
        lost.keep("too late", "DeepL")
        lost.fail("later")
        self.assertIsNone(Translation.objects.of(self.post, "en"))
        self.assertEqual(claim.keep("Bread", "DeepL").body, "Bread")
        self.assertEqual(Translation.objects.of(self.post, "en").body, "Bread")

    def test_it_is_free_when_the_post_changed(self):
        self.claim()
        self.post.version += 1
        self.assertIsNotNone(self.claim())

    def test_who_waits_in_vain_is_told_so(self):
        self.claim()
        with patch.object(translating, "PATIENCE", 0.3):
            error, seconds = self.refusal(translate, self.post, "en")
        self.assertEqual(error.kind, "later")
        self.assertLess(seconds, 30)
        self.assertEqual(self.server.asked, [])

    def test_who_waits_gets_what_the_other_call_brings(self):
        claim = self.claim()
        with patch.object(translating.time, "sleep", lambda seconds: claim.keep("Bread", "DeepL")):
            self.assertEqual(translate(self.post, "en").body, "Bread")

    def test_who_waits_gets_the_error_of_the_other_call(self):
        claim = self.claim()
        with patch.object(translating.time, "sleep", lambda seconds: claim.fail("quota")):
            error, _seconds = self.refusal(translate, self.post, "en")
        self.assertEqual(error.kind, "quota")


class Trouble(Translating):
    def costs_three_seconds(self):
        with patch.object(calls, "PATIENCE", PATIENCE):
            error, seconds = self.refusal(say, "Hola", "es", "en")
        self.assertEqual((error.kind, PATIENCE), ("later", 3))
        self.assertTrue(2.9 < seconds < 30, seconds)

    def test_a_server_that_hangs_costs_three_seconds(self):
        self.server.delay = 60
        self.costs_three_seconds()

    def test_a_server_that_drips_costs_three_seconds(self):
        self.server.drip = 5
        self.costs_three_seconds()

    def test_a_second_request_has_the_rest_of_the_three_seconds(self):
        self.server.delay = 0.5
        self.server.said = lambda html: "nothing of it"
        with patch.object(calls, "_exchange", side_effect=calls._exchange) as exchange:
            say(WORDS, "es", "en")
        first, second = (call.args[-1] for call in exchange.call_args_list)
        self.assertLess(second, first - 0.4)

    def test_a_refused_connection_is_said_at_once(self):
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            with self.settings(LIBRETRANSLATE_URL=f"http://127.0.0.1:{nobody.getsockname()[1]}"):
                error, seconds = self.refusal(say, "Hola", "es", "en")
        self.assertEqual(error.kind, "later")
        self.assertLess(seconds, 20)  # of the thirty that it has here

    def test_an_answer_that_is_none_is_said(self):
        long = b'{"translatedText": ["' + b"a" * ANSWER_AT_MOST + b'"]}'
        for name, content in {
            "no JSON": b"<html>",
            "nothing": b"",
            "half of it": b'{"translatedText": ["a"',
            "another charset": '{"translatedText": ["señor"]}'.encode("latin-1"),
            "too long": long,
            "a long text": b'{"translatedText": ["' + b"a" * 6000 + b'"]}',
            "an empty text": {"translatedText": [""]},
            "a number": {"translatedText": [5]},
            "one text too many": {"translatedText": ["a", "b"]},
            "a text for a list": {"translatedText": "a"},
            "null": {"translatedText": None},
            "a list": [1, 2],
            "deep": b"[" * 60000,
        }.items():
            with self.subTest(name):
                self.server.reply = (200, content)
                error, seconds = self.refusal(say, "Hola", "es", "en")
                self.assertEqual(error.kind, "later")
                self.assertLess(seconds, 20)

    def test_a_redirect_is_not_followed(self):
        self.server.reply = (302, b"")
        self.assertEqual(self.refusal(say, "Hola", "es", "en")[0].kind, "not_configured")

    def test_an_address_that_is_none_is_said(self):
        for url, kind in {
            "nonsense": "not_configured",
            "ftp://127.0.0.1": "not_configured",
            "http://": "later",
            "http://[::1": "later",
            "http://name.invalid:99999": "later",
        }.items():
            with self.subTest(url), self.settings(LIBRETRANSLATE_URL=url):
                Outage.objects.all().delete()
                self.assertEqual(self.refusal(say, "Hola", "es", "en")[0].kind, kind)

    def test_every_kind_has_a_sentence(self):
        for kind in ("not_configured", "pair_not_offered", "quota", "later"):
            self.assertTrue(TranslationError(kind).sentence.endswith("."))


class Breaking(Translating):
    def fail(self, status=503):
        self.server.reply = (status, {"error": "It failed."})
        return self.refusal(say, "Hola", "es", "en")[0]

    def test_a_dead_provider_is_not_asked_for_a_minute(self):
        self.fail()
        self.server.reply = None
        for _ in range(3):
            self.assertEqual(self.refusal(translate, self.post, "en")[0].kind, "later")
        self.assertEqual(len(self.server.asked), 1)
        Outage.objects.update(until=timezone.now())
        self.assertEqual(translate(self.post, "en").provider, "LibreTranslate")
        self.assertEqual(Outage.objects.count(), 0)

    def test_its_sentence_stays_the_same_meanwhile(self):
        self.server.reply = (429, {"error": "Slowdown: 1000 per 1 day"})
        for _ in range(2):
            self.assertEqual(self.refusal(say, "Hola", "es", "en")[0].kind, "quota")
        self.assertEqual(len(self.server.asked), 1)

    def test_after_the_minute_one_reader_tries_for_everybody(self):
        Outage.objects.begin("LibreTranslate", "later")
        Outage.objects.update(until=timezone.now())
        self.assertEqual(Outage.objects.hinders("LibreTranslate"), "")
        self.assertEqual(Outage.objects.hinders("LibreTranslate"), "later")

    def test_what_is_about_one_text_or_pair_hinders_nobody(self):
        self.fail(400)
        self.assertEqual(self.refusal(say, "Hola", "es", "eu")[0].kind, "later")
        self.server.reply = None
        self.assertEqual(self.refusal(say, "Hola", "es", "eu")[0].kind, "pair_not_offered")
        self.assertEqual(say("Hola", "es", "en")[0], "HOLA")

    def test_kept_translations_are_there_while_it_is_dead(self):
        translate(self.post, "en")
        self.fail()
        self.assertEqual(translate(self.post, "en").body, "PAN RECIÉN HECHO CON @ada #pan")


class Logging(Translating):
    def test_text_and_keys_never_reach_the_log(self):
        stream = StringIO()
        handler = logging.StreamHandler(stream)
        handler.setFormatter(TextFormatter())
        handler.addFilter(RequestFilter())
        root = logging.getLogger()
        level = root.level
        root.setLevel(logging.DEBUG)
        root.addHandler(handler)
        try:
            for reply in ((500, {"error": f"{WORDS} {KEY}"}), (400, {"error": f"API key {KEY}"}), (200, b"garbage")):
                self.server.reply = reply
                Outage.objects.all().delete()
                self.refusal(say, WORDS, "es", "en")
            self.server.reply = None
            say(WORDS, "es", "en")
            with self.settings(LIBRETRANSLATE_URL=f"http://ada:{KEY}@127.0.0.1:1"):
                self.refusal(say, WORDS, "es", "en")
        finally:
            root.removeHandler(handler)
            root.setLevel(level)
        written = stream.getvalue()
        for line in ("later: HTTP 500", "not_configured: HTTP 400, API key", "later: NewConnectionError"):
            self.assertIn(f"LibreTranslate did not translate from es to en: {line}", written)
        for secret in (KEY, "Pan", "PAN", "hecho", "#pan", "@ada"):
            self.assertNotIn(secret, written)
