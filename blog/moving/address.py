"""Where a database is: a path, or a URL as SQLAlchemy and Heroku spell it."""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

KINDS = {
    "sqlite": "sqlite",
    "sqlite3": "sqlite",
    "postgres": "postgresql",
    "postgresql": "postgresql",
    "pgsql": "postgresql",
    "mysql": "mysql",
    "mariadb": "mysql",
}


class SourceError(Exception):
    """The old database can't be read; the text says why, and holds no password."""


@dataclass(frozen=True)
class Address:
    """A database by its parts, percent-decoded. Its text and its repr don't show the password."""

    kind: str
    database: str
    host: str = ""
    port: int | None = None
    user: str = ""
    password: str = field(default="", repr=False)
    options: dict[str, str] = field(default_factory=dict, repr=False)

    def __str__(self) -> str:
        if self.kind == "sqlite":
            return self.database
        who = f"{self.user}@" if self.user else ""
        port = f":{self.port}" if self.port else ""
        return f"{self.kind}://{who}{self.host}{port}/{self.database}"

    def hide(self, message: object) -> str:
        """`message` without the password, should a driver have put it there."""
        return str(message).replace(self.password, "…") if self.password else str(message)


def parse(url: str) -> Address:
    """The address in `url`: a path, `sqlite:///…`, `postgres://…`, `postgresql+psycopg2://…`, `mysql+pymysql://…` …"""
    scheme, mark, rest = url.partition("://")
    if not mark:
        return Address("sqlite", url)
    kind = KINDS.get(scheme.partition("+")[0].lower())
    if kind is None:
        raise SourceError(f"{scheme}:// is not a database that can be read: use sqlite, postgresql or mysql.")
    if kind == "sqlite":
        return Address(kind, _path(rest))
    try:
        parts = urlsplit(f"//{rest}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        # Not from the exception: its text may hold half a password.
        raise SourceError(
            "The URL can't be read. Quote what is special in the password: %2F for /, %23 for #, %3F for ?."
        ) from None
    options = dict(parse_qsl(parts.query))
    database = unquote(parts.path.removeprefix("/"))
    return Address(kind, database, host, port, unquote(parts.username or ""), unquote(parts.password or ""), options)


def _path(rest: str) -> str:
    """`/relative.db` or `//absolute.db`, as SQLAlchemy has it. A name on disk may hold % and ? itself."""
    path = rest.removeprefix("/")
    return path if Path(path).exists() else unquote(path.partition("?")[0])
