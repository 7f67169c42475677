"""What two people write to one another, below the pages: who has which rows, and numbers that are exact."""

import threading

import pytest
from django.contrib import admin
from django.db import connection
from django.test import TestCase, TransactionTestCase

from accounts.models import User
from accounts.tests.base import make_user
from blog.models import Conversation, Message, Notification, Side
from blog.models.message import NotTakenError

send = Message.objects.send


def side_of(owner: User, other: User | None) -> Side:
    return Side.objects.get(owner=owner, other=other)


def read(owner: User, other: User) -> None:
    """Read everything there is."""
    side = side_of(owner, other)
    side.read(side.newest)


def numbers(owner: User, other: User) -> tuple[int, int]:
    side = side_of(owner, other)
    return side.newest, side.unread


class Letters(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada, cls.bob, cls.carol = make_user("ada"), make_user("bob"), make_user("carol")

    def assert_true(self):
        self.assertEqual(list(Side.objects.wrong()), [])


class Sending(Letters):
    def test_two_people_have_one_conversation_whoever_begins(self):
        send(self.ada, self.bob, "Hello.")
        send(self.bob, self.ada, "Hello yourself.")
        send(self.ada, self.carol, "And you?")
        self.assertEqual(Conversation.objects.count(), 2)
        self.assertEqual(side_of(self.ada, self.bob).conversation, side_of(self.bob, self.ada).conversation)

    def test_only_the_recipient_has_it_unread(self):
        first, second = send(self.ada, self.bob, "One."), send(self.ada, self.bob, "Two.")
        self.assertGreater(second.pk, first.pk)
        self.assertEqual(numbers(self.ada, self.bob), (second.pk, 0))
        self.assertEqual(numbers(self.bob, self.ada), (second.pk, 2))
        self.assert_true()

    def test_ids_rise_within_a_conversation_even_when_a_clock_goes_back(self):
        first = send(self.ada, self.bob, "One.")
        ahead = first.pk + (3600_000 << 16)
        Side.objects.filter(owner=self.bob).update(newest=ahead)
        self.assertEqual(send(self.ada, self.bob, "Two.").pk, ahead + 1)

    def test_nobody_writes_to_themselves_to_the_suspended_or_to_who_takes_none(self):
        self.bob.messages_from = User.Writers.NOBODY
        self.bob.save()
        self.carol.suspend()
        for recipient in (self.ada, self.bob, self.carol):
            with self.assertRaises(NotTakenError):
                send(self.ada, recipient, "Hello.")
        self.assertEqual(Conversation.objects.count(), 0)

    def test_people_i_follow_are_the_ones_whom_i_follow(self):
        self.bob.messages_from = User.Writers.FOLLOWED
        self.bob.save()
        self.ada.follow(self.bob)
        with self.assertRaises(NotTakenError):
            send(self.ada, self.bob, "Hello.")
        self.bob.follow(self.ada)
        self.assertTrue(send(self.ada, self.bob, "Hello."))

    def test_the_suspended_send_nothing(self):
        self.ada.suspend()
        with self.assertRaises(NotTakenError):
            send(self.ada, self.bob, "Hello.")

    def test_a_block_parts_staff_as_well(self):
        mod = make_user("mod", is_staff=True)
        self.bob.block(mod)
        for sender, recipient in [(mod, self.bob), (self.bob, mod)]:
            with self.assertRaises(NotTakenError):
                send(sender, recipient, "Hello.")

    def test_the_same_text_from_the_same_page_is_the_same_message(self):
        first = send(self.ada, self.bob, "Hello.", after=0)
        self.assertEqual(send(self.ada, self.bob, "Hello.", after=0), first)
        send(self.bob, self.ada, "Hello.")
        self.assertEqual(send(self.ada, self.bob, "Hello.", after=0), first)
        again = send(self.ada, self.bob, "Hello.", after=first.pk)
        self.assertNotEqual(again, first)
        self.assertEqual(Message.objects.count(), 3)
        self.assertEqual(numbers(self.bob, self.ada)[1], 2)

    def test_one_is_told_once_until_one_has_read(self):
        send(self.ada, self.bob, "One.")
        send(self.ada, self.bob, "Two.")
        send(self.carol, self.bob, "Three.")
        told = Notification.objects.filter(owner=self.bob, kind="message")
        self.assertEqual(sorted(told.values_list("actor__username", "read")), [("ada", False), ("carol", False)])
        read(self.bob, self.ada)
        self.assertEqual(sorted(told.values_list("actor__username", "read")), [("ada", True), ("carol", False)])
        send(self.ada, self.bob, "Four.")
        self.assertEqual(told.filter(read=False).count(), 2)

    def test_who_is_muted_may_write_and_is_not_announced(self):
        self.bob.mute(self.ada)
        send(self.ada, self.bob, "Hello.")
        self.assertEqual(numbers(self.bob, self.ada)[1], 1)
        self.assertFalse(Notification.objects.filter(owner=self.bob).exists())


class Reading(Letters):
    def test_what_was_read_is_never_unread_again(self):
        messages = [send(self.ada, self.bob, f"{n}.") for n in range(5)]
        side = side_of(self.bob, self.ada)
        side.read(messages[2].pk)
        self.assertEqual(numbers(self.bob, self.ada)[1], 2)
        side.read(messages[0].pk)
        self.assertEqual(numbers(self.bob, self.ada)[1], 2)
        read(self.bob, self.ada)
        self.assertEqual(numbers(self.bob, self.ada)[1], 0)
        self.assert_true()

    def test_nobody_has_read_what_is_not_written_yet(self):
        send(self.ada, self.bob, "One.")
        side_of(self.bob, self.ada).read(2**63 - 1)
        send(self.ada, self.bob, "Two.")
        self.assertEqual(numbers(self.bob, self.ada)[1], 1)
        self.assert_true()

    def test_ones_own_messages_are_never_unread(self):
        first = send(self.bob, self.ada, "Mine.")
        send(self.ada, self.bob, "Yours.")
        send(self.bob, self.ada, "Mine.")
        side_of(self.bob, self.ada).read(first.pk)
        self.assertEqual(numbers(self.bob, self.ada)[1], 1)
        self.assert_true()


class Deleting(Letters):
    def test_deleting_is_for_oneself_and_what_comes_later_is_there(self):
        send(self.ada, self.bob, "Before.")
        side_of(self.bob, self.ada).clear()
        self.assertEqual(numbers(self.bob, self.ada), (0, 0))
        self.assertFalse(side_of(self.bob, self.ada).messages.exists())
        self.assertEqual(side_of(self.ada, self.bob).messages.count(), 1)
        later = send(self.ada, self.bob, "After.")
        self.assertEqual(list(side_of(self.bob, self.ada).messages), [later])
        self.assertEqual(numbers(self.bob, self.ada), (later.pk, 1))
        self.assertEqual(side_of(self.ada, self.bob).messages.count(), 2)
        self.assert_true()

    def test_when_both_have_deleted_it_nothing_is_left(self):
        send(self.ada, self.bob, "Hello.")
        send(self.ada, self.carol, "Hello.")
        side_of(self.bob, self.ada).clear()
        side_of(self.ada, self.bob).clear()
        self.assertEqual([Conversation.objects.count(), Side.objects.count(), Message.objects.count()], [1, 2, 1])
        self.assertTrue(send(self.bob, self.ada, "Anew."))
        self.assert_true()

    def test_deleting_twice_is_once(self):
        send(self.ada, self.bob, "Hello.")
        side = side_of(self.bob, self.ada)
        side.clear()
        side.clear()
        self.assertEqual(side_of(self.ada, self.bob).messages.count(), 1)
        self.assertFalse(Notification.objects.filter(owner=self.bob, read=False).exists())

    def test_who_leaves_takes_their_messages_in_batches_and_the_other_keeps_theirs(self):
        for n in range(5):
            send(self.ada, self.bob, f"{n}.")
            kept = send(self.bob, self.ada, f"Yes, {n}.")
        send(self.ada, self.bob, "Bye.")
        side = side_of(self.ada, self.bob)
        rounds = 1
        while not side.leave(2):
            rounds += 1
            self.assert_true()
        self.assertEqual(rounds, 4)
        self.ada.delete()
        mine = side_of(self.bob, None)
        self.assertEqual((mine.newest, mine.unread, mine.messages.count()), (kept.pk, 0, 5))
        mine.clear()
        self.assertEqual([Conversation.objects.count(), Side.objects.count(), Message.objects.count()], [0, 0, 0])

    def test_who_leaves_a_conversation_in_which_only_they_wrote_leaves_nothing(self):
        send(self.ada, self.bob, "Hello.")
        self.assertTrue(side_of(self.ada, self.bob).leave(500))
        self.assertEqual([Conversation.objects.count(), Side.objects.count(), Message.objects.count()], [0, 0, 0])


class Counting(Letters):
    def test_numbers_that_are_wrong_are_found_and_mended(self):
        send(self.ada, self.bob, "One.")
        last = send(self.ada, self.bob, "Two.")
        send(self.carol, self.bob, "Fine.")
        self.assert_true()
        Side.objects.filter(owner=self.bob, other=self.ada).update(unread=7, newest=5)
        (wrong,) = Side.objects.wrong()
        self.assertEqual((wrong.true_newest, wrong.true_unread), (last.pk, 2))
        self.assertEqual(Side.objects.all().mend(), 1)
        self.assertEqual(numbers(self.bob, self.ada), (last.pk, 2))
        self.assertEqual(Side.objects.all().mend(), 0)


class Moderators(Letters):
    def test_the_administration_knows_no_private_messages(self):
        for model in (Message, Side, Conversation):
            self.assertFalse(admin.site.is_registered(model), model)

    def test_not_even_an_administrator_reads_them(self):
        message = send(self.ada, self.bob, "Between us.")
        self.client.force_login(make_user("root", is_staff=True, is_superuser=True))
        for path in ["/messages/", "/messages/@ada/", f"/messages/{message.conversation_id}/", "/admin/"]:
            self.assertNotIn("Between us", self.client.get(path).content.decode(), path)
        self.assertEqual(self.client.get("/admin/blog/message/").status_code, 404)
        self.assertNotIn("Between", str(message))


@pytest.mark.postgres
class AtTheSameMoment(TransactionTestCase):
    def setUp(self):
        if connection.vendor == "sqlite":
            self.skipTest("threads can't share SQLite's database in memory")
        self.ada, self.bob = make_user("ada"), make_user("bob")

    def at_once(self, *actions):
        barrier, failed = threading.Barrier(len(actions)), []

        def run(action):
            barrier.wait()
            try:
                action()
            except Exception as error:  # a test has to show whatever goes wrong in its threads
                failed.append(error)
            connection.close()

        threads = [threading.Thread(target=run, args=(action,)) for action in actions]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failed, [])
        self.assertEqual(list(Side.objects.wrong()), [])

    def test_two_first_messages_make_one_conversation(self):
        to_bob, to_ada = (self.ada, self.bob), (self.bob, self.ada)
        self.at_once(*[lambda pair=pair: send(*pair, "Hello.") for pair in [to_bob, to_ada] * 3])
        self.assertEqual([Conversation.objects.count(), Side.objects.count(), Message.objects.count()], [1, 2, 6])
        self.assertEqual([numbers(*to_bob)[1], numbers(*to_ada)[1]], [3, 3])

    def test_a_double_click_is_one_message(self):
        self.at_once(*[lambda: send(self.ada, self.bob, "Hello.", after=0)] * 4)
        self.assertEqual(Message.objects.count(), 1)
        self.assertEqual(numbers(self.bob, self.ada)[1], 1)

    def test_writing_reading_and_deleting_at_once_keeps_the_numbers_true(self):
        def bob_reads():
            for side in Side.objects.filter(owner=self.bob):
                side.read(side.newest)

        def ada_deletes():
            for side in Side.objects.filter(owner=self.ada):
                side.clear()

        def bob_deletes():
            for side in Side.objects.filter(owner=self.bob):
                side.clear()

        def ada_writes():
            for n in range(5):
                send(self.ada, self.bob, f"{n}.")

        for _round in range(5):
            self.at_once(ada_writes, bob_reads, ada_writes, bob_reads, ada_deletes, bob_deletes)
