"""Apertium-APy, the web service of Apertium. Source: https://wiki.apertium.org/wiki/Apertium-apy"""

import regex
from django.conf import settings

from blog.translate.calls import Answer, Caller, TranslationError
from microblog.languages import called

NAME = "Apertium"
VARIABLE = "APERTIUM_URL"
# ISO 639-3, with what Apertium calls the forms of one language.
CODES = {
    "af": "afr",
    "an": "arg",
    "ar": "ara",
    "ast": "ast",
    "be": "bel",
    "bg": "bul",
    "br": "bre",
    "bs": "hbs_BS",
    "ca": "cat",
    "cs": "ces",
    "cy": "cym",
    "da": "dan",
    "de": "deu",
    "en": "eng",
    "en-us": "eng_US",
    "eo": "epo",
    "es": "spa",
    "eu": "eus",
    "fi": "fin",
    "fr": "fra",
    "ga": "gle",
    "gl": "glg",
    "hi": "hin",
    "hr": "hbs_HR",
    "id": "ind",
    "is": "isl",
    "it": "ita",
    "kk": "kaz",
    "mk": "mkd",
    "ms": "msa",
    "mt": "mlt",
    "nb": "nob",
    "nl": "nld",
    "nn": "nno",
    "no": "nob",
    "oc": "oci",
    "pl": "pol",
    "pt": "por",
    "pt-br": "por_BR",
    "ro": "ron",
    "ru": "rus",
    "sc": "srd",
    "se": "sme",
    "sh": "hbs",
    "sk": "slk",
    "sl": "slv",
    "sr": "hbs_SR",
    "sv": "swe",
    "tr": "tur",
    "tt": "tat",
    "uk": "ukr",
    "ur": "urd",
    "zh": "zho",
}
# What it puts before a word that it could not transfer or inflect: no word must become a mention or a tag by that.
_MARK = regex.compile(r"(?<!\w)[@#](?=\p{L})")
_ELEMENT = regex.compile(r"(<[^<>]*>|&#?\w+;)")
_LINE = regex.compile(r"<p>(.*?)</p>", regex.DOTALL)


def translate(lines: list[str], source: str, target: str, caller: Caller) -> list[str]:
    if not source:  # it detects nothing
        raise TranslationError("pair_not_offered")
    fields = [
        ("langpair", f"{called(source, CODES)}|{called(target, CODES)}"),
        ("format", "html"),
        ("markUnknown", "no"),
        ("q", "".join(f"<p>{line}</p>" for line in lines)),
    ]
    answer = caller.post(f"{settings.APERTIUM_URL}/translate", fields=fields)
    if answer.status != 200:
        raise trouble(answer)
    said = answer.content["responseData"]["translatedText"]
    return [without_marks(line) for line in _LINE.findall(said)]


def trouble(answer: Answer) -> TranslationError:
    if answer.status == 400 and "pair" in answer.text("explanation"):
        return TranslationError("pair_not_offered")
    return answer.trouble()


def without_marks(line: str) -> str:
    return "".join(part if n % 2 else _MARK.sub("", part) for n, part in enumerate(_ELEMENT.split(line)))
