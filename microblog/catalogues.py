"""Message catalogues: what is wrong with a .po file, what it compiles to, and whether that was done.

A compiled catalogue ends in a stamp, the hash of the source that it was made from, which readers of .mo files never
reach. It tells what is up to date where times of files mean nothing: a slug is unpacked, a checkout is fresh.
"""

import hashlib
import os
import re
import string
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import polib
from django.conf import settings

STAMP = b"\nmade from the source with sha256 "
PERCENT = re.compile(r"%(?:\((?P<name>[^()]*)\))?[#0 +-]*(?:\d+|\*)?(?:\.(?:\d+|\*))?[hlL]?(?P<kind>[a-zA-Z%])?")
LINE = re.compile(r'\s*(#.*|(msgctxt|msgid|msgid_plural|msgstr(\[\d+\])?)?\s*"([^"\\]|\\.)*")?\s*')
# What takes the same values is one kind, as msgfmt sees it.
KINDS = {**dict.fromkeys("diouxX", "d"), **dict.fromkeys("eEfFgG", "e"), **dict.fromkeys("sra", "s"), "c": "c"}
Placeholders = dict[str, str]  # what stands in braces or behind a percent sign, and its kind


class CatalogueError(Exception):
    """A catalogue that can't be compiled. Each fault names file and line."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))


def sources() -> list[Path]:
    """The .po files of this site, never those of a package."""
    return sorted(po for folder in settings.LOCALE_PATHS for po in Path(folder).glob("*/LC_MESSAGES/*.po"))


def short(path: Path) -> str:
    """The path as a reader of the log wants it."""
    return str(path.relative_to(settings.BASE_DIR) if path.is_relative_to(settings.BASE_DIR) else path)


def up_to_date(po: Path) -> bool:
    """Whether the compiled catalogue is there and was made from this very source."""
    mo = po.with_suffix(".mo")
    return mo.exists() and mo.read_bytes().endswith(_stamp(po))


def problems() -> list[str]:
    """What a process that serves pages should know: catalogues that are missing, or older than their source."""
    found = []
    for po in sources():
        if not po.with_suffix(".mo").exists():
            found.append(f"{short(po)} is not compiled")
        elif not up_to_date(po):
            found.append(f"{short(po.with_suffix('.mo'))} was not made from the source beside it")
    return found


def compile_one(po: Path, *, msgfmt: str | None) -> int:
    """Check `po` and write its .mo with the program `msgfmt`, or without it with polib. Return how many messages.

    Raises CatalogueError. The old .mo stays until the new one is whole.
    """
    catalogue = _parse(po)
    if found := faults(catalogue, short(po)):
        raise CatalogueError(found)
    catalogue.metadata.pop("POT-Creation-Date", None)  # msgfmt leaves it out, so that builds can be compared
    data = _run_msgfmt(msgfmt, po) if msgfmt else catalogue.to_binary()
    new = po.with_suffix(f".{os.getpid()}.new")  # two may compile at once
    new.write_bytes(data + _stamp(po))
    new.replace(po.with_suffix(".mo"))
    return len(catalogue.translated_entries())


def _stamp(po: Path) -> bytes:
    return STAMP + hashlib.sha256(po.read_bytes()).hexdigest().encode()


def _run_msgfmt(msgfmt: str, po: Path) -> bytes:
    done = subprocess.run(  # noqa: S603 - no shell, and the path is one of our own
        [msgfmt, "--check-format", "--output-file=-", str(po)], capture_output=True, check=False
    )
    if done.returncode:
        raise CatalogueError(done.stderr.decode(errors="replace").replace(str(po), short(po)).strip().splitlines())
    return done.stdout


def _parse(po: Path) -> polib.POFile:
    content = po.read_bytes()
    if content.startswith(b"\xef\xbb\xbf"):
        raise CatalogueError([f"{short(po)}:1: begins with a byte order mark"])
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        number = content.count(b"\n", 0, error.start) + 1
        raise CatalogueError([f"{short(po)}:{number}: is not UTF-8"]) from None
    for number, line in enumerate(text.split("\n"), 1):
        if not LINE.fullmatch(line):  # polib lets a string pass that is not closed
            raise CatalogueError([f"{short(po)}:{number}: neither a comment nor a keyword with a whole string"])
    try:
        return polib.pofile(str(po), encoding="utf-8")
    except OSError as error:  # polib's way to say that the syntax is wrong: "… po file NAME (line 12): why"
        _before, where, why = re.split(r"\(line (\d+)\):?", str(error), maxsplit=1)
        raise CatalogueError([f"{short(po)}:{where}: {why.strip() or 'syntax error'}"]) from None


def faults(catalogue: polib.POFile, name: str) -> list[str]:
    """What msgfmt --check-format would refuse, as far as it matters to Django. Each fault names file and line."""
    found = []
    if "charset=utf-8" not in catalogue.metadata.get("Content-Type", "").lower():
        found.append(f"{name}:1: the header names no Content-Type with charset=UTF-8")
    seen: dict[tuple, int] = {}
    for entry in catalogue:
        if entry.obsolete:
            continue
        first = seen.setdefault((entry.msgctxt, entry.msgid), entry.linenum)
        if first != entry.linenum:
            found.append(f"{name}:{entry.linenum}: the same message as in line {first}")
        if not entry.fuzzy:
            found += [f"{name}:{entry.linenum}: {fault}" for fault in _faults_of(entry)]
    return found


def _faults_of(entry: polib.POEntry) -> Iterator[str]:
    """Empty plural forms, and placeholders that the original does not have or that got lost."""
    forms = entry.msgstr_plural if entry.msgid_plural else {0: entry.msgstr}
    if not any(forms.values()):
        return
    for number, form in forms.items():
        if not form:
            yield f"plural form {number} is empty"
    for flag, placeholders in (("python-format", _percent), ("python-brace-format", _brace)):
        if flag in entry.flags:
            yield from _compare(entry, [form for form in forms.values() if form], placeholders)


def _compare(entry: polib.POEntry, forms: list[str], placeholders: Callable[[str], Placeholders]) -> Iterator[str]:
    try:
        wanted = placeholders(entry.msgid) | placeholders(entry.msgid_plural)
    except ValueError:  # the original is no format string, whatever its flag says
        return
    for form in forms:
        try:
            given = placeholders(form)
        except ValueError as error:
            yield f"{error} in “{form}”"
            continue
        for name, kind in given.items():
            if wanted.get(name) != kind:
                yield f"the placeholder {name} is not that of the original"
        # A plural form for one thing may leave the number out ("one like"); anything else must keep them all.
        for name in sorted(wanted.keys() - given.keys()):
            if not entry.msgid_plural:
                yield f"the placeholder {name} is missing"


def _percent(text: str) -> Placeholders:
    """The placeholders of %-formatting: name (or place) to kind, with kinds that take the same values made one."""
    found: Placeholders = {}
    for match in PERCENT.finditer(text):
        name, kind = match["name"], match["kind"]
        if kind == "%":
            continue
        if kind not in KINDS:
            raise ValueError(f"“{match[0]}” is no placeholder")
        found[f"%({name})" if name is not None else f"% number {len(found) + 1}"] = KINDS[kind]
    return found


def _brace(text: str) -> Placeholders:
    """The placeholders of str.format."""
    fields = (field for _text, field, _spec, _conversion in string.Formatter().parse(text) if field is not None)
    return {f"{{{field}}}": "" for field in fields}
