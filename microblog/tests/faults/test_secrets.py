"""Nothing secret on the console: a member does all that has a secret in it, things break, all output is searched."""

import re
import secrets
import signal
import socket
from pathlib import Path

import pytest

from microblog.tests.faults.conftest import SECRET_KEY, Site
from microblog.tests.rehearsal import traffic
from microblog.tests.rehearsal.browser import HOST, Browser
from microblog.tests.rehearsal.postgres import PASSWORD, Postgres
from microblog.tests.rehearsal.processes import wait_until

pytestmark = pytest.mark.processes


class Known(dict):
    """Secrets by what they are, made and found on the way."""

    def make(self, name: str) -> str:
        self[name] = secrets.token_urlsafe(24)
        return self[name]

    def keep_cookies(self, browser: Browser, when: str) -> None:
        for name, value in browser.cookies.items():
            if len(value) >= 16:
                self[f"the cookie {name} {when}"] = value


def mails(home: Path) -> str:
    return "".join(path.read_text() for path in (home / "mail").glob("*"))


def link_in(site: Site, pattern: str) -> str:
    """The path of a link in an e-mail, when it came."""
    wait_until(lambda: re.search(pattern, mails(site.home)))
    return re.search(pattern, mails(site.home))[0]


def reset_password(site: Site, known: Known) -> None:
    visitor = Browser(site.browser.port)
    visitor.get("/accounts/password_reset/")
    assert visitor.post("/accounts/password_reset/", {"email": "ada@example.org"}).status == 302
    path = link_in(site, r"/accounts/reset/[^/\s]+/[^/\s]+/")
    known["the token of the reset"] = path.split("/")[-2]
    page = visitor.get(path)
    assert page.status == 302
    known.keep_cookies(visitor, "while resetting")
    new = known.make("the new password")
    set_new = page.headers["Location"]
    visitor.get(set_new)
    assert visitor.post(set_new, {"new_password1": new, "new_password2": new}).status == 302
    assert visitor.sign_in("ada", new).status == 302
    known.keep_cookies(visitor, "after the reset")


def change_address(site: Site, known: Known, password: str) -> None:
    fields = {"email": "ada@example.net", "password": password}
    site.browser.get("/accounts/settings/email/")
    assert site.browser.post("/accounts/settings/email/", fields).status == 302
    path = link_in(site, r"/accounts/settings/email/[^/\s]+/")
    known["the token of the address"] = path.split("/")[-2]
    assert site.browser.get(path).status == 200


def crash_while_signing_in(site: Site, known: Known, postgres: Postgres) -> None:
    """With the password in the body, another secret in the query, and cookies."""
    visitor = Browser(site.browser.port)
    visitor.get("/accounts/login/")
    known.keep_cookies(visitor, "before the crash")
    postgres.sql("ALTER TABLE accounts_user RENAME TO away", database="site")
    fields = {"username": "ada", "password": known.make("a password while it crashes")}
    answer = visitor.post(f"/accounts/login/?token={known.make('the query')}", fields)
    postgres.sql("ALTER TABLE away RENAME TO accounts_user", database="site")
    assert answer.status == 500


def send_nonsense(site: Site, known: Known) -> None:
    """What gunicorn itself refuses, before there is a request."""
    cookie = f"Cookie sessionid={known.make('a cookie in a broken header')}"
    line = f"GET /?token={known.make('the query of a broken request')} HTTP/nonsense"
    for text in (f"GET / HTTP/1.1\r\nHost: {HOST}\r\n{cookie}\r\n\r\n", f"{line}\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", site.browser.port), timeout=10) as client:
            client.sendall(text.encode())
            assert b" 400 " in client.recv(1000)


def test_no_password_token_cookie_or_database_url_is_in_any_output(site: Site, postgres: Postgres):
    known = Known(SECRET_KEY=SECRET_KEY, database_url=site.env["DATABASE_URL"], database_password=PASSWORD)
    with site.serve(WORKER_IN_WEB="1", LOG_LEVEL="debug") as web:
        password = known["the password"] = traffic.join(site.browser)
        known.keep_cookies(site.browser, "of a new member")
        traffic.write(site.browser, "Bread.")
        assert Browser(site.browser.port).sign_in("ada", known.make("a wrong password")).status == 422
        change_address(site, known, password)
        postgres.sql(
            "UPDATE accounts_user SET email = 'ada@example.org', email_key = 'ada@example.org'", database="site"
        )
        reset_password(site, known)
        crash_while_signing_in(site, known, postgres)
        traffic.visit(Browser(site.browser.port), f"/explore/?before={known.make('a bad cursor')}", 400)
        send_nonsense(site, known)
        postgres.stop()
        traffic.visit(site.browser, "/", 503)
        postgres.start()
        traffic.crash(Browser(site.browser.port), web, postgres, "site")
        web.signal_group(signal.SIGTERM)
        web.wait(30)
    assert web.output.count(" ERROR django.request ") == 3  # two crashes, and the database away
    assert "Invalid request from ip=127.0.0.1" in web.output
    assert "task accounts.tasks.send_reset" in web.output
    assert "The background worker ended" not in web.output
    found = [name for name, value in known.items() if value in web.output]
    assert found == []
    assert len(known) >= 14
