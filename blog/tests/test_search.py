"""What a search finds, in which order, and for whom. The corpus (test_search_corpus.py) has the languages."""

import re
from datetime import UTC, datetime, timedelta
from unittest import mock, skipUnless

from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext

from accounts.tests.base import make_user
from blog import search
from blog.models import Post
from blog.models.search import TABLE
from blog.search import blocks, cursor, postgres
from blog.search.engine import END, EngineError, Hit, Wanted
from blog.tests import corpus
from blog.tests.base import make_post

VISITOR = AnonymousUser()
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def found(text, viewer=VISITOR):
    """The posts found, best first and newest first being the same ones."""
    best, newest = (corpus.walk(text, order, viewer) for order in ("best", "newest"))
    assert sorted(best) == sorted(newest)
    return set(best)


class WhatIsFound(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada, cls.bob = make_user("ada"), make_user("bob")

    def test_forms_of_a_word_in_the_language_of_the_post_only(self):
        english = make_post(self.ada, "We were baking cakes.", language="en-GB").pk
        make_post(self.ada, "Cakes, baking, a word of nobody's language.", language="und")
        self.assertEqual(found("bakes cake"), {english})
        spanish = make_post(self.ada, "Una casa cara.", language="es").pk
        self.assertEqual(found("caras"), {spanish})
        self.assertEqual(found("cars"), set())  # English would read "car" in "cars", and Spanish in "cara"

    def test_a_word_as_it_stands_in_any_language(self):
        posts = {make_post(self.ada, "Zug um Zug", language=code).pk for code in ("de", "en", "und", "sv", "pt-BR")}
        self.assertEqual(found("zug"), posts)
        self.assertEqual(found("ZÜG"), posts)

    def test_words_that_other_searches_leave_out(self):
        post = make_post(self.ada, "To be or not to be, that is the question.", language="en").pk
        self.assertEqual(found("to be or not the"), {post})
        self.assertEqual(found('"or not to be"'), {post})

    def test_a_beginning_is_that_of_a_word_and_of_nothing_that_we_wrote_beside_it(self):
        make_post(self.ada, "Bread #lingua @bob https://example.org", language="en")
        for text in ("en*", "by*", "la*", "ha*", "en:*", "by:*"):
            self.assertEqual(found(text), set(), text)
        self.assertEqual(len(found("brea* lin* bo* exam*")), 1)

    def test_a_hashtag_is_a_word_but_a_word_is_no_hashtag(self):
        tagged = make_post(self.ada, "Good #bread").pk
        said = make_post(self.ada, "Good bread").pk
        self.assertEqual(found("bread"), {tagged, said})
        self.assertEqual(found("#bread"), {tagged})
        self.assertEqual(found("good -#bread"), {said})

    def test_from_takes_any_of_several_people_in_any_case(self):
        adas, bobs = make_post(self.ada, "Bread").pk, make_post(self.bob, "Bread").pk
        make_post(make_user("cleo"), "Bread")
        self.assertEqual(found("bread from:ADA"), {adas})
        self.assertEqual(found("from:ada from:bob"), {adas, bobs})
        self.assertEqual(found("bread from:nobody"), set())
        self.assertEqual(found("from:ada from:nobody"), {adas})
        self.assertEqual(len(found("bread -from:ada -from:nobody")), 2)

    def test_since_is_the_beginning_of_a_day_in_utc(self):
        before = make_post(self.ada, "Bread", at=datetime(2026, 1, 30, 23, 59, 59, tzinfo=UTC)).pk
        after = make_post(self.ada, "Bread", at=datetime(2026, 1, 31, tzinfo=UTC)).pk
        self.assertEqual(found("bread since:2026-01-31"), {after})
        self.assertEqual(found("since:2026-01-30"), {before, after})
        self.assertEqual(found("since:2026-01-30 -bread"), set())
        self.assertEqual(found("bread since:2999"), set())

    def test_a_repost_says_nothing_and_an_answer_does(self):
        post = make_post(self.ada, "Bread")
        post.repost(self.bob)
        answer = make_post(self.bob, "Which bread?", reply_to=post)
        self.assertEqual(found("bread"), {post.pk, answer.pk})
        self.assertEqual(found("from:bob"), {answer.pk})

    def test_a_very_long_post_of_another_site_is_found(self):
        post = make_post(self.ada, " ".join(f"word{n}" for n in range(4000)) + " bread " * 3000, language="en").pk
        self.assertEqual(found('"word3998 word3999 bread"'), {post})

    def test_every_odd_query_gets_an_answer(self):
        make_post(self.ada, "Bread & butter's 'n' all\\ (NEAR) #x :y *")
        odd = [
            "\0",
            "\0bread\0",
            '"',
            "'",
            "''",
            "\\",
            "\\'",
            "bread\\",
            "bread'",
            '"bread',
            'a"b"c',
            "*",
            "bread**",
            "%s",
        ]
        odd += [
            "(",
            ")",
            "bread)",
            "NEAR(bread, 1)",
            "bread:*",
            "bread:",
            ":bread",
            "tokens:bread",
            "rowid:1",
            "!bread",
        ]
        odd += ["bread & !butter", "bread | x", "bread <-> y", "^bread", "bread~2", "bread^3", "/bread/", "[a TO b]"]
        odd += [
            "🎉",
            "👨‍👩‍👧‍👦",
            "\ud800",
            "\u202ebread",
            "x" * 10_000,
            "bread " * 2000,
            "-x " * 2000,
            '"a ' * 3000,
            "{}",
            "%(p0)s",
        ]
        odd += [
            "-x",
            "-",
            "from:",
            "from:\0",
            "from:" + "x" * 5000,
            "since:0000-00-00",
            "lang:x y",
            "#",
            "@",
            "#*",
            '-"',
            "𝕓𝕣𝕖𝕒𝕕",
        ]
        for text in odd:
            with self.subTest(ascii(text[:40])):
                found(text)
        self.assertEqual(len(found("\0bread\0")), 1)
        self.assertEqual(len(found("𝕓𝕣𝕖𝕒𝕕")), 1)


class Order(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada = make_user("ada")

    def write(self, body, count=1, minutes=0):
        at = LONG_AGO + timedelta(minutes=minutes)
        return [make_post(self.ada, body, language="en", at=at + timedelta(seconds=n)).pk for n in range(count)]

    def test_the_best_match_has_the_words_more_often_in_a_shorter_text(self):
        best = self.write("Bread, bread!")[0]
        short = self.write("Bread is here.", minutes=1)[0]
        long = self.write("Somebody said that there might be bread somewhere behind the old station.", minutes=2)[0]
        self.assertEqual(corpus.walk("breads", "best"), [best, short, long])
        self.assertEqual(corpus.walk("breads", "newest"), [long, short, best])

    def test_what_matches_as_well_is_in_the_order_of_time(self):
        posts = self.write("Bread is here.", 30)
        self.assertEqual(corpus.walk("bread", "best"), posts[::-1])

    def test_nothing_is_lost_behind_what_is_ranked_together(self):
        with mock.patch.object(blocks, "BLOCK", 7), mock.patch.object(postgres, "WALK", 5):
            old = self.write("Bread, bread!", 5)
            new = self.write("Bread is here today.", 43, minutes=1)
            self.write("Soup", 20, minutes=2)
            walked = corpus.walk("bread", "best")
        self.assertEqual(set(walked), {*old, *new})
        self.assertEqual(walked[:7], new[:-8:-1])  # the newest seven are ranked before anything else is looked at

    def test_nobody_is_missed_or_shown_twice_while_others_write(self):
        posts = self.write("Bread is here.", 45)
        for order in ("best", "newest"):
            first = search.match("bread", viewer=VISITOR, order=order)
            self.write("Bread, bread!", minutes=10)
            second = search.match("bread", viewer=VISITOR, order=order, cursor=first.older)
            shown = [row[0] for row in (*first.rows, *second.rows)]
            self.assertEqual(shown, posts[:-41:-1])
            Post.objects.exclude(pk__in=posts).delete()

    def test_a_word_that_nobody_used_is_looked_up_and_not_walked_for(self):
        """On PostgreSQL: two statements however large the site is; see the benchmark for their time."""
        self.write("Bread is here.", 30)
        with CaptureQueriesContext(connection) as captured:
            search.match("sourdough", viewer=VISITOR)
        self.assertLessEqual(len(captured), 2)

    @skipUnless(connection.vendor == "postgresql", "the others' indexes know the places of words")
    def test_a_phrase_of_words_that_all_have_is_looked_up_too(self):
        """The index offers no post that has both of two short words, or characters, where they are no neighbours."""
        self.write("The cat and the dog of the house: 東に京.", 30)
        for asked, offered in {
            '"of and"': False,
            '"東京"': False,
            '"and the" "に京"': True,
            '"cat house"': True,
        }.items():
            values = postgres.Values()
            conditions = " AND ".join(postgres._conditions(Wanted(search.parse(asked)), values))
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL enable_seqscan = off")
                statement = f"EXPLAIN ANALYZE SELECT rowid FROM {TABLE} WHERE {conditions}"  # noqa: S608 - ours
                cursor.execute(statement, values.named())
                plan = "\n".join(line for (line,) in cursor.fetchall())
            [found] = re.findall(r"Bitmap Index Scan on search_vector .*rows=(\d+) ", plan)
            self.assertEqual(int(found) > 0, offered, asked)

    @skipUnless(connection.vendor == "postgresql", "the others end where they have enough")
    def test_a_beginning_beside_a_rare_word_is_compared_and_not_looked_up(self):
        rare = self.write("The sourdough is here.", 2)
        self.write("Bread is here.", 30)
        for asked, found, is_compared in (
            ("sourdough he*", rare, True),
            ("he* #nothing", [], True),
            ("from:ada nothing he*", [], True),
            ("bread so*", [], False),
            ("he* so*", rare, False),
        ):
            with mock.patch.object(postgres, "WALK", 10), CaptureQueriesContext(connection) as captured:
                hits = search.match(asked, viewer=VISITOR, order="newest")
            self.assertEqual([row[0] for row in hits.rows], found[::-1], asked)
            self.assertEqual("ts_match_vq" in str(captured.captured_queries), is_compared, asked)


class Cursors(TestCase):
    @classmethod
    def setUpTestData(cls):
        ada = make_user("ada")
        for number in range(25):
            make_post(ada, f"Bread number {number}")

    def test_reads_what_it_wrote(self):
        for hit in (Hit(5), Hit(END - 1, 0.0312345678, 17), Hit(1, 1e-20), Hit(7, -2.5, 9), Hit(7, 123456.125)):
            self.assertEqual(cursor.read(cursor.written("postgres", "best", hit), "postgres", "best"), hit)

    def test_of_another_engine_or_order_begins_the_list_anew(self):
        first = search.match("bread", viewer=VISITOR)
        other = first.older.replace(first.engine, "elastic")
        again = search.match("bread", viewer=VISITOR, cursor=other)
        self.assertTrue(again.restarted)
        self.assertEqual(again.rows, first.rows)
        self.assertTrue(search.match("bread", viewer=VISITOR, cursor=first.older, order="newest").restarted)
        self.assertFalse(search.match("bread", viewer=VISITOR, cursor=first.older).restarted)

    def test_anything_else_is_an_error(self):
        for text in (
            "x",
            "sqlite.best",
            "sqlite.worst.0.1.1",
            f"sqlite.best.0.{10**19}.1",
            "sqlite.best.nan.1.1",
            "\0",
        ):
            with self.assertRaises(search.CursorError):
                search.match("bread", viewer=VISITOR, cursor=text)

    def test_where_the_engine_fails_the_database_answers_and_says_so(self):
        broken = mock.Mock(NAME="elastic", **{"find.side_effect": EngineError("unreachable")})
        whole = search.match("bread", viewer=VISITOR)
        with mock.patch.object(search, "engine", lambda: broken):
            hits = search.match("bread", viewer=VISITOR)
            self.assertTrue(hits.degraded)
            self.assertEqual(hits.rows, whole.rows)
            # Its next page is found by the same engine; when the other one is back, the list begins anew.
            self.assertFalse(search.match("bread", viewer=VISITOR, cursor=hits.older).restarted)
            self.assertTrue(search.match("bread", viewer=VISITOR, cursor="elastic.best.1.5.9").restarted)


class Sight(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada, cls.bob, cls.cleo = make_user("ada"), make_user("bob"), make_user("cleo")
        cls.staff = make_user("boss", is_staff=True)
        cls.adas, cls.bobs = make_post(cls.ada, "Bread"), make_post(cls.bob, "Bread")

    def assert_found(self, expected, *viewers):
        for viewer in viewers:
            self.assertEqual(found("bread", viewer), {post.pk for post in expected}, str(viewer))

    def test_a_hidden_post_is_found_by_nobody_until_it_is_shown_again(self):
        self.adas.hide("advertising")
        self.assert_found([self.bobs], VISITOR, self.ada, self.bob, self.staff)
        self.adas.show()
        self.assert_found([self.adas, self.bobs], VISITOR, self.bob)

    def test_nor_what_suspended_people_wrote(self):
        self.ada.suspend()
        self.assert_found([self.bobs], VISITOR, self.bob, self.staff)
        self.assertEqual(found("from:ada"), set())
        self.ada.restore()
        self.assert_found([self.adas, self.bobs], VISITOR)

    def test_a_block_hides_each_from_the_other(self):
        self.ada.block(self.bob)
        self.assert_found([self.adas], self.ada)
        self.assert_found([self.bobs], self.bob)
        self.assert_found([self.adas, self.bobs], VISITOR, self.cleo)
        self.ada.unblock(self.bob)
        self.assert_found([self.adas, self.bobs], self.ada, self.bob)

    def test_a_mute_hides_them_from_who_muted_only(self):
        self.ada.mute(self.bob)
        self.assert_found([self.adas], self.ada)
        self.assert_found([self.adas, self.bobs], self.bob, VISITOR)

    def test_pages_are_full_of_what_may_be_seen(self):
        for _n in range(30):
            make_post(self.ada, "Bread")
            make_post(self.bob, "Bread")
        self.cleo.block(self.bob)
        for order in ("best", "newest"):
            self.assertEqual(len(search.match("bread", viewer=self.cleo, order=order).rows), search.PAGE)

    def test_the_database_has_the_last_word(self):
        """What an engine finds that is behind: nothing of it is shown."""
        behind = mock.Mock(NAME="elastic")
        behind.find.return_value = [Hit(self.adas.pk), Hit(self.bobs.pk), Hit(5)]
        Post.objects.filter(pk=self.bobs.pk).update(hidden_at=LONG_AGO)
        with mock.patch.object(search, "engine", lambda: behind):
            self.assertEqual([row[0] for row in search.match("bread", viewer=VISITOR).rows], [self.adas.pk])
            self.ada.block(self.cleo)
            self.assertEqual(search.match("bread", viewer=self.cleo).rows, [])
