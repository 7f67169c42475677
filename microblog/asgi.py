"""The site as an ASGI application, for servers that want one; the deployment of README uses WSGI."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "microblog.settings")
application = get_asgi_application()
