"""Posts for tests."""

from datetime import datetime

from accounts.models import User
from blog.models import Post


def make_post(author: User, body: str = "Something said.", *, at: datetime | None = None, **fields: object) -> Post:
    """A post by `author`, through the same verb as the site's own."""
    return Post.objects.publish(author, body, at=at, **fields)  # type: ignore[arg-type]
