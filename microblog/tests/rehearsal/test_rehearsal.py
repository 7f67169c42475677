"""The rehearsal passes on what is here, and fails on each way to break a deployment, for the right reason."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from microblog.tests.servers import POSTGRES_PLACES, MissingServerError, find_program

ROOT = Path(__file__).resolve().parents[3]
KEPT = ROOT / ".cache" / "rehearsal"  # packages, installed once
GERMAN = r"""msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\n"

msgid "Sign in"
msgstr "Anmelden"
"""

pytestmark = pytest.mark.processes


@pytest.fixture(autouse=True)
def programs() -> None:
    """What the rehearsal needs of this machine."""
    try:
        find_program("initdb", *POSTGRES_PLACES)
        find_program("openssl")
    except MissingServerError as missing:
        pytest.skip(str(missing))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What is tracked here, as a repository of its own, with a translation at least."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in names.split("\0"):
        if name and (ROOT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tmp_path / name)
    german = tmp_path / "locale" / "de" / "LC_MESSAGES" / "django.po"
    if not german.exists():
        german.parent.mkdir(parents=True)
        german.write_text(GERMAN)
    return tmp_path


def rehearse(checkout: Path) -> subprocess.CompletedProcess:
    """Track all of the checkout and rehearse it."""
    subprocess.run(["git", "init", "-q"], cwd=checkout, check=True)
    subprocess.run(["git", "add", "-A"], cwd=checkout, check=True)
    command = [sys.executable, "bin/rehearse-dyno", "--source", str(checkout), "--reuse", str(KEPT)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)


def append(name: str, text: str) -> Callable[[Path], None]:
    def sabotage(checkout: Path) -> None:
        with (checkout / name).open("a") as file:
            file.write(text)

    return sabotage


def remove(name: str) -> Callable[[Path], None]:
    return lambda checkout: (checkout / name).unlink()


SABOTAGES = {
    "no post_compile": (remove("bin/post_compile"), "web: /readyz", "is not compiled"),
    "Django's own compilemessages": (
        remove("microblog/management/commands/compilemessages.py"),
        "release: python manage.py migrate",
        "Can't find msgfmt",
    ),
    "SECRET_KEY needed to import settings": (
        append("microblog/settings.py", '\nimport os\nSECRET_KEY = os.environ["SECRET_KEY"]\n'),
        "build: collectstatic",
        "KeyError: 'SECRET_KEY'",
    ),
    "a second lock file": (append("poetry.lock", ""), "one package manager", "poetry.lock"),
    "no LOGGING": (append("microblog/settings.py", "\nLOGGING = {}\n"), "web: a crash", "no error with the id"),
    "a broken catalogue": (
        append("locale/de/LC_MESSAGES/django.po", '\nmsgid "broken\n'),
        "build: bin/post_compile",
        "locale/de/LC_MESSAGES/django.po:",
    ),
    "a stylesheet that names a missing file": (
        append("static/css/site.css", '\n.sabotage { background: url("missing.png") }\n'),
        "build: collectstatic",
        "missing.png",
    ),
    "a template that names a missing static file": (
        append("templates/blog/explore.html", '{% block sabotage %}{% static "js/missing.js" %}{% endblock %}'),
        "build: every static file that a template names",
        "js/missing.js in templates/blog/explore.html",
    ),
    "a query at import time": (
        append("blog/forms.py", '\nfrom django.db import connection\nconnection.cursor().execute("SELECT 1")\n'),
        "build: nothing asks the database",
        "the database was asked while modules were imported",
    ),
}


@pytest.mark.parametrize("name", SABOTAGES)
def test_fails_on(name: str, checkout: Path):
    sabotage, step, reason = SABOTAGES[name]
    sabotage(checkout)
    done = rehearse(checkout)
    assert done.returncode == 1, done.stdout + done.stderr
    steps = [line for line in done.stdout.splitlines() if line.startswith(("PASS", "FAIL"))]
    failed = [line for line in steps if line.startswith("FAIL")]
    assert len(failed) == 2, done.stdout  # the step, and the whole
    assert step in failed[0], done.stdout
    assert reason in done.stdout


def test_passes_on_what_is_here(checkout: Path):
    done = rehearse(checkout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "FAIL" not in done.stdout
    assert done.stdout.count("PASS") >= 20


def test_help_says_what_it_does():
    done = subprocess.run([ROOT / "bin" / "rehearse-dyno", "--help"], capture_output=True, text=True)
    assert done.returncode == 0
    assert "SIGTERM" in done.stdout
    assert "--reuse DIR" in done.stdout
