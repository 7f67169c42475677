"""Leaving: the password is asked, and for two weeks signing in takes it back."""

from datetime import timedelta

from django.core import mail
from django.test import TestCase
from django.utils import timezone

from accounts.models import Departure, Session
from accounts.tests.base import PASSWORD, make_user, sign_in

LEAVE = "/accounts/settings/delete/"


class Leaving(TestCase):
    def setUp(self):
        self.ada = make_user("ada", post_count=3)
        sign_in(self.client, self.ada)

    def leave(self, password=PASSWORD):
        return self.client.post(LEAVE, {"password": password})

    def test_says_what_goes_and_what_stays_and_how_to_take_it_back(self):
        page = self.client.get(LEAVE)
        self.assertContains(page, "your 3 posts")
        self.assertContains(page, "Your likes and reposts go as well, and the messages that you wrote")
        self.assertContains(page, "What others wrote stays")
        self.assertContains(page, "Answers to your posts stay")
        self.assertContains(page, "For 14 days nothing else happens")
        assert not Departure.objects.exists()

    def test_signs_out_everywhere_and_tells_the_day(self):
        sign_in(self.client_class(), self.ada)
        answer = self.client.post(LEAVE, {"password": PASSWORD}, follow=True)
        self.assertContains(answer, "your account is deleted on")
        assert not Session.objects.filter(user=self.ada).exists()
        departure = Departure.objects.get(user=self.ada)
        assert timedelta(days=13, hours=23) < departure.due_at - timezone.now() <= timedelta(days=14)

    def test_tells_it_by_e_mail(self):
        with self.captureOnCommitCallbacks(execute=True):
            self.leave()
        (letter,) = mail.outbox
        assert letter.subject == "Your account on Microblog will be deleted"
        assert letter.to == ["ada@example.com"]
        assert "http://testserver/accounts/login/" in letter.body

    def test_a_wrong_password_changes_nothing(self):
        answer = self.leave("wrong")
        self.assertContains(answer, "This is not your password.", status_code=422)
        assert not Departure.objects.exists()
        assert Session.objects.filter(user=self.ada).exists()

    def test_passwords_can_not_be_guessed_here(self):
        codes = [self.leave("wrong").status_code for _try in range(11)]
        assert codes == [422] * 10 + [429]

    def test_signing_in_takes_it_back_and_says_so(self):
        self.leave()
        answer = self.client.post("/accounts/login/", {"username": "ada", "password": PASSWORD}, follow=True)
        self.assertContains(answer, "Your account is not deleted.")
        assert not Departure.objects.exists()

    def test_who_did_not_leave_is_told_nothing_at_sign_in(self):
        self.client.post("/accounts/logout/")
        answer = self.client.post("/accounts/login/", {"username": "ada", "password": PASSWORD}, follow=True)
        self.assertNotContains(answer, "not deleted")

    def test_asking_twice_does_not_move_the_day(self):
        first = Departure.objects.ask(self.ada)
        assert Departure.objects.ask(self.ada).due_at == first.due_at

    def test_the_staff_gives_back_its_rights_first(self):
        self.client.force_login(make_user("root", is_staff=True, is_superuser=True))
        self.assertContains(self.leave(), "You look after this site.", status_code=422)
        assert not Departure.objects.exists()

    def test_a_visitor_signs_in_first(self):
        self.client.logout()
        for answer in (self.client.get(LEAVE), self.leave()):
            self.assertRedirects(answer, f"/accounts/login/?next={LEAVE}")

    def test_once_removing_has_begun_it_is_not_taken_back(self):
        departure = Departure.objects.ask(self.ada)
        assert not departure.begin()  # the time of grace is not over
        Departure.objects.update(due_at=timezone.now())
        assert departure.begin()
        assert not Departure.objects.cancel(self.ada)
