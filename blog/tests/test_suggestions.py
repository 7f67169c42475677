from django.test import TestCase

from accounts.suggestions import people, who_to_follow
from accounts.tests.base import make_user
from blog.tests.base import make_post


class WhoToFollow(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada, cls.mei, cls.tom, cls.gone, cls.silent = (
            make_user(name) for name in ["ada", "mei", "tom", "gone", "silent"]
        )
        for person in [cls.ada, cls.mei, cls.tom, cls.gone]:
            make_post(person)
        for fan in [cls.ada, cls.tom, cls.gone]:
            fan.follow(cls.mei)
            fan.follow(cls.silent)
        cls.mei.follow(cls.tom)

    def test_are_the_most_followed_who_write(self):
        newcomer = make_user("newcomer")
        self.assertEqual(people(who_to_follow(newcomer, at_most=2)), [self.mei, self.tom])

    def test_leave_out_oneself_and_whom_one_follows(self):
        self.assertEqual(people(who_to_follow(self.tom)), [self.ada, self.gone])

    def test_leave_out_who_was_suspended_meanwhile(self):
        who_to_follow(self.ada)
        self.gone.suspend()
        self.assertEqual(people(who_to_follow(self.ada)), [self.tom])

    def test_stand_beside_explore(self):
        self.client.force_login(self.silent)
        self.assertContains(self.client.get("/explore/"), "Who to follow")

    def test_each_is_shown_only_those_whom_they_do_not_follow(self):
        for who, shown, not_shown in [(self.ada, "tom", "mei"), (self.tom, "gone", "mei"), (self.ada, "tom", "mei")]:
            self.client.force_login(who)
            page = self.client.get("/explore/")
            self.assertContains(page, f'formaction="/@{shown}/follow/"')
            self.assertNotContains(page, f'formaction="/@{not_shown}/follow/"')

    def test_are_not_for_visitors(self):
        self.assertNotContains(self.client.get("/explore/"), "Who to follow")
