"""The words of people's names: whoever types "love" finds Ada Lovelace."""

import unicodedata
from typing import TYPE_CHECKING

import regex
from django.conf import settings
from django.db import connection, models
from django.db.models import Q

from accounts.validators import fold

if TYPE_CHECKING:
    from accounts.models.user import User

_WORDS = regex.compile(r"[\p{L}\p{M}\p{N}]+")
_ACCENTS = regex.compile(r"([\p{Latin}\p{Greek}\p{Cyrillic}])\p{Mn}+")
BEYOND = "\U0010ffff"  # sorts after everything that a name has


def plain(text: str) -> str:
    """`text` as words are compared: no case, no width, and no accents where they are no letters of their own."""
    bare = _ACCENTS.sub(r"\1", unicodedata.normalize("NFKD", fold(text)))
    return unicodedata.normalize("NFKC", bare)


def words_of(person: "User") -> set[str]:
    """The words by which somebody is found, but for those with which their username begins anyway."""
    words = {word[:64] for word in [*_WORDS.findall(plain(person.name)), plain(person.username)]}
    return {word for word in words if not person.username_key.startswith(word)}


def begins(field: str, prefix: str) -> Q:
    """The condition that `field` begins with `prefix`, as an index of the database at hand can answer it.

    SQLite's LIKE does not use one; PostgreSQL's comparisons follow a language, so that only LIKE does.
    """
    if connection.vendor == "postgresql":
        return Q(**{f"{field}__startswith": prefix})
    return Q(**{f"{field}__gte": prefix, f"{field}__lt": prefix + BEYOND})


class NameWordQuerySet(models.QuerySet["NameWord"]):
    def keep(self, person: "User") -> None:
        """Make the rows of `person` those of the name that they have now."""
        words, kept = words_of(person), set(self.filter(person=person).values_list("word", flat=True))
        if gone := kept - words:
            self.filter(person=person, word__in=gone).delete()
        new = [NameWord(person=person, word=word) for word in sorted(words - kept)]
        NameWord.objects.bulk_create(new, ignore_conflicts=True)


class NameWord(models.Model):
    """A word of somebody's name, folded. `User.save` and `bulk_create` keep them."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="name_words", db_index=False)
    word = models.CharField(max_length=64)

    objects = NameWordQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "word"], name="word_once")]
        indexes = [models.Index(fields=["word"], name="word_prefix", opclasses=["varchar_pattern_ops"])]

    def __str__(self) -> str:
        return f"{self.word} → {self.person_id}"
