"""The rehearsal from push to SIGTERM: what `bin/rehearse-dyno` runs."""

import argparse
import contextlib
import fcntl
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from microblog.tests.rehearsal import dyno, traffic
from microblog.tests.rehearsal.browser import Browser
from microblog.tests.rehearsal.build import Build
from microblog.tests.rehearsal.dyno import Dyno
from microblog.tests.rehearsal.postgres import PASSWORD, Postgres
from microblog.tests.rehearsal.processes import Process
from microblog.tests.rehearsal.report import Report, StepError, expect
from microblog.tests.servers import free_port

ROOT = Path(__file__).resolve().parents[3]
ABOUT = """
Rehearse on this machine what Heroku does with a push, without Heroku: build from what git tracks, with no config
vars; pack the slug; run the release command in a throwaway copy of it, with no gettext tools on PATH; serve from
another; visit it as a browser behind the router would; send SIGTERM during a slow request; recycle the dyno.

It prints a line for each step, stops at the first that fails, and ends with 0 if none did. It needs git, tar,
openssl and PostgreSQL (initdb, pg_ctl, psql), starts a private server, and removes all that it made.
"""


class Rehearsal:
    """The steps in their order. Each takes a few seconds; installing the packages takes the most."""

    def __init__(self, source: Path, home: Path, server: Postgres, report: Report) -> None:
        self.home, self.server, self.report = home, server, report
        self.build = Build(source, home / "app", home / "installed")
        self.programs = dyno.programs_without_gettext(home / "programs")
        self.config = dyno.config_vars(source / "app.json", server.url)
        self.secrets = {
            "SECRET_KEY": self.config["SECRET_KEY"],
            "the password of the database": PASSWORD,
            "the password of the mail server": dyno.MAIL_PASSWORD,
        }
        self.outputs: list[str] = []

    def run(self) -> None:
        self.make_slug()
        self.release()
        browser, address = self.serve()
        self.recycle(browser, address)
        with self.report.step("no output holds a secret"):
            found = dyno.find_secrets("\n".join(self.outputs), self.secrets)
            expect(not found, f"the output holds {', '.join(found)}")

    def make_slug(self) -> None:
        step, build = self.report.step, self.build
        with step("build: take what git tracks"):
            build.take()
        with step("build: runtime, Procfile, app.json and one package manager"):
            build.look()
        with step("build: install the packages"):
            build.install()
        with step("build: collectstatic without config vars"):
            build.collect()
        with step("build: bin/post_compile"):
            build.post_compile()
        with step("build: nothing asks the database while it is imported"):
            build.import_everything()
        with step("build: every static file that a template names is there"):
            build.check_static_names()
        with step("build: pack the slug"):
            build.pack()

    def release(self) -> None:
        with self.report.step("release: unpack a copy, no gettext tools on PATH"):
            copy = self.new_dyno()
            tools = dyno.gettext_tools(str(self.programs))
            expect(not tools, f"PATH leads to {', '.join(tools)}")
        with self.report.step(f"release: {copy.procfile['release']}"):
            self.outputs.append(copy.run(copy.procfile["release"], "release"))
        with self.report.step("release: check --deploy finds nothing with the variables of app.json"):
            self.outputs.append(copy.run("python manage.py check --deploy --database default --fail-level WARNING"))
            copy.delete()

    def new_dyno(self) -> Dyno:
        return Dyno(self.build, self.programs, self.config)

    @contextlib.contextmanager
    def running(self, copy: Dyno, name: str, port: int) -> Iterator[Process]:
        """A process type while it runs; what it wrote is kept."""
        with copy.start(name, self.home / f"{name}.log", PORT=str(port)) as process:
            try:
                yield process
            finally:
                self.outputs.append(process.output)

    def serve(self) -> tuple[Browser, str]:
        """Web and worker from a fresh copy. Return a browser that is signed in, and the stylesheet's address."""
        step, port = self.report.step, free_port()
        browser = Browser(port)
        with step("web: unpack another copy"):
            copy = self.new_dyno()
        with self.running(copy, "web", port) as web, self.running(copy, "worker", port) as worker:
            with step("web: it binds $PORT and answers"):
                traffic.boot(web, browser)
            with step("web: /readyz finds all that it needs"):
                ready = traffic.visit(browser, "/readyz")
                expect('"ready": true' in ready.text, ready.text)
            with step("web: http is redirected to https"):
                answer = traffic.visit(Browser(port, scheme="http"), "/explore/", 301)
                expect(answer.headers["Location"].startswith("https://"), answer.headers["Location"])
            with step("web: pages for visitors"):
                for path in traffic.PAGES:
                    traffic.visit(browser, path)
                traffic.visit(browser, "/no-such-page/", 404)
            self.read_translated(browser, copy)
            with step("web: a hashed static file, compressed, for a year"):
                address = traffic.read_static(browser)
            with step("web: join, post, read"):
                self.secrets["the password of a member"] = traffic.join(browser)
                traffic.write(browser, "Bread from a dyno. #bread")
            with step("web: a crash is a page for the visitor and a traceback with its request id for us"):
                traffic.crash(browser, web, self.server)
            with step("worker: it does what joining left to do"):
                worker.wait_for("task accounts.tasks.send_welcome")
            self.secrets |= {f"the cookie {name}": value for name, value in browser.cookies.items() if len(value) > 20}
            with step("web: SIGTERM during a slow request: it is answered, and all are gone within 30 s"):
                traffic.stop_gently(web, browser, self.server)
        copy.delete()
        return browser, address

    def read_translated(self, browser: Browser, copy: Dyno) -> None:
        catalogues = sorted((copy.app / "locale").glob("*/LC_MESSAGES/django.po"))
        with self.report.step(f"web: a page in each of {len(catalogues)} languages"):
            for catalogue in catalogues:
                traffic.read_translated(browser, catalogue)

    def recycle(self, browser: Browser, address: str) -> None:
        """A dyno of today: another copy of the same slug, and the same visitor."""
        port = free_port()
        name = "web: recycled: still signed in, the post, the avatar and the files still there"
        with self.report.step(name), self.running(self.new_dyno(), "web", port) as web:
            browser.port = port
            traffic.boot(web, browser)
            home = traffic.visit(browser, "/").text
            expect("Bread from a dyno." in home, "the post is gone")
            expect('action="/accounts/logout/"' in home, "the member is signed out")
            traffic.visit(browser, "/@ada/avatar.svg")
            traffic.visit(browser, address)


def main(arguments: list[str]) -> int:
    """Rehearse; 0 if every step passed, 1 if one failed."""
    parser = argparse.ArgumentParser(
        prog="bin/rehearse-dyno", description=ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--source", type=Path, default=ROOT, metavar="DIR", help="the checkout to push (this one)")
    parser.add_argument(
        "--reuse", type=Path, metavar="DIR", help="keep the installed packages there, and take them the next time"
    )
    given = parser.parse_args(arguments)
    report = Report()
    with contextlib.ExitStack() as stack:
        if given.reuse:
            given.reuse.mkdir(parents=True, exist_ok=True)
            home = given.reuse.resolve()
            lock = stack.enter_context((home / "lock").open("w"))
            fcntl.flock(lock, fcntl.LOCK_EX)  # one rehearsal at a time in one directory; freed when it is closed
        else:
            home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rehearsal-")))
        try:
            with report.step("a private PostgreSQL with TLS"):
                server = stack.enter_context(Postgres())
            Rehearsal(given.source.resolve(), home, server, report).run()
        except StepError:
            passed = False
        else:
            passed = True
        shutil.rmtree(home / "app", ignore_errors=True)
    report.end(passed)
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
