"""Real worker processes, killed again and again while they work on jobs. Run with Django's settings; prints a report.

The workers are forked from a process that has everything loaded, so that one takes no seconds to begin.
"""

import io
import json
import os
import random
import signal
import sys
import time
import zipfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - here and below: Django first
from django.db import connections  # noqa: E402
from django_tasks_db.models import DBTaskResult  # noqa: E402

from accounts.models import User  # noqa: E402
from blog import queue, tasks  # noqa: E402
from blog.archive import take  # noqa: E402
from blog.management.commands import worker  # noqa: E402
from blog.models import Job, Post  # noqa: E402
from blog.models.ids import id_at  # noqa: E402
from blog.models.job import SENTENCES  # noqa: E402
from blog.tests.archives import note, outbox  # noqa: E402

MEMBERS, WRITTEN, BROUGHT = 100, 30, 60  # two jobs for each member; posts of each, here and in their archive
WORKERS, KILLS = 3, 50
PATIENCE = 240  # seconds for all of it
SITE = "https://example.org"
# As in production, only quicker; a task that costs three workers is given up, as ever.
queue.BEAT_EVERY, queue.GONE_AFTER = timedelta(seconds=0.3), timedelta(seconds=3)
worker.RECLAIM_EVERY, worker.LOOK_EVERY = 0.5, 0.05
take.SIZE = 10


def write_people() -> None:
    """Members with posts, each with an archive that was read and an export, and an import, waiting."""
    start = datetime(2020, 1, 1, tzinfo=UTC)
    for number in range(MEMBERS):
        member = User.objects.create_user(f"member{number}")  # without an address: a letter can't be taken back
        begins = start + timedelta(days=number)
        posts = [Post(pk=id_at(begins + timedelta(minutes=n)), author=member, body=f"Mine {n}") for n in range(WRITTEN)]
        Post.objects.bulk_create(posts)
        User.objects.filter(pk=member.pk).update(post_count=WRITTEN)
        times = [(begins + timedelta(hours=1, minutes=n)).isoformat() for n in range(BROUGHT)]
        archive = outbox(*[note(n, f"<p>Brought {n}</p>", published=when) for n, when in enumerate(times)]).encode()
        previewed = Job.objects.create(owner=member, kind=Job.Kind.PREVIEW)
        take.keep_upload(previewed, io.BytesIO(archive))  # type: ignore[arg-type]
        previewed.begin()
        previewed.finish(**take.preview(previewed, site=SITE))
        tasks.start_export(member, site=SITE, language="en")
        tasks.start_taking(previewed, site=SITE, language="en")


def fork(log: Path) -> int:
    """A worker of its own, as `manage.py worker` is one."""
    connections.close_all()
    pid = os.fork()
    if pid:
        return pid
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)
    try:
        call_command("worker", "--no-housekeeping")
    finally:
        os._exit(0)


def storm(log: Path) -> int:
    """Kill a worker at a random moment, start another, KILLS times; then let them finish. Return the kills in work."""
    dice, began, in_work = random.Random(), time.monotonic(), 0
    pids = [fork(log) for _worker in range(WORKERS)]
    for _kill in range(KILLS):
        time.sleep(dice.uniform(0, 0.3))
        in_work += Job.objects.unfinished().exists()
        victim = pids.pop(dice.randrange(WORKERS))
        os.kill(victim, signal.SIGKILL)
        os.waitpid(victim, 0)
        pids.append(fork(log))
    while left() and time.monotonic() - began < PATIENCE:
        time.sleep(0.2)
    for pid in pids:
        os.kill(pid, signal.SIGTERM)
    for pid in pids:
        os.waitpid(pid, 0)
    return in_work


def left() -> bool:
    return DBTaskResult.objects.filter(status__in=["READY", "RUNNING"]).exists()


def report(in_work: int) -> dict:
    """What there is afterwards; `wrong` is every sentence that should not be there."""
    wrong: list[str] = []
    jobs = list(Job.objects.exclude(kind=Job.Kind.PREVIEW).select_related("owner"))
    for job in jobs:
        if not (job.is_ready or (job.status == Job.Status.FAILED and job.message in SENTENCES)):
            wrong.append(f"{job}: {job.status} {job.message}")
        elif job.kind == Job.Kind.IMPORT:
            wrong += wrong_import(job)
        elif job.is_ready:
            wrong += wrong_export(job)
    return {
        "jobs": len(jobs),
        "ends": Counter(f"{job.status} {job.message}".strip() for job in jobs),
        "taken_up_again": sum(job.attempts > 1 for job in jobs),
        "kills_in_work": in_work,
        "tasks_left": left(),
        "wrong": wrong,
    }


def wrong_import(job: Job) -> list[str]:
    """Each post once, all of them if the job is ready, and the counter true."""
    bodies = Counter(Post.objects.by(job.owner).values_list("body", flat=True))
    brought = sum(n for body, n in bodies.items() if body.startswith("Brought"))
    job.owner.refresh_from_db()
    wrong = [f"{job}: {n} times {body}" for body, n in bodies.items() if n > 1]
    if job.is_ready and (brought, job.result["taken"], job.result["known"]) != (BROUGHT, BROUGHT, 0):
        wrong.append(f"{job}: {brought} posts, report {job.result}")
    if job.owner.post_count != sum(bodies.values()):
        wrong.append(f"{job}: counted {job.owner.post_count} of {sum(bodies.values())}")
    return wrong


def wrong_export(job: Job) -> list[str]:
    """One whole archive, of one attempt."""
    body = b"".join(job.content())
    if len(body) != job.size or job.chunks.count() != -(-job.size // 262_144):
        return [f"{job}: {len(body)} bytes in {job.chunks.count()} chunks instead of {job.size}"]
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        rows = archive.read("data/posts.jsonl").count(b'"Mine ')
        return [] if archive.testzip() is None and rows == WRITTEN else [f"{job}: {rows} posts"]


if __name__ == "__main__":
    write_people()
    print("\n" + json.dumps(report(storm(Path(sys.argv[1])))))  # noqa: T201
