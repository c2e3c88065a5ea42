"""The one widget that shows rich text: a text browser that reads no file, asks no network and goes nowhere by itself."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QEvent, QPoint, QRectF, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFont,
    QGuiApplication,
    QImage,
    QPainter,
    QPaintEvent,
    QTextCursor,
    QTextDocument,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QMenu, QMessageBox, QSizePolicy, QTextBrowser, QWidget

from desktop import theme
from desktop.reading.links import Link, judge, open_link
from desktop.strings import tr

_UNDERLINE_PIXELS = 2


class SafeBrowser(QTextBrowser):
    """Shows a document that grows to its full height; whoever holds it does the scrolling.

    Nothing is loaded but pictures that were handed over under an `app:` address. Links to http, https and mailto are
    judged, shown and opened outside; `app:` links, where `own_links` allows them, are only signalled.
    """

    link_hovered = Signal(str)  # what the link under the pointer or the keyboard would open; "" when none
    own_link = Signal(str)  # the rest of an app: address that was activated
    own_link_hovered = Signal(str)
    rule_wanted = Signal(str)  # the selected words, to make a rule of
    filled = Signal()  # all parts are shown

    def __init__(self, parent: QWidget | None = None, *, own_links: bool = False) -> None:
        super().__init__(parent)
        self._own_links = own_links
        self._pictures: dict[str, QImage] = {}
        self._texts: dict[str, list[str]] = {}
        self._marks: list[tuple[int, int, bool]] = []
        self._font: QFont | None = None
        self._style = ""
        self._shown: list[tuple[int, str]] = []  # the parts that stand in the document, and where each begins
        self._pending: deque[str] = deque()
        self._least_height = 0  # while a document is made again, so that nobody's place in it is lost
        self._next = QTimer(self)
        self._next.setInterval(0)
        self._next.timeout.connect(self._show_next)
        self.refused: deque[str] = deque(maxlen=200)  # resources that a document named and did not get
        self.setOpenLinks(False)
        self.setOpenExternalLinks(False)
        self.setUndoRedoEnabled(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setStyleSheet("QTextBrowser { background: transparent; border: none; padding: 0; }")
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
            | Qt.TextInteractionFlag.LinksAccessibleByMouse
            | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
        )
        self.document().setDocumentMargin(0)
        self.document().setIndentWidth(24)
        self.document().documentLayout().documentSizeChanged.connect(lambda _size: self._fit())
        self.anchorClicked.connect(self._activate)
        self.highlighted.connect(self._hover)

    # ---- what is shown -----------------------------------------------------------------------

    def show_html(self, html: str, font: QFont, style: str) -> None:
        """Show `html`, already made safe, in `font` with the style sheet `style`."""
        self.show_parts([html], font, style)

    def show_parts(self, parts: Sequence[str], font: QFont, style: str, *, same: bool = False) -> None:
        """Show the first of several parts now, the others one by one, a turn of the event loop apart.

        Args:
            parts: HTML already made safe, each whole by itself.
            same: this is the document that is shown, changed or grown: what stands already stays, and so does its
                height while it is made again.
        """
        self._marks.clear()
        kept = 0
        if same and (font, style) == (self._font, self._style):
            limit = min(len(parts), len(self._shown))
            kept = next((at for at in range(limit) if self._shown[at][1] != parts[at]), limit)
        self._least_height = self.height() if same else 0
        self._font, self._style = font, style
        if kept:
            self._drop_from(kept)
        else:
            self._shown = []
            document = self.document()
            document.clear()
            document.setDefaultFont(font)
            document.setDefaultStyleSheet(style)
        self._pending = deque(parts[kept:])
        self._show_next()
        if self._pending:
            self._next.start()

    def _show_next(self) -> None:
        """Add the next part below the others. Qt lays out on this thread, and what is added only."""
        document = self.document()
        if self._pending:
            part = self._pending.popleft()
            cursor = QTextCursor(document)
            cursor.movePosition(QTextCursor.MoveOperation.End)
            at = cursor.position()
            if self._shown:
                cursor.beginEditBlock()
                # The first paragraph joins the one before it; this one of no width does so in the place of the part's.
                cursor.insertHtml(f"<p>\u200b</p>{part}")
                cursor.setPosition(at)
                cursor.deleteChar()
                cursor.endEditBlock()
            else:
                at = 0
                self.setHtml(part)
            self._shown.append((at, part))
        if not self._pending:
            self._next.stop()
            self._least_height = 0
            self._texts = self._link_texts()
            self._fit()
            self.filled.emit()
        else:
            self._fit()

    def _drop_from(self, kept: int) -> None:
        """Take the parts after the first `kept` out of the document."""
        if kept < len(self._shown):
            cursor = QTextCursor(self.document())
            cursor.setPosition(self._shown[kept][0])
            cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
            cursor.removeSelectedText()
            del self._shown[kept:]

    def filling(self) -> bool:
        """True while parts are still to be added."""
        return bool(self._pending)

    def add_picture(self, name: str, picture: QImage) -> None:
        """Let documents show `picture` under the address `app:name`."""
        self._pictures[f"app:{name}"] = picture

    def forget_pictures(self) -> None:
        self._pictures.clear()

    def loadResource(self, kind: int, name: QUrl | str) -> Any:
        address = name.toString() if isinstance(name, QUrl) else str(name)
        if address in self._pictures:
            return self._pictures[address]
        self.refused.append(address)
        if kind == int(QTextDocument.ResourceType.ImageResource.value):
            # Not a null one: for that Qt would try the name as a file of its own accord.
            return _nothing()
        return b" "

    def setSource(self, *_arguments: Any) -> None:
        """Do nothing: a link never replaces what is shown."""

    def doSetSource(self, *_arguments: Any) -> None:
        """Do nothing, likewise."""

    def _link_texts(self) -> dict[str, list[str]]:
        """Which words stand on which address."""
        texts: dict[str, list[str]] = {}
        block = self.document().begin()
        while block.isValid():
            before = ""
            iterator = block.begin()
            while not iterator.atEnd():
                fragment = iterator.fragment()
                href = fragment.charFormat().anchorHref()
                if href and href == before:
                    texts[href][-1] += fragment.text()
                elif href:
                    texts.setdefault(href, []).append(fragment.text())
                before = href
                iterator += 1
            block = block.next()
        return texts

    # ---- links -------------------------------------------------------------------------------

    def _judge(self, url: QUrl) -> Link:
        address = url.toString(QUrl.ComponentFormattingOption.FullyEncoded)
        texts = self._texts.get(address) or self._texts.get(url.toString()) or [""]
        links = [judge(address, text) for text in texts]
        return next((link for link in links if link.named_host), links[0])

    def _activate(self, url: QUrl) -> None:
        if url.scheme() == "app":
            if self._own_links:
                self.own_link.emit(url.path())
            return
        if not url.scheme() and url.hasFragment() and not url.path():
            self.scrollToAnchor(url.fragment())
            return
        ask_and_open(self.window(), self._judge(url))

    def _hover(self, url: QUrl) -> None:
        if url.scheme() == "app":
            self.own_link_hovered.emit(url.path() if self._own_links else "")
            return
        self.own_link_hovered.emit("")
        self.link_hovered.emit("" if url.isEmpty() else describe(self._judge(url)))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        at = event.pos() if event.reason() == QContextMenuEvent.Reason.Mouse else self.cursorRect().center()
        menu = self.make_menu(at)
        menu.popup(self.mapToGlobal(at))

    def make_menu(self, at: QPoint) -> QMenu:
        """The menu for the words or the link at a point."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        chosen = self.textCursor().selectedText().replace("\u2029", " ").strip()
        copy = menu.addAction(tr("Copy"))
        copy.setEnabled(bool(chosen))
        copy.triggered.connect(self.copy)
        address = self.anchorAt(at)
        if address and not address.startswith("app:"):
            link = self._judge(QUrl(address))
            if link.url:
                menu.addAction(tr("Copy link")).triggered.connect(lambda: QGuiApplication.clipboard().setText(link.url))
        menu.addAction(tr("Select all")).triggered.connect(self.selectAll)
        if chosen:
            menu.addSeparator()
            short = chosen if len(chosen) <= 30 else chosen[:29] + "…"
            rule = menu.addAction(tr("Make a rule from “{words}”…").format(words=short.replace("&", "&&")))
            rule.triggered.connect(lambda: self.rule_wanted.emit(chosen[:200]))
        return menu

    # ---- evidence ----------------------------------------------------------------------------

    def mark(self, spans: Sequence[tuple[int, int, bool]]) -> None:
        """Underline [start, end) in UTF-16 units; the third value lays the soft accent behind it too."""
        self._marks = list(spans)
        self.viewport().update()

    def mark_top(self, span: tuple[int, int, bool]) -> int:
        """How far below this widget's top a mark begins, in pixels."""
        cursor = QTextCursor(self.document())
        cursor.setPosition(min(span[0], max(0, self.document().characterCount() - 1)))
        return int(self.cursorRect(cursor).top())

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._marks:
            painter = QPainter(self.viewport())
            soft, strong = theme.color("accent_soft"), theme.color("accent")
            for start, end, full in self._marks:
                for line in self._line_rects(start, end):
                    if line.intersects(QRectF(event.rect())):
                        if full:
                            painter.fillRect(line, soft)
                        self._underline(painter, line, strong, full)
            painter.end()
        super().paintEvent(event)

    @staticmethod
    def _underline(painter: QPainter, line: QRectF, colour: QColor, full: bool) -> None:
        height = _UNDERLINE_PIXELS if full else 1
        painter.fillRect(QRectF(line.left(), line.bottom() - height, line.width(), height), colour)

    def _line_rects(self, start: int, end: int) -> list[QRectF]:
        """The part of each line that [start, end) covers, in the viewport's coordinates."""
        rects: list[QRectF] = []
        document = self.document()
        shift = -self.horizontalScrollBar().value()
        block = document.findBlock(start)
        while block.isValid() and block.position() < end:
            layout = block.layout()
            text = utf16(block.text())
            origin = document.documentLayout().blockBoundingRect(block).topLeft()
            first, last = max(0, start - block.position()), min(block.length() - 1, end - block.position())
            for number in range(layout.lineCount()):
                line = layout.lineAt(number)
                low, high = max(first, line.textStart()), min(last, line.textStart() + line.textLength())
                while high > low and text[high - 1].isspace():
                    high -= 1
                if low < high:
                    left, right = _x(line, low), _x(line, high)
                    base = line.y() + line.ascent() + line.descent() + 2
                    top = line.y() + max(0.0, line.height() - line.ascent() - line.descent()) * 0.2
                    rects.append(
                        QRectF(origin.x() + left + shift, origin.y() + top, right - left, min(base, line.y() + line.height()) - top)
                    )
            block = block.next()
        return rects

    # ---- size --------------------------------------------------------------------------------

    def _fit(self) -> None:
        height = int(self.document().documentLayout().documentSize().height() + 0.999)
        bar = self.horizontalScrollBar()
        wide = self.document().idealWidth() > self.viewport().width() + 1
        height = max(1, height, self._least_height)
        self.setFixedHeight(height + (bar.sizeHint().height() if wide else 0))

    def changeEvent(self, event: QEvent) -> None:
        """A style sheet sets the widget's font when it is first shown, and Qt hands that on to the document."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and self._font is not None:
            self.document().setDefaultFont(self._font)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scrolling up and down belongs to whoever holds this widget."""
        if abs(event.angleDelta().x()) > abs(event.angleDelta().y()):
            super().wheelEvent(event)
        else:
            event.ignore()


def utf16(text: str) -> list[str]:
    """The text unit by unit as Qt counts; both units of a character outside the first plane are that character."""
    return [char for char in text for _ in range(2 if ord(char) > 0xFFFF else 1)]


def _x(line: Any, position: int) -> float:
    at = line.cursorToX(position)
    return float(at[0] if isinstance(at, tuple) else at)


def _nothing() -> QImage:
    image = QImage(1, 1, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    return image


def describe(link: Link) -> str:
    """Where a link leads, in words for the line at the foot of the pane."""
    if link.reason:
        return {
            "scheme": tr("This link is of a kind that Millpond does not open."),
            "long": tr("This link is too long to be one."),
        }.get(link.reason, tr("This link is no address."))
    if link.named_host:
        return tr("{host} (the text says {named})").format(host=link.host, named=link.named_host)
    return link.url if len(link.url) <= 160 else link.url[:159] + "…"


def ask_and_open(parent: QWidget, link: Link) -> QMessageBox | None:
    """Open a judged link; where its text names another host, ask first. Returns the question, if one was put."""
    if not link.url:
        return _tell(parent, tr("Not opened"), describe(link))
    if not link.named_host:
        if not open_link(link):
            return _tell(parent, tr("Not opened"), tr("The system has no program for this address."))
        return None
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle(tr("This link leads elsewhere"))
    box.setText(tr("The text says {named}, the link leads to {host}.").format(named=link.named_host, host=link.host))
    box.setInformativeText(link.url[:400])
    go = box.addButton(tr("Open {host}").format(host=link.host), QMessageBox.ButtonRole.AcceptRole)
    stay = box.addButton(tr("Stay here"), QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(stay)
    box.setEscapeButton(stay)
    box.buttonClicked.connect(lambda button: open_link(link) if button is go else None)
    box.open()
    return box


def _tell(parent: QWidget, title: str, text: str) -> QMessageBox:
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setWindowTitle(title)
    box.setText(text)
    box.open()
    return box


def reading_style() -> str:
    """The default style sheet of a post's document, in the theme's colours and scale."""
    t = theme.tokens()
    line = theme.px(26)  # 1.62 × 16
    return f"""
    body, p, li, dd, dt, td, th, div {{ color: {t.ink}; }}
    p {{ margin: 0 0 {theme.px(14)}px 0; line-height: {line}px; }}
    p.image {{ margin: {theme.px(4)}px 0 {theme.px(6)}px 0; line-height: 100%; }}
    p.caption {{ color: {t.ink_second}; font-size: {theme.font(13.5).pointSizeF()}pt; line-height: {theme.px(20)}px; }}
    li, dd, dt, div, td {{ line-height: {line}px; }}
    ul, ol {{ margin: 0 0 {theme.px(14)}px 0; }}
    li {{ margin-bottom: {theme.px(4)}px; }}
    h3 {{ font-size: {theme.font(19).pointSizeF()}pt; font-weight: 600; margin: {theme.px(22)}px 0 {theme.px(8)}px 0; }}
    h4 {{ font-size: {theme.font(16.5).pointSizeF()}pt; font-weight: 600; margin: {theme.px(18)}px 0 {theme.px(6)}px 0; }}
    a {{ color: {t.accent}; text-decoration: underline; }}
    code, pre {{ font-family: '{theme.font(13, mono=True).families()[0]}'; font-size: {theme.font(13.5).pointSizeF()}pt; background-color: {t.background}; }}
    pre {{ white-space: pre-wrap; margin: 0 0 {theme.px(14)}px 0; line-height: {theme.px(21)}px; }}
    table.quote {{ margin: 0 0 {theme.px(14)}px 0; border: none; }}
    td.quote {{ border-left: 3px solid {t.line_strong}; padding-left: {theme.px(14)}px; color: {t.ink_second}; }}
    table.picture {{ margin: {theme.px(4)}px 0 {theme.px(14)}px 0; }}
    td.picture {{ background-color: {t.background}; color: {t.ink_second}; padding: {theme.px(10)}px {theme.px(12)}px;
                  font-family: '{theme.font(13).families()[0]}'; font-size: {theme.font(12.5).pointSizeF()}pt; line-height: {theme.px(18)}px; }}
    td.data, th.data {{ border: 1px solid {t.line_strong}; padding: {theme.px(4)}px {theme.px(10)}px; }}
    table.data {{ border-collapse: collapse; border-color: {t.line_strong}; margin: {theme.px(6)}px 0 {theme.px(14)}px 0; }}
    """
