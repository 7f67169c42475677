import io
import json
import logging
import subprocess
import sys
import tempfile
from pathlib import Path
from unittest.mock import patch

from django.conf import settings
from django.core import mail
from django.http import HttpResponse
from django.test import Client, RequestFactory, SimpleTestCase, TestCase, override_settings
from django.utils.module_loading import import_string

from accounts.tests.base import PASSWORD, make_user
from microblog.alerts import AT_MOST, AdminMail
from microblog.logfile import rotating_file
from microblog.logging import JSONFormatter, RequestFilter, TextFormatter, without_secrets
from microblog.middleware import RequestMiddleware

BROKEN = override_settings(ROOT_URLCONF="microblog.tests.broken_urls")


WRITE_LINES = """
import logging, pathlib, sys
from microblog.logfile import rotating_file
handler = rotating_file(pathlib.Path(sys.argv[1]))
for n in range(200):
    handler.handle(logging.makeLogRecord({"msg": f"{sys.argv[2]} {n} {'x' * 80}"}))
"""


class Console:
    """Everything that the site logs, as its console would have it."""

    def __init__(self, formatter=None, level=logging.INFO):
        self.stream = io.StringIO()
        self.handler = logging.StreamHandler(self.stream)
        self.handler.setFormatter(formatter or TextFormatter())
        self.handler.addFilter(RequestFilter())
        self.handler.setLevel(level)

    def __enter__(self):
        logging.getLogger().addHandler(self.handler)
        return self

    def __exit__(self, *_error):
        logging.getLogger().removeHandler(self.handler)

    @property
    def text(self):
        return self.stream.getvalue()

    @property
    def lines(self):
        return self.text.splitlines()


@BROKEN
class OnTheConsole(TestCase):
    def setUp(self):
        self.client = Client(raise_request_exception=False)

    def test_a_crash_leaves_one_record_with_its_traceback_and_request_id(self):
        with Console() as console:
            answer = self.client.get("/broken/crash/")
        errors = [line for line in console.lines if " ERROR " in line]
        self.assertEqual(len(errors), 1)
        self.assertIn(f"[{answer.headers['X-Request-ID']}] Internal Server Error: /broken/crash/", errors[0])
        self.assertEqual(console.text.count("Traceback (most recent call last)"), 1)
        self.assertIn("    ZeroDivisionError: by zero", console.lines)

    def test_what_follows_a_record_can_not_pass_for_one(self):
        with Console() as console:
            self.client.get("/broken/crash/")
        records = [line for line in console.lines if not line.startswith("    ")]
        self.assertTrue(all(" [" in line and line[:2] == "20" for line in records), records)
        self.assertIn("    and a second line", console.lines)

    def test_without_debug_djangos_own_handlers_stay_silent(self):
        self.assertEqual(logging.getLogger("django").handlers, [])
        self.assertEqual([type(h) for h in logging.getLogger("django.request").handlers], [AdminMail])

    def test_json_is_one_object_a_line_whatever_is_in_it(self):
        with Console(JSONFormatter()) as console:
            answer = self.client.get("/broken/crash/")
            self.client.get("/explore/%0a%E2%80%A8{%22level%22:1}")
        objects = [json.loads(line) for line in console.lines]
        crash = next(o for o in objects if o["level"] == "error")
        self.assertEqual(crash["request_id"], answer.headers["X-Request-ID"])
        self.assertIn("ZeroDivisionError", crash["traceback"])
        access = objects[1]
        self.assertEqual(
            [access[k] for k in ("method", "path", "status", "member")], ["GET", "/broken/crash/", 500, None]
        )
        self.assertIsInstance(access["ms"], int)
        # Formatted by hand: pytest itself can't carry half a surrogate from one of its processes to another.
        odd = logging.makeLogRecord({"msg": 'two\nlines "and quotes" \ud800'})
        self.assertEqual(json.loads(JSONFormatter().format(odd))["message"], 'two\nlines "and quotes" \ud800')

    def test_a_line_from_outside_can_not_begin_a_record_of_its_own(self):
        with Console() as console:
            self.client.get("/x%0a2026-01-01 ERROR/microblog [-]/%1b[31mforged%E2%80%A8")
        self.assertEqual(len(console.lines), 1)
        self.assertIn("\\n2026", console.text)
        self.assertNotIn("\x1b", console.text)

    def test_a_request_is_one_line_and_a_missing_page_no_second(self):
        ada = make_user("ada")
        self.client.force_login(ada)
        with Console() as console:
            answer = self.client.get("/nothing/?secret=yes")
        self.assertEqual(len(console.lines), 1)
        request_id = answer.headers["X-Request-ID"]
        line = rf"20\S+Z INFO microblog.access \[{request_id}\] GET /nothing/ 404 \d+ ms member {ada.pk}"
        self.assertRegex(console.lines[0], f"^{line}$")

    def test_a_refused_form_is_one_line_and_an_address_for_forms_too(self):
        with Console() as console:
            self.client.post("/accounts/login/", {"username": ""})
            self.client.get("/posts/")
        self.assertEqual([line.split()[2] for line in console.lines], ["microblog.access"] * 2)

    def test_what_django_says_of_an_answer_has_its_id(self):
        with Console() as console:
            answer = Client(enforce_csrf_checks=True).post("/posts/")
        told = [line for line in console.lines if "django." in line]
        self.assertEqual([answer.headers["X-Request-ID"] in line for line in told], [True])

    def test_refused_requests_leave_no_traceback(self):
        with Console() as console:
            for path in ["/broken/often/", "/broken/forbidden/", "/broken/sentence/", "/broken/suspicious/"]:
                self.client.get(path)
            self.client.get("/", headers={"Host": "evil.example"})
        self.assertNotIn("Traceback", console.text)
        self.assertIn("429", console.text)

    def test_a_database_that_is_away_costs_a_line_and_no_traceback(self):
        with Console() as console:
            self.client.get("/broken/away/")
        self.assertEqual(len(console.lines), 2)
        self.assertIn("ERROR django.request", console.lines[0])
        self.assertIn("Database away: connection to server", console.lines[0])

    def test_a_head_has_no_text_of_which_gunicorn_would_complain(self):
        """Tried at the middleware: Django's test client drops the text, as a browser would."""
        answer = RequestMiddleware(lambda request: HttpResponse("Bread."))(RequestFactory().head("/"))
        self.assertEqual((answer.content, answer.headers["Content-Length"]), (b"", "6"))
        answer = RequestMiddleware(lambda request: HttpResponse("Bread."))(RequestFactory().get("/"))
        self.assertEqual(answer.content, b"Bread.")

    def test_probes_and_static_files_are_not_worth_a_line(self):
        with Console() as console:
            for path in ["/healthz", "/static/nothing.css"]:
                self.client.get(path)
        self.assertEqual(console.text, "")
        with Console() as console, patch.dict("blog.views.health.CHECKS", {"queue": lambda: "No worker."}):
            self.client.get("/readyz")
        [line] = console.lines
        self.assertIn("WARNING blog.views.health", line)
        self.assertIn("No worker.", line)
        with self.assertLogs("microblog.access", "DEBUG") as everything:
            self.client.get("/healthz")
        self.assertEqual(len(everything.output), 1)


class Secrets(TestCase):
    def test_tokens_in_paths_are_masked_and_names_are_not(self):
        masked = {
            "/accounts/reset/MQ/cyxq9b-7a8ed2cb53cd8e91ee2d6eab35a1d9c1/": "/accounts/reset/MQ/…/",
            "/accounts/reset/MQ/cyxq9b-7a8ed2cb53cd8e91ee2d6eab35a1d9c1": "/accounts/reset/MQ/…",
            "/auth/reset_password/eyJhbGciOiJIUzI1NiJ9.eyJyZXNldCI6MX0.x": "/auth/reset_password/…",
            "/accounts/settings/email/MQ:1vMx2k:Zm9vYmFyYmF6cXV4/": "/accounts/settings/email/…/",
        }
        for path, shown in masked.items():
            self.assertEqual(without_secrets(path), shown)
        for path in ["/", "/posts/116012345678901234567/like/", "/@a_name_of_more_than_twenty_letters/followers/"]:
            self.assertEqual(without_secrets(path), path)

    @BROKEN
    @override_settings(ADMINS=[("", "root@example.com")])
    def test_no_password_token_cookie_or_address_part_reaches_the_log_or_a_mail(self):
        ada = make_user("ada")
        token = "cyxq9b-7a8ed2cb53cd8e91ee2d6eab35a1d9c1"
        client = Client(raise_request_exception=False)
        with Console(level=logging.DEBUG) as text, Console(JSONFormatter(), level=logging.DEBUG) as lines:
            client.post("/accounts/login/", {"username": "ada", "password": PASSWORD})
            session = client.cookies["sessionid"].value
            client.post("/accounts/login/", {"username": "ada", "password": "wrong-password"})
            form = {"password": "hunter2secret", "body": "a private thing"}
            client.post(f"/broken/reset/{token}/?key=query-secret", form, headers={"Authorization": "Bearer abc123"})
            client.get(f"/nothing/{token}/")
        self.flush()
        [letter] = mail.outbox
        self.assertIn("ZeroDivisionError", letter.body)
        secrets = PASSWORD, "wrong-password", session, "hunter2secret", "private thing", token, "query-secret", "abc123"
        for secret in (*secrets, client.cookies["csrftoken"].value if "csrftoken" in client.cookies else session):
            for place in (text.text, lines.text, letter.subject, letter.body):
                self.assertNotIn(secret, place)
        self.assertIn(str(ada.pk), letter.body)

    def flush(self):
        logging.getLogger("django.request").handlers[0].flush(timeout=30)


class Slow:
    """A mail server that answers nobody."""

    def __init__(self, *args, **kwargs):
        raise TimeoutError("no answer from mail.example.org")


@BROKEN
@override_settings(ADMINS=[("", "root@example.com")])
class ByMail(TestCase):
    def setUp(self):
        self.handler = AdminMail()
        self.handler.setLevel(settings.LOGGING["handlers"]["admins"]["level"])
        self.handler.setFormatter(TextFormatter())
        self.handler.addFilter(RequestFilter())
        logger = logging.getLogger("django.request")
        patcher = patch.object(logger, "handlers", [self.handler])
        patcher.start()
        self.addCleanup(patcher.stop)
        self.client = Client(raise_request_exception=False)

    def test_admins_get_a_crash_with_its_traceback_and_request_id(self):
        answer = self.client.get("/broken/crash/")
        self.handler.flush(timeout=30)
        [letter] = mail.outbox
        self.assertEqual(letter.to, ["root@example.com"])
        self.assertTrue(letter.subject.startswith(f"[{settings.SITE_NAME}] ERROR"))
        self.assertIn(f"Request id: {answer.headers['X-Request-ID']}", letter.body)
        self.assertIn("ZeroDivisionError: by zero", letter.body)

    def test_a_mistake_of_somebody_else_is_not_mailed(self):
        for path in ["/broken/forbidden/", "/broken/sentence/", "/nothing/"]:
            self.client.get(path)
        self.handler.flush(timeout=30)
        self.assertEqual(mail.outbox, [])

    def test_many_crashes_are_few_mails_and_the_next_one_counts_the_rest(self):
        for _crash in range(AT_MOST + 5):
            self.client.get("/broken/crash/")
        self.handler.flush(timeout=30)
        self.assertEqual(len(mail.outbox), AT_MOST)
        self.handler.times.clear()  # an hour later
        self.client.get("/broken/crash/")
        self.handler.flush(timeout=30)
        self.assertIn("5 more errors were not mailed", mail.outbox[-1].body)

    @override_settings(EMAIL_BACKEND="microblog.tests.test_log.Slow")
    def test_a_dead_mail_server_costs_the_visitor_nothing_and_leaves_one_line(self):
        with Console() as console:
            answer = self.client.get("/broken/crash/")
            self.handler.flush(timeout=30)
        self.assertEqual(answer.status_code, 500)
        self.assertIn("could not be mailed to ADMINS: TimeoutError", console.text)
        self.assertEqual(console.text.count("Traceback"), 1)

    @override_settings(ADMINS=[])
    def test_without_admins_nothing_is_mailed(self):
        self.client.get("/broken/crash/")
        self.assertIsNone(self.handler.thread)


class InAFile(SimpleTestCase):
    def test_several_processes_rotate_one_file_and_lose_no_line(self):
        with tempfile.TemporaryDirectory() as home:
            path = Path(home) / "logs" / "microblog.log"
            writers = [subprocess.Popen([sys.executable, "-c", WRITE_LINES, str(path), name]) for name in "abc"]
            self.assertEqual([writer.wait(60) for writer in writers], [0, 0, 0])
            files = [file for file in path.parent.iterdir() if not file.name.endswith(".lock")]
            self.assertGreater(len(files), 3)
            self.assertTrue(all(file.stat().st_size <= 10240 for file in files))
            lines = [line for file in files for line in file.read_text().splitlines()]
            self.assertEqual(len(lines), 3 * 200)

    def test_never_more_than_ten_files(self):
        with tempfile.TemporaryDirectory() as home:
            path = Path(home) / "logs" / "microblog.log"
            handler = rotating_file(path)
            for _n in range(2000):
                handler.handle(logging.makeLogRecord({"msg": "x" * 100}))
            handler.close()
            self.assertEqual(len(list(path.parent.glob("microblog.log*"))) - 1, 10)  # and the lock

    def test_the_settings_name_what_exists(self):
        for part in (*settings.LOGGING["handlers"].values(), *settings.LOGGING["formatters"].values()):
            import_string(part.get("class") or part["()"])
