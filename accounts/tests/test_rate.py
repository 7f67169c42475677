from datetime import UTC, datetime, timedelta
from unittest.mock import patch

from django.test import TestCase, override_settings

from accounts.tests.base import PASSWORD, make_user
from microblog import ratelimit
from microblog.models import RateWindow

LOGIN = "/accounts/login/"


class Limited(TestCase):
    """A window could end between two posts of a test: time stands still here."""

    def setUp(self):
        self.now = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
        clock = patch.object(ratelimit, "datetime", wraps=datetime)
        self.clock = clock.start()
        self.clock.now.side_effect = lambda tz: self.now
        self.addCleanup(clock.stop)

    def status(self, path, fields, address="192.0.2.1"):
        return self.client.post(path, fields, REMOTE_ADDR=address).status_code


class SignInLimit(Limited):
    def setUp(self):
        super().setUp()
        self.ada = make_user("ada")

    def sign_in(self, username="ada", password="wrong", address="192.0.2.1"):  # noqa: S107 - a wrong one
        return self.status(LOGIN, {"username": username, "password": password}, address)

    def test_ten_wrong_passwords_for_one_member_from_anywhere_are_enough(self):
        for number in range(10):
            login = "ada" if number % 2 else "ADA@example.com"
            self.assertEqual(self.sign_in(login, address=f"192.0.2.{number}"), 422)
        self.assertEqual(self.sign_in(address="198.51.100.7"), 429)
        self.assertEqual(self.sign_in("ADA@example.com", PASSWORD), 429)
        self.assertNotIn("_auth_user_id", self.client.session)

    def test_says_when_to_come_back(self):
        for _number in range(10):
            self.sign_in()
        response = self.client.post(LOGIN, {"username": "ada", "password": PASSWORD})
        self.assertEqual(response.status_code, 429)
        self.assertEqual(response["Retry-After"], "900")

    def test_another_member_is_not_concerned(self):
        make_user("bob")
        for _number in range(11):
            self.sign_in()
        self.assertEqual(self.sign_in("bob", PASSWORD, "198.51.100.7"), 302)

    def test_a_quarter_of_an_hour_later_all_is_well(self):
        for _number in range(11):
            self.sign_in()
        self.now += timedelta(minutes=15)
        self.assertEqual(self.sign_in(password=PASSWORD), 302)

    def test_names_that_nobody_has_are_limited_alike(self):
        for _number in range(10):
            self.assertEqual(self.sign_in("nobody"), 422)
        self.assertEqual(self.sign_in("NOBODY"), 429)

    def test_fifty_wrong_passwords_from_one_address_are_enough(self):
        for number in range(50):
            self.assertEqual(self.sign_in(f"somebody{number}"), 422)
        self.assertEqual(self.sign_in("ada", PASSWORD), 429)
        self.assertEqual(self.sign_in("ada", PASSWORD, "198.51.100.7"), 302)

    def test_those_who_know_their_password_do_not_count(self):
        """A school behind one address signs in all morning."""
        for _number in range(60):
            self.assertEqual(self.sign_in(password=PASSWORD), 302)
            self.client.logout()
        self.assertFalse(RateWindow.objects.filter(n__gt=0).exists())

    def test_an_empty_form_does_not_count(self):
        for _number in range(12):
            self.assertEqual(self.status(LOGIN, {"username": "ada", "password": ""}), 422)
        self.assertEqual(self.sign_in(password=PASSWORD), 302)

    def test_no_name_or_address_is_kept(self):
        self.sign_in()
        for row in RateWindow.objects.all():
            self.assertNotRegex(row.key, r"ada|192\.0\.2")

    @override_settings(RATE_LIMITS=False)
    def test_can_be_switched_off_for_measuring(self):
        for _number in range(12):
            self.assertEqual(self.sign_in(), 422)
        self.assertEqual(self.sign_in(password=PASSWORD), 302)


class OtherLimits(Limited):
    def test_registrations_from_one_address(self):
        for _number in range(30):
            self.assertEqual(self.status("/accounts/register/", {}), 422)
        self.assertEqual(self.status("/accounts/register/", {}), 429)
        self.assertEqual(self.status("/accounts/register/", {}, "198.51.100.7"), 422)
        self.assertEqual(self.client.get("/accounts/register/").status_code, 200)

    def test_registrations_of_one_name(self):
        for number in range(20):
            self.assertEqual(self.status("/accounts/register/", {"username": "Ada"}, f"192.0.2.{number}"), 422)
        self.assertEqual(self.status("/accounts/register/", {"username": " aDA"}, "198.51.100.7"), 429)
        self.assertEqual(self.status("/accounts/register/", {"username": "bea"}, "198.51.100.7"), 422)
        self.assertEqual(self.status("/accounts/register/", {"username": "\0"}, "198.51.100.7"), 422)

    def test_resets_of_one_mailbox_whether_or_not_somebody_has_it(self):
        make_user("ada")
        for email in ("ada@example.com", "nobody@example.com"):
            for number in range(5):
                self.assertEqual(self.reset(email, f"192.0.2.{number}"), 302)
            self.assertEqual(self.reset(email.upper(), "198.51.100.7"), 429)

    def test_resets_from_one_address(self):
        for number in range(20):
            self.assertEqual(self.reset(f"a{number}@example.com"), 302)
        self.assertEqual(self.reset("other@example.com"), 429)
        self.assertEqual(self.reset("other@example.com", "198.51.100.7"), 302)

    def test_the_many_addresses_of_one_household_are_one(self):
        for number in range(20):
            self.assertEqual(self.reset(f"a{number}@example.com", f"2001:db8:1:2:{number}::7"), 302)
        self.assertEqual(self.reset("other@example.com", "2001:db8:1:2:ffff::1"), 429)
        self.assertEqual(self.reset("other@example.com", "2001:db8:1:3::1"), 302)
        for odd in ("::ffff:192.0.2.1", "fe80::1%eth0", "unix:", ""):
            self.assertEqual(self.reset(f"{len(odd)}@example.com", odd), 302)

    def reset(self, email, address="192.0.2.1"):
        return self.status("/accounts/password_reset/", {"email": email}, address)

    def test_changes_of_the_password(self):
        self.client.force_login(make_user("ada"))
        for _number in range(10):
            self.assertEqual(self.status("/accounts/password_change/", {"old_password": "guess"}), 422)
        self.assertEqual(self.status("/accounts/password_change/", {"old_password": "guess"}), 429)

    def test_changes_of_the_address(self):
        self.client.force_login(make_user("ada"))
        asked = {"email": "victim@example.com", "password": PASSWORD}
        for _number in range(3):
            self.assertEqual(self.status("/accounts/settings/email/", asked), 302)
        self.assertEqual(self.status("/accounts/settings/email/", asked), 429)
        for number in range(6):
            other = {"email": f"v{number}@example.com", "password": PASSWORD}
            self.assertEqual(self.status("/accounts/settings/email/", other), 302)
        self.assertEqual(self.status("/accounts/settings/email/", {}), 429)

    @override_settings(TRUST_PROXY=True)
    def test_behind_a_proxy_the_last_forwarded_address_counts(self):
        """What a client itself puts before it is not believed."""
        for number in range(20):
            forwarded = {"x-forwarded-for": f"10.0.0.{number}, 192.0.2.1"}
            self.client.post("/accounts/password_reset/", {"email": f"a{number}@example.com"}, headers=forwarded)
        forwarded = {"x-forwarded-for": "10.9.9.9, 192.0.2.1"}
        response = self.client.post("/accounts/password_reset/", {"email": "b@example.com"}, headers=forwarded)
        self.assertEqual(response.status_code, 429)
