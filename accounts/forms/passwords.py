"""A new password, or a new e-mail address, for which the password is asked."""

from typing import Any

from django import forms
from django.contrib.auth import forms as auth
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from accounts.forms.fields import UniqueMixin, email_field, password_field
from accounts.models import User


class ResetForm(forms.Form):
    """Asks for a link to set a new password."""

    email = email_field(_("E-mail"))


class NewPasswordMixin(auth.SetPasswordMixin):
    """Django's rules for a new password, said at its first field; and nothing of the member is saved but it."""

    def validate_password_for_user(self, user: User, password_field_name: str = "") -> None:
        super().validate_password_for_user(user, "new_password1")

    def set_password_and_save(self, user: User, password_field_name: str = "", commit: bool = True) -> User:
        super().set_password_and_save(user, password_field_name, commit=False)
        user.save(update_fields=["password"])
        return user


class NewPasswordForm(NewPasswordMixin, auth.SetPasswordForm):
    new_password1 = password_field(
        _("New password"), "new-password", password_validation.password_validators_help_text_html()
    )
    new_password2 = password_field(_("New password, once more"), "new-password")
    error_messages = {"password_mismatch": _("The two passwords differ. Type them again.")}


class PasswordChangeForm(NewPasswordForm, auth.PasswordChangeForm):
    old_password = password_field(_("Current password"), "current-password")
    error_messages = {**NewPasswordForm.error_messages, "password_incorrect": _("This is not your password.")}


class EmailForm(UniqueMixin, forms.Form):
    """Another e-mail address, asked for with the password."""

    member: User
    email = email_field(_("New e-mail address"))
    password = password_field(_("Your password"), "current-password")

    def __init__(self, member: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.member = member

    def clean_email(self) -> str:
        email = super().clean_email()
        if email == self.member.email:
            raise ValidationError(_("This is your address already."), code="same")
        return email

    @sensitive_variables()
    def clean_password(self) -> str:
        if not self.member.check_password(self.cleaned_data["password"]):
            raise ValidationError(_("This is not your password."), code="password_incorrect")
        return ""

    def clean(self) -> dict:
        self.check_free()
        return self.cleaned_data


class LeaveForm(forms.Form):
    """The wish to have one's account deleted, with the password."""

    password = password_field(_("Your password"), "current-password")

    def __init__(self, member: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.member = member

    @sensitive_variables()
    def clean_password(self) -> str:
        if not self.member.check_password(self.cleaned_data["password"]):
            raise ValidationError(_("This is not your password."), code="password_incorrect")
        return ""

    def clean(self) -> dict:
        if self.member.is_staff or self.member.is_superuser:  # or what they did for the site would go with them
            raise ValidationError(
                _("You look after this site. Ask an administrator to take these rights from you first."), code="staff"
            )
        return self.cleaned_data
