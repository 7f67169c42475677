"""bin/run, as somebody runs it who has just cloned the project into a folder with a space in its name."""

import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from microblog.tests.servers import free_port

pytestmark = pytest.mark.processes
AT_MOST = 60  # seconds for anything, on a busy machine


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What git tracks and what was just written, with the packages of this environment."""
    folder = tmp_path / "my site"
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.run(
        listed, cwd=settings.BASE_DIR, capture_output=True, text=True, check=True
    ).stdout.split():
        source, target = settings.BASE_DIR / name, folder / name
        if source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", "--system-site-packages", folder / ".venv"], check=True
    )
    packages = next((folder / ".venv/lib").glob("python*/site-packages"))
    here = [path for path in sys.path if path.endswith("site-packages")]
    (packages / "here.pth").write_text("\n".join(here))
    shutil.copy2(folder / "requirements.txt", folder / ".venv/requirements.txt")
    return folder


class Run:
    """bin/run, started from another folder, and what it says."""

    def __init__(self, clone: Path, *arguments: str, **env: str) -> None:
        self.port = free_port()
        unset = {"DATABASE_URL", "DEBUG", "SECRET_KEY", "DJANGO_SETTINGS_MODULE"}
        env = {name: value for name, value in os.environ.items() if name not in unset} | {"PORT": str(self.port)} | env
        self.said = clone.parent / "said"
        with self.said.open("w") as output:
            self.process = subprocess.Popen(
                [clone / "bin/run", *arguments], cwd="/", env=env, stdout=output, stderr=output, start_new_session=True
            )

    def wait_for(self, words: str) -> str:
        """Wait until it said this. Return all that it said."""
        deadline = time.monotonic() + AT_MOST
        while words not in (said := self.said.read_text()):
            assert time.monotonic() < deadline, f"{words!r} is not in {said}"
            assert self.process.poll() is None or words in self.said.read_text(), said
            time.sleep(0.1)
        return said

    def interrupt(self) -> int:
        """Ctrl+C: the signal goes to everybody in the foreground. Return the exit code."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(AT_MOST)

    def children(self) -> dict[str, int]:
        """Process ids of those it started, by what they are."""
        told = subprocess.run(["ps", "-ww", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True).stdout
        mine = [line.split(None, 2) for line in told.splitlines()[1:]]
        return {
            "worker" if " worker" in command else "web": int(pid)
            for pid, parent, command in mine
            if int(parent) == self.process.pid
        }

    def get(self, path: str = "/") -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return answer.read().decode()

    def is_reachable(self) -> bool:
        try:
            self.get()
        except OSError:  # refused, or reset by one that is being ended
            return False
        return True


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def started() -> Iterator[list[Run]]:
    runs: list[Run] = []
    yield runs
    for run in runs:
        if run.process.poll() is None:
            os.killpg(run.process.pid, signal.SIGKILL)
            run.process.wait()


def test_without_debug_it_answers_on_this_machine_too(clone: Path, started: list[Run]):
    started.append(run := Run(clone, "--no-demo", DEBUG="0"))
    said = run.wait_for("Ctrl+C stops it")
    assert "Collecting static files" in said
    page = run.get("/accounts/register/")
    assert re.search(r'href="/static/css/site\.[0-9a-f]{12}\.css"', page)
    assert "Secure" not in urllib.request.urlopen(f"http://localhost:{run.port}/").headers["Set-Cookie"]


def test_the_site_runs_until_ctrl_c_and_runs_again_quickly(clone: Path, started: list[Run]):
    started.append(run := Run(clone, "--no-demo"))
    said = run.wait_for("Ctrl+C stops it")
    assert f"http://localhost:{run.port}/" in said
    assert "Migrating the database … " in said
    assert set(run.children()) == {"web", "worker"}
    page = run.get()
    style = re.search(r'href="(/static/css/site[^"]*)"', page).group(1)
    assert "--accent" in run.get(style)
    assert run.interrupt() == 0
    assert not run.is_reachable()

    secret = (clone / ".env").read_text()
    assert stat.S_IMODE((clone / ".env").stat().st_mode) == 0o600
    assert secret.removeprefix("SECRET_KEY=").strip() not in said
    began = time.monotonic()
    started.append(again := Run(clone, "--no-demo"))
    said = again.wait_for("Ctrl+C stops it")
    assert time.monotonic() - began < 30  # 2 s on an idle machine; this one runs tests
    assert "Migrating" not in said
    assert "Installing" not in said
    assert (clone / ".env").read_text() == secret
    assert again.interrupt() == 0


@pytest.mark.parametrize(("ends", "stops"), [("worker", "background worker"), ("web", "web server")])
def test_neither_outlives_the_other(ends, stops, clone: Path, started: list[Run]):
    started.append(run := Run(clone, "--no-demo"))
    run.wait_for("Ctrl+C stops it")
    children = run.children()
    os.kill(children[ends], signal.SIGKILL)
    said = run.wait_for("ended by itself")
    assert f"The {stops} ended by itself" in said
    assert run.process.wait(AT_MOST) == 1
    deadline = time.monotonic() + AT_MOST
    while run.is_reachable():  # gunicorn's children look for their killed parent once a second
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert not any(is_alive(pid) for pid in children.values())


def test_a_port_that_is_taken_is_said(clone: Path, started: list[Run]):
    started.append(first := Run(clone, "--no-demo"))
    first.wait_for("Ctrl+C stops it")
    second = subprocess.run(
        [clone / "bin/run"], env={**os.environ, "PORT": str(first.port)}, capture_output=True, text=True
    )
    assert second.returncode == 1
    assert f"Port {first.port} of 127.0.0.1 is not free" in second.stderr
    assert f"PORT={first.port + 1} bin/run" in second.stderr
    assert first.is_reachable()


def test_a_database_that_does_not_answer_is_said(clone: Path, started: list[Run]):
    secret = "not-for-the-console"
    started.append(run := Run(clone, DATABASE_URL=f"postgres://ada:{secret}@127.0.0.1:{free_port()}/nothing"))
    assert run.process.wait(AT_MOST) == 1
    said = run.said.read_text()
    assert "The database does not answer" in said
    assert "Traceback" not in said
    assert secret not in said


def test_help_says_what_there_is_and_a_mistake_is_refused():
    told = subprocess.run([settings.BASE_DIR / "bin/run", "--help"], capture_output=True, text=True, check=True).stdout
    assert "--no-demo" in told
    assert "DATABASE_URL" in told
    wrong = subprocess.run([settings.BASE_DIR / "bin/run", "--nodemo"], capture_output=True, text=True)
    assert wrong.returncode == 1
    assert "does not know --nodemo" in wrong.stderr
