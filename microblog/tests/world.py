"""Ada, and eight who look: one for each way in which somebody can stand to her."""

from accounts.models import Follow, User
from accounts.tests.base import make_user
from blog.models import Job, Message, Notification, Side, Translation
from blog.tests.base import make_post

SAYS = "Zwetschgenkuchen"  # in all that Ada writes
NAME = "Quittenbrot"  # what she is called
HANDLE = "ada_quince"

# How they stand to Ada: `blocked` is blocked by her, `blocker` has blocked her, `muter` has muted her.
READERS = ("visitor", "stranger", "follower", "blocked", "blocker", "muter", "author", "staff")
APART = {"blocked", "blocker"}


class World:
    """Ada, eight who look, and Carol between them; Ada has said, liked, repeated and answered whatever one can."""

    def __init__(self) -> None:
        self.carol = carol = make_user("carol")
        self.ada = ada = make_user(HANDLE, name=NAME)
        self.readers: dict[str, User | None] = {
            name: make_user(name, is_staff=name == "staff", is_superuser=name == "staff") for name in READERS
        }
        self.readers.update(visitor=None, author=ada)
        self.others = {name: one for name, one in self.readers.items() if one and one != ada}
        ada.follow(carol)
        carol.follow(ada)
        self.of_carol = make_post(carol, "Who bakes?", language="en")
        self.own_posts = {one.pk: make_post(one, "Mine", language="en") for one in self.others.values()}
        for one in self.others.values():
            ada.follow(one)
        self.answer = make_post(ada, f"{SAYS}, an answer", reply_to=self.of_carol, language="en")
        for post in (self.of_carol, *self.own_posts.values()):
            make_post(ada, f"{SAYS} for you", reply_to=post, language="en")
            post.like(carol)
            post.like(ada)
        # Read already, so that nothing sweeps it away when they part; and Carol is in the same group.
        Notification.objects.filter(kind="like").update(read=True)
        self.of_carol.repost(ada)
        mentions = " ".join(f"@{one.username}" for one in self.others.values())
        self.post = make_post(ada, f"{SAYS} mit Streusel #backen {mentions}", language="de")
        self.post.like(ada)
        self.post.like(carol)
        self.carol_answers = make_post(carol, "Delicious", reply_to=self.post, language="en")
        self.repost = self.post.repost(carol)
        self.job = Job.objects.create(owner=ada, kind="export", status="waiting")
        Translation.objects.create(post=self.post, target="en", version=0, body=f"{SAYS}, translated")
        self.talks = {one.pk: self.write_to(one) for one in self.others.values()}
        self.part()

    def write_to(self, one: User) -> int:
        """Ada has written a message to somebody. Return the conversation."""
        Message.objects.send(self.ada, one, f"{SAYS}, privately")
        return Side.objects.get(owner=one).conversation_id

    def part(self) -> None:
        """How they stand to Ada, after all that was said; a follow that is left over from somewhere shows nothing."""
        self.readers["follower"].follow(self.ada)
        self.readers["muter"].follow(self.ada)
        self.readers["muter"].mute(self.ada)
        self.ada.block(self.readers["blocked"])
        self.readers["blocker"].block(self.ada)
        for name in APART:
            Follow.objects.create(follower=self.readers[name], followed=self.ada)

    def filled(self, path: str) -> str:
        posts = {"post": self.post.pk, "answer": self.answer.pk, "repost": self.repost.pk, "of_carol": self.of_carol.pk}
        posts["carol_answers"] = self.carol_answers.pk
        week = self.post.pk // (7 * 24 * 60 * 60 * 1000 << 16)
        return path.format(**posts, job=self.job.pk, ada=self.ada.pk, before=self.post.pk - 1, week=week)

    def own(self, reader: User | None) -> int:
        """A post of the reader's that Ada answered and likes; of Carol's, where the reader has none."""
        return self.own_posts.get(reader.pk if reader else 0, self.of_carol).pk

    def talk(self, reader: User | None) -> int:
        """The reader's conversation with Ada."""
        return self.talks.get(reader.pk if reader else 0, next(iter(self.talks.values())))
