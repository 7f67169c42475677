from blog.models.imported import ImportedRow
from blog.models.post import Post
from blog.models.tag import Tag, Tagging

__all__ = ["ImportedRow", "Post", "Tag", "Tagging"]
