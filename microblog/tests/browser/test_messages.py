"""Private messages in a browser: sent in place, coming in by themselves, and all of it without a script, too."""

import re
from datetime import datetime
from urllib.parse import urlsplit
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from accounts.tests.base import PASSWORD
from microblog.tests.browser.conftest import Site, Visit
from microblog.tests.browser.hands import Keyboard
from microblog.tests.browser.walk import TOO_WIDE, violations

pytestmark = pytest.mark.browser
NEWS = "**/messages/@*/news/*"
HIDE = """(hidden) => {
    Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
    document.dispatchEvent(new Event("visibilitychange"));
}"""


def note_questions(page: Page) -> list[str]:
    """What the page asks the small address for, from now on."""
    asked: list[str] = []
    page.on("request", lambda request: urlsplit(request.url).path.endswith("/news/") and asked.append(request.url))
    return asked


def let_it_run(page: Page) -> None:
    """Let the page's script act on what it was answered, while its clock stands."""
    for _turn in range(3):
        page.evaluate(
            "() => new Promise((done) => { const { port1, port2 } = new MessageChannel();"
            " port1.onmessage = done; port2.postMessage(0); })"
        )


def words() -> str:
    return f"Only once {uuid4().hex[:8]}."


def open_talk(page: Page, other: str = "bob") -> Page:
    """Open a conversation, and leave something in the page that is gone when it is loaded again."""
    page.goto(f"/messages/@{other}/")
    page.evaluate("() => { window.marked = true; }")
    return page


def is_marked(page: Page) -> bool:
    return page.evaluate("() => window.marked === true")


def field(page: Page):
    return page.locator("form.send textarea")


def send(page: Page, text: str) -> None:
    field(page).fill(text)
    page.get_by_role("button", name="Send").click()


def said(page: Page):
    return page.locator("#talk .said")


def test_a_message_is_sent_in_place(visit: Visit):
    page, text = open_talk(visit("ada").new_page()), words()
    send(page, text)
    expect(said(page).last).to_contain_text(text)
    expect(said(page).last.locator("time")).to_have_text(re.compile("\\d:\\d\\d"))
    expect(field(page)).to_have_value("")
    expect(field(page)).to_be_focused()
    expect(page.locator("#heard")).to_have_text("Your message is sent.")
    assert is_marked(page)
    page.reload()
    expect(page.locator("#talk .said", has_text=text)).to_have_count(1)
    expect(page.locator(".day").last).to_have_text("Today")


def test_with_nothing_but_the_keyboard(visit: Visit):
    page, text = open_talk(visit("ada").new_page()), words()
    Keyboard().write(field(page), text)
    page.keyboard.press("Control+Enter")
    expect(said(page).last).to_contain_text(text)
    assert is_marked(page)


def hears(reader: Page, writer: Page) -> str:
    """Let `writer` send something, and `reader`, whose clock is installed, ask for news. Return what was said."""
    text = words()
    send(writer, text)
    expect(said(writer).last).to_contain_text(text)
    with reader.expect_response("**/read/"):
        reader.clock.run_for(25_000)
    expect(said(reader).last).to_contain_text(text)
    return text


def test_a_message_comes_in_without_a_reload_and_is_read(visit: Visit):
    reader, writer = visit("ada").new_page(), visit("bob").new_page()
    reader.clock.install()
    open_talk(reader)
    open_talk(writer, "ada")
    text = hears(reader, writer)
    expect(reader.locator("#heard")).to_have_text("New message from bob.")
    assert is_marked(reader)
    # The writer sees that it was read: at the latest 20 seconds later.
    expect(writer.locator("#talk .mine", has_text=text).locator("+ .seen")).to_be_visible(timeout=60_000)
    expect(writer.locator(".seen")).to_have_count(1)
    assert is_marked(writer)


def test_both_see_the_same_in_the_same_order(visit: Visit):
    one, other = open_talk(visit("ada").new_page()), open_talk(visit("bob").new_page(), "ada")
    texts = [words() for _number in range(4)]
    for number, text in enumerate(texts):
        page = [one, other][number % 2]
        send(page, text)
        expect(page.locator("#talk .said", has_text=text)).to_be_visible()
    for page in (one, other):
        expect(said(page).last).to_contain_text(texts[-1], timeout=60_000)
        found = said(page).all_inner_texts()[-4:]
        assert all(text in line for text, line in zip(texts, found, strict=True))
        ids = said(page).evaluate_all("(all) => all.map((one) => one.id)")
        assert len(ids) == len(set(ids))
        assert is_marked(page)


def test_a_message_comes_in_from_who_takes_none(visit: Visit):
    reader, writer = visit("moderator").new_page(), visit("newcomer").new_page()
    writer.goto("/accounts/settings/messages/")
    writer.get_by_label("Nobody").check()
    writer.get_by_role("button", name="Save changes").click()
    open_talk(writer, "moderator")
    reader.clock.install()
    open_talk(reader, "newcomer")
    expect(reader.locator("#main")).to_contain_text("newcomer takes no messages.")
    expect(field(reader)).to_have_count(0)
    hears(reader, writer)
    assert is_marked(reader)


def test_a_hidden_page_asks_nothing_and_asks_at_once_when_it_is_seen_again(visit: Visit):
    page = visit("ada").new_page()
    page.clock.install()
    open_talk(page)
    asked = note_questions(page)
    page.evaluate(HIDE, True)
    page.clock.run_for(120_000)
    assert asked == []
    with page.expect_response(NEWS):
        page.evaluate(HIDE, False)
    assert len(asked) == 1


def test_it_backs_off_while_the_server_errs_and_comes_back(visit: Visit):
    page = visit("ada").new_page()
    page.clock.install()
    open_talk(page)
    page.route(NEWS, lambda route: route.fulfill(status=500))
    waits = []
    for _failure in range(4):
        with page.expect_response(NEWS):
            waits.append(wait_for_question(page))
        let_it_run(page)
    assert waits == sorted(waits)
    assert waits[-1] >= 4 * waits[0]
    page.unroute(NEWS)
    with page.expect_response(NEWS) as answer:
        page.clock.run_for(300_000)
    assert answer.value.status == 204


def wait_for_question(page: Page) -> int:
    """Let the page's clock run until it asks. Return how many seconds that took."""
    asked = note_questions(page)
    for second in range(1, 600):
        page.clock.run_for(1000)
        if asked:
            return second
    raise AssertionError("The page never asks.")


def test_it_stops_asking_when_the_session_ends(visit: Visit):
    context = visit("ada")
    page = context.new_page()
    page.clock.install()
    open_talk(page)
    context.clear_cookies(name="sessionid")
    with page.expect_response(lambda answer: "/accounts/login/?next=/messages/" in answer.url):
        page.clock.run_for(25_000)
    let_it_run(page)
    asked = note_questions(page)
    page.clock.run_for(600_000)
    assert asked == []
    assert is_marked(page)


def test_earlier_messages_come_above_each_once(visit: Visit):
    page = open_talk(visit("ada").new_page())
    seen = said(page).count()
    pages = 1
    earlier = page.get_by_role("link", name="Earlier messages")
    while earlier.count():
        earlier.click()
        expect(said(page).nth(seen)).to_be_attached()
        expect(page.locator("#heard")).to_have_text("Earlier messages are shown above.")
        seen, pages = said(page).count(), pages + 1
    assert pages >= 3
    ids = [int(one.removeprefix("message-")) for one in said(page).evaluate_all("(all) => all.map((one) => one.id)")]
    assert ids == sorted(set(ids))
    texts = said(page).all_inner_texts()
    assert all(f"Letter {number}." in text for number, text in enumerate(texts[:60]))
    assert is_marked(page)


def test_days_begin_at_the_readers_midnight(visit: Visit):
    page = open_talk(visit("ada", timezone_id="America/Bogota").new_page())
    while (earlier := page.get_by_role("link", name="Earlier messages")).count():
        before = said(page).count()
        earlier.click()
        expect(said(page).nth(before)).to_be_attached()
    times = page.locator("#talk .said time").evaluate_all("(all) => all.map((one) => one.dateTime)")[:60]
    days = {datetime.fromisoformat(time).astimezone(ZoneInfo("America/Bogota")).date() for time in times}
    utc = {datetime.fromisoformat(time).date() for time in times}
    assert len(utc) == 30
    assert len(days) == 31  # each pair of one UTC day is of two days there
    found = page.locator(".day").all_inner_texts()
    assert len(found) == len(set(found)) >= 31
    (first, *_rest) = sorted(days)
    assert found[0] == f"{first:%A, %B} {first.day}, {first.year}"


def test_a_message_that_is_too_long_stays_in_the_field_with_the_reason(visit: Visit, axe: str):
    page = open_talk(visit("ada").new_page())
    before = said(page).count()
    send(page, "x" * 1003)
    expect(page.get_by_role("alert")).to_contain_text("This message is 3 characters too long.")
    expect(field(page)).to_have_value("x" * 1003)
    expect(field(page)).to_have_accessible_description(re.compile("too long"))
    expect(page.locator(".send .count")).to_have_text("-3")
    assert not violations(page, axe)
    text = words()
    send(page, text)
    expect(said(page).last).to_contain_text(text)
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(field(page)).not_to_have_attribute("aria-invalid", "true")
    assert said(page).count() == before + 1


def test_what_could_not_be_sent_without_a_connection_is_still_there(visit: Visit):
    context = visit("ada")
    page, text = open_talk(context.new_page()), words()
    context.set_offline(True)
    send(page, text)
    expect(page.locator("#live")).to_contain_text("There is no connection")
    expect(field(page)).to_have_value(text)
    context.set_offline(False)
    page.reload()
    expect(field(page)).to_have_value(text)
    page.get_by_role("button", name="Send").click()
    expect(said(page).last).to_contain_text(text)
    page.reload()
    expect(field(page)).to_have_value("")


def test_a_page_that_was_open_for_too_long_says_to_reload_it_and_keeps_the_text(visit: Visit):
    context = visit("ada")
    page, text = open_talk(context.new_page()), words()
    context.clear_cookies(name="csrftoken")
    send(page, text)
    expect(page.locator("#live")).to_contain_text("reload the page and try again")
    page.reload()
    expect(field(page)).to_have_value(text)
    page.get_by_role("button", name="Send").click()
    expect(said(page).last).to_contain_text(text)


def test_who_was_signed_out_finds_the_text_after_signing_in(visit: Visit):
    context = visit("bob")
    page, text = open_talk(context.new_page(), "ada"), words()
    context.clear_cookies(name="sessionid")
    send(page, text)
    page.get_by_label("Username or e-mail").fill("bob")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile("/messages/(@|%40)ada/"))
    expect(field(page)).to_have_value(text)


def test_it_all_works_without_a_script(visit: Visit):
    page, text = visit("ada", java_script_enabled=False).new_page(), words()
    page.goto("/messages/")
    page.locator(".letters").get_by_role("link", name="bob @bob").click()
    send(page, text)
    expect(said(page).last).to_contain_text(text)
    expect(page).to_have_url(re.compile("/messages/(@|%40)bob/#latest"))
    expect(field(page)).to_be_in_viewport()
    page.get_by_role("link", name="Earlier messages").click()
    expect(page.locator("#talk .said", has_text=text)).to_have_count(0)
    page.get_by_role("link", name="Later messages").click()
    expect(said(page).last).to_contain_text(text)
    send(page, "x" * 1001)
    expect(page.get_by_role("alert")).to_contain_text("This message is 1 character too long.")
    expect(field(page)).to_have_value("x" * 1001)
    page.goto("/messages/@carmen/")
    page.get_by_role("link", name="Delete this conversation").click()
    page.get_by_role("link", name="Keep it").click()
    expect(said(page)).to_have_count(1)


def test_deleting_asks_in_a_dialog(visit: Visit):
    page = visit("newcomer").new_page()
    open_talk(page, "vera")
    text = words()
    send(page, text)
    expect(said(page).last).to_contain_text(text)
    page.reload()
    page.get_by_role("link", name="Delete this conversation").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("vera keeps theirs.")
    dialog.get_by_role("link", name="Keep it").click()
    expect(said(page).last).to_contain_text(text)
    page.get_by_role("link", name="Delete this conversation").click()
    dialog.get_by_role("button", name="Delete conversation").click()
    expect(page).to_have_url(re.compile("/messages/$"))
    expect(page.locator("#main")).to_contain_text("The conversation is deleted.")
    expect(page.locator("#main")).not_to_contain_text("vera")


def test_somebody_who_left_is_a_deleted_account(site: Site, visit: Visit, axe: str):
    page = visit("ada").new_page()
    page.goto(site.addresses["left"])
    expect(page.get_by_role("heading", name="Deleted account")).to_be_visible()
    expect(said(page)).to_contain_text("Where are you?")
    assert not violations(page, axe)


@pytest.mark.parametrize("other", ["bob", "leyla"])
def test_a_phone_shows_it_whole(other, visit: Visit):
    page = visit("ada", viewport={"width": 360, "height": 640}).new_page()
    open_talk(page, other)
    assert page.evaluate(TOO_WIDE) is None
    expect(field(page)).to_be_in_viewport()
    expect(said(page).last).to_be_in_viewport()
    form, bar = page.locator("form.send").bounding_box(), page.locator(".nav").bounding_box()
    assert form["y"] + form["height"] <= bar["y"] + 1
