"""The web process: recycled, stopped, without its database, and within its memory."""

import http.client
import os
import shutil
import signal
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import pytest

from microblog.tests.faults.conftest import Site
from microblog.tests.rehearsal import traffic
from microblog.tests.rehearsal.browser import HOST, Browser
from microblog.tests.rehearsal.postgres import Postgres
from microblog.tests.rehearsal.processes import Process, proportional_memory, wait_until

pytestmark = pytest.mark.processes

MEGABYTE = 1_000_000
MOST_MEMORY = 410 * MEGABYTE  # of a dyno's 512, a fifth is to spare


def is_a_page_of_ours(answer) -> bool:
    """In the site's look, and without what is for us."""
    return "/static/css/site." in answer.text and "</html>" in answer.text and "Traceback" not in answer.text


def connections(server: Postgres) -> int:
    return int(server.sql("SELECT count(*) FROM pg_stat_activity WHERE datname = 'site'"))


def test_a_recycled_dyno_forgets_nobody(site: Site, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    shutil.copytree(site.code, first)
    code, site.code = site.code, first
    with site.serve():
        traffic.join(site.browser)
        traffic.write(site.browser, "Bread.")
        address = traffic.read_static(site.browser)
        avatar = traffic.visit(site.browser, "/@ada/avatar.svg").text
    shutil.rmtree(first)
    shutil.copytree(code, second)
    site.code = second
    with site.serve("again"):
        home = traffic.visit(site.browser, "/").text
        assert "Bread." in home
        assert 'action="/accounts/logout/"' in home
        assert traffic.visit(site.browser, "/@ada/avatar.svg").text == avatar
        traffic.visit(site.browser, address)
        for catalogue in sorted(second.glob("locale/*/LC_MESSAGES/django.po")):
            traffic.read_translated(Browser(site.browser.port), catalogue)


def test_sigterm_answers_what_was_asked_and_resets_nobody(site: Site, postgres: Postgres):
    """More slow requests than there are threads: those who wait for a thread are answered, too."""
    with site.serve() as web:
        traffic.stop_gently(web, site.browser, postgres, "site", times=12)
        assert "Traceback" not in web.output


def test_sigterm_answers_once_more_on_a_connection_that_is_kept(site: Site, postgres: Postgres):
    with site.serve() as web:
        kept = http.client.HTTPConnection("127.0.0.1", site.browser.port, timeout=10)
        kept.request("GET", "/healthz", headers={"Host": HOST})
        assert kept.getresponse().read() == b"ok\n"
        web.signal_group(signal.SIGTERM)
        kept.request("GET", "/healthz", headers={"Host": HOST})
        answer = kept.getresponse()
        assert (answer.status, answer.headers["Connection"]) == (200, "close")
        assert web.wait(30) == 0


def test_postgres_restarted_under_load_costs_only_what_was_in_flight(site: Site, postgres: Postgres):
    with site.serve() as web:
        traffic.join(site.browser)
        serving = web.group()
        answers, ending = [], threading.Event()

        def read() -> None:
            while not ending.is_set():
                answers.append(site.browser.get("/"))

        readers = [threading.Thread(target=read) for _ in range(4)]
        for reader in readers:
            reader.start()
        wait_until(lambda: len(answers) > 40)
        postgres.stop()
        before = len(answers)
        wait_until(lambda: len(answers) > before + 8)
        postgres.start()
        first_after = len(answers) + len(readers)  # what each reader has in flight may still fail
        wait_until(lambda: len(answers) > first_after + 60)
        ending.set()
        for reader in readers:
            reader.join()
        statuses = Counter(answer.status for answer in answers)
        assert set(statuses) == {200, 503}
        assert all(is_a_page_of_ours(answer) for answer in answers if answer.status == 503)
        assert {answer.status for answer in answers[first_after:]} == {200}
        assert web.group() == serving
        assert "Traceback" not in web.output


def test_postgres_away_at_boot(site: Site, postgres: Postgres):
    postgres.stop()
    try:
        with site.serve() as web:
            ready = traffic.visit(site.browser, "/readyz", 503)
            assert "The database does not answer" in ready.text
            for path in ("/", "/explore/", "/@ada/", "/posts/1/"):
                assert is_a_page_of_ours(traffic.visit(site.browser, path, 503))
            postgres.start()
            traffic.visit(site.browser, "/readyz")
            for path in ("/", "/explore/"):
                traffic.visit(site.browser, path)
            traffic.visit(site.browser, "/@ada/", 404)
            assert "Traceback" not in web.output
    finally:
        postgres.start()


def test_no_connection_to_the_database_is_there_before_the_fork(site: Site, postgres: Postgres):
    with site.serve():
        assert connections(postgres) == 0
        traffic.visit(site.browser, "/")
        assert connections(postgres) == 1


def test_each_request_is_one_line_and_gunicorn_speaks_in_the_same_format(site: Site):
    with site.serve() as web:
        answer = traffic.visit(site.browser, "/explore/?q=what-was-asked")
        wait_until(lambda: answer.request_id in web.output)
        web.signal_group(signal.SIGTERM)
        web.wait(30)
        assert web.output.count("/explore/") == 1
        assert "what-was-asked" not in web.output
        unlike = [line for line in web.output.splitlines() if not line.startswith("20") or "Z " not in line[:26]]
        assert unlike == []
        assert "INFO gunicorn.error [-] Starting gunicorn" in web.output


def test_a_search_of_ten_thousand_characters_is_answered_by_its_page(site: Site):
    with site.serve():
        for character in ("x", "麵", "🍞"):
            answer = traffic.visit(site.browser, f"/search/?q={quote(character * 10_000)}")
            assert "Only the first 500 characters were read." in answer.text
        assert site.browser.get(f"/search/?q={'x' * 200_000}").status == 414


def beside(web: Process) -> int | None:
    """The process id of the background worker beside the web, if it lives."""
    for pid in web.group():
        with suppress(OSError):  # it ended meanwhile
            if "manage.py\0worker" in Path(f"/proc/{pid}/cmdline").read_text():
                return pid
    return None


def test_the_worker_beside_the_web_is_started_again_and_stops_with_it(site: Site):
    with site.serve(WORKER_IN_WEB="1") as web:
        wait_until(lambda: "workers are alive" in site.manage("worker", "--status") and beside(web))
        killed = beside(web)
        time.sleep(2)  # it has begun to work

        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: beside(web) not in (None, killed))
        web.wait_for("The background worker ended")
        traffic.join(site.browser)  # leaves an e-mail to send
        web.wait_for("task accounts.tasks.send_welcome")
        os.kill(web.pid, signal.SIGTERM)  # to the master alone
        assert web.wait(30) == 0
        wait_until(lambda: not web.group())


def test_no_worker_is_left_when_the_web_process_is_killed(site: Site):

    with site.serve(WORKER_IN_WEB="1") as web:
        wait_until(lambda: beside(web))
        web.wait_for("blog.worker")
        os.kill(web.pid, signal.SIGKILL)
        web.popen.wait(30)
        wait_until(lambda: not web.group())


def test_honcho_runs_web_and_worker_on_any_machine(built, tmp_path):
    """As README says it, on SQLite and without a proxy."""
    site = Site(tmp_path, f"sqlite:///{tmp_path}/db.sqlite3", built)
    site.env = {name: site.env[name] for name in ("PATH", "SECRET_KEY", "DATABASE_URL", "EMAIL_URL", "PORT")}
    site.env |= {"ALLOWED_HOSTS": HOST, "PYTHONUNBUFFERED": "1", "CSRF_TRUSTED_ORIGINS": f"https://{HOST}"}
    site.manage("migrate", "--noinput", "-v0")
    command = [sys.executable, "-m", "honcho", "start", "web", "worker"]
    with Process(command, cwd=site.code, env=site.env, log=tmp_path / "honcho.log") as honcho:
        traffic.boot(honcho, site.browser)
        traffic.join(site.browser)
        honcho.wait_for("task accounts.tasks.send_welcome")
        honcho.popen.terminate()
        honcho.wait(30)
        wait_until(lambda: not honcho.group())


def test_fits_into_512_mb_with_a_fifth_to_spare(site: Site, record_property):
    """Two processes of gunicorn, their master and the background worker, after 1,000 mixed requests."""
    with site.serve(WORKER_IN_WEB="1") as web:
        traffic.join(site.browser)
        for n in range(20):
            traffic.write(site.browser, f"Bread number {n}. #bread @ada https://example.org/{n}")
        paths = ["/", "/explore/", "/@ada/", "/tags/bread/", "/accounts/settings/", "/@ada/avatar.svg", "/no/such/page"]
        paths += ["/explore/feed.atom", "/accounts/login/", traffic.read_static(site.browser)]
        threads = [threading.Thread(target=lambda: [site.browser.get(p) for p in paths * 25]) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        used = {pid: proportional_memory(pid) for pid in web.group()}
        total = sum(used.values())
        record_property("proportional_memory", total)
        print(f"PSS: {total // MEGABYTE} MB in {len(used)} processes: {sorted(used.values())}")  # noqa: T201
        assert len(used) == 4
        assert total < MOST_MEMORY
