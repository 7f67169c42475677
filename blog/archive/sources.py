"""Archives of posts that we can read: our own, the Flask Microblog's, Mastodon's and Twitter's."""

import hashlib
import html
import io
import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import PurePosixPath
from typing import Any, TextIO
from zipfile import ZipFile, ZipInfo

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from blog import text
from blog.archive.reading import PIECE, RefusedError, Upload, check_entries, items, lines, open_zip
from blog.moving.plan import language_code

LONGEST_POST = 1000  # characters; what other sites allow goes beyond ours, and is kept whole up to here
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"  # Source: https://www.w3.org/TR/activitypub/#public-addressing
OURS = ("archive.json", "posts.jsonl", "following.jsonl", "blocks.jsonl", "mutes.jsonl")
TWEETS = re.compile(r"tweets?(-part\d+)?\.js")
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Found:
    """A post in an archive. `left` is why it can't be taken, "" if it can."""

    key: int
    body: str = ""
    time: datetime | None = None
    language: str = ""
    left: str = ""
    here: int = 0  # the id it had here, if this may be where it comes from
    # Ids as this archive has them: of the post that it answers, of the one that it repeats, and whether that is by
    # the owner of the archive.
    reply_to: int = 0
    repost_of: int = 0
    of_own: bool = False


@dataclass(frozen=True)
class Source:
    """An archive: its posts, and the names of the people whom its owner followed, blocked or muted."""

    kind: str
    posts: Callable[[], Iterator[Found]]
    people: Callable[[str], Iterator[str]] = lambda relation: iter(())
    site: str = ""


def key_of(*parts: object) -> int:
    """What a post is known by, whatever its own site calls it: 63 bits."""
    digest = hashlib.sha256("\0".join(map(str, parts)).encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8]) >> 1


def found(key: int, body: Any, time: datetime | None, language: Any = "", *, here: int = 0) -> Found:
    """A post that can be taken, or why not."""
    body = text.clean(body) if isinstance(body, str) else ""
    if not body:
        return Found(key, left="empty")
    if text.length(body) > LONGEST_POST:
        return Found(key, left="too_long")
    if left := when_left(time):
        return Found(key, left=left)
    return Found(key, body, time, language_code(language) if isinstance(language, str) else "", here=here)


def when_left(time: datetime | None) -> str:
    """Why nothing of this time can be taken, "" if it can."""
    if time is None or time < EARLIEST:
        return "no_time"
    return "future" if time > timezone.now() else ""


def moment(value: Any) -> datetime | None:
    """A time in ISO 8601; without a zone it is UTC."""
    try:
        time = parse_datetime(value) if isinstance(value, str) else None
    except ValueError:
        return None
    if time is None:
        return None
    try:
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        return None


def open_source(upload: Upload) -> Source:
    """What kind of archive this is. Raise RefusedError if it is none."""
    start = upload.read(4)
    upload.seek(0)
    if start == b"PK\3\4":
        return _in_zip(open_zip(io.BufferedReader(upload, PIECE), upload.size))
    return _bare(upload)


def _bare(upload: Upload) -> Source:
    """One file out of an archive."""

    def opened() -> TextIO:
        upload.seek(0)
        return io.TextIOWrapper(io.BufferedReader(upload, PIECE), "utf-8-sig")

    head = opened().read(4096).lstrip()
    if head.startswith("window.YTD."):
        return Source("twitter", lambda: map(tweet, items(opened())))
    if '"orderedItems"' in head or '"OrderedCollection"' in head:
        return Source("mastodon", lambda: map(activity, items(opened(), '"orderedItems"')))
    if head.startswith("{") and '"posts"' in head[:40]:
        return Source("flask", lambda: map(flask_post, items(opened(), '"posts"')))
    raise RefusedError("not_an_archive")


def _in_zip(archive: ZipFile) -> Source:
    entries = {PurePosixPath(e.filename).name: e for e in archive.infolist() if e.filename.count("/") <= 2}
    tweets = sorted(name for name in entries if TWEETS.fullmatch(name))

    def opened(name: str) -> TextIO:
        return io.TextIOWrapper(archive.open(entries[name]), "utf-8-sig")

    if "archive.json" in entries and "posts.jsonl" in entries:
        return _ours(opened, {name: entries[name] for name in OURS if name in entries})
    if "outbox.json" in entries:
        check_entries([entries["outbox.json"]])
        return Source("mastodon", lambda: map(activity, items(opened("outbox.json"), '"orderedItems"')))
    if tweets:
        check_entries([entries[name] for name in tweets])
        return Source("twitter", lambda: (tweet(item) for name in tweets for item in items(opened(name))))
    if "posts.json" in entries:
        check_entries([entries["posts.json"]])
        return Source("flask", lambda: map(flask_post, items(opened("posts.json"), '"posts"')))
    raise RefusedError("not_an_archive")


def _ours(opened: Callable[[str], TextIO], entries: dict[str, ZipInfo]) -> Source:
    check_entries(list(entries.values()))
    try:
        facts = json.loads(opened("archive.json").read(100_000))
        site = str(facts["site"])[:200] if facts["format"] == "microblog-archive" else ""
        owner = str(facts.get("username"))
    except (ValueError, KeyError, TypeError):
        site = owner = ""
    if not site:
        raise RefusedError("not_an_archive")

    def people(relation: str) -> Iterator[str]:
        if f"{relation}.jsonl" in entries:
            for row in lines(opened(f"{relation}.jsonl")):
                name = row.get("username")
                if isinstance(name, str) and name.isprintable():  # no NUL, no half of a character
                    yield name[:64]

    def posts() -> Iterator[Found]:
        return (our_post(row, site, owner) for row in lines(opened("posts.jsonl")))

    return Source("microblog", posts, people, site)


def our_post(row: dict, site: str, owner: str) -> Found:
    pk, time = str(row.get("id")), moment(row.get("time"))
    key, here, repost_of = key_of(site, pk), number(pk), number(row.get("repost_of"))
    if repost_of:
        left = when_left(time)
        return Found(key, time=time, left=left, here=here, repost_of=repost_of, of_own=row.get("other") == owner)
    post = found(key, row.get("text"), time, row.get("language"), here=here)
    return replace(post, reply_to=number(row.get("reply_to")))


def number(value: Any) -> int:
    """An id as we write it, 0 for anything else."""
    text = str(value)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


def flask_post(row: dict) -> Found:
    body, time = row.get("body"), row.get("timestamp")
    return found(key_of("flask", time, body), body, moment(time))


def activity(item: dict) -> Found:
    """An entry of an ActivityPub outbox. Only what everybody could read becomes a post, and no boost does."""
    note = item.get("object")
    if item.get("type") != "Create" or not isinstance(note, dict):
        return Found(key_of("activity", item.get("id")), left="shared")
    key = key_of("activity", note.get("id"))
    readers = [reader for name in ("to", "cc") for reader in _several(note.get(name))]
    if PUBLIC not in readers and "as:Public" not in readers:
        return Found(key, left="not_public")
    warning, content = (plain_text(note.get(name)) for name in ("summary", "content"))
    languages = note.get("contentMap")
    language = next(iter(languages), "") if isinstance(languages, dict) and len(languages) == 1 else ""
    return found(key, "\n\n".join(filter(None, [warning, content])), moment(note.get("published")), language)


def _several(value: Any) -> list:
    return value if isinstance(value, list) else [value]


def tweet(item: dict) -> Found:
    """An entry of tweets.js. A retweet is somebody else's."""
    row = item.get("tweet", item)
    row = row if isinstance(row, dict) else {}
    body, key = row.get("full_text") or row.get("text"), key_of("tweet", row.get("id_str") or row.get("id"))
    if not isinstance(body, str):
        return Found(key, left="empty")
    if body.startswith("RT @"):
        return Found(key, left="shared")
    time: datetime | None = None
    with suppress(ValueError):
        time = datetime.strptime(str(row.get("created_at")), "%a %b %d %H:%M:%S %z %Y")
    time = time or moment(row.get("created_at"))
    return found(key, _with_links(html.unescape(body), row), time, row.get("lang"))


def _with_links(body: str, row: dict) -> str:
    """The addresses themselves, in place of Twitter's short ones."""
    entities = row.get("entities")
    urls = entities.get("urls") if isinstance(entities, dict) else None
    for url in (urls if isinstance(urls, list) else [])[:50]:
        if isinstance(url, dict) and isinstance(url.get("expanded_url"), str) and isinstance(url.get("url"), str):
            body = body.replace(url["url"], url["expanded_url"]) if url["url"] else body
    return body


class _Words(HTMLParser):
    """The text of HTML, with its paragraphs and lines."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list) -> None:
        if tag == "br":
            self.parts.append("\n")
        elif tag == "p" and self.parts:
            self.parts.append("\n\n")

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def plain_text(source: Any) -> str:
    """What a reader of this HTML reads."""
    if not isinstance(source, str):
        return ""
    words = _Words()
    words.feed(source[: 50 * LONGEST_POST])
    words.close()
    return "".join(words.parts).strip()
