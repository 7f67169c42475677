"""A foreign post in the reader's language: by a click in place, by keyboard, and without scripts."""

import re
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, expect

from blog.tests.translators import Translator
from microblog.tests.browser.conftest import Visit
from microblog.tests.browser.walk import TOO_WIDE, violations

pytestmark = pytest.mark.browser
WORDS = re.compile("Mañana salimos al monte")  # by a pattern, because a text is looked for whatever its case
SAID = re.compile("MAÑANA SALIMOS AL MONTE CON @ada Y CON @bob\\.")


def foreign(visit: Visit, who: str | None, **options) -> Locator:
    """The card of the post in Spanish, in Explore."""
    page = visit(who, **options).new_page()
    page.goto("/@carmen/")
    return page.get_by_role("article").filter(has_text="Mañana salimos al monte")


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_one_click_translates_in_place_and_another_shows_the_original(width, scheme, visit: Visit, axe: str):
    card = foreign(visit, "ada", viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = card.page
    said: list[str] = []
    # Chromium tells, at times, that it left the focus where the reader has it: so it should.
    page.on("console", lambda message: "Autofocus" in message.text or said.append(message.text))
    assert violations(page, axe) == []
    card.get_by_role("button", name="Translate from Spanish").click()
    expect(card.get_by_text(SAID)).to_be_visible()
    expect(card.get_by_text(WORDS)).to_be_hidden()
    expect(card.get_by_role("link", name="@ada")).to_have_attribute("href", "/@ada/")
    expect(card.get_by_text("Translated from Spanish by LibreTranslate")).to_be_visible()
    expect(card.locator("summary")).to_be_focused()
    assert violations(page, axe) == []
    assert page.evaluate(TOO_WIDE) is None
    page.keyboard.press("Enter")
    expect(card.get_by_text(WORDS)).to_be_visible()
    expect(card.get_by_text(SAID)).to_be_hidden()
    card.get_by_text("Show translation").click()
    expect(card.get_by_text(SAID)).to_be_visible()
    assert page.url.endswith("/@carmen/")
    assert said == []


def test_trouble_is_a_sentence_with_another_try(visit: Visit, axe: str, translator: Translator):
    page = visit("bob").new_page()
    page.goto("/@vera/")
    card = page.get_by_role("article").first
    translator.reply = (400, {"error": "Something about this text."})
    try:
        card.get_by_role("button", name="Translate from Russian").click()
        sentence = card.get_by_text("The translation did not arrive in time. Try again in a minute.")
        expect(sentence).to_be_focused()
        assert violations(page, axe) == []
    finally:
        translator.reply = None
    card.get_by_role("button", name="Try again").click()
    expect(card.get_by_text("Translated from Russian by LibreTranslate")).to_be_visible()


def test_without_scripts_it_is_a_page_of_its_own(visit: Visit):
    card = foreign(visit, "ada", java_script_enabled=False)
    page = card.page
    card.get_by_role("button", name="Translate from Spanish").click()
    expect(page).to_have_title(
        re.compile(r"Translation of a post by carmen · Microblog$")
    )  # unread news stand before it
    expect(page.get_by_text(SAID)).to_be_visible()
    expect(page.get_by_text(WORDS)).to_be_hidden()
    page.get_by_text("Show original").click()
    expect(page.get_by_text(WORDS)).to_be_visible()
    page.get_by_role("link", name="The post itself").click()
    expect(page.get_by_role("button", name="Translate from Spanish")).to_be_visible()


def test_a_visitor_is_led_to_sign_in_for_what_is_not_kept(visit: Visit):
    for scripts in (True, False):
        page = visit(java_script_enabled=scripts).new_page()
        page.goto("/@leyla/")
        page.get_by_role("button", name="Translate from Arabic").click()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        assert "/translation/" in page.url
        page.goto(page.url.partition("next=")[2])
        expect(page.get_by_role("link", name="Sign in to have this post translated")).to_be_visible()


def test_the_author_chooses_the_language_beside_the_text(visit: Visit, axe: str):
    page = visit("bob", viewport={"width": 360, "height": 800}).new_page()
    page.goto("/")
    assert page.evaluate(TOO_WIDE) is None
    words = f"Ok {uuid4().hex[:8]}"
    page.get_by_label("New post").fill(words)
    page.get_by_label("Language of the post").select_option("Spanish")
    page.get_by_role("button", name="Post", exact=True).click()
    card = page.get_by_role("article").filter(has_text=words)
    expect(card.locator(".body")).to_have_attribute("lang", "es")
    expect(page.get_by_label("Language of the post")).to_have_value("es")
    assert violations(page, axe) == []
    page.get_by_label("Language of the post").select_option("")
    page.get_by_label("New post").fill("And the rest is in English, plainly.")
    page.get_by_role("button", name="Post", exact=True).click()
    expect(page.get_by_label("Language of the post")).to_have_value("")
