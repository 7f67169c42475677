"""Old databases on real servers: PostgreSQL and MariaDB, in the schemas of several editions."""

from itertools import count

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError
from werkzeug.security import generate_password_hash

from accounts.models import Follow, User
from blog.models import Conversation, ImportedRow, Message, Post, Side
from blog.moving.address import parse
from blog.moving.source import opened
from blog.tests.old_microblog import EDITIONS, ORIGINAL, OldMicroblog, connect, move, new_ids, utc
from microblog.tests import servers

pytestmark = [pytest.mark.django_db, pytest.mark.processes]
SERVERS = [pytest.param("postgres", marks=pytest.mark.postgres), pytest.param("mariadb", marks=pytest.mark.mysql)]
HASH = generate_password_hash("contraseña", "pbkdf2:sha256:1000")


@pytest.fixture(scope="module", params=SERVERS)
def server(request):
    """The URL of an empty database on a server that this module starts, as SQLAlchemy would spell it."""
    start = getattr(servers, request.param)
    try:
        with start() as url:
            yield url.replace("postgres://", "postgresql+psycopg2://").replace("mysql://", "mysql+pymysql://")
    except servers.MissingServerError as error:
        pytest.skip(str(error))


NUMBERS = count(1)


@pytest.fixture
def empty(server):
    """The URL of a new database there: nobody waits for what an earlier test left open."""
    connection = connect(parse(server))
    connection.autocommit(True) if callable(connection.autocommit) else setattr(connection, "autocommit", True)
    name = f"old{next(NUMBERS)}"
    connection.cursor().execute(f"CREATE DATABASE {name}")
    connection.close()
    return f"{server.rpartition('/')[0]}/{name}"


def fill(old):
    """Three people of any edition, whose posts are in another order than their ids."""
    old.person(1, "ada", password_hash=HASH, about_me="Ich backe Brot 🦊", last_seen="2024-03-28 07:00:00")
    old.person(2, "john smith", password_hash=HASH).person(3, None, email=None)
    old.post(
        1, 1, "¿Alguien sabe dónde comprar buen pan en este barrio?", timestamp="2018-01-09 12:00:02", language="es"
    )
    old.post(2, 2, "#bread 🦊 for @ada, %s", timestamp="2018-01-09 12:00:01", language="en")
    old.post(3, 2, None, timestamp="2018-01-09 12:00:03").post(4, None, timestamp="2018-01-09 12:00:04")
    old.post(5, 1, timestamp=None)
    if "followers" in old.columns:
        old.follow(1, 2).follow(3, 2).follow(2, 2)
    if "message" in old.columns:
        old.add("message", id=1, sender_id=1, recipient_id=2, body="Für dich 🦊, %s", timestamp="2018-01-10 09:00:00")
    old.connection.close()


@pytest.mark.parametrize("edition", EDITIONS)
def test_an_edition_moves_in(empty, edition):
    old = OldMicroblog(empty, edition)
    has = {name for table in old.columns.values() for name in table} | set(old.columns)
    fill(old)
    printed = old.move()
    follows, has_messages = 2 if "followers" in has else 0, "message" in has
    left = 4 if follows else 3
    done = f"Done: 3 people, {follows} follows, 2 posts, 1 private message taken, {left} rows not taken."
    assert printed.splitlines()[-1] == (
        done if has_messages else done.replace("1 private message", "0 private messages")
    )
    ada = authenticate(username="ada", password="contraseña")
    assert ada.about == ("Ich backe Brot 🦊" if "about_me" in has else "")
    assert ada.last_seen_at == (utc("2024-03-28 07:00:00") if "last_seen" in has else None)
    assert Follow.objects.count() == ada.following_count * 2 == follows
    ids = new_ids()
    assert list(Post.objects.values_list("pk", flat=True)) == [ids[1], ids[2]]
    assert Post.objects.get(pk=ids[1]).created_at == utc("2018-01-09 12:00:02")
    second = Post.objects.get(pk=ids[2])
    assert (second.body, second.author.username) == ("#bread 🦊 for @ada, %s", "john_smith")
    assert [person.username for person in second.mentions.all()] == ["ada"]
    assert [post.language for post in Post.objects.all()] == ["es", "en" if "language" in has else "und"]
    if has_messages:
        message = Message.objects.get()
        assert (message.sender, message.body) == (ada, "Für dich 🦊, %s")
        assert message.created_at == utc("2018-01-10 09:00:00")
        assert Side.objects.get(owner=second.author, other=ada).unread == 1
    assert "Done: 0 people, 0 follows, 0 posts, 0 private messages taken" in old.move()


def test_the_originals_own_database_is_the_same_on_a_server(empty):
    """Copied table by table onto the server, it becomes the same people and posts, with the same ids."""
    copy = OldMicroblog(empty)
    with opened(parse(str(ORIGINAL))) as original:
        for table, columns in copy.columns.items():
            for row in original.rows(table, columns, order=columns[:1]):
                copy.add(table, **dict(zip(columns, row, strict=True)))
    copy.connection.close()
    printed, ids = copy.move(), new_ids()
    assert "Done: 12 people, 34 follows, 148 posts, 40 private messages taken, 0 rows not taken." in printed
    assert authenticate(username="Иван", password="пароль").username == "Иван"
    messages = new_ids(ImportedRow.Kind.MESSAGE)
    for model in (Post, Follow, Conversation, User, ImportedRow):
        model.objects.all().delete()
    move(str(ORIGINAL))
    assert (new_ids(), new_ids(ImportedRow.Kind.MESSAGE)) == (ids, messages)


def test_it_is_seen_as_it_was_at_one_moment_and_only_read(empty):
    fill(OldMicroblog(empty))
    with opened(parse(empty)) as source:
        assert source.count("user") == 3
        other = connect(parse(empty))
        cursor = other.cursor()
        cursor.execute("INSERT INTO post (id, user_id, body) VALUES (9, 1, 'Meanwhile.')")
        other.commit()
        assert source.count("post") == 5
        assert [row[0] for row in source.rows("post", ["id"], order=["id"])] == [1, 2, 3, 4, 5]
        with pytest.raises(source.dialect.errors, match=r"read-only|READ ONLY"):
            source.connection.cursor().execute("DELETE FROM post")
    with opened(parse(empty)) as source:
        assert source.count("post") == 6
        other.close()


def test_many_rows_are_streamed(empty):
    """More than a batch and more than one fetch: the cursor stays on the server while we write."""
    old = OldMicroblog(empty).person(1, "ada").post(1, 1)
    for step in range(12):  # doubles the table: 4,096 posts
        old.execute(f"INSERT INTO post (id, user_id) SELECT id + {2**step}, 1 FROM post")  # noqa: S608
    old.execute("UPDATE post SET body = 'Many.', timestamp = '2018-01-09 12:00:00'")
    old.connection.commit()
    assert "Done: 1 person, 0 follows, 4,096 posts, 0 private messages taken, 0 rows not taken." in old.move()
    assert User.objects.get().post_count == 4096


def test_a_wrong_password_is_said_without_it(server):
    address = parse(server)
    for url in [
        f"postgres://nobody:s3cr%2Ft@127.0.0.1:{address.port}/nowhere",
        f"mysql://nobody:s3cr%2Ft@127.0.0.1:{address.port}/nowhere",
        "postgres://nobody:s3cr%2Ft@127.0.0.1:1/nowhere",
        "mysql://nobody:s3cr%2Ft@127.0.0.1:1/nowhere",
    ]:
        if parse(url).port == 1 or parse(url).kind == address.kind:
            with pytest.raises(CommandError) as refused:
                move(url)
            assert "s3cr" not in str(refused.value)
            assert str(refused.value).strip()
