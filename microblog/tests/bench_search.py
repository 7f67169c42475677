"""Measure the search: what a query takes on each engine, and what posting costs with it.

    python -m microblog.tests.bench_search [--times 40] [--rounds 40] [--rebuild] [--only queries|posting]

Wants DATABASE_URL to name a database filled by `manage.py load_bench`, whose engine is measured, and, for the third
engine, ELASTICSEARCH_URL and an index (`--rebuild` makes one, and says how long that took). So two runs, one on
PostgreSQL and one on SQLite, measure all three. Everything goes through `search.match` and the page that takes a
post; the rounds of posting take turns, so that the noise of the machine is in all of them.
"""

import argparse
import os
import socket
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

ENVIRONMENT = {
    "DJANGO_SETTINGS_MODULE": "microblog.settings",
    "SECRET_KEY": "only for measuring",
    "ALLOWED_HOSTS": "testserver",
    "LOG_LEVEL": "error",
    "RATE_LIMITS": "0",
    "SITE_URL": "http://testserver",
}
SAMPLE = 20_000  # posts, in which words are counted
ORDERS = "best", "newest"
POSTS = 5  # in each way, in each round


def queries() -> dict[str, str]:
    """One query of each kind, made of words of this very data."""
    from blog import words
    from blog.models import Post

    bodies = list(Post.objects.indexed().order_by("-pk").values_list("body", flat=True)[:SAMPLE])
    posts = [words.read(body).words for body in bodies]
    often = [
        (word, number)
        for word, number in Counter(word for post in posts for word in set(post)).most_common()
        if words.has_stem(word)
    ]
    rare = next(word for word, number in often if number <= SAMPLE / 2000 and len(word) > 3)
    some = next(post for post in posts if rare in post and post.index(rare) + 1 < len(post))
    first = some.index(rare)
    author = Post.objects.order_by("-pk")[0].author.username
    return {
        "a rare word": rare,
        "two words": f"{rare} {often[1][0]}",
        "a common word": often[0][0],
        "two common words": f"{often[0][0]} {often[1][0]}",
        "a phrase": f'"{some[first]} {some[first + 1]}"',
        "from:": f"from:{author} {often[0][0]}",
        "a prefix": f"{often[5][0][:3]}*",
        "nobody's word": "xylophonequark",
    }


def timed(run: Callable[[], Any], times: int) -> list[float]:
    """Milliseconds of each call, after a few that don't count."""
    for _warm in range(3):
        run()
    found = []
    for _time in range(times):
        began = time.perf_counter()
        run()
        found.append((time.perf_counter() - began) * 1000)
    return found


def measure_queries(times: int) -> None:
    from django.conf import settings
    from django.contrib.auth.models import AnonymousUser
    from django.test.utils import override_settings

    from blog import search

    engines = {search.database_engine().NAME: {}}
    if settings.ELASTICSEARCH_DSL:
        engines["elasticsearch"] = settings.ELASTICSEARCH_DSL
    say("| query | " + " | ".join(f"{name}, {order}: p50 / p95 ms" for name in engines for order in ORDERS) + " |")
    say("|---|" + "---|" * len(engines) * len(ORDERS))
    for kind, asked in queries().items():
        cells = []
        for name, dsl in engines.items():
            for order in ORDERS:
                with override_settings(ELASTICSEARCH_DSL=dsl):
                    hits = search.match(asked, viewer=AnonymousUser(), order=order)
                    if hits.engine != name:
                        sys.exit(f"{name} did not answer.")
                    ms = timed(lambda: search.match(asked, viewer=AnonymousUser(), order=order), times)  # noqa: B023
                cells.append(f"{statistics.median(ms):.1f} / {sorted(ms)[int(len(ms) * 0.95)]:.1f} ({len(hits.rows)})")
        say(f"| {kind}: `{asked}` | " + " | ".join(cells) + " |")


@contextmanager
def hung() -> Iterator[str]:
    """Where somebody listens and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(100)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextmanager
def site(name: str) -> Iterator[None]:
    """The site without search, with the database's, and with a cluster that is up, down or hung."""
    from django.conf import settings
    from django.test.utils import override_settings

    from blog.models import SearchEntry, SearchRow
    from microblog.cluster import cluster_of

    with ExitStack() as stack:
        dsl: dict[str, Any] = {}
        if name == "no search":
            stack.enter_context(patch.object(type(SearchRow.objects), "add", lambda *post: None))
        elif name != "the database's":
            url = {"up": "", "down": "http://127.0.0.1:9"}.get(name)
            url = stack.enter_context(hung()) if url is None else url
            dsl = {"default": cluster_of(url)} if url else settings.ELASTICSEARCH_DSL
        stack.enter_context(override_settings(ELASTICSEARCH_DSL=dsl))
        yield
        SearchEntry.objects.filter(post__gte=STARTED << 16).delete()


STARTED = int(time.time() * 1000)


def measure_posting(rounds: int) -> None:
    from django.conf import settings
    from django.test import Client

    from accounts.models import User
    from blog import removal

    ways = ["no search", "the database's", *(["up", "down", "hung"] if settings.ELASTICSEARCH_DSL else [])]
    writer = User.objects.create_user(f"bench{STARTED}", f"bench{STARTED}@example.com")
    client = Client()
    took: dict[str, list[float]] = {name: [] for name in ways}
    worked: dict[str, list[float]] = {name: [] for name in ways}  # CPU, which what else runs here changes less
    client.force_login(writer)

    def post() -> None:
        body = f"A post of the usual length, number {time.perf_counter_ns()}, about bread and #baking"
        if client.post("/posts/", {"body": body}, secure=True).status_code != 302:
            sys.exit("A post was not taken.")

    try:
        for _round in range(rounds):
            for name in ways:
                with site(name):
                    for _post in range(POSTS):
                        began, cpu = time.perf_counter(), time.process_time()
                        post()
                        worked[name].append((time.process_time() - cpu) * 1000)
                        took[name].append((time.perf_counter() - began) * 1000)
                        client.cookies.pop("messages", None)  # "Your post is now live", which home would show once
    finally:
        removal.remove(writer)
    say(
        "\n| posting with | p50 ms | p95 ms | of posting without search | CPU here, ms | of its CPU |\n"
        + "|---" * 6
        + "|"
    )
    for name in ways:
        p50, p95 = statistics.median(took[name]), sorted(took[name])[int(len(took[name]) * 0.95)]
        cpu = statistics.median(worked[name])
        say(f"| {name} | {p50:.2f} | {p95:.2f} | {ratio(took, name)} | {cpu:.2f} | {ratio(worked, name)} |")


def ratio(figures: dict[str, list[float]], name: str) -> str:
    """Against posting without search, round by round: whatever else the machine does is in both."""
    rounds = range(0, len(figures[name]), POSTS)
    medians = [[statistics.median(figures[way][n : n + POSTS]) for n in rounds] for way in (name, "no search")]
    return f"{statistics.median(a / b for a, b in zip(*medians, strict=True)):.3f}"


def measure_rebuild() -> None:
    from blog.search import cluster

    for parallel in (False, True):
        began, cpu = time.monotonic(), time.process_time()
        posts = sum(cluster.rebuild(parallel=parallel))
        seconds = time.monotonic() - began
        how = "parallel" if parallel else "one after the other"
        took = f"{seconds:.0f} s, {time.process_time() - cpu:.0f} s of CPU here"
        say(f"Rebuilt the index of {posts:,} posts, {how}: {took}.")


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=40, help="of each query (40)")
    parser.add_argument("--rounds", type=int, default=40, help="of posting, five posts in each way (40)")
    parser.add_argument("--rebuild", action="store_true", help="build the index of the cluster first")
    parser.add_argument("--only", choices=["queries", "posting"])
    options = parser.parse_args()
    os.environ |= ENVIRONMENT
    import django

    django.setup()
    say(f"Load of the machine: {os.getloadavg()[0]:.1f}\n")
    if options.rebuild:
        measure_rebuild()
    if options.only != "posting":
        measure_queries(options.times)
    if options.only != "queries":
        measure_posting(options.rounds)
    say(f"\nLoad of the machine: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
