"""A fault of Millpond's own: said plainly, with the text to copy. Nothing is sent anywhere."""

from __future__ import annotations

import platform

from PySide6.QtCore import qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from desktop import theme
from desktop.dialogs.sheet import Sheet
from desktop.strings import tr


class BugReport(Sheet):
    def __init__(self, parent: QWidget | None, text: str) -> None:
        super().__init__(
            parent,
            tr("Something in Millpond is broken"),
            tr(
                "What you were doing may not have been done; what was stored is safe. Nothing has been sent anywhere. "
                "If you want to report it, copy this text and read it first: it may name feeds."
            ),
            width=640,
            stretches=True,
        )
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setFont(theme.font(12, mono=True))
        self.text.setAccessibleName(tr("Details"))
        self.text.setMinimumHeight(theme.px(220))
        system = f"Python {platform.python_version()}, Qt {qVersion()}, {platform.system()} {platform.machine()}"
        self.text.setPlainText(f"{system}\n\n{text.strip()}\n")
        self.body.addWidget(self.text)
        self.copy_button = self.add_button(tr("Copy"), self.copy, left=True)
        self.add_button(tr("Go on"), self.close, "primary")

    def copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text.toPlainText())
        self.copy_button.setText(tr("Copied"))

    def add(self, text: str) -> None:
        """Another fault came while this one is on screen: they share the window."""
        if self.text.blockCount() < 2000:
            self.text.appendPlainText(text.strip() + "\n")


_open: BugReport | None = None


def show(window: QWidget | None, text: str) -> BugReport:
    """Show a traceback; while one is shown, further ones join it."""
    global _open
    if _open is not None:
        _open.add(text)
        return _open
    made = BugReport(window, text)

    def closed() -> None:
        global _open
        _open = None

    made.finished.connect(closed)
    made.destroyed.connect(closed)
    _open = made
    made.open()
    return made
