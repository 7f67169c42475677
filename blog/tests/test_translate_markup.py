import random
from html import unescape

from django.test import SimpleTestCase

from blog.tests.translators import capitals, without_elements
from blog.translate.libretranslate import reescape
from blog.translate.markup import carry, tokens


def each(change):
    """A provider that answers each piece with `change` of it; what it was sent is in `sent`."""

    def send(lines):
        send.sent.append(lines)
        return [change(line) for line in lines]

    send.sent = []
    return send


class Carry(SimpleTestCase):
    body = "Look, @ada: #bread & <b>more</b> at https://example.org/a?b=c&d=e 🎉🎉 (thanks @bob)"

    def test_keeps_links_mentions_tags_and_emoji_as_they_are(self):
        said = carry(self.body, each(capitals))
        self.assertEqual(said, "LOOK, @ada: #bread & <B>MORE</B> AT https://example.org/a?b=c&d=e 🎉🎉 (THANKS @bob)")

    def test_what_comes_back_inside_an_element_is_of_no_interest(self):
        said = carry("Eat #bread with @ada", each(lambda html: html.replace("#bread", "#pan").replace("@ada", "")))
        self.assertEqual(said, "Eat #bread with @ada")

    def test_elements_may_come_back_in_another_order_and_form(self):
        def turned(html):
            self.assertIn('id="kept1"', html)
            return "<SPAN class='x' id=kept3 >y</SPAN> y <span translate=no id='kept1'></span >"

        self.assertEqual(carry("See @ada and #bread", each(turned)), "#bread y @ada")

    def test_each_line_travels_alone_because_html_knows_no_newline(self):
        send = each(lambda html: " ".join(capitals(html).split()))
        self.assertEqual(carry("First line.\n\n🎉\nThird   line.", send), "FIRST LINE.\n\n🎉\nTHIRD LINE.")
        self.assertEqual(send.sent, [["First line.", "Third   line."]])

    def test_sends_nothing_where_there_are_no_words(self):
        body = "https://example.org/x 🎉 123 @ada #tag\n…"
        self.assertEqual(carry(body, each(lambda html: self.fail("sent"))), body)

    def test_a_lost_element_makes_the_words_between_travel_alone(self):
        def forgetful(html):
            return html.upper() if "<span" not in html else "everything else"

        said = carry("Hello @ada, how are you?\nNo name here.", each(forgetful))
        self.assertEqual(said, "HELLO @ada, HOW ARE YOU?\nNO NAME HERE.")

    def test_a_doubled_or_invented_element_does_too(self):
        for extra in ('<span id="kept1">x</span>', '<span id="kept7">x</span>', '<span id="kept0">x</span>'):
            with self.subTest(extra):
                said = carry("Hello @ada", each(lambda html, extra=extra: html + extra if "<span" in html else "Hi"))
                self.assertEqual(said, "Hi @ada")

    def test_the_careless_translator_keeps_every_link_all_the_same(self):
        said = carry(self.body, each(without_elements))
        self.assertEqual(tokens(said), tokens(self.body))

    def test_a_mention_that_grew_into_its_neighbour_is_set_apart(self):
        said = carry("Ask @ada now", each(lambda html: html.replace(" <span", "<span").replace("span> ", "span>")))
        self.assertEqual(said, "Ask @ada now")

    def test_markup_in_a_post_stays_text(self):
        body = 'I <3 <span id="kept0">you</span> &amp; &lt;me&gt;'
        self.assertEqual(carry(body, each(lambda html: html)), body)

    def test_an_answer_with_its_entities_replaced_is_read_right(self):
        body = 'I <3 you @ada &amp; <span id="kept1">me</span>'
        self.assertEqual(carry(body, each(lambda html: reescape(unescape(html)))), body)

    def test_tags_of_a_provider_are_text(self):
        said = carry("Hello", each(lambda html: "<script>alert(1)</script>"))
        self.assertEqual(said, "<script>alert(1)</script>")

    def test_too_few_answers_are_an_error(self):
        with self.assertRaises(ValueError):
            carry("One\ntwo", lambda lines: ["only one"])

    def test_whatever_a_provider_says_links_mentions_and_tags_survive(self):
        dice = random.Random(11)
        parts = ["@ada", "#bread", "https://example.org/a(b)c", "www.example.com", "🎉", "слово", "word", "語"]
        parts += ["👩‍👩‍👧", "&lt;", "<b>", "(", ")", ",", ".", "@", "#1", "\n", " ", " ", " "]
        parts += ['<span id="kept0">', "</span>"]
        noise = ["<", ">", "&", "@x", "#y", "kept", '<span id="kept0">q</span>', "", " ", "z", "​"]

        def broken(html):
            cut = dice.randrange(len(html) + 1)
            return html[:cut] + dice.choice(noise) + html[cut + dice.randrange(3) :]

        survived = 0
        for _ in range(600):
            body = "".join(dice.choice(parts) for _ in range(dice.randint(1, 14)))
            try:
                said = carry(body, each(broken))
            except ValueError:
                continue
            survived += 1
            self.assertLessEqual(tokens(body), tokens(said), (body, said))
        self.assertGreater(survived, 590)
