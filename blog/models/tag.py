"""Hashtags: words under which posts of everybody meet."""

from django.db import models
from django.urls import reverse


class Tag(models.Model):
    """A hashtag under its folded name: case and accents make no difference."""

    name = models.CharField(max_length=64, unique=True)

    def __str__(self) -> str:
        return f"#{self.name}"

    def get_absolute_url(self) -> str:
        return reverse("blog:tag", args=[self.name])


class Tagging(models.Model):
    """A post carries a hashtag."""

    post = models.ForeignKey("blog.Post", models.CASCADE, db_index=False)
    tag = models.ForeignKey(Tag, models.CASCADE, db_index=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["post", "tag"], name="tag_once")]
        indexes = [models.Index(fields=["tag", "post"], name="tag_page")]

    def __str__(self) -> str:
        return f"{self.tag_id} on {self.post_id}"
