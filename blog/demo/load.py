"""Read the demo's people and posts. Pure: files in, dataclasses out, the same ones in the same order every time."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from zlib import crc32

from blog import text

FOLDER = Path(__file__).parent
LANGUAGES = ("en", "es", "ru")
MAX_LENGTH = 140


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

    def written_at(self, now: datetime) -> datetime:
        """The time it was written, seen from `now` and in its time zone. Always before `now`."""
        # Nobody writes on the full minute; the body decides on the second, so that it is the same every time.
        second = crc32(self.body.encode()) % 60
        if self.clock is None:
            return now - timedelta(minutes=self.minutes_ago, seconds=second)
        day = now.date() - timedelta(days=self.days_ago)
        return datetime.combine(day, self.clock.replace(second=second), now.tzinfo)


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
    for post in found:
        fits = 0 < text.length(post.body) <= MAX_LENGTH and text.clean(post.body) == post.body
        _require(fits, f"too long, or not clean: {post.body}")
        _require({post.author, *text.mentions(post.body)} <= names, f"by or to somebody that there is not: {post.body}")
    return sorted(found, key=lambda post: (-post.days_ago, post.clock or time.max, -post.minutes_ago))


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
