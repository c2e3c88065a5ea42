"""Addresses: made absolute, told apart from what is none, and reduced for matching."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

MAX_URL = 4000  # characters; longer ones are dropped

_WEB = re.compile(r"https?://[^\s/?#]", re.I)
_PLAIN = re.compile(r"https?://[a-z0-9.-]*[a-z0-9](?:/[^?#\s:]*)?\Z")  # nothing in it to reduce
_BLANK = re.compile(r"[\x00-\x20\x7f]+")
_UNSAFE = re.compile(r"[\x00-\x20\x7f\"<>\\^`{|}]")
_ROUTE = re.compile(r"!|/")  # "#!/x" and "#/x" name a page, "#x" a place in it

_TRACKING_PREFIXES = ("utm_", "mtm_", "pk_", "piwik_", "matomo_", "hsa_", "ga_", "oly_", "vero_", "__hs", "wt_", "at_custom", "itm_", "stm_")
_TRACKING = frozenset(
    {
        "fbclid", "gclid", "gclsrc", "dclid", "wbraid", "gbraid", "msclkid", "yclid", "ymclid", "twclid", "ttclid", "igshid",
        "igsh", "li_fat_id", "mc_cid", "mc_eid", "mkt_tok", "_hsenc", "_hsmi", "hsctatracking", "_openstat", "wickedid",
        "rb_clickid", "s_cid", "icid", "ncid", "cmpid", "ocid", "sr_share", "spm", "scm", "_ga", "_gl", "guccounter",
        "guce_referrer", "guce_referrer_sig", "ref_src", "ref_url", "s_kwcid", "epik", "_branch_match_id", "xtor", "cvid",
        "feature_source", "wt.mc_id", "mibextid", "share_source", "share_medium", "vd_source", "spm_id_from", "zanpid",
        "srsltid", "_kx", "ck_subscriber_id", "_bta_tid", "_bta_c", "trk_contact", "trk_msg", "trk_module", "trk_sid",
    }
)
_DEFAULT_PORTS = {"http": 80, "https": 443}


def is_web(url: str) -> bool:
    """Whether `url` is an absolute http or https address."""
    return bool(_WEB.match(url))


@lru_cache(maxsize=64)
def usable_base(*bases: str) -> str:
    """Return the first of `bases` against which addresses can be resolved, or ""."""
    return next((base for base in bases if _WEB.match(base)), "")


def join(base: str, url: str) -> str:
    """Return `url` seen from `base`; unchanged when it is absolute or empty, without a base, and when either is malformed.

    A base longer than an address may be is none: thousands of short links would each become as long.
    """
    if not base or not url or len(base) > MAX_URL or _WEB.match(url):
        return url
    try:
        return urljoin(base, url)
    except ValueError:
        return url


def absolute(url: str, base: str = "") -> str:
    """Return `url` as an absolute http(s) address, or "" when it is none even when resolved against `base`.

    Blanks inside are percent-encoded; those around it go.
    """
    url = url.strip()
    if not url or len(url) > MAX_URL:
        return ""
    if not _WEB.match(url):
        url = join(base, url)
        if not _WEB.match(url) or len(url) > MAX_URL:
            return ""
    if _UNSAFE.search(url):
        url = _UNSAFE.sub(lambda found: quote(found[0]), _BLANK.sub(" ", url).strip())
    return url


def _port(scheme: str, host: str) -> str:
    """`host` as it stands in an address, lower-case and without its scheme's default port."""
    host = host.lower()
    head, colon, port = host.rpartition(":")
    if colon and (not port or (port.isdecimal() and int(port[:6]) == _DEFAULT_PORTS.get(scheme))):
        host = head
    return host.removesuffix(".")


def _is_tracking(parameter: str) -> bool:
    name = parameter.partition("=")[0].lower()
    return name in _TRACKING or name.startswith(_TRACKING_PREFIXES)


def canonical_url(url: str) -> str:
    """Return `url` reduced for matching: the same page under two addresses gives one.

    Tracking parameters, default ports and fragments go (a fragment that is a route stays); scheme and host are lower-case;
    what remains keeps its order. "" stays "".
    """
    if _PLAIN.match(url):
        return url if url.count("/") > 2 else url + "/"
    try:
        scheme, host, path, query, fragment = urlsplit(url.strip())
    except ValueError:
        return url
    scheme = scheme.lower()
    if scheme not in _DEFAULT_PORTS or not host:
        return url
    if query:
        query = "&".join([part for part in query.split("&") if part and not _is_tracking(part)])
    user, at, name = host.rpartition("@")
    if not _ROUTE.match(fragment):
        fragment = ""
    return urlunsplit((scheme, user + at + _port(scheme, name), path or "/", query, fragment)).strip()
