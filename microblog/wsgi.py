"""The site as a WSGI application. It refuses to serve without a SECRET_KEY unless DEBUG is on."""

import logging
import os

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "microblog.settings")
if not (settings.DEBUG or settings.SECRET_KEY_GIVEN):
    raise ImproperlyConfigured("Set SECRET_KEY: without it nobody stays signed in.")

application = get_wsgi_application()
logging.getLogger("microblog").info("Microblog startup")
