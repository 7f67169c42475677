"""`manage.py load_bench`: the benchmark's data set, and what people do with it, small."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count

from accounts.models import Block, Follow, Mute, User
from accounts.tests.base import make_user
from blog.models import Conversation, Like, Message, Notification, Post, Side, Tag, Teller
from blog.models.notification import Choices

PEOPLE, POSTS = 40, 300
SMALL = {"likes": 2000, "reposts": 50, "messages": 600, "replies": 30, "talk": 200, "notifications": 250}
FIRST = datetime(2025, 1, 1, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The files as the benchmark has them."""
    people = [
        [n, f"person{n}" if n > 1 else "bench", f"p{n}@example.com", "", at(n), at(n)] for n in range(1, PEOPLE + 1)
    ]
    posts = [[n, n % PEOPLE + 1, f"Number {n} on bread. #tag{n % 3} @bench", "en", at(n)] for n in range(POSTS)]
    follows = [[1, n, at(n)] for n in range(2, 20)] + [[n, 1, at(n)] for n in range(2, 10)]
    write(tmp_path / "users.csv", ["id", "username", "email", "about_me", "created_at", "last_seen"], people)
    write(tmp_path / "posts.csv", ["id", "user_id", "body", "language", "created_at"], posts)
    write(tmp_path / "follows.csv", ["follower_id", "followed_id", "created_at"], follows)
    counts = {"users": PEOPLE, "posts": POSTS, "follows": len(follows)}
    (tmp_path / "meta.json").write_text(json.dumps({"password": "bread and bicycles", "counts": counts}))
    return tmp_path


def at(n: int) -> str:
    return (FIRST + timedelta(hours=n)).isoformat(timespec="microseconds")


def write(path: Path, header: list[str], rows: list[list]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def load(folder: Path, **sizes: int) -> str:
    out = io.StringIO()
    call_command("load_bench", folder, stdout=out, **{**SMALL, **sizes})
    return out.getvalue()


@pytest.mark.django_db(transaction=True)  # it tells the database to look at its tables, which no transaction does
class TestLoading:
    def test_makes_as_much_as_was_asked_for_and_tells_how_long_it_took(self, folder):
        told = load(folder)
        assert Like.objects.count() == 2000
        assert Post.objects.exclude(repost_of=None).count() == 50
        assert Message.objects.count() == 600
        assert f"Loaded {PEOPLE} users, {POSTS} posts, 26 follows" in told and "MB of memory" in told
        assert User.objects.get(username="bench").check_password("bread and bicycles")

    def test_every_counter_is_right(self, folder):
        load(folder)
        out = io.StringIO()
        call_command("recount", "--check", stdout=out)
        assert out.getvalue().startswith(f"All counters are right: {PEOPLE} people, ")
        assert Side.objects.filter(unread__gt=0).exists()

    def test_has_a_long_and_a_short_one_of_everything_that_is_measured(self, folder):
        load(folder)
        assert list(Post.objects.order_by("-reply_count").values_list("reply_count", flat=True)[:3]) == [30, 5, 0]
        for post in Post.objects.filter(reply_count__gt=0):
            assert all(answer.pk > post.pk and answer.other == post.author for answer in post.answers.all())
        talks = Message.objects.values("conversation").annotate(n=Count("pk")).order_by("conversation")
        assert [talk["n"] for talk in talks[:2]] == [200, 20]
        bench = User.objects.get(username="bench")
        assert bench.conversations.count() == 2
        told = Notification.objects.values("owner").annotate(n=Count("pk")).order_by("-n")
        assert [row["n"] for row in told] == [250, 20]
        assert 0 < Notification.objects.filter(read=False).count() < 270

    def test_the_reader_has_marks_and_people_they_do_not_hear(self, folder):
        load(folder)
        bench = User.objects.get(username="bench")
        assert bench.likes.count() > 10
        assert Post.objects.by(bench).exclude(repost_of=None).exists()
        assert Block.objects.filter(blocker=bench).count() == Mute.objects.filter(muter=bench).count() == 10
        blocked = Block.objects.values("blocked")
        assert not Follow.objects.filter(follower=bench, followed__in=blocked).exists()
        assert not Side.objects.filter(owner=bench, other__in=blocked).exists()

    def test_is_the_same_every_time(self, folder):
        def loaded() -> list:
            load(folder)
            tables = (Post, Like, Message, Side, Notification, Teller)
            rows = [sorted(tuple(row.values()) for row in model.objects.values(*columns(model))) for model in tables]
            for model in (User, Conversation, Tag):
                model.objects.all().delete()
            return rows

        assert loaded() == loaded()

    def test_what_is_written_next_has_a_key_of_its_own(self, folder):
        load(folder, likes=0)
        bench, other = User.objects.get(username="bench"), make_user("somebody_new")
        Message.objects.send(other, bench, "Hello.")
        Choices.objects.create(owner=bench)
        Post.objects.publish(other, "Something new, @bench. #new")
        assert Notification.objects.filter(owner=bench, actor=other).exists()

    def test_without_anything_it_is_the_data_set_alone(self, folder):
        load(folder, **dict.fromkeys(SMALL, 0))
        assert Post.objects.count() == POSTS
        assert not Like.objects.exists() and not Message.objects.exists() and not Notification.objects.exists()

    def test_wants_an_empty_database(self, folder):
        make_user("grace")
        with pytest.raises(CommandError, match="has people already"):
            load(folder)


def columns(model) -> list[str]:
    """Without keys that the database gives, which go on counting."""
    return [f.attname for f in model._meta.concrete_fields if f.name not in ("created_at",) and not _given(f)]


def _given(field) -> bool:
    return field.get_internal_type() == "BigAutoField"
