"""What the worker does for the search, in a thread of its own: no e-mail waits for a slow cluster, and no post for an
export. It carries the outbox, builds an index that is missing, goes on with a build that somebody left, and tells the
web processes when the cluster is back.
"""

import logging
import threading
import time

from django.db import InterfaceError, OperationalError, close_old_connections, connection

from blog.models import Outage, SearchIndex
from blog.search import build, calls, outbox
from blog.search.calls import ClusterError

LOOK_EVERY = 0.5  # seconds between two looks into an empty outbox
PROBE_EVERY = 5  # seconds between two looks at the cluster
DELAYS = 1, 2, 5, 10, 30  # seconds between tries while the cluster does not do its part; the last one is repeated
logger = logging.getLogger("blog.worker")


class Indexer:
    """The loop: one bounded step at a time, until `ending` is set."""

    def __init__(self, ending: threading.Event) -> None:
        self.ending = ending
        self.failures = 0  # tries in a row
        self.probed_at = -float(PROBE_EVERY)
        self.building = ""  # the index that this very process builds

    def run(self) -> None:
        while not self.ending.is_set():
            try:
                close_old_connections()
                self.ending.wait(0 if self.turn() else LOOK_EVERY)
                self.failures = 0
            except ClusterError as error:
                self.wait(error, error.kind)
            except (OperationalError, InterfaceError) as error:  # of the database
                connection.close()
                self.wait(error)
            except Exception as error:
                logger.exception("the search index stumbled")
                self.wait(error)
        connection.close()

    def turn(self) -> bool:
        """One step of each kind. Whether there may be more to do at once."""
        if time.monotonic() - self.probed_at >= PROBE_EVERY or self.failures:
            self.probe()
            self.probed_at = time.monotonic()
        done = outbox.drain()
        return bool(self.go_on_building() or done == outbox.SLICE)

    def probe(self) -> None:
        """Look whether the cluster is there, and the index. What web processes believe follows from it."""
        try:
            calls.try_it(calls.look)
        except ClusterError as error:
            if error.kind not in (calls.MISSING, calls.OUTDATED):
                raise
            if error.kind == calls.MISSING:
                Outage.objects.begin(calls.NAME, error.kind)
            self.begin_building()
        else:
            if Outage.objects.filter(pk=calls.NAME).exists():
                Outage.objects.end(calls.NAME)
                logger.warning("Elasticsearch is back.")

    def begin_building(self) -> None:
        if not SearchIndex.objects.claim():
            return
        try:
            self.building = build.begin()
        except BaseException:
            SearchIndex.objects.end()
            raise

    def go_on_building(self) -> bool:
        """Copy a slice of an index that we build, or that somebody left."""
        state = SearchIndex.objects.state()
        if not state.building or (state.building != self.building and not state.is_left):
            return False
        self.building = state.building
        try:
            if not build.step(self.building):
                build.finish(self.building)
                self.probed_at = -float(PROBE_EVERY)  # let everybody know
        except build.SupersededError:
            logger.info("Somebody else builds an index by now.")
        return True

    def wait(self, error: Exception, kind: str = "") -> None:
        """Say once what is wrong, tell the web processes, and wait, longer each time."""
        if not self.failures:
            logger.warning("Changes wait for the search index: %s", str(error).partition("\n")[0])
        delay = DELAYS[min(self.failures, len(DELAYS) - 1)]
        self.failures += 1
        try:
            if kind:
                Outage.objects.begin(calls.NAME, kind)
        except (OperationalError, InterfaceError):
            connection.close()
        self.ending.wait(delay)
