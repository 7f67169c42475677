import subprocess
import sys
from datetime import timedelta

from django.contrib.sessions.backends.base import UpdateError
from django.test import Client, TestCase
from django.utils import timezone

from accounts.models import Session, User
from accounts.tests.base import make_user, queries_of, sign_in

PATH = "/accounts/settings/sessions/"
LINUX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 "
    "Mobile/15E148 Safari/604.1"
)


def browser(user, agent):
    client = Client(headers={"user-agent": agent})
    sign_in(client, user)
    return client


class Sessions(TestCase):
    def setUp(self):
        self.ada = make_user("ada")
        self.here = browser(self.ada, LINUX)
        self.phone = browser(self.ada, PHONE)

    def places(self, client=None):
        return (client or self.here).get(PATH).context["places"]

    def test_shows_where_one_is_signed_in(self):
        page = self.here.get(PATH)
        self.assertContains(page, "Firefox on Linux")
        self.assertContains(page, "Mobile Safari on iOS")
        self.assertContains(page, "This one, in use now", count=1)
        self.assertEqual([place.here for place in self.places()], [True, False])
        self.assertEqual([place.here for place in self.places(self.phone)], [True, False])

    def test_shows_nobody_elses_and_none_that_is_over(self):
        browser(make_user("eve"), "curl/8.0")
        browser(self.ada, "curl/8.0")
        self.ada.sessions.filter(user_agent="curl/8.0").update(expire_date=timezone.now() - timedelta(seconds=1))
        self.assertNotContains(self.here.get(PATH), "curl")

    def test_never_shows_the_key_by_which_a_browser_is_known(self):
        page = self.here.get(PATH).content.decode()
        for session in Session.objects.all():
            self.assertNotIn(session.pk, page)

    def test_says_as_much_as_the_browser_does(self):
        for agent, shown in (
            ("", "Unknown browser"),
            ("x" * 300, "Unknown browser"),
            ("curl/8.0", "curl"),
            ("<script>alert(1)</script>", "Unknown browser"),
        ):
            client = browser(self.ada, agent)
            self.assertContains(client.get(PATH), shown)
            self.assertNotContains(client.get(PATH), "<script>alert")
            client.post("/accounts/logout/")

    def test_keeps_no_more_of_the_browser_than_fits(self):
        browser(self.ada, "y" * 1000)
        self.assertEqual(self.ada.sessions.filter(user_agent="y" * 300).count(), 1)

    def test_ends_one(self):
        other = self.places()[1]
        response = self.here.post(PATH + "end/", {"session": other.session.handle}, follow=True)
        self.assertRedirects(response, PATH)
        self.assertContains(response, "That session has ended.")
        self.assertEqual(self.phone.get(PATH).status_code, 302)
        self.assertEqual(self.here.get(PATH).status_code, 200)
        self.assertEqual(self.here.post(PATH + "end/", {"session": other.session.handle}).status_code, 302)

    def test_ends_no_strangers(self):
        eve = make_user("eve")
        evil = browser(eve, LINUX)
        for handle in (self.ada.sessions.first().handle, self.ada.sessions.first().pk, "", "x\0", "é" * 999):
            self.assertRedirects(evil.post(PATH + "end/", {"session": handle}), PATH)
        self.assertEqual(self.ada.sessions.count(), 2)
        self.assertEqual(eve.sessions.count(), 1)

    def test_ends_all_others(self):
        third = browser(self.ada, LINUX)
        other = browser(make_user("eve"), LINUX)
        response = self.here.post(PATH + "end-others/", follow=True)
        self.assertContains(response, "2 other sessions have ended.")
        for client, status in ((self.here, 200), (self.phone, 302), (third, 302), (other, 200)):
            self.assertEqual(client.get(PATH).status_code, status)
        self.assertContains(self.here.post(PATH + "end-others/", follow=True), "0 other sessions have ended.")

    def test_takes_posts_of_members_with_the_token_of_the_form(self):
        for path in (PATH + "end/", PATH + "end-others/"):
            self.assertEqual(self.here.get(path).status_code, 405)
            response = Client().post(path, headers={"referer": f"http://testserver{PATH}"})
            self.assertRedirects(response, f"/accounts/login/?next={PATH}")
            strict = Client(enforce_csrf_checks=True)
            strict.force_login(self.ada)
            self.assertEqual(strict.post(path).status_code, 403)
        self.assertGreaterEqual(self.ada.sessions.count(), 2)

    def test_one_query_however_many_there_are(self):
        two = queries_of(self.here, PATH)
        for _number in range(10):
            browser(self.ada, PHONE)
        self.assertEqual(queries_of(self.here, PATH), two)

    def test_the_reader_of_user_agents_is_loaded_by_this_page_only(self):
        """It takes 7 MB, which each worker would have for ever."""
        program = (
            "import django, sys; django.setup(); from django.urls import resolve; resolve('/accounts/login/');"
            "sys.exit('ua_parser' in sys.modules)"
        )
        self.assertEqual(subprocess.run([sys.executable, "-c", program], check=False).returncode, 0)

    def test_an_ended_session_is_not_made_again_by_a_request_on_its_way(self):
        store = self.phone.session
        store["late"] = "change"
        self.ada.end_sessions()
        with self.assertRaises(UpdateError):
            store.save()
        self.assertEqual(self.ada.sessions.count(), 0)


class LastSeen(TestCase):
    def setUp(self):
        self.ada = make_user("ada")
        sign_in(self.client, self.ada)

    def seen(self):
        return User.objects.get(pk=self.ada.pk).last_seen_at

    def test_is_written_at_most_once_a_minute(self):
        self.client.get(PATH)
        for step, written in ((20, False), (20, False), (25, True), (10, False)):
            self.rewind(step)
            before = self.seen(), self.ada.sessions.get().used_at
            self.client.get(PATH)
            after = self.seen(), self.ada.sessions.get().used_at
            self.assertEqual(before != after, written, f"after {step} seconds more")

    def rewind(self, seconds):
        """Let `seconds` pass since the member and the session were last used."""
        step = timedelta(seconds=seconds)
        User.objects.update(last_seen_at=self.seen() - step)
        Session.objects.update(used_at=self.ada.sessions.get().used_at - step)

    def test_a_second_browser_writes_its_own_use_only(self):
        self.client.get(PATH)
        phone = browser(self.ada, PHONE)
        Session.objects.filter(user_agent=PHONE).update(used_at=timezone.now() - timedelta(hours=1))
        before = self.seen()
        phone.get(PATH)
        self.assertEqual(self.seen(), before)
        self.assertGreater(Session.objects.get(user_agent=PHONE).used_at, timezone.now() - timedelta(minutes=1))

    def test_visitors_leave_no_trace(self):
        Client().get("/accounts/login/")
        self.assertEqual(Session.objects.count(), 1)
