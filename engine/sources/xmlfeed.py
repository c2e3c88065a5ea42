"""RSS 0.9x, 1.0 (RDF) and 2.0, Atom 0.3 and 1.0 from a parsed tree. Nothing is cleaned here: see `assemble`."""

from __future__ import annotations

import base64
import binascii
import re
from html import unescape
from typing import Any

from lxml import etree

from engine.sources.clean import is_markup, nh3_escape
from engine.sources.links import is_web, join
from engine.sources.raw import RawFeed, RawPost
from engine.sources.xmlmedia import read_media
from engine.sources.xmlnames import ATOM, RDF_ABOUT, RDF_RESOURCE, RSS, XML_BASE, XML_LANG, Names, home_of, local_of

Element = Any  # lxml ships no types
Children = dict[str, list[Element]]

_PERIODS = {"hourly": 60, "daily": 1440, "weekly": 10080, "monthly": 43200, "yearly": 525600}


_TAG_NAME = re.compile(r"[A-Za-z_][\w.-]*\Z", re.ASCII)


def children_of(element: Element, names: Names) -> Children:
    """The children of an element by short name, in order."""
    found: Children = {}
    for child in element:
        name = names[child.tag]
        if name in found:
            found[name].append(child)
        else:
            found[name] = [child]
    return found


def markup_of(element: Element) -> str:
    """The content of an element as HTML, tags included and namespaces forgotten."""
    for inner in element.iter(etree.Element):
        if inner is not element and isinstance(inner.tag, str) and (inner.tag[0] == "{" or ":" in inner.tag):
            local = inner.tag.rpartition("}")[2].rpartition(":")[2]
            inner.tag = local if _TAG_NAME.match(local) else "span"  # a damaged document has names that are none
    parts = [nh3_escape(element.text or "")]
    parts.extend(etree.tostring(child, encoding="unicode", method="html") for child in element)
    return "".join(parts).strip()


def text_of(element: Element) -> str:
    """The text of an element; its markup when it has child elements."""
    if not len(element):
        text = element.text
        return text.strip() if text else ""
    return markup_of(element)


def first_text(children: Children, *names: str) -> str:
    """The first text that is not empty among the children so named, in the order of the names."""
    for name in names:
        for element in children.get(name, ()):
            text = text_of(element)
            if text:
                return text
    return ""


def _decoded(text: str) -> str:
    """Base64 that stands for text; as it is when it is none."""
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return text


def construct(element: Element) -> tuple[str, bool]:
    """The value of an Atom text construct, and whether it is declared to be markup."""
    kind = (element.get("type") or "text").strip().lower()
    mode = (element.get("mode") or "").strip().lower()
    if len(element):
        only = element[0] if len(element) == 1 and not (element.text or "").strip() else None
        if only is not None and local_of(only.tag) == "div" and not (only.tail or "").strip():
            element = only
        markup = markup_of(element)
        return (unescape(markup) if kind in ("html", "text/html") else markup), True  # naked tags around escaped ones
    text = (element.text or "").strip()
    if text and (mode == "base64" or ("/" in kind and not kind.startswith("text/") and not kind.endswith("xml"))):
        return _decoded(text), True
    return text, "html" in kind


def html_of(element: Element) -> str:
    """The value of an Atom text construct as HTML."""
    text, markup = construct(element)
    return text if markup else html_from_text(text)


def html_from_text(text: str) -> str:
    """HTML for what is declared to be plain text; what is plainly HTML all the same is taken as that."""
    if is_markup(text):
        return text
    return nh3_escape(text).replace("\n\n", "<br><br>")


def _first_html(children: Children, *names: str) -> str:
    for name in names:
        for element in children.get(name, ()):
            value = html_of(element)
            if value:
                return value
    return ""


def _first_title(children: Children, *names: str) -> str:
    for name in names:
        for element in children.get(name, ()):
            value = construct(element)[0]
            if value:
                return value
    return ""


def based(element: Element, base: str) -> str:
    """The base address inside `element`: its xml:base seen from `base`."""
    stated = element.get(XML_BASE)
    return join(base, stated.strip()) if stated else base


def _integers(texts: list[str], low: int, high: int) -> list[int]:
    return [int(text) for text in texts if text.isdecimal() and len(text) < 9 and low <= int(text) <= high]


def _people(elements: list[Element], names: Names) -> list[str]:
    """Atom persons: the name, else the address they can be reached at."""
    people = []
    for element in elements:
        inner = children_of(element, names)
        person = first_text(inner, "name", "atom:name") or first_text(inner, "email", "atom:email")
        if not person and not len(element):
            person = text_of(element)
        people.append(person)
    return [person for person in people if person]


def _replies_feed(links: list[Element], base: str) -> str:
    """The address of the feed that holds the comments: RFC 4685."""
    for link in links:
        kind = (link.get("type") or "").lower()
        if (link.get("rel") or "").strip().lower() == "replies" and ("atom+xml" in kind or "rss+xml" in kind):
            return join(based(link, base), (link.get("href") or "").strip())
    return ""


def _atom_link(elements: list[Element], rel: str, base: str) -> str:
    """The href of the first link of that relation, a page before anything else."""
    best = ""
    for element in elements:
        if (element.get("rel") or "alternate").strip().lower() != rel:
            continue
        href = (element.get("href") or text_of(element)).strip()
        if not href:
            continue
        href = join(based(element, base), href)
        if "html" in (element.get("type") or "html"):
            return href
        best = best or href
    return best


def _atom_categories(elements: list[Element]) -> list[str]:
    return [element.get("label") or element.get("term") or text_of(element) for element in elements]


def _ttl(children: Children) -> list[int]:
    minutes = _integers([first_text(children, "ttl")], 1, 10_000_000)
    period = _PERIODS.get(first_text(children, "sy:updateperiod").lower())
    if period:
        minutes.append(period // max(_integers([first_text(children, "sy:updatefrequency")], 1, 1000) or [1]))
    return minutes


# ---- RSS -------------------------------------------------------------------------------------


def _rss_link(children: Children, base: str) -> str:
    """The page that an RSS element points at: the last `link`, as text or href, else an Atom link."""
    links: list[Element] = children.get("link", [])
    for element in reversed(links):
        href = text_of(element) or (element.get("href") or "" if (element.get("rel") or "alternate") == "alternate" else "")
        if href:
            return href.strip()
    return _atom_link(children["atom:link"], "alternate", base) if "atom:link" in children else ""


def _rss_post(item: Element, names: Names, base: str, default: str) -> RawPost:
    children = children_of(item, names)
    stated = based(item, base)
    post = RawPost(base="" if stated == default else stated)
    about = item.get(RDF_ABOUT) or ""
    permalink = ""
    if "guid" in children:
        guid = children["guid"][0]
        post.guid = text_of(guid)
        if (guid.get("isPermaLink") or guid.get("ispermalink") or "true").lower() != "false":
            permalink = post.guid
    post.guid = post.guid or first_text(children, "atom:id", "id") or about or first_text(children, "dc:identifier")
    link = first_text(children, "feedburner:origlink", "pheedo:origlink") or _rss_link(children, stated)
    post.url = join(stated, link or (permalink if permalink.startswith(("http://", "https://")) else about))
    post.title = _first_title(children, "title", "atom:title", "dc:title", "media:title", "itunes:title")
    post.body = _rss_body(children)
    post.authors = (
        [text for text in map(text_of, children.get("author", []) if "author" in children else []) if text]
        or [text for text in map(text_of, children.get("dc:creator", []) + children.get("dc:author", [])) if text]
        or _people(children.get("atom:author", []), names)
        or [text for text in [first_text(children, "itunes:author")] if text]
    )
    post.contributors = [text_of(element) for element in children.get("dc:contributor", [])] + _people(children.get("atom:contributor", []), names)
    post.published = first_text(children, "pubdate", "atom:published", "dc:date", "dcterms:issued", "dcterms:created", "atom:issued")
    post.updated = first_text(children, "atom:updated", "dcterms:modified", "atom:modified", "updated") or first_text(children, "dc:date")
    if len(children) > 5 or "category" in children or "comments" in children or "enclosure" in children or "source" in children or ":" in "".join(children):
        _rss_extras(post, children, names, stated)
    return post


def _rss_body(children: Children) -> str:
    """The full content where there is one, else the longest of what stands for it."""
    for name in ("content:encoded", "atom:content", "xhtml:body", "body"):
        for element in children.get(name, ()):
            body = html_of(element) if name == "atom:content" else text_of(element)
            if body:
                return body
    body = first_text(children, "description")
    if "itunes:summary" in children:
        body = max(body, _first_html(children, "itunes:summary"), key=len)
    return body or _first_html(children, "atom:summary", "dc:description", "media:description", "itunes:subtitle", "summary")


def _rss_extras(post: RawPost, children: Children, names: Names, base: str) -> None:
    post.categories = [text_of(element) for element in children.get("category", [])]
    for group in children.get("categories", []):
        post.categories += [text_of(element) for element in group]
    post.categories += [text_of(element) for element in children.get("dc:subject", [])]
    if "itunes:keywords" in children:
        post.categories += first_text(children, "itunes:keywords").split(",")
    if "media:keywords" in children:
        post.categories += first_text(children, "media:keywords").split(",")
    if "atom:category" in children:
        post.categories += _atom_categories(children["atom:category"])
    post.comments = join(base, first_text(children, "comments"))
    post.replies = join(base, first_text(children, "wfw:commentrss")) or _replies_feed(children.get("atom:link", []), base)
    post.language = first_text(children, "dc:language", "language")
    post.rights = first_text(children, "dc:rights", "atom:rights", "copyright", "dcterms:rights")
    if "source" in children:
        source = children["source"][0]
        post.source_title, post.source_url = text_of(source), (source.get("url") or "").strip()
    elif "atom:source" in children:
        _atom_source(post, children["atom:source"][0], names, base)
    for category in children.get("itunes:category", []):
        post.categories += [inner.get("text") or "" for inner in category.iter() if isinstance(inner.tag, str)]
    post.media = read_media(children, names, base)


def read_rss(root: Element, url: str) -> RawFeed | None:
    """Read an `rss`, `rdf:RDF` or bare `channel` document; None when it has no channel and no item.

    Relative links are seen from xml:base, else the site, else the feed.
    """
    container = root
    channel = root if local_of(root.tag) == "channel" else next((child for child in root if local_of(child.tag) == "channel"), None)
    home = {home_of(root.tag)} if local_of(root.tag) != "rdf" else set()
    if channel is not None:
        home.add(home_of(channel.tag))
    names = Names((RSS | home) - {"http://www.w3.org/1999/02/22-rdf-syntax-ns#"} - (ATOM if channel is None else set()))
    base = based(container, url)
    default = url
    feed = RawFeed(kind="rss", language=root.get(XML_LANG) or "")
    outer = children_of(root, names)
    items = list(outer.get("item", []))
    if channel is not None:
        base = based(channel, base) if channel is not root else base
        inner = outer if channel is root else children_of(channel, names)
        items = list(inner.get("item", [])) + (items if channel is not root else [])
        for group in inner.get("items", []):
            items.extend(child for child in group if names[child.tag] == "item")
        _rss_feed(feed, inner, outer, names, base)
        if base == url and is_web(feed.site_url):
            base = default = feed.site_url
    elif not items and not (local_of(root.tag) == "rss" and root.get("version") and not (root.text or "").strip()) and not any((uri or "").lower() in RSS for uri in root.nsmap.values()):
        return None
    for item in items:
        feed.posts.append(_rss_post(item, names, base, default))
        if any(names[child.tag] == "item" for child in item):  # a forgotten end tag
            feed.posts += [_rss_post(child, names, base, default) for child in item.iter() if child is not item and len(child) and names[child.tag] == "item"]
    return feed


def _rss_feed(feed: RawFeed, children: Children, outer: Children, names: Names, base: str) -> None:
    feed.title = _first_title(children, "title", "atom:title", "dc:title", "itunes:title")
    feed.site_url = join(base, _rss_link(children, base))
    feed.description = first_text(children, "description", "dc:description", "itunes:summary", "itunes:subtitle", "atom:subtitle", "tagline")
    feed.language = first_text(children, "language", "dc:language") or feed.language
    image = (children.get("image") or outer.get("image") or [None])[0]
    icon = ""
    if image is not None:
        inner = children_of(image, names)
        icon = first_text(inner, "url") or image.get(RDF_RESOURCE) or ""
    if not icon and "itunes:image" in children:
        icon = children["itunes:image"][0].get("href") or text_of(children["itunes:image"][0])
    if not icon:
        pictures = [item for item in read_media(children, names, base) if item.kind == "image"]
        icon = pictures[0].url if pictures else first_text(children, "atom:icon", "atom:logo")
    feed.icon = join(base, icon.strip())
    feed.ttl_minutes = _ttl(children)
    hours = [text_of(hour) for group in children.get("skiphours", []) for hour in group if names[hour.tag] == "hour"]
    feed.skip_hours = [hour % 24 for hour in _integers(hours, 0, 24)]
    feed.skip_days = [text_of(day) for group in children.get("skipdays", []) for day in group if names[day.tag] == "day"]
    author = (
        first_text(children, "managingeditor", "webmaster", "author")
        or ", ".join(text_of(element) for element in children.get("dc:creator", []) + children.get("dc:author", []))
        or ", ".join(_people(children.get("atom:author", []), names))
        or first_text(children, "itunes:author")
    )
    feed.authors = [author] if author else []
    feed.rights = first_text(children, "copyright", "dc:rights", "atom:rights")
    feed.generator = first_text(children, "generator", "atom:generator")
    feed.updated = first_text(children, "lastbuilddate", "atom:updated", "dc:date", "pubdate")
    feed.categories = [text_of(element) for element in children.get("category", [])] + _atom_categories(children.get("atom:category", []))
    feed.categories += first_text(children, "itunes:keywords").split(",")
    for category in children.get("itunes:category", []):
        feed.categories += [inner.get("text") or "" for inner in category.iter() if isinstance(inner.tag, str)]
    feed.categories += [text_of(element) for element in children.get("dc:subject", [])]


# ---- Atom ------------------------------------------------------------------------------------


def _atom_source(post: RawPost, source: Element, names: Names, base: str) -> None:
    children = children_of(source, names)
    base = based(source, base)
    post.source_title = _first_title(children, "title", "atom:title")
    post.source_url = _atom_link(children.get("link", []) + children.get("atom:link", []), "alternate", base)
    if not post.authors:
        post.authors = _people(children.get("author", []), names)


def _atom_post(entry: Element, names: Names, base: str, default: str) -> RawPost:
    children = children_of(entry, names)
    stated = based(entry, base)
    post = RawPost(base="" if stated == default else stated, guid=first_text(children, "id"), language=entry.get(XML_LANG) or "")
    links = children.get("link", [])
    post.url = first_text(children, "feedburner:origlink", "pheedo:origlink") or _atom_link(links, "alternate", stated)
    if not post.url and len(links) == 1 and (links[0].get("rel") or "") not in ("enclosure", "replies", "self", "edit"):
        post.url = join(based(links[0], stated), (links[0].get("href") or "").strip())
    if not post.url and post.guid.startswith(("http://", "https://")) and not links:
        post.url = post.guid
    post.title = _first_title(children, "title", "dc:title", "media:title")
    for name in ("content", "content:encoded", "xhtml:body", "summary", "media:description", "dc:description"):
        for element in children.get(name, ()):
            body = html_of(element)
            if body and not post.body:
                inner = based(element, stated)
                post.body, post.base = body, "" if inner == default else inner
    if not post.body and "media:group" in children:
        post.body = _first_html(children_of(children["media:group"][0], names), "media:description")
    post.authors = _people(children.get("author", []), names) or [text_of(e) for e in children.get("dc:creator", [])]
    post.contributors = _people(children.get("contributor", []), names)
    post.published = first_text(children, "published", "issued", "created", "dc:date", "dcterms:issued", "pubdate")
    post.updated = first_text(children, "updated", "modified", "dcterms:modified")
    post.categories = _atom_categories(children.get("category", []))
    post.categories += [text_of(element) for element in children.get("dc:subject", [])]
    post.comments = _atom_link(links, "replies", stated)
    post.replies = _replies_feed(links, stated) or join(stated, first_text(children, "wfw:commentrss"))
    post.rights = _first_title(children, "rights", "copyright", "dc:rights")
    if "source" in children:
        _atom_source(post, children["source"][0], names, stated)
    post.media = read_media(children, names, stated)
    return post


def read_atom(root: Element, url: str) -> RawFeed:
    """Read a `feed` document, or a lone `entry`. Relative links are seen from xml:base, else the feed."""
    names = Names(ATOM | {"", home_of(root.tag)})
    base = based(root, url)
    children = children_of(root, names)
    feed = RawFeed(kind="atom", language=root.get(XML_LANG) or first_text(children, "dc:language", "language"))
    if local_of(root.tag) == "entry":
        feed.posts = [_atom_post(root, names, base, url)]
        return feed
    feed.title = _first_title(children, "title", "dc:title")
    feed.site_url = _atom_link(children.get("link", []), "alternate", base)
    feed.description = _first_title(children, "subtitle", "tagline", "info", "dc:description")
    pictures = [picture for name in ("icon", "logo") for picture in children.get(name, []) if text_of(picture)]
    feed.icon = join(based(pictures[0], base), text_of(pictures[0])) if pictures else ""
    feed.ttl_minutes = _ttl(children)
    feed.authors = _people(children.get("author", []), names) or [text_of(e) for e in children.get("dc:creator", [])]
    feed.contributors = _people(children.get("contributor", []), names)
    feed.rights = _first_title(children, "rights", "copyright", "dc:rights")
    feed.generator = first_text(children, "generator")
    feed.updated = first_text(children, "updated", "modified")
    feed.categories = _atom_categories(children.get("category", []))
    entries = children.get("entry", [])
    feed.posts = [_atom_post(entry, names, base, url) for entry in entries]
    feed.next_url = _atom_link(children.get("link", []), "next", base)
    return feed


def read_tree(root: Element, url: str) -> RawFeed | None:
    """Read whatever feed `root`, fetched from `url`, is the root of; None when it is none."""
    kind = local_of(root.tag)
    if kind in ("rss", "rdf", "channel"):
        return read_rss(root, url)
    if kind in ("feed", "entry"):
        return read_atom(root, url)
    return None
