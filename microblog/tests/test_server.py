"""What gunicorn says through our logging, and what it must not."""

import logging
import subprocess
import sys

import pytest
from gunicorn.config import Config

from microblog.server import Logger


@pytest.fixture
def log(caplog) -> Logger:
    config = Config()
    config.set("accesslog", "-")  # as Heroku's GUNICORN_CMD_ARGS
    with caplog.at_level(logging.INFO):
        yield Logger(config)


def test_its_lines_go_where_all_go(log, caplog):
    log.info("Listening at: %s", "http://0.0.0.0:8000")
    assert caplog.record_tuples == [("gunicorn.error", logging.INFO, "Listening at: http://0.0.0.0:8000")]
    assert logging.getLogger("gunicorn.error").handlers == []


def test_there_is_no_second_access_log_even_where_it_is_asked_for(log):
    assert log.access_log_enabled is False


def test_an_error_while_answering_names_the_address_without_its_query(log, caplog):
    try:
        raise ValueError("broken")
    except ValueError:
        log.exception("Error handling request %s %s", "GET", "/explore/?token=secret")
    assert caplog.records[0].getMessage() == "Error handling request GET /explore/"
    assert caplog.records[0].exc_info


def test_what_is_no_request_is_not_repeated(log, caplog):
    log.warning("Invalid request from ip=::1: Invalid HTTP Header: 'Cookie sessionid=secret: x'")
    log.warning("Worker (pid:%s) was sent %s!", 7, "SIGKILL")
    assert [record.getMessage() for record in caplog.records] == [
        "Invalid request from ip=::1: Invalid HTTP Header",
        "Worker (pid:7) was sent SIGKILL!",
    ]


# What gunicorn does while the background worker is started again and again: it forks processes that live on.
FORKING = """
import os, signal, sys, time
from pathlib import Path
from types import SimpleNamespace
from django.conf import settings
from microblog import server

home = Path(sys.argv[1])
settings.configure(BASE_DIR=home)
server.BACK_OFF = 0, 0
server.beside.start(SimpleNamespace(LISTENERS=["a door"]))
web, until = [], time.monotonic() + 30
while len((home / "starts").read_text()) < 10 and time.monotonic() < until:
    if len(web) < 50:
        web.append(os.fork())
        if not web[-1]:
            signal.pause()
    time.sleep(0.002)
server.beside.ending.set()
for pid in web:
    os.kill(pid, signal.SIGKILL)
"""


def test_the_worker_beside_the_web_is_started_again_whatever_is_forked_meanwhile(tmp_path):
    (tmp_path / "starts").touch()
    (tmp_path / "manage.py").write_text(
        "from pathlib import Path; Path(__file__).with_name('starts').open('a').write('.')"
    )
    done = subprocess.run([sys.executable, "-c", FORKING, tmp_path], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert len((tmp_path / "starts").read_text()) >= 10, "nobody noticed that it ended"
