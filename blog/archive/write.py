"""Write a member's archive: a zip in a stream, so that it takes as little memory for 200,000 posts as for one."""

import csv
import io
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from django.utils import timezone

from accounts.models import User
from blog.archive import pages
from blog.archive.sections import BATCH, SECTIONS, Section, plain
from blog.models import Job, Post
from blog.models.job import CHUNK_SIZE

FORMAT = "microblog-archive"
POSTS_JSON = "posts.json"  # as the Flask Microblog mails it
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # Source: https://owasp.org/www-community/attacks/CSV_Injection
NOTE_EVERY = 0.5  # seconds
encode = json.JSONEncoder(ensure_ascii=False).encode


class Sink(io.RawIOBase):
    """Takes what the zip writes, and keeps it as chunks of the job."""

    def __init__(self, job: Job) -> None:
        self.job, self.buffer, self.chunks, self.size = job, bytearray(), 0, 0

    def writable(self) -> bool:
        return True

    def write(self, body: Any) -> int:
        self.buffer += body
        self.size += len(body)
        while len(self.buffer) >= CHUNK_SIZE:
            self._keep(CHUNK_SIZE)
        return len(body)

    def end(self) -> None:
        if self.buffer:
            self._keep(len(self.buffer))

    def _keep(self, size: int) -> None:
        self.job.add(self.chunks, bytes(self.buffer[:size]))
        self.chunks += 1
        del self.buffer[:size]


class Archive:
    """The zip under way. Each row written moves the job."""

    def __init__(self, job: Job, member: User, site: str, sink: Sink) -> None:
        self.job, self.member, self.site, self.written = job, member, site, 0
        self.noted_at = time.monotonic()
        self.zip = ZipFile(sink, "w", ZIP_DEFLATED)  # type: ignore[type-var]
        self.now = timezone.now()

    @contextmanager
    def file(self, name: str) -> Iterator[io.TextIOWrapper]:
        """A text file inside."""
        entry = ZipInfo(name, self.now.timetuple()[:6])
        entry.compress_type, entry.external_attr = ZIP_DEFLATED, 0o644 << 16
        with self.zip.open(entry, "w") as raw, io.TextIOWrapper(raw, "utf-8", newline="") as text:  # type: ignore[arg-type]
            yield text

    def rows(self, section: Section) -> Iterator[list]:
        """The rows of a section, each counted as it is written."""
        for row in section.rows(self.member, self.site):
            yield row
            self.written += 1
            if self.written % BATCH == 0 or time.monotonic() - self.noted_at >= NOTE_EVERY:
                self.note()

    def note(self) -> None:
        self.job.note(done=min(self.written, self.job.total))
        self.noted_at = time.monotonic()

    def jsonl(self, section: Section) -> None:
        names = [column.name for column in section.columns]
        with self.file(f"data/{section.name}.jsonl") as out:
            for row in self.rows(section):
                out.write(encode(dict(zip(names, row, strict=True))) + "\n")

    def csv(self, section: Section) -> None:
        with self.file(f"data/{section.name}.csv") as out:
            out.write("\ufeff")  # or a spreadsheet takes it for Latin-1
            table = csv.writer(out)
            table.writerow([column.name for column in section.columns])
            for row in self.rows(section):
                table.writerow([harmless(value) for value in row])

    def html(self, section: Section) -> None:
        for name, parts in pages.pages(section, self.rows(section)):
            with self.file(name) as out:
                out.writelines(parts)

    def posts_json(self, section: Section) -> None:
        """{"posts": [{"body", "timestamp"}]}, oldest first, as the Flask Microblog has it."""
        when, text = ([column.name for column in section.columns].index(name) for name in ("time", "text"))
        with self.file(POSTS_JSON) as out:
            out.write('{"posts": [')
            between = "\n"
            for row in self.rows(section):
                if row[text]:  # a repost has none
                    out.write(between + encode({"body": row[text], "timestamp": row[when]}))
                    between = ",\n"
            out.write("\n]}\n")


def harmless(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def write(job: Job, *, site: str, sections: list[Section] = SECTIONS) -> dict[str, int]:
    """Write everything of the job's owner into its chunks. Return what the page tells of it."""
    member = job.owner
    counts = {section.name: section.count(member) for section in sections}
    job.note(total=3 * sum(counts.values()) + counts.get("posts", 0), done=0)
    job.clear()
    sink = Sink(job)
    archive = Archive(job, member, site, sink)
    try:
        _fill(archive, counts, sections)
        archive.zip.close()
    except BaseException:
        archive.zip.fp = None  # or it would try to write its end when it is collected
        raise
    sink.end()
    return {"size": sink.size, "posts": Post.objects.by(member).originals().count()}


def _fill(archive: Archive, counts: dict[str, int], sections: list[Section]) -> None:
    with archive.file("archive.json") as out:
        facts = {"format": FORMAT, "version": 1, "site": archive.site, "username": archive.member.username}
        json.dump({**facts, "made_at": plain(archive.now), "rows": counts}, out, ensure_ascii=False, indent=1)
        out.write("\n")
    with archive.file("index.html") as out:
        out.writelines(pages.index(archive.member, plain(archive.now)[:10], counts, sections))
    for section in sections:
        for form in (archive.jsonl, archive.csv, archive.html):
            form(section)
        if section.query(archive.member).model is Post:
            archive.posts_json(section)
    archive.note()
