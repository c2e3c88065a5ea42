"""Subscription lists: OPML 1 and 2 as every reader writes it, FOAF and RDF blogrolls; and OPML out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lxml import etree

from engine.errors import ParseError
from engine.sources.clean import without_controls
from engine.sources.dates import parse_date
from engine.sources.decode import decode, mend, well_chosen, without_prologue
from engine.sources.xmlnames import local_of
from engine.types import Subscription

Element = Any  # lxml ships no types

MAX_BYTES = 64 * 2**20
MAX_FEEDS = 50_000
MAX_DEPTH = 20  # folders in folders; deeper ones count as the last
MAX_TITLE = 1_000

NAMESPACE = "urn:millpond:opml:1"  # of the attributes that OPML lacks: kind and options of a source
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_PARSER: dict[str, Any] = {
    "recover": True, "resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False, "remove_comments": True,
    "remove_pis": True, "encoding": "utf-8",
}  # fmt: skip


@dataclass(slots=True)
class Listed:
    """A feed, a further list, or a site without a feed. `folders`: every path it stands under, in order."""

    url: str
    title: str = ""
    site_url: str = ""
    folders: list[tuple[str, ...]] = field(default_factory=list)
    kind: str = ""  # as this program wrote them
    options: tuple[str, ...] = ()

    @property
    def tags(self) -> list[str]:
        """The folders and categories of one level."""
        return [path[0] for path in self.folders if len(path) == 1]


@dataclass(slots=True)
class SubscriptionList:
    """All that a list says. `sites` are pages that it names without a feed: discovery may find one."""

    kind: str  # "opml", "opml1", "opml2", "rdf"
    title: str = ""
    owner_name: str = ""
    owner_email: str = ""
    owner_url: str = ""
    created: str = ""
    modified: str = ""
    created_at: datetime | None = None
    modified_at: datetime | None = None
    feeds: list[Listed] = field(default_factory=list)
    lists: list[Listed] = field(default_factory=list)
    sites: list[Listed] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def _attributes(element: Element) -> dict[str, str]:
    """An element's attributes by lower-case local name."""
    found: dict[str, str] = {}
    for name, value in element.attrib.items():
        found.setdefault(local_of(name), value.strip())
    return found


def _name(text: str) -> str:
    """One line of plain text. Nothing in it is taken for HTML, so that what was exported comes back unchanged."""
    return " ".join(without_controls(text).split())[:MAX_TITLE].rstrip()


def _categories(text: str) -> Iterator[tuple[str, ...]]:
    """The paths and tags in an OPML category attribute: "/a/b,c"."""
    for part in text.split(","):
        path = tuple(name for name in (_name(piece) for piece in part.split("/")) if name)
        if path:
            yield path[:MAX_DEPTH]


class _Collector:
    """Keeps each address once, with all the folders it stands in."""

    def __init__(self, found: SubscriptionList) -> None:
        self._found = found
        self._known: dict[tuple[str, str], Listed] = {}

    def add(self, kind: str, url: str, title: str, site_url: str, paths: Sequence[tuple[str, ...]]) -> Listed | None:
        url = "".join(without_controls(url).split())
        if not url or len(url) > 4000:
            return None
        target: list[Listed] = getattr(self._found, kind)
        listed = self._known.get((kind, url))
        if listed is None:
            if len(self._known) >= MAX_FEEDS:
                return None
            listed = self._known[kind, url] = Listed(url, "" if title == url else _name(title), site_url)
            target.append(listed)
        if not listed.title and title != url:
            listed.title = _name(title)
        for path in paths:
            if path and path not in listed.folders:
                listed.folders.append(path)
        return listed


def _read_outlines(body: Element, collector: _Collector) -> None:
    """Walk outlines in document order, without recursion: a hostile list is thousands deep."""
    stack: list[tuple[Iterator[Element], tuple[str, ...]]] = [(iter(body), ())]
    while stack:
        children, path = stack[-1]
        element = next(children, None)
        if element is None:
            stack.pop()
            continue
        if local_of(element.tag) != "outline":
            if len(element):
                stack.append((iter(element), path))
            continue
        stated = _attributes(element)
        title = stated.get("text") or stated.get("title") or ""
        kind = stated.get("type", "").lower()
        paths = [*([path] if path else []), *_categories(stated.get("category", ""))]
        if kind == "source" and stated.get("xmlurl"):
            collector.add("lists", stated["xmlurl"], title, stated.get("htmlurl", ""), paths)
        elif stated.get("xmlurl"):
            listed = collector.add("feeds", stated["xmlurl"], title, stated.get("htmlurl", ""), paths)
            if listed is not None and not listed.kind:
                listed.kind, listed.options = _source(element)
        elif kind in ("link", "include"):
            collector.add("lists", stated.get("url", ""), title, "", paths)
        elif stated.get("htmlurl"):
            collector.add("sites", stated["htmlurl"], title, stated["htmlurl"], paths)
        elif kind in ("rss", "atom", "feed") and stated.get("url"):
            collector.add("feeds", stated["url"], title, "", paths)
        if len(element):
            name = _name(title)
            deeper = (*path, name) if name and len(path) < MAX_DEPTH and not stated.get("xmlurl") else path
            stack.append((iter(element), deeper))


def _source(element: Element) -> tuple[str, tuple[str, ...]]:
    """The kind and options that this program wrote; what it does not know is left out."""
    from engine.sources.registry import SOURCES

    kind = element.get(f"{{{NAMESPACE}}}kind") or ""
    if kind not in SOURCES:
        return "", ()
    stated = (element.get(f"{{{NAMESPACE}}}options") or "").split()
    return kind, tuple(option for option in SOURCES[kind].options if option in stated)


def _text(element: Element) -> str:
    return _name("".join(element.itertext()))


def _read_head(head: Element, found: SubscriptionList) -> None:
    values = {local_of(child.tag): _text(child) for child in head if isinstance(child.tag, str)}
    found.title = values.get("title", "")
    found.owner_name, found.owner_email = values.get("ownername", ""), values.get("owneremail", "")
    found.owner_url = values.get("ownerid", "")
    found.created, found.modified = values.get("datecreated", ""), values.get("datemodified", "")
    found.created_at, found.modified_at = parse_date(found.created), parse_date(found.modified)
    for text, moment in ((found.created, found.created_at), (found.modified, found.modified_at)):
        if text and moment is None:
            found.warnings.append("A date of the list made no sense.")


def _read_rdf(root: Element, found: SubscriptionList, collector: _Collector) -> None:
    """FOAF: agents with weblogs and the feeds described at them, groups as folders, acquaintances as further lists."""
    stack: list[tuple[Iterator[Element], str, tuple[str, ...], bool]] = [(iter(root), "", (), False)]
    while stack:
        children, name, path, of_friend = stack[-1]
        element = next(children, None)
        if element is None:
            stack.pop()
            continue
        tag = local_of(element.tag)
        if tag == "group":
            own = next((_text(child) for child in element if local_of(child.tag) == "name"), "")
            stack.append((iter(element), name, (own,) if own else (), of_friend))
        elif tag in ("agent", "person"):
            own = next((_text(child) for child in element if local_of(child.tag) in ("name", "member_name") and _text(child)), "")
            if of_friend:
                for seen in element.iter():
                    if local_of(seen.tag) == "seealso" and seen.get(_RDF + "resource"):
                        collector.add("lists", seen.get(_RDF + "resource"), own, "", [])
            else:
                stack.append((iter(element), own or name, path, False))
        elif tag == "knows":
            stack.append((iter(element), "", path, True))
        elif tag == "channel":
            collector.add("feeds", element.get(_RDF + "about") or "", name, "", [path])
        elif tag == "feed" and element.get(_RDF + "resource"):
            collector.add("feeds", element.get(_RDF + "resource"), name, "", [path])
        elif tag == "document" and (element.get(_RDF + "about") or "").strip():
            page = element.get(_RDF + "about").strip()
            if any((inner.get(_RDF + "about") or "").strip() for inner in element.iter() if local_of(inner.tag) == "channel"):
                stack.append((iter(element), name, path, of_friend))
            else:
                collector.add("sites", page, name, page, [path])
        elif len(element):
            stack.append((iter(element), name, path, of_friend))


def _parsed(body: bytes) -> Element:
    text, _ = decode(body)
    text, _ = without_prologue(text.lstrip("\ufeff \t\r\n\0"))
    document = mend(well_chosen(text)).encode("utf-8", "replace")
    try:
        return etree.fromstring(document, etree.XMLParser(**_PARSER))
    except etree.XMLSyntaxError:
        return None


def read_list(body: bytes) -> SubscriptionList:
    """Return all that a subscription list says: feeds, further lists, sites without a feed, each address once.

    Damaged XML is read as far as it goes; doctypes and their entities are never read.

    Raises:
        ParseError: it is no list, or larger than MAX_BYTES.
    """
    if len(body) > MAX_BYTES:
        raise ParseError(f"The list is larger than {MAX_BYTES // 2**20} MB.")
    root = _parsed(body)
    kind = local_of(root.tag) if root is not None else ""
    if kind == "opml":
        version = (root.get("version") or "").strip()
        found = SubscriptionList(kind={"1": "opml1", "2": "opml2"}.get(version.partition(".")[0], "opml"))
        collector = _Collector(found)
        for part in root:
            if local_of(part.tag) == "head":
                _read_head(part, found)
            elif local_of(part.tag) in ("body", "outline"):
                _read_outlines(part if local_of(part.tag) == "body" else root, collector)
                if local_of(part.tag) == "outline":
                    break
    elif kind == "rdf":
        found = SubscriptionList(kind="rdf")
        _read_rdf(root, found, _Collector(found))
    elif kind in ("body", "outline"):
        found = SubscriptionList(kind="opml")
        _read_outlines(root, _Collector(found))
    else:
        raise ParseError("This is not a list of feeds (OPML).")
    return found


def read_opml(body: bytes) -> tuple[Subscription, ...]:
    """Return the feeds of a subscription list in its order, each once, in the first folder that it stands in.

    Raises:
        ParseError: it is no list, or larger than MAX_BYTES.
    """
    return tuple(
        Subscription(
            url=listed.url, title=listed.title, site_url=listed.site_url,
            folder="/".join(name.replace("/", "∕") for name in listed.folders[0]) if listed.folders else "",
            kind=listed.kind, options=listed.options,
        )
        for listed in read_list(body).feeds
    )  # fmt: skip


def _xml(text: str) -> str:
    return without_controls(text)


def _without_user(url: str) -> str:
    return re.sub(r"^([A-Za-z][A-Za-z0-9+.-]*://)[^/?#@]*@", r"\1", url)


def write_opml(feeds: Sequence[Subscription], title: str) -> bytes:
    """Return an OPML 2.0 list of `feeds` (UTF-8), their folders nested, that `read_opml` reads back unchanged.

    No credentials: neither user names and passwords nor names of accounts are written.
    """
    root = etree.Element("opml", nsmap={"millpond": NAMESPACE}, version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = _xml(title)
    body = etree.SubElement(root, "body")
    folders: dict[str, Element] = {"": body}
    for feed in feeds:
        path = ""
        for name in feed.folder.split("/") if feed.folder else ():
            parent, path = folders[path], f"{path}/{name}"
            if path not in folders:
                folders[path] = etree.SubElement(parent, "outline", text=_xml(name), title=_xml(name))
        stated = {"type": "rss", "text": _xml(feed.title or _without_user(feed.url)), "xmlUrl": _xml(_without_user(feed.url))}
        if feed.title:
            stated["title"] = _xml(feed.title)
        if feed.site_url:
            stated["htmlUrl"] = _xml(_without_user(feed.site_url))
        if feed.folder and "," not in feed.folder:
            stated["category"] = "/" + _xml(feed.folder)
        if feed.kind:
            stated[f"{{{NAMESPACE}}}kind"] = feed.kind
        if feed.options:
            stated[f"{{{NAMESPACE}}}options"] = " ".join(feed.options)
        etree.SubElement(folders[path], "outline", stated)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="utf-8", pretty_print=True))
