"""What members write."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from blog import language, text
from blog.models import Choices, Notification, Post
from microblog import languages
from microblog.pagination import LARGEST

LARGEST_UPLOAD = 50 * 1024 * 1024  # bytes
TOO_LARGE = ValidationError(
    _("This file is larger than 50 MB. Unpack it, and choose the file with the posts: outbox.json or tweets.js."),
    code="too_large",
)


class BodyField(forms.CharField):
    """What somebody writes, cleaned (blog.text.clean) before it is judged: nobody sees a NUL byte in their text."""

    def to_python(self, value: Any) -> str:
        return text.clean(super().to_python(value) or "")


class PostForm(forms.Form):
    """A new post. The text is kept as it was typed when it is refused."""

    body = BodyField(
        label=_("New post"),
        strip=False,
        error_messages={"required": _("Write something first.")},
        widget=forms.Textarea(attrs={"rows": 1, "placeholder": _("What is on your mind?")}),
    )

    language = forms.ChoiceField(
        label=_("Language of the post"),
        required=False,
        choices=lambda: [("", _("Detect the language")), *languages.choices()],
    )

    @property
    def limit(self) -> int:
        return settings.POST_MAX_LENGTH

    def clean_body(self) -> str:
        body = self.cleaned_data["body"]
        surplus = text.length(body) - self.limit
        if surplus > 0:
            raise ValidationError(
                ngettext(
                    "This post is %(surplus)d character too long. Nothing is lost: shorten it and post again.",
                    "This post is %(surplus)d characters too long. Nothing is lost: shorten it and post again.",
                    surplus,
                )
                % {"surplus": surplus},
                code="too_long",
            )
        return body

    def publish(self, author: Any) -> Post:
        body = self.cleaned_data["body"]
        chosen = self.cleaned_data["language"]
        return Post.objects.publish(author, body, language=chosen or language.detect(body))


class UploadForm(forms.Form):
    """An archive of posts."""

    file = forms.FileField(
        label=_("The archive, or the file with the posts in it"),
        max_length=300,
        error_messages={"required": _("Choose a file first."), "empty": _("This file is empty.")},
        widget=forms.FileInput(attrs={"accept": ".zip,.json,.js"}),
    )

    @classmethod
    def too_large(cls) -> "UploadForm":
        """The form for somebody whose file was not even read."""
        form = cls({})
        form.errors["file"] = form.error_class([str(TOO_LARGE.message)])
        return form

    def clean_file(self) -> Any:
        if self.cleaned_data["file"].size > LARGEST_UPLOAD:
            raise TOO_LARGE
        return self.cleaned_data["file"]


class ReadForm(forms.Form):
    """From which moment to which everything is read; the moments are those of `Notification.newest`."""

    since = forms.IntegerField(min_value=0, max_value=LARGEST, required=False)
    until = forms.IntegerField(min_value=0, max_value=LARGEST)


class NotificationsForm(forms.Form):
    """What a member wants to be told, and how often by e-mail."""

    told = forms.MultipleChoiceField(
        label=_("Tell me when"),
        required=False,
        choices=[(kind.value, kind.label) for kind in Notification.CHOSEN],
        widget=forms.CheckboxSelectMultiple,
    )
    digest = forms.ChoiceField(
        label=_("Send me what I have not read by e-mail"),
        choices=Choices.Digest.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how often.")},
    )
