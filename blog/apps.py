from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BlogConfig(AppConfig):
    name = "blog"
    verbose_name = _("Posts")

    def ready(self) -> None:
        from accounts import signals
        from blog import checks  # noqa: F401 - registers them

        signals.followed.connect(on_follow)
        signals.unfollowed.connect(on_unfollow)
        signals.muted.connect(on_mute)
        signals.blocked.connect(on_block)


def on_follow(follow: Any, **kwargs: Any) -> None:
    from blog.models import Notification

    Notification.tell(follow.followed, Notification.Kind.FOLLOW, follow.follower)


def on_unfollow(follower: Any, followed: Any, **kwargs: Any) -> None:
    from blog.models import Notification

    Notification.untell(followed, Notification.Kind.FOLLOW, follower)


def on_mute(mute: Any, **kwargs: Any) -> None:
    from blog.models import Notification

    Notification.part(mute.muter, mute.muted)


def on_block(block: Any, **kwargs: Any) -> None:
    """Neither has news of the other, in the order of the keys."""
    from blog.models import Notification

    for owner, actor in sorted([(block.blocker, block.blocked), (block.blocked, block.blocker)], key=lambda p: p[0].pk):
        Notification.part(owner, actor)
