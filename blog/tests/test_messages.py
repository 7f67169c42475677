"""Private messages through the door: the list, a conversation, sending, reading, deleting."""

import re
from datetime import UTC, datetime
from unittest import mock

from django.db import connection
from django.test import Client, TestCase, override_settings
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.tests.base import make_user, queries_of
from blog.models import Message, Notification, Side
from blog.models.ids import id_at
from blog.models.unread import unread_of

send = Message.objects.send


def said(response) -> list[str]:
    """The bodies of a page's messages, in its order."""
    return re.findall(r'<div class="body" dir="auto">(.*?)</div>', response.content.decode(), re.DOTALL)


def conversations(response) -> list[str]:
    """The names in a page of the list, in its order."""
    return re.findall(r'<bdi class="handle">@(.*?)</bdi>', response.content.decode())


def unread(owner: User, other: User) -> int:
    return Side.objects.get(owner=owner, other=other).unread


def many(sender: User, recipient: User, number: int) -> Side:
    """A conversation of `number` messages, taking turns, a minute apart. Return the recipient's side."""
    first = send(sender, recipient, "0.")
    at, low = datetime(2020, 1, 1, tzinfo=UTC).timestamp(), first.conversation_id % 2**16
    rows = [
        Message(
            pk=id_at(datetime.fromtimestamp(at + 60 * n, UTC), low),
            conversation_id=first.conversation_id,
            sender=[sender, recipient][n % 2],
            body=f"{n}.",
        )
        for n in range(1, number)
    ]
    Message.objects.bulk_create(rows)
    Message.objects.filter(pk=first.pk).update(id=id_at(datetime.fromtimestamp(at, UTC), low))
    Side.objects.filter(conversation=first.conversation_id).mend()
    return Side.objects.get(owner=recipient, other=sender)


class Letters(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada, cls.bob = make_user("ada", name="Ada Ferri"), make_user("bob")
        cls.carol = make_user("carol")

    def setUp(self):
        self.client.force_login(self.bob)


class TheList(Letters):
    def test_the_latest_is_on_top_with_its_first_words_and_what_is_unread(self):
        send(self.ada, self.bob, "One.")
        send(self.ada, self.bob, "Two <b>.\n\nThree " + "words " * 100)
        send(self.bob, self.carol, "Mine.")
        page = self.client.get("/messages/")
        self.assertEqual(conversations(page), ["carol", "ada"])
        self.assertContains(page, "You: <bdi>Mine.</bdi>")
        self.assertContains(page, "Two &lt;b&gt;. Three words words")
        self.assertContains(page, "…</bdi>")
        self.assertContains(page, "2 unread messages")
        self.assertContains(page, 'href="/messages/@ada/#latest"')
        self.assertEqual(page.content.decode().partition('<ul class="rows letters">')[2].count('class="badge"'), 1)
        send(self.ada, self.bob, "Three.")
        self.assertEqual(conversations(self.client.get("/messages/")), ["ada", "carol"])

    def test_an_empty_list_says_how_to_begin(self):
        page = self.client.get("/messages/")
        self.assertContains(page, "No messages yet")
        self.assertContains(page, "choose “Message” on somebody's profile")
        self.assertContains(page, 'href="/messages/new/"')

    def test_it_goes_on_from_page_to_page_and_back(self):
        people = [make_user(f"person{n:02}") for n in range(45)]
        for person in people:
            send(person, self.bob, "Hello.")
        seen, address = [], "/messages/"
        while address:
            page = self.client.get(address)
            seen += conversations(page)
            older = re.search(r'rel="next" id="older" href="(.*?)"', page.content.decode())
            address = older and f"/messages/{older[1]}"
        self.assertEqual(seen, [person.username for person in reversed(people)])
        back = re.search(r'rel="prev" href="(.*?)"', page.content.decode())[1]
        self.assertEqual(conversations(self.client.get(f"/messages/{back}")), seen[20:40])
        newest = Side.objects.filter(owner=self.bob).order_by("-newest")[0].newest
        self.assertRedirects(self.client.get(f"/messages/?after={newest}"), "/messages/")

    def test_a_cursor_that_is_none_is_a_bad_request(self):
        self.assertEqual(self.client.get("/messages/?before=x").status_code, 400)

    def test_a_conversation_with_a_blocked_person_is_gone_until_they_are_unblocked(self):
        send(self.ada, self.bob, "Hello.")
        for one, other in [(self.ada, self.bob), (self.bob, self.ada)]:
            one.block(other)
            self.assertEqual(conversations(self.client.get("/messages/")), [])
            self.assertEqual(self.client.get("/messages/@ada/").status_code, 404)
            one.unblock(other)
            self.assertEqual(conversations(self.client.get("/messages/")), ["ada"])
            self.assertEqual(said(self.client.get("/messages/@ada/")), ["Hello."])

    def test_a_muted_person_is_still_there(self):
        send(self.ada, self.bob, "Hello.")
        self.bob.mute(self.ada)
        self.assertEqual(conversations(self.client.get("/messages/")), ["ada"])

    def test_the_badge_counts_conversations_but_those_one_does_not_want_to_hear_of(self):
        send(self.ada, self.bob, "Hello.")
        send(self.ada, self.bob, "Hello?")
        send(self.carol, self.bob, "Hello.")
        self.assertEqual(unread_of(self.bob.pk).messages, 2)
        for part, join in [
            (self.bob.mute, self.bob.unmute),
            (self.bob.block, self.bob.unblock),
            (lambda ada: ada.block(self.bob), lambda ada: ada.unblock(self.bob)),
        ]:
            part(self.ada)
            self.assertEqual(unread_of(self.bob.pk).messages, 1)
            join(self.ada)
            self.assertEqual(unread_of(self.bob.pk).messages, 2)
        self.client.get("/messages/@ada/")
        self.assertEqual(unread_of(self.bob.pk).messages, 1)

    def test_it_is_ones_own(self):
        send(self.ada, self.carol, "Secret.")
        self.assertEqual(conversations(self.client.get("/messages/")), [])

    def test_queries_do_not_grow(self):
        for n in range(10):
            send(make_user(f"person{n}"), self.bob, "Hello.")
        queries_of(self.client, "/messages/")
        few = queries_of(self.client, "/messages/")
        for n in range(10, 20):
            send(make_user(f"person{n}"), self.bob, "Hello.")
        self.assertEqual(queries_of(self.client, "/messages/"), few)


class Beginning(Letters):
    def test_a_profile_leads_to_the_conversation(self):
        self.assertContains(self.client.get("/@ada/"), 'href="/messages/@ada/"')
        self.assertNotContains(self.client.get("/@bob/"), 'href="/messages/@bob/"')
        self.assertNotContains(Client().get("/@ada/"), "/messages/")

    def test_a_profile_leads_nowhere_where_no_message_is_taken(self):
        def leads_there():
            return "write-to" in self.client.get("/@ada/").content.decode()

        for writers in ("nobody", "followed"):
            self.ada.messages_from = writers
            self.ada.save()
            with self.subTest(writers=writers):
                self.assertFalse(leads_there())
        self.ada.follow(self.bob)
        self.assertTrue(leads_there())

    def test_a_name_leads_there_too(self):
        for typed in ["ada", "@ada", "ADA", " @Ada "]:
            self.assertRedirects(self.client.get("/messages/new/", {"to": typed}), "/messages/@ada/")

    def test_a_name_that_leads_nowhere_is_said_beside_it_and_kept(self):
        self.ada.block(self.bob)
        self.carol.suspend()
        for typed, words in [
            ("nobody", "Nobody here has this name."),
            ("ada", "Nobody here has this name."),
            ("carol", "Nobody here has this name."),
            ("bob", "This is you."),
            ("", "This field is required."),
            ("a\0b", "Null characters"),
        ]:
            page = self.client.get("/messages/new/", {"to": typed})
            self.assertContains(page, words, status_code=422)
            self.assertContains(page, f'value="{typed}"' if typed.isalpha() else "<form", status_code=422)
        self.assertNotContains(self.client.get("/messages/new/"), 'role="alert"')

    def test_a_conversation_that_is_not_begun_has_a_form_and_says_so(self):
        page = self.client.get("/messages/@ada/")
        self.assertContains(page, "Nothing is written yet")
        self.assertContains(page, "Message to Ada Ferri")
        self.assertFalse(Side.objects.exists())

    def test_the_name_in_other_letters_is_redirected(self):
        self.assertRedirects(self.client.get("/messages/@ADA/"), "/messages/@ada/", status_code=301)

    def test_with_oneself_there_is_none(self):
        self.assertRedirects(self.client.get("/messages/@bob/"), "/messages/")
        self.assertRedirects(self.client.post("/messages/@bob/", {"body": "Hi."}), "/messages/")

    def test_nobody_is_nobody(self):
        self.assertEqual(self.client.get("/messages/@nobody/").status_code, 404)


class TheConversation(Letters):
    def test_the_newest_is_at_the_bottom_and_older_ones_a_page_away(self):
        many(self.ada, self.bob, 60)
        page = self.client.get("/messages/@ada/")
        self.assertEqual(said(page), [f"{n}." for n in range(35, 60)])
        earlier = re.search(r'rel="next" href="\?before=(\d+)#latest"', page.content.decode())[1]
        page = self.client.get(f"/messages/@ada/?before={earlier}")
        self.assertEqual(said(page), [f"{n}." for n in range(10, 35)])
        later = re.search(r'rel="prev" href="\?after=(\d+)#latest"', page.content.decode())[1]
        earlier = re.search(r'rel="next" href="\?before=(\d+)#latest"', page.content.decode())[1]
        self.assertEqual(said(self.client.get(f"/messages/@ada/?after={later}")), [f"{n}." for n in range(35, 60)])
        page = self.client.get(f"/messages/@ada/?before={earlier}")
        self.assertEqual(said(page), [f"{n}." for n in range(10)])
        self.assertNotContains(page, 'rel="next"')

    def test_days_are_parted_and_times_are_there_for_the_script(self):
        many(self.ada, self.bob, 3)
        send(self.ada, self.bob, "Today.")
        page = self.client.get("/messages/@ada/")
        self.assertEqual(page.content.decode().count('<li class="day">'), 2)
        self.assertContains(page, '<time datetime="2020-01-01T00:00:00Z" data-style="day">Jan. 1, 2020</time>')
        self.assertContains(page, '<time datetime="2020-01-01T00:02:00Z" data-style="clock">00:02 UTC</time>')

    def test_opening_it_is_reading_it(self):
        send(self.ada, self.bob, "Hello.")
        self.client.head("/messages/@ada/")
        self.client.get("/messages/")
        self.assertEqual(unread(self.bob, self.ada), 1)
        self.client.get("/messages/@ada/")
        self.assertEqual(unread(self.bob, self.ada), 0)
        self.assertFalse(Notification.objects.filter(owner=self.bob, read=False).exists())

    def test_a_page_of_older_messages_leaves_the_newest_unread(self):
        many(self.ada, self.bob, 60)
        self.assertEqual(unread(self.bob, self.ada), 30)
        middle = Message.objects.order_by("pk")[30].pk
        self.client.get(f"/messages/@ada/?before={middle}")
        self.assertEqual(unread(self.bob, self.ada), 30)

    def test_read_stands_under_the_last_that_the_other_has_read(self):
        send(self.bob, self.ada, "One.")
        second = send(self.bob, self.ada, "Two.")
        self.assertNotContains(self.client.get("/messages/@ada/"), 'class="seen"')
        Side.objects.get(owner=self.ada).read(second.pk)
        send(self.bob, self.ada, "Three.")
        html = self.client.get("/messages/@ada/").content.decode()
        self.assertEqual(html.count('class="seen"'), 1)
        self.assertTrue(html.index("Two.") < html.index('class="seen"') < html.index("Three."))

    def test_read_stands_on_a_page_of_older_ones_only_where_what_follows_is_not_read(self):
        many(self.bob, self.ada, 60)
        pks = list(Message.objects.order_by("pk").values_list("pk", flat=True))
        side = Side.objects.get(owner=self.ada)
        side.read(pks[20])
        self.assertContains(self.client.get(f"/messages/@ada/?before={pks[35]}"), 'class="seen"', 1)
        side.read(pks[40])
        self.assertNotContains(self.client.get(f"/messages/@ada/?before={pks[35]}"), 'class="seen"')
        self.assertContains(self.client.get("/messages/@ada/"), 'class="seen"', 1)

    def test_links_and_mentions_are_links_and_everything_else_is_text(self):
        send(self.ada, self.bob, "<script>alert(1)</script> @carol @nobody https://example.org/a?b=1&c=2 #bread")
        (body,) = said(self.client.get("/messages/@ada/"))
        self.assertIn("&lt;script&gt;", body)
        self.assertIn('<a href="/@carol/"><bdi>@carol</bdi></a> @nobody', body)
        self.assertIn('href="https://example.org/a?b=1&amp;c=2" rel="nofollow ugc noopener"', body)
        self.assertIn('href="/tags/bread/"', body)

    def test_it_belongs_to_the_two(self):
        message = send(self.ada, self.carol, "Secret.")
        for path in ["/messages/@ada/", "/messages/@carol/", "/messages/@ada/news/?after=0"]:
            self.assertNotIn("Secret", self.client.get(path).content.decode())
        for path in ["", "delete/"]:
            self.assertEqual(self.client.get(f"/messages/{message.conversation_id}/{path}").status_code, 404)
        self.assertEqual(self.client.post(f"/messages/{message.conversation_id}/delete/").status_code, 404)
        self.assertEqual(Side.objects.filter(newest=message.pk).count(), 2)

    def test_visitors_sign_in_first_and_are_brought_there(self):
        visitor = Client()
        for path in ["/messages/", "/messages/new/", "/messages/@ada/", "/messages/@ada/news/", "/messages/1/"]:
            self.assertRedirects(visitor.get(path), f"/accounts/login/?next={path.replace('@', '%40')}")
        self.assertRedirects(
            visitor.post("/messages/@ada/", {"body": "Hi."}), "/accounts/login/?next=/messages/%40ada/"
        )

    def test_nobody_else_keeps_a_copy(self):
        for path in ["/messages/", "/messages/@ada/"]:
            self.assertIn("no-store", self.client.get(path).headers["Cache-Control"])


class Writing(Letters):
    def test_it_is_sent_and_one_is_back(self):
        answer = self.client.post("/messages/@ada/", {"body": "Hello.\r\nAda\0."})
        self.assertRedirects(answer, "/messages/@ada/#latest", fetch_redirect_response=False)
        self.assertEqual(said(self.client.get("/messages/@ada/")), ["Hello.\nAda."])
        self.assertEqual(unread(self.ada, self.bob), 1)

    def test_in_place_the_answer_is_what_is_new(self):
        first = send(self.ada, self.bob, "One.")
        send(self.ada, self.bob, "Two.")
        typed = {"body": "Three.", "after": first.pk}
        answer = self.client.post("/messages/@ada/", typed, headers={"hx-request": "true"})
        self.assertEqual(said(answer), ["Two.", "Three."])
        self.assertNotContains(answer, "<html")
        self.assertContains(answer, f'data-newest="{Message.objects.order_by("pk").last().pk}"')

    def test_a_form_sent_twice_is_one_message(self):
        page = self.client.get("/messages/@ada/").content.decode()
        after = re.search(r'name="after" value="(\d+)"', page)[1]
        for _twice in range(2):
            self.client.post("/messages/@ada/", {"body": "Hello.", "after": after})
        self.assertEqual(said(self.client.get("/messages/@ada/")), ["Hello."])
        page = self.client.get("/messages/@ada/").content.decode()
        after = re.search(r'name="after" value="(\d+)"', page)[1]
        self.client.post("/messages/@ada/", {"body": "Hello.", "after": after})
        self.assertEqual(said(self.client.get("/messages/@ada/")), ["Hello.", "Hello."])

    def test_a_thousand_characters_are_counted_as_people_see_them(self):
        self.assertEqual(self.client.post("/messages/@ada/", {"body": "👨‍👩‍👧‍👦" * 1000}).status_code, 302)
        answer = self.client.post("/messages/@ada/", {"body": "é" * 1003})
        self.assertContains(answer, "This message is 3 characters too long.", status_code=422)
        self.assertContains(answer, "é" * 1003, status_code=422)
        self.assertContains(answer, 'aria-invalid="true" aria-describedby="message_body_error"', status_code=422)
        self.assertEqual(Message.objects.count(), 1)

    def test_nothing_is_no_message(self):
        for body in ["", "  ", "\u200b", "\0"]:
            self.assertContains(
                self.client.post("/messages/@ada/", {"body": body}), "Write something first.", status_code=422
            )
        self.assertFalse(Side.objects.exists())

    def test_what_stands_in_the_form_is_escaped(self):
        answer = self.client.post("/messages/@ada/", {"body": "</textarea><script>" + "x" * 1000})
        self.assertContains(answer, "&lt;/textarea&gt;&lt;script&gt;", status_code=422)

    @override_settings(RATE_LIMITS=True)
    def test_too_many_are_refused_and_the_text_is_kept(self):
        window = mock.patch("microblog.ratelimit._window", return_value=(datetime(2026, 11, 22, tzinfo=UTC), 60))
        with window:
            for n in range(100):
                self.assertEqual(self.client.post("/messages/@ada/", {"body": f"{n}."}).status_code, 302)
            answer = self.client.post("/messages/@ada/", {"body": "One more."})
        self.assertEqual(answer.status_code, 429)
        self.assertEqual(answer.headers["Retry-After"], "60")
        self.assertContains(answer, "You have sent a lot.", status_code=429)
        self.assertContains(answer, "\nOne more.</textarea>", status_code=429)
        self.assertFalse(Message.objects.filter(body="One more.").exists())

    def test_who_may_not_write_is_told_why_and_loses_nothing(self):
        send(self.ada, self.bob, "Hello.")
        for wanted, words in [
            ("followed", "Ada Ferri takes messages only from people whom they follow."),
            ("nobody", "Ada Ferri takes no messages."),
        ]:
            User.objects.filter(pk=self.ada.pk).update(messages_from=wanted)
            page = self.client.get("/messages/@ada/")
            self.assertContains(page, words)
            self.assertNotContains(page, "<textarea")
            self.assertEqual(said(page), ["Hello."])
            answer = self.client.post("/messages/@ada/", {"body": "I wrote for an hour."})
            self.assertContains(answer, words, status_code=403)
            self.assertContains(answer, "\nI wrote for an hour.</textarea>", status_code=403)
        self.assertEqual(Message.objects.count(), 1)
        User.objects.filter(pk=self.ada.pk).update(messages_from="followed")
        self.ada.follow(self.bob)
        self.assertContains(self.client.get("/messages/@ada/"), "<textarea")

    def test_blocked_people_are_not_found(self):
        self.ada.block(self.bob)
        for path in ["/messages/@ada/", "/messages/@ada/read/"]:
            self.assertEqual(self.client.post(path, {"body": "Hi.", "after": 1}).status_code, 404)
        self.assertEqual(self.client.get("/messages/@ada/news/?after=0").status_code, 404)
        self.assertFalse(Message.objects.exists())

    def test_the_suspended_are_shown_as_they_are_and_can_not_be_written_to(self):
        send(self.ada, self.bob, "Hello.")
        self.ada.suspend()
        self.assertEqual(conversations(self.client.get("/messages/")), ["ada"])
        page = self.client.get("/messages/@ada/")
        self.assertEqual(said(page), ["Hello."])
        self.assertContains(page, "This account is suspended.")
        self.assertNotContains(page, 'href="/@ada/"')
        self.assertContains(self.client.post("/messages/@ada/", {"body": "Hi."}), "suspended", status_code=403)
        self.carol.suspend()
        self.assertEqual(self.client.get("/messages/@carol/").status_code, 404)

    def test_the_suspended_send_nothing(self):
        self.bob.suspend()
        self.assertRedirects(
            self.client.post("/messages/@ada/", {"body": "Hi."}), "/accounts/login/?next=/messages/%40ada/"
        )
        self.assertFalse(Message.objects.exists())

    def test_a_form_needs_its_token(self):
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(self.bob)
        self.assertEqual(strict.post("/messages/@ada/", {"body": "Hi."}).status_code, 403)
        self.assertEqual(strict.post("/messages/@ada/read/", {"after": 1}).status_code, 403)


class News(Letters):
    def news(self, **asked):
        return self.client.get("/messages/@ada/news/", asked)

    def test_nothing_new_is_an_empty_answer(self):
        self.assertEqual(self.news(after=0, read=0).status_code, 204)
        message = send(self.ada, self.bob, "Hello.")
        answer = self.news(after=message.pk, read=0)
        self.assertEqual((answer.status_code, answer.content), (204, b""))

    def test_what_is_new_comes_as_it_stands_in_the_page(self):
        first = send(self.ada, self.bob, "One.")
        second = send(self.ada, self.bob, "Two.")
        answer = self.news(after=first.pk, read=0)
        self.assertEqual(said(answer), ["Two."])
        self.assertContains(answer, f'data-newest="{second.pk}"')
        self.assertIn(said(answer)[0], said(self.client.get("/messages/@ada/")))

    def test_that_the_other_has_read_is_news_too(self):
        message = send(self.bob, self.ada, "One.")
        Side.objects.get(owner=self.ada).read(message.pk)
        answer = self.news(after=message.pk, read=0)
        self.assertEqual(said(answer), [])
        self.assertContains(answer, f'data-read="{message.pk}"')
        self.assertEqual(self.news(after=message.pk, read=message.pk).status_code, 204)

    def test_asking_is_not_reading_but_having_it_in_sight_is(self):
        message = send(self.ada, self.bob, "One.")
        self.news(after=0, read=0)
        self.assertEqual(unread(self.bob, self.ada), 1)
        for _twice in range(2):
            self.assertEqual(self.client.post("/messages/@ada/read/", {"after": message.pk}).status_code, 204)
        self.assertEqual(unread(self.bob, self.ada), 0)

    def test_bad_questions_change_nothing(self):
        send(self.ada, self.bob, "One.")
        for asked in [{}, {"after": "x"}, {"after": -1}, {"after": 10**30}]:
            self.assertEqual(self.news(**asked).status_code, 204)
            self.assertEqual(self.client.post("/messages/@ada/read/", asked).status_code, 204)
        self.assertEqual(unread(self.bob, self.ada), 1)

    def test_the_wrong_method_is_405(self):
        self.assertEqual(self.client.post("/messages/@ada/news/").status_code, 405)
        self.assertEqual(self.client.get("/messages/@ada/read/").status_code, 405)

    def test_where_nothing_is_new_it_costs_one_query_besides_the_session(self):
        message = send(self.ada, self.bob, "Hello.")
        self.news(after=message.pk, read=0)
        with CaptureQueriesContext(connection) as captured:
            self.news(after=message.pk, read=0)
        self.assertEqual(len(captured), 2)


class Deleting(Letters):
    def test_it_asks_first(self):
        message = send(self.ada, self.bob, "Hello.")
        path = f"/messages/{message.conversation_id}/delete/"
        self.assertContains(self.client.get("/messages/@ada/"), f'href="{path}" data-ask')
        page = self.client.get(path)
        self.assertContains(page, "Ada Ferri keeps theirs.")
        self.assertEqual(said(self.client.get("/messages/@ada/")), ["Hello."])

    def test_one_side_goes_and_the_other_stays(self):
        message = send(self.ada, self.bob, "Hello.")
        path = f"/messages/{message.conversation_id}/delete/"
        answer = self.client.post(path, follow=True)
        self.assertRedirects(answer, "/messages/")
        self.assertContains(answer, "The conversation is deleted.")
        self.assertEqual(conversations(answer), [])
        self.assertEqual(said(self.client.get("/messages/@ada/")), [])
        self.assertEqual(self.client.post(path).status_code, 404)
        self.client.force_login(self.ada)
        self.assertEqual(said(self.client.get("/messages/@bob/")), ["Hello."])
        self.client.post(path)
        self.assertFalse(Message.objects.exists())

    def test_what_somebody_wrote_to_a_deleted_account_is_read_and_deleted(self):
        send(self.ada, self.bob, "Theirs.")
        message = send(self.bob, self.ada, "Mine.")
        Side.objects.get(owner=self.ada).leave(500)
        self.ada.delete()
        path = f"/messages/{message.conversation_id}/"
        page = self.client.get("/messages/")
        self.assertContains(page, "Deleted account")
        self.assertContains(page, f'href="{path}#latest"')
        page = self.client.get(path)
        self.assertEqual(said(page), ["Mine."])
        self.assertContains(page, "This account is deleted.")
        self.assertNotContains(page, "<textarea")
        self.assertContains(self.client.get(f"{path}delete/"), "the other account is deleted")
        self.assertRedirects(self.client.post(f"{path}delete/"), "/messages/")
        self.assertFalse(Message.objects.exists())

    def test_a_list_whose_last_message_is_gone_is_still_a_list(self):
        """While an account is removed, batch by batch."""
        send(self.bob, self.ada, "Mine.")
        send(self.ada, self.bob, "Theirs.")
        self.ada.delete()
        self.assertContains(self.client.get("/messages/"), "Deleted account")

    def test_a_conversation_with_somebody_who_is_there_has_their_address(self):
        message = send(self.ada, self.bob, "Hello.")
        self.assertRedirects(self.client.get(f"/messages/{message.conversation_id}/"), "/messages/@ada/")


class Large(Letters):
    def queries(self, path):
        """The queries of a page that was asked for before."""
        self.client.get(path)
        with CaptureQueriesContext(connection) as captured:
            self.client.get(path)
        return [query["sql"] for query in captured]

    def test_ten_thousand_messages_cost_what_thirty_cost(self):
        many(self.ada, self.bob, 30)
        small = self.queries("/messages/@ada/")
        many(self.carol, self.bob, 10_000)
        large = self.queries("/messages/@carol/")
        self.assertEqual(len(large), len(small))
        middle = Message.objects.filter(conversation__sides__other=self.carol).order_by("pk")[5000].pk
        older = self.queries(f"/messages/@carol/?before={middle}")
        self.assertLessEqual(len(older), len(small))  # where nothing is read, the badge is known already
        of_messages = [sql for sql in large + older if 'FROM "blog_message"' in sql]
        self.assertEqual(len(of_messages), 2)
        for sql in of_messages:
            self.assertIn("LIMIT 26", sql)


class WhoMayWrite(Letters):
    def test_it_is_chosen_in_the_settings(self):
        page = self.client.get("/accounts/settings/messages/")
        self.assertContains(page, "Who may write to me")
        self.assertRegex(page.content.decode(), r'value="everyone"[^>]*checked')
        for wanted in ["followed", "nobody", "everyone"]:
            answer = self.client.post("/accounts/settings/messages/", {"messages_from": wanted}, follow=True)
            self.assertContains(answer, "Your changes are saved.")
            self.assertEqual(User.objects.get(pk=self.bob.pk).messages_from, wanted)

    def test_something_else_is_refused(self):
        answer = self.client.post("/accounts/settings/messages/", {"messages_from": "enemies"})
        self.assertContains(answer, "enemies", status_code=422)
        self.assertEqual(User.objects.get(pk=self.bob.pk).messages_from, "everyone")

    def test_visitors_sign_in_first(self):
        self.assertRedirects(
            Client().get("/accounts/settings/messages/"), "/accounts/login/?next=/accounts/settings/messages/"
        )
