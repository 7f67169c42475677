"""What a rehearsal says: a line for each step, and an end at the first that fails."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException

from microblog.tests.servers import ServerError


class StepError(Exception):
    """A step of the rehearsal failed; the text is the reason."""


def expect(holds: object, reason: str) -> None:
    """Fail the step with `reason` unless something holds."""
    if not holds:
        raise StepError(reason)


# What a step meets when the site is broken: a command that fails, an answer that does not come.
FAILURES = StepError, ServerError, AssertionError, OSError, HTTPException, subprocess.SubprocessError


class Report:
    """Prints PASS or FAIL with the seconds that a step took."""

    def __init__(self) -> None:
        self.began = time.monotonic()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        except FAILURES as error:
            self.say("FAIL", time.monotonic() - began, f"{name}: {error or type(error).__name__}")
            raise StepError from error
        self.say("PASS", time.monotonic() - began, name)

    def say(self, word: str, seconds: float, text: str) -> None:
        print(f"{word} {seconds:6.1f} s  {text}", flush=True)  # noqa: T201 - a program's output

    def end(self, passed: bool) -> None:
        word = "PASS" if passed else "FAIL"
        self.say(word, time.monotonic() - self.began, "the whole rehearsal")
