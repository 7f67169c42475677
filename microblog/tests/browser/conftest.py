"""A site served as it is to the public, and a Chromium to visit it with."""

import http.client
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from blog.tests.translators import Translator, libretranslate
from microblog.tests.servers import free_port, running

CHROMIUM = "chromium", "chromium-browser", "google-chrome-stable", "google-chrome"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
PATIENCE = 30_000  # milliseconds for anything to happen in a page, on a busy machine
AXE = Path(__file__).parent / "node_modules/axe-core/axe.min.js"


@dataclass
class Site:
    """The site under test: where it is, who is signed in, and where no link leads."""

    origin: str
    folder: Path
    sessions: dict[str, str]
    addresses: dict[str, str]

    def cookies(self, username: str | None) -> list[dict[str, Any]]:
        """The cookies of somebody who is signed in already; a visitor has none."""
        return [{"name": "sessionid", "value": self.sessions[username], "url": self.origin}] if username else []


@pytest.fixture(scope="session")
def translator() -> Iterator[Translator]:
    """Who translates for the site: into capitals."""
    with libretranslate() as server:
        yield server


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, translator: Translator) -> Iterator[Site]:
    """Microblog with a database, static files and mail of its own, behind gunicorn, without DEBUG."""
    folder, port = tmp_path_factory.mktemp("site"), free_port()
    env = {name: value for name, value in os.environ.items() if name not in ("DEBUG", "DYNO")} | {
        "DJANGO_SETTINGS_MODULE": "microblog.tests.browser.settings",
        "SITE_FOLDER": str(folder),
        "DATABASE_URL": f"sqlite:///{folder}/site.sqlite3",
        "SECRET_KEY": "only for tests in a browser",
        "ALLOWED_HOSTS": "127.0.0.1,testserver",
        "RATE_LIMITS": "0",
        "LIBRETRANSLATE_URL": translator.url,
        "PYTHONPATH": str(settings.BASE_DIR),
    }

    def manage(*arguments: str) -> str:
        command = [sys.executable, *arguments]
        done = subprocess.run(command, cwd=settings.BASE_DIR, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    manage("manage.py", "migrate", "--verbosity=0")
    manage("manage.py", "collectstatic", "--no-input", "--verbosity=0")
    known = json.loads(manage("-m", "microblog.tests.browser.people").splitlines()[-1])

    def answers() -> bool:
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            link.request("GET", "/")
            return bool(link.getresponse().status)
        except OSError:
            return False
        finally:
            link.close()

    gunicorn = [sys.executable, "-m", "gunicorn", "microblog.wsgi", f"--bind=127.0.0.1:{port}"]
    gunicorn += [f"--chdir={settings.BASE_DIR}", f"--config={settings.BASE_DIR}/gunicorn.conf.py"]
    with running(gunicorn, folder / "log", answers, {"env": env}):
        yield Site(f"http://127.0.0.1:{port}", folder, **known)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The Chromium of this machine, for one module: Playwright's event loop would disturb Django's tests."""
    program = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if program is None:
        pytest.skip("Chromium is not on this machine")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


Visit = Callable[..., BrowserContext]


@pytest.fixture
def visit(site: Site, chromium: Browser) -> Iterator[Visit]:
    """Make a context: `visit("ada", java_script_enabled=False)`. Without a name it is a visitor's."""
    contexts = []

    def make(username: str | None = None, **options: Any) -> BrowserContext:
        options = {"viewport": {"width": 1280, "height": 900}, "locale": "en-GB", "reduced_motion": "reduce"} | options
        context = chromium.new_context(base_url=site.origin, **options)
        context.set_default_timeout(PATIENCE)
        context.add_cookies(site.cookies(username))
        contexts.append(context)
        return context

    log = site.folder / "log"
    began = log.stat().st_size
    yield make
    for context in contexts:
        context.close()
    # What the site wrote meanwhile: pytest shows it of a test that failed.
    print(log.read_bytes()[began:].decode(errors="replace")[-10_000:])  # noqa: T201


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, which finds what keeps people out."""
    if not AXE.exists():
        pytest.skip("axe-core is not on this machine: npm ci --prefix microblog/tests/browser")
    return AXE.read_text()


@pytest.fixture
def pictures(request: pytest.FixtureRequest) -> Path | None:
    """Where people want to look at the pages, if they do."""
    wanted = request.config.getoption("--screenshots")
    return Path(wanted).resolve() if wanted else None
