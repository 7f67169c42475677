"""Errors by e-mail to ADMINS."""

import logging
import time
import traceback
from collections import deque
from queue import Full, Queue
from threading import Thread
from types import TracebackType
from typing import Any

from django.conf import settings
from django.core.mail import mail_admins
from django.http import HttpRequest
from django.utils.log import AdminEmailHandler

from microblog.logging import request_id, without_secrets

logger = logging.getLogger(__name__)
AT_MOST = 20  # e-mails an hour from one process
HOUR = 3600  # seconds
WAIT_AT_EXIT = 3  # seconds


class Report:
    """What an e-mail tells: which request it was, and the traceback. No cookie, no form, no header, no setting."""

    def __init__(
        self,
        request: HttpRequest | None,
        kind: type[BaseException] | None,
        error: BaseException | str | None,
        trace: TracebackType | None,
        *,
        is_email: bool,
    ) -> None:
        self.request, self.error = request, error

    def get_traceback_text(self) -> str:
        lines = [f"Request id: {request_id.get()}"]
        if self.request is not None:
            lines.append(f"Request: {self.request.method} {without_secrets(self.request.path)}")
            lines.append(f"Member: {getattr(getattr(self.request, 'user', None), 'pk', None) or '-'}")
        if isinstance(self.error, BaseException):
            lines += ["", *traceback.format_exception(self.error)]
        return "\n".join(lines)


class AdminMail(AdminEmailHandler):
    """Django's, from a thread of its own: a mail server that is slow or down costs no visitor anything.

    At most AT_MOST e-mails an hour are sent; the next one tells how many were left out.
    """

    def __init__(self) -> None:
        super().__init__(reporter_class="microblog.alerts.Report")
        self.waiting: Queue[tuple[str, str]] = Queue(maxsize=AT_MOST)
        self.times: deque[float] = deque()
        self.left_out = 0
        self.thread: Thread | None = None

    def emit(self, record: logging.LogRecord) -> None:
        if settings.ADMINS:
            super().emit(record)

    def send_mail(self, subject: Any, message: Any, *args: Any, **kwargs: Any) -> None:
        """Put an e-mail in the queue. `Handler.handle` lets one thread at a time come here."""
        now = time.monotonic()
        while self.times and self.times[0] < now - HOUR:
            self.times.popleft()
        if self.left_out:
            message = f"{message}\n\n{self.left_out} more errors were not mailed.\n"
        try:
            if len(self.times) >= AT_MOST:
                raise Full
            self.waiting.put_nowait((subject, message))
        except Full:
            self.left_out += 1
            return
        self.times.append(now)
        self.left_out = 0
        self._work()

    def flush(self, timeout: float = WAIT_AT_EXIT) -> None:
        """Wait for what is under way, but not long; logging calls this when the process ends."""
        with self.waiting.all_tasks_done:
            self.waiting.all_tasks_done.wait_for(lambda: not self.waiting.unfinished_tasks, timeout)

    def _work(self) -> None:
        # Started by the first e-mail, so in a worker and not in the process that it was forked from.
        if self.thread is None or not self.thread.is_alive():
            self.thread = Thread(target=self._send_all, name="admin-mail", daemon=True)
            self.thread.start()

    def _send_all(self) -> None:
        while True:
            subject, message = self.waiting.get()
            try:
                mail_admins(subject, message)
            except Exception as error:
                # One line, and no error: an error would be mailed.
                logger.warning("An error could not be mailed to ADMINS: %s: %s", type(error).__name__, error)
            finally:
                self.waiting.task_done()
