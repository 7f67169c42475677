from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test import TestCase

from accounts.models import User, sight
from accounts.tests.base import make_user


class Sight(TestCase):
    """All forms of the one rule agree, for everybody about everybody."""

    @classmethod
    def setUpTestData(cls):
        names = ("ada", "bob", "eve", "sue", "joe")
        cls.people = ada, bob, eve, sue, joe = [make_user(name) for name in names]
        cls.staff = make_user("mod", is_staff=True)
        ada.follow(bob)
        bob.follow(ada)
        ada.block(eve)
        joe.mute(ada)
        bob.mute(ada)
        sue.suspend()

    def test_what_is_asked_of_one_person_equals_the_condition(self):
        everybody = [*self.people, self.staff]
        for viewer in [AnonymousUser(), *everybody]:
            visible = set(User.objects.visible_to(viewer))
            for person in everybody:
                seen = sight.sees(viewer, person, sight.ties(viewer, person))
                self.assertEqual(seen, person in visible, f"{viewer} of {person}")

    def test_the_condition_equals_the_statement(self):
        everybody = User.objects.values_list("pk", flat=True)
        for viewer in [None, *self.people]:
            sql = sight.UNHEARD.format(reader=viewer.pk) if viewer else sight.SUSPENDED
            with connection.cursor() as cursor:
                cursor.execute(sql)
                unheard = {pk for (pk,) in cursor.fetchall()}
            heard = set(User.objects.heard_by(viewer).values_list("pk", flat=True))
            self.assertEqual(heard, set(everybody) - unheard, viewer)

    def test_ties_are_what_stands_between_two(self):
        ada, bob, eve, _sue, joe = self.people
        self.assertEqual(sight.ties(ada, bob), sight.Ties(followed=True, follows_you=True))
        self.assertEqual(sight.ties(bob, ada), sight.Ties(followed=True, follows_you=True, muted=True))
        self.assertEqual(sight.ties(ada, eve), sight.Ties(blocked=True))
        self.assertEqual(sight.ties(eve, ada), sight.Ties(blocks_you=True))
        self.assertEqual(sight.ties(joe, ada), sight.Ties(muted=True))
        self.assertEqual(sight.ties(AnonymousUser(), ada), sight.Ties())

    def test_a_block_ends_follows_both_ways_and_blocking_twice_is_once(self):
        ada, bob = self.people[:2]
        ada.block(bob)
        ada.block(bob)
        self.assertFalse(ada.follows(bob) or bob.follows(ada))
        self.assertEqual(ada.blocks_made.filter(blocked=bob).count(), 1)
        for person in (ada, bob):
            person.refresh_from_db()
            self.assertEqual((person.follower_count, person.following_count), (0, 0))

    def test_who_may_write_to_whom(self):
        ada, bob, eve, sue, joe = self.people
        for wanted in User.Writers.values:
            joe.messages_from = wanted
            self.assertEqual(bob.may_write_to(joe), wanted == "everyone", wanted)
        bob.messages_from = "followed"
        self.assertTrue(ada.may_write_to(bob))
        self.assertFalse(joe.may_write_to(bob))
        self.assertFalse(eve.may_write_to(ada) or ada.may_write_to(eve))
        self.assertFalse(ada.may_write_to(ada) or ada.may_write_to(sue))
