from blog.models.gone import Gone
from blog.models.imported import ImportedRow
from blog.models.job import Chunk, Job
from blog.models.like import Like
from blog.models.message import Conversation, Message, Side
from blog.models.notification import Choices, Notification, Teller
from blog.models.outbox import SearchEntry, SearchIndex
from blog.models.post import Post
from blog.models.search import SearchRow
from blog.models.tag import Tag, Tagging
from blog.models.translation import Outage, Translation
from blog.models.worker import Worker

__all__ = [
    "Choices",
    "Chunk",
    "Conversation",
    "Gone",
    "ImportedRow",
    "Job",
    "Like",
    "Message",
    "Notification",
    "Outage",
    "Post",
    "SearchEntry",
    "SearchIndex",
    "SearchRow",
    "Side",
    "Tag",
    "Tagging",
    "Teller",
    "Translation",
    "Worker",
]
