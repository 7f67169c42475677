"""How much is unread: in the bar, in the title, and for open pages that ask."""

from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.test import Client, TestCase, TransactionTestCase
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Session
from accounts.tests.base import make_user, sign_in
from blog.models import Conversation, Message, Notification, Side
from blog.tests.base import make_post
from microblog import prepared

UNREAD = "/notifications/unread/"


def tell(owner, times):
    """So many groups that are not read."""
    rows = [Notification(owner=owner, kind="job") for _time in range(times)]
    return Notification.objects.bulk_create(rows)


def write_to(owner, *people):
    """An unread conversation with each of these people."""
    for other in people:
        Side.objects.create(conversation=Conversation.objects.create(), owner=owner, other=other, unread=3)


class InThePage(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada, cls.bob = make_user("ada"), make_user("bob")

    def setUp(self):
        self.client.force_login(self.ada)

    def assert_shown(self, notifications, title, path="/"):
        page = self.client.get(path)
        self.assertContains(page, f'data-badge="notifications" data-count="{notifications}"', 1)
        self.assertContains(page, f"<title>{title}", 1)

    def test_counts_are_in_the_bar_and_before_the_title(self):
        self.assert_shown(0, "Home")
        tell(self.ada, 2)
        write_to(self.ada, self.bob)
        self.assert_shown(2, "(3) Home")
        self.assert_shown(2, "(3) ada", "/@ada/")
        self.ada.notifications.mark_read()
        self.assert_shown(0, "(1) Home")

    def test_nothing_unread_shows_nothing(self):
        self.assertContains(self.client.get("/"), 'data-badge="notifications" data-count="0" hidden>', 1)

    def test_a_message_is_counted_once_and_with_the_messages(self):
        Message.objects.send(self.bob, self.ada, "Hello.")
        Message.objects.send(self.bob, self.ada, "Are you there?")
        self.assertTrue(self.ada.notifications.filter(kind="message", read=False).exists())
        self.assert_shown(0, "(1) Home")
        self.assertContains(self.client.get("/"), 'data-badge="messages" data-count="1"', 1)
        self.ada.conversations.get().read(Message.objects.latest("pk").pk)
        self.assertFalse(self.ada.notifications.filter(read=False).exists())
        self.assertContains(self.client.get("/"), 'data-badge="messages" data-count="0" hidden', 1)

    def test_more_than_99_are_99_and_more(self):
        tell(self.ada, 250)
        page = self.client.get("/")
        self.assertContains(page, "<title>(99+) Home")
        self.assertContains(page, "<bdi>99+</bdi>", 1)
        self.assertContains(page, 'data-count="100"', 1)

    def test_a_visitor_has_no_badge_and_nothing_is_asked(self):
        self.client.logout()
        with CaptureQueriesContext(connection) as captured:
            page = self.client.get("/")
        self.assertNotContains(page, "data-badge")
        self.assertNotContains(page, "badge.js")
        self.assertNotIn("blog_notification", "".join(query["sql"] for query in captured))

    def test_it_costs_no_statement_of_its_own_however_much_is_unread(self):
        def asked():
            self.client.get("/")
            with CaptureQueriesContext(connection) as captured:
                self.client.get("/")
            counting = ("blog_notification", "member_session", "unread_of_member")  # the last two stand for one there
            return [q["sql"] for q in captured if any(word in q["sql"] for word in counting)]

        few = asked()
        tell(self.ada, 300)
        self.assertEqual((len(few), len(asked())), (1, 1))

    def test_what_no_page_shows_is_not_counted(self):
        eve, tom = make_user("eve"), make_user("tom")
        for other in (self.bob, eve, tom):
            write_to(self.ada, other)
            make_post(other, "@ada!")
        self.assert_shown(3, "(6) Home")
        self.ada.block(self.bob)
        self.assert_shown(2, "(4) Home")
        eve.block(self.ada)
        self.assert_shown(1, "(2) Home")
        tom.suspend()
        self.assert_shown(0, "(1) Home")  # what tom wrote to ada stays with her
        tom.restore()
        self.assert_shown(1, "(2) Home")
        self.ada.mute(tom)
        self.assert_shown(0, "Home")


class ForOpenPages(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada, cls.bob = make_user("ada"), make_user("bob")

    def setUp(self):
        sign_in(self.client, self.ada)

    def test_answers_with_the_counts_and_how_to_ask_again(self):
        tell(self.ada, 3)
        write_to(self.ada, self.bob)
        tell(self.bob, 9)
        answer = self.client.get(UNREAD)
        self.assertEqual(answer.json(), {"notifications": 3, "messages": 1})
        self.assertEqual(answer["ETag"], '"3-1"')
        self.assertEqual(answer["Cache-Control"], "private, no-store")
        self.assertEqual(answer["Content-Type"], "application/json")

    def test_says_304_when_nothing_changed(self):
        tell(self.ada, 3)
        for given in ('"3-0"', 'W/"3-0"'):
            answer = self.client.get(UNREAD, headers={"If-None-Match": given})
            self.assertEqual((answer.status_code, answer.content, answer["ETag"]), (304, b"", '"3-0"'))
        for given in ('"2-0"', '"3-1"', '"13-0"', "", "*garbage*"):
            self.assertEqual(self.client.get(UNREAD, headers={"If-None-Match": given}).status_code, 200)
        make_post(self.ada).like(self.bob)
        answer = self.client.get(UNREAD, headers={"If-None-Match": '"3-0"'})
        self.assertEqual(answer.json(), {"notifications": 4, "messages": 0})

    def test_counts_no_further_than_it_shows(self):
        tell(self.ada, 300)
        self.assertEqual(self.client.get(UNREAD).json()["notifications"], 100)

    def test_costs_one_statement_in_all(self):
        tell(self.ada, 30)
        for headers in ({}, {"If-None-Match": '"30-0"'}):
            with CaptureQueriesContext(connection) as captured:
                self.client.get(UNREAD, headers=headers)
            asked = [query["sql"] for query in captured if not query["sql"].startswith("PREPARE")]
            self.assertEqual(len(asked), 1, asked)

    def test_nobody_was_seen_because_a_page_is_open(self):
        Session.objects.update(used_at=timezone.now() - timedelta(days=1))
        before = Session.objects.values_list("used_at", "expire_date").get()
        self.client.get(UNREAD)
        self.assertEqual(Session.objects.values_list("used_at", "expire_date").get(), before)

    def assert_stops(self, client=None):
        answer = (client or self.client).get(UNREAD)
        self.assertEqual((answer.status_code, answer.content), (204, b""))
        self.assertEqual(answer["Cache-Control"], "private, no-store")
        self.assertNotIn("ETag", answer)
        self.assertNotIn("Set-Cookie", answer)

    def test_says_stop_to_a_visitor(self):
        self.assert_stops(Client())

    def test_says_stop_after_signing_out(self):
        key = self.client.cookies["sessionid"].value
        self.client.post("/accounts/logout/")
        elsewhere = Client()
        elsewhere.cookies["sessionid"] = key
        self.assert_stops(elsewhere)

    def test_says_stop_when_the_session_expired(self):
        Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
        self.assert_stops()

    def test_says_stop_to_the_suspended(self):
        type(self.ada).objects.filter(pk=self.ada.pk).update(suspended_at=timezone.now())
        self.assert_stops()

    def test_says_stop_when_the_password_changed_elsewhere(self):
        self.ada.end_sessions()
        self.assert_stops()

    def test_says_stop_to_the_session_of_a_visitor(self):
        visitor = Client()
        session = visitor.session
        session["anything"] = 1
        session.save()
        visitor.cookies["sessionid"] = session.session_key
        self.assertIsNone(Session.objects.get(pk=session.session_key).user_id)
        self.assert_stops(visitor)

    def test_a_cookie_that_is_no_key_asks_nobody(self):
        for wrong in ("x", "a" * 41, "' OR 1=1 --", "naïve naïve"):
            client = Client()
            client.cookies["sessionid"] = wrong
            with self.assertNumQueries(0):
                self.assert_stops(client)

    def test_takes_no_post(self):
        self.assertEqual(self.client.post(UNREAD).status_code, 405)
        self.assertEqual(self.client.head(UNREAD).status_code, 200)

    def test_has_a_line_in_the_log_and_an_id(self):
        with self.assertLogs("microblog.access", "INFO") as logged:
            answer = self.client.get(UNREAD)
        self.assertIn(f"GET {UNREAD} 200", logged.output[0])
        self.assertTrue(answer["X-Request-ID"])


@pytest.mark.postgres
class OverAKeptConnection(TransactionTestCase):
    def setUp(self):
        if connection.vendor == "sqlite":
            self.skipTest("SQLite has no connection that could be dropped")
        sign_in(self.client, make_user("ada"))

    def drop(self):
        """The server ends the connection that is kept between two requests."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            [pid] = cursor.fetchone()
        killer = connection.copy()
        with killer.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
        killer.close()
        connection.health_check_done = False  # as Django does where a request begins

    def test_the_badge_asks_once_more_where_the_server_has_dropped_it(self):
        self.assertEqual(self.client.get(UNREAD).status_code, 200)
        self.drop()
        self.assertEqual(self.client.get(UNREAD).json(), {"notifications": 0, "messages": 0})

    def test_so_does_every_page(self):
        for path in ("/", "/explore/", "/@ada/", "/notifications/", "/messages/"):
            self.assertEqual(self.client.get(path).status_code, 200)
            self.drop()
            with self.subTest(path=path):
                self.assertEqual(self.client.get(path).status_code, 200)

    def test_a_statement_that_fails_for_itself_is_not_sent_twice(self):
        self.assertEqual(self.client.get("/").status_code, 200)
        connection.health_check_done = False
        before = connection.connection
        with self.assertRaisesRegex(OperationalError, "timeout"), connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 50")
            connection.health_check_done = False
            try:
                prepared.fetch("slow", "SELECT pg_sleep(5)", {})
            finally:
                cursor.execute("SET statement_timeout = 0")
        self.assertIs(connection.connection, before)
