"""Static files as WhiteNoise serves them."""

from whitenoise.middleware import WhiteNoiseMiddleware


class StaticFilesMiddleware(WhiteNoiseMiddleware):
    """WhiteNoise, with a year for what never changes: RFC 9111 needs no more, and ten look like a mistake."""

    FOREVER = 365 * 24 * 60 * 60  # seconds
