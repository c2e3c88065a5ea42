"""Follow a feed: an address, what it turned out to be, a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QComboBox, QLineEdit, QListWidget, QListWidgetItem, QWidget

from desktop import theme
from desktop.dialogs.controls import Choice
from desktop.dialogs.sheet import Sheet, field
from desktop.strings import tr
from engine import EngineError, Feed, NotAFeedError

if TYPE_CHECKING:
    from desktop.main_window import MainWindow


class AddFeed(Sheet):
    """Asks for an address. A page that names feeds becomes a choice; everything else that fails is said in words."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(
            window,
            tr("Add a feed"),
            tr("The address of a feed, or of a site: Millpond looks for the feeds it names. Only that address is asked."),
        )
        self._window = window
        self.address = QLineEdit()
        self.address.setPlaceholderText("https://example.org/feed.xml")
        self.address.setClearButtonEnabled(True)
        self.address.textEdited.connect(self._edited)
        self.body.addWidget(field(tr("Address"), self.address))
        self.candidates = QListWidget()
        self.candidates.setMaximumHeight(theme.px(150))
        self.candidates.itemActivated.connect(lambda _item: self.follow())
        self._choice: QWidget = field(tr("The page names these feeds"), self.candidates, tr("Choose one, then Follow."))
        self._choice.hide()
        self.body.addWidget(self._choice)
        self.folder = folder_box(window)
        self.body.addWidget(field(tr("Folder"), self.folder, tr("Empty for none; a new name makes a folder.")))
        self.add_button(tr("Cancel"), self.close)
        self.follow_button = self.add_button(tr("Follow"), self.follow, "primary")
        self._offer_clipboard()
        self.address.setFocus()

    def _offer_clipboard(self) -> None:
        text = QGuiApplication.clipboard().text().strip()
        if text.lower().startswith(("http://", "https://", "feed:")) and len(text) < 2000 and not any(c.isspace() for c in text):
            self.address.setText(text)
            self.address.selectAll()

    def _edited(self) -> None:
        self._choice.hide()
        self.candidates.clear()
        self.error.hide()

    def follow(self) -> None:
        """Fetch the address and follow what it is."""
        engine = self._window.engine
        item = self.candidates.currentItem() if self._choice.isVisible() else None
        url = str(item.data(Qt.ItemDataRole.UserRole)) if item is not None else self.address.text().strip()
        if engine is None:
            return
        if not url:
            self.fail(tr("Type or paste an address first."))
            self.address.setFocus()
            return
        folder = self.folder.currentText().strip()
        self.busy(True)
        self._window.lanes.slow(lambda: engine.add_feed(url, folder=folder), self._added, failed=self._failed, owner=self)

    def _added(self, feed: Feed) -> None:
        self.busy(False)
        self._window.say(tr("Following {title}").format(title=feed.title))
        self._window.show_feed(feed.id)
        self.close()

    def _failed(self, error: EngineError) -> None:
        self.fail(str(error))
        if isinstance(error, NotAFeedError) and error.candidates:
            self.candidates.clear()
            for url in error.candidates:
                item = QListWidgetItem(url)
                item.setData(Qt.ItemDataRole.UserRole, url)
                item.setSizeHint(QSize(0, theme.px(26)))
                self.candidates.addItem(item)
            self.candidates.setCurrentRow(0)
            self._choice.show()
            self.candidates.setFocus()
            self.error.hide()
        else:
            self.address.setFocus()


def folder_box(window: MainWindow, current: str = "") -> QComboBox:
    """An editable list of the folders there are."""
    box = Choice()
    box.setEditable(True)
    line = box.lineEdit()
    if line is not None:
        line.setStyleSheet("border: none; padding: 0; background: transparent;")
    box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
    box.addItem(current)
    if window.engine is not None:

        def fill(folders: list[str]) -> None:
            text = box.currentText()
            box.clear()
            box.addItems(list(dict.fromkeys(["", *sorted(folders, key=str.casefold)])))
            box.setEditText(text)

        window.lanes.read(window.engine.folders, fill, owner=box)
    return box


def open_dialog(window: MainWindow) -> AddFeed:
    dialog = AddFeed(window)
    dialog.open()
    return dialog
