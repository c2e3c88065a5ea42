"""What happens to a link that a post names: judged first, shown with its real host, then given to the system.

Everything here takes text of strangers. Nothing is run through a shell, and what is shown is what is opened: the address
is opened in the form that Qt understood, never in the one that the post wrote.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from PySide6.QtCore import QUrl, QUrlQuery
from PySide6.QtGui import QDesktopServices

ALLOWED = frozenset({"http", "https", "mailto"})
MAIL_FIELDS = frozenset({"subject", "body", "cc"})  # never attach=: some mail programs then send a local file
LONGEST = 8_000  # characters; longer addresses are refused

# A host as people write it in a text: at least one dot, a last label of letters (or punycode), perhaps a path.
_HOST_IN_TEXT = re.compile(
    r"^\s*(?:https?://)?(?:[^\s/@]{1,80}@)?((?:[\w-]{1,63}\.){1,8}(?:xn--[\w-]{1,59}|[^\W\d_]{2,63}))(?::\d{1,5})?(?:[/?#]\S*)?\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Link:
    """A link after judging. `url` is empty when it must not be opened; `reason` is then a key: scheme, malformed, long."""

    url: str
    host: str  # as the network knows it: punycode, with a port when it is an odd one; the address for mailto
    named_host: str = ""  # another host that the link's text names; ask before opening
    reason: str = ""


def judge(address: str, text: str = "") -> Link:
    """Decide what may be opened.

    Args:
        address: as the post wrote it.   text: the words that stand on the link, to compare the host with.
    """
    address = address.strip()
    if len(address) > LONGEST:
        return Link("", "", reason="long")
    url = QUrl(address, QUrl.ParsingMode.TolerantMode)
    if url.scheme().lower() not in ALLOWED:
        return Link("", "", reason="scheme")
    if not url.isValid():
        return Link("", "", reason="malformed")
    if url.scheme().lower() == "mailto":
        return _mail(url)
    encoded = QUrl.ComponentFormattingOption.FullyEncoded
    host = url.host(encoded)
    if not host or "\\" in url.authority():
        return Link("", "", reason="malformed")
    url.setUserInfo(None)  # type: ignore[arg-type] # "" would leave an @
    shown = host if url.port() in (-1, 80, 443) else f"{host}:{url.port()}"
    return Link(url.toString(encoded), shown, named_host=_other_host(text, host))


def _mail(url: QUrl) -> Link:
    encoded = QUrl.ComponentFormattingOption.FullyEncoded
    address = url.path(encoded)
    if not address or address.startswith(("-", "/", "\\")):
        return Link("", "", reason="malformed")
    kept = QUrlQuery()
    for name, value in QUrlQuery(url.query(encoded)).queryItems(encoded):
        if name.lower() in MAIL_FIELDS:
            kept.addQueryItem(name, value)
    clean = QUrl()
    clean.setScheme("mailto")
    clean.setPath(address, QUrl.ParsingMode.TolerantMode)
    if not kept.isEmpty():
        clean.setQuery(kept)
    return Link(clean.toString(encoded), address)


def _other_host(text: str, host: str) -> str:
    """The host that `text` names when it is not `host`, a part of it or the other way round; in punycode."""
    found = _HOST_IN_TEXT.match(text[:400])
    if found is None:
        return ""
    named = QUrl("http://" + found.group(1)).host(QUrl.ComponentFormattingOption.FullyEncoded).removeprefix("www.")
    real = host.removeprefix("www.")
    same = named == real or real.endswith("." + named) or named.endswith("." + real)
    return "" if same or not named else named


def open_link(link: Link) -> bool:
    """Give a judged link to the system's own program. False when there is nothing that opens it."""
    if not link.url:
        return False
    return QDesktopServices.openUrl(QUrl(link.url, QUrl.ParsingMode.StrictMode))
