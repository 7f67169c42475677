"""What a platform asks: does the process answer, and is the site ready to serve?"""

import logging
from collections.abc import Callable
from functools import cache

from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from blog import queue
from blog.search import status as search_status
from microblog import catalogues as compiled

logger = logging.getLogger(__name__)
FRESH = {"Cache-Control": "no-store"}


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8", headers=FRESH)


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Every check with its reason, "" where all is well; 503 if one has a reason. The reasons name no host or user.

    Beside them the queue, and the search, without which a site is ready all the same.
    """
    reasons = {name: check() for name, check in CHECKS.items()}
    ready = not any(reasons.values())
    if not ready:
        logger.warning("Not ready: %s", " ".join(filter(None, reasons.values())))
    answer = {"ready": ready, "checks": {name: reason or "ok" for name, reason in reasons.items()}}
    if not (reasons["database"] or reasons["migrations"]):
        answer["queue"] = queue.status().as_json()
        answer["search"] = search_status.report()
    return JsonResponse(answer, status=200 if ready else 503, headers=FRESH)


def database() -> str:
    """Whether the database answers."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error as error:
        logger.warning("The database does not answer: %s", error)
        return f"The database does not answer ({type(error).__name__})."
    return ""


def migrations() -> str:
    """Whether every migration that this code brings is applied. A newer release's may be, too."""
    if connection.connection is None:  # `database` could not connect: don't wait for it twice
        return "Nobody can tell without the database."
    try:
        missing = _migrations_on_disk() - set(MigrationRecorder(connection).applied_migrations())
    except Error as error:
        return f"Nobody can tell ({type(error).__name__})."
    if not missing:
        return ""
    return f"Not applied: {', '.join(sorted('.'.join(key) for key in missing))}. Run manage.py migrate."


@cache
def _migrations_on_disk() -> set[tuple[str, str]]:
    return set(MigrationLoader(None).disk_migrations)


def catalogues() -> str:
    """Whether every translation is compiled, from the source that is there."""
    return "; ".join(compiled.problems())


# What else has to be there for the site to be whole joins here, by name: a function that returns a reason or "".
CHECKS: dict[str, Callable[[], str]] = {
    "database": database,
    "migrations": migrations,
    "catalogues": catalogues,
}
