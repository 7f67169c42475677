"""Every page that links lead to: accessible, as wide as the screen, quiet, and named."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext

from microblog.tests.browser.conftest import Site
from microblog.tests.browser.walk import Walk

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("who", "starts", "reached"),
    [
        (None, ["/"], {"/", "/explore/", "/accounts/login/", "/@bob/"}),
        ("ada", ["/"], {"/", "/explore/", "/@ada/", "/@bob/"}),
        ("newcomer", ["/", "/@newcomer/"], {"/", "/@newcomer/"}),
        ("moderator", ["/"], {"/", "/admin/"}),
        ("root", ["/admin/"], {"/admin/"}),
    ],
    ids=["visitor", "member", "newcomer", "moderator", "administrator"],
)
def test_every_page_is_fit_for_everybody(who, starts, reached, site: Site, visit: Callable[..., BrowserContext], axe):
    walk = Walk(visit(who), site.origin, axe, prefix="/admin/" if who == "root" else "/")
    walk.go(*starts)
    assert not walk.faults, "\n".join(walk.faults)
    assert reached <= set(walk.visited)


def test_the_walk_notices_what_is_wrong(site: Site, visit: Callable[..., BrowserContext], axe):
    context = visit()
    bad = '<h1>One</h1><h1>Two</h1><p style="width:2000px">Wide</p><img src="/nothing.png"><a href="/gone/">Gone</a>'
    context.route(f"{site.origin}/bad/", lambda route: route.fulfill(body=bad, content_type="text/html"))
    walk = Walk(context, site.origin, axe)
    walk.go("/bad/")
    noticed = "\n".join(walk.faults)
    for fault in [
        "does not say its language",
        "has no title",
        "has 2 h1",
        "scrolls sideways at 360 px",
        "image-alt",
        "404 for",
        "/gone/ answers 404",
    ]:
        assert fault in noticed
