"""What the tests of faults share: a PostgreSQL, databases on it, and a way to run our commands."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from microblog.tests.rehearsal.postgres import Postgres
from microblog.tests.servers import MissingServerError

ROOT = Path(__file__).resolve().parents[3]
SECRET_KEY = "a-secret-key-of-fifty-characters-which-no-output-may-contain"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    try:
        with Postgres() as server:
            yield server
    except MissingServerError as missing:
        pytest.skip(str(missing))


class Place:
    """Where commands of ours run: a directory of the code, an environment, a database."""

    def __init__(self, home: Path, database_url: str, code: Path = ROOT) -> None:
        self.home = home
        self.code = code
        self.env = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "DJANGO_SETTINGS_MODULE": "microblog.settings",
            "DATABASE_URL": database_url,
            "DATABASE_SSL": "1",
            "SECRET_KEY": SECRET_KEY,
            "EMAIL_URL": f"filemail:///{home}/mail",
        }

    def manage(self, *arguments: str, **env: str) -> str:
        """What a command of ours prints."""
        return self.python("manage.py", *arguments, **env)

    def python(self, *arguments: str, **env: str) -> str:
        command = [sys.executable, *arguments]
        done = subprocess.run(
            command, cwd=self.code, env={**self.env, **env}, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return done.stdout

    def run(self, script: str) -> str:
        """What a script with Django set up prints."""
        return self.python("-c", f"import django; django.setup()\n{script}")


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A migrated database on each of the two, and commands that use it."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/db.sqlite3"
    else:
        url = request.getfixturevalue("postgres").url_of("worker")
    place = Place(tmp_path, url)
    place.manage("migrate", "--noinput")
    return place
