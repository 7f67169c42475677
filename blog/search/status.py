"""How the search stands: what /readyz and the system checks tell. Nothing here makes a site unready."""

from datetime import timedelta
from typing import Any

from django.conf import settings

from blog.models import SearchEntry
from blog.search import calls

LATE_AFTER = timedelta(minutes=5)


def report() -> dict[str, Any]:
    """For /readyz: "ok" or "degraded" and why; with a cluster also how many changes wait for it, and how long."""
    if not settings.ELASTICSEARCH_VARIABLE:
        return {"status": "ok"}
    backlog = SearchEntry.objects.backlog()
    reason = trouble() or late()
    return {
        "status": "degraded" if reason else "ok",
        **({"reason": reason} if reason else {}),
        "outbox": backlog.entries,
        "oldest_seconds": None if backlog.oldest is None else int(backlog.oldest.total_seconds()),
    }


def trouble() -> str:
    """Why the database searches in place of the cluster, or ""."""
    if not settings.ELASTICSEARCH_DSL:
        return f"{settings.ELASTICSEARCH_VARIABLE} is no address"
    try:
        calls.ask(calls.look)
    except calls.ClusterError as error:
        return calls.REASONS.get(error.kind, str(error))
    return ""


def late() -> str:
    """Whether changes wait for longer than they should: nobody carries them, or the cluster takes none."""
    backlog = SearchEntry.objects.backlog()
    if backlog.oldest is None or backlog.oldest < LATE_AFTER:
        return ""
    minutes = backlog.oldest // timedelta(minutes=1)
    return f"{backlog.entries} changes wait for the index, the oldest for {minutes} minutes"
