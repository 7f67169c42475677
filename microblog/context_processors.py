"""What every page knows."""

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest
from django.utils import translation

THEMES = ("light", "dark")  # anything else in the cookie follows the system


def site(request: HttpRequest) -> dict:
    """The site's name and address, the chosen colours, and the languages for the switcher."""
    theme = request.COOKIES.get("theme", "")
    return {
        "SITE_NAME": settings.SITE_NAME,
        "SITE_URL": settings.SITE_URL or address_of(request),
        "LANGUAGES": settings.LANGUAGES,
        "LANGUAGE_CODE": translation.get_language(),
        "theme": theme if theme in THEMES else "",
    }


def address_of(request: HttpRequest) -> str:
    """The address that the request came to; none where it was refused for its host, and still wants an answer."""
    try:
        return f"{request.scheme}://{request.get_host()}"
    except DisallowedHost:
        return ""
