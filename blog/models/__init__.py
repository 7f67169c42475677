from blog.models.imported import ImportedRow
from blog.models.job import Chunk, Job
from blog.models.outbox import SearchEntry, SearchIndex
from blog.models.post import Post
from blog.models.search import SearchRow
from blog.models.tag import Tag, Tagging
from blog.models.translation import Outage, Translation
from blog.models.worker import Worker

__all__ = [
    "Chunk",
    "ImportedRow",
    "Job",
    "Outage",
    "Post",
    "SearchEntry",
    "SearchIndex",
    "SearchRow",
    "Tag",
    "Tagging",
    "Translation",
    "Worker",
]
