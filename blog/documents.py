"""A post as Elasticsearch holds it. django-elasticsearch-dsl finds this file by its name, where a cluster is set.

The words are ours (blog.words), their stems the cluster's: one field for each language that has stems, of which a
post fills only its own, and one for the posts in any other language, which are found by their words as they stand.
"""

from typing import Any

from django.conf import settings
from django_elasticsearch_dsl import Document, fields
from django_elasticsearch_dsl.registries import registry
from elasticsearch_dsl import MetaField, analyzer, token_filter

from blog import words
from blog.models import Post
from blog.search.calls import SHAPE
from microblog.languages import base

AS_THEY_STAND = analyzer("as_they_stand", tokenizer="whitespace")
# How often a post has the word, for its length. Not how rare the word is among all posts, which changes with each
# that is written: on the next page of a search its posts must have the scores that they had on the first.
SCORE = "return query.boost * Math.log(1 + doc.freq) / Math.log(2 + doc.length);"
PLAIN = "stems_plain"  # the field of posts in a language without stems


def stemming(language: str) -> Any:
    """The analyzer of a language of words.STEMMED: Snowball's stems and nothing else, no word is left out."""
    stem = token_filter(f"stem_{language}", type="snowball", language=words.STEMMED[language].capitalize())
    return analyzer(f"stems_{language}", tokenizer="whitespace", filter=[stem])


def field_of(language: str) -> str:
    """The field for the stems of posts in `language` (any BCP 47 code)."""
    code = base(language)
    return f"stems_{code}" if code in words.STEMMED else PLAIN


@registry.register_document
class PostDocument(Document):
    """Visible posts only: what is hidden, or by somebody who is suspended, has no document."""

    id = fields.LongField()
    author = fields.LongField()
    language = fields.KeywordField()
    marks = fields.KeywordField()  # "#bread", "@ada", "has:link"
    words = fields.TextField(analyzer=AS_THEY_STAND, index_prefixes={"min_chars": 2, "max_chars": 8})
    stems_en = fields.TextField(analyzer=stemming("en"))
    stems_es = fields.TextField(analyzer=stemming("es"))
    stems_ru = fields.TextField(analyzer=stemming("ru"))
    stems_de = fields.TextField(analyzer=stemming("de"))
    stems_fr = fields.TextField(analyzer=stemming("fr"))
    stems_pt = fields.TextField(analyzer=stemming("pt"))
    stems_it = fields.TextField(analyzer=stemming("it"))
    stems_plain = fields.TextField(analyzer=AS_THEY_STAND)

    class Index:
        name = settings.ELASTICSEARCH_INDEX
        settings = {
            "number_of_shards": 1,
            "sort.field": "id",  # the newest first: a search ends where it has enough, however common the word
            "sort.order": "desc",
            "similarity": {"default": {"type": "scripted", "script": {"source": SCORE}}},
        }

    class Meta:
        dynamic = MetaField("strict")
        meta = MetaField({"shape": SHAPE})

    class Django:
        model = Post

    def get_queryset(self) -> Any:
        return Post.objects.indexed()

    def should_index_object(self, post: Post) -> bool:
        return Post.objects.indexed().filter(pk=post.pk).exists()

    def prepare(self, post: Post) -> dict[str, Any]:
        return source_of(post)


def source_of(post: Post) -> dict[str, Any]:
    """The document of a visible post."""
    read = words.read(post.body)
    said = " ".join(read.words)
    return {
        "id": post.pk,
        "author": post.author_id,
        "language": base(post.language),
        "marks": list(read.marks),
        "words": said,
        field_of(post.language): said,
    }
