"""What was moved in from a Flask Microblog, so that nothing is moved in twice."""

from django.db import models
from django.db.models import Q


class ImportedRowQuerySet(models.QuerySet):
    def of(self, source: str, kind: "ImportedRow.Kind") -> "ImportedRowQuerySet":
        return self.filter(source=source, kind=kind)

    def between(self, first: tuple[int, int], last: tuple[int, int]) -> "ImportedRowQuerySet":
        """From the old key `first` to `last`, both included, as (old_id, old_other)."""
        within = Q(old_id__gte=first[0], old_id__lte=last[0])
        before = Q(old_id=first[0], old_other__lt=first[1])
        behind = Q(old_id=last[0], old_other__gt=last[1])
        return self.filter(within & ~before & ~behind)


class ImportedRow(models.Model):
    """A row of the old database and what it became here.

    Written in the transaction that makes the new row, and no foreign key: it outlives what its members rename, delete
    or unfollow here, so that a second import brings none of it back.
    """

    class Kind(models.TextChoices):
        PERSON = "person"
        FOLLOW = "follow"
        POST = "post"
        MESSAGE = "message"

    source = models.CharField(max_length=64)
    kind = models.CharField(max_length=8, choices=Kind)
    old_id = models.BigIntegerField()
    old_other = models.BigIntegerField(default=0)  # the followed person of a follow, whose key has two parts
    new_id = models.BigIntegerField()

    objects = ImportedRowQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "kind", "old_id", "old_other"], name="imported_once")]

    def __str__(self) -> str:
        return f"{self.source}: {self.kind} {self.old_id} → {self.new_id}"
