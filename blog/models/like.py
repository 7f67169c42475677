"""A like: somebody is glad of a post."""

from django.db import models
from django.utils import timezone

from accounts.models import User
from blog.models.post import Post


class Like(models.Model):
    """`user` likes `post`, once; `Post.like` and `Post.unlike` make and end it, with the count."""

    user = models.ForeignKey(User, models.CASCADE, related_name="likes", db_index=False)
    post = models.ForeignKey(Post, models.CASCADE, related_name="likes", db_index=False)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["post", "user"], name="like_once")]
        indexes = [
            models.Index(fields=["user", "id"], name="like_of_person"),
            models.Index(fields=["post", "id"], name="like_page"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} ♥ {self.post_id}"
