"""Private messages of a Flask Microblog: between whom, in which order, read and unread."""

from unittest import mock

import pytest
from django.core.management import CommandError
from django.db import OperationalError

from accounts.models import User
from blog.models import Conversation, ImportedRow, Message, Notification, Side
from blog.moving import messages
from blog.tests.old_microblog import OldMicroblog, new_ids, utc

pytestmark = pytest.mark.django_db
NOON = "2018-01-09 12:00:00"


@pytest.fixture
def old(tmp_path):
    return OldMicroblog(str(tmp_path / "old.db")).person(1, "ada").person(2, "bob").person(3, "carol")


def write(old, pk, sender, recipient, body="Psst.", timestamp=NOON):
    old.add("message", id=pk, sender_id=sender, recipient_id=recipient, body=body, timestamp=timestamp)


def person(username):
    return User.objects.get(username=username)


def side(owner, other):
    return Side.objects.get(owner=person(owner), other=person(other))


def bodies(owner, other):
    return list(side(owner, other).messages.order_by("pk").values_list("body", flat=True))


def unread(owner, other):
    return side(owner, other).unread


def test_messages_of_two_are_one_conversation_in_the_order_of_their_times(old):
    write(old, 1, 1, 2, "Second.", "2018-01-09 12:00:01")
    write(old, 2, 2, 1, "First.", "2018-01-09 12:00:00.999999")
    write(old, 3, 1, 3, "Another.")
    assert (
        old.move().splitlines()[-1] == "Done: 3 people, 0 follows, 0 posts, 3 private messages taken, 0 rows not taken."
    )
    assert bodies("ada", "bob") == bodies("bob", "ada") == ["First.", "Second."]
    assert Conversation.objects.count() == 2
    newest = Message.objects.get(pk=side("bob", "ada").newest)
    assert (newest.sender, newest.body, newest.created_at) == (person("ada"), "Second.", utc("2018-01-09 12:00:01"))
    assert not Notification.objects.exists()


def test_they_are_read_up_to_when_one_looked_last(old):
    old.person(4, "dora", last_message_read_time="2018-01-09 12:00:05.000000")
    for second in range(10):
        write(old, second + 1, 1 + second % 2, 4, f"{second}.", f"2018-01-09 12:00:{second:02}")
    write(old, 11, 4, 1, "Mine.", "2018-01-09 12:00:20")
    old.move()
    assert unread("dora", "ada") == 2  # of the seconds 6 and 8
    assert unread("dora", "bob") == 2  # 7 and 9; what came at the very time was read
    assert unread("ada", "dora") == 1  # ada never looked
    assert not Side.objects.wrong().exists()


def test_a_thousand_of_one_second_stand_in_their_order(old):
    for pk in range(1, 1201):
        write(old, pk, 1, 2, f"{pk}.")
    old.move()
    assert bodies("bob", "ada") == [f"{pk}." for pk in range(1, 1201)]
    assert unread("bob", "ada") == 1200


def test_a_later_run_takes_what_was_added_and_adds_nothing_twice(old):
    write(old, 1, 1, 2, "One.")
    old.move()
    Message.objects.send(person("bob"), person("ada"), "Written here.")
    side("ada", "bob").read(side("ada", "bob").newest)
    write(old, 2, 2, 1, "Two.", "2018-01-09 12:00:01")
    printed = old.move()
    assert "0 posts, 1 private message taken" in printed
    assert "Here already, and not touched: 3 people, 0 follows, 0 posts, 1 private message." in printed
    assert bodies("ada", "bob") == ["One.", "Two.", "Written here."]
    assert (unread("ada", "bob"), unread("bob", "ada")) == (0, 1)
    assert "0 private messages taken" in old.move()
    assert Message.objects.count() == 3
    assert not Side.objects.wrong().exists()


def test_what_was_deleted_here_does_not_come_back(old):
    write(old, 1, 1, 2)
    old.move()
    side("ada", "bob").clear()
    old.move()
    assert (bodies("ada", "bob"), bodies("bob", "ada")) == ([], ["Psst."])
    side("bob", "ada").clear()
    old.move()
    assert not Message.objects.exists()


def test_two_who_wrote_to_one_another_here_go_on_with_that_conversation(old):
    old.move()
    Message.objects.send(person("ada"), person("bob"), "Here.")
    write(old, 1, 1, 2, "There.")
    old.move()
    assert bodies("bob", "ada") == ["There.", "Here."]
    assert Conversation.objects.count() == 1
    assert unread("bob", "ada") == 2


def test_text_stays_as_it_is_even_longer_than_a_message_may_be(old):
    long, odd = "x" * 10_000, " tabs\tand\r\nlines, <script>alert(1)</script> \u202ertl "
    write(old, 1, 1, 2, long)
    write(old, 2, 1, 2, odd)
    old.move()
    assert bodies("bob", "ada") == [long, odd]


def test_those_that_cannot_be_taken_are_named_with_the_reason_and_never_quoted(old):
    write(old, 1, 9, 1, "secret")
    write(old, 2, 1, None, "secret")
    write(old, 3, 1, 1, "secret")
    write(old, 4, 1, 2, " \u200b\0 ")
    write(old, 5, 1, 2, None)
    write(old, 6, 1, 2, "secret", None)
    write(old, 7, 1, 2, "secret", "soon")
    printed = old.move()
    assert "secret" not in printed
    assert "Not taken: private messages of people who are not in the old database (2):\n    1, 2\n" in printed
    assert "Not taken: private messages to oneself (1):\n    3\n" in printed
    assert "Not taken: private messages without a text (2):\n    4, 5\n" in printed
    assert "Not taken: private messages without a time (2):\n    6, 7\n" in printed
    assert printed.splitlines()[-1].endswith("0 private messages taken, 7 rows not taken.")
    assert not Conversation.objects.exists()


def test_those_of_people_who_left_this_site_stay_away(old):
    write(old, 1, 1, 2)
    old.move()
    person("ada").delete()
    write(old, 2, 2, 1)
    assert "private messages of people who have left this site (2):\n    1, 2\n" in old.move()


def test_a_dry_run_writes_nothing_and_says_the_same(old):
    write(old, 1, 1, 2)
    assert old.move("--dry-run").splitlines()[-1].endswith("0 posts, 1 private message taken, 0 rows not taken.")
    assert not Message.objects.exists()
    assert "0 posts, 1 private message taken" in old.move()


def test_editions_without_messages_have_none(tmp_path):
    old = OldMicroblog(str(tmp_path / "v14.db"), "v0.14").person(1, "ada")
    assert "0 private messages taken" in old.move()


def test_what_stops_an_import_leaves_whole_batches_and_a_second_run_completes_it(old):
    for pk in range(1, 1501):
        write(old, pk, 1 + pk % 2, 2 - pk % 2, f"{pk}.")
    once = {"wraps": messages._sides, "side_effect": [mock.DEFAULT, OperationalError("gone")]}
    with (
        mock.patch("blog.moving.messages._sides", **once),
        pytest.raises(CommandError, match="Run this again to go on"),
    ):
        old.move()
    assert Message.objects.count() == ImportedRow.objects.filter(kind="message").count() == 1000
    assert not Side.objects.wrong().exists()
    assert "0 posts, 500 private messages taken" in old.move()
    assert bodies("ada", "bob") == [f"{pk}." for pk in range(1, 1501)]
    assert (unread("ada", "bob"), unread("bob", "ada")) == (750, 750)
    assert len(set(new_ids(ImportedRow.Kind.MESSAGE).values())) == 1500
