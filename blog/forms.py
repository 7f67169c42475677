"""What members write."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from blog import language, text
from blog.models import Choices, Notification, Post
from blog.models.message import MESSAGE_LENGTH
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
        return Post.objects.publish(author, **self.written())

    def written(self) -> dict[str, Any]:
        """The text and its language, as `Post.objects.publish` takes them."""
        body = self.cleaned_data["body"]
        return {"body": body, "language": self.cleaned_data["language"] or language.detect(body)}


class AnswerForm(PostForm):
    """An answer to the post `to`."""

    def __init__(self, *args: Any, to: Post, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "reply_%s", **kwargs})
        self.to = to
        self.fields["body"].label = _("Your answer")
        placeholder = gettext("Reply to %(name)s") % {"name": to.author.shown_name}
        # The buttons "Reply" lead to #reply: the browser puts the focus there by itself.
        self.fields["body"].widget.attrs |= {"placeholder": placeholder, "id": "reply"}

    def publish(self, author: Any) -> Post:
        return Post.objects.publish(author, reply_to=self.to, **self.written())


class AskedField(forms.CharField):
    """The text of a search, as it was typed: whatever it is, it gets an answer."""

    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").replace("\0", "")


class SearchForm(forms.Form):
    """A search: its text, what is looked for, in which order, and where the page begins."""

    q = AskedField(required=False, strip=False)
    kind = forms.ChoiceField(choices=[("posts", ""), ("people", ""), ("tags", "")], required=False)
    order = forms.ChoiceField(choices=[("best", ""), ("newest", "")], required=False)
    before = forms.CharField(max_length=300, required=False)


class MessageForm(forms.Form):
    """A private message. The text is kept as it was typed when it is refused."""

    body = BodyField(
        label=_("Message"),
        strip=False,
        error_messages={"required": _("Write something first.")},
        widget=forms.Textarea(attrs={"rows": 1, "class": "input"}),
    )
    # The newest message on the page where it was written (`Message.objects.send` says what for).
    after = forms.IntegerField(min_value=0, max_value=LARGEST, required=False, widget=forms.HiddenInput)
    limit = MESSAGE_LENGTH

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "message_%s", **kwargs})

    def clean_body(self) -> str:
        body = self.cleaned_data["body"]
        surplus = text.length(body) - self.limit
        if surplus > 0:
            raise ValidationError(
                ngettext(
                    "This message is %(surplus)d character too long. Nothing is lost: shorten it and send it again.",
                    "This message is %(surplus)d characters too long. Nothing is lost: shorten it and send it again.",
                    surplus,
                )
                % {"surplus": surplus},
                code="too_long",
            )
        return body


class NewsForm(forms.Form):
    """How far somebody's page of a conversation goes: its newest message, and what the other had read."""

    after = forms.IntegerField(min_value=0, max_value=LARGEST)
    read = forms.IntegerField(min_value=0, max_value=LARGEST, required=False)


class RecipientForm(forms.Form):
    """Whom `writer` wants to write to."""

    to = forms.CharField(
        label=_("Username"),
        help_text=_("As it stands in the address of their profile: @name."),
        max_length=65,
        widget=forms.TextInput(attrs={"autocapitalize": "none", "autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, writer: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.writer = writer

    def clean_to(self) -> User:
        name = self.cleaned_data["to"].removeprefix("@")
        found = User.objects.active().apart_from(self.writer).named(name).first()
        if found is None:
            raise ValidationError(_("Nobody here has this name. Check how it is written."), code="unknown")
        if found == self.writer:
            raise ValidationError(_("This is you. Choose somebody else to write to."), code="self")
        return found


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
