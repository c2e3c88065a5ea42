"""Markdown as networks use it, made into HTML that is sanitised afterwards like any other. What it does not know stays text."""

from __future__ import annotations

import re
from html import escape

MAX_TEXT = 60_000  # characters
MAX_DEPTH = 4

_FENCE = re.compile(r"\s{0,3}(```+|~~~+)")
_HEADING = re.compile(r"\s{0,3}(#{1,6})\s+(.{1,500}?)\s*#*\s*\Z")
_RULE = re.compile(r"\s{0,3}([-*_])(?:\s*\1){2,}\s*\Z")
_ITEM = re.compile(r"\s{0,8}(?:([-*+])|(\d{1,6})[.)])\s+(.*)", re.S)
_SPOILER = re.compile(r"\s{0,3}:::\s*spoiler\b(.{0,200})")
_INLINE = re.compile(
    r"`(?P<code>[^`]{1,2000})`"
    r"|!\[(?P<alt>[^\]\n]{0,300})\]\((?P<image>[^()\s]{1,2000})[^()\n]{0,200}\)"
    r"|\[(?P<said>[^\[\]\n]{1,500})\]\((?P<link>[^()\s]{1,2000})[^()\n]{0,200}\)"
    r"|<?(?P<bare>https?://[^\s<>()\]\"]{1,2000}[^\s<>()\]\".,;:!?'*_~])>?"
    r"|\*\*(?P<strong>[^*\n]{1,1000})\*\*"
    r"|\*(?P<em>[^*\s][^*\n]{0,1000})\*"
    r"|~~(?P<gone>[^~\n]{1,1000})~~"
)


def html_from_markdown(text: str) -> str:
    """Return headings, paragraphs, lists, quotes, code, links, images, bold, italic and struck text as HTML."""
    return _blocks(text[:MAX_TEXT].replace("\r\n", "\n").split("\n"), 0)


def _blocks(lines: list[str], depth: int) -> str:
    made: list[str] = []
    paragraph: list[str] = []
    place = 0

    def close() -> None:
        if paragraph:
            made.append(f"<p>{_inline(_broken(paragraph))}</p>")
            paragraph.clear()

    while place < len(lines):
        line = lines[place]
        fence, item = _FENCE.match(line), _ITEM.fullmatch(line)
        if fence:
            close()
            end = next((n for n in range(place + 1, len(lines)) if lines[n].strip().startswith(fence[1])), len(lines))
            made.append(f"<pre><code>{escape(chr(10).join(lines[place + 1 : end]))}</code></pre>")
            place = end
        elif line.lstrip().startswith(">") and depth < MAX_DEPTH:
            close()
            end = _until(lines, place, lambda each: each.lstrip().startswith(">"))
            made.append(f"<blockquote>{_blocks([each.lstrip()[1:].removeprefix(' ') for each in lines[place:end]], depth + 1)}</blockquote>")
            place = end - 1
        elif spoiler := _SPOILER.fullmatch(line):
            close()
            made.append(f"<p><b>{escape(spoiler[1].strip())}</b></p>")
        elif line.strip() == ":::":
            close()
        elif heading := _HEADING.fullmatch(line):
            close()
            made.append(f"<h{len(heading[1])}>{_inline(heading[2])}</h{len(heading[1])}>")
        elif _RULE.fullmatch(line):
            close()
            made.append("<hr>")
        elif item:
            close()
            end = _until(lines, place, lambda each: bool(_ITEM.fullmatch(each)) or (each[:1] in " \t" and bool(each.strip())))
            made.append(_list(lines[place:end], "ul" if item[1] else "ol"))
            place = end - 1
        elif not line.strip():
            close()
        else:
            paragraph.append(line)
        place += 1
    close()
    return "".join(made)


def _until(lines: list[str], start: int, belongs: object) -> int:
    assert callable(belongs)
    end = start
    while end < len(lines) and belongs(lines[end]):
        end += 1
    return end


def _list(lines: list[str], tag: str) -> str:
    items: list[list[str]] = []
    for line in lines:
        found = _ITEM.fullmatch(line)
        if found:
            items.append([found[3]])
        elif items:
            items[-1].append(line.strip())
    return f"<{tag}>{''.join(f'<li>{_inline(_broken(item))}</li>' for item in items)}</{tag}>"


def _broken(lines: list[str]) -> str:
    """Lines as one text: two blanks or a backslash at the end of one break it there."""
    return "\n".join(line.rstrip(" \\") + ("\0" if line.endswith(("  ", "\\")) else "") for line in lines)


def _inline(text: str) -> str:
    made: list[str] = []
    last = 0
    for found in _INLINE.finditer(text):
        made.append(_text(text[last : found.start()]))
        made.append(_span(found))
        last = found.end()
    made.append(_text(text[last:]))
    return "".join(made)


def _text(text: str) -> str:
    return escape(text, quote=False).replace("\0", "<br>")


def _span(found: re.Match[str]) -> str:
    if found["code"] is not None:
        return f"<code>{_text(found['code'])}</code>"
    if found["image"] is not None:
        return f'<img src="{escape(found["image"])}" alt="{escape(found["alt"])}">'
    if found["link"] is not None:
        return f'<a href="{escape(found["link"])}">{_text(found["said"])}</a>'
    if found["bare"] is not None:
        return f'<a href="{escape(found["bare"])}">{_text(found["bare"])}</a>'
    if found["strong"] is not None:
        return f"<strong>{_inline(found['strong'])}</strong>"
    if found["em"] is not None:
        return f"<em>{_inline(found['em'])}</em>"
    return f"<del>{_inline(found['gone'])}</del>"
