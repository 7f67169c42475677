"""Ids that are time-ordered: one column is both the order and the cursor, and nobody can count the site's posts."""

import secrets
from datetime import UTC, datetime

from django.utils import timezone


def id_at(moment: datetime, low: int | None = None) -> int:
    """An id for something of this moment: milliseconds << 16, and `low` (random otherwise) in the last 16 bits."""
    milliseconds = int(moment.timestamp() * 1000)
    return milliseconds << 16 | (secrets.randbits(16) if low is None else low)


def new_id() -> int:
    return id_at(timezone.now())


def moment_of(pk: int) -> datetime:
    """When an id was given, to the millisecond."""
    return datetime.fromtimestamp((pk >> 16) / 1000, UTC)
