"""Settings that contradict each other are told, each with its id and a hint."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core import checks

from microblog.middleware import ContentSecurityPolicyMiddleware

ROOT = Path(__file__).resolve().parents[2]
GIVEN_BY_A_PERSON = {"EMAIL_URL": "smtp+tls://user:password@mail.example.org:587"}
GIVEN_BY_HEROKU = {"DYNO": "web.1", "PORT": "5000", "DATABASE_URL": "postgres://user:password@127.0.0.1:1/database"}


def variables_of_app_json() -> dict[str, str]:
    """What a site has that was made with the button."""
    declared = json.loads((ROOT / "app.json").read_text())["env"]
    required = {name: entry for name, entry in declared.items() if entry.get("required", True)}
    generated = {name: os.urandom(32).hex() for name, entry in required.items() if entry.get("generator") == "secret"}
    valued = {name: entry["value"] for name, entry in required.items() if "value" in entry}
    asked = {name: GIVEN_BY_A_PERSON[name] for name in required if name not in generated and name not in valued}
    return {**GIVEN_BY_HEROKU, **generated, **valued, **asked}


def check(variables: dict[str, str], *options: str) -> subprocess.CompletedProcess:
    clean = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "microblog.settings"}
    command = [sys.executable, "manage.py", "check", "--fail-level", "WARNING", *options]
    return subprocess.run(command, cwd=ROOT, env={**clean, **variables}, capture_output=True, text=True, timeout=120)


def test_all_is_well_with_the_variables_that_app_json_sets():
    done = check(variables_of_app_json(), "--deploy")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"SECRET_KEY": ""}, "microblog.E001"),
        ({"DATABASE_URL": ""}, "microblog.E002"),
        ({"DEBUG": "1"}, "microblog.E003"),
        ({"TRUST_PROXY": "0"}, "microblog.E004"),
        ({"EMAIL_URL": ""}, "microblog.W005"),
        ({"AVATARS": "gravatar", "GRAVATAR_URL": "www.gravatar.com"}, "microblog.E006"),
        ({"AVATARS": "gravatar", "GRAVATAR_URL": "http://www.gravatar.com"}, "microblog.E006"),
        ({"SITE_URL": "example.org"}, "microblog.E007"),
        ({"SITE_URL": "", "ALLOWED_HOSTS": "*"}, "microblog.W011"),
        ({"POST_MAX_LENGTH": "0"}, "microblog.E008"),
        ({"LIBRETRANSLATE_URL": "translate.example.org"}, "microblog.E010"),
        ({"ELASTICSEARCH_URL": "search.example.org:9200"}, "microblog.E012"),
        ({"BONSAI_URL": "https://user:pass@word:word@example.org:port"}, "microblog.E012"),
        ({"FOUNDELASTICSEARCH_URL": "https://abc.found.example:9243"}, "microblog.W013"),
        ({"ALLOWED_HOSTS": ","}, "security.W020"),
        ({"SECURE_HSTS_SECONDS": ""}, "security.W004"),
        ({"SESSION_COOKIE_SECURE": "0"}, "microblog.W009"),
        ({"CSRF_COOKIE_SECURE": "0"}, "security.W016"),
        ({"SECURE_SSL_REDIRECT": "0"}, "security.W008"),
    ],
)
def test_a_contradiction_is_told_with_a_hint(changed, expected):
    done = check({**variables_of_app_json(), **changed}, "--deploy")
    assert done.returncode == 1
    found = [part for part in done.stderr.split("\n\n") if f"({expected})" in part]
    assert found, done.stderr
    assert "HINT:" in found[0] or expected.startswith("security.")


def test_a_laptop_is_not_told_what_only_a_public_site_needs():
    assert check({}).returncode == 0


@pytest.mark.parametrize(
    "given",
    [
        {"ELASTICSEARCH_URL": "https://elastic:secret-password@search.invalid:9243"},
        {"SEARCHBOX_URL": "http://paas:secret-password@search.invalid"},
        {"BONSAI_URL": "https://user:secret-password@search.invalid"},
        {
            "FOUNDELASTICSEARCH_URL": "https://x.invalid",
            "ELASTICSEARCH_URL": "https://elastic:secret-password@x.invalid",
        },
    ],
)
def test_a_cluster_is_well_wherever_its_address_stands_and_nobody_asks_it(given):
    done = check({**variables_of_app_json(), **given}, "--deploy")
    assert (done.returncode, done.stderr) == (0, "")


def test_who_has_no_cluster_does_not_pay_for_its_client():
    script = "import sys, microblog.wsgi, blog.urls; print([name for name in sys.modules if 'elastic' in name])"
    env = {"PATH": os.environ["PATH"], "SECRET_KEY": "x" * 50}
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "['blog.search.elastic']", done.stderr


def test_gravatar_is_well_where_the_policy_names_it(settings):
    settings.AVATARS = "gravatar"
    settings.GRAVATAR_URL = "https://www.gravatar.com"
    policy = ContentSecurityPolicyMiddleware(lambda request: None).policy
    assert "img-src 'self' data: https://www.gravatar.com;" in policy
    assert "microblog.E006" not in [message.id for message in checks.run_checks(tags=["security"])]


def test_gravatar_is_told_where_the_policy_does_not_name_it(settings, monkeypatch):
    settings.AVATARS = "gravatar"

    def strict(self, get_response):
        self.policy = "default-src 'self'; img-src 'self'"

    monkeypatch.setattr(ContentSecurityPolicyMiddleware, "__init__", strict)
    assert "microblog.E006" in [message.id for message in checks.run_checks(tags=["security"])]


def test_a_site_does_not_serve_without_a_key():
    command = [sys.executable, "-c", "import microblog.wsgi"]
    done = subprocess.run(command, cwd=ROOT, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True)
    assert done.returncode == 1
    assert "Set SECRET_KEY" in done.stderr


def test_a_worker_does_not_sign_links_with_a_key_of_its_own():
    for debug in ("0", "1"):
        command = [sys.executable, "manage.py", "worker", "--batch"]
        env = {"PATH": os.environ["PATH"], "DEBUG": debug, "DATABASE_URL": "sqlite://:memory:"}
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
        assert (done.returncode, "Set SECRET_KEY" in done.stderr) == (1, True), done.stderr


@pytest.mark.parametrize(
    ("variables", "secure"),
    [
        ({}, True),
        ({"DEBUG": "1"}, False),
        ({"SITE_URL": "https://example.org"}, True),
        ({"SERVER_NAME": "example.org"}, True),
        ({"SITE_URL": "http://localhost:8000"}, False),
        ({"SITE_URL": "http://localhost:8000", "SESSION_COOKIE_SECURE": "1", "CSRF_COOKIE_SECURE": "1"}, True),
        ({"SESSION_COOKIE_SECURE": "0", "CSRF_COOKIE_SECURE": "0"}, False),
        ({"DYNO": "web.1", "SITE_URL": "http://example.org"}, True),
    ],
)
def test_cookies_are_for_https_unless_the_site_has_none(variables, secure):
    script = (
        "from microblog.settings import *; print(SESSION_COOKIE_SECURE, CSRF_COOKIE_SECURE, LANGUAGE_COOKIE_SECURE)"
    )
    env = {"PATH": os.environ["PATH"], **variables}
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.stdout.split() == [str(secure)] * 3, done.stderr
