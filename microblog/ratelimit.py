"""Rate limits, counted in the database with one upsert each, so that they are exact under concurrency."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from ipaddress import IPv4Address, IPv6Network, ip_address
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.models import F
from django.http import HttpRequest, HttpResponse

from microblog.models import RateWindow

UPSERT = """
    INSERT INTO microblog_ratewindow (key, starts_at, n) VALUES (%s, %s, 1)
    ON CONFLICT (key, starts_at) DO UPDATE SET n = microblog_ratewindow.n + 1 RETURNING n
"""


class TooManyRequests(PermissionDenied):
    """Something was tried too often. `retry_after` is in seconds."""

    def __init__(self, name: str, retry_after: int) -> None:
        super().__init__(f"too many: {name}")
        self.name = name
        self.retry_after = retry_after


def client_address(request: HttpRequest) -> str:
    """The address of the client: the last entry of X-Forwarded-For where a proxy is trusted, else the peer's.

    Of IPv6 the first half only: a single household has 2**64 addresses that begin so.
    """
    forwarded = request.headers.get("X-Forwarded-For", "") if settings.TRUST_PROXY else ""
    address = forwarded.split(",")[-1].strip() or request.META.get("REMOTE_ADDR", "")
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv4Address):
        return address
    return str(parsed.ipv4_mapped or IPv6Network((parsed, 64), strict=False))


def count(name: str, subject: str, *, per: timedelta) -> tuple[int, int]:
    """Count one try of `name` by `subject`. Return the tries in this window and the seconds until it ends."""
    starts, left = _window(per)
    with connection.cursor() as cursor:
        cursor.execute(UPSERT, [_key(name, subject), connection.ops.adapt_datetimefield_value(starts)])
        return cursor.fetchone()[0], left


def _key(name: str, subject: str) -> str:
    # Hashed, so that no address or name is kept, and the key is short whatever was sent.
    return f"{name}:{hashlib.sha256(subject.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"


def _window(per: timedelta) -> tuple[datetime, int]:
    """When the current window began, and the seconds until it ends."""
    length = int(per.total_seconds())
    now = int(datetime.now(UTC).timestamp())
    return datetime.fromtimestamp(now - now % length, UTC), length - now % length


def forgive(name: str, subject: str, *, per: timedelta) -> None:
    """Take back one try that `check` counted: what succeeded is nobody's guess."""
    starts, _left = _window(per)
    RateWindow.objects.filter(key=_key(name, subject), starts_at=starts, n__gt=0).update(n=F("n") - 1)


def clear(name: str, subject: str) -> None:
    """Forget all tries of `name` by `subject`."""
    RateWindow.objects.filter(key=_key(name, subject)).delete()


def check(name: str, subject: str, *, times: int, per: timedelta) -> None:
    """Count one try, and raise TooManyRequests when it is one too many."""
    if not settings.RATE_LIMITS:
        return
    tried, retry_after = count(name, subject, per=per)
    if tried > times:
        raise TooManyRequests(name, retry_after)


def limit(
    name: str, *, times: int, per: timedelta, by: Callable[[HttpRequest], str] | None = None
) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Decorate a view: each POST counts, per member or else per address (or per what `by(request)` says).

    The error handler answers TooManyRequests with the 429 page.
    """

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def limited(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method == "POST":
                check(name, by(request) if by else who(request), times=times, per=per)
            return view(request, *args, **kwargs)

        return limited

    return decorate


def who(request: HttpRequest) -> str:
    """Who asks: the member, or else the address."""
    return f"member {request.user.pk}" if request.user.is_authenticated else client_address(request)
