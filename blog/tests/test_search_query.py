"""What a query means, before any engine sees it."""

import pytest

from blog.search.query import MAX_CHARACTERS, MAX_TERMS, Term, other_tries, parse


def word(*words):
    return [Term("word", (one,)) for one in words]


@pytest.mark.parametrize(
    ("text", "required", "excluded"),
    [
        ("Bread OVENS", word("bread", "ovens"), []),
        ("bread bread", word("bread"), []),
        ("bread -rye −spelt --oat", word("bread"), word("rye", "spelt", "oat")),
        ("e-mail", word("e", "mail"), []),
        ('"Fresh Bread"', [Term("phrase", ("fresh", "bread"))], []),
        ("“fresh bread” «du pain»", [Term("phrase", ("fresh", "bread")), Term("phrase", ("du", "pain"))], []),
        ('"fresh bread', [Term("phrase", ("fresh", "bread"))], []),
        ('oven -"fresh bread"', word("oven"), [Term("phrase", ("fresh", "bread"))]),
        ("brea*", [Term("prefix", ("brea",))], []),
        ("#Bread @Ada", [Term("mark", ("#bread",)), Term("mark", ("@ada",))], []),
        ("東京タワー", [Term("phrase", ("東", "京", "タ", "ワ", "ー"))], []),
        ("2x 🎉", [Term("phrase", ("2x",)), Term("phrase", ("🎉",))], []),
        ("https://example.org/a", [Term("phrase", ("example", "org", "a"))], []),
        ("AND or NOT NEAR(", word("and", "or", "not", "near"), []),
        ("https: a:b", word("https", "a", "b"), []),
    ],
)
def test_terms(text, required, excluded):
    query = parse(text)
    assert (list(query.required), list(query.excluded), query.problems) == (required, excluded, ())


def test_filters():
    query = parse("bread from:@Ada -from:Bob LANG:es-MX lang:en -lang:nb has:link since:2026-02")
    assert (query.authors, query.not_authors) == (("ada",), ("bob",))
    assert (query.languages, query.not_languages) == (("es", "en"), ("no",))
    assert query.has_link is True
    assert str(query.since) == "2026-02-01"
    assert query.since_id == 1769904000000 << 16
    assert parse("bread -has:link").has_link is False
    assert str(parse("since:2026 since:2025-12-31").since) == "2026-01-01"


def test_the_last_word_is_a_beginning_while_somebody_types():
    assert parse("fresh bre", typing=True).required == (Term("word", ("fresh",)), Term("prefix", ("bre",)))
    assert parse("b", typing=True).required == (Term("word", ("b",)),)
    assert parse("", typing=True).is_empty


@pytest.mark.parametrize("text", ["-x", "-from:ada", '-"a b" -#c', "-lang:en", "-has:link"])
def test_only_what_to_leave_out_finds_nothing_and_is_told(text):
    query = parse(text)
    assert query.is_empty
    assert query.problems == ("Say also what to look for, not only what to leave out.",)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("from: ada", "After from: comes a username"),
        ("lang:123", "After lang: comes the code"),
        ("has:cake", "After has: comes only link"),
        ("since:yesterday", "After since: comes a day"),
        ("since:2026-02-31", "After since: comes a day"),
        ("since:99999", "After since: comes a day"),
        ("-since:2026", "After since: comes a day"),
        ("b*", "Before * at least 2 letters"),
    ],
)
def test_what_is_not_understood_is_left_out_and_told(text, told):
    query = parse(f"bread {text}")
    assert query.required[0] == Term("word", ("bread",))
    assert len(query.problems) == 1
    assert query.problems[0].startswith(told)
    assert query.since is None


@pytest.mark.parametrize("text", ["", " ", "\0", '"', '""', "*", "-", "--", "- -", '-"', "*-*", "()", "\ud800", "^~:!"])
def test_nothing_is_asked_by_signs_alone(text):
    query = parse(text)
    assert query.is_empty
    assert query.problems == ()


def test_very_long_queries_are_bounded_and_it_is_told():
    assert len(parse("x" * 10_000).required) == 1
    many = parse(" ".join(f"w{n}" for n in range(5000)))
    assert len(many.required) == MAX_TERMS
    assert [problem.split()[2] for problem in many.problems] == ["first", "first"]
    assert len(many.text) <= MAX_CHARACTERS
    marks = parse("a" + "\u0301" * 100_000)
    assert len(marks.required) == 1
    left_out = parse(" ".join(f"-w{n}" for n in range(50)) + " bread")
    assert (len(left_out.required), len(left_out.excluded)) == (1, MAX_TERMS - 1)


def test_of_beginnings_there_are_few_for_each_is_many_words():
    query = parse("bread aa* bb* -cc* dd* oven ee*")
    assert [term.words[0] for term in query.required] == ["bread", "aa", "bb", "dd", "oven", "ee"]
    assert (query.excluded, query.problems) == ((), ("Only the first 6 words were looked for.",))
    assert parse("aa* bb* -cc* oven").problems == ()


def test_other_tries_are_wider():
    assert other_tries(parse("bread from:ada -rye")) == ["bread", "bread*"]
    assert other_tries(parse('"fresh bread" oven')) == ["fresh bread oven", "fresh bread"]
    assert other_tries(parse("東京 lang:ja")) == ["東京"]
    assert other_tries(parse("#bread from:ada")) == ["#bread"]
    assert other_tries(parse("ab")) == []
    assert other_tries(parse("-x")) == []
