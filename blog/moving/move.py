"""What the parts of an import share: where rows come from, who is who, and what is here already."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar

from django.db import reset_queries

from blog.models import ImportedRow
from blog.moving.progress import Progress
from blog.moving.report import Report
from blog.moving.source import Source

T = TypeVar("T")
GONE = 0  # the key of somebody who has left this site since an earlier run
BATCH = 1000  # rows written in one transaction
Key = tuple[int, int]


@dataclass
class Move:
    """One run of the import. `people` maps old ids to ours; who would be made, in a dry run, has a negative number."""

    source: Source
    name: str
    report: Report
    progress: Progress
    dry_run: bool = False
    people: dict[int, int] = field(default_factory=dict)

    def known(self, kind: ImportedRow.Kind, keys: Sequence[Key]) -> dict[Key, int]:
        """Which of these rows, in order, an earlier run took, and what they became."""
        if not keys:
            return {}
        rows = ImportedRow.objects.of(self.name, kind).between(keys[0], keys[-1])
        return {(one, other): new for one, other, new in rows.values_list("old_id", "old_other", "new_id")}

    def step(self, rows: int) -> None:
        """Another batch is done."""
        reset_queries()  # with DEBUG, Django keeps the text of every statement
        self.progress.step(rows)

    def remember(self, kind: ImportedRow.Kind, taken: Iterable[tuple[Key, int]]) -> None:
        """Note what rows became, in the transaction that makes them."""
        ImportedRow.objects.bulk_create(
            [
                ImportedRow(source=self.name, kind=kind, old_id=one, old_other=other, new_id=new)
                for (one, other), new in taken
            ]
        )


def batches(rows: Iterable[T], size: int = BATCH) -> Iterator[list[T]]:
    """`rows` in lists of `size`."""
    rows = iter(rows)
    while batch := list(islice(rows, size)):
        yield batch
