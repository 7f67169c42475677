"""Write to everybody who wants a digest and has had none for a day, or a week."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from blog.tasks import start_digests


class Command(BaseCommand):
    help = (
        "Put the e-mail digests that are due into the queue: to members who want one, once a day or once a week, of "
        "what they have not read. Run it as often as you like: nobody gets two. Interrupted, it goes on where it was "
        "when it is run again. The worker runs it once an hour, unless DIGESTS is 0."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.SITE_URL:
            raise CommandError("Set SITE_URL, as https://example.org: the links in the e-mails have to lead here.")
        queued = without = 0
        for more, none in start_digests(site=settings.SITE_URL):
            queued, without = queued + more, without + none
            if options["verbosity"] > 1:
                self.stderr.write(f"{queued + without} members …")
        self.stdout.write(f"Digests: {queued} are on their way, {without} members had nothing new.")
