from django.test import Client, TestCase

from accounts.tests.base import PASSWORD, make_user
from blog.models import Message, Post

TEXT = "Half an hour of thinking, in one line."


class Drafts(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada = make_user("ada")

    def sign_in(self, client: Client, **fields: str):
        data = {"username": "ada", "password": PASSWORD, **fields}
        return client.post("/accounts/login/", data)

    def test_what_was_posted_with_an_expired_session_is_in_the_form_after_signing_in(self):
        response = self.client.post("/posts/", {"body": TEXT})
        self.assertEqual(response.status_code, 302)
        self.assertIn("/accounts/login/", response["Location"])
        self.sign_in(self.client)
        home = self.client.get("/")
        self.assertContains(home, TEXT)
        self.assertContains(home, "What you had written is back.")
        self.assertFalse(Post.objects.exists())

    def test_it_is_shown_once(self):
        self.client.post("/posts/", {"body": TEXT})
        self.sign_in(self.client)
        self.client.get("/")
        self.assertNotContains(self.client.get("/"), TEXT)

    def test_other_browsers_never_see_it(self):
        self.client.post("/posts/", {"body": TEXT})
        other = Client()
        self.sign_in(other)
        self.assertNotContains(other.get("/"), TEXT)

    def test_an_empty_text_makes_no_session(self):
        self.client.post("/posts/", {"body": " "})
        self.assertNotIn("sessionid", self.client.cookies)

    def test_few_are_kept_and_none_is_endless(self):
        for n in range(5):
            self.client.post("/posts/", {"body": f"{n}" * 20_000})
        (draft,) = self.client.session["drafts"].values()
        self.assertEqual(draft, "4" * 10_000)

    def test_so_is_a_message(self):
        make_user("bea")
        response = self.client.post("/messages/@bea/", {"body": TEXT, "after": "0"})
        self.assertRedirects(response, "/accounts/login/?next=/messages/%40bea/")
        self.sign_in(self.client)
        page = self.client.get("/messages/@bea/")
        self.assertContains(page, f">\n{TEXT}</textarea>")
        self.assertContains(page, "What you had written is back. It is not sent yet.")
        self.assertNotContains(self.client.get("/messages/@bea/"), TEXT)
        self.assertFalse(Message.objects.exists())

    def test_a_message_to_somebody_is_not_in_the_form_to_somebody_else(self):
        make_user("bea")
        make_user("carol")
        self.client.post("/messages/@bea/", {"body": TEXT})
        self.sign_in(self.client)
        self.assertNotContains(self.client.get("/messages/@carol/"), TEXT)
        self.assertContains(self.client.get("/messages/@bea/"), TEXT)
