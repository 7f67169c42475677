import random
import time
import unicodedata
from html.parser import HTMLParser

import pytest

from accounts.validators import MaxCharacters
from blog import text

FAMILY = "👨‍👩‍👧‍👦"
ENGLAND = "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
KISS = "👩🏽‍❤️‍💋‍👨🏿"
PIECES = [
    *"aZéйё#@.,:;!?()[]{}<>'\"&/\\_- \n\t\r",
    "https://",
    "http://x.example/",
    "www.",
    "www.example.org",
    "javascript:",
    "<script>",
    "</bdi></a>",
    "<img onerror=x>",
    "@ada",
    "#tag",
    "#хлеб",
    "مرحبا",
    "谢谢",
    "क्षि",
    "\u0301",
    "\u0344",
    "\u0958",
    "\u0f73",
    "\u0327",
    "\u0315",
    "\u200c",
    "\u200d",
    "\u202e",
    "\u2066",
    "\u2069",
    "\u2028",
    "\x00",
    "\x9f",
    "\ufeff",
    "\ud800",
    "\u3164",
    "ﷺ",
    "İ",
    "🇪",
    "🇸",
    "👩",
    "🏽",
    "\ufe0f",
    "\u20e3",
    ENGLAND,
    "\U000e0041",
]


def hostile_bodies(count=3000):
    """Random bodies out of everything that has ever broken such code; the same ones every time."""
    dice = random.Random(140)
    return ["".join(dice.choices(PIECES, k=dice.randint(1, 30))) for _ in range(count)]


class Reader(HTMLParser):
    """What a browser would see in rendered HTML: the tags, the attributes, the text."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.tags, self.hrefs, self.attributes, self.text = [], [], set(), ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes.update(name for name, _ in attrs)
        self.hrefs += [value for name, value in attrs if name == "href"]

    def handle_endtag(self, tag):
        self.tags.append("/" + tag)

    def handle_data(self, data):
        self.text += data

    def handle_comment(self, data):
        raise AssertionError(f"a comment: {data}")

    handle_decl = handle_pi = unknown_decl = handle_comment


# length


@pytest.mark.parametrize(
    ("body", "length"),
    [
        ("", 0),
        ("ok", 2),
        (FAMILY, 1),
        (KISS, 1),
        ("🇪🇸", 1),
        ("🇪🇸🇷🇺🇬🇧", 3),
        ("🇪🇸🇷", 2),
        (ENGLAND, 1),
        ("1️⃣", 1),
        ("e\u0301", 1),
        ("각", 1),
        ("\u1100\u1161\u11a8", 1),
        ("क्षि", 1),
        ("हिन्दी", 2),
        ("กำ", 1),
        ("a\r\nb", 3),
        ("مرحبا", 5),
    ],
)
def test_length_counts_what_people_see(body, length):
    assert text.length(body) == length


def test_one_character_cannot_carry_a_book():
    assert text.length("e" + "\u0301" * 140) == 5
    assert text.length("👩" + "\u200d👩" * 5000) == 313
    assert text.length("ᄀ" * 3200) == 100


def test_flags_are_counted_as_the_unicode_rules_count_them():
    for body in hostile_bodies(1000):
        assert text.length(body) >= len(text.regex.findall(r"\X", body))
    assert text.length("🇪" + "\u200d" + "🇸🇸👩") == len(text.regex.findall(r"\X", "🇪" + "\u200d" + "🇸🇸👩"))


# clean


@pytest.mark.parametrize(
    ("body", "cleaned"),
    [
        ("  bread \n", "bread"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("e\u0301", "é"),
        ("a\x00b\x07c\x85d\x9fe\x7f", "abcde"),
        ("a\tb", "a b"),
        ("\ufeffa\ud800b", "ab"),
        ("one\n\n\n\ntwo", "one\n\ntwo"),
        ("one\n \n\u3000\n\t\ntwo", "one\n\ntwo"),
        ("one\n\ntwo", "one\n\ntwo"),
        ("\u202eevil\u202c", "evil"),
        ("\u202aa\u202bb\u202dc", "abc"),
        ("a \u2066b\u2069 c", "a \u2066b\u2069 c"),
        ("\u2067a \u2066b\u2069\u2069", "\u2067a \u2066b\u2069\u2069"),
        ("a \u2066b", "a b"),
        ("a\u2069 b", "a b"),
        ("\u2067\u2066a\u2069b", "\u2066a\u2069b"),
        ("\u2066a\nb\u2069", "a\nb"),
        ("\u200fא\u200e", "\u200fא\u200e"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("hi\U000e0041\U000e0042", "hi"),
        ("\u200b\u200b", ""),
        ("\u3164 \u2800", ""),
        ("\n \n", ""),
    ],
)
def test_clean(body, cleaned):
    assert text.clean(body) == cleaned


@pytest.mark.parametrize(
    "body",
    [
        FAMILY,
        KISS,
        ENGLAND,
        "1️⃣",
        "❤️",
        "각",
        "क्षि",
        "ക്‍ഷ",
        "ཧྐྵྨླྺྼྻྂ",  # A base and eight marks, the tallest that is really written.
        "שָׁלוֹם",
        "ki̇́",
        "ก็ดี้",
    ],
)
def test_clean_breaks_no_writing_and_no_emoji(body):
    assert text.clean(body) == unicodedata.normalize("NFC", body)


def test_clean_cuts_towers_of_marks():
    assert text.clean("Z" + "\u0315" * 140 + "algo") == "Z" + "\u0315" * 8 + "algo"
    assert len(text.clean(("e" + "\u0301\u0327\u200d" * 50) * 3)) <= 3 * 9


def test_cleaning_twice_is_cleaning_once():
    for body in hostile_bodies():
        cleaned = text.clean(body)
        assert text.clean(cleaned) == cleaned
        assert unicodedata.is_normalized("NFC", cleaned)
        cleaned.encode()  # No lone surrogates: a database would refuse them.


# tokens


def test_tokens_put_together_are_the_body():
    for body in hostile_bodies():
        assert "".join(token.text for token in text.tokens(body)) == body


# mentions


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("@ada", ["ada"]),
        ("(@ada)", ["ada"]),
        ("¡@ada!", ["ada"]),
        ("“@ada”, @ada’s", ["ada"]),
        ("thanks @ada.", ["ada"]),
        ("@ada... @tom-", ["ada", "tom"]),
        ("@tom_o, @jean-luc and @a.b.c: hello", ["tom_o", "jean-luc", "a.b.c"]),
        ("@надя и @lucía", ["надя", "lucía"]),
        ("@Ada @ADA @ada", ["Ada"]),
        ("@bo @ada @bo", ["bo", "ada"]),
        ("谢谢@mei 再见", ["mei"]),
        ("コーヒー@mei", ["mei"]),
        ("＠mei", ["mei"]),
        ("-@ada", ["ada"]),
        ("#bread @ada", ["ada"]),
        ("@" + "x" * 64, ["x" * 64]),
        ("@" + "x" * 65, []),
        ("a@b.example", []),
        ("a.b+c@b.example, a-@b.example", []),
        ("@ada@bob", []),
        ("@ada@example.org", []),
        ("@", []),
        ("@.", []),
        ("@ ada", []),
        ("@@ada", []),
        ("example.org/@ada", []),
        ("https://example.org/@ada", []),
        ("www.example.org/@ada", []),
        ("https://bank.example@evil.example", []),
        ("@\u3164", []),
    ],
)
def test_mentions(body, names):
    assert text.mentions(body) == names


# tags


@pytest.mark.parametrize(
    ("body", "tags"),
    [
        ("#bread", ["bread"]),
        ("#tag,#tag2", ["tag", "tag2"]),
        ("(#bread) «#хлеб» “#pan”.", ["bread", "хлеб", "pan"]),
        ("#хлеб #天気 #قهوة #हिन्दी #ภาษาไทย", ["хлеб", "天気", "قهوة", "हिन्दी", "ภาษาไทย"]),
        ("#می\u200cخواهم", ["می\u200cخواهم"]),
        ("今日#天気 いい", ["天気"]),
        ("＃天気", ["天気"]),
        ("#Bread #bread #BREAD", ["Bread"]),
        ("#pan #Café #cafe", ["pan", "Café"]),
        ("#night_trains #1st #24h", ["night_trains", "1st", "24h"]),
        ("#bread-making", ["bread"]),
        ("#1 #2024 #_ #", []),
        ("#️⃣ 1️⃣", []),
        ("##x", []),
        ("a#b C#", []),
        ("&#x27;", []),
        ("https://x.example/#a", []),
        ("https://x.example#a www.example.org/#b example.org/#c", []),
        ("#\u3164", []),
    ],
)
def test_tags(body, tags):
    assert text.tags(body) == tags


@pytest.mark.parametrize(
    ("tag", "key"),
    [
        ("Bread", "bread"),
        ("CAFÉ", "cafe"),
        ("cafe\u0301", "cafe"),
        ("España", "espana"),
        ("Straße", "strasse"),
        ("İstanbul", "istanbul"),
        ("Ａｄａ", "ada"),
        ("Ёлка", "елка"),
        ("ЙОД", "йод"),
        ("за́мок", "замок"),
        ("Їжак", "їжак"),
        ("ўзор", "ўзор"),
        ("Ἀθῆναι", "αθηναι"),
        ("ガギグ", "ガギグ"),
        ("ｶﾞ", "ガ"),
        ("한글", "한글"),
        ("हिन्दी", "हिन्दी"),
        ("น้ำ", unicodedata.normalize("NFKC", "น้ำ")),
        ("قَهوة", "قَهوة"),
        ("שָׁלוֹם", unicodedata.normalize("NFKC", "שָׁלוֹם")),
        ("می\u200cخواهم", "میخواهم"),
        ("a/b?c", "abc"),
        ("x" * 100, "x" * 64),
        ("", ""),
    ],
)
def test_fold(tag, key):
    assert text.fold(tag) == key


def test_folding_twice_is_folding_once():
    for point in [*range(0xD800), *range(0xE000, 0x20000)]:
        key = text.fold(chr(point))
        assert text.fold(key) == key
        assert key or not text.tags("#" + chr(point)), "a tag without a key"


# links


@pytest.mark.parametrize(
    ("body", "links"),
    [
        ("https://example.org", ["https://example.org"]),
        ("see http://example.org/a?b=c&d=e#f.", ["http://example.org/a?b=c&d=e#f"]),
        ("HTTPS://Example.org/A", ["HTTPS://Example.org/A"]),
        ("www.example.org/x, www.example.org/…", ["https://www.example.org/x", "https://www.example.org/"]),
        ("(https://x.example/a)", ["https://x.example/a"]),
        ("(https://en.x.example/Bread_(food))", ["https://en.x.example/Bread_(food)"]),
        ("[[https://x.example/a[1](2)]])", ["https://x.example/a[1](2)"]),
        ("https://x.example/((((", ["https://x.example/"]),
        ("https://x.example/))))", ["https://x.example/"]),
        ("«https://x.example/a» “https://x.example/b”", ["https://x.example/a", "https://x.example/b"]),
        ("https://x.example/a, https://x.example/a", ["https://x.example/a"]),
        ("https://x.example... really?", ["https://x.example"]),
        ("http://localhost:8000/posts/", ["http://localhost:8000/posts/"]),
        ("http://пример.рф/хлеб", ["http://пример.рф/хлеб"]),
        ("https://例え.jp/パン。次", ["https://例え.jp/パン"]),
        ("看https://example.org很好", ["https://example.org"]),
        ("#https://x.example", ["https://x.example"]),
        ('https://x.example/"onclick="alert(1)', ["https://x.example/"]),
        ("https://x.example/<b>", ["https://x.example/"]),
        ("https://bank.example@evil.example/", ["https://bank.example"]),
        ("https://good.example\\@evil.example", ["https://good.example"]),
        ("https://x.example/a\u202egpj.exe", ["https://x.example/a"]),
        ("javascript:alert(1) data:text/html,x ftp://x.example file:///etc", []),
        ("https:// http://. www. www.a www.<b.c ftp://www.x.example a@www.x.example", []),
        ("xhttps://x.example", []),
    ],
)
def test_links(body, links):
    assert text.links(body) == links


# strip


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("@ada look: https://x.example/a #bread 🍞!", "look: !"),
        (f"{FAMILY}{KISS} ok {ENGLAND} 🇪🇸 1️⃣ ❤️", "ok"),
        ("one\n\ntwo", "one two"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("1 + 1 = 2 * 1", "1 + 1 = 2 * 1"),
        ("@ada #bread", ""),
    ],
)
def test_strip_leaves_the_words(body, words):
    assert text.strip(body) == words


# render


@pytest.mark.parametrize(
    ("body", "html"),
    [
        ("a < b & c", "a &lt; b &amp; c"),
        ("<script>alert('x')</script>", "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;"),
        ("one\n\ntwo", "one\n\ntwo"),
        ("@Ada!", '<a href="/@Ada/"><bdi>@Ada</bdi></a>!'),
        ("@надя", '<a href="/@%D0%BD%D0%B0%D0%B4%D1%8F/"><bdi>@надя</bdi></a>'),
        ("#Café", '<a href="/tags/cafe/"><bdi>#Café</bdi></a>'),
        ("#Ёж", '<a href="/tags/%D0%B5%D0%B6/"><bdi>#Ёж</bdi></a>'),
        (
            "https://x.example/a?b='1'&c",
            '<a href="https://x.example/a?b=&#x27;1&#x27;&amp;c" rel="nofollow ugc noopener">'
            "<bdi>x.example/a?b=&#x27;1&#x27;&amp;c</bdi></a>",
        ),
        (
            "www.example.org",
            '<a href="https://www.example.org" rel="nofollow ugc noopener"><bdi>www.example.org</bdi></a>',
        ),
        (
            "https://example.org/notes/on-reading-slowly/and-twice",
            '<a href="https://example.org/notes/on-reading-slowly/and-twice" rel="nofollow ugc noopener">'
            "<bdi>example.org/notes/on-reading-slowly/and…</bdi></a>",
        ),
    ],
)
def test_render(body, html):
    assert text.render(body) == html


def test_render_is_safe_for_templates():
    assert text.render("<b>").__html__() == "&lt;b&gt;"


def test_render_links_only_those_who_exist():
    html = text.render("@Ada and @nobody", mentioned={"ada"})
    assert html == '<a href="/@Ada/"><bdi>@Ada</bdi></a> and @nobody'
    assert text.render("@Ada", mentioned=set()) == "@Ada"
    assert text.render("@ＡＤＡ", mentioned={"ada"}).endswith("<bdi>@ＡＤＡ</bdi></a>"), (
        "found under the key of accounts"
    )


def test_render_makes_nothing_but_links_of_whatever_comes():
    for body in hostile_bodies():
        seen = Reader(text.render(body))
        assert seen.tags == ["a", "bdi", "/bdi", "/a"] * (len(seen.tags) // 4)
        assert seen.attributes <= {"href", "rel"}
        assert all(href.lower().startswith(("http://", "https://", "/@", "/tags/")) for href in seen.hrefs)
        assert seen.text.replace("\r", "\n") == shown(body).replace("\r", "\n")


def shown(body):
    """The text that a rendered body should show: links without their scheme, all else as written."""
    pieces = list(text.tokens(body))
    return "".join(text._shown(piece.text) if piece.kind == "link" else piece.text for piece in pieces)


HOSTILE_UNITS = ["a", " ", "@", "#", "@a ", "#a ", "@.", "#1", "www.", "http://", "https://a.", "_.", "a.b-", "(", ")"]
HOSTILE_UNITS += ["🇪", "\u0301", "👩\u200d", "क्", "ᄀ", "\n ", " \n\n", "\u2066", "<&'", "\U000e0041", "#a\u200c", "﷽"]
HOSTILE_STARTS = ["", "https://x.example/", "@", "#", "www.", "a" + "\u0315" * 3000 + "\u0327" * 3000]
FUNCTIONS = [text.length, text.clean, text.mentions, text.tags, text.links, text.strip, text.render, text.summary]


@pytest.mark.parametrize(
    "function", [*FUNCTIONS, text.fold, lambda body: text.direction("und", body), MaxCharacters(10_000)]
)
def test_ten_thousand_hostile_characters_take_less_than_a_tenth_of_a_second(function):
    for unit in HOSTILE_UNITS:
        for start in HOSTILE_STARTS:
            body = (start + unit * 10_000)[:10_000]
            assert any(seconds(function, body) < 0.1 for _ in range(5)), (start[:20], unit)


def seconds(function, body):
    start = time.thread_time()
    function(body)
    return time.thread_time() - start


# summary


@pytest.mark.parametrize(
    ("body", "at_most", "line"),
    [
        ("Bread  today\n\nand tomorrow", 60, "Bread today and tomorrow"),
        ("Bread today and tomorrow", 14, "Bread today…"),
        ("Bread today and tomorrow", 12, "Bread today…"),
        ("Bread today", 11, "Bread today"),
        ("Donaudampfschifffahrtsgesellschaft", 10, "Donaudamp…"),
        ("a Donaudampfschifffahrtsgesellschaft", 10, "a Donauda…"),
        ("今日はとてもいい天気ですね", 6, "今日はとて…"),
        (FAMILY * 5, 3, FAMILY * 2 + "…"),
        ("\u2067a b\u2069", 60, "a b"),
        ("", 60, ""),
    ],
)
def test_summary(body, at_most, line):
    assert text.summary(body, at_most) == line


def test_a_summary_is_one_line_and_never_too_long():
    for body in hostile_bodies():
        line = text.summary(text.clean(body), 12)
        assert text.length(line) <= 12
        assert "\n" not in line


# direction


@pytest.mark.parametrize(
    ("language", "body", "direction"),
    [
        ("en", "שלום", "ltr"),
        ("ar", "hello", "rtl"),
        ("he", "", "rtl"),
        ("fa-IR", "", "rtl"),
        ("yi", "", "rtl"),
        ("UR", "", "rtl"),
        ("az-Arab", "", "rtl"),
        ("ks-Deva", "", "ltr"),
        ("und", "hello", "ltr"),
        ("und", "123 «שלום» hello", "rtl"),
        ("und", "مرحبا", "rtl"),
        ("und", "@ada مرحبا", "rtl"),
        ("und", "@ada", "ltr"),
        ("und", "@נדיה", "rtl"),
        ("und", "123!", "ltr"),
        ("", "שלום", "rtl"),
    ],
)
def test_direction(language, body, direction):
    assert text.direction(language, body) == direction
