"""E-mails through a real mail server, which may be down, refuse, or never answer."""

import logging
import re
import socket
from contextlib import contextmanager
from email import message_from_bytes, policy

from aiosmtpd.controller import Controller
from django.core import mail
from django.test import TestCase, TransactionTestCase, override_settings
from django_tasks_db.models import DBTaskResult

from accounts import emails, tasks
from accounts.models import EmailChange, User
from accounts.tests.base import make_user
from microblog.retry import DELAYS
from microblog.tests.queue import in_the_database, wait, waiting, work
from microblog.tests.servers import free_port

JOINING = {"username": "ada", "email": "ada@example.com", "password1": "long enough 1", "password2": "long enough 1"}


class Mailbox:
    """What a mail server got, or what it says to each recipient instead."""

    def __init__(self, answer="250 OK"):
        self.answer = answer
        self.letters = []

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - aiosmtpd's name
        if self.answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.answer

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        self.letters.append((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=policy.default)))
        return "250 OK"


def through(port, patience=30):
    """Settings that send mail to this port, and wait so many seconds at most."""
    return override_settings(
        EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend",
        EMAIL_HOST="127.0.0.1",
        EMAIL_PORT=port,
        EMAIL_TIMEOUT=patience,
    )


@contextmanager
def mail_server(answer="250 OK"):
    mailbox = Mailbox(answer)
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_port(), ready_timeout=30)
    controller.start()
    try:
        with through(controller.port):
            yield mailbox
    finally:
        controller.stop()


@in_the_database
class Delivery(TransactionTestCase):
    def join(self):
        response = self.client.post("/accounts/register/", JOINING)
        self.assertRedirects(response, "/", fetch_redirect_response=False)
        self.assertTrue(User.objects.named("ada").exists())
        return response

    def test_a_letter_arrives_as_text_and_as_html(self):
        self.join()
        with mail_server() as mailbox:
            work()
        ((recipients, letter),) = mailbox.letters
        self.assertEqual(recipients, ["ada@example.com"])
        self.assertEqual(letter["Subject"], "Welcome to Microblog")
        self.assertEqual(letter["Auto-Submitted"], "auto-generated")
        text, html = (letter.get_body([kind]).get_content() for kind in ("plain", "html"))
        for part in (text, html):
            self.assertIn("http://testserver/@ada/", part)
            self.assertIn("You get this e-mail because somebody joined Microblog", part)
        self.assertIn('<html lang="en" dir="ltr">', html)
        self.assertNotRegex(text, r"<|&#|&amp;|\n{4}")
        self.assertEqual(DBTaskResult.objects.get().status, "SUCCESSFUL")

    def test_a_server_that_is_down_costs_neither_the_account_nor_an_error(self):
        with through(free_port()), self.assertLogs("microblog.retry", logging.WARNING) as logged:
            self.join()
            work()
        self.assertIn("failed and is tried again in 0:00:30", logged.output[0])
        self.assertNotIn("example.com", "".join(logged.output))
        wait()
        with mail_server() as mailbox:
            work()
        self.assertEqual(len(mailbox.letters), 1)
        self.assertIsNone(waiting())

    def test_is_tried_later_and_later_and_fails_in_the_end(self):
        self.join()
        delays = []
        with through(free_port()), self.assertLogs("microblog.retry", logging.WARNING) as logged:
            work()
            while waiting():
                delays.append(wait())
                work()
        for measured, meant in zip(delays, DELAYS, strict=True):
            self.assertAlmostEqual(measured, meant.total_seconds(), delta=5)
        self.assertEqual([record.levelname for record in logged.records], ["WARNING"] * 5 + ["ERROR"])
        self.assertIn("failed for good, tried 6 times", logged.output[-1])
        self.assertEqual(sorted(DBTaskResult.objects.values_list("status", flat=True)), ["FAILED"] + ["SUCCESSFUL"] * 5)

    def test_a_server_that_never_answers_is_left_after_a_while(self):
        with socket.create_server(("127.0.0.1", 0)) as silent, through(silent.getsockname()[1], patience=1):
            self.join()
            with self.assertLogs("microblog.retry", logging.WARNING) as logged:
                work()
        self.assertIn("timed out", logged.output[0])
        self.assertIsNotNone(waiting())

    def test_a_server_that_refuses_for_now_is_asked_again(self):
        self.join()
        with mail_server("451 Come back later"), self.assertLogs(level=logging.INFO) as logged:
            work()
            for _delay in DELAYS:
                wait()
                work()
        self.assertEqual(DBTaskResult.objects.filter(status="FAILED").count(), 1)
        traces = "".join(DBTaskResult.objects.values_list("traceback", flat=True))
        self.assertIn("refuses the address for now: [451]", traces)
        ours = "".join(record.getMessage() for record in logged.records if record.name != "mail.log")  # the server's
        self.assertNotIn("example.com", traces + ours)

    def test_an_address_that_is_refused_for_good_is_left_alone(self):
        self.join()
        with mail_server("550 No such user"), self.assertLogs("accounts.emails", logging.WARNING) as logged:
            work()
        self.assertIn("refused for good: [550]", logged.output[0])
        self.assertNotIn("example.com", logged.output[0])
        self.assertIsNone(waiting())

    def test_each_try_of_a_reset_makes_a_token_of_its_own(self):
        make_user("ada")
        self.client.post("/accounts/password_reset/", {"email": "ada@example.com"})
        with through(free_port()), self.assertLogs("microblog.retry", logging.WARNING) as logged:
            work()
        self.assertNotRegex("".join(logged.output), r"reset/\w")
        for queued in DBTaskResult.objects.all():
            self.assertNotRegex(str(queued.args_kwargs) + queued.traceback, r"@|accounts/reset")
        wait()
        with mail_server() as mailbox:
            work()
        text = mailbox.letters[0][1].get_body(["plain"]).get_content()
        link = re.search(r"http://testserver(\S+)", text)[1]
        self.assertEqual(self.client.get(link).status_code, 302)

    def test_an_address_in_another_script_arrives(self):
        user = make_user("надя", email="nadia@xn--e1afmkfd.example")
        with mail_server() as mailbox:
            emails.welcome(user, site="http://testserver", language="ru")
        text = mailbox.letters[0][1].get_body(["plain"]).get_content()
        self.assertIn("@надя", text)
        self.assertIn("http://testserver/@%D0%BD%D0%B0%D0%B4%D1%8F/", text)


@override_settings(SITE_NAME="<b>Ada & Co</b>")
class Wording(TestCase):
    """Every letter, in text and in HTML."""

    def setUp(self):
        self.ada = make_user("ada", name="<script>alert(1)</script>")
        self.change = EmailChange.objects.create(user=self.ada, email="new@example.com", old_email="old@example.com")

    def letters(self):
        where = {"site": "https://blog.example", "language": "en"}
        emails.welcome(self.ada, **where)
        emails.reset(self.ada, **where)
        emails.confirm_address(self.change, **where)
        emails.address_changed(self.change, **where)
        return mail.outbox

    def test_all_look_alike_and_say_why_they_came(self):
        letters = self.letters()
        self.assertEqual(len(letters), 4)
        self.assertEqual(len({letter.subject for letter in letters}), 4)
        for letter in letters:
            (html, _kind) = letter.alternatives[0]
            self.assertIn("<b>Ada & Co</b>", letter.body)
            self.assertIn("&lt;b&gt;Ada &amp; Co&lt;/b&gt;", html)
            self.assertNotIn("<b>", html)
            self.assertNotIn("&amp;", letter.body)
            self.assertNotIn("\n", letter.subject)
            for text in (letter.body, html):
                self.assertIn("You get this e-mail", text)
                self.assertIn("https://blog.example/", text)
                self.assertNotIn("script", text, "a name that somebody chose is no part of our letters")

    def test_nobody_is_written_to_without_an_address(self):
        User.objects.update(email="", email_key="")
        tasks.send_welcome.func(self.ada.pk, "https://blog.example", "en")
        tasks.send_reset.func(self.ada.pk, "https://blog.example", "en")
        self.assertEqual(mail.outbox, [])
