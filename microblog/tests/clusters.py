"""Search by a cluster, for the length of a test: the settings, the signals and an index of the test's own."""

from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from types import TracebackType
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from django.test import override_settings

from microblog.cluster import cluster_of

PASSWORD = "s3cret@of:the/cluster%"


class Cluster:
    """`with Cluster(url) as cluster`: posts that are written get entries, and `search` asks this cluster."""

    def __init__(self, url: str, *, is_real: bool = True) -> None:
        self.url, self.index, self.is_real = url, f"test-{uuid4().hex[:12]}", is_real
        self.settings = override_settings(
            ELASTICSEARCH_VARIABLE="ELASTICSEARCH_URL",
            ELASTICSEARCH_DSL={"default": cluster_of(url)},
            ELASTICSEARCH_INDEX=self.index,
        )

    def __enter__(self) -> "Cluster":
        from elasticsearch_dsl import connections

        from blog.search.signals import OutboxSignalProcessor

        self.settings.enable()
        self.point_to(self.url)
        self.processor = OutboxSignalProcessor(connections)
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, where: TracebackType | None) -> None:
        self.processor.teardown()
        self.point_to(self.url)
        if self.is_real and (names := self.indices):
            self.client.indices.delete(index=names)
        self.settings.disable()

    def point_to(self, url: str) -> None:
        """Let the site look for its cluster there."""
        from elasticsearch_dsl import connections

        connections.configure(default=cluster_of(url))

    @property
    def client(self) -> Any:
        from elasticsearch_dsl import connections

        return connections.get_connection().options(request_timeout=30)

    def build(self) -> None:
        """Make the index as `search_index --rebuild` does."""
        from blog.search import cluster

        list(cluster.rebuild())

    def settle(self) -> None:
        """Carry the outbox, and let what was written be found at once."""
        from blog.search import outbox

        outbox.drain_all()
        self.client.indices.refresh(index=self.index)

    def put_settings(self, **settings: Any) -> None:
        self.client.indices.put_settings(index=self.index, settings=settings)

    @property
    def indices(self) -> list[str]:
        return sorted(self.client.indices.get(index=f"{self.index}*"))

    @property
    def ids(self) -> set[int]:
        """The posts that have a document."""
        self.client.indices.refresh(index=self.index)
        rows = self.client.search(index=self.index, size=10_000, source=False)["hits"]["hits"]
        return {int(row["_id"]) for row in rows}


class Pretender:
    """Something else where the cluster should be: `with Pretender(status=401) as server`. It counts what it is asked.

    `product` is what Elasticsearch says of itself in each answer; `delay` and `drip` are seconds, before the answer
    and between its bytes.
    """

    def __init__(
        self, status: int = 200, body: bytes = b"{}", *, product: bool = False, delay: float = 0, drip: float = 0
    ) -> None:
        self.asked, self.over = 0, Event()
        pretender = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                pretender.asked += 1
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                pretender.over.wait(delay)
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                if product:
                    self.send_header("X-Elastic-Product", "Elasticsearch")
                with suppress(OSError):  # the other side waits no longer
                    self.end_headers()
                    for byte in body:
                        self.wfile.write(bytes([byte]))
                        if drip and pretender.over.wait(drip):
                            return

            do_POST = do_PUT = do_GET  # noqa: N815 - names of the library

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.url = f"http://elastic:{quote(PASSWORD, safe='')}@127.0.0.1:{self.server.server_port}"

    def __enter__(self) -> "Pretender":
        self.thread.start()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, where: TracebackType | None) -> None:
        self.over.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
