"""Accounts on networks: who is signed in, signing in with the system's browser, signing out."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QCloseEvent, QDesktopServices
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from desktop import theme
from desktop.dialogs.controls import Check
from desktop.dialogs.sheet import Sheet, field
from desktop.strings import tr
from engine import Account, EngineError, InputError

if TYPE_CHECKING:
    from desktop.main_window import MainWindow


class Accounts(Sheet):
    """The browser shows the server's own page; nothing is typed here but the server's name."""

    _address = Signal(str)  # from the thread that signs in

    def __init__(self, window: MainWindow) -> None:
        super().__init__(
            window,
            tr("Accounts"),
            tr("With an account you can read your home timeline and lists. For Mastodon you agree on the server's own page, in your browser. Tokens are kept in the system's keyring and nowhere else."),
            scrolls=True,
        )
        self._window = window
        self._cancel = threading.Event()
        self._list = QVBoxLayout()
        self._list.setSpacing(theme.px(6))
        self.body.addLayout(self._list)
        self.server = QLineEdit()
        self.server.setPlaceholderText("mastodon.social")
        self.server.setMaxLength(300)
        self.body.addWidget(field(tr("Sign in to a Mastodon server"), self.server, tr("Its name, or your handle on it.")))
        self.act = Check(tr("Also favourite, boost, bookmark and answer in my name"))
        self.act.setToolTip(tr("Only ever when you press the button for it"))
        self.body.addWidget(self.act)
        self.handle = QLineEdit()
        self.handle.setPlaceholderText("ada.bsky.social")
        self.handle.setMaxLength(300)
        self.body.addWidget(field(tr("Or sign in to Bluesky"), self.handle, tr("Your handle.")))
        self.password = QLineEdit()
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.password.setMaxLength(100)
        self.body.addWidget(
            field(tr("App password"), self.password, tr("Made on bsky.app under Settings, Privacy and security. It is used once and not kept."))
        )
        self.reader = QLineEdit()
        self.reader.setPlaceholderText("https://rss.example.org")
        self.reader.setMaxLength(1000)
        self.body.addWidget(
            field(tr("Or keep a FreshRSS or Miniflux server"), self.reader, tr("Its address. Its feeds come here, and read and starred posts agree on both sides."))
        )
        self.user = QLineEdit()
        self.user.setMaxLength(200)
        self.body.addWidget(field(tr("User name"), self.user))
        self.reader_password = QLineEdit()
        self.reader_password.setEchoMode(QLineEdit.EchoMode.Password)
        self.reader_password.setMaxLength(500)
        self.body.addWidget(
            field(tr("API password"), self.reader_password, tr("The one for other readers: in FreshRSS under Profile, in Miniflux under Integrations. It is used once and not kept."))
        )
        self.add_button(tr("Close"), self.close)
        self.sign_in_button = self.add_button(tr("Sign in…"), self.sign_in, "primary")
        self._address.connect(self.open_browser)
        self._load()
        self.server.setFocus()

    def open_browser(self, address: str) -> None:
        QDesktopServices.openUrl(QUrl(address))

    def sign_in(self) -> None:
        engine, server = self._window.engine, self.server.text().strip()
        if engine is None:
            return
        if not server and self.handle.text().strip():
            self._sign_in_bluesky()
            return
        if not server and self.reader.text().strip():
            self._sign_in_reader()
            return
        if not server:
            self.fail(tr("Type the server's name, your handle on Bluesky, or the address of your feed server, first."))
            return
        self._cancel.set()
        self._cancel = cancel = threading.Event()
        act = self.act.isChecked()
        self.busy(True)

        def work() -> Account:
            account = engine.sign_in(server, self._address.emit, cancel=cancel, act=act)
            try:
                title = tr("Home of {name}").format(name=account.name)
                engine.add_feed(f"{account.server}/home", kind=account.kind, account=account.name, title=title)
            except InputError:
                pass  # followed already
            return account

        self._window.lanes.slow(work, self._signed_in, failed=self._failed, owner=self)

    def _sign_in_bluesky(self) -> None:
        engine, handle, password = self._window.engine, self.handle.text().strip(), self.password.text()
        if engine is None:
            return
        self._cancel = threading.Event()
        self.busy(True)

        def work() -> Account:
            account = engine.sign_in_bluesky(handle, password)
            try:
                title = tr("Home of {name}").format(name=account.name)
                engine.add_feed(f"{account.server}/home", kind=account.kind, account=account.name, title=title)
            except InputError:
                pass  # followed already
            return account

        self._window.lanes.slow(work, self._signed_in, failed=self._failed, owner=self)

    def _sign_in_reader(self) -> None:
        engine = self._window.engine
        address, user, password = self.reader.text().strip(), self.user.text().strip(), self.reader_password.text()
        if engine is None:
            return
        self._cancel = threading.Event()
        self.busy(True)
        self._window.lanes.slow(lambda: engine.sign_in_reader(address, user, password), self._reader_signed_in, failed=self._failed, owner=self)

    def _reader_signed_in(self, found: tuple[Account, int]) -> None:
        self.busy(False)
        for each in (self.reader, self.user, self.reader_password):
            each.clear()
        self._load()
        self._window.upkeep.load_ledger()
        self._window.say(tr("Signed in as {name}; its feeds are followed and come with the next refresh").format(name=found[0].name))

    def _signed_in(self, account: Account) -> None:
        self.busy(False)
        self.server.clear()
        self.handle.clear()
        self.password.clear()
        self._load()
        self._window.upkeep.load_ledger()
        self._window.say(tr("Signed in as {name}; its home timeline is followed").format(name=account.name))

    def _failed(self, error: EngineError) -> None:
        if not self._cancel.is_set():
            self.fail(str(error))

    def _load(self) -> None:
        engine = self._window.engine
        if engine is not None:
            self._window.lanes.read(engine.accounts, self._show, owner=self)

    def _show(self, accounts: list[Account]) -> None:
        while (item := self._list.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        for account in accounts:
            row = QWidget()
            box = QHBoxLayout(row)
            box.setContentsMargins(0, 0, 0, 0)
            box.addWidget(theme.label(account.name, "strong"), 1)
            out = QPushButton(tr("Sign out"))
            out.setAutoDefault(False)
            out.setAccessibleName(tr("Sign out of {name}").format(name=account.name))
            out.clicked.connect(lambda _checked=False, name=account.name: self._sign_out(name))
            box.addWidget(out)
            self._list.addWidget(row)
            if account.error:
                self._list.addWidget(theme.label(account.error, "amber", wrap=True))

    def _sign_out(self, name: str) -> None:
        engine = self._window.engine
        if engine is not None:
            self.busy(True)
            self._window.lanes.slow(lambda: engine.sign_out(name), self._signed_out, failed=self._failed, owner=self)

    def _signed_out(self, _nothing: object) -> None:
        self.busy(False)
        self._load()
        self._window.upkeep.load_ledger()

    def closeEvent(self, event: QCloseEvent) -> None:
        self._cancel.set()  # whoever closes this waits for no browser any more
        super().closeEvent(event)

    def reject(self) -> None:
        self._cancel.set()
        super().reject()


def open_dialog(window: MainWindow) -> Accounts:
    dialog = Accounts(window)
    dialog.open()
    return dialog
