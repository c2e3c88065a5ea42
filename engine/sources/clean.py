"""Untrusted HTML in, harmless HTML and plain text out. nh3 (ammonia) decides what HTML means; we only ever scan its output."""

from __future__ import annotations

import re
from html import unescape

import nh3

from engine.sources.links import absolute, canonical_url, is_web
from engine.types import Media

__all__ = ["body_images", "canonical_url", "is_hostile", "is_markup", "one_line", "plain_text", "sanitise", "text_of_clean", "word_count"]

MAX_HTML = 1_000_000  # characters of one body that are looked at

# Structure that reads as a block becomes div, so that unwrapping never glues two paragraphs together.
_AS_DIV = "section|article|header|footer|aside|main|nav|address|details|summary|center|hgroup|fieldset|legend|form"
_BLOCKS = "p|div|h[1-6]|ul|ol|li|dl|dt|dd|blockquote|pre|table|caption|thead|tbody|tfoot|tr|figure|figcaption|hr|br"
_TAGS = frozenset(
    ["p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "div", "blockquote", "pre", "code", "kbd", "samp", "var", "tt", "em", "strong", "b", "i", "u", "s", "strike", "del", "ins", "sub", "sup", "small", "mark", "q", "cite", "abbr", "dfn", "time", "bdi", "bdo", "ruby", "rt", "rp", "a", "img", "figure", "figcaption", "ul", "ol", "li", "dl", "dt", "dd", "table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td"]
)
DROPPED_WITH_CONTENT = frozenset(
    ["script", "style", "svg", "math", "iframe", "object", "embed", "applet", "template", "textarea", "select", "button", "noembed", "noframes", "title", "xmp", "audio", "video", "canvas", "frameset"]
)
CLEANED_TAGS = _TAGS | set(_AS_DIV.split("|"))
CLEANED_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title", "width", "height", "style", "srcset", "data-src", "data-lazy-src", "data-original"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "ol": {"start"},
    "bdo": {"dir"},
    "bdi": {"dir"},
    "p": {"dir"},
    "div": {"dir"},
    "abbr": {"title"},
    "time": {"datetime"},
}
_CLEANER = nh3.Cleaner(
    tags=set(CLEANED_TAGS),
    clean_content_tags=set(DROPPED_WITH_CONTENT),
    attributes=CLEANED_ATTRIBUTES,
    link_rel=None,
    url_schemes={"http", "https", "mailto"},
)
_OUTLINER = nh3.Cleaner(
    tags=set(CLEANED_TAGS), clean_content_tags=set(DROPPED_WITH_CONTENT), attributes={}, link_rel=None
)

# Input whose every tag is one of these comes out of one pass in a form that a second pass leaves alone.
_NEEDS_SECOND_PASS = re.compile(
    r"<(?!/?(?:p|br|a|em|strong|b|i|img|ul|ol|li|blockquote|code|div|span|h[1-6]|hr)(?:[\s>]|/>))", re.I
)
# A heading that is opened inside another one: with a link or bold letters between them the parser leaves it there once.
_HEADING_IN_HEADING = re.compile(r"<h[1-6]\b(?:[^<]|<(?!/?h[1-6]\b))*+<h[1-6]\b", re.I)
_RENAME = re.compile(rf"<(/?)(?:{_AS_DIV})>")
_ODD_LINK = re.compile(r'href="(?!https?://[^" ]*"|mailto:)')
_TAG = re.compile(r'<(a|img)((?: [a-z-]+="[^"]*")*)>')
_ATTRIBUTE = re.compile(r' ([a-z-]+)="([^"]*)"')
_IMG = re.compile(r"<img( [^>]*)>")
_BLOCK_TAG = re.compile(rf"</?(?:{_BLOCKS}|{_AS_DIV})(?: [^>]*)?>")
_CELL_END = re.compile(r"</t[dh]>")
_ANY_TAG = re.compile(r"<[^>]*>")
_ASCII_BLANKS = re.compile(r"[\t\r\f\v\x1c-\x1f]")
_SPACE = re.compile(r"\s+")
_NUMBER = re.compile(r"\s*(\d{1,6})")
_TINY_STYLE = re.compile(r"(?:^|[;\s])(?:width|height)\s*:\s*[0-3](?:\.\d+)?\s*(?:px)?\s*(?:;|!|$)", re.I)
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
_PIXEL_HOSTS = re.compile(
    r"https?://(?:[^/]*\.)?(?:doubleclick\.net|pixel\.wp\.com|stats\.wordpress\.com|feedsportal\.com|google-analytics\.com|"
    r"scorecardresearch\.com|quantserve\.com|pixel\.quantserve\.com|statcounter\.com|feedblitz\.com/~|pheedo\.com|"
    r"rss\.buysellads\.com|segment-data\.zqtk\.net|medium\.com/_/stat|feeds\.feedburner\.com/~[rf4])",
    re.I,
)
_HTML_NAMES = (
    "a|abbr|acronym|address|article|aside|audio|b|big|blockquote|body|br|button|center|cite|code|dd|del|details|dfn|div|dl|dt|em|embed|"
    "figcaption|figure|font|footer|form|h[1-6]|head|header|hr|html|i|iframe|img|input|ins|kbd|label|li|link|main|mark|math|meta|"
    "nav|noscript|object|ol|p|picture|pre|q|s|samp|script|section|small|source|span|strike|strong|style|sub|summary|sup|svg|table|"
    "tbody|td|textarea|tfoot|th|thead|time|title|tr|tt|u|ul|var|video|wbr"
)
_MARKUP = re.compile(rf"</?(?:{_HTML_NAMES})(?:\s[^<>]*|/)?>|<!--|<(?:img|a|iframe|script|svg)\s", re.I)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
_CONTROL_BYTES = bytes([*(number for number in range(32) if number not in (9, 10, 13)), 0x7F])
_UNSPACED = re.compile("[\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3038-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]")
_OPEN_OR_CLOSE = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_WELL_CLOSED = re.compile(r"<[^<>]*>")
_VOID = frozenset(["br", "hr", "img", "input", "meta", "link", "area", "base", "col", "embed", "source", "track", "wbr"])
_MAX_DEPTH = 400
_FORMATTING = frozenset(["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"])
_MAX_FORMATTING = 50  # open at once: an HTML parser opens all of them again in each block that follows
_UNLOOKED_TAGS = 100  # with fewer, and in a short text, nothing that follows can take long
_MAX_GROWTH = 1_000_000  # characters by which a base may make a body longer; a longer one is none


def without_controls(text: str) -> str:
    """Return `text` without the characters that no document may hold (NUL, lone surrogates, …)."""
    data = text.encode("utf-8", "surrogatepass")
    if len(data.translate(None, _CONTROL_BYTES)) == len(data) and b"\xed" not in data and b"\xef" not in data:
        return text
    return _CONTROL.sub("", text)


def is_hostile(html: str) -> bool:
    """Whether an HTML5 parser would need quadratic time: for depth, formatting left open, attributes of one tag, bare ampersands."""
    if len(html) <= 8_000 and html.count("<") <= _UNLOOKED_TAGS:
        return False
    if html.count("<") > 40_000 or html.count("&") > 60_000 or html.count("=") > 60_000:
        return True
    open_tags: dict[str, int] = {}
    depth = formatting = 0
    for closing, name in _OPEN_OR_CLOSE.findall(html):
        name = name.lower()
        if closing:
            if open_tags.get(name):
                open_tags[name] -= 1
                depth -= 1
                formatting -= name in _FORMATTING
        elif name not in _VOID and name not in ("p", "li", "td", "tr", "th", "dt", "dd", "option"):
            open_tags[name] = open_tags.get(name, 0) + 1
            depth += 1
            formatting += name in _FORMATTING
            if depth > _MAX_DEPTH or formatting > _MAX_FORMATTING:
                return True
    return any(tag.count(" ") + tag.count("\n") + tag.count("/") > 3000 for tag in html.split("<") if len(tag) > 6000)


def _flatten(html: str) -> str:
    """Return `html` as escaped text, in linear time."""
    text = unescape(_SPACE.sub(" ", _WELL_CLOSED.sub(" ", html)))
    return nh3_escape(without_controls(text)).strip()


def nh3_escape(text: str) -> str:
    """Return text as the HTML that nh3 itself would write for it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\xa0", "&nbsp;")


def _size(value: str | None) -> int | None:
    found = _NUMBER.match(value) if value else None
    return int(found[1]) if found and "%" not in (value or "") else None


def _is_pixel(attributes: dict[str, str], source: str) -> bool:
    """Whether an image can only be there to count who looks."""
    width, height = _size(attributes.get("width")), _size(attributes.get("height"))
    if (width is not None and width <= 3) or (height is not None and height <= 3):
        return True
    style = attributes.get("style")
    if style and (_HIDDEN_STYLE.search(style) or _TINY_STYLE.search(style)):
        return True
    return bool(_PIXEL_HOSTS.match(source))


def _attribute(value: str) -> str:
    return nh3_escape(value).replace('"', "&quot;")


def _image(attributes: dict[str, str], base: str) -> str:
    """The img tag that is left of one that nh3 let through; "" when nothing is."""
    source = attributes.get("src", "")
    for lazy in ("data-src", "data-lazy-src", "data-original"):
        if (not source or source.startswith("data:")) and attributes.get(lazy):
            source = attributes[lazy]
    if not source and attributes.get("srcset"):
        source = attributes["srcset"].split(",")[0].split()[0] if attributes["srcset"].strip(" ,") else ""
    source = absolute(source, base)
    if not source or _is_pixel(attributes, source):
        return ""
    kept = [f'<img src="{_attribute(source)}"']
    for name in ("alt", "title"):
        if attributes.get(name):
            kept.append(f' {name}="{_attribute(attributes[name])}"')
    for name in ("width", "height"):
        number = _size(attributes.get(name))
        if number:
            kept.append(f' {name}="{number}"')
    return "".join(kept) + ">"


def _rewrite(html: str, base: str) -> str:
    """Resolve the addresses of links and images, drop images that track."""

    def replaced(found: re.Match[str]) -> str:
        if found[1] == "a" and not _ODD_LINK.search(found[2]):
            return found[0]
        attributes = {name: unescape(value) for name, value in _ATTRIBUTE.findall(found[2])}
        if found[1] == "img":
            return _image(attributes, base)
        href = attributes.get("href", "").strip()
        if href[:7].lower() != "mailto:":
            href = absolute(href, base)
        title = attributes.get("title")
        return f'<a{f" href={chr(34)}{_attribute(href)}{chr(34)}" if href else ""}{f" title={chr(34)}{_attribute(title)}{chr(34)}" if title else ""}>'

    return _TAG.sub(replaced, html)


def _pass(html: str, base: str) -> str:
    cleaned = _CLEANER.clean(html)
    if "<img" in cleaned or _ODD_LINK.search(cleaned):
        if len(base) * cleaned.count("<") > _MAX_GROWTH:
            base = ""
        cleaned = _rewrite(cleaned, base)
    return cleaned.strip()


def sanitise(html: str, base_url: str = "") -> str:
    """Return `html` reduced to formatting, lists, tables, figures, images and links; idempotent.

    Links are http, https or mailto, images http or https, all absolute (relative ones without a usable base go). Images of
    at most 3 × 3 pixels, hidden ones and those of known counters go. Input that an HTML parser could only read in quadratic
    time (hundreds of levels deep, bold opened fifty times and never closed, a hundred thousand attributes) comes back as its text.
    """
    if len(html) > MAX_HTML:
        html = html[:MAX_HTML]
    if "<" not in html and "&" not in html:
        return without_controls(html).strip()
    if is_hostile(html):
        return _flatten(html)
    base = base_url if is_web(base_url) else ""
    cleaned = _pass(without_controls(html), base)
    if not _NEEDS_SECOND_PASS.search(html) and not _HEADING_IN_HEADING.search(html):
        return cleaned
    for _ in range(5):
        again = _pass(_RENAME.sub(r"<\1div>", cleaned), base)
        if again == cleaned:
            return cleaned
        cleaned = again
    return _flatten(cleaned)


def text_of_clean(html: str) -> str:
    """Return the text of HTML that `sanitise` made: one line per block, blanks collapsed. Linear."""
    if "<" in html:
        html = _CELL_END.sub(" ", _BLOCK_TAG.sub("\n", html))
        html = _ANY_TAG.sub("", html)
    if "&" in html:
        html = unescape(html)
    if html.isascii() and "  " not in html and not _ASCII_BLANKS.search(html):
        return "\n".join([line for line in [line.strip(" ") for line in html.split("\n")] if line])
    return "\n".join([line for line in [" ".join(line.split()) for line in html.split("\n")] if line])


def plain_text(html: str) -> str:
    """Return the text of any HTML: no tags, no script or style, one line per block. Never slow, whatever the input."""
    html = html[:MAX_HTML]
    if "<" not in html and "&" not in html:
        return text_of_clean(without_controls(html))
    if is_hostile(html):
        return text_of_clean(_flatten(html))
    return text_of_clean(_OUTLINER.clean(without_controls(html)))


def is_markup(text: str) -> bool:
    """Whether `text` can only be meant as HTML: it holds a tag that HTML knows, or a character reference."""
    return ("<" in text and bool(_MARKUP.search(text))) or ("&" in text and bool(_ENTITY.search(text)))


def one_line(text: str, limit: int) -> str:
    """Return a title, name or label as one line of plain text of at most `limit` characters.

    Markup in it is dropped and character references are decoded; a "<" or "&" that is neither stays ("List<String>").
    """
    if len(text) > 20 * limit:
        text = text[: 20 * limit]
    if ("<" in text and _MARKUP.search(text)) or ("&" in text and _ENTITY.search(text)):
        text = plain_text(text) if "<" in text and _MARKUP.search(text) else unescape(text)
    if not text.isprintable():
        text = without_controls(text)
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def body_images(html: str) -> list[Media]:
    """Return the images of HTML that `sanitise` made, in order."""
    images = []
    for found in _IMG.findall(html):
        attributes = {name: unescape(value) for name, value in _ATTRIBUTE.findall(found)}
        images.append(
            Media(
                url=attributes["src"],
                kind="image",
                alt=" ".join(attributes.get("alt", "").split())[:1000],
                width=_size(attributes.get("width")),
                height=_size(attributes.get("height")),
            )
        )
    return images


def word_count(text: str) -> int:
    """Return how long a text is to read, in words: those between blanks; a CJK character counts as half of one."""
    if text.isascii():
        return len(text.split())
    unspaced = len(_UNSPACED.findall(text))
    if not unspaced:
        return len(text.split())
    return len(_UNSPACED.sub(" ", text).split()) + (unspaced + 1) // 2
