"""Before the window: how a profile is opened, and how a new one is kept. Afterwards: its recovery key, shown once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QButtonGroup,
    QFileDialog,
    QFrame,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from desktop import theme
from desktop.dialogs.controls import Check, Radio
from desktop.dialogs.sheet import Sheet, field
from desktop.strings import plural, tr
from engine import ProfileState

if TYPE_CHECKING:
    from desktop.main_window import MainWindow

SHORT_PASSPHRASE = 12  # characters; shorter ones are advised against, never refused


def secret_line() -> QLineEdit:
    line = QLineEdit()
    line.setEchoMode(QLineEdit.EchoMode.Password)
    line.setMaxLength(1024)
    return line


class Unlock(Sheet):
    """An encrypted profile that needs a passphrase, or whose keyring does not answer."""

    def __init__(self, state: ProfileState, error: str = "", parent: QWidget | None = None) -> None:
        by_keyring = state.encryption == "keyring"
        title = tr("The keyring does not give out the key") if by_keyring else tr("Unlock your posts")
        text = (
            tr("This profile's key lies in the system's keyring, which is locked or not running. Unlock it and try again, or open the profile with its recovery key.")
            if by_keyring
            else tr("This profile is encrypted. Its passphrase opens it; the recovery key that you were shown at the beginning does, too.")
        )
        super().__init__(parent, title, text, width=460)
        self.setWindowTitle("Millpond")
        self.secret = secret_line()
        self.body.addWidget(field(tr("Recovery key") if by_keyring else tr("Passphrase or recovery key"), self.secret))
        self.shown = Check(tr("Show what I type"))
        self.shown.toggled.connect(
            lambda on: self.secret.setEchoMode(QLineEdit.EchoMode.Normal if on else QLineEdit.EchoMode.Password)
        )
        self.body.addWidget(self.shown)
        self.add_button(tr("Quit"), self.reject)
        self._by_keyring = by_keyring
        if by_keyring:
            self.add_button(tr("Try the keyring again"), self._again)
        self.open_button = self.add_button(tr("Open"), self._open, "primary")
        self.answer: dict[str, Any] | None = None
        self.secret.setFocus()
        if error:
            self.fail(error)

    def _open(self) -> None:
        if not self.secret.text():
            self.fail(tr("Type it first."))
            return
        self.answer = {"passphrase": self.secret.text()}
        self.accept()

    def _again(self) -> None:
        self.answer = {}
        self.accept()


class FirstRun(Sheet):
    """A new profile where no keyring works: a passphrase, or no encryption by explicit choice."""

    def __init__(self, error: str = "", parent: QWidget | None = None) -> None:
        super().__init__(
            parent,
            tr("How shall your posts be kept?"),
            tr(
                "Millpond keeps everything in one file on this machine. This system has no keyring that could hold the key "
                "to it, so you choose."
            ),
        )
        self.setWindowTitle("Millpond")
        self.by_passphrase = Radio(tr("Encrypted with a passphrase, asked for at each start"))
        self.plain = Radio(tr("Not encrypted"))
        group = QButtonGroup(self)
        group.addButton(self.by_passphrase)
        group.addButton(self.plain)
        self.body.addWidget(self.by_passphrase)
        inside = QWidget()
        box = QVBoxLayout(inside)
        box.setContentsMargins(theme.px(26), 0, 0, theme.px(4))
        box.setSpacing(theme.px(8))
        self.first, self.second = secret_line(), secret_line()
        box.addWidget(field(tr("Passphrase"), self.first))
        box.addWidget(field(tr("Once more"), self.second))
        self.advice = theme.label("", "third", wrap=True)
        box.addWidget(self.advice)
        self._inside = inside
        self.body.addWidget(inside)
        self.body.addWidget(self.plain)
        plain_help = theme.label(
            tr("Whoever can read this account's files can read what you follow and like."), "third", wrap=True
        )
        plain_help.setContentsMargins(theme.px(26), 0, 0, 0)
        self.body.addWidget(plain_help)
        self.add_button(tr("Quit"), self.reject)
        self.begin = self.add_button(tr("Begin"), self._begin, "primary")
        self.answer: dict[str, Any] | None = None
        self.by_passphrase.toggled.connect(self._chosen)
        self.by_passphrase.setChecked(True)
        self.first.textChanged.connect(lambda _text: self._advise())
        self._advise()
        self.first.setFocus()
        if error:
            self.fail(error)

    def _chosen(self, on: bool) -> None:
        self._inside.setEnabled(on)

    def _advise(self) -> None:
        length = len(self.first.text())
        if 0 < length < SHORT_PASSPHRASE:
            self.advice.setText(
                plural("{n} character. Four or five unrelated words are better.", "{n} characters. Four or five unrelated words are better.", length)
            )
        else:
            self.advice.setText(tr("There is no way back without it but the recovery key, which you are shown next."))

    def _begin(self) -> None:
        if self.plain.isChecked():
            self.answer = {"encryption": "plain"}
            self.accept()
        elif not self.first.text():
            self.fail(tr("Choose a passphrase, or choose not to encrypt."))
        elif self.first.text() != self.second.text():
            self.fail(tr("The two do not match. Type the same passphrase twice."))
            self.second.setFocus()
            self.second.selectAll()
        else:
            self.answer = {"encryption": "passphrase", "passphrase": self.first.text()}
            self.accept()


class RecoveryKey(Sheet):
    """The recovery key, once: to copy, to save, to write down."""

    def __init__(self, parent: QWidget | None, key: str) -> None:
        super().__init__(
            parent,
            tr("Your recovery key"),
            tr(
                "Your posts are encrypted, and only this machine's keyring or your passphrase opens them. If that is ever lost, this key "
                "is the one way back. Keep it apart from this machine. It stands in Settings, too, while the profile is open."
            ),
            width=540,
        )
        self._key = key
        frame = QFrame()
        theme.role(frame, "box")
        box = QVBoxLayout(frame)
        box.setContentsMargins(theme.px(16), theme.px(14), theme.px(16), theme.px(14))
        groups = key.split("-")
        lines = [" ".join(groups[start : start + 4]) for start in range(0, len(groups), 4)]
        self.shown = theme.label("\n".join(lines))
        self.shown.setFont(theme.font(16, mono=True))
        self.shown.setStyleSheet(f"font-family: '{theme.font(16, mono=True).families()[0]}'; font-size: {theme.font(16).pointSizeF()}pt;")
        self.shown.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.shown.setAccessibleName(tr("Recovery key"))
        box.addWidget(self.shown)
        self.body.addWidget(frame)
        self.copy_button = self.add_button(tr("Copy"), self._copy, left=True)
        self.add_button(tr("Save as a file…"), self._save, left=True)
        self.add_button(tr("I have kept it"), self.accept, "primary")

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._key)
        self.copy_button.setText(tr("Copied"))

    def _save(self) -> None:
        files = QFileDialog(self, tr("Save the recovery key"))
        files.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        files.selectFile("millpond-recovery-key.txt")
        files.fileSelected.connect(self.write)
        files.finished.connect(files.deleteLater)
        files.open()

    def write(self, name: str) -> None:
        """Write the key to a file that only its owner can read."""
        text = tr("Millpond recovery key. It opens the profile without keyring or passphrase.") + f"\n\n{self._key}\n"
        try:
            handle = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            self.fail(tr("The file could not be written: {why}").format(why=error.strerror or str(error)))


def ask(profile: Path, state: ProfileState, error: str = "") -> dict[str, Any] | None:
    """How to open a profile: keyword arguments for `open_engine`; None when the person leaves.

    A new profile where the keyring works needs no question; nor does one that opens by itself, unless `error` says why
    opening it failed.
    """
    dialog: Unlock | FirstRun
    if not state.exists:
        if state.keyring_works and not error:
            return {"encryption": "keyring"}
        dialog = FirstRun(error)
    elif not error and (state.encryption == "plain" or (state.encryption == "keyring" and state.keyring_works)):
        return {}
    else:
        dialog = Unlock(state, error)
    dialog.exec()
    answer = dialog.answer
    dialog.deleteLater()
    return answer


def show_recovery_key(window: MainWindow) -> None:
    """Show the open profile's recovery key; nothing to show for one that is not encrypted."""
    engine = window.engine
    if engine is None:
        return

    def found(key: str) -> None:
        if key:
            RecoveryKey(window, key).open()

    window.lanes.read(engine.recovery_key, found, owner=window)
