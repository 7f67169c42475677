"""Hashtags and mentions, from the text of a post to the page that their link leads to."""

import re

from django.test import TestCase

from accounts.tests.base import make_user
from blog.models import Post
from blog.tests.base import make_post

# What is one hashtag however it is written, in the scripts that people write here.
ALIKE = [
    ["#Café", "#CAFÉ", "#cafe", "#Cafe\u0301", "＃ｃａｆｅ"],
    ["#Straße", "#STRASSE"],
    ["#осень", "#ОСЕНЬ", "#Осень"],
    ["#ёж", "#ЕЖ"],
    ["#Άνοιξη", "#ανοιξη"],
    ["#قراءة"],
    ["#שלום"],
    ["#हिन्दी"],
    ["#読書", "（#読書）"],
    ["#ไทย"],
    ["#한국어"],
    ["#İzmir", "#i\u0307zmir"],
    ["#80s_Música", "#80S_musica"],
]
DIFFERENT = ["#май", "#маи", "#मन", "#मीन", "#пост", "#post"]


class Tags(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ada, cls.bob, cls.mei = make_user("ada"), make_user("Bob"), make_user("梅子")

    def link_in(self, post, start):
        page = self.client.get(post.get_absolute_url()).content.decode()
        body = page[page.index('class="body"') :]
        found = re.search(f'<a href="({start}[^"]+)"', body[: body.index("</div>")])
        return found and found[1]

    def found_at(self, path):
        page = self.client.get(path)
        self.assertEqual(page.status_code, 200, path)
        return {int(pk) for pk in re.findall(r'id="post-(\d+)"', page.content.decode())}

    def test_one_tag_is_one_page_in_any_script_case_and_accent(self):
        for ways in ALIKE:
            posts = [make_post(self.ada, f"{way} here") for way in ways]
            links = {self.link_in(post, "/tags/") for post in posts}
            with self.subTest(ways):
                self.assertEqual(len(links), 1)
                self.assertEqual(self.found_at(links.pop()), {post.pk for post in posts})

    def test_letters_that_are_different_are_different_tags(self):
        posts = [make_post(self.ada, f"{tag} here") for tag in DIFFERENT]
        links = {self.link_in(post, "/tags/") for post in posts}
        self.assertEqual(len(links), len(DIFFERENT))
        for post in posts:
            self.assertEqual(self.found_at(self.link_in(post, "/tags/")), {post.pk})

    def test_an_address_written_otherwise_leads_to_the_one(self):
        autumn = "/tags/%D0%BE%D1%81%D0%B5%D0%BD%D1%8C/"
        for written, there in [("Café", "/tags/cafe/"), ("CAFE", "/tags/cafe/"), ("ОСЕНЬ", autumn)]:
            self.assertRedirects(self.client.get(f"/tags/{written}/"), there, status_code=301)

    def test_a_tag_shows_answers_and_each_post_once_but_not_who_is_muted(self):
        post = make_post(self.ada, "#bread again")
        answer = make_post(self.bob, "More #bread", reply_to=post)
        post.repost(self.bob)
        self.assertEqual(self.found_at("/tags/bread/"), {post.pk, answer.pk})
        self.client.force_login(self.ada)
        self.ada.mute(self.bob)
        self.assertEqual(self.found_at("/tags/bread/"), {post.pk})

    def test_mentions_lead_to_people_whatever_the_case_and_stay_text_for_nobody(self):
        for written, who in [("@bob", self.bob), ("@BOB", self.bob), ("@Bob", self.bob), ("谢谢@梅子。", self.mei)]:
            post = make_post(self.ada, f"{written} hello")
            page = self.client.get(self.link_in(post, "/@"), follow=True)
            self.assertEqual(page.context["person"], who)
        for written in ["@nobody", "bob@example.org", "@bob@example.org"]:
            self.assertIsNone(self.link_in(make_post(self.ada, f"{written} hello"), "/@"), written)
        self.assertEqual(Post.objects.filter(mentions=self.bob).count(), 3)
