"""Settings for tests: quick hashing, plain file names, mail in memory, tasks at once."""

import os

# An Elasticsearch that the environment names is for the tests that ask for one; everything else is without.
os.environ.setdefault("TEST_ELASTICSEARCH_URL", os.environ.pop("ELASTICSEARCH_URL", ""))

from microblog.settings import *  # noqa: F403

SECRET_KEY = "only for tests"
SECRET_KEY_GIVEN = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *PASSWORD_HASHERS]  # noqa: F405
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}  # noqa: F405
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
_tasks = "django.tasks" if VERSION >= (6, 0) else "django_tasks"  # noqa: F405
TASKS = {"default": {"BACKEND": f"{_tasks}.backends.immediate.ImmediateBackend"}}
SECURE_SSL_REDIRECT = False
