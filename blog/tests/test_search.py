from django.contrib.auth.models import AnonymousUser
from django.core.management import call_command
from django.test import TestCase

from accounts.tests.base import make_user
from blog import search
from blog.tests.base import make_post


class First(TestCase):
    def setUp(self):
        self.ada = make_user("ada")

    def found(self, text, **kw):
        a = {row[0] for row in search.match(text, viewer=AnonymousUser(), **kw).rows}
        b = {row[0] for row in search.match(text, viewer=AnonymousUser(), order="newest", **kw).rows}
        self.assertEqual(a, b)
        return a

    def test_all(self):
        run = make_post(self.ada, "I was running with Übermut https://example.org/a #Bread @ada", language="en").pk
        es = make_post(self.ada, "corriendo en casas", language="es").pk
        ja = make_post(self.ada, "東京都に住むABC株式会社 コーヒー", language="ja").pk
        for q, want in {
            "run": {run},
            "ubermut": {run},
            "RUNS -casa": {run},
            "casa": {es},
            "casa from:ada lang:es": {es},
            "casa from:bob": set(),
            "#bread": {run},
            "@ada": {run},
            "from:ada -bread -casa": {ja},
            "京都": {ja},
            "都京": set(),
            '"was running with"': {run},
            '"was run"': set(),
            "runn*": {run},
            "has:link": {run},
            "em*": set(),
            "ha*": set(),
            "by*": set(),
            "la*": set(),
            "since:2020": {run, es, ja},
            "since:2020 -has:link": {es, ja},
            "since:2999": set(),
            "-x": set(),
            "or and": set(),
            "lang:ja -lang:es": {ja},
            "abc 会社": {ja},
        }.items():
            with self.subTest(q):
                self.assertEqual(self.found(q), want)
        call_command("search_index", "--verify", "--check")
        call_command("search_index", "--rebuild")
        call_command("search_index", "--verify", "--check")
