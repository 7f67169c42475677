from unittest.mock import patch

from django.test import Client, TestCase, override_settings

from accounts.models import User
from accounts.tests.base import PASSWORD, make_user, sign_in

PATH = "/accounts/settings/"
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"


class Profile(TestCase):
    def setUp(self):
        self.ada = make_user("ada", about="Proofs.")
        self.client.force_login(self.ada)

    def save(self, **changes):
        fields = {"name": "Ada L.", "username": "ada", "about": "", "avatar": "shapes", "avatar_seed": "0", **changes}
        return self.client.post(PATH, {name: value for name, value in fields.items() if value is not None})

    def refused(self, field, sentence, **changes):
        response = self.save(**changes)
        self.assertEqual(response.status_code, 422)
        self.assertIn(sentence, response.context["form"].errors[field])
        self.assertEqual(response.context["form"][field].value(), changes[field], "what was typed is lost")
        self.ada.refresh_from_db()
        self.assertEqual((self.ada.name, self.ada.username, self.ada.about), ("", "ada", "Proofs."))
        return response

    def test_saves_what_everybody_sees(self):
        response = self.save(about="Bread.\r\nBicycles.", shortcuts="on", avatar="letter")
        self.assertRedirects(response, PATH)
        self.ada.refresh_from_db()
        self.assertEqual((self.ada.name, self.ada.about), ("Ada L.", "Bread.\nBicycles."))
        self.assertEqual((self.ada.avatar, self.ada.shortcuts), ("letter", True))
        self.assertContains(self.client.get(PATH), "Bread.")

    def test_says_so_once(self):
        self.save()
        self.assertContains(self.client.get(PATH), "Your changes are saved.")
        self.assertNotContains(self.client.get(PATH), "Your changes are saved.")

    def test_switches_keyboard_shortcuts_off(self):
        self.save(shortcuts=None)
        self.ada.refresh_from_db()
        self.assertFalse(self.ada.shortcuts)

    def test_about_takes_140_characters_as_people_see_them(self):
        self.assertEqual(self.save(about=FAMILY * 140).status_code, 302)
        User.objects.update(about="Proofs.", name="")
        too_long = "This is 1 character too long. Nothing is lost: shorten it and save again."
        self.refused("about", too_long, about="a" * 141)
        marks = "Some letters carry too many marks. Take some of them away."
        self.refused("about", marks, about="a" + "\u0301" * 5000)
        self.refused("about", too_long, about=("a" + "\u0301" * 33) * 30 + "a" * 81)

    def test_the_counter_knows_the_limit(self):
        self.assertContains(
            self.client.get(PATH), '<span class="count scripted" data-limit="140">140</span>', html=True
        )

    def test_a_username_changes_and_stays_unique(self):
        self.assertRedirects(self.save(username="Countess"), PATH)
        self.assertEqual(User.objects.named("countess").get(), self.ada)
        self.assertEqual(User.objects.get(pk=self.ada.pk).username_key, "countess")
        self.assertEqual(self.client.get("/@countess/followers/").status_code, 301)
        self.assertEqual(self.client.get("/@ada/followers/").status_code, 404)
        self.assertEqual(sign_in(Client(), User.objects.get(pk=self.ada.pk)).status_code, 302)

    def test_only_the_case_of_a_username_may_change(self):
        self.save(username="ADA")
        self.assertEqual(User.objects.get(pk=self.ada.pk).username, "ADA")

    def test_refuses_the_username_of_somebody_or_of_the_site(self):
        make_user("eve")
        self.refused("username", "Somebody has this name already. Choose another.", username="EVE")
        self.refused("username", "This name is kept for the site itself. Choose another.", username="Admin")
        self.refused("username", "Use letters, digits, and _ . - only.", username="a da")
        self.refused("username", "This field is required.", username="")

    def test_staff_keep_a_name_of_the_site_that_they_have(self):
        User.objects.filter(pk=self.ada.pk).update(username="admin", username_key="admin")
        self.assertRedirects(self.save(username="Admin"), PATH)

    def test_the_later_of_two_who_want_one_name_gets_the_error(self):
        from accounts.forms import ProfileForm

        fields = {"name": "", "username": "countess", "about": "", "avatar": "shapes", "avatar_seed": "0"}
        form = ProfileForm(fields, instance=User.objects.get(pk=self.ada.pk))
        self.assertTrue(form.is_valid())
        make_user("Countess")
        self.assertFalse(form.store())
        self.assertEqual(form.errors["username"], ["Somebody has this name already. Choose another."])

    def test_a_refused_form_leaves_the_page_as_it_was(self):
        """The header shows who one is, not who one wanted to be."""
        response = self.refused("username", "Use letters, digits, and _ . - only.", username="no such name")
        self.assertContains(response, "@ada", status_code=422)
        self.assertNotContains(response, "@no such name", status_code=422)

    def test_saves_nothing_else_of_the_member(self):
        page = self.client.get(PATH)
        bob = make_user("bob")
        original = User.save

        def save(user, *args, **kwargs):
            bob.follow(self.ada)  # at the worst moment
            return original(user, *args, **kwargs)

        self.assertEqual(page.status_code, 200)
        User.save, restored = save, User.save
        self.addCleanup(setattr, User, "save", restored)
        self.save()
        self.assertEqual(User.objects.get(pk=self.ada.pk).follower_count, 1)

    def test_names_lose_what_cannot_be_seen(self):
        self.save(name=" Ada\t\u202e  Lovelace\u2066 ", about="one\u202etwo")
        self.ada.refresh_from_db()
        self.assertEqual((self.ada.name, self.ada.about), ("Ada Lovelace", "onetwo"))

    def test_refuses_nul_bytes_and_what_is_too_long(self):
        for field in ("name", "username", "about"):
            response = self.save(**{field: "a\0b"})
            self.assertIn("Null characters are not allowed.", response.context["form"].errors[field])
        self.refused("name", "Ensure this value has at most 64 characters (it has 65).", name="a" * 65)
        for seed in ("-1", "32768", "x", "9" * 40):
            self.assertEqual(self.save(avatar_seed=seed).status_code, 422, seed)
        self.assertEqual(self.save(avatar="nothing").status_code, 422)

    def test_escapes_script_in_every_field(self):
        evil = "<script>alert(1)</script>"
        for fields in ({"name": evil, "about": evil}, {"name": evil, "about": evil, "username": evil, "avatar": evil}):
            response = self.save(**fields)
            page = self.client.get(PATH) if response.status_code == 302 else response
            self.assertNotIn(b"<script>alert", page.content)
            self.assertIn(b"&lt;script&gt;alert", page.content)
        self.assertNotContains(self.client.get("/@ada/followers/"), "<script>alert")

    def test_shows_another_drawing_and_saves_nothing_yet(self):
        before = self.client.get(PATH)
        response = self.save(redraw="1", name="Half typed", about="a" * 141, username="not a name", shortcuts=None)
        self.assertEqual(response.status_code, 200)
        form = response.context["form"]
        self.assertFalse(form.errors)
        self.assertEqual([form[name].value() for name in ("name", "username")], ["Half typed", "not a name"])
        self.assertFalse(form["shortcuts"].value())
        seed = form["avatar_seed"].value()
        self.assertNotEqual(str(form["avatar"]).count("<path"), 0, "there is no drawing to see")
        self.assertNotEqual(str(form["avatar"]), str(before.context["form"]["avatar"]))
        self.assertEqual(User.objects.get(pk=self.ada.pk).avatar_seed, 0)
        self.save(avatar_seed=seed)
        self.assertEqual(User.objects.get(pk=self.ada.pk).avatar_seed, seed)

    def test_offers_gravatar_where_the_site_asks_it(self):
        self.assertNotContains(self.client.get(PATH), "gravatar")
        self.assertEqual(self.save(avatar="gravatar").status_code, 422)
        with override_settings(AVATARS="gravatar"):
            self.assertContains(self.client.get(PATH), "https://www.gravatar.com/avatar/")
            self.assertEqual(self.save(avatar="gravatar").status_code, 302)
        # switched off again: the member's drawing is chosen
        self.assertEqual(self.client.get(PATH).context["form"]["avatar"].value(), "shapes")

    @override_settings(AVATARS="gravatar")
    def test_offers_no_gravatar_without_an_address(self):
        self.client.force_login(make_user("bob", email=""))
        self.assertNotContains(self.client.get(PATH), "gravatar")


class Pages(TestCase):
    PAGES = ["", "language/", "email/", "sessions/"]

    def test_each_has_its_tab_and_a_title_of_its_own(self):
        self.client.force_login(make_user("ada"))
        titles = set()
        for path in [*(PATH + page for page in self.PAGES), "/accounts/password_change/"]:
            response = self.client.get(path)
            self.assertContains(response, "<h1", count=1)
            self.assertContains(response, f'<a href="{path}" aria-current="page">')
            titles.add(response.content.split(b"<title>")[1].split(b"</title>")[0])
        self.assertEqual(len(titles), 5)

    def test_visitors_sign_in_first(self):
        for page in self.PAGES:
            response = self.client.get(PATH + page)
            self.assertRedirects(response, f"/accounts/login/?next={PATH}{page}", fetch_redirect_response=False)
            if page != "sessions/":
                self.assertEqual(self.client.post(PATH + page).status_code, 302)

    def test_posts_need_the_token_of_the_form(self):
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(make_user("ada"))
        for path in (PATH, PATH + "language/", "/accounts/language/", "/accounts/theme/", "/accounts/password_change/"):
            self.assertEqual(strict.post(path, {"name": "Eve", "language": "en", "theme": "dark"}).status_code, 403)


@override_settings(LANGUAGES=[("en", "English"), ("es", "Español"), ("ru", "Русский")])
@patch("accounts.middleware.LANGUAGE_CODES", {"en", "es", "ru"})
class Language(TestCase):
    PATH = "/accounts/settings/language/"

    def setUp(self):
        self.ada = make_user("ada")
        self.client.force_login(self.ada)

    def language(self):
        return User.objects.get(pk=self.ada.pk).language

    def test_is_the_members_choice(self):
        self.assertRedirects(self.client.post(self.PATH, {"language": "ru"}), self.PATH)
        self.assertEqual(self.language(), "ru")
        self.assertEqual(self.client.get(self.PATH).headers["Content-Language"], "ru")

    def test_as_the_browser_says_forgets_the_cookie_too(self):
        self.client.post("/accounts/language/", {"language": "es"})
        self.assertEqual(self.client.get("/accounts/settings/").headers["Content-Language"], "es")
        self.client.post(self.PATH, {"language": ""})
        self.assertEqual(self.language(), "")
        response = self.client.get(self.PATH, headers={"accept-language": "ru"})
        self.assertEqual(response.headers["Content-Language"], "ru")

    def test_no_other_languages_are_taken(self):
        for code in ("xx", "../en", "e\0n", "<script>"):
            self.assertEqual(self.client.post(self.PATH, {"language": code}).status_code, 422)
            self.assertEqual(self.client.post("/accounts/language/", {"language": code}).status_code, 400)
        self.assertEqual(self.client.post("/accounts/language/").status_code, 400)
        self.assertEqual(self.language(), "")

    def test_the_footer_switches_it_for_members_and_visitors(self):
        self.client.post("/accounts/language/", {"language": "es"})
        self.assertEqual(self.language(), "es")
        visitor = Client()
        response = visitor.post("/accounts/language/", {"language": "ru", "next": "/accounts/login/"})
        self.assertRedirects(response, "/accounts/login/")
        self.assertEqual(visitor.get("/accounts/login/").headers["Content-Language"], "ru")
        cookie = response.cookies["django_language"]
        self.assertEqual((cookie["samesite"], cookie["max-age"]), ("Lax", 365 * 24 * 3600))


class Footer(TestCase):
    def test_keeps_light_or_dark_in_a_cookie(self):
        for theme in ("light", "dark"):
            self.client.post("/accounts/theme/", {"theme": theme})
            self.assertContains(self.client.get("/accounts/login/"), f'data-theme="{theme}"')
        self.client.post("/accounts/theme/", {"theme": "system"})
        self.assertNotContains(self.client.get("/accounts/login/"), "data-theme=")

    def test_knows_no_other_colours(self):
        self.assertEqual(self.client.post("/accounts/theme/", {"theme": '"><script>'}).status_code, 400)

    def test_goes_back_to_the_page_it_was_on_and_never_elsewhere(self):
        for path, fields in (("/accounts/theme/", {"theme": "dark"}), ("/accounts/language/", {"language": "en"})):
            for url in ("//evil.example", "/\\evil.example", "javascript:alert(1)", "https://evil.example/"):
                response = self.client.post(path, {**fields, "next": url}, headers={"referer": url})
                self.assertEqual(response.url, "/")
            response = self.client.post(path, fields, headers={"referer": "http://testserver/explore/?before=7"})
            self.assertEqual(response.url, "/explore/?before=7")
            self.assertEqual(self.client.post(path, {**fields, "next": "/explore/"}).url, "/explore/")

    def test_does_not_leave_from_a_page_of_ours_that_is_called_like_another_host(self):
        for page in ("//evil.example/", "///evil.example/", "/\\evil.example/"):
            self.assertEqual(self.client.get("http://testserver" + page).status_code, 404)
            answer = self.client.post("/accounts/theme/", {}, headers={"referer": "http://testserver" + page})
            self.assertEqual(answer.url, "/")

    def test_takes_posts_only(self):
        for path in ("/accounts/theme/", "/accounts/language/"):
            self.assertEqual(self.client.get(path).status_code, 405)


class PasswordChange(TestCase):
    PATH = "/accounts/password_change/"
    NEW = {"old_password": PASSWORD, "new_password1": "another long secret", "new_password2": "another long secret"}

    def setUp(self):
        self.ada = make_user("ada")
        sign_in(self.client, self.ada)

    def test_sets_the_new_one(self):
        self.assertRedirects(self.client.post(self.PATH, self.NEW), "/accounts/password_change/done/")
        self.ada.refresh_from_db()
        self.assertTrue(self.ada.check_password("another long secret"))

    def test_asks_for_the_old_one(self):
        for field, value, sentence in (
            ("old_password", "wrong", "This is not your password."),
            ("old_password", "", "This field is required."),
            ("new_password2", "different", "The two passwords differ. Type them again."),
            ("new_password1", "a\0b", "Null characters are not allowed."),
        ):
            response = self.client.post(self.PATH, {**self.NEW, field: value})
            self.assertIn(sentence, response.context["form"].errors[field])
            self.assertEqual(response.status_code, 422)
        response = self.client.post(self.PATH, {**self.NEW, "new_password1": "ada", "new_password2": "ada"})
        self.assertIn("new_password1", response.context["form"].errors)
        self.ada.refresh_from_db()
        self.assertTrue(self.ada.check_password(PASSWORD))

    def test_ends_all_other_sessions_and_keeps_this_one(self):
        elsewhere = Client()
        sign_in(elsewhere, self.ada)
        bob = make_user("bob")
        sign_in(Client(), bob)
        self.assertEqual(self.ada.sessions.count(), 2)
        self.client.post(self.PATH, self.NEW)
        (left,) = self.ada.sessions.all()
        self.assertEqual(left.pk, self.client.session.session_key)
        self.assertEqual(self.client.get("/accounts/settings/").status_code, 200)
        self.assertEqual(elsewhere.get("/accounts/settings/").status_code, 302)
        self.assertEqual(bob.sessions.count(), 1)

    def test_visitors_sign_in_first(self):
        for path in (self.PATH, self.PATH + "done/"):
            self.assertRedirects(Client().get(path), f"/accounts/login/?next={path}", fetch_redirect_response=False)
