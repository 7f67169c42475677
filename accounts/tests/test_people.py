from django.test import Client, TestCase

from accounts.models import Follow
from accounts.tests.base import make_user, queries_of


class Lists(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada = make_user("Ada", name="Ada Lovelace")
        cls.fans = [make_user(f"fan{number:02}") for number in range(45)]
        for fan in cls.fans:
            fan.follow(cls.ada)

    def names(self, response):
        return [person.username for person, _followed in response.context["rows"]]

    def walk(self, path):
        """All names of a list, by its links to older pages, and the sizes of its pages."""
        names, sizes, url = [], [], path
        while url:
            response = self.client.get(url)
            names += self.names(response)
            sizes.append(len(response.context["rows"]))
            older = response.context["page"].older
            url = f"{path}?before={older}" if older else ""
            if url:
                self.assertContains(response, f'href="?before={older}"')
        return names, sizes

    def test_shows_followers_newest_first_twenty_a_page(self):
        names, sizes = self.walk("/@Ada/followers/")
        self.assertEqual(names, [fan.username for fan in reversed(self.fans)])
        self.assertEqual(sizes, [20, 20, 5])

    def test_nobody_is_missed_or_shown_twice_while_others_follow(self):
        first = self.client.get("/@Ada/followers/")
        make_user("late").follow(self.ada)
        second = self.client.get(f"/@Ada/followers/?before={first.context['page'].older}")
        self.assertEqual(self.names(second)[0], "fan24")
        back = self.client.get(f"/@Ada/followers/?after={second.context['page'].newer}")
        self.assertEqual(self.names(back), self.names(first))

    def test_shows_whom_one_follows(self):
        for fan in self.fans[:3]:
            self.ada.follow(fan)
        self.assertEqual(self.walk("/@Ada/following/"), (["fan02", "fan01", "fan00"], [3]))
        self.assertEqual(self.walk("/@fan07/following/"), (["Ada"], [1]))

    def test_leaves_the_suspended_out(self):
        self.fans[44].suspend()
        names, sizes = self.walk("/@Ada/followers/")
        self.assertNotIn("fan44", names)
        self.assertEqual(sizes, [20, 20, 4])
        self.ada.suspend()
        self.assertEqual(self.walk("/@fan07/following/"), ([], [0]))
        self.assertEqual(self.client.get("/@Ada/followers/").status_code, 404)
        self.client.force_login(make_user("boss", is_staff=True))
        self.assertEqual(self.client.get("/@Ada/followers/").status_code, 200)

    def test_says_beside_each_whether_the_reader_follows_them(self):
        self.fans[40].follow(self.fans[44])
        self.client.force_login(self.fans[40])
        page = self.client.get("/@Ada/followers/")
        self.assertContains(page, 'formaction="/@fan44/unfollow/"')
        self.assertContains(page, 'formaction="/@fan43/follow/"')
        self.assertNotContains(page, 'formaction="/@fan40/')
        self.assertNotContains(Client().get("/@Ada/followers/"), 'formaction="/@fan44/')

    def test_queries_do_not_grow_with_the_rows(self):
        self.client.force_login(self.ada)
        Follow.objects.exclude(follower__in=self.fans[:10]).delete()
        self.assertEqual(len(self.client.get("/@Ada/followers/").context["rows"]), 10)
        ten = queries_of(self.client, "/@Ada/followers/")
        for fan in self.fans[10:20]:
            fan.follow(self.ada)
            self.ada.follow(fan)
        self.assertEqual(len(self.client.get("/@Ada/followers/").context["rows"]), 20)
        for path in ("/@Ada/followers/", "/@Ada/following/"):
            self.assertEqual(queries_of(self.client, path), ten)

    def test_page_three_costs_what_page_one_does(self):
        first = self.client.get("/@Ada/followers/").context["page"]
        second = self.client.get(f"/@Ada/followers/?before={first.older}").context["page"]
        third = f"/@Ada/followers/?before={second.older}"
        self.assertEqual(queries_of(self.client, third), queries_of(self.client, "/@Ada/followers/"))

    def test_a_name_in_other_letters_leads_to_the_name_as_it_is(self):
        response = self.client.get("/@aDA/followers/?before=12&x=<y>")
        self.assertRedirects(response, "/@Ada/followers/?before=12&x=%3Cy%3E", status_code=301)
        self.assertRedirects(self.client.get("/@ADA/following/"), "/@Ada/following/", status_code=301)

    def test_nobody_has_no_lists(self):
        for path in ("/@nobody/followers/", "/@nobody/following/", "/@a%00b/followers/", f"/@{'x' * 5000}/followers/"):
            self.assertEqual(self.client.get(path).status_code, 404)

    def test_a_cursor_that_is_none_is_refused(self):
        for cursor in ("x", "-1", "9" * 40, "1'--", "\0"):
            self.assertEqual(self.client.get("/@Ada/followers/", {"before": cursor}).status_code, 400)

    def test_an_empty_list_says_what_to_do_next(self):
        self.assertContains(self.client.get("/@Ada/following/"), "Follows nobody yet")
        self.assertContains(self.client.get("/@fan00/followers/"), "No followers yet")
        self.assertContains(self.client.get("/@fan00/followers/"), 'href="/explore/"')

    def test_titles_tell_the_lists_apart(self):
        self.assertContains(self.client.get("/@Ada/followers/"), "<title>Followers of Ada Lovelace (@Ada)")
        self.assertContains(self.client.get("/@Ada/following/"), "<title>Whom Ada Lovelace (@Ada) follows")

    def test_escapes_what_people_call_themselves(self):
        evil = make_user("eve", name="<script>alert(1)</script>", about="<script>alert(2)</script>")
        evil.follow(self.ada)
        for path in ("/@Ada/followers/", "/@eve/following/"):
            self.assertNotContains(self.client.get(path), "<script>alert")

    def test_takes_no_post(self):
        for path in ("/@Ada/followers/", "/@Ada/following/", "/@Ada/avatar.svg"):
            self.assertEqual(self.client.post(path).status_code, 405)
