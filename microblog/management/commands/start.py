"""What `bin/run` ends in: prepare what is missing, then the site and its worker together until Ctrl+C."""

import argparse
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import BaseCommand, CommandError, call_command
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from microblog import catalogues

POLL = 0.1  # seconds
SETTLE = 1  # second
STOP_TIMEOUT = 25  # seconds until whoever has not ended is killed
GOODBYE = 3  # seconds after Ctrl+C, which reached the two as well: the worker takes a second signal for impatience
EVERYWHERE = "0.0.0.0"  # noqa: S104 - where who asks for it wants to be reached


class Command(BaseCommand):
    help = "Prepare what is missing, then run the site and its background worker until Ctrl+C."
    requires_system_checks: list[str] = []
    whom = ""  # a sentence that says whom to sign in as

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--demo", action=argparse.BooleanOptionalAction, default=True)
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *, demo: bool, host: str, port: int, **options: Any) -> None:
        must_be_free(host, port)
        try:
            self.prepare(demo)
        except OperationalError as error:
            raise CommandError(f"The database does not answer: {error}") from None
        Pair(host, port, on_ready=lambda: self.announce(host, port)).run()

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Say what is done and how long it took."""
        began = time.monotonic()
        self.stdout.write(f"{what} … ", ending="")
        self.stdout.flush()
        yield
        self.stdout.write(f"{time.monotonic() - began:.0f} s")

    def prepare(self, demo: bool) -> None:
        """Each step only where something is missing: what is up to date costs no time."""
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            with self.step("Migrating the database"):
                call_command("migrate", verbosity=0)
        if not all(map(catalogues.up_to_date, catalogues.sources())):
            with self.step("Compiling the message catalogues"):
                call_command("compilemessages", stdout=StringIO())
        if not settings.DEBUG:
            with self.step("Collecting static files"):
                call_command("collectstatic", interactive=False, verbosity=0)
        if get_user_model().objects.exists():
            self.whom = call_command("demo", whom=True, stdout=StringIO())
        elif demo:
            with self.step("Writing demo data"):
                self.whom = call_command("demo", verbosity=0, stdout=StringIO())

    def announce(self, host: str, port: int) -> None:
        """The last thing said: where the site is, and whom to sign in as."""
        name = "localhost" if host in ("127.0.0.1", EVERYWHERE) else host
        self.stdout.write(
            "\n".join(["", f"Microblog is at http://{name}:{port}/ (Ctrl+C stops it)", self.whom]).rstrip()
        )


def must_be_free(host: str, port: int) -> None:
    """Refuse a port on which another program listens."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(
                f"Port {port} of {host} is not free ({error.strerror}). "
                f"Stop the program that has it, or choose another port: PORT={port + 1} bin/run"
            ) from None
        except OverflowError:
            raise CommandError(f"PORT must be a number from 1 to 65535, not {port}.") from None


class Pair:
    """The web server and the background worker: they start together, and neither outlives the other."""

    def __init__(self, host: str, port: int, *, on_ready: Any) -> None:
        self.host, self.port, self.on_ready = host, port, on_ready
        self.running: dict[str, subprocess.Popen] = {}
        self.stopping = False
        self.goodbye = 0

    def run(self) -> None:
        """Return after Ctrl+C; raise CommandError when one of the two ended by itself."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.ask_to_stop)
        try:
            self.start("web server", "-m", "gunicorn", "microblog.wsgi", "--bind", f"{self.host}:{self.port}")
            self.wait_until(self.answers)
            self.start("background worker", "manage.py", "worker", "--beside", str(os.getpid()))
            # A worker that can't start says so in its first second.
            settled = time.monotonic() + SETTLE
            self.wait_until(lambda: time.monotonic() > settled)
            if not self.stopping:
                self.on_ready()
            self.wait_until(lambda: False)
        finally:
            self.stop()

    def ask_to_stop(self, number: int, frame: Any) -> None:
        self.stopping = True
        self.goodbye = GOODBYE if number == signal.SIGINT else 0

    def start(self, name: str, *arguments: str) -> None:
        if not self.stopping:
            command = [sys.executable, *arguments]
            # Ctrl+C while they still load would end them with a traceback; once loaded they have handlers of their own.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            self.running[name] = subprocess.Popen(command, cwd=settings.BASE_DIR, env=self.environment())  # noqa: S603
            signal.signal(signal.SIGINT, self.ask_to_stop)

    def environment(self) -> dict[str, str]:
        """Ours, with an address where nobody has said one: without DEBUG a site answers to its own names only."""
        env = {**os.environ, "WORKER_IN_WEB": "0"}  # it runs beside the web already
        if not settings.ALLOWED_HOSTS:
            env["SITE_URL"] = f"http://localhost:{self.port}"
            env["ALLOWED_HOSTS"] = f"localhost,127.0.0.1,[::1],{self.host}"
        return env

    def wait_until(self, reached: Any) -> None:
        """Wait for what is asked or for Ctrl+C, as long as everybody who was started is there."""
        while not self.stopping and not reached():
            for name, process in self.running.items():
                if process.poll() is not None and not self.stopping:
                    raise CommandError(
                        f"The {name} ended by itself (exit code {process.returncode}), so everything is stopped. "
                        "The lines above say why."
                    )
            time.sleep(POLL)

    def answers(self) -> bool:
        """Whether the site answers, whatever it says."""
        host = "127.0.0.1" if self.host == EVERYWHERE else self.host
        link = http.client.HTTPConnection(host, self.port, timeout=10)
        try:
            link.request("GET", "/healthz")
            return bool(link.getresponse().status)
        except OSError:
            return False
        finally:
            link.close()

    def stop(self) -> None:
        """End both and wait for them."""
        self.wait_for_all(self.goodbye)
        for process in self.running.values():
            process.terminate()
        self.wait_for_all(STOP_TIMEOUT)
        for process in self.running.values():
            process.kill()

    def wait_for_all(self, seconds: float) -> None:
        """Wait until nobody runs, at most so long."""
        deadline = time.monotonic() + seconds
        while any(process.poll() is None for process in self.running.values()) and time.monotonic() < deadline:
            time.sleep(POLL)
