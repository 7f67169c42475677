"""Dynos: a fresh copy of the slug each, with the environment that Heroku makes, and gone with all they wrote."""

import json
import re
import secrets
import shutil
import subprocess
from pathlib import Path

from microblog.tests.rehearsal.build import PYTHON, Build
from microblog.tests.rehearsal.processes import Process
from microblog.tests.rehearsal.report import StepError

# What Heroku's run images lack of gettext; they have the programs of gettext-base.
GETTEXT = re.compile(r"(msg\w+|xgettext|recode-sr-latin|autopoint|gettextize)")
MAIL_PASSWORD = "a-pass-word-of-the-mail-server"
ASKED_FOR = {"EMAIL_URL": f"smtp://mailer:{MAIL_PASSWORD}@127.0.0.1:9"}  # what a person fills in; nobody listens there


def programs_without_gettext(folder: Path) -> Path:
    """A directory of links to the programs of this machine, but for the gettext tools."""
    folder.mkdir(parents=True, exist_ok=True)
    for place in ("/usr/local/bin", "/usr/bin", "/bin"):
        for program in Path(place).glob("*"):
            link = folder / program.name
            if not GETTEXT.fullmatch(program.name) and not link.is_symlink():
                link.symlink_to(program)
    return folder


def config_vars(app_json: Path, database_url: str) -> dict[str, str]:
    """The variables of a site that was made with the button of README."""
    config = {"DATABASE_URL": database_url}
    for name, entry in json.loads(app_json.read_text())["env"].items():
        if entry.get("generator") == "secret":
            config[name] = secrets.token_hex(64)
        elif "value" in entry:
            config[name] = entry["value"]
        elif entry.get("required", True):
            config[name] = ASKED_FOR[name]
    return config


class Dyno:
    """One copy of the slug. Each is unpacked at the same place, as /app is on Heroku, so one lives at a time."""

    def __init__(self, build: Build, programs: Path, config: dict[str, str]) -> None:
        build.unpack()
        self.app = build.app
        self.programs = programs
        self.config = config
        lines = (self.app / "Procfile").read_text().splitlines()
        self.procfile = dict(line.split(": ", 1) for line in lines if ": " in line)

    def env(self, name: str) -> dict[str, str]:
        """The environment of the process type `name`: what Heroku sets, .profile.d, and the config vars."""
        return {
            "PATH": f"{self.app / PYTHON / 'bin'}:{self.programs}",
            "HOME": str(self.app),
            "LANG": "C.UTF-8",
            "DYNO": f"{name}.1",
            "PYTHONPATH": str(self.app),
            "PYTHONUNBUFFERED": "true",
            "FORWARDED_ALLOW_IPS": "*",
            "GUNICORN_CMD_ARGS": "--access-logfile -",
            "WEB_CONCURRENCY": "2",
            **self.config,
        }

    def run(self, command: str, name: str = "run", **env: str) -> str:
        """What a command prints in a one-off dyno; StepError if it fails."""
        given = {**self.env(name), **env}
        done = subprocess.run(["bash", "-c", command], cwd=self.app, env=given, capture_output=True, text=True)
        if done.returncode:
            raise StepError(f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def start(self, name: str, log: Path, **env: str) -> Process:
        """Start a process type of the Procfile."""
        given = {**self.env(name), **env}
        return Process(["bash", "-c", f"exec {self.procfile[name]}"], cwd=self.app, env=given, log=log)

    def delete(self) -> None:
        shutil.rmtree(self.app)


def find_secrets(output: str, wanted: dict[str, str]) -> list[str]:
    """The names of secrets that stand in an output."""
    return sorted(name for name, value in wanted.items() if value and value in output)


def gettext_tools(path: str) -> list[str]:
    """The gettext tools that a PATH leads to."""
    return [name for name in ("msgfmt", "msgmerge", "xgettext") if shutil.which(name, path=path)]
