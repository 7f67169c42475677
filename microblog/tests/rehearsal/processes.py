"""Processes of ours, each with a group of its own and all that it writes in a file."""

import inspect
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType


class Process:
    """A command that runs meanwhile: `with Process([...], cwd=…, env=…, log=…) as process`. Its group ends with it."""

    def __init__(self, command: list[str], *, cwd: Path, env: dict[str, str], log: Path) -> None:
        self.log = log
        with log.open("wb") as output:
            self.popen = subprocess.Popen(
                command,
                cwd=cwd,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.pid = self.popen.pid

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, where: TracebackType | None) -> None:
        self.signal_group(signal.SIGKILL)
        self.popen.wait()

    @property
    def output(self) -> str:
        return self.log.read_text(errors="replace")

    @property
    def running(self) -> bool:
        return self.popen.poll() is None

    def signal_group(self, number: signal.Signals) -> None:
        """To every process of the group, as Heroku does."""
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            return

    def group(self) -> list[int]:
        """The ids of the processes in the group that are not dead."""
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                state, _parent, group = stat.read_text().rpartition(")")[2].split()[:3]
            except OSError:
                continue
            if int(group) == self.pid and state != "Z":
                found.append(int(stat.parent.name))
        return sorted(found)

    def wait(self, seconds: float) -> int:
        """Its exit code; TimeoutExpired if it does not end."""
        return self.popen.wait(seconds)

    def wait_for(self, text: str, seconds: float = 30) -> None:
        """Go on when it has written `text`."""
        until = time.monotonic() + seconds
        over = False
        while text not in self.output:
            if over:
                raise AssertionError(f"{text!r} was not written:\n{self.output[-3000:]}")
            time.sleep(0.05)
            over = not self.running or time.monotonic() > until  # what it wrote last is still read


def wait_until(what: Callable[[], object], seconds: float = 30) -> None:
    """Go on when the function `what` returns something true."""
    until = time.monotonic() + seconds
    while not what():
        if time.monotonic() > until:
            raise AssertionError(f"This stayed false for {seconds} s: {inspect.getsource(what).strip()}")
        time.sleep(0.05)


def proportional_memory(pid: int) -> int:
    """The process's part of memory (PSS) in bytes: what is shared is divided among those who share it."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no Pss in smaps_rollup")
