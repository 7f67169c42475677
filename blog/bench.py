"""What people do with the posts of the benchmark's data set, as rows to be written in bulk: the same ones each time.

Likes and reposts fall upon few posts, as they do; messages lie in many short conversations. Besides, there is what
the speed of a page is measured with: a long thread and a short one, a long conversation and a short one, a person
with many notifications and one with few.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from random import Random
from typing import Any

from django.db import connection, models

from blog.models import Message, Notification, Post, Side
from blog.models.ids import id_at, moment_of

SEED = 20251122
FEW_REPLIES, FEW_MESSAGES, FEW_NOTIFICATIONS = 5, 20, 20
LIKED_BY_READER = 0.1  # of the posts that somebody likes
REPEATED_BY_READER = 0.05  # of the reposts
MINUTES = 300 * 24 * 60  # from the first post on, in which conversations begin
BLOCKS = MUTES = 10
Row = list[Any]


@dataclass(frozen=True)
class Sizes:
    """How much of each; the last three are of one thread, one conversation, one person."""

    likes: int = 1_000_000
    reposts: int = 20_000
    messages: int = 100_000
    replies: int = 500
    talk: int = 10_000
    notifications: int = 100_000


def row_of(model: type[models.Model], **values: Any) -> Row:
    """The values of a row in the order of the model's columns; what is not given has its default."""
    return [values[f.attname] if f.attname in values else _default(f) for f in model._meta.concrete_fields]


def _default(field: models.Field) -> Any:
    return None if field.null else field.get_db_prep_save(field.get_default(), connection)


def stored(value: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(value)


def dice_of(number: int) -> Random:
    return Random(SEED + number)  # noqa: S311 - as random as a dice, and the same each time


class Plan:
    """Who does what. `posts` are ids and authors, oldest first, the ids multiples of 64; `people` are ids.

    The counters of a post are known before its row is written.
    """

    def __init__(self, posts: Sequence[tuple[int, int]], people: Sequence[int], reader: int, sizes: Sizes) -> None:
        self.posts, self.people, self.reader, self.sizes = posts, people, reader, sizes
        self.liked = self._spread(min(sizes.likes, len(posts) * len(people) // 2))
        self.reposts = self._reposts()
        self.repost_counts = Counter(original for _pk, _author, original in self.reposts)
        self.replies = min(sizes.replies, len(posts) // 2)
        self.root = len(posts) - self.replies - 1
        roots = {posts[self.root][0]: self.replies, posts[self.root - 1][0]: min(FEW_REPLIES, self.replies)}
        self.reply_counts = roots if self.replies > 0 and self.root > 0 else {}

    def counts_of(self, number: int) -> dict[str, int]:
        """The counters of the post at this place in the list."""
        pk = self.posts[number][0]
        counts = {"reply_count": self.reply_counts.get(pk, 0), "repost_count": self.repost_counts.get(number, 0)}
        return {**counts, "like_count": self.liked[number]}

    def _spread(self, total: int) -> list[int]:
        """So many likes over all posts: most have few, some have very many."""
        dice, most = dice_of(0), len(self.people) // 2
        weights = [dice.paretovariate(1.1) for _post in self.posts]
        scale = total / sum(weights)
        counts = [min(most, int(weight * scale)) for weight in weights]
        missing, number = total - sum(counts), 0
        while missing > 0:
            if counts[number] < most:
                counts[number] += 1
                missing -= 1
            number = (number + 1) % len(counts)
        return counts

    def likes(self) -> Iterator[Row]:
        dice = dice_of(1)
        for (pk, _author), count in zip(self.posts, self.liked, strict=True):
            fans = dice.sample(self.people, count)
            if fans and dice.random() < LIKED_BY_READER and self.reader not in fans:
                fans[0] = self.reader
            at = stored(moment_of(pk) + timedelta(hours=1))
            for fan in fans:
                yield [fan, pk, at]

    def _reposts(self) -> list[tuple[int, int, int]]:
        """Id, who repeats, and the place in the list of what is repeated: one of the posts shortly before."""
        dice, made = dice_of(2), {}
        places = range(1, len(self.posts))
        for place in sorted(dice.sample(places, min(self.sizes.reposts, len(places) // 3))):
            original, who = dice.randrange(max(0, place - 5000), place), dice.choice(self.people)
            who = self.reader if dice.random() < REPEATED_BY_READER else who
            while (original, who) in made:  # nobody repeats a post twice
                original, who = dice.randrange(place), dice.choice(self.people)
            made[original, who] = (self.posts[place][0] | 1, who, original)
        return list(made.values())

    def repost_rows(self) -> Iterator[Row]:
        for pk, author, number in self.reposts:
            original, other = self.posts[number]
            yield row_of(Post, id=pk, author_id=author, body="", repost_of_id=original, other_id=other)

    def answer_rows(self, bodies: Sequence[str]) -> Iterator[Row]:
        """The answers of both threads, each some time after the post."""
        dice = dice_of(3)
        for low, (root, count) in enumerate(self.reply_counts.items(), 2):
            other = dict(self.posts[self.root - 1 :])[root]
            for n in range(count):
                pk, body = self.posts[self.root + 1 + n][0] | low, dice.choice(bodies)
                author = dice.choice(self.people)
                yield row_of(Post, id=pk, author_id=author, body=body, language="en", reply_to_id=root, other_id=other)

    def relations(self, followed: Sequence[int]) -> tuple[list[Row], list[Row]]:
        """Whom the reader blocks, none of those they follow or write with, and whom of those they mute."""
        apart = {self.reader, *followed, *self.people[:3]}
        blocked = [pk for pk in reversed(self.people) if pk not in apart][:BLOCKS]
        at = stored(moment_of(self.posts[-1][0]))
        return [[self.reader, pk, at] for pk in blocked], [[self.reader, pk, at] for pk in followed[:MUTES]]

    def conversations(self) -> Iterator[tuple[int, int, int]]:
        """Two people, and how many messages there are between them; first the reader's long one and short one."""
        dice, left, seen = dice_of(4), self.sizes.messages, set()
        others = [pk for pk in self.people if pk != self.reader]
        wanted = zip(others, (self.sizes.talk, FEW_MESSAGES), strict=False)
        pairs = ((self.reader, other, length) for other, length in wanted)
        for one, other, length in chain(pairs, self._pairs(dice, others)):
            if left and (one, other) not in seen:
                seen.add((one, other))
                yield one, other, min(length, left)
                left -= min(length, left)

    def _pairs(self, dice: Random, others: Sequence[int]) -> Iterator[tuple[int, int, int]]:
        """Pairs of people at random, as many as can be wanted, and the length of a conversation for each."""
        for _message in range(self.sizes.messages if len(others) > 1 else 0):
            one, other = sorted(dice.sample(others, 2))
            yield one, other, 1 + int(dice.expovariate(1 / 30))

    def message_rows(self, bodies: Sequence[str], sides: list[Row]) -> Iterator[Row]:
        """The messages, conversation by conversation; `sides` gets both sides of each."""
        dice, number = dice_of(5), 0
        for talk, (one, other, length) in enumerate(self.conversations(), 1):
            at = moment_of(self.posts[0][0]) + timedelta(minutes=dice.randrange(MINUTES))
            said: list[tuple[int, int]] = []
            for _message in range(length):
                at += timedelta(seconds=dice.randrange(20, 400))
                number += 1
                pk, sender = id_at(at, number & 0xFFFF), dice.choice((one, other))
                said.append((pk, sender))
                yield row_of(Message, id=pk, conversation_id=talk, sender_id=sender, body=dice.choice(bodies))
            sides += [self._side(talk, who, to, said, dice.randrange(4)) for who, to in ((one, other), (other, one))]

    def _side(self, talk: int, owner: int, other: int, said: list[tuple[int, int]], unread: int) -> Row:
        """The side of somebody who has read all but the last `unread` messages."""
        read = max(0, len(said) - unread)
        seen, later = said[:read], said[read:]
        counts = {"newest": said[-1][0], "read_to": seen[-1][0] if seen else 0}
        counts["unread"] = sum(sender != owner for _pk, sender in later)
        return row_of(Side, conversation_id=talk, owner_id=owner, other_id=other, **counts)[1:]

    def notification_rows(self, tellers: list[Row]) -> Iterator[Row]:
        """Those of a person with many and of one with few; `tellers` gets who is in each."""
        dice, pk = dice_of(6), 0
        many, few = self.people[-1], self.people[-2]
        for owner, total in ((many, self.sizes.notifications), (few, min(FEW_NOTIFICATIONS, self.sizes.notifications))):
            for n in range(total):
                pk += 1
                post, author = self.posts[-1 - n % len(self.posts)]
                about, people = {"post_id": post}, [author]
                kind = Notification.Kind.REPLY if n % 3 else Notification.Kind.MENTION
                if n % 10 == 9 or author == owner:
                    kind, about = Notification.Kind.FOLLOW, {}
                    people = dice.sample(self.people[:-2], min(1 + dice.randrange(4), len(self.people) - 2))
                # Of what is unread there is one group about each thing.
                read = kind == Notification.Kind.FOLLOW or n % 2 == 1 or n >= len(self.posts)
                group = {"owner_id": owner, "kind": kind.value, "actor_id": people[-1], "count": len(people)}
                yield row_of(Notification, id=pk, newest=post | 5, read=read, **group, **about)
                tellers += [[pk, person] for person in people]
