"""Settings: every variable of the environment read once, typed, safe by default.

Importing this file needs no variable, no database and no network: Heroku's build runs `collectstatic` before any
config var exists. Contradictions are found by `microblog.checks`; `microblog.wsgi` refuses to serve without a key.
"""

from datetime import timedelta
from pathlib import Path
from urllib.parse import quote, urlsplit

import dj_database_url
from django import VERSION
from django.conf.locale import LANG_INFO
from django.core.management.utils import get_random_secret_key
from django.utils.text import capfirst
from django.utils.translation import to_language

from microblog.cluster import cluster_of
from microblog.env import Environment

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment()

# ---------------------------------------------------------------------------------------------------- the process
DEBUG = env.flag("DEBUG", False, "Show errors in the browser, serve files unhashed. Never on a public site.")
ON_DYNO = bool(env.text("DYNO", "", "Set by Heroku on every dyno; turns the defaults of a public site on.", shown=""))
PUBLIC = ON_DYNO  # what a site behind Heroku's router needs and a bare `manage.py` on a laptop does not
PORT = env.number("PORT", 8000, "Port that gunicorn listens on. Set by Heroku.")
WEB_CONCURRENCY = env.number("WEB_CONCURRENCY", 1, "Processes of gunicorn, of four threads each. Set by Heroku.")

SECRET_KEY = env.text("SECRET_KEY", "", "Signs sessions and links. A site does not serve without one.", shown="")
SECRET_KEY_GIVEN = bool(SECRET_KEY)
if not SECRET_KEY_GIVEN:
    SECRET_KEY = get_random_secret_key()  # lives as long as the process: enough for a build and for tests
SECRET_KEY_FALLBACKS = env.several("SECRET_KEY_FALLBACKS", [], "Former keys that are still accepted.")

# ---------------------------------------------------------------------------------------------------- the address
SERVER_NAME = env.text("SERVER_NAME", "", "Host name of the site, as the Flask Microblog calls it.")
HEROKU_NAME = env.text(
    "HEROKU_APP_DEFAULT_DOMAIN_NAME", "", "Set by Heroku where dyno metadata is on: the app's own host name."
)
SITE_URL = env.text(
    "SITE_URL", "", "Address of the site for links in e-mails, as https://example.org. Otherwise the request's."
).rstrip("/")
if not SITE_URL and (SERVER_NAME or HEROKU_NAME):
    SITE_URL = f"{'http' if DEBUG else 'https'}://{SERVER_NAME or HEROKU_NAME}"
_host = urlsplit(SITE_URL).hostname or ""
ALLOWED_HOSTS = env.several(
    "ALLOWED_HOSTS",
    [*([_host] if _host else []), *([".herokuapp.com"] if ON_DYNO else []), *(["*"] if DEBUG else [])],
    "Host names that the site answers to.",
    shown="the host of SITE_URL; on Heroku .herokuapp.com too; with DEBUG any",
)
CSRF_TRUSTED_ORIGINS = env.several(
    "CSRF_TRUSTED_ORIGINS",
    [SITE_URL] if SITE_URL else [],
    "Origins whose forms are accepted, with their scheme.",
    shown="SITE_URL",
)
SITE_NAME = env.text("SITE_NAME", "Microblog", "The name in the bar, in titles and in e-mails.")

# ---------------------------------------------------------------------------------------------------- parts
INSTALLED_APPS = [
    "microblog",
    "accounts",
    "blog",
    "microblog.apps.AdminConfig",
    "django.forms",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.sitemaps",
    "django_htmx",
    "django_tasks",
    "django_tasks_db",
]
MIDDLEWARE = [
    "microblog.middleware.RequestMiddleware",
    "microblog.middleware.ContentSecurityPolicyMiddleware",
    "microblog.middleware.ProbeMiddleware",
    "blog.middleware.BadgeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "microblog.files.StaticFilesMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "accounts.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "accounts.middleware.AuthenticationMiddleware",
    "accounts.middleware.LocaleMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.middleware.LastSeenMiddleware",
    "microblog.middleware.MethodMiddleware",
    "microblog.middleware.MistakeMiddleware",
]
ROOT_URLCONF = "microblog.urls"
WSGI_APPLICATION = "microblog.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "microblog.context_processors.site",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "microblog.templatetags.site",
                "microblog.templatetags.kept",
            ],
        },
    }
]
FORM_RENDERER = "microblog.forms.SiteFormRenderer"
SILENCED_SYSTEM_CHECKS = [
    "auth.W004",  # usernames are unique by their folded key (username_ci_unique)
    "models.W040",  # SQLite ignores the extra columns of a covering index, as it should
    "security.W005",  # HSTS for subdomains and preloading are for the owner of the whole domain to decide
    "security.W021",
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# ---------------------------------------------------------------------------------------------------- the database
DATABASE_URL = env.text(
    "DATABASE_URL",
    f"sqlite:///{BASE_DIR / 'microblog.sqlite3'}",
    "PostgreSQL or SQLite, as a URL; postgres:// is understood.",
    shown="SQLite in microblog.sqlite3",
)
DATABASE_SSL = env.flag(
    "DATABASE_SSL", ON_DYNO, "Require TLS to PostgreSQL (sslmode=require).", shown="1 on Heroku, else 0"
)
CONN_MAX_AGE = env.number("CONN_MAX_AGE", 600, "Seconds that a database connection is kept for the next request.")
CONN_HEALTH_CHECKS = env.flag("CONN_HEALTH_CHECKS", True, "Try a kept connection before it is used again.")
PREPARED_STATEMENTS = env.flag(
    "PREPARED_STATEMENTS", True, "Prepare the hottest statements on PostgreSQL; 0 behind a transaction pooler."
)
_postgres = DATABASE_URL.startswith(("postgres", "pgsql"))
DATABASES = {
    # ssl_require only for PostgreSQL: on a SQLite URL it breaks connecting.
    "default": dj_database_url.parse(
        DATABASE_URL,
        conn_max_age=CONN_MAX_AGE,
        conn_health_checks=CONN_HEALTH_CHECKS,
        ssl_require=DATABASE_SSL and _postgres and "sslmode=" not in DATABASE_URL,
    )
}
if _postgres:
    # A server that is away must cost a visitor seconds, not minutes.
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": 5,
        "tcp_user_timeout": 15_000,  # milliseconds without an answer to what was sent, then the connection is given up
        **DATABASES["default"].get("OPTIONS", {}),
    }
else:
    # Measured: 12 times the write rate of the defaults; IMMEDIATE so that two writers wait instead of failing.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-20000;",
    }

# ---------------------------------------------------------------------------------------------------- people
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.NameOrEmailBackend"]
LOGIN_REDIRECT_URL = "blog:home"
LOGOUT_REDIRECT_URL = "blog:home"
SESSION_ENGINE = "accounts.sessions"
SESSION_COOKIE_AGE = int(timedelta(days=30).total_seconds())
# Over plain http browsers keep no such cookie (but for localhost): who has no https says so in SITE_URL.
_https = PUBLIC or not (DEBUG or SITE_URL.startswith("http://"))
_shown = "1; 0 with DEBUG, or where SITE_URL begins with http:"
SESSION_COOKIE_SECURE = env.flag(
    "SESSION_COOKIE_SECURE", _https, "Send the session cookie over https only.", shown=_shown
)
CSRF_COOKIE_SECURE = env.flag("CSRF_COOKIE_SECURE", _https, "Send the CSRF cookie over https only.", shown=_shown)
CSRF_FAILURE_VIEW = "microblog.views.csrf_failure"
PASSWORD_RESET_TIMEOUT = int(timedelta(hours=1).total_seconds())
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    # What a Flask Microblog brings; upgraded to the first at the first sign-in.
    "accounts.hashers.WerkzeugScryptPasswordHasher",
    "accounts.hashers.WerkzeugPBKDF2PasswordHasher",
    "accounts.hashers.WerkzeugHMACPasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
AVATARS = env.choice("AVATARS", "own", ("own", "gravatar"), "Who draws the avatars; Gravatar learns who reads what.")
GRAVATAR_URL = env.text("GRAVATAR_URL", "https://www.gravatar.com", "Where Gravatar (or Libravatar) is.").rstrip("/")

# ---------------------------------------------------------------------------------------------------- posts
POST_MAX_LENGTH = env.number("POST_MAX_LENGTH", 140, "Characters in a post, counted as people see them.")
POSTS_PER_PAGE = env.number("POSTS_PER_PAGE", 20, "Posts on a page of a timeline.")
RATE_LIMITS = env.flag("RATE_LIMITS", True, "Limit sign-ins, registrations, resets and posts; 0 only for measuring.")

# ---------------------------------------------------------------------------------------------------- words and times
LANGUAGE_CODE = "en"
LOCALE_PATHS = [BASE_DIR / "locale"]
# A language is one folder in locale/: adding one needs no line of code.
LANGUAGES = [
    (code, capfirst(LANG_INFO[code]["name_local"]))
    for code in ["en", *sorted(to_language(folder.parent.name) for folder in BASE_DIR.glob("locale/*/LC_MESSAGES"))]
    if code in LANG_INFO
]
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = SESSION_COOKIE_SECURE
LANGUAGE_COOKIE_AGE = int(timedelta(days=365).total_seconds())
TIME_ZONE = "UTC"
USE_TZ = True

# ---------------------------------------------------------------------------------------------------- translation
# The first of these that is set translates posts; with none, the link is not shown. See blog/translate/.
MS_TRANSLATOR_KEY = env.text(
    "MS_TRANSLATOR_KEY", "", "Key of Microsoft Translator (v3), as in the Flask Microblog.", shown=""
)
MS_TRANSLATOR_REGION = env.text("MS_TRANSLATOR_REGION", "", "Region of that key, if its resource is a regional one.")
MS_TRANSLATOR_URL = env.text(
    "MS_TRANSLATOR_URL",
    "https://api.cognitive.microsofttranslator.com",
    "Where it is; a resource of one's own has another address.",
).rstrip("/")
DEEPL_API_KEY = env.text("DEEPL_API_KEY", "", "Key of DeepL's API.", shown="")
DEEPL_URL = env.text(
    "DEEPL_URL", "", "Where it is.", shown="https://api.deepl.com; for a free key https://api-free.deepl.com"
).rstrip("/")
LIBRETRANSLATE_URL = env.text("LIBRETRANSLATE_URL", "", "Address of a LibreTranslate server.").rstrip("/")
LIBRETRANSLATE_API_KEY = env.text("LIBRETRANSLATE_API_KEY", "", "Key for it, if it asks for one.", shown="")
APERTIUM_URL = env.text("APERTIUM_URL", "", "Address of an Apertium-APy server.").rstrip("/")

# ---------------------------------------------------------------------------------------------------- search
# Without any of these the database searches. No setting holds the address as it was given: there is a password in it.
_clusters = {
    "ELASTICSEARCH_URL": env.text(
        "ELASTICSEARCH_URL", "", "Elasticsearch 8 or 9 for the search, as https://user:password@host:9200.", shown=""
    ),
    "SEARCHBOX_URL": env.text("SEARCHBOX_URL", "", "Set by Heroku's add-on SearchBox; the same.", shown=""),
    "BONSAI_URL": env.text("BONSAI_URL", "", "Set by Heroku's add-on Bonsai; the same.", shown=""),
    "FOUNDELASTICSEARCH_URL": env.text(
        "FOUNDELASTICSEARCH_URL",
        "",
        "Set by Elastic's own add-on, without user and password: copy it into ELASTICSEARCH_URL with both.",
        shown="",
    ),
}
ELASTICSEARCH_VARIABLE = next((name for name, url in _clusters.items() if url), "")  # which one counts
_cluster = cluster_of(_clusters.get(ELASTICSEARCH_VARIABLE, ""))
ELASTICSEARCH_DSL = {"default": _cluster} if _cluster else {}
ELASTICSEARCH_DSL_SIGNAL_PROCESSOR = "blog.search.signals.OutboxSignalProcessor"
ELASTICSEARCH_DSL_AUTO_REFRESH = False  # of the library: would wait for the cluster at each write
ELASTICSEARCH_INDEX = env.text(
    "ELASTICSEARCH_INDEX", "microblog", "Name of the site's index there; sites that share a cluster need their own."
)
if ELASTICSEARCH_DSL:
    INSTALLED_APPS.append("django_elasticsearch_dsl")  # takes 15 MB: only who has a cluster pays

# ---------------------------------------------------------------------------------------------------- files
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},  # nothing is kept on a dyno's disk
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_MAX_AGE = 0 if DEBUG else 60
WHITENOISE_KEEP_ONLY_HASHED_FILES = True

# ---------------------------------------------------------------------------------------------------- e-mail and tasks
MAIL_SERVER = env.text("MAIL_SERVER", "", "Mail server, as the Flask Microblog calls it; EMAIL_URL goes first.")
MAIL_PORT = env.number("MAIL_PORT", 25, "Its port.")
MAIL_USE_TLS = env.flag("MAIL_USE_TLS", False, "Use STARTTLS with it.")
MAIL_USERNAME = env.text("MAIL_USERNAME", "", "Its user.", shown="")
MAIL_PASSWORD = env.text("MAIL_PASSWORD", "", "Its password.", shown="")
EMAIL_URL = env.text(
    "EMAIL_URL",
    "consolemail://",
    "Where e-mail goes: smtp://user:password@host:port, smtp+tls://, smtp+ssl://, or consolemail://.",
)
if EMAIL_URL == "consolemail://" and MAIL_SERVER:
    _user = f"{quote(MAIL_USERNAME, safe='')}:{quote(MAIL_PASSWORD, safe='')}@" if MAIL_USERNAME else ""
    EMAIL_URL = f"smtp{'+tls' if MAIL_USE_TLS else ''}://{_user}{MAIL_SERVER}:{MAIL_PORT}"
vars().update(env.env.email_url_config(EMAIL_URL))
EMAIL_TIMEOUT = 10  # seconds; the worker waits, never a visitor
DEFAULT_FROM_EMAIL = env.text(
    "DEFAULT_FROM_EMAIL",
    f"{SITE_NAME} <noreply@{_host or 'localhost'}>",
    "Sender of e-mails.",
    shown="noreply@ the host",
)
SERVER_EMAIL = DEFAULT_FROM_EMAIL
EMAIL_SUBJECT_PREFIX = f"[{SITE_NAME}] "
_admins = env.several("ADMINS", [], "Addresses that get errors by e-mail.")
ADMINS = _admins if VERSION >= (6, 0) else [("", address) for address in _admins]  # Django 5 wants names, too
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default"]}}
DIGESTS = env.flag(
    "DIGESTS", True, "The worker sends the e-mail digests; 0 where a scheduler runs manage.py send_digests."
)
NOTIFICATIONS_KEPT = timedelta(
    days=env.number("NOTIFICATIONS_KEPT_DAYS", 90, "Days that a notification is kept after it was read.")
)
WORKER_IN_WEB = env.flag("WORKER_IN_WEB", False, "Run the background worker beside the web process (one dyno).")

# ---------------------------------------------------------------------------------------------------- safety
SECURE_SSL_REDIRECT = env.flag("SECURE_SSL_REDIRECT", PUBLIC, "Redirect http to https.", shown="1 on Heroku, else 0")
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
TRUST_PROXY = env.flag(
    "TRUST_PROXY",
    ON_DYNO,
    "A proxy in front sets X-Forwarded-Proto, -For and X-Request-ID; without one a client could forge them.",
    shown="1 on Heroku, else 0",
)
if TRUST_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = env.number(
    "SECURE_HSTS_SECONDS", 0, "Seconds that browsers insist on https (HSTS). Opt in, it can't be taken back."
)
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.flag("SECURE_HSTS_INCLUDE_SUBDOMAINS", False, "HSTS for subdomains too.")
SECURE_HSTS_PRELOAD = env.flag("SECURE_HSTS_PRELOAD", False, "Ask browsers to preload HSTS.")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# ---------------------------------------------------------------------------------------------------- the console
LOG_LEVEL = env.choice("LOG_LEVEL", "info", ("debug", "info", "warning", "error"), "What is worth a line.").upper()
LOG_FORMAT = env.choice("LOG_FORMAT", "text", ("text", "json"), "Lines for people or for machines.")
LOG_TO_STDOUT = env.flag("LOG_TO_STDOUT", True, "0 writes to logs/microblog.log instead, 10 files of 10 KiB.")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "request": {"()": "microblog.logging.RequestFilter"},
        "production": {"()": "django.utils.log.RequireDebugFalse"},
    },
    "formatters": {
        "text": {"()": "microblog.logging.TextFormatter"},
        "json": {"()": "microblog.logging.JSONFormatter"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "stream": "ext://sys.stdout",
            "formatter": LOG_FORMAT,
            "filters": ["request"],
        },
        "file": {
            "()": "microblog.logfile.rotating_file",
            "path": BASE_DIR / "logs" / "microblog.log",
            "formatter": LOG_FORMAT,
            "filters": ["request"],
        },
        "admins": {
            "class": "microblog.alerts.AdminMail",
            "level": "ERROR",
            "formatter": "text",
            "filters": ["request", "production"],
        },
    },
    "root": {"level": LOG_LEVEL, "handlers": ["console" if LOG_TO_STDOUT else "file"]},
    "loggers": {
        # Django's own handlers print a traceback only with DEBUG; ours always does.
        "django": {"level": LOG_LEVEL, "handlers": [], "propagate": True},
        "django.request": {"handlers": ["admins"], "propagate": True},
        "blog.worker": {"handlers": ["admins"], "propagate": True},
        # Each variable that a template does not find, with the whole context: its request's address, its tokens.
        "django.template": {"level": "INFO"},
        "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
        # A line for each request, with a traceback for each that fails: ours say what has to be known.
        "elastic_transport": {"level": "CRITICAL"},
        "elasticsearch": {"level": "CRITICAL"},
    },
}
if not LOG_TO_STDOUT:
    (BASE_DIR / "logs").mkdir(exist_ok=True)
else:
    LOGGING["handlers"].pop("file")  # type: ignore[attr-defined] # a dictionary of dictionaries
