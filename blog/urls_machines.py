"""Addresses that machines ask for: the platform's probes and the crawlers'."""

from django.urls import path

from blog.views import crawlers, health

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("robots.txt", crawlers.robots, name="robots"),
    path("sitemap.xml", crawlers.sitemap_index, name="sitemap"),
    path("sitemap-<slug:section>.xml", crawlers.sitemap, name="sitemap_section"),
]
