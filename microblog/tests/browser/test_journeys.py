"""The way of a newcomer through the site, without scripts and without a mouse."""

import re
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from microblog.tests.browser.conftest import Visit
from microblog.tests.browser.hands import Keyboard, Pointer

pytestmark = pytest.mark.browser
PASSWORD = "a quiet afternoon in November"


def journey(page: Page, hands: Pointer | Keyboard) -> None:
    """Register, write, follow, read, settings, sign out, as somebody whom no other test meets.

    Each step is a link or a button of the page before.
    """

    def link(label: str):
        return page.get_by_role("link", name=label, exact=True).first

    def button(label: str):
        return page.get_by_role("button", name=label, exact=True).first

    name = f"newcomer_{uuid4().hex[:8]}"
    words = f"The first words of {name}, who has read @carmen."
    page.goto("/")
    hands.press(link("Join"))
    hands.write(page.get_by_label("Username"), name)
    hands.write(page.get_by_label("E-mail"), f"{name}@example.com")
    hands.write(page.get_by_label("Password", exact=True), PASSWORD)
    hands.write(page.get_by_label("Password, once more"), PASSWORD)
    hands.press(button("Join"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Home")

    hands.write(page.get_by_label("New post"), words)
    hands.press(button("Post"))
    expect(page.get_by_role("article").first).to_contain_text(words)

    hands.press(link("Explore"))
    hands.press(link("@carmen"))  # in one's own post, which is on top: hers may be a page away
    expect(page.get_by_role("heading", level=1)).to_have_text("carmen")
    hands.press(button("Follow carmen"))
    expect(button("Following carmen")).to_have_attribute("aria-pressed", "true")

    hands.press(link("Home"))
    expect(page.get_by_role("article").filter(has_text="en el parque")).to_be_visible()

    hands.press(button("Your menu"))
    hands.press(link("Settings"))
    hands.write(page.get_by_label(re.compile("^About")), "I bake.")
    hands.press(button("Save changes"))
    expect(page.get_by_label(re.compile("^About"))).to_have_value("I bake.")

    hands.press(button("Your menu"))
    hands.press(button("Sign out"))
    expect(link("Sign in")).to_be_visible()
    page.goto(f"/@{name}/")
    expect(page.get_by_role("main")).to_contain_text("I bake.")


def test_a_newcomer_gets_about_without_scripts(visit: Visit):
    journey(visit(java_script_enabled=False).new_page(), Pointer())


def test_a_newcomer_gets_about_by_keyboard_alone(visit: Visit):
    journey(visit().new_page(), Keyboard())


def test_a_newcomer_gets_about_on_a_phone(visit: Visit):
    phone = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
    journey(visit(**phone).new_page(), Pointer())
