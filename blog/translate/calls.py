"""One call to a provider: at most three seconds in all, and nothing of it in the log but what went wrong."""

import json as jsons
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache
from threading import Thread
from types import ModuleType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from urllib3 import PoolManager

PATIENCE = 3.0  # seconds for one translation, all calls of it together
ANSWER_AT_MOST = 64 * 1024  # bytes
SENTENCES = {
    "not_configured": _("Translation is not set up correctly on this site. Those who run it have to look after it."),
    "pair_not_offered": _("There is no translation between these two languages here."),
    "quota": _("This site has used up its translations for now. Try again in a few days."),
    "later": _("The translation did not arrive in time. Try again in a minute."),
}


class TranslationError(Exception):
    """There is no translation. `kind` is a key of SENTENCES, `sentence` what the reader is told.

    `lasts`: everybody who asks this provider now will fare the same, so that nobody needs to for a minute.
    The text of the exception goes to the log; it never holds a post's words or a key.
    """

    def __init__(self, kind: str, detail: str = "", *, lasts: bool = False) -> None:
        super().__init__(f"{kind}: {detail}" if detail else kind)
        self.kind = kind
        self.lasts = lasts

    @property
    def sentence(self) -> str:
        return str(SENTENCES[self.kind])


@dataclass(frozen=True)
class Answer:
    """What a provider answered: the HTTP status, and the JSON in it (None where there is none)."""

    status: int
    content: Any

    def text(self, *path: str) -> str:
        """The text at a path of keys, as error messages have one; "" where there is none. For comparing only."""
        found = self.content
        for key in path:
            found = found.get(key) if isinstance(found, dict) else None
        return str(found or "")

    def trouble(self, code: str = "") -> TranslationError:
        """What the status means wherever a provider's documentation says nothing else."""
        detail = f"HTTP {self.status}{f', code {int(code)}' if code.isdecimal() else ''}"
        if self.status in (401, 403, 404) or 300 <= self.status < 400:
            return TranslationError("not_configured", detail, lasts=True)
        # Any other 4xx may be about this one text, which must not stop everybody else's.
        return TranslationError("later", detail, lasts=self.status >= 500 or self.status == 429)


class Caller:
    """Posts to a provider until the time is up, which runs from the moment the caller is made."""

    def __init__(self) -> None:
        self.ends = time.monotonic() + PATIENCE

    def post(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        fields: Sequence[tuple[str, str]] | None = None,
        json: Any = None,
    ) -> Answer:
        """POST a form (`fields`) or `json`. Raise TranslationError where no whole answer came in time."""
        if not url.startswith(("https://", "http://")):
            raise TranslationError("not_configured", "its address begins with neither https:// nor http://", lasts=True)
        left = self.ends - time.monotonic()
        if left <= 0:
            raise TranslationError("later", "no time left", lasts=True)
        future: Future[Answer] = Future()
        arguments = (url, dict(headers or {}), fields, json, left)
        # In a thread, for what no timeout of a socket covers: slow name servers, and answers byte by byte.
        Thread(target=_fulfil, args=(future, arguments), daemon=True, name="translate").start()
        try:
            return future.result(timeout=left)
        except TimeoutError:
            raise TranslationError("later", "no answer in time", lasts=True) from None


def _fulfil(future: Future, arguments: tuple) -> None:
    try:
        future.set_result(_exchange(*arguments))
    except BaseException as error:  # whatever it is belongs to the thread that waits
        future.set_exception(error)


@cache
def _urllib3() -> tuple["PoolManager", ModuleType]:
    """The client; it takes 5 MB, so not before the first call."""
    import urllib3

    # Without keep-alive: a connection that the other side closed meanwhile would fail, and nothing is tried twice.
    return urllib3.PoolManager(num_pools=1, headers={"Connection": "close", "User-Agent": "Microblog"}), urllib3


def _exchange(url: str, headers: dict, fields: Sequence[tuple[str, str]] | None, json: Any, seconds: float) -> Answer:
    if json is not None:
        body = jsons.dumps(json).encode()
        kind = "application/json; charset=UTF-8"
    else:
        body = urlencode(fields or []).encode()
        kind = "application/x-www-form-urlencoded"
    pool, urllib3 = _urllib3()
    try:
        response = pool.request(
            "POST",
            url,
            body=body,
            headers={**pool.headers, **headers, "Content-Type": kind},
            timeout=urllib3.Timeout(total=seconds),
            retries=False,
            redirect=False,
            preload_content=False,
        )
        try:
            raw = response.read(ANSWER_AT_MOST + 1, decode_content=True)
        finally:
            response.close()
    except (urllib3.exceptions.HTTPError, ValueError, OSError) as error:
        # Not `from error`: its text has the address, in which somebody may have written a password.
        raise TranslationError("later", type(error).__name__, lasts=True) from None
    if len(raw) > ANSWER_AT_MOST:
        raise TranslationError("later", "too long an answer", lasts=True)
    return Answer(response.status, _json(raw))


def _json(raw: bytes) -> Any:
    try:
        return jsons.loads(raw.decode("utf-8"))  # RFC 8259 §8.1: JSON on its way is UTF-8
    except (ValueError, RecursionError):
        return None
