from django.urls import path

from blog import feeds
from blog.views import jobs, messages, posts, timelines, translations

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
    path("messages/", messages.all_of_mine, name="messages"),
    path("messages/new/", messages.begin, name="message_new"),
    path("messages/@<str:username>/", messages.conversation, name="conversation"),
    path("messages/@<str:username>/news/", messages.news, name="conversation_news"),
    path("messages/@<str:username>/read/", messages.read, name="conversation_read"),
    path("messages/<int:pk>/", messages.left, name="conversation_left"),
    path("messages/<int:pk>/delete/", messages.delete, name="conversation_delete"),
    path("jobs/", jobs.all_of_mine, name="jobs"),
    path("jobs/export/", jobs.export, name="export"),
    path("jobs/import/", jobs.take_in, name="import"),
    path("jobs/<int:pk>/take/", jobs.take, name="job_take"),
    path("jobs/<int:pk>/", jobs.show, name="job"),
    path("jobs/<int:pk>/progress/", jobs.progress, name="job_progress"),
    path("jobs/<int:pk>/cancel/", jobs.cancel, name="job_cancel"),
    path("jobs/<int:pk>/download/", jobs.download, name="job_download"),
    path("new/", timelines.home_new, name="home_new"),
    path("explore/new/", timelines.explore_new, name="explore_new"),
]
