"""Best match within bounds: the newest matches, a block of them at a time, each block ranked for itself.

To rank all that a common word finds takes time with the size of the site, and what is best among the newest
hundred is what people look for in short texts. Nothing is lost: after a block come the matches older than it.
"""

from collections.abc import Callable

from blog.search.engine import END, Hit, Wanted

BLOCK = 100  # matches that are ranked together


def ranked(wanted: Wanted, newest: Callable[[int, int], list[Hit]]) -> list[Hit]:
    """The hits of a page in the order of their score.

    `newest(top, limit)` finds the newest matches whose id is at most `top`, newest first, with their scores. A score
    must depend on the post and the query only, so that a block is in the same order when its next page is asked for.
    """
    found: list[Hit] = []
    after = wanted.after
    top = after.top if after else END
    while len(found) < wanted.limit:
        block = newest(top, BLOCK)
        if not block:
            break
        top = min(top, block[0].id)  # what is written meanwhile belongs to no block of this search
        hits = sorted((Hit(hit.id, hit.score, top) for hit in block), key=_place)
        found += [hit for hit in hits if after is None or _place(hit) > _place(after)]
        after = None
        if len(block) < BLOCK:
            break
        top = block[-1].id - 1
    return found[: wanted.limit]


def _place(hit: Hit) -> tuple[float, int]:
    return -hit.score, -hit.id
