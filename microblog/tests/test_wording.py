"""How the catalogues speak: the words of the glossary, one way to address people, the signs of each language."""

import re
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.utils.translation import get_language_info, to_language

from microblog.tests.test_catalogues import PLACEHOLDER, SOURCES, TAG, each_catalogue, entries, forms, locale_of

README = (Path(settings.LOCALE_PATHS[0]) / "README.md").read_text()
COLUMNS = ["es", "ru", "de", "ar"]
FORBIDDEN = {
    "es": r"\b(usted|su contraseña|su correo|haga|introduzca|por favor|inicie|pulse)\b|^[^¿]*[^(¿]\?",
    "ru": r"(?<=[а-яё,] )(Вы|Вас|Вам|Ваш\w*)\b|пожалуйста|\bтвой|\bты\b|е-мейл|\bон/она\b",
    "de": r"(?<=[a-zäöüß,] )(Ihr|Ihre|Ihnen|Ihrem|Ihren|Sie)\b|\bbitte\b|[a-z](:|\*|_)innen\b",
    "ar": r"[,;]|(?<!«)\?",
}
NAMES = {
    "Atom",
    "Enter",
    "Gravatar",
    "I",
    "Mastodon",
    "Microblog",
    "Twitter",
}  # and the English word that has a capital
QUOTES = {"es": "«»", "ru": "«»", "de": "„“", "ar": "«»"}
SIGNS = '«»„“”‚‘"`'


def glossary() -> dict[str, dict[str, set[str]]]:
    """The terms in English, and for each language the stems one of which stands where the term is said."""
    terms = {}
    for row in re.findall(r"^\| (.+?) \|$", README.partition("## Glossary")[2], re.MULTILINE):
        english, *others = row.split(" | ")
        for term in re.sub(r" \(.*?\)|\(.*?\) ", "", english).split(", "):
            for code, words in zip(COLUMNS, others, strict=False):
                stems = {stem.casefold() for stem in re.findall(r"\*\*(.+?)\*\*", words)}
                terms.setdefault(term, {}).setdefault(code, set()).update(stems)
    return terms


def own(po: Path) -> list[polib.POEntry]:
    """The entries whose English is ours."""
    return [entry for entry in entries(po) if ("microblog/wording.py", "") not in entry.occurrences]


def text_of(form: str) -> str:
    return PLACEHOLDER.sub("", TAG.sub("", form))


def test_the_glossary_has_terms():
    terms = glossary()
    assert terms["hashtag"] == {"es": {"etiqueta"}, "ru": {"хештег"}, "de": {"hashtag"}, "ar": {"وسم", "وسوم"}}
    assert sum(all(stems.values()) for stems in terms.values()) >= 20


@each_catalogue
def test_terms_are_those_of_the_glossary(po):
    for term, languages in glossary().items():
        said = re.compile(rf"(?<![@/])\b{term}(s|ed)?\b(?!\.)", re.IGNORECASE)
        stems = languages.get(locale_of(po))
        for entry in own(po) if stems else []:
            given = " ".join(forms(entry)).casefold()
            if said.search(text_of(entry.msgid)):
                assert any(stem in given for stem in stems), f"{term} is one of {stems}: {entry.msgid!r}: {given!r}"


@each_catalogue
def test_people_are_addressed_in_one_way(po):
    pattern = re.compile(FORBIDDEN.get(locale_of(po), r"(?!)"))
    for entry in entries(po):
        for form in forms(entry):
            assert not pattern.search(text_of(form)), f"{entry.msgid!r}: {form!r}"


@each_catalogue
def test_quotes_are_those_of_the_language_and_nothing_is_shouted(po):
    allowed = QUOTES.get(locale_of(po), SIGNS)
    for entry in entries(po):
        for form in map(text_of, forms(entry)):
            assert not set(form) & (set(SIGNS) - set(allowed)), f"{entry.msgid!r}: {form!r}"
            assert not re.search(r"[!¡]|\.\.", form), f"{entry.msgid!r}: {form!r}"


@each_catalogue
def test_a_full_stop_or_a_question_ends_as_in_the_original(po):
    ends = {"؟": "?", "：": ":"}
    for entry in entries(po):
        for form in map(text_of, forms(entry)):
            given, wanted = (re.sub(r"[\u2066-\u2069»”“]+$", "", text)[-1:] for text in (form, text_of(entry.msgid)))
            wanted, given = wanted if wanted in ".?:" else "", ends.get(given, given) if given in ".?:؟" else ""
            assert given == wanted, f"{entry.msgid!r}: {form!r}"


@pytest.mark.parametrize("po", [po for po in SOURCES if get_language_info(to_language(locale_of(po)))["bidi"]])
def test_addresses_keep_their_signs_in_place_in_a_text_from_right_to_left(po):
    """An isolate (U+2066 or U+2068 … U+2069) around what may be Latin: else "@ada" is read as "ada@"."""
    for entry in entries(po):
        for form in forms(entry):
            outside = re.sub("[\u2066\u2068][^\u2066-\u2069]*\u2069", "", form)
            assert not re.search(r"@|/|%\((email|taken|username|SITE_NAME|site)\)", TAG.sub("", outside)), form
            assert len(re.findall("[\u2066\u2068]", form)) == form.count("\u2069"), form


def test_the_english_is_plain_and_has_capitals_only_in_names():
    for entry in own(SOURCES[0]):
        for text in filter(None, (entry.msgid, entry.msgid_plural)):
            assert not re.search(r"!|\.\.\.|\blog(ged)? ?(in|out|on)\b|\bplease\b|\bcolor", text, re.IGNORECASE), text
            assert not set(re.findall(r"(?<=[a-z,] )[A-Z][a-z]*\b", text_of(text))) - NAMES, text
