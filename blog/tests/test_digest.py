"""E-mail digests: who gets one, when, what is in it, and how it ends."""

import logging
from contextlib import redirect_stdout
from datetime import timedelta
from io import StringIO
from unittest.mock import patch

from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client, TestCase, TransactionTestCase, override_settings
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts.models import Session
from accounts.tests.base import make_user
from accounts.tests.test_mail import mail_server, through
from blog import digest
from blog.models import Choices, Notification
from blog.tasks import start_digests
from blog.tests.base import make_post
from microblog.tests.queue import in_the_database, wait, waiting, work
from microblog.tests.servers import free_port

ALL = [kind.value for kind in Notification.CHOSEN]
here = override_settings(SITE_URL="https://blog.example")


def run(**options):
    out = StringIO()
    call_command("send_digests", stdout=out, stderr=StringIO(), **options)
    return out.getvalue().strip().splitlines()[-1]


def said(queued, nothing):
    return f"Digests: {queued} are on their way, {nothing} members had nothing new."


def later(**length):
    """Let so much time pass since the last digests."""
    for choices in Choices.objects.exclude(digest_sent_at=None):
        Choices.objects.filter(pk=choices.pk).update(digest_sent_at=choices.digest_sent_at - timedelta(**length))


@here
class Sending(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada, cls.bob, cls.eve = make_user("ada"), make_user("bob", name="Bob & Co"), make_user("eve")
        cls.post = make_post(cls.ada, "Rye <starter> & water.")
        Choices.choose(cls.ada, ALL, "daily")

    def test_tells_what_is_not_read_in_text_and_html(self):
        for fan in (self.eve, self.bob):
            self.post.like(fan)
        self.eve.follow(self.ada)
        self.assertEqual(run(), said(1, 0))
        [letter] = mail.outbox
        self.assertEqual((letter.to, letter.subject), (["ada@example.com"], "What you have not read on Microblog"))
        (html, _kind) = letter.alternatives[0]
        self.assertIn("* Bob & Co and eve liked your post\n  Rye <starter> & water.", letter.body)
        self.assertIn(f"https://blog.example/posts/{self.post.pk}/", letter.body)
        self.assertIn("* eve follows you\n  https://blog.example/@eve/", letter.body)
        self.assertIn('Bob &amp; Co and eve liked your post</a><br><span dir="auto">Rye &lt;starter&gt;', html)
        self.assertNotIn("&amp;", letter.body)
        for part in (letter.body, html):
            self.assertIn("https://blog.example/notifications/", part)
            self.assertIn("You get this e-mail because @ada asked for it.", part)
            self.assertIn("https://blog.example/notifications/unsubscribe/", part)

    def test_twice_in_a_day_is_once(self):
        self.post.like(self.bob)
        self.assertEqual(run(), said(1, 0))
        self.post.like(self.eve)
        for _time in range(3):
            self.assertEqual(run(), said(0, 0))
        later(hours=23)
        self.assertEqual(run(), said(0, 0))
        later(hours=1)
        self.assertEqual(run(), said(1, 0))
        self.assertEqual(len(mail.outbox), 2)

    def test_a_weekly_one_comes_once_a_week(self):
        Choices.choose(self.ada, ALL, "weekly")
        self.post.like(self.bob)
        run()
        for _day in range(6):
            later(days=1)
            make_post(self.ada).like(self.bob)
            self.assertEqual(run(), said(0, 0))
        later(days=1)
        self.assertEqual(run(), said(1, 0))
        self.assertEqual(len(mail.outbox), 2)

    def test_only_what_came_since_the_last_one_is_in_it(self):
        self.post.like(self.bob)
        run()
        later(days=1)
        Notification.objects.update(newest=1)
        make_post(self.ada, "Another.").like(self.eve)
        run()
        self.assertIn("eve liked your post", mail.outbox[1].body)
        self.assertNotIn("Bob", mail.outbox[1].body)

    def test_nothing_new_is_no_letter(self):
        self.assertEqual(run(), said(0, 1))
        later(days=1)
        self.post.like(self.bob)
        self.ada.notifications.mark_read()
        self.assertEqual(run(), said(0, 1))
        self.assertEqual(mail.outbox, [])

    def test_who_wants_none_or_has_no_address_or_is_suspended_gets_none(self):
        for person in (self.bob, self.eve):
            make_post(person).like(self.ada)
        Choices.choose(self.bob, ALL, "off")
        mute, away = make_user("mute", email=""), make_user("away")
        for person in (mute, away):
            Choices.choose(person, ALL, "daily")
            make_post(person).like(self.ada)
        away.suspend()
        self.assertEqual(run(), said(0, 3))
        self.assertEqual(mail.outbox, [])

    def test_what_a_page_would_not_show_is_not_in_it(self):
        self.post.like(self.bob)
        self.eve.follow(self.ada)
        self.bob.suspend()
        run()
        self.assertIn("eve follows you", mail.outbox[0].body)
        self.assertNotIn("Bob", mail.outbox[0].body)
        later(days=1)
        make_post(self.ada, "Another.").like(self.eve)
        self.eve.suspend()
        run()
        self.assertEqual(len(mail.outbox), 1)

    def test_speaks_the_members_language(self):
        self.post.like(self.bob)
        self.ada.language = "es"
        self.ada.save()
        run()
        self.assertIn('lang="es"', mail.outbox[0].alternatives[0][0])

    def test_or_the_one_they_read_when_they_chose(self):
        self.client.force_login(self.ada)
        chosen = {"told": ALL, "digest": "daily"}
        self.client.post("/accounts/settings/notifications/", chosen, headers={"Accept-Language": "ru"})
        self.post.like(self.bob)
        run()
        self.assertIn('lang="ru"', mail.outbox[0].alternatives[0][0])

    def test_much_is_cut_and_says_so(self):
        for number in range(digest.SHOWN + 5):
            make_post(self.ada, f"Day {number}.").like(self.bob)
        run()
        self.assertEqual(mail.outbox[0].body.count("Bob & Co liked your post"), digest.SHOWN)
        self.assertIn("And there is more.", mail.outbox[0].body)

    def test_goes_through_everybody_in_batches(self):
        for number in range(7):
            person = make_user(f"p{number}")
            Choices.choose(person, ALL, "daily")
            if number % 2:
                make_post(person).like(self.bob)
        with patch("blog.digest.BATCH", 3):
            self.assertEqual(run(), said(3, 5))
            self.assertEqual(run(), said(0, 0))
        self.assertEqual(sorted(letter.to[0] for letter in mail.outbox), [f"p{n}@example.com" for n in (1, 3, 5)])

    def test_says_how_far_it_is(self):
        err = StringIO()
        call_command("send_digests", stdout=StringIO(), stderr=err, verbosity=2)
        self.assertEqual(err.getvalue(), "1 members …\n")

    @override_settings(SITE_URL="")
    def test_without_an_address_of_the_site_it_says_what_to_do(self):
        with self.assertRaisesMessage(CommandError, "Set SITE_URL"):
            run()
        self.assertIsNone(Choices.objects.get().digest_sent_at)


@here
@in_the_database
class ThroughTheQueue(TransactionTestCase):
    def setUp(self):
        self.people = [make_user(f"p{number}") for number in range(5)]
        fan = make_user("fan")
        for person in self.people:
            Choices.choose(person, ALL, "daily")
            make_post(person).like(fan)

    def test_interrupted_it_goes_on_where_it_was_and_nobody_gets_two(self):
        with patch("blog.digest.BATCH", 2):
            batches = start_digests(site="https://blog.example")
            self.assertEqual(next(batches), (2, 0))
            batches.close()
            with (
                patch("blog.digest._take", side_effect=[True, KeyboardInterrupt]),
                self.assertRaises(KeyboardInterrupt),
            ):
                run()
            self.assertEqual(run(), said(3, 0))
        with mail_server() as mailbox:
            work()
        self.assertEqual(sorted(to for to, _letter in mailbox.letters), [[p.email] for p in self.people])

    def test_what_cannot_be_sent_is_tried_again(self):
        self.assertEqual(run(), said(5, 0))
        DBTaskResult.objects.exclude(pk=waiting().pk).delete()
        with through(free_port()), self.assertLogs("microblog.retry", logging.WARNING):
            work()
        wait()
        with mail_server() as mailbox:
            work()
        [(_to, letter)] = mailbox.letters
        self.assertEqual(letter["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click")
        self.assertRegex(
            letter["List-Unsubscribe"].strip(), r"^<https://blog\.example/notifications/unsubscribe/[^>\s]+/>$"
        )

    def test_no_address_is_in_the_queue(self):
        run()
        for row in DBTaskResult.objects.all():
            self.assertNotIn("@", str(row.args_kwargs))

    def test_who_unsubscribed_meanwhile_gets_none(self):
        run()
        Choices.objects.update(digest="off")
        with mail_server() as mailbox:
            work()
        self.assertEqual(mailbox.letters, [])

    def test_the_worker_sends_them_once_an_hour_unless_it_is_told_not_to(self):
        from blog.management.commands.worker import Runner
        from microblog.models import RateWindow

        with override_settings(DIGESTS=False):
            Runner().keep_house()
        self.assertIsNone(waiting())
        RateWindow.objects.all().delete()
        with override_settings(SITE_URL=""), self.assertLogs("blog.worker", logging.WARNING) as logged:
            Runner().keep_house()
        self.assertIn("set SITE_URL", logged.output[0])
        self.assertIsNone(waiting())
        RateWindow.objects.all().delete()
        # Said as records, which is all that a reader of LOG_FORMAT=json wants to find on the console.
        with self.assertLogs("blog.worker", logging.INFO) as logged, redirect_stdout(StringIO()) as console:
            Runner().keep_house()
        self.assertEqual(DBTaskResult.objects.filter(status="READY").count(), 5)
        self.assertEqual([line.split(":")[2] for line in logged.output], ["Deleted", "Digests"])
        self.assertEqual(console.getvalue(), "")


@here
class Unsubscribing(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada, cls.bob = make_user("ada"), make_user("bob")
        for person in (cls.ada, cls.bob):
            Choices.choose(person, {"like"}, "daily")
        cls.path = f"/notifications/unsubscribe/{digest.token_of(cls.ada)}/"

    def digests(self):
        return list(Choices.objects.order_by("owner").values_list("digest", flat=True))

    def test_one_click_is_enough_without_session_or_token(self):
        mail_service = Client(enforce_csrf_checks=True)
        for _time in range(2):
            answer = mail_service.post(self.path, {"List-Unsubscribe": "One-Click"})
            self.assertContains(answer, "You get no more digests")
        self.assertEqual(self.digests(), ["off", "daily"])
        self.assertEqual(Choices.objects.get(owner=self.ada).told, ["like"])
        self.assertFalse(Session.objects.exists())

    def test_looking_changes_nothing_and_shows_a_button(self):
        page = self.client.get(self.path)
        self.assertContains(page, '<form method="post"><button class="button first">Send me no more digests</button>')
        self.client.head(self.path)
        self.assertEqual(self.digests(), ["daily", "daily"])

    def test_the_link_of_a_digest_is_the_members_own(self):
        make_post(self.ada).like(self.bob)
        run()
        link = mail.outbox[0].extra_headers["List-Unsubscribe"].strip("<>")
        self.assertEqual(link, f"https://blog.example{self.path}")

    def test_a_link_that_is_none_of_ours_is_not_found(self):
        pk, _colon, signature = digest.token_of(self.ada).partition(":")
        for token in (f"{self.bob.pk}:{signature}", pk, f"{pk}:", "nonsense", f"{pk}:{signature}x"):
            for ask in (self.client.get, self.client.post):
                self.assertEqual(ask(f"/notifications/unsubscribe/{token}/").status_code, 404)
        self.assertEqual(self.digests(), ["daily", "daily"])

    def test_of_somebody_who_is_gone_it_is_as_quiet(self):
        self.ada.delete()
        self.assertContains(self.client.post(self.path), "You get no more digests")

    def test_the_log_does_not_keep_the_link(self):
        with self.assertLogs("microblog.access", "INFO") as logged:
            self.client.get(self.path)
        self.assertNotIn(self.path, "".join(logged.output))


class Pruning(TestCase):
    def test_what_was_read_long_ago_goes(self):
        ada, bob = make_user("ada"), make_user("bob")
        long_ago = digest.id_at(timezone.now() - timedelta(days=91))
        lately = digest.id_at(timezone.now() - timedelta(days=89))
        post = make_post(ada)
        kept = set()
        for newest, read in ((long_ago, True), (long_ago, False), (lately, True), (lately, False)):
            other = make_post(ada) if not read else post
            Notification.tell(ada, "like", bob, post=other)
            row = Notification.objects.latest("pk")
            Notification.objects.filter(pk=row.pk).update(newest=newest, read=read)
            if (newest, read) != (long_ago, True):
                kept.add(row.pk)
            bob = make_user(f"fan{row.pk}")
        out = StringIO()
        call_command("clean_up", stdout=out)
        self.assertEqual(set(Notification.objects.values_list("pk", flat=True)), kept)
        self.assertIn("1 old notifications", out.getvalue())
        with override_settings(NOTIFICATIONS_KEPT=timedelta(days=1)):
            call_command("clean_up", stdout=out)
        self.assertEqual(Notification.objects.filter(read=True).count(), 0)
        self.assertEqual(Notification.objects.count(), 2)
