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
    assert 30 <= sum(post.author == "ada" for post in posts()) <= 40


def test_everyone_is_followed_but_the_newcomer_who_follows_nobody():
    followed = {name for person in people() for name in person.follows}
    newcomers = {person.username for person in people() if not person.follows}
    assert newcomers == {"pip"}
    assert {person.username for person in people()} - followed == newcomers


def test_about_six_hundred_posts_in_three_languages():
    assert 630 <= len(posts()) <= 670
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


def test_many_posts_answer_others_and_one_has_more_answers_than_a_page():
    by_body = {post.body: post for post in posts()}
    answers = [post for post in posts() if post.answers]
    assert len(answers) >= 100
    for post in answers:
        assert post.written_at(NOW) > by_body[post.answers].written_at(NOW)
    assert max(Counter(post.answers for post in answers).values()) > 20
    depth, deepest = 0, by_body["Gerald wants to be credited."]
    while deepest.answers:
        depth, deepest = depth + 1, by_body[deepest.answers]
    assert depth >= 8


def test_whoever_begins_with_a_name_answers_what_was_said_just_before():
    answered = {post.body: post.answers for post in posts()}
    assert answered["@lena тук-тук #хлеб"].startswith("Шесть буханок")
    assert answered[
        "@mei third normal form. Every crumb depends on the loaf, the whole loaf, and nothing but the loaf."
    ] == ("@ada did you normalise the crumbs?")
    days_later = next(body for body in answered if body.startswith("@bo your move."))
    other_language = next(body for body in answered if body.startswith("@lucía your photo"))
    assert answered[days_later] == answered[other_language] == ""


def test_private_messages_are_between_the_two_and_in_order():
    names = {person.username for person in people()}
    talks = load.conversations()
    assert {name for talk in talks for name in talk.between} <= names
    assert len({frozenset(talk.between) for talk in talks}) == len(talks)
    for talk in talks:
        times = [message.written_at(NOW) for message in talk.messages]
        assert times == sorted(times) and len(set(times)) == len(times) and times[-1] < NOW
    of_ada = [talk for talk in talks if "ada" in talk.between]
    assert len(of_ada) >= 4
    assert 0 < sum(talk.unread > 0 for talk in of_ada) < len(of_ada)


def test_who_is_blocked_or_muted_is_there_and_blocks_part_nobody_who_talks():
    names = {person.username for person in people()}
    assert {name for pair in [*load.mutes(), *load.blocks()] for name in pair} <= names
    assert any(one == "ada" for one, _other in load.mutes()) and any(one == "ada" for one, _other in load.blocks())


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
    wrong = {"thread": [], "language": "en", "day": [{"ago": 1, "posts": [line]}], "recent": {"posts": []}}
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


TALK = {"thread": [], "conversation": [], "apart": {"mutes": [], "blocks": []}}


@pytest.mark.parametrize(
    ("change", "ask", "complaint"),
    [
        ({"thread": [{"author": "ada", "begins": "No such", "answers": []}]}, load.posts, "0 posts by ada begin"),
        ({"thread": [("ada", "Window seat", [9, "mei", "en", "hi"])]}, load.posts, "from the future"),
        ({"thread": [("tom_o", "Gerald doubled", [1000, "mei", "en", "hi"])]}, load.posts, "on another day"),
        ({"thread": [("ada", "Window seat", [2, "mei", "en", "hi", 0])]}, load.posts, "answer to none"),
        ({"conversation": [[[1, "09:00", "mei", "hi"], [2, "09:00", "bo", "ho"]]]}, load.conversations, "backwards"),
        ({"conversation": [[[1, "09:00", "ada", "hi"]]]}, load.conversations, "ada between mei and bo"),
        ({"conversation": [[[1, "09:00", "mei", "x" * 1001]]]}, load.conversations, "too long"),
        ({"apart": {"mutes": [], "blocks": [["ada", "mei"]]}}, load.blocks, "are blocked, and talk"),
    ],
)
def test_what_could_not_have_been_said_is_refused(monkeypatch, change, ask, complaint):
    if isinstance(change.get("thread", [{}])[0], tuple):
        change = {"thread": [{"author": a, "begins": b, "answers": [answer]} for a, b, answer in change["thread"]]}
    if "conversation" in change:
        change = {"conversation": [{"between": ["mei", "bo"], "messages": rows} for rows in change["conversation"]]}
    read = load._read
    monkeypatch.setattr(load, "_read", lambda name: {**TALK, **change} if name == "talk.toml" else read(name))
    with pytest.raises(load.DemoError, match=complaint):
        ask()


def test_nobody_has_left_unread_what_they_wrote_themselves(monkeypatch):
    both = [[1, "09:00", "mei", "hi"], [1, "09:01", "bo", "ho"]]
    entry = {"between": ["mei", "bo"], "messages": both, "unread": 2}
    monkeypatch.setattr(load, "_read", lambda name: {**TALK, "conversation": [entry]})
    with pytest.raises(load.DemoError, match="have not read their own"):
        load.conversations()
