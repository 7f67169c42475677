"""What the tests of faults share: a PostgreSQL, databases on it, and ways to run our commands and the site."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from microblog.tests.rehearsal import traffic
from microblog.tests.rehearsal.browser import Browser
from microblog.tests.rehearsal.build import Build
from microblog.tests.rehearsal.postgres import Postgres
from microblog.tests.rehearsal.processes import Process
from microblog.tests.servers import MissingServerError, free_port

ROOT = Path(__file__).resolve().parents[3]
SECRET_KEY = "a-secret-key-of-fifty-characters-which-no-output-may-contain"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    try:
        with Postgres() as server:
            yield server
    except MissingServerError as missing:
        pytest.skip(str(missing))


@pytest.fixture(autouse=True)
def written(tmp_path: Path) -> Iterator[None]:
    """What processes wrote is printed at the end, which pytest shows of a test that failed."""
    yield
    for log in sorted(tmp_path.glob("*.log")):
        print(f"\n{log.name} ends so:\n{log.read_text(errors='replace')[-10_000:]}")  # noqa: T201


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

    def python(self, *arguments: str, seconds: float = 120, **env: str) -> str:
        command = [sys.executable, *arguments]
        done = subprocess.run(
            command, cwd=self.code, env={**self.env, **env}, capture_output=True, text=True, timeout=seconds
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


class Site(Place):
    """The site as on a dyno, served by gunicorn from a built copy of the code."""

    def __init__(self, home: Path, database_url: str, code: Path) -> None:
        super().__init__(home, database_url, code)
        self.browser = Browser(free_port())
        self.env |= {
            "DYNO": "web.1",
            "PORT": str(self.browser.port),
            "WEB_CONCURRENCY": "2",
            "GUNICORN_CMD_ARGS": "--access-logfile -",
            "FORWARDED_ALLOW_IPS": "*",
            "RATE_LIMITS": "0",
        }

    def serve(self, name: str = "web", **env: str) -> Process:
        """Start gunicorn and wait until it answers."""
        process = self.start(name, **env)
        try:
            traffic.boot(process, self.browser)
        except BaseException:
            process.signal_group(signal.SIGKILL)
            raise
        return process

    def start(self, name: str = "web", **env: str) -> Process:
        command = [sys.executable, "-m", "gunicorn", "microblog.wsgi"]
        return Process(command, cwd=self.code, env={**self.env, **env}, log=self.home / f"{name}.log")


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a build makes of what git tracks, with the packages of this process."""
    app = tmp_path_factory.mktemp("build") / "app"
    Build(ROOT, app, app).take()
    place = Place(app, "", app)
    place.manage("collectstatic", "--noinput", "-v0")
    place.manage("compilemessages")
    return app


@pytest.fixture(scope="session")
def migrated(postgres: Postgres, built: Path) -> str:
    """The name of a database with every migration, to be copied."""
    Place(built, postgres.url_of("migrated"), built).manage("migrate", "--noinput", "-v0")
    return "migrated"


@pytest.fixture
def site(postgres: Postgres, migrated: str, built: Path, tmp_path: Path) -> Site:
    """The site on a database of its own, with every migration."""
    return Site(tmp_path, postgres.url_of("site", template=migrated), built)
