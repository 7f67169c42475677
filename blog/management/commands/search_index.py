"""Fill the index that search reads, or compare it with the posts.

An engine plugs in with two functions, in the module that `ENGINES` names for it: `rebuild()`, which yields how many
posts it has indexed with each step, and `verify(repair=…)`, which yields pairs: how many it has looked at, and how
many of these differed. Options of its own it adds in `add_arguments`.
"""

from collections.abc import Iterator
from time import monotonic
from types import ModuleType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from blog import search
from blog.models import Post
from blog.search import cluster, index
from blog.search.build import SupersededError
from blog.search.calls import ClusterError

# What rebuilds and verifies for an engine, by its NAME.
ENGINES: dict[str, ModuleType] = {"sqlite": index, "postgres": index, "elasticsearch": cluster}
BAR = 30  # characters


class Command(BaseCommand):
    help = "Fill the index that search reads (--rebuild), or compare it with the posts and mend it (--verify)."

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--rebuild", action="store_true", help="index every post anew; search answers meanwhile")
        what.add_argument("--verify", action="store_true", help="compare the index with the posts, and mend it")
        parser.add_argument("--check", action="store_true", help="with --verify: change nothing; exit 1 if it differs")
        if settings.ELASTICSEARCH_DSL:
            cluster.add_arguments(parser, what)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.do(**options)
        except SupersededError as error:
            raise CommandError("Another rebuild has begun meanwhile, and goes on.") from error
        except ClusterError as error:
            raise CommandError(
                f"Elasticsearch did not do its part ({error}). What was there before still serves."
            ) from error
        except KeyboardInterrupt as error:
            raise CommandError("Interrupted. What was there before still serves.") from error

    def do(self, *, rebuild: bool, verify: bool, check: bool, **options: Any) -> None:
        engine = index if options.get("database") else ENGINES[search.engine().NAME]
        if rebuild:
            chosen = (
                {"keep": options["use_alias_keep_index"], "parallel": options["parallel"]} if engine is cluster else {}
            )
            self.index(engine.rebuild(**chosen), **options)
        elif verify:
            self.verify(engine, check=check)
        elif options["populate"]:
            self.index(cluster.populate(), **options)
        elif options["create"]:
            self.stdout.write(cluster.create() or "There is one already.")
        elif options["force"] or input("Delete the index? The database will search. [y/N] ").lower() == "y":
            self.stdout.write("\n".join(cluster.delete()) or "There was none.")
        else:
            self.stdout.write("Left as it is.")

    def index(self, steps: Iterator[int], *, count: bool = True, **options: Any) -> None:
        begun = monotonic()
        done = self.progress(steps, count=count)
        self.stdout.write(self.style.SUCCESS(f"Indexed {done:,} posts in {monotonic() - begun:.0f} s."))

    def verify(self, engine: ModuleType, *, check: bool) -> None:
        wrong = 0

        def counted() -> Iterator[int]:
            nonlocal wrong
            for seen, differing in engine.verify(repair=not check):
                wrong += differing
                yield seen

        seen = self.progress(counted())
        if not wrong:
            self.stdout.write(f"The index is right: {seen:,} posts compared.")
        elif check:
            raise CommandError(f"{wrong:,} rows of the index are wrong. manage.py search_index --verify mends them.")
        else:
            self.stdout.write(f"Mended {wrong:,} rows of the index: {seen:,} posts compared.")

    def progress(self, steps: Iterator[int], *, count: bool = True) -> int:
        """Go through `steps`, saying on a terminal how far it is, how fast, and how long it takes. Return the sum."""
        total = Post.objects.indexed().count() if count and self.stderr.isatty() else 0
        begun, done = monotonic(), 0
        for step in steps:
            done += step
            if self.stderr.isatty():  # as it is: the usual style there is an error's red
                self.stderr.write(f"\r{how_far(done, total, monotonic() - begun)} ", style_func=str, ending="")
                self.stderr.flush()
        if self.stderr.isatty():
            self.stderr.write("")
        return done


def how_far(done: int, total: int, seconds: float) -> str:
    """A line for a terminal; without a `total` nobody knows how much is left."""
    rate = done / max(seconds, 0.001)
    if not total:
        return f"{done:,} posts, {rate:,.0f} a second"
    bar = "#" * min(BAR, BAR * done // total)
    left = max(0, total - done) / max(rate, 1)
    return f"[{bar:-<{BAR}}] {done:,} of {total:,} posts, {rate:,.0f} a second, {left:.0f} s left"
