from django.test import TestCase

from accounts.tests.base import make_user

MOVED = {
    "/index": "/",
    "/index?page=3": "/",
    "/explore": "/explore/",
    "/explore?page=2": "/explore/",
    "/search": "/search/",
    "/search?q=bread&page=2": "/search/?q=bread",
    "/search?q=%C3%BCber+%22a+b%22": "/search/?q=%C3%BCber+%22a+b%22",
    "/edit_profile": "/accounts/settings/",
    "/export_posts": "/jobs/",
    "/user/ada": "/@ada/",
    "/user/ada?page=2": "/@ada/",
    "/user/ada/popup": "/@ada/card/",
    "/user/Zo%C3%AB": "/@Zo%C3%AB/",
    "/follow/ada": "/@ada/",
    "/unfollow/ada": "/@ada/",
    "/messages": "/messages/",
    "/messages?page=2": "/messages/",
    "/send_message/ada": "/messages/@ada/",
    "/auth/login": "/accounts/login/",
    "/auth/login?next=%2Fexplore%3Fpage%3D2": "/accounts/login/?next=%2Fexplore%3Fpage%3D2",
    "/auth/register": "/accounts/register/",
    "/auth/logout": "/",
    "/auth/reset_password_request": "/accounts/password_reset/",
    "/auth/reset_password/eyJhbGciOi.eyJyZXNl.x": "/accounts/password_reset/",
}
EVIL = (
    "//evil.example",
    "/\\evil.example",
    "https://evil.example/",
    "javascript:alert(1)",
    "%0d%0aLocation:x",
    "///evil.example",
)


class OldAddresses(TestCase):
    def test_each_page_of_the_flask_microblog_redirects_for_good(self):
        for old, new in MOVED.items():
            with self.subTest(old):
                answer = self.client.get(old)
                self.assertEqual((answer.status_code, answer.headers["Location"]), (301, new))
                self.assertIn("max-age", answer.headers["Cache-Control"])

    def test_next_leads_nowhere_else(self):
        for evil in EVIL:
            with self.subTest(evil):
                answer = self.client.get(f"/auth/login?next={evil}")
                self.assertEqual(answer.headers["Location"], "/accounts/login/")

    def test_following_by_get_follows_nobody(self):
        ada, bob = make_user("ada"), make_user("bob")
        self.client.force_login(bob)
        self.client.get("/follow/ada")
        self.assertFalse(bob.follows(ada))

    def test_signing_out_by_get_signs_nobody_out(self):
        self.client.force_login(make_user("ada"))
        self.client.get("/auth/logout")
        self.assertEqual(self.client.get("/@ada/").context["user"].username, "ada")

    def test_they_take_no_post(self):
        self.assertEqual(self.client.post("/follow/ada").status_code, 405)
