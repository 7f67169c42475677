"""The switchers in the footer, for everybody: language, and light or dark."""

from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.forms import LanguageCodeForm, ThemeForm
from accounts.models import User
from microblog.addresses import back

THEME_COOKIE = "theme"


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Keep the language in a cookie, and with the member."""
    form = LanguageCodeForm(request.POST)
    if not form.is_valid():
        raise BadRequest(_("This site does not speak that language."))
    code = form.cleaned_data["language"]
    if request.user.is_authenticated:
        User.objects.filter(pk=request.user.pk).update(language=code)
    response = HttpResponseRedirect(back(request))
    keep(response, settings.LANGUAGE_COOKIE_NAME, code)
    return response


@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Light, dark, or as the system has it."""
    form = ThemeForm(request.POST)
    if not form.is_valid():
        raise BadRequest(_("There are two sets of colours, light and dark."))
    response = HttpResponseRedirect(back(request))
    if form.cleaned_data["theme"] in ("light", "dark"):
        keep(response, THEME_COOKIE, form.cleaned_data["theme"])
    else:
        response.delete_cookie(THEME_COOKIE, samesite="Lax")
    return response


def keep(response: HttpResponse, name: str, value: str) -> None:
    options: dict[str, Any] = {"max_age": settings.LANGUAGE_COOKIE_AGE, "samesite": "Lax", "httponly": True}
    response.set_cookie(name, value, secure=settings.SESSION_COOKIE_SECURE, **options)
