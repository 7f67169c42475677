"""The badge of an open page: it counts on, pauses, backs off and stops; and the page that it leads to."""

import sqlite3
from contextlib import closing
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, Page, expect

from accounts.tests.base import PASSWORD
from microblog.tests.browser.conftest import Site, Visit
from microblog.tests.browser.test_scripts import is_marked, mark, write

pytestmark = pytest.mark.browser
UNREAD = "**/notifications/unread/"
TURN = 11_000  # milliseconds of the page's own clock: one question and a little more
VISIBILITY = """(hidden) => {
    Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
    document.dispatchEvent(new Event("visibilitychange"));
}"""


def badge(page: Page) -> Locator:
    return page.locator("[data-badge='notifications']")


def count(page: Page) -> int:
    return int(badge(page).get_attribute("data-count"))


def asked(page: Page) -> list[str]:
    """The questions of this page from now on, as they are asked."""
    questions: list[str] = []
    page.on("request", lambda request: "/notifications/unread/" in request.url and questions.append(request.url))
    return questions


def turn(page: Page) -> None:
    """Let the page's clock run until it has asked once, and was answered."""
    with page.expect_response(UNREAD):
        page.clock.run_for(TURN)


def call(visit: Visit, who: str) -> None:
    """Let bob mention somebody."""
    write(visit("bob").new_page(), f"@{who} have a look {uuid4().hex[:8]}")


def sign_in(visit: Visit, who: str) -> Page:
    """A page of somebody with a session of its own, on Explore."""
    page = visit().new_page()
    page.clock.install()
    page.goto("/accounts/login/?next=/explore/")
    page.get_by_label("Username or e-mail").fill(who)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Explore")).to_be_visible()
    return page


def test_counts_on_without_a_reload_in_the_bar_and_in_the_title(visit: Visit):
    page = visit("newcomer").new_page()
    page.clock.install()
    page.goto("/explore/")
    mark(page)
    before, title = count(page), page.title().split(") ")[-1]
    call(visit, "newcomer")
    turn(page)
    expect(badge(page)).to_have_text(f"Unread: {before + 1}")
    expect(badge(page)).to_be_visible()
    expect(page).to_have_title(f"({before + 1}) {title}")
    assert is_marked(page)


def test_asks_for_what_it_has_not_got(visit: Visit):
    page = visit("newcomer").new_page()
    page.clock.install()
    page.goto("/explore/")
    with page.expect_response(UNREAD) as answer:
        page.clock.run_for(TURN)
    assert answer.value.status == 304


def test_pauses_while_nobody_looks_and_asks_at_once_when_somebody_does(visit: Visit):
    page = visit("newcomer").new_page()
    page.clock.install()
    page.goto("/explore/")
    turn(page)
    questions = asked(page)
    page.evaluate(VISIBILITY, True)
    page.clock.run_for(20 * TURN)
    page.wait_for_timeout(200)
    assert questions == []
    before = count(page)
    call(visit, "newcomer")
    with page.expect_response(UNREAD):
        page.evaluate(VISIBILITY, False)
    expect(badge(page)).to_have_text(f"Unread: {before + 1}")


def test_backs_off_while_the_server_errs_and_comes_back(visit: Visit):
    page = visit("newcomer").new_page()
    page.clock.install()
    page.goto("/explore/")
    page.route(UNREAD, lambda route: route.fulfill(status=503, body="away"))
    questions = asked(page)
    for _turn in range(30):
        page.clock.run_for(10_000)
        page.wait_for_timeout(30)
    assert 2 <= len(questions) <= 7  # instead of thirty
    page.unroute(UNREAD)
    before = count(page)
    call(visit, "newcomer")
    with page.expect_response(UNREAD):
        page.evaluate("() => dispatchEvent(new Event('online'))")
    expect(badge(page)).to_have_text(f"Unread: {before + 1}")
    turn(page)  # as often as ever


@pytest.mark.parametrize("ends", ["signed out elsewhere", "suspended"])
def test_stops_when_the_session_has_ended_and_says_so_nowhere(ends, visit: Visit, site: Site):
    page = sign_in(visit, "vera")
    mark(page)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    turn(page)
    key = next(cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "sessionid")
    change = "DELETE FROM accounts_session WHERE session_key = ?"
    if ends == "suspended":
        change = """UPDATE accounts_user SET suspended_at = '2026-01-01' WHERE id =
            (SELECT user_id FROM accounts_session WHERE session_key = ?)"""
    with closing(sqlite3.connect(site.folder / "site.sqlite3", timeout=20)) as database, database:
        database.execute(change, [key])
    with page.expect_response(UNREAD) as answer:
        page.clock.run_for(TURN)
    with closing(sqlite3.connect(site.folder / "site.sqlite3", timeout=20)) as database, database:
        database.execute("UPDATE accounts_user SET suspended_at = NULL WHERE username = 'vera'")
    assert answer.value.status == 204
    page.wait_for_timeout(200)
    questions = asked(page)
    page.clock.run_for(30 * TURN)
    page.evaluate(VISIBILITY, False)
    page.evaluate("() => dispatchEvent(new Event('online'))")
    page.wait_for_timeout(200)
    assert questions == []
    assert said == []
    assert is_marked(page)


def test_visitors_are_not_asked_for(visit: Visit):
    page = visit().new_page()
    page.clock.install()
    questions = asked(page)
    page.goto("/explore/")
    page.clock.run_for(10 * TURN)
    page.wait_for_timeout(200)
    assert questions == []


def test_the_page_of_notifications_reads_what_it_shows(visit: Visit):
    call(visit, "newcomer")
    page = visit("newcomer").new_page()
    page.goto("/explore/")
    assert count(page) >= 1
    with page.expect_response(UNREAD):
        badge(page).click()
    expect(page.get_by_role("heading", name="Notifications")).to_be_visible()
    expect(badge(page)).to_be_hidden()
    expect(page).to_have_title("Notifications · Microblog")
    expect(page.locator(".event.unread").first).to_contain_text("New bob mentioned you")
    page.reload()
    expect(page.locator(".event.unread")).to_have_count(0)
    expect(page.locator(".event").first).to_contain_text("bob mentioned you")


def test_a_page_that_nobody_looks_at_reads_nothing(visit: Visit):
    call(visit, "newcomer")
    context = visit("newcomer")
    context.add_init_script("Object.defineProperty(document, 'hidden', {value: true, configurable: true});")
    page = context.new_page()
    page.goto("/notifications/")
    page.wait_for_timeout(200)
    page.reload()
    expect(page.locator(".event.unread").first).to_be_visible()
    with page.expect_response("**/notifications/read/"):
        page.evaluate(VISIBILITY, False)


def test_without_scripts_a_button_reads_all(visit: Visit):
    call(visit, "newcomer")
    page = visit("newcomer", java_script_enabled=False).new_page()
    page.goto("/notifications/")
    page.reload()
    assert count(page) >= 1
    expect(page).to_have_title(f"({count(page)}) Notifications · Microblog")
    page.get_by_role("button", name="Mark all as read").click()
    expect(badge(page)).to_be_hidden()
    expect(page.locator(".event.unread")).to_have_count(0)
    expect(page.get_by_role("button", name="Mark all as read")).to_have_count(0)


def test_choices_are_made_with_the_keyboard_and_without_scripts(visit: Visit):
    page = visit("newcomer", java_script_enabled=False).new_page()
    page.goto("/accounts/settings/notifications/")
    page.get_by_label("Somebody likes a post of mine").focus()
    page.keyboard.press("Space")
    page.get_by_label("Once a week").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Save changes").press("Enter")
    expect(page.get_by_text("Your changes are saved.")).to_be_visible()
    expect(page.get_by_label("Somebody likes a post of mine")).not_to_be_checked()
    expect(page.get_by_label("Once a week")).to_be_checked()
    page.get_by_label("Somebody likes a post of mine").check()
    page.get_by_label("Never").check()
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_label("Never")).to_be_checked()
