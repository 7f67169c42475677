"""The first view of home, all its files together, over the wire."""

from urllib.parse import urlsplit

import pytest

from microblog.tests.browser.conftest import Visit

pytestmark = pytest.mark.browser
AT_MOST = 60 * 1024  # bytes


@pytest.mark.parametrize("who", [None, "ada"], ids=["visitor", "member"])
def test_the_first_view_of_home_is_light(who, visit: Visit, record_property):
    page = visit(who).new_page()
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    answers: dict[str, dict] = {}
    weights: dict[str, int] = {}
    session.on("Network.responseReceived", lambda event: answers.update({event["requestId"]: event["response"]}))
    session.on("Network.loadingFinished", lambda end: weights.update({end["requestId"]: end["encodedDataLength"]}))
    page.goto("/", wait_until="networkidle")

    lines = [f"{'bytes':>7}  {'encoding':8}  address"]
    for request, weight in sorted(weights.items(), key=lambda item: -item[1]):
        headers = {name.lower(): value for name, value in answers[request]["headers"].items()}
        path = urlsplit(answers[request]["url"]).path
        lines.append(f"{weight:7}  {headers.get('content-encoding', '-'):8}  {path}")
        if path.endswith((".css", ".js")):
            assert headers["content-encoding"] == "br"
    total = sum(weights.values())
    lines.append(f"{total:7}  of {AT_MOST}, home of a {'member' if who else 'visitor'}")
    record_property("figures", "\n".join(lines))
    assert page.locator("article").count() == 20
    assert total <= AT_MOST, "\n".join(lines)
