"""The environment, read once: each variable with its type, its default and its meaning.

`manage.py settings_env` prints what was read here as a table, so the documentation cannot drift from the code.
"""

from dataclasses import dataclass
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

TRUE, FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off", ""}


@dataclass(frozen=True)
class Variable:
    """One variable of the environment: what it is called, what kind of value it takes, and what it means."""

    name: str
    kind: str
    default: str
    meaning: str


class Environment:
    """Read typed variables and remember them for the documentation."""

    def __init__(self) -> None:
        self.env = environ.Env()
        self.variables: list[Variable] = []

    def _read(self, name: str, kind: str, cast: Any, default: Any, meaning: str, shown: str | None) -> Any:
        self.variables.append(Variable(name, kind, shown if shown is not None else str(default), meaning))
        raw = self.env.str(name, default="").strip()
        if not raw:
            return default
        try:
            return cast(raw)
        except ValueError:
            # The value itself may be a secret: name the variable only.
            raise ImproperlyConfigured(f"{name} must be {kind}") from None

    def text(self, name: str, default: str, meaning: str, *, shown: str | None = None) -> str:
        return self._read(name, "text", str, default, meaning, shown)

    def flag(self, name: str, default: bool, meaning: str, *, shown: str | None = None) -> bool:
        return self._read(name, "0 or 1", _flag, default, meaning, shown or str(int(default)))

    def number(self, name: str, default: int, meaning: str, *, shown: str | None = None) -> int:
        return self._read(name, "a whole number", _number, default, meaning, shown)

    def several(self, name: str, default: list[str], meaning: str, *, shown: str | None = None) -> list[str]:
        return self._read(name, "a list, with commas", _several, default, meaning, shown or ", ".join(default))

    def choice(self, name: str, default: str, choices: tuple[str, ...], meaning: str) -> str:
        def cast(raw: str) -> str:
            if raw.lower() not in choices:
                raise ValueError
            return raw.lower()

        return self._read(name, " or ".join(choices), cast, default, meaning, None)


def _flag(raw: str) -> bool:
    if raw.lower() in TRUE:
        return True
    if raw.lower() in FALSE:
        return False
    raise ValueError


def _number(raw: str) -> int:
    number = int(raw)
    if number < 0:
        raise ValueError
    return number


def _several(raw: str) -> list[str]:
    return [part.strip() for part in raw.split(",") if part.strip()]
