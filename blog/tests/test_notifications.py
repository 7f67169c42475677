"""The page of notifications, marking them as read, and choosing what one is told."""

import re
from unittest.mock import patch

from django.db import connection
from django.test import Client, TestCase, TransactionTestCase
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from django_tasks_db.models import DBTaskResult

from accounts.tests.base import make_user, queries_of
from blog.events import FACES, PER_PAGE, events_of
from blog.models import Choices, Job, Notification, Post, Teller
from blog.tests.base import make_post
from microblog.tests.queue import in_the_database, work

PAGE, READ, SETTINGS = "/notifications/", "/notifications/read/", "/accounts/settings/notifications/"
Kind = Notification.Kind
TAGS = re.compile(r"<[^>]+>")


class Signed(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada = make_user("ada")
        cls.bob, cls.eve, cls.tom = make_user("bob", name="Bob"), make_user("eve", name="Eve"), make_user("tom")
        cls.post = make_post(cls.ada, "Third attempt at the rye starter.", language="en")

    def setUp(self):
        self.client.force_login(self.ada)

    def events(self, path=PAGE):
        """What the page says, an event each."""
        html = self.client.get(path).content.decode()
        rows = re.findall(r'<li class="event.*?</li>', html, re.S)
        return [" ".join(TAGS.sub("", re.search(r"<p>(.*?)</p>", row, re.S)[1]).split()) for row in rows]


class ThePage(Signed):
    def test_an_empty_page_says_what_will_be_there(self):
        page = self.client.get(PAGE)
        self.assertContains(page, "Nothing has happened yet")
        self.assertNotContains(page, "Mark all as read")

    def test_says_who_did_what_newest_first(self):
        self.bob.follow(self.ada)
        self.post.like(self.bob)
        self.post.repost(self.bob)
        make_post(self.bob, "Yes.", reply_to=self.post)
        make_post(self.bob, "@ada!")
        want = ["mentioned you", "answered you", "reposted your post", "liked your post", "follows you"]
        self.assertEqual(self.events(), [f"New Bob {did}" for did in want])

    def test_names_one_and_two_and_counts_the_others(self):
        for fan, sentence in [
            (self.bob, "Bob liked your post"),
            (self.eve, "Eve and Bob liked your post"),
            (self.tom, "tom and 2 others liked your post"),
            (make_user("zoe"), "zoe and 3 others liked your post"),
        ]:
            self.post.like(fan)
            self.assertEqual(self.events(), [f"New {sentence}"])

    def test_large_groups_are_counted_exactly_without_those_one_does_not_hear(self):
        fans = [make_user(f"fan{number}") for number in range(FACES + 7)]
        for fan in fans:
            self.post.like(fan)
        self.ada.notifications.mark_read()
        self.assertEqual(self.events(), [f"fan11 and {FACES + 6} others liked your post"])
        self.ada.mute(fans[11])
        self.ada.block(fans[0])
        fans[1].block(self.ada)
        fans[2].suspend()
        self.assertEqual(self.events(), [f"fan10 and {FACES + 2} others liked your post"])
        page = self.client.get(PAGE)
        self.assertEqual(page.content.count(b'tabindex="-1"><svg'), FACES)
        for gone in (0, 1, 2, 11):
            self.assertNotContains(page, f'href="/@fan{gone}/"')

    def test_every_language_has_its_own_forms(self):
        for number in range(6):
            self.post.like(make_user(f"fan{number}"))
        [event] = events_of(self.ada, [self.ada.notifications.get().pk])
        for language in ("es", "ru", "de", "ar"):
            with translation.override(language):
                self.assertIn("fan5", str(event))
                self.assertNotIn("%", str(event))

    def test_links_lead_to_where_it_happened(self):
        self.post.like(self.bob)
        self.bob.follow(self.ada)
        answer = make_post(self.eve, "Well done.", reply_to=self.post)
        page = self.client.get(PAGE)
        for url in (self.post.get_absolute_url(), answer.get_absolute_url(), "/@bob/", "/@eve/"):
            self.assertContains(page, f'href="{url}"')
        self.assertContains(page, "Third attempt at the rye starter.")
        self.tom.follow(self.ada)
        self.assertContains(self.client.get(PAGE), 'href="/@ada/followers/"')

    def test_jobs_say_how_they_ended(self):
        ready = Job.objects.create(owner=self.ada, kind="export", status="running")
        ready.finish()
        failed = Job.objects.create(owner=self.ada, kind="import", status="running")
        failed.fail("lost")
        want = ["New The posts of your archive could not be imported", "New Your archive is ready"]
        self.assertEqual(self.events(), want)
        page = self.client.get(PAGE)
        self.assertContains(page, "The work was interrupted several times and given up.")
        self.assertContains(page, f'href="/jobs/{ready.pk}/"')

    def test_moderators_decisions_are_told_with_their_reason(self):
        self.post.hide("No <b>ads</b>")
        self.assertEqual(self.events(), ["New A moderator has hidden your post: No &lt;b&gt;ads&lt;/b&gt;"])
        self.post.show()
        self.assertEqual(self.events()[0], "New A moderator shows your post again")

    def test_names_and_texts_are_shown_as_written(self):
        mean = make_user("mean", name="<script>alert(1)</script> %(n)d {}")
        self.post.like(mean)
        make_post(mean, "<img src=x> @ada 100 %")
        page = self.client.get(PAGE).content.decode()
        self.assertNotIn("<script>alert", page)
        self.assertNotIn("<img src=x", page)
        self.assertIn("&lt;script&gt;alert(1)&lt;/script&gt; %(n)d {}</bdi></a> liked your post", page)

    def test_shows_nothing_of_those_one_stopped_hearing_and_nothing_hidden(self):
        for who in (self.bob, self.eve, self.tom):
            make_post(who, "@ada, look.")
        make_user("zoe").follow(self.ada)
        self.ada.notifications.mark_read()
        self.ada.mute(self.bob)
        self.eve.suspend()
        Post.objects.get(author=self.tom).hide("spam")
        self.assertEqual(self.events(), ["zoe follows you"])
        self.ada.unmute(self.bob)
        self.eve.restore()
        self.assertEqual(self.events(), ["zoe follows you", "Eve mentioned you", "Bob mentioned you"])

    def test_who_deleted_their_account_is_not_named(self):
        self.post.like(self.bob)
        self.post.like(self.eve)
        self.eve.delete()
        self.assertEqual(self.events(), ["New Bob liked your post"])
        self.bob.delete()
        self.assertEqual(self.events(), [])

    def test_read_and_unread_differ_by_a_word(self):
        self.post.like(self.bob)
        self.ada.notifications.mark_read()
        self.post.like(self.eve)
        self.assertEqual(self.events(), ["New Eve liked your post", "Bob liked your post"])

    def fill(self, groups, people=1):
        fans = [self.bob, self.eve, self.tom][:people]
        moment = self.post.pk
        rows = Notification.objects.bulk_create(
            Notification(
                owner=self.ada,
                kind=Kind.LIKE,
                post=self.post,
                actor=fans[0],
                count=people,
                newest=moment + number,
                read=True,
            )
            for number in range(groups)
        )
        Teller.objects.bulk_create(Teller(notification=row, actor=fan) for row in rows for fan in fans)

    def test_pages_follow_one_another_without_a_gap(self):
        self.fill(2 * PER_PAGE + 5)
        seen, path = [], PAGE
        for _page in range(3):
            answer = self.client.get(path)
            seen += [event.group.newest for event in answer.context["events"]]
            older = answer.context["page"].older
            path = f"{PAGE}?before={older}"
        self.assertIsNone(older)
        self.assertEqual(seen, sorted(self.ada.notifications.values_list("newest", flat=True), reverse=True))
        newer = self.client.get(f"{PAGE}?after={seen[PER_PAGE]}")
        self.assertEqual([event.group.newest for event in newer.context["events"]], seen[:PER_PAGE])
        self.assertEqual(self.client.get(f"{PAGE}?before=nonsense").status_code, 400)

    def test_asks_no_more_however_many_there_are(self):
        self.fill(2)
        queries_of(self.client, PAGE)
        few = queries_of(self.client, PAGE)
        self.fill(3 * PER_PAGE, people=3)
        self.assertEqual(queries_of(self.client, PAGE), few)

    def test_is_for_members_and_changes_nothing(self):
        self.assertRedirects(Client().get(PAGE), f"/accounts/login/?next={PAGE}")
        self.post.like(self.bob)
        with CaptureQueriesContext(connection) as captured:
            self.client.get(PAGE)
        self.assertFalse([q["sql"] for q in captured if q["sql"].startswith("UPDATE") and "notification" in q["sql"]])
        self.assertFalse(self.ada.notifications.get().read)
        self.assertEqual(self.client.post(PAGE).status_code, 405)

    def test_nobody_sees_what_others_are_told(self):
        self.post.like(self.bob)
        self.client.force_login(self.eve)
        self.assertEqual(self.events(), [])


class Reading(Signed):
    def unread(self):
        return list(self.ada.notifications.unread().order_by("newest").values_list("kind", flat=True))

    def test_the_button_marks_all_that_the_page_knew(self):
        self.post.like(self.bob)
        self.bob.follow(self.ada)
        latest = self.client.get(PAGE).context["latest"]
        self.post.repost(self.eve)
        Notification.objects.filter(kind="repost").update(newest=latest + 1)
        answer = self.client.post(READ, {"until": latest})
        self.assertRedirects(answer, PAGE)
        self.assertEqual(self.unread(), ["repost"])
        self.client.post(READ, {"until": latest})
        self.assertEqual(self.unread(), ["repost"])

    def test_what_grew_after_it_was_shown_stays_new(self):
        self.post.like(self.bob)
        page = self.client.get(PAGE)
        self.post.like(self.eve)
        Notification.objects.update(newest=page.context["until"] + 1)
        self.client.post(READ, {"since": page.context["since"], "until": page.context["until"]})
        self.assertEqual(self.unread(), ["like"])

    def test_a_page_marks_what_it_showed(self):
        for number in range(PER_PAGE + 5):
            make_post(self.ada, f"Day {number}.").like(self.bob)
        for number, row in enumerate(self.ada.notifications.order_by("pk")):
            Notification.objects.filter(pk=row.pk).update(newest=number + 1)
        page = self.client.get(PAGE)
        self.assertContains(page, '<form id="seen"')
        self.client.post(READ, {"since": page.context["since"], "until": page.context["until"]})
        self.assertEqual(self.ada.notifications.unread().count(), 5)
        older = self.client.get(f"{PAGE}?before={page.context['page'].older}")
        self.client.post(READ, {"since": older.context["since"], "until": older.context["until"]})
        self.assertEqual(self.unread(), [])
        self.assertNotContains(self.client.get(PAGE), '<form id="seen"')

    def test_what_nobody_is_shown_does_not_count_for_ever(self):
        self.post.like(self.bob)
        make_post(self.eve, "@ada, buy this.")
        self.eve.suspend()
        page = self.client.get(PAGE)
        self.client.post(READ, {"since": page.context["since"], "until": page.context["until"]})
        self.assertEqual(self.unread(), [])

    def test_only_ones_own(self):
        self.post.like(self.bob)
        self.client.force_login(self.bob)
        self.client.post(READ, {"until": 2**62})
        self.assertEqual(self.unread(), ["like"])

    def test_nonsense_is_a_bad_request(self):
        self.post.like(self.bob)
        for wrong in ({}, {"until": "x"}, {"until": -1}, {"until": 2**63}, {"since": "x", "until": 5}):
            self.assertEqual(self.client.post(READ, wrong).status_code, 400)
        self.assertEqual(self.unread(), ["like"])

    def test_takes_post_only_and_from_members_with_a_token(self):
        self.assertEqual(self.client.get(READ).status_code, 405)
        self.assertEqual(Client().post(READ, {"until": 1}).status_code, 302)
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(self.ada)
        self.assertEqual(strict.post(READ, {"until": 1}).status_code, 403)


@in_the_database
class ReadingMuch(TransactionTestCase):
    def test_more_than_one_transaction_takes_is_read_by_the_worker(self):
        ada = make_user("ada")
        Notification.objects.bulk_create(Notification(owner=ada, kind=Kind.JOB) for _group in range(7))
        self.client.force_login(ada)
        with patch("blog.models.notification.BATCH", 3):
            self.client.post(READ, {"until": 2**62})
            self.assertEqual(ada.notifications.unread().count(), 4)
            work()
        self.assertEqual(ada.notifications.unread().count(), 0)
        self.assertEqual(DBTaskResult.objects.get().status, "SUCCESSFUL")


class Choosing(Signed):
    def test_everything_is_told_until_one_chooses(self):
        page = self.client.get(SETTINGS)
        self.assertEqual(page.content.count(b"checked"), len(Notification.CHOSEN) + 1)
        self.assertFalse(Choices.objects.exists())

    def test_choices_are_kept_and_hold(self):
        page = self.client.post(SETTINGS, {"told": ["mention", "job"], "digest": "weekly"}, follow=True)
        self.assertEqual(page.redirect_chain, [(SETTINGS, 302)])
        chosen = Choices.objects.get(owner=self.ada)
        self.assertEqual((chosen.told, chosen.digest), (["mention", "job"], "weekly"))
        self.assertContains(page, "Your changes are saved.")
        self.assertEqual(page.content.count(b"checked"), 3)
        self.post.like(self.bob)
        self.assertEqual(self.events(), [])
        self.client.post(SETTINGS, {"told": ["like"], "digest": "off"})
        self.post.like(self.eve)
        self.assertEqual(self.events(), ["New Eve liked your post"])

    def test_nothing_at_all_is_a_choice(self):
        self.client.post(SETTINGS, {"digest": "off"})
        self.assertEqual(Choices.objects.get().told, [])

    def test_bad_choices_are_refused_and_those_of_before_hold(self):
        for wrong in ({"told": ["nonsense"], "digest": "off"}, {"told": ["like"]}, {"told": [], "digest": "hourly"}):
            self.assertEqual(self.client.post(SETTINGS, wrong).status_code, 422)
        self.assertFalse(Choices.objects.exists())

    def test_who_has_no_address_learns_that_nothing_can_be_sent(self):
        self.assertNotContains(self.client.get(SETTINGS), "no e-mail address yet")
        self.client.force_login(make_user("mute", email=""))
        self.assertContains(self.client.get(SETTINGS), "no e-mail address yet")

    def test_is_for_members_and_among_the_settings(self):
        self.assertRedirects(Client().get(SETTINGS), f"/accounts/login/?next={SETTINGS}")
        self.assertContains(self.client.get("/accounts/settings/"), f'href="{SETTINGS}"')
