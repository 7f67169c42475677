"""What only the database can tell, as a system check: `manage.py check --database default`; `migrate` runs it, too."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError, connection
from django.db.migrations.recorder import MigrationRecorder

from blog import queue
from blog.search import index, status

SEARCH = ("blog", "0009_search")  # the migration that makes its table


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
def search_without_its_table(**kwargs: Any) -> list[CheckMessage]:
    if "default" not in (kwargs.get("databases") or []):
        return []
    try:
        if SEARCH not in MigrationRecorder(connection).applied_migrations():
            return []
        gone = index.problems()
    except DatabaseError:
        return []
    hint = "manage.py search_index --rebuild makes what is missing, and fills it. Until then nobody can post."
    return [Error(f"{what} is gone: search needs it.", hint=hint, id="blog.E002") for what in gone]


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
