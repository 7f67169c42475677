"""People for tests."""

from accounts.models import User

PASSWORD = "correct horse battery"


def make_user(username: str, **fields: object) -> User:
    """A member with an e-mail address of their own and PASSWORD (hashed once a process)."""
    fields.setdefault("email", f"{username}@example.com")
    password = fields.pop("password", PASSWORD)
    return User.objects.create_user(username, password=password, **fields)  # type: ignore[arg-type]
