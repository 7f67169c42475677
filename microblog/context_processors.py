"""What every page knows."""

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict:
    """The site's name and address, the chosen colours, and the languages for the switcher."""
    return {
        "SITE_NAME": settings.SITE_NAME,
        "SITE_URL": settings.SITE_URL or f"{request.scheme}://{request.get_host()}",
        "LANGUAGES": settings.LANGUAGES,
        "theme": request.COOKIES.get("theme", ""),
    }
