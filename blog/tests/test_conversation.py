"""A post in its conversation: what it answers above, the answers below."""

import re
import threading
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.db import connection
from django.test import Client, TestCase, TransactionTestCase, override_settings
from django.utils import timezone

from accounts.models import User
from accounts.tests.base import make_user, queries_of, sign_in
from blog.models import Gone, Notification, Post
from blog.tests.base import make_post

PLACE = re.compile(
    r'id="post-(\d+)"|<p class="gone">(.*?)</p>|class="show" href="(.*?)"|<h2 class="hidden" id="(answers)"', re.DOTALL
)


def places(response):
    """What stands on a conversation's page, in order: bodies of posts, sentences about others, links to more."""
    found = []
    for pk, gone, link, answers in PLACE.findall(response.content.decode()):
        sentence = re.sub(r"<.*?>", "", gone)
        found.append(Post.objects.get(pk=pk).body if pk else sentence or link or answers)
    return found


class Conversations(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada, cls.bob, cls.eve = make_user("ada"), make_user("bob"), make_user("eve")
        cls.moment = timezone.now() - timedelta(days=1)

    def say(self, author, body, to=None):
        """Each a second after the one before, as people write."""
        self.moment += timedelta(seconds=1)
        return make_post(author, body, at=self.moment, reply_to=to)

    def on(self, post, query="", client=None):
        return places((client or self.client).get(f"/posts/{post.pk}/{query}"))

    def test_shows_what_a_post_answers_above_and_its_answers_below_the_oldest_first(self):
        first = self.say(self.ada, "one")
        second = self.say(self.bob, "two", first)
        third = self.say(self.ada, "three", second)
        self.say(self.eve, "four", third)
        self.say(self.bob, "five", third)
        self.say(self.eve, "beside", first)
        self.assertEqual(self.on(third), ["one", "two", "three", "answers", "four", "five"])

    def test_joins_the_only_answer_to_an_answer_or_the_authors_first_one_and_links_to_the_others(self):
        post = self.say(self.ada, "post")
        one, two, three = (self.say(self.bob, body, post) for body in ("one", "two", "three"))
        only = self.say(self.eve, "one's only", one)
        self.say(self.eve, "two's first", two)
        self.say(self.ada, "two's second", two)
        self.say(self.ada, "three's by the author", three)
        self.say(self.eve, "three's second", three)
        deep = self.say(self.bob, "one's only's only", only)
        deepest = self.say(self.eve, "too deep", deep)
        below = ["one", "one's only", "one's only's only", f"/posts/{one.pk}/"]
        below += ["two", f"/posts/{two.pk}/", "three", "three's by the author", f"/posts/{three.pk}/"]
        self.assertEqual(self.on(post), ["post", "answers", *below])
        self.assertEqual(self.on(one)[:5], ["post", "one", "answers", "one's only", "one's only's only"])
        deepest.remove()
        self.assertEqual(self.on(post)[2:5], ["one", "one's only", "one's only's only"])
        self.assertEqual(self.on(post)[5], "two")

    def test_only_the_last_ten_stand_above_and_a_link_leads_to_what_came_before(self):
        chain = [self.say(self.ada, "0")]
        for number in range(1, 13):
            chain.append(self.say(self.bob, str(number), chain[-1]))
        above = [str(number) for number in range(12)]
        self.assertEqual(self.on(chain[12]), [f"/posts/{chain[1].pk}/", *above[2:], "12", "answers"])
        self.assertEqual(self.on(chain[11])[:3], [f"/posts/{chain[0].pk}/", "1", "2"])
        self.assertEqual(self.on(chain[10])[:2], ["0", "1"])

    def test_a_deleted_post_leaves_its_place_and_the_answers_stay(self):
        first = self.say(self.ada, "one")
        second = self.say(self.bob, "two", first)
        third = self.say(self.ada, "three", second)
        second.remove()
        gone = "This post was deleted."
        self.assertEqual(self.on(third), ["one", gone, "three", "answers"])
        self.assertEqual(self.on(first), ["one", "answers", gone, "three"])
        self.assertEqual(self.on(second), ["one", gone, "answers", "three"])
        page = self.client.get(f"/posts/{second.pk}/")
        self.assertContains(page, 'content="noindex, follow"')
        self.assertNotContains(page, 'id="reply"')
        self.assertNotContains(page, "two")

    def test_a_post_deleted_without_answers_leaves_nothing(self):
        first = self.say(self.ada, "one")
        second = self.say(self.bob, "two", first)
        self.assertIsNone(second.remove())
        self.assertEqual(self.on(first), ["one", "answers"])
        self.assertEqual(self.client.get(f"/posts/{second.pk}/").status_code, 404)

    def test_says_when_a_post_went_with_its_account(self):
        first = self.say(self.ada, "one")
        second = self.say(self.bob, "two", first)
        Gone.objects.create(pk=first.pk, with_account=True)
        Post.objects.filter(pk=first.pk).delete()
        sentence = "Deleted account · This post was deleted with its author&#x27;s account."
        with self.subTest("above the answer, and on its own page"):
            self.assertEqual([one.replace("'", "&#x27;") for one in self.on(second)], [sentence, "two", "answers"])
            self.assertEqual([one.replace("'", "&#x27;") for one in self.on(first)], [sentence, "answers", "two"])

    def test_the_place_of_a_deleted_answer_leads_to_the_answers_that_are_not_joined(self):
        post = self.say(self.ada, "post")
        answer = self.say(self.bob, "answer", post)
        below = self.say(self.eve, "below", answer)
        self.say(self.eve, "lower", below)
        below.remove()
        self.assertEqual(self.on(post), ["post", "answers", "answer", f"/posts/{answer.pk}/"])
        self.assertEqual(self.on(answer)[3:], ["This post was deleted.", "lower"])

    def test_a_repost_leads_to_the_original(self):
        post = self.say(self.ada, "post")
        repost = post.repost(self.bob)
        self.assertRedirects(self.client.get(f"/posts/{repost.pk}/"), f"/posts/{post.pk}/")

    def test_an_answer_to_a_repost_answers_the_original(self):
        post = self.say(self.ada, "post")
        repost = post.repost(self.bob)
        self.client.force_login(self.eve)
        self.client.post(f"/posts/{repost.pk}/reply/", {"body": "answer"})
        answer = Post.objects.get(body="answer")
        self.assertEqual((answer.reply_to, answer.other), (post, self.ada))

    def test_who_can_not_be_seen_has_a_quiet_place_above_and_none_below(self):
        first = self.say(self.ada, "one")
        second = self.say(self.bob, "two", first)
        third = self.say(self.eve, "three", second)
        fourth = self.say(self.bob, "four", third)
        self.say(self.ada, "five", fourth)
        unseen, whole = "You can't see this post.", ["one", "two", "three", "answers", "four", "five"]
        self.assertEqual(self.on(third), whole)
        hidden = ["one", unseen, "three", "answers"]
        with self.subTest("suspended"):
            self.bob.suspend()
            self.assertEqual(self.on(third), hidden)
            self.bob.restore()
        with self.subTest("hidden by a moderator"):
            second.hide("rude")
            self.assertEqual(self.on(third), ["one", unseen, "three", "answers", "four", "five"])
            author = Client()
            author.force_login(self.bob)
            self.assertEqual(self.on(third, client=author)[1], "This post is hidden from you. Show it")
            second.show()
        for blocker, blocked in [(self.bob, self.ada), (self.ada, self.bob)]:
            with self.subTest(f"{blocker} blocks {blocked}"):
                blocker.block(blocked)
                self.client.force_login(self.ada)
                self.assertEqual(self.on(third), hidden)
                self.assertEqual(self.client.get(f"/posts/{second.pk}/").status_code, 404)
                self.client.force_login(self.eve)
                self.assertEqual(self.on(third), whole)
                blocker.unblock(blocked)

    def test_a_mute_is_quiet_in_threads_and_its_pages_are_there_when_asked_for(self):
        first = self.say(self.ada, "one")
        second = self.say(self.bob, "two", first)
        third = self.say(self.eve, "three", second)
        fourth = self.say(self.bob, "four", third)
        self.ada.mute(self.bob)
        self.client.force_login(self.ada)
        self.assertEqual(self.on(third), ["one", "This post is hidden from you. Show it", "three", "answers"])
        self.assertContains(self.client.get(f"/posts/{third.pk}/"), f'<a href="/posts/{second.pk}/">Show it</a>')
        self.assertEqual(self.on(second), ["one", "two", "answers", "three"])
        self.assertEqual(self.on(fourth)[-2], "four")
        self.assertEqual(self.on(first), ["one", "answers"])
        self.client.force_login(self.eve)
        self.assertEqual(self.on(third), ["one", "two", "three", "answers", "four"])

    @override_settings(POSTS_PER_PAGE=2)
    def test_pages_of_answers_lead_on_and_back_with_deleted_ones_in_their_order(self):
        post = self.say(self.ada, "post")
        answers = [self.say(self.bob, str(number), post) for number in range(5)]
        self.say(self.eve, "2's", answers[2])
        answers[2].remove()
        seen, path = [], f"/posts/{post.pk}/"
        while path:
            page = self.client.get(path)
            found = places(page)
            seen.append(found[found.index("answers") + 1 :])
            link = re.search(r'rel="next" href="(.*?)"', page.content.decode())
            path = link and link[1]
        gone = "This post was deleted."
        self.assertEqual(seen, [["0", "1"], [gone, "2's", "3"], ["4"]])
        back = re.search(r'rel="prev" href="(.*?)"', page.content.decode())[1]
        self.assertEqual(places(self.client.get(back))[2:], [gone, "2's", "3"])
        first = re.search(r'rel="prev" href="(.*?)"', self.client.get(back).content.decode())[1]
        self.assertEqual(places(self.client.get(first))[2:], ["0", "1"])
        self.assertNotIn('rel="prev"', self.client.get(first).content.decode())

    def test_the_pager_says_no_nonsense(self):
        post = self.say(self.ada, "post")
        self.assertRedirects(self.client.get(f"/posts/{post.pk}/?after={post.pk}"), f"/posts/{post.pk}/")
        self.assertEqual(self.client.get(f"/posts/{post.pk}/?after=x").status_code, 400)

    def test_a_long_conversation_costs_the_queries_of_a_short_one(self):
        first = self.say(self.ada, "first")
        post = self.say(self.bob, "post", first)
        self.client.force_login(self.ada)

        def answer(times):
            for number in range(times):
                answer = self.say(self.bob, f"answer {number}", post)
                self.say(self.eve, "to it", self.say(self.ada, "to it", answer))

        answer(3)
        path = f"/posts/{post.pk}/"
        queries_of(self.client, path)
        few = queries_of(self.client, path)
        answer(60)
        queries_of(self.client, path)  # new cards are drawn
        self.assertEqual(queries_of(self.client, path), few)
        self.assertLessEqual(few, 10)

    def test_an_empty_conversation_says_what_to_do(self):
        post = self.say(self.ada, "post")
        page = self.client.get(f"/posts/{post.pk}/")
        self.assertContains(page, "No answers yet.")
        self.assertContains(page, f'id="reply" href="/accounts/login/?next=/posts/{post.pk}/">Sign in to answer</a>')
        self.client.force_login(self.bob)
        page = self.client.get(f"/posts/{post.pk}/")
        self.assertContains(page, "The first one could be yours.")
        self.assertNotContains(page, "Sign in to answer")


class Answering(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada, cls.bob = make_user("ada", name="Ada Ferri"), make_user("bob")
        cls.post = make_post(cls.ada, "Bread again.")
        cls.path = f"/posts/{cls.post.pk}/reply/"

    def setUp(self):
        self.client.force_login(self.bob)

    def answer(self, body="Rye, I hope.", **fields):
        return self.client.post(self.path, {"body": body, **fields})

    def test_the_form_is_empty_and_says_whom_it_answers(self):
        page = self.client.get(f"/posts/{self.post.pk}/")
        self.assertContains(page, 'placeholder="Reply to Ada Ferri"')
        self.assertContains(page, f'action="{self.path}"')
        self.assertRegex(page.content.decode(), r'<textarea name="body"[^>]* id="reply"[^>]*>\s*</textarea>')

    def test_answers_are_published_counted_and_shown_at_once(self):
        page = self.client.post(self.path, {"body": "Rye, I hope."}, follow=True)
        answer = Post.objects.get(reply_to=self.post)
        self.assertRedirects(page, f"/posts/{self.post.pk}/#post-{answer.pk}")
        self.assertEqual((answer.author, answer.other), (self.bob, self.ada))
        self.post.refresh_from_db()
        self.assertEqual(self.post.reply_count, 1)
        self.assertContains(page, "Your answer is now live.")
        self.assertEqual(places(page), ["Bread again.", "answers", "Rye, I hope."])
        self.assertTrue(Notification.objects.filter(owner=self.ada, kind="reply", post=answer).exists())

    @override_settings(POSTS_PER_PAGE=2)
    def test_the_last_answer_of_many_is_shown_on_its_own_page(self):
        for number in range(2):
            make_post(self.ada, f"Earlier {number}.", reply_to=self.post)
        there, answer = self.answer(), Post.objects.latest("pk")
        self.assertRedirects(there, f"/posts/{answer.pk}/#post-{answer.pk}")

    def test_is_in_the_language_that_was_chosen_which_is_offered_again(self):
        self.answer("Pan, y no pan.", language="es")
        self.assertEqual(Post.objects.get(reply_to=self.post).language, "es")
        self.assertContains(self.client.get(f"/posts/{self.post.pk}/"), '<option value="es" selected>')

    def test_what_is_refused_stays_in_the_form_below_the_reason(self):
        for body, reason in [("", "Write something first."), ("<b>" + "x" * 140, "3 characters too long")]:
            page = self.answer(body)
            self.assertContains(page, reason, status_code=422)
            self.assertContains(page, 'aria-describedby="reply_body_error"', status_code=422)
            self.assertContains(page, "Bread again.", status_code=422)
        self.assertContains(page, "&lt;b&gt;" + "x" * 140, status_code=422)
        self.assertFalse(Post.objects.filter(reply_to=self.post).exists())

    @override_settings(POSTS_PER_PAGE=2)
    def test_a_page_with_a_refused_answer_leads_on_to_the_answers(self):
        for number in range(3):
            make_post(self.ada, f"Earlier {number}.", reply_to=self.post)
        link = re.search(r'rel="next" href="(.*?)" hx-get="(.*?)"', self.answer("").content.decode())
        for path in link.groups():
            self.assertEqual(places(self.client.get(path))[-1], "Earlier 2.")

    def test_too_many_keep_the_text_and_say_to_wait(self):
        with patch("blog.views.posts.POSTS", {"times": 1, "per": timedelta(minutes=10)}):
            self.answer("One.")
            page = self.answer("Two, and it is not lost.")
        self.assertContains(page, "Two, and it is not lost.", status_code=429)
        self.assertContains(page, "wait a few minutes", status_code=429)
        self.assertIn("Retry-After", page.headers)

    def test_a_text_sent_after_the_session_ended_is_in_the_form_after_signing_in(self):
        self.client.logout()
        here = f"/posts/{self.post.pk}/"
        self.client.post(self.path, {"body": "Half a thought", "next": here})
        self.assertNotContains(self.client.get(here), "Half a thought")
        sign_in(self.client, self.bob, next=here)
        self.assertContains(self.client.get(here), "Half a thought</textarea>")
        self.assertNotContains(self.client.get(here), "Half a thought")

    def test_an_answer_to_what_is_gone_meanwhile_is_not_lost(self):
        self.post.remove()
        page = self.answer("Rye & oats, I hope.")
        self.assertContains(page, "is not there any more. Nothing is lost", status_code=404)
        self.assertContains(page, "Rye &amp; oats, I hope.", status_code=404)
        self.assertEqual(self.answer("").status_code, 404)
        self.assertFalse(Post.objects.exists())

    def test_nobody_answers_what_they_can_not_see(self):
        self.post.hide("rude")
        self.assertEqual(self.answer().status_code, 404)
        self.post.show()
        self.ada.block(self.bob)
        self.assertEqual(self.answer().status_code, 404)
        self.assertFalse(Post.objects.filter(reply_to=self.post).exists())

    def test_is_for_members_by_post_with_a_token(self):
        self.assertEqual(self.client.get(self.path).status_code, 405)
        visitor = Client().post(self.path, {"body": "x", "next": f"/posts/{self.post.pk}/"})
        self.assertRedirects(visitor, f"/accounts/login/?next=/posts/{self.post.pk}/", fetch_redirect_response=False)
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(self.bob)
        self.assertEqual(strict.post(self.path, {"body": "x"}).status_code, 403)

    def test_deleting_says_how_many_answers_stay_and_leads_to_them(self):
        for number in range(2):
            make_post(self.bob, f"Answer {number}.", reply_to=self.post)
        self.client.force_login(self.ada)
        path = f"/posts/{self.post.pk}/delete/"
        self.assertContains(self.client.get(path), "2 answers stay, below its empty place.")
        page = self.client.post(path, follow=True)
        self.assertRedirects(page, f"/posts/{self.post.pk}/")
        self.assertContains(page, "The post is deleted.")
        self.assertEqual(places(page), ["This post was deleted.", "answers", "Answer 0.", "Answer 1."])

    def test_deleting_an_answer_counts_it_off(self):
        answer = make_post(self.bob, "Answer.", reply_to=self.post)
        self.assertNotContains(self.client.get(f"/posts/{answer.pk}/delete/"), "below its empty place")
        self.client.post(f"/posts/{answer.pk}/delete/")
        self.post.refresh_from_db()
        self.assertEqual(self.post.reply_count, 0)


@pytest.mark.postgres
class AnswerAtTheMomentOfDeletion(TransactionTestCase):
    def test_an_answer_always_has_a_place_above_it(self):
        if connection.vendor == "sqlite":
            self.skipTest("threads can't share SQLite's database in memory")
        ada, bob = make_user("ada"), make_user("bob")
        for attempt in range(5):
            post = make_post(ada, f"Post {attempt}.")
            barrier, failed = threading.Barrier(3), []

            def run(work, barrier=barrier, failed=failed):
                try:
                    barrier.wait()
                    work()
                except Exception as error:  # the assertion below shows it
                    failed.append(error)
                finally:
                    connection.close()

            works = [post.remove] + [
                lambda post=post: make_post(User.objects.get(pk=bob.pk), "Answer.", reply_to=post) for _time in range(2)
            ]
            threads = [threading.Thread(target=run, args=[work]) for work in works]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(failed, [])
            self.assertEqual(Post.objects.filter(reply_to=post.pk).count(), 2)
            self.assertTrue(Gone.objects.filter(pk=post.pk).exists())
