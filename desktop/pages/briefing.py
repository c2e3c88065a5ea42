"""The briefing: a few minutes' worth of what came, in groups, two lines each, with an end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from desktop import briefing_words as say
from desktop import theme
from desktop.dialogs.controls import Choice
from desktop.facts import tip
from desktop.pages.page import Page, button, card, empty
from desktop.reading.flow import FlowLayout
from desktop.strings import moment, number, tr
from engine import Briefing, BriefingEvent, BriefingItem, Changes, EngineError

if TYPE_CHECKING:
    from desktop.main_window import MainWindow

AT_ONCE = 4  # cards that are made in one turn of the event loop


class ItemCard(QFrame):
    """One thing: where from, its title, two lines, and who wrote them. Enter or a click opens its post."""

    def __init__(self, page: BriefingPage, item: BriefingItem, reason: str = "") -> None:
        super().__init__()
        self._page = page
        self.item = item
        theme.role(self, "item")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        box = QVBoxLayout(self)
        box.setContentsMargins(theme.px(16), theme.px(12), theme.px(16), theme.px(12))
        box.setSpacing(theme.px(4))
        self.source = theme.label("", "third", wrap=True)
        box.addWidget(self.source)
        self.news = theme.label("", "accent", wrap=True)
        box.addWidget(self.news)
        self.title = theme.label("", "item-title", wrap=True)
        box.addWidget(self.title)
        self.reason = theme.label(reason, "second", wrap=True)
        box.addWidget(self.reason)
        self.reason.setVisible(bool(reason))
        self.text = theme.label("", wrap=True)
        box.addWidget(self.text)
        self.method = theme.label("", "third", wrap=True)
        box.addWidget(self.method)
        self.show_item(item)

    def show_item(self, item: BriefingItem) -> None:
        self.item = item
        now = datetime.now(UTC)
        self.source.setText(say.source_words(item, now))
        for label, words in (
            (self.news, say.news_words(item)),
            (self.title, item.title),
            (self.text, " ".join(sentence.text for sentence in item.sentences)),
            (self.method, say.method_words(item)),
        ):
            label.setText(words)
            label.setVisible(bool(words))
        self.method.setToolTip(tip(say.method_tip(item)))
        self.setAccessibleName(say.spoken(item, now))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._page.open_item(self.item)
        elif event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self._page.step(1 if event.key() == Qt.Key.Key_Down else -1)
        else:
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self._page.open_item(self.item)
        else:
            super().mouseReleaseEvent(event)


class BriefingPage(Page):
    def __init__(self, window: MainWindow) -> None:
        super().__init__(
            window,
            tr("Briefing"),
            tr("A few minutes’ worth of what came: the best of it, two lines each, and an end. Made on this machine."),
        )
        self._briefing: Briefing | None = None
        self._cards: dict[int, ItemCard] = {}
        self._building: Iterator[None] | None = None
        self._ended = False  # whether the end of the briefing stands below its cards
        self._opened: int | None = None  # the item whose post was opened last
        self._step_timer = QTimer(self)
        self._step_timer.setInterval(0)
        self._step_timer.timeout.connect(self._build_some)
        self._build_controls()
        self._build_progress()
        self.message, self._message_box = card()
        self.body.addWidget(self.message)
        self.message.hide()
        self.about = theme.label("", "second", wrap=True)
        self.writer = theme.label("", "third", wrap=True)
        self.body.addWidget(self.about)
        self.body.addWidget(self.writer)
        self._list = QVBoxLayout()
        self._list.setSpacing(theme.px(8))
        self.body.addLayout(self._list)
        window.briefings.changed.connect(self._take_event)
        window.briefings.ended.connect(self._take_end)

    # ---- controls ----------------------------------------------------------------------------

    def _build_controls(self) -> None:
        row = QWidget()
        flow = FlowLayout(row, across=theme.px(10), down=theme.px(8))
        segments = QWidget()
        theme.role(segments, "segments")
        segments.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        segments.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        inner = QHBoxLayout(segments)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(0)
        self.minutes = QButtonGroup(self)
        for minutes in say.MINUTES:
            choice = QPushButton(tr("{n} min").format(n=number(minutes)))
            choice.setAccessibleName(tr("{n} minutes to read").format(n=number(minutes)))
            theme.role(choice, "segment")
            choice.setCheckable(True)
            self.minutes.addButton(choice, minutes)
            inner.addWidget(choice)
        proposed = int(self._window.settings.get("briefing_length", 5))
        self.minutes.button(min(say.MINUTES, key=lambda each: abs(each - proposed))).setChecked(True)
        self.since = Choice()
        self.since.setAccessibleName(tr("Since when"))
        for words, name in ((tr("since the last one"), "last"), (tr("since yesterday"), "yesterday"), (tr("of the last week"), "week")):
            self.since.addItem(words, name)
        self.make = button(tr("Make a briefing"), self.make_one, "primary")
        self.earlier = Choice()
        self.earlier.setAccessibleName(tr("Earlier briefings"))
        self.earlier.activated.connect(lambda at: self._show_earlier(int(self.earlier.itemData(at))))
        for widget in (segments, self.since, self.make, self.earlier):
            flow.addWidget(widget)
        self.earlier.hide()
        self.body.addWidget(row)

    def _build_progress(self) -> None:
        self.progress = QWidget()
        row = QHBoxLayout(self.progress)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.px(10))
        self.meter = QProgressBar()
        self.meter.setTextVisible(False)
        self.meter.setAccessibleName(tr("Things the model has read"))
        self.meter.setFixedWidth(theme.px(160))
        self.now = theme.label("", "second")
        self.cancel = button(tr("Cancel"), self._window.briefings.cancel, name=tr("Stop the language model; what is there stays"))
        row.addWidget(self.meter)
        row.addWidget(self.now)
        row.addWidget(self.cancel)
        row.addStretch(1)
        self.body.addWidget(self.progress)
        self.progress.hide()

    # ---- asking ------------------------------------------------------------------------------

    def make_one(self) -> None:
        """Make a briefing as the controls say."""
        if self._window.engine is None or self._window.briefings.running():
            return
        now = datetime.now().astimezone()
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        since = {"yesterday": midnight - timedelta(days=1), "week": now - timedelta(days=7)}.get(str(self.since.currentData()))
        self._make(since)

    def _make(self, since: datetime | None) -> None:
        self.message.hide()
        self._window.briefings.make(float(self.minutes.checkedId()), since)
        self._show_running()

    def load(self) -> None:
        engine = self._window.engine
        if engine is not None:
            self._window.lanes.read(engine.briefings, self._take_kept, failed=self._load_failed, key="briefings", owner=self)

    def concerns(self, changes: Changes) -> bool:
        return changes.unknown

    def shown(self) -> None:
        self.load()
        if self._opened in self._cards:
            QTimer.singleShot(0, self, self._focus_opened)
        elif self._briefing is None:
            QTimer.singleShot(0, self, lambda: self.make.setFocus(Qt.FocusReason.OtherFocusReason))

    def _focus_opened(self) -> None:
        found = self._cards.get(self._opened) if self._opened is not None else None
        if found is not None:
            self._focus(found)

    def _load_failed(self, error: EngineError) -> None:
        self._say(str(error), [(tr("Try again"), self.load)], error=True)

    def _take_kept(self, kept: list[Briefing]) -> None:
        self.earlier.clear()
        for briefing in kept:
            self.earlier.addItem(moment(briefing.made_at), briefing.id)
        self.earlier.setVisible(len(kept) > 1)
        if self._window.briefings.running():
            self._show_running()
            if self._window.briefings.latest is not None:
                self._take_event(self._window.briefings.latest)
            return
        if self._briefing is not None and self._briefing.id in {briefing.id for briefing in kept}:
            at = self.earlier.findData(self._briefing.id)
            self.earlier.setCurrentIndex(at)
            self._show_earlier(self._briefing.id)  # as it may be shown now: models may have been switched off
        elif kept:
            self._show_earlier(kept[0].id)
        elif self.message.isHidden():
            self._say_first()

    def _show_earlier(self, briefing_id: int) -> None:
        engine = self._window.engine
        if engine is not None:
            self._window.lanes.read(lambda: engine.briefing(briefing_id), self._show, failed=self._load_failed, key="briefing", owner=self)

    # ---- while one is made -------------------------------------------------------------------

    def _show_running(self) -> None:
        self.make.setEnabled(False)
        self.progress.show()
        if self._window.briefings.latest is None:
            self.meter.setRange(0, 0)
            self.now.setText(tr("Choosing…"))

    def _take_event(self, event: object) -> None:
        assert isinstance(event, BriefingEvent)
        briefing = event.briefing
        if not briefing.items:
            self._say_nothing_new(briefing)
            return
        self.meter.setRange(0, max(event.total, 1))
        self.meter.setValue(event.done)
        self.now.setText(tr("The local model reads {done} of {total}").format(done=number(min(event.done + 1, event.total)), total=number(event.total)))
        known = self._briefing is not None and self._briefing.id == briefing.id and (self._briefing.outside is None) == (briefing.outside is None)
        if not known:
            self._show(briefing)
            return
        self._briefing = briefing
        if event.post_id is not None:
            self._renew(event.post_id)
        self._head(briefing)

    def _renew(self, post_id: int) -> None:
        if post_id in self._cards and self._briefing is not None:
            for item in self._briefing.items:
                if item.post_id == post_id:
                    self._cards[post_id].show_item(item)

    def _take_end(self, error: str) -> None:
        self.make.setEnabled(True)
        self.progress.hide()
        if self._briefing is not None:
            self._head(self._briefing)
        if error:
            self._say(error, [(tr("Try again"), self.make_one)], error=True)
        latest = self._window.briefings.latest
        if latest is not None and latest.briefing.id and self._briefing is not None and self._briefing.id == latest.briefing.id:
            self._show_earlier(latest.briefing.id)  # as it is kept: one that was cancelled says so
        if self.isVisible():
            self.load()

    # ---- what is said instead ----------------------------------------------------------------

    def _say(self, words: str, ways: list[tuple[str, object]], *, error: bool = False, heading: str = "") -> None:
        empty(self._message_box)
        if heading:
            self._message_box.addWidget(theme.label(heading, "strong", wrap=True))
        self._message_box.addWidget(theme.label(words, "error" if error else "second", wrap=True))
        row = QWidget()
        flow = FlowLayout(row, across=theme.px(8), down=theme.px(4))
        for text, act in ways:
            flow.addWidget(button(text, act, ""))  # type: ignore[arg-type]
        self._message_box.addWidget(row)
        row.setVisible(bool(ways))
        self.message.show()

    def _say_first(self) -> None:
        window = self._window
        if not window.feeds:
            self._say(
                tr("A briefing needs something to tell. Follow some feeds, and come back when their posts are here."),
                [(tr("Add a feed"), window.add_feed), (tr("Choose from starter packs"), window.show_packs)],
                heading=tr("You follow nothing yet"),
            )
        else:
            self._say(
                tr("Choose how long you have, and since when. The settings let Millpond make one by itself each day."),
                [(tr("Settings"), lambda: window.show_page("settings"))],
                heading=tr("No briefing yet"),
            )

    def _say_nothing_new(self, briefing: Briefing) -> None:
        window = self._window
        words = tr("Nothing unread has come since {when}.") if briefing.since_last else tr("No unread post has come since {when}.")
        ways: list[tuple[str, object]] = [(tr("Look for new posts"), window.commands.refresh_now)]
        if self.since.currentData() != "week":
            ways.insert(0, (tr("Tell of the last week"), self._make_of_week))
        self._say(words.format(when=moment(briefing.since)), ways, heading=tr("Nothing new"))

    def _make_of_week(self) -> None:
        self.since.setCurrentIndex(self.since.findData("week"))
        self.make_one()

    # ---- showing -----------------------------------------------------------------------------

    def _show(self, briefing: Briefing) -> None:
        """Show a briefing, its first cards at once."""
        same = self._briefing is not None and self._briefing.id == briefing.id
        if self._briefing == briefing and self._cards:
            return
        focused = next((post_id for post_id, found in self._cards.items() if found.hasFocus()), None)
        if same and self._briefing is not None and [i.post_id for i in self._briefing.items] == [i.post_id for i in briefing.items]:
            self._briefing = briefing
            for item in briefing.items:
                self._renew(item.post_id)
            self._head(briefing)
            return
        self._briefing = briefing
        self.message.hide()
        self._cards = {}
        self._ended = False
        empty(self._list)
        self._head(briefing)
        self._building = self._build(briefing)
        self._build_some()
        if self._building is not None:
            self._step_timer.start()
        if focused in self._cards:
            self._focus(self._cards[focused])
        if not same:
            self.area.verticalScrollBar().setValue(0)

    def _head(self, briefing: Briefing) -> None:
        self.about.setText(f"{moment(briefing.made_at)} · {say.length_words(briefing)}")
        self.writer.setText(say.writer_words(briefing))
        if self._ended:
            self.go_on.setVisible(self._may_go_on())

    def _build_some(self) -> None:
        """Make some more of the cards."""
        if self._building is None or next(self._building, self) is self:
            self._building = None
            self._step_timer.stop()

    def _build(self, briefing: Briefing) -> Iterator[None]:
        made = 0
        for group in briefing.groups:
            self._heading(say.group_words(group, alone=len(briefing.groups) == 1))
            for item in group.items:
                self._add_card(item)
                made += 1
                if made % AT_ONCE == 0:
                    yield
        if briefing.outside is not None:
            self._heading(tr("Outside your usual"))
            self._add_card(briefing.outside, say.outside_words(briefing.outside))
        yield
        self._add_end(briefing)

    def _heading(self, words: str) -> None:
        label = theme.label(words, "section", wrap=True)
        label.setContentsMargins(0, theme.px(10), 0, 0)
        self._list.addWidget(label)

    def _add_card(self, item: BriefingItem, reason: str = "") -> None:
        self._cards[item.post_id] = made = ItemCard(self, item, reason)
        self._list.addWidget(made)

    def _add_end(self, briefing: Briefing) -> None:
        end = theme.label(tr("That is all."), "heading")
        end.setContentsMargins(0, theme.px(18), 0, 0)
        self._list.addWidget(end)
        self._list.addWidget(theme.label(say.end_words(briefing), "second", wrap=True))
        row = QWidget()
        flow = FlowLayout(row, across=theme.px(8), down=theme.px(8))
        self.read_all = button(tr("Mark all of it as read"), self.mark_read, "")
        self.read_on = button(tr("Read on in For you"), lambda: self._window.go("timeline", "for_you"), "")
        self.keep = button(tr("Save as a file…"), self._save, "")
        for widget in (self.read_all, self.read_on, self.keep):
            flow.addWidget(widget)
        self.go_on = button(tr("Let the model go on"), lambda: self._go_on(briefing), "")
        flow.addWidget(self.go_on)
        self.go_on.setVisible(self._may_go_on())
        flow.setContentsMargins(0, theme.px(6), 0, theme.px(12))
        self._list.addWidget(row)
        self._ended = True

    def _may_go_on(self) -> bool:
        return self._briefing is not None and not self._briefing.done and not self._window.briefings.running()

    def _go_on(self, briefing: Briefing) -> None:
        self._window.briefings.finish(briefing)
        self._show_running()

    # ---- acts --------------------------------------------------------------------------------

    def items(self) -> list[BriefingItem]:
        return list(self._briefing.items) if self._briefing is not None else []

    def open_item(self, item: BriefingItem) -> None:
        """Show the post of an item, with the words marked that support what is said here."""
        self._opened = item.post_id
        self._window.reading.tell(item.post_id, say.as_summary(item))
        self._window.open_post(item.post_id)
        self._window.return_to("briefing")

    def step(self, by: int) -> None:
        """Go to the next thing, or the one before."""
        cards = list(self._cards.values())
        if not cards:
            return
        at = next((place for place, found in enumerate(cards) if found.hasFocus()), None)
        to = (0 if by > 0 else len(cards) - 1) if at is None else max(0, min(len(cards) - 1, at + by))
        self._focus(cards[to])

    def _focus(self, found: ItemCard) -> None:
        found.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.area.ensureWidgetVisible(found, 0, theme.px(60))

    def mark_read(self) -> None:
        """Mark every post that is told here as read; it can be taken back."""
        ids = list(dict.fromkeys(post_id for item in self.items() for post_id in (item.post_id, *item.tellings)))
        if ids:
            self._window.acts.read(ids, True)

    def _save(self) -> None:
        if self._briefing is None:
            return
        files = QFileDialog(self.window(), tr("Save the briefing"))
        files.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        files.setNameFilters([tr("Web page (*.html)"), tr("Markdown (*.md)")])
        files.setDefaultSuffix("html")
        files.filterSelected.connect(lambda chosen: files.setDefaultSuffix("md" if "*.md" in chosen else "html"))
        files.selectFile(f"briefing-{self._briefing.made_at.astimezone():%Y-%m-%d}.html")
        files.fileSelected.connect(self.save_as)
        files.finished.connect(files.deleteLater)
        files.open()

    def save_as(self, name: str) -> None:
        """Write the briefing that is shown as a file."""
        engine, briefing = self._window.engine, self._briefing
        if engine is not None and briefing is not None:
            self._window.lanes.slow(
                lambda: engine.write_briefing(briefing.id, Path(name)),
                lambda path: self._window.say(tr("The briefing lies in {path}").format(path=path)),
                owner=self,
            )
