import re
from datetime import datetime, timedelta
from unittest.mock import patch

from django.contrib.auth import tokens
from django.core import mail
from django.db import connection
from django.test import Client, TestCase, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from django_tasks_db.models import DBTaskResult

from accounts import tasks
from accounts.tests.base import PASSWORD, make_user, sign_in

ASK = "/accounts/password_reset/"
DONE = "/accounts/password_reset/done/"
NEW = {"new_password1": "another long secret", "new_password2": "another long secret"}


class Reset(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada = make_user("ada", email="Ada@Example.com")

    def ask(self, email="ada@example.com", **headers):
        with self.captureOnCommitCallbacks(execute=True):
            return self.client.post(ASK, {"email": email}, headers=headers)

    def link(self):
        """The path that the newest e-mail leads to."""
        return re.search(r"http://testserver(/accounts/reset/\S+)", mail.outbox[-1].body)[1]

    def open(self, link=None):
        """Follow the link to the page with the form. Return its address."""
        response = self.client.get(link or self.link())
        self.assertEqual(response.status_code, 302, "the link is refused")
        return response.url

    def test_sends_a_link_to_the_address_as_the_member_wrote_it(self):
        self.assertRedirects(self.ask("ADA@EXAMPLE.COM"), DONE)
        (message,) = mail.outbox
        self.assertEqual(message.to, ["Ada@Example.com"])
        self.assertEqual(message.subject, "Set a new password for Microblog")
        (html, kind) = message.alternatives[0]
        self.assertEqual(kind, "text/html")
        self.assertIn(self.link(), html)
        for text in (message.body, html):
            self.assertIn("@ada", text)
            self.assertIn("You get this e-mail because", text)

    def test_answers_alike_when_nobody_has_the_address(self):
        self.assertRedirects(self.ask("nobody@example.com"), DONE)
        self.assertEqual(mail.outbox, [])

    def test_takes_as_many_queries_when_nobody_has_the_address(self):
        with override_settings(TASKS={"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}):
            self.ask()  # the first one may fill caches
            with CaptureQueriesContext(connection) as known:
                self.ask()
            with self.assertNumQueries(len(known)):
                self.ask("nobody@example.com")

    def test_the_link_sets_the_password_once(self):
        self.ask()
        link = self.link()
        page = self.open(link)
        self.assertNotIn(link.split("/")[-2], page, "the token stays in the address of the page")
        self.assertContains(self.client.get(page), "Set a new password")
        self.assertRedirects(self.client.post(page, NEW), "/accounts/reset/done/")
        self.ada.refresh_from_db()
        self.assertTrue(self.ada.check_password(NEW["new_password1"]))
        for client in (self.client, Client()):
            self.assertContains(client.get(link), "This link no longer works", status_code=404)
            self.assertContains(client.post(page, NEW), "This link no longer works", status_code=404)

    def test_the_link_expires_after_an_hour(self):
        self.ask()
        later = datetime.now() + timedelta(minutes=61)
        with patch.object(tokens.PasswordResetTokenGenerator, "_now", lambda self: later):
            self.assertContains(self.client.get(self.link()), "This link no longer works", status_code=404)

    def test_a_link_that_was_tampered_with_is_none(self):
        self.ask()
        link = self.link()
        other = make_user("eve")
        for bad in (
            link[:-2] + ("a/" if link[-2] != "a" else "b/"),
            re.sub(r"reset/[^/]+", f"reset/{'A' * 3000}", link),
            re.sub(r"reset/[^/]+", "reset/AA%00", link),
            re.sub(r"reset/[^/]+", f"reset/{other.pk}", link),
            re.sub(r"reset/[^/]+", "reset/OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk", link),
            "/accounts/reset/x/set-password/",
        ):
            self.assertEqual(self.client.get(bad).status_code, 404, bad)

    def test_ends_every_session_of_the_member_and_no_other(self):
        bob = make_user("bob")
        clients = [Client() for _number in range(3)]
        for client, user in zip(clients, (self.ada, self.ada, bob), strict=True):
            sign_in(client, user)
        self.ada.email_changes.create(email="eve@example.com")
        sign_in(self.client, self.ada)
        self.ask()
        self.assertRedirects(self.client.post(self.open(), NEW), "/accounts/reset/done/")
        self.assertEqual(self.ada.sessions.count(), 0)
        self.assertEqual(bob.sessions.count(), 1)
        self.assertFalse(self.ada.email_changes.exists(), "a change of address that somebody else began goes on")
        self.assertEqual(self.client.get("/accounts/settings/").status_code, 302)
        self.assertEqual(clients[0].get("/accounts/settings/").status_code, 302)
        self.assertEqual(clients[2].get("/accounts/settings/").status_code, 200)

    def test_leaves_somebody_else_signed_in_at_this_browser(self):
        bob = make_user("bob")
        sign_in(self.client, bob)
        self.ask()
        self.client.post(self.open(), NEW)
        self.assertEqual(self.client.get("/accounts/settings/").status_code, 200)

    def test_saves_nothing_of_the_member_but_the_password(self):
        self.ask()
        page = self.open()
        bob = make_user("bob")
        with patch("accounts.forms.passwords.User.set_password", autospec=True) as set_password:
            set_password.side_effect = lambda user, raw: bob.follow(self.ada)  # at the worst moment
            self.client.post(page, NEW)
        self.ada.refresh_from_db()
        self.assertEqual(self.ada.follower_count, 1)

    def test_says_what_is_wrong_with_a_password(self):
        self.ask()
        page = self.open()
        for fields, field, sentence in (
            ({"new_password2": "something else"}, "new_password2", "The two passwords differ. Type them again."),
            ({"new_password1": "ada", "new_password2": "ada"}, "new_password1", None),
            ({"new_password1": "a\0" * 9}, "new_password1", None),
        ):
            response = self.client.post(page, {**NEW, **fields})
            self.assertEqual(response.status_code, 422)
            errors = response.context["form"].errors[field]
            self.assertTrue(sentence is None or sentence in errors, errors)
        self.assertTrue(type(self.ada).objects.get().check_password(PASSWORD))

    def test_after_it_the_wrong_guesses_are_forgotten(self):
        for _number in range(11):
            status = sign_in(Client(), self.ada, "guess").status_code
        self.assertEqual(status, 429)
        self.ask()
        self.client.post(self.open(), NEW)
        self.assertEqual(sign_in(self.client, self.ada, NEW["new_password1"]).status_code, 302)

    def test_the_suspended_get_no_link_and_an_older_one_is_none(self):
        self.ask()
        self.ada.suspend()
        self.assertEqual(self.client.get(self.link()).status_code, 404)
        self.ask()
        self.assertEqual(len(mail.outbox), 1)

    def test_members_without_a_password_get_one(self):
        self.ada.set_unusable_password()
        self.ada.save()
        self.ask()
        self.client.post(self.open(), NEW)
        self.assertRedirects(sign_in(self.client, self.ada, NEW["new_password1"]), "/")

    def test_is_written_in_the_language_of_the_member_else_of_the_page(self):
        several = override_settings(LANGUAGES=[("en", "English"), ("es", "Español"), ("ru", "Русский")])
        with several, patch("accounts.emails.translation.override", wraps=translation.override) as used:
            self.ask(**{"accept-language": "es"})
            used.assert_called_with("es")
            type(self.ada).objects.update(language="ru")
            self.ask(**{"accept-language": "es"})
            used.assert_called_with("ru")

    def test_answers_bad_input_beside_the_field(self):
        for email in ("", "ada at example", "a\0da@example.com", f"{'a' * 300}@example.com", "<script>@example.com"):
            response = self.client.post(ASK, {"email": email})
            self.assertIn("email", response.context["form"].errors)
            self.assertNotContains(response, "<script>@", status_code=422)

    def test_takes_no_post_without_the_token_of_the_form(self):
        strict = Client(enforce_csrf_checks=True)
        self.assertEqual(strict.post(ASK, {"email": "ada@example.com"}).status_code, 403)
        self.ask()
        strict.get(self.link())
        self.assertEqual(strict.post(self.open(), NEW).status_code, 403)

    @override_settings(TASKS={"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}})
    def test_the_queue_holds_no_address_and_no_token(self):
        self.ask()
        (queued,) = DBTaskResult.objects.all()
        self.assertEqual(queued.task_path, "accounts.tasks.send_reset")
        self.assertEqual(queued.args_kwargs["args"], [self.ada.pk, "http://testserver", "en"])

    @override_settings(SITE_URL="https://blog.example", ALLOWED_HOSTS=["*"])
    def test_the_link_leads_to_the_site_whatever_the_host_says(self):
        self.ask(host="evil.example")
        self.assertIn("https://blog.example/accounts/reset/", mail.outbox[0].body)
        for text in (mail.outbox[0].body, mail.outbox[0].alternatives[0][0]):
            self.assertNotIn("evil.example", text)

    def test_a_host_that_is_not_ours_gets_no_link(self):
        self.assertEqual(self.ask(host="evil.example").status_code, 400)
        with override_settings(ALLOWED_HOSTS=["*"]):
            self.assertRedirects(self.ask(host="evil.example"), "/accounts/password_reset/done/")
        self.assertEqual(mail.outbox, [])

    def test_nothing_is_sent_for_nobody(self):
        for pk in (0, 10**6):
            tasks.send_reset.func(pk, "http://testserver", "en")
        self.assertEqual(mail.outbox, [])
