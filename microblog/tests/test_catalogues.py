"""The catalogues in locale/: complete, as new as the code, and of the right shape in every language."""

import ast
import difflib
import gettext
import io
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import django
import polib
import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils.translation import to_language

from microblog import catalogues

SOURCES = catalogues.sources()
DJANGO = Path(django.__file__).parent
NUMBERS = [*range(201), 1000, 1_000_000, 1_000_001, 2_000_000]
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd]|\{\w*\}")
TAG = re.compile(r"<[^>]+>")
SAME = {  # words that are the same in English and in another language
    "ar": {"yes"},
    "de": {"Avatar", "Export", "Filipino", "Hashtags", "Import", "Name", "Person", "System", "Text", "yes"},
    "es": {"avatar", "Avatar", "Filipino", "No", "hash"},
    "ru": set(),
}
each_catalogue = pytest.mark.parametrize("po", SOURCES, ids=[po.parent.parent.name for po in SOURCES])
needs_xgettext = pytest.mark.skipif(not shutil.which("xgettext"), reason="xgettext (gettext) is not on this machine")


def locale_of(po: Path) -> str:
    return po.parent.parent.name


def entries(po: Path) -> list[polib.POEntry]:
    return list(polib.pofile(str(po), encoding="utf-8"))


def forms(entry: polib.POEntry) -> list[str]:
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def rule(po: Path) -> tuple[int, list[int]]:
    """How many plural forms a catalogue has, and which of them some numbers take."""
    header = polib.pofile(str(po), encoding="utf-8").metadata["Plural-Forms"]
    match = re.search(r"nplurals=(\d+); *plural=(.+?);?$", header.replace("\n", ""))
    form = gettext.c2py(match[2])
    return int(match[1]), [form(n) for n in NUMBERS]


@needs_xgettext
@pytest.mark.filterwarnings("error")
def test_the_catalogues_have_the_strings_of_the_code_and_no_others(tmp_path, settings):
    """What `manage.py makemessages` would write is what is there: nothing missing, nothing stale, no other order."""
    there = settings.LOCALE_PATHS[0]
    settings.LOCALE_PATHS = [tmp_path / "locale"]
    shutil.copytree(there, tmp_path / "locale")
    said = io.StringIO()
    call_command("makemessages", stdout=said)
    assert not re.sub(r"processing locale .*\n", "", said.getvalue()), "xgettext complains"
    for po in SOURCES:
        ours, made = (folder / po.relative_to(there) for folder in (there, tmp_path / "locale"))
        difference = difflib.unified_diff(*(file.read_text().splitlines() for file in (ours, made)), lineterm="", n=1)
        shown = "\n".join(difference)
        assert not shown, f"run manage.py makemessages and translate what is new:\n{shown}"


def test_there_are_catalogues():
    assert {"ar", "de", "es", "ru"} <= {locale_of(po) for po in SOURCES}


@each_catalogue
def test_every_string_is_translated_and_none_is_fuzzy_or_obsolete(po):
    assert [entry.msgid for entry in entries(po) if entry.obsolete or entry.fuzzy or not all(forms(entry))] == []


@each_catalogue
def test_plural_forms_are_those_of_the_language(po):
    django_po = DJANGO / "conf" / "locale" / locale_of(po) / "LC_MESSAGES" / "django.po"
    assert rule(po) == rule(django_po)
    count, used = rule(po)
    assert set(used) <= set(range(count))
    for entry in entries(po):
        if entry.msgid_plural:
            assert list(entry.msgstr_plural) == list(range(count)), entry.msgid


@each_catalogue
def test_placeholders_are_those_of_the_original(po):
    """A plural form that only one number takes may say the number in words ("two posts"); others must show it."""
    used = Counter(rule(po)[1])
    for entry in entries(po):
        wanted = set(PLACEHOLDER.findall(entry.msgid_plural or entry.msgid))
        for number, form in enumerate(forms(entry)):
            given = set(PLACEHOLDER.findall(form))
            in_words = wanted - given and entry.msgid_plural and used[number] == 1
            assert given == wanted or (in_words and given < wanted), f"{entry.msgid!r}: {form!r}"


@each_catalogue
def test_tags_are_those_of_the_original(po):
    for entry in entries(po):
        for form in forms(entry):
            given, wanted = (Counter(TAG.findall(text)) for text in (form, entry.msgid_plural or entry.msgid))
            assert given == wanted, f"{entry.msgid!r}: {form!r}"


@each_catalogue
def test_nothing_differs_in_the_space_around_it(po):
    def around(text):
        return text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]

    for entry in entries(po):
        for form in forms(entry):
            assert around(form) == around(entry.msgid), f"{entry.msgid!r}: {form!r}"
            assert "  " not in form, f"{entry.msgid!r}: {form!r}"


@each_catalogue
def test_nothing_was_left_in_english(po):
    allowed = SAME.get(locale_of(po), set())
    same = {
        entry.msgid
        for entry in entries(po)
        if {entry.msgid, entry.msgid_plural} & set(forms(entry))
        and re.search(r"[a-z]", PLACEHOLDER.sub("", entry.msgid))
    }
    assert same - allowed == set()
    assert allowed - same == set(), "no longer the same: take them out of SAME"


def test_languages_are_the_folders():
    folders = {to_language(locale_of(po)) for po in SOURCES}
    assert {code for code, _name in settings.LANGUAGES} == {"en", *folders}
    names = dict(settings.LANGUAGES)
    assert (names["ar"], names["de"]) == ("العربيّة", "Deutsch")


def test_djangos_sentences_that_we_word_anew_are_still_djangos():
    djangos = {
        entry.msgid
        for po in DJANGO.glob("**/locale/en/LC_MESSAGES/django.po")
        for entry in polib.pofile(str(po), encoding="utf-8")
    }
    ours = [entry for entry in entries(SOURCES[0]) if entry.occurrences == [("microblog/wording.py", "")]]
    assert len(ours) > 10
    assert {entry.msgid for entry in ours} <= djangos


def test_no_function_of_gettext_hides_under_a_name_that_xgettext_does_not_know():
    for path in Path(settings.BASE_DIR).glob("[abm]*/**/*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation":
                hidden = [alias.asname for alias in node.names if "gettext" in alias.name and alias.asname]
                assert set(hidden) <= {"_"}, path


@needs_xgettext
@pytest.mark.processes
def test_adding_a_language_is_one_folder_and_no_code(tmp_path):
    site = tmp_path / "site"
    left_out = shutil.ignore_patterns(".*", "node_modules", "staticfiles", "*.sqlite3*", "logs", "tests")
    shutil.copytree(settings.BASE_DIR, site, ignore=left_out)
    (site / "locale/pt_BR/LC_MESSAGES").mkdir(parents=True)

    def manage(*arguments):
        command = [sys.executable, "manage.py", *arguments]
        env = {**os.environ, "DJANGO_SETTINGS_MODULE": "microblog.settings", "DATABASE_URL": "sqlite://:memory:"}
        done = subprocess.run(command, cwd=site, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    manage("makemessages")
    po = polib.pofile(str(site / "locale/pt_BR/LC_MESSAGES/django.po"))
    assert len(po) == len(entries(SOURCES[0]))
    assert rule(Path(po.fpath)) == rule(DJANGO / "conf/locale/pt_BR/LC_MESSAGES/django.po")
    po.find("Settings").msgstr = "Configurações"
    po.save()
    manage("compilemessages")
    code = (
        "from django.conf import settings; from django.utils.translation import gettext, override\n"
        "with override('pt-br'): print(dict(settings.LANGUAGES)['pt-br'], gettext('Settings'), gettext('Profile'))"
    )
    assert manage("shell", "--no-imports", "-c", code).strip() == "Português Brasileiro Configurações Profile"
