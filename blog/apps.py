from typing import TYPE_CHECKING, Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from accounts.models import User


class BlogConfig(AppConfig):
    name = "blog"
    verbose_name = _("Posts")

    def ready(self) -> None:
        from accounts.signals import visibility_changed
        from blog import checks  # noqa: F401 - registers them
        from blog.models import Post, SearchEntry

        def tell_the_search(user: "User", **about: Any) -> None:
            SearchEntry.objects.note_all_of(Post.objects.by(user))

        visibility_changed.connect(tell_the_search, dispatch_uid="search", weak=False)
