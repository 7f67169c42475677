"""Long work in a browser: the bar moves by itself, and without scripts by a link."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from playwright.sync_api import expect

from microblog.tests.browser.conftest import Site, Visit

pytestmark = pytest.mark.browser
RUNNING = 6  # of the jobs that people.write_jobs makes
Change = Callable[..., None]


@pytest.fixture
def change(site: Site) -> Iterator[Change]:
    """Write into the running job as a worker does; afterwards it is as it was."""

    def write(**columns: object) -> None:
        names = ", ".join(f"{name} = ?" for name in columns)
        with closing(sqlite3.connect(site.folder / "site.sqlite3", timeout=20)) as database, database:
            database.execute(f"UPDATE blog_job SET {names} WHERE id = ?", [*columns.values(), RUNNING])  # noqa: S608

    yield write
    write(status="running", done=812, total=1204, message="", finished_at=None, expires_at=None)


def test_the_bar_moves_without_a_click_until_the_job_ends(visit: Visit, change: Change):
    page = visit("ada").new_page()
    page.goto(f"/jobs/{RUNNING}/")
    expect(page.get_by_text("67 %")).to_be_visible()
    change(done=1000)
    expect(page.get_by_text("83 %")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "83")
    change(status="failed", message="failed")
    expect(page.get_by_text("Something went wrong, several times.")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_have_count(0)


def test_it_survives_a_reload_and_can_be_stopped(visit: Visit, change: Change):
    page = visit("ada").new_page()
    page.goto(f"/jobs/{RUNNING}/")
    page.reload()
    expect(page.get_by_text("67 %")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("It is stopped.").first).to_be_visible()
    expect(page.get_by_role("progressbar")).to_have_count(0)


def test_without_scripts_a_link_shows_how_far_it_is(visit: Visit, change: Change):
    page = visit("ada", java_script_enabled=False).new_page()
    page.goto(f"/jobs/{RUNNING}/")
    expect(page.get_by_text("67 %")).to_be_visible()
    change(done=1000)
    page.get_by_role("link", name="See how far it is now").click()
    expect(page.get_by_text("83 %")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("It is stopped.").first).to_be_visible()
