from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BlogConfig(AppConfig):
    name = "blog"
    verbose_name = _("Posts")

    def ready(self) -> None:
        from accounts.signals import blocked
        from blog import (
            checks,  # noqa: F401 - registers them
            receivers,
        )

        blocked.connect(receivers.forget_each_other)
