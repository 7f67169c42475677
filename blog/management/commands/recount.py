"""Prove the counters on rows, and mend them."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from blog.counters import COUNTED, Counted

SAID_EVERY = 10_000  # rows


class Command(BaseCommand):
    help = (
        "Compare every counter with the rows that it counts, and set it right: of people, posts, conversations and "
        "notifications."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if anything differs")

    def handle(self, *args: Any, **options: Any) -> None:
        results = {counted.people: self.recount(counted, **options) for counted in COUNTED}
        seen = _listed({what: rows for what, (rows, _wrong) in results.items()})
        wrong = {what: wrong for what, (_rows, wrong) in results.items() if wrong}
        if not wrong:
            self.stdout.write(f"All counters are right: {seen}.")
        elif options["check"]:
            raise CommandError(f"The counters of {_listed(wrong)} are wrong. manage.py recount mends them.")
        else:
            self.stdout.write(f"Mended the counters of {_listed(wrong)}, of {seen}.")

    def recount(self, counted: Counted, *, check: bool, verbosity: int, **options: Any) -> tuple[int, int]:
        """Return how many rows there are, and how many of them were wrong."""
        seen = wrong = 0
        for n, rows in counted.batches():
            found = counted.differences(rows)
            for row in found:
                self.tell(counted, row)
            if found and not check:
                counted.mend([row["pk"] for row in found])
            before, seen, wrong = seen, seen + n, wrong + len(found)
            if verbosity > 1 and before // SAID_EVERY < seen // SAID_EVERY:
                self.stderr.write(f"{seen} {counted.people} …")
        return seen, wrong

    def tell(self, counted: Counted, row: dict[str, Any]) -> None:
        parts = [
            f"{name} {row[name]}, is {row[f'true_{name}']}"
            for name in counted.counters
            if row[name] != row[f"true_{name}"]
        ]
        self.stdout.write(f"{counted.name_of(row)}: {'; '.join(parts)}")


def _listed(numbers: dict[str, int]) -> str:
    return ", ".join(f"{n} {what}" for what, n in numbers.items())
