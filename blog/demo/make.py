"""Make members, follows and posts out of the demo's files: everything or nothing, in one transaction."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from zlib import crc32

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Q

from accounts.models import Follow, User
from accounts.validators import fold
from blog import text
from blog.demo import deeds, load
from blog.demo.deeds import share
from blog.models import Post, Tag, Tagging, search
from blog.models.ids import id_at

MEMBER = "ada"  # whom a newcomer signs in as
MODERATOR = "ruth_k"
ADMINISTRATOR = "admin"
MODERATORS = "Moderators"  # the group that a migration makes


@transaction.atomic
def make(now: datetime, password: str) -> dict[str, int]:
    """Write the demo as it looks at `now`; all its people have `password`. Return how many of what were made.

    Raise DemoError when somebody has a name or an address of the demo's people.
    """
    members, written = load.people(), load.posts()
    times = _times(written, now)
    people = _people(members, times, now, password)
    _refuse_taken(people.values())
    _count(people, members, written)
    User.objects.bulk_create(people.values())
    for group in Group.objects.filter(name=MODERATORS):
        people[MODERATOR].groups.add(group)
    follows = _follow(people, members, now)
    posts = _posts(people, written, now)
    decided = deeds.decide(people, follows, posts, now)
    _publish(people, posts)
    made = deeds.make(people, follows, posts, decided, now)
    return {"people": len(people), "follows": len(follows), "posts": len(posts), **made}


def taken(people: Iterable[User]) -> list[str]:
    """The names of those here whose username or address one of `people` would have."""
    people = list(people)
    names, emails = [fold(person.username) for person in people], [fold(person.email) for person in people]
    here = User.objects.filter(Q(username_key__in=names) | Q(email_key__in=emails))
    return sorted(here.values_list("username", flat=True))


def _refuse_taken(people: Iterable[User]) -> None:
    if names := taken(people):
        others = f" and {len(names) - 3} others" if len(names) > 3 else ""
        raise load.DemoError(f"people with their names or addresses are here: {', '.join(names[:3])}{others}")


def _times(written: list[load.DemoPost], now: datetime) -> dict[str, list[datetime]]:
    """When everybody wrote, oldest first."""
    times: dict[str, list[datetime]] = defaultdict(list)
    for post in written:
        times[post.author].append(post.written_at(now))
    return {author: sorted(moments) for author, moments in times.items()}


def _people(
    members: list[load.Person], times: dict[str, list[datetime]], now: datetime, password: str
) -> dict[str, User]:
    """Everybody by username, the administrator last. Not saved yet."""
    hashed = make_password(password)
    people = {
        person.username: User(
            username=person.username,
            name=person.name,
            about=person.about,
            email=_email(number, person.username),
            language=person.language,
            password=hashed,
            avatar=User.Avatar.LETTER if share(person.username) < 0.2 else "",
            is_staff=person.username == MODERATOR,
            created_at=_joined(person, times[person.username][0]),
            last_seen_at=_last_seen(person.username, times[person.username][-1], now),
        )
        for number, person in enumerate(members, 1)
    }
    first = min(person.created_at for person in people.values())
    people[ADMINISTRATOR] = User(
        username=ADMINISTRATOR,
        email=_email(0, ADMINISTRATOR),
        password=hashed,
        is_staff=True,
        is_superuser=True,
        created_at=first - timedelta(days=1),
    )
    return people


def _email(number: int, username: str) -> str:
    # A domain that is nobody's, by RFC 2606. Addresses outside ASCII are beyond many mail servers.
    return f"{username if username.isascii() else f'member-{number}'}@example.com"


def _joined(person: load.Person, first_post: datetime) -> datetime:
    """Up to a year before the first post; whoever follows nobody came only just before."""
    return first_post - timedelta(days=1 + 360 * share(person.name) if person.follows else 0.01)


def _last_seen(username: str, last_post: datetime, now: datetime) -> datetime:
    """Between the last post and now, rather soon after the post."""
    return last_post + (now - last_post) * share(username) ** 2


def _count(people: dict[str, User], members: list[load.Person], written: list[load.DemoPost]) -> None:
    """Set the counters that the verbs would have kept."""
    posts = Counter(post.author for post in written)
    followers = Counter(name for person in members for name in person.follows)
    for person in members:
        user = people[person.username]
        user.post_count = posts[person.username]
        user.follower_count = followers[person.username]
        user.following_count = len(person.follows)


def _follow(people: dict[str, User], members: list[load.Person], now: datetime) -> list[Follow]:
    """Everybody's follows, oldest first: at some time since both are members."""
    follows = []
    for person in members:
        for name in person.follows:
            both = max(people[person.username].created_at, people[name].created_at)
            at = both + (now - both) * share(f"{person.username} {name}")
            follows.append(Follow(follower=people[person.username], followed=people[name], created_at=at))
    return Follow.objects.bulk_create(sorted(follows, key=lambda follow: follow.created_at))


def _posts(people: dict[str, User], written: list[load.DemoPost], now: datetime) -> list[Post]:
    """The posts, not saved yet, in the order in which they were written."""
    pks = {post.body: id_at(post.written_at(now), crc32(post.body.encode()) & 0xFFFF) for post in written}
    authors = {post.body: people[post.author] for post in written}
    answered = Counter(post.answers for post in written)
    return [
        Post(
            pk=pks[post.body],
            author=people[post.author],
            body=post.body,
            language=post.language,
            reply_to_id=pks.get(post.answers),
            other=authors.get(post.answers),
            reply_count=answered[post.body],
        )
        for post in written
    ]


def _publish(people: dict[str, User], posts: list[Post]) -> None:
    """Make all that `Post.objects.publish` makes for one."""
    Post.objects.bulk_create(posts)
    _tag(posts)
    _mention(posts, {fold(name): person.pk for name, person in people.items()})
    search.written(posts)


def _tag(posts: list[Post]) -> None:
    named = {post.pk: {text.fold(tag) for tag in text.tags(post.body)} for post in posts}
    names = set().union(*named.values())
    Tag.objects.bulk_create([Tag(name=name) for name in sorted(names)], ignore_conflicts=True)
    tags = dict(Tag.objects.filter(name__in=names).values_list("name", "pk"))
    Tagging.objects.bulk_create([Tagging(post_id=pk, tag_id=tags[name]) for pk in named for name in sorted(named[pk])])


def _mention(posts: list[Post], keys: dict[str, int]) -> None:
    mention = Post.mentions.through
    mention.objects.bulk_create(
        mention(post_id=post.pk, user_id=keys[fold(name)]) for post in posts for name in text.mentions(post.body)
    )
