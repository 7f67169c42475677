"""What only the database can tell, as a system check: `manage.py check --database default`; `migrate` runs it, too."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import DatabaseError

from blog import queue
from blog.search import status


@register(Tags.database)
def queue_without_a_worker(**kwargs: Any) -> list[CheckMessage]:
    if "default" not in (kwargs.get("databases") or []):
        return []
    try:
        found = queue.problems()
    except DatabaseError:  # before the first migration there is no queue
        return []
    hint = "heroku ps:scale worker=1, or WORKER_IN_WEB=1 where there is one dyno only; elsewhere: manage.py worker"
    return [Warning(f"{text}.", hint=hint, id="blog.W001") for text in found]


@register(Tags.database)
def changes_that_nobody_indexes(**kwargs: Any) -> list[CheckMessage]:
    if "default" not in (kwargs.get("databases") or []) or not settings.ELASTICSEARCH_DSL:
        return []
    try:
        late = status.late()
    except DatabaseError:
        return []
    hint = "Is the worker running, and does the cluster take documents? /readyz and the worker's log say why."
    return [Warning(f"{late}.", hint=hint, id="blog.W002")] if late else []
