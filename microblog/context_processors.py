"""What every page knows."""

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest
from django.utils import translation

THEMES = ("light", "dark")  # anything else in the cookie follows the system


def site(request: HttpRequest) -> dict:
    """The site's name and address, the chosen colours, and the languages for the switcher."""
    return {
        "SITE_NAME": settings.SITE_NAME,
        "SITE_URL": site_url(request),
        "LANGUAGES": settings.LANGUAGES,
        "LANGUAGE_CODE": translation.get_language(),
        "theme": theme_of(request),
    }


def theme_of(request: HttpRequest) -> str:
    """The colours that the reader chose; "" follows their system."""
    theme = request.COOKIES.get("theme", "")
    return theme if theme in THEMES else ""


def site_url(request: HttpRequest) -> str:
    """The site's address without a slash at its end; empty where the request names a host that is not ours."""
    try:
        return settings.SITE_URL or f"{request.scheme}://{request.get_host()}"
    except DisallowedHost:  # the page that says so is a page, too
        return ""
