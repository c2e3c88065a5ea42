"""What a page hides from people's eyes by its styles: taken out of what is shown and read, and kept apart to be judged."""

from __future__ import annotations

import re
from html import unescape

import nh3

from engine.sources.clean import (
    CLEANED_ATTRIBUTES,
    CLEANED_TAGS,
    DROPPED_WITH_CONTENT,
    MAX_HTML,
    is_hostile,
    plain_text,
    without_controls,
)

MAX_HIDDEN = 2_000  # characters of it that are kept

_MAYBE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|font-size\s*:\s*0|opacity\s*:\s*0|text-indent\s*:\s*-|(?:left|top|right)\s*:\s*-\d{3}"
    r"|max-height\s*:\s*0|mso-hide|color\s*:|<[a-z][^<>]{0,500}\shidden[\s=>/]|style\s*=\s*[\"'][^\"'<>]{0,500}&#|<!--",
    re.IGNORECASE,
)
_SEER = nh3.Cleaner(
    tags=set(CLEANED_TAGS) | {"span", "font"},
    clean_content_tags=set(DROPPED_WITH_CONTENT),
    attributes={**CLEANED_ATTRIBUTES, "*": {"style", "hidden"}},
    link_rel=None,
    url_schemes={"http", "https", "mailto", "data"},
)
_TAG = re.compile(r'<(/?)([a-z][a-z0-9]*)((?: [a-zA-Z-]+="[^"]*")*)>')
_STYLE = re.compile(r' style="([^"]*)"')
_VOID = frozenset(["br", "hr", "img"])
_UNSEEN = re.compile(
    r"display:none|visibility:(?:hidden|collapse)|(?<![a-z-])font-size:0(?:\.0*)?(?:px|pt|em|rem|%)?(?:;|!|$)|(?<![a-z-])opacity:0?(?:\.0+)?(?:;|!|$)|text-indent:-\d{3}"
    r"|(?<![a-z-])(?:left|top|right):-\d{3}|max-height:0(?:px)?(?:;|!|$)|mso-hide:all|(?<![a-z-])color:transparent"
)
_COLOURS = re.compile(r"(?:^|;)(color|background(?:-color)?):([^;!]+)")
_NAMED = {"white": "#ffffff", "black": "#000000", "rgb(255,255,255)": "#ffffff", "rgb(0,0,0)": "#000000"}


def apart(html: str) -> tuple[str, str]:
    """Return HTML without the elements that its styles hide, and their text.

    Where that would be the greater part, a script was meant to show it: then nothing is taken out.
    """
    if "<" not in html or not _hides(html) or is_hostile(html[:MAX_HTML]):
        return html, ""
    html = without_controls(html[:MAX_HTML])
    said = _comments(html)
    marked = _SEER.clean(html)
    shown, unseen = _split(marked)
    if unseen:
        text = plain_text("".join(unseen))
        if len(plain_text(shown)) > len(text):
            html, said = shown, f"{text}\n{said}"
    return html, said.strip()[:MAX_HIDDEN]


def _hides(html: str) -> bool:
    """Whether anything in it may be hidden. Nearly no post has one of these words, which are looked for far faster than `_MAYBE`."""
    lower = html.lower()
    return any(sign in lower for sign in ("style", "hidden", "<!--")) and _MAYBE.search(html) is not None


def _split(html: str) -> tuple[str, list[str]]:
    """HTML that nh3 wrote, in what is seen and the elements that are not."""
    shown: list[str] = []
    unseen: list[str] = []
    at, name, depth, began = 0, "", 0, 0
    for tag in _TAG.finditer(html):
        closing, this, attributes = tag.groups()
        if depth:
            if this == name:
                depth += -1 if closing else 1
            if not depth:
                unseen.append(html[began : tag.end()])
                at = tag.end()
        elif not closing and this not in _VOID and attributes and _is_unseen(attributes):
            shown.append(html[at : tag.start()])
            name, depth, began = this, 1, tag.start()
    shown.append(html[at:] if not depth else "")
    if depth:  # nh3 closes every element; should it not, all of it is shown
        shown.append(html[began:])
    return "".join(shown), unseen


def _is_unseen(attributes: str) -> bool:
    if " hidden=" in attributes:
        return True
    found = _STYLE.search(attributes)
    if found is None:
        return False
    style = "".join(unescape(found[1]).lower().split())
    if _UNSEEN.search(style):
        return True
    colours = {what[:10]: _NAMED.get(value, _long(value)) for what, value in _COLOURS.findall(style)}
    return "color" in colours and colours["color"] == colours.get("background")


def _long(colour: str) -> str:
    """"#fff" as "#ffffff"."""
    return "#" + "".join(digit * 2 for digit in colour[1:]) if len(colour) == 4 and colour[0] == "#" else colour


def _comments(html: str) -> str:
    found: list[str] = []
    at = html.find("<!--")
    while at >= 0 and sum(map(len, found)) < MAX_HIDDEN:
        end = html.find("-->", at + 4)
        if end < 0:
            break
        found.append(html[at + 4 : end][:MAX_HIDDEN])
        at = html.find("<!--", end)
    return "\n".join(text for text in found if " " in text.strip())
