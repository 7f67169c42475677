"""A private PostgreSQL that can be stopped and started again, with TLS as Heroku's."""

import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any

from microblog.tests.servers import POSTGRES_PLACES, ServerError, directory, find_program, free_port, unprivileged

PASSWORD = "a-pass-word-of-the-database"  # in every URL, so that a test can look for it in the output
OPTIONS = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=40", "ssl=on"]
START_TIMEOUT = 60  # seconds


class Postgres:
    """`with Postgres() as server: server.url`; `server.stop()` and `server.start()` in between."""

    def __enter__(self) -> "Postgres":
        self.owner, self.port = unprivileged("postgres"), free_port()
        self.directory = directory(self.owner)
        self.home = self.directory.__enter__()
        try:
            self._make()
            self.start()
        except BaseException:
            self.directory.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, where: TracebackType | None) -> None:
        self.stop()
        self.directory.__exit__(kind, error, where)

    @property
    def url(self) -> str:
        return f"postgres://postgres:{PASSWORD}@127.0.0.1:{self.port}/postgres"

    def url_of(self, database: str, template: str = "template1") -> str:
        """The URL of another database, made anew: empty, or a copy of one."""
        self.start()  # a test that failed may have left it stopped
        self.sql(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
        self.sql(f"CREATE DATABASE {database} TEMPLATE {template}")
        return self.url.removesuffix("postgres") + database

    def _make(self) -> None:
        initdb = [find_program("initdb", *POSTGRES_PLACES), "-D", str(self.home / "data"), "-U", "postgres"]
        self._run([*initdb, "-A", "trust", "-E", "UTF8", "--locale=C", "-N"])
        key, certificate = self.home / "data" / "server.key", self.home / "data" / "server.crt"
        request = ["openssl", "req", "-new", "-x509", "-days", "2", "-nodes", "-subj", "/CN=localhost"]
        self._run([*request, "-keyout", str(key), "-out", str(certificate)])

    def start(self) -> None:
        """Nothing if it runs already."""
        if (self.home / "data" / "postmaster.pid").exists():
            return
        options = [*OPTIONS, f"unix_socket_directories={self.home}", "listen_addresses=127.0.0.1"]
        given = " ".join(f"-c {option}" for option in options)
        self._pg_ctl(
            "start", "-w", "-t", str(START_TIMEOUT), "-l", str(self.home / "log"), "-o", f"-p {self.port} {given}"
        )

    def stop(self) -> None:
        """At once, whoever is connected; nothing if it is stopped already."""
        if (self.home / "data" / "postmaster.pid").exists():
            self._pg_ctl("stop", "-w", "-m", "fast")

    def _pg_ctl(self, *arguments: str) -> None:
        self._run([find_program("pg_ctl", *POSTGRES_PLACES), "-s", "-D", str(self.home / "data"), *arguments])

    def _run(self, command: list[str]) -> None:
        # A file, not a pipe: the server that pg_ctl starts would keep a pipe open.
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(command, stdout=output, stderr=output, cwd=self.home, **self.owner)
            output.seek(0)
            if done.returncode:
                raise ServerError(f"{Path(command[0]).name} failed:\n{output.read().decode(errors='replace')[-2000:]}")

    def psql(self, *statements: str, database: str = "postgres") -> list[str]:
        """The command that runs these statements in one session."""
        program = find_program("psql", *POSTGRES_PLACES)
        asked = [part for statement in statements for part in ("-c", statement)]
        at = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-d", database]
        return [program, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", *at, *asked]

    def sql(self, *statements: str, database: str = "postgres") -> str:
        """What these statements print."""
        done = subprocess.run(self.psql(*statements, database=database), capture_output=True, text=True)
        if done.returncode:
            raise ServerError(done.stderr)
        return done.stdout.strip()

    def slowly(self, statement: str, seconds: float, database: str = "postgres") -> subprocess.Popen[Any]:
        """Run a statement in a transaction that stays open for some seconds, as one that locks a table."""
        command = self.psql(f"BEGIN; {statement}; SELECT pg_sleep({seconds})", database=database)
        return subprocess.Popen(command, stdout=subprocess.DEVNULL)
