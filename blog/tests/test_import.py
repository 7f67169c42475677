"""Posts from elsewhere: shown first, then taken, each once, with their times."""

import io
import json
import random
from datetime import UTC, datetime
from unittest import mock

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, TestCase, TransactionTestCase

from accounts.models import Block, Follow, Mute, User
from accounts.tests.base import make_user
from blog import counters, tasks
from blog.archive import reading, take
from blog.archive.reading import RefusedError
from blog.archive.sources import plain_text
from blog.models import ImportedRow, Job, Notification, Post
from blog.tests.archives import note, ours, outbox, tweet, tweets_js, zipped
from blog.tests.base import make_post
from microblog.tests.queue import in_the_database, work


class Importing(TestCase):
    def setUp(self):
        self.ada, self.bob = make_user("ada"), make_user("bob")
        self.client.force_login(self.ada)

    def upload(self, body, name="archive.zip"):
        """Upload and return the job that read it."""
        body = body.encode() if isinstance(body, str) else body
        answer = self.client.post("/jobs/import/", {"file": SimpleUploadedFile(name, body)})
        assert answer.status_code == 302, answer.content
        return Job.objects.get(pk=int(answer.url.split("/")[2]))

    def take(self, body, name="archive.zip", **options):
        """Upload, confirm, and return the job that took it."""
        answer = self.client.post(f"/jobs/{self.upload(body, name).pk}/take/", options)
        return Job.objects.get(pk=int(answer.url.split("/")[2]))

    def bodies(self):
        return list(Post.objects.by(self.ada).order_by("id").values_list("body", flat=True))


class WhatIsTaken(Importing):
    def test_posts_of_mastodon_as_text_with_their_times(self):
        html = '<p>Bread &amp; <a href="https://m.example/tags/b">#<span>bread</span></a></p><p>Second<br>line</p>'
        self.take(zipped({"outbox.json": outbox(note(1, html, contentMap={"en": html}))}))
        (post,) = Post.objects.by(self.ada)
        assert post.body == "Bread & #bread\n\nSecond\nline"
        assert post.created_at == datetime(2021, 3, 4, 5, 6, 7, tzinfo=UTC)
        assert post.language == "en"
        assert [tag.name for tag in post.tags.all()] == ["bread"]
        self.ada.refresh_from_db()
        assert self.ada.post_count == 1

    def test_of_mastodon_nothing_private_and_nothing_of_others(self):
        boost = {"id": "x", "type": "Announce", "object": "https://m.example/1"}
        private = note(1, "<p>Secret</p>", to="https://m.example/users/ada/followers")
        unlisted = note(2, "<p>Quiet</p>", to="https://m.example/users/ada/followers", cc=["as:Public"])
        job = self.take(outbox(boost, private, unlisted), "outbox.json")
        assert self.bodies() == ["Quiet"]
        assert job.left_out == ["1 is a repost.", "1 was not public."]

    def test_a_content_warning_comes_first(self):
        self.take(outbox(note(1, "<p>Text</p>", summary="Spoiler")), "outbox.json")
        assert self.bodies() == ["Spoiler\n\nText"]

    def test_posts_of_twitter_in_parts_with_their_links(self):
        links = {"urls": [{"url": "https://t.co/abc", "expanded_url": "https://example.org/bread"}]}
        files = {
            "data/tweets.js": tweets_js(tweet(1, "A &lt;b&gt; https://t.co/abc", entities=links, lang="en")),
            "data/tweets-part1.js": tweets_js(tweet(2, "Two"), tweet(3, "RT @bob: his"), part=1),
            "data/like.js": "window.YTD.like.part0 = []",
        }
        job = self.take(zipped(files))
        assert sorted(self.bodies()) == ["A <b> https://example.org/bread", "Two"]
        assert job.left_out == ["1 is a repost."]
        assert Post.objects.first().created_at == datetime(2018, 10, 10, 20, 19, 24, tzinfo=UTC)

    def test_what_the_flask_microblog_mailed(self):
        mailed = {"posts": [{"body": "Old.", "timestamp": "2018-01-02T03:04:05Z"}, {"body": "Older.", "timestamp": ""}]}
        job = self.take(json.dumps(mailed), "posts.json")
        assert self.bodies() == ["Old."]
        assert job.left_out == ["1 has no time that can be read."]

    def test_our_own_archive_into_another_account_with_the_people_who_are_here(self):
        posts = [{"id": "1", "time": "2019-01-01T00:00:00.000Z", "language": "es", "text": "Pan, @bob."}]
        job = self.take(ours(posts, ["bob", "ada", "nobody_here", "b\0b"]), follow="1")
        (post,) = Post.objects.by(self.ada)
        assert (post.body, post.language) == ("Pan, @bob.", "es")
        assert not post.mentions.exists()  # their bob is not ours
        assert self.ada.follows(self.bob) and Follow.objects.count() == 1
        assert (job.result["taken"], job.result["followed"]) == (1, 1)

    def test_nobody_is_followed_unasked(self):
        self.take(ours([{"id": "1", "time": "2019-01-01T00:00:00Z", "text": "Pan."}], ["bob"]))
        assert not Follow.objects.exists()

    def test_an_export_of_this_site_comes_back_after_it_was_lost(self):
        first = make_post(self.ada, "First, @bob.", at=datetime(2020, 1, 1, tzinfo=UTC))
        make_post(self.ada, "Second.", at=datetime(2021, 1, 1, tzinfo=UTC))
        self.ada.follow(self.bob)
        self.client.post("/jobs/export/")
        export = Job.objects.get(kind="export")
        archive = self.client.get(f"/jobs/{export.pk}/download/").getvalue()
        assert self.take(archive).result["known"] == 2  # nothing was lost
        first.remove()
        self.ada.unfollow(self.bob)
        job = self.take(archive, follow="1")
        assert (job.result["taken"], job.result["known"], job.result["followed"]) == (1, 1, 1)
        assert self.bodies() == ["First, @bob.", "Second."]
        assert Post.objects.order_by("id")[0].created_at == first.created_at
        assert [person.username for person in Post.objects.order_by("id")[0].mentions.all()] == ["bob"]

    def test_twice_is_once_even_after_a_post_was_deleted_here(self):
        archive = zipped({"outbox.json": outbox(note(1, "<p>One</p>"), note(2, "<p>Two</p>"), note(2, "<p>Two</p>"))})
        assert self.take(archive).result["taken"] == 2
        Post.objects.by(self.ada).first().remove()
        again = self.take(archive)
        assert (again.result["taken"], again.result["known"]) == (0, 2)
        assert len(self.bodies()) == 1

    def test_two_members_may_have_the_same_archive(self):
        archive = zipped({"outbox.json": outbox(note(1, "<p>One</p>"))})
        self.take(archive)
        self.client.force_login(self.bob)
        self.take(archive)
        assert Post.objects.by(self.bob).count() == 1

    def test_what_is_empty_too_long_or_in_the_future_stays_out(self):
        entries = [note(1, "<p></p>"), note(2, "x" * 1001), note(3, "late", published="2999-01-01T00:00:00Z")]
        job = self.take(outbox(*entries, note(4, "y" * 1000)), "outbox.json")
        assert self.bodies() == ["y" * 1000]
        assert job.result["left"] == {"empty": 1, "too_long": 1, "future": 1}


class Conversation(Importing):
    """Answers, reposts and how one stands to others, out of an archive of a Microblog."""

    def exported(self):
        self.client.post("/jobs/export/")
        export = Job.objects.filter(kind="export").latest("pk")
        return self.client.get(f"/jobs/{export.pk}/download/").getvalue()

    def row(self, number, **more):
        return {"id": str(number), "time": f"2019-01-01T00:00:{number:02}Z", "text": f"Number {number}.", **more}

    def repost(self, number, repost_of, other):
        return self.row(number, text="", repost_of=str(repost_of), other=other)

    def test_answers_that_were_lost_come_back_below_the_post_that_they_answer(self):
        theirs = make_post(self.bob, "Bread?")
        lost = make_post(self.ada, "Yes.", reply_to=theirs)
        make_post(self.ada, "No.", reply_to=lost)
        archive = self.exported()
        for post in Post.objects.by(self.ada):
            post.remove()
        job = self.take(archive)
        first, second = Post.objects.by(self.ada).order_by("pk")
        assert (first.reply_to, first.other, first.body) == (theirs, self.bob, "Yes.")
        assert (second.reply_to, second.other, second.body) == (first, self.ada, "No.")
        assert list(theirs.answers.all()) == [first]
        assert job.result["taken"] == 2
        assert self.all_counters_are_right()
        assert self.take(archive).result["taken"] == 0

    def test_an_answer_whose_post_is_gone_or_out_of_sight_is_a_post(self):
        gone, theirs = make_post(self.bob, "Bread?"), make_post(self.bob, "Tea?")
        for post in (gone, theirs):
            make_post(self.ada, "Yes.", reply_to=post)
        archive = self.exported()
        for post in (*Post.objects.by(self.ada), gone):
            post.remove()
        self.bob.block(self.ada)
        self.take(archive)
        assert list(Post.objects.by(self.ada).values_list("body", "reply_to", "other")) == [("Yes.", None, None)] * 2
        assert self.all_counters_are_right()

    def test_of_another_site_answers_within_the_archive_stay_together(self):
        here = make_post(self.bob, "Nothing to do with it.", pk=5)
        rows = [self.row(1), self.row(2, reply_to="1"), self.row(3, reply_to=str(here.pk))]
        self.take(ours(rows))
        first, second, third = Post.objects.by(self.ada).order_by("pk")
        assert (second.reply_to, second.other) == (first, self.ada)
        assert (third.reply_to, third.other) == (None, None)
        assert self.all_counters_are_right()

    def test_answers_stay_together_across_batches(self):
        with mock.patch.object(take, "SIZE", 2):
            self.take(ours([self.row(n, reply_to=str(n - 1)) for n in range(1, 6)]))
        rows = dict(Post.objects.by(self.ada).values_list("body", "reply_to__body"))
        assert rows == {"Number 1.": None, **{f"Number {n}.": f"Number {n - 1}." for n in range(2, 6)}}

    def test_reposts_come_back_at_their_time_where_the_post_is_here(self):
        theirs, gone = make_post(self.bob, "Bread."), make_post(self.bob, "Gone.")
        mine = make_post(self.ada, "Mine.")
        for post in (theirs, gone, mine):
            post.repost(self.ada)
        archive = self.exported()
        times = set(Post.objects.by(self.ada).filter(repost_of=theirs).values_list("pk", flat=True))
        for post in (theirs, mine):
            post.unrepost(self.ada)
        for post in (mine, gone):
            post.remove()
        preview = self.upload(archive)
        assert (preview.result["posts"], preview.result["reposts"]) == (3, 2)
        page = self.client.get(f"/jobs/{preview.pk}/")
        self.assertContains(page, "2 of them are reposts.")
        self.assertContains(page, "1 is a repost of a post that is not here.")
        job = self.take(archive)
        assert (job.result["taken"], job.result["reposts"]) == (3, 2)
        assert job.left_out == ["1 is a repost of a post that is not here."]
        back = Post.objects.by(self.ada).get(repost_of=theirs)
        assert {pk >> 16 for pk in times} == {back.pk >> 16}
        assert (back.other, back.body) == (self.bob, "")
        assert Post.objects.by(self.ada).get(repost_of__body="Mine.").other == self.ada
        self.ada.refresh_from_db()
        assert self.ada.post_count == 1
        assert self.all_counters_are_right()

    def test_what_is_reposted_already_is_reposted_once(self):
        theirs = make_post(self.bob, "Bread.")
        theirs.repost(self.ada)
        archive = self.exported()
        theirs.unrepost(self.ada)
        theirs.repost(self.ada)
        job = self.take(archive)
        assert (job.result["taken"], job.result["known"]) == (0, 1)
        rows = [self.repost(n, theirs.pk, "bob") for n in range(1, 4)]
        self.client.force_login(self.bob)
        assert self.take(ours(rows, site="http://testserver")).result["taken"] == 1
        assert theirs.reposts.count() == 2
        assert self.all_counters_are_right()

    def test_twice_is_once_for_reposts_too_even_after_one_was_undone(self):
        theirs = make_post(self.bob, "Bread.")
        archive = ours([self.row(1), self.repost(2, theirs.pk, "bob")], site="http://testserver")
        assert self.take(archive).result["taken"] == 2
        theirs.unrepost(self.ada)
        again = self.take(archive)
        assert (again.result["taken"], again.result["known"]) == (0, 2)
        assert not theirs.reposts.exists()

    def test_nobody_reposts_what_they_may_not_see(self):
        theirs, hidden = make_post(self.bob, "Bread."), make_post(self.bob, "Tea.")
        hidden.hide("unkind")
        rows = [self.row(1), self.repost(2, theirs.pk, "bob"), self.repost(3, hidden.pk, "bob")]
        self.bob.block(self.ada)
        job = self.take(ours(rows, site="http://testserver"))
        assert job.left_out == ["2 are reposts of posts that are not here."]
        assert not Post.objects.exclude(repost_of=None).exists()

    def test_of_another_site_only_reposts_of_ones_own_are_taken(self):
        theirs = make_post(self.bob, "Bread.", pk=5)
        rows = [self.row(1), self.repost(2, 1, "ada"), self.repost(3, theirs.pk, "bob"), self.repost(4, 77, "ada")]
        preview = self.upload(ours(rows))
        assert (preview.result["posts"], preview.result["left"]) == (3, {"not_here": 1})
        job = self.take(ours(rows))
        assert (job.result["taken"], job.result["reposts"], job.result["left"]) == (2, 1, {"not_here": 2})
        (repost,) = Post.objects.exclude(repost_of=None)
        assert (repost.repost_of.body, repost.author) == ("Number 1.", self.ada)

    def test_nobody_is_told_of_what_was_said_long_ago(self):
        theirs = make_post(self.bob, "Bread.")
        rows = [self.row(1, reply_to=str(theirs.pk), text="Yes, @bob."), self.repost(2, theirs.pk, "bob")]
        self.take(ours(rows, site="http://testserver"))
        assert theirs.answers.count() == theirs.reposts.count() == 1
        assert not Notification.objects.filter(owner=self.bob).exists()

    def test_blocks_and_mutes_come_back_when_it_is_wanted(self):
        eve = make_user("eve")
        archive = ours([self.row(1)], ["bob"], blocks=["eve", "nobody_here"], mutes=["bob", "ada"])
        page = self.client.get(f"/jobs/{self.upload(archive).pk}/")
        self.assertContains(page, "Also block 1 person who is here under the same name:")
        self.assertContains(page, "Also mute 1 person who is here under the same name:")
        self.assertNotContains(page, "checked")  # on another site the same name may be another person
        self.take(archive)
        assert not Block.objects.exists() and not Mute.objects.exists()
        job = self.take(archive, block="1", mute="1")
        assert Block.objects.filter(blocker=self.ada, blocked=eve).exists()
        assert Mute.objects.filter(muter=self.ada, muted=self.bob).exists()
        assert (job.result["blocked"], job.result["muted"], job.result["followed"]) == (1, 1, 0)
        page = self.client.get(f"/jobs/{job.pk}/")
        self.assertContains(page, "You now block 1 more person.")
        self.assertContains(page, "You now mute 1 more person.")
        again = self.take(archive, block="1", mute="1")
        assert (again.result["blocked"], again.result["muted"]) == (0, 0)

    def test_an_export_of_this_site_offers_to_restore_how_one_stood_to_others(self):
        make_post(self.ada, "Bread.")
        self.ada.mute(self.bob)
        archive = self.exported()
        self.ada.unmute(self.bob)
        page = self.client.get(f"/jobs/{self.upload(archive).pk}/")
        self.assertContains(page, '<input type="checkbox" name="mute" id="mute" checked>', html=True)
        self.take(archive, mute="1")
        assert Mute.objects.filter(muter=self.ada, muted=self.bob).exists()

    def test_who_has_blocked_somebody_is_not_followed_by_them(self):
        self.bob.block(self.ada)
        archive = ours([self.row(1)], ["bob"])
        assert self.upload(archive).result["follow_count"] == 0
        self.take(archive, follow="1")
        assert not Follow.objects.exists()

    def all_counters_are_right(self):
        return not any(counted.differences(counted.model.objects.all()) for counted in counters.COUNTED)


class ThePreview(Importing):
    def test_shows_what_would_be_taken_and_takes_nothing(self):
        make_user("carmen")
        posts = [{"id": str(n), "time": f"2019-01-0{n}T00:00:00Z", "text": f"<b>Day {n}</b>"} for n in range(1, 8)]
        job = self.upload(ours([*posts, {"id": "9", "time": "2019-01-01T00:00:00Z", "text": ""}], ["carmen", "nobody"]))
        page = self.client.get(f"/jobs/{job.pk}/")
        self.assertContains(page, "7 posts can be taken.")
        self.assertContains(page, "&lt;b&gt;Day 1&lt;/b&gt;")
        self.assertContains(page, "1 has no text.")
        self.assertContains(page, "@carmen")
        self.assertContains(page, f'action="/jobs/{job.pk}/take/"')
        assert not Post.objects.exists() and not ImportedRow.objects.exists()

    def test_the_report_tells_what_was_taken(self):
        job = self.take(outbox(note(1, "<p>One</p>"), note(2, "")), "outbox.json")
        page = self.client.get(f"/jobs/{job.pk}/")
        self.assertContains(page, "1 post is imported.")
        self.assertContains(page, "1 has no text.")

    def test_a_new_upload_takes_the_place_of_the_former(self):
        former = self.upload(outbox(note(1, "<p>One</p>")), "outbox.json")
        self.upload(outbox(note(1, "<p>One</p>")), "outbox.json")
        assert self.client.get(f"/jobs/{former.pk}/").status_code == 404

    def test_is_taken_by_its_owner_only_and_only_by_post(self):
        job = self.upload(outbox(note(1, "<p>One</p>")), "outbox.json")
        assert self.client.get(f"/jobs/{job.pk}/take/").status_code == 405
        self.client.force_login(self.bob)
        assert self.client.post(f"/jobs/{job.pk}/take/").status_code == 404
        self.client.logout()
        self.assertRedirects(
            self.client.post(f"/jobs/{job.pk}/take/"), "/accounts/login/?next=/", fetch_redirect_response=False
        )
        self.assertRedirects(self.client.get("/jobs/import/"), "/accounts/login/?next=/jobs/import/")

    def test_the_upload_needs_the_token_of_the_form(self):
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(self.ada)
        file = SimpleUploadedFile("outbox.json", outbox(note(1, "x")).encode())
        assert strict.post("/jobs/import/", {"file": file}).status_code == 403
        assert not Job.objects.exists()

    def test_what_is_too_large_is_not_even_read(self):
        answer = self.client.post("/jobs/import/", {}, CONTENT_LENGTH=60 * 1024 * 1024)
        self.assertContains(answer, "larger than 50 MB", status_code=413)
        with mock.patch("blog.forms.LARGEST_UPLOAD", 10):
            answer = self.client.post("/jobs/import/", {"file": SimpleUploadedFile("a.zip", b"x" * 11)})
        self.assertContains(answer, "larger than 50 MB", status_code=422)

    def test_no_file_is_said(self):
        self.assertContains(self.client.post("/jobs/import/", {}), "Choose a file first.", status_code=422)


class WhatIsRefused(Importing):
    def reason(self, body, name="a.zip"):
        job = self.upload(body, name)
        assert job.status == "failed", job.result
        self.assertContains(self.client.get(f"/jobs/{job.pk}/"), job.sentence)
        return job.message

    def test_what_is_no_archive(self):
        assert self.reason(b"hello") == "not_an_archive"
        assert self.reason(b"\x89PNG\r\n\x1a\n") in ("not_an_archive", "damaged")
        assert self.reason(zipped({"readme.txt": "hello"})) == "not_an_archive"
        assert self.reason('{"orderedItems": 3}') == "not_an_archive"
        assert self.reason(zipped({"archive.json": "[]", "posts.jsonl": ""})) == "not_an_archive"

    def test_what_has_nothing_to_take(self):
        assert self.reason(outbox(note(1, ""))) == "nothing"

    def test_names_that_lead_outside(self):
        good = outbox(note(1, "<p>One</p>"))
        for name in ["../../etc/passwd", "/etc/passwd", "a/../../b", "..\\windows"]:
            assert self.reason(zipped({"outbox.json": good, name: "x"})) == "hostile", name

    def test_bombs(self):
        bomb = outbox(note(1, "<p>One</p>"))[:-2] + " " * (20 * 1024 * 1024) + "]}"
        assert self.reason(zipped({"outbox.json": bomb})) == "hostile"
        with mock.patch.object(reading, "LARGEST_TEXT", 1000):
            assert self.reason(zipped({"outbox.json": outbox(note(1, "x" * 2000))})) == "too_large"
        with mock.patch.object(reading, "LARGEST_DIRECTORY", 1000):
            assert self.reason(zipped({f"file-{n}": "" for n in range(50)})) == "hostile"
        with mock.patch.object(reading, "MOST_ITEMS", 3):
            assert self.reason(outbox(*[note(n, "x") for n in range(5)])) == "too_large"

    def test_json_that_is_deeper_than_any_post(self):
        deep = '{"a":' * 100_000
        assert self.reason('{"orderedItems": [' + deep, "outbox.json") in ("hostile", "damaged")

    def test_one_endless_post(self):
        assert self.reason('{"orderedItems": [{"a": "' + "x" * 3_000_000, "outbox.json") == "damaged"

    def test_encrypted_and_cut_off(self):
        whole = zipped({"outbox.json": outbox(note(1, "<p>One</p>"))})
        assert self.reason(whole[:-30]) == "damaged"
        flagged = bytearray(whole)
        at = flagged.rfind(b"PK\1\2")
        flagged[at + 8] |= 1
        assert self.reason(bytes(flagged)) == "damaged"


@pytest.mark.django_db
def test_whatever_the_file_holds_it_is_read_or_refused():
    """Bytes changed at random, the same ones each time."""
    owner, dice = make_user("ada"), random.Random(8)
    whole = [zipped({"outbox.json": outbox(*[note(n, "<p>x</p>") for n in range(20)])}), outbox(note(1, "x")).encode()]
    whole.append(ours([{"id": "1", "time": "2019-01-01T00:00:00Z", "text": "x"}], ["bob"]))
    refused = 0
    for _round in range(300):
        body = bytearray(dice.choice(whole))
        for _change in range(dice.randint(1, 8)):
            body[dice.randrange(len(body))] = dice.randrange(256)
        job = Job.objects.create(owner=owner, kind=Job.Kind.PREVIEW)
        take.keep_upload(job, io.BytesIO(body))  # type: ignore[arg-type]
        job.begin()
        try:
            take.preview(job, site="https://example.org")
        except RefusedError:
            refused += 1
        Job.objects.all().delete()
    assert 30 < refused < 300


def test_html_becomes_text():
    assert plain_text("<p>a</p><p>b<br />c &lt;d&gt;</p>") == "a\n\nb\nc <d>"
    assert plain_text('<p><span class="h-card"><a>@<span>bob</span></a></span> hi</p>') == "@bob hi"
    assert plain_text(None) == ""


@in_the_database
class Interrupted(TransactionTestCase):
    def test_what_was_taken_before_is_counted_and_not_taken_again(self):
        ada = make_user("ada")
        self.client.force_login(ada)
        file = SimpleUploadedFile("outbox.json", outbox(*[note(n, f"<p>Number {n}</p>") for n in range(50)]).encode())
        self.client.post("/jobs/import/", {"file": file})
        work()
        self.client.post(f"/jobs/{Job.objects.get().pk}/take/")
        job = Job.objects.get(kind="import")
        publish, calls = take.publish, []

        def killed_at_the_third(*args):
            calls.append(args)
            if len(calls) == 3:
                raise SystemExit  # as a worker that is killed: nothing of ours runs any more
            return publish(*args)

        with mock.patch.object(take, "SIZE", 10), mock.patch.object(take, "publish", killed_at_the_third):
            with self.assertRaises(SystemExit):
                tasks.run_job.call(job.pk, "https://example.org", "en")
            job.refresh_from_db()
            assert (job.status, job.done, Post.objects.count()) == ("running", 20, 20)
            work()
        job.refresh_from_db()
        assert (job.status, job.result["taken"], job.result["known"]) == ("ready", 50, 0)
        assert Post.objects.by(ada).count() == User.objects.get().post_count == 50
