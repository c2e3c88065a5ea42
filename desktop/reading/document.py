"""A post's sanitised HTML as a document that names no resource, and where a summary's evidence stands in it.

The parse worker has sanitised the HTML already. Here it is written anew from a short list of tags, so that nothing that
reaches the window can name a file, a style or a script; pictures become quiet boxes with their words.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser
from types import MappingProxyType

from desktop.reading.links import judge
from desktop.reading.pictures import picture_name
from desktop.strings import tr

SHOWN_AT_ONCE = 48_000  # characters of HTML; Qt lays out some 400 a millisecond, on the window's own thread
PART = 5_000  # characters of text and tags after which the document may be parted, to be shown part by part
MOST_COLUMNS = 40  # of a table; a longer row goes on in the next, since Qt needs time for each pair of columns
DEEPEST = 24  # nested lists, quotes and tables; deeper ones are flattened

_BLOCKS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "ul", "ol", "li", "dl", "dt", "dd"})
_SECTIONS = frozenset({"div", "section", "article", "aside", "header", "footer", "main", "figure", "details"})
_TABLES = frozenset({"table", "thead", "tbody", "tfoot", "tr", "td", "th", "caption"})
_INLINE = frozenset({"b", "strong", "i", "em", "u", "s", "del", "ins", "code", "kbd", "samp", "tt", "sub", "sup", "small", "cite"})
_INLINE_AS = {"ins": "u", "del": "s", "kbd": "code", "samp": "code", "tt": "code", "cite": "em", "strong": "b", "em": "i"}
# What can be closed at the end of a part and opened again in the next: nobody sees where.
_PARTABLE = _SECTIONS | {"blockquote", "p", "ul", "ol", "table", "thead", "tbody"}
# What is closed and opened again only where nothing else helps: a cell goes on in another row, an item gets a second mark.
_PARTABLE_AT_NEED = _PARTABLE | {"tr", "td", "th", "tfoot", "li", "dl", "dd"}
_LAYS_OUT_LIKE = {"li": 40, "td": 40, "th": 40, "blockquote": 100, "img": 200}  # as so many characters of text
_SILENT = frozenset({"script", "style", "template", "noscript", "title", "head", "svg", "math", "iframe", "object", "select"})
Size = tuple[int, int]  # width, height
_SMALL_PIXELS = 3  # a picture no larger than this each way only tells its host that the post was opened


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the browser is given."""

    parts: tuple[str, ...]  # HTML, each whole by itself, to be shown one below the other
    pictures: int  # not fetched, shown as boxes
    trackers: int  # pictures of a few pixels, left out
    urls: tuple[str, ...]  # of the pictures that are named
    cut: bool  # there is more

    @property
    def html(self) -> str:
        return "".join(self.parts)


class _Writer(HTMLParser):
    """Writes the allowed tags again. `out` is Qt's rich text, styled by the browser's default style sheet."""

    def __init__(self, sizes: Mapping[str, Size], offer: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.urls: list[str] = []
        self._sizes, self._offer = sizes, offer
        self.parts: list[str] = []
        self.out: list[str] = []
        self.open: list[str] = []  # closing text of what is open, with the source's tag before a NUL
        self.opened: list[str] = []  # its opening text
        self.items: list[int] = []  # of each that is open: the number of its last item or cell, where it is a list or a row
        self.silent = 0
        self.pictures = 0
        self.trackers = 0
        self._waiting: list[str] = []  # boxes that come after the block that is open
        self._link = ""
        self._length = 0  # of the present part, about

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self.silent += 1
            return
        if self.silent:
            return
        values = {name: value or "" for name, value in attrs}
        self._length += _LAYS_OUT_LIKE.get(tag, len(tag) + 8)
        if tag == "br":
            self.out.append("<br/>")
            self._part()
        elif tag == "hr":
            self._between()
            self.out.append("<hr/>")
        elif tag in ("img", "video", "audio", "picture", "source"):
            self._media(tag, values)
        elif tag == "a":
            self._anchor(values.get("href", ""))
        elif tag == "blockquote":
            self._section(tag, '<table class="quote" width="100%"><tr><td class="quote">', "</td></tr></table>")
        elif tag in _INLINE:
            name = _INLINE_AS.get(tag, tag)
            self._begin(tag, f"<{name}>", f"</{name}>")
        elif tag == "figcaption":
            self._section(tag, '<p class="caption">', "</p>")
        elif tag in _SECTIONS:
            self._section(tag, "<div>", "</div>")
        elif tag in _BLOCKS or tag in _TABLES:
            self._structure(tag, values)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in ("br", "hr", "img", "source"):
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self.silent = max(0, self.silent - 1)
            return
        if self.silent or not any(entry.startswith(tag + "\0") for entry in self.open):
            return
        while self.open:
            name, closing = self._pop()
            self.out.append(closing)
            if name == "a":
                self._link = ""
            if name == tag:
                break
        if not self._inside_text():
            self._flush()
            self._part()

    def handle_data(self, data: str) -> None:
        if self.silent:
            return
        while len(data) > PART:  # a paragraph longer than a part goes on in another one, after a sentence if there is one
            at = max(data.rfind(end, PART // 2, PART) + 1 for end in (". ", "。", "\n", " "))
            at = at or PART
            self._write(data[:at])
            self._part()
            data = data[at:]
        self._write(data)

    def _write(self, text: str) -> None:
        self._length += len(text)
        self.out.append(escape(text.replace("\ufffc", ""), quote=False))

    def finish(self) -> tuple[str, ...]:
        self.close()
        while self.open:
            self.out.append(self._pop()[1])
        self._flush()
        return (*self.parts, "".join(self.out))

    def _begin(self, tag: str, text: str, closing: str, *, items: int = 0) -> None:
        if len(self.open) < 4 * DEEPEST:
            self.out.append(text)
            self.open.append(f"{tag}\0{closing}")
            self.opened.append(text)
            self.items.append(items)

    def _pop(self) -> tuple[str, str]:
        self.opened.pop()
        self.items.pop()
        name, closing = self.open.pop().split("\0", 1)
        return name, closing

    def _part(self) -> None:
        """Begin another part where this one is long enough and everything open can be opened again."""
        names = [entry.split("\0", 1)[0] for entry in self.open]
        partable = _PARTABLE if self._length < 2 * PART else _PARTABLE_AT_NEED
        if self._length < PART or self._waiting or not partable.issuperset(names):
            return
        self.out.extend(entry.split("\0", 1)[1] for entry in reversed(self.open))
        self.parts.append("".join(self.out))
        self.out = [
            f'<ol start="{items + 1}">' if name == "ol" else text
            for name, text, items in zip(names, self.opened, self.items, strict=True)
        ]
        self._length = 0

    def _section(self, tag: str, text: str, closing: str, *, items: int = 0) -> None:
        self._between()
        if sum(1 for entry in self.open if not entry.startswith(("a\0", "b\0", "i\0"))) < DEEPEST:
            self._begin(tag, text, closing, items=items)

    def _structure(self, tag: str, values: dict[str, str]) -> None:
        if tag == "table":
            self._section(tag, '<table class="data" cellspacing="0" cellpadding="6" border="1">', "</table>")
        elif tag in ("td", "th"):
            if self.open and self.open[-1].startswith("tr\0"):
                self.items[-1] += 1
                if self.items[-1] > MOST_COLUMNS:
                    self.items[-1] = 1
                    self.out.append("</tr><tr>")
            spans = "".join(
                f' {name}="{min(int(values[name]), 50)}"'
                for name in ("colspan", "rowspan")
                if values.get(name, "").isdecimal() and int(values[name][:4]) > 0
            )
            self._begin(tag, f'<{tag} class="data"{spans}>', f"</{tag}>")
        elif tag == "ol" and values.get("start", "").isdecimal():
            start = int(values["start"][:6])
            self._section(tag, f'<ol start="{start}">', "</ol>", items=start - 1)
        elif tag in ("ul", "ol", "dl"):
            self._section(tag, f"<{tag}>", f"</{tag}>")
        elif tag in ("h1", "h2"):  # the pane's own title is the first level
            self._section(tag, "<h3>", "</h3>")
        elif tag in ("h3", "h4", "h5", "h6"):
            self._section(tag, "<h4>", "</h4>")
        elif tag == "caption":
            return
        else:
            if tag == "li" and self.items:
                self.items[-1] += 1
            self._begin(tag, f"<{tag}>", f"</{tag}>")

    def _anchor(self, address: str) -> None:
        link = judge(address)
        self._link = link.url
        if link.url:
            self._begin("a", f'<a href="{escape(link.url)}">', "</a>")
        else:
            self._begin("a", "<span>", "</span>")

    def _media(self, tag: str, values: dict[str, str]) -> None:
        if tag in ("picture", "source"):
            return  # their <img> follows
        sizes = [int(values[name]) for name in ("width", "height") if values.get(name, "").isdecimal()]
        if tag == "img" and sizes and max(sizes) <= _SMALL_PIXELS:
            self.trackers += 1
            return
        alt = " ".join((values.get("alt") or values.get("title") or "").split())[:300]
        if tag == "img" and len(alt) <= 3 and alt and sizes and max(sizes) <= 32:
            self.out.append(escape(alt))  # an emoji drawn as a picture
            return
        address = values.get("src", "")
        if tag == "img" and judge(address).url:
            self.urls.append(address)
        if tag == "img" and address in self._sizes:
            self._waiting.append(shown_picture(address, alt, self._sizes[address]))
        else:
            self.pictures += 1
            self._waiting.append(picture_box(tag, alt, address, self._link, offer=self._offer and tag == "img"))
        if not self._inside_text():
            self._flush()

    def _inside_text(self) -> bool:
        inline = ("p\0", "a\0", "pre\0", "h1\0", "h2\0", "h3\0", "h4\0", "h5\0", "h6\0", "dt\0")
        return any(entry.startswith(inline) or entry.split("\0", 1)[0] in _INLINE for entry in self.open)

    def _between(self) -> None:
        if not self._inside_text():
            self._flush()

    def _flush(self) -> None:
        if self._waiting and (not self.open or not self.open[-1].startswith(("table\0", "tr\0", "tbody\0", "ul\0", "ol\0"))):
            self.out.extend(self._waiting)
            self._waiting.clear()


def shown_picture(address: str, alt: str, size: Size) -> str:
    """A fetched picture, and its words below it. The document gets it from who shows it, by name."""
    width, height = size
    words = f'<p class="caption">{escape(alt)}</p>' if alt else ""
    return f'<p class="image"><img src="app:{picture_name(address, width)}" width="{width}" height="{height}"/></p>{words}'


def picture_box(tag: str, alt: str, address: str, link: str, *, offer: bool = False) -> str:
    """A quiet box in place of a picture, sound or film: its words, and the host that would be asked for it.

    Args:
        offer: with a link that fetches the picture.
    """
    kind = {"video": tr("Film"), "audio": tr("Sound")}.get(tag, tr("Picture"))
    words = f"{kind}: {alt}" if alt else tr("{kind} without a description").format(kind=kind)
    target = judge(link or address)
    where = ""
    if target.url:
        text = tr("open at {host}").format(host=target.host)
        where = f'&nbsp; <a href="{escape(target.url)}">{escape(text)}</a>'
        if offer and judge(address).url:
            where = f'&nbsp; <a href="app:{picture_name(address)}">{escape(tr("show"))}</a>{where}'
    return f'<table class="picture" width="100%"><tr><td class="picture">{escape(words)}{where}</td></tr></table>'


def safe_html(
    body_html: str, *, limit: int = SHOWN_AT_ONCE, pictures: Mapping[str, Size] = MappingProxyType({}), offer: bool = False
) -> Shown:
    """Write a post's HTML anew from allowed tags; no attribute that names a resource is kept but a judged href.

    Args:
        body_html: sanitised or not.   limit: characters of it that are taken, to the end of the last whole tag.
        pictures: width and height at which the fetched ones are shown, by address.   offer: boxes fetch theirs on a click.
    """
    cut = len(body_html) > limit
    text = body_html[:limit] if cut else body_html
    if cut and text.rfind("<") > text.rfind(">"):
        text = text[: text.rfind("<")]
    # HTMLParser takes quadratic time over unclosed comments; a sanitised text has none.
    text = text.replace("<!", "&lt;!").replace("<?", "&lt;?").replace("\0", "")
    if "<" not in text:
        paragraphs = [part.strip() for part in text.replace("\r", "").split("\n\n") if part.strip()]
        text = "".join(f"<p>{part}</p>".replace("\n", "<br>") for part in paragraphs)
    writer = _Writer(pictures, offer)
    writer.feed(text)
    parts = writer.finish()
    return Shown(parts=parts, pictures=writer.pictures, trackers=writer.trackers, urls=tuple(writer.urls), cut=cut)


# ---- evidence --------------------------------------------------------------------------------


def find_spans(shown: str, source: str, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Where spans of one text stand in another that has the same words but other white space.

    Args:
        shown: the document's plain text, with Qt's separators (U+2029 and others).   source: what was summarised.
        spans: [start, end) in characters of `source`.
    Returns:
        [start, end) in UTF-16 units of `shown`, as QTextCursor counts; spans that are not found are left out.
    """
    solid, places = _without_space(shown)
    units = _utf16_offsets(shown)
    found: list[tuple[int, int]] = []
    for start, end in spans:
        for first, last in _pieces(source, start, end):
            words = _without_space(source[first:last])[0]
            if not words:
                continue
            expected = len(_without_space(source[:first])[0])
            at = _nearest(solid, words, expected)
            if at is not None:
                found.append((units[places[at]], units[places[at + len(words) - 1] + 1]))
    return found


def _pieces(source: str, start: int, end: int) -> list[tuple[int, int]]:
    """A span that crosses paragraphs in parts: between paragraphs the document may show a box."""
    pieces, at = [], start
    for line in source[start:end].split("\n"):
        pieces.append((at, at + len(line)))
        at += len(line) + 1
    return pieces


def _without_space(text: str) -> tuple[str, list[int]]:
    places = [
        index for index, char in enumerate(text)
        if not char.isspace() and char not in "\ufdd0\ufdd1" and unicodedata.category(char) not in ("Cf", "Cc")
    ]  # fmt: skip
    return "".join(text[index] for index in places), places


def _nearest(text: str, words: str, expected: int) -> int | None:
    best: int | None = None
    at = text.find(words)
    while at >= 0:
        if best is None or abs(at - expected) < abs(best - expected):
            best = at
        at = text.find(words, at + 1)
    return best


def _utf16_offsets(text: str) -> list[int]:
    offsets, at = [0], 0
    for char in text:
        at += 2 if ord(char) > 0xFFFF else 1
        offsets.append(at)
    return offsets
