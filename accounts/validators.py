"""What a username is, and how two names or addresses are the same."""

import unicodedata

import regex
from django.core.exceptions import ValidationError
from django.utils.deconstruct import deconstructible
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from microblog import graphemes

USERNAME = regex.compile(r"(?=.*[\p{L}\p{N}])[\p{L}\p{N}_.\-][\p{L}\p{M}\p{N}_.\-]*", regex.DOTALL)
# Names that could pass for the site itself or its staff.
RESERVED = frozenset(
    """abuse account accounts admin administrator administrators all anonymous api deleted everyone explore help here
    home info mail mailer-daemon me messages microblog moderator moderators mod news noreply no-reply notifications
    null official operator owner postmaster privacy root rules search security settings site staff static status
    support system team undefined user users webmaster""".split()  # noqa: SIM905 - a list of words reads better so
)


def fold(name: str) -> str:
    """The key under which a username or an e-mail address is unique: case and width make no difference."""
    name = name.replace("\0", "\ufffd")  # PostgreSQL refuses the character; nobody's name has either
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def validate_username(name: str) -> None:
    """Letters of any script, digits, and `_ . -`."""
    # The key too, cut as the name would be: one letter can unfold into several, U+FDFA into eighteen with blanks.
    key = fold(name[:64])
    if not USERNAME.fullmatch(name) or not USERNAME.fullmatch(key) or len(key) > 255:
        raise ValidationError(_("Use letters, digits, and _ . - only."), code="invalid")


def validate_not_reserved(name: str) -> None:
    if fold(name) in RESERVED:
        raise ValidationError(_("This name is kept for the site itself. Choose another."), code="reserved")


@deconstructible
class MaxCharacters:
    """At most so many characters as people see them: a family emoji is one."""

    def __init__(self, limit: int) -> None:
        self.limit = limit

    def __call__(self, text: str) -> None:
        surplus = graphemes.count(text) - self.limit
        if surplus > 0:
            message = ngettext_lazy(
                "This is %(surplus)d character too long. Nothing is lost: shorten it and save again.",
                "This is %(surplus)d characters too long. Nothing is lost: shorten it and save again.",
                "surplus",
            )
            raise ValidationError(message, code="too_long", params={"surplus": surplus})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MaxCharacters) and self.limit == other.limit
