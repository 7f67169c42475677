"""Run a hot statement of our own: prepared once a connection on PostgreSQL, plain everywhere else."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import NotSupportedError, connection


def fetch(name: str, sql: str, params: dict[str, tuple[str, Any]]) -> list[tuple]:
    """Rows of `sql`, in which `{name}` stands for a parameter.

    `params` maps each name to its PostgreSQL type and its value. `name` is the statement's name on the server and
    stands for one text of `sql` for ever.
    """
    if connection.vendor != "postgresql" or not settings.PREPARED_STATEMENTS:
        return _run(sql.format_map({key: f"%({key})s" for key in params}), {key: v for key, (_, v) in params.items()})
    connection.ensure_connection()
    try:
        return _execute(name, sql, params)
    except NotSupportedError:
        # A migration changed a column under us ("cached plan must not change result type"): prepare anew.
        if connection.in_atomic_block:
            raise
        _run(f"DEALLOCATE {name}", None, rows=False)
        _prepared().discard(name)
        return _execute(name, sql, params)


def _execute(name: str, sql: str, params: dict[str, tuple[str, Any]]) -> list[tuple]:
    if name not in _prepared():
        types = _listed(kind for kind, _ in params.values())
        numbered = sql.format_map({key: f"${n}" for n, key in enumerate(params, 1)})
        _run(f"PREPARE {name} {types} AS {numbered}".replace("%", "%%"), (), rows=False)
        _prepared().add(name)
    marks = _listed("%s" for _ in params)
    return _run(f"EXECUTE {name} {marks}", [value for _, value in params.values()])


def _listed(parts: Iterable[str]) -> str:
    """In brackets, which may not be empty."""
    text = ", ".join(parts)
    return f"({text})" if text else ""


def _prepared() -> set[str]:
    """The names prepared on this very connection to the server: a new one begins with none."""
    kept = getattr(connection, "_prepared_statements", None)
    if kept is None or kept[0] is not connection.connection:
        # Planned once and for all: left to itself the server plans some of them each time, which takes 1 to 2 ms.
        with connection.connection.cursor() as cursor:
            cursor.execute("SET plan_cache_mode = force_generic_plan")
        kept = (connection.connection, set())
        connection._prepared_statements = kept  # type: ignore[attr-defined] # ours, and gone with the connection
    return kept[1]


def _run(sql: str, params: Any, *, rows: bool = True) -> list[tuple]:
    with _cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall() if rows else []


@contextmanager
def _cursor() -> Iterator[Any]:
    """PostgreSQL's own cursor, without Django's around it, which is half of what a small statement costs.

    Django's where somebody watches the statements: with DEBUG, in tests that count them.
    """
    if connection.vendor != "postgresql" or connection.queries_logged or connection.execute_wrappers:
        with connection.cursor() as cursor:
            yield cursor
        return
    connection.ensure_connection()
    connection.validate_thread_sharing()
    connection.validate_no_broken_transaction()
    with connection.wrap_database_errors, connection.connection.cursor() as cursor:
        yield cursor
