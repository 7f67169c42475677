"""The session engine: session and member in one plain statement.

Building the query is what costs with the ORM, not running it, so the statement is written once, as text.
"""

from functools import cache
from typing import Any, cast

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import CreateError, UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db import IntegrityError, connection, router, transaction
from django.db.models.expressions import Col
from django.utils import timezone
from django.utils.functional import cached_property

from accounts.models import Session, User
from microblog import prepared

USER_FIELDS = User._meta.concrete_fields
READ = ["session_data", "expire_date", "used_at", "user_id"]
SESSION_FIELDS = sorted(
    (f for f in Session._meta.concrete_fields if f.attname in READ), key=lambda f: READ.index(f.attname)
)
COLUMNS = ", ".join([f"s.{f.column}" for f in SESSION_FIELDS] + [f"u.{f.column}" for f in USER_FIELDS])
# What others want to know of every member who comes, in the same statement: names, and SQL over the session `s`.
ALSO: dict[str, str] = {}


@cache
def _statement() -> str:
    columns = ", ".join([COLUMNS, *ALSO.values()])
    return f"""
        SELECT {columns} FROM accounts_session s LEFT JOIN accounts_user u ON u.id = s.user_id
         WHERE s.session_key = {{key}} AND s.expire_date > {{now}}
    """  # noqa: S608 - constants only


@cache
def _converters(vendor: str) -> dict:
    """What turns this database's plain values into Python's: nothing on PostgreSQL, times and flags on SQLite."""
    compiler = User.objects.all().query.get_compiler(connection=connection)
    columns = [Col("s", f) for f in SESSION_FIELDS] + [Col("u", f) for f in USER_FIELDS]
    return compiler.get_converters(columns)


class SessionStore(DatabaseStore):
    """A database session that knows its member, its device, and when it was used last."""

    def __init__(self, session_key: str | None = None, user_agent: str = "") -> None:
        super().__init__(session_key)
        self.user_agent = user_agent
        self.member: User | None = None  # whom the row names, loaded with it
        self.used_at = None
        self.also: dict[str, Any] = {}  # what ALSO asked for, as it was when the session was read

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def _validate_session_key(self, key: str | None) -> bool:
        return self.is_well_formed(key)

    @staticmethod
    def is_well_formed(key: str | None) -> bool:
        """Only what could be one of ours: a cookie may hold anything, even a NUL, which PostgreSQL refuses."""
        return key is not None and key.isascii() and key.isalnum() and 8 <= len(key) <= 40

    @cached_property
    def model(self) -> type[Session]:
        return Session

    def load(self) -> dict[str, Any]:
        now = connection.ops.adapt_datetimefield_value(timezone.now())
        rows = prepared.fetch(
            "member_session", _statement(), {"key": ("text", self.session_key), "now": ("timestamptz", now)}
        )
        if not rows:
            self._session_key = None
            return {}
        text, _expires, self.used_at, user_id, *values = _convert(rows[0], _converters(connection.vendor))
        if user_id is not None:
            self.member = User.from_db(connection.alias, [f.attname for f in USER_FIELDS], values[: len(USER_FIELDS)])
            self.also = dict(zip(ALSO, values[len(USER_FIELDS) :], strict=True))
        return self.decode(text)

    def save(self, must_create: bool = False) -> None:
        """Write the session; a row that was deleted meanwhile (signed out elsewhere) is not made again."""
        if self.session_key is None:
            self.create()
            return
        row = self.create_model_instance(self._get_session(no_load=must_create))  # type: ignore[attr-defined] # Django's own
        using = router.db_for_write(Session, instance=row)
        with transaction.atomic(using=using):
            if must_create:
                self._insert(row, using)
            elif not self._update(row):
                raise UpdateError

    def _insert(self, row: Session, using: str) -> None:
        try:
            row.save(force_insert=True, using=using)
        except IntegrityError as error:
            raise CreateError from error

    def _update(self, row: Session) -> int:
        return Session.objects.filter(pk=row.pk).update(
            session_data=row.session_data, expire_date=row.expire_date, user_id=row.user_id
        )

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        row = cast(Session, super().create_model_instance(data))
        user_id = data.get(SESSION_KEY)
        row.user_id = int(user_id) if user_id else None
        row.user_agent = self.user_agent[:300]
        return row


def _convert(values: tuple, converters: dict) -> list:
    row = list(values)
    for index, (functions, expression) in converters.items():
        for function in functions:
            row[index] = function(row[index], expression, connection)
    return row
