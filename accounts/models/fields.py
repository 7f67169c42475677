"""A column that follows another one."""

from collections.abc import Callable
from typing import Any

from django.db import models


class FoldedField(models.CharField):
    """The folded form of another field, kept in step whenever the row is saved (`bulk_create` included).

    A function index can't do this: SQLite's LOWER knows ASCII only, and PostgreSQL's depends on the collation.
    """

    def __init__(self, *args: Any, source: str = "", fold: Callable[[str], str] | None = None, **kwargs: Any) -> None:
        self.source, self.fold = source, fold
        kwargs.setdefault("editable", False)
        super().__init__(*args, **kwargs)

    def pre_save(self, instance: models.Model, add: bool) -> str:
        value = self.fold(getattr(instance, self.source)) if self.fold else getattr(instance, self.attname)
        setattr(instance, self.attname, value)
        return value
