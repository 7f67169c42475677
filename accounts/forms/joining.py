"""Becoming a member, and signing in."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.auth import forms as auth
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from accounts.forms.fields import UniqueMixin, UsernameField, email_field, password_field
from accounts.models import User
from accounts.validators import fold, validate_not_reserved
from microblog import ratelimit
from microblog.ratelimit import client_address

GUESSES_PER = timedelta(minutes=15)
GUESSES_OF_ONE = 10  # wrong passwords for one member
GUESSES_FROM_ONE = 50  # wrong passwords from one address, behind which a whole school may sit


class RegisterForm(UniqueMixin, forms.Form):
    """A new member."""

    username = UsernameField(
        label=_("Username"), help_text=_("Letters, digits, and _ . - It becomes your address here: /@username/")
    )
    email = email_field(_("E-mail"), _("Nobody sees it."))
    password1 = password_field(_("Password"), "new-password", password_validation.password_validators_help_text_html())
    password2 = password_field(_("Password, once more"), "new-password")
    remember = forms.BooleanField(label=_("Keep me signed in"), required=False, initial=True)

    def clean_username(self) -> str:
        validate_not_reserved(self.cleaned_data["username"])
        return self.cleaned_data["username"]

    @sensitive_variables()
    def clean(self) -> dict:
        typed = self.cleaned_data
        if typed.get("password1") and typed.get("password2") and typed["password1"] != typed["password2"]:
            self.add_error("password2", ValidationError(_("The two passwords differ. Type them again."), "mismatch"))
        self.check_free()
        try:
            nobody = User(username=typed.get("username", ""), email=typed.get("email", ""))
            password_validation.validate_password(typed.get("password1", ""), nobody)
        except ValidationError as error:
            if "password1" not in self.errors:
                self.add_error("password1", error)
        return typed

    def register(self) -> User | None:
        """The new member; None, with the form's error, when somebody took the name or the address just now."""
        member = User(username=self.cleaned_data["username"], email=self.cleaned_data["email"])
        member.set_password(self.cleaned_data["password1"])
        return member if self.saved(member.save) else None


class SignInForm(auth.AuthenticationForm):
    """Name or e-mail, and a password. Wrong ones are counted, for the member and for the address they come from."""

    request: HttpRequest
    remember = forms.BooleanField(label=_("Keep me signed in"), required=False, initial=True)
    error_messages = {
        "invalid_login": _("This name and this password do not belong together. Check both, or reset the password."),
        "inactive": _("This account is suspended. Write to those who run the site if you think that is a mistake."),
    }

    def __init__(self, request: HttpRequest | None = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        attrs = {"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        label = _("Username or e-mail")
        self.fields["username"] = forms.CharField(label=label, max_length=254, widget=forms.TextInput(attrs=attrs))
        self.fields["password"].label = _("Password")

    @sensitive_variables()
    def clean(self) -> dict:
        login, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if not (login and password):
            return self.cleaned_data
        self.known = User.objects.known_as(login)
        tries = {
            "sign-in of": (guesses_of(self.known or login), GUESSES_OF_ONE),
            "sign-in from": (client_address(self.request), GUESSES_FROM_ONE),
        }
        for name, (subject, times) in tries.items():
            ratelimit.check(name, subject, times=times, per=GUESSES_PER)
        super().clean()
        for name, (subject, _times) in tries.items():
            ratelimit.forgive(name, subject, per=GUESSES_PER)
        return self.cleaned_data

    def get_invalid_login_error(self) -> ValidationError:
        """Who knows the password of a suspended account is told so; nobody else learns that it is."""
        if self.known and not self.known.is_active and self.known.check_password(self.cleaned_data["password"]):
            return ValidationError(self.error_messages["inactive"], code="inactive")
        return super().get_invalid_login_error()


def guesses_of(who: User | str) -> str:
    """Under what wrong passwords are counted: the member, by whichever name, or what was typed."""
    return f"member {who.pk}" if isinstance(who, User) else fold(who)
