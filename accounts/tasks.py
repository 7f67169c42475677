"""E-mails on their way through the queue, which holds keys of rows only: no address, no token."""

from accounts import emails
from accounts.models import Departure, EmailChange, User
from microblog.retry import retried, task

SOMEBODY_WAITS = 50  # priority: before exports, imports and what is nice to know


@task
@retried(OSError)
def send_welcome(member_pk: int, site: str, language: str) -> None:
    if member := User.objects.active().exclude(email="").filter(pk=member_pk).first():
        emails.welcome(member, site=site, language=language)


@task(priority=SOMEBODY_WAITS)
@retried(OSError)
def send_reset(member_pk: int, site: str, language: str) -> None:
    """For nobody (0) too: then nothing is sent, and asking took as long."""
    if member := User.objects.active().exclude(email="").filter(pk=member_pk).first():
        emails.reset(member, site=site, language=language)


@task(priority=SOMEBODY_WAITS)
@retried(OSError)
def send_address_confirmation(change_pk: int, site: str, language: str) -> None:
    change = EmailChange.objects.select_related("user").filter(pk=change_pk).first()
    if change and change.is_open:
        emails.confirm_address(change, site=site, language=language)


@task
@retried(OSError)
def send_address_changed(change_pk: int, site: str, language: str) -> None:
    """Tell the old address, if there was one; after that nobody needs it any more."""
    if change := EmailChange.objects.select_related("user").filter(pk=change_pk).first():
        if change.old_email:
            emails.address_changed(change, site=site, language=language)
        change.delete()


@task
@retried(OSError)
def send_leaving(member_pk: int, site: str, language: str) -> None:
    """Tell who leaves until when they can come back; nothing if they did."""
    departure = Departure.objects.select_related("user").filter(user=member_pk).exclude(user__email="").first()
    if departure:
        emails.leaving(departure, site=site, language=language)
