"""Moving in: the people, follows and posts of a Flask Microblog, in batches that are each whole.

Every batch is one transaction that makes rows, counts them and notes what they were in the old database. So whenever it
stops, a second run goes on where the first one was, and one that has nothing left to do adds nothing.
"""

from blog.moving.address import Address, SourceError, parse
from blog.moving.follows import move_follows
from blog.moving.move import Move
from blog.moving.people import move_people
from blog.moving.posts import move_posts
from blog.moving.recognise import recognise
from blog.moving.source import Source, opened

__all__ = ["Address", "Move", "Source", "SourceError", "import_from", "opened", "parse"]

# In this order: follows and posts need people. A part that the site gets later (private messages) is one more function
# here, and its line in UNKNOWN goes.
PARTS = [move_people, move_follows, move_posts]
UNKNOWN = {"message": ("private message", "private messages")}


def import_from(move: Move) -> None:
    """Take everything that can be taken and isn't here; `move.report` says the rest."""
    recognise(move)
    for part in PARTS:
        part(move)
    for table, (one, many) in UNKNOWN.items():
        if count := move.source.count(table):
            left = f"1 {one} is" if count == 1 else f"{count:,} {many} are"
            move.report.remarks.append(f"{left} left in the old database: this edition has no {many}.")
