"""How people are shown in templates."""

from typing import Any

from django import template

from accounts import avatars
from microblog.templatetags.kept import Values, live_tag

register = template.Library()
register.simple_tag(avatars.avatar, name="avatar")


@live_tag(register)
def here_if_me(request: Any, values: Values) -> str:
    """Mark a link to the reader's own profile where the page is just that."""
    person = values.get("person")
    return ' aria-current="page"' if person is not None and person == getattr(request, "user", None) else ""
