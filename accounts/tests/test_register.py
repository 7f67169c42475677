import threading

import pytest
from django.core import mail
from django.db import connection
from django.test import Client, TestCase, TransactionTestCase, override_settings

from accounts.forms import RegisterForm
from accounts.models import User
from accounts.tests.base import make_user

PATH = "/accounts/register/"
MAD = "a maddening secret"


def typed(**changes):
    return {"username": "ada", "email": "ada@example.com", "password1": MAD, "password2": MAD, **changes}


class Register(TestCase):
    def refused(self, field, sentence, **changes):
        """The form comes back with the sentence beside the field, keeping what was typed; nobody is made."""
        before = User.objects.count()
        response = self.client.post(PATH, typed(**changes))
        self.assertEqual(response.status_code, 422)
        self.assertFormError(response.context["form"], field, sentence)
        self.assertEqual(User.objects.count(), before)
        self.assertNotIn("_auth_user_id", self.client.session)
        for name in ("username", "email"):
            self.assertEqual(response.context["form"][name].value(), typed(**changes)[name])
        self.assertNotContains(response, MAD, status_code=422)
        return response

    def test_shows_the_form(self):
        response = self.client.get(PATH)
        self.assertContains(response, "Join Microblog", count=2)  # the title and the heading
        for name in ("username", "email", "password1", "password2", "remember"):
            self.assertContains(response, f'name="{name}"')

    def test_makes_a_member_who_is_signed_in_at_once(self):
        response = self.client.post(PATH, typed(remember="on"), follow=True)
        ada = User.objects.get()
        self.assertEqual((ada.username, ada.email), ("ada", "ada@example.com"))
        self.assertTrue(ada.check_password(MAD))
        self.assertEqual(response.wsgi_request.user, ada)
        self.assertRedirects(response, "/")
        self.assertContains(response, "Congratulations, you are a member now.")

    def test_goes_where_the_newcomer_wanted_to_go(self):
        page = self.client.get(PATH + "?next=/explore/")
        self.assertContains(page, '<input type="hidden" name="next" value="/explore/">', html=True)
        response = self.client.post(PATH, typed(next="/explore/"))
        self.assertRedirects(response, "/explore/")

    def test_never_leaves_the_site(self):
        for number, url in enumerate(
            ["//evil.example", "/\\evil.example", "https://evil.example/", "javascript:alert(1)", "///evil.example"]
        ):
            client = Client()
            response = client.post(PATH, typed(username=f"a{number}", email=f"a{number}@example.com", next=url))
            self.assertRedirects(response, "/", fetch_redirect_response=False)
            self.assertEqual(Client().get(PATH, {"next": url}).context["next"], "")

    def test_sends_members_home(self):
        self.client.force_login(make_user("bob"))
        for response in (self.client.get(PATH), self.client.post(PATH, typed())):
            self.assertRedirects(response, "/", fetch_redirect_response=False)
        self.assertFalse(User.objects.named("ada").exists())

    def test_a_name_or_an_address_is_taken_in_whatever_case(self):
        make_user("Ada", email="First@Example.com")
        self.refused(
            "username", "Somebody has this name already. Choose another.", username="aDA", email="other@example.com"
        )
        self.refused(
            "email",
            "Somebody uses this address here already. If it is you, sign in or reset the password.",
            username="other",
            email="fIRST@example.COM",
        )

    def test_a_name_composed_otherwise_is_the_same_name(self):
        self.client.post(PATH, typed(username="Zoe\u0308"))
        self.assertEqual(User.objects.get().username, "Zo\u00eb")
        self.client.logout()
        self.refused(
            "username",
            "Somebody has this name already. Choose another.",
            username="ZO\u00cb",
            email="other@example.com",
        )

    def test_keeps_the_names_of_the_site_for_the_site(self):
        for name in ("admin", "Admin", "SUPPORT", "ａｄｍｉｎ"):
            self.refused("username", "This name is kept for the site itself. Choose another.", username=name)

    def test_refuses_names_of_other_characters(self):
        for name in ("a b", "a/b", "a@b", "...", "<script>", "a\u202eb", "\ufdfa", "\ufdf4" * 64):
            self.refused("username", "Use letters, digits, and _ . - only.", username=name)

    def test_refuses_what_is_too_long_or_missing(self):
        self.refused("username", "Ensure this value has at most 64 characters (it has 10000).", username="a" * 10_000)
        self.refused("username", "This field is required.", username="")
        long = f"{'a' * 300}@example.com"
        self.refused("email", ["Ensure this value has at most 254 characters (it has 312)."], email=long)
        self.refused("email", "Enter a valid email address.", email="ada at example")

    def test_refuses_nul_bytes_in_every_field(self):
        for name in ("username", "email", "password1", "password2"):
            response = self.client.post(PATH, typed(**{name: "ad\0a"}))
            self.assertIn(
                "Null characters are not allowed.", response.context["form"].errors[name], f"{name} takes a NUL byte"
            )
        self.assertFalse(User.objects.exists())

    def test_escapes_script_in_every_field(self):
        evil = '"><script>alert(1)</script>'
        response = self.client.post(PATH, dict.fromkeys(typed(), evil))
        self.assertNotContains(response, "<script>alert", status_code=422)
        self.assertContains(response, "&lt;script&gt;alert", status_code=422)

    def test_asks_for_a_password_that_is_not_easy_to_guess(self):
        self.refused(
            "password1",
            ["This password is too common.", "This password is entirely numeric."],
            password1="12345678",
            password2="12345678",
        )
        self.refused(
            "password1",
            "The password is too similar to the username.",
            username="adalovelace",
            password1="adalovelace1",
            password2="adalovelace1",
        )
        self.refused("password2", "The two passwords differ. Type them again.", password2="something else")

    def test_a_password_keeps_its_blanks(self):
        self.client.post(PATH, typed(password1="  two blanks  ", password2="  two blanks  "))
        self.assertTrue(User.objects.get().check_password("  two blanks  "))

    def test_writes_a_welcome(self):
        with self.captureOnCommitCallbacks(execute=True):
            self.client.post(PATH, typed())
        (message,) = mail.outbox
        self.assertEqual(message.to, ["ada@example.com"])
        self.assertEqual(message.subject, "Welcome to Microblog")
        self.assertIn("http://testserver/@ada/", message.body)

    def test_takes_no_post_without_the_token_of_the_form(self):
        self.assertEqual(Client(enforce_csrf_checks=True).post(PATH, typed()).status_code, 403)
        self.assertFalse(User.objects.exists())

    def test_the_later_of_two_at_once_gets_the_error_of_the_form(self):
        """Both forms found the name free; saving tells."""
        for rival, field in (("ada", "username"), ("other", "email")):
            form = RegisterForm(typed())
            self.assertTrue(form.is_valid())
            make_user(rival, email="ada@example.com" if field == "email" else "other@example.com")
            self.assertIsNone(form.register())
            self.assertEqual(list(form.errors), [field])
            User.objects.all().delete()


@pytest.mark.postgres
class RegisterAtTheSameMoment(TransactionTestCase):
    def test_one_wins_and_the_others_get_the_form(self):
        if connection.vendor == "sqlite":
            self.skipTest("threads can't share SQLite's database in memory")
        barrier, statuses = threading.Barrier(4), []

        def register(number):
            barrier.wait()
            response = Client().post(PATH, typed(email=f"{number}@example.com"))
            statuses.append(response.status_code)
            connection.close()

        threads = [threading.Thread(target=register, args=[number]) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(statuses), [302, 422, 422, 422])
        self.assertEqual(User.objects.count(), 1)


@override_settings(SITE_URL="https://blog.example")
class RegisterElsewhere(TestCase):
    def test_links_in_e_mails_lead_to_the_site_whatever_the_host_says(self):
        with self.captureOnCommitCallbacks(execute=True):
            self.client.post(PATH, typed(), headers={"host": "localhost"})
        self.assertIn("https://blog.example/@ada/", mail.outbox[0].body)
        self.assertNotIn("localhost", mail.outbox[0].body)
