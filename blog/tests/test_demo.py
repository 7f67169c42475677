"""`manage.py demo`, on an empty database and beside people."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.test import Client, override_settings
from django.utils import timezone

from accounts.models import Block, Follow, Mute, User
from accounts.tests.base import make_user
from blog.demo import make
from blog.models import Conversation, Like, Message, Notification, Post, Tag
from blog.tests.base import make_post

pytestmark = pytest.mark.django_db
NOW = datetime(2031, 3, 1, 14, 30, tzinfo=UTC)
PASSWORD = "bread and bicycles"


def demo(*arguments, **options):
    out = io.StringIO()
    call_command("demo", *arguments, stdout=out, **options)
    return out.getvalue()


@override_settings(DEBUG=True)
def test_makes_the_site_and_says_at_the_end_whom_to_sign_in_as():
    *_before, made, hint = demo("--password", PASSWORD).splitlines()
    counts, notifications = made.rsplit(", ", 1)
    assert counts == "Made 41 people, 226 follows, 651 posts, 1176 likes, 72 reposts, 33 messages"
    assert 500 < int(notifications.removesuffix(" notifications.")) < 1500  # their groups depend on the day
    assert hint.startswith("Sign in as ada,")
    assert hint.endswith(f"everybody's password is “{PASSWORD}”.")
    for name in ("ada", "ruth_k", "admin", "lucía", "надя"):
        client = Client()
        client.post("/accounts/login/", {"username": name, "password": PASSWORD})
        assert client.get("/").context["user"].username == name


@override_settings(DEBUG=True)
def test_says_once_more_whom_to_sign_in_as_while_that_is_true():
    assert demo(whom=True) == ""
    hint = demo().splitlines()[-1]
    assert demo(whom=True).strip() == hint
    ada = User.objects.get(username="ada")
    ada.set_password("something of her own")
    ada.save()
    assert demo(whom=True) == ""


def test_ada_sees_a_full_home_page_and_her_own_profile(client):
    make.make(timezone.now(), PASSWORD)
    client.force_login(User.objects.get(username="ada"))
    assert client.get("/").content.decode().count("<article") == 20
    profile = client.get("/@ada/").content.decode()
    assert "Ada Ferri" in profile
    assert "Civil engineer, beginner at bread" in profile


def test_is_the_same_every_time():
    def made():
        make.make(NOW, PASSWORD)
        people = User.objects.order_by("username").values_list("username", "avatar", "created_at", "last_seen_at")
        follows = Follow.objects.order_by("pk").values_list("follower__username", "followed__username", "created_at")
        said = Post.objects.values_list("pk", "author__username", "body", "reply_to", "repost_of", "like_count")
        likes = Like.objects.order_by("pk").values_list("user__username", "post", "created_at")
        wrote = Message.objects.order_by("pk").values_list("pk", "sender__username", "body")
        told = Notification.objects.order_by("pk").values_list(
            "owner__username", "kind", "post", "actor__username", "count", "newest", "read"
        )
        return [list(rows) for rows in (people, follows, said, likes, wrote, told)]

    first = made()
    User.objects.all().delete()
    Conversation.objects.all().delete()
    assert made() == first


def test_counters_tags_and_mentions_are_what_the_verbs_would_have_made():
    make.make(NOW, PASSWORD)
    out = io.StringIO()
    call_command("recount", "--check", stdout=out)
    assert out.getvalue().startswith("All counters are right: 41 people, 723 posts, 14 sides of conversations, ")
    twin = make_user("twin")
    tagged = mentioning = 0
    for post in Post.objects.filter(language="ru").prefetch_related("tags", "mentions"):
        again = make_post(twin, post.body)
        assert set(again.tags.all()) == set(post.tags.all())
        assert set(again.mentions.all()) == set(post.mentions.all())
        tagged, mentioning = tagged + bool(post.tags.all()), mentioning + bool(post.mentions.all())
    assert tagged > 50
    assert mentioning > 20
    assert Tag.objects.filter(post=None).count() == 0


def test_times_are_in_order_and_none_is_in_the_future():
    make.make(NOW, PASSWORD)
    posts = list(Post.objects.select_related("author"))
    assert all(NOW - timedelta(days=36) < post.created_at < NOW for post in posts)
    for post in posts:
        assert post.author.created_at < post.created_at <= post.author.last_seen_at <= NOW
    for follow in Follow.objects.select_related("follower", "followed"):
        assert max(follow.follower.created_at, follow.followed.created_at) <= follow.created_at <= NOW
    assert len({person.last_seen_at for person in User.objects.exclude(username="admin")}) == 40


def test_ada_has_something_on_every_page(client):
    make.make(timezone.now(), PASSWORD)
    ada = User.objects.get(username="ada")
    client.force_login(ada)
    assert ada.conversations.filter(unread__gt=0).count() == 3
    thread = Post.objects.get(body__startswith="Chapter one of our horse novel")
    assert client.get(thread.get_absolute_url()).content.decode().count("<article") > 20
    assert thread.like_count and ada.likes.exists()
    assert Post.objects.by(ada).exclude(repost_of=None).exists()
    for path in ["/notifications/", "/messages/", "/messages/@jonas/", f"/posts/{thread.pk}/"]:
        assert client.get(path).status_code == 200, path
    assert "Platform Four" in client.get(thread.get_absolute_url()).content.decode()
    assert "seat is 47" in client.get("/messages/@jonas/").content.decode()
    unread = Notification.objects.filter(owner=ada, read=False)
    assert {*unread.values_list("kind", flat=True)} >= {"like", "reply", "message"}
    assert 3 <= unread.count() <= 40
    assert Notification.objects.filter(owner=ada, read=True).count() > 20
    assert ada.blocks_made.exists() and ada.mutes_made.exists()


def test_what_people_do_is_what_the_verbs_would_have_let_them_do():
    make.make(NOW, PASSWORD)
    for like in Like.objects.select_related("post"):
        assert like.post.created_at < like.created_at < NOW and like.user_id != like.post.author_id
    for repost in Post.objects.exclude(repost_of=None).select_related("repost_of"):
        assert repost.repost_of.created_at < repost.created_at < NOW
        assert repost.other_id == repost.repost_of.author_id and repost.repost_of.reply_to_id is None
    for answer in Post.objects.exclude(reply_to=None).select_related("reply_to"):
        assert answer.other_id == answer.reply_to.author_id
    for told in Notification.objects.all():
        assert told.owner_id != told.actor_id
        assert told.actor_id == told.tellers.order_by("-pk").values_list("actor", flat=True)[0]
    apart = {*Block.objects.values_list("blocker", "blocked"), *Block.objects.values_list("blocked", "blocker")}
    assert not apart & {*Like.objects.values_list("user", "post__author")}
    assert not (apart | {*Mute.objects.values_list("muter", "muted")}) & {
        *Notification.objects.values_list("owner", "tellers__actor")
    }


def test_one_moderator_and_one_administrator():
    Group.objects.get_or_create(name="Moderators")
    make.make(NOW, PASSWORD)
    assert [user.username for user in User.objects.filter(groups__name="Moderators")] == ["ruth_k"]
    assert [user.username for user in User.objects.filter(is_superuser=True)] == ["admin"]
    assert {user.username for user in User.objects.filter(is_staff=True)} == {"ruth_k", "admin"}


def test_hashes_the_password_once(monkeypatch):
    hashed = []
    monkeypatch.setattr(make, "make_password", lambda password: hashed.append(password) or make_password(password))
    make.make(NOW, PASSWORD)
    assert hashed == [PASSWORD]


def test_costs_as_many_queries_as_there_are_kinds_of_rows(django_assert_max_num_queries):
    # SQLite writes at most 999 values with one statement, so 606 posts are a few.
    with django_assert_max_num_queries(60):
        make.make(NOW, PASSWORD)


def test_refuses_a_database_that_has_people():
    make_user("grace")
    with pytest.raises(CommandError, match="has people already") as refusal:
        demo()
    assert refusal.value.returncode == 1
    assert User.objects.count() == 1


def test_is_made_beside_people_with_force():
    grace = make_user("grace")
    make_post(grace, "I was here first. #bread")
    demo("--force")
    assert User.objects.count() == 42
    assert {post.author.username for post in Post.objects.filter(tags__name="bread")} > {"grace", "ada"}


@pytest.mark.parametrize("fields", [{"username": "Ada"}, {"username": "grace", "email": "ADA@example.com"}])
def test_leaves_everything_as_it_is_when_a_name_is_taken(fields):
    make_user(**fields)
    with pytest.raises(CommandError, match=rf"not made: .* are here: {fields['username']}\.$"):
        demo("--force")
    assert User.objects.count() == 1
    assert not Post.objects.exists()


@override_settings(DEBUG=False)
def test_a_site_that_is_no_developers_gets_a_password_that_nobody_knows():
    passwords = set()
    for _time in range(2):
        hint = demo().splitlines()[-1]
        passwords.add(hint.rpartition("“")[2].rstrip("”."))
        User.objects.all().delete()
    assert len(passwords) == 2
    assert PASSWORD not in passwords
    assert all(len(password) >= 12 for password in passwords)


def test_says_only_whom_to_sign_in_as_when_asked_to_be_quiet():
    assert len(demo(verbosity=0).splitlines()) == 1
