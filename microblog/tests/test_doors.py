"""Every address, tried the wrong way: without a token, by strangers, with what no form would send."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import User
from accounts.tests.base import make_user
from blog.models import Post
from blog.tests.base import make_post

pytestmark = pytest.mark.django_db
HOSTILE = [
    "?before=letters",
    "?before=-1",
    "?before=" + "9" * 400,
    "?after=%00",
    "?before=1&after=1",
    "?next=//evil.example",
]
NAMES = ["%00", "%2e%2e", "a" * 5000, "%3Cscript%3E", "💥", "a%2Fb", "%F0%28%8C%28", "ADMIN'--"]


def patterns(resolver: URLResolver, prefix: tuple[str, ...] = ()) -> Iterator[tuple[str, URLPattern]]:
    """Every named address of the site but the admin's, which is Django's to test."""
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            if entry.namespace != "admin":
                yield from patterns(entry, (*prefix, entry.namespace) if entry.namespace else prefix)
        elif entry.name:
            yield ":".join((*prefix, entry.name)), entry


def arguments(pattern: URLPattern, post: Post, who: User) -> dict[str, object]:
    """Something that exists for each part of the address."""
    known = {
        "pk": post.pk,
        "username": who.username,
        "name": "bread",
        "uidb64": "x",
        "token": "y-z",
        "section": "people",
    }
    return {
        part: known.get(part, 1 if type(converter).__name__ == "IntConverter" else "x")
        for part, converter in pattern.pattern.converters.items()
    }


@pytest.fixture
def addresses() -> list[tuple[str, str]]:
    ada = make_user("ada")
    post = make_post(ada, "Bread. #bread @ada https://example.org/")
    found = []
    for name, pattern in patterns(get_resolver()):
        found.append((name, reverse(name, kwargs=arguments(pattern, post, ada))))
    assert len(found) >= 40
    return found


@pytest.fixture
def clients() -> dict[str, Client]:
    """A visitor, the author, a stranger and a member of the staff, each without tokens for their forms."""
    made = {"visitor": Client(enforce_csrf_checks=True, raise_request_exception=False)}
    for name in ["ada", "stranger", "staff"]:
        client = made[name] = Client(enforce_csrf_checks=True, raise_request_exception=False)
        user = User.objects.filter(username=name).first() or make_user(name, is_staff=name == "staff")
        client.force_login(user)
    return made


def answers(clients: dict[str, Client], method: str, path: str) -> dict[str, int]:
    return {who: getattr(client, method)(path).status_code for who, client in clients.items()}


def test_no_address_crashes_by_get(addresses, clients):
    wrong = {path: got for _, path in addresses if max((got := answers(clients, "get", path)).values()) >= 500}
    assert not wrong


def test_every_answer_has_a_policy_and_some_text(addresses, clients):
    """Errors, redirects, files, probes and the administration too; and no error is a blank page."""
    paths = [path for _, path in addresses] + ["/nothing/", "/admin/", "/admin/accounts/user/", "/static/nothing.css"]
    bare, blank = [], []
    for path in paths:
        for who, client in clients.items():
            answer = client.get(path)
            bare += [] if "default-src" in answer.headers.get("Content-Security-Policy", "") else [(who, path)]
            blank += [(who, path)] if answer.status_code >= 400 and b"<h1" not in answer.content else []
    assert not bare
    assert not blank
    refused = clients["visitor"].get("/", headers={"Host": "evil.example"})
    assert (refused.status_code, "default-src" in refused.headers["Content-Security-Policy"]) == (400, True)


def test_no_address_changes_anything_without_a_token(addresses, clients):
    """403 for a form without a token, 405 where nothing can be posted, a redirect for old addresses: never 200."""
    before = User.objects.count(), Post.objects.count(), User.objects.get(username="ada").follower_count
    wrong = {}
    for name, path in addresses:
        got = answers(clients, "post", path)
        if not set(got.values()) <= {301, 302, 403, 404, 405}:
            wrong[name] = got
    assert not wrong
    assert before == (User.objects.count(), Post.objects.count(), User.objects.get(username="ada").follower_count)


def test_hostile_queries_get_a_clear_answer(addresses, clients):
    wrong = {}
    for _, path in addresses:
        for query in HOSTILE:
            got = answers({"stranger": clients["stranger"], "visitor": clients["visitor"]}, "get", path + query)
            if max(got.values()) >= 500:
                wrong[path + query] = got
    assert not wrong


@pytest.mark.parametrize("name", NAMES)
def test_hostile_names_get_a_clear_answer(name, clients, db):
    for path in [
        "/@{}/",
        "/@{}/followers/",
        "/@{}/avatar.svg",
        "/@{}/feed.atom",
        "/tags/{}/",
        "/user/{}",
        "/posts/{}/",
    ]:
        for method in ["get", "post"]:
            got = answers({"visitor": clients["visitor"]}, method, path.format(name))
            assert max(got.values()) < 500, (path, method)
