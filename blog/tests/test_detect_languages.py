from datetime import UTC, datetime
from io import StringIO
from unittest.mock import patch

from django.core.management import CommandError, call_command
from django.test import TestCase

from accounts.tests.base import make_user
from blog import language
from blog.models import Post
from blog.tests.base import make_post

SPANISH = "La cocina huele a pan recién hecho y a café."
WORDLESS = "42 🎉"
RUSSIAN = "На кухне пахнет свежим хлебом и кофе."


class DetectLanguages(TestCase):
    def setUp(self):
        ada = make_user("ada")
        bodies = ((SPANISH, ""), (RUSSIAN, "und"), (WORDLESS, "und"), (SPANISH, "en"), (SPANISH, "und"))
        self.posts = [
            make_post(ada, body, language=given, at=datetime(2026, 1, 1, hour, tzinfo=UTC))
            for hour, (body, given) in enumerate(bodies)
        ]

    def run_it(self, *arguments):
        output = StringIO()
        call_command("detect_languages", *arguments, stdout=output, stderr=StringIO())
        return output.getvalue().splitlines()

    def languages(self):
        return [Post.objects.get(pk=post.pk).language for post in self.posts]

    def test_fills_what_is_empty_and_leaves_what_authors_chose(self):
        lines = self.run_it()
        self.assertEqual(self.languages(), ["es", "ru", "und", "en", "es"])
        self.assertEqual(lines, ["4 looked at: 3 got a language (es 2, ru 1), 1 unclear."])

    def test_a_second_run_changes_nothing(self):
        self.run_it()
        versions = list(Post.objects.values_list("pk", "version"))
        self.assertEqual(self.run_it(), ["1 looked at: 0 got a language (none), 1 unclear."])
        self.assertEqual(list(Post.objects.values_list("pk", "version")), versions)

    def test_batches_make_no_difference(self):
        self.run_it("--batch", "1")
        self.assertEqual(self.languages(), ["es", "ru", "und", "en", "es"])

    def test_cards_and_translations_of_what_changed_are_made_anew(self):
        self.run_it()
        versions = [Post.objects.get(pk=post.pk).version for post in self.posts]
        self.assertEqual(versions, [1, 1, 0, 0, 1])

    def test_a_dry_run_says_the_same_and_changes_nothing(self):
        self.assertEqual(self.run_it("--dry-run"), ["4 looked at: 3 would get a language (es 2, ru 1), 1 unclear."])
        self.assertEqual(self.languages(), ["", "und", "und", "en", "und"])

    def test_says_where_to_go_on_when_it_is_stopped(self):
        found, keys = language.detect, sorted(post.pk for post in self.posts)

        def stopped(body):
            if body == WORDLESS:
                raise KeyboardInterrupt
            return found(body)

        with patch.object(language, "detect", stopped):
            lines = self.run_it("--batch", "1")
        self.assertEqual(lines[0], f"Stopped. To go on: manage.py detect_languages --from {keys[1] + 1}")
        self.assertEqual(self.languages(), ["es", "ru", "und", "en", "und"])
        self.assertEqual(self.run_it("--from", str(keys[1] + 1)), ["2 looked at: 1 got a language (es 1), 1 unclear."])
        self.assertEqual(self.languages(), ["es", "ru", "und", "en", "es"])

    def test_numbers_that_are_none_are_refused(self):
        for arguments in (["--from", "x"], ["--from", "0"], ["--batch", "0"], ["--from", "9" * 30]):
            with self.subTest(arguments), self.assertRaises(CommandError):
                self.run_it(*arguments)

    def test_an_author_s_choice_meanwhile_stays(self):
        found = language.detect

        def slow(body):
            Post.objects.filter(body=SPANISH).update(language="ca")
            return found(body)

        with patch.object(language, "detect", slow):
            self.run_it()
        self.assertEqual(self.languages(), ["ca", "ru", "und", "ca", "ca"])
