"""The files that tell other places how to run the site agree with one another."""

import json
import os
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROCFILE = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())
APP = json.loads((ROOT / "app.json").read_text())


def test_the_release_stops_at_what_fails():
    assert PROCFILE["release"].split(" && ") == [
        "python manage.py migrate --noinput",
        "python manage.py compilemessages",
    ]


def test_one_push_makes_all_that_the_site_needs():
    assert set(APP["formation"]) == {"web", "worker"} <= set(PROCFILE)
    assert APP["addons"] == [{"plan": "heroku-postgresql:essential-0"}]
    assert APP["env"]["SECRET_KEY"]["generator"] == "secret"
    assert APP["success_url"] == "/"
    assert "scripts" not in APP  # migrations belong into the release phase
    assert os.access(ROOT / "bin" / "post_compile", os.X_OK)


def test_one_python_everywhere():
    version = (ROOT / "runtime.txt").read_text().strip().removeprefix("python-")
    assert re.fullmatch(r"3\.\d+", version)
    assert f"FROM python:{version}-slim" in (ROOT / "Dockerfile").read_text()


def test_containers_run_what_a_dyno_runs():
    assert f"CMD {json.dumps(PROCFILE['web'].split())}" in (ROOT / "Dockerfile").read_text()
    compose = (ROOT / "compose.yaml").read_text()
    assert f"command: {PROCFILE['worker']}\n" in compose
    assert f"command: {PROCFILE['release'].split(' && ')[0]}\n" in compose


def test_no_second_package_manager():
    names = [
        "Pipfile",
        "Pipfile.lock",
        "poetry.lock",
        "uv.lock",
        "package.json",
        "package-lock.json",
        ".python-version",
    ]
    assert [name for name in names if (ROOT / name).exists()] == []
