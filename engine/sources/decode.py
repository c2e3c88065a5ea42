"""From the bytes of an answer to text that an XML parser takes: encodings, doctypes, entities, stray characters."""

from __future__ import annotations

import codecs
import re
from html.entities import html5

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# The WHATWG's labels: what pages and feeds mean by a name is often a superset of what the name says.
_LABELS = {
    "ascii": "cp1252", "us-ascii": "cp1252", "latin1": "cp1252", "latin-1": "cp1252", "iso-8859-1": "cp1252", "iso8859-1": "cp1252",
    "iso_8859-1": "cp1252", "l1": "cp1252", "windows-1252": "cp1252", "iso-8859-9": "cp1254", "iso-8859-11": "cp874",
    "tis-620": "cp874", "gb2312": "gb18030", "gb_2312-80": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "cp936": "gb18030",
    "shift_jis": "cp932", "shift-jis": "cp932", "sjis": "cp932", "x-sjis": "cp932", "ks_c_5601-1987": "cp949", "euc-kr": "cp949",
    "utf8": "utf-8", "unicode": "utf-8", "utf-8859-1": "cp1252", "big5-hkscs": "big5hkscs", "big5": "big5hkscs",
    "utf-16": "utf-16", "x-user-defined": "utf-8", "unicode-1-1-utf-8": "utf-8",
}  # fmt: skip
_SINGLE_BYTE = re.compile(r"cp125\d|cp874|cp866|iso8859-|koi8-|mac-|latin")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:+-]+)", re.I)
_DECLARED = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9_.:+-]{1,40})[\"']", re.I)
_META = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:+-]{1,40})", re.I)
_FIRST_TAG = re.compile(r"<[A-Za-z]")
_XML_DECLARATION = re.compile(r"\s*<\?xml\b[^>]*\?>", re.I)

_STRAY = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_STRAY_BYTES = bytes(number for number in range(32) if number not in (9, 10, 13))
_C1_BYTES = re.compile(rb"\xc2[\x80-\x9f]")  # what U+0080 to U+009F are in UTF-8
_CP1252 = {number: bytes([number]).decode("cp1252", "ignore") or " " for number in range(0x80, 0xA0)}
_AMPERSAND = re.compile(
    r"&(?!(?:amp|lt|gt|quot|apos);)(?:#([xX][0-9a-fA-F]{1,8}|[0-9]{1,10});?|([A-Za-z][A-Za-z0-9]{1,31});)?"
)
_C1_REFERENCE = re.compile(r"&#(?:1(?:2[89]|[345]\d)|[xX](?:00)?[89][0-9a-fA-F]);")


def _codec(label: str) -> str:
    """Return the name of Python's codec for a charset label, or "" when there is none that makes text."""
    label = label.strip().lower()
    try:
        info = codecs.lookup(_LABELS.get(label, label))
    except (LookupError, ValueError):
        return ""
    return info.name if info._is_text_encoding and info.name not in ("idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "utf-7") else ""


def _guessed_wide(body: bytes) -> str:
    """The wide encoding of a document that starts with "<" and has no byte order mark."""
    start = body[:4]
    return {b"<\0?\0": "utf-16-le", b"\0<\0?": "utf-16-be", b"<\0r\0": "utf-16-le", b"\0<\0r": "utf-16-be",
            b"<\0\0\0": "utf-32-le", b"\0\0\0<": "utf-32-be", b"<\0f\0": "utf-16-le", b"\0<\0f": "utf-16-be"}.get(start, "")  # fmt: skip


def _lenient_utf8(body: bytes) -> str | None:
    """`body` as UTF-8 when nearly all of it is: truncated or with a few bytes damaged; None when it is something else."""
    text = body.decode("utf-8", "replace")
    wrong = text.count("\ufffd")
    right = len(body) - len(text) + wrong  # continuation bytes that fitted
    return text if wrong <= 2 or wrong * 10 < right else None


def decode(body: bytes, content_type: str = "") -> tuple[str, str]:
    """Return the text of `body`, and a warning in plain words ("" when the encoding was as declared).

    In order: a byte order mark; UTF-8 that is valid (no other encoding looks like it by chance); the charset of the HTTP header;
    that of the XML declaration or the meta tag; nearly valid UTF-8; windows-1252. Never fails.
    """
    for mark, codec in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(codec, "replace"), ""
    wide = _guessed_wide(body)
    if wide:
        return body.decode(wide, "replace"), ""
    in_header = _CHARSET.search(content_type)
    in_body = _DECLARED.search(body[:1000]) or _META.search(body[:4000])
    labels = ([in_header[1]] if in_header else []) + ([in_body[1].decode("ascii")] if in_body else [])
    claimed = [codec for codec in (_codec(label) for label in labels) if codec]
    if not any(codec.startswith(("iso2022", "hz")) for codec in claimed):  # those are ASCII bytes, hence valid UTF-8
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError:
            pass
        else:
            surprised = bool(claimed) and claimed[0] != "utf-8" and not text.isascii()
            return text, "The feed is in UTF-8 though it says otherwise." if surprised else ""
    for position, codec in enumerate(claimed):
        if codec.startswith(("utf-16", "utf-32")) or (_SINGLE_BYTE.match(codec) and len(claimed) > position + 1):
            continue  # a single-byte codec takes anything: what else is claimed goes first
        try:
            return body.decode(codec), "" if position == 0 else "The feed is not in the encoding that its server names."
        except (UnicodeDecodeError, ValueError):
            continue
    text_or_none = _lenient_utf8(body) if not claimed or "utf-8" in claimed else None
    if text_or_none is not None:
        return text_or_none, "Some bytes of the feed are damaged."
    for codec in claimed:
        if codec != "utf-8" and not codec.startswith(("utf-16", "utf-32")):
            return body.decode(codec, "replace"), "Some bytes of the feed are damaged."
    return body.decode("cp1252", "replace"), "The feed is not in the encoding that it names."


def _doctype_end(text: str, start: int) -> int:
    """The index after the doctype that starts at `start`; the end of the text when it never ends."""
    quote = ""
    bracket = False
    for found in re.compile(r"[\"'\[\]>]|<!--|-->").finditer(text, start):
        mark = found[0]
        if quote:
            if mark == quote:
                quote = ""
        elif mark == "<!--":
            quote = "-->"
        elif mark in "\"'":
            quote = mark
        elif mark == "[":
            bracket = True
        elif mark == "]":
            bracket = False
        elif mark == ">" and not bracket:
            return found.end()
    return len(text)


def without_prologue(text: str) -> tuple[str, bool]:
    """Return `text` without XML declaration and doctype, and whether the doctype declared entities of its own.

    A doctype is never read: no external entity, no parameter entity, no expansion can come of it.
    """
    text = text.lstrip("\ufeff \t\r\n\0")
    found = _XML_DECLARATION.match(text)
    if found:
        text = text[found.end() :]
    first = _FIRST_TAG.search(text)
    before = first.start() if first else len(text)
    start = text.find("<!DOCTYPE", 0, before)
    if start < 0:
        start = text.find("<!doctype", 0, before)
    if start < 0:
        return text, False
    end = _doctype_end(text, start)
    return text[:start] + text[end:], "<!ENTITY" in text[start:end]


def well_chosen(text: str) -> str:
    """Return `text` without characters that XML forbids, and with windows-1252's quotes where C1 controls stand for them."""
    data = text.encode("utf-8", "surrogatepass")
    if b"\xc2" in data and _C1_BYTES.search(data):
        text = text.translate(_CP1252)
    if b"#" in data and b"&#" in data:  # one byte is looked for at forty times the speed of two
        text = _C1_REFERENCE.sub(lambda found: _character(found[0][2:-1]), text)
    if len(data.translate(None, _STRAY_BYTES)) < len(data) or b"\xed" in data or (b"\xef" in data and b"\xef\xbf" in data):
        text = _STRAY.sub("", text)
    return text


def _character(reference: str) -> str:
    try:
        number = int(reference[1:], 16) if reference[:1] in "xX" else int(reference)
    except ValueError:
        return ""
    if 0x80 <= number < 0xA0:
        return _CP1252[number]
    if number in (9, 10, 13) or 32 <= number < 0xD800 or 0xE000 <= number < 0xFFFE or 0x10000 <= number < 0x110000:
        return f"&#{number};"
    return ""


def _mended(found: re.Match[str]) -> str:
    number, name = found[1], found[2]
    if number:
        return _character(number)
    if name:
        characters = html5.get(name + ";")
        return f"&amp;{name};" if characters is None else "".join(f"&#{ord(character)};" for character in characters)
    return "&amp;"


def mend(text: str) -> str:
    """Return XML with HTML's named entities, bare ampersands and impossible references made good, CDATA left alone. Linear."""
    parts = []
    position = 0
    while True:
        start = text.find("<![CDATA[", position)
        end = text.find("]]>", start) if start >= 0 else -1
        if end < 0:
            parts.append(_AMPERSAND.sub(_mended, text[position:]))
            return "".join(parts)
        parts.append(_AMPERSAND.sub(_mended, text[position:start]))
        parts.append(text[start : end + 3])
        position = end + 3
