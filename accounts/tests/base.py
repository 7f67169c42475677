"""People for tests."""

from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User

PASSWORD = "correct horse battery"


def make_user(username: str, **fields: object) -> User:
    """A member with an e-mail address of their own and PASSWORD (hashed once a process)."""
    fields.setdefault("email", f"{username}@example.com")
    password = fields.pop("password", PASSWORD)
    return User.objects.create_user(username, password=password, **fields)  # type: ignore[arg-type]


def sign_in(client: Client, user: User, password: str = PASSWORD, **fields: object) -> HttpResponse:
    """Sign in through the door, which makes a session of its own as a browser would."""
    return client.post("/accounts/login/", {"username": user.username, "password": password, **fields})


def queries_of(client: Client, path: str) -> int:
    """How many queries a page costs who asks for it again.

    The first time on a connection, PREPARE is a query of its own (microblog/prepared.py), and caches are empty: which
    test comes first must not count.
    """
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        client.get(path)
    return len(captured)
