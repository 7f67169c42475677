"""Read what somebody uploaded, as if an enemy had made it: nothing is unpacked to a disk, nothing is read whole."""

import io
import json
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import Any, TextIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from blog.models import Chunk, Job
from blog.models.job import CHUNK_SIZE

MEGABYTE = 1 << 20
LARGEST_TEXT = 300 * MEGABYTE  # of all files that are read from one archive, unpacked
LARGEST_DIRECTORY = 4 * MEGABYTE  # of a zip: some 50,000 files
LONGEST_ITEM = MEGABYTE  # characters of one post with all that belongs to it
LONGEST_HEAD = MEGABYTE  # characters before the first post
MOST_ITEMS = 1_000_000
HIGHEST_RATIO = 200  # of sizes unpacked and packed; text has 5 to 20, a bomb 1,000
PIECE = 64 * 1024
END_OF_DIRECTORY = struct.Struct("<4s4H2LH")  # Source: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
DAMAGED = BadZipFile, zlib.error, struct.error, EOFError, UnicodeDecodeError, NotImplementedError


class RefusedError(Exception):
    """The file can't be taken; `code` is a key of job.SENTENCES."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Upload(io.RawIOBase):
    """The chunks of a job as one file, of which one chunk at a time is in memory."""

    def __init__(self, job: Job) -> None:
        self.job, self.at, self.number, self.body = job, 0, -1, b""
        last = job.chunks.order_by("-number").first()
        self.size = last.number * CHUNK_SIZE + len(last.body) if last else 0

    def close(self) -> None:
        """There is nothing to close, and what reads through it is opened several times."""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self.at = max(0, offset + {io.SEEK_SET: 0, io.SEEK_CUR: self.at, io.SEEK_END: self.size}[whence])
        return self.at

    def readinto(self, buffer: Any) -> int:
        number, offset = divmod(self.at, CHUNK_SIZE)
        if number != self.number:
            body = Chunk.objects.filter(job=self.job, number=number).values_list("body", flat=True).first()
            self.number, self.body = number, bytes(body or b"")
        part = self.body[offset : offset + len(buffer)]
        buffer[: len(part)] = part
        self.at += len(part)
        return len(part)


@contextmanager
def refusing() -> Iterator[None]:
    """What goes wrong in a file that is broken is the file's fault, and no reason to try again."""
    try:
        yield
    except RecursionError:
        raise RefusedError("hostile") from None
    except DAMAGED as error:
        raise RefusedError("damaged") from error


def open_zip(file: Any, size: int) -> ZipFile:
    """A zip whose directory is small enough to be read, and whose names stay inside of it."""
    _check_directory(file, size)
    archive = ZipFile(file)
    for entry in archive.infolist():
        path = PurePosixPath(entry.filename)
        if path.is_absolute() or ".." in path.parts or "\\" in entry.filename:
            raise RefusedError("hostile")
    return archive


def _check_directory(file: Any, size: int) -> None:
    """Zipfile reads the whole directory at once, however large it says it is."""
    file.seek(max(0, size - 65_536 - END_OF_DIRECTORY.size))
    end = file.read()
    at = end.rfind(b"PK\5\6")
    if at < 0 or len(end) - at < END_OF_DIRECTORY.size:
        raise RefusedError("damaged")
    length = END_OF_DIRECTORY.unpack_from(end, at)[5]
    if length == 0xFFFFFFFF or b"PK\6\7" in end[max(0, at - 20) : at]:  # zip64: 4 GB and more
        raise RefusedError("too_large")
    if length > LARGEST_DIRECTORY:
        raise RefusedError("hostile")
    file.seek(0)


def check_entries(entries: list[ZipInfo]) -> None:
    """Refuse what would unpack into far more than it is."""
    if sum(entry.file_size for entry in entries) > LARGEST_TEXT:
        raise RefusedError("too_large")
    for entry in entries:
        if entry.flag_bits & 1 or entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            raise RefusedError("damaged")
        if entry.file_size > max(MEGABYTE, HIGHEST_RATIO * entry.compress_size):
            raise RefusedError("hostile")


def items(text: TextIO, after: str = "") -> Iterator[Any]:
    """The values of the first array behind the words `after`, one at a time."""
    buffer = _find_array(text, after)
    at, decoder = 0, json.JSONDecoder()
    for _number in range(MOST_ITEMS):
        buffer, at, value = _next(text, buffer, at, decoder)
        if value is None:
            return
        yield value
    raise RefusedError("too_large")


def _find_array(text: TextIO, after: str) -> str:
    buffer = ""
    while len(buffer) < LONGEST_HEAD:
        piece = text.read(PIECE)
        buffer += piece
        found = buffer.find(after)
        start = buffer.find("[", found + len(after)) if found >= 0 else -1
        if start >= 0:
            return buffer[start + 1 :]
        if not piece:
            break
    raise RefusedError("not_an_archive")


def _next(text: TextIO, buffer: str, at: int, decoder: json.JSONDecoder) -> tuple[str, int, Any]:
    """The rest of the buffer, the place in it, and the next value; None behind the last one."""
    while True:
        while at < len(buffer) and buffer[at] in " \t\r\n,":
            at += 1
        if buffer[at : at + 1] == "]":
            return buffer, at, None
        try:
            if buffer[at : at + 1] != "{" and at < len(buffer):
                raise RefusedError("not_an_archive")
            value, at = decoder.raw_decode(buffer, at)
            return buffer, at, value
        except ValueError:  # it goes on in the next piece
            buffer, at = buffer[at:], 0
            piece = text.read(PIECE)
            if not piece or len(buffer) > LONGEST_ITEM:
                raise RefusedError("damaged") from None
            buffer += piece


def lines(text: TextIO) -> Iterator[Any]:
    """The values of JSON Lines."""
    for _number in range(MOST_ITEMS):
        line = text.readline(LONGEST_ITEM)
        if not line:
            return
        try:
            value = json.loads(line)
        except ValueError:
            raise RefusedError("damaged") from None
        if not isinstance(value, dict):
            raise RefusedError("damaged")
        yield value
    raise RefusedError("too_large")
