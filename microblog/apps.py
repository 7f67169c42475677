from importlib import import_module

from django.apps import AppConfig
from django.contrib.admin.apps import SimpleAdminConfig


class MicroblogConfig(AppConfig):
    name = "microblog"
    default = True

    def ready(self) -> None:
        from microblog import checks  # noqa: F401 - registers them


class AdminConfig(SimpleAdminConfig):
    """Django's administration, with our site and our models only: whatever is in it has been looked at."""

    default = False
    default_site = "microblog.admin.AdminSite"

    def ready(self) -> None:
        super().ready()
        for name in ("microblog", "accounts", "blog"):
            import_module(f"{name}.admin")
