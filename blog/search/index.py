"""Fill the index of the database's engine, and compare it with the posts; `manage.py search_index` asks for it.

Done in batches, each in a transaction of its own: nobody waits for long, and posts that are written meanwhile are in
the index already. What was interrupted is done again, or only what `verify` finds.
"""

from collections.abc import Iterator

from django.db import transaction
from django.db.models import Exists, OuterRef

from blog.models import Post, SearchRow
from blog.models.search import AT_ONCE, dropped


def rebuild() -> Iterator[int]:
    """Write the row of every post that people may find, the newest first. Yield how many were written, batch by batch.

    It works on the rows in place, so that search answers all the while.
    """
    for keys in _batches():
        with transaction.atomic():
            # Whoever hides or deletes one of these waits until its row is written, and takes it out after that.
            posts = list(Post.objects.select_for_update().filter(pk__in=keys))
            SearchRow.objects.write(posts)
        yield len(keys)
    _drop_surplus(repair=True)


def verify(*, repair: bool) -> Iterator[tuple[int, int]]:
    """Compare every row with its post, and mend it with `repair`. Yield how many were seen, and how many differ."""
    for keys in _batches():
        with transaction.atomic():
            posts = list(Post.objects.select_for_update().filter(pk__in=keys, hidden_at=None))
            wrong = set(SearchRow.objects.differing(posts)) if posts else set()
            if repair:
                SearchRow.objects.write(post for post in posts if post.pk in wrong)
        yield len(keys), len(wrong)
    yield 0, _drop_surplus(repair=repair)


def _batches() -> Iterator[list[int]]:
    """The keys of all posts that are not hidden, the newest first."""
    posts = Post.objects.originals().filter(hidden_at=None).order_by("-pk").values_list("pk", flat=True)
    keys = list(posts[:AT_ONCE])
    while keys:
        yield keys
        keys = list(posts.filter(pk__lt=keys[-1])[:AT_ONCE])


def _drop_surplus(*, repair: bool) -> int:
    """Take out the rows of posts that are hidden or gone. Return how many there were."""
    shown = Post.objects.filter(pk=OuterRef("pk"), hidden_at=None)
    surplus = list(SearchRow.objects.filter(~Exists(shown)).values_list("pk", flat=True))
    if repair:
        dropped(surplus)
    return len(surplus)
