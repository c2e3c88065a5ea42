"""One feed: its name, its folder, whether it is fetched; and leaving it, which can be taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit

from desktop import theme
from desktop.dialogs.add_feed import folder_box
from desktop.dialogs.controls import Check, Choice
from desktop.dialogs.sheet import Sheet, field
from desktop.dialogs.summary_wish import SummaryWishBox
from desktop.strings import moment, number, tr
from engine import Changes, EngineError, Feed

if TYPE_CHECKING:
    from desktop.main_window import MainWindow


class FeedSettings(Sheet):
    def __init__(self, window: MainWindow, feed: Feed) -> None:
        super().__init__(window, feed.title, scrolls=True)
        self._window, self._feed = window, feed
        local = feed.kind == "local"
        told = tr("Its posts were put in from elsewhere; nothing is fetched for it.") if local else feed.url
        address = theme.label(told, "second", wrap=True)
        address.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.body.addWidget(address)
        self.name = QLineEdit(feed.title)
        self.body.addWidget(field(tr("Name"), self.name, tr("Empty takes the feed's own name.")))
        self.folder = folder_box(window, feed.folder)
        self.body.addWidget(field(tr("Folder"), self.folder))
        self.fetched = Check(tr("Look for new posts"))
        self.fetched.setChecked(not feed.stopped)
        self.body.addWidget(self.fetched)
        self.whole = Check(tr("Fetch the whole article whenever a post is opened"))
        self.body.addWidget(self.whole)
        self.pictures = Choice()
        for words, policy in (
            (tr("as in the settings"), None), (tr("never fetched"), "never"), (tr("fetched on a click"), "click"), (tr("always fetched"), "all"),
        ):  # fmt: skip
            self.pictures.addItem(words, policy)
        self.body.addWidget(field(tr("Pictures"), self.pictures))
        self.wish = SummaryWishBox(window, feed)
        self.body.addWidget(self.wish)
        if local:
            self.fetched.hide()
            self.whole.hide()
        if window.engine is not None:
            window.lanes.read(
                window.engine.full_text_feeds, lambda feeds: self.whole.setChecked(feed.id in feeds), owner=self
            )
            window.lanes.read(
                window.engine.picture_policies,
                lambda own: self.pictures.setCurrentIndex(max(0, self.pictures.findData(own.get(feed.id)))),
                owner=self,
            )
        self.body.addWidget(theme.label(how_it_fares(feed), "third", wrap=True))
        if feed.error:
            self.body.addWidget(theme.label(feed.error, "amber", wrap=True))
        self.add_button(tr("Unfollow"), self.unfollow, "danger", left=True)
        self.add_button(tr("Cancel"), self.close)
        self.add_button(tr("Save"), self.save, "primary")
        self.name.setFocus()

    def save(self) -> None:
        engine, feed = self._window.engine, self._feed
        if engine is None:
            return
        title = self.name.text().strip()
        folder, stopped = self.folder.currentText().strip(), not self.fetched.isChecked()
        whole = self.whole.isChecked()
        policy = self.pictures.currentData()
        wish = self.wish.wish()
        self.busy(True)

        def write() -> Changes:
            changes = engine.update_feed(
                feed.id,
                title=title if title != feed.title else None,
                folder=folder if folder != feed.folder else None,
                stopped=stopped if stopped != feed.stopped else None,
            )
            if policy != engine.picture_policies().get(feed.id):
                changes = changes | engine.set_picture_policy(feed.id, policy)
            if wish is not None and wish != engine.summary_wish(feed.id):
                changes = changes | engine.set_summary_wish(feed.id, wish)
            return changes if whole == (feed.id in engine.full_text_feeds()) else engine.set_full_text_feed(feed.id, whole)

        self._window.lanes.read(
            write,
            self._saved,
            failed=self._failed,
            owner=self,
        )

    def _saved(self, _changes: Changes) -> None:
        self.close()

    def _failed(self, error: EngineError) -> None:
        self.fail(str(error))

    def unfollow(self) -> None:
        unfollow(self._window, self._feed)
        self.close()


def how_it_fares(feed: Feed) -> str:
    """Posts kept, last success and next look, in one line."""
    parts = [tr("{n} posts kept").format(n=number(feed.posts))]
    if feed.last_success_at is not None:
        parts.append(tr("last fetched {when}").format(when=moment(feed.last_success_at)))
    if feed.stopped:
        parts.append(tr("not fetched any more"))
    elif feed.next_check_at is not None:
        parts.append(tr("next look {when}").format(when=moment(feed.next_check_at)))
    return " · ".join(parts)


def unfollow(window: MainWindow, feed: Feed) -> None:
    """Leave a feed; its posts stay until the undo has passed, and come back with it."""
    engine = window.engine
    if engine is None:
        return

    def back() -> None:
        window.lanes.read(
            lambda: engine.restore_feed(feed.id),
            lambda _changes: window.say(tr("Following {title} again").format(title=feed.title)),
        )

    def left(_changes: Changes) -> None:
        window.undo.push(tr("Unfollow {title}").format(title=feed.title), back)
        window.say(tr("No longer following {title}").format(title=feed.title), undo=window.undo.back)

    window.lanes.read(lambda: engine.remove_feed(feed.id), left, owner=window)


def open_dialog(window: MainWindow, feed_id: int) -> None:
    """Read the feed, then ask."""
    engine = window.engine
    if engine is None:
        return

    def found(feeds: list[Feed]) -> None:
        for feed in feeds:
            if feed.id == feed_id:
                FeedSettings(window, feed).open()

    window.lanes.read(engine.feeds, found, owner=window)
