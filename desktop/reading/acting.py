"""Favourite, boost, bookmark and answer a post where its network allows it: each the person's own act, shown until it is sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from desktop import theme
from desktop.facts import plain
from desktop.strings import number, plural, tr
from engine import Account, Act, BusyError, EngineError, Post

if TYPE_CHECKING:
    from desktop.main_window import MainWindow

ACTIVE = {"mastodon": frozenset({"favourite", "boost", "bookmark", "reply"}), "bluesky": frozenset({"favourite", "boost", "reply"})}
USUAL_LENGTH = {"mastodon": 500, "bluesky": 300}  # characters that most servers allow in a reply


@dataclass(frozen=True, slots=True)
class _Known:
    post_id: int
    acts: list[Act]
    accounts: list[Account]


class ActsPanel(QFrame):
    """Shows nothing where nobody is signed in, or the network has no acts. A reply that is being written outlives its post."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__()
        self._window = window
        self._post_id: int | None = None
        self._kind = ""
        self._on: dict[str, bool] = {}
        self._drafts: dict[int, str] = {}
        theme.role(self, "card")
        box = QVBoxLayout(self)
        box.setContentsMargins(theme.px(16), theme.px(10), theme.px(16), theme.px(12))
        box.setSpacing(theme.px(8))
        row = QHBoxLayout()
        row.setSpacing(theme.px(8))
        self.buttons: dict[str, QPushButton] = {}
        for verb in ("favourite", "boost", "bookmark", "reply"):
            button = QPushButton(_WORDS[verb](False)[0])
            theme.role(button, "link")
            button.clicked.connect(lambda _checked=False, verb=verb: self.act(verb))
            row.addWidget(button)
            self.buttons[verb] = button
        row.addStretch(1)
        box.addLayout(row)
        self.writing = QWidget()
        inner = QVBoxLayout(self.writing)
        inner.setContentsMargins(0, 0, 0, 0)
        self.text = QPlainTextEdit()
        self.text.setTabChangesFocus(True)
        self.text.setFixedHeight(theme.px(96))
        self.text.setAccessibleName(tr("Your reply"))
        self.text.setPlaceholderText(tr("Your reply. It is seen by whoever sees the post, and nothing is sent before you press Send."))
        self.text.textChanged.connect(self._count)
        inner.addWidget(self.text)
        foot = QHBoxLayout()
        self.count = theme.label("", "third")
        foot.addWidget(self.count, 1)
        self.put_off = QPushButton(tr("Close"))
        self.put_off.setToolTip(tr("What you wrote is kept until you leave Millpond"))
        self.put_off.clicked.connect(lambda _checked=False: self.writing.hide())
        foot.addWidget(self.put_off)
        self.send = QPushButton(tr("Send"))
        theme.role(self.send, "primary")
        self.send.setToolTip(tr("Send the reply (Ctrl+Return)"))
        self.send.clicked.connect(lambda _checked=False: self._send_reply())
        foot.addWidget(self.send)
        inner.addLayout(foot)
        box.addWidget(self.writing)
        keys = QShortcut(QKeySequence("Ctrl+Return"), self.text)
        keys.setContext(Qt.ShortcutContext.WidgetShortcut)
        keys.activated.connect(self._send_reply)
        self.note = theme.label("", "third", wrap=True)
        box.addWidget(self.note)
        self.writing.hide()
        self.setAccessibleName(tr("Act on this post"))
        self.hide()

    def show_post(self, post: Post) -> None:
        new = post.row.id != self._post_id
        self._post_id = post.row.id
        kind = post.row.extras.source_kind if post.row.extras is not None else ""
        self._kind = kind
        if kind not in ACTIVE:
            self.hide()
            return
        if new:
            self.hide()
            self.writing.hide()
            self.text.setPlainText(self._drafts.get(post.row.id, ""))
        self._load()

    def act(self, verb: str) -> None:
        """Do it, or take it back where it was done; for a reply, open the box to write in."""
        if self._post_id is None or not self.isVisible() or verb not in ACTIVE.get(self._kind, ()):
            return
        if verb == "reply":
            self.writing.show()
            self._count()
            self.text.setFocus()
            return
        undo, post_id = self._on.get(verb, False), self._post_id
        self._do(post_id, verb, undo=undo)
        said = _SAID[verb]()[1 if undo else 0]
        self._window.undo.push(said, lambda: self._do(post_id, verb, undo=not undo))
        self._window.say(said, undo=self._window.undo.back)

    def draft(self, text: str) -> None:
        """Put a draft into the box, below what the person wrote there. Nothing is sent."""
        if self._post_id is None or not self.isVisible():
            self._window.say(tr("To answer, sign in to an account of that network first: Settings, Accounts"))
            return
        own = self.text.toPlainText().rstrip()
        self.text.setPlainText(f"{own}\n\n{text}" if own else text)
        self.writing.show()
        self._count()
        self._say(tr("This is a draft that a machine made: change it as you like. Nothing is sent before you press Send."))
        self.text.setFocus()

    def _send_reply(self) -> None:
        post_id, text = self._post_id, self.text.toPlainText().strip()
        if post_id is None or not text:
            return

        def kept() -> None:
            self._drafts.pop(post_id, None)
            if self._post_id == post_id:
                self.text.clear()
                self.writing.hide()

        self._do(post_id, "reply", text=text, kept=kept)

    def _do(self, post_id: int, verb: str, *, undo: bool = False, text: str = "", kept: Callable[[], None] = lambda: None) -> None:
        """Queue an act, which is kept at once, and send what waits."""
        engine = self._window.engine
        if engine is None:
            return

        def queue() -> None:
            engine.act(post_id, verb, undo=undo, text=text)  # type: ignore[arg-type]

        def send() -> None:
            try:
                for _ in engine.send_acts():
                    pass
            except BusyError:
                pass  # the refresh that runs sends it at its end

        def queued(_nothing: object) -> None:
            kept()
            self._load()
            self._window.lanes.slow(send, sent, failed=failed)

        def sent(_nothing: object) -> None:
            self._window.upkeep.load_ledger()
            self._load()

        def failed(error: EngineError) -> None:
            if self._post_id == post_id:
                self._say(str(error))

        self._window.lanes.slow(queue, queued, failed=failed)

    def _load(self) -> None:
        engine, post_id = self._window.engine, self._post_id
        if engine is None or post_id is None:
            return
        self._window.lanes.read(
            lambda: _Known(post_id, engine.acts(post_id), engine.accounts()), self._show, key="acts", owner=self
        )

    def _show(self, known: _Known) -> None:
        if known.post_id != self._post_id:
            return
        able = any(account.kind == self._kind for account in known.accounts)
        self.setVisible(able)
        self._on = {act.verb: not act.undo for act in known.acts if act.verb != "reply" and act.state != "failed"}
        for verb, button in self.buttons.items():
            button.setVisible(verb in ACTIVE.get(self._kind, ()))
            words, tip = _WORDS[verb](self._on.get(verb, False))
            button.setText(words)
            button.setToolTip(tip)
        self._say(_told(known.acts))

    def _say(self, words: str) -> None:
        self.note.setText(plain(words))
        self.note.setVisible(bool(words))

    def _count(self) -> None:
        text = self.text.toPlainText()
        if self._post_id is not None:
            self._drafts[self._post_id] = text
        left = USUAL_LENGTH.get(self._kind, 500) - len(text)
        self.count.setText(number(left) if left >= 0 else plural("{n} more than most servers allow", "{n} more than most servers allow", -left))
        self.send.setEnabled(bool(text.strip()))


def _told(acts: list[Act]) -> str:
    """What waits, what failed, and how many replies were sent."""
    lines = []
    sent = sum(act.verb == "reply" and act.state == "done" for act in acts)
    if sent:
        lines.append(plural("You answered this post.", "You answered this post {n} times.", sent))
    for act in acts:
        if act.state == "waiting":
            lines.append(tr("Waits to be sent.") if not act.error else tr("Waits to be sent: {why}").format(why=act.error))
        elif act.state == "failed":
            lines.append(tr("Not sent: {why}").format(why=act.error))
    return "\n".join(dict.fromkeys(lines))


_WORDS: dict[str, Callable[[bool], tuple[str, str]]] = {
    "favourite": lambda on: (tr("★ Favourite") if on else tr("☆ Favourite"), tr("Favourite on its network, or take it back (Shift+F)")),
    "boost": lambda on: (tr("✓ Boosted") if on else tr("Boost"), tr("Show it to whoever follows you, or take it back (Shift+B)")),
    "bookmark": lambda on: (tr("✓ Bookmarked") if on else tr("Bookmark"), tr("Bookmark on its network, or take it back (Shift+K)")),
    "reply": lambda on: (tr("Reply…"), tr("Write an answer (R)")),
}
_SAID: dict[str, Callable[[], tuple[str, str]]] = {
    "favourite": lambda: (tr("Favourited in your name"), tr("No longer favourited")),
    "boost": lambda: (tr("Boosted in your name"), tr("No longer boosted")),
    "bookmark": lambda: (tr("Bookmarked in your account"), tr("No longer bookmarked")),
}
