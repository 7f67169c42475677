from blog.models.imported import ImportedRow
from blog.models.post import Post
from blog.models.tag import Tag, Tagging
from blog.models.worker import Worker

__all__ = ["ImportedRow", "Post", "Tag", "Tagging", "Worker"]
