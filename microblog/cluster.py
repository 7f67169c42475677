"""The address of an Elasticsearch, as people and add-ons give it."""

from typing import Any
from urllib.parse import unquote, urlsplit

PORTS = {"http": 80, "https": 443}
PATIENCE = 1.8  # seconds that anybody waits for the cluster: with the page around it, two


def cluster_of(url: str) -> dict[str, Any]:
    """Arguments of Elasticsearch's client for an address; {} for what is none.

    User and password may be in it, with reserved characters quoted; without a port it is the scheme's own.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return {}
    if parts.scheme not in PORTS or not parts.hostname:
        return {}
    host = {"scheme": parts.scheme, "host": parts.hostname, "port": port or PORTS[parts.scheme]}
    if path := parts.path.rstrip("/"):
        host["path_prefix"] = path
    arguments = {"hosts": [host], "request_timeout": PATIENCE, "max_retries": 0, "retry_on_timeout": False}
    if parts.username:
        # Named so that Django's pages about errors leave it out (SafeExceptionReporterFilter).
        arguments["basic_auth"] = (unquote(parts.username), unquote(parts.password or ""))
    return arguments
