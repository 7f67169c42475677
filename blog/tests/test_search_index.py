"""The index follows the posts, whoever writes them; it is filled, proven and mended."""

import importlib
import re
from datetime import UTC, datetime, timedelta
from io import StringIO
from unittest import mock, skipUnless

from django.apps import apps
from django.core import checks
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import TestCase, TransactionTestCase
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts.models import User
from accounts.tests.base import make_user
from blog import queue, search, tasks
from blog.management.commands import worker
from blog.management.commands.worker import Runner
from blog.models import Post, SearchRow
from blog.models.ids import id_at
from blog.models.search import TABLE
from blog.moving.posts import Old, publish
from blog.removal import remove
from blog.search import index
from blog.tests.base import make_post
from blog.tests.test_search import found
from microblog.pagination import LARGEST
from microblog.tests.queue import in_the_database


def run(*options):
    """What the command says, but for how long it took."""
    out = StringIO()
    call_command("search_index", *options, stdout=out, stderr=StringIO())
    return re.sub(r" in \d+ s", "", out.getvalue().strip())


class Writers(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada = make_user("ada")

    def assert_true(self):
        self.assertEqual(run("--verify", "--check").partition(":")[0], "The index is right")

    def test_a_post_that_is_rolled_back_is_not_found(self):
        with self.assertRaises(ZeroDivisionError), transaction.atomic():
            make_post(self.ada, "Bread")
            raise ZeroDivisionError
        self.assertEqual(found("bread"), set())
        self.assertFalse(SearchRow.objects.exists())

    def test_a_deleted_post_takes_its_row_along(self):
        first, second = make_post(self.ada, "Bread"), make_post(self.ada, "Bread")
        first.remove()
        self.assertEqual(found("bread"), {second.pk})
        Post.objects.filter(pk=second.pk).delete()
        self.assertFalse(SearchRow.objects.exists())
        self.assert_true()

    def test_hiding_and_showing(self):
        post = make_post(self.ada, "Bread")
        post.hide("x")
        self.assertFalse(SearchRow.objects.exists())
        self.assert_true()
        post.show()
        self.assertEqual(found("bread"), {post.pk})
        self.assert_true()

    def test_posts_that_are_moved_in_or_come_from_an_archive(self):
        old = [Old(number, self.ada.pk, id_at(timezone.now()) >> 16 << 16, "en", "Baking bread") for number in (1, 2)]
        posts = publish(old, [id_at(timezone.now()), id_at(timezone.now())], set())
        self.assertEqual(found("bakes"), {post.pk for post in posts})
        self.assert_true()

    def test_the_demo_is_found_at_once(self):
        User.objects.all().delete()
        call_command("demo", verbosity=0, stdout=StringIO())
        self.assertEqual(SearchRow.objects.count(), Post.objects.originals().count())
        self.assertGreater(len(found("bread")), 3)
        self.assert_true()

    def test_a_language_that_is_detected_later_changes_the_stems(self):
        post = make_post(self.ada, "The bakers were baking all the breads this morning.", language="und")
        self.assertEqual(found("bakes"), set())
        call_command("detect_languages", stdout=StringIO(), stderr=StringIO())
        self.assertEqual(found("bakes"), {post.pk})
        self.assert_true()

    def test_bulk_writers_have_a_way_in(self):
        post, gone = make_post(self.ada, "Bread"), make_post(self.ada, "Bread")
        Post.objects.filter(pk=post.pk).update(body="Soup")
        gone_key = gone.pk
        Post.objects.filter(pk=gone_key)._raw_delete("default")
        search.changed([post.pk, gone_key])
        self.assertEqual((found("bread"), found("soup")), (set(), {post.pk}))
        search.dropped([post.pk])
        self.assertEqual(found("soup"), set())

    def test_a_member_who_leaves_leaves_no_word_in_the_table(self):
        make_post(self.ada, "Marmalade")
        self.assertIs(self.is_written("marmalade"), True)
        remove(self.ada)
        self.assertFalse(SearchRow.objects.exists())
        self.assertIs(self.is_written("marmalade"), False)

    def is_written(self, word):
        """Whether the index itself holds a word, found or not."""
        if connection.vendor == "postgresql":
            return SearchRow.objects.exists()
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM blog_search_data WHERE instr(block, %s)", [word])
            return cursor.fetchone() != (0,)


class TheCommand(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada = make_user("ada")
        cls.posts = [make_post(cls.ada, f"Baking bread {n}", language="en") for n in range(5)]

    def spoil(self):
        """One row is missing, one is of another text, one of a post that is hidden, one of a post that is gone."""
        SearchRow.objects.filter(pk=self.posts[0].pk).delete()
        Post.objects.filter(pk=self.posts[1].pk).update(body="Soup")
        Post.objects.filter(pk=self.posts[2].pk).update(hidden_at=timezone.now())
        if connection.vendor == "sqlite":
            Post.objects.filter(pk=self.posts[3].pk)._raw_delete("default")
        else:  # PostgreSQL has a constraint that does not let it happen
            Post.objects.filter(pk=self.posts[3].pk).update(hidden_at=timezone.now())

    def test_says_that_all_is_right(self):
        self.assertEqual(run("--verify"), "The index is right: 5 posts compared.")

    @skipUnless(connection.vendor == "sqlite", "FTS5 is in SQLite")
    def test_rows_are_written_in_the_order_of_their_keys(self):
        """A key that is less than the one before ends FTS5's segment: merging so many made a batch take seconds."""
        posts = list(Post.objects.all())
        self.assertGreater(posts[0].pk, posts[1].pk)
        with CaptureQueriesContext(connection) as captured:
            SearchRow.objects.write(posts)
        [written] = [query["sql"] for query in captured.captured_queries if "INSERT" in query["sql"]]
        places = [written.index(str(post.pk)) for post in posts]
        self.assertEqual(places, sorted(places, reverse=True))

    @skipUnless(connection.vendor == "sqlite", "PostgreSQL plans by what it knows of the values")
    def test_the_next_batch_is_found_without_looking_at_all_posts(self):
        for posts in (index._shown(), Post.objects.indexed(), Post.objects.public().originals()):
            plan = posts.filter(pk__lt=LARGEST).order_by("-pk")[:200].explain()
            self.assertNotIn("TEMP B-TREE", plan)
            self.assertNotIn("repost_of_id=?", plan)

    def test_says_what_is_wrong_and_changes_nothing_when_it_shall_only_check(self):
        self.spoil()
        with self.assertRaisesMessage(CommandError, "4 rows of the index are wrong."):
            run("--verify", "--check")
        with self.assertRaises(CommandError):
            run("--verify", "--check")

    def test_mends_what_is_wrong(self):
        self.spoil()
        self.assertEqual(run("--verify"), "Mended 4 rows of the index: 3 posts compared.")
        self.assertEqual(run("--verify"), "The index is right: 3 posts compared.")
        self.assertEqual(found("bread"), {self.posts[0].pk, self.posts[4].pk})
        self.assertEqual(found("soup"), {self.posts[1].pk})

    def test_rebuilds_everything(self):
        self.spoil()
        self.assertEqual(run("--rebuild"), "Indexed 3 posts.")
        self.assertEqual(run("--verify"), "The index is right: 3 posts compared.")

    def test_batches_make_no_difference(self):
        SearchRow.objects.all().delete()
        with batches_of(2):
            self.assertEqual(run("--rebuild"), "Indexed 5 posts.")
            self.assertEqual(run("--verify"), "The index is right: 5 posts compared.")

    def test_mends_what_loaddata_wrote_which_knows_keys_only(self):
        SearchRow.objects.all().delete()
        SearchRow.objects.bulk_create([SearchRow(pk=post.pk) for post in self.posts])
        self.assertEqual(found("bread"), set())
        run("--verify")
        self.assertEqual(len(found("bread")), 5)

    def test_one_of_the_two_must_be_chosen(self):
        for options in ((), ("--rebuild", "--verify")):
            with self.assertRaises(CommandError):
                run(*options)


def work():
    """Run what is due, in this transaction."""
    while row := queue.claim("test"):
        Runner().work_on(row)


def batches_of(size):
    return mock.patch.object(index, "AT_ONCE", size)


class WhatWasThereBefore(TestCase):
    """Posts that were written when there was no search: the worker indexes them."""

    @classmethod
    def setUpTestData(cls):
        ada = make_user("ada")
        long_ago = datetime(2020, 1, 1, tzinfo=UTC)
        cls.posts = [make_post(ada, "Bread", at=long_ago + timedelta(days=n)).pk for n in range(5)]
        SearchRow.objects.all().delete()

    def test_the_worker_begins_with_it_when_it_starts(self):
        self.assertEqual(found("bread"), set())
        with in_the_database:
            with mock.patch.object(Runner, "keep_house"), mock.patch.object(worker, "close_old_connections"):
                Runner().turn()
            work()
        self.assertEqual(found("bread"), set(self.posts))
        self.assertTrue(index.is_filled())

    def test_it_is_begun_once_and_not_again_when_it_is_done(self):
        with in_the_database:
            self.assertTrue(tasks.start_filling_search())
            self.assertFalse(tasks.start_filling_search())
            self.assertEqual(DBTaskResult.objects.filter(task_path=tasks.FILL).count(), 1)
            work()
            self.assertFalse(tasks.start_filling_search())

    def test_a_long_fill_is_many_short_tasks_so_that_mail_does_not_wait(self):
        with in_the_database, batches_of(2), mock.patch.object(tasks, "FILL_AT_ONCE", 0):
            tasks.fill_search.call(LARGEST)
            self.assertEqual(SearchRow.objects.count(), 0)  # no time at all: everything is left to the next one
            waiting = DBTaskResult.objects.get(task_path=tasks.FILL)
            self.assertEqual(waiting.args_kwargs["args"], [LARGEST])
        with in_the_database, batches_of(2):
            work()
        self.assertEqual(found("bread"), set(self.posts))

    def test_the_newest_come_first(self):
        with batches_of(2):
            self.assertEqual(index.fill(LARGEST), self.posts[3])
        self.assertEqual(found("bread"), set(self.posts[3:]))
        self.assertFalse(index.is_filled())

    def test_what_an_older_release_writes_beside_this_one_is_found_after_an_hour(self):
        late = make_post(make_user("bob"), "Bread").pk
        SearchRow.objects.filter(pk=late).delete()
        index.fill(LARGEST)
        SearchRow.objects.filter(pk=late).delete()
        call_command("clean_up", stdout=StringIO())
        self.assertEqual(found("bread"), {*self.posts, late})

    def test_an_empty_site_is_filled(self):
        Post.objects.all().delete()
        self.assertTrue(index.is_filled())


class TheTable(TransactionTestCase):
    """It is made by statements of ours: when it is gone, that is told, and mended."""

    def tearDown(self):
        index.recreate()

    def problems(self):
        found = checks.run_checks(tags=["database"], databases=["default"])
        return [message for message in found if message.id == "blog.E002"]

    def execute(self, statement):
        with connection.cursor() as cursor:
            cursor.execute(statement)

    def test_it_is_there(self):
        self.assertEqual(self.problems(), [])

    def test_a_table_that_is_gone_is_told_and_made_again(self):
        post = make_post(make_user("ada"), "Bread")
        self.execute(f"DROP TABLE {TABLE}")
        self.assertGreaterEqual(len(self.problems()), 1)
        self.assertIn("search_index --rebuild", self.problems()[0].hint)
        self.assertEqual(run("--rebuild"), "Indexed 1 posts.")
        self.assertEqual(self.problems(), [])
        self.assertEqual(found("bread"), {post.pk})

    def test_a_table_that_is_no_index_any_more_is_told(self):
        if connection.vendor == "postgresql":
            self.execute("DROP INDEX search_vector")
        else:
            self.execute(f"DROP TABLE {TABLE}")
            self.execute(f"CREATE TABLE {TABLE} (tokens text)")
        self.assertEqual(len(self.problems()), 1)
        run("--rebuild")
        self.assertEqual(self.problems(), [])

    def test_changes_of_the_table_of_posts_leave_it_alone(self):
        """Django makes a table of SQLite anew to change it; there is no trigger on it that would be lost."""
        post = make_post(make_user("ada"), "Bread")
        with connection.schema_editor() as editor:
            if connection.vendor == "sqlite":
                editor._remake_table(Post)
        self.assertEqual(self.problems(), [])
        self.assertEqual(found("bread"), {post.pk})
        make_post(post.author, "More bread")
        self.assertEqual(len(found("bread")), 2)
        post.remove()
        self.assertEqual(len(found("bread")), 1)

    def test_a_flushed_database_finds_nothing(self):
        make_post(make_user("ada"), "Bread")
        call_command("flush", verbosity=0, interactive=False)
        self.assertFalse(SearchRow.objects.exists())

    def test_the_migration_has_a_way_back(self):
        migration = importlib.import_module("blog.migrations.0009_search")
        with connection.schema_editor() as editor:
            migration.unmake(apps, editor)
        with connection.cursor() as cursor:
            self.assertNotIn(TABLE, connection.introspection.table_names(cursor))
        self.assertTrue(self.problems())
        with connection.schema_editor() as editor:
            migration.make(apps, editor)
        self.assertEqual(self.problems(), [])
