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
