from django.test import TestCase

from accounts.tests.base import make_user
from blog.tests.base import make_post


class FirstSteps(TestCase):
    def test_a_member_signs_in_posts_follows_and_reads(self):
        ada, bob = make_user("ada"), make_user("bob")
        make_post(bob, "Bread. #sourdough @ada https://example.org/x")
        self.assertContains(self.client.get("/"), "Bread")
        self.client.post("/accounts/login/", {"username": "ADA@example.com", "password": "correct horse battery"})
        self.assertNotContains(self.client.get("/"), "Bread")
        ada.follow(bob)
        self.assertContains(self.client.get("/"), "Bread")
        self.client.post("/posts/", {"body": "Cheese."})
        page = self.client.get("/")
        self.assertContains(page, "Cheese")
        for path in ["/explore/", "/@bob/", "/tags/sourdough/", "/@ada/"]:
            self.assertEqual(self.client.get(path).status_code, 200)
