"""Signing in with a username or an e-mail address."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from accounts.models import User


class NameOrEmailBackend(ModelBackend):
    """Django's, finding the member by username or e-mail, whatever the case."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        if not username or password is None:
            return None
        user = User.objects.known_as(username)
        if user is None:
            User().set_password(password)  # takes as long as a wrong password, so that names can't be probed
            return None
        return user if user.check_password(password) and self.user_can_authenticate(user) else None
