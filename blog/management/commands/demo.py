"""A small believable community in an empty database, so that every page has something to show."""

import secrets
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import User
from blog.demo import load, make

PASSWORD = "bread and bicycles"  # noqa: S105 - of people who are nobody, on a developer's machine


class Command(BaseCommand):
    help = (
        "Make the demo: forty people who follow one another, six hundred posts of the last weeks, and what people do "
        "with them: answers, likes, reposts, messages and notifications."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--force", action="store_true", help="make it beside the people whom the database has")
        parser.add_argument(
            "--password",
            default=PASSWORD if settings.DEBUG else "",
            help=f"everybody's password; without it “{PASSWORD}” with DEBUG, else one that nobody can know",
        )

        parser.add_argument("--whom", action="store_true", help="only say whom to sign in as, if the demo is here")

    def handle(self, *args: Any, force: bool, password: str, whom: bool, verbosity: int, **options: Any) -> str:
        if whom:
            member = User.objects.named(make.MEMBER).first()
            return sign_in_as(PASSWORD) if member and member.check_password(PASSWORD) else ""
        if User.objects.exists() and not force:
            raise CommandError(
                "The database has people already, so the demo was not made. "
                "With --force it is made beside them; an empty database suits it better."
            )
        password = password or secrets.token_urlsafe(9)
        try:
            made = make.make(timezone.now(), password)
        except load.DemoError as error:
            raise CommandError(f"The demo was not made: {error}.") from None
        if verbosity:
            self.stdout.write(self.style.SUCCESS("Made " + ", ".join(f"{n} {what}" for what, n in made.items()) + "."))
        return sign_in_as(password)


def sign_in_as(password: str) -> str:
    """The sentence for those who want to look around."""
    return (
        f"Sign in as {make.MEMBER}, as the moderator {make.MODERATOR} or as the administrator "
        f"{make.ADMINISTRATOR}; everybody's password is “{password}”."
    )
