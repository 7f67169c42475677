"""What the console says: one line a record, with the id of its request, and no secret."""

import json
import logging
import re
from contextvars import ContextVar
from datetime import UTC, datetime

from django.db import InterfaceError, OperationalError

request_id: ContextVar[str] = ContextVar("request_id", default="-")
ACCESS = "microblog.access"
PROBES = "/healthz", "/readyz"
SAID = 404, 405, 422, 429  # nothing there or to open, a form to look at again, too often: the access line says it
ACCESS_FIELDS = "method", "path", "status", "ms", "member"  # the arguments of an access record, in their order
# Tokens of reset and confirmation links. A post's number is not one, and nobody's name.
SECRET = re.compile(r"(?<=/)(?!@|\d+(?:/|$))[^/]{20,}")


def without_secrets(path: str) -> str:
    """`path` with every long segment masked: what is in a link to reset a password is as good as the password."""
    return SECRET.sub("…", path)


class RequestFilter(logging.Filter):
    """Put the request's id on the record, and take out what does not belong on the console."""

    def filter(self, record: logging.LogRecord) -> bool:
        # Of an answer Django writes after the middleware has let go of the id.
        record.request_id = getattr(vars(record).get("request"), "id", None) or request_id.get()
        if not hasattr(record, "worth_a_line"):  # several handlers filter one record
            record.worth_a_line = not record.name.startswith("django.") or _of_django(record)
        return record.worth_a_line  # type: ignore[attr-defined] # set above, or by another handler


def _of_django(record: logging.LogRecord) -> bool:
    """Quieten Django's record of an answer (it has `status_code`). Return whether it is worth a line."""
    status = getattr(record, "status_code", 0)
    probe = getattr(vars(record).get("request"), "path_info", "") in PROBES
    if status in SAID or (probe and not record.exc_info):
        return False  # the access line, or the check that failed, says so
    if isinstance(record.args, tuple):
        record.args = tuple(without_secrets(a) if isinstance(a, str) and a[:1] == "/" else a for a in record.args)
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, InterfaceError | OperationalError) and status == 503:
        # Every request fails while the database is away: what fails is worth a line each, where it failed is not.
        record.msg, record.args = "Database away: %s: %s", (error, without_secrets(vars(record)["request"].path))
        record.exc_info = None
    elif 400 <= status < 500:
        record.exc_info = None  # somebody else's mistake
    return True


def _printable(text: str) -> str:
    """`text` on one line: what came from outside can't begin a record of its own or move a terminal's cursor."""
    if text.isprintable():
        return text
    return "".join([c if c.isprintable() else c.encode("unicode_escape").decode() for c in text])


def _utc(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class TextFormatter(logging.Formatter):
    """`time level logger [request id] message`. A traceback follows, indented, for people to read."""

    def format(self, record: logging.LogRecord) -> str:
        message = _printable(record.getMessage())
        line = f"{_utc(record)} {record.levelname} {record.name} [{getattr(record, 'request_id', '-')}] {message}"
        if not record.exc_info:
            return line
        trace = self.formatException(record.exc_info).split("\n")
        return "\n    ".join([line, *map(_printable, trace)])


class JSONFormatter(logging.Formatter):
    """One JSON object a line, for log drains."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": _utc(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "request_id": getattr(record, "request_id", "-"),
            "message": record.getMessage(),
        }
        if record.name == ACCESS and isinstance(record.args, tuple):
            values = [None if value == "-" else value for value in record.args]
            line |= zip(ACCESS_FIELDS, values, strict=False)
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)
