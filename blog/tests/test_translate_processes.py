"""Readers in processes of their own, as gunicorn's workers are: one call to the provider for all of them."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from blog.tests.translators import KEY, Translator, libretranslate

READERS = 4

# Each waits until all are there, so that they ask at the same moment.
READER = """
import json, os, sys, time
import django
django.setup()
from blog import translate as waiting
from blog.models import Post
from blog.translate import TranslationError, calls, translate
if len(sys.argv) > 4: calls.PATIENCE = waiting.PATIENCE = float(sys.argv[4])
folder, me, post = sys.argv[1], sys.argv[2], Post.objects.get()
open(os.path.join(folder, me), "w").close()
while len(os.listdir(folder)) < int(sys.argv[3]): time.sleep(0.005)
began = time.monotonic()
try:
    said = translate(post, "en").body
except TranslationError as error:
    said = error.kind
print(json.dumps([said, time.monotonic() - began]))
"""
SETUP = """
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from accounts.tests.base import make_user
from blog.tests.base import make_post
make_post(make_user("ada"), "Pan #pan", language="es")
"""


@pytest.fixture
def translator():
    with libretranslate() as server:
        yield server


def database(folder: Path) -> str:
    """A database of our own that processes can share: a file, or one more on the PostgreSQL of this run."""
    if connection.vendor != "postgresql":
        return f"sqlite:///{folder}/site.sqlite3"
    given = connection.settings_dict
    return f"postgres://{given['USER']}:{given['PASSWORD']}@{given['HOST']}:{given['PORT']}/translating_{os.getpid()}"


@pytest.fixture
def run(tmp_path, translator: Translator, django_db_setup, django_db_blocker):
    """Start Python with the site's settings, its database and its provider."""
    env = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "microblog.tests.settings",
        "DATABASE_URL": database(tmp_path),
        "LIBRETRANSLATE_URL": translator.url,
        "LIBRETRANSLATE_API_KEY": KEY,
    }

    def start(code: str, *arguments: object) -> subprocess.Popen:
        command = [sys.executable, "-c", code, *map(str, arguments)]
        return subprocess.Popen(command, cwd=settings.BASE_DIR, env=env, stdout=subprocess.PIPE, text=True)

    with django_db_blocker.unblock(), made(Path(env["DATABASE_URL"]).name):
        assert start(SETUP).wait(120) == 0
        yield start


@contextmanager
def made(name: str) -> Iterator[None]:
    if connection.vendor != "postgresql":
        yield
        return
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}"')
        yield
        cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def at_once(run, folder: Path, *patience: float) -> list[tuple[str, float]]:
    """What each of READERS got who asked at the same moment, and how long it took."""
    folder.mkdir()
    readers = [run(READER, folder, n, READERS, *patience) for n in range(READERS)]
    return [tuple(json.loads(reader.communicate(timeout=120)[0].splitlines()[-1])) for reader in readers]


def test_readers_at_once_cause_one_call(run, tmp_path, translator: Translator):
    translator.delay = 1
    found = at_once(run, tmp_path / "first", 30)  # seconds for whom a busy machine keeps waiting
    assert [said for said, _seconds in found] == ["PAN #pan"] * READERS
    assert len(translator.asked) == 1


def test_a_dead_provider_costs_all_of_them_one_call_and_is_left_alone(run, tmp_path, translator: Translator):
    translator.delay = 60
    found = at_once(run, tmp_path / "first")
    assert [said for said, _seconds in found] == ["later"] * READERS
    assert max(seconds for _said, seconds in found) < 30
    again = at_once(run, tmp_path / "second")
    assert [said for said, _seconds in again] == ["later"] * READERS
    assert max(seconds for _said, seconds in again) < 30
    assert len(translator.asked) == 1
