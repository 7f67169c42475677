"""A small believable site for the browser: `python -m microblog.tests.browser.people` writes it into the database.

It prints the session keys of those who are signed in, and addresses that no link leads to, as JSON.
"""

import json
import os
from datetime import timedelta
from typing import Any

import django

LONG_NAME = "Wolfeschlegelsteinhausenbergerdorff-Zimmermann von und zu Hohenlohe"[:64]
LONG_USERNAME = "a_very_long_username_of_sixty_four_characters_without_any_space_"
FULL = (
    "A hundred and forty characters are enough for a thought, if one leaves out what everybody knows already "
    "and says the rest plainly, as here.."
)
POSTS = [
    ("bob", "en", "Bread again. The dough rose all night on the balcony. #sourdough"),
    ("bob", "en", FULL),
    ("leyla", "ar", "صباح الخير من القاهرة. القهوة جاهزة والكتاب مفتوح، فماذا تقرؤون اليوم؟ #قراءة"),
    (
        "vera",
        "ru",
        "Достопримечательность недели: музей трансформаторных подстанций. Человеконенавистничества нет.",
    ),
    ("carmen", "es", "Mañana salimos al monte con @ada y con @bob. ¿Alguien más se apunta? #senderismo"),
    (LONG_USERNAME, "en", "Pneumonoultramicroscopicsilicovolcanoconiosis" * 3),
    (LONG_USERNAME, "en", "https://example.org/" + "a-path-that-nobody-would-type-by-hand/" * 3),
    ("carmen", "es", "👨‍👩‍👧‍👦 en el parque 🌳🌳🌳"),
    ("bob", "en", "One line.\nAnother line.\n\nAnd, after a pause, the last."),
    ("ada", "en", "Thank you @leyla, @vera and @nobody_here. #sourdough https://example.org/bread?a=1&b=2"),
]


def write_jobs(member: Any) -> None:
    """A job in every state that a page shows."""
    from django.utils import timezone

    from blog.models import Chunk, Job

    def make(kind: str, status: str, **fields: object) -> Job:
        return Job.objects.create(owner=member, kind=kind, status=status, **fields)

    posts = [{"time": "2019-05-06T07:08:09+00:00", "body": body} for _name, _language, body in POSTS[:5]]
    found = {"kind": "mastodon", "posts": 1204, "known": 3, "left": {"not_public": 1, "shared": 20}, "first": posts}
    found |= {"reposts": 2}
    named = {"follow_people": ["bob", LONG_USERNAME], "follow_count": 2, "block_people": ["vera"], "block_count": 1}
    named |= {"mute_people": ["leyla"], "mute_count": 1}
    read = make("preview", "ready", result={**found, **named})
    Chunk.objects.create(job=read, number=0, body=b"{}")
    make("import", "ready", result={**found, "taken": 1204, "follow": True, "followed": 2, "mute": True, "muted": 1})
    make("export", "failed", message="lost")
    make("export", "ready", result={"size": 1_300_000, "posts": 1204}, expires_at=timezone.now() + timedelta(days=7))
    make("import", "waiting", message="again")
    make("export", "running", done=812, total=1204)


def write_conversation(ada: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """A long thread with everything that a page of it can show. Return its people, and the addresses of its pages."""
    from accounts.tests.base import make_user
    from blog.tests.base import make_post

    people = {name: make_user(name) for name in ("mei", "tom", "nora")}
    people["long"] = make_user(f"{LONG_USERNAME[:-1]}2", name=LONG_NAME)
    people["fatima"] = make_user("fatima", name="فاطمة الزهراء")

    def say(name: str, body: str, to: Any = None) -> Any:
        return make_post(people[name], body[:140], reply_to=to, language="en")

    before = say("tom", "Who has a starter to give away?")
    for number in range(11):
        before = say(("mei", "tom")[number % 2], f"Not I, {number} times.", before)
    gone = say("tom", "Gone in a minute.", before)
    post = say("mei", f"Mine is five years old and answers to its name. {FULL}", gone)
    gone.remove()
    names = ("tom", "long", "fatima")
    answers = [say(names[number % 3], f"{number}. {FULL}", post) for number in range(22)]
    for answer in answers[:3]:
        say("tom", "A third one joins in.", say("mei", "Thank you.", answer))
    say("tom", "It stays.", answers[4])
    answers[4].remove()
    for person in people.values():
        post.like(person)
        post.repost(person)
    people["mei"].follow(people["tom"])
    ada.mute(people["nora"])
    quiet = say("tom", "To somebody who is muted.", say("nora", "Muted, or not.", post))
    pages = {"post": post, "gone": gone, "deep": before, "quiet": quiet}
    return people, {name: page.get_absolute_url() for name, page in pages.items()}


def write_news(people: dict[str, Any]) -> None:
    """Something of every kind that members are told, for ada, on two pages: some of it read."""
    from blog.models import Job, Notification, Post

    ada, kinds = people["ada"], Notification.Kind
    mine = Post.objects.by(ada).get()
    for post in Post.objects.by(people["bob"])[:22]:
        Notification.tell(ada, kinds.REPLY, people["bob"], post=post)
    ada.notifications.mark_read()
    for name in ("leyla", "carmen", LONG_USERNAME):
        Notification.tell(ada, kinds.MENTION, people[name], post=Post.objects.by(people[name])[0])
    for status in ("ready", "failed"):
        Notification.tell(ada, kinds.JOB, job=Job.objects.filter(owner=ada, status=status).first())
    Notification.tell(ada, kinds.MESSAGE, people["leyla"])
    Notification.tell(ada, kinds.MODERATION, post=mine, text=FULL)
    Notification.tell(ada, kinds.RESTORED, post=mine, text="It was a mistake.")
    for kind, names in [
        (kinds.LIKE, ("carmen", "leyla")),
        (kinds.REPOST, ("bob", "carmen", LONG_USERNAME)),
        (kinds.FOLLOW, ("leyla", "bob", "carmen", LONG_USERNAME)),
    ]:
        for name in names:
            Notification.tell(ada, kind, people[name], post=None if kind == kinds.FOLLOW else mine)


def write_messages(people: dict[str, Any]) -> dict[str, str]:
    """Private messages of ada: many, in other scripts, of long words, of somebody who left. Return an address."""
    from django.utils import timezone

    from accounts.tests.base import make_user
    from blog.models import Message, Side
    from blog.models.ids import id_at

    ada, bob = people["ada"], people["bob"]
    send = Message.objects.send
    for number in range(60):
        send([ada, bob][number % 2], [bob, ada][number % 2], f"Letter {number}. {FULL[: number * 3]}")
    # Two a day, half a day apart: at two and at fourteen in UTC, of which the first is the day before in America.
    first = timezone.now().replace(hour=2, minute=30, second=0, microsecond=0) - timedelta(days=40)
    for number, pk in enumerate(Message.objects.order_by("pk").values_list("pk", flat=True)):
        Message.objects.filter(pk=pk).update(id=id_at(first + number * timedelta(hours=12), 0))
    Side.objects.all().mend()
    for side in Side.objects.all():
        side.read(side.newest)
    send(people["leyla"], ada, "شكراً على الوصفة!")
    send(people[LONG_USERNAME], ada, "Pneumonoultramicroscopicsilicovolcanoconiosis" * 3)
    send(ada, people["carmen"], "See https://example.org/a-path-that-nobody-would-type-by-hand/ever/again and @bob.")
    quitter = make_user("quitter")
    gone = send(ada, quitter, "Where are you?").conversation_id
    Side.objects.get(owner=quitter).leave(500)
    quitter.delete()
    closed = make_user("closed", messages_from="nobody")
    send(closed, ada, "I write, and nobody answers.")
    return {"left": f"/messages/{gone}/"}


def write_site() -> dict[str, dict[str, str]]:
    """Write people, follows and posts. Return session keys by username, and addresses by what they are."""
    from django.contrib.auth.models import Group
    from django.contrib.auth.tokens import default_token_generator
    from django.test import Client
    from django.urls import reverse
    from django.utils import timezone
    from django.utils.encoding import force_bytes
    from django.utils.http import urlsafe_base64_encode

    from accounts.tests.base import make_user
    from blog import digest
    from blog.tests.base import make_post

    people = {name: make_user(name, about=f"I am {name}.") for name in ("ada", "bob", "carmen", "vera")}
    people["leyla"] = make_user("leyla", name="ليلى عبد الرحمن", about="قارئة. أكتب عن الكتب والقهوة.")
    people[LONG_USERNAME] = make_user(LONG_USERNAME, name=LONG_NAME, about=FULL)
    people["newcomer"] = make_user("newcomer")
    people["moderator"] = make_user("moderator", is_staff=True)
    people["moderator"].groups.set(Group.objects.filter(name="Moderators"))
    people["root"] = make_user("root", is_staff=True, is_superuser=True)
    ada = people["ada"]
    for name in ("bob", "carmen", "leyla", LONG_USERNAME):
        ada.follow(people[name])
        people[name].follow(ada)
    # Half past two in UTC is the evening before in America.
    written = timezone.now().replace(hour=2, minute=30, second=0) - timedelta(days=30)
    for number in range(45):
        make_post(people["bob"], f"Day {number} of baking.", at=written + timedelta(hours=number), language="en")
    for number, (name, language, body) in enumerate(POSTS):
        make_post(people[name], body, at=written + timedelta(days=20, hours=number), language=language)
    write_jobs(ada)
    others, conversation = write_conversation(ada)
    elsewhere = {**conversation, **write_messages(people)}
    write_news(people)
    sessions = {}
    for name in ("ada", "bob", "mei", "tom", "newcomer", "moderator", "root"):
        client = Client()
        client.force_login((others | people)[name])
        sessions[name] = client.cookies["sessionid"].value
    reset = [urlsafe_base64_encode(force_bytes(ada.pk)), default_token_generator.make_token(ada)]
    addresses = {
        "reset": reverse("password_reset_confirm", args=reset),
        "unsubscribe": reverse("blog:unsubscribe", args=[digest.token_of(ada)]),
        **elsewhere,
    }
    return {"sessions": sessions, "addresses": addresses}


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "microblog.tests.browser.settings")
    django.setup()
    print(json.dumps(write_site()))  # noqa: T201
