"""What people say about themselves. A form that is refused keeps what was typed, passwords apart."""

from accounts.forms.joining import GUESSES_PER, RegisterForm, SignInForm, guesses_of
from accounts.forms.passwords import EmailForm, LeaveForm, NewPasswordForm, PasswordChangeForm, ResetForm
from accounts.forms.profile import LanguageCodeForm, LanguageForm, ProfileForm, ThemeForm, WritersForm
from accounts.forms.ties import BlockForm

__all__ = [
    "GUESSES_PER",
    "BlockForm",
    "EmailForm",
    "LanguageCodeForm",
    "LanguageForm",
    "LeaveForm",
    "NewPasswordForm",
    "PasswordChangeForm",
    "ProfileForm",
    "RegisterForm",
    "ResetForm",
    "SignInForm",
    "ThemeForm",
    "WritersForm",
    "guesses_of",
]
