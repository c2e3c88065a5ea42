"""A timeline of the person's own: which posts, how they are weighed, and beside it what would stand on top."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from desktop import theme
from desktop.dialogs.controls import Choice, TickDelegate
from desktop.dialogs.own_words import OwnWords, Understood
from desktop.dialogs.sheet import Sheet, field
from desktop.dialogs.slider import Slider
from desktop.signals import signal_words
from desktop.strings import ago, decimal, number, tr
from engine import (
    SETTINGS,
    SIGNAL_NAMES,
    SIGNAL_WEIGHT,
    WEIGHTS,
    EngineError,
    Feed,
    PlainRule,
    PlainTimeline,
    PostRow,
    Setting,
    Timeline,
)

if TYPE_CHECKING:
    from desktop.main_window import MainWindow

PREVIEW_MS = 200
PREVIEWED = 9  # posts
STEPS = 40  # of a slider's way
HOURS = (1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 18.0, 24.0, 36.0, 48.0, 72.0, 96.0, 120.0, 168.0, 240.0, 336.0, 480.0, 720.0)
WIDE, LEFT = 900, 410  # pixels at 100 %
GOOD_TONES = frozenset({"joy", "optimism"})  # offered last: few want less of them
ALL, SOME = "all", "some"

_BY_NAME = {setting.name: setting for setting in SETTINGS}


def strength_words(value: float) -> str:
    if value == 0:
        return tr("newest first, exactly")
    return tr("{n}: as usual").format(n=decimal(value)) if value == 1 else decimal(value)


def exploration_words(value: float) -> str:
    if value == 0:
        return tr("only what you surely like")
    return tr("also what nobody can tell yet") if value == 1 else decimal(value)


def loss_words(value: float) -> str:
    """What a signal takes from a post."""
    return tr("nothing") if value == 0 else f"−{decimal(value, 1)}"


def hours_words(value: float) -> str:
    return tr("{n} h").format(n=number(round(value))) if value < 72 else tr("{n} d").format(n=number(round(value / 24)))


class SliderRow(QWidget):
    """A slider with its name, what it stands at in words, and why it is there. `back` gives up a value of one's own."""

    def __init__(self, setting: Setting, words: Callable[[float], str], moved: Callable[[], None], *, label: str = "", help_text: bool = True) -> None:
        super().__init__()
        self._words, self._moved = words, moved
        self.own = False
        low, high = float(setting.low or 0.0), float(setting.high if setting.high is not None else 1.0)
        self._stops = HOURS if setting.name == "half_life_hours" else tuple(low + at * (high - low) / STEPS for at in range(STEPS + 1))
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.px(8))
        grid.setVerticalSpacing(0)
        grid.setColumnStretch(0, 1)
        name = label or tr(setting.label)
        grid.addWidget(theme.label(name, "strong" if help_text else "", wrap=True), 0, 0)
        self.value = theme.label("", "second")
        grid.addWidget(self.value, 0, 1)
        self.back = QPushButton(tr("as the preset"))
        theme.role(self.back, "link")
        self.back.setAutoDefault(False)
        self.back.setAccessibleName(tr("{name} as the preset has it").format(name=name))
        self.back.hide()
        grid.addWidget(self.back, 0, 2)
        self.slider = Slider(0, len(self._stops) - 1, 1)
        self.slider.setAccessibleName(name)
        self.slider.setAccessibleDescription(tr(setting.help))
        grid.addWidget(self.slider, 1, 0, 1, 3)
        if help_text:
            grid.addWidget(theme.label(tr(setting.help), "third", wrap=True), 2, 0, 1, 3)
        self.slider.valueChanged.connect(lambda _value: self._told())
        self.show_value(float(setting.default))

    def show_value(self, value: float, *, own: bool = False) -> None:
        """Show a value without telling anyone."""
        was = self.slider.blockSignals(True)
        self.slider.setValue(min(range(len(self._stops)), key=lambda at: abs(self._stops[at] - value)))
        self.slider.blockSignals(was)
        self._exact = value
        self.own = own
        self._say()

    def real(self) -> float:
        """The value, exactly as it was given where nobody moved it."""
        return self._exact

    def _say(self) -> None:
        self.value.setText(self._words(self._exact))

    def _told(self) -> None:
        self._exact = round(self._stops[self.slider.value()], 4)
        self.own = True
        self._say()
        self._moved()


class Disclosure(QWidget):
    """A heading that opens what stands below it."""

    def __init__(self, words: str, *, opened: bool = False) -> None:
        super().__init__()
        self._words = words
        box = QVBoxLayout(self)
        box.setContentsMargins(0, theme.px(4), 0, 0)
        box.setSpacing(theme.px(6))
        self.head = QPushButton()
        theme.role(self.head, "link")
        self.head.setAutoDefault(False)
        self.head.setStyleSheet("text-align: left; padding-left: 0;")
        self.head.clicked.connect(lambda _checked=False: self.open(not self.opened()))
        box.addWidget(self.head, 0, Qt.AlignmentFlag.AlignLeft)
        self.inside = QWidget()
        self.body = QVBoxLayout(self.inside)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(theme.px(10))
        box.addWidget(self.inside)
        self.open(opened)

    def opened(self) -> bool:
        return not self.inside.isHidden()

    def open(self, on: bool) -> None:
        self.inside.setVisible(on)
        self.head.setText(("▾ " if on else "▸ ") + self._words)


@dataclass(frozen=True, slots=True)
class _Known:
    feeds: list[Feed]
    presets: Mapping[str, Mapping[str, float]]


class TimelineSheet(Sheet):
    """Edits one timeline. What would stand on top follows every move; nothing is kept before it is saved."""

    def __init__(self, window: MainWindow, timeline: Timeline | None, found: PlainRule | PlainTimeline | None = None) -> None:
        """`found`: the words that the timeline was made of."""
        new = timeline is None or not timeline.id
        super().__init__(window, tr("New timeline") if new else tr("Timeline"), width=WIDE if _roomy(window) else LEFT + 60, stretches=True)
        self._window, self._before = window, None if new else timeline
        self._timeline = timeline or Timeline(name="")
        if new:
            self._timeline = replace(self._timeline, position=len(window.timelines.listed))
        self.own_words: OwnWords | None = None
        if found is not None:
            self.body.addWidget(Understood(found))
        elif new:
            self.own_words = OwnWords(window, timeline=True, taken=self.close, with_examples=False)
            self.body.addWidget(self.own_words)
        self._presets: Mapping[str, Mapping[str, float]] = {}
        self._feeds: list[Feed] = []
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(PREVIEW_MS)
        self._soon.timeout.connect(self._look)
        self._build()
        self.add_button(tr("Cancel"), self.close)
        self.save_button = self.add_button(tr("Save timeline"), self.save, "primary")
        self._changed()
        self._load()

    # ---- building ----------------------------------------------------------------------------

    def _build(self) -> None:
        side_by_side = _roomy(self._window)
        whole: QHBoxLayout | QVBoxLayout = QHBoxLayout() if side_by_side else QVBoxLayout()
        whole.setSpacing(theme.px(20))
        self.body.addLayout(whole, 1)
        area = QScrollArea()
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inner = QWidget()
        inner.setObjectName("timelineBody")
        self._column = QVBoxLayout(inner)
        self._column.setContentsMargins(0, 0, theme.px(10), 0)
        self._column.setSpacing(theme.px(14))
        area.setWidget(inner)
        area.setStyleSheet("QScrollArea, #timelineBody { background: transparent; }")
        area.viewport().setAutoFillBackground(False)
        height = min(theme.px(560), round(self.screen().availableSize().height() * 0.92) - theme.px(170))
        area.setMinimumHeight(max(theme.px(220), height if side_by_side else height * 3 // 5))
        if side_by_side:
            area.setFixedWidth(theme.px(LEFT))
        whole.addWidget(area, 0 if side_by_side else 1)
        self._build_posts()
        self._build_order()
        self._build_weights()
        self._build_signals()
        self._column.addStretch(1)
        whole.addWidget(self._build_preview(), 1)

    def _build_posts(self) -> None:
        self.name = QLineEdit(self._timeline.name)
        self.name.setMaxLength(60)
        self.name.setPlaceholderText(tr("such as: Work, Quiet evening"))
        self.name.textChanged.connect(lambda _text: self._changed())
        self._column.addWidget(field(tr("Name"), self.name))
        self.source = Choice()
        self.source.addItem(tr("All feeds"), ALL)
        self.source.addItem(tr("Some feeds…"), SOME)
        self.source.currentIndexChanged.connect(lambda _index: self._source_chosen())
        self._column.addWidget(field(tr("Posts from"), self.source))
        self.feeds = QListWidget()
        self.feeds.setAccessibleName(tr("Its feeds"))
        self.feeds.setItemDelegate(TickDelegate(self.feeds))
        self.feeds.setFixedHeight(theme.px(150))
        self.feeds.setSpacing(theme.px(2))
        self.feeds.itemChanged.connect(lambda _item: self._changed())
        self._column.addWidget(self.feeds)

    def _build_order(self) -> None:
        from desktop.pages.settings import choice_words

        timeline = self._timeline
        self.strength = SliderRow(_BY_NAME["strength"], strength_words, self._changed)
        self.strength.show_value(timeline.strength)
        self._column.addWidget(self.strength)
        self.preset = Choice()
        for name in _BY_NAME["preset"].choices:
            self.preset.addItem(choice_words(name), name)
        self.preset.setCurrentIndex(max(0, self.preset.findData(timeline.preset)))
        self.preset.currentIndexChanged.connect(lambda _index: self._preset_chosen())
        self._preset_field = field(tr("Preset"), self.preset, tr(_BY_NAME["preset"].help))
        self._column.addWidget(self._preset_field)
        self.exploration = SliderRow(_BY_NAME["exploration"], exploration_words, self._changed)
        self.exploration.show_value(timeline.exploration)
        self._column.addWidget(self.exploration)

    def _build_weights(self) -> None:
        self.weighing = Disclosure(tr("Weigh each reason yourself"), opened=bool(self._timeline.weights))
        self._column.addWidget(self.weighing)
        self.weights: dict[str, SliderRow] = {}
        for setting in WEIGHTS:
            words = hours_words if setting.name == "half_life_hours" else decimal
            row = SliderRow(setting, words, partial(self._weight_moved, setting.name))
            if setting.name in self._timeline.weights:
                row.show_value(self._timeline.weights[setting.name], own=True)
            row.back.setVisible(row.own)
            row.back.clicked.connect(lambda _checked=False, name=setting.name: self._as_preset(name))
            self.weights[setting.name] = row
            self.weighing.body.addWidget(row)

    def _build_signals(self) -> None:
        given = self._timeline.signals
        self.tones = Disclosure(tr("Weigh down by how posts seem"), opened=any(given.values()))
        self._column.addWidget(self.tones)
        about = tr("What a post loses by what it surely seems to be, in half-lives of freshness. It stays in the list, further down.")
        self.tones.body.addWidget(theme.label(about, "third", wrap=True))
        self.signals: dict[str, SliderRow] = {}
        names = ["negative", *SIGNAL_NAMES]
        self.tones.setVisible("signals" in self._window.features)
        for name in sorted(names, key=lambda name: name in GOOD_TONES):
            row = SliderRow(SIGNAL_WEIGHT, loss_words, self._changed, label=signal_words(name), help_text=False)
            row.show_value(given.get(name, 0.0))
            self.signals[name] = row
            self.tones.body.addWidget(row)

    def _build_preview(self) -> QWidget:
        frame = QFrame()
        theme.role(frame, "card")
        frame.setAccessibleName(tr("What would stand on top"))
        box = QVBoxLayout(frame)
        box.setContentsMargins(theme.px(16), theme.px(12), theme.px(16), theme.px(12))
        box.setSpacing(theme.px(8))
        self.preview_title = theme.label(tr("What would stand on top"), "strong", wrap=True)
        box.addWidget(self.preview_title)
        self.preview_note = theme.label("", "third", wrap=True)
        self.preview_note.hide()
        box.addWidget(self.preview_note)
        self.preview: list[tuple[QWidget, QWidget]] = []
        self.shown: list[int] = []
        self._titles = []
        self._metas = []
        for _ in range(PREVIEWED if _roomy(self._window) else 4):
            title, meta = theme.label(""), theme.label("", "third")
            title.setMinimumWidth(1)
            meta.setMinimumWidth(1)
            pair = QVBoxLayout()
            pair.setSpacing(0)
            pair.addWidget(title)
            pair.addWidget(meta)
            box.addLayout(pair)
            self._titles.append(title)
            self._metas.append(meta)
        box.addStretch(1)
        return frame

    # ---- loading -----------------------------------------------------------------------------

    def _load(self) -> None:
        engine = self._window.engine
        if engine is None:
            return
        names = _BY_NAME["preset"].choices
        self._window.lanes.read(lambda: _Known(engine.feeds(), {name: engine.preset_weights(name) for name in names}), self._take, owner=self)

    def _take(self, known: _Known) -> None:
        self._presets, self._feeds = known.presets, sorted(known.feeds, key=lambda feed: feed.title.casefold())
        timeline = self._timeline
        was = self.source.blockSignals(True)
        for folder in sorted({feed.folder for feed in self._feeds if feed.folder}, key=str.casefold):
            self.source.insertItem(self.source.count() - 1, tr("Folder {name}").format(name=folder.replace("/", " / ")), ("folder", folder))
        at = next((i for i in range(self.source.count()) if self.source.itemData(i) == ("folder", timeline.folder)), 0)
        self.source.setCurrentIndex(self.source.count() - 1 if timeline.feed_ids else at)
        self.source.blockSignals(was)
        was = self.feeds.blockSignals(True)
        for feed in self._feeds:
            item = QListWidgetItem(feed.title)
            item.setData(Qt.ItemDataRole.UserRole, feed.id)
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsSelectable)
            item.setCheckState(Qt.CheckState.Checked if feed.id in timeline.feed_ids else Qt.CheckState.Unchecked)
            self.feeds.addItem(item)
        self.feeds.blockSignals(was)
        self._preset_chosen()
        self._source_chosen()

    # ---- what it says ------------------------------------------------------------------------

    def timeline(self) -> Timeline | None:
        """The timeline as the sheet says it now; None while it has no name."""
        name = " ".join(self.name.text().split())
        return self._made(name) if name else None

    def _made(self, name: str) -> Timeline:
        source = self.source.currentData()
        chosen = tuple(
            int(item.data(Qt.ItemDataRole.UserRole))
            for at in range(self.feeds.count())
            if (item := self.feeds.item(at)) is not None and item.checkState() == Qt.CheckState.Checked
        )
        return Timeline(
            id=self._timeline.id,
            name=name,
            preset=str(self.preset.currentData()),
            strength=self.strength.real(),
            exploration=self.exploration.real(),
            weights={name: row.real() for name, row in self.weights.items() if row.own},
            signals={name: row.real() for name, row in self.signals.items() if row.real() > 0},
            feed_ids=chosen if source == SOME else (),
            folder=source[1] if isinstance(source, tuple | list) else None,
            position=self._timeline.position,
        )

    def _source_chosen(self) -> None:
        self.feeds.setVisible(self.source.currentData() == SOME)
        self._changed()

    def _preset_chosen(self) -> None:
        """Weights that the person did not set stand where the preset has them."""
        preset = self._presets.get(str(self.preset.currentData()), {})
        for name, row in self.weights.items():
            if not row.own and name in preset:
                row.show_value(preset[name])
        self._changed()

    def _weight_moved(self, name: str) -> None:
        self.weights[name].back.setVisible(True)
        self._changed()

    def _as_preset(self, name: str) -> None:
        row = self.weights[name]
        row.own = False
        row.back.hide()
        row.slider.setFocus()
        self._preset_chosen()

    def _changed(self) -> None:
        if not hasattr(self, "save_button"):
            return
        chronological = self.strength.real() == 0
        for widget in (self._preset_field, self.exploration, self.weighing, self.tones):
            widget.setEnabled(not chronological)
        self.save_button.setEnabled(self.timeline() is not None)
        self._soon.start()

    # ---- preview -----------------------------------------------------------------------------

    def _look(self) -> None:
        engine, wanted = self._window.engine, self._made(" ".join(self.name.text().split()) or "?")
        if engine is None:
            return
        if self.source.currentData() == SOME and not wanted.feed_ids:
            self._say(tr("Tick the feeds whose posts it shall show."))
            self._show([])
            return
        count = len(self._titles)
        self._window.lanes.slow(
            lambda: engine.rows(engine.preview_timeline(wanted, limit=count)), self._previewed, failed=self._failed, key="timeline-preview", owner=self
        )

    def _failed(self, error: EngineError) -> None:
        self._say(str(error))

    def _say(self, text: str) -> None:
        self.preview_note.setText(text)
        self.preview_note.setVisible(bool(text))

    def _previewed(self, rows: list[PostRow]) -> None:
        chronological = self.strength.real() == 0
        self._say(tr("Newest first, exactly: nothing that was learnt plays a part.") if chronological else "" if rows else tr("There are no posts from there yet."))
        self._show(rows)

    def _show(self, rows: Sequence[PostRow]) -> None:
        self.shown = [row.id for row in rows]
        for at, (title, meta) in enumerate(zip(self._titles, self._metas, strict=True)):
            row = rows[at] if at < len(rows) else None
            title.setText(_short(row.title or row.excerpt or tr("(no title)"), 60) if row is not None else "")
            meta.setText(f"{_short(row.feed_title, 30)} · {ago(row.published_at)}" if row is not None else "")

    # ---- saving ------------------------------------------------------------------------------

    def save(self) -> None:
        engine, window, wanted, before = self._window.engine, self._window, self.timeline(), self._before
        if engine is None or wanted is None:
            return
        if self.source.currentData() == SOME and not wanted.feed_ids:
            self.fail(tr("Tick the feeds whose posts it shall show, or choose all feeds."))
            return

        def saved(kept: Timeline) -> None:
            self.close()
            window.timelines.saved(before, kept)

        def failed(error: EngineError) -> None:
            self.fail(str(error))

        self.busy(True)
        window.lanes.read(lambda: engine.save_timeline(wanted)[0], saved, failed=failed, owner=self)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _roomy(window: MainWindow) -> bool:
    """Whether controls and preview have room side by side."""
    return window.width() >= theme.px(WIDE)


def open_dialog(window: MainWindow, timeline: Timeline | None = None, found: PlainRule | PlainTimeline | None = None) -> TimelineSheet:
    dialog = TimelineSheet(window, timeline, found)
    dialog.open()
    dialog.name.setFocus()
    return dialog
