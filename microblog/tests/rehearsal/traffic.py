"""Visits to a dyno that serves: what must come back, and what must stand on the console."""

import contextlib
import re
import secrets
import signal
import threading
import time
from collections import Counter
from pathlib import Path

from microblog.tests.rehearsal.browser import Answer, Browser
from microblog.tests.rehearsal.postgres import Postgres
from microblog.tests.rehearsal.processes import Process, wait_until
from microblog.tests.rehearsal.report import expect

BOOT_WITHIN = 60  # seconds to bind $PORT
STOP_WITHIN = 30  # seconds from SIGTERM to SIGKILL
PAGES = "/", "/explore/", "/accounts/login/", "/accounts/register/", "/accounts/password_reset/"
SLOW = 3  # seconds
ENTRY = re.compile(r'^msgid "(.+)"\nmsgstr "(.+)"$', re.MULTILINE)


def boot(web: Process, browser: Browser) -> None:
    """Wait until it answers."""

    def answers() -> bool:
        expect(web.running, f"it ended by itself:\n{web.output[-3000:]}")
        with contextlib.suppress(OSError):
            return browser.get("/healthz").status > 0
        return False

    wait_until(answers, BOOT_WITHIN)
    visit(browser, "/healthz")


def visit(browser: Browser, path: str, status: int = 200, **headers: str) -> Answer:
    answer = browser.get(path, **headers)
    expect(answer.status == status, f"{path} answered {answer.status} instead of {status}:\n{answer.text[:1000]}")
    return answer


def join(browser: Browser) -> str:
    """Become a member, by the page that is for it. Return the password."""
    password = secrets.token_urlsafe(20)
    visit(browser, "/accounts/register/")
    fields = {"username": "ada", "email": "ada@example.org", "password1": password, "password2": password}
    answer = browser.post("/accounts/register/", fields)
    expect(answer.status == 302, f"joining answered {answer.status}")
    return password


def write(browser: Browser, body: str) -> None:
    answer = browser.post("/posts/", {"body": body})
    expect(answer.status == 302, f"posting answered {answer.status}")
    expect(body in visit(browser, "/").text, "the post is not on the home page")


def read_translated(browser: Browser, catalogue: Path) -> str:
    """The sign-in page is in the language of a catalogue. Return a translation that stands on it."""
    language = catalogue.parent.parent.name.replace("_", "-").lower()
    english = visit(browser, "/accounts/login/", Accept_Language="en").text
    page = visit(browser, "/accounts/login/", Accept_Language=language).text
    shown = [(a, b) for a, b in ENTRY.findall(catalogue.read_text()) if a != b and f">{a}<" in english]
    expect(shown, f"no text of the sign-in page is translated in {catalogue.name} of {language}")
    missing = [b for _a, b in shown if b not in page]
    expect(
        not missing, f"the page in {language} does not say {missing[:1]}: is the catalogue compiled, and in the slug?"
    )
    return shown[0][1]


def read_static(browser: Browser) -> str:
    """The pages' stylesheet is hashed, compressed and kept for a year. Return its address."""
    found = re.search(r'href="(/static/css/site\.[0-9a-f]{12}\.css)"', visit(browser, "/").text)
    expect(found, "the page names no hashed stylesheet")
    address = found[1]  # type: ignore[index]
    headers = visit(browser, address, Accept_Encoding="br").headers
    expect(headers["Content-Encoding"] == "br", "the stylesheet is not compressed with brotli")
    expect("max-age=31536000" in headers["Cache-Control"], f"Cache-Control is {headers['Cache-Control']}")
    expect("immutable" in headers["Cache-Control"], "the stylesheet is not immutable")
    return address


def crash(browser: Browser, web: Process, server: Postgres, database: str = "postgres") -> None:
    """Break a table under the running site: a page for the visitor, a traceback with its request id for us."""
    server.sql("ALTER TABLE blog_tag RENAME TO blog_tag_away", database=database)
    try:
        answer = visit(browser, "/tags/bread/?secret=in-the-query", 500)
    finally:
        server.sql("ALTER TABLE blog_tag_away RENAME TO blog_tag", database=database)
    expect("Traceback" not in answer.text, "the visitor sees the traceback")
    lines = web.output.split("\n")
    told = [n for n, line in enumerate(lines) if answer.request_id in line and " ERROR " in line]
    expect(told, "the console has no error with the id of the request")
    expect("Traceback" in "\n".join(lines[told[0] : told[0] + 3]), "the console has no traceback of the crash")
    expect(visit(browser, "/tags/bread/").status == 200, "")


class SlowRequest:
    """Requests that wait for a lock in the database."""

    def __init__(self, server: Postgres, browser: Browser, database: str = "postgres", times: int = 1) -> None:
        self.answers: list[Answer | Exception] = []
        self.lock = server.slowly("LOCK TABLE blog_post IN ACCESS EXCLUSIVE MODE", SLOW, database)
        wait_until(lambda: "AccessExclusiveLock" in server.sql("SELECT mode FROM pg_locks WHERE granted"))
        before = len(browser.sent)
        self.threads = [threading.Thread(target=self._ask, args=[browser]) for _ in range(times)]
        for thread in self.threads:
            thread.start()
        wait_until(lambda: len(browser.sent) == before + times)  # who knocks later is refused, and should be
        wait_until(lambda: server.sql("SELECT count(*) FROM pg_locks WHERE NOT granted") != "0")

    def _ask(self, browser: Browser) -> None:
        try:
            self.answers.append(browser.get("/explore/"))
        except Exception as error:
            self.answers.append(error)

    def wait(self) -> None:
        """Until each is answered; fail if one is not."""
        for thread in self.threads:
            thread.join()
        self.lock.wait()
        got = [answer.status if isinstance(answer, Answer) else repr(answer) for answer in self.answers]
        expect(set(got) == {200}, f"what was asked before SIGTERM was not answered: {got}")


def stop_gently(web: Process, browser: Browser, server: Postgres, database: str = "postgres", times: int = 1) -> None:
    """SIGTERM to all of the group during slow requests: they are answered, nobody is reset, all are gone in time."""
    slow = SlowRequest(server, browser, database, times)
    begun = time.monotonic()
    web.signal_group(signal.SIGTERM)
    outcomes = knock(browser, lambda: web.running and time.monotonic() - begun < SLOW + 2)
    slow.wait()
    # The kernel may take one connection in the very moment in which the last process closes the door. It resets it
    # before a byte is read, and nobody can tell it from one that is refused but the test that knocks all the time.
    if outcomes["ConnectionResetError"] == 1:
        del outcomes["ConnectionResetError"]
    bad = sorted(set(outcomes) - {"answered", "refused"})
    expect(not bad, f"who came while it stopped was neither answered nor refused: {bad}")
    wait_until(lambda: not web.group(), STOP_WITHIN - (time.monotonic() - begun))
    expect(web.wait(1) == 0, f"it ended with {web.popen.returncode}")


def knock(browser: Browser, going_on: object) -> Counter[str]:
    """Ask again and again; how often each try ended how: answered, refused, or the name of what went wrong."""
    outcomes: Counter[str] = Counter()
    while going_on():  # type: ignore[operator]
        try:
            status = Browser(browser.port, timeout=10).get("/healthz").status
            outcomes["answered" if status == 200 else f"status {status}"] += 1
        except ConnectionRefusedError:
            outcomes["refused"] += 1
        except Exception as error:
            outcomes[type(error).__name__] += 1
        time.sleep(0.01)
    return outcomes
