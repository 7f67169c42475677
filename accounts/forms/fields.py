"""The fields that several forms share, and who may have a name or an address."""

import unicodedata
from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.validators import fold, validate_username

TAKEN = {
    "username": ("username_key", _("Somebody has this name already. Choose another.")),
    "email": ("email_key", _("Somebody uses this address here already. If it is you, sign in or reset the password.")),
}


class UsernameField(forms.CharField):
    """A username as it is kept: composed (NFC), and of the characters that a name has."""

    default_validators = [validate_username]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 64, **kwargs})

    def to_python(self, value: Any) -> str:
        return unicodedata.normalize("NFC", super().to_python(value) or "")

    def widget_attrs(self, widget: forms.Widget) -> dict:
        plain = {"autocapitalize": "none", "autocomplete": "username", "spellcheck": "false"}
        return {**super().widget_attrs(widget), **plain}


def email_field(label: Any, help_text: Any = "", **attrs: str) -> forms.EmailField:
    widget = forms.EmailInput(attrs={"autocomplete": "email", **attrs})
    return forms.EmailField(label=label, help_text=help_text, max_length=254, widget=widget)


def password_field(label: Any, autocomplete: str, help_text: Any = "") -> forms.CharField:
    """A password is never trimmed: blanks belong to it."""
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
    return forms.CharField(label=label, strip=False, widget=widget, help_text=help_text)


class UniqueMixin(forms.BaseForm):
    """Says beside the right field that somebody has the name or the address: when asked, and when saving finds out."""

    member: User | None = None  # who may keep theirs

    def check_free(self) -> None:
        others = User.objects.exclude(pk=self.member.pk if self.member else None)
        for field, (column, message) in TAKEN.items():
            value = self.cleaned_data.get(field)
            if value and others.filter(**{column: fold(value)}).exists():
                self.add_error(field, ValidationError(message, code="taken"))

    def saved(self, save: Callable[[], Any]) -> bool:
        """Save, and answer whether it worked: of two who want one name at the same moment, one gets the error."""
        try:
            with transaction.atomic():
                save()
        except IntegrityError:
            self.check_free()
            if not self.errors:
                raise
            return False
        return True

    def clean_email(self) -> str:
        email = self.cleaned_data["email"]
        if len(fold(email)) > 512:  # a letter of a domain can unfold into a sentence
            raise ValidationError(_("Enter a valid e-mail address."), code="invalid")
        return email
