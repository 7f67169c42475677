"""The log in a file, for machines whose console nobody keeps."""

import fcntl
import logging
import os
from logging.handlers import RotatingFileHandler
from pathlib import Path


class RotatingFile(RotatingFileHandler):
    """A rotating file that several processes write to: one rotates it at a time, the others notice."""

    def emit(self, record: logging.LogRecord) -> None:
        with Path(f"{self.baseFilename}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # until the lock is closed
            if self.stream and self._is_rotated(self.stream.fileno()):
                self.stream.close()
                self.stream = self._open()
            super().emit(record)

    def _is_rotated(self, descriptor: int) -> bool:
        try:
            return not os.path.samestat(Path(self.baseFilename).stat(), os.fstat(descriptor))
        except FileNotFoundError:
            return True


def rotating_file(path: Path) -> RotatingFile:
    """The Flask Microblog's log file: ten files of 10 KiB."""
    path.parent.mkdir(exist_ok=True)
    return RotatingFile(path, maxBytes=10240, backupCount=9, encoding="utf-8")
