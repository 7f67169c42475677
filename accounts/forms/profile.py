"""What members choose about themselves: profile, avatar, language, colours."""

import unicodedata
from copy import copy
from typing import Any

import regex
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.avatars import avatar
from accounts.forms.fields import UniqueMixin, UsernameField
from accounts.models import User
from accounts.validators import fold, validate_not_reserved
from microblog import languages

ABOUT_LENGTH = 140  # characters as people see them; User.about checks it
CODE_POINTS_AT_MOST = 10 * ABOUT_LENGTH  # a character can carry any number of marks
LARGEST_SEED = 2**15 - 1  # of User.avatar_seed
INVISIBLE = regex.compile(r"[\p{Cc}--\n]|[\u202a-\u202e\u2066-\u2069]", regex.V1)  # controls, also of direction


class AvatarSelect(forms.RadioSelect):
    """The avatars to choose from, each as it would look."""

    template_name = "accounts/_avatars.html"
    member: User

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict:
        drawn = copy(self.member)
        drawn.avatar = str(value)
        return {**super().create_option(name, value, *args, **kwargs), "picture": avatar(drawn)}


class CountedTextarea(forms.Textarea):
    """A text with the characters that are left beside it, counted by the script."""

    template_name = "accounts/_counted.html"

    def get_context(self, *args: Any) -> dict:
        context = super().get_context(*args)
        context["limit"] = context["widget"]["attrs"].pop("limit")
        return context


class ProfileForm(UniqueMixin, forms.ModelForm):
    """What everybody sees of a member, and their keyboard shortcuts. `instance` is a copy, so that a refused form
    leaves the member of the request as they are."""

    member: User
    avatar_seed = forms.IntegerField(min_value=0, max_value=LARGEST_SEED, widget=forms.HiddenInput)

    class Meta:
        model = User
        fields = ["name", "username", "about", "shortcuts", "avatar", "avatar_seed"]
        field_classes = {"username": UsernameField}
        labels = {
            "name": _("Name"),
            "username": _("Username"),
            "about": _("About you"),
            "shortcuts": _("Keyboard shortcuts (? lists them)"),
            "avatar": _("Avatar"),
        }
        help_texts = {
            "name": _("Shown beside your posts. Empty: your username."),
            "username": _("Your address here is /@username/. Links to the former one stop working when you change it."),
            "about": _("Up to 140 characters. Everyone can read it."),
        }
        widgets = {
            "about": CountedTextarea(attrs={"rows": 3, "limit": ABOUT_LENGTH}),
            "avatar": AvatarSelect,
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.member = copy(self.instance)
        offered = [choice for choice in User.Avatar.choices if choice[0] != User.Avatar.GRAVATAR or self.has_gravatar]
        choice: Any = self.fields["avatar"]
        choice.choices = offered
        if self.initial.get("avatar") not in dict(offered):
            self.initial["avatar"] = User.Avatar.GRAVATAR if self.has_gravatar else User.Avatar.SHAPES
        drawn = copy(self.instance)
        drawn.avatar_seed = self.initial["avatar_seed"]
        choice.widget.member = drawn

    @property
    def has_gravatar(self) -> bool:
        return settings.AVATARS == "gravatar" and bool(self.instance.email)

    def clean_username(self) -> str:
        username = self.cleaned_data["username"]
        if fold(username) != self.member.username_key:
            validate_not_reserved(username)
        return username

    def clean_name(self) -> str:
        return " ".join(INVISIBLE.sub(" ", unicodedata.normalize("NFC", self.cleaned_data["name"])).split())

    def clean_about(self) -> str:
        about = INVISIBLE.sub("", unicodedata.normalize("NFC", self.cleaned_data["about"].replace("\r\n", "\n")))
        if len(about) > CODE_POINTS_AT_MOST:
            raise ValidationError(_("Some letters carry too many marks. Take some of them away."), code="marks")
        return about

    def clean(self) -> dict:
        super().clean()
        self.check_free()
        return self.cleaned_data

    def store(self) -> bool:
        """Save what the form holds, and nothing else of the member."""
        return self.saved(lambda: self.instance.save(update_fields=[*self.Meta.fields, "username_key"]))


class LanguageForm(forms.Form):
    """The language of the site for a member; empty follows the browser. And what else they read."""

    language = forms.ChoiceField(
        label=_("Language"), required=False, choices=lambda: [("", _("As my browser says")), *settings.LANGUAGES]
    )
    reads = forms.MultipleChoiceField(
        label=_("Languages you read"),
        help_text=_("Posts in these are shown without the link to a translation."),
        required=False,
        choices=languages.choices,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "languages"}),
    )


class WritersForm(forms.ModelForm):
    """Who may write private messages to a member."""

    class Meta:
        model = User
        fields = ["messages_from"]
        labels = {"messages_from": _("Who may write to me")}
        help_texts = {"messages_from": _("It counts for conversations that have begun, too. What is written stays.")}
        widgets = {"messages_from": forms.RadioSelect}


class LanguageCodeForm(forms.Form):
    language = forms.ChoiceField(choices=lambda: settings.LANGUAGES)


class ThemeForm(forms.Form):
    """Light, dark, or as the system has it."""

    theme = forms.ChoiceField(required=False, choices=[("light", ""), ("dark", ""), ("system", "")])
