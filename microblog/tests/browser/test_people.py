"""The small profile beside a name, suggestions while one types, and blocking: with pointer, keyboard and finger."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from microblog.tests.browser.conftest import Site, Visit
from microblog.tests.browser.hands import Keyboard
from microblog.tests.browser.people import LONG_USERNAME
from microblog.tests.browser.walk import TOO_WIDE, Walk, violations

pytestmark = pytest.mark.browser
PAUSE = 500  # ms, as in static/js/people.js


def open_page(visit: Visit, who: str | None, address: str, **options: Any) -> Page:
    """A page on which time passes only when the test says so."""
    page = visit(who, **options).new_page()
    now = datetime.now(UTC)
    page.clock.install(time=now)
    page.goto(address)
    page.clock.pause_at(now + timedelta(hours=1))
    return page


def card(page: Page) -> Locator:
    return page.locator("#card")


def name(page: Page, username: str = "bob") -> Locator:
    return page.locator(f".post .name[href='/@{username}/']").first


def rest_on(page: Page, link: Locator) -> None:
    link.hover()
    page.clock.run_for(PAUSE + 50)
    expect(card(page)).to_be_visible()


def is_inside(page: Page, selector: str) -> bool:
    return page.evaluate(
        """(selector) => {
            const box = document.querySelector(selector).getBoundingClientRect();
            return box.width && box.left >= 0 && box.top >= 0 && box.right <= innerWidth && box.bottom <= innerHeight;
        }""",
        selector,
    )


def test_opens_after_a_pause_and_stays_while_one_points_at_it(visit: Visit):
    page = open_page(visit, "newcomer", "/explore/")
    name(page).hover()
    page.clock.run_for(PAUSE - 100)
    expect(card(page)).to_be_hidden()
    page.clock.run_for(150)
    expect(card(page)).to_be_visible()
    expect(card(page)).to_contain_text("I am bob.")
    expect(card(page)).to_contain_text("1 follower")
    card(page).hover()
    page.clock.run_for(5000)
    expect(card(page)).to_be_visible()
    page.mouse.move(2, 2)
    page.clock.run_for(1000)
    expect(card(page)).to_be_hidden()


def test_a_pointer_that_only_passes_opens_nothing(visit: Visit):
    page = open_page(visit, "newcomer", "/explore/")
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/card/" in request.url else None)
    name(page).hover()
    page.clock.run_for(PAUSE - 100)
    page.mouse.move(2, 2)
    page.clock.run_for(2000)
    expect(card(page)).to_be_hidden()
    assert asked == []


def test_escape_sends_it_away_until_one_comes_back(visit: Visit):
    page = open_page(visit, "newcomer", "/explore/")
    rest_on(page, name(page))
    page.keyboard.press("Escape")
    expect(card(page)).to_be_hidden()
    page.mouse.move(*centre(name(page)))
    page.clock.run_for(5000)
    expect(card(page)).to_be_hidden()
    page.mouse.move(2, 2)
    page.clock.run_for(1000)
    rest_on(page, name(page))


def centre(link: Locator) -> tuple[float, float]:
    box = link.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_the_keyboard_opens_it_goes_into_it_and_comes_back(visit: Visit):
    page = open_page(visit, "newcomer", "/explore/")
    link = name(page)
    Keyboard().reach(link)
    page.clock.run_for(PAUSE + 50)
    expect(card(page)).to_be_visible()
    page.keyboard.press("Tab")
    follow = card(page).get_by_role("button", name="Follow")
    expect(follow).to_be_focused()
    page.clock.run_for(5000)
    expect(card(page)).to_be_visible()
    page.keyboard.press("Shift+Tab")
    expect(link).to_be_focused()
    page.keyboard.press("Tab")
    expect(follow).to_be_focused()
    page.keyboard.press("Escape")
    expect(card(page)).to_be_hidden()
    expect(link).to_be_focused()
    page.clock.run_for(5000)
    expect(card(page)).to_be_hidden()


def test_leaving_it_by_keyboard_goes_on_behind_the_name(visit: Visit):
    page = open_page(visit, "newcomer", "/explore/")
    link = name(page)
    Keyboard().reach(link)
    page.clock.run_for(PAUSE + 50)
    expect(card(page)).to_be_visible()
    stops = card(page).locator("a, button").count()
    for _stop in range(stops + 1):
        page.keyboard.press("Tab")
    expect(card(page)).to_be_hidden()
    after = link.locator("xpath=ancestor::article").locator("a.when")
    expect(after).to_be_focused()


def test_follows_from_it_and_asks_the_server_once(visit: Visit):
    page = open_page(visit, "newcomer", "/@vera/")
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/card/" in request.url else None)
    rest_on(page, name(page, "vera"))
    follow = card(page).get_by_role("button", name="Follow")
    follow.click()
    expect(follow).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".profile .follow")).to_have_attribute("aria-pressed", "true")
    page.mouse.move(2, 2)
    page.clock.run_for(1000)
    rest_on(page, name(page, "vera"))
    expect(card(page).get_by_role("button", name="Following")).to_be_visible()
    assert len(asked) == 1
    page.reload()
    expect(page.locator(".profile .follow")).to_have_attribute("aria-pressed", "true")
    page.locator(".profile .follow").click()
    expect(page.locator(".profile .follow")).to_have_attribute("aria-pressed", "false")


@pytest.mark.parametrize("address", ["/tags/sourdough/", "/@ada/followers/"])
def test_mentions_and_lists_of_people_have_it_too(address, visit: Visit):
    page = open_page(visit, "newcomer", address)
    link = page.locator(".body a[href='/@leyla/'], .person .name[href='/@leyla/']").first
    rest_on(page, link)
    expect(card(page)).to_contain_text("@leyla")


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
@pytest.mark.parametrize("width", [360, 1280])
def test_is_inside_the_window_at_every_edge(width, direction, visit: Visit):
    page = open_page(visit, "ada", "/explore/", viewport={"width": width, "height": 500})
    page.evaluate("(direction) => { document.dir = direction; }", direction)
    links = page.locator(".post .name")
    for block in ("start", "center", "end"):
        link = links.nth({"start": 2, "center": 4, "end": 6}[block])
        # Out from under the bars above and below.
        hidden = {"start": -70, "center": 0, "end": 70}[block]
        link.evaluate("(one, [block, by]) => { one.scrollIntoView({block}); scrollBy(0, by); }", [block, hidden])
        page.mouse.move(*centre(link))
        page.clock.run_for(PAUSE + 50)
        expect(card(page)).to_be_visible()
        assert is_inside(page, "#card"), block
        page.keyboard.press("Escape")
        page.mouse.move(2, 200)
        page.clock.run_for(1000)


def test_goes_along_when_the_page_is_scrolled(visit: Visit):
    page = open_page(visit, "ada", "/explore/", viewport={"width": 1280, "height": 500})
    link = name(page)
    Keyboard().reach(link)
    page.clock.run_for(PAUSE + 50)
    expect(card(page)).to_be_visible()
    page.evaluate("scrollBy(0, 5000)")
    expect(card(page)).to_be_hidden()


def test_a_finger_follows_the_link(visit: Visit):
    page = open_page(visit, "ada", "/explore/", has_touch=True, viewport={"width": 360, "height": 800})
    name(page).tap()
    page.wait_for_url("**/@bob/")
    page.clock.run_for(5000)
    expect(card(page)).to_be_hidden()


def test_a_name_without_a_profile_opens_nothing(visit: Visit):
    page = open_page(visit, "newcomer", "/explore/")
    page.route("**/card/", lambda route: route.fulfill(status=404))
    name(page).hover()
    with page.expect_response("**/card/"):
        page.clock.run_for(PAUSE + 50)
    expect(card(page)).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_what_opens_is_fit_for_everybody(width, scheme, visit: Visit, axe: str, pictures):
    screen = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}

    def look(page: Page, what: str) -> None:
        assert violations(page, axe) == []
        if pictures:
            page.screenshot(path=pictures / f"{what}-{width}-{scheme}.png")

    page = visit("ada", **screen).new_page()
    page.goto("/explore/")
    name(page).hover()
    expect(card(page)).to_be_visible()
    look(page, "card")
    page.goto("/")
    page.get_by_label("New post").press_sequentially("Bread with @bo")
    expect(options(page)).to_have_count(1)
    look(page, "people")
    page.get_by_label("New post").fill("")
    page.get_by_label("New post").press_sequentially("More #so")
    expect(options(page, "#sourdough")).to_be_visible()
    look(page, "tags")
    page.get_by_label("New post").fill("")
    page.goto("/@vera/")
    page.get_by_role("button", name="More").first.click()
    expect(page.get_by_role("link", name="Block @vera")).to_be_visible()
    assert is_inside(page, "#ties")
    look(page, "menu")
    page.get_by_role("link", name="Block @vera").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    look(page, "block")


def box(page: Page) -> Locator:
    return page.get_by_label("New post")


def options(page: Page, text: str = "") -> Locator:
    """What is suggested; the choice of a language has options as well."""
    return page.get_by_role("listbox", name="Suggestions").get_by_role("option").filter(has_text=text)


def typing(visit: Visit, text: str, **options: Any) -> Page:
    """A home page on which `text` has been typed into a box that was empty."""
    page = visit("ada", **options).new_page()
    page.goto("/")
    box(page).fill("")
    box(page).press_sequentially(text)
    return page


def test_suggests_people_and_takes_one_with_enter(visit: Visit):
    page = typing(visit, "Bread with @bo")
    expect(page.get_by_role("listbox", name="Suggestions")).to_be_visible()
    option = options(page, "@bob")
    expect(option).to_have_attribute("aria-selected", "true")
    expect(box(page)).to_have_attribute("aria-activedescendant", str(option.get_attribute("id")))
    expect(box(page)).to_have_attribute("aria-controls", "suggestions")
    expect(page.locator("#live")).to_have_text("1 suggestion. Enter takes it.")
    page.keyboard.press("Enter")
    expect(box(page)).to_have_value("Bread with @bob ")
    expect(page.get_by_role("listbox")).to_have_count(0)
    expect(box(page)).to_be_focused()
    expect(box(page)).not_to_have_attribute("aria-activedescendant", re.compile(""))
    page.keyboard.type("today")
    expect(box(page)).to_have_value("Bread with @bob today")
    box(page).fill("")


def test_arrows_go_round_and_tab_takes(visit: Visit):
    page = typing(visit, "@c")
    page.keyboard.press("Backspace")
    page.keyboard.type("a")  # ada types, so it is carmen and no other
    expect(options(page)).to_have_count(0)
    box(page).fill("")
    box(page).press_sequentially("@")
    page.keyboard.type("l")
    expect(options(page).first).to_be_visible()
    count = options(page).count()
    for _press in range(count):
        page.keyboard.press("ArrowDown")
    expect(options(page).first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowUp")
    expect(options(page).last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    expect(box(page)).to_have_value("@leyla ")
    expect(box(page)).to_be_focused()
    box(page).fill("")


def test_escape_leaves_what_was_typed_alone(visit: Visit):
    page = typing(visit, "Hi @bo")
    expect(options(page)).to_have_count(1)
    page.keyboard.press("Escape")
    expect(options(page)).to_have_count(0)
    page.keyboard.type("b")
    page.wait_for_timeout(500)
    expect(options(page)).to_have_count(0)
    page.keyboard.press("Enter")
    expect(box(page)).to_have_value("Hi @bob\n")
    page.keyboard.type("@ver")
    expect(options(page)).to_have_count(1)
    box(page).fill("")


def test_takes_one_with_a_click_and_in_the_middle_of_a_text(visit: Visit):
    page = typing(visit, "Hi  there")
    box(page).evaluate("(one) => one.setSelectionRange(3, 3)")
    page.keyboard.type("@лей")
    expect(options(page)).to_have_count(0)
    for _letter in range(4):
        page.keyboard.press("Backspace")
    page.keyboard.type("@ليلى")
    options(page, "@leyla").click()
    expect(box(page)).to_have_value("Hi @leyla there")
    page.keyboard.press("Control+Z")
    expect(box(page)).to_have_value("Hi @ليلى there")
    box(page).fill("")


def test_suggests_tags(visit: Visit):
    page = typing(visit, "More #sou")
    options(page, "#sourdough").click()
    expect(box(page)).to_have_value("More #sourdough ")
    box(page).fill("")


def test_addresses_are_no_mentions(visit: Visit):
    page = typing(visit, "ada@bo")
    page.keyboard.type(" 谢谢@bo")
    expect(options(page)).to_have_count(1)
    page.keyboard.press("Escape")
    box(page).fill("")
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/suggest/" in request.url else None)
    box(page).press_sequentially("ada@ver https://example.org/@ver C#so @ #")
    page.wait_for_timeout(500)
    assert asked == []
    box(page).fill("")


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
@pytest.mark.parametrize("width", [360, 1280])
def test_the_list_stands_at_the_caret_and_inside_the_window(width, direction, visit: Visit):
    page = typing(visit, "", viewport={"width": width, "height": 600})
    page.evaluate("(direction) => { document.dir = direction; }", direction)
    box(page).press_sequentially("A line that is so long that it ends at the edge of a small screen @bo")
    expect(options(page)).to_have_count(1)
    assert is_inside(page, "#suggest")
    line, area = page.locator("#suggest").bounding_box(), box(page).bounding_box()
    assert line and area
    assert line["y"] > area["y"] + 20  # below the line with the caret
    assert line["y"] < area["y"] + area["height"] + 30
    box(page).fill("")


def test_an_expired_session_or_no_connection_disturbs_nobody_who_types(visit: Visit):
    page = visit("ada").new_page()
    page.goto("/")
    page.route("**/suggest/**", lambda route: route.abort())
    box(page).fill("")
    box(page).press_sequentially("@bo")
    page.unroute("**/suggest/**")
    page.route("**/suggest/**", lambda route: route.fulfill(status=429, headers={"Retry-After": "60"}))
    box(page).press_sequentially("b and @bo")
    expect(box(page)).to_have_value("@bob and @bo")
    expect(options(page)).to_have_count(0)
    box(page).fill("")


@pytest.mark.parametrize("scripts", [True, False])
def test_blocks_from_a_profile_and_unblocks_from_the_list(scripts, visit: Visit):
    context = visit("newcomer", java_script_enabled=scripts)
    page = context.new_page()
    page.goto("/@carmen/")
    page.get_by_role("button", name="More").first.click()
    page.get_by_role("link", name="Block @carmen").click()
    page.get_by_role("button", name="Block @carmen").click()
    page.wait_for_url("**/accounts/settings/blocked/")
    expect(page.locator(".note", has_text="You have blocked carmen.")).to_be_visible()
    response = page.goto("/@carmen/")
    assert response and response.status == 404
    page.goto("/accounts/settings/blocked/")
    page.get_by_role("button", name="Unblock @carmen").click()
    expect(page.locator(".note", has_text="You have unblocked carmen.")).to_be_visible()
    response = page.goto("/@carmen/")
    assert response and response.status == 200


def test_who_goes_on_by_keyboard_before_the_answer_to_follow_stays_where_they_are(visit: Visit):
    page = visit("newcomer").new_page()
    page.goto("/@vera/")
    followers = page.get_by_role("link", name=re.compile("follower"))
    before = followers.inner_text()
    held: list[Route] = []
    page.route("**/follow/", lambda route: held.append(route))
    page.get_by_role("button", name="Follow vera").press("Enter")
    expect(page.get_by_role("button", name="Following vera")).to_be_visible()
    followers.focus()
    held[0].continue_()
    expect(followers).not_to_have_text(before)
    expect(followers).to_be_focused()
    page.unroute("**/follow/")
    page.get_by_role("button", name="Following vera").press("Enter")
    expect(followers).to_have_text(before)


def test_mutes_and_blocks_from_a_post(visit: Visit):
    page = visit("newcomer").new_page()
    page.goto("/tags/senderismo/")  # where nobody else writes
    post = page.locator(".post", has=page.locator(".name[href='/@carmen/']")).first
    post.get_by_role("link", name="More").click()
    page.get_by_role("button", name="Mute @carmen").click()
    expect(page.locator(".note", has_text="You have muted carmen.")).to_be_visible()
    expect(page.locator(".post .name[href='/@carmen/']")).to_have_count(0)
    page.goto("/accounts/settings/muted/")
    page.get_by_role("button", name="Unmute @carmen").click()
    page.goto("/tags/senderismo/")
    post.get_by_role("link", name="More").click()
    page.get_by_role("link", name="Block @carmen").click()
    page.get_by_role("dialog").get_by_role("link", name="Don't block").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(post).to_be_visible()


def test_mutes_from_a_profile_and_says_so_there(visit: Visit):
    page = visit("newcomer").new_page()
    page.goto("/@carmen/")
    page.get_by_role("button", name="More").first.click()
    page.get_by_role("button", name="Mute @carmen").click()
    expect(page.locator(".note", has_text="You have muted carmen. Their posts are here")).to_be_visible()
    page.get_by_role("button", name="Unmute").first.click()
    expect(page.locator(".note", has_text="You have unmuted carmen.")).to_be_visible()


@pytest.mark.parametrize(("address", "label"), [("/@bob/", "answer"), ("/messages/@bob/", "message")])
def test_answers_and_messages_are_helped_with_too(address, label, visit: Visit):
    page = visit("ada").new_page()
    page.goto(address)
    if label == "answer":
        page.locator(".post a.when").first.click()
    area = page.locator("#reply, #message_body")
    area.fill("")
    area.press_sequentially("With @carm")
    expect(options(page, "@carmen")).to_be_visible()
    page.keyboard.press("Enter")
    expect(area).to_have_value("With @carmen ")
    expect(area).to_be_focused()
    area.fill("")


def test_pages_about_blocking_are_fit_for_everybody(site: Site, visit: Visit, axe: str, pictures):
    walk = Walk(visit("bob"), site.origin, axe, pictures=pictures)
    page = walk.open()
    for address in ("/accounts/settings/blocked/", "/accounts/settings/muted/", f"/@{LONG_USERNAME}/block/"):
        walk.look_at(page, address)
    assert not walk.faults, walk.report()
    assert len(walk.visited) == 3


def test_the_longest_name_fits_into_what_opens(visit: Visit):
    page = visit("bob", viewport={"width": 360, "height": 800}).new_page()
    page.goto(f"/@{LONG_USERNAME}/")
    page.locator("#more").click()
    menu = page.locator("#ties")
    expect(menu).to_be_visible()
    assert is_inside(page, "#ties")
    assert menu.evaluate("(one) => one.scrollWidth <= one.clientWidth")
    page.get_by_role("link", name="Block @").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    assert dialog.evaluate("(one) => one.scrollWidth <= one.clientWidth")
    page.keyboard.press("Escape")
    page.locator(f".post .name[href='/@{LONG_USERNAME}/']").first.hover()
    expect(card(page)).to_be_visible()
    assert card(page).evaluate("(one) => one.scrollWidth <= one.clientWidth")
    assert page.evaluate(TOO_WIDE) is None
