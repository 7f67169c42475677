"""Settings that contradict each other, as Django system checks: `manage.py check --deploy` prints them with a hint.

What is right for a laptop and wrong in public is told with --deploy only; what is never right, always.
"""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from microblog.middleware import ContentSecurityPolicyMiddleware

TRANSLATORS = "MS_TRANSLATOR_URL", "DEEPL_URL", "LIBRETRANSLATE_URL", "APERTIUM_URL"
CONSOLE = "django.core.mail.backends.console.EmailBackend"


@register(Tags.security, deploy=True)
def secret_key(**kwargs: Any) -> list[CheckMessage]:
    if settings.DEBUG or settings.SECRET_KEY_GIVEN:
        return []
    hint = "Set SECRET_KEY to 50 random characters: openssl rand -hex 32. app.json makes Heroku generate one."
    return [Error("No SECRET_KEY, and DEBUG is off: the site refuses to serve.", hint=hint, id="microblog.E001")]


@register(Tags.security, deploy=True)
def database_on_a_dyno(**kwargs: Any) -> list[CheckMessage]:
    if not settings.ON_DYNO or settings.DATABASES["default"]["ENGINE"] != "django.db.backends.sqlite3":
        return []
    hint = "heroku addons:create heroku-postgresql:essential-0 sets DATABASE_URL."
    return [Error("SQLite on a dyno: at each restart all is lost.", hint=hint, id="microblog.E002")]


@register(Tags.security, deploy=True)
def debug_on_a_dyno(**kwargs: Any) -> list[CheckMessage]:
    if not (settings.ON_DYNO and settings.DEBUG):
        return []
    hint = "heroku config:unset DEBUG"
    return [Error("DEBUG on a dyno shows code and settings to visitors.", hint=hint, id="microblog.E003")]


@register(Tags.security, deploy=True)
def redirect_for_ever(**kwargs: Any) -> list[CheckMessage]:
    if not settings.ON_DYNO or not settings.SECURE_SSL_REDIRECT or settings.TRUST_PROXY:
        return []
    hint = "Unset TRUST_PROXY: Heroku's router sets X-Forwarded-Proto, and no visitor can."
    text = "SECURE_SSL_REDIRECT without TRUST_PROXY: behind a router every page redirects to itself."
    return [Error(text, hint=hint, id="microblog.E004")]


@register(Tags.security, deploy=True)
def email_to_the_console(**kwargs: Any) -> list[CheckMessage]:
    if settings.DEBUG or settings.EMAIL_BACKEND != CONSOLE:
        return []
    hint = "Set EMAIL_URL, as smtp+tls://user:password@host:587 (or MAIL_SERVER)."
    text = "E-mail is written to the console: nobody gets it, and the log holds the links that reset passwords."
    return [Warning(text, hint=hint, id="microblog.W005")]


@register(Tags.security, deploy=True)
def session_cookie(**kwargs: Any) -> list[CheckMessage]:
    """Django looks only where its own sessions are installed; ours are not."""
    if settings.SESSION_COOKIE_SECURE:
        return []
    hint = "Where the site has https, unset SESSION_COOKIE_SECURE, and let SITE_URL begin with https:."
    return [Warning("The session cookie is sent over http, too.", hint=hint, id="microblog.W009")]


@register(Tags.security)
def gravatar_without_its_host(**kwargs: Any) -> list[CheckMessage]:
    """The address of Gravatar must be one, and the policy that is sent must let browsers load from it."""
    if settings.AVATARS != "gravatar":
        return []
    parts = urlsplit(settings.GRAVATAR_URL)
    policy = ContentSecurityPolicyMiddleware(lambda request: None).policy  # type: ignore[arg-type,return-value]
    images = next((part.split()[1:] for part in policy.split("; ") if part.startswith("img-src ")), [])
    if parts.scheme == "https" and parts.hostname and f"https://{parts.netloc}" in images:
        return []
    hint = "Set GRAVATAR_URL to the address of Gravatar or Libravatar with its scheme: https://www.gravatar.com"
    text = "AVATARS is gravatar, but the Content-Security-Policy does not name its host: browsers load no avatar."
    return [Error(text, hint=hint, id="microblog.E006")]


@register(Tags.security)
def addresses(**kwargs: Any) -> list[CheckMessage]:
    parts = urlsplit(settings.SITE_URL)
    if not settings.SITE_URL or (parts.scheme in {"http", "https"} and parts.hostname and not parts.path):
        return []
    hint = "As https://example.org: with its scheme, without a path."
    return [Error("SITE_URL is no address: links in e-mails lead nowhere.", hint=hint, id="microblog.E007")]


@register(Tags.security)
def links_in_emails(**kwargs: Any) -> list[CheckMessage]:
    """See microblog.addresses.site_address."""
    if settings.DEBUG or settings.SITE_URL or "*" not in settings.ALLOWED_HOSTS:
        return []
    hint = "Set SITE_URL, as https://example.org."
    text = "ALLOWED_HOSTS is * and SITE_URL is not set: no e-mail is sent, since anybody could choose where it leads."
    return [Warning(text, hint=hint, id="microblog.W011")]


@register()
def numbers(**kwargs: Any) -> list[CheckMessage]:
    """Numbers of which nought says that nothing works."""
    names = ["POST_MAX_LENGTH", "POSTS_PER_PAGE", "WEB_CONCURRENCY"]
    hint = "Unset it for its default, or give it at least 1."
    return [Error(f"{name} is 0.", hint=hint, id="microblog.E008") for name in names if getattr(settings, name) < 1]


@register()
def translators(**kwargs: Any) -> list[CheckMessage]:
    """Where posts are translated: an address without its scheme would be asked for nothing."""
    given = {name: getattr(settings, name) for name in TRANSLATORS}
    wrong = [name for name, url in given.items() if url and urlsplit(url).scheme not in ("http", "https")]
    hint = "As https://translate.example.org: with its scheme."
    return [Error(f"{name} is no address: no post is translated.", hint=hint, id="microblog.E010") for name in wrong]


@register()
def cluster(**kwargs: Any) -> list[CheckMessage]:
    """Where Elasticsearch is. The value itself is not shown: a password is in it."""
    name = settings.ELASTICSEARCH_VARIABLE
    if not name or settings.ELASTICSEARCH_DSL:
        return []
    hint = "As https://user:password@host:9200: with its scheme; in the password % @ : / # are %25 %40 %3A %2F %23."
    return [Error(f"{name} is no address: the database searches instead.", hint=hint, id="microblog.E012")]


@register(Tags.security, deploy=True)
def cluster_without_a_password(**kwargs: Any) -> list[CheckMessage]:
    if settings.ELASTICSEARCH_VARIABLE != "FOUNDELASTICSEARCH_URL" or "basic_auth" in _cluster():
        return []
    hint = "Set ELASTICSEARCH_URL to the same address with user and password: https://elastic:password@host:9243"
    text = "FOUNDELASTICSEARCH_URL has no user and password: Elastic's clusters refuse who does not sign in."
    return [Warning(text, hint=hint, id="microblog.W013")]


def _cluster() -> dict[str, Any]:
    return settings.ELASTICSEARCH_DSL.get("default", {})
