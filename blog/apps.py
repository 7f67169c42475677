from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BlogConfig(AppConfig):
    name = "blog"
    verbose_name = _("Posts")

    def ready(self) -> None:
        from accounts import sessions, signals
        from blog import checks, receivers  # noqa: F401 - registers them
        from blog.models.unread import WITH_SESSION

        sessions.ALSO |= WITH_SESSION

        signals.followed.connect(receivers.on_follow)
        signals.unfollowed.connect(receivers.on_unfollow)
        signals.muted.connect(receivers.on_mute)
        signals.blocked.connect(receivers.on_block)
        signals.visibility_changed.connect(receivers.on_visibility)
