"""Beside a post: a plain title, a translation, what other posts tell of it, a draft of an answer. The original stays as it is."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale, QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QProgressBar, QPushButton, QVBoxLayout, QWidget

from desktop import theme
from desktop.facts import plain, tip
from desktop.link_button import LinkButton
from desktop.reading.acting import ACTIVE
from desktop.strings import tr
from engine import EngineError, ModelError, Post, Rewrite, RewriteKind, RewriteSource

if TYPE_CHECKING:
    from desktop.main_window import MainWindow


def kind_words(kind: RewriteKind) -> str:
    """What a box holds, as its heading."""
    return {
        "title": tr("Plain title"),
        "translation": tr("Translation"),
        "explanation": tr("From your other posts"),
        "reply": tr("Draft of an answer"),
    }[kind]


def method_words(made: Rewrite) -> str:
    """Who made it, and where no model did, why."""
    if made.kind == "explanation":
        return tr("sentences of posts that you have, word for word")
    if made.method == "model":
        return {
            "translation": tr("translated by the local model; it can be wrong"),
            "reply": tr("written by the local model; only its names, numbers and links were looked up in the post"),
        }.get(made.kind, tr("by the local model, checked against the post"))
    notes = {
        "no_model": tr("picked from the post: no language model is installed"),
        "language": tr("picked from the post: no installed model writes this language"),
        "rejected": tr("picked from the post: what the model wrote did not pass the check"),
        "slow": tr("picked from the post: the language model took too long"),
        "failed": tr("picked from the post: the language model stopped"),
    }
    return notes.get(made.note, tr("picked from the post"))


def language_words(code: str) -> str:
    """A language by its own name: "Deutsch", "中文"."""
    name = QLocale(code).nativeLanguageName()
    return name[:1].upper() + name[1:] if name else code


class RewriteBox(QFrame):
    """Shows nothing until something is asked for. One thing at a time; what comes late for another post is dropped."""

    def __init__(self, window: MainWindow, button: QPushButton) -> None:
        super().__init__()
        self._window, self.menu_button = window, button
        self._post: Post | None = None
        self._cancel = threading.Event()
        self._languages: list[str] = []
        self.made: Rewrite | None = None
        theme.role(self, "card")
        self.setAccessibleName(tr("Beside the post"))
        self._build()
        button.clicked.connect(lambda _checked=False: self.open_menu())
        window.features.changed.connect(self._suit)
        self._suit()
        self.hide()

    def _build(self) -> None:
        box = QVBoxLayout(self)
        box.setContentsMargins(theme.px(16), theme.px(12), theme.px(16), theme.px(12))
        box.setSpacing(theme.px(6))
        head = QHBoxLayout()
        head.setSpacing(theme.px(6))
        self.heading = theme.label("", "strong")
        self.method = theme.label("", "second", wrap=True)
        self.cancel = _link(tr("Cancel"), self.stop)
        self.close_button = _link(tr("Close"), self.put_away)
        self.close_button.setToolTip(tr("The post stays as it is"))
        head.addWidget(self.heading)
        head.addWidget(self.method, 1)
        head.addWidget(self.cancel)
        head.addWidget(self.close_button)
        box.addLayout(head)
        self.progress = QProgressBar()
        self.progress.setRange(0, 0)
        self.progress.setAccessibleName(tr("The model is writing"))
        box.addWidget(self.progress)
        self.text = theme.label("", wrap=True)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard)
        box.addWidget(self.text)
        self._sources = QVBoxLayout()
        self._sources.setSpacing(theme.px(8))
        box.addLayout(self._sources)
        self.error = theme.label("", "error", wrap=True)
        box.addWidget(self.error)
        foot = QHBoxLayout()
        self.copy = _link(tr("Copy"), self._copy)
        self.use = _link(tr("Take as a draft"), self._use)
        self.use.setToolTip(tr("Puts it into the box for your answer. Nothing is sent before you press Send."))
        self.models = _link(tr("Models…"), lambda: self._window.show_page("models"))
        for part in (self.copy, self.use, self.models):
            part.setStyleSheet("padding-left: 0;")
            foot.addWidget(part)
        foot.addStretch(1)
        box.addLayout(foot)

    # ---- what can be asked for ---------------------------------------------------------------

    def show_post(self, post: Post) -> None:
        new = self._post is None or self._post.row.id != post.row.id
        self._post = post
        if new:
            self.put_away()

    def cover(self, covered: bool) -> None:
        """Nothing is told of a post behind a warning."""
        self.menu_button.setEnabled(not covered)
        if covered:
            self.put_away()

    def _suit(self) -> None:
        on = "rewrites" in self._window.features
        self.menu_button.setVisible(on)
        if not on:
            self.put_away()
            return
        engine = self._window.engine
        if engine is not None:
            self._window.lanes.read(engine.rewrite_languages, self._take_languages, key="rewrite-languages", owner=self)

    def _take_languages(self, languages: list[str]) -> None:
        self._languages = languages

    def menu(self) -> QMenu:
        """What can be asked for of the open post."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(tr("Plain title"), partial(self.ask, "title"))
        if self._languages:
            into = menu.addMenu(tr("Translate into"))
            own = QLocale().name()[:2]
            for code in sorted(self._languages, key=lambda code: (code != own, language_words(code))):
                into.addAction(language_words(code), partial(self.ask, "translation", code))
        else:
            menu.addAction(tr("Translate"), partial(self.ask, "translation"))  # says which models can
        menu.addAction(tr("Explain from my posts"), partial(self.ask, "explanation"))
        if self._answerable():
            menu.addAction(tr("Draft an answer"), partial(self.ask, "reply"))
        return menu

    def _answerable(self) -> bool:
        extras = self._post.row.extras if self._post is not None else None
        return extras is not None and "reply" in ACTIVE.get(extras.source_kind, ())

    def open_menu(self) -> None:
        if self._post is not None and self.menu_button.isEnabled() and "rewrites" in self._window.features:
            self.menu().popup(self.menu_button.mapToGlobal(QPoint(0, self.menu_button.height())))

    # ---- asking ------------------------------------------------------------------------------

    def ask(self, kind: RewriteKind, language: str = "") -> None:
        """Make one of them for the open post."""
        engine, post = self._window.engine, self._post
        if engine is None or post is None:
            return
        self._cancel.set()
        self._cancel = cancel = threading.Event()
        self._show(kind, busy=True)
        post_id = post.row.id

        def done(made: Rewrite) -> None:
            if not cancel.is_set() and self._post is not None and self._post.row.id == post_id:
                self._show_made(made)

        def failed(error: EngineError) -> None:
            if not cancel.is_set() and self._post is not None and self._post.row.id == post_id:
                self._show(kind, error=str(error), models=isinstance(error, ModelError))

        self._window.lanes.slow(
            lambda: engine.rewrite(post_id, kind, language=language, cancel=cancel), done, failed=failed, key="rewrite", owner=self
        )

    def stop(self) -> None:
        """Stop the model; an answer that still comes is dropped."""
        self.put_away()

    def put_away(self) -> None:
        self._cancel.set()
        self.made = None
        self.hide()

    def _show(self, kind: RewriteKind, *, method: str = "", busy: bool = False, error: str = "", models: bool = False) -> None:
        self.made = None
        self.heading.setText(kind_words(kind))
        self.method.setText(tr("is being made on this machine…") if busy else method)
        self.method.setToolTip("")
        for part, wanted in (
            (self.progress, busy), (self.cancel, busy), (self.close_button, not busy), (self.text, False), (self.error, bool(error)),
            (self.copy, False), (self.use, False), (self.models, models),
        ):  # fmt: skip
            part.setVisible(wanted)
        self.error.setText(error)
        self._clear()
        self.show()

    def _show_made(self, made: Rewrite) -> None:
        self._show(made.kind, method=method_words(made))
        self.made = made
        self.method.setToolTip(tip(made.model))
        if made.kind == "explanation":
            for source in made.sources:
                self._sources.addWidget(self._source(source))
            self.text.setText("" if made.sources else tr("None of your other posts tells of what is named here."))
        else:
            self.text.setText(made.text.strip() or tr("There is nothing in this post that could be taken."))
        self.text.setVisible(bool(self.text.text()))
        self.copy.setVisible(bool(made.text))
        self.use.setVisible(made.kind == "reply" and bool(made.text))

    def _source(self, source: RewriteSource) -> QWidget:
        part = QWidget()
        box = QVBoxLayout(part)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(theme.px(1))
        said = theme.label(plain(source.text, 400), wrap=True)
        said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        box.addWidget(said)
        title = plain(source.title, 120) or tr("a post without a title")
        words = tr("{about}: {title} · {feed}").format(about=source.about, title=title, feed=plain(source.feed_title))
        link = LinkButton(words.replace("&", "&&"))
        theme.role(link, "link")
        link.setStyleSheet("padding-left: 0; text-align: left;")
        link.setCursor(Qt.CursorShape.PointingHandCursor)
        link.setToolTip(tip(words))
        link.clicked.connect(lambda _checked=False: self._window.open_post(source.post_id))
        box.addWidget(link)
        return part

    def _clear(self) -> None:
        while (item := self._sources.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()

    def _copy(self) -> None:
        if self.made is not None:
            QGuiApplication.clipboard().setText(self.made.text)
            self._window.say(tr("Copied"))

    def _use(self) -> None:
        if self.made is not None:
            self._window.reading.deeds.draft(self.made.text)


def _link(text: str, act: object) -> QPushButton:
    button = QPushButton(text)
    theme.role(button, "link")
    button.setCursor(Qt.CursorShape.PointingHandCursor)
    button.clicked.connect(lambda _checked=False: act())  # type: ignore[operator]
    return button
