"""What the scripts add to pages that work without them."""

import re
from datetime import datetime
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from microblog.tests.browser.conftest import Visit
from microblog.tests.browser.walk import violations

pytestmark = pytest.mark.browser


def ids(page: Page) -> list[str]:
    return page.locator("article").evaluate_all("(cards) => cards.map((card) => card.id)")


def write(page: Page, text: str) -> None:
    page.goto("/")
    page.get_by_label("New post").fill(text)
    page.get_by_role("button", name="Post", exact=True).click()
    expect(page.get_by_role("article").first).to_contain_text(text)


def mark(page: Page) -> None:
    """Leave something in the page that is gone when it is loaded again."""
    page.evaluate("() => { window.marked = true; }")


def is_marked(page: Page) -> bool:
    return page.evaluate("() => window.marked === true")


@pytest.mark.parametrize(
    ("text", "left"),
    [("👨‍👩‍👧‍👦", "139"), ("e\u0301", "139"), ("🇨🇴", "139"), ("  two words  ", "131"), ("x" * 141, "-1")],
    ids=["family", "accent", "flag", "blanks", "too long"],
)
def test_the_counter_counts_as_people_see(text, left, visit: Visit):
    page = visit("ada").new_page()
    page.goto("/")
    counter = page.locator("[data-limit]").first
    expect(counter).to_have_text("140")
    page.get_by_label("New post").fill(text)
    expect(counter).to_have_text(left)


def test_times_are_in_the_zone_of_the_reader(visit: Visit):
    page = visit("ada", timezone_id="America/Bogota").new_page()
    page.goto("/@carmen/")
    page.get_by_role("article").last.get_by_role("link").filter(has=page.locator("time")).click()
    time = page.get_by_role("article").locator("time")
    written = datetime.fromisoformat(time.get_attribute("datetime"))
    there = written.astimezone(ZoneInfo("America/Bogota"))
    assert there.hour != written.hour
    expect(time).to_contain_text(
        re.compile(rf"\b{there.day}\b.*\b{there.hour % 12 or 12}:{there.minute:02}\s{there:%p}")
    )


def test_show_more_appends_every_post_once(visit: Visit):
    page = visit().new_page()
    page.goto("/@bob/")
    mark(page)
    first = ids(page)
    assert len(first) == 20
    more = page.get_by_role("link", name="Show more")
    pages = 1
    while more.count():
        before = page.get_by_role("article").count()
        more.click()
        expect(page.get_by_role("article").nth(before)).to_be_attached()
        pages += 1
    shown = ids(page)
    assert pages >= 3
    assert is_marked(page)
    assert shown[:20] == first
    assert len(shown) == len(set(shown)) >= 48
    numbers = [int(one.removeprefix("post-")) for one in shown]
    assert numbers == sorted(numbers, reverse=True)


def test_new_posts_wait_behind_a_quiet_bar(visit: Visit):
    reader, writer = visit("ada").new_page(), visit("bob").new_page()
    reader.clock.install()
    reader.goto("/")
    mark(reader)
    before = ids(reader)
    texts = [f"Fresh from the oven {uuid4().hex[:8]}" for _number in range(2)]
    for text in texts:
        write(writer, text)
    reader.clock.run_for(35_000)
    bar = reader.get_by_role("link", name="2 new posts")
    expect(bar).to_be_visible()
    assert ids(reader) == before
    bar.click()
    expect(bar).to_be_hidden()
    for card, text in zip(reader.get_by_role("article").all(), reversed(texts), strict=False):
        expect(card).to_contain_text(text)
    after = ids(reader)
    assert after[2:] == before
    assert len(after) == len(set(after))
    assert is_marked(reader)


def test_colours_are_switched_at_once_and_kept(visit: Visit):
    page = visit("ada").new_page()
    page.goto("/")
    mark(page)
    paper = "() => getComputedStyle(document.documentElement).backgroundColor"
    light = page.evaluate(paper)
    with page.expect_response("**/theme/"):
        page.get_by_role("button", name="Dark").click()
    dark = page.evaluate(paper)
    assert dark != light
    assert is_marked(page)
    expect(page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")
    page.reload()
    assert page.evaluate(paper) == dark
    with page.expect_response("**/theme/"):
        page.get_by_role("button", name="System").click()
    page.reload()
    assert page.evaluate(paper) == light


def test_following_happens_in_place(visit: Visit):
    page = visit("ada").new_page()
    page.goto("/@vera/")
    mark(page)
    facts = page.get_by_role("link", name="follower")
    expect(facts).to_contain_text("0 followers")
    page.get_by_role("button", name="Follow vera").click()
    expect(page.get_by_role("button", name="Following vera")).to_have_attribute("aria-pressed", "true")
    expect(facts).to_contain_text("1 follower")
    assert is_marked(page)
    page.reload()
    page.get_by_role("button", name="Following vera").click()
    expect(page.get_by_role("button", name="Follow vera")).to_have_attribute("aria-pressed", "false")
    expect(facts).to_contain_text("0 followers")


def test_a_refused_follow_is_rolled_back_and_said(visit: Visit):
    page = visit("newcomer").new_page()
    page.goto("/@carmen/")
    page.route("**/follow/", lambda route: route.abort())
    page.get_by_role("button", name="Follow carmen").click()
    expect(page.get_by_role("status")).to_contain_text("nothing was changed")
    expect(page.get_by_role("button", name="Follow carmen")).to_have_attribute("aria-pressed", "false")


def test_a_post_is_deleted_in_place_after_a_question(visit: Visit):
    page = visit("ada").new_page()
    text = f"Short lived {uuid4().hex[:8]}"
    write(page, text)
    mark(page)
    card = page.get_by_role("article").filter(has_text=text)
    card.get_by_role("link", name="More").click()
    page.get_by_role("link", name="Delete post").click()
    page.get_by_role("dialog").get_by_role("link", name="Keep it").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    card.get_by_role("link", name="More").click()
    page.get_by_role("link", name="Delete post").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete post").click()
    expect(page.get_by_role("status")).to_contain_text("deleted")
    expect(card).to_have_count(0)
    assert is_marked(page)
    page.reload()
    expect(page.get_by_text(text)).to_have_count(0)


def test_keys_lead_through_the_page(visit: Visit):
    page = visit("ada").new_page()
    page.goto("/")
    articles = page.get_by_role("article")
    page.keyboard.press("j")
    expect(articles.nth(0)).to_be_focused()
    page.keyboard.press("j")
    expect(articles.nth(1)).to_be_focused()
    page.keyboard.press("k")
    expect(articles.nth(0)).to_be_focused()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("n")
    expect(page.get_by_label("New post")).to_be_focused()
    page.keyboard.type("jkn?")
    expect(page.get_by_label("New post")).to_have_value("jkn?")


def test_keys_can_be_switched_off(visit: Visit):
    page = visit("newcomer").new_page()
    page.goto("/accounts/settings/")
    page.get_by_role("checkbox", name="Keyboard shortcuts").uncheck()
    page.get_by_role("button", name="Save changes").click()
    page.goto("/explore/")
    for key in "jn?":
        page.keyboard.press(key)
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("article").first).not_to_be_focused()
    page.goto("/accounts/settings/")
    page.get_by_role("checkbox", name="Keyboard shortcuts").check()
    page.get_by_role("button", name="Save changes").click()
    page.goto("/explore/")
    page.keyboard.press("j")
    expect(page.get_by_role("article").first).to_be_focused()


def test_a_text_survives_a_closed_page(visit: Visit):
    page = visit("ada").new_page()
    page.goto("/")
    page.get_by_label("New post").fill("Half a thought")
    page.goto("/explore/")
    page.goto("/")
    expect(page.get_by_label("New post")).to_have_value("Half a thought")
    page.get_by_label("New post").fill("")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_what_opens_is_fit_for_everybody(width, scheme, visit: Visit, axe: str):
    page = visit("ada", viewport={"width": width, "height": 800}, color_scheme=scheme).new_page()
    page.goto("/@ada/")
    page.get_by_role("button", name="Your menu").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    assert violations(page, axe) == []
    page.keyboard.press("Escape")
    page.get_by_role("article").first.get_by_role("link", name="More").click()
    expect(page.get_by_role("link", name="Delete post")).to_be_visible()
    assert violations(page, axe) == []
    page.get_by_role("link", name="Delete post").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert violations(page, axe) == []
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert violations(page, axe) == []
