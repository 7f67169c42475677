"""Options of the whole suite, and what must not be skipped."""

import io
import os
import secrets
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command

from microblog.tests.clusters import Cluster
from microblog.tests.servers import MissingServerError, shared_elasticsearch, stop_shared_elasticsearch

SHARED_ELASTICSEARCH = "MICROBLOG_TEST_ELASTICSEARCH"  # a variable of the environment, for all processes of the run
ONCE = {"browser", "processes"}  # marks of tests that don't depend on which database is used


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database-only", action="store_true", help="leave out what another run, on another database, runs"
    )
    parser.addoption("--screenshots", metavar="DIR", help="keep a picture of every page that is walked, for people")


def pytest_configure(config: pytest.Config) -> None:
    """The processes of one run share one Elasticsearch: here is where, and the first that needs it starts it."""
    if not hasattr(config, "workerinput"):
        os.environ[SHARED_ELASTICSEARCH] = f"{tempfile.gettempdir()}/mb-es-{secrets.token_hex(6)}"


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput") and SHARED_ELASTICSEARCH in os.environ:
        stop_shared_elasticsearch(Path(os.environ.pop(SHARED_ELASTICSEARCH)))


def pytest_sessionstart(session: pytest.Session) -> None:
    """Once, before any process that runs tests: pages speak their languages only from compiled catalogues."""
    if not hasattr(session.config, "workerinput"):
        try:
            call_command("compilemessages", stdout=io.StringIO())
        except CommandError as error:
            pytest.exit(str(error), returncode=1)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    real = [item for item in items if ONCE & {mark.name for mark in item.iter_markers()}]
    if config.getoption("--database-only"):
        items[:] = [item for item in items if item not in real]
        config.hook.pytest_deselected(items=real)
    # Processes and browsers take real time, of a machine that may have others to serve: a hiccup of it is not ours.
    # Such a test is run once more, which is counted in the last line ("1 rerun") and shown with what went wrong before.
    # All the others decide at the first try.
    for item in real:
        item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo):
    """Where everything has to be (CI=true), what is missing is a failure and not a skipped test."""
    report = yield
    if report.skipped and os.environ.get("CI") and "is not on this machine" in str(report.longrepr):
        report.outcome = "failed"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests measured: `record_property("figures", table)`."""
    measured = [report for report in terminalreporter.getreports("passed") if report.when == "call"]
    for report in measured:
        for name, figures in report.user_properties:
            if name == "figures":
                terminalreporter.write_line(f"\n{figures}")


@pytest.fixture(scope="session", autouse=True)
def groups_again() -> Iterator[None]:
    """A test that commits empties every table afterwards, also of what migrations put there: the groups."""
    from django.apps import apps
    from django.db.models.signals import post_migrate

    wanted = import_module("blog.migrations.0005_moderators").GROUPS

    def make(**about: object) -> None:
        from django.contrib.auth.models import Group, Permission

        for name, rights in wanted.items():
            group, _made = Group.objects.get_or_create(name=name)
            for label, _dot, codename in (right.partition(".") for right in rights):
                group.permissions.add(Permission.objects.get(content_type__app_label=label, codename=codename))

    last = apps.get_app_config("django_tasks_database")  # every table is there, and Django's permissions are
    post_migrate.connect(make, sender=last)
    yield
    post_migrate.disconnect(make, sender=last)


@pytest.fixture(scope="session")
def elasticsearch_url() -> str:
    """A real Elasticsearch: the one that ELASTICSEARCH_URL names for bin/test, or else one of this run's own."""
    if given := os.environ.get("TEST_ELASTICSEARCH_URL"):
        return given
    try:
        return shared_elasticsearch(Path(os.environ[SHARED_ELASTICSEARCH]))
    except MissingServerError as missing:
        pytest.skip(str(missing))


@pytest.fixture
def cluster(elasticsearch_url: str) -> Iterator[Cluster]:
    """Search is Elasticsearch's in this test, with an index of its own, which the test makes: `cluster.build()`."""
    with Cluster(elasticsearch_url) as cluster:
        yield cluster


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    """Pages and cards are kept in the process: no test sees what another one rendered."""
    from django.core.cache import cache

    from blog import cards
    from microblog.templatetags import kept

    cards.forget()
    kept.forget()
    cache.clear()


@pytest.fixture(autouse=True)
def one_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits count by the hours of the clock: for them it stands still, or an hour could end in the midst of a test."""
    from microblog import ratelimit

    began = datetime.now(UTC)
    still = SimpleNamespace(now=lambda zone: began, fromtimestamp=datetime.fromtimestamp)
    monkeypatch.setattr(ratelimit, "datetime", still)
