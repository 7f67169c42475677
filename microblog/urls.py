"""All addresses. Each app brings its own groups; the apps are named in strings."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("accounts.urls")),
    path("", include("blog.urls")),
    path("", include("blog.urls_machines")),
    path("", include("blog.urls_old")),
]
handler400 = "microblog.views.bad_request"
handler403 = "microblog.views.permission_denied"
handler404 = "microblog.views.not_found"
handler500 = "microblog.views.server_error"
