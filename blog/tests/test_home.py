import random
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

from django.db import connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.tests.base import make_user
from blog import cards
from blog.models import Post, timeline
from blog.models.timeline import home_of
from blog.tests.base import make_post
from microblog.pagination import Cursor

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def plain_home(reader: User) -> list[int]:
    """The home timeline the simple, slow way: what the quick one has to equal."""
    people = {reader.pk, *reader.follows_made.values_list("followed", flat=True)}
    posts = Post.objects.heard_by(reader).filter(author__in=people).order_by("-id")
    found, shown = [], set()
    for post in posts:
        between = post.reply_to_id is None or post.other_id in people
        original = post.repost_of_id or post.pk
        if between and original not in shown:
            found.append(post.pk)
        shown.add(original)
    return found


class Home(TestCase):
    @classmethod
    def setUpTestData(cls):
        dice = random.Random(7)
        cls.people = [make_user(f"p{n}") for n in range(14)]
        for person in cls.people:
            for other in dice.sample(cls.people, dice.randint(0, 12)):
                if other != person:
                    person.follow(other)
        loud = cls.people[:5]
        posts = []
        for n in range(240):
            author = dice.choice(loud if dice.random() < 0.8 else cls.people)
            moment, kind = BEGIN + timedelta(minutes=n), dice.random()
            if kind < 0.6 or not posts:
                posts.append(make_post(author, f"Post {n}.", at=moment))
            elif kind < 0.8:
                posts.append(make_post(author, f"Post {n}.", at=moment, reply_to=dice.choice(posts)))
            else:
                with patch("django.utils.timezone.now", return_value=moment):
                    dice.choice(posts[-40:]).repost(author)
            if dice.random() < 0.1:
                dice.choice(posts).hide("spam")
        cls.people[3].suspend()
        for one, other in ((0, 6), (7, 1), (8, 9)):
            cls.people[one].block(cls.people[other])
        for one, other in ((10, 0), (11, 2), (5, 4)):
            cls.people[one].mute(cls.people[other])

    def pages(self, reader):
        """All ids from the newest to the oldest, page by page, and each page's cursors."""
        cursor, found = Cursor(), []
        while True:
            page = home_of(reader, cursor)
            found.append(page)
            if page.older is None:
                return found
            cursor = Cursor(before=page.older)

    def check(self):
        for reader in self.people:
            with self.subTest(reader=reader.username):
                pages, expected = self.pages(reader), plain_home(reader)
                self.assertEqual([pk for page in pages for pk in page.ids], expected)
                self.assertTrue(all(len(page.rows) <= 20 for page in pages))
                if len(pages) > 2:
                    back = home_of(reader, Cursor(after=pages[2].newest))
                    self.assertEqual(back.ids, pages[1].ids)

    def test_equals_the_plain_query_when_the_walk_finds_a_page(self):
        self.check()

    def test_equals_the_plain_query_when_the_walk_finds_nothing(self):
        with patch.object(timeline, "WALK", 0):
            self.check()

    def test_equals_the_plain_query_when_the_walk_finds_a_part(self):
        with patch.object(timeline, "WALK", 25):
            self.check()

    def test_a_small_page_keeps_the_people_of_the_newest_heads_only(self):
        with patch.object(timeline, "WALK", 3), self.settings(POSTS_PER_PAGE=2):
            for reader in self.people:
                ids = [pk for page in self.pages(reader) for pk in page.ids]
                self.assertEqual(ids, plain_home(reader))

    def test_no_post_is_shown_twice_or_missed_while_others_post(self):
        reader = max(self.people, key=lambda person: len(plain_home(person)))
        expected = plain_home(reader)
        first = home_of(reader, Cursor())
        make_post(reader, "Written while somebody reads.")
        second = home_of(reader, Cursor(before=first.older))
        self.assertGreater(len(expected), 40)
        self.assertEqual(first.ids + second.ids, expected[:40])

    def test_newer_from_the_first_page_has_the_new_posts_only(self):
        reader = self.people[5]
        newest = home_of(reader, Cursor()).newest
        post = make_post(reader, "New.")
        page = home_of(reader, Cursor(after=newest))
        self.assertEqual(page.ids, [post.pk])
        self.assertIsNone(page.newer)

    def test_explore_has_what_is_neither_an_answer_nor_a_repost(self):
        for reader in (None, *self.people):
            said = Post.objects.heard_by(reader).filter(reply_to=None, repost_of=None)
            expected = list(said.order_by("-id").values_list("id", flat=True))
            first = timeline.explore(Cursor(), reader)
            second = timeline.explore(Cursor(before=first.older), reader)
            self.assertEqual(first.ids + second.ids, expected[:40])
            self.assertEqual(timeline.explore(Cursor(after=second.newest), reader).ids, first.ids)

    def test_a_profile_has_all_of_its_author_and_what_they_repeat_themselves_once(self):
        author = self.people[0]
        for reader in (None, self.people[5], self.people[7]):
            own = author.posts.filter(repost_of__author=author).values("repost_of")
            expected = Post.objects.heard_by(reader).by(author).exclude(pk__in=own).order_by("-id")
            page = timeline.profile(author, Cursor(), reader)
            rest = timeline.profile(author, Cursor(before=page.older), reader).ids if page.older else []
            self.assertEqual(page.ids + rest, list(expected.values_list("id", flat=True)[:40]))


class HomeQueries(TestCase):
    def test_do_not_grow_with_posts_or_follows(self):
        reader = make_user("reader")
        self.client.force_login(reader)

        def queries() -> int:
            cards.forget()
            with CaptureQueriesContext(connection) as captured:
                self.client.get("/")
            return len(captured)

        self.grow(reader, 10)
        self.client.get("/")  # last seen is noted once a minute
        few = queries()
        self.assertLessEqual(few, 8)
        self.grow(reader, 10, start=10)
        self.assertEqual(queries(), few)

    def grow(self, reader, n, start=0):
        for i in range(start, start + n):
            other = make_user(f"other{i}")
            reader.follow(other)
            make_post(other, f"Hello @reader number {i} #many")
