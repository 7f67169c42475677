"""Where django-elasticsearch-dsl hears of posts: into the outbox, never to the cluster."""

from typing import Any

from django.db.models import signals
from django_elasticsearch_dsl.signals import BaseSignalProcessor

from blog.models import Post, SearchEntry


class OutboxSignalProcessor(BaseSignalProcessor):
    """Named by ELASTICSEARCH_DSL_SIGNAL_PROCESSOR: a post that is saved or deleted has an entry, nothing else happens.

    What sends no signal, `bulk_create` and `update`, calls `blog.search` itself.
    """

    def setup(self) -> None:
        signals.post_save.connect(self.handle_save, sender=Post)
        signals.post_delete.connect(self.handle_delete, sender=Post)

    def teardown(self) -> None:
        signals.post_save.disconnect(self.handle_save, sender=Post)
        signals.post_delete.disconnect(self.handle_delete, sender=Post)

    def handle_save(self, sender: Any, instance: Post, **about: Any) -> None:
        # What somebody repeats is found by its original.
        if instance.repost_of_id is None and not instance.is_noted:
            SearchEntry.objects.note([instance.pk])

    def handle_delete(self, sender: Any, instance: Post, **about: Any) -> None:
        SearchEntry.objects.note([instance.pk])
