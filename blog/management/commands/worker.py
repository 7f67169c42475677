"""The background worker: takes tasks from the queue in the database, one at a time, until it is told to stop."""

import logging
import os
import secrets
import signal
import socket
import threading
import time
from datetime import timedelta
from io import StringIO
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import InterfaceError, OperationalError, close_old_connections, connection, connections
from django_tasks_db.compat import TASKS_LOGGER, TaskContext, task_finished, task_started
from django_tasks_db.models import DBTaskResult

from blog import digest, queue
from blog.search import outbox
from blog.search.calls import ClusterError
from blog.search.indexer import Indexer
from blog.tasks import start_filling_search
from microblog import ratelimit
from microblog.logging import request_id

LOOK_EVERY = 1  # seconds between two looks into an empty queue
RECLAIM_EVERY = 15  # seconds
HOUSEKEEPING_EVERY = timedelta(hours=1)
AWAY_DELAYS = 1, 2, 5, 10  # seconds between tries while the database is away; the last one is repeated
LONGEST_GOODBYE = 30  # seconds for the task in hand when the web process beside us is gone, as on a dyno
AWAY = OperationalError, InterfaceError
logger = logging.getLogger("blog.worker")


class Runner:
    """One worker process: its loop, its sign of life and its end."""

    def __init__(self, *, batch: bool = False, housekeeping: bool = True, beside: bool = False) -> None:
        self.id = f"{socket.gethostname()[:30]}-{os.getpid()}-{secrets.token_hex(4)}"
        self.batch = batch
        self.beside = beside
        self.housekeeping = housekeeping
        self.ending = threading.Event()
        self.looked_at = -float(RECLAIM_EVERY)  # when vanished workers were looked for last
        self.kept_house_at = -HOUSEKEEPING_EVERY.total_seconds()
        self.looked_at_search = False  # whether posts from before there was a search are in it
        self.trust_beats_from = 0.0  # after the database was away, nobody's sign of life is fresh for a while
        self.failures = 0  # tries in a row that found the database away

    def run(self) -> None:
        """Work until told to end, or, with `batch`, until nothing is due."""
        logger.info("worker %s starts", self.id)
        threading.Thread(target=self.keep_beating, name="beat", daemon=True).start()
        if settings.ELASTICSEARCH_DSL and not self.batch:
            threading.Thread(target=Indexer(self.ending).run, name="indexer", daemon=True).start()
        while not self.ending.is_set():
            try:
                self.turn()
                self.came_back()
            except AWAY as error:
                self.wait_for_the_database(error)
            except Exception:
                logger.exception("worker %s stumbled", self.id)
                self.looked_at = -float(RECLAIM_EVERY)  # what was in hand goes back
                self.ending.wait(AWAY_DELAYS[-1])
        try:
            queue.leave(self.id)
        except AWAY:
            logger.warning("worker %s could not sign off: the database is away", self.id)
        logger.info("worker %s ends", self.id)

    def end(self, *signal_and_frame: Any) -> None:
        """Finish the task in hand, take no other. A second signal ends at once.

        Not beside a web process: there the platform tells every process to end, and the web process once more. It
        knows how long to wait, and ends us when that is over.
        """
        self.ending.set()
        if not self.beside:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)

    def turn(self) -> None:
        """One task, if one is due, and before it what has to be done from time to time."""
        close_old_connections()
        if time.monotonic() - self.looked_at >= RECLAIM_EVERY or self.failures:
            queue.beat(self.id)
            queue.reclaim(self.id, others=not self.failures and time.monotonic() >= self.trust_beats_from)
            self.looked_at = time.monotonic()
        if self.housekeeping and time.monotonic() - self.kept_house_at >= HOUSEKEEPING_EVERY.total_seconds():
            self.kept_house_at = time.monotonic()
            self.keep_house()
        if self.housekeeping and not self.looked_at_search:
            self.looked_at_search = True
            start_filling_search()
        row = queue.claim(self.id)
        if row is not None:
            self.work_on(row)
        elif self.batch:
            self.ending.set()
            self.empty_the_outbox()
        else:
            self.ending.wait(LOOK_EVERY)

    def work_on(self, row: DBTaskResult) -> None:
        """Run one task, note how it went, and write one line."""
        token, started, failed = request_id.set(f"task-{row.pk.hex[:8]}"), time.monotonic(), None
        try:
            try:
                row.set_successful(call(row))
            except AWAY:
                raise  # not the task's fault: it stays ours, and is put back when the database is there again
            except Exception as error:
                row.set_failed(error)
                failed = error
            ms = (time.monotonic() - started) * 1000
            facts = row.task_path, row.pk, ms, len(row.worker_ids), "failed" if failed else "successful"
            level = logging.ERROR if failed else logging.INFO
            logger.log(level, "task %s %s in %d ms, attempt %d: %s", *facts, exc_info=failed)
            told(task_finished, row)
        finally:
            request_id.reset(token)

    def keep_house(self) -> None:
        """Run what is to be done once an hour, whichever worker comes first."""
        tries, _seconds_left = ratelimit.count("clean_up", "", per=HOUSEKEEPING_EVERY)
        if tries > 1:
            return
        wanted = settings.DIGESTS and digest.due().exists()
        if wanted and not settings.SITE_URL:
            logger.warning("E-mail digests are due, and not sent: set SITE_URL, so that their links lead to this site.")
            wanted = False
        for name in ["clean_up", "send_digests"] if wanted else ["clean_up"]:
            try:
                call_command(name, stdout=(said := StringIO()))
                logger.info("%s", said.getvalue().strip())
            except AWAY:
                raise
            except Exception:
                logger.exception("%s failed", name)

    def empty_the_outbox(self) -> None:
        """What the indexer does otherwise: tell the cluster what has changed."""
        try:
            while settings.ELASTICSEARCH_DSL and outbox.drain():
                pass
        except ClusterError as error:
            logger.warning("Changes wait for the search index: %s", error)

    def keep_beating(self) -> None:
        """In a thread with a connection of its own, given back after each beat: connections are few."""
        while not self.ending.wait(queue.BEAT_EVERY.total_seconds()):
            try:
                queue.beat(self.id)
            except AWAY:
                logger.debug("no sign of life: the database is away")
            finally:
                connection.close()

    def wait_for_the_database(self, error: Exception) -> None:
        """Give up the connection and wait, longer each time. Say so once."""
        connections.close_all()
        if not self.failures:
            logger.warning("The worker waits for the database: %s", str(error).partition("\n")[0])
        delay = AWAY_DELAYS[min(self.failures, len(AWAY_DELAYS) - 1)]
        self.failures += 1
        self.ending.wait(delay)

    def came_back(self) -> None:
        if self.failures:
            logger.warning("The database is back.")
            self.failures = 0
            self.trust_beats_from = time.monotonic() + queue.GONE_AFTER.total_seconds()

    def watch(self, parent: int) -> None:
        """End when the process that started us is gone, in a thread: nobody else would end an orphan."""
        while os.getppid() == parent:
            time.sleep(1)
        logger.warning("worker %s: the web process beside is gone", self.id)
        self.ending.set()
        time.sleep(LONGEST_GOODBYE)
        os._exit(1)


def call(row: DBTaskResult) -> Any:
    """What the function of a task returns."""
    task, result = row.task, row.task_result
    told(task_started, row)
    if task.takes_context:
        return task.call(TaskContext(task_result=result), *result.args, **result.kwargs)
    return task.call(*result.args, **result.kwargs)


def told(event: Any, row: DBTaskResult) -> None:
    """Send one of django-tasks' signals; a task whose function is gone has nobody to tell."""
    try:
        result = row.task_result
    except ImportError:
        return
    event.send(sender=type(result.task.get_backend()), task_result=result)


class Command(BaseCommand):
    help = "Run background tasks: e-mail and all that would keep a visitor waiting. Ends on SIGTERM."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--status", action="store_true", help="Print how the queue stands, and end.")
        parser.add_argument("--batch", action="store_true", help="End when nothing is due.")
        parser.add_argument(
            "--no-housekeeping", action="store_true", help="Don't run clean_up and send_digests once an hour."
        )
        parser.add_argument("--beside", type=int, metavar="PID", help="End when this parent process does.")

    def handle(self, **options: Any) -> None:
        if options["status"]:
            self.stdout.write(f"{queue.status()}.")
            return
        if not settings.SECRET_KEY_GIVEN:
            raise CommandError("Set SECRET_KEY to that of the site: the links in e-mails are signed with it.")
        logging.getLogger(TASKS_LOGGER).setLevel(logging.CRITICAL)  # our own line says all of it
        housekeeping = not (options["batch"] or options["no_housekeeping"])
        runner = Runner(batch=options["batch"], housekeeping=housekeeping, beside=bool(options["beside"]))
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, runner.end)
        if options["beside"]:
            threading.Thread(target=runner.watch, args=[options["beside"]], name="watch", daemon=True).start()
        runner.run()
