"""A member who left: nothing of theirs is anywhere, and nothing of others is gone."""

import random
from datetime import timedelta
from io import StringIO
from unittest import mock

from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection
from django.db.models import Q
from django.test import TestCase
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts.models import Departure, EmailChange, Session, User
from accounts.tests.base import PASSWORD, make_user, sign_in
from blog import counters, removal, tasks
from blog.models import (
    Choices,
    Conversation,
    Gone,
    Job,
    Message,
    Notification,
    Post,
    Side,
    Tag,
    Teller,
    Translation,
)
from blog.tests.base import make_post, write_letters
from blog.tests.test_queue import make_task
from microblog.tests.queue import in_the_database

USERNAME, NAME, EMAIL = "zsuzsanna", "Zsuzsanna Quarkovich", "zsq@quark.example"
TEXTS = ["Dandelion wine in the cellar #quarktag", "Another sentence on marmalade"]
TRACES = [USERNAME, "quark", "dandelion", "marmalade", "löwenzahn", "tangerine", "whispered"]
# Tables with a key of a member in which this member need not be, and why.
NOT_FILLED = {
    "admin.LogEntry": "who did it; what is quoted there is filled",
    "accounts.User_groups": "no text",
    "accounts.User_user_permissions": "no text",
}


def everywhere() -> str:
    """Every value of every row of every table, in small letters."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
            for row in cursor.fetchall():
                found += [bytes(v).decode("latin-1") if isinstance(v, bytes | memoryview) else str(v) for v in row]
    return "\n".join(found).lower()


def pointing_at(member) -> dict[str, int]:
    """How many rows of each table with a key of a member have this one's."""
    found = {}
    for model in apps.get_models(include_auto_created=True):
        keys = [f for f in model._meta.get_fields() if f.concrete and not f.many_to_many and f.related_model is User]
        if keys and model._meta.label not in NOT_FILLED:
            theirs = Q(*[(field.name, member.pk) for field in keys], _connector=Q.OR)
            found[model._meta.label] = model._base_manager.filter(theirs).count()
    return found


class Removing(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.member = make_user(USERNAME, name=NAME, email=EMAIL, about="All about quarks.")
        cls.bob, cls.root = make_user("bob"), make_user("root", is_staff=True, is_superuser=True)
        cls.posts = [make_post(cls.member, text) for text in TEXTS]
        cls.bobs = make_post(cls.bob, "Bread with @bob and others. #bread")

    def fill_every_table(self):
        """Leave a trace wherever a member can."""
        client = self.client_class()
        sign_in(client, self.member)
        client.post("/accounts/settings/email/", {"email": "new@quark.example", "password": PASSWORD})
        EmailChange.objects.update(old_email="old@quark.example")
        client.post("/jobs/export/")
        self.member.follow(self.bob)
        self.bob.follow(self.member)
        Translation.objects.create(post=self.posts[0], target="de", version=0, body="Löwenzahnwein im Keller")
        for row in (self.member, *self.posts):
            LogEntry.objects.create(
                user=self.root,
                content_type=ContentType.objects.get_for_model(row),
                object_id=str(row.pk),
                object_repr=str(row)[:200],
                action_flag=CHANGE,
                change_message=f"Hide: {TEXTS[0]}",
            )
        self.converse()
        make_task(status="FAILED", traceback=f"DETAIL: Key (username_key)=({USERNAME}) exists")
        client.post("/accounts/settings/delete/", {"password": PASSWORD})
        Departure.objects.update(due_at=timezone.now())
        Session.objects.create(session_key="k" * 32, expire_date=timezone.now(), user=self.member, user_agent=USERNAME)

    def converse(self):
        """Answers, likes, reposts, blocks, mutes, messages and notifications, to and from the member."""
        member, bob, eve, dan = self.member, self.bob, make_user("eve"), make_user("dan")
        answer = make_post(member, "A tangerine, @bob.", reply_to=self.bobs)
        self.theirs = make_post(bob, "Which one?", reply_to=answer)
        for reader in (member, eve):
            self.bobs.like(reader)
            self.bobs.repost(reader)
        for reader in (bob, eve):
            self.posts[0].like(reader)
            self.posts[0].repost(reader)
        make_post(bob, f"Greetings, @{USERNAME}.").remove()
        # A name that others write stays in what they wrote, and would be found: only its link is left here.
        self.theirs.mentions.add(member)
        member.mute(eve)
        eve.mute(member)
        member.block(dan)
        make_user("fay").block(member)
        write_letters(member, bob, ["Whispered on Monday.", "Whispered on Tuesday."], read=1)
        write_letters(bob, member, ["And answered."])
        write_letters(member, dan, ["Whispered to somebody who was gone."])
        Notification.objects.create(owner=member, kind="moderation", text="Too many quarks.")
        Choices.objects.create(owner=member, digest="daily")

    def remove(self):
        with mock.patch.object(removal, "BATCH", 1):
            call_command("clean_up", stdout=StringIO())

    def test_no_row_anywhere_still_carries_their_name_their_address_or_their_text(self):
        self.fill_every_table()
        assert [label for label, rows in pointing_at(self.member).items() if not rows] == []
        before = everywhere()
        assert [trace for trace in TRACES if trace not in before] == []  # or this test proved nothing
        self.remove()
        after = everywhere()
        assert [trace for trace in TRACES if trace in after] == []
        assert not User.objects.filter(pk=self.member.pk).exists()
        assert not Job.objects.exists() and not Departure.objects.exists()

    def test_what_others_have_stays_and_their_counts_are_true(self):
        self.fill_every_table()
        self.remove()
        assert self.bobs in Post.objects.originals() and self.theirs in Post.objects.originals()
        assert list(Tag.objects.values_list("name", flat=True)) == ["bread"]
        self.bob.refresh_from_db()
        assert (self.bob.follower_count, self.bob.following_count, self.bob.post_count) == (0, 0, 2)
        self.bobs.refresh_from_db()
        assert (self.bobs.reply_count, self.bobs.repost_count, self.bobs.like_count) == (0, 1, 1)
        assert LogEntry.objects.filter(user=self.root).count() == 3
        self.assert_all_counters_are_right()

    def assert_all_counters_are_right(self):
        out = StringIO()
        call_command("recount", "--check", stdout=out)
        assert out.getvalue().startswith("All counters are right:"), out.getvalue()

    def test_answers_of_others_stay_below_a_place_without_a_name(self):
        first = make_post(self.member, "A tangerine.")
        second = make_post(self.member, "Or two.", reply_to=first)
        alone = make_post(self.member, "Or none.", reply_to=second)
        answer = make_post(self.bob, "Three!", reply_to=second)
        self.leave()
        assert list(Gone.objects.order_by("pk").values_list("pk", "reply_to", "with_account")) == [
            (first.pk, None, True),
            (second.pk, first.pk, True),
        ]
        assert not Gone.objects.filter(pk=alone.pk).exists()  # nobody needs its place
        answer.refresh_from_db()
        assert (answer.reply_to_id, answer.other, answer.body) == (second.pk, None, "Three!")
        page = self.client.get(answer.get_absolute_url())
        self.assertContains(page, "deleted account")
        self.assertNotContains(page, USERNAME)

    def test_a_place_that_was_kept_before_keeps_the_one_above_it(self):
        first = make_post(self.member, "A tangerine.")
        second = make_post(self.bob, "Two.", reply_to=first)
        make_post(self.bob, "Three!", reply_to=second)
        second.remove()
        self.leave()
        assert set(Gone.objects.values_list("pk", "with_account")) == {(first.pk, True), (second.pk, False)}

    def test_others_stay_in_the_groups_of_notifications(self):
        eve = make_user("eve")
        other, alone = make_post(self.bob, "Another."), make_post(self.bob, "A third.")
        for reader in (eve, self.member):  # the member was the last one
            self.bobs.like(reader)
        for reader in (self.member, eve):
            other.like(reader)
        alone.like(self.member)
        Notification.objects.create(owner=self.bob, kind="like", actor=self.member, read=True)  # with nobody in it
        self.leave()
        told = Notification.objects.filter(owner=self.bob, kind="like").order_by("pk")
        assert list(told.values_list("post", "actor", "count")) == [(self.bobs.pk, eve.pk, 1), (other.pk, eve.pk, 1)]
        assert Teller.objects.filter(notification__in=told).count() == 2

    def test_the_other_side_of_a_conversation_stays_with_what_the_other_wrote(self):
        side = write_letters(self.member, self.bob, ["One.", "Two."], read=1)
        write_letters(self.bob, self.member, ["Three."])
        write_letters(self.member, self.bob, ["Four."])
        never_answered = make_user("eve")
        write_letters(self.member, never_answered, ["Hello?"])
        self.leave()
        (left,) = Side.objects.all()
        assert (left.pk, left.other, left.unread) == (side.pk, None, 0)
        (message,) = Message.objects.all()
        assert (message.body, message.pk) == ("Three.", left.newest)
        assert Conversation.objects.count() == 1
        self.client.force_login(self.bob)
        self.assertContains(self.client.get("/messages/"), "Deleted account")
        self.assertContains(self.client.get(f"/messages/{left.conversation_id}/"), "Three.")

    def test_nothing_stays_of_a_conversation_when_both_have_left(self):
        write_letters(self.member, self.bob, ["One."])
        write_letters(self.bob, self.member, ["Two."])
        for person in (self.member, self.bob):
            self.leave(person)
        assert not Side.objects.exists() and not Message.objects.exists() and not Conversation.objects.exists()

    def test_counters_that_were_wrong_keep_nobody_from_leaving(self):
        self.bobs.like(self.member)
        self.bobs.repost(self.member)
        make_post(self.member, "Yes.", reply_to=self.bobs)
        self.member.follow(self.bob)
        Post.objects.update(like_count=0, repost_count=0, reply_count=0)
        User.objects.update(follower_count=0)
        self.leave()
        self.assert_all_counters_are_right()

    def test_interrupted_anywhere_what_others_have_is_true_and_it_goes_on(self):
        self.fill_every_table()
        dice, step_out = random.Random(5), KeyboardInterrupt

        def interrupted(step):
            def run(member):
                done = step(member)
                if dice.random() < 0.3:
                    raise step_out
                return done

            return run

        times = 0
        with (
            mock.patch.object(removal, "BATCH", 2),
            mock.patch.object(removal, "STEPS", tuple(interrupted(step) for step in removal.STEPS)),
        ):
            while User.objects.filter(pk=self.member.pk).exists():
                try:
                    tasks.remove_member.call(self.member.pk)
                except KeyboardInterrupt:
                    times += 1
                    self.assert_all_counters_are_right_of_others()
        assert times > 5
        self.assert_all_counters_are_right()

    def assert_all_counters_are_right_of_others(self):
        """What is the leaving member's own may be wrong meanwhile."""
        keys = {User: "pk", Post: "author", Side: "owner", Notification: "owner"}
        for counted in counters.COUNTED:
            of_others = counted.model.objects.exclude(**{keys[counted.model]: self.member.pk})
            assert counted.differences(of_others) == []

    def leave(self, person=None):
        Departure.objects.create(user=person or self.member, due_at=timezone.now())
        self.remove()

    def test_where_others_name_them_the_name_stays_without_a_link(self):
        post = make_post(self.bob, f"Good bread, @{USERNAME}.")
        self.assertContains(self.client.get("/explore/"), f'href="/@{USERNAME}/"')
        Departure.objects.create(user=self.member, due_at=timezone.now())
        self.remove()
        page = self.client.get("/explore/")
        self.assertContains(page, f"@{USERNAME}")
        self.assertNotContains(page, f'href="/@{USERNAME}/"')
        post.refresh_from_db()
        assert post.version == 1

    def test_their_pages_are_gone(self):
        Departure.objects.create(user=self.member, due_at=timezone.now())
        self.remove()
        for path in [f"/@{USERNAME}/", f"/posts/{self.posts[0].pk}/", f"/@{USERNAME}/feed.atom"]:
            assert self.client.get(path).status_code == 404

    def test_within_the_two_weeks_nobody_is_removed(self):
        Departure.objects.create(user=self.member, due_at=timezone.now() + timedelta(minutes=1))
        self.remove()
        assert User.objects.filter(pk=self.member.pk).exists()

    def test_who_came_back_at_the_last_moment_is_not_removed(self):
        Departure.objects.create(user=self.member, due_at=timezone.now())
        with in_the_database:
            assert tasks.start_removals() == 1
        (row,) = DBTaskResult.objects.all()
        sign_in(self.client, self.member)
        row.task.call(*row.args_kwargs["args"])
        assert User.objects.filter(pk=self.member.pk).exists()

    def test_removing_somebody_who_is_removed_does_nothing(self):
        Departure.objects.create(user=self.member, due_at=timezone.now())
        tasks.remove_member.call(self.member.pk)
        assert not User.objects.filter(pk=self.member.pk).exists()
        tasks.remove_member.call(self.member.pk)


def test_whoever_points_at_a_row_is_found_by_an_index():
    """Or deleting one row would read whole tables: Django asks for them, and PostgreSQL checks each key again."""
    missing = []
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.local_fields:
            if field.remote_field and model._meta.app_label in ("accounts", "blog") and not indexed(model, field):
                missing.append(f"{model._meta.label}.{field.name}")
    assert missing == []


def indexed(model, field) -> bool:
    if field.db_index or field.unique or field.primary_key:
        return True
    together = [names for names in model._meta.unique_together if names[0] == field.name]
    rules = [rule for rule in model._meta.total_unique_constraints if rule.fields[0] == field.name]
    known = Q(**{f"{field.name}__isnull": False})  # whoever looks for a key looks for a known one
    indexes = [
        index for index in model._meta.indexes if index.fields[:1] == [field.name] and index.condition in (None, known)
    ]
    return bool(together or rules or indexes)
