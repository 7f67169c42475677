"""Ids for posts and messages of the past: in the order of the old site, and the same ones in every run."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta

from django.db.models import Model

from blog.models import Post

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TIES = 6  # bits under the microsecond: room for 64 posts of one time before they borrow from the next


def base_of(time: datetime) -> int:
    """The lowest id of a post of this microsecond.

    Milliseconds << 16, as every post has it; then the microseconds in ten bits, so that two posts of one millisecond
    stand as they stood; then room for those of one time.
    """
    milliseconds, microseconds = divmod((time - EPOCH) // timedelta(microseconds=1), 1000)
    return milliseconds << 16 | microseconds << TIES


class Ids:
    """Gives each post, or message, the first id from its base on that no other has.

    MySQL keeps whole seconds, and a seeded database may hold thousands of posts of one time: of a base that was wanted
    more than once, the id to go on from is remembered.
    """

    def __init__(self, model: type[Model] = Post) -> None:
        self.model = model
        self.next: dict[int, int] = {}

    def learn(self, base: int, pk: int) -> None:
        """A post of an earlier run has this id."""
        if pk != base:
            self.next[base] = max(self.next.get(base, base), pk + 1)

    def give(self, bases: Sequence[int]) -> list[int]:
        """An id for each base, in this order."""
        taken: set[int] = set()
        while True:
            ids = self._first_free(bases, taken)
            here = set(self.model._default_manager.filter(pk__in=ids).values_list("pk", flat=True))
            if not here:
                break
            taken |= here
        for base, pk in zip(bases, ids, strict=True):
            self.learn(base, pk)
        return ids

    def _first_free(self, bases: Sequence[int], taken: Collection[int]) -> list[int]:
        ids: dict[int, None] = {}
        following: dict[int, int] = {}
        for base in bases:
            pk = following.get(base) or self.next.get(base, base)
            while pk in taken or pk in ids:
                pk += 1
            ids[pk] = None
            following[base] = pk + 1
        return list(ids)
