"""Run a hot statement of our own: prepared once a connection on PostgreSQL, plain everywhere else."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, InterfaceError, NotSupportedError, OperationalError, connections


def fetch(name: str, sql: str, params: dict[str, tuple[str, Any]]) -> list[tuple]:
    """Rows of `sql`, in which `{name}` stands for a parameter.

    `params` maps each name to its PostgreSQL type and its value. `name` is the statement's name on the server and
    stands for one text of `sql` for ever. As the statement may be sent twice, it only reads.
    """
    db: Any = connections[DEFAULT_DB_ALIAS]  # looked up once: each look costs a microsecond
    # Django would ask a connection that was kept since an earlier request whether it is alive, and then ask this: this
    # is question enough. `health_check_done` is Django's note of it for one request.
    untried = db.connection is not None and not db.health_check_done and not db.in_atomic_block
    try:
        rows = _fetch(db, name, sql, params)
    except (InterfaceError, OperationalError):
        if not untried or db.is_usable():
            raise
        db.close()
        rows = _fetch(db, name, sql, params)
    db.health_check_done = True
    return rows


def _fetch(db: Any, name: str, sql: str, params: dict[str, tuple[str, Any]]) -> list[tuple]:
    if db.vendor != "postgresql" or not settings.PREPARED_STATEMENTS:
        return _run(
            db, sql.format_map({key: f"%({key})s" for key in params}), {key: v for key, (_, v) in params.items()}
        )
    db.ensure_connection()
    try:
        return _execute(db, name, sql, params)
    except NotSupportedError:
        # A migration changed a column under us ("cached plan must not change result type"): prepare anew.
        if db.in_atomic_block:
            raise
        _run(db, f"DEALLOCATE {name}", None, rows=False)
        _prepared(db).discard(name)
        return _execute(db, name, sql, params)


def _execute(db: Any, name: str, sql: str, params: dict[str, tuple[str, Any]]) -> list[tuple]:
    if name not in _prepared(db):
        types = _listed(kind for kind, _ in params.values())
        numbered = sql.format_map({key: f"${n}" for n, key in enumerate(params, 1)})
        _run(db, f"PREPARE {name} {types} AS {numbered}".replace("%", "%%"), (), rows=False)
        _prepared(db).add(name)
    marks = _listed("%s" for _ in params)
    return _run(db, f"EXECUTE {name} {marks}", [value for _, value in params.values()])


def _listed(parts: Iterable[str]) -> str:
    """In brackets, which may not be empty."""
    text = ", ".join(parts)
    return f"({text})" if text else ""


def _prepared(db: Any) -> set[str]:
    """The names prepared on this very connection to the server: a new one begins with none."""
    kept = getattr(db, "_prepared_statements", None)
    if kept is None or kept[0] is not db.connection:
        # Planned once and for all: left to itself the server plans some of them each time, which takes 1 to 2 ms.
        with db.connection.cursor() as cursor:
            cursor.execute("SET plan_cache_mode = force_generic_plan")
        kept = (db.connection, set())
        db._prepared_statements = kept  # ours, and gone with the connection
    return kept[1]


def _run(db: Any, sql: str, params: Any, *, rows: bool = True) -> list[tuple]:
    with _cursor(db) as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall() if rows else []


@contextmanager
def _cursor(db: Any) -> Iterator[Any]:
    """PostgreSQL's own cursor, without Django's around it, which is half of what a small statement costs.

    Django's where somebody watches the statements: with DEBUG, in tests that count them.
    """
    if db.vendor != "postgresql" or db.queries_logged or db.execute_wrappers:
        with db.cursor() as cursor:
            yield cursor
        return
    db.ensure_connection()
    db.validate_thread_sharing()
    db.validate_no_broken_transaction()
    with db.wrap_database_errors, db.connection.cursor() as cursor:
        yield cursor
