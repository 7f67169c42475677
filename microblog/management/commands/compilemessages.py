"""Compile this site's message catalogues, with or without the gettext tools.

Django's command wants msgfmt, which Heroku's run image lacks, and compiles the catalogues of every package below the
current directory. This one takes msgfmt where there is one and polib where there is none.
"""

import shutil
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.management.utils import is_ignored_path

from microblog import catalogues


class Command(BaseCommand):
    help = "Compile the message catalogues of this site (.po) to what it reads (.mo), where they changed."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("-l", "--locale", action="append", default=[], help="Only this locale; can be repeated.")
        parser.add_argument("-x", "--exclude", action="append", default=[], help="Not this locale; can be repeated.")
        parser.add_argument(
            "-i",
            "--ignore",
            action="append",
            default=[],
            metavar="PATTERN",
            dest="ignore_patterns",
            help="Leave out what matches this pattern. Packages are left out anyway; can be repeated.",
        )
        parser.add_argument("--force", action="store_true", help="Compile what is up to date, too.")
        parser.add_argument("--without-msgfmt", action="store_true", help="Use polib even where msgfmt is found.")

    def handle(self, **options: Any) -> None:
        msgfmt = None if options["without_msgfmt"] else shutil.which("msgfmt")
        wanted = [po for po in catalogues.sources() if self.is_wanted(po, options)]
        stale = [po for po in wanted if options["force"] or not catalogues.up_to_date(po)]
        broken = [fault for po in stale for fault in self.compile_one(po, msgfmt)]
        if broken:
            raise CommandError("\n".join(broken))
        self.stdout.write(f"Catalogues: {len(stale)} compiled, {len(wanted) - len(stale)} up to date.")

    def is_wanted(self, po: Path, options: dict[str, Any]) -> bool:
        locale = po.parent.parent.name
        if locale in options["exclude"] or (options["locale"] and locale not in options["locale"]):
            return False
        parts = [Path(catalogues.short(po)), *Path(catalogues.short(po)).parents]
        return not any(is_ignored_path(part, options["ignore_patterns"]) for part in parts)

    def compile_one(self, po: Path, msgfmt: str | None) -> list[str]:
        """Compile one, say so, and return its faults."""
        try:
            messages = catalogues.compile_one(po, msgfmt=msgfmt)
        except catalogues.CatalogueError as error:
            return str(error).splitlines()
        except OSError as error:
            return [f"{catalogues.short(po)}: can't be compiled: {error.strerror}"]
        tool = "msgfmt" if msgfmt else "polib"
        self.stdout.write(f"Compiled {catalogues.short(po)} with {tool}: {messages} messages.")
        return []
