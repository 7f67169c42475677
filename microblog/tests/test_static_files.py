"""Static files as a build leaves them: hashed, compressed, and kept by browsers for a year."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import brotli
import pytest
from django.contrib.staticfiles.storage import staticfiles_storage
from django.test import Client, override_settings

ROOT = Path(__file__).resolve().parents[2]
HASHED = "whitenoise.storage.CompressedManifestStaticFilesStorage"


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """The files of a build: collectstatic in an environment without any variable."""
    folder = tmp_path_factory.mktemp("staticfiles")
    script = (
        "from pathlib import Path; from microblog import settings; "
        f"settings.STATIC_ROOT = Path({str(folder)!r}); "
        "from django.core.management import execute_from_command_line as run; "
        "run(['manage.py', 'collectstatic', '--noinput', '-v0'])"
    )
    env = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "microblog.settings"}
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def manifest(built) -> dict[str, str]:
    return json.loads((built / "staticfiles.json").read_text())["paths"]


@pytest.fixture
def client(built, settings, monkeypatch):
    settings.STATIC_ROOT = built
    monkeypatch.setattr("microblog.templatetags.kept._kept", {})  # pieces that name the files without their hashes
    storages = {**settings.STORAGES, "staticfiles": {"BACKEND": HASHED}}
    with override_settings(STORAGES=storages, WHITENOISE_AUTOREFRESH=False, WHITENOISE_USE_FINDERS=False):
        yield Client()


def test_every_file_is_hashed_the_admins_too_and_only_those_are_kept(built, manifest):
    assert {"css/site.css", "js/site.js", "icons.svg", "admin/css/base.css"} <= manifest.keys()
    files = {str(file.relative_to(built)) for file in built.rglob("*") if file.is_file()}
    plain = {file for file in files if not file.endswith((".gz", ".br"))}
    assert plain == {*manifest.values(), "staticfiles.json"}
    assert not {name for name, hashed in manifest.items() if name == hashed}


def test_what_can_be_compressed_is_there_as_brotli_and_gzip(built, manifest):
    for name in ("css/site.css", "js/site.js", "icons.svg", "admin/css/base.css"):
        original = (built / manifest[name]).read_bytes()
        assert brotli.decompress((built / f"{manifest[name]}.br").read_bytes()) == original
        assert gzip.decompress((built / f"{manifest[name]}.gz").read_bytes()) == original


@pytest.mark.parametrize(("accepted", "answered"), [("gzip, br", "br"), ("gzip", "gzip"), ("identity", None)])
def test_a_hashed_file_is_served_compressed_and_kept_for_a_year(client, manifest, accepted, answered):
    answer = client.get(f"/static/{manifest['css/site.css']}", headers={"Accept-Encoding": accepted})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "max-age=31536000, public, immutable"
    assert answer.headers.get("Content-Encoding") == answered
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]


def test_a_name_without_its_hash_is_not_found(client):
    assert client.get("/static/css/site.css").status_code == 404


@pytest.mark.django_db
def test_pages_name_the_hashed_files(client, manifest):
    assert staticfiles_storage.url("css/site.css") == f"/static/{manifest['css/site.css']}"
    assert f"/static/{manifest['css/site.css']}" in client.get("/").content.decode()
