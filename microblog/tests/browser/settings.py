"""Settings of the site that the browser visits: as it is served to the public, with files of its own."""

import os
from pathlib import Path

from microblog.settings import *  # noqa: F403

STATIC_ROOT = Path(os.environ["SITE_FOLDER"]) / "static"
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = Path(os.environ["SITE_FOLDER"]) / "mail"
_tasks = "django.tasks" if VERSION >= (6, 0) else "django_tasks"  # noqa: F405
TASKS = {"default": {"BACKEND": f"{_tasks}.backends.immediate.ImmediateBackend"}}  # no worker runs beside it
