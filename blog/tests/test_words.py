"""What a word is. Posts and queries are read by the same function, so that they meet."""

import time

import pytest

from blog import words


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("Bread, BREAD & bread's", ["bread", "bread", "bread", "s"]),
        ("Café Ångström ñandú Ünter", ["cafe", "angstrom", "nandu", "unter"]),
        ("straße ŒUVRE", ["strasse", "œuvre"]),
        ("Ёлка и йод", ["елка", "и", "йод"]),  # й is a letter of its own
        ("Άλφα", ["αλφα"]),
        ("مُحَمَّد كتـاب أحمد", ["محمد", "كتاب", "احمد"]),
        ("שָׁלוֹם", ["שלום"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("ＡＢＣ ﬁ x² 10km", ["abc", "fi", "x2", "10km"]),
        ("don't l'été e-mail snake_case a.b", ["don", "t", "l", "ete", "e", "mail", "snake", "case", "a", "b"]),
        ("東京タワー", ["東 京 タ ワ ー"]),
        ("ｶﾞﾗｽ", ["ガ ラ ス"]),
        ("ABC東京 3時", ["abc", "東 京", "3", "時"]),
        ("커피를", ["커 피 를"]),
        ("น้ำชา", ["น้ำ ช า".replace("ำ", "ํ า")]),
        ("🎉 👍🏽 ❤️ 🇩🇪", ["🎉", "👍", "❤", "🇩🇪"]),
        ("… -- \n\t !?", []),
        ("", []),
        ("\0\ud800", []),
        ("\u0301", []),
    ],
)
def test_a_text_is_split_into_words(text, units):
    assert [" ".join(unit) for unit in words.units(text)] == units


def test_long_words_are_cut_and_long_texts_too():
    assert words.split("x" * 100) == ["x" * words.MAX_LENGTH]
    assert len(words.read("a " * 2 * words.MAX_WORDS).words) == words.MAX_WORDS


def test_links_mentions_and_hashtags_are_words_and_marks():
    read = words.read("Look @Ada.B #Über_Brot https://Example.org/Bread?x=1")
    assert read.words == ("look", "ada", "b", "uber", "brot", "example", "org", "bread", "x", "1")
    assert read.marks == ("@ada.b", "#uber_brot", "has:link")


@pytest.mark.parametrize(
    ("language", "forms"),
    [
        ("en", ["bake", "bakes", "baked", "baking"]),
        ("es-MX", ["casa", "casas"]),
        ("ru", ["книга", "книги", "книгой"]),
        ("de", ["häuser", "haus", "hauses"]),
        ("fr", ["cherche", "chercher", "cherches"]),
        ("pt", ["livro", "livros"]),
        ("it", ["errore", "errori"]),
    ],
)
def test_forms_of_a_word_have_one_stem(language, forms):
    assert len(set(words.stems([word for form in forms for word in words.split(form)], language))) == 1


def test_only_what_is_written_in_their_letters_has_a_stem():
    assert words.stems(["baking", "10km", "東", "🎉", "كتاب"], "en") == ["bake"]
    assert words.stems(["baking"], "und") == words.stems(["baking"], "sv") == []


def test_places_are_those_of_the_text_as_it_was_written():
    text = "Der ＢÄCKER in 東京, ja?"
    assert [(text[span.start : span.end], span.words) for span in words.spans(text)] == [
        ("Der", ("der",)),
        ("ＢÄCKER", ("backer",)),
        ("in", ("in",)),
        ("東", ("東",)),
        ("京", ("京",)),
        ("ja", ("ja",)),
    ]


@pytest.mark.parametrize(
    "piece", ["a", "é", "e\u0301", "東", "@", "#", "🇩", "\u0301", "م\u064e", "👨‍👩‍👧‍👦", "a\u200d"]
)
def test_reading_takes_time_with_the_length_of_the_text(piece):
    began = time.monotonic()
    words.read(piece * (100_000 // len(piece)))
    assert time.monotonic() - began < 30
