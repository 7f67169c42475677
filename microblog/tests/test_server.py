"""What gunicorn says through our logging, and what it must not."""

import logging

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
