import re
from unittest import mock

import pytest
from django.core.management import CommandError
from django.db import IntegrityError, OperationalError, connection
from django.test import Client

from accounts.models import User
from accounts.tests.base import make_user
from blog.models import Post, Tag
from blog.models.ids import id_at
from blog.moving.ids import base_of
from blog.tests.base import make_post
from blog.tests.old_microblog import OldMicroblog, new_ids, utc

pytestmark = pytest.mark.django_db
NOON = "2018-01-09 12:00:00"


@pytest.fixture
def old(tmp_path):
    return OldMicroblog(str(tmp_path / "old.db")).person(1, "ada").person(2, "bob")


def shown(path="/explore/"):
    """The ids of the posts of a page, in its order."""
    return [int(pk) for pk in re.findall(r'<article[^>]* id="post-(\d+)"', Client().get(path).content.decode())]


def test_posts_stand_in_the_order_of_the_old_site(old):
    """By time, to the microsecond; the ids say nothing."""
    for pk, time in enumerate(
        ["12:00:01", "12:00:00.000002", "12:00:00.000001", "12:00:00.000999", "11:59:59.999999"], 1
    ):
        old.post(pk, 1, timestamp=f"2018-01-09 {time}")
    old.move()
    ids = new_ids()
    assert shown() == [ids[pk] for pk in [1, 4, 2, 3, 5]]
    assert Post.objects.get(pk=ids[4]).created_at == utc("2018-01-09 12:00:00")


def test_a_thousand_posts_of_one_time_are_all_taken(old):
    for pk in range(1, 1201):
        old.post(pk, 1, timestamp=NOON)
    old.post(2000, 2, timestamp="2018-01-09 12:00:00.001")
    old.move()
    ids = new_ids()
    assert len(set(ids.values())) == 1201
    assert [ids[pk] for pk in range(1, 1201)] == sorted(ids.values())[:-1]
    assert {Post(pk=pk).created_at for pk in list(ids.values())[:-1]} == {utc(NOON)}


def test_ids_are_the_same_in_every_run(old):
    for pk in range(1, 101):
        old.post(pk, 1, timestamp=NOON)
    old.move()
    first = new_ids()
    old.move("--source", "again")
    assert len(set(Post.objects.values_list("pk", flat=True))) == 200
    Post.objects.all().delete()
    old.move("--source", "anew")
    assert new_ids(source="anew") == first


def test_a_later_run_goes_on_after_the_posts_of_the_same_time(old):
    old.post(1, 1, timestamp=NOON).post(2, 1, timestamp=NOON)
    old.move()
    old.post(3, 1, timestamp=NOON).post(4, 1, timestamp=NOON)
    old.move()
    ids = new_ids()
    assert [ids[pk] for pk in [1, 2, 3, 4]] == list(range(ids[1], ids[1] + 4))


def test_a_post_that_was_written_here_in_the_same_moment_stays(old):
    base = base_of(utc(NOON))
    assert base == id_at(utc(NOON), 0)
    native = make_user("native")
    for pk in [base, base + 2]:
        Post.objects.publish(native, "Here.", pk=pk)
    for pk in [1, 2, 3]:
        old.post(pk, 1, "There.", timestamp=NOON)
    old.move()
    assert list(new_ids().values()) == [base + 1, base + 3, base + 4]
    assert Post.objects.filter(pk__in=[base, base + 2], author=native, body="Here.").count() == 2


def test_text_stays_as_it_is_even_longer_than_a_post_may_be(old):
    long, odd = "x" * 10_000, " tabs\tand\r\nlines, <script>alert(1)</script> & e\u0301 \u202ertl "
    old.post(1, 1, long).post(2, 1, odd).post(3, 1, "a\0b")
    old.move()
    ids = new_ids()
    assert [Post.objects.get(pk=ids[pk]).body for pk in [1, 2, 3]] == [long, odd, "ab"]
    page = Client().get("/explore/").content.decode()
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page


def test_posts_that_cannot_be_taken_are_named_with_the_reason(old):
    old.post(1, 9).post(2, 1, None).post(3, 1, " \u200b\0 ").post(4, 1, timestamp=None).post(5, 1, timestamp="soon")
    old.post(6, None).post(7, 1)
    printed = old.move()
    assert list(new_ids()) == [7]
    assert "Not taken: posts of nobody who is in the old database (2):\n    1, 6\n" in printed
    assert "Not taken: posts without a text (2):\n    2, 3\n" in printed
    assert "Not taken: posts without a time (2):\n    4, 5\n" in printed
    assert printed.splitlines()[-1] == "Done: 2 people, 0 follows, 1 post, 0 private messages taken, 6 rows not taken."
    assert "6 rows not taken" in old.move()


def test_hashtags_and_mentions_become_rows(old):
    old.post(1, 1, "#Bread and #bread for @BOB, @bob and @nobody. #Café").post(2, 2, "#cafe")
    old.move()
    ids = new_ids()
    first = Post.objects.get(pk=ids[1])
    assert {tag.name for tag in first.tags.all()} == {"bread", "cafe"}
    assert [person.username for person in first.mentions.all()] == ["bob"]
    assert Tag.objects.count() == 2
    assert shown("/tags/cafe/") == [ids[2], ids[1]]


def test_a_mention_means_the_people_of_the_old_site(old):
    make_user("Carol")
    old.person(3, "carol").post(1, 1, "Ask @carol or @bob.").post(2, 3, "Here I am.")
    old.move()
    assert [person.username for person in Post.objects.get(pk=new_ids()[1]).mentions.all()] == ["bob"]
    page = Client().get("/@ada/").content.decode()
    assert 'href="/@bob/"' in page
    assert 'href="/@carol/"' not in page


def test_languages_are_taken_or_else_detected(old):
    old.post(1, 1, "Hola", language="es").post(2, 1, "Bonjour", language="zh-cn")
    old.post(3, 1, "Кто-нибудь пробовал печь хлеб на закваске?").post(4, 1, "Где здесь хлеб?", language="")
    old.post(5, 1, "12345", language="?")
    old.move()
    ids = new_ids()
    assert [Post.objects.get(pk=ids[pk]).language for pk in range(1, 6)] == ["es", "zh-CN", "ru", "ru", "und"]


def test_posts_of_the_editions_without_languages_are_detected(tmp_path):
    old = OldMicroblog(str(tmp_path / "v09.db"), "v0.9").person(1, "ada")
    old.post(1, 1, "¿Alguien sabe dónde comprar buen pan en este barrio?")
    old.move()
    assert Post.objects.get().language == "es"


def test_counts_are_kept_beside_those_of_posts_written_here(old):
    old.post(1, 1).post(2, 1).post(3, 2)
    old.move()
    ada = User.objects.get(username="ada")
    make_post(ada)
    old.post(4, 1)
    old.move()
    ada.refresh_from_db()
    assert ada.post_count == ada.posts.count() == 4


def test_memory_does_not_hold_statements_when_debug_is_on(old, settings):
    settings.DEBUG = True
    for pk in range(1, 2101):
        old.post(pk, 1)
    held = []
    with mock.patch("blog.moving.progress.Progress.step", lambda *_: held.append(len(connection.queries_log))):
        old.move()
    assert len(held) == 4  # batches: one of people, three of posts
    assert max(held) == 0


def test_columns_of_other_types_are_read(tmp_path):
    """SQLite takes any value in any column."""
    old = OldMicroblog(str(tmp_path / "odd.db")).person(1, b"ad\xffa", about_me=42, last_seen=1515497722)
    old.post(1, 1, b"caf\xc3\xa9 \xff").post(2, "1", 3.5).post(3, "ada", "x")
    printed = old.move()
    assert User.objects.get().username == "ad_a"
    assert User.objects.get().about == "42"
    assert set(Post.objects.values_list("body", flat=True)) == {"café \ufffd", "3.5"}
    assert "nobody who is in the old database (1):\n    3\n" in printed


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (OperationalError("the server has gone away"), "The site's own database: the server has gone away"),
        (IntegrityError("a key is there twice"), "The site changed meanwhile. Nothing is lost: run this again."),
        (KeyboardInterrupt(), "Stopped. What was taken is whole"),
    ],
)
def test_what_stops_an_import_is_said_and_a_second_run_completes_it(old, failure, said):
    for pk in range(1, 1501):
        old.post(pk, 1)
    fails = mock.patch("blog.moving.posts._tag", side_effect=[None, failure])  # in the second batch
    with fails, pytest.raises(CommandError, match=said):
        old.move()
    assert User.objects.get(username="ada").post_count == Post.objects.count() == 1000
    assert "Done: 0 people, 0 follows, 500 posts, 0 private messages taken" in old.move()
    assert User.objects.get(username="ada").post_count == Post.objects.count() == 1500
