import sqlite3
import sys
from unittest import mock

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import is_password_usable
from django.core import mail
from django.core.management import CommandError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from werkzeug.security import generate_password_hash

from accounts.models import Follow, User
from accounts.tests.base import make_user
from blog.models import ImportedRow, Post
from blog.tests.base import make_post
from blog.tests.old_microblog import OldMicroblog, move, new_ids, utc

pytestmark = pytest.mark.django_db
HASH = generate_password_hash("old password", "pbkdf2:sha256:1000")
PERSON = ImportedRow.Kind.PERSON


@pytest.fixture
def old(tmp_path):
    return OldMicroblog(str(tmp_path / "old.db"))


def names():
    """The username here of each old id."""
    people = dict(User.objects.values_list("pk", "username"))
    return {old_id: people[pk] for old_id, pk in new_ids(PERSON).items()}


def test_names_that_are_refused_here_are_mapped_and_reported(old):
    for pk, name in enumerate(["john smith", "ada", "a/b", "<b>x</b>", "🦊", None, "admin", "Иван", "x" * 70], 1):
        old.person(pk, name, password_hash=HASH)
    printed = old.move()
    expected = ["john_smith", "ada", "a_b", "b_x_b", "person_5", "person_6", "admin_2", "Иван", "x" * 64]
    assert list(names().values()) == expected
    assert "Taken with a change: names that can't be used here (7):" in printed
    assert "    john smith (1) is john_smith now" in printed
    assert "    no name (6) is person_6 now" in printed
    assert printed.splitlines()[-1] == "Done: 9 people, 0 follows, 0 posts, 0 private messages taken, 0 rows not taken."


def test_everybody_whose_name_was_mapped_has_a_profile_and_signs_in(old):
    old.person(1, "john smith", password_hash=HASH).person(2, "a/b", password_hash=HASH)
    old.move()
    for name in ["john_smith", "a_b"]:
        client = Client()
        client.post("/accounts/login/", {"username": name, "password": "old password"})
        assert client.session["_auth_user_id"] == str(User.objects.get(username=name).pk)
        assert client.get(f"/@{name}/followers/").status_code == 200


def test_of_names_that_differ_in_case_the_older_account_keeps_its_own(old):
    old.person(1, "john").person(2, "John").person(3, "JOHN").person(4, "ｊｏｈｎ")
    printed = old.move()
    assert names() == {1: "john", 2: "John_2", 3: "JOHN_3", 4: "ｊｏｈｎ_4"}
    assert "Taken with a change: names that somebody else has (3):" in printed


def test_whoever_bears_a_good_name_keeps_it_from_those_who_are_mapped(old):
    old.person(1, "john smith").person(2, "john_smith").person(3, "john/smith").person(4, "JOHN_SMITH_2")
    old.move()
    assert names() == {1: "john_smith_3", 2: "john_smith", 3: "john_smith_4", 4: "JOHN_SMITH_2"}


def test_nobody_is_joined_with_a_member_of_this_site(old):
    """Neither by name nor by address: whoever registered as john there would have john's account here."""
    john = make_user("John", email="john@example.com", password="here")
    old.person(1, "john", email="JOHN@example.com", password_hash=HASH)
    old.person(2, "susan", email="susan@example.com").post(1, 1, "Mine.").follow(2, 1)
    printed = old.move()
    john.refresh_from_db()
    assert (john.username, john.email, john.post_count, john.follower_count) == ("John", "john@example.com", 0, 0)
    assert authenticate(username="john", password="old password") is None
    assert authenticate(username="john@example.com", password="old password") is None
    moved = authenticate(username="john_2", password="old password")
    assert (moved.email, moved.post_count, moved.follower_count) == ("", 1, 1)
    assert "    john (1) is john_2 now" in printed
    assert "because a member of this site has it (1):\n    john_2 (1): JOHN@example.com" in printed


def test_of_addresses_that_differ_in_case_the_older_account_keeps_its_own(old):
    old.person(1, "ada", email="Ada@example.com").person(2, "bob", email="ada@EXAMPLE.com")
    printed = old.move()
    assert dict(User.objects.values_list("username", "email")) == {"ada": "Ada@example.com", "bob": ""}
    assert "because theirs differs from an older account's in case only (1):\n    bob (2): ada@EXAMPLE.com" in printed


def test_an_address_that_is_none_is_left_out_and_reported(old):
    for pk, email in enumerate(["nobody", None, "a b@example.com", f"{'a' * 250}@example.com", " ada@example.com "], 1):
        old.person(pk, f"person{pk}", email=email)
    printed = old.move()
    assert list(User.objects.order_by("pk").values_list("email", flat=True)) == ["", "", "", "", "ada@example.com"]
    assert "because theirs is none (4):" in printed
    assert "    person2 (2): no address" in printed


def test_a_damaged_password_is_reported_and_can_be_reset(old, django_capture_on_commit_callbacks):
    cut = generate_password_hash("cat")[:128]  # by a column of 128 characters
    old.person(1, "ada", password_hash=cut).person(2, "bob", password_hash=None).person(3, "cat", password_hash=HASH)
    printed = old.move()
    assert "people who have to reset their password (2):" in printed
    assert "    ada (1): it is cut off or damaged" in printed
    assert "    bob (2): there is none" in printed
    assert cut[40:] not in printed
    assert [is_password_usable(user.password) for user in User.objects.order_by("pk")] == [False, False, True]
    with django_capture_on_commit_callbacks(execute=True):
        Client().post("/accounts/password_reset/", {"email": "person2@example.com"})
    assert [message.to for message in mail.outbox] == [["person2@example.com"]]


def test_about_and_times_are_taken(old):
    old.person(1, "ada", about_me="Bread\0 & servers. " + "👨‍👩‍👧‍👦" * 140, last_seen="2024-03-28 07:00:00.250000")
    old.person(2, "bob", last_seen="2024-01-01 00:00:00").person(3, "cat", last_seen="never")
    old.post(1, 1, timestamp="2019-05-05 05:05:05")
    printed = old.move()
    ada, bob, cat = User.objects.order_by("pk")
    assert ada.about == "Bread & servers. " + "👨‍👩‍👧‍👦" * 123
    assert "texts about people that were cut at 140 characters (1):\n    ada (1)" in printed
    assert (ada.last_seen_at, ada.created_at) == (utc("2024-03-28 07:00:00.250000"), utc("2019-05-05 05:05:05"))
    assert (bob.last_seen_at, bob.created_at) == (utc("2024-01-01 00:00:00"),) * 2
    assert cat.last_seen_at is None
    assert (timezone.now() - cat.created_at).total_seconds() < 60


def test_people_of_the_first_editions_have_no_about_and_no_follows(tmp_path):
    old = OldMicroblog(str(tmp_path / "old.db"), "v0.4")
    old.person(1, "ada", password_hash=HASH, about_me="left out by this edition").post(1, 1, "Hello, world.")
    assert (
        old.move().splitlines()[-1] == "Done: 1 person, 0 follows, 1 post, 0 private messages taken, 0 rows not taken."
    )
    ada = authenticate(username="ada", password="old password")
    assert (ada.about, ada.last_seen_at, ada.following_count) == ("", None, 0)


def test_follows_that_cannot_be_are_reported(tmp_path):
    old = OldMicroblog(str(tmp_path / "old.db"), "v0.9")
    old.person(1, "ada").person(2, "bob").person(3, "cat")
    for pair in [(1, 2), (1, 2), (2, 2), (3, 1), (1, 9), (8, 1), (None, 1), (2, 1), (1, None)]:
        old.follow(*pair)
    printed = old.move()
    assert set(Follow.objects.values_list("follower__username", "followed__username")) == {
        ("ada", "bob"),
        ("cat", "ada"),
        ("bob", "ada"),
    }
    assert "follows that are there twice (1):\n    1→2" in printed
    assert "follows of oneself (1):\n    2→2" in printed
    assert "follows of people who are not in the old database (4):\n    nobody→1, 1→nobody, 1→9, 8→1" in printed
    assert printed.splitlines()[-1] == "Done: 3 people, 3 follows, 0 posts, 0 private messages taken, 6 rows not taken."
    ada = User.objects.get(username="ada")
    assert (ada.following_count, ada.follower_count) == (1, 2)


def test_a_later_run_says_again_who_is_called_otherwise_here(old):
    """The first one may have been killed before its summary."""
    old.person(1, "john smith", email="john@example.com").person(2, "ada", email="JOHN@example.com").person(3, "bea")
    old.move()
    printed = old.move()
    assert "who have another name here (1):\n    john smith (1) is john_smith now" in printed
    assert "who have no e-mail address here (1):\n    ada (2): JOHN@example.com" in printed
    assert "(3)" not in printed


def test_a_later_run_takes_what_was_added_since(old):
    old.person(1, "ada").post(1, 1)
    old.move()
    ada = User.objects.get()
    make_post(ada, "Written here.")
    old.person(2, "bob").follow(1, 2).follow(2, 1).post(2, 1, "Written there.").post(3, 2)
    ada.follow(User.objects.create_user("native"))
    printed = old.move()
    assert printed.splitlines()[-1] == "Done: 1 person, 2 follows, 2 posts, 0 private messages taken, 0 rows not taken."
    ada.refresh_from_db()
    assert (ada.post_count, ada.following_count, ada.follower_count) == (3, 2, 1)
    bob = User.objects.get(username="bob")
    bob.unfollow(ada)
    ada.unfollow(bob)
    ada.follow(bob)
    assert "Done: 0 people, 0 follows, 0 posts" in old.move()
    assert (bob.follows(ada), ada.follows(bob)) == (False, True)


def test_follows_made_here_before_the_import_knew_of_them_are_kept_as_one(old):
    old.person(1, "ada").person(2, "bob")
    old.move()
    ada, bob = User.objects.order_by("pk")
    ada.follow(bob)
    old.follow(1, 2)
    old.move()
    ada.refresh_from_db()
    assert (Follow.objects.count(), ada.following_count) == (1, 1)


def test_many_people_cost_as_many_statements_as_few(tmp_path):
    def statements(people, name):
        database = OldMicroblog(str(tmp_path / name))
        for pk in range(1, people + 1):
            database.person(pk, f"{name}{pk}", email=f"{name}{pk}@example.com").post(pk, pk, "#bread for @susan")
            database.follow(pk, pk % people + 1)
        with CaptureQueriesContext(connection) as captured:
            database.move("--source", name)
        return len(captured)

    assert statements(10, "few") == statements(40, "many")


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (None, "There is no file"),
        (b"not a database at all, but long enough to be read as one", "file is not a database"),
        (b"", "is no Flask Microblog"),
    ],
)
def test_what_is_no_microblog_is_refused_in_a_sentence(tmp_path, made, message):
    path = tmp_path / "old.db"
    if made is not None:
        path.write_bytes(made)
    with pytest.raises(CommandError, match=message):
        move(str(path))
    assert path.exists() == (made is not None)


def test_a_database_that_lacks_the_tables_is_refused(tmp_path):
    with sqlite3.connect(tmp_path / "old.db") as other:
        other.execute("CREATE TABLE user (id INTEGER)")
    with pytest.raises(CommandError, match="its tables user and post are not there"):
        move(str(tmp_path / "old.db"))


def test_a_database_with_the_same_ids_of_other_people_is_refused(old, tmp_path):
    old.person(1, "ada").post(1, 1, timestamp="2018-01-01 00:00:00")
    old.move()
    other = OldMicroblog(str(tmp_path / "other.db")).person(1, "bob").person(2, "cat")
    with pytest.raises(CommandError, match="--source other-name"):
        other.move()
    other.post(1, 1, timestamp="2018-01-01 00:00:01")
    with pytest.raises(CommandError, match="--source other-name"):
        other.move("--dry-run")
    assert (User.objects.count(), Post.objects.count()) == (1, 1)
    assert "2 people" in other.move("--source", "other")


def test_people_without_posts_are_known_again_by_their_names_and_addresses(old, tmp_path):
    old.person(1, "ada").person(2, "bob").person(3, "cat")
    old.move()
    User.objects.get(username="cat").delete()
    ada = User.objects.get(username="ada")
    ada.username, ada.email = "ada.l", "ada@home.example"
    ada.save()
    assert "Done: 0 people" in old.move()
    other = OldMicroblog(str(tmp_path / "other.db"))
    other.person(1, "ada", email="a@b.example").person(2, "dan", email="d@b.example").person(3, "eve").post(1, 1)
    with pytest.raises(CommandError, match="--source other-name"):
        other.move()
    assert User.objects.count() == 2


def test_without_the_package_for_mysql_it_says_what_to_install():
    with mock.patch.dict(sys.modules, {"pymysql": None}), pytest.raises(CommandError, match="pip install PyMySQL"):
        move("mysql://ada@127.0.0.1:1/blog")
