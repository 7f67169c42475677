from django.urls import path

from blog import feeds
from blog.views import jobs, notifications, posts, timelines, translations, unread

app_name = "blog"
urlpatterns = [
    path("", timelines.home, name="home"),
    path("explore/", timelines.explore, name="explore"),
    path("explore/feed.atom", feeds.explore, name="feed"),
    path("tags/<str:name>/", timelines.tag, name="tag"),
    path("@<str:username>/", timelines.person, name="person"),
    path("@<str:username>/feed.atom", feeds.person, name="person_feed"),
    path("posts/", posts.new, name="new"),
    path("posts/<int:pk>/", posts.show, name="post"),
    path("posts/<int:pk>/menu/", posts.menu, name="menu"),
    path("posts/<int:pk>/translation/", translations.show, name="translation"),
    path("posts/<int:pk>/delete/", posts.delete, name="delete"),
    path("jobs/", jobs.all_of_mine, name="jobs"),
    path("jobs/export/", jobs.export, name="export"),
    path("jobs/import/", jobs.take_in, name="import"),
    path("jobs/<int:pk>/take/", jobs.take, name="job_take"),
    path("jobs/<int:pk>/", jobs.show, name="job"),
    path("jobs/<int:pk>/progress/", jobs.progress, name="job_progress"),
    path("jobs/<int:pk>/cancel/", jobs.cancel, name="job_cancel"),
    path("jobs/<int:pk>/download/", jobs.download, name="job_download"),
    path("notifications/", notifications.all_of_mine, name="notifications"),
    path("notifications/unread/", unread.unread, name="unread"),  # answered by blog.middleware
    path("notifications/read/", notifications.read, name="notifications_read"),
    path("notifications/unsubscribe/<str:token>/", notifications.unsubscribe, name="unsubscribe"),
    path("accounts/settings/notifications/", notifications.choose, name="settings_notifications"),
    path("new/", timelines.home_new, name="home_new"),
    path("explore/new/", timelines.explore_new, name="explore_new"),
]
