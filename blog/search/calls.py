"""One call to the cluster: two seconds at most, tried once, and a breaker that all processes share.

The client is imported with the first call: a site without a cluster does not pay for it.
"""

import logging
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import Any, TypeVar

from django.conf import settings

from blog.models import Outage
from blog.search.engine import EngineError
from microblog.cluster import PATIENCE

NAME = "elasticsearch"  # of its row among the outages
UNREACHABLE, REFUSED, FOREIGN, MISSING, OUTDATED = "unreachable", "refused", "foreign", "missing", "outdated"
SHAPE = 1  # of the documents; a higher one than the index has makes the worker build it anew
REASONS = {
    UNREACHABLE: "unreachable",
    REFUSED: "refused: user or password are wrong, or lack a right",
    FOREIGN: "what answers is not Elasticsearch 7.14 or newer",
    MISSING: "the index is missing; the worker builds it, or manage.py search_index --rebuild does",
    OUTDATED: "the index is of an older release; the worker builds it anew, or manage.py search_index --rebuild does",
}
T = TypeVar("T")
logger = logging.getLogger(__name__)


class ClusterError(EngineError):
    """The cluster did not do what it was asked. `kind` is a key of REASONS, or "" where only this request is at fault.

    The text goes to logs: it has no address, no credentials and no words of a post or a query.
    """

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(f"{kind or 'failed'}: {detail}")
        self.kind = kind


def client() -> Any:
    """The client of the settings' cluster, made once a process."""
    from elasticsearch.dsl import connections

    return connections.get_connection()


def ask(call: Callable[[Any], T], *, seconds: float = PATIENCE) -> T:
    """What `call(client)` returns. Raise ClusterError after so many seconds, and at once while the breaker is open.

    It closes when a minute is over and the one who tries then has an answer, or when the worker has one before.
    """
    known = Outage.objects.filter(pk=NAME).exists()
    if known and (kind := Outage.objects.hinders(NAME)):
        raise ClusterError(kind, "not asked")
    try:
        answer = try_it(call, seconds=seconds)
    except ClusterError as error:
        logger.warning("Elasticsearch did not answer: %s", error)
        if error.kind not in ("", OUTDATED):
            Outage.objects.begin(NAME, error.kind)
        raise
    if known:
        Outage.objects.end(NAME)
    return answer


def try_it(call: Callable[[Any], T], *, seconds: float = PATIENCE) -> T:
    """The same without the breaker, and with a patience of one's own. Raise ClusterError."""
    if seconds <= 0:
        raise ClusterError(UNREACHABLE, "no time left")
    future: Future[T] = Future()
    # In a thread, for what no timeout of a socket covers: slow name servers, and answers byte by byte.
    Thread(target=_fulfil, args=(future, call, seconds), daemon=True, name=NAME).start()
    try:
        return future.result(timeout=seconds + 0.1)
    except TimeoutError:
        raise ClusterError(UNREACHABLE, "no answer in time") from None


def _fulfil(future: Future, call: Callable[[Any], Any], seconds: float) -> None:
    try:
        future.set_result(call(client().options(request_timeout=seconds)))
    except Exception as error:  # whatever it is belongs to the thread that waits
        future.set_exception(trouble(error) or error)


def look(client: Any) -> None:
    """Raise what would keep a search from finding anything, or the client's own errors."""
    for name, about in client.indices.get(index=settings.ELASTICSEARCH_INDEX, features="aliases,mappings").items():
        if name == settings.ELASTICSEARCH_INDEX:
            raise ClusterError(MISSING, "an index stands where its alias should")
        if about["mappings"].get("_meta", {}).get("shape", 0) < SHAPE:
            raise ClusterError(OUTDATED, name)


def trouble(error: Exception) -> ClusterError | None:
    """What an error of the client means; None for one that is not the client's."""
    from elasticsearch import ApiError, SerializationError, TransportError, UnsupportedProductError

    name = type(error).__name__
    if isinstance(error, UnsupportedProductError | SerializationError):
        return ClusterError(FOREIGN, name)
    if isinstance(error, TransportError):
        return ClusterError(UNREACHABLE, name)
    if not isinstance(error, ApiError):
        return None
    status = error.meta.status
    detail = f"HTTP {status}"
    if status in (401, 403):
        return ClusterError(REFUSED, detail)
    if status >= 500 or status in (408, 429):
        return ClusterError(UNREACHABLE, detail)
    if error.meta.headers.get("x-elastic-product", "") != "Elasticsearch":
        return ClusterError(FOREIGN, detail)
    return ClusterError(MISSING if status == 404 else "", detail)
