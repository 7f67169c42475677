"""Atom feeds: the newest posts of somebody, and of everybody. Source: RFC 4287."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import regex
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.encoding import escape_uri_path
from django.utils.feedgenerator import Atom1Feed
from django.utils.http import http_date, quote_etag
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.xmlutils import SimplerXMLGenerator
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.validators import fold
from blog import text
from blog.models import Post, timeline
from microblog.context_processors import site_url
from microblog.pagination import Cursor

MAX_AGE = 60  # seconds
LIVE = len(timeline.COUNTS) + len(timeline.MARKS)  # the end of a stamp: how many like a post is not in a feed
# What XML 1.0 can't hold, not even escaped; old posts may have come from anywhere.
NOT_XML = regex.compile(r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")


@dataclass(frozen=True)
class About:
    """What a feed says of itself: its title, the page that it follows, and when that began."""

    title: str
    page: str
    began: datetime
    author: User | None = None


@require_safe
def explore(request: HttpRequest) -> HttpResponse:
    """Everybody's newest posts."""
    title = _("Everybody on %(site)s") % {"site": settings.SITE_NAME}
    about = About(title, reverse("blog:explore"), datetime(2026, 1, 1, tzinfo=UTC))
    return answer(request, about, timeline.explore(Cursor()).rows)


@require_safe
def person(request: HttpRequest, username: str) -> HttpResponse:
    """Somebody's newest posts, as a visitor sees them. Their name in other letters redirects as their page does."""
    seen = User.objects.active().visible_to(request.user)
    who = get_object_or_404(seen, username_key=fold(username))
    if who.username != username:
        return redirect("blog:person_feed", who.username, permanent=True)
    title = f"{who.shown_name} (@{who.username}) · {settings.SITE_NAME}"
    about = About(title, who.get_absolute_url(), who.created_at, who)
    posts = Post.objects.by(who).public().originals()  # what they repeat is in the feeds of who wrote it
    return answer(request, about, timeline.page_of(posts, Cursor()).rows)


def answer(request: HttpRequest, about: About, stamps: Sequence[tuple]) -> HttpResponse:
    """The feed, or 304 if the reader has this very one. Its stamps decide, without counts, so a 304 loads no post."""
    changed = Post(pk=stamps[0][0]).created_at if stamps else about.began
    seen = repr(
        (
            site_url(request),
            get_language(),
            about,
            about.author and about.author.about,
            [stamp[:-LIVE] for stamp in stamps],
        )
    )
    etag = quote_etag(hashlib.sha256(seen.encode("utf-8", "surrogatepass")).hexdigest()[:32])
    response = get_conditional_response(request, etag=etag, last_modified=int(changed.timestamp()))
    if response is None:
        feed = _feed(request, about, [row[0] for row in stamps], changed)
        response = HttpResponse(feed.writeString("utf-8"), content_type=feed.content_type)
    response.headers["ETag"] = etag
    response.headers["Last-Modified"] = http_date(changed.timestamp())
    patch_cache_control(response, public=True, max_age=MAX_AGE)
    return response


def _feed(request: HttpRequest, about: About, ids: list[int], changed: datetime) -> "Feed":
    base = site_url(request)
    feed = Feed(
        title=_plain(about.title),
        link=base + about.page,
        description=None,
        subtitle=_plain(about.author.about) if about.author and about.author.about else None,
        language=get_language(),
        feed_url=base + escape_uri_path(request.path),
        feed_guid=base + escape_uri_path(request.path),
        author_name=_plain(about.author.shown_name) if about.author else None,
        author_link=base + about.author.get_absolute_url() if about.author else None,
        base=f"{base}/",
        changed=changed,
    )
    for post in _posts(ids):
        _add(feed, post, base)
    return feed


def _posts(ids: list[int]) -> Iterator[Post]:
    posts = Post.objects.select_related("author").prefetch_related("mentions").in_bulk(ids)
    return (posts[pk] for pk in ids if pk in posts)


def _add(feed: "Feed", post: Post, base: str) -> None:
    host, day = urlsplit(base).hostname, f"{post.created_at:%Y-%m-%d}"
    feed.add_item(
        title=_plain(text.summary(post.body)),
        link=base + post.get_absolute_url(),
        description=None,  # type: ignore[arg-type]
        # Quotes in the text are escaped, so only our own links begin like this.
        content=_plain(post.html).replace('href="/', f'href="{base}/').replace("\n", "<br>"),
        language=post.language,
        unique_id=f"tag:{host},{day}:{post.get_absolute_url()}",  # RFC 4151
        pubdate=post.created_at,
        updateddate=post.created_at,
        author_name=_plain(post.author.shown_name),
        author_link=base + post.author.get_absolute_url(),
    )


def _plain(value: str) -> str:
    return NOT_XML.sub("", value)


class Feed(Atom1Feed):
    """Django's, with whole posts in it, each in its own language."""

    def root_attributes(self) -> dict[str, str]:
        return {**super().root_attributes(), "xml:base": self.feed["base"]}

    def latest_post_date(self) -> datetime:
        return self.feed["changed"]

    def item_attributes(self, item: dict[str, Any]) -> dict[str, str]:
        return {"xml:lang": item["language"]}

    def add_item_elements(self, handler: SimplerXMLGenerator, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item)
        handler.addQuickElement("content", item["content"], {"type": "html"})
