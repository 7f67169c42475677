"""Prove the counters on people's rows, and mend them."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from blog.counters import COUNTERS, batches, differences, mend


class Command(BaseCommand):
    help = "Compare every person's numbers of posts, followers and followed people with the rows, and set them right."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if anything differs")

    def handle(self, *args: Any, **options: Any) -> None:
        seen = wrong = 0
        for people in batches():
            found = differences(people)
            for row in found:
                self.tell(row)
            if found and not options["check"]:
                mend([row["pk"] for row in found])
            seen, wrong = seen + len(people), wrong + len(found)
            if options["verbosity"] > 1:
                self.stderr.write(f"{seen} people …")
        self.conclude(seen, wrong, check=options["check"])

    def tell(self, row: dict[str, Any]) -> None:
        parts = [
            f"{name} {row[name]}, is {row[f'true_{name}']}" for name in COUNTERS if row[name] != row[f"true_{name}"]
        ]
        self.stdout.write(f"@{row['username']}: {'; '.join(parts)}")

    def conclude(self, seen: int, wrong: int, *, check: bool) -> None:
        if not wrong:
            self.stdout.write(f"All counters of {seen} people are right.")
        elif check:
            raise CommandError(f"The counters of {wrong} of {seen} people are wrong. manage.py recount mends them.")
        else:
            self.stdout.write(f"Mended the counters of {wrong} of {seen} people.")
