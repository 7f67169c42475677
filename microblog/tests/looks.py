"""What each address of the site shows of Ada, and to whom: the table that `test_everywhere` walks."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse
from django.utils.html import escape

from accounts.models import User
from microblog.tests.world import APART, HANDLE, NAME, READERS, SAYS, World

SHOWN, HIDDEN, NOT_FOUND, SIGN_IN, REFUSED = "shown", "hidden", "not found", "sign in", "refused"
QUIET = "whatever it is, it says nothing of Ada"
DONE = "whatever it is, it is there"
ANY = "it is hers, or herself"


def says(response: HttpResponse) -> bool:
    """Whether the body has anything of Ada, besides the address that was asked for."""
    body = b"".join(response) if response.streaming else response.content
    text = body.decode(errors="replace")
    asked_for = [response.wsgi_request.get_full_path(), response.wsgi_request.path]
    for words in asked_for:
        text = text.replace(words, "").replace(escape(words), "")
    return any(mark in text for mark in (SAYS, NAME, HANDLE))


def says_all_but_the_handle(response: HttpResponse) -> bool:
    return any(mark in response.content.decode() for mark in (SAYS, NAME))


def counts(response: HttpResponse) -> bool:
    """Whether a small JSON counts anything of Ada's."""
    return any(value for key, value in response.json().items() if key != "label" and not isinstance(value, bool))


def answers(response: HttpResponse) -> bool:
    """Whether there is anything at all."""
    return response.status_code == 200


@dataclass
class Look:
    """One address, as one of the readers has it; what each of them is to find; and how that is found out."""

    path: Callable[[World, User | None], str]
    expected: dict[str, str]
    found: Callable[[HttpResponse], bool] = says
    method: str = "get"
    sent: dict[str, Any] = field(default_factory=dict)
    follow: bool = False


Path = str | Callable[[World, User | None], str]


def look(path: Path, expected: dict[str, str], **how: Any) -> Look:
    return Look((lambda world, reader: world.filled(path)) if isinstance(path, str) else path, expected, **how)


def everybody(what: str, **but: str) -> dict[str, str]:
    return dict.fromkeys(READERS, what) | but


def asked(path: Path, **how: Any) -> Look:
    """Asked for by name or address: a mute hides nothing there, a block everything."""
    but = {"blocked": NOT_FOUND, "blocker": NOT_FOUND} | how.pop("but", {})
    return look(path, everybody(SHOWN, **but), **how)


def heard(path: Path, **how: Any) -> Look:
    """What turns up unasked: neither through a block nor through a mute."""
    but = {"blocked": HIDDEN, "blocker": HIDDEN, "muter": HIDDEN} | how.pop("but", {})
    return look(path, everybody(SHOWN, **but), **how)


def public(path: Path, **how: Any) -> Look:
    """The same for everybody, whoever reads it: made for machines."""
    return look(path, everybody(SHOWN), **how)


def nothing(path: Path, **how: Any) -> Look:
    """No post and no person besides the reader."""
    return look(path, everybody(QUIET, author=ANY), **how)


def hers(path: Path, **how: Any) -> Look:
    """Ada's alone."""
    return look(path, everybody(NOT_FOUND, visitor=SIGN_IN, author=SHOWN), **how)


def act(path: Path, **how: Any) -> list[Look]:
    """Something done to Ada or to a post of hers, by POST only."""
    but = {"blocked": NOT_FOUND, "blocker": NOT_FOUND, "visitor": SIGN_IN} | how.pop("but", {})
    refused = how.pop("get", REFUSED)
    get = [look(path, everybody(refused))] if refused else []
    return [*get, look(path, everybody(DONE, **but), method="post", **how)]


def staff_only(path: Path) -> Look:
    return look(path, everybody(SIGN_IN, staff=SHOWN), found=answers)


def moved(path: Path) -> Look:
    """An old address: it says where the new one is, which is in this table."""
    return look(path, everybody(QUIET))


MEMBERS = {"visitor": SIGN_IN}

# What each address shows. The key is its pattern.
SHOWS: dict[str, list[Look]] = {
    "": [heard("/", but={"stranger": HIDDEN, "staff": HIDDEN})],
    "new/": [heard("/new/?after={before}", found=counts, but={**MEMBERS, "stranger": HIDDEN, "staff": HIDDEN})],
    "explore/": [heard("/explore/")],
    "explore/new/": [heard("/explore/new/?after={before}", found=counts)],
    "explore/feed.atom": [public("/explore/feed.atom")],
    "tags/<str:name>/": [heard("/tags/backen/")],
    "search/": [
        heard("/search/?q=Streusel"),
        heard("/search/?q=Streusel&order=newest"),
        asked("/search/?q=Quitten&kind=people", but=dict.fromkeys(APART, HIDDEN)),
        heard("/search/?q=from:ada_quince", found=lambda response: SAYS in response.content.decode()),
    ],
    "search/suggestions/": [heard("/search/suggestions/?q=Quitten", but={"author": HIDDEN})],
    "suggest/": [
        heard("/suggest/?q=@Quitten", but={**MEMBERS, "author": HIDDEN}),
        heard("/suggest/?q=%23back", found=lambda response: b"#backen" in response.content, but=MEMBERS),
    ],
    "@<str:username>/": [
        asked("/@ada_quince/"),
        # She repeats a post of Ada's, which a mute hides, and answers one, as her own post may say; a block hides both.
        asked("/@carol/", but=dict.fromkeys(APART, HIDDEN)),
        heard("/@carol/", found=says_all_but_the_handle),
    ],
    "@<str:username>/feed.atom": [asked("/@ada_quince/feed.atom"), public("/@carol/feed.atom", found=answers)],
    "@<str:username>/card/": [
        asked("/@ada_quince/card/", sent={"HTTP_HX_REQUEST": "true"}),
        asked("/@ada_quince/card/", follow=True),
    ],
    "@<str:username>/avatar.svg": [asked("/@ada_quince/avatar.svg", found=answers)],
    # Who follows whom is asked for: a mute hides nobody, or one could not find whom to unfollow.
    "@<str:username>/followers/": [
        asked("/@ada_quince/followers/"),
        asked("/@carol/followers/", but=dict.fromkeys(APART, HIDDEN)),
    ],
    "@<str:username>/following/": [
        asked("/@ada_quince/following/"),
        asked("/@carol/following/", but=dict.fromkeys(APART, HIDDEN)),
    ],
    "@<str:username>/follow/": act("/@ada_quince/follow/"),
    "@<str:username>/unfollow/": act("/@ada_quince/unfollow/"),
    "@<str:username>/block/": [
        asked(
            "/@ada_quince/block/", follow=True, but={"visitor": SIGN_IN, "blocker": SHOWN}
        ),  # who has blocked her is brought to their list
        *act("/@ada_quince/block/", get="", but={"blocker": DONE}),
    ],
    "@<str:username>/unblock/": act("/@ada_quince/unblock/", but={"blocker": DONE}),
    "@<str:username>/mute/": act("/@ada_quince/mute/"),
    "@<str:username>/unmute/": act("/@ada_quince/unmute/"),
    "posts/": act("/posts/", sent={"body": "Good morning"}, but=dict.fromkeys(APART, DONE)),
    "posts/<int:pk>/": [
        asked("/posts/{post}/"),
        asked("/posts/{answer}/"),
        asked("/posts/{repost}/", follow=True),
        heard("/posts/{of_carol}/"),  # Ada answers it
        # Of the post above a mute leaves whom Carol answers, as her own post says it; a block not even that.
        asked("/posts/{carol_answers}/", but=dict.fromkeys(APART, HIDDEN)),
        heard("/posts/{carol_answers}/", found=says_all_but_the_handle),
        heard(lambda world, reader: f"/posts/{world.own(reader)}/"),
    ],
    "posts/<int:pk>/reply/": act("/posts/{post}/reply/", sent={"body": "Yes"}),
    "posts/<int:pk>/like/": act("/posts/{post}/like/"),
    "posts/<int:pk>/unlike/": act("/posts/{post}/unlike/"),
    "posts/<int:pk>/repost/": act("/posts/{post}/repost/"),
    "posts/<int:pk>/unrepost/": act("/posts/{post}/unrepost/"),
    "posts/<int:pk>/likes/": [
        asked("/posts/{post}/likes/"),
        heard("/posts/{of_carol}/likes/"),
        heard(lambda world, reader: f"/posts/{world.own(reader)}/likes/"),
    ],
    "posts/<int:pk>/reposts/": [asked("/posts/{post}/reposts/"), heard("/posts/{of_carol}/reposts/")],
    "posts/<int:pk>/menu/": [asked("/posts/{post}/menu/", found=answers)],
    "posts/<int:pk>/translation/": [
        asked("/posts/{post}/translation/"),
        look("/posts/{answer}/translation/", everybody(NOT_FOUND)),  # it is in the reader's language
    ],
    "posts/<int:pk>/delete/": [hers("/posts/{post}/delete/")],
    "messages/": [asked("/messages/", but={**MEMBERS, **dict.fromkeys(APART, HIDDEN), "staff": SHOWN})],
    "messages/new/": [nothing("/messages/new/", found=says)],
    "messages/@<str:username>/": [
        asked("/messages/@ada_quince/", but={**MEMBERS, "author": DONE}),
        look(
            "/messages/@ada_quince/",
            everybody(DONE, visitor=SIGN_IN, **dict.fromkeys(APART, NOT_FOUND)),
            method="post",
            sent={"body": "Hello"},
        ),
    ],
    "messages/@<str:username>/news/": [
        asked("/messages/@ada_quince/news/?after=0&read=0", but={**MEMBERS, "author": ANY}),
    ],
    "messages/@<str:username>/read/": act("/messages/@ada_quince/read/", sent={"after": 1}, but={"author": DONE}),
    "messages/<int:pk>/": [
        look(
            lambda world, reader: f"/messages/{world.talk(reader)}/",
            everybody(SHOWN, visitor=SIGN_IN, author=DONE, **dict.fromkeys(APART, NOT_FOUND)),
            follow=True,
        ),
    ],
    "messages/<int:pk>/delete/": [
        look(
            lambda world, reader: f"/messages/{world.talk(reader)}/delete/",
            everybody(SHOWN, visitor=SIGN_IN, author=DONE, **dict.fromkeys(APART, NOT_FOUND)),
        ),
    ],
    "notifications/": [heard("/notifications/", but={**MEMBERS, "author": DONE})],
    "notifications/unread/": [
        heard(
            "/notifications/unread/",
            found=lambda r: r.status_code == 200 and r.json()["notifications"] > 0,
            but={"visitor": HIDDEN, "author": DONE},
        ),
    ],
    "notifications/read/": act("/notifications/read/", sent={"until": 1}, but=dict.fromkeys(APART, DONE)),
    "notifications/unsubscribe/<str:token>/": [nothing("/notifications/unsubscribe/x/")],
    "jobs/": [nothing("/jobs/")],
    "jobs/export/": act("/jobs/export/", but=dict.fromkeys(APART, DONE)),
    "jobs/import/": [nothing("/jobs/import/")],
    "jobs/<int:pk>/": [hers("/jobs/{job}/", found=answers)],
    "jobs/<int:pk>/progress/": [hers("/jobs/{job}/progress/", found=answers)],
    "jobs/<int:pk>/take/": [
        look("/jobs/{job}/take/", everybody(NOT_FOUND, visitor=SIGN_IN, author=ANY), method="post")
    ],
    "jobs/<int:pk>/cancel/": [
        look("/jobs/{job}/cancel/", everybody(NOT_FOUND, visitor=SIGN_IN, author=ANY), method="post")
    ],
    "jobs/<int:pk>/download/": [look("/jobs/{job}/download/", everybody(NOT_FOUND, visitor=SIGN_IN, author=ANY))],
    "accounts/settings/blocked/": [nothing("/accounts/settings/blocked/")],
    "accounts/settings/muted/": [nothing("/accounts/settings/muted/")],
    "sitemap-<slug:section>.xml": [
        public("/sitemap-people-0.xml"),
        public("/sitemap-posts-{week}.xml", found=answers),  # numbers only
        nothing("/sitemap-pages.xml"),
    ],
    "user/<str:username>": [moved("/user/ada_quince")],
    "user/<str:username>/popup": [moved("/user/ada_quince/popup")],
    "follow/<str:username>": [moved("/follow/ada_quince")],
    "unfollow/<str:username>": [moved("/unfollow/ada_quince")],
    "send_message/<str:username>": [moved("/send_message/ada_quince")],
    "auth/reset_password/<str:token>": [moved("/auth/reset_password/x")],
    "admin/": [
        staff_only("/admin/"),
        staff_only("/admin/accounts/user/"),
        staff_only("/admin/accounts/user/{ada}/change/"),
        staff_only("/admin/blog/post/"),
        staff_only("/admin/blog/post/{post}/change/"),
    ],
}
# Their own lists: whom one has blocked or muted must be there to be undone.
SHOWS["accounts/settings/blocked/"][0].expected.update(visitor=SIGN_IN, blocker=SHOWN)
SHOWS["accounts/settings/muted/"][0].expected.update(visitor=SIGN_IN, muter=SHOWN)
# Pages about nobody but the reader, or about nobody at all; and acts upon oneself.
QUIET_ONES = """
    accounts/register/ accounts/login/ accounts/logout/ accounts/password_change/
    accounts/password_change/done/ accounts/password_reset/ accounts/password_reset/done/ accounts/reset/done/
    accounts/settings/ accounts/settings/language/ accounts/settings/messages/
    accounts/settings/notifications/ accounts/settings/email/ accounts/settings/sessions/
    accounts/settings/sessions/end/ accounts/settings/sessions/end-others/ accounts/settings/delete/
    accounts/language/ accounts/theme/ healthz readyz robots.txt sitemap.xml index explore search messages
    edit_profile export_posts auth/login auth/register auth/logout auth/reset_password_request
"""
for quiet in QUIET_ONES.split():
    SHOWS[quiet] = [nothing(f"/{quiet}")]
SHOWS["accounts/reset/<uidb64>/<token>/"] = [nothing("/accounts/reset/x/y/")]
SHOWS["accounts/settings/email/<str:token>/"] = [nothing("/accounts/settings/email/x/")]
