"""What an empty list says: why it is empty, and where to go from here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from desktop import icons, theme
from desktop.strings import tr

if TYPE_CHECKING:
    from desktop.main_window import MainWindow

Way = tuple[str, str, Callable[[], None]]  # words, role of the button, what it does


class Pond(QWidget):
    """The mark, quietly, above the words."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(theme.px(56), theme.px(56))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        icons.paint(painter, "waves", QRectF(self.rect()).adjusted(4, 4, -4, -4), theme.color("line_strong"), width=1.0)
        painter.end()


class EmptyState(QWidget):
    """One heading, one sentence, and buttons that lead on."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.role(self, "background")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(theme.px(36), theme.px(24), theme.px(36), theme.px(24))
        self._box.setSpacing(theme.px(8))
        self._box.addStretch(2)
        self._box.addWidget(Pond(), 0, Qt.AlignmentFlag.AlignHCenter)
        self.heading = theme.label("", "heading", wrap=True)
        self.text = theme.label("", "second", wrap=True)
        for label in (self.heading, self.text):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            self._box.addWidget(label)
        self._box.addSpacing(theme.px(8))
        self._ways = QVBoxLayout()
        self._ways.setSpacing(theme.px(8))
        self._box.addLayout(self._ways)
        self._box.addStretch(3)
        self.buttons: list[QPushButton] = []

    def say(self, heading: str, text: str, ways: Sequence[Way] = ()) -> None:
        self.heading.setText(heading)
        self.text.setText(text)
        for button in self.buttons:
            self._ways.removeWidget(button)
            button.deleteLater()
        self.buttons = []
        for words, kind, act in ways:
            button = QPushButton(words)
            theme.role(button, kind)
            button.clicked.connect(_call(act))
            button.setMinimumWidth(theme.px(220))
            self._ways.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
            self.buttons.append(button)


def say_why_empty(window: MainWindow) -> None:
    """Say why the list of `window` is empty, and where to go from here."""
    pane, commands = window.timeline, window.commands
    query, empty = pane.query, pane.empty
    if pane.search_text:
        empty.say(
            tr("Nothing found"),
            tr("No post has these words. Fewer or other words may help."),
            [(tr("End the search"), "", window.go_back)],
        )
    elif not window.feeds and window.engine is not None:
        empty.say(
            tr("A quiet pond"),
            tr("Follow some feeds and their posts gather here, ordered on this machine. No account, nobody watching."),
            [
                (tr("Add a feed"), "primary", window.add_feed),
                (tr("Choose from starter packs"), "", window.show_packs),
                (tr("Import subscriptions (OPML)"), "", window.import_opml),
                (tr("Try it with sample feeds"), "link", window.samples.start),
            ],
        )
    elif query.saved:
        empty.say(tr("Nothing saved yet"), tr("S saves the post that is open. Saved posts are kept for ever."))
    elif query.followed:
        empty.say(
            tr("No story followed"),
            tr("Y follows the story that is open. What comes to it later is marked as new, and the story waits here."),
            [(tr("Back to all posts"), "", commands.show_for_you)],
        )
    elif query.story_id is not None:
        empty.say(
            tr("This story was taken apart"),
            tr("Its posts stand alone now. Z takes the last act back."),
            [(tr("Back to the list"), "", window.go_back)],
        )
    elif query.unread:
        empty.say(
            tr("All read"), tr("Nothing unread is left here."), [(tr("Show all posts"), "", commands.toggle_unread)]
        )
    elif window.lanes.running("refresh"):
        empty.say(tr("Looking for posts"), tr("The first ones appear here in a moment."))
    else:
        empty.say(
            tr("No posts here"),
            tr("The feeds have not brought anything yet."),
            [(tr("Look for new posts"), "primary", commands.refresh_now)],
        )


def _call(act: Callable[[], None]) -> Callable[[bool], None]:
    def clicked(_checked: bool = False) -> None:
        act()

    return clicked
