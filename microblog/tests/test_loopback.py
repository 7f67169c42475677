"""Cookies are for https; on this very machine they may go by http."""

import pytest
from django.test import Client, override_settings

from accounts.tests.base import PASSWORD, make_user

pytestmark = pytest.mark.django_db
FORM = {"username": "ada", "password": PASSWORD}
SECURE = override_settings(SESSION_COOKIE_SECURE=True, CSRF_COOKIE_SECURE=True)


def cookies_of(host: str, **about: str) -> dict[str, bool]:
    """Which cookies signing in sets, and whether each is for https only."""
    make_user("ada")
    with SECURE:
        response = Client(headers={"host": host}, **about).post("/accounts/login/", FORM)
    return {name: bool(cookie["secure"]) for name, cookie in response.cookies.items()}


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost"])
def test_on_this_machine_they_go_by_http(host):
    assert cookies_of(host) == {"csrftoken": False, "sessionid": False}


@pytest.mark.parametrize(
    ("host", "about"),
    [
        ("testserver", {}),
        ("127.0.0.1", {"REMOTE_ADDR": "192.0.2.7"}),
        ("127.0.0.1", {"HTTP_X_FORWARDED_FOR": "192.0.2.7"}),
    ],
)
def test_from_anywhere_else_they_are_for_https(host, about):
    assert all(cookies_of(host, **about).values())


def test_https_on_this_machine_keeps_them_for_https():
    make_user("ada")
    with SECURE:
        response = Client(headers={"host": "127.0.0.1"}).post("/accounts/login/", FORM, secure=True)
    assert all(cookie["secure"] for cookie in response.cookies.values())
