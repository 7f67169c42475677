"""Microsoft Translator, Text API version 3.

Source: https://learn.microsoft.com/azure/ai-services/translator/text-translation/reference/v3/translate
and …/reference/status-response-codes
"""

from urllib.parse import urlencode

from django.conf import settings

from blog.translate.calls import Caller, TranslationError
from microblog.languages import called

NAME = "Microsoft Translator"
VARIABLE = "MS_TRANSLATOR_KEY"
# Its names where BCP 47 has another or a shorter one.
CODES = {
    "zh": "zh-Hans",
    "zh-cn": "zh-Hans",
    "zh-hans": "zh-Hans",
    "zh-hant": "zh-Hant",
    "zh-tw": "zh-Hant",
    "pt": "pt",
    "pt-br": "pt",
    "pt-pt": "pt-pt",
    "sr": "sr-Cyrl",
    "sr-latn": "sr-Latn",
    "no": "nb",
    "nn": "nb",
    "tl": "fil",
    "ckb": "ku",
    "ku": "kmr",
    "mn": "mn-Cyrl",
}
# A language, a pair or a script that it does not have.
PAIR = {"400003", "400006", "400018", "400019", "400023", "400035", "400036", "400075"}
QUOTA = "403001"


def translate(lines: list[str], source: str, target: str, caller: Caller) -> list[str]:
    query = {"api-version": "3.0", "textType": "html", "to": called(target, CODES)}
    if source:
        query["from"] = called(source, CODES)
    headers = {"Ocp-Apim-Subscription-Key": settings.MS_TRANSLATOR_KEY}
    if settings.MS_TRANSLATOR_REGION:
        headers["Ocp-Apim-Subscription-Region"] = settings.MS_TRANSLATOR_REGION
    answer = caller.post(
        f"{settings.MS_TRANSLATOR_URL}/translate?{urlencode(query)}",
        headers=headers,
        json=[{"Text": line} for line in lines],
    )
    if answer.status != 200:
        raise trouble(answer.text("error", "code"), answer.trouble(answer.text("error", "code")))
    return [result["translations"][0]["text"] for result in answer.content]


def trouble(reason: str, otherwise: TranslationError) -> TranslationError:
    if reason == QUOTA:
        return TranslationError("quota", f"code {QUOTA}", lasts=True)
    return TranslationError("pair_not_offered") if reason in PAIR else otherwise
