"""compilemessages: with msgfmt and without, the same catalogues; and a broken one is named with its line."""

import gettext
import io
import shutil
from pathlib import Path

import django
import pytest
from django.core.management import CommandError, call_command

from microblog import catalogues

HEADER = (
    'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n'
    '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
)
DJANGOS = Path(django.__file__).parent / "conf" / "locale"
needs_msgfmt = pytest.mark.skipif(not shutil.which("msgfmt"), reason="msgfmt is not on this machine")
BOTH = pytest.mark.parametrize("options", [{}, {"without_msgfmt": True}], ids=["msgfmt", "polib"])


@pytest.fixture
def locale(tmp_path, settings):
    settings.LOCALE_PATHS = [tmp_path / "locale"]
    settings.BASE_DIR = tmp_path
    return tmp_path / "locale"


def write(locale: Path, text: str, language: str = "de", header: str = HEADER) -> Path:
    po = locale / language / "LC_MESSAGES" / "django.po"
    po.parent.mkdir(parents=True, exist_ok=True)
    po.write_text(header + text)
    return po


def compiled(**options) -> str:
    out = io.StringIO()
    call_command("compilemessages", stdout=out, **options)
    return out.getvalue()


def read(po: Path) -> tuple[dict, dict]:
    """What gettext makes of the compiled catalogue: its messages, without the raw header, and the header parsed."""
    with po.with_suffix(".mo").open("rb") as file:
        messages = gettext.GNUTranslations(file)
    return {key: text for key, text in messages._catalog.items() if key}, messages._info


def test_says_what_it_compiled_and_skips_what_is_up_to_date(locale):
    write(locale, 'msgid "Home"\nmsgstr "Start"\n')
    write(locale, 'msgid "Home"\nmsgstr "Accueil"\n', "fr")
    first = compiled()
    assert "Compiled locale/de/LC_MESSAGES/django.po with" in first
    assert "2 compiled, 0 up to date" in first
    assert compiled() == "Catalogues: 0 compiled, 2 up to date.\n"
    assert "2 compiled" in compiled(force=True)


def test_compiles_what_changed_whatever_the_times_of_the_files_say(locale):
    import os

    po = write(locale, 'msgid "Home"\nmsgstr "Start"\n')
    compiled()
    write(locale, 'msgid "Home"\nmsgstr "Anfang"\n')
    os.utime(po, (0, 0))
    assert "1 compiled" in compiled()
    assert read(po)[0]["Home"] == "Anfang"


def test_only_the_locales_asked_for(locale):
    for language in ("de", "fr", "ja"):
        write(locale, 'msgid "Home"\nmsgstr "x"\n', language)
    compiled(locale=["de", "fr"], exclude=["fr"])
    assert [po.with_suffix(".mo").exists() for po in catalogues.sources()] == [True, False, False]
    compiled(ignore_patterns=["locale/ja/*"])
    assert [po.with_suffix(".mo").exists() for po in catalogues.sources()] == [True, True, False]


def test_leaves_the_catalogues_of_packages_alone(locale, tmp_path, monkeypatch):
    po = write(tmp_path / ".heroku" / "python" / "site-packages" / "shop" / "locale", 'msgid "a"\nmsgstr "b"\n')
    monkeypatch.chdir(tmp_path)
    assert compiled() == "Catalogues: 0 compiled, 0 up to date.\n"
    assert not po.with_suffix(".mo").exists()


@BOTH
@pytest.mark.parametrize(
    ("text", "where", "why"),
    [
        ('msgid "Home"\nmsgstr "Start\n', "django.po:7: ", "whole string"),
        ('msgid "Home"\nmsgstr "Start"\n\nmsgid "Home"\nmsgstr "Anfang"\n', "django.po:9", "same message as in line 6"),
        ('#, python-format\nmsgid "%(n)s posts"\nmsgstr "%(m)s Beiträge"\n', "django.po:", "%(m)"),
        ('#, python-format\nmsgid "%(n)s posts"\nmsgstr "Beiträge"\n', "django.po:", "%(n) is missing"),
        ('#, python-format\nmsgid "%(n)s posts"\nmsgstr "%(n)d Beiträge"\n', "django.po:", "%(n)"),
        ('#, python-format\nmsgid "%(n)s posts"\nmsgstr "%(n)s Beiträge, 5 %"\n', "django.po:", "placeholder"),
        ('#, python-brace-format\nmsgid "{n} posts"\nmsgstr "{m} Beiträge"\n', "django.po:", "{m}"),
        ('#, python-brace-format\nmsgid "{n} posts"\nmsgstr "{n Beiträge"\n', "django.po:", "expected"),
        ('msgid "a"\nmsgid_plural "b"\nmsgstr[0] "c"\nmsgstr[1] ""\n', "django.po:6", "plural form 1 is empty"),
    ],
)
def test_a_broken_catalogue_fails_with_file_line_and_reason(locale, options, text, where, why):
    po = write(locale, text)
    with pytest.raises(CommandError) as caught:
        compiled(**options)
    assert f"locale/de/LC_MESSAGES/{where}" in str(caught.value)
    assert why in str(caught.value)
    assert not po.with_suffix(".mo").exists()


@BOTH
def test_a_catalogue_that_is_not_plain_utf_8_fails(locale, options):
    po = write(locale, 'msgid "Home"\nmsgstr "Start"\n')
    plain = po.read_bytes()
    for content, why in [
        (b"\xef\xbb\xbf" + plain, "django.po:1: begins with a byte order mark"),
        (plain + b'\nmsgid "b"\nmsgstr "\xe4"\n', "django.po:10: is not UTF-8"),
        (plain.replace(b"UTF-8", b"latin1"), "charset=UTF-8"),
    ]:
        po.write_bytes(content)
        with pytest.raises(CommandError, match=why):
            compiled(**options)


@needs_msgfmt
def test_msgfmt_itself_has_the_last_word_where_it_is_found(locale, monkeypatch):
    monkeypatch.setattr(catalogues, "faults", lambda catalogue, name: [])
    write(locale, '#, python-format\nmsgid "%(n)s posts"\nmsgstr "%(m)s Beiträge"\n')
    with pytest.raises(CommandError, match=r"locale/de/LC_MESSAGES/django.po:8: .*msgstr"):
        compiled()


def test_one_broken_catalogue_does_not_keep_the_others_from_being_compiled(locale):
    write(locale, "msgid\n", "de")
    good = write(locale, 'msgid "Home"\nmsgstr "Accueil"\n', "fr")
    with pytest.raises(CommandError, match="locale/de"):
        compiled()
    assert good.with_suffix(".mo").exists()


def test_a_plural_form_for_one_may_leave_the_number_out(locale):
    po = write(
        locale,
        '#, python-format\nmsgid "%(n)s like"\nmsgid_plural "%(n)s likes"\n'
        'msgstr[0] "ein Herz"\nmsgstr[1] "%(n)s Herzen, 100 %%"\n',
    )
    compiled(without_msgfmt=True)
    assert read(po)[0][("%(n)s like", 1)] == "%(n)s Herzen, 100 %%"


@needs_msgfmt
def test_polib_and_msgfmt_agree_on_fuzzy_obsolete_untranslated_and_contexts(locale):
    po = write(
        locale,
        'msgid "a"\nmsgstr "A"\n\n#, fuzzy\nmsgid "b"\nmsgstr "B"\n\nmsgid "c"\nmsgstr ""\n\n'
        'msgctxt "month"\nmsgid "May"\nmsgstr "Mai"\n\nmsgid "May"\nmsgstr "darf \\"\\\\n\\""\n\n'
        'msgid "one"\nmsgid_plural "many"\nmsgstr[0] ""\nmsgstr[1] ""\n\n#~ msgid "old"\n#~ msgstr "alt"\n',
        header="#, fuzzy\n" + HEADER,
    )
    compiled(force=True)
    by_msgfmt = read(po)
    compiled(force=True, without_msgfmt=True)
    assert read(po) == by_msgfmt
    assert by_msgfmt[0] == {"a": "A", "month\x04May": "Mai", "May": 'darf "\\n"'}


@needs_msgfmt
@pytest.mark.parametrize("language", ["ar", "cs", "de", "ja", "pl", "ru", "sl"])
def test_polib_and_msgfmt_agree_on_catalogues_of_django(locale, language):
    text = (DJANGOS / language / "LC_MESSAGES" / "django.po").read_text()
    po = write(locale, text, language, header="")
    compiled(force=True)
    by_msgfmt = read(po)
    compiled(force=True, without_msgfmt=True)
    assert read(po) == by_msgfmt
    assert len(by_msgfmt[0]) > 200


@needs_msgfmt
def test_polib_and_msgfmt_agree_on_every_catalogue_of_ours(locale, settings, tmp_path):
    ours = Path(__file__).resolve().parents[2] / "locale"
    if ours.exists():
        shutil.copytree(ours, locale, ignore=shutil.ignore_patterns("*.mo"), dirs_exist_ok=True)
    compiled(force=True)
    by_msgfmt = {po: read(po) for po in catalogues.sources()}
    compiled(force=True, without_msgfmt=True)
    assert {po: read(po) for po in catalogues.sources()} == by_msgfmt
    assert len(by_msgfmt) == len([*ours.glob("*/LC_MESSAGES/*.po")])


def test_problems_name_what_is_missing_or_older_than_its_source(locale):
    po = write(locale, 'msgid "Home"\nmsgstr "Start"\n')
    assert catalogues.problems() == ["locale/de/LC_MESSAGES/django.po is not compiled"]
    compiled()
    assert catalogues.problems() == []
    po.write_text(po.read_text().replace("Start", "Anfang"))
    assert catalogues.problems() == ["locale/de/LC_MESSAGES/django.mo was not made from the source beside it"]


def test_a_folder_that_can_not_be_written_is_an_error_with_its_name(locale, monkeypatch):
    write(locale, 'msgid "Home"\nmsgstr "Start"\n')

    def refuse(self, data):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with pytest.raises(CommandError, match=r"locale/de/LC_MESSAGES/django\.po: can't be compiled: Permission denied"):
        compiled()
