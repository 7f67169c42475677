"""A session: who is signed in, with what, and when they used it last."""

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils import timezone
from django.utils.crypto import salted_hmac


class Session(AbstractBaseSession):
    """A visitor's session in Django's documented way of extending it, with the member and the device.

    Source: https://docs.djangoproject.com/en/5.2/topics/http/sessions/#extending-database-backed-session-engines
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="sessions")
    user_agent = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(default=timezone.now)

    @property
    def handle(self) -> str:
        """What a page calls this session: the key itself would let whoever reads the page sign in."""
        return salted_hmac("accounts.session", self.pk, algorithm="sha256").hexdigest()[:32]

    @classmethod
    def get_session_store_class(cls) -> type:
        from accounts.sessions import SessionStore  # the store imports this model

        return SessionStore
