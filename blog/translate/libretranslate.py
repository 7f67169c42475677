"""LibreTranslate, on a server of one's own or libretranslate.com. Source: https://docs.libretranslate.com/api/"""

from html import escape

from django.conf import settings

from blog.translate.calls import Answer, Caller, TranslationError
from blog.translate.markup import KEPT
from microblog.languages import called

NAME = "LibreTranslate"
VARIABLE = "LIBRETRANSLATE_URL"
# The names of its models, which both older and newer servers understand.
CODES = {"zh-hant": "zt", "zh-tw": "zt", "pt-br": "pb", "no": "nb", "nn": "nb", "fil": "tl"}


def translate(lines: list[str], source: str, target: str, caller: Caller) -> list[str]:
    pair = {"source": called(source, CODES) if source else "auto", "target": called(target, CODES)}
    request = {"q": lines, **pair, "format": "html"}
    if settings.LIBRETRANSLATE_API_KEY:
        request["api_key"] = settings.LIBRETRANSLATE_API_KEY
    answer = caller.post(f"{settings.LIBRETRANSLATE_URL}/translate", json=request)
    if answer.status != 200:
        raise trouble(answer)
    return [reescape(line) for line in answer.content["translatedText"]]


def trouble(answer: Answer) -> TranslationError:
    """It has no codes, only sentences, in English where a client names no language."""
    said = answer.text("error")
    if "API key" in said:
        return TranslationError("not_configured", f"HTTP {answer.status}, API key", lasts=True)
    # A pair that is not offered is 400, on some versions 500 with the 400's text.
    if "is not supported" in said or "is not available as a target language" in said:
        return TranslationError("pair_not_offered")
    if answer.status == 429 and "day" in said:
        return TranslationError("quota", "HTTP 429, a day's limit", lasts=True)
    if answer.status == 403:  # "Too many request limits violations": banned for a while
        return TranslationError("later", "HTTP 403, banned", lasts=True)
    return answer.trouble()


def reescape(line: str) -> str:
    """Its HTML comes back with every entity replaced; only our own elements are markup."""
    parts, position = [], 0
    for element in KEPT.finditer(line):
        parts += [escape(line[position : element.start()]), element[0]]
        position = element.end()
    return "".join([*parts, escape(line[position:])])
