"""Addresses without their secrets, and silence for libraries that would log them whole."""

from __future__ import annotations

import logging
import re
from urllib.parse import urlsplit

HIDDEN = "…"
_URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://[^\s'\"<>]+")
_TOKEN = re.compile(r"(?=[^/]*[0-9])(?=[^/]*[A-Za-z])[A-Za-z0-9_+=~-]{20,}")
_LOGGERS = (
    "httpx2",
    "httpcore2",
    "httpcore2.connection",
    "httpcore2.http11",
    "httpcore2.http2",
    "httpcore2.proxy",
    "httpcore2.socks",
)


def redact(url: str) -> str:
    """Return `url` as it may stand in logs, errors and on screen.

    Credentials, the values of the query, the fragment and path segments that look like tokens are left out.
    """
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "an address that cannot be read"
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    path = "/".join(HIDDEN if _TOKEN.fullmatch(segment) else segment for segment in parts.path.split("/"))
    names = [part.partition("=")[0] for part in parts.query.split("&") if "=" in part]
    query = "&".join(f"{name}={HIDDEN}" for name in names) if names else HIDDEN
    return f"{parts.scheme}://{host}{port}{path}" + (f"?{query}" if parts.query else "")


class _Redactor(logging.Filter):
    """Rewrites whatever address a record holds."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        record.msg, record.args = _URL.sub(lambda found: redact(found.group()), message), ()
        return True


_REDACTOR = _Redactor()


def install_log_filter() -> None:
    """Keep the HTTP libraries quiet below WARNING, and redact what they still say. Doing it twice is harmless."""
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        logger.setLevel(logging.WARNING)
        if _REDACTOR not in logger.filters:
            logger.addFilter(_REDACTOR)
