from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client, TestCase, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.admin import PeopleAdmin
from accounts.models import Session, User
from accounts.tests.base import make_user, queries_of

PEOPLE = "/admin/accounts/user/"


def make_moderator(username="mona", group="Moderators"):
    """Somebody whom an administrator has added to a group."""
    person = make_user(username, is_staff=True)
    person.groups.add(Group.objects.get(name=group))
    return person


class Moderation(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.mona = make_moderator()
        cls.alma = make_moderator("alma", "Administrators")
        cls.root = make_user("root1", is_staff=True, is_superuser=True)
        cls.ada, cls.bob = make_user("ada"), make_user("bob", language="es")

    def setUp(self):
        self.client.force_login(self.mona)

    def act(self, verb, *people, reason="spam", **more):
        return self.client.post(
            f"{PEOPLE}{verb}/?" + "&".join(f"id={p.pk}" for p in people), {"reason": reason, **more}
        )

    def names(self, query=""):
        return [person.username for person in self.client.get(f"{PEOPLE}{query}").context["cl"].result_list]


class Groups(Moderation):
    def test_moderators_have_exactly_the_rights_of_their_work(self):
        rights = Group.objects.get(name="Moderators").permissions.values_list("content_type__app_label", "codename")
        expected = [
            ("accounts", "view_user"),
            ("accounts", "suspend_user"),
            ("blog", "view_post"),
            ("blog", "moderate_post"),
        ]
        self.assertCountEqual(rights, expected)

    def test_every_right_of_administrators_exists(self):
        rights = Group.objects.get(name="Administrators").permissions.values_list("codename", flat=True)
        self.assertLessEqual({"change_user", "view_logentry", "suspend_user", "moderate_post"}, set(rights))
        self.assertEqual(Permission.objects.filter(codename="suspend_user").count(), 1)


class Door(Moderation):
    def test_visitors_sign_in_by_our_own_page_and_come_back(self):
        self.client.logout()
        answer = self.client.get(f"{PEOPLE}?q=ada", follow=True)
        self.assertEqual(answer.redirect_chain[-1][0], "/accounts/login/?next=/admin/accounts/user/%3Fq%3Dada")

    def test_a_password_can_be_tried_at_our_own_page_only(self):
        self.client.logout()
        answer = self.client.post("/admin/login/", {"username": "root1", "password": "correct horse battery"})
        self.assertRedirects(answer, "/accounts/login/?next=/admin/")
        self.assertNotIn("_auth_user_id", self.client.session)

    def test_members_are_refused_and_not_sent_round_in_a_circle(self):
        self.client.force_login(self.ada)
        for path in ["/admin/", PEOPLE, f"{PEOPLE}{self.bob.pk}/change/", f"{PEOPLE}suspend/?id={self.bob.pk}"]:
            with self.subTest(path):
                self.assertEqual(self.client.get(path, follow=True).status_code, 403)

    def test_staff_without_a_group_can_do_nothing(self):
        self.client.force_login(make_user("staff1", is_staff=True))
        self.assertEqual(self.client.get("/admin/").status_code, 200)
        self.assertEqual(self.client.get(PEOPLE).status_code, 403)
        self.assertEqual(self.act("suspend", self.bob).status_code, 403)

    def test_the_sites_name_and_own_password_page_are_used(self):
        self.assertContains(self.client.get("/admin/"), "Microblog")
        self.assertNotContains(self.client.get("/admin/"), "Django")
        answer = self.client.get("/admin/password_change/")
        self.assertRedirects(answer, "/accounts/password_change/", fetch_redirect_response=False)

    @override_settings(LANGUAGES=[("en", "English"), ("es", "Español"), ("ru", "Русский")])
    def test_moderators_read_it_in_their_language(self):
        answer = self.client.get("/admin/", headers={"Accept-Language": "es"})
        self.assertContains(answer, '<html lang="es"')


class Suspending(Moderation):
    def test_suspending_asks_for_a_reason_ends_sessions_and_leaves_a_record(self):
        visitor = Client()
        visitor.force_login(self.bob)
        self.assertContains(self.client.get(f"{PEOPLE}suspend/?id={self.bob.pk}"), "Suspend this person?")
        answer = self.act("suspend", self.bob)
        self.assertRedirects(answer, PEOPLE)
        self.bob.refresh_from_db()
        self.assertIsNotNone(self.bob.suspended_at)
        self.assertFalse(Session.objects.filter(user=self.bob).exists())
        self.assertEqual(visitor.get("/accounts/settings/").status_code, 302)
        self.assertEqual(self.client.get("/@bob/").status_code, 200)
        self.assertEqual(visitor.get("/@bob/").status_code, 404)
        entry = LogEntry.objects.get()
        self.assertEqual((entry.user, entry.object_id, str(entry)[:3]), (self.mona, str(self.bob.pk), "Cha"))
        self.assertEqual(entry.get_change_message(), "Suspend: spam")

    def test_without_a_reason_nothing_happens_and_the_form_says_so(self):
        answer = self.act("suspend", self.bob, reason=" ")
        self.assertContains(answer, "This field is required", status_code=422)
        self.bob.refresh_from_db()
        self.assertIsNone(self.bob.suspended_at)

    def test_restoring_brings_somebody_back(self):
        self.bob.suspend()
        self.act("restore", self.bob, reason="a mistake")
        self.bob.refresh_from_db()
        self.assertIsNone(self.bob.suspended_at)
        self.assertEqual(LogEntry.objects.get().get_change_message(), "Restore: a mistake")

    def test_several_at_once_by_the_action_of_the_list(self):
        chosen = {"action": "suspend", "_selected_action": [self.ada.pk, self.bob.pk], "index": 0}
        page = self.client.post(f"{PEOPLE}?q=", chosen, follow=True)
        self.assertContains(page, "Suspend these 2 people?")
        address = page.redirect_chain[-1][0]
        answer = self.client.post(address, {"reason": "spam", "next": page.context["back"]}, follow=True)
        self.assertContains(answer, "2 people are suspended.")
        self.assertEqual(User.objects.exclude(suspended_at=None).count(), 2)
        self.assertEqual(LogEntry.objects.count(), 2)

    def test_nobody_suspends_themselves_and_moderators_no_staff(self):
        for person in (self.mona, self.alma, self.root, make_moderator("max")):
            with self.subTest(person.username):
                self.act("suspend", person)
                person.refresh_from_db()
                self.assertIsNone(person.suspended_at)
        self.assertFalse(LogEntry.objects.exists())

    def test_those_it_does_not_apply_to_are_left_out_and_said(self):
        page = self.client.get(f"{PEOPLE}suspend/?id={self.bob.pk}&id={self.alma.pk}")
        self.assertContains(page, "1 more is left out")
        self.assertNotContains(page, "alma")

    def test_a_superuser_suspends_staff_but_not_themselves(self):
        self.client.force_login(self.root)
        self.act("suspend", self.mona, self.root)
        self.mona.refresh_from_db()
        self.root.refresh_from_db()
        self.assertIsNotNone(self.mona.suspended_at)
        self.assertIsNone(self.root.suspended_at)

    def test_the_button_is_on_the_page_of_the_person_only_where_it_applies(self):
        page = f"{PEOPLE}{self.bob.pk}/change/"
        self.assertContains(self.client.get(page), f"{PEOPLE}suspend/?id={self.bob.pk}")
        self.assertNotContains(self.client.get(page), f"{PEOPLE}restore/")
        self.assertNotContains(self.client.get(f"{PEOPLE}{self.alma.pk}/change/"), f"{PEOPLE}suspend/")
        self.bob.suspend()
        self.assertContains(self.client.get(page), f"{PEOPLE}restore/?id={self.bob.pk}")

    def test_odd_ids_and_a_next_elsewhere_do_no_harm(self):
        for ids in ["id=x", "id=", "", "id=" + "9" * 30, "id=%00", "id=-1"]:
            with self.subTest(ids):
                self.assertRedirects(self.client.get(f"{PEOPLE}suspend/?{ids}&next=//evil.example"), PEOPLE)

    def test_acting_needs_our_token(self):
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(self.mona)
        self.assertEqual(strict.post(f"{PEOPLE}suspend/?id={self.bob.pk}", {"reason": "x"}).status_code, 403)


class Editing(Moderation):
    def test_moderators_change_no_field_and_see_no_password(self):
        page = self.client.get(f"{PEOPLE}{self.bob.pk}/change/")
        self.assertContains(page, "bob@example.com")
        self.assertNotContains(page, "assword")
        self.assertNotContains(page, "_save")
        form = {"email": "evil@example.com", "is_staff": "on", "is_superuser": "on", "password": "x"}
        self.assertEqual(self.client.post(f"{PEOPLE}{self.bob.pk}/change/", form).status_code, 403)
        self.assertEqual(self.client.post(f"{PEOPLE}{self.mona.pk}/change/", form).status_code, 403)

    def test_nobody_is_added_deleted_or_given_a_password_here(self):
        self.client.force_login(self.root)
        for path in ["add/", f"{self.bob.pk}/delete/"]:
            self.assertEqual(self.client.get(f"{PEOPLE}{path}").status_code, 403)
        self.assertEqual(self.client.get(f"{PEOPLE}{self.bob.pk}/password/").status_code, 302)
        self.assertNotContains(self.client.get(f"{PEOPLE}{self.bob.pk}/change/"), self.bob.password)

    def test_an_administrator_makes_a_moderator(self):
        self.client.force_login(self.alma)
        group = Group.objects.get(name="Moderators")
        form = {"email": self.bob.email, "is_staff": "on", "groups": [group.pk]}
        self.assertRedirects(self.client.post(f"{PEOPLE}{self.bob.pk}/change/", form), PEOPLE)
        bob = User.objects.get(pk=self.bob.pk)
        self.assertTrue(bob.is_staff and bob.has_perm("accounts.suspend_user"))
        self.assertFalse(bob.is_superuser)
        self.assertEqual(LogEntry.objects.get().user, self.alma)

    def test_an_administrator_makes_no_superuser_and_changes_none(self):
        self.client.force_login(self.alma)
        form = {"email": "x@example.com", "is_staff": "on", "is_superuser": "on"}
        self.client.post(f"{PEOPLE}{self.alma.pk}/change/", form)
        self.alma.refresh_from_db()
        self.assertFalse(self.alma.is_superuser)
        self.assertEqual(self.client.post(f"{PEOPLE}{self.root.pk}/change/", form).status_code, 403)

    def test_an_address_that_somebody_has_is_an_error_and_not_a_crash(self):
        self.client.force_login(self.alma)
        page = self.client.post(f"{PEOPLE}{self.bob.pk}/change/", {"email": "ADA@example.com"})
        self.assertContains(page, "Somebody uses this address")

    def test_administrators_read_the_history_of_all_and_moderators_do_not(self):
        self.act("suspend", self.bob, reason="because of that")
        self.assertEqual(self.client.get("/admin/admin/logentry/").status_code, 403)
        self.assertContains(self.client.get(f"{PEOPLE}{self.bob.pk}/history/"), "Suspend: because of that")
        self.client.force_login(self.alma)
        self.assertContains(self.client.get("/admin/admin/logentry/"), "Suspend: because of that")
        entry = LogEntry.objects.get()
        self.assertContains(self.client.get(f"/admin/admin/logentry/{entry.pk}/change/"), "because of that")
        self.assertEqual(self.client.post(f"/admin/admin/logentry/{entry.pk}/delete/").status_code, 403)


class Finding(Moderation):
    def test_people_are_found_by_the_beginning_of_their_name_or_address(self):
        self.assertEqual(self.names("?q=AD"), ["ada"])
        self.assertEqual(self.names("?q=@ada"), ["ada"])
        self.assertEqual(self.names("?q=bob@exam"), ["bob"])
        self.assertEqual(self.names("?q=ob"), [])
        self.assertEqual(self.names("?q=%25"), [])

    def test_people_are_found_by_the_words_of_the_name_that_they_show(self):
        zoe = make_user("zed", name="Zoë O'Ferri")
        for term in ("ferri", "Zoe", "ZOË fer", "ferri zed"):
            self.assertEqual(self.names(f"?q={term}"), [zoe.username], term)
        self.assertEqual(self.names("?q=ferri ada"), [])

    def test_filters_find_the_suspended_the_staff_and_a_language(self):
        self.ada.suspend()
        self.assertEqual(self.names("?state=suspended"), ["ada"])
        self.assertNotIn("ada", self.names("?state=active"))
        self.assertCountEqual(self.names("?is_staff__exact=1"), ["mona", "alma", "root1"])
        with override_settings(LANGUAGES=[("en", "English"), ("es", "Español")]):
            self.assertEqual(self.names("?language=es"), ["bob"])

    def test_odd_searches_are_no_error(self):
        for query in [
            "?q=%00",
            "?q=" + "x" * 3000,
            "?p=x",
            "?p=-1",
            "?p=0",
            "?p=" + "9" * 40,
            "?o=1.2",
            "?zzz=1",
            "?all=",
            "?state=x",
            "?language=%00",
            "?is_staff__exact=%00",
        ]:
            with self.subTest(query):
                self.assertIn(self.client.get(PEOPLE + query).status_code, {200, 302})

    def test_pages_follow_one_another_without_a_count(self):
        made = [make_user(f"p{n}").username for n in range(25)]
        PeopleAdmin.list_per_page, kept = 10, PeopleAdmin.list_per_page
        self.addCleanup(setattr, PeopleAdmin, "list_per_page", kept)
        seen, address = [], PEOPLE
        with CaptureQueriesContext(connection) as queries:
            while address:
                cl = self.client.get(address).context["cl"]
                seen += [person.username for person in cl.result_list]
                address = cl.older and f"{PEOPLE}{cl.older_link}"
        self.assertEqual(seen, list(User.objects.order_by("-pk").values_list("username", flat=True)))
        self.assertLess(set(made), set(seen))
        statements = " ".join(query["sql"].upper() for query in queries if "accounts_session" not in query["sql"])
        self.assertNotIn("COUNT(", statements)
        self.assertNotIn("OFFSET", statements)

    def test_queries_do_not_grow_with_rows(self):
        User.objects.filter(pk=self.mona.pk).update(last_seen_at=timezone.now())
        for n in range(10):
            make_user(f"p{n}")
        ten = queries_of(self.client, PEOPLE)
        for n in range(10, 20):
            make_user(f"p{n}")
        self.assertEqual(queries_of(self.client, PEOPLE), ten)
