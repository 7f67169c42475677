"""Two ways to use a page: with a pointer, and with nothing but the keyboard."""

from playwright.sync_api import Locator, expect

STOPS = 150  # presses of Tab after which what one looks for is out of reach

# Whether one sees where the focus is: it is on the screen, and it or what it stands in is outlined.
FOCUS_IS_SEEN = """(element) => {
    const box = element.getBoundingClientRect();
    const onScreen = box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight
        && box.right > 0 && box.left < innerWidth;
    return onScreen && [element, element.closest("form")].filter(Boolean).map((one) => getComputedStyle(one)).some(
        (style) => (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1) || style.boxShadow !== "none"
    );
}"""


class Pointer:
    """Clicks, and fills fields."""

    def press(self, target: Locator) -> None:
        target.click()

    def write(self, target: Locator, text: str) -> None:
        target.fill(text)


class Keyboard:
    """Tab to it, then type. Each stop on the way must be seen."""

    def press(self, target: Locator) -> None:
        self.reach(target)
        target.page.keyboard.press("Enter")

    def write(self, target: Locator, text: str) -> None:
        self.reach(target)
        target.page.keyboard.press("Control+A")
        target.page.keyboard.type(text)

    def reach(self, target: Locator) -> None:
        expect(target).to_be_visible()
        page = target.page
        for _stop in range(STOPS):
            if target.evaluate("(element) => element === document.activeElement"):
                return
            page.keyboard.press("Tab")
            focused = page.locator(":focus")
            if focused.count():
                seen = focused.evaluate(FOCUS_IS_SEEN)
                assert seen, f"One can't see the focus on {focused.evaluate('(one) => one.outerHTML.slice(0, 200)')}"
        raise AssertionError(f"The keyboard does not reach {target}")
