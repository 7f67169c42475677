"""Private database servers for tests: made in a temporary directory, on a free port, gone afterwards.

    with postgres() as url: ...

`python -m microblog.tests.servers COMMAND …` runs a command with DATABASE_URL set to such a PostgreSQL.
"""

import fcntl
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

POSTGRES_PLACES = "/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin"
START_TIMEOUT = STOP_TIMEOUT = 60  # seconds


class ServerError(Exception):
    """A server did not start; the text says what it wrote last."""


class MissingServerError(ServerError):
    """The program is not on this machine: a reason to skip a test."""


def find_program(name: str, *places: str) -> str:
    """The path of a program, from PATH or else the newest of `places` (globs of directories)."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin")
    homes = [home for place in places for home in Path("/").glob(place.lstrip("/")) if (home / name).exists()]
    if found is None and homes:
        newest = max(homes, key=lambda home: [int(number) for number in re.findall(r"\d+", str(home))])
        found = str(newest / name)
    if found is None:
        raise MissingServerError(f"{name} is not on this machine")
    return found


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now.

    None that the system itself gives away: between our look and the start of a server, any connection could get it.
    """
    while True:
        port = 15_000 + secrets.randbelow(15_000)  # not `random`, which repeats itself in every process of a test run
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port


def unprivileged(*names: str) -> dict[str, Any]:
    """Arguments of `subprocess.run` that make root somebody else (servers refuse root); nothing for anybody else."""
    if os.geteuid() != 0:
        return {}
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    account = next(known[name] for name in (*names, "nobody") if name in known)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


@contextmanager
def directory(owner: dict[str, Any]) -> Iterator[Path]:
    """A temporary directory that belongs to who runs the server. Its path is short: a socket has to fit."""
    home = Path(tempfile.mkdtemp(prefix="mb-", dir="/tmp"))
    if owner:
        os.chown(home, owner["user"], owner["group"])
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def running(
    command: list[str],
    log: Path,
    answers: Callable[[], bool],
    owner: dict[str, Any],
    stop: signal.Signals = signal.SIGTERM,
) -> Iterator[None]:
    """Keep `command` running; go on when it `answers`, and stop it, by its process id, at the end."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, cwd=log.parent, **owner)
    try:
        deadline = time.monotonic() + START_TIMEOUT
        while not answers():
            if process.poll() is not None or time.monotonic() > deadline:
                raise ServerError(f"{command[0]} did not start:\n{log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.05)
        yield
    finally:
        process.send_signal(stop)
        try:
            process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _run(command: list[str], owner: dict[str, Any], home: Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, cwd=home, **owner)
    if done.returncode:
        raise ServerError(f"{command[0]} failed:\n{done.stdout[-1000:]}{done.stderr[-1000:]}")


def _succeeds(command: list[str]) -> bool:
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


@contextmanager
def postgres() -> Iterator[str]:
    """A PostgreSQL of our own with durability off; the URL of its database and superuser "postgres"."""
    initdb, server, isready = (find_program(name, *POSTGRES_PLACES) for name in ("initdb", "postgres", "pg_isready"))
    owner, port = unprivileged("postgres"), free_port()
    with directory(owner) as home:
        cluster = str(home / "data")
        _run([initdb, "-D", cluster, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"], owner, home)
        options = ["listen_addresses=127.0.0.1", f"unix_socket_directories={home}", "max_connections=200"]
        options += ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]
        command = [server, "-D", cluster, "-p", str(port), *[part for option in options for part in ("-c", option)]]
        ready = [isready, "-q", "-h", "127.0.0.1", "-p", str(port)]
        # SIGINT is the fast shutdown, which does not wait for those who are still connected.
        with running(command, home / "log", lambda: _succeeds(ready), owner, signal.SIGINT):
            yield f"postgres://postgres@127.0.0.1:{port}/postgres"


MARIADB_SETUP = """
    CREATE USER mover@localhost IDENTIFIED BY 'p@ss:w/rd';
    GRANT ALL ON *.* TO mover@localhost;
    CREATE DATABASE test CHARACTER SET utf8mb4;
"""


@contextmanager
def mariadb() -> Iterator[str]:
    """A MariaDB of our own; the URL of its empty database "test", with a password that needs quoting in a URL."""
    names = "mariadb-install-db", "mariadbd", "mariadb-admin", "mariadb"
    install, server, admin, client = (find_program(name) for name in names)
    owner, port = unprivileged("mysql"), free_port()
    with directory(owner) as home:
        at, sock = f"--datadir={home}/data", f"--socket={home}/sock"
        as_root = ["--no-defaults", "--user=root", sock]
        _run([install, "--no-defaults", at, "--auth-root-authentication-method=normal", "--skip-test-db"], owner, home)
        options = [sock, f"--pid-file={home}/pid", f"--port={port}", "--bind-address=127.0.0.1"]
        options += ["--innodb-buffer-pool-size=32M", "--innodb-flush-log-at-trx-commit=0"]
        options += ["--character-set-server=utf8mb4"]
        command = [server, "--no-defaults", at, *options]
        with running(command, home / "log", lambda: _succeeds([admin, *as_root, "ping"]), owner):
            _run([client, *as_root, "-e", MARIADB_SETUP], {}, home)
            yield f"mysql://mover:p%40ss%3Aw%2Frd@127.0.0.1:{port}/test"


ELASTICSEARCH = Path(__file__).resolve().parents[3] / "shared/elasticsearch/server"  # beside the checkout


class Elasticsearch:
    """A node of our own in `home`: `start`, then `url`; `pid` is there to be killed or stopped by tests."""

    def __init__(self, home: Path, *, password: str = "", program: Path = ELASTICSEARCH) -> None:
        if not program.exists():
            # .ci/run insists on what "is not on this machine": where the servers are kept, this one has to be.
            there = program.parents[1].exists()
            raise MissingServerError(f"Elasticsearch is not {'on this machine' if there else 'beside this checkout'}")
        self.home, self.program, self.password, self.port = home, program, password, free_port()
        user = f"elastic:{quote(password, safe='')}@" if password else ""
        self.url = f"http://{user}127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        return int((self.home / "pid").read_text())

    def start(self) -> "Elasticsearch":
        self._tell("start", "--port", str(self.port), *(["--password", self.password] if self.password else []))
        return self

    def stop(self) -> None:
        self._tell("stop")

    def _tell(self, what: str, *options: str) -> None:
        done = subprocess.run([self.program, what, self.home, *options], capture_output=True, text=True)
        if "needs Java 17" in done.stderr:
            raise MissingServerError("Java 17 is not on this machine, so Elasticsearch is not on this machine either")
        if done.returncode:
            subprocess.run([self.program, "stop", self.home], capture_output=True)
            raise ServerError(f"Elasticsearch did not {what}:\n{done.stdout[-1000:]}{done.stderr[-1000:]}")


def shared_elasticsearch(home: Path) -> str:
    """The URL of the node in `home`, which is started by the first process that asks, for all of them."""
    home.mkdir(exist_ok=True)
    home.chmod(0o755)  # root's node runs as somebody else
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        url = home / "url"
        if not url.exists():
            url.write_text(Elasticsearch(home / "node").start().url)
        return url.read_text()


def stop_shared_elasticsearch(home: Path) -> None:
    """End the node in `home`, if one was started, and remove it all."""
    if (home / "url").exists():
        Elasticsearch(home / "node").stop()
    shutil.rmtree(home, ignore_errors=True)


@contextmanager
def elasticsearch(*, password: str = "") -> Iterator[Elasticsearch]:
    """An Elasticsearch of our own. Raise MissingServerError where there is none."""
    with directory({}) as home:
        home.chmod(0o755)  # root's node runs as somebody else
        server = Elasticsearch(home, password=password).start()
        try:
            yield server
        finally:
            server.stop()


def main(command: list[str]) -> int:
    """Run `command` with a PostgreSQL of its own. Return its exit code."""
    with postgres() as url:
        return subprocess.run(command, env={**os.environ, "DATABASE_URL": url}).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
