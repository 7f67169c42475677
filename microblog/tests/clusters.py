"""Search by a cluster, for the length of a test: the settings, the signals and an index of the test's own."""

from types import TracebackType
from typing import Any
from uuid import uuid4

from django.test import override_settings

from microblog.cluster import cluster_of


class Cluster:
    """`with Cluster(url) as cluster`: posts that are written get entries, and `search` asks this cluster."""

    def __init__(self, url: str) -> None:
        self.url, self.index = url, f"test-{uuid4().hex[:12]}"
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
        if names := self.indices:
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
