"""The same posts and the same queries on each engine: what is found is the same, and is what was written down."""

import json
import os
import subprocess
import sys
from collections.abc import Callable

import pytest
from django.conf import settings
from django.db import connection

from blog.tests import corpus
from microblog.tests.servers import MissingServerError, postgres

# In a process of its own, on the database that DATABASE_URL names.
ELSEWHERE = """
import django, json
django.setup()
from django.core.management import call_command
from blog.tests import corpus
call_command("migrate", verbosity=0)
print(json.dumps(corpus.hits()))
"""


def elsewhere(url: str) -> dict[str, list[int]]:
    """What a process of its own finds on the database of this URL."""
    env = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "microblog.tests.settings"}
    command = [sys.executable, "-c", ELSEWHERE]
    done = subprocess.run(command, capture_output=True, text=True, env=env, cwd=settings.BASE_DIR, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def on_sqlite(request: pytest.FixtureRequest) -> dict[str, list[int]]:
    if connection.vendor == "sqlite":
        return corpus.hits()
    return elsewhere(f"sqlite:///{request.getfixturevalue('tmp_path') / 'corpus.sqlite3'}")


def on_postgres(request: pytest.FixtureRequest) -> dict[str, list[int]]:
    if connection.vendor == "postgresql":
        return corpus.hits()
    try:
        with postgres() as url:
            return elsewhere(url)
    except MissingServerError as missing:
        pytest.skip(str(missing))


def on_elasticsearch(request: pytest.FixtureRequest) -> dict[str, list[int]]:
    cluster = request.getfixturevalue("cluster")
    cluster.build()
    return corpus.hits(cluster.settle)


ENGINES: dict[str, Callable[[pytest.FixtureRequest], dict[str, list[int]]]] = {
    "sqlite": on_sqlite,
    "postgres": on_postgres,
    "elasticsearch": on_elasticsearch,
}


@pytest.mark.elasticsearch
@pytest.mark.postgres
@pytest.mark.django_db
@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_finds_what_is_written_down(engine, request):
    wanted = corpus.queries()
    assert len(wanted) >= 60
    found = {asked: set(numbers) for asked, numbers in ENGINES[engine](request).items()}
    differing = {
        asked: (sorted(wanted[asked]), sorted(found[asked])) for asked in wanted if found[asked] != wanted[asked]
    }
    assert differing == {}  # asked: what should be found, what was
