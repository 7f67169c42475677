"""Addresses of the Flask Microblog: links and bookmarks keep working, page numbers apart."""

from django.urls import path

from blog.views.old import conversation, moved, profile

urlpatterns = [
    path("index", moved, {"to": "/"}),
    path("explore", moved, {"to": "/explore/"}),
    path("search", moved, {"to": "/search/", "keep": "q"}),
    path("edit_profile", moved, {"to": "/accounts/settings/"}),
    path("export_posts", moved, {"to": "/jobs/"}),
    path("auth/login", moved, {"to": "/accounts/login/", "keep": "next"}),
    path("auth/register", moved, {"to": "/accounts/register/", "keep": "next"}),
    path("auth/logout", moved, {"to": "/"}),
    path("auth/reset_password_request", moved, {"to": "/accounts/password_reset/"}),
    path("auth/reset_password/<str:token>", moved, {"to": "/accounts/password_reset/"}),
    path("user/<str:username>", profile),
    path("user/<str:username>/popup", profile, {"to": "card"}),
    path("follow/<str:username>", profile),
    path("unfollow/<str:username>", profile),
    path("messages", moved, {"to": "/messages/"}),
    path("send_message/<str:username>", conversation),
]
