"""What crawlers ask for: where they may go, and what there is."""

import re

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from blog import sitemap as maps
from microblog.context_processors import site_url

XML = "application/xml; charset=utf-8"
FILE = re.compile(rf"({'|'.join(maps.SECTIONS)})-([0-9]{{1,8}})")
ROBOTS = """\
User-agent: *
Disallow: /accounts/
Disallow: /admin/
Disallow: /new/
Disallow: /explore/new/
Disallow: /posts/*/menu/

Sitemap: {site}/sitemap.xml
"""


@require_safe
@cache_control(public=True, max_age=24 * 60 * 60)
def robots(request: HttpRequest) -> HttpResponse:
    """Source: RFC 9309."""
    return HttpResponse(ROBOTS.format(site=site_url(request)), content_type="text/plain; charset=utf-8")


@require_safe
@cache_control(public=True, max_age=60 * 60)
def sitemap_index(request: HttpRequest) -> HttpResponse:
    return HttpResponse(maps.index(site_url(request)), content_type=XML)


@require_safe
@cache_control(public=True, max_age=60 * 60)
def sitemap(request: HttpRequest, section: str) -> HttpResponse:
    """One file of the site map."""
    base = site_url(request)
    if section == "pages":
        return HttpResponse(maps.pages(base), content_type=XML)
    if not (named := FILE.fullmatch(section)):
        raise Http404
    return HttpResponse(maps.urlset(base, maps.addresses(named[1], int(named[2]))), content_type=XML)
