"""Read the demo's people and posts. Pure: files in, dataclasses out, the same ones in the same order every time."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from zlib import crc32

from blog import text

FOLDER = Path(__file__).parent
LANGUAGES = ("en", "es", "ru")
MAX_LENGTH = 140
MESSAGE_LENGTH = 1000
SOON = 60  # minutes: who begins a post with somebody's name answers what they said within this time


class DemoError(ValueError):
    """The demo's files contradict themselves; the message names the entry."""


@dataclass(frozen=True)
class Person:
    """Somebody of the demo. `follows` are usernames of others."""

    username: str
    name: str
    about: str
    language: str
    interests: tuple[str, ...]
    follows: tuple[str, ...]


@dataclass(frozen=True)
class DemoPost:
    """A post and when it was written: at `clock` o'clock `days_ago` days ago, or `minutes_ago` minutes ago."""

    author: str
    body: str
    language: str
    days_ago: int = 0
    clock: time | None = None
    minutes_ago: int = 0
    answers: str = ""  # the body of the post that it answers: no two are alike

    def minutes_after(self, other: "DemoPost") -> int | None:
        """How long after `other` it was written, if both are of one day, or both are recent."""
        if self.clock is None or other.clock is None:
            return other.minutes_ago - self.minutes_ago if self.clock is other.clock else None
        return _minutes(self.clock) - _minutes(other.clock) if self.days_ago == other.days_ago else None

    def later(self, minutes: int, author: str, body: str, language: str) -> "DemoPost":
        """An answer to it, so many minutes later."""
        said = replace(self, author=author, body=body, language=language, answers=self.body)
        if self.clock is None:
            _require(0 < minutes < self.minutes_ago, f"an answer from the future: {body}")
            return replace(said, minutes_ago=self.minutes_ago - minutes)
        at = _minutes(self.clock) + minutes
        _require(_minutes(self.clock) < at < 24 * 60, f"an answer on another day: {body}")
        return replace(said, clock=time(at // 60, at % 60))

    def written_at(self, now: datetime) -> datetime:
        """The time it was written, seen from `now` and in its time zone. Always before `now`."""
        # Nobody writes on the full minute; the body decides on the second, so that it is the same every time.
        second = crc32(self.body.encode()) % 60
        if self.clock is None:
            return now - timedelta(minutes=self.minutes_ago, seconds=second)
        day = now.date() - timedelta(days=self.days_ago)
        return datetime.combine(day, self.clock.replace(second=second), now.tzinfo)


@dataclass(frozen=True)
class Conversation:
    """What two wrote to one another, oldest first; the last `unread` messages have not been read."""

    between: tuple[str, str]
    messages: tuple[DemoPost, ...]
    unread: int


def people() -> list[Person]:
    """Everybody, in the order of the file. Raise DemoError for a person that cannot be."""
    found = [_person(entry) for entry in _read("people.toml")["person"]]
    names = {person.username for person in found}
    _require(len(names) == len(found), "people.toml: two people of one name")
    for person in found:
        others = names - {person.username}
        _require(set(person.follows) <= others, f"people.toml: {person.username} follows somebody that there is not")
        _require(len(set(person.follows)) == len(person.follows), f"people.toml: {person.username} follows one twice")
    return found


def posts() -> list[DemoPost]:
    """All posts, oldest first. Raise DemoError for a post that could not have been written on the site."""
    names = {person.username for person in people()}
    found = [post for language in LANGUAGES for post in _posts(f"posts.{language}.toml")]
    found = _linked(sorted(found, key=_order))
    found += [answer for thread in _read("talk.toml")["thread"] for answer in _thread(thread, found)]
    for post in found:
        _check(post.body, MAX_LENGTH)
        _require({post.author, *text.mentions(post.body)} <= names, f"by or to somebody that there is not: {post.body}")
    return sorted(found, key=_order)


def conversations() -> list[Conversation]:
    """Who wrote what to whom in private. Raise DemoError for what they could not have written."""
    return [_conversation(entry) for entry in _read("talk.toml")["conversation"]]


def mutes() -> list[tuple[str, str]]:
    """Who does not hear whom."""
    return [(one, other) for one, other in _read("talk.toml")["apart"]["mutes"]]


def blocks() -> list[tuple[str, str]]:
    """Who has blocked whom. Raise DemoError where they talk to one another all the same."""
    pairs = [(one, other) for one, other in _read("talk.toml")["apart"]["blocks"]]
    apart = {frozenset(pair) for pair in pairs}
    said = posts()
    authors = {post.body: post.author for post in said}
    together = [(person.username, name) for person in people() for name in person.follows]
    together += [(post.author, name) for post in said for name in text.mentions(post.body)]
    together += [(post.author, authors[post.answers]) for post in said if post.answers]
    together += [conversation.between for conversation in conversations()]
    for pair in together:
        _require(frozenset(pair) not in apart, f"talk.toml: {' and '.join(pair)} are blocked, and talk")
    return pairs


def _minutes(clock: time) -> int:
    return clock.hour * 60 + clock.minute


def _order(post: DemoPost) -> tuple:
    return (-post.days_ago, post.clock or time.max, -post.minutes_ago)


def _check(body: str, longest: int) -> None:
    fits = 0 < text.length(body) <= longest and text.clean(body) == body
    _require(fits, f"too long, or not clean: {body}")


def _linked(found: list[DemoPost]) -> list[DemoPost]:
    """Posts that begin with a name answer the newest one by them, if it is of the last hour and in their language."""
    newest: dict[str, DemoPost] = {}
    linked = []
    for post in found:
        to = newest.get(text.mentions(post.body)[0]) if post.body.startswith("@") and text.mentions(post.body) else None
        if to and to.language == post.language and 0 < (post.minutes_after(to) or 0) <= SOON:
            post = replace(post, answers=to.body)
        linked.append(post)
        newest[post.author] = post
    return linked


def _thread(entry: dict[str, Any], found: list[DemoPost]) -> list[DemoPost]:
    author, begins = entry["author"], entry["begins"]
    roots = [post for post in found if post.author == author and post.body.startswith(begins)]
    _require(len(roots) == 1, f"talk.toml: {len(roots)} posts by {author} begin with {begins}")
    root = roots[0]
    thread: list[DemoPost] = []
    for minutes, who, language, body, *to in entry["answers"]:
        answer = root.later(minutes, who, body, language)
        if to:
            _require(0 <= to[0] < len(thread), f"talk.toml: an answer to none before it: {body}")
            answer = replace(answer, answers=thread[to[0]].body)
        thread.append(answer)
    return thread


def _conversation(entry: dict[str, Any]) -> Conversation:
    one, other = entry["between"]
    messages = [
        DemoPost(who, body, "", days_ago=ago, clock=time.fromisoformat(clock))
        for ago, clock, who, body in entry["messages"]
    ]
    messages += [DemoPost(who, body, "", minutes_ago=minutes) for minutes, who, body in entry.get("recent", [])]
    _require(messages == sorted(messages, key=_order), f"talk.toml: {one} and {other} write backwards")
    for message in messages:
        _check(message.body, MESSAGE_LENGTH)
        _require(message.author in (one, other), f"talk.toml: {message.author} between {one} and {other}")
    unread = entry.get("unread", 0)
    last = {message.author for message in messages[len(messages) - unread :]}
    _require(unread <= len(messages) and len(last) <= 1, f"talk.toml: {one} and {other} have not read their own")
    return Conversation((one, other), tuple(messages), unread)


def _person(entry: dict[str, Any]) -> Person:
    person = Person(**{**entry, "interests": tuple(entry["interests"]), "follows": tuple(entry["follows"])})
    _require(person.language in LANGUAGES, f"people.toml: {person.username} speaks {person.language}")
    _require(text.length(person.about) <= MAX_LENGTH, f"people.toml: {person.username} says too much about themselves")
    return person


def _posts(name: str) -> Iterator[DemoPost]:
    read = _read(name)
    for day in read["day"]:
        _require(day["ago"] > 0, f"{name}: a day that is not over")
        for clock, author, body in day["posts"]:
            yield DemoPost(author, body, read["language"], days_ago=day["ago"], clock=time.fromisoformat(clock))
    for minutes_ago, author, body in read["recent"]["posts"]:
        _require(minutes_ago > 0, f"{name}: a post from the future")
        yield DemoPost(author, body, read["language"], minutes_ago=minutes_ago)


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))


def _require(holds: bool, complaint: str) -> None:
    if not holds:
        raise DemoError(complaint)
