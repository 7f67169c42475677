from django.core.cache import cache
from django.db import connection
from django.test import Client, TestCase, override_settings
from django.test.utils import CaptureQueriesContext

from accounts.tests.base import make_user
from blog.models import Tag, Tagging
from blog.suggestions import tags_like
from blog.tests.base import make_post
from blog.views import suggest


class TagsWhileOneTypes(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada, cls.bob = make_user("ada"), make_user("bob")
        for body in ("#django", "#Django #djembe", "#djembe #DJANGO", "#über", "#осень", "#读书"):
            make_post(cls.bob, body)

    def setUp(self):
        cache.clear()

    def test_the_most_used_first(self):
        self.assertEqual(tags_like("#dj", self.ada), ["django", "djembe"])
        self.assertEqual(tags_like("dj", self.ada, limit=1), ["django"])
        make_post(self.bob, "#djinn")
        self.assertEqual(tags_like("dj", self.ada), ["django", "djembe", "djinn"])

    def test_in_any_script_and_whatever_the_case_and_accents(self):
        for typed, found in (("#ub", "uber"), ("#ÜB", "uber"), ("#ос", "осень"), ("＃读", "读书"), ("DJEM", "djembe")):
            self.assertEqual(tags_like(typed, self.ada), [found], typed)

    def test_what_is_typed_is_a_text_and_nothing_else(self):
        for typed in ("", "#", "%", "_", "'--", "\0", " ", "x" * 9999):
            self.assertEqual(tags_like(typed, self.ada), [], repr(typed))

    def test_none_under_which_one_would_find_nothing(self):
        self.ada.mute(self.bob)
        self.assertEqual(tags_like("dj", self.ada), [])
        make_post(self.ada, "#djembe")
        self.assertEqual(tags_like("dj", self.ada), ["djembe"])
        self.ada.unmute(self.bob)
        self.bob.block(self.ada)
        self.assertEqual(tags_like("dj", self.ada), ["djembe"])

    def test_the_best_known_are_among_them_however_many_begin_so(self):
        post = make_post(self.bob)
        Tag.objects.bulk_create([Tag(name=f"dja{n:04}") for n in range(700)])
        Tagging.objects.bulk_create([Tagging(post=post, tag=tag) for tag in Tag.objects.filter(name__startswith="dja")])
        self.assertEqual(tags_like("d", self.ada)[:2], ["django", "djembe"])

    def test_the_same_few_statements_however_many_there_are(self):
        tags_like("dj", self.ada)
        post, costs = make_post(self.bob), []
        for begin in (0, 400):
            Tag.objects.bulk_create([Tag(name=f"dj{n}") for n in range(begin, begin + 400)])
            new = Tag.objects.filter(name__startswith="dj", tagging=None)
            Tagging.objects.bulk_create([Tagging(post=post, tag=tag) for tag in new])
            with CaptureQueriesContext(connection) as captured:
                self.assertEqual(len(tags_like("dj", self.ada)), 8)
            costs.append(len(captured))
        self.assertEqual(costs[0], costs[1])
        self.assertLessEqual(costs[0], 5)


class SuggestionsWhileOneTypes(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada, cls.bob = make_user("ada", name="<b>Ada</b>"), make_user("bob")
        make_post(cls.bob, "#adagio")

    def setUp(self):
        cache.clear()
        self.client.force_login(self.bob)

    def test_people_for_an_at_and_tags_for_a_hash(self):
        page = self.client.get("/suggest/", {"q": "@ad"})
        self.assertContains(page, 'data-text="@ada"')
        self.assertContains(page, 'role="option"', count=1)
        self.assertContains(page, "1 suggestion. Enter takes it.")
        self.assertContains(page, "&lt;b&gt;Ada&lt;/b&gt;")
        page = self.client.get("/suggest/", {"q": "#ad"})
        self.assertContains(page, 'data-text="#adagio"')
        self.assertNotContains(page, "@ada")
        self.assertEqual(page.headers["Cache-Control"], "private, no-store")

    def test_nobody_meant_is_nothing_at_all(self):
        self.assertEqual(self.client.get("/suggest/", {"q": "@zz"}).content.strip(), b"")

    def test_what_is_no_beginning_is_refused(self):
        for typed in ("", "@", "ad", "@" * 66, "@a\0b"):
            self.assertEqual(self.client.get("/suggest/", {"q": typed}).status_code, 400, repr(typed))
        self.assertEqual(self.client.get("/suggest/").status_code, 400)
        self.assertEqual(self.client.post("/suggest/").status_code, 405)

    def test_for_members_only(self):
        response = Client().get("/suggest/", {"q": "@ad"})
        self.assertRedirects(response, "/accounts/login/?next=/suggest/%3Fq%3D%2540ad", fetch_redirect_response=False)

    @override_settings(RATE_LIMITS=True)
    def test_as_often_as_one_types_and_no_oftener(self):
        before = suggest.ASKED["times"]
        suggest.ASKED["times"] = 2
        try:
            statuses = [self.client.get("/suggest/", {"q": "@ad"}) for _time in range(3)]
        finally:
            suggest.ASKED["times"] = before
        self.assertEqual([response.status_code for response in statuses], [200, 200, 429])
        self.assertIn("Retry-After", statuses[-1].headers)
