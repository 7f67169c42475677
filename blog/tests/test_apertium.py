"""Apertium for real: its web service, with English and Spanish, as Debian has them."""

import http.client
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.test import TestCase, override_settings

from accounts.tests.base import make_user
from blog.models import Translation
from blog.tests.base import make_post
from blog.translate import TranslationError, translate
from microblog.tests.servers import MissingServerError, directory, find_program, free_port, running

PAIRS = Path("/usr/share/apertium")
HTMX = {"HX-Request": "true"}


def answers(port: int) -> bool:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        link.request("GET", "/listPairs")
        return b'"spa"' in link.getresponse().read()
    except OSError:
        return False
    finally:
        link.close()


@contextmanager
def apertium() -> Iterator[str]:
    """An Apertium-APy of our own; its address."""
    program, port = find_program("apertium-apy"), free_port()
    if not (PAIRS / "modes" / "eng-spa.mode").exists():
        raise MissingServerError("apertium-eng-spa is not on this machine")
    command = [program, "--port", str(port), str(PAIRS)]
    with directory({}) as home, running(command, home / "log", lambda: answers(port), {}):
        yield f"http://127.0.0.1:{port}"


@pytest.mark.apertium
class Apertium(TestCase):
    @classmethod
    def setUpClass(cls):
        try:
            url = cls.enterClassContext(apertium())
        except MissingServerError as missing:
            pytest.skip(str(missing))
        cls.enterClassContext(override_settings(APERTIUM_URL=url))
        super().setUpClass()

    def setUp(self):
        self.ada = make_user("ada")

    def said(self, body, source="es", target="en"):
        return translate(make_post(self.ada, body, language=source), target).body

    def test_translates_both_ways(self):
        self.assertEqual(self.said("El perro come pan."), "The dog eats bread.")
        self.assertEqual(self.said("The house is big.", "en", "es"), "La casa es grande.")
        self.assertEqual(self.said("La casa es grande.", "es-MX", "en-gb"), "The house is big.")

    def test_links_mentions_tags_and_emoji_survive(self):
        body = "La casa de @perro es grande 🎉 https://example.org/casa?a=1&b=2 #pan\n\nEl perro come <pan> & queso."
        said = "The house of @perro is big 🎉 https://example.org/casa?a=1&b=2 #pan\n\nThe dog eats <bread> & cheese."
        self.assertEqual(self.said(body), said)

    def test_an_apostrophe_is_part_of_a_word(self):
        self.assertIn("Es una casa grande", self.said("It's a big house.", "en", "es"))

    def test_words_that_it_does_not_know_stay_words(self):
        self.assertEqual(self.said("El perro come xyzzy, zorbado."), "The dog eats xyzzy, zorbado.")
        said = self.said("I would have them eaten it in a [house].", "en", "es")
        self.assertNotRegex(said, r"[#@*]\w")

    def test_pairs_that_it_does_not_have_are_not_offered(self):
        for source, target in (("ru", "en"), ("es", "fr"), ("und", "en")):
            with self.subTest(source=source, target=target), self.assertRaises(TranslationError) as caught:
                self.said("Pan", source, target)
            self.assertEqual(caught.exception.kind, "pair_not_offered")

    def test_a_reader_gets_it_by_one_click(self):
        self.client.force_login(self.ada)
        post = make_post(self.ada, "El perro come #pan.", language="es")
        part = self.client.post(f"/posts/{post.pk}/translation/", headers=HTMX)
        self.assertContains(part, 'The dog eats <a href="/tags/pan/"><bdi>#pan</bdi></a>.')
        self.assertContains(part, "Translated from Spanish by Apertium")
        self.assertEqual(Translation.objects.get().target, "en")

    def test_it_is_quick(self):
        self.said("Uno.")
        began = time.monotonic()
        self.said("El perro come pan y la casa es grande.")
        self.assertLess(time.monotonic() - began, 3)  # 0.02 s on an idle machine; a reader waits for three seconds
