from unittest.mock import Mock, patch

from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import SimpleTestCase, TestCase, override_settings

from accounts.tests.base import queries_of
from blog.views import health


class Alive(SimpleTestCase):
    """SimpleTestCase forbids queries, so these answers come without one."""

    def test_the_process_answers_without_database_session_or_known_host(self):
        self.client.cookies["sessionid"] = "a" * 32
        answer = self.client.get("/healthz", headers={"Host": "10.1.2.3:5000"})
        self.assertEqual((answer.status_code, answer.content), (200, b"ok\n"))
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        self.assertNotIn("Set-Cookie", answer.headers)

    @override_settings(SECURE_SSL_REDIRECT=True)
    def test_a_probe_is_not_sent_to_https(self):
        self.assertEqual(self.client.get("/healthz").status_code, 200)
        self.assertEqual(self.client.get("/explore/").status_code, 301)

    def test_only_reading_is_asked_of_it(self):
        self.assertEqual(self.client.head("/healthz").status_code, 200)
        self.assertEqual(self.client.post("/healthz").status_code, 405)


class Ready(TestCase):
    def setUp(self):
        # The other parts of the site have tests of their own, and may not be built where these run.
        checks = {name: health.CHECKS[name] for name in ("database", "migrations")}
        patcher = patch.dict(health.CHECKS, checks, clear=True)
        patcher.start()
        self.addCleanup(patcher.stop)

    def test_ready_is_json_that_names_each_check(self):
        answer = self.client.get("/readyz")
        self.assertEqual(answer.status_code, 200)
        self.assertIs(answer.json()["ready"], True)
        self.assertEqual(answer.json()["checks"], {"database": "ok", "migrations": "ok"})
        self.assertEqual(answer.headers["Cache-Control"], "no-store")

    def test_without_a_database_it_is_503_with_a_reason_that_gives_nothing_away(self):
        error = OperationalError('connection to server at "10.0.0.7", port 5432 failed: user "secret"')
        away = patch.multiple(connection, cursor=Mock(side_effect=error), connection=None)
        with away, self.assertLogs("blog.views.health", "WARNING"):
            answer = self.client.get("/readyz")
        self.assertEqual(answer.status_code, 503)
        self.assertFalse(answer.json()["ready"])
        self.assertEqual(answer.json()["checks"]["database"], "The database does not answer (OperationalError).")
        self.assertNotContains(answer, "10.0.0.7", status_code=503)

    def test_a_migration_that_is_not_applied_is_named(self):
        MigrationRecorder(connection).record_unapplied("blog", "0001_initial")
        answer = self.client.get("/readyz")
        self.assertEqual(answer.status_code, 503)
        self.assertEqual(
            answer.json()["checks"]["migrations"], "Not applied: blog.0001_initial. Run manage.py migrate."
        )

    def test_a_migration_of_a_newer_release_does_no_harm(self):
        MigrationRecorder(connection).record_applied("blog", "9999_from_the_future")
        self.assertEqual(self.client.get("/readyz").status_code, 200)

    def test_other_parts_join_by_name(self):
        with patch.dict(health.CHECKS, {"queue": lambda: "No worker has been seen for an hour."}):
            answer = self.client.get("/readyz")
        self.assertEqual(answer.status_code, 503)
        self.assertEqual(answer.json()["checks"]["queue"], "No worker has been seen for an hour.")

    def test_asking_again_costs_a_few_small_queries(self):
        self.assertLess(queries_of(self.client, "/readyz"), 10)
