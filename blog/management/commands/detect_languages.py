"""Find the language of the posts that have none yet, as after moving in. It can be stopped, and go on."""

from argparse import ArgumentTypeError
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction
from django.db.models import F

from blog import language, search
from blog.models import Post
from blog.translate import UNKNOWN
from microblog.pagination import LARGEST


def positive(raw: str) -> int:
    if not raw.isdecimal() or not 0 < int(raw) <= LARGEST:
        raise ArgumentTypeError("must be a whole number above 0")
    return int(raw)


class Command(BaseCommand):
    help = "Find the language of the posts that have none, the oldest first. What authors chose stays."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--from", type=positive, default=1, dest="start", help="begin with the post of this id")
        parser.add_argument("--batch", type=positive, default=500, help="posts at a time, saved together (500)")
        parser.add_argument("--dry-run", action="store_true", help="count, and change nothing")

    def handle(self, *args: Any, start: int, batch: int, dry_run: bool, **options: Any) -> None:
        found: Counter[str] = Counter()
        try:
            while posts := self.batch(start, batch):
                languages = {pk: language.detect(body) for pk, body in posts}
                if not dry_run:
                    self.save(languages)
                found.update(languages.values())
                start = posts[-1][0] + 1
                if self.stderr.isatty():
                    self.stderr.write(f"\r{found.total()} posts looked at", ending="")
                    self.stderr.flush()
        except KeyboardInterrupt:
            self.stdout.write(f"Stopped. To go on: manage.py detect_languages --from {start}")
        if self.stderr.isatty():
            self.stderr.write("")
        self.stdout.write(summary(found, dry_run))

    def batch(self, start: int, size: int) -> list[tuple[int, str]]:
        posts = Post.objects.filter(language__in=UNKNOWN, pk__gte=start).order_by("pk")
        return list(posts.values_list("pk", "body")[:size])

    def save(self, languages: dict[int, str]) -> None:
        """One statement a language; a post whose language somebody set meanwhile is left alone."""
        with transaction.atomic():
            for code in set(languages.values()):
                keys = [pk for pk, found in languages.items() if found == code]
                posts = Post.objects.filter(pk__in=keys, language__in=UNKNOWN).exclude(language=code)
                posts.update(language=code, version=F("version") + 1)
            search.changed(list(languages))  # stems are those of the language


def summary(found: Counter, dry_run: bool) -> str:
    """The last line: what was found, the most frequent first."""
    unclear = found.pop(language.UNDETERMINED, 0)
    languages = ", ".join(f"{code} {n}" for code, n in found.most_common()) or "none"
    verb = "would get" if dry_run else "got"
    return f"{found.total() + unclear} looked at: {found.total()} {verb} a language ({languages}), {unclear} unclear."
