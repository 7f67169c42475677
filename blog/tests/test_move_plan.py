from datetime import UTC, datetime
from itertools import islice

import pytest

from accounts.validators import fold
from blog.moving import plan
from blog.moving.address import SourceError, parse
from blog.moving.ids import base_of
from blog.moving.report import Report


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("john smith", ["john_smith", "john_smith_2", "john_smith_3"]),
        ("John", ["John", "John_2"]),
        (" a/b\\c ", ["a_b_c", "a_b_c_2"]),
        ("<b>ada</b>", ["b_ada_b", "b_ada_b_2"]),
        ("a@b.example", ["a_b.example"]),
        ("ada 🦊", ["ada"]),
        ("🦊", ["person_7", "person_7_2"]),
        ("", ["person_7"]),
        ("___", ["person_7"]),
        ("\u3164", ["person_7"]),
        ("\u0301ada", ["ada"]),
        ("admin", ["admin_2", "admin_3"]),
        ("Иван Петров", ["Иван_Петров"]),
        ("x" * 70, ["x" * 64, "x" * 62 + "_2"]),
        ("\ufdfa", ["person_7"]),
        ("a\nb", ["a_b"]),
        ("a\u202eb", ["a_b"]),
    ],
)
def test_a_name_that_is_refused_becomes_the_good_one_that_is_most_like_it(old, new):
    assert list(islice(plan.other_names(old, 7), len(new))) == new


@pytest.mark.parametrize(
    "old", ["john smith", "🦊", "", "admin", "x" * 70, "\ufdfa" * 64, "é" * 200, "a\0b", "..", "-"]
)
def test_every_name_that_is_made_up_is_good(old):
    names = list(islice(plan.other_names(old, 123456789), 200))
    assert all(plan.is_good_name(name) for name in names)
    assert len({fold(name) for name in names}) == 200


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2018-01-09 11:35:22.123456", datetime(2018, 1, 9, 11, 35, 22, 123456, UTC)),
        ("2018-01-09 11:35:22", datetime(2018, 1, 9, 11, 35, 22, 0, UTC)),
        ("2018-01-09T11:35:22Z", datetime(2018, 1, 9, 11, 35, 22, 0, UTC)),
        ("2018-01-09 11:35:22+02", datetime(2018, 1, 9, 9, 35, 22, 0, UTC)),
        ("0000-00-00 00:00:00", None),
        ("infinity", None),
        ("0044-03-15 12:00:00 BC", None),
        ("0001-01-01 00:00:00+02", None),
        ("1969-07-20 20:17:40", None),
        ("9999-12-31 23:59:59.999999", None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_a_time_without_a_zone_is_utc_and_what_is_no_time_is_none(text, time):
    assert plan.moment(text) == time


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("en", "en"),
        ("zh-cn", "zh-CN"),
        ("pt_BR", "pt-BR"),
        ("zh-hant", "zh-Hant"),
        ("es-419", "es-419"),
        (" ES ", "es"),
        ("und", ""),
        ("UNKNOWN", ""),
        ("e", ""),
        ("<b>", ""),
        ("", ""),
    ],
)
def test_a_language_is_written_as_bcp_47_writes_it(old, new):
    assert plan.language_code(old) == new


def test_values_of_any_type_become_text_without_nul():
    assert [plan.as_text(value) for value in [None, "a\0b", b"a\xffb", 5]] == ["", "ab", "a\ufffdb", "5"]


def test_addresses_that_mail_cannot_reach_are_refused():
    assert [
        plan.good_email(email) for email in ["ada@example.com", "ada", "", "a@b", f"{'x' * 64}@{'y' * 250}.com"]
    ] == [
        True,
        False,
        False,
        False,
        False,
    ]


def test_about_is_cut_between_characters_as_people_see_them():
    family = "👨‍👩‍👧‍👦"
    assert plan.short_about(family * 140) == family * 140
    assert plan.short_about(family * 141) == family * 140


def test_ids_keep_the_microsecond_and_leave_room_for_ties():
    first, second = (datetime(2018, 1, 9, 11, 35, 22, 123000 + n, UTC) for n in (0, 1))
    assert base_of(first) >> 16 == int(first.timestamp() * 1000)
    assert base_of(second) - base_of(first) == 64
    last = datetime(6429, 1, 1, tzinfo=UTC).replace(microsecond=999999)
    assert base_of(last) < 2**63 - 1
    assert base_of(last) >> 16 == (int(last.replace(microsecond=0).timestamp()) * 1000) + 999


@pytest.mark.parametrize(
    ("url", "kind", "database", "host", "port", "user", "password"),
    [
        ("app.db", "sqlite", "app.db", "", None, "", ""),
        ("sqlite:///app.db", "sqlite", "app.db", "", None, "", ""),
        ("sqlite:////srv/my%20app.db?timeout=5", "sqlite", "/srv/my app.db", "", None, "", ""),
        ("postgres://u:p%40ss%2F@db.example:5433/blog", "postgresql", "blog", "db.example", 5433, "u", "p@ss/"),
        ("postgresql+psycopg2://u@/blog?host=/run/pg", "postgresql", "blog", "", None, "u", ""),
        ("mysql+pymysql://u:p@ss@[::1]:3307/blog?charset=utf8", "mysql", "blog", "::1", 3307, "u", "p@ss"),
        ("mariadb://localhost/blog", "mysql", "blog", "localhost", None, "", ""),
    ],
)
def test_urls_are_read_as_sqlalchemy_spells_them(url, kind, database, host, port, user, password):
    address = parse(url)
    found = (address.kind, address.database, address.host, address.port, address.user, address.password)
    assert found == (kind, database, host, port, user, password)


def test_a_password_is_never_shown():
    address = parse("postgres://ada:s3cr%2Ft@db.example/blog?sslpassword=s3cr%2Ft")
    assert str(address) == "postgresql://ada@db.example/blog"
    assert "s3cr" not in repr(address) + str(address) + address.hide("no entry for s3cr/t")
    for url in [
        "postgres://ada:s3cr#t@db.example:1/blog",
        "mysql://ada:s3cr/t@db.example/blog",
        "postgres://a:s3cr[t@x/y",
    ]:
        try:
            shown = str(parse(url))
        except SourceError as error:
            shown = str(error)
        assert "s3cr" not in shown


def test_a_database_of_another_kind_is_refused():
    with pytest.raises(SourceError, match="oracle:// is not a database that can be read"):
        parse("oracle://ada:s3cret@db.example/blog")


def test_the_summary_cannot_steer_a_terminal():
    report = Report()
    report.change("names that can't be used here", "\033[2J\u202eada (1) is ada now")
    assert "".join(report.lines()).isprintable()


def test_the_summary_lists_ids_in_paragraphs():
    report = Report()
    for pk in range(1, 101):
        report.leave("posts without a time", pk)
    title, *paragraphs = report.lines()
    assert title == "Not taken: posts without a time (100):"
    assert ", ".join(line.strip().rstrip(",") for line in paragraphs) == ", ".join(map(str, range(1, 101)))
    assert report.total() == "0 people, 0 follows, 0 posts, 0 private messages taken, 100 rows not taken."
