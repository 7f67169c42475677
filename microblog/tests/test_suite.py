"""The suite itself: which tests get a second try."""

import os
import subprocess
import sys

from django.conf import settings

TRIES = """
import pytest
tries = []

def fails_first(name):
    tries.append(name)
    assert tries.count(name) > 1

@pytest.mark.processes
def test_of_processes():
    fails_first("processes")

@pytest.mark.browser
def test_of_a_browser():
    fails_first("browser")

@pytest.mark.processes
def test_that_always_fails():
    assert False, "twice"

def test_of_anything_else():
    fails_first("anything else")
"""


def test_only_what_takes_real_time_is_tried_again_and_that_is_counted(tmp_path):
    (tmp_path / "test_tries.py").write_text(TRIES)
    arguments = ["-c", settings.BASE_DIR / "pyproject.toml", "-p", "conftest", "-p", "no:cacheprovider", "-n", "2"]
    command = [sys.executable, "-m", "pytest", *arguments, tmp_path / "test_tries.py"]
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    done = subprocess.run(command, cwd=settings.BASE_DIR, env=env, capture_output=True, text=True, timeout=120)
    last = done.stdout.splitlines()[-1]
    for counted in ("2 failed", "2 passed", "3 rerun"):  # a newer Django may count its warnings among them
        assert counted in last, done.stdout + done.stderr
    assert "test_of_anything_else" in done.stdout
    assert "RERUN" in done.stdout
