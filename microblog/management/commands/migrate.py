"""Migrate, one at a time: two releases at the same moment must not apply the same migration twice."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.commands.migrate import Command as DjangoCommand
from django.db import connections

LOCK = 0x6D696372  # any number that is always the same: "micr"


class Command(DjangoCommand):
    """Django's, holding a lock of PostgreSQL meanwhile. The server frees the lock of a process that is gone."""

    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]
        if connection.vendor != "postgresql":
            super().handle(*args, **options)
            return
        with self.alone(connection):
            super().handle(*args, **options)

    @contextmanager
    def alone(self, connection: Any) -> Iterator[None]:
        """Wait until no other migration runs, and keep others waiting."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
            if not cursor.fetchone()[0]:
                self.stdout.write("Another migration is running; this one waits for it.")
                self.stdout.flush()  # now, and not when the wait is over
                cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        try:
            yield
        finally:
            if connection.connection is not None and not connection.connection.closed:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
