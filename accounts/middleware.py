"""Who is asking: the session with its device, its member, their language, and when they were last seen."""

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user
from django.contrib.auth.middleware import AuthenticationMiddleware as DjangoAuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.middleware import SessionMiddleware as DjangoSessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.middleware.locale import LocaleMiddleware as DjangoLocaleMiddleware
from django.utils import timezone, translation
from django.utils.crypto import constant_time_compare

from accounts.models import Session, User
from accounts.models.user import SEEN_EVERY
from accounts.sessions import SessionStore

LANGUAGE_CODES = {code for code, _name in settings.LANGUAGES}


class SessionMiddleware(DjangoSessionMiddleware):
    """Django's, telling the store which device asks."""

    def process_request(self, request: HttpRequest) -> None:
        key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
        request.session = SessionStore(key, user_agent=request.headers.get("User-Agent", ""))


def member_of(request: HttpRequest) -> User | AnonymousUser:
    """The member whom the session's own row names, if active and if the session hash fits, as Django checks it."""
    session = request.session
    if SESSION_KEY not in session:
        return AnonymousUser()
    member = session.member
    if member is None or str(member.pk) != session[SESSION_KEY]:  # just signed in: the row was not read
        return get_user(request)
    known = session.get(BACKEND_SESSION_KEY) in settings.AUTHENTICATION_BACKENDS
    given = session.get(HASH_SESSION_KEY, "")
    if known and member.is_active and given and constant_time_compare(given, member.get_session_auth_hash()):
        return member
    return get_user(request)  # knows former keys (SECRET_KEY_FALLBACKS) and ends what does not fit


class AuthenticationMiddleware(DjangoAuthenticationMiddleware):
    """Django's, taking the member from the statement that read the session.

    Not lazily as Django does: every page asks who is there (their language), and a lazy object's attributes cost.
    """

    def process_request(self, request: HttpRequest) -> None:
        user = request.user = member_of(request)

        async def auser() -> User | AnonymousUser:
            return user

        request.auser = auser


class LocaleMiddleware(DjangoLocaleMiddleware):
    """The member's language, else the visitor's cookie, else what the browser accepts."""

    def process_request(self, request: HttpRequest) -> None:
        chosen = getattr(request.user, "language", "")
        if chosen in LANGUAGE_CODES:
            translation.activate(chosen)
            request.LANGUAGE_CODE = chosen
        else:
            super().process_request(request)


class LastSeenMiddleware:
    """Note when a member was here: on their row and on their session's, at most once a minute."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.user.is_authenticated:
            self.note(request)
        return response

    def note(self, request: HttpRequest) -> None:
        now = timezone.now()
        used_at = request.session.used_at
        if used_at and now - used_at < SEEN_EVERY:
            return
        if request.session.session_key:
            Session.objects.filter(pk=request.session.session_key).update(used_at=now)
        seen_at = request.user.last_seen_at
        if not seen_at or now - seen_at >= SEEN_EVERY:
            User.objects.filter(pk=request.user.pk).update(last_seen_at=now)
