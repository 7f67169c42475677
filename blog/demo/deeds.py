"""What the demo's people do with posts and to one another: likes, reposts, messages, and what they are told of it.

The same things every time: what looks like chance hangs on the texts.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple
from zlib import crc32

from accounts.models import Block, Follow, Mute, User
from accounts.validators import fold
from blog import text
from blog.demo import load
from blog.models import Conversation, Like, Message, Notification, Post, Side, Teller
from blog.models.ids import id_at

UNREAD = timedelta(hours=3)  # what happened since then nobody has read
NEAR, FAR = 0.6, 0.05  # how likely a follower, and somebody else, likes a post that everybody likes
TALKED_ABOUT = 0.6
REPEATED = 0.1  # how likely a follower repeats it
Kind = Notification.Kind


class Event(NamedTuple):
    """Something that one member did to another, at a time; a follow and a message are about no post."""

    owner: User
    kind: str
    post: Post | None
    actor: User
    at: datetime


class Deeds(NamedTuple):
    """What is decided before a post is written, which has its counters from the beginning."""

    likes: list[Like]
    reposts: list[Post]
    apart: set[tuple[int, int]]  # who does not hear whom


def decide(people: dict[str, User], follows: list[Follow], posts: list[Post], now: datetime) -> Deeds:
    """Who likes and repeats which of `posts`, whose counters are set."""
    apart = _apart(people, now)
    likes = sorted(_likes(people.values(), follows, posts, apart, now), key=lambda like: like.created_at)
    reposts = list(_reposts(follows, posts, now))
    liked, repeated = Counter(like.post.pk for like in likes), Counter(row.repost_of_id for row in reposts)
    for post in posts:
        post.like_count, post.repost_count = liked[post.pk], repeated[post.pk]
    return Deeds(likes, reposts, apart)


def make(
    people: dict[str, User], follows: list[Follow], posts: list[Post], deeds: Deeds, now: datetime
) -> dict[str, int]:
    """Write it all, for `posts` that are written. Return how many of what were made."""
    Like.objects.bulk_create(deeds.likes)
    Post.objects.bulk_create(deeds.reposts)
    messages, unread = _write(people, now)
    events = [*_events(people, follows, posts, deeds.likes, deeds.reposts), *unread]
    told = _tell([event for event in events if (event.owner.pk, event.actor.pk) not in deeds.apart], now)
    made = {"likes": len(deeds.likes), "reposts": len(deeds.reposts)}
    return {**made, "messages": len(messages), "notifications": len(told)}


def share(seed: str) -> float:
    """A number from 0 to 1 that is as good as random, and the same one for `seed` every time."""
    return crc32(seed.encode()) / 2**32


def _apart(people: dict[str, User], now: datetime) -> set[tuple[int, int]]:
    """Make mutes and blocks. Return who does not hear whom."""
    mutes = [Mute(muter=people[one], muted=people[other], created_at=now - UNREAD) for one, other in load.mutes()]
    blocks = [
        Block(blocker=people[one], blocked=people[other], created_at=now - UNREAD) for one, other in load.blocks()
    ]
    Mute.objects.bulk_create(mutes)
    Block.objects.bulk_create(blocks)
    pairs = {(mute.muter.pk, mute.muted.pk) for mute in mutes} | {(row.blocker.pk, row.blocked.pk) for row in blocks}
    return pairs | {(row.blocked.pk, row.blocker.pk) for row in blocks}


def _charm(post: Post) -> float:
    """How well a post is liked: most are liked by few, and what many answer, by many."""
    return max(share(f"how good: {post.body}") ** 2, TALKED_ABOUT if post.reply_count > 2 else 0)


def _soon(post: Post, seed: str, now: datetime) -> datetime:
    """A time after the post, rather soon, and before now."""
    within = min(now, post.created_at + timedelta(days=2)) - post.created_at
    return post.created_at + within * (0.02 + 0.9 * share(seed) ** 2)


def _likes(
    people: Iterable[User], follows: list[Follow], posts: list[Post], apart: set[tuple[int, int]], now: datetime
) -> Iterator[Like]:
    near = {(follow.follower.pk, follow.followed.pk) for follow in follows}
    readers = list(people)
    for post in posts:
        charm = _charm(post)
        for reader in readers:
            pair = reader.pk, post.author.pk
            seed = f"{post.body} liked by {reader.username}"
            if pair[0] != pair[1] and pair not in apart and share(seed) < charm * (NEAR if pair in near else FAR):
                yield Like(user=reader, post=post, created_at=_soon(post, seed[::-1], now))


def _reposts(follows: list[Follow], posts: list[Post], now: datetime) -> Iterator[Post]:
    """Some of their followers repeat the best posts of people, but no answers."""
    followers = defaultdict(list)
    for follow in follows:
        followers[follow.followed.pk].append(follow.follower)
    for post in posts:
        for reader in followers[post.author.pk] if post.reply_to_id is None else ():
            seed = f"{post.body} repeated by {reader.username}"
            if share(seed) < _charm(post) ** 2 * REPEATED:
                pk = id_at(_soon(post, seed[::-1], now), crc32(seed.encode()) & 0xFFFF)
                yield Post(pk=pk, author=reader, body="", repost_of=post, other=post.author)


def _write(people: dict[str, User], now: datetime) -> tuple[list[Message], list[Event]]:
    """Make the conversations. Return their messages, and what is not read of them."""
    talks = load.conversations()
    rows = Conversation.objects.bulk_create([Conversation() for _talk in talks])
    messages: list[Message] = []
    sides: list[Side] = []
    events: list[Event] = []
    for talk, row in zip(talks, rows, strict=True):
        said = [(id_at(one.written_at(now), crc32(one.body.encode()) & 0xFFFF), one) for one in talk.messages]
        messages += [Message(pk=pk, conversation=row, sender=people[one.author], body=one.body) for pk, one in said]
        late = said[len(said) - talk.unread :]
        for owner, other in (talk.between, talk.between[::-1]):
            missed = [one for _pk, one in late if one.author == other]
            read_to = said[-1 - len(missed)][0] if len(missed) < len(said) else 0
            side = Side(conversation=row, owner=people[owner], other=people[other], newest=said[-1][0], read_to=read_to)
            side.unread = len(missed)
            sides.append(side)
            if missed:
                at = missed[-1].written_at(now)
                events.append(Event(people[owner], Kind.MESSAGE, None, people[other], at))
    Message.objects.bulk_create(messages)
    Side.objects.bulk_create(sides)
    return messages, events


def _events(
    people: dict[str, User], follows: list[Follow], posts: list[Post], likes: list[Like], reposts: list[Post]
) -> Iterator[Event]:
    """All that people did to one another."""
    by_key = {fold(name): person for name, person in people.items()}
    for follow in follows:
        yield Event(follow.followed, Kind.FOLLOW, None, follow.follower, follow.created_at)
    for like in likes:
        yield Event(like.post.author, Kind.LIKE, like.post, like.user, like.created_at)
    for row in reposts:
        if row.repost_of:
            yield Event(row.repost_of.author, Kind.REPOST, row.repost_of, row.author, row.created_at)
    for post in posts:
        told = {post.author.pk}
        if post.other and post.other.pk not in told:
            told.add(post.other.pk)
            yield Event(post.other, Kind.REPLY, post, post.author, post.created_at)
        for name in text.mentions(post.body):
            person = by_key[fold(name)]
            if person.pk not in told:
                told.add(person.pk)
                yield Event(person, Kind.MENTION, post, post.author, post.created_at)


def _tell(events: list[Event], now: datetime) -> list[Notification]:
    """Make the groups of notifications; what happened long ago is read."""
    groups: dict[tuple, list[Event]] = defaultdict(list)
    for event in sorted(events, key=lambda event: event.at):
        read = event.at < now - UNREAD and event.kind != Kind.MESSAGE
        # Of what is read there are many groups of follows: each week has one.
        about = event.actor.pk if event.kind == Kind.MESSAGE else event.at.isocalendar()[:2] if read else None
        what = event.post.pk if event.post else about
        groups[event.owner.pk, event.kind, what, read].append(event)
    rows = [_group(happened, read) for (*_what, read), happened in groups.items()]
    told = Notification.objects.bulk_create(rows)
    tellers = [
        Teller(notification=row, actor=event.actor)
        for row, happened in zip(told, groups.values(), strict=True)
        for event in happened
    ]
    Teller.objects.bulk_create(tellers)
    return told


def _group(happened: list[Event], read: bool) -> Notification:
    last = happened[-1]
    return Notification(
        owner=last.owner,
        kind=last.kind,
        post=last.post,
        actor=last.actor,
        count=len(happened),
        newest=id_at(last.at, crc32(f"{last.kind} {last.actor.username}".encode()) & 0xFFFF),
        read=read,
    )
