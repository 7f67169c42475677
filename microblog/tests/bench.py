"""Measure the pages against the framework's floor, in one run: requests per second and their ratios.

    python -m microblog.tests.bench [--seconds 5] [--rounds 3]

Wants DATABASE_URL to name a PostgreSQL database filled by `manage.py load_bench`, and `wrk` on the PATH. It starts
gunicorn with two sync workers, signs readers of different kinds in, and drives each page with four connections.
The reader has likes and reposts of their own on the pages. What is long (a thread, a conversation, notifications) is
measured beside a short one. The machine's noise is in every figure, so only ratios from one run mean something.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

PORT = 8231
BADGE = "/notifications/unread/"
BASE = f"http://127.0.0.1:{PORT}"
ENVIRONMENT = {
    "DJANGO_SETTINGS_MODULE": "microblog.tests.bench_settings",
    "SECRET_KEY": "only for measuring",
    "ALLOWED_HOSTS": "127.0.0.1",
    "LOG_LEVEL": "warning",
    "DEBUG": "0",
    "SITE_URL": BASE,
}


def readers() -> dict[str, str]:
    """A session key for each kind of reader, who are made where they are missing."""
    from accounts.models import Follow, User

    silent = User.objects.filter(post_count=0).exclude(username__startswith="bench")[:10]
    everybody = User.objects.exclude(username__startswith="bench").order_by("pk")
    kinds = {"bench": None, "bench_nobody": [], "bench_silent": silent, "bench_5000": everybody[:5000]}
    keys = {}
    for name, followed in kinds.items():
        user = User.objects.filter(username=name).first() or User.objects.create_user(name, f"{name}@example.com")
        if followed is not None and not user.follows_made.exists():
            Follow.objects.bulk_create([Follow(follower=user, followed=other) for other in followed])
        keys[name] = session_of(user)
    return keys


def session_of(user: Any) -> str:
    """The key of a new session of somebody's."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    from accounts.sessions import SessionStore

    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = "accounts.backends.NameOrEmailBackend"
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.create()
    return str(store.session_key)


def conversation(key: str) -> dict[str, tuple[str, str]]:
    """What people say to one another, each in the long form and in the short one that it is measured against."""
    from django.db.models import Count

    from accounts.models import User
    from blog.models import Message, Notification, Post, Side

    threads = Post.objects.filter(reply_count__gt=0).order_by("-reply_count")
    reader = User.objects.get(username="bench")
    talks = Message.objects.filter(conversation__sides__owner=reader).values("conversation")
    sizes = talks.annotate(n=Count("pk")).order_by("-n").values_list("conversation", "n")
    told = Notification.objects.values_list("owner").annotate(n=Count("pk")).order_by("-n")
    pages = {f"thread of {post.reply_count:,}": (post.get_absolute_url(), key) for post in (threads[0], threads[1])}
    for talk, n in sizes[:2]:
        other = Side.objects.select_related("other").get(conversation=talk, owner=reader).other
        pages[f"conversation of {n:,}"] = (f"/messages/@{other}/", key)
    for owner, n in told[:2]:
        session = session_of(User.objects.get(pk=owner))
        pages[f"{n:,} notifications"] = ("/notifications/", session)
        pages[f"badge of {n:,} notifications"] = (BADGE, session)
    return pages


def silence(people: int) -> None:
    """Make so many people without posts, for the reader who follows the silent."""
    from accounts.models import User

    for n in range(people):
        if not User.objects.filter(username=f"silent{n}").exists():
            User.objects.create_user(f"silent{n}", f"silent{n}@example.com")


@contextmanager
def site(kind: str = "sync") -> Iterator[int]:
    command = [sys.executable, "-m", "gunicorn", "-c", "/dev/null", "microblog.wsgi", "-b", f"127.0.0.1:{PORT}"]
    process = subprocess.Popen([*command, "-w", "2", "-k", kind, "--preload"], env=os.environ)
    try:
        for _ in range(100):
            time.sleep(0.1)
            try:
                urllib.request.urlopen(f"{BASE}/bench/empty/", timeout=2).read()
                break
            except OSError:
                continue
        yield process.pid
    finally:
        process.terminate()
        process.wait(30)


def drive(path: str, key: str, seconds: int) -> float:
    """Requests per second of a page; an answer that is not 200 ends the run."""
    header = ["-H", f"Cookie: sessionid={key}; csrftoken={'t' * 32}"] if key else []
    if path == BADGE:
        header += ["-H", f"If-None-Match: {tag_of(path, key)}"]  # as a tab asks again and again
    command = ["wrk", "-t1", "-c4", f"-d{seconds}s", *header, f"{BASE}{path}"]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in out:
        sys.exit(f"{path} answered with errors:\n{out}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1])  # type: ignore[index]


def tag_of(path: str, key: str) -> str:
    request = urllib.request.Request(BASE + path, headers={"Cookie": f"sessionid={key}"})
    return urllib.request.urlopen(request, timeout=10).headers["ETag"]


def cursor_of_page(number: int, key: str) -> str:
    """The address of the home timeline's page `number`, or of its last one, by following its "Older" links."""
    path = "/"
    for _ in range(number - 1):
        request = urllib.request.Request(BASE + path, headers={"Cookie": f"sessionid={key}"})
        page = urllib.request.urlopen(request, timeout=10).read().decode()
        older = re.search(r'href="(\?before=\d+)"', page)
        if older is None:
            break
        path = f"/{older[1]}"
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=5, help="of each round (5)")
    parser.add_argument("--rounds", type=int, default=3, help="the median counts (3)")
    options = parser.parse_args()
    if not shutil.which("wrk"):
        sys.exit("wrk is not installed.")
    os.environ |= ENVIRONMENT
    import django

    django.setup()
    silence(10)
    keys = readers()
    from accounts.models import User

    top = User.objects.order_by("-follower_count").values_list("username", flat=True)[0]
    with site():
        bench = keys["bench"]
        pages = {
            "an empty view, visitor": ("/bench/empty/", ""),
            "an empty view, member": ("/bench/empty/", bench),
            "home, 300 followed": ("/", bench),
            "home, page 50": (cursor_of_page(50, bench), bench),
            "home, follows nobody": ("/", keys["bench_nobody"]),
            "home, ten silent people": ("/", keys["bench_silent"]),
            "home, 5,000 followed": ("/", keys["bench_5000"]),
            "Explore": ("/explore/", bench),
            "profile": (f"/@{top}/", bench),
            "front page, visitor": ("/", ""),
            **conversation(bench),
        }
        for path, key in pages.values():
            drive(path, key, 1)  # warm up: cards, prepared statements
        rounds = [
            {name: drive(path, key, options.seconds) for name, (path, key) in pages.items()}
            for _ in range(options.rounds)
        ]
    report({name: [r[name] for r in rounds] for name in pages})


def report(figures: dict[str, list[float]]) -> None:
    """The table in Markdown: medians, and each page against the empty views and against home, round by round."""

    def ratio(name: str, other: str) -> str:
        return f"{statistics.median(a / b for a, b in zip(figures[name], figures[other], strict=True)):.2f}"

    lines = ["| page | requests/s | of the empty member's view | of home |", "|---|---|---|---|"]
    for name, values in figures.items():
        member, home = ratio(name, "an empty view, member"), ratio(name, "home, 300 followed")
        lines.append(f"| {name} | {statistics.median(values):.0f} | {member} | {home} |")
    lines.append("")
    for long, short in pairs(list(figures)):
        lines.append(f"{long} : {short} = {ratio(long, short)}")
    lines.append(f"empty member : empty visitor = {ratio('an empty view, member', 'an empty view, visitor')}")
    sys.stdout.write("\n".join(lines) + "\n" + json.dumps(figures) + "\n")


def pairs(names: list[str]) -> list[tuple[str, str]]:
    """The long forms, each with its short one: they stand behind one another, and differ in a number."""
    alike: dict[str, list[str]] = {}
    for name in names:
        if name.startswith(("thread of", "conversation of")) or name.endswith(" notifications"):
            alike.setdefault(re.sub(r"[\d,]+", "N", name), []).append(name)
    return [(two[0], two[1]) for two in alike.values() if len(two) == 2]


if __name__ == "__main__":
    main()
