"""Whom one does not want to see."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.validators import fold


class BlockForm(forms.Form):
    """Block somebody by their name, who may be on no page for the member. `who` is whom it names, once it is valid."""

    username = forms.CharField(
        label=_("Block somebody by their username"),
        max_length=65,  # with its @
        widget=forms.TextInput(attrs={"autocapitalize": "none", "autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, member: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.member = member

    def clean_username(self) -> str:
        username = self.cleaned_data["username"]
        who = User.objects.active().filter(username_key=fold(username.lstrip("@＠"))).first()
        if who is None:
            raise ValidationError(_("Nobody here has this username."), code="unknown")
        if who == self.member:
            raise ValidationError(_("You can't block yourself."), code="self")
        self.who = who
        return username
