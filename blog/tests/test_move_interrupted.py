"""Real imports by real processes, killed in the middle: a second run completes what the first began."""

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from werkzeug.security import generate_password_hash

from blog.moving.address import parse
from blog.tests.old_microblog import OldMicroblog, connect
from microblog.tests import servers

pytestmark = pytest.mark.processes
ROOT = Path(__file__).resolve().parents[2]
PEOPLE, POSTS, MESSAGES = 2500, 10_000, 8000
PATIENCE = 120  # seconds
# Everything that an import makes, told by names: keys that count up may have gaps after a kill.
STATE = {
    "people": """SELECT username, email, password, about, created_at, last_seen_at, post_count, follower_count,
                        following_count FROM accounts_user""",
    "posts": "SELECT p.id, username, body, p.language FROM blog_post p JOIN accounts_user u ON u.id = author_id",
    "follows": """SELECT a.username, b.username FROM accounts_follow
                  JOIN accounts_user a ON a.id = follower_id JOIN accounts_user b ON b.id = followed_id""",
    "tags": "SELECT post_id, name FROM blog_tagging JOIN blog_tag t ON t.id = tag_id",
    "mentions": "SELECT post_id, username FROM blog_post_mentions JOIN accounts_user u ON u.id = user_id",
    "messages": "SELECT m.id, username, body FROM blog_message m JOIN accounts_user u ON u.id = sender_id",
    "sides": """SELECT a.username, b.username, newest, read_to, unread FROM blog_side
                JOIN accounts_user a ON a.id = owner_id JOIN accounts_user b ON b.id = other_id""",
    "memory": "SELECT source, kind, old_id, old_other FROM blog_importedrow",
    "counters": """SELECT (SELECT count(*) FROM blog_post) - (SELECT coalesce(sum(post_count), 0) FROM accounts_user),
                          (SELECT count(*) FROM accounts_follow)
                          - (SELECT coalesce(sum(following_count), 0) FROM accounts_user)""",
}


@pytest.fixture(scope="module")
def old(tmp_path_factory):
    """A database of many batches: names that differ in case only, hashtags, mentions, posts of one time."""
    old = OldMicroblog(str(tmp_path_factory.mktemp("old") / "old.db"))
    password = generate_password_hash("old password", "pbkdf2:sha256:1000")
    names = [f"person {n // 2}" if n % 5 == 0 else f"{'Pp'[n % 2]}erson{n // 2}" for n in range(PEOPLE)]
    people = [
        (n, name, f"p{n}@example.com", password, f"2024-01-01 00:{n // 60 % 60:02}:{n % 60:02}")
        for n, name in enumerate(names, 1)
    ]
    posts = [
        (
            n,
            f"Number {n} #tag{n % 50} for @person{n % 90}",
            f"2018-01-{n % 28 + 1:02} 12:00:{n // 1000:02}",
            n % PEOPLE + 1,
        )
        for n in range(1, POSTS + 1)
    ]
    follows = [(n, (n + step) % PEOPLE + 1) for n in range(1, PEOPLE + 1) for step in (0, 7)]
    messages = [
        (n, n % 7 + 1, n % 11 + 101, f"Between us, {n}.", f"2024-01-01 00:{n // 60 % 60:02}:00")
        for n in range(1, MESSAGES + 1)
    ]
    fill = old.connection.executemany
    fill("INSERT INTO user (id, username, email, password_hash, last_seen) VALUES (?, ?, ?, ?, ?)", people)
    fill("INSERT INTO post (id, body, timestamp, user_id, language) VALUES (?, ?, ?, ?, 'en')", posts)
    fill("INSERT INTO followers VALUES (?, ?)", follows)
    fill("INSERT INTO message (id, sender_id, recipient_id, body, timestamp) VALUES (?, ?, ?, ?, ?)", messages)
    fill("UPDATE user SET last_message_read_time = ? WHERE id % 2 = 0", [("2024-01-01 00:30:00",)])
    old.connection.commit()
    return old.url


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def new_site(request, tmp_path_factory):
    """A function that makes the database of another new site, and returns its URL."""
    with ExitStack() as stack:
        if request.param == "postgres":
            try:
                server = stack.enter_context(servers.postgres())
            except servers.MissingServerError as error:
                pytest.skip(str(error))

        def make(name):
            if request.param == "sqlite":
                url = f"sqlite:///{tmp_path_factory.mktemp('site') / name}.db"
            else:
                with closing(connect(parse(server))) as connection:
                    connection.autocommit = True
                    connection.cursor().execute(f"CREATE DATABASE {name}")
                url = f"{server.rpartition('/')[0]}/{name}"
            assert start(url, "migrate", "-v0").wait(PATIENCE) == 0
            return url

        yield make


@pytest.fixture(scope="module")
def expected(new_site, old):
    """What an import that nobody interrupts makes."""
    site = new_site("expected")
    assert start(site, "import_microblog", old).wait(PATIENCE) == 0
    return state(site)


def start(site, *arguments):
    """Start a `manage.py` of the site that keeps its data at `site`."""
    environment = {**os.environ, "DATABASE_URL": site, "SECRET_KEY": "only for tests"}
    environment["DJANGO_SETTINGS_MODULE"] = "microblog.settings"  # not those of the tests
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def state(site):
    with closing(connect(parse(site))) as connection:
        cursor = connection.cursor()
        found = {}
        for name, sql in STATE.items():
            cursor.execute(sql)
            found[name] = sorted(cursor.fetchall())
        return found


def kill_when(site, old, kind, rows):
    """Start an import and kill it, with no time to tidy up, when so many rows of a kind are in."""
    process = start(site, "import_microblog", old)
    try:
        with closing(connect(parse(site))) as connection:
            cursor = connection.cursor()
            deadline = time.monotonic() + PATIENCE
            found = 0
            while found < rows:
                assert process.poll() is None, process.stderr.read()
                assert time.monotonic() < deadline
                cursor.execute(f"SELECT count(*) FROM blog_importedrow WHERE kind = '{kind}'")  # noqa: S608
                found = cursor.fetchone()[0]
                connection.rollback()  # the next look sees what is committed by then
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert process.returncode == -signal.SIGKILL


def test_a_second_run_completes_what_a_kill_interrupted(new_site, old, expected):
    site = new_site("killed")
    for kind, rows in [("person", 1), ("follow", 1), ("post", 1), ("post", 3000)]:
        kill_when(site, old, kind, rows)
        interrupted = state(site)
        assert interrupted["counters"] == [(0, 0)]
        assert set(interrupted["posts"]) < set(expected["posts"])
    assert 3000 <= len(interrupted["posts"]) < POSTS
    kill_when(site, old, "message", 1)
    interrupted = state(site)
    assert interrupted["posts"] == expected["posts"]
    assert 0 < len(interrupted["messages"]) < len(expected["messages"])
    assert set(interrupted["messages"]) < set(expected["messages"])
    last = start(site, "import_microblog", old)
    printed = last.communicate(timeout=PATIENCE)[0]
    assert last.returncode == 0
    assert "Done: 0 people, 0 follows, 0 posts, " in printed
    assert state(site) == expected


def test_two_imports_at_once_take_nothing_twice(new_site, old, expected):
    site = new_site("twice")
    both = [start(site, "import_microblog", old) for _one in range(2)]
    errors = [process.communicate(timeout=PATIENCE)[1] for process in both]
    assert any(process.returncode == 0 for process in both), errors
    for process, error in zip(both, errors, strict=True):
        assert process.returncode == 0 or "The site changed meanwhile. Nothing is lost: run this again." in error
        assert "Traceback" not in error
    assert start(site, "import_microblog", old).wait(PATIENCE) == 0
    assert state(site) == expected
