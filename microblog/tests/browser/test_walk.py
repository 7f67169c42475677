"""Every page that links lead to: accessible, as wide as the screen, quiet, and named."""

import pytest
from django.conf import settings

from microblog.tests.browser.conftest import Site, Visit
from microblog.tests.browser.people import LONG_USERNAME
from microblog.tests.browser.walk import Walk

pytestmark = pytest.mark.browser
# Pages that links may not reach before PER_ROUTE others of their kind: long names, letters that run the other way.
HARD = [f"/@{LONG_USERNAME}/", "/@leyla/", "/@bob/"]
# Nor what nobody has asked for yet.
HARD += ["/search/", "/search/?q=sourdough", "/search/?q=a&kind=people", "/search/?q=s&kind=tags", "/search/?q=nothing"]
JOBS = [f"/jobs/{number}/" for number in range(1, 7)]  # of ada, one in each state
PUBLIC = {"blog:home", "blog:explore", "blog:person", "blog:post", "blog:search", "blog:tag", "followers"}


@pytest.mark.parametrize(
    ("who", "starts", "reached"),
    [
        (None, ["/", *HARD], PUBLIC | {"login", "register", "password_reset"}),
        (
            "ada",
            ["/", "/notifications/", *HARD, *JOBS],
            PUBLIC
            | {
                "blog:notifications",
                "blog:settings_notifications",
                "blog:jobs",
                "blog:import",
                "settings",
                "settings_sessions",
                "password_change",
            },
        ),
        ("newcomer", ["/", "/@newcomer/", "/@newcomer/followers/"], {"blog:home", "followers"}),
        ("moderator", ["/", "/search/"], PUBLIC | {"admin:index"}),
        ("root", ["/admin/"], {"admin:index"}),
    ],
    ids=["visitor", "member", "newcomer", "moderator", "administrator"],
)
def test_every_page_is_fit_for_everybody(who, starts, reached, site: Site, visit: Visit, axe: str, pictures):
    prefix = "/admin/" if who == "root" else "/"
    walk = Walk(visit(who), site.origin, axe, prefix=prefix, pictures=pictures and pictures / (who or "visitor"))
    walk.go(*starts)
    assert not walk.faults, walk.report()
    assert reached <= walk.kinds


@pytest.mark.parametrize("who", [None, "ada"], ids=["visitor", "member"])
@pytest.mark.parametrize("language", [code for code, _name in settings.LANGUAGES if code != "en"])
def test_longer_words_of_other_languages_fit(language, who, site: Site, visit: Visit):
    walk = Walk(visit(who, locale=language), site.origin)
    walk.go("/", *HARD, *(["/notifications/", *JOBS] if who else ()))
    assert not walk.faults, walk.report()
    assert walk.kinds >= PUBLIC
    assert walk.languages == {language}


def test_private_messages_are_fit_for_everybody(site: Site, visit: Visit, axe: str, pictures):
    walk = Walk(visit("ada"), site.origin, axe, pictures=pictures and pictures / "messages")
    page = walk.open()
    people = [f"/messages/@{name}/" for name in ("bob", "leyla", "closed", "vera", LONG_USERNAME)]
    shown = ["/messages/", *people, site.addresses["left"], "/messages/new/", "/accounts/settings/messages/"]
    for address in [*shown, f"{site.addresses['left']}delete/"]:
        walk.look_at(page, address)
    walk.look_at(page, "/messages/new/?to=nobody-here", 422)
    walk.compare_titles()
    assert not walk.faults, walk.report()
    assert len(walk.visited) == len(shown) + 2


@pytest.mark.parametrize("who", [None, "ada"], ids=["visitor", "member"])
def test_conversations_are_fit_for_everybody(who, site: Site, visit: Visit, axe: str, pictures):
    walk = Walk(visit(who), site.origin, axe, pictures=pictures and pictures / f"talk-{who or 'visitor'}")
    page, post = walk.open(), site.addresses["post"]
    for address in [site.addresses[name] for name in ("post", "gone", "deep", "quiet")]:
        walk.look_at(page, address)
    for part in ("likes/", "reposts/"):
        walk.look_at(page, post + part)
    walk.compare_titles()
    assert not walk.faults, walk.report()
    assert len(walk.visited) == 6


def test_pages_behind_an_email_are_fit_for_everybody(site: Site, visit: Visit, axe: str):
    walk = Walk(visit(), site.origin, axe)
    page = walk.open()
    for name in ("reset", "unsubscribe"):
        walk.look_at(page, site.addresses[name])
    assert len(walk.visited) == 2
    assert not walk.faults, walk.report()


@pytest.mark.parametrize(("address", "status"), [("/nowhere/", 404), ("/explore/?before=letters", 400)])
@pytest.mark.parametrize("who", [None, "ada"], ids=["visitor", "member"])
def test_pages_about_errors_are_fit_for_everybody(address, status, who, site: Site, visit: Visit, axe: str):
    walk = Walk(visit(who), site.origin, axe)
    walk.look_at(walk.open(), address, status)
    assert not walk.faults, walk.report()
    assert len(walk.visited) == 1


def test_the_walk_notices_what_is_wrong(site: Site, visit: Visit, axe: str):
    context = visit()
    bad = '<h1>One</h1><h1>Two</h1><p style="width:2000px">Wide</p><img src="/nothing.png"><a href="/gone/">Gone</a>'
    bad += '<button style="width:2em;overflow:hidden">Unbreakable</button>'
    bad += "<script>console.warn('Loud')</script>"
    context.route(f"{site.origin}/bad/", lambda route: route.fulfill(body=bad, content_type="text/html"))
    walk = Walk(context, site.origin, axe)
    walk.go("/bad/")
    noticed = walk.report()
    for fault in [
        "Does not say its language",
        "Has no title",
        "Has 2 h1",
        "Scrolls sideways at 360 px",
        "Cuts words off at 360 px: Unbreakable",
        "image-alt",
        "404 for",
        "In the console: warning: Loud",
        "Answers 404\n    on 1: /gone/",
    ]:
        assert fault in noticed
