"""What the values of an old database become here: names, addresses, times, languages. Pure: no database."""

import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any

import regex
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts.validators import MaxCharacters, fold, validate_not_reserved, validate_username

NAME_LENGTH, KEY_LENGTH, EMAIL_LENGTH, ABOUT_LENGTH = 64, 255, 254, 140
LATEST = 1 << 47  # milliseconds; behind it (the year 6429) a post's id has no room for its time

_NOT_IN_NAME = regex.compile(r"(?:[^\p{L}\p{M}\p{N}_.\-]|\p{DI})+")
_MARKS_FIRST = regex.compile(r"^\p{M}+")
_HAS_LETTER = regex.compile(r"[\p{L}\p{N}]")
_LANGUAGE = regex.compile(r"([a-z]{2,3})(?:-([a-z]{4}))?(?:-([a-z]{2}|[0-9]{3}))?")


def as_text(value: Any) -> str:
    """A value that should be text, whatever type the old column had; without NUL, which PostgreSQL refuses."""
    if value is None:
        return ""
    text = bytes(value).decode(errors="replace") if isinstance(value, bytes | memoryview) else str(value)
    return text.replace("\0", "")


def moment(text: str | None) -> datetime | None:
    """A time of the old database, which is UTC where it says no zone; None for what is no time a post can have."""
    try:
        time = datetime.fromisoformat(text or "")
        time = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return time if 0 < time.timestamp() * 1000 < LATEST else None


def language_code(text: str) -> str:
    """A language as BCP 47 writes it ("zh-cn" is "zh-CN", "pt_br" is "pt-BR"), or "" for what is none."""
    found = _LANGUAGE.fullmatch(text.strip().replace("_", "-").lower())
    if not found or found[1] == "und":
        return ""
    language, script, region = found.groups(default="")
    return "-".join(part for part in (language, script.capitalize(), region.upper()) if part)


def is_good_name(name: str) -> bool:
    """Whether somebody could register with this name."""
    try:
        validate_username(name)
        validate_not_reserved(name)
    except ValidationError:
        return False
    return unicodedata.is_normalized("NFC", name) and len(name) <= NAME_LENGTH and len(fold(name)) <= KEY_LENGTH


def other_names(name: str, old_id: int) -> Iterator[str]:
    """Good names like `name`, best first: "john smith" is john_smith, then john_smith_2, john_smith_3, …"""
    plain = name
    if _NOT_IN_NAME.search(name) or _MARKS_FIRST.search(name):
        plain = _MARKS_FIRST.sub("", _NOT_IN_NAME.sub("_", name)).strip("_")
    plain = plain[:NAME_LENGTH]
    # Without a letter nothing is left of it; and one letter can unfold into a whole sentence, which is no name.
    stem = plain if _HAS_LETTER.search(plain) and is_good_name(_numbered(plain, 2)) else f"person_{old_id}"
    if is_good_name(stem):
        yield stem
    yield from (_numbered(stem, number) for number in count(2))


def _numbered(stem: str, number: int) -> str:
    return f"{stem[: NAME_LENGTH - 1 - len(str(number))]}_{number}"


def good_email(address: str) -> bool:
    """Whether mail can go there."""
    try:
        validate_email(address)
    except ValidationError:
        return False
    return len(address) <= EMAIL_LENGTH


def short_about(about: str) -> str:
    """`about`, or its first 140 characters as people see them."""
    try:
        MaxCharacters(ABOUT_LENGTH)(about)
    except ValidationError:
        return "".join(regex.findall(r"\X", about)[:ABOUT_LENGTH])
    return about
