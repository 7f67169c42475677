"""A site and its worker with a real Elasticsearch to which things happen: at the end every visible post is found."""

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from microblog.cluster import PATIENCE
from microblog.tests.faults.conftest import Place
from microblog.tests.rehearsal.processes import Process, wait_until
from microblog.tests.servers import Elasticsearch, MissingServerError, elasticsearch

pytestmark = [pytest.mark.processes, pytest.mark.elasticsearch]
PASSWORD = "secret-of-the-cluster"

# The worker itself, with times of which a test can wait for several.
QUICK = """
import sys, django; django.setup()
from django.core.management import execute_from_command_line
from blog.search import indexer
indexer.LOOK_EVERY, indexer.PROBE_EVERY, indexer.DELAYS = 0.1, 0.5, (0.2, 0.5)
execute_from_command_line(["manage.py", "worker", "--no-housekeeping"])
"""
WRITE = """
from accounts.models import User
from blog.models import Post
ada = User.objects.filter(username="ada").first() or User.objects.create_user("ada", "ada@example.org")
"""
# What the site finds, page by page, and what it should find; who searched; how many entries wait; how long it took.
LOOK = """
import json, time
from django.contrib.auth.models import AnonymousUser
from blog import search
from blog.models import Post, SearchEntry
began, found, cursor, engines = time.monotonic(), [], "", set()
while True:
    hits = search.match("bread", viewer=AnonymousUser(), cursor=cursor, order="newest")
    seconds = time.monotonic() - began if not engines else seconds
    found += [row[0] for row in hits.rows]
    engines.add(hits.engine)
    cursor = hits.older
    if not cursor:
        break
visible = list(Post.objects.public().order_by("-pk").values_list("pk", flat=True))
told = {"found": found, "visible": visible, "engines": sorted(engines), "seconds": seconds}
print(json.dumps({**told, "waiting": SearchEntry.objects.count()}))
"""


class Town(Place):
    """A database, a cluster, and commands that use both."""

    def __init__(self, home: Path, database_url: str, cluster: Elasticsearch, name: str) -> None:
        super().__init__(home, database_url)
        self.cluster = cluster
        self.env |= {"ELASTICSEARCH_URL": cluster.url, "ELASTICSEARCH_INDEX": name, "RATE_LIMITS": "0"}
        self.manage("migrate", "--noinput", "-v0")

    @contextmanager
    def worker(self, name: str = "worker", **env: str) -> Iterator[Process]:
        command = [sys.executable, "-c", QUICK]
        with Process(command, cwd=self.code, env={**self.env, **env}, log=self.home / f"{name}.log") as process:
            yield process

    def write(self, *lines: str) -> None:
        self.run("\n".join([WRITE, *lines]))

    def post(self, *bodies: str) -> None:
        self.write(f"for body in {bodies!r}: Post.objects.publish(ada, body, language='en')")

    def look(self) -> dict:
        return json.loads(self.run(LOOK).splitlines()[-1])

    def is_whole(self) -> bool:
        """Whether the cluster searches, and finds what is visible and nothing else."""
        now = self.look()
        return now["engines"] == ["elasticsearch"] and now["found"] == now["visible"] and not now["waiting"]

    def settles(self) -> None:
        """Go on when all is well, which takes a worker's turn or two after whatever happened is over."""
        wait_until(lambda: self.is_whole() or time.sleep(0.5), seconds=120)
        assert "The index is right" in self.manage("search_index", "--verify", "--check")


@pytest.fixture(scope="module")
def node() -> Iterator[Elasticsearch]:
    """A node for these tests alone, to which things are done; it needs its password."""
    try:
        with elasticsearch(password=PASSWORD) as server:
            yield server
    except MissingServerError as missing:
        pytest.skip(str(missing))


on_both = pytest.mark.parametrize("town", ["sqlite", "postgres"], indirect=True)


@pytest.fixture
def town(request: pytest.FixtureRequest, node: Elasticsearch, tmp_path: Path) -> Town:
    """On PostgreSQL, where not `on_both`."""
    if getattr(request, "param", "") == "sqlite":
        url = f"sqlite:///{tmp_path}/db.sqlite3"
    else:
        url = request.getfixturevalue("postgres").url_of("town")
    return Town(tmp_path, url, node, f"town-{os.urandom(4).hex()}")


@on_both
def test_the_worker_builds_the_index_and_carries_what_is_written(town: Town):
    town.post("Bread of before", "And more bread")
    with town.worker() as worker:
        town.settles()
        town.post("Bread of today")
        town.write("Post.objects.order_by('pk')[0].hide('why not')", "Post.objects.order_by('pk')[1].remove()")
        town.settles()
        assert len(town.look()["found"]) == 1
        assert "Traceback" not in worker.output


def test_a_killed_cluster_costs_nobody_a_post(town: Town):
    town.post("Bread of before")
    with town.worker() as worker:
        town.settles()
        os.kill(town.cluster.pid, signal.SIGKILL)
        try:
            town.post("Bread of the dark")
            town.write("Post.objects.order_by('pk')[0].hide('in the dark')")
            now = town.look()
            assert (now["engines"] != ["elasticsearch"], now["found"]) == (True, now["visible"])
            worker.wait_for("Changes wait for the search index: unreachable")
            assert now["waiting"] == 2
        finally:
            wait_until(lambda: not alive(town.cluster.pid))
            town.cluster.start()
        worker.wait_for("Elasticsearch is back.", seconds=90)
        town.settles()
        assert "Traceback" not in worker.output


def test_a_hung_cluster_costs_one_reader_two_seconds(town: Town):
    town.post("Bread of before")
    with town.worker() as worker:
        town.settles()
        os.kill(town.cluster.pid, signal.SIGSTOP)
        try:
            town.post("Bread of the pause")
            town.write("Post.objects.order_by('pk')[0].remove()")
            first, second = town.look(), town.look()
            for now in (first, second):
                assert (now["engines"] != ["elasticsearch"], now["found"]) == (True, now["visible"])
            assert first["seconds"] < PATIENCE + 8
            worker.wait_for("Changes wait for the search index: unreachable", seconds=60)
            town.post("Bread of the pause, again")
        finally:
            os.kill(town.cluster.pid, signal.SIGCONT)
        town.settles()
        assert "Traceback" not in worker.output


def test_a_wrong_password_is_told_and_is_in_no_output(town: Town):
    town.post("Bread of before")
    with town.worker():
        town.settles()
    town.post("Bread of the locked door")
    wrong = "a-wrong-password"
    url = town.cluster.url.replace(town.cluster.url.split("@")[0], f"http://elastic:{wrong}")
    with town.worker("locked", ELASTICSEARCH_URL=url, LOG_LEVEL="debug") as worker:
        worker.wait_for("Changes wait for the search index: refused")
        assert town.look()["waiting"] == 1
        assert wrong not in worker.output
    with town.worker("again", LOG_LEVEL="debug") as worker:
        town.settles()
        for secret in (PASSWORD, town.cluster.url.split("@")[0].removeprefix("http://elastic:")):
            assert secret not in worker.output


def test_an_index_that_somebody_deletes_comes_back(town: Town):
    town.post("Bread of before")
    with town.worker():
        town.settles()
        town.manage("search_index", "--delete", "-f")
        town.post("Bread of afterwards")
        now = town.look()
        assert set(now["found"]) <= set(now["visible"])  # a new index may be there, and not have the newest yet
        town.settles()


def test_a_full_disk_is_waited_for(town: Town):
    town.post("Bread of before")
    with town.worker() as worker:
        town.settles()
        block = "from blog.search import calls; from django.conf import settings; calls.client().indices.put_settings("
        named = "index=settings.ELASTICSEARCH_INDEX, settings={'index.blocks.read_only_allow_delete': %s})"
        town.run(block + named % "True")
        town.post("Bread of the flood")
        town.write("Post.objects.order_by('pk')[0].hide('in the flood')")
        worker.wait_for("Changes wait for the search index: failed: HTTP 429, cluster_block_exception")
        assert town.look()["waiting"] == 2
        town.run(block + named % "None")
        town.settles()


BUSY = (
    WRITE
    + """
import sys, time
from django.db import transaction
from blog import search
until = time.monotonic() + float(sys.argv[1])
number = 0
while time.monotonic() < until:
    number += 1
    post = Post.objects.publish(ada, f"Bread {number}", language="en")
    if number % 4 == 1:
        post.hide("a while")
    if number % 8 == 1:
        post.show()
    if number % 4 == 2:
        post.remove()
    try:
        with transaction.atomic():
            Post.objects.publish(ada, "Bread that never was", language="en")
            raise ZeroDivisionError
    except ZeroDivisionError:
        pass
    made = Post.objects.bulk_create(Post(author=ada, body=f"Bulk bread {number}", language="en") for n in range(2))
    with transaction.atomic():
        search.changed([one.pk for one in made])
    if number % 10 == 0:
        ada.suspend(), ada.restore()
    time.sleep(0.02)
"""
)


def busy(town: Town, seconds: float) -> Process:
    """Somebody who writes, hides, deletes and takes back in a process of their own."""
    command = [sys.executable, "-c", f"import django; django.setup()\n{BUSY}", str(seconds)]
    return Process(command, cwd=town.code, env=town.env, log=town.home / "busy.log")


@on_both
def test_rebuilds_while_people_write_lose_nothing_even_when_killed(town: Town):
    town.post(*[f"Bread number {n}" for n in range(300)])
    with town.worker(), busy(town, 12) as writer:
        wait_until(lambda: town.look()["engines"] == ["elasticsearch"] or time.sleep(0.5), seconds=60)
        town.manage("search_index", "--rebuild")
        killed = Process([sys.executable, "-c", SLOWLY], cwd=town.code, env=town.env, log=town.home / "killed.log")
        with killed:
            killed.wait_for("a step")
            killed.signal_group(signal.SIGKILL)
        assert town.look()["engines"] == ["elasticsearch"]  # the old index serves
        town.manage("search_index", "--rebuild")
        assert writer.wait(120) == 0, writer.output
        town.settles()


SLOWLY = """
import sys, time, django; django.setup()
from django.core.management import execute_from_command_line
from blog.search import build
build.SLICE, step = 20, build.step
def slowly(name):
    done = step(name)
    print("a step", flush=True)
    time.sleep(0.2)
    return done
build.step = slowly
execute_from_command_line(["manage.py", "search_index", "--rebuild"])
"""


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
