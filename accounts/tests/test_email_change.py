import re
import threading
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.core import mail, signing
from django.db import connection
from django.test import Client, TestCase, TransactionTestCase, override_settings
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts.models import EmailChange, User
from accounts.tests.base import PASSWORD, make_user

PATH = "/accounts/settings/email/"
GONE = "This link no longer works"


class EmailChanges(TestCase):
    def setUp(self):
        self.ada = make_user("ada", email="old@example.com")
        self.client.force_login(self.ada)

    def ask(self, email="new@example.com", password=PASSWORD):
        with self.captureOnCommitCallbacks(execute=True):
            return self.client.post(PATH, {"email": email, "password": password})

    def link(self):
        return re.search(r"http://testserver(/accounts/settings/email/\S+)", mail.outbox[-1].body)[1]

    def confirm(self, link, client=None):
        with self.captureOnCommitCallbacks(execute=True):
            return (client or self.client).post(link)

    def address(self):
        return User.objects.get(pk=self.ada.pk).email

    def test_nothing_changes_before_the_new_mailbox_has_answered(self):
        response = self.ask()
        self.assertRedirects(response, PATH)
        self.assertContains(self.client.get(PATH), "new@example.com")
        self.assertEqual(self.address(), "old@example.com")
        (message,) = mail.outbox
        self.assertEqual(message.to, ["new@example.com"])
        self.assertEqual(message.subject, "Confirm your new address for Microblog")

    def test_the_link_shows_a_button_and_the_button_changes_the_address(self):
        self.ask()
        link = self.link()
        self.assertContains(self.client.get(link), "Use this address")
        self.assertEqual(self.address(), "old@example.com", "opening the link changed it")
        response = self.confirm(link)
        self.assertRedirects(response, PATH)
        self.assertEqual(self.address(), "new@example.com")
        self.assertContains(self.client.get(PATH), "new@example.com")
        self.assertEqual(User.objects.known_as("NEW@example.com"), self.ada)

    def test_the_old_address_is_told_and_then_forgotten(self):
        self.ask()
        self.confirm(self.link())
        notice = mail.outbox[1]
        self.assertEqual(notice.to, ["old@example.com"])
        self.assertIn("@ada uses another e-mail address from now on.", notice.body)
        self.assertNotIn("new@example.com", notice.body)
        self.assertFalse(EmailChange.objects.exists())

    def test_members_without_an_address_give_their_first(self):
        bob = make_user("bob", email="")
        self.client.force_login(bob)
        self.assertContains(self.client.get(PATH), "You have given no address yet.")
        self.ask()
        self.confirm(self.link())
        self.assertEqual(User.objects.get(pk=bob.pk).email, "new@example.com")
        self.assertEqual(len(mail.outbox), 1, "somebody was told though there was no old address")
        self.assertFalse(EmailChange.objects.exists())

    def test_the_link_works_once(self):
        self.ask()
        link = self.link()
        self.confirm(link)
        for response in (self.client.get(link), self.confirm(link)):
            self.assertContains(response, GONE, status_code=404)

    def test_the_link_works_for_a_day(self):
        self.ask()
        link = self.link()
        with patch.object(signing.time, "time", return_value=signing.time.time() + 24 * 3600 + 60):
            self.assertContains(self.client.get(link), GONE, status_code=404)
        self.assertEqual(self.client.get(link).status_code, 200)

    def test_a_newer_request_makes_the_older_link_useless(self):
        self.ask("first@example.com")
        first = self.link()
        self.ask("second@example.com")
        self.assertContains(self.client.get(first), GONE, status_code=404)
        self.confirm(self.link())
        self.assertEqual(self.address(), "second@example.com")

    def test_the_link_is_the_members_own(self):
        self.ask()
        link = self.link()
        stranger = Client()
        self.assertRedirects(stranger.get(link), f"/accounts/login/?next={link}", fetch_redirect_response=False)
        stranger.force_login(make_user("eve"))
        for response in (stranger.get(link), self.confirm(link, stranger)):
            self.assertContains(response, GONE, status_code=404)
        self.assertEqual(self.address(), "old@example.com")
        for bad in (link[:-3] + "xx/", PATH + "x/", PATH + signing.dumps(1) + "/"):
            self.assertContains(self.client.get(bad), GONE, status_code=404)

    def test_somebody_else_may_take_the_address_meanwhile(self):
        self.ask()
        link = self.link()
        make_user("eve", email="NEW@example.com")
        response = self.confirm(link)
        self.assertContains(response, "This address is taken", status_code=409)
        self.assertEqual(self.address(), "old@example.com")
        self.assertEqual(len(mail.outbox), 1)

    def refused(self, field, sentence, **fields):
        response = self.ask(**fields)
        self.assertEqual(response.status_code, 422)
        self.assertFormError(response.context["form"], field, sentence)
        self.assertFalse(EmailChange.objects.exists())
        self.assertEqual(mail.outbox, [])

    def test_asks_for_the_password(self):
        self.refused("password", "This is not your password.", password="wrong")

    def test_refuses_addresses_that_are_none_or_somebodys(self):
        make_user("eve", email="eve@example.com")
        taken = "Somebody uses this address here already. If it is you, sign in or reset the password."
        self.refused("email", taken, email="EVE@example.com")
        self.refused("email", "This is your address already.", email="old@example.com")
        self.refused("email", "Enter a valid email address.", email="<script>alert(1)</script>")
        for bad in ("", "n\0w@example.com", f"{'a' * 300}@example.com"):
            self.assertIn("email", self.ask(email=bad).context["form"].errors)

    def test_ones_own_address_in_another_case_is_no_elses(self):
        self.ask("OLD@example.com")
        self.confirm(self.link())
        self.assertEqual(self.address(), "OLD@example.com")

    def test_a_changed_password_stops_what_was_asked_for(self):
        self.ask()
        link = self.link()
        fields = {"old_password": PASSWORD, "new_password1": "another secret 1", "new_password2": "another secret 1"}
        self.client.post("/accounts/password_change/", fields)
        self.assertContains(self.client.get(link), GONE, status_code=404)

    def test_visitors_sign_in_first(self):
        for response in (Client().get(PATH), Client().post(PATH, {"email": "new@example.com", "password": PASSWORD})):
            self.assertRedirects(response, f"/accounts/login/?next={PATH}")

    def test_takes_no_post_without_the_token_of_the_form(self):
        self.ask()
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(self.ada)
        self.assertEqual(strict.post(PATH, {"email": "x@example.com", "password": PASSWORD}).status_code, 403)
        self.assertEqual(strict.post(self.link()).status_code, 403)
        self.assertEqual(self.address(), "old@example.com")

    @override_settings(TASKS={"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}})
    def test_the_queue_holds_no_address_and_no_token(self):
        self.ask()
        (queued,) = DBTaskResult.objects.all()
        self.assertEqual(queued.args_kwargs["args"], [EmailChange.objects.get().pk, "http://testserver", "en"])

    @override_settings(TASKS={"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}})
    def test_an_old_request_is_no_longer_shown(self):
        self.ask()
        self.assertContains(self.client.get(PATH), "The address changes when you open the link")
        EmailChange.objects.update(created_at=timezone.now() - timedelta(days=1, minutes=1))
        self.assertNotContains(self.client.get(PATH), "The address changes when you open the link")


@pytest.mark.postgres
class ConfirmAtTheSameMoment(TransactionTestCase):
    def test_a_double_click_is_one_change_and_one_notice(self):
        if connection.vendor == "sqlite":
            self.skipTest("threads can't share SQLite's database in memory")
        ada = make_user("ada", email="old@example.com")
        change = EmailChange.objects.start(ada, "new@example.com")
        barrier, statuses = threading.Barrier(3), []

        def press():
            client = Client()
            client.force_login(ada)
            barrier.wait()
            statuses.append(client.post(f"{PATH}{change.token}/").status_code)
            connection.close()

        threads = [threading.Thread(target=press) for _number in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertNotIn(500, statuses)
        self.assertIn(302, statuses)
        ada.refresh_from_db()
        self.assertEqual(ada.email, "new@example.com")
        self.assertEqual([message.to for message in mail.outbox], [["old@example.com"]])
