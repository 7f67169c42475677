"""Release phases: two at the same moment, and one that is killed under way."""

import signal
import sys

import pytest

from microblog.tests.faults.conftest import Place
from microblog.tests.rehearsal.postgres import Postgres
from microblog.tests.rehearsal.processes import Process, wait_until

pytestmark = pytest.mark.processes


@pytest.fixture
def place(postgres: Postgres, tmp_path) -> Place:
    """An empty database."""
    return Place(tmp_path, postgres.url_of("release"))


def migrate(place: Place, name: str) -> Process:
    command = [sys.executable, "manage.py", "migrate", "--noinput"]
    return Process(command, cwd=place.code, env=place.env, log=place.home / f"{name}.log")


def locked(postgres: Postgres) -> bool:
    return "advisory" in postgres.sql("SELECT locktype FROM pg_locks WHERE granted")


def test_of_two_at_the_same_moment_one_migrates_and_the_other_waits(place: Place, postgres: Postgres):
    with migrate(place, "first") as first:
        wait_until(lambda: locked(postgres))
        first.signal_group(signal.SIGSTOP)  # it takes as long as the second needs to come
        with migrate(place, "second") as second:
            second.wait_for("Another migration is running; this one waits for it.")
            first.signal_group(signal.SIGCONT)
            assert (first.wait(120), second.wait(120)) == (0, 0)
    assert "Applying blog.0001_initial... OK" in first.output
    assert "No migrations to apply." in second.output
    place.manage("migrate", "--check")
    assert not locked(postgres)


# Each statement about the table of members takes a second.
SLOW = """
    CREATE FUNCTION slow() RETURNS event_trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() WHERE object_identity LIKE '%accounts_user%') THEN
            PERFORM pg_sleep(1);
        END IF;
    END $$
"""


def test_one_that_is_killed_leaves_no_lock_and_no_half_of_a_migration(place: Place, postgres: Postgres):
    postgres.sql(SLOW, "CREATE EVENT TRIGGER slow ON ddl_command_end EXECUTE FUNCTION slow()", database="release")
    with migrate(place, "killed") as killed:
        killed.wait_for("Applying accounts.0001_initial...")
        killed.signal_group(signal.SIGKILL)
    assert "accounts.0001_initial... OK" not in killed.output
    postgres.sql("DROP EVENT TRIGGER slow", database="release")
    with migrate(place, "next") as following:
        assert following.wait(120) == 0
    assert "Applying accounts.0001_initial... OK" in following.output
    place.manage("migrate", "--check")
