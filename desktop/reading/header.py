"""What stands above a post: where it comes from, its title, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from desktop import icons, theme
from desktop.facts import long_facts, network, plain, straight
from desktop.reading.flow import FlowLayout
from desktop.reading.links import judge
from desktop.strings import moment, plural, tr
from engine import Post


class PostHeader(QWidget):
    """Plain text always. The buttons only tell what is wanted."""

    open_wanted = Signal()
    like_wanted = Signal(object)  # True, False, or None to take it back
    save_wanted = Signal(bool)
    hide_wanted = Signal(bool)
    copy_wanted = Signal()
    comments_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._post: Post | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.px(8))
        self.meta = theme.label("", "third", wrap=True)
        self.title = theme.label("", "title", wrap=True)
        self.facts = theme.label("", "third", wrap=True)
        self.facts.setTextFormat(Qt.TextFormat.PlainText)
        for label in (self.meta, self.title, self.facts):
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            column.addWidget(label)
        row = QWidget()
        flow = FlowLayout(row, across=theme.px(2))
        self.open_button = _button("", tr("Open original"), self.open_wanted.emit)
        self.like_button = _button("like", tr("Like"), self._like, checkable=True)
        self.dislike_button = _button("dislike", tr("Dislike"), self._dislike, checkable=True)
        self.save_button = _button("save", tr("Save"), self._save, checkable=True)
        self.hide_button = _button("hide", tr("Hide"), self._hide)
        self.whole_button = _button("", tr("Whole article"), lambda: None)
        self.copy_button = _button("", tr("Copy link"), self.copy_wanted.emit)
        self.comments_button = _button("", tr("Comments"), self.comments_wanted.emit)
        self.rewrite_button = _button("", tr("Rewrite…"), lambda: None)
        self.rewrite_button.setToolTip(tr("A plain title, a translation, what your other posts tell of it (P)"))
        self._buttons = (
            self.like_button, self.dislike_button, self.save_button, self.hide_button, self.open_button,
            self.whole_button, self.copy_button, self.comments_button, self.rewrite_button,
        )  # fmt: skip
        for button in self._buttons:
            flow.addWidget(button)
        column.addWidget(row)

    def show_post(self, post: Post) -> None:
        self._post = post
        row = post.row
        named = network(row.extras)
        parts = [
            plain(row.feed_title),
            plain(row.author) if row.author != row.feed_title else "",
            named if named.casefold() not in row.feed_title.casefold() else "",
            moment(row.published_at),
        ]
        if row.reading_minutes:
            parts.append(tr("{n} min read").format(n=row.reading_minutes))
        if post.versions > 1:
            parts.append(plural("{n} version", "{n} versions", post.versions))
        self.meta.setText(" · ".join(part for part in parts if part))
        self.title.setText(straight(row.title))
        self.title.setVisible(bool(row.title))
        known = " · ".join(long_facts(row.extras))
        self.facts.setText(known)
        self.facts.setVisible(bool(known))
        self.like_button.setChecked(row.liked is True)
        self.dislike_button.setChecked(row.liked is False)
        self.save_button.setChecked(row.saved)
        self.hide_button.setText(tr("Show again") if row.hidden else tr("Hide"))
        link = judge(row.url)
        self.open_button.setVisible(bool(link.url))
        self.copy_button.setVisible(bool(link.url))
        self.open_button.setToolTip(link.host)
        comments = judge(post.comments_url)
        self.comments_button.setVisible(bool(comments.url) and comments.url != link.url)
        self.comments_button.setToolTip(comments.host)
        self.draw()

    def draw(self) -> None:
        """Draw the buttons' icons in the theme's present colours."""
        for button in self._buttons:
            drawing = button.property("drawing")
            if drawing:
                side = theme.px(16)
                colour = theme.color("accent" if button.isChecked() else "ink_second")
                button.setIcon(icons.icon(str(drawing), colour, side, filled=button.isChecked()))
                button.setIconSize(QSize(side, side))

    def _like(self) -> None:
        self.like_wanted.emit(True if self.like_button.isChecked() else None)

    def _dislike(self) -> None:
        self.like_wanted.emit(False if self.dislike_button.isChecked() else None)

    def _save(self) -> None:
        self.save_wanted.emit(self.save_button.isChecked())

    def _hide(self) -> None:
        self.hide_wanted.emit(self._post is None or not self._post.row.hidden)


def _button(icon: str, text: str, act: Callable[[], None], *, checkable: bool = False) -> QPushButton:
    button = QPushButton(text)
    theme.role(button, "quiet")
    button.setProperty("drawing", icon)
    button.setCheckable(checkable)
    button.setCursor(Qt.CursorShape.PointingHandCursor)
    button.clicked.connect(lambda _checked=False: act())
    return button
