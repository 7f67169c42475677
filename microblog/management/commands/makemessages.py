"""Collect the strings of the code and the templates into locale/, in a way that leaves no diff when nothing changed.

Django's command, with the options that this project wants. Needs the gettext tools.
"""

import re
from contextlib import chdir
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.core.management.commands import makemessages
from django.utils.translation import to_language

IGNORED = ["node_modules", "staticfiles", "tests", "locale"]  # and what begins with a dot, as Django does
# They change with the day and the machine.
CHURN = re.compile(r'^"(POT-Creation-Date|PO-Revision-Date|Report-Msgid-Bugs-To): .*\n', re.MULTILINE)
# A new catalogue's; its plural forms come from Django's catalogue of that language.
HEADER = r"""msgid ""
msgstr ""
"Language: %s\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=UTF-8\n"
"Content-Transfer-Encoding: 8bit\n"

"""
FIXED = {
    "all": False,
    "domain": "django",
    "extensions": ["html", "txt", "py"],
    "symlinks": False,
    "use_default_ignore_patterns": True,
    "no_wrap": True,
    "no_location": False,
    "add_location": "file",  # without line numbers, which every change would move
    "no_obsolete": True,
    "keep_pot": False,
}


class BuildFile(makemessages.BuildFile):
    """Puts what xgettext reads of a template into a folder of its own, not beside the template."""

    @cached_property
    def work_path(self) -> str:
        if not self.is_templatized:
            return self.path
        path = Path(
            self.command.workroom,  # type: ignore[attr-defined] # our Command below
            f"{self.path}.py",
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        return str(path)

    def postprocess_messages(self, msgs: str) -> str:
        return msgs.replace(self.work_path, self.path.removeprefix("./")) if self.is_templatized else msgs


class Command(makemessages.Command):
    help = "Bring the catalogues in locale/ up to date with the code. New strings come without a translation."

    build_file_class = BuildFile
    # A guess at a translation looks like one; without guesses a new string is empty.
    msgmerge_options = [*makemessages.Command.msgmerge_options, "--no-fuzzy-matching"]

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("-l", "--locale", action="append", default=[], help="Only this locale; can be repeated.")
        parser.add_argument("-x", "--exclude", action="append", default=[], help="Not this locale; can be repeated.")

    def handle(self, *args: Any, locale: list[str], exclude: list[str], **options: Any) -> None:
        locales = locale or sorted(folder.parent.name for folder in self.folder.glob("*/LC_MESSAGES"))
        with TemporaryDirectory() as self.workroom, chdir(settings.BASE_DIR):
            super().handle(
                *args, **{**options, **FIXED, "ignore_patterns": IGNORED, "locale": locales, "exclude": exclude}
            )

    def find_files(self, root: str) -> list[makemessages.TranslatableFile]:
        self.locale_paths = [str(self.folder)]  # no other folder of that name, wherever the settings point
        return super().find_files(root)

    @property
    def folder(self) -> Path:
        return Path(settings.LOCALE_PATHS[0])

    def write_po_file(self, potfile: str, locale: str) -> None:
        po = self.folder / locale / "LC_MESSAGES" / "django.po"
        if not po.exists():
            po.parent.mkdir(parents=True, exist_ok=True)
            po.write_text(self.copy_plural_forms(HEADER % to_language(locale), locale), encoding="utf-8")
        super().write_po_file(potfile, locale)
        po.write_text(CHURN.sub("", po.read_text(encoding="utf-8")), encoding="utf-8")
