"""All addresses. Each app brings its own groups; the apps are named in strings."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    # The most read first: addresses are tried in this order.
    path("", include("blog.urls")),
    path("", include("accounts.urls")),
    path("admin/", admin.site.urls),
    path("", include("blog.urls_machines")),
    path("", include("blog.urls_old")),
]
handler400 = "microblog.views.bad_request"
handler403 = "microblog.views.permission_denied"
handler404 = "microblog.views.not_found"
handler500 = "microblog.views.server_error"
