"""What follows here from how people stand to one another; `blog.apps` connects it."""

from typing import Any

from accounts.models import Block, Follow, Mute, User
from blog.models import Notification, Post, SearchEntry


def on_follow(*, follow: Follow, **_signal: Any) -> None:
    Notification.tell(follow.followed, Notification.Kind.FOLLOW, follow.follower)


def on_unfollow(*, follower: User, followed: User, **_signal: Any) -> None:
    Notification.untell(followed, Notification.Kind.FOLLOW, follower)


def on_mute(*, mute: Mute, **_signal: Any) -> None:
    Notification.part(mute.muter, mute.muted)


def on_block(*, block: Block, **_signal: Any) -> None:
    """Neither has news of the other, in the order of the keys."""
    for owner, actor in sorted([(block.blocker, block.blocked), (block.blocked, block.blocker)], key=lambda p: p[0].pk):
        Notification.part(owner, actor)


def on_visibility(*, user: User, **_signal: Any) -> None:
    """What somebody wrote is found as long as they may be seen."""
    SearchEntry.objects.note_all_of(Post.objects.by(user))
