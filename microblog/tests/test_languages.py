import re

import pytest
from django.utils.translation import override

from microblog import languages


@pytest.mark.parametrize(
    ("reader", "code", "alone", "inside"),
    [
        ("en", "es", "Spanish", "Spanish"),
        ("es", "es", "Español", "español"),
        ("es", "zh", "Chino", "chino"),
        ("ru", "es", "Испанский", "испанский"),
        ("de", "es", "Spanisch", "Spanisch"),
        ("ar", "es", "الإسبانيّة", "الإسبانيّة"),
        ("es", "tlh", "", ""),
    ],
)
def test_a_language_is_named_as_the_reader_writes_it(reader, code, alone, inside):
    with override(reader):
        assert (languages.name(code), languages.name_in_a_sentence(code)) == (alone, inside)


@pytest.mark.parametrize("reader", ["ar", "ru"])
def test_every_language_has_a_name_in_the_readers_script(reader):
    with override(reader):
        assert [name for _code, name in languages.choices() if re.search("[A-Za-z]", name)] == []


def test_names_are_in_the_order_of_the_alphabet_with_accents_too():
    with override("es"):
        names = [name for _code, name in languages.choices()]
    assert names.index("Alemán") < names.index("Árabe") < names.index("Bengalí")
