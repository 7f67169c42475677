"""The two forms of sight, conditions and SQL, are one; and what a block makes two people forget."""

from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test import TestCase

from accounts.models import User
from accounts.models.sight import SUSPENDED, UNHEARD
from accounts.tests.base import make_user
from blog.models import Notification, Post
from blog.models import timeline as timelines
from blog.tests.base import make_post
from microblog.pagination import Cursor


class Sight(TestCase):
    """Nine people: one who looks, and one for each way in which somebody can stand to them."""

    @classmethod
    def setUpTestData(cls):
        ways = ("plain", "blocked", "blocker", "both", "muted", "muter", "suspended", "muted_blocker")
        cls.reader = make_user("reader")
        cls.staff = make_user("staff1", is_staff=True)
        cls.people = {way: make_user(way) for way in ways}
        for viewer in (cls.reader, cls.staff):
            for way in ("blocked", "both"):
                viewer.block(cls.people[way])
            for way in ("blocker", "both", "muted_blocker"):
                cls.people[way].block(viewer)
            for way in ("muted", "muted_blocker"):
                viewer.mute(cls.people[way])
            cls.people["muter"].mute(viewer)
        cls.people["suspended"].suspend()
        cls.reader2 = make_user("reader2")  # nobody stands to them in any way
        for person in cls.people.values():
            make_post(person)
        cls.people["carol"] = carol = make_user("carol")
        for post in list(Post.objects.all()):
            post.repost(carol)

    def viewers(self):
        return (self.reader, self.reader2, self.staff, AnonymousUser())

    def test_the_condition_and_the_sql_agree_on_every_person(self):
        for viewer in self.viewers():
            sql = UNHEARD.format(reader=viewer.pk) if viewer.pk else SUSPENDED
            with connection.cursor() as cursor:
                cursor.execute(sql)
                unheard = {row[0] for row in cursor.fetchall()}
            heard = set(User.objects.heard_by(viewer).values_list("pk", flat=True))
            everybody = set(User.objects.values_list("pk", flat=True))
            self.assertEqual(heard, everybody - unheard, viewer)

    def test_who_is_seen_and_who_is_heard(self):
        seen = {
            self.reader: {"plain", "muted", "muter", "carol"},
            self.reader2: set(self.people) - {"suspended"},
            self.staff: set(self.people),
        }
        heard = {
            self.reader: {"plain", "muter", "carol"},
            self.reader2: set(self.people) - {"suspended"},
            self.staff: {"plain", "muter", "carol"},
        }
        for viewer in (self.reader, self.reader2, self.staff):
            for expected, found in ((seen, "visible_to"), (heard, "heard_by")):
                names = set(getattr(User.objects, found)(viewer).values_list("username", flat=True))
                self.assertEqual(names & set(self.people), expected[viewer], (viewer, found))

    def test_explore_and_profile_in_sql_show_what_the_conditions_let_through(self):
        for viewer in self.viewers():
            heard = Post.objects.heard_by(viewer)
            explored = timelines.explore(Cursor(), viewer).ids
            self.assertEqual(set(explored), set(heard.originals().values_list("pk", flat=True)), viewer)
            carol = self.people["carol"]
            repeated = timelines.profile(carol, Cursor(), viewer).ids
            self.assertEqual(set(repeated), set(heard.by(carol).values_list("pk", flat=True)), viewer)

    def test_home_in_sql_shows_what_the_conditions_let_through(self):
        for viewer in (self.reader, self.reader2, self.staff):
            for person in self.people.values():  # follows that a block or mute came after
                viewer.follows_made.create(followed=person)
            wanted = set(Post.objects.heard_by(viewer).originals().values_list("pk", flat=True))
            shown = {row[1] for row in timelines.home_of(viewer, Cursor()).rows}
            self.assertEqual(shown, wanted, viewer)


class ABlockMakesForget(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada, cls.bob, cls.carol = make_user("ada"), make_user("bob"), make_user("carol")

    def told(self, owner):
        told = Notification.objects.filter(owner=owner).order_by("pk")
        return [(row.kind, row.count, row.actor.username) for row in told]

    def test_what_the_two_told_each_other(self):
        make_post(self.bob, "Hello @ada")
        mine = make_post(self.ada, "Hello @bob")
        mine.like(self.bob)
        make_post(self.bob, "Yes", reply_to=mine)
        self.assertEqual(len(self.told(self.ada)), 3)
        self.assertEqual(len(self.told(self.bob)), 1)
        self.ada.block(self.bob)
        self.assertEqual((self.told(self.ada), self.told(self.bob)), ([], []))

    def test_and_keeps_the_others_of_a_group(self):
        liked, too = make_post(self.ada), make_post(self.ada)
        for post in (liked, too):
            for fan in (self.carol, self.bob):
                post.like(fan)
        self.assertEqual(self.told(self.ada), [("like", 2, "bob")] * 2)
        self.bob.block(self.ada)
        self.assertEqual(self.told(self.ada), [("like", 1, "carol")] * 2)

    def test_and_nothing_is_told_afterwards(self):
        self.ada.block(self.bob)
        make_post(self.bob, "Hello @ada")
        make_post(self.ada, "Hello @bob")
        self.assertEqual((self.told(self.ada), self.told(self.bob)), ([], []))

    def test_a_mute_tells_nothing_more_either(self):
        self.ada.mute(self.bob)
        make_post(self.bob, "Hello @ada")
        make_post(self.ada, "Hello @bob")
        self.assertEqual((self.told(self.ada), self.told(self.bob)), ([], [("mention", 1, "ada")]))
