"""Detect."""


def detect(body: str) -> str:
    return "und"
