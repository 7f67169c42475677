"""Print every variable of the environment that the site reads, as README shows them."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from microblog.env import Variable
from microblog.settings import env

BEGIN, END = "<!-- settings -->\n", "<!-- /settings -->"


def table(variables: list[Variable]) -> str:
    """The variables as a Markdown table."""
    lines = ["| Variable | Default | Meaning |", "|---|---|---|"]
    for variable in variables:
        default = f"`{variable.default}`" if variable.default else ""
        lines.append(f"| `{variable.name}` | {default} | {_cell(variable)} |")
    return "\n".join(lines) + "\n"


def _cell(variable: Variable) -> str:
    text = variable.meaning if variable.kind == "text" else f"{variable.meaning} ({variable.kind})"
    return text.replace("|", "\\|")


def lines(variables: list[Variable]) -> str:
    """The variables as text for a terminal, one paragraph each."""
    return "\n".join(f"{v.name} ({v.kind}; default: {v.default or 'empty'})\n    {v.meaning}" for v in variables) + "\n"


def between_markers(page: str) -> tuple[str, str, str]:
    """A page before, between and after the two markers."""
    before, begin, rest = page.partition(BEGIN)
    between, end, after = rest.partition(END)
    if not (begin and end):
        raise CommandError(f"There is no {BEGIN.strip()} … {END} in it.")
    return before + begin, between, end + after


class Command(BaseCommand):
    help = "Print every variable of the environment that the site reads, its default and its meaning."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--format", choices=["markdown", "text"], default="markdown")
        parser.add_argument("--write", metavar="FILE", help="Write the table between the markers of this file instead.")

    def handle(self, **options: Any) -> None:
        if options["write"]:
            page = Path(options["write"])
            before, _old, after = between_markers(page.read_text())
            page.write_text(before + table(env.variables) + after)
            return
        self.stdout.write((lines if options["format"] == "text" else table)(env.variables), ending="")
