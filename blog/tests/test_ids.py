"""Ids tell the time, and the order within one moment."""

from datetime import UTC, datetime, timedelta
from unittest.mock import patch

from django.utils import timezone

from blog.models.ids import moment_of, new_id

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_ids_of_one_process_grow_within_a_millisecond():
    with patch.object(timezone, "now", return_value=NOON):
        ids = [new_id() for _number in range(100)]
    assert ids == sorted(set(ids))
    assert moment_of(ids[0]) == NOON
    assert moment_of(ids[-1]) - NOON <= timedelta(milliseconds=1)


def test_a_clock_that_is_put_back_is_believed():
    with patch.object(timezone, "now", return_value=NOON):
        new_id()
    with patch.object(timezone, "now", return_value=NOON - timedelta(hours=1)):
        assert moment_of(new_id()) == NOON - timedelta(hours=1)
