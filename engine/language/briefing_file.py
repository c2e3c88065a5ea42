"""A briefing as a file: HTML that loads nothing, or Markdown. Whatever a post says stays text in both."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from datetime import datetime
from html import escape
from urllib.parse import quote, urlsplit

from engine.language.foreign import clean
from engine.types import Briefing, BriefingItem

Pictures = Mapping[int, tuple[str, bytes]]  # by post: MIME type and bytes

_MOST_PICTURE_BYTES = 400_000  # of one picture; larger ones are left out, so that the file can be sent
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_NOTES = {
    "off": "language models are switched off",
    "no_model": "no language model is installed",
    "failed": "the language model failed",
    "slow": "the language model took too long",
    "budget": "the language model's time was over",
    "server": "your model server works only when asked",
    "cancelled": "the language model was stopped",
}
_STYLE = """
:root { color-scheme: light dark; --ink: #1d2421; --second: #56615b; --ground: #fbfaf7; --line: #e3e1da; --accent: #1f6f5c; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ece9; --second: #a9b4ae; --ground: #191e1b; --line: #2c3430; --accent: #6cc5ac; } }
body { margin: 0 auto; max-width: 42rem; padding: 2rem 1.25rem 4rem; font: 16px/1.6 system-ui, sans-serif; color: var(--ink); background: var(--ground); }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; } h2 { font-size: .95rem; margin: 2rem 0 .25rem; color: var(--second); font-weight: 600; }
article { border-top: 1px solid var(--line); padding: .9rem 0; } h3 { font-size: 1.05rem; margin: 0 0 .2rem; line-height: 1.35; }
h3 a { color: inherit; text-decoration-color: var(--accent); } .about, .by, footer, .lead { color: var(--second); font-size: .85rem; margin: 0; }
article p { margin: .3rem 0; } .new { color: var(--accent); } img { max-width: 100%; height: auto; border-radius: 8px; margin: .4rem 0; }
footer { border-top: 1px solid var(--line); margin-top: 2rem; padding-top: 1rem; } p, h2, h3 { overflow-wrap: anywhere; }
details { font-size: .85rem; color: var(--second); } summary { cursor: pointer; } blockquote { margin: .3rem 0 .3rem .8rem; }
"""


def html(briefing: Briefing, pictures: Pictures) -> str:
    """Return a page by itself: no script, nothing loaded from elsewhere, pictures as data."""
    parts = [
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">",
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">",
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta name=\"referrer\" content=\"no-referrer\">",
        f"<title>{_text(title_words(briefing))}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{_text(title_words(briefing))}</h1><p class=\"lead\">{_text(length_words(briefing))}<br>{_text(writer_words(briefing))}</p>",
    ]
    for group in briefing.groups:
        parts.append(f"<section><h2 dir=\"auto\">{_text(group_words(group.kind, group.title, alone=len(briefing.groups) == 1))}</h2>")
        parts += [_html_item(item, pictures) for item in group.items]
        parts.append("</section>")
    if briefing.outside is not None:
        parts.append(f"<section><h2>Outside your usual</h2><p class=\"about\">{_text(outside_words(briefing.outside))}</p>")
        parts.append(_html_item(briefing.outside, pictures) + "</section>")
    parts.append(f"<footer><p>{_text(end_words(briefing))}</p></footer></body></html>\n")
    return "\n".join(parts)


def markdown(briefing: Briefing, _pictures: Pictures) -> str:
    """Return Markdown (CommonMark) without pictures: every character of a post that could mean something is escaped."""
    lines = [f"# {_plain(title_words(briefing))}", "", _plain(length_words(briefing)), "", _plain(writer_words(briefing)), ""]
    for group in briefing.groups:
        lines += [f"## {_plain(group_words(group.kind, group.title, alone=len(briefing.groups) == 1))}", ""]
        for item in group.items:
            lines += _markdown_item(item)
    if briefing.outside is not None:
        lines += ["## Outside your usual", "", f"*{_plain(outside_words(briefing.outside))}*", "", *_markdown_item(briefing.outside)]
    lines += ["---", "", _plain(end_words(briefing)), ""]
    return "\n".join(lines)


# ---- words, which the command line says too --------------------------------------------------


def title_words(briefing: Briefing) -> str:
    return f"Briefing of {_local(briefing.made_at)}"


def length_words(briefing: Briefing) -> str:
    """How long it is, since when, and of how many posts."""
    since = "since the last one, " if briefing.since_last else "since "
    things = f"{len(briefing.items)} thing{'' if len(briefing.items) == 1 else 's'} from {_posts(briefing.posts)}"
    return f"About {max(1, round(briefing.reading_minutes))} min to read · {since}{_local(briefing.since)} · {things}"


def writer_words(briefing: Briefing) -> str:
    """Who wrote what is told, and why not the model."""
    by_model = sum(item.method == "model" for item in briefing.items)
    words = f"{by_model} told by the local model, every sentence checked; the others in picked sentences" if by_model else "Told in picked sentences"
    return words + (f" ({_NOTES[briefing.note]})" if briefing.note in _NOTES else "") + "."


def group_words(kind: str, title: str, *, alone: bool = False) -> str:
    """What a group is called; words that its posts share stand in quotation marks."""
    if kind == "words":
        return f"About “{title}”"
    return title or ("What came" if alone else "And also")


def outside_words(item: BriefingItem) -> str:
    """Why the one thing outside the bubble is here."""
    near = f"the nearest thing you liked is far from it ({item.nearest_liked:.2f})" if item.nearest_liked is not None else "its words are none that you liked"
    return f"Here because {near}" + (f", and {item.outlets} sources tell it." if item.outlets > 1 else ".")


def item_words(item: BriefingItem) -> str:
    """Where an item comes from, how many tell it, what is new."""
    words = item.feed_title
    if item.outlets > 1:
        words += f" · {item.outlets} sources"
    if item.new_since is not None:
        words += f" · {item.new} new since {_local(item.new_since)}"
    return words + (" · read" if item.read else "")


def method_words(item: BriefingItem) -> str:
    """Who wrote an item's sentences."""
    if not item.sentences:
        return ""
    return f"by {item.model or 'the local model'}, every sentence checked" if item.method == "model" else "picked sentences"


def end_words(briefing: Briefing) -> str:
    left = f" {_posts(briefing.left_out)} {'was' if briefing.left_out == 1 else 'were'} left out." if briefing.left_out else " Nothing was left out."
    return "That is all." + left


# ---- inside ----------------------------------------------------------------------------------


def _html_item(item: BriefingItem, pictures: Pictures) -> str:
    link = web_address(item.url)
    title = _text(item.title) or "(no title)"
    head = f'<a href="{escape(link, quote=True)}" rel="noopener noreferrer nofollow">{title}</a>' if link else title
    parts = [f'<article dir="auto"><h3>{head}</h3><p class="about{" new" if item.new_since is not None else ""}">{_text(item_words(item))}</p>']
    mime, data = pictures.get(item.post_id, ("", b""))
    if mime in ("image/jpeg", "image/png") and len(data) <= _MOST_PICTURE_BYTES:
        parts.append(f'<img alt="" src="data:{mime};base64,{base64.b64encode(data).decode("ascii")}">')
    if item.sentences:
        parts.append(f"<p>{' '.join(_text(sentence.text) for sentence in item.sentences)}</p><p class=\"by\">{_text(method_words(item))}</p>")
    if item.method == "model":
        quotes = "".join(f"<blockquote>{_text(words)}</blockquote>" for sentence in item.sentences for words in sentence.quotes)
        parts.append(f"<details><summary>The words that support it</summary>{quotes}</details>")
    return "".join(parts) + "</article>"


def _markdown_item(item: BriefingItem) -> list[str]:
    link = web_address(item.url)
    title = _plain(item.title) or "(no title)"
    lines = [f"**[{title}](<{link}>)**" if link else f"**{title}**", "", _plain(item_words(item)), ""]
    if item.sentences:
        lines += [" ".join(_plain(sentence.text) for sentence in item.sentences), "", f"*{_plain(method_words(item))}*", ""]
    if item.method == "model":
        lines += [f"> {_plain(words)}\n>" for sentence in item.sentences for words in sentence.quotes] + [""]
    return lines


def web_address(url: str) -> str:
    """Return an address that may be linked, percent-encoded where it could end what it stands in; "" for all but http and https."""
    try:
        parts = urlsplit(url.strip())
        sound = parts.scheme.lower() in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return ""
    return quote(url.strip(), safe="/:?#[]@!$&'*+,;=%~-._") if sound else ""


def one_line(text: str) -> str:
    """A text without line ends and without what cannot be seen."""
    return " ".join(clean(text).text.split())


def _text(text: str) -> str:
    return escape(one_line(text), quote=True)


def _plain(text: str) -> str:
    return _PUNCTUATION.sub(r"\\\1", one_line(text))


def _local(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"


def _posts(count: int) -> str:
    return f"{count:,} post{'' if count == 1 else 's'}"


