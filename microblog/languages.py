"""The languages that people write in: their names in the reader's language, and which codes mean the same one."""

from collections.abc import Mapping
from unicodedata import normalize

from django.conf import settings
from django.utils.translation import get_language_info, pgettext
from django.utils.translation import gettext_lazy as _

# What a member can say they read or write: the languages with the most readers, and those of the site itself.
COMMON = (
    "ar bg bn ca cs da de el en es et fa fi fr he hi hr hu id it ja ko lt lv ms nl no pl pt ro ru sk sl sr sv sw ta "
    "te th tl tr uk ur vi zh"
)
# Django names the written forms of Chinese and Norwegian only, not the language of the Philippines, and Malay only in
# some of its catalogues.
NAMES = {"zh": _("Chinese"), "tl": _("Filipino"), "no": _("Norwegian"), "ms": _("Malay")}
SAME = {"nb": "no", "nn": "no", "fil": "tl", "iw": "he"}


def base(code: str) -> str:
    """The language of a BCP 47 code without script and region: what somebody reads who reads any form of it."""
    language = code.lower().replace("_", "-").partition("-")[0]
    return SAME.get(language, language)


def same(one: str, other: str) -> bool:
    """Whether who reads `one` reads `other`, both BCP 47 codes."""
    return base(one) == base(other)


def name(code: str) -> str:
    """What the language is called in the active language, or "" where Django has no word for it."""
    code = code.lower()
    try:
        return str(NAMES[code] if code in NAMES else get_language_info(code)["name_translated"])
    except KeyError:
        return str(NAMES.get(base(code), ""))


def name_in_a_sentence(code: str) -> str:
    """The same inside a sentence, where many languages write it with a small letter."""
    # Translators: "no" if names of languages begin with a small letter inside a sentence, as in Spanish; else "yes".
    capital = pgettext("do names of languages begin with a capital letter inside a sentence", "yes")
    return name(code) if capital == "yes" else name(code)[:1].lower() + name(code)[1:]


def choices() -> list[tuple[str, str]]:
    """The languages for a form, by their names in the active language."""
    codes = {base(code) for code, _name in settings.LANGUAGES} | set(COMMON.split())
    # Decomposed, "Árabe" stands among the A.
    return sorted(((code, name(code)) for code in codes), key=lambda choice: normalize("NFKD", choice[1]).casefold())


def called(code: str, names: Mapping[str, str]) -> str:
    """A code in the names of somebody else, given in small letters: for the whole code, or for its language."""
    code = code.lower()
    language = code.partition("-")[0]
    return names.get(code) or names.get(language) or language
