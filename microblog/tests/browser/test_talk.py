"""Answering, liking and reposting in a browser: at once with scripts, and without them."""

from uuid import uuid4

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from microblog.tests.browser.conftest import Site, Visit
from microblog.tests.browser.test_scripts import is_marked, mark, write
from microblog.tests.browser.walk import violations

pytestmark = pytest.mark.browser
# What is done here is done by people whose pages no other test reads: tom writes, mei reads.
BUTTONS = [("Like", "like"), ("Repost", "repost")]


def fresh_post(visit: Visit, who: str = "tom") -> tuple[str, str]:
    """A new post by somebody: its text and its address."""
    page = visit(who).new_page()
    text = f"Said just now {uuid4().hex[:8]}"
    write(page, text)
    return text, page.get_by_role("article").first.locator(".when").get_attribute("href")


def button(page: Page, name: str) -> Locator:
    return page.locator(".lone").get_by_role("button", name=name)


def expect_pressed(pressed: Locator, on: bool, count: str) -> None:
    expect(pressed).to_have_attribute("aria-pressed", "true" if on else "false")
    expect(pressed.locator(".count")).to_have_text(count)


@pytest.mark.parametrize(("name", "verb"), BUTTONS)
def test_a_button_is_pressed_at_once_and_undone_in_place(name, verb, visit: Visit):
    _text, address = fresh_post(visit)
    page = visit("mei").new_page()
    page.goto(address)
    mark(page)
    held: list[Route] = []
    page.route(f"**/{verb}/", lambda route: held.append(route))  # the site has not answered yet
    button(page, name).click()
    expect_pressed(button(page, name), True, "1")
    assert page.locator(".counted a").count() == 0
    assert len(held) == 1
    held[0].continue_()
    expect(page.locator(".counted")).to_contain_text(f"1 {verb}")
    page.unroute(f"**/{verb}/")
    page.reload()
    mark(page)
    expect_pressed(button(page, name), True, "1")
    with page.expect_response(f"**/un{verb}/"):
        button(page, name).click()
    expect_pressed(button(page, name), False, "")
    expect(page.locator(".counted a")).to_have_count(0)
    assert is_marked(page)
    page.reload()
    expect_pressed(button(page, name), False, "")


def test_a_button_is_pressed_within_a_tenth_of_a_second(visit: Visit):
    """Measured in the page, from the click to the changed button, while the site is held up."""
    _text, address = fresh_post(visit)
    page = visit("mei").new_page()
    page.goto(address)
    page.route("**/like/", lambda route: None)
    took = page.evaluate(
        """() => {
            const button = document.querySelector(".lone .act.like");
            const began = performance.now();
            button.click();
            return button.ariaPressed === "true" && performance.now() - began;
        }"""
    )
    assert took is not False
    assert took < 100


@pytest.mark.parametrize(("name", "verb"), BUTTONS)
def test_what_is_refused_is_turned_back_with_a_sentence(name, verb, visit: Visit):
    _text, address = fresh_post(visit)
    page = visit("mei").new_page()
    page.goto(address)
    plain = {"content_type": "text/plain; charset=utf-8"}
    for answer, sentence in [
        (lambda route: route.abort(), "nothing was changed"),
        (lambda route: route.fulfill(status=429, body="That was too often.", **plain), "That was too often."),
        (lambda route: route.fulfill(status=404, body="Nothing.", **plain), "This post is not there any more."),
    ]:
        page.route(f"**/{verb}/", answer)
        button(page, name).click()
        expect(page.get_by_role("status")).to_contain_text(sentence)
        expect_pressed(button(page, name), False, "")
        page.unroute(f"**/{verb}/")
    page.reload()
    expect_pressed(button(page, name), False, "")


def test_a_double_click_is_one_like(visit: Visit):
    _text, address = fresh_post(visit)
    page = visit("mei").new_page()
    page.goto(address)
    button(page, "Like").dblclick()
    expect_pressed(button(page, "Like"), True, "1")
    expect(page.locator(".counted")).to_contain_text("1 like")
    page.reload()
    expect_pressed(button(page, "Like"), True, "1")


def test_buttons_work_without_scripts_and_one_is_back_where_one_was(visit: Visit):
    text, _address = fresh_post(visit)
    page = visit("mei", java_script_enabled=False).new_page()
    page.goto("/explore/")
    card = page.get_by_role("article").filter(has_text=text)
    for name in ("Like", "Repost"):
        card.get_by_role("button", name=name).click()
        expect_pressed(card.get_by_role("button", name=name), True, "1")
        assert "/explore/#post-" in page.url
    card.get_by_role("button", name="Like").click()
    expect_pressed(card.get_by_role("button", name="Like"), False, "")
    page.goto("/@mei/")
    expect(page.get_by_role("article").first).to_contain_text("mei reposted")
    expect(page.get_by_role("article").first).to_contain_text(text)


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_visitors_are_led_to_sign_in(scripts, visit: Visit):
    text, address = fresh_post(visit)
    page = visit(java_script_enabled=scripts).new_page()
    page.goto("/explore/")
    page.get_by_role("article").filter(has_text=text).get_by_role("button", name="Like").click()
    expect(page.get_by_label("Username")).to_be_visible()
    assert page.url.endswith("/accounts/login/?next=/explore/")
    page.goto(address)
    page.get_by_role("link", name="Sign in to answer").click()
    assert page.url.endswith(f"/accounts/login/?next={address}")


def test_an_ended_session_is_led_to_sign_in_by_a_script_too(visit: Visit):
    _text, address = fresh_post(visit)
    context = visit("newcomer")
    page = context.new_page()
    page.goto(address)
    context.clear_cookies(name="sessionid")
    button(page, "Like").click()
    expect(page.get_by_label("Username")).to_be_visible()
    assert page.url.endswith(f"/accounts/login/?next={address}")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_an_answer_is_written_below_the_post_and_stands_there(scripts, visit: Visit):
    text, address = fresh_post(visit)
    page = visit("mei", java_script_enabled=scripts).new_page()
    page.goto("/explore/")
    page.get_by_role("article").filter(has_text=text).get_by_role("link", name="Reply").click()
    assert page.url.endswith(f"{address}#reply")
    field = page.get_by_label("Your answer")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("placeholder", "Reply to tom")
    field.fill("x" * 141)
    page.get_by_role("button", name="Reply", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("1 character too long")
    expect(field).to_have_value("x" * 141)
    field.fill("Well said.")
    page.get_by_role("button", name="Reply", exact=True).click()
    expect(page.get_by_role("main")).to_contain_text("Your answer is now live.")
    expect(page.locator(".branch article")).to_contain_text("Well said.")
    expect(page.get_by_label("Your answer")).to_have_value("")
    expect(page.locator(".lone").get_by_role("link", name="Reply").locator(".count")).to_have_text("1")


def test_what_was_typed_as_an_answer_is_no_post_and_survives_a_closed_page(visit: Visit):
    _text, address = fresh_post(visit)
    page = visit("mei").new_page()
    page.goto(address)
    page.get_by_label("Your answer").fill("Half an answer")
    page.goto("/")
    expect(page.get_by_label("New post")).to_have_value("")
    page.goto(address)
    expect(page.get_by_label("Your answer")).to_have_value("Half an answer")


def test_more_answers_come_in_place_each_once(site: Site, visit: Visit):
    page = visit().new_page()
    page.goto(site.addresses["post"])
    mark(page)
    branches = page.locator(".branch")
    expect(branches).to_have_count(20)
    page.get_by_role("link", name="Show more").click()
    expect(page.get_by_role("link", name="Show more")).to_have_count(0)
    shown = page.locator(".branch article").evaluate_all("(cards) => cards.map((card) => card.id)")
    assert branches.count() == 23
    assert len(shown) == len(set(shown))
    assert is_marked(page)


def test_a_conversation_opens_at_the_post_that_was_asked_for(site: Site, visit: Visit):
    page = visit(viewport={"width": 360, "height": 740}).new_page()
    page.goto(site.addresses["quiet"])
    expect(page.locator(".above article").first).not_to_be_in_viewport()
    expect(page.locator(".lone article")).to_be_in_viewport()


def test_a_deleted_answer_leaves_its_place_if_it_was_answered(visit: Visit):
    _text, address = fresh_post(visit)
    page = visit("mei").new_page()

    def answer(where: str, text: str) -> str:
        page.goto(where)
        page.get_by_label("Your answer").fill(text)
        page.get_by_role("button", name="Reply", exact=True).click()
        return page.locator(".branch article").filter(has_text=text).locator(".when").get_attribute("href")

    answer(answer(address, "To be deleted."), "To stay.")
    page.goto(address)
    page.locator("article").filter(has_text="To be deleted.").get_by_role("link", name="More").click()
    page.get_by_role("link", name="Delete post").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("1 answer stays, below its empty place.")
    dialog.get_by_role("button", name="Delete post").click()
    place = page.locator(".branch .gone")
    expect(place).to_have_text("This post was deleted.")
    page.reload()
    expect(place).to_have_text("This post was deleted.")
    expect(page.locator(".branch article")).to_contain_text("To stay.")


def test_keys_like_and_answer_the_focused_post(visit: Visit):
    text, address = fresh_post(visit)
    page = visit("mei").new_page()
    page.goto("/explore/")
    page.keyboard.press("j")
    card = page.get_by_role("article").filter(has_text=text)
    expect(card).to_be_focused()
    with page.expect_response("**/like/"):
        page.keyboard.press("l")
    expect_pressed(card.get_by_role("button", name="Like"), True, "1")
    expect(card).to_be_focused()
    page.keyboard.press("r")
    expect(page.get_by_label("Your answer")).to_be_focused()
    assert page.url.endswith(f"{address}#reply")
    page.keyboard.type("lr")
    expect(page.get_by_label("Your answer")).to_have_value("lr")
    page.get_by_label("Your answer").fill("")
    page.get_by_label("Your answer").blur()
    page.keyboard.press("r")
    expect(page.get_by_label("Your answer")).to_be_focused()
    page.get_by_label("Your answer").blur()
    with page.expect_response("**/unlike/"):
        page.keyboard.press("l")
    expect_pressed(button(page, "Like"), False, "")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Answer this post")


def test_keys_lead_through_a_conversation(site: Site, visit: Visit):
    page = visit("ada").new_page()
    page.goto(site.addresses["quiet"])
    articles = page.get_by_role("article")
    for number in range(3):
        page.keyboard.press("j")
        expect(articles.nth(number)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".lone article")).to_contain_text("Not I, 6 times.")


def test_a_repost_moves_a_post_up_behind_the_quiet_bar(visit: Visit):
    """ "1 new post" brings what was repeated to the top, and it is there once."""
    text, address = fresh_post(visit, "mei")
    write(visit("mei").new_page(), f"Newer {uuid4().hex[:8]}")
    reader, fan = visit("mei").new_page(), visit("tom").new_page()
    reader.clock.install()
    reader.goto("/")
    expect(reader.get_by_role("article").first).to_contain_text("Newer")
    fan.goto(address)
    with fan.expect_response("**/repost/"):
        button(fan, "Repost").click()
    reader.clock.run_for(35_000)
    reader.get_by_role("link", name="1 new post").click()
    expect(reader.get_by_role("article").first).to_contain_text("tom reposted")
    expect(reader.get_by_role("article").first).to_contain_text(text)
    expect(reader.get_by_role("article").filter(has_text=text)).to_have_count(1)


def test_a_reposted_post_is_translated_in_place(visit: Visit):
    writer, reader = visit("tom").new_page(), visit("mei").new_page()
    text = f"Mañana salimos al monte con los amigos de siempre {uuid4().hex[:6]}"
    writer.goto("/")
    writer.get_by_label("Language of the post").select_option("es")
    write_here = writer.get_by_label("New post")
    write_here.fill(text)
    writer.get_by_role("button", name="Post", exact=True).click()
    card = writer.get_by_role("article").filter(has_text=text)
    with writer.expect_response("**/repost/"):
        card.get_by_role("button", name="Repost").click()
    writer.goto("/")
    writer.get_by_label("Language of the post").select_option("")
    reader.goto("/@tom/")
    card = reader.get_by_role("article").filter(has_text=text)
    expect(card).to_contain_text("tom reposted")
    card.get_by_role("button", name="Translate from Spanish").click()
    expect(card.locator(".translation")).to_contain_text(text.upper())


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_pressed_buttons_and_refused_answers_are_fit_for_everybody(width, scheme, visit: Visit, axe: str):
    _text, address = fresh_post(visit)
    page = visit("mei", viewport={"width": width, "height": 800}, color_scheme=scheme).new_page()
    page.goto(address)
    for name in ("Like", "Repost"):
        button(page, name).click()
        expect_pressed(button(page, name), True, "1")
    expect(page.locator(".counted a")).to_have_count(2)
    page.get_by_label("Your answer").fill("x" * 141)
    assert violations(page, axe) == []
    page.get_by_role("button", name="Reply", exact=True).click()
    expect(page.get_by_role("alert")).to_be_focused()
    assert violations(page, axe) == []


def test_right_to_left_the_line_runs_on_the_other_side(site: Site, visit: Visit):
    page = visit(locale="ar").new_page()
    page.goto(site.addresses["quiet"])
    assert page.evaluate("document.documentElement.dir") == "rtl"
    box = page.locator(".above .joined article").first.bounding_box()
    avatar = page.locator(".above .joined article .avatar").first.bounding_box()
    line = page.evaluate(
        """() => {
            const style = getComputedStyle(document.querySelector(".above .joined article"), "::before");
            return parseFloat(style.right);
        }"""
    )
    assert box["x"] + box["width"] - line == pytest.approx(avatar["x"] + avatar["width"] / 2 + 1, abs=1.5)
