"""Paints cards, and knows where on a card its buttons are."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from html import escape

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPointF,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QFontMetricsF, QHelpEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QAbstractItemView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QToolTip

from desktop import icons, story_words, theme
from desktop.facts import Answer, headline, percent
from desktop.reading.flags import flag_hint
from desktop.signals import told_in_figures
from desktop.strings import ago, tr
from desktop.timeline.card import (
    ANSWER,
    GAP,
    MARGIN,
    PADDING,
    QUOTE_INDENT,
    RADIUS,
    Card,
    Paragraph,
    lay_out,
    marks_height,
    right_margin,
    usual_height,
)
from desktop.timeline.model import PickedRole, RowRole
from engine import PostRow

Index = QModelIndex | QPersistentModelIndex

CACHED = 400  # cards: some screens in either direction
ACTIONS = ("like", "dislike", "save", "hide")
BUTTON = 22  # pixels at 100 %
BEHIND = 3  # pixels by which the edge of the cards behind a story's is seen


class CardDelegate(QStyledItemDelegate):
    """Cards for rows. `act(name, post_id)` is called when a button on a card is pressed."""

    def __init__(self, act: Callable[[str, int], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._act = act
        self._cards: OrderedDict[tuple[int, int], Card] = OrderedDict()
        self.rule_names: Mapping[int, str] = {}
        self._ring = 2.0
        self._picked = False
        theme.signal().changed.connect(self.forget)

    def forget(self) -> None:
        self._cards.clear()

    # ---- measuring ---------------------------------------------------------------------------

    def card(self, row: PostRow, width: int) -> Card:
        """The card of `row` in a list `width` pixels wide, laid out at most once per row value."""
        key = (row.id, width)
        found = self._cards.get(key)
        if found is not None and found.row == row:
            self._cards.move_to_end(key)
            return found
        made = lay_out(row, width - theme.px(MARGIN) - right_margin())
        self._cards[key] = made
        if len(self._cards) > CACHED:
            self._cards.popitem(last=False)
        return made

    def has(self, row: PostRow, width: int) -> bool:
        """True when measuring this row would lay nothing out."""
        found = self._cards.get((row.id, width))
        return found is not None and found.row == row

    def height(self, row: PostRow | None, width: int) -> int:
        """Of a card with the gap below it."""
        return round((self.card(row, width).height if row else usual_height()) + theme.px(GAP))

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        width = option.rect.width()
        return QSize(width, self.height(index.data(RowRole), width))

    def frame(self, rect: QRectF) -> QRectF:
        """The card inside the cell `rect`."""
        return rect.adjusted(theme.px(MARGIN), 0, -right_margin(), -theme.px(GAP)).adjusted(0.5, 0.5, -0.5, -0.5)

    def buttons(self, rect: QRectF) -> dict[str, QRectF]:
        """Where the buttons are on the card in the cell `rect`."""
        frame, side = self.frame(rect), theme.px(BUTTON)
        right = frame.right() - theme.px(PADDING - 4)
        top = frame.bottom() - theme.px(PADDING) - (marks_height() + side) / 2
        return {
            name: QRectF(right - (len(ACTIONS) - at) * (side + 2), top, side, side) for at, name in enumerate(ACTIONS)
        }

    # ---- painting ----------------------------------------------------------------------------

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        state = option.state
        cell = QRectF(option.rect)
        selected = bool(state & QStyle.StateFlag.State_Selected)
        hovered = bool(state & QStyle.StateFlag.State_MouseOver)
        self._picked = bool(index.data(PickedRole))
        row: PostRow | None = index.data(RowRole)
        # What is selected keeps its ring when the focus is elsewhere, a thinner one.
        self._ring = 2.0 if state & QStyle.StateFlag.State_HasFocus else 1.2
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if row is None:
            self._paint_waiting(painter, cell)
        else:
            card = self.card(row, round(cell.width()))
            if card.muffled:
                self._paint_muffled(painter, card, cell, selected)
            else:
                self._paint_card(painter, card, cell, selected, hovered)
        painter.restore()

    def _paint_frame(
        self, painter: QPainter, frame: QRectF, selected: bool, *, dashed: bool = False, hovered: bool = False
    ) -> None:
        if selected:
            painter.setPen(QPen(theme.color("accent"), self._ring))
            frame = frame.adjusted(0.5, 0.5, -0.5, -0.5)
        else:
            pen = QPen(theme.color("line_strong" if dashed or hovered else "line"), 1)
            if dashed:
                pen.setDashPattern([3, 3])
            painter.setPen(pen)
        if self._picked and not selected:
            painter.setPen(QPen(theme.color("accent"), 1.2))
        ground = theme.color("accent_soft" if self._picked else "card")
        painter.setBrush(Qt.BrushStyle.NoBrush if dashed and not self._picked else ground)
        painter.drawRoundedRect(frame, RADIUS, RADIUS)

    def _paint_behind(self, painter: QPainter, frame: QRectF) -> None:
        """The lower edge of another card, where a card stands for more than its own post."""
        painter.setPen(QPen(theme.color("line_strong"), 1))
        painter.setBrush(theme.color("background"))
        inset, below = theme.px(7), theme.px(BEHIND)
        painter.drawRoundedRect(frame.adjusted(inset, inset, -inset, below), RADIUS, RADIUS)

    def _paint_waiting(self, painter: QPainter, cell: QRectF) -> None:
        frame = self.frame(cell)
        self._paint_frame(painter, frame, False)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("line"))
        x, y = frame.left() + theme.px(PADDING), frame.top() + theme.px(PADDING)
        for share, height in ((0.3, 8), (0.8, 11), (0.55, 8)):
            bar = QRectF(x, y, (frame.width() - 2 * theme.px(PADDING)) * share, theme.px(height))
            painter.drawRoundedRect(bar, 4, 4)
            y += bar.height() + theme.px(12)

    def _paint_muffled(self, painter: QPainter, card: Card, cell: QRectF, selected: bool) -> None:
        frame = self.frame(cell)
        self._paint_frame(painter, frame, selected, dashed=True)
        font = theme.font(13)
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        painter.setPen(theme.color("ink_third"))
        name = self.rule_names.get(card.row.muffled_by or 0, "")
        why = tr("muffled by “{rule}”").format(rule=name) if name else tr("muffled by your rule")
        inner = frame.adjusted(theme.px(PADDING), 0, -theme.px(PADDING), 0)
        why = metrics.elidedText(why, Qt.TextElideMode.ElideRight, inner.width() * 0.45)
        aside = metrics.horizontalAdvance(why)
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
        painter.drawText(inner, middle | Qt.AlignmentFlag.AlignRight, why)
        painter.setPen(theme.color("ink_second"))
        room = inner.width() - aside - theme.px(12)
        text = metrics.elidedText(headline(card.row), Qt.TextElideMode.ElideRight, room)
        painter.drawText(inner, middle | Qt.AlignmentFlag.AlignLeft, text)

    def _paint_card(self, painter: QPainter, card: Card, cell: QRectF, selected: bool, hovered: bool) -> None:
        row, frame, active = card.row, self.frame(cell), selected or hovered
        if card.story:
            self._paint_behind(painter, frame)
        self._paint_frame(painter, frame, selected, hovered=hovered)
        pad = theme.px(PADDING)
        x, y, inner = frame.left() + pad, frame.top() + theme.px(PADDING - 2), frame.width() - 2 * pad
        self._paint_top(painter, card, x, y, inner)
        y += card.top_height
        if card.title is not None:
            y += theme.px(3)
            painter.setPen(theme.color("ink_second" if row.read else "ink"))
            card.title.draw(painter, x, y, inner)
            y += card.title.height
        if card.excerpt is not None:
            y += theme.px(3)
            painter.setPen(theme.color("ink_third" if row.read else "ink_second"))
            card.excerpt.draw(painter, x, y, inner)
            y += card.excerpt.height
        if card.answers:
            y += theme.px(5)
            for answer in card.answers:
                self._paint_answer(painter, answer, QRectF(x, y, inner, theme.px(ANSWER - 4)))
                y += theme.px(ANSWER)
        if card.quote is not None:
            y += theme.px(5)
            self._paint_quote(painter, card.quote, x, y, inner)
            y += card.quote.height
        y += theme.px(5)
        buttons = self.buttons(cell)
        room = (buttons["like"].left() - theme.px(8) - x) if active else inner
        self._paint_marks(painter, card, x, y, room)
        if active:
            self._paint_buttons(painter, row, buttons)

    def _paint_answer(self, painter: QPainter, answer: Answer, box: QRectF) -> None:
        """One answer of a poll in its share of the line, with the share in figures at the end."""
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("background"))
        painter.drawRoundedRect(box, 4, 4)
        font = theme.font(12)
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        inner = box.adjusted(theme.px(8), 0, -theme.px(8), 0)
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
        figure = percent(answer.share) if answer.share is not None else ""
        if answer.share:
            painter.setBrush(theme.color("accent_soft"))
            painter.drawRoundedRect(QRectF(box.x(), box.y(), max(8.0, box.width() * answer.share), box.height()), 4, 4)
        painter.setPen(theme.color("ink_second"))
        painter.drawText(inner, middle | Qt.AlignmentFlag.AlignRight, figure)
        room = inner.width() - metrics.horizontalAdvance(figure) - theme.px(8)
        words = metrics.elidedText(answer.words, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRectF(inner.x(), inner.y(), room, inner.height()), middle | Qt.AlignmentFlag.AlignLeft, words)

    def _paint_quote(self, painter: QPainter, quote: Paragraph, x: float, y: float, inner: float) -> None:
        bar = QRectF(x + (inner - 2 if quote.right_to_left else 0), y, 2, quote.height)
        painter.fillRect(bar, theme.color("line_strong"))
        painter.setPen(theme.color("ink_third"))
        indent = theme.px(QUOTE_INDENT)
        quote.draw(painter, x + (0 if quote.right_to_left else indent), y, inner - indent)

    def _paint_top(self, painter: QPainter, card: Card, x: float, y: float, inner: float) -> None:
        """Source, author and boosters, age; the network at the right. Where it is narrow the age is the last to go."""
        bold, small = theme.font(12, 600), theme.font(12)
        metrics, bold_metrics = QFontMetricsF(small), QFontMetricsF(bold)
        line = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
        cut, height = Qt.TextElideMode.ElideRight, card.top_height
        if self._picked:
            side = theme.px(14)
            icons.paint(painter, "read", QRectF(x, y + (height - side) / 2, side, side), theme.color("accent"), width=2.2)
            x, inner = x + side + theme.px(5), inner - side - theme.px(5)
        painter.setFont(small)
        painter.setPen(theme.color("ink_third"))
        room = inner
        if card.aside:
            end = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
            painter.drawText(QRectF(x, y, inner, height), end, card.aside)
            room -= metrics.horizontalAdvance(card.aside) + theme.px(12)
        age, others = " · " + ago(card.row.published_at), f" · {card.by}" if card.by else ""
        room -= metrics.horizontalAdvance(age)
        wanted = metrics.horizontalAdvance(others)
        name = bold_metrics.elidedText(card.who, cut, max(room * 0.5, room - wanted))
        used = bold_metrics.horizontalAdvance(name)
        if wanted > room - used:
            others = metrics.elidedText(others, cut, room - used) if room - used > theme.px(40) else ""
            wanted = metrics.horizontalAdvance(others)
        painter.drawText(QRectF(x + used, y, wanted + 2, height), line, others)
        painter.drawText(QRectF(x + used + wanted, y, inner - used - wanted, height), line, age)
        painter.setFont(bold)
        painter.setPen(theme.color("ink_third" if card.row.read else "ink_second"))
        painter.drawText(QRectF(x, y, used + 2, height), line, name)

    def _paint_marks(self, painter: QPainter, card: Card, x: float, y: float, room: float) -> None:
        font = theme.font(12)
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        end, height = x + room, card.marks_height
        line = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
        for words, strong in ((card.news, True), (card.story, False)):
            if words and x < end:
                x += self._paint_pill(painter, words, QRectF(x, y, end - x, height), strong) + theme.px(8)
        for colour, words, dot in card.marks:
            if end - x < theme.px(40):
                break
            if dot:
                size = theme.px(7)
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme.color(colour))
                painter.drawEllipse(QRectF(x, y + (height - size) / 2 + 0.5, size, size))
                x += size + theme.px(5)
            painter.setPen(theme.color("ink_third") if dot else theme.color(colour))
            text = metrics.elidedText(words, Qt.TextElideMode.ElideRight, end - x)
            painter.drawText(QRectF(x, y, end - x, height), line, text)
            x += metrics.horizontalAdvance(text) + theme.px(10)

    def _paint_pill(self, painter: QPainter, words: str, room: QRectF, strong: bool) -> float:
        """What a card says of its story, on a ground of its own, which nothing else takes the room of. Returns its width."""
        font, pad = theme.font(12, 600 if strong else 500), theme.px(8)
        painter.save()
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        text = metrics.elidedText(words, Qt.TextElideMode.ElideRight, room.width() - 2 * pad)
        pill = QRectF(room.x(), room.y(), metrics.horizontalAdvance(text) + 2 * pad, room.height())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("accent" if strong else "card" if self._picked else "accent_soft"))
        painter.drawRoundedRect(pill, pill.height() / 2, pill.height() / 2)
        painter.setPen(theme.color("on_accent" if strong else "accent"))
        painter.drawText(pill, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextSingleLine, text)
        painter.restore()
        return pill.width()

    def _paint_buttons(self, painter: QPainter, row: PostRow, buttons: dict[str, QRectF]) -> None:
        on = {"like": row.liked is True, "dislike": row.liked is False, "save": row.saved, "hide": row.hidden}
        for name, rect in buttons.items():
            colour = theme.color("accent" if on[name] else "ink_third")
            inset = theme.px(3)
            icons.paint(painter, name, rect.adjusted(inset, inset, -inset, -inset), colour, filled=on[name] and name != "hide")

    # ---- pointing ----------------------------------------------------------------------------

    def button_at(self, cell: QRectF, point: QPointF, row: PostRow | None) -> str:
        """The name of the button under `point`, or ""."""
        if row is None or row.muffled_by is not None:
            return ""
        return next((name for name, rect in self.buttons(cell).items() if rect.contains(point)), "")

    def editorEvent(
        self, event: QEvent, model: QAbstractItemModel, option: QStyleOptionViewItem, index: Index
    ) -> bool:
        if isinstance(event, QMouseEvent) and event.button() == Qt.MouseButton.LeftButton:
            row: PostRow | None = index.data(RowRole)
            name = self.button_at(QRectF(option.rect), event.position(), row)
            if name and row is not None:
                if event.type() == QEvent.Type.MouseButtonRelease:
                    self._act(name, row.id)
                return True
        return False

    def helpEvent(
        self, event: QHelpEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: Index
    ) -> bool:
        row: PostRow | None = index.data(RowRole)
        name = self.button_at(QRectF(option.rect), QPointF(event.pos()), row)
        words = {"like": tr("Like (L)"), "dislike": tr("Dislike (D)"), "save": tr("Save (S)"), "hide": tr("Hide (H)")}
        text = words.get(name, "")
        if not text and row is not None:
            text = told(self.card(row, option.rect.width()))
        QToolTip.showText(event.globalPos(), text, view)
        return True


def told(card: Card) -> str:
    """What a card had no room for, as rich text of escaped words: its whole first line and title, and the signals in figures."""
    row = card.row
    parts = [f"{card.who} · {card.by}" if card.by else card.who]
    if card.muffled or (card.title is not None and card.title.tail):
        parts.append(headline(row)[:400])
    parts += story_words.spoken(row)
    if hint := flag_hint(row):
        parts.append(hint)
    if not card.muffled:
        parts += told_in_figures(row)
    return "".join(f"<p>{escape(part)}</p>" for part in parts)
