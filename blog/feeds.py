"""Atom feeds: the newest posts of somebody, and of everybody. Source: RFC 4287."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.feedgenerator import Atom1Feed, rfc3339_date
from django.utils.html import linebreaks
from django.utils.http import http_date, quote_etag
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.xmlutils import SimplerXMLGenerator
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.validators import fold
from blog import text
from blog.models import Post
from blog.models.timeline import page_of
from microblog.context_processors import site_url
from microblog.pagination import Cursor

MAX_AGE = 60  # seconds
