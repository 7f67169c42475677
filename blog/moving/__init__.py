"""Moving in: the people, follows, posts and messages of a Flask Microblog, in batches that are each whole.

Every batch is one transaction that makes rows, counts them and notes what they were in the old database. So whenever it
stops, a second run goes on where the first one was, and one that has nothing left to do adds nothing.
"""

from blog.moving.address import Address, SourceError, parse
from blog.moving.follows import move_follows
from blog.moving.messages import move_messages
from blog.moving.move import Move
from blog.moving.people import move_people
from blog.moving.posts import move_posts
from blog.moving.recognise import recognise
from blog.moving.source import Source, opened

__all__ = ["Address", "Move", "Source", "SourceError", "import_from", "opened", "parse"]

# In this order: all others need people.
PARTS = [move_people, move_follows, move_posts, move_messages]


def import_from(move: Move) -> None:
    """Take everything that can be taken and isn't here; `move.report` says the rest."""
    recognise(move)
    for part in PARTS:
        part(move)
