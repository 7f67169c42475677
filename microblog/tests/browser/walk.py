"""Walk a site by its links and note what is wrong with each page."""

import re
from collections import Counter, deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag, urlsplit

from django.urls import Resolver404, resolve
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Response

PER_ROUTE = 2  # pages of one kind that are visited; the others are the same template with other rows
WIDTHS = (360, 1280)  # pixels
# What a scheme decides. Everything else that axe looks at is the same in light and dark.
COLOUR_RULES = ["color-contrast", "link-in-text-block"]

FACTS = r"""() => ({
    language: document.documentElement.lang,
    title: document.title.trim().replace(/^\(\d+\+?\) /, ""),  // without how much is unread
    headings: document.querySelectorAll("h1").length,
    links: Array.from(document.querySelectorAll("a[href]:not([download]), area[href]"), (link) => link.href),
})"""
TOO_WIDE = """() => {
    const page = document.documentElement;
    if (page.scrollWidth <= page.clientWidth) return null;
    const wide = Array.from(document.body.querySelectorAll("*"))
        .filter((element) => element.getBoundingClientRect().right > page.clientWidth + 1)
        .map((element) => element.tagName.toLowerCase() + "." + element.className);
    return `${page.scrollWidth} px wide, by ${wide.slice(-3).join(", ")}`;
}"""
CUT = """() => {
    const short = "a.button, button, nav a, nav span, label, legend, h1, h2, summary";
    return Array.from(document.querySelectorAll(short))
        .filter((element) => element.clientWidth > 2 && element.scrollWidth > element.clientWidth + 1)
        .filter((element) => getComputedStyle(element).overflowX !== "visible")
        .map((element) => element.textContent.trim());
}"""
VIOLATIONS = """async (rules) => {
    const options = {resultTypes: ["violations"], preload: false};
    if (rules) options.runOnly = {type: "rule", values: rules};
    // What moves is where it will be: axe would measure a colour on its way.
    await new Promise(requestAnimationFrame);
    for (const motion of document.getAnimations()) motion.cancel();
    const found = await axe.run(document, options);
    const why = (node) => [...node.any, ...node.all, ...node.none].map((one) => one.message);
    return found.violations.flatMap(
        (rule) => rule.nodes.slice(0, 3).map((node) => `${rule.id}: ${node.html.slice(0, 200)} ${why(node)}`)
    );
}"""


def route_of(path: str) -> str:
    """The name of the view behind a path; an address that has none is a kind of its own."""
    try:
        found = resolve(path)
    except Resolver404:
        return path
    return found.view_name or found.route


def violations(page: Page, axe: str, rules: list[str] | None = None) -> list[str]:
    """What axe finds on a page as it is now, a line each; of all its rules or of these."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(axe)
    return page.evaluate(VIOLATIONS, rules)


@dataclass
class Walk:
    """What was visited and what is wrong. `prefix` keeps it to a part of the site; without `axe` it is quicker."""

    context: BrowserContext
    origin: str
    axe: str = ""
    prefix: str = "/"
    pictures: Path | None = None  # a folder for them
    faults: list[tuple[str, str]] = field(default_factory=list)
    visited: dict[str, str] = field(default_factory=dict)  # address → title
    languages: set[str] = field(default_factory=set)

    def open(self) -> Page:
        """A page that notes what is said in its console."""
        page = self.context.new_page()
        self.console: list[str] = []
        page.on("console", self.note_console)
        page.on("pageerror", lambda error: self.console.append(str(error)))
        page.on("response", self.note_response)
        return page

    def go(self, *starts: str) -> None:
        """Visit these addresses and what they lead to, PER_ROUTE pages of each kind."""
        page = self.open()
        queue, known, kinds = deque(starts), set(starts), Counter[str]()
        while queue:
            address = queue.popleft()
            kind = route_of(urlsplit(address).path)
            if kinds[kind] >= PER_ROUTE and address not in starts:
                continue
            kinds[kind] += 1
            links = self.look_at(page, address, again=kinds[kind] > 1 and address not in starts)
            for link in filter(None, map(self.address_of, links)):
                if link not in known:
                    known.add(link)
                    queue.append(link)
        page.close()
        self.compare_titles()

    def address_of(self, link: str) -> str | None:
        """The path and query of a link into our part of the site."""
        link = urldefrag(link).url
        if not link.startswith(f"{self.origin}{self.prefix}"):
            return None
        return link.removeprefix(self.origin)

    def note_console(self, message: ConsoleMessage) -> None:
        where = message.location["url"]
        refused = "Failed to load resource" in message.text and message.page and where == message.page.url
        if message.type in ("error", "warning") and not refused:  # the status of the page itself is looked at apart
            self.console.append(f"{message.type}: {message.text} {where}")

    def note_response(self, response: Response) -> None:
        if response.status >= 400 and not response.request.is_navigation_request():
            self.console.append(f"{response.status} for {response.url}")

    def look_at(self, page: Page, address: str, status: int = 200, *, again: bool = False) -> list[str]:
        """Check one page in all widths and colours. Return where its links lead.

        `again`: one of its kind was looked at before, so axe, which takes the most time, sees it in one width only.
        """
        self.console.clear()
        file = self.context.request.get(address) if self.is_a_file(address) else None
        if file:
            self.expect(file.ok, address, f"Answers {file.status}")
            return []
        page.set_viewport_size({"width": WIDTHS[0], "height": 800})
        page.emulate_media(color_scheme="light")
        response = page.goto(address)
        answered = response.status if response else None
        if answered != status:
            self.expect(False, address, f"Answers {answered}")
            return []
        if urlsplit(page.url).path != urlsplit(address).path and page.url.removeprefix(self.origin) in self.visited:
            return []  # a redirect to a page that was seen
        facts = page.evaluate(FACTS)
        self.visited[page.url.removeprefix(self.origin)] = facts["title"]
        self.languages.add(facts["language"])
        self.expect(facts["language"], address, "Does not say its language")
        self.expect(facts["title"], address, "Has no title")
        self.expect(facts["headings"] == 1, address, f"Has {facts['headings']} h1")
        for width in WIDTHS:
            whole = width == WIDTHS[0] or not again or self.pictures
            self.look_at_width(page, address, width, self.axe if whole else "")
        for said in self.console:
            self.faults.append((address, f"In the console: {said}"))
        return facts["links"]

    def look_at_width(self, page: Page, address: str, width: int, axe: str) -> None:
        page.set_viewport_size({"width": width, "height": 800})
        too_wide = page.evaluate(TOO_WIDE)
        self.expect(not too_wide, address, f"Scrolls sideways at {width} px: {too_wide}")
        for words in page.evaluate(CUT):
            self.faults.append((address, f"Cuts words off at {width} px: {words}"))
        if not axe:
            return
        for violation in violations(page, axe):
            self.faults.append((address, f"At {width} px, light: {violation}"))
        self.take_picture(page, address, f"{width}-light")
        page.emulate_media(color_scheme="dark")
        for violation in violations(page, axe, COLOUR_RULES):
            self.faults.append((address, f"At {width} px, dark: {violation}"))
        self.take_picture(page, address, f"{width}-dark")
        page.emulate_media(color_scheme="light")

    def take_picture(self, page: Page, address: str, look: str) -> None:
        if self.pictures:
            name = re.sub(r"[^\w@.-]+", "_", address).strip("_") or "front"
            page.screenshot(path=self.pictures / f"{name}-{look}.png", full_page=True)

    def is_a_file(self, address: str) -> bool:
        """Whether the address ends like a file's (a feed, a picture), which has no page to look at."""
        return "." in urlsplit(address).path.rsplit("/", 1)[-1]

    def expect(self, fine: Any, address: str, fault: str) -> None:
        if not fine:
            self.faults.append((address, fault))

    def report(self) -> str:
        """Each fault once, with the pages that have it."""
        pages: dict[str, list[str]] = {}
        for address, fault in self.faults:
            pages.setdefault(fault, []).append(address)
        return "\n".join(f"{fault}\n    on {len(where)}: {' '.join(where[:4])}" for fault, where in pages.items())

    @property
    def kinds(self) -> set[str]:
        """The names of the views whose pages were visited."""
        return {route_of(urlsplit(address).path) for address in self.visited}

    def compare_titles(self) -> None:
        """No two addresses have one title; the pages of one list (their addresses differ after the `?`) may."""
        owners: dict[str, str] = {}
        for address, title in self.visited.items():
            path = urlsplit(address).path
            owner = owners.setdefault(title, path)
            self.expect(owner == path, path, f"Has the title of {owner}: {title}")
