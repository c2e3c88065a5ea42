"""One card: its text laid out for a width, kept until the row, the width or the theme changes."""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QTextLayout, QTextOption

from desktop import theme
from desktop.facts import (
    Answer,
    answers,
    apart,
    boosters,
    facts,
    headline,
    network,
    plain,
    rule_badges,
    straight,
    warning,
)
from desktop.reading.flags import card_flag
from desktop.signals import LOUD, card_words, on_card
from desktop.story_words import news, others
from desktop.strings import ago, plural, reason, sentiment, tr
from engine import PostRow

TITLE_LINES = 3
EXCERPT_LINES = 2
SCROLL_BAR = 10  # pixels, as the style sheet has it
MARGIN, GAP, PADDING, RADIUS = 12, 8, 14, 12  # around, between and inside cards; at 100 %
QUOTE_INDENT = 12
ANSWER = 22  # the height of one answer of a poll, with the room below it
ROOMY = 340  # pixels from which on a card has room to name the network

# A colour name, and the words; drawn one after another while there is room.
Mark = tuple[str, str, bool]  # token of the colour, words, with a dot before


@dataclass(slots=True)
class Paragraph:
    """At most some lines of one font; the last one ends with an ellipsis when there was more."""

    layout: QTextLayout
    tail: str  # the elided last line, "" when everything fitted
    tail_y: float
    height: float
    font: QFont
    right_to_left: bool

    def draw(self, painter: QPainter, x: float, y: float, width: float) -> None:
        self.layout.draw(painter, QPointF(x, y))
        if self.tail:
            painter.setFont(self.font)
            side = Qt.AlignmentFlag.AlignRight if self.right_to_left else Qt.AlignmentFlag.AlignLeft
            rect = QRectF(x, y + self.tail_y, width, self.height - self.tail_y)
            painter.drawText(rect, side | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextSingleLine, self.tail)


def paragraph(text: str, font: QFont, width: float, lines: int, leading: float = 0.0) -> Paragraph:
    """Lay out at most `lines` lines of `text`; `leading` pixels are added below each."""
    # One line of the widest letters cannot need more characters than this.
    text = " ".join(straight(text[: 200 * lines]).split())
    layout = QTextLayout(text, font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    right_to_left = text.isascii() is False and _right_to_left(text)
    option.setTextDirection(Qt.LayoutDirection.RightToLeft if right_to_left else Qt.LayoutDirection.LeftToRight)
    option.setAlignment(Qt.AlignmentFlag.AlignRight if right_to_left else Qt.AlignmentFlag.AlignLeft)
    layout.setTextOption(option)
    layout.setCacheEnabled(True)
    y, tail, tail_y = 0.0, "", 0.0
    layout.beginLayout()
    for number in range(lines):
        line = layout.createLine()
        if not line.isValid():
            break
        line.setLineWidth(width)
        end = line.textStart() + line.textLength()
        if number == lines - 1 and end < len(text):
            tail = QFontMetricsF(font).elidedText(text[line.textStart() :], Qt.TextElideMode.ElideRight, width)
            tail_y = y
            line.setNumColumns(0)
            line.setPosition(QPointF(0, -10_000))  # drawn as `tail` instead
            y += line.height() + leading
            break
        line.setPosition(QPointF(0, y))
        y += line.height() + leading
    layout.endLayout()
    return Paragraph(layout, tail, tail_y, y, font, right_to_left)


def _right_to_left(text: str) -> bool:
    for character in text:
        if "\u0590" <= character <= "\u08ff" or "\ufb1d" <= character <= "\ufefc":
            return True
        if character.isalpha():
            return False
    return False


@dataclass(slots=True)
class Card:
    """What is drawn for one row at one width. All lengths in pixels, from the card's own top left."""

    row: PostRow
    width: float
    height: float
    muffled: bool
    title: Paragraph | None
    excerpt: Paragraph | None
    quote: Paragraph | None
    marks: list[Mark]
    who: str
    by: str
    aside: str  # at the right end of the first line
    top_height: float
    marks_height: float
    answers: list[Answer] = field(default_factory=list)
    story: str = ""  # who else tells it: "+3 outlets"
    news: str = ""  # what came to a followed story: "2 new"


def marks(row: PostRow) -> list[Mark]:
    """What the line of marks says of a post, the most telling first."""
    found: list[Mark] = []
    if warning(row.extras):
        found.append(("amber", tr("behind a warning"), False))
    if flag := card_flag(row):
        found.append(("amber", flag, False))
    found += [("amber", words, False) for words in rule_badges(row)]
    found += [("ink_third", words, False) for words in facts(row.extras)]
    if row.sentiment is not None:
        label = row.sentiment.label
        colour = "ink_third" if label == "unsure" else label
        found.append((colour, sentiment(row.sentiment), label != "unsure"))
    found += [("amber" if name in LOUD else "ink_third", card_words(name), False) for name in on_card(row)]
    if row.liked is not None:
        found.append(("accent" if row.liked else "negative", tr("liked") if row.liked else tr("disliked"), False))
    if row.saved:
        found.append(("accent", tr("saved"), False))
    if row.story_followed and not row.story_new:
        found.append(("accent", tr("followed"), False))
    if row.reason and row.reason != "baseline":
        found.append(("accent", reason(row.reason, row.reason_detail), False))
    return found


def who(row: PostRow) -> str:
    return plain(row.feed_title)


def by(row: PostRow) -> str:
    """The author where it says more than the feed's name, and who boosted it."""
    author = plain(row.author, 80)
    named = apart(author) if author.casefold() not in row.feed_title.casefold() else ""
    return " · ".join(part for part in (named, boosters(row.extras)) if part)


def when(row: PostRow) -> str:
    """As `by`, and how long ago."""
    return " · ".join(part for part in (by(row), ago(row.published_at)) if part)


def aside(row: PostRow, width: float) -> str:
    """The network, where the feed is not called so already, and how long the post takes to read."""
    named = network(row.extras) if width >= theme.px(ROOMY) else ""
    if named.casefold() in row.feed_title.casefold():
        named = ""
    minutes = plural("{n} min read", "{n} min read", row.reading_minutes) if row.reading_minutes > 1 else ""
    return " · ".join(part for part in (named, minutes) if part)


def marks_height() -> float:
    """Of the line of marks: there is always room for the buttons, so that hovering never changes a height."""
    return max(line_height(theme.font(12)), float(theme.px(20)))


def right_margin() -> int:
    """Right of the cards, where the scroll bar takes its part of the margin."""
    return max(2, theme.px(MARGIN) - SCROLL_BAR)


def line_height(font: QFont) -> float:
    return QFontMetricsF(font).height()


def lay_out(row: PostRow, width: float) -> Card:
    """Measure the card of `row` for a card `width` (frame included)."""
    small = theme.font(12)
    inner = width - 2 * theme.px(PADDING)
    top = line_height(small)
    if row.muffled_by is not None:
        return Card(row, width, theme.px(32), True, None, None, None, [], who(row), by(row), "", top, top)
    weight = 500 if row.read else 600
    head, body = headline(row), row.excerpt if row.title and not warning(row.extras) else ""
    title = paragraph(head, theme.font(14.5, weight), inner, TITLE_LINES, theme.px(1)) if head else None
    excerpt = paragraph(body, theme.font(13), inner, EXCERPT_LINES, theme.px(1)) if body else None
    quote, asked = _quote(row, inner), answers(row.extras)
    height = 2 * theme.px(PADDING - 1) + top
    height += theme.px(3) + title.height if title else 0
    height += theme.px(3) + excerpt.height if excerpt else 0
    height += theme.px(5) + len(asked) * theme.px(ANSWER) if asked else 0
    height += theme.px(5) + quote.height if quote else 0
    height += theme.px(5) + marks_height()
    return Card(
        row, width, height, False, title, excerpt, quote, marks(row), who(row), by(row), aside(row, width), top,
        marks_height(), asked, others(row), news(row),
    )  # fmt: skip


def _quote(row: PostRow, inner: float) -> Paragraph | None:
    """The post that this one quotes, on two lines beside a bar."""
    quoted = row.extras.quote if row.extras is not None and not row.extras.content_warning else None
    if quoted is None or not (quoted.text or quoted.author):
        return None
    author = plain(quoted.author, 60)
    words = f"{author}: {quoted.text[:600]}" if author else quoted.text[:600]
    return paragraph(words, theme.font(12.5), inner - theme.px(QUOTE_INDENT), EXCERPT_LINES, theme.px(1))


def usual_height() -> float:
    """The height of a card whose row is still to come: one line of title and two of text."""
    return (
        2 * theme.px(PADDING - 1) + line_height(theme.font(12)) + theme.px(3) + 2 * line_height(theme.font(14.5, 600))
        + theme.px(3) + 2 * (line_height(theme.font(13)) + theme.px(1)) + theme.px(5) + marks_height()
    )  # fmt: skip
