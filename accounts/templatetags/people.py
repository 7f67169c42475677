"""How people are shown in templates."""

from django import template

from accounts import avatars

register = template.Library()
register.simple_tag(avatars.avatar, name="avatar")
