"""A post in another language: asked for once, kept in the database, from whichever provider the settings name.

A provider is a module here, with
    NAME                what readers are told who translated
    VARIABLE            the setting without which it is not asked
    translate(lines, source, target, caller) -> list[str]
which takes pieces of HTML and BCP 47 codes (`source` is "" where nobody knows it) and answers as many pieces of HTML,
or raises TranslationError. Another provider is one more such file, and its name in PROVIDERS.
"""

import logging
import time
from importlib import import_module
from types import ModuleType

from django.conf import settings

from blog import text
from blog.models import Outage, Post, Translation
from blog.translate import markup
from blog.translate.calls import PATIENCE, Caller, TranslationError
from microblog.languages import same

__all__ = ["TranslationError", "is_offered", "provider", "say", "translate"]

PROVIDERS = "microsoft", "deepl", "libretranslate", "apertium"  # the first that is configured is asked
BODY_AT_MOST = 5000  # characters of a translation; posts are far below
UNKNOWN = "", "und"
LOOK_EVERY = 0.1  # seconds, while somebody else's call is under way

logger = logging.getLogger(__name__)


def provider() -> ModuleType | None:
    """The provider that this site's settings name, if any."""
    for name in PROVIDERS:
        module = import_module(f"{__name__}.{name}")
        if getattr(settings, module.VARIABLE):
            return module
    return None


def is_offered(source: str, target: str) -> bool:
    """Whether a text in the language `source` can be had in `target`: they differ, and somebody is there to ask."""
    return source not in UNKNOWN and not same(source, target) and provider() is not None


def translate(post: Post, target: str) -> Translation:
    """`post` in the language `target`: the kept translation, or a new one. Raise TranslationError.

    Of several who ask at once, in whatever process, one calls the provider and the others wait for what it says.
    """
    if found := Translation.objects.of(post, target):
        return found
    claim = Translation.objects.claim(post, target)
    if claim is None:
        return _wait(post, target)
    try:
        body, name = say(post.body, post.language, target)
    except TranslationError as error:
        claim.fail(error.kind)
        raise
    return claim.keep(body, name)


def say(body: str, source: str, target: str) -> tuple[str, str]:
    """`body` in the language `target`, and who translated it. Raise TranslationError. Nothing is kept."""
    module = provider()
    if module is None:
        raise TranslationError("not_configured")
    if kind := Outage.objects.hinders(module.NAME):
        raise TranslationError(kind)
    try:
        said = _ask(module, body, source, target)
    except TranslationError as error:
        logger.warning("%s did not translate from %s to %s: %s", module.NAME, source, target, error)
        if error.lasts:
            Outage.objects.begin(module.NAME, error.kind)
        raise
    Outage.objects.end(module.NAME)
    return said, module.NAME


def _ask(module: ModuleType, body: str, source: str, target: str) -> str:
    caller = Caller()

    def send(lines: list[str]) -> list[str]:
        answers = module.translate(lines, "" if source in UNKNOWN else source, target, caller)
        if [type(answer) for answer in answers] != [str] * len(lines):
            raise ValueError("not as many texts as were sent")
        return answers

    try:
        said = text.clean(markup.carry(body, send))
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise TranslationError("later", f"an answer that is none: {type(error).__name__}") from None
    if not said or len(said) > BODY_AT_MOST:
        raise TranslationError("later", f"an answer of {len(said)} characters")
    return said


def _wait(post: Post, target: str) -> Translation:
    """What another reader's call brings, or its error."""
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        time.sleep(LOOK_EVERY)
        row = Translation.objects.filter(post=post.pk, target=target, version=post.version).first()
        if row is None or row.error:
            raise TranslationError(row.error if row else "later")
        if row.body:
            return row
    raise TranslationError("later")
