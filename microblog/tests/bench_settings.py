"""The site's own settings, with the empty view to measure against."""

from microblog.settings import *  # noqa: F403

ROOT_URLCONF = "microblog.tests.bench_urls"
