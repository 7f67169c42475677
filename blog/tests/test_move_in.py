"""The main job: the database that the original itself wrote, moved in and then used through the pages."""

import json
import re
import sqlite3
from io import StringIO

from django.core.management import CommandError, call_command
from django.test import TestCase

from accounts.models import Follow, User
from accounts.tests.base import make_user
from blog.models import ImportedRow, Message, Notification, Post, Side
from blog.tests.old_microblog import ORIGINAL, PASSWORDS, move, new_ids

TRUTH = json.loads(PASSWORDS.read_text())


def old_rows(sql):
    with sqlite3.connect(ORIGINAL) as old:
        return old.execute(sql).fetchall()


class TheOriginalsDatabase(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.printed = move(ORIGINAL)
        cls.old_ids = {new: old for old, new in new_ids().items()}
        cls.times = dict(old_rows("SELECT id, timestamp FROM post"))

    def home_of(self, username):
        """The old ids of a whole home timeline, read page by page as a visitor does."""
        address, found = "/", []
        while address:
            page = self.client.get(address).content.decode()
            found += [self.old_ids[int(pk)] for pk in re.findall(r'<article[^>]* id="post-(\d+)"', page)]
            older = re.search(r'href="[^"]*\?before=(\d+)"', page)
            address = f"/?before={older[1]}" if older else None
        return found

    def assert_same_order(self, found, expected):
        """Posts of one time may stand either way."""
        self.assertEqual([self.times[pk] for pk in found], [self.times[pk] for pk in expected])
        self.assertEqual(sorted(found), sorted(expected))

    def test_everybody_signs_in_with_the_old_password_and_reads_the_old_home_timeline(self):
        for number, (username, password) in enumerate(TRUTH["passwords"].items(), 1):
            with self.subTest(username):
                address = {"REMOTE_ADDR": f"192.0.2.{number}"}
                self.client.post("/accounts/login/", {"username": username, "password": password + "x"}, **address)
                self.assertNotIn("_auth_user_id", self.client.session)
                self.client.post("/accounts/login/", {"username": username, "password": password}, **address)
                self.assertIn("_auth_user_id", self.client.session)
                self.assert_same_order(self.home_of(username), TRUTH["home_post_ids"][username])
                self.client.logout()

    def test_everybody_signs_in_by_their_address_too(self):
        self.client.post("/accounts/login/", {"username": "IVAN@example.com", "password": "пароль"})
        self.assertContains(self.client.get("/"), "@Иван")

    def test_passwords_are_upgraded_at_the_first_sign_in(self):
        self.client.post("/accounts/login/", {"username": "john", "password": "cat"})
        mine, yours = User.objects.get(username="john"), User.objects.get(username="susan")
        self.assertFalse(mine.password.startswith("werkzeug"))
        self.assertTrue(yours.password.startswith("werkzeug_scrypt$"))

    def test_posts_keep_text_author_time_and_language(self):
        people = {new: old for old, new in new_ids(ImportedRow.Kind.PERSON).items()}
        found = [
            (self.old_ids[post.pk], post.body, f"{post.created_at:%Y-%m-%d %H:%M:%S.%f}", people[post.author_id])
            for post in Post.objects.all()
        ]
        self.assertEqual(sorted(found), old_rows("SELECT id, body, timestamp, user_id FROM post ORDER BY id"))
        told = dict(old_rows("SELECT id, language FROM post WHERE language != ''"))
        found = {old: Post.objects.get(pk=new).language for new, old in self.old_ids.items() if old in told}
        self.assertEqual(found, told)

    def test_profiles_show_the_counts_and_the_about_text(self):
        page = self.client.get("/@o-brien/")
        self.assertContains(page, "“Quotes”, &lt;tags&gt;, and 𝔘𝔫𝔦𝔠𝔬𝔡𝔢.")
        posted = "SELECT username, count(post.id) FROM user LEFT JOIN post ON user_id = user.id GROUP BY user.id"
        for username, posts in old_rows(posted):
            person = User.objects.get(username=username)
            self.assertEqual(person.post_count, posts)
            self.assertEqual(person.post_count, person.posts.count())
            self.assertEqual(person.following_count, Follow.objects.filter(follower=person).count())
            self.assertEqual(person.follower_count, Follow.objects.filter(followed=person).count())
        self.assertEqual(Follow.objects.count(), old_rows("SELECT count(*) FROM followers")[0][0])

    def test_hashtags_and_mentions_work_in_old_posts(self):
        self.assertContains(self.client.get("/tags/flask/"), "have you seen this?")
        self.assertContains(self.client.get("/@john/"), 'href="/@susan/"')

    def test_everybody_reads_their_messages_unread_as_they_were(self):
        people = {new: old for old, new in new_ids(ImportedRow.Kind.PERSON).items()}
        ids = {new: old for old, new in new_ids(ImportedRow.Kind.MESSAGE).items()}
        found = [
            (ids[row.pk], people[row.sender_id], row.body, f"{row.created_at:%Y-%m-%d %H:%M:%S.%f}")
            for row in Message.objects.all()
        ]
        self.assertEqual(sorted(found), old_rows("SELECT id, sender_id, body, timestamp FROM message ORDER BY id"))
        unread = {people[side.owner_id]: 0 for side in Side.objects.all()}
        for side in Side.objects.all():
            unread[people[side.owner_id]] += side.unread
        # Nobody had read any: the old site counted all that one got.
        for old_id, count in old_rows("SELECT recipient_id, count(*) FROM message GROUP BY recipient_id"):
            self.assertEqual(unread[old_id], count)
        self.assertFalse(Side.objects.wrong().exists())
        self.assertFalse(Notification.objects.exists())
        (sender, recipient, body), *_rest = old_rows("SELECT sender_id, recipient_id, body FROM message ORDER BY id")
        names = new_ids(ImportedRow.Kind.PERSON)
        self.client.force_login(User.objects.get(pk=names[recipient]))
        self.assertContains(self.client.get(f"/messages/@{User.objects.get(pk=names[sender]).username}/"), body)

    def test_the_summary_says_what_was_taken_and_what_was_not(self):
        lines = self.printed.splitlines()
        done = "Done: 12 people, 34 follows, 148 posts, 40 private messages taken, 0 rows not taken."
        self.assertEqual(lines[-1], done)

    def test_a_second_run_adds_nothing(self):
        models = (User, Follow, Post, Message, Side, ImportedRow)
        before = [list(model.objects.order_by("pk").values()) for model in models]
        printed = move(ORIGINAL)
        after = [list(model.objects.order_by("pk").values()) for model in models]
        self.assertEqual(before, after)
        self.assertIn("Done: 0 people, 0 follows, 0 posts, 0 private messages taken, 0 rows not taken.", printed)
        self.assertIn("12 people, 34 follows, 148 posts, 40 private messages.", printed)

    def test_a_second_run_brings_nothing_back_that_members_changed_here(self):
        john, susan = User.objects.get(username="john"), User.objects.get(username="susan")
        john.username = "johnny"
        john.save()
        john.posts.first().remove()
        followed = Follow.objects.filter(follower=john).first().followed
        john.unfollow(followed)
        gone = susan.posts.count()
        letters = Message.objects.filter(conversation__sides__owner=susan).count()
        susan.delete()
        printed = move(ORIGINAL)
        self.assertFalse(User.objects.filter(username__in=["john", "susan"]).exists())
        self.assertEqual(User.objects.count(), 11)
        self.assertEqual(Post.objects.count(), 148 - 1 - gone)
        self.assertFalse(john.follows(followed))
        self.assertIn(f"posts of people who have left this site ({gone}):", printed)
        self.assertIn("Not taken: people who have left this site (1):\n    2\n", printed)
        self.assertIn(f"private messages of people who have left this site ({letters}):", printed)
        counts = f"11 people, {34 - 2} follows, {148 - gone} posts, {40 - letters} private messages."
        self.assertIn(f"Here already, and not touched: {counts}", printed)


class BeforeMovingIn(TestCase):
    def test_a_dry_run_writes_nothing_and_says_the_same(self):
        make_user("John")
        said = move(ORIGINAL, "--dry-run").splitlines()
        self.assertEqual([User.objects.count(), Post.objects.count(), ImportedRow.objects.count()], [1, 0, 0])
        done = move(ORIGINAL).splitlines()
        self.assertEqual(said[0], done[0].replace(".db.", ".db, writing nothing."))
        self.assertEqual(said[1:-1], done[1:-1])
        self.assertEqual(said[-1], done[-1].replace("Done:", "Dry run, nothing was written: would be"))
        self.assertIn("john (1) is john_2 now", "\n".join(done))

    def test_progress_is_told_line_by_line_where_there_is_no_terminal(self):
        progress = StringIO()
        call_command("import_microblog", str(ORIGINAL), stdout=StringIO(), stderr=progress)
        self.assertRegex(progress.getvalue(), r"people: 12 of 12 \(100 %\), [\d,]+ a second\n")
        self.assertRegex(progress.getvalue(), r"posts: 148 of 148 \(100 %\), [\d,]+ a second\n")
        self.assertNotIn("\r", progress.getvalue())

    def test_progress_is_redrawn_on_a_terminal(self):
        progress = StringIO()
        progress.isatty = lambda: True
        call_command("import_microblog", str(ORIGINAL), stdout=StringIO(), stderr=progress)
        self.assertEqual(progress.getvalue().count("\n"), 4)
        self.assertIn("\r\033[Kposts: 148 of 148", progress.getvalue())

    def test_the_old_database_is_only_read(self):
        before = ORIGINAL.read_bytes()
        move(ORIGINAL)
        self.assertEqual(ORIGINAL.read_bytes(), before)

    def test_another_database_needs_a_name_of_its_own(self):
        move(ORIGINAL)
        Post.objects.all().delete()  # what is remembered counts, not what is left
        ImportedRow.objects.filter(kind="post").update(new_id=1)
        with self.assertRaisesMessage(CommandError, "--source other-name"):
            move(ORIGINAL)
        self.assertIn("12 people", move(ORIGINAL, "--source", "second"))
        self.assertEqual(User.objects.count(), 24)
