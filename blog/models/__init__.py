from blog.models.post import Post
from blog.models.tag import Tag, Tagging

__all__ = ["Post", "Tag", "Tagging"]
