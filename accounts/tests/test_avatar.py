from xml.etree import ElementTree

from django.test import TestCase, override_settings

from accounts import avatars
from accounts.models import User
from accounts.tests.base import make_user

GRAVATAR = override_settings(AVATARS="gravatar", GRAVATAR_URL="https://pictures.example")


class Avatar(TestCase):
    def setUp(self):
        self.ada = make_user("ada", email="Ada@Example.com")

    def picture(self, path="/@ada/avatar.svg", **headers):
        return self.client.get(path, headers=headers)

    def test_is_an_svg_that_draws_and_does_nothing_else(self):
        response = self.picture()
        self.assertEqual(response.headers["Content-Type"], "image/svg+xml")
        self.assertEqual(response.headers["Content-Security-Policy"], "default-src 'none'")
        self.assertEqual(response.headers["X-Content-Type-Options"], "nosniff")
        root = ElementTree.fromstring(response.content)  # noqa: S314 - our own
        tags = {element.tag.split("}")[1] for element in root.iter()}
        self.assertLessEqual(tags, {"svg", "path", "circle"})

    def test_is_the_same_for_ever_and_another_for_everybody(self):
        make_user("bob")
        self.assertEqual(self.picture().content, self.picture("/@ADA/avatar.svg").content)
        self.assertNotEqual(self.picture().content, self.picture("/@bob/avatar.svg").content)
        before = self.picture().content
        User.objects.update(avatar_seed=7)
        self.assertNotEqual(self.picture().content, before)

    def test_is_kept_by_browsers_and_asked_for_again_by_its_tag(self):
        first = self.picture()
        self.assertEqual(first.headers["Cache-Control"], "public, max-age=3600")
        again = self.picture(**{"if-none-match": first.headers["ETag"]})
        self.assertEqual((again.status_code, again.content), (304, b""))
        self.assertEqual(again.headers["Cache-Control"], first.headers["Cache-Control"])
        User.objects.update(avatar=User.Avatar.LETTER)
        self.assertEqual(self.picture(**{"if-none-match": first.headers["ETag"]}).status_code, 200)

    def test_a_letter_is_escaped(self):
        User.objects.update(avatar=User.Avatar.LETTER, name="<script>")
        self.assertIn(b"&lt;", self.picture().content)
        ElementTree.fromstring(self.picture().content)  # noqa: S314 - our own

    @GRAVATAR
    def test_is_at_gravatar_where_the_site_says_so_unless_they_chose_another(self):
        User.objects.update(avatar=User.Avatar.SHAPES)
        self.assertEqual(self.picture().status_code, 200, "asked for without being chosen")
        User.objects.update(avatar=User.Avatar.GRAVATAR)
        self.assertEqual(self.picture().status_code, 302)
        User.objects.update(avatar="")
        # sha256 of ada@example.com
        digest = "b5fc85e55755f9e0d030a10ab4429b6b2944855f9a0d60077fe832becbc41d72"
        self.assertRedirects(
            self.picture(),
            f"https://pictures.example/avatar/{digest}?s=256&d=identicon",
            fetch_redirect_response=False,
        )

    @GRAVATAR
    def test_without_an_address_there_is_our_drawing(self):
        User.objects.update(avatar=User.Avatar.GRAVATAR, email="", email_key="")
        self.assertEqual(self.picture().status_code, 200)

    def test_no_one_else_learns_anything_unless_the_site_says_so(self):
        User.objects.update(avatar=User.Avatar.GRAVATAR)
        self.assertEqual(self.picture().status_code, 200)
        self.assertNotIn("<img", avatars.avatar(User.objects.get()))

    def test_nobody_and_the_suspended_have_none(self):
        self.assertEqual(self.picture("/@nobody/avatar.svg").status_code, 404)
        self.ada.suspend()
        self.assertEqual(self.picture().status_code, 404)
