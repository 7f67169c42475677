import importlib

from django.apps import apps
from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.db import connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext

from accounts.models import NameWord, User
from accounts.suggestions import people_like
from accounts.tests.base import make_user


class PeopleWhoMightBeMeant(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.reader = make_user("reader")
        cls.ada = make_user("ada", name="Ada Lovelace")
        cls.adam = make_user("adam", name="Adam Ångström-Ruiz")
        cls.adele = make_user("Adele")
        cls.mei = make_user("mei", name="田中 メイ")
        cls.nadia = make_user("Надя", name="Надежда Ёлкина")

    def setUp(self):
        cache.clear()

    def names(self, prefix, viewer=None, limit=8):
        return [person.username for person in people_like(prefix, viewer or self.reader, limit)]

    def test_finds_the_beginning_of_a_username_or_of_any_word_of_a_name(self):
        self.assertEqual(self.names("love"), ["ada"])
        self.assertEqual(self.names("ruiz"), ["adam"])
        self.assertEqual(self.names("@me"), ["mei"])
        self.assertEqual(self.names("ove"), [])

    def test_of_any_script_and_case_and_whatever_the_accents(self):
        for typed in ("елк", "ЁЛК", "над", "＠НАДЯ"):
            self.assertEqual(self.names(typed), ["Надя"], typed)
        self.assertEqual(self.names("田"), ["mei"])
        for typed in ("angs", "Ångs", "ÅNGS"):
            self.assertEqual(self.names(typed), ["adam"], typed)
        jose = make_user("José")
        self.assertEqual(self.names("jose"), [jose.username])
        self.assertEqual(self.names("josé"), [jose.username])

    def test_those_one_follows_first_then_by_followers(self):
        for fan in ("fan1", "fan2"):
            make_user(fan).follow(self.adele)
        self.assertEqual(self.names("ad"), ["Adele", "ada", "adam"])
        self.reader.follow(self.adam)
        self.assertEqual(self.names("ad"), ["adam", "Adele", "ada"])
        self.assertEqual(self.names("ad", AnonymousUser()), ["Adele", "adam", "ada"])
        self.assertEqual(self.names("ad", limit=1), ["adam"])

    def test_whose_name_it_is_before_all(self):
        self.reader.follow(self.adam)
        self.assertEqual(self.names("ADA"), ["ada", "adam"])

    def test_nobody_who_is_blocked_or_muted_or_suspended_nor_oneself(self):
        self.ada.block(self.reader)
        self.reader.mute(self.adam)
        self.adele.suspend()
        self.assertEqual(self.names("ad"), [])
        self.assertEqual(self.names("re"), [])
        self.assertEqual(self.names("ad", AnonymousUser()), ["ada", "adam"])
        self.assertEqual(self.names("ad", make_user("boss", is_staff=True)), ["ada", "adam"])

    def test_what_is_typed_is_a_text_and_nothing_else(self):
        for typed in ("", "@", " ", "%", "_", "a%", "\0", "'--", "@@", "x" * 9999, "\ud800", "\u0301"):
            self.assertEqual(self.names(typed), [], repr(typed))

    def test_follows_the_name_when_it_changes(self):
        self.ada.name = "Augusta King"
        self.ada.save(update_fields=["name"])
        self.assertEqual(self.names("love"), [])
        self.assertEqual(self.names("king"), ["ada"])
        self.ada.name = ""
        self.ada.save()
        self.assertFalse(self.ada.name_words.exists())
        User.objects.bulk_create([User(username="bulk", name="Grace Hopper")])
        self.assertEqual(self.names("hop"), ["bulk"])

    def test_those_who_were_here_before_are_found_too(self):
        before = set(NameWord.objects.values_list("person", "word"))
        NameWord.objects.all().delete()
        importlib.import_module("accounts.migrations.0010_fill_name_words").fill(apps, None)
        self.assertEqual(set(NameWord.objects.values_list("person", "word")), before)

    def test_the_same_few_statements_however_many_there_are(self):
        costs = []
        for begin in (0, 400):
            User.objects.bulk_create([User(username=f"aa{n}", name="Anna Aal") for n in range(begin, begin + 400)])
            self.names("a")
            with CaptureQueriesContext(connection) as captured:
                self.assertEqual(len(self.names("a")), 8)
            costs.append(len(captured))
        self.assertEqual(costs[0], costs[1])
        self.assertLessEqual(costs[0], 5)

    def test_whom_one_follows_and_who_is_meant_are_among_however_many_begin_so(self):
        User.objects.bulk_create([User(username=f"aa{n}", name="Anna Aal") for n in range(600)])
        User.objects.bulk_create([User(username=name, name="Anna Aal") for name in ("zoe", "aazz")])
        zoe, last = User.objects.get(username="zoe"), User.objects.get(username="aazz")
        for person in (zoe, last):
            self.reader.follow(person)
        cache.clear()
        User.objects.update(follower_count=0)
        self.assertEqual(set(self.names("aa")[:2]), {"zoe", "aazz"})
        self.reader.follows_made.filter(followed=last).delete()
        User.objects.bulk_create([User(username="aal")])
        self.assertEqual(self.names("aal")[:2], ["aal", "zoe"])
