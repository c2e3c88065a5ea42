"""Short names for the elements of feeds, whatever prefix or spelling of a namespace a document uses."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

XML_BASE = "{http://www.w3.org/XML/1998/namespace}base"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
RDF_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
RDF_RESOURCE = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}resource"

ATOM = frozenset({"http://www.w3.org/2005/atom", "http://purl.org/atom/ns#", "http://purl.org/atom/ns", "https://www.w3.org/2005/atom"})
RSS = frozenset(
    {
        "", "http://purl.org/rss/1.0/", "http://purl.org/rss/1.0", "http://my.netscape.com/rdf/simple/0.9/",
        "http://channel.netscape.com/rdf/simple/0.9/", "http://purl.org/net/rss1.1#", "http://backend.userland.com/rss2",
        "http://backend.userland.com/rss", "http://blogs.law.harvard.edu/tech/rss", "http://backend.userland.com/rss091",
        "http://backend.userland.com/rss092", "http://my.netscape.com/publish/formats/rss-0.91.dtd", "http://cyber.law.harvard.edu/rss/rss.html",
    }
)  # fmt: skip
_PREFIXES = {
    "http://purl.org/dc/elements/1.1/": "dc", "http://purl.org/dc/elements/1.0/": "dc", "http://purl.org/dc/elements/1.1": "dc",
    "http://purl.org/dc/terms/": "dcterms", "http://purl.org/rss/1.0/modules/content/": "content",
    "http://purl.org/rss/1.0/modules/slash/": "slash", "http://purl.org/rss/1.0/modules/syndication/": "sy",
    "http://search.yahoo.com/mrss/": "media", "http://search.yahoo.com/mrss": "media", "http://video.search.yahoo.com/mrss/": "media",
    "http://video.search.yahoo.com/mrss": "media", "http://tools.search.yahoo.com/mrss/": "media", "https://search.yahoo.com/mrss/": "media",
    "http://www.itunes.com/dtds/podcast-1.0.dtd": "itunes", "http://example.com/dtds/podcast-1.0.dtd": "itunes",
    "https://www.itunes.com/dtds/podcast-1.0.dtd": "itunes", "http://purl.org/syndication/thread/1.0": "thr",
    "http://rssnamespace.org/feedburner/ext/1.0": "feedburner", "http://wellformedweb.org/commentapi/": "wfw",
    "http://www.w3.org/1999/xhtml": "xhtml", "http://www.w3.org/1999/02/22-rdf-syntax-ns#": "rdf", "http://www.pheedo.com/namespace/pheedo": "pheedo",
    "http://webns.net/mvcb/": "admin", "http://xmlns.com/foaf/0.1/": "foaf",
} | dict.fromkeys(ATOM, "atom")  # fmt: skip
_KNOWN = frozenset(_PREFIXES.values()) | {"a10"}
_ALIASES = {"a10": "atom", "atom10": "atom"}


class Names(dict[Any, str]):
    """Maps an element's tag to a short lower-case name: `title` in the document's own vocabulary, else `dc:title`.

    A prefix that was never declared counts as the namespace it usually stands for; an unknown namespace gives `?:title`.
    Comments and the like give "".
    """

    def __init__(self, home: Iterable[str]) -> None:
        super().__init__()
        self._home = frozenset(home)

    def __missing__(self, tag: Any) -> str:
        name = self._named(tag) if isinstance(tag, str) else ""
        if len(self) < 5000:
            self[tag] = name
        return name

    def _named(self, tag: str) -> str:
        if tag[:1] != "{":
            prefix, colon, local = tag.lower().partition(":")
            if not colon:
                return prefix
            prefix = _ALIASES.get(prefix, prefix)
            return f"{prefix}:{local}" if prefix in _KNOWN else f"?:{local}"
        space, _, local = tag[1:].partition("}")
        space, local = space.strip().lower(), local.lower()
        if space in self._home:
            return local
        return f"{_PREFIXES.get(space, '?')}:{local}"


def home_of(tag: str) -> str:
    """The namespace of a tag in lower case, "" when it has none."""
    return tag[1:].partition("}")[0].strip().lower() if tag[:1] == "{" else ""


def local_of(tag: Any) -> str:
    """The lower-case name of a tag without namespace or prefix."""
    return tag.rpartition("}")[2].rpartition(":")[2].lower() if isinstance(tag, str) else ""
