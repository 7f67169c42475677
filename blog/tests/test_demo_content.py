from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest

from accounts.validators import fold, validate_not_reserved, validate_username
from blog import language, text
from blog.demo import load

people = cache(load.people)
posts = cache(load.posts)
NOW = datetime(2031, 3, 1, 0, 5, tzinfo=UTC)


def share(code):
    return sum(post.language == code for post in posts()) / len(posts())


def test_about_forty_people_with_names_that_the_site_takes():
    assert 38 <= len(people()) <= 45
    assert len({fold(person.username) for person in people()}) == len(people())
    for person in people():
        validate_username(person.username)
        validate_not_reserved(person.username)
        assert text.mentions(f"@{person.username}, hello") == [person.username], "can be mentioned"
        assert person.name
        assert text.length(person.about) <= 140
    assert {"надя", "lucía"} <= {person.username for person in people()}


def test_ada_is_at_home():
    ada = next(person for person in people() if person.username == "ada")
    assert ada.name == "Ada Ferri"
    assert 13 <= len(ada.follows) <= 17
    assert 28 <= sum(post.author == "ada" for post in posts()) <= 34


def test_everyone_is_followed_but_the_newcomer_who_follows_nobody():
    followed = {name for person in people() for name in person.follows}
    newcomers = {person.username for person in people() if not person.follows}
    assert newcomers == {"pip"}
    assert {person.username for person in people()} - followed == newcomers


def test_about_six_hundred_posts_in_three_languages():
    assert 590 <= len(posts()) <= 620
    assert 0.42 <= share("en") <= 0.48
    assert 0.27 <= share("es") <= 0.33
    assert 0.22 <= share("ru") <= 0.28


def test_everybody_has_written_something():
    counts = Counter(post.author for post in posts())
    assert set(counts) == {person.username for person in people()}
    assert sum(count >= 10 for count in counts.values()) >= 35


def test_posts_are_of_every_length_up_to_the_limit():
    lengths = [text.length(post.body) for post in posts()]
    assert max(lengths) == 140
    assert lengths.count(140) >= 3
    assert min(lengths) == 2
    assert sum(length < 10 for length in lengths) >= 5
    assert sum(60 <= length <= 139 for length in lengths) > len(lengths) / 2


def test_no_post_is_there_twice():
    assert len({post.body.casefold() for post in posts()}) == len(posts())


def test_mentions_are_of_people_there_and_nobody_mentions_themselves():
    names = {person.username for person in people()}
    mentioned = [(post.author, name) for post in posts() for name in text.mentions(post.body)]
    assert len(mentioned) >= 80
    assert {name for _, name in mentioned} <= names
    assert all(author != name for author, name in mentioned)


def test_answers_come_after_what_they_answer():
    """An answer within the hour stands after a post by the one it is to."""
    wrote = [(post.author, text.mentions(post.body)[:1], post.written_at(NOW)) for post in posts()]
    answers = {
        at
        for _, mentioned, at in wrote
        for author, _, before in wrote
        if mentioned == [author] and timedelta(0) < at - before <= timedelta(hours=1)
    }
    assert len(answers) >= 40


def test_tag_pages_have_several_people():
    authors = {}
    for post in posts():
        for tag in text.tags(post.body):
            authors.setdefault(text.fold(tag), set()).add(post.author)
    shared = [tag for tag, names in authors.items() if len(names) >= 3]
    assert len(shared) >= 12
    languages = {post.language for post in posts() if "nighttrains" in text.tags(post.body)}
    assert languages == {"en", "es", "ru"}


def test_links_emoji_and_line_breaks_occur():
    links = [link for post in posts() for link in text.links(post.body)]
    assert len(links) >= 5
    assert all(link.startswith(("https://example.org/", "https://example.com/")) for link in links)
    assert sum("\n" in post.body for post in posts()) >= 5
    assert sum(text.EMOJI.search(post.body) is not None for post in posts()) >= 6


@pytest.mark.parametrize("code", load.LANGUAGES)
def test_the_detector_agrees_with_the_labels(code):
    labelled = [post for post in posts() if post.language == code and text.length(text.strip(post.body)) >= 40]
    assert sum(language.detect(post.body) == code for post in labelled) / len(labelled) >= 0.97


@pytest.mark.parametrize("now", [NOW, NOW.replace(hour=14), NOW.replace(hour=23, minute=59)])
def test_times_are_past_recent_and_mostly_in_the_evening(now):
    times = [post.written_at(now) for post in posts()]
    assert all(now - timedelta(days=36) < at < now for at in times)
    assert now - max(times) < timedelta(minutes=10)
    assert len(set(times)) == len(times)
    hours = [post.clock.hour for post in posts() if post.clock]
    assert sum(18 <= hour < 24 for hour in hours) > 2 * sum(0 <= hour < 6 for hour in hours)
    assert sum(17 <= hour < 23 for hour in hours) / len(hours) > 0.35, "evenings are a quarter of the day"


def test_the_order_is_that_of_writing_and_the_same_every_time():
    assert load.posts() == load.posts()
    days = [post.written_at(NOW) for post in posts() if post.clock]
    assert [at.replace(second=0) for at in days] == sorted(at.replace(second=0) for at in days)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (["07:00", "nobody", "hello"], "somebody that there is not"),
        (["07:00", "ada", "hello @nobody"], "somebody that there is not"),
        (["07:00", "ada", "x" * 141], "too long"),
        (["07:00", "ada", "a\u202eb"], "not clean"),
        (["07:00", "ada", ""], "too long"),
    ],
)
def test_a_post_that_could_not_be_is_refused(monkeypatch, line, complaint):
    read = load._read
    wrong = {"language": "en", "day": [{"ago": 1, "posts": [line]}], "recent": {"posts": []}}
    monkeypatch.setattr(load, "_read", lambda name: read(name) if name == "people.toml" else wrong)
    with pytest.raises(load.DemoError, match=complaint):
        load.posts()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"follows": ["ada", "nobody"]}, "somebody that there is not"),
        ({"follows": ["mei"]}, "somebody that there is not"),
        ({"follows": ["ada", "ada"]}, "one twice"),
        ({"username": "ada"}, "two people"),
        ({"language": "tlh"}, "speaks tlh"),
        ({"about": "x" * 141}, "too much"),
    ],
)
def test_a_person_who_could_not_be_is_refused(monkeypatch, change, complaint):
    ada = {"username": "ada", "name": "Ada", "about": "", "language": "en", "interests": [], "follows": []}
    mei = {**ada, "username": "mei", **change}
    monkeypatch.setattr(load, "_read", lambda name: {"person": [dict(ada), mei]})
    with pytest.raises(load.DemoError, match=complaint):
        load.people()
