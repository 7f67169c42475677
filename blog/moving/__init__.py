"""Moving in: the people, follows and posts of a Flask Microblog, in batches that are each whole.

Every batch is one transaction that makes rows, counts them and notes what they were in the old database. So whenever it
stops, a second run goes on where the first one was, and one that has nothing left to do adds nothing.
"""

from django.db import reset_queries

from blog.models import ImportedRow
from blog.moving import plan
from blog.moving.address import Address, SourceError, parse
from blog.moving.follows import move_follows
from blog.moving.ids import base_of
from blog.moving.move import Move
from blog.moving.people import move_people
from blog.moving.posts import move_posts
from blog.moving.source import Source, opened

__all__ = ["Address", "Move", "Source", "SourceError", "import_from", "opened", "parse"]

# In this order: follows and posts need people. A part that the site gets later (private messages) is one more function
# here, and its line in UNKNOWN goes.
PARTS = [move_people, move_follows, move_posts]
UNKNOWN = {"message": ("private message", "private messages")}
SAMPLE = 100  # posts that are compared to know a database again


def import_from(move: Move) -> None:
    """Take everything that can be taken and isn't here; `move.report` says the rest."""
    _recognise(move)
    for part in PARTS:
        part(move)
        reset_queries()
    for table, (one, many) in UNKNOWN.items():
        if count := move.source.count(table):
            left = f"1 {one} is" if count == 1 else f"{count:,} {many} are"
            move.report.remarks.append(f"{left} left in the old database: this edition has no {many}.")


def _recognise(move: Move) -> None:
    """Stop if what was imported under this name came from another database: its ids mean other people."""
    moved = ImportedRow.objects.of(move.name, ImportedRow.Kind.POST).order_by("old_id")
    sample = dict(moved.values_list("old_id", "new_id")[:SAMPLE])
    rows = move.source.rows("post", ["id", "timestamp"], order=["id"], times=["timestamp"], ids=list(sample))
    times = {pk: plan.moment(time) for pk, time in rows} if sample else {}
    same = [bool(time) and base_of(time) >> 16 == sample[pk] >> 16 for pk, time in times.items()]
    if sample and not (same and all(same)):
        raise SourceError(
            "Another database was imported before. If this one is not the same, give it a name of its own: "
            "--source other-name."
        )
