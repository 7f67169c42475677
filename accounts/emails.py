"""E-mails to members: in their language, as text and as HTML, each saying why it came."""

import logging
from collections.abc import Mapping, Sequence
from smtplib import SMTPRecipientsRefused
from types import MappingProxyType
from typing import Any

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from accounts.models import Departure, EmailChange, User

logger = logging.getLogger(__name__)


class RefusedForNowError(OSError):
    """What smtplib raises would carry the address into logs and into the queue."""


def welcome(member: User, *, site: str, language: str) -> None:
    """To a new member. `site` is the site's address, `language` what they read when they chose none."""
    send("welcome", member.email, member, site=site, language=language, url=site + member.get_absolute_url())


def reset(member: User, *, site: str, language: str) -> None:
    """The link by which a member sets a new password. Its token is made here, so that it is kept nowhere else."""
    uid = urlsafe_base64_encode(force_bytes(member.pk))
    path = reverse("password_reset_confirm", args=[uid, default_token_generator.make_token(member)])
    send("reset", member.email, member, site=site, language=language, url=site + path)


def confirm_address(change: EmailChange, *, site: str, language: str) -> None:
    """To the new address of a member: the link that makes it theirs."""
    path = reverse("settings_email_confirm", args=[change.token])
    send("confirm_address", change.email, change.user, site=site, language=language, url=site + path)


def address_changed(change: EmailChange, *, site: str, language: str) -> None:
    """To the old address of a member: it is no longer theirs here."""
    send("address_changed", change.old_email, change.user, site=site, language=language, url=site + "/")


def leaving(departure: Departure, *, site: str, language: str) -> None:
    """To a member who wants to leave: when that happens, and how to stay."""
    member, url = departure.user, site + reverse("login")
    send("leaving", member.email, member, site=site, language=language, url=url, due_at=departure.due_at)


def send(
    name: str,
    to: str,
    member: User,
    *,
    site: str,
    language: str,
    attachments: Sequence[tuple[str, bytes, str]] = (),
    headers: Mapping[str, str] = MappingProxyType({}),
    **context: Any,
) -> None:
    """Send `templates/emails/<name>.*` to one address. Raise OSError when the mail server can't be reached or balks.

    ImproperlyConfigured when nobody knows the site's address (microblog.addresses.site_address).
    An attachment is a file's name, its bytes and its media type.

    An address that the server refuses for good is no reason to try again: it is logged, without the address.
    """
    if not site:
        raise ImproperlyConfigured(f"E-mail {name} is not sent: set SITE_URL, so that its links lead to this site.")
    context |= {"member": member, "site": site, "SITE_NAME": settings.SITE_NAME, "to": to}
    chosen = member.language if member.language in dict(settings.LANGUAGES) else language
    with translation.override(chosen):
        subject = " ".join(render_to_string(f"emails/{name}.subject.txt", context).split())
        message = EmailMultiAlternatives(
            subject,
            render_to_string(f"emails/{name}.txt", context).strip() + "\n",
            to=[to],
            headers={"Auto-Submitted": "auto-generated", **headers},  # RFC 3834: no out-of-office answers
        )
        message.attach_alternative(render_to_string(f"emails/{name}.html", context), "text/html")
    for attachment in attachments:
        message.attach(*attachment)
    try:
        message.send()
    except SMTPRecipientsRefused as error:
        codes = sorted(code for code, _reason in error.recipients.values())
        if codes[0] < 500:
            raise RefusedForNowError(f"the mail server refuses the address for now: {codes}") from None
        logger.warning("E-mail %s to member %d is refused for good: %s", name, member.pk, codes)
