"""What gunicorn needs of us: its log lines in our format, a stop that drops nobody, and the worker beside the web.

`gunicorn.conf.py` names these. Nothing here is imported by the site itself.
"""

import gc
import logging
import logging.config
import os
import subprocess
import sys
import threading
import time
from typing import Any

from django.conf import settings
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger as GunicornLogger
from gunicorn.workers.gthread import ThreadWorker

BACK_OFF = 1, 60  # seconds before a background worker that died is started again: the first time, at most
STOP_WITHIN = 8  # seconds for the background worker after gunicorn's own graceful_timeout: 28 of Heroku's 30
logger = logging.getLogger("microblog.server")


class Logger(GunicornLogger):
    """gunicorn's own lines through Django's logging; no access log, whatever is asked for on the command line."""

    def setup(self, cfg: Any) -> None:
        self.cfg = cfg
        self._access_log_enabled = False
        if settings.LOGGING:
            logging.config.dictConfig(settings.LOGGING)
        self.error_log.propagate = True
        self.error_log.setLevel(self.LOG_LEVELS[cfg.loglevel.lower()])

    def exception(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """An error while answering, with the address but not its query string, which may hold what is secret."""
        bare = [arg.partition("?")[0] if isinstance(arg, str) and arg.startswith("/") else arg for arg in args]
        super().exception(msg, *bare, **kwargs)

    def warning(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """What is wrong with a request that is none, but not the line of it, which may be a cookie's."""
        if msg.startswith("Invalid request from ip="):
            msg = ": ".join(msg.split(": ")[:2])
        super().warning(msg, *args, **kwargs)


class Worker(ThreadWorker):
    """gunicorn's threads, with a stop that resets nobody.

    The kernel goes on taking connections until the last process has closed the listening socket. gunicorn's closes it
    after its last answer: who connected meanwhile would wait, and then be reset. This one answers who is connected
    already and closes the door at once, so that the router sees a refused connection and asks another dyno.
    """

    def set_accept_enabled(self, enabled: bool) -> None:
        super().set_accept_enabled(enabled)
        if not self.alive and not enabled:
            for listener in self.sockets:
                self.accept_waiting(listener)
                listener.close()

    def accept_waiting(self, listener: Any) -> None:
        """Take every connection that the kernel holds ready."""
        listener.setblocking(False)
        before = -1
        while before != self.nr_conns:
            before = self.nr_conns
            self.accept(listener)


class Beside:
    """The background worker as a child of gunicorn's master, started again when it dies, ended with it."""

    def __init__(self) -> None:
        self.ending = threading.Event()
        self.process: subprocess.Popen | None = None
        self.forking = threading.Lock()

    def start(self, arbiter: Arbiter) -> None:
        # Popen goes on when nobody holds the end of its pipe any more, which closes where the program begins. A web
        # process, forked meanwhile by the main thread, would inherit it and never begin another program: Popen would
        # wait as long as it lives, and nobody would see the worker die. So one fork at a time.
        locked, free = self.forking.acquire, self.forking.release
        os.register_at_fork(before=locked, after_in_parent=free, after_in_child=free)
        threading.Thread(target=self.supervise, args=[arbiter], name="worker-beside-web", daemon=True).start()

    def supervise(self, arbiter: Arbiter) -> None:
        """Start it, and start it again whenever it ended while gunicorn still listens."""
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "worker", "--beside", str(os.getpid())]
        delay, longest = BACK_OFF
        while not self.ending.is_set() and arbiter.LISTENERS:
            if self.process is not None:
                logger.warning("The background worker ended; it is started again.")
            started = time.monotonic()
            with self.forking:  # Popen's own fork does not call what is registered
                self.process = subprocess.Popen(command)  # noqa: S603
            if self.ending.is_set():  # it was said while we started it
                self.process.terminate()
            self.process.wait()
            if time.monotonic() - started > longest:
                delay = BACK_OFF[0]
            self.ending.wait(delay)
            delay = min(delay * 2, longest)

    def end(self) -> None:
        """Let it finish the task in hand, for a while."""
        self.ending.set()
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def restart(self) -> None:
        """End it, so that it is started again with the code of now."""
        if self.process is not None:
            self.process.terminate()


beside = Beside()


def when_ready(arbiter: Arbiter) -> None:
    """Before the first fork: the background worker, if it runs beside us, and memory that stays shared."""
    if settings.WORKER_IN_WEB:
        beside.start(arbiter)
    gc.collect()
    gc.freeze()  # the collector does not touch, and so does not copy, what was there before the fork


def pre_fork(arbiter: Arbiter, worker: Worker) -> None:
    """A connection to the database must not be shared by two processes."""
    from django.db import connections

    connections.close_all()


def on_reload(arbiter: Arbiter) -> None:
    beside.restart()


def on_exit(arbiter: Arbiter) -> None:
    beside.end()
