from django.urls import path

from blog import feeds
from blog.views import conversation, jobs, likes, posts, search, suggest, timelines, translations

app_name = "blog"
urlpatterns = [
    path("", timelines.home, name="home"),
    path("explore/", timelines.explore, name="explore"),
    path("explore/feed.atom", feeds.explore, name="feed"),
    path("search/", search.show, name="search"),
    path("search/suggestions/", search.suggestions, name="search_suggestions"),
    path("tags/<str:name>/", timelines.tag, name="tag"),
    path("@<str:username>/", timelines.person, name="person"),
    path("@<str:username>/feed.atom", feeds.person, name="person_feed"),
    path("posts/", posts.new, name="new"),
    path("posts/<int:pk>/", conversation.show, name="post"),
    path("posts/<int:pk>/reply/", conversation.reply, name="reply"),
    path("posts/<int:pk>/like/", likes.like, name="like"),
    path("posts/<int:pk>/unlike/", likes.unlike, name="unlike"),
    path("posts/<int:pk>/repost/", likes.repost, name="repost"),
    path("posts/<int:pk>/unrepost/", likes.unrepost, name="unrepost"),
    path("posts/<int:pk>/likes/", likes.likes, name="likes"),
    path("posts/<int:pk>/reposts/", likes.reposts, name="reposts"),
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
    path("suggest/", suggest.suggest, name="suggest"),
    path("new/", timelines.home_new, name="home_new"),
    path("explore/new/", timelines.explore_new, name="explore_new"),
]
