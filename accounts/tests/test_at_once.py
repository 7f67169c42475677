"""The same thing asked for by several processes at the same moment, on SQLite: its file is what they share.

On PostgreSQL the tests beside the views (test_register, test_follow) do it with threads.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

pytestmark = pytest.mark.processes
AT_ONCE = 4
TYPED = {"username": "ada", "password1": "long enough 1", "password2": "long enough 1"}
BEGIN = "import django; django.setup()\nfrom accounts.models import User\n"
REGISTER = """
import sys
from django.test import Client
client = Client()
client.get("/accounts/register/")
print("ready", flush=True)
sys.stdin.readline()
print(client.post("/accounts/register/", {**%s, "email": f"{sys.argv[1]}@example.org"}).status_code)
"""
PRESS = """
import sys
from django.test import Client
client = Client()
client.force_login(User.objects.get(username="ada"))
client.get("/explore/")
print("ready", flush=True)
sys.stdin.readline()
print(client.post("%s").status_code)
"""


class Machine:
    """Processes of ours on one database file."""

    def __init__(self, folder: Path) -> None:
        self.env = {
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "microblog.tests.settings",
            "DATABASE_URL": f"sqlite:///{folder}/at once.sqlite3",
        }
        self.python("from django.core.management import call_command; call_command('migrate', verbosity=0)")

    def start(self, script: str, *arguments: str) -> subprocess.Popen:
        command = [sys.executable, "-c", BEGIN + script, *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, cwd=settings.BASE_DIR, env=self.env, stdin=pipe, stdout=pipe, text=True)

    def python(self, script: str) -> str:
        """The last line that a script prints."""
        return self.start(script).communicate(timeout=120)[0].strip().rpartition("\n")[2]

    def at_once(self, script: str) -> list[str]:
        """What each of several prints that run `script`; they wait for one another before its last step."""
        running = [self.start(script, str(number)) for number in range(AT_ONCE)]
        for process in running:
            while process.stdout.readline() != "ready\n":
                assert process.poll() is None
        for process in running:
            process.stdin.write("\n")
            process.stdin.flush()
        return sorted(process.communicate(timeout=120)[0].strip().rpartition("\n")[2] for process in running)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_one_name_goes_to_one_and_the_others_get_the_form(machine: Machine):
    assert machine.at_once(REGISTER % TYPED) == ["302"] + ["422"] * (AT_ONCE - 1)
    assert machine.python("print(User.objects.filter(username='ada').count())") == "1"


def test_a_follow_is_one_however_often_it_is_asked_for(machine: Machine):
    make = "[User.objects.create_user(n, f'{n}@example.com') for n in ('ada', 'bob')]"
    machine.python(make)
    assert machine.at_once(PRESS % "/@bob/follow/") == ["302"] * AT_ONCE
    counts = "import json; print(json.dumps(list(User.objects.named('ada', 'bob').order_by('username').values_list("
    counts += "'following_count', 'follower_count'))))"
    assert json.loads(machine.python(counts)) == [[1, 0], [0, 1]]


def test_a_like_and_a_repost_are_one_however_often_they_are_asked_for(machine: Machine):
    make = "ada = User.objects.create_user('ada', 'ada@example.com')\nfrom blog.models import Post\n"
    machine.python(f"{make}Post.objects.publish(ada, 'Bread again.', pk=7)")
    for verb in ("like", "repost"):
        assert machine.at_once(PRESS % f"/posts/7/{verb}/") == ["302"] * AT_ONCE
    counts = "from blog.models import Like, Post; post = Post.objects.get(pk=7)\n"
    counts += "print(post.like_count, Like.objects.count(), post.repost_count, Post.objects.count())"
    assert machine.python(counts) == "1 1 1 2"
