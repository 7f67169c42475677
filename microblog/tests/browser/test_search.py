"""Searching in a browser: by a key, with suggestions, and without a script."""

import re

import pytest
from playwright.sync_api import expect

from microblog.tests.browser.conftest import Visit
from microblog.tests.browser.walk import violations

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [360, 1280])
def test_a_key_leads_to_the_box_and_arrows_to_what_is_suggested(width, visit: Visit, axe: str):
    page = visit("ada", viewport={"width": width, "height": 800}, bypass_csp=True).new_page()
    page.goto("/explore/")
    page.keyboard.press("/")
    box = page.locator(".find input:focus")
    expect(box).to_have_attribute("name", "q")
    page.keyboard.type("carm")
    expect(page.locator(".suggestions:visible a").first).to_contain_text("@carmen")
    expect(page.locator("#live")).to_contain_text("Suggestions are shown")
    assert not violations(page, axe)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    expect(box).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".suggestions:visible")).to_have_count(0)
    page.keyboard.type("e")
    page.locator(".suggestions:visible a").first.click()
    expect(page).to_have_url(re.compile("/@carmen/$"))


def test_the_key_opens_the_page_where_no_box_is_in_sight(visit: Visit):
    page = visit("ada", viewport={"width": 360, "height": 800}).new_page()
    page.goto("/")
    page.keyboard.press("/")
    expect(page).to_have_url(re.compile("/search/$"))


def test_show_more_appends_every_hit_once(visit: Visit):
    page = visit().new_page()
    page.goto("/search/?q=baking&order=newest")
    expect(page.locator("article mark").first).to_have_text("baking")
    for count in (40, 45):
        page.get_by_role("link", name="Show more").click()
        expect(page.locator("article")).to_have_count(count)
    ids = page.locator("article").evaluate_all("(cards) => cards.map((card) => card.id)")
    assert len(set(ids)) == 45
    expect(page.locator("#pager a")).to_have_count(0)


@pytest.mark.parametrize("kind", ["posts", "people", "tags"])
def test_a_very_long_word_makes_no_page_wider(visit: Visit, kind: str):
    page = visit(viewport={"width": 360, "height": 800}).new_page()
    page.goto(f"/search/?kind={kind}&q={'x' * 3000}")
    expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_without_a_script_everything_is_a_form_and_links(visit: Visit):
    page = visit(java_script_enabled=False, viewport={"width": 360, "height": 800}).new_page()
    page.goto("/explore/")
    box = page.locator("main .find input[name='q']")
    box.fill("bob")
    box.press("Enter")
    expect(page.locator(".meant")).to_contain_text("@bob")
    page.goto("/search/?q=baking")
    page.get_by_role("link", name="Next page").click()
    expect(page.locator("article")).to_have_count(20)
    page.get_by_role("link", name="First page").click()
    page.get_by_role("link", name="People").click()
    expect(page.get_by_role("heading", name="Nothing found for “baking”")).to_be_visible()
