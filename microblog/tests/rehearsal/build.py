"""The build: what Heroku's Python buildpack does with a push, and the slug that comes of it."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

from microblog.tests.rehearsal.report import StepError, expect

MANAGERS = "requirements.txt", "Pipfile", "poetry.lock", "uv.lock"
RUNTIME = re.compile(r"python-3\.\d+(\.\d+)?\s*")
# Where the buildpack puts the interpreter, inside the slug.
PYTHON = ".heroku/python"


class Build:
    """One build of what git tracks in `source`, in the directory `app`, and its slug."""

    def __init__(self, source: Path, app: Path, kept: Path) -> None:
        self.source = source
        self.app = app
        self.kept = kept  # installed packages, by what was asked for
        self.installed = kept  # known once they are
        self.slug = app.parent / "slug.tar"
        # The build's environment: no config var, no add-on.
        self.env = {"PATH": f"{app / PYTHON / 'bin'}:{os.environ['PATH']}", "HOME": str(app), "LANG": "C.UTF-8"}

    def take(self) -> None:
        """Copy what git tracks, but not what .slugignore names."""
        shutil.rmtree(self.app, ignore_errors=True)
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=self.source, capture_output=True, check=True).stdout
        ignored = [line.strip() for line in self._lines(".slugignore") if line.strip() and line[0] != "#"]
        names = [name for name in listed.decode().split("\0") if name and (self.source / name).is_file()]
        taken = [name for name in names if not any(_matches(name, pattern) for pattern in ignored)]
        for name in taken:
            (self.app / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(self.source / name, self.app / name)

    def look(self) -> None:
        """What the buildpack and the platform look at before anything runs."""
        found = [name for name in MANAGERS if (self.app / name).exists()]
        expect(found == ["requirements.txt"], f"the buildpack wants exactly one package manager, found {found}")
        runtime = "".join(self._lines("runtime.txt", self.app))
        expect(RUNTIME.fullmatch(runtime), f"runtime.txt is {runtime!r}, not python-3.N")
        types = {line.partition(":")[0] for line in self._lines("Procfile", self.app)}
        expect({"release", "web", "worker"} <= types, f"Procfile names {sorted(types)}")
        json.loads((self.app / "app.json").read_text())

    def install(self) -> None:
        """Install the packages, or take those of an earlier build that asked for the same."""
        asked = (self.app / "requirements.txt").read_bytes() + sys.version.encode() + str(self.app).encode()
        self.installed = self.kept / hashlib.sha256(asked).hexdigest()[:16]
        if self.installed.exists():
            self.link_packages()
            return
        home = self.app / PYTHON
        self.run(sys.executable, "-m", "venv", str(home))
        # The caller's own environment: its mirror and its cache of wheels are not what is rehearsed.
        pip = [str(home / "bin" / "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        self.run(*pip, "-r", "requirements.txt", env=dict(os.environ))
        self.kept.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-al", str(home), str(self.installed)], check=True)

    def link_packages(self) -> None:
        """Put the installed packages into the directory, as hard links: nobody writes to these 20,000 files."""
        home = self.app / PYTHON
        home.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-al", str(self.installed), str(home)], check=True)

    def collect(self) -> None:
        self.run("python", "manage.py", "collectstatic", "--noinput", "-v0")

    def post_compile(self) -> None:
        """The project's own hook, if it has one; the buildpack says nothing if it has none."""
        if (self.app / "bin" / "post_compile").exists():
            self.run("bash", "bin/post_compile")

    def import_everything(self) -> None:
        """Import all that serving imports, with no database: whoever asks one gets SQLite here, and leaves a file."""
        try:
            self.run("python", "manage.py", "check")
        finally:
            asked = [path.name for path in self.app.glob("*.sqlite3*")]
            expect(not asked, f"the database was asked while modules were imported ({', '.join(asked)} is there)")

    def check_static_names(self) -> None:
        """Every file that a template names is in the manifest."""
        known = json.loads((self.app / "staticfiles" / "staticfiles.json").read_text())["paths"]
        named = re.compile(r"""{%\s*static\s+["']([^"']+)["']""")
        templates = [path for path in self.app.rglob("templates/**/*.*") if PYTHON not in str(path) and path.is_file()]
        found = {(name, path.relative_to(self.app)) for path in templates for name in named.findall(path.read_text())}
        missing = sorted(f"{name} in {path}" for name, path in found if name not in known)
        expect(not missing, f"templates name static files that are not there: {', '.join(missing)}")

    def pack(self) -> None:
        """Make the slug and delete the build directory. The packages are linked in again by `unpack`."""
        subprocess.run(["tar", "-cf", str(self.slug), f"--exclude=./{PYTHON}", "-C", str(self.app), "."], check=True)
        shutil.rmtree(self.app)

    def unpack(self) -> None:
        """Make the directory anew from the slug."""
        shutil.rmtree(self.app, ignore_errors=True)
        self.app.mkdir()
        subprocess.run(["tar", "-xf", str(self.slug), "-C", str(self.app)], check=True)
        self.link_packages()

    def run(self, *command: str, env: dict[str, str] | None = None) -> str:
        """What a command of the build prints; StepError if it fails."""
        done = subprocess.run(command, cwd=self.app, env=env or self.env, capture_output=True, text=True)
        if done.returncode:
            raise StepError(f"{' '.join(command[:3])} … ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def _lines(self, name: str, folder: Path | None = None) -> list[str]:
        path = (folder or self.source) / name
        return path.read_text().splitlines() if path.exists() else []


def _matches(name: str, pattern: str) -> bool:
    """Whether .slugignore's `pattern` takes a file out: like .gitignore's, without exceptions."""
    anchored, pattern = pattern.startswith("/"), pattern.strip("/")
    parts = name.split("/")
    whole = any(fnmatch("/".join(parts[:end]), pattern) for end in range(1, len(parts) + 1))
    return whole or (not anchored and "/" not in pattern and any(fnmatch(part, pattern) for part in parts))
