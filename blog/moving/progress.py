"""A line that says how far it is: redrawn on a terminal, a new one now and then anywhere else."""

import time

from django.core.management.base import OutputWrapper

REDRAW, NEW_LINE = 0.2, 10  # seconds


class Progress:
    def __init__(self, stream: OutputWrapper) -> None:
        self.stream = stream
        self.redraws = stream.isatty()
        self.what, self.total, self.done, self.began, self.shown = "", 0, 0, 0.0, 0.0

    def start(self, what: str, total: int) -> None:
        self.what, self.total, self.done = what, total, 0
        self.began = self.shown = time.monotonic()

    def step(self, rows: int) -> None:
        self.done += rows
        if time.monotonic() - self.shown >= (REDRAW if self.redraws else NEW_LINE):
            self._show()

    def end(self) -> None:
        self._show()
        if self.redraws:
            self._write("\n")

    def _show(self) -> None:
        self.shown = time.monotonic()
        rate = self.done / max(self.shown - self.began, 0.001)
        share = f" ({100 * self.done // self.total} %)" if self.total else ""
        line = f"{self.what}: {self.done:,} of {self.total:,}{share}, {rate:,.0f} a second"
        self._write(f"\r\033[K{line}" if self.redraws else f"{line}\n")

    def _write(self, text: str) -> None:
        self.stream.write(text, style_func=str, ending="")  # otherwise red, and a line each
        self.stream.flush()
