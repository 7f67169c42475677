"""DeepL. Source: https://developers.deepl.com/api-reference/translate and …/docs/best-practices/error-handling"""

from typing import Any

from django.conf import settings

from blog.translate.calls import Answer, Caller, TranslationError
from microblog.languages import called

NAME = "DeepL"
VARIABLE = "DEEPL_API_KEY"
CODES = {"no": "nb", "nn": "nb", "fil": "tl"}
# Where there are several written forms, the language alone is no target, or a deprecated one.
TARGETS = {
    **CODES,
    "en": "en-us",
    "en-gb": "en-gb",
    "en-au": "en-gb",
    "pt": "pt-pt",
    "pt-br": "pt-br",
    "zh": "zh-hans",
    "zh-hant": "zh-hant",
    "zh-tw": "zh-hant",
}


def translate(lines: list[str], source: str, target: str, caller: Caller) -> list[str]:
    request: dict[str, Any] = {"text": lines, "target_lang": called(target, TARGETS).upper()}
    request["tag_handling"] = "html"
    if source:
        request["source_lang"] = called(source, CODES).upper()
    headers = {"Authorization": f"DeepL-Auth-Key {settings.DEEPL_API_KEY}"}
    answer = caller.post(f"{address()}/v2/translate", headers=headers, json=request)
    if answer.status != 200:
        raise trouble(answer)
    return [result["text"] for result in answer.content["translations"]]


def address() -> str:
    """Where keys of this kind are served: those of free accounts end in ":fx"."""
    free = settings.DEEPL_API_KEY.endswith(":fx")
    return settings.DEEPL_URL or f"https://api{'-free' if free else ''}.deepl.com"


def trouble(answer: Answer) -> TranslationError:
    if answer.status == 456:
        return TranslationError("quota", "HTTP 456", lasts=True)
    # "Value for 'target_lang' not supported."
    if answer.status == 400 and "_lang" in answer.text("message"):
        return TranslationError("pair_not_offered")
    return answer.trouble()
