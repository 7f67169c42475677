"""The table of variables: printed from the code, and the same in README."""

import io
import json
import re
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from microblog.management.commands import settings_env
from microblog.settings import env

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
NAME_THE_SETTINGS = {"manage.py", "microblog/wsgi.py", "microblog/asgi.py", "gunicorn.conf.py"}
HAND_IT_ON = {"microblog/management/commands/start.py"}  # to the processes that they start


def printed(**options) -> str:
    out = io.StringIO()
    call_command("settings_env", stdout=out, **options)
    return out.getvalue()


def test_prints_each_variable_once_with_default_and_meaning():
    rows = printed().splitlines()
    assert "| `POST_MAX_LENGTH` | `140` | Characters in a post, counted as people see them. (a whole number) |" in rows
    names = [row.split("`")[1] for row in rows[2:]]
    assert names == [variable.name for variable in env.variables]
    assert len(names) == len(set(names))
    assert {"DATABASE_URL", "PORT", "WEB_CONCURRENCY", "WORKER_IN_WEB", "SECRET_KEY"} <= set(names)


def test_prints_text_for_a_terminal():
    assert "POST_MAX_LENGTH (a whole number; default: 140)\n    Characters in a post" in printed(format="text")


def test_prints_no_value_of_this_environment(monkeypatch):
    """The table is about any environment: a secret that is set here must not be in it."""
    assert (env.env.str("DATABASE_URL", default="") or "sqlite:///") not in printed()
    assert "SECRET_KEY` |  |" in printed()


def test_writes_the_table_between_the_markers_of_a_file(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("Before\n<!-- settings -->\nold\n<!-- /settings -->\nafter\n")
    printed(write=page)
    assert page.read_text() == f"Before\n<!-- settings -->\n{printed()}<!-- /settings -->\nafter\n"
    page.write_text("no markers")
    with pytest.raises(CommandError, match="settings"):
        printed(write=page)


@pytest.mark.skipif(not README.exists(), reason="there is no README in this checkout")
def test_readme_shows_the_same_table():
    """`manage.py settings_env --write README.md` makes it so."""
    assert settings_env.between_markers(README.read_text())[1] == printed()


def test_no_other_code_reads_the_environment():
    reads = re.compile(r"os\.environ|getenv|environ\[")
    files = [
        f for app in ("microblog", "accounts", "blog") for f in (ROOT / app).rglob("*.py") if "tests" not in f.parts
    ]
    files += [ROOT / "manage.py", ROOT / "gunicorn.conf.py"]
    found = {str(f.relative_to(ROOT)) for f in files if reads.search(f.read_text())}
    assert found <= NAME_THE_SETTINGS | HAND_IT_ON


def test_app_json_sets_only_variables_that_exist():
    wanted = set(json.loads((ROOT / "app.json").read_text())["env"])
    assert wanted <= {variable.name for variable in env.variables}
