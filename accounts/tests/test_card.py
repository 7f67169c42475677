from django.test import Client, TestCase

from accounts.tests.base import make_user, queries_of

SCRIPT = {"hx-request": "true"}


class SmallProfile(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada = make_user("Ada", name="Ada <Lovelace>", about="First & foremost.")
        cls.bob = make_user("bob")

    def test_says_who_it_is_and_how_one_stands_to_them(self):
        self.client.force_login(self.bob)
        card = self.client.get("/@Ada/card/", headers=SCRIPT)
        for words in (
            "Ada &lt;Lovelace&gt;",
            "@Ada",
            "First &amp; foremost.",
            'formaction="/@Ada/follow/"',
            "followers",
        ):
            self.assertContains(card, words)
        self.assertNotContains(card, "<html")
        self.assertNotContains(card, "follows you")
        self.assertNotContains(card, "muted by you")
        self.ada.follow(self.bob)
        self.bob.follow(self.ada)
        self.bob.mute(self.ada)
        card = self.client.get("/@Ada/card/", headers=SCRIPT)
        for words in ("follows you", "muted by you", 'formaction="/@Ada/unfollow/"'):
            self.assertContains(card, words)
        self.assertEqual(card.headers["Cache-Control"], "private, no-store")

    def test_of_oneself_and_for_visitors_without_the_button(self):
        for client in (self.client, Client()):
            card = client.get("/@Ada/card/", headers=SCRIPT)
            self.assertContains(card, "@Ada")
            self.assertNotContains(card, "formaction")
            self.client.force_login(self.ada)

    def test_opened_by_itself_it_is_the_profile(self):
        self.assertRedirects(self.client.get("/@Ada/card/"), "/@Ada/")

    def test_nobody_and_the_suspended_have_none(self):
        self.bob.suspend()
        for name in ("nobody", "bob", "a%00b"):
            self.assertEqual(self.client.get(f"/@{name}/card/", headers=SCRIPT).status_code, 404)
        self.assertEqual(self.client.post("/@Ada/card/").status_code, 405)

    def test_costs_few_queries(self):
        self.client.force_login(self.bob)
        self.client.get("/@Ada/card/", headers=SCRIPT)
        self.assertLessEqual(queries_of(self.client, "/@Ada/card/"), 4)
