"""Ids that are time-ordered: one column is both the order and the cursor, and nobody can count the site's posts."""

import secrets
import threading
from datetime import UTC, datetime

from django.utils import timezone

_lock = threading.Lock()
_last = 0  # what `new_id` gave last


def id_at(moment: datetime, low: int | None = None) -> int:
    """An id for something of this moment: milliseconds << 16, and `low` (random otherwise) in the last 16 bits."""
    milliseconds = int(moment.timestamp() * 1000)
    return milliseconds << 16 | (secrets.randbits(16) if low is None else low)


def new_id() -> int:
    """An id of now. Of two that a process asks for, the later is the greater, even within one millisecond."""
    global _last
    with _lock:
        new = id_at(timezone.now())
        if 0 <= _last - new < 1000 << 16:  # less than a second: a clock that is put back further is believed
            new = _last + 1
        _last = new
        return new


def moment_of(pk: int) -> datetime:
    """When an id was given, to the millisecond."""
    return datetime.fromtimestamp((pk >> 16) / 1000, UTC)
