"""Avatars that we draw: four tiles, each one of six plain shapes in one of two tones, made from the name alone."""

import hashlib
from functools import lru_cache
from urllib.parse import urlencode

from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from accounts.models import User

CORNERS = [(0, 0, 0), (12, 0, 90), (12, 12, 180), (0, 12, 270)]
SIZES = {"": 44, "small": 28, "large": 96}  # CSS pixels, by the class that site.css sizes


def avatar(user: User, size: str = "") -> SafeString:
    """The avatar of `user` as HTML, decorative: their name stands beside it."""
    if url := gravatar_of(user, 2 * SIZES[size]):
        return format_html(
            '<img class="avatar {}" src="{}" width="{s}" height="{s}" alt="" loading="lazy">',
            size,
            url,
            s=SIZES[size],
        )
    return mark_safe(f'<svg class="avatar {size}" viewBox="0 0 24 24" aria-hidden="true">{drawing(user)}</svg>')


def picture(user: User) -> str:
    """The avatar as an SVG file."""
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="256" height="256">{drawing(user)}</svg>'


def gravatar_of(user: User, pixels: int) -> str:
    """Where this person's picture is at Gravatar, if the site asks it and they chose nothing else; or ""."""
    asked = settings.AVATARS == "gravatar" and user.avatar in ("", User.Avatar.GRAVATAR) and user.email
    return gravatar(user.email, pixels) if asked else ""


def gravatar(email: str, pixels: int) -> str:
    """Where Gravatar has the picture. Source: https://docs.gravatar.com/api/avatars/images/"""
    digest = hashlib.sha256(email.strip().lower().encode()).hexdigest()
    return f"{settings.GRAVATAR_URL}/avatar/{digest}?{urlencode({'s': pixels, 'd': 'identicon'})}"


def drawing(user: User) -> str:
    letter = user.shown_name[:1].upper() if user.avatar == User.Avatar.LETTER else ""
    return _drawing(user.username_key, user.avatar_seed, letter)


@lru_cache(maxsize=2000)
def _drawing(name: str, seed: int, letter: str) -> str:
    h = hashlib.sha256(f"{name}{seed or ''}".encode()).digest()
    hue = h[0] * 360 // 256
    paper, dark, light = f"hsl({hue} 40% 92%)", f"hsl({hue} 45% 42%)", f"hsl({(hue + 35) % 360} 55% 68%)"
    if letter:
        return format_html(
            '<path d="M0 0h24v24H0z" fill="{}"/><text x="12" y="16.5" text-anchor="middle" font-size="13" '
            'font-weight="600" font-family="system-ui, sans-serif" fill="#fff">{}</text>',
            dark,
            letter,
        )
    tiles = [_tile(h, k, dark if h[5 + k] % 5 < 3 else light) for k in range(4)]
    return f'<path d="M0 0h24v24H0z" fill="{paper}"/>{"".join(tiles)}'


def _tile(h: bytes, k: int, tone: str) -> str:
    x, y = (k % 2) * 12, (k // 2) * 12
    dx, dy, turn = CORNERS[h[9 + k] % 4]
    place = f'transform="translate({x + dx} {y + dy}) rotate({turn})" fill="{tone}"'
    quarter = f'<path d="M0 0H12A12 12 0 0 1 0 12Z" {place}/>'
    return [
        quarter,
        quarter,
        f'<circle cx="{x + 6}" cy="{y + 6}" r="6" fill="{tone}"/>',
        f'<path d="M0 0H12L0 12Z" {place}/>',
        f'<path d="M{x} {y}h12v12h-12z" fill="{tone}"/>',
        f'<circle cx="{x + 6}" cy="{y + 6}" r="3" fill="{tone}"/>',
    ][h[1 + k] % 6]
