from django.test import Client, TestCase

from accounts.models import Session
from accounts.tests.base import PASSWORD, make_user, sign_in

PATH = "/accounts/login/"
WRONG = "This name and this password do not belong together. Check both, or reset the password."
EVIL = [
    "//evil.example",
    "/\\evil.example",
    "///evil.example",
    "http:evil.example",
    "https://evil.example/",
    "javascript:alert(1)",
    "\t//evil.example",
    "\x08//evil.example",
]


class SignIn(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada = make_user("Ada", email="Ada@Example.com")

    def post(self, username="ada", password=PASSWORD, **fields):
        return self.client.post(PATH, {"username": username, "password": password, **fields})

    def signed_in(self):
        return self.client.session.get("_auth_user_id") == str(self.ada.pk)

    def test_takes_the_name_or_the_address_in_whatever_case(self):
        for login in ("Ada", "aDA", " ada ", "ada@example.com", "ADA@EXAMPLE.COM"):
            self.assertRedirects(self.post(login), "/", fetch_redirect_response=False)
            self.assertTrue(self.signed_in(), login)
            self.client.logout()

    def test_says_nothing_about_which_half_is_wrong(self):
        for login, password in (("ada", "wrong"), ("nobody", PASSWORD), ("no@example.com", PASSWORD), ("a\0da", "x")):
            response = self.post(login.replace("\0", "\ufffd"), password)
            self.assertFormError(response.context["form"], None, WRONG)
            self.assertEqual(response.status_code, 422)
            self.assertFalse(self.signed_in())

    def test_keeps_the_name_that_was_typed_and_not_the_password(self):
        response = self.post("ada", "wrong but mine")
        self.assertContains(response, 'value="ada"', status_code=422)
        self.assertNotContains(response, "wrong but mine", status_code=422)

    def test_answers_bad_input_beside_the_field(self):
        for field, value in (("username", "a\0da"), ("username", "a" * 10_000), ("password", "a\0"), ("password", "")):
            response = self.client.post(PATH, {"username": "ada", "password": "x", field: value})
            self.assertIn(field, response.context["form"].errors)

    def test_escapes_script(self):
        evil = '"><script>alert(1)</script>'
        response = self.client.post(PATH + "?next=" + evil, {"username": evil, "password": evil, "next": evil})
        self.assertNotContains(response, "<script>alert", status_code=422)

    def test_a_password_is_not_trimmed(self):
        self.ada.set_password("  blanks  ")
        self.ada.save()
        self.post(password="blanks")
        self.assertFalse(self.signed_in())
        self.post(password="  blanks  ")
        self.assertTrue(self.signed_in())

    def test_stays_signed_in_only_when_asked_to(self):
        self.assertEqual(self.post(remember="on").cookies["sessionid"]["max-age"], 30 * 24 * 3600)
        self.client.logout()
        cookie = self.post().cookies["sessionid"]
        self.assertEqual((cookie["max-age"], cookie["expires"]), ("", ""))

    def test_the_box_is_ticked_to_begin_with(self):
        self.assertContains(self.client.get(PATH), "checked")
        self.assertNotContains(self.post(password="wrong"), "checked", status_code=422)

    def test_goes_on_to_where_one_wanted_to_go(self):
        page = self.client.get(PATH + "?next=/accounts/settings/")
        self.assertContains(page, '<input type="hidden" name="next" value="/accounts/settings/">', html=True)
        self.assertRedirects(self.post(next="/accounts/settings/"), "/accounts/settings/")

    def test_never_leaves_the_site(self):
        for url in EVIL:
            self.assertEqual(self.client.get(PATH, {"next": url}).context["next"], "")
            self.assertRedirects(self.post(next=url), "/", fetch_redirect_response=False)
            # signed in already
            self.assertRedirects(self.client.get(PATH, {"next": url}), "/", fetch_redirect_response=False)
            self.client.logout()

    def test_takes_no_word_for_an_address(self):
        """`redirect("letters")` looks for a view of that name, and crashes."""
        for url in ("letters", "?page=2", "a/b", "blog:home", "\0", "-1", "/" + "a" * 5000):
            self.assertRedirects(self.post(next=url), "/", fetch_redirect_response=False)
            self.assertRedirects(self.client.get(PATH, {"next": url}), "/", fetch_redirect_response=False)
            self.client.logout()

    def test_tells_a_suspended_member_who_knows_the_password(self):
        self.ada.suspend()
        response = self.post()
        self.assertContains(response, "This account is suspended.", status_code=422)
        self.assertFalse(self.signed_in())
        self.assertNotContains(self.post(password="wrong"), "suspended", status_code=422)

    def test_changes_the_key_of_the_session(self):
        self.client.get(PATH)
        session = self.client.session
        session["seen"] = "as a visitor"
        session.save()
        before = session.session_key
        self.client.cookies["sessionid"] = before
        self.post()
        self.assertNotEqual(self.client.session.session_key, before)
        self.assertFalse(Session.objects.filter(pk=before).exists())

    def test_takes_no_post_without_the_token_of_the_form(self):
        strict = Client(enforce_csrf_checks=True)
        self.assertEqual(strict.post(PATH, {"username": "ada", "password": PASSWORD}).status_code, 403)

    def test_is_never_cached(self):
        self.assertIn("no-store", self.client.get(PATH)["Cache-Control"])


class SignOut(TestCase):
    PATH = "/accounts/logout/"

    def setUp(self):
        self.ada = make_user("ada")
        sign_in(self.client, self.ada)

    def test_ends_the_session(self):
        key = self.client.session.session_key
        response = self.client.post(self.PATH, follow=True)
        self.assertRedirects(response, "/")
        self.assertContains(response, "You are signed out.")
        self.assertFalse(response.wsgi_request.user.is_authenticated)
        self.assertFalse(Session.objects.filter(pk=key).exists())

    def test_is_a_post_with_a_token(self):
        self.assertEqual(self.client.get(self.PATH).status_code, 405)
        strict = Client(enforce_csrf_checks=True)
        strict.cookies = self.client.cookies
        self.assertEqual(strict.post(self.PATH).status_code, 403)
        self.assertEqual(self.ada.sessions.count(), 1)

    def test_twice_is_once(self):
        for _time in range(2):
            self.assertRedirects(self.client.post(self.PATH), "/", fetch_redirect_response=False)

    def test_never_leaves_the_site(self):
        for url in EVIL:
            response = self.client.post(self.PATH, {"next": url})
            self.assertRedirects(response, "/", fetch_redirect_response=False)
