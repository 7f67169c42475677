"""Who hears somebody: the same answer from both sides."""

from itertools import permutations

from django.test import TestCase

from accounts.models import User
from accounts.tests.base import make_user


class Hearing(TestCase):
    def test_whoever_hears_somebody_is_heard_of_by_the_other_question(self):
        ada, bob, eve, tom, spam = people = [make_user(name) for name in ("ada", "bob", "eve", "tom", "spam")]
        ada.block(bob)
        eve.mute(ada)
        tom.mute(bob)
        spam.suspend()
        heard = {
            (a.username, b.username): User.objects.heard_by(a).filter(pk=b.pk).exists() for a in people for b in people
        }
        for one, other in permutations(people, 2):
            hearing = User.objects.filter(pk=one.pk).hearing(other).exists()
            self.assertEqual(hearing, heard[one.username, other.username], (one, other))
        self.assertEqual(sum(not answer for answer in heard.values()), 4 + 5)
