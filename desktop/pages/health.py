"""Feed health: how every feed fares, the worst first; trying again, stopping, leaving and merging, many at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from desktop import theme
from desktop.dialogs.controls import Check, Radio
from desktop.feed_words import GROUPS, group_words, outcome_words, same_words, times_words, why_words
from desktop.lanes import Job
from desktop.pages.page import Page, button, card, empty, flush
from desktop.reading.flow import FlowLayout
from desktop.strings import number, plural, tr
from engine import (
    Changes,
    Duplicates,
    Engine,
    EngineError,
    FeedHealth,
    FeedRepaired,
    FeedsMerged,
    Health,
    HealthVerdict,
    Progress,
)

if TYPE_CHECKING:
    from desktop.main_window import MainWindow

AT_ONCE = 30  # feeds of a group that are shown at first, and added by each "show more"
SETTLE_MS = 800  # changes are gathered this long before the feeds are judged anew
_COLOURS = {"dead": "amber", "failing": "amber", "silent": "amber"}


class HealthPage(Page):
    next_feed: ClassVar[int] = 0  # which feed the page opens on

    def __init__(self, window: MainWindow) -> None:
        super().__init__(
            window,
            tr("Feed health"),
            tr("A feed that fails is tried again by itself, later each time. Here you see why, and can do something about it."),
        )
        self._health: Health | None = None
        self._seen: object = None
        self._open: dict[HealthVerdict, int] = {}  # how many feeds of a group are shown
        self._chosen: set[int] = set()
        self._checks: dict[int, Check] = {}
        self._job: Job | None = None
        self._told: list[FeedRepaired] = []
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(SETTLE_MS)
        self._soon.timeout.connect(self._load_if_seen)
        self.summary = theme.label("", "strong", wrap=True)
        self.body.addWidget(self.summary)
        self._build_bar()
        self._results = QVBoxLayout()
        self.body.addLayout(self._results)
        self._list = QVBoxLayout()
        self._list.setSpacing(theme.px(8))
        self.body.addLayout(self._list)

    def _build_bar(self) -> None:
        self.bar = QWidget()
        flow = FlowLayout(self.bar, across=theme.px(8))
        self.count = theme.label("", "third")
        self.again = button(tr("Try again"), lambda: self.repair(sorted(self._chosen)), "primary")
        self.stop = button(tr("Stop fetching"), lambda: self._fetching(sorted(self._chosen), stopped=True))
        self.unfollow = button(tr("Unfollow"), lambda: self._unfollow(sorted(self._chosen)))
        self.merge = button(tr("Merge"), self._merge_chosen)
        self.merge.setToolTip(tr("Make the chosen feeds one; nothing is lost"))
        for widget in (self.count, self.again, self.stop, self.unfollow, self.merge):
            flow.addWidget(widget)
        self.body.addWidget(self.bar)
        self.progress = QWidget()
        row = QHBoxLayout(self.progress)
        row.setContentsMargins(0, 0, 0, 0)
        self.meter = QProgressBar()
        self.meter.setTextVisible(False)
        self.meter.setAccessibleName(tr("Feeds tried again"))
        self.meter.setFixedWidth(theme.px(160))
        self.now = theme.label("", "second")
        row.addWidget(self.meter)
        row.addWidget(self.now, 1)
        self.cancel = button(tr("Cancel"), self._cancel)
        row.addWidget(self.cancel)
        self.body.addWidget(self.progress)
        self.bar.hide()
        self.progress.hide()

    # ---- reading -----------------------------------------------------------------------------

    def concerns(self, changes: Changes) -> bool:
        return bool(changes.feeds) or changes.unknown

    def refresh(self, changes: Changes) -> None:
        if self.isVisible() and self.concerns(changes) and not self._soon.isActive():
            self._soon.start()

    def shown(self) -> None:
        if HealthPage.next_feed:
            self._chosen = {HealthPage.next_feed}
            self._seen = None
        self.load()

    def _load_if_seen(self) -> None:
        if self.isVisible():
            self.load()

    def load(self) -> None:
        engine = self._window.engine
        if engine is None:
            return
        if self._health is None:
            self.summary.setText(tr("Looking at your feeds…"))
        self._window.lanes.slow(engine.health, self._show, failed=self._failed, key="health-page", owner=self)

    def _failed(self, error: EngineError) -> None:
        self.summary.setText(str(error))
        empty(self._list)
        self._list.addWidget(button(tr("Try again"), self.load))

    # ---- showing -----------------------------------------------------------------------------

    def _show(self, health: Health) -> None:
        self._health = health
        seen = (
            [(f.feed_id, f.title, f.verdict, f.cause, f.error, f.failures, f.last_success_at, f.next_check_at) for f in health.feeds],
            health.duplicates,
        )
        if seen != self._seen:
            self._seen = seen
            self._draw(health)

    def _draw(self, health: Health) -> None:
        self._chosen &= {feed.feed_id for feed in health.feeds}
        wanted, HealthPage.next_feed = HealthPage.next_feed, 0
        self._checks.clear()
        empty(self._list)
        groups: dict[HealthVerdict, list[FeedHealth]] = {verdict: [] for verdict in GROUPS}
        for feed in health.feeds:
            groups[feed.verdict].append(feed)
        troubled = sum(len(groups[verdict]) for verdict in ("dead", "failing", "silent"))
        self.summary.setText(self._summary(health, troubled))
        for verdict in GROUPS[:2]:
            self._group(verdict, groups[verdict], wanted)
        if health.duplicates:
            self._heading(tr("There twice"), len(health.duplicates))
        for group in health.duplicates:
            self._list.addWidget(self._duplicate(group))
        for verdict in GROUPS[2:]:
            self._group(verdict, groups[verdict], wanted)
        self._count()
        if wanted in self._checks:
            QTimer.singleShot(0, self, lambda: self._go_to(wanted))

    def _go_to(self, feed_id: int) -> None:
        check = self._checks.get(feed_id)
        if check is not None:
            check.setFocus(Qt.FocusReason.OtherFocusReason)
            self.area.ensureWidgetVisible(check, 0, theme.px(120))

    @staticmethod
    def _summary(health: Health, troubled: int) -> str:
        if not health.feeds:
            return tr("You follow nothing yet, so nothing can go wrong.")
        if not troubled and not health.duplicates:
            return plural("All is well: your feed does what it should.", "All is well: your {n} feeds do what they should.", len(health.feeds))
        parts = []
        if troubled:
            parts.append(tr("{n} of {feeds} could use a look").format(n=number(troubled), feeds=plural("{n} feed", "{n} feeds", len(health.feeds))))
        if health.duplicates:
            parts.append(plural("{n} is there twice", "{n} are there twice", len(health.duplicates)))
        return " · ".join(parts)

    def _heading(self, words: str, count: int, feeds: Sequence[FeedHealth] = ()) -> None:
        row = QHBoxLayout()
        row.setContentsMargins(0, theme.px(10), 0, 0)
        row.addWidget(theme.label(f"{words} · {number(count)}", "section"))
        row.addStretch(1)
        if len(feeds) > 1:
            ids = [feed.feed_id for feed in feeds]
            row.addWidget(button(tr("Choose all"), lambda: self._choose_all(ids), name=tr("Choose all: {group}").format(group=words)))
        self._list.addLayout(row)

    def _group(self, verdict: HealthVerdict, feeds: list[FeedHealth], wanted: int) -> None:
        if not feeds:
            return
        limit = self._open.get(verdict, 0 if verdict == "fine" else AT_ONCE)
        place = next((at for at, feed in enumerate(feeds, 1) if feed.feed_id == wanted), 0)
        limit = self._open[verdict] = max(limit, place)
        self._heading(group_words(verdict), len(feeds), feeds if limit else ())
        for feed in feeds[:limit]:
            self._list.addWidget(self._card(feed))
        rest = len(feeds) - limit
        if rest > 0:
            words = plural("Show {n} more", "Show {n} more", rest) if limit else tr("Show them")
            self._list.addWidget(_alone(button(words, lambda: self._more(verdict), name=f"{words}: {group_words(verdict)}")))

    def _more(self, verdict: HealthVerdict) -> None:
        self._open[verdict] = self._open.get(verdict, 0) + AT_ONCE
        if self._health is not None:
            self._draw(self._health)

    def _card(self, feed: FeedHealth) -> QWidget:
        frame, box = card()
        top = QHBoxLayout()
        top.setSpacing(theme.px(10))
        check = Check("")
        check.setAccessibleName(tr("Choose {title}").format(title=feed.title))
        check.setChecked(feed.feed_id in self._chosen)
        check.toggled.connect(lambda on: self._choose(feed.feed_id, on))
        self._checks[feed.feed_id] = check
        top.addWidget(check, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(theme.px(3))
        words.addWidget(theme.label(feed.title, "strong", wrap=True))
        why = why_words(feed)
        if why:
            words.addWidget(theme.label(why, _COLOURS.get(feed.verdict, "second"), wrap=True))
        words.addWidget(theme.label(times_words(feed), "third", wrap=True))
        foot = QWidget()
        flow = FlowLayout(foot, across=theme.px(8))
        for text, act in self._acts(feed):
            flow.addWidget(button(text, act, name=f"{text} {feed.title}"))
        flush(foot)
        words.addWidget(foot)
        top.addLayout(words, 1)
        box.addLayout(top)
        return frame

    def _acts(self, feed: FeedHealth) -> list[tuple[str, Callable[[], object]]]:
        feed_id = feed.feed_id
        acts: list[tuple[str, Callable[[], object]]] = [(tr("Try again"), lambda: self.repair([feed_id]))]
        if feed.verdict not in ("stopped", "dead"):
            acts.append((tr("Stop fetching"), lambda: self._fetching([feed_id], stopped=True)))
        elif feed.verdict == "stopped":
            acts[0] = (tr("Fetch it again"), lambda: self._fetching([feed_id], stopped=False))
        return [*acts, (tr("Unfollow"), lambda: self._unfollow([feed_id])), (tr("Its posts"), lambda: self._window.show_feed(feed_id))]

    def _duplicate(self, group: Duplicates) -> QWidget:
        frame, box = card()
        box.addWidget(theme.label(f"{same_words(group)} " + tr("Which one stays?"), "second", wrap=True))
        rings: list[Radio] = []
        addresses = {feed.feed_id: feed.url for feed in self._health.feeds} if self._health is not None else {}
        for feed_id, title in zip(group.feed_ids, group.titles, strict=True):
            line = QHBoxLayout()
            line.setSpacing(theme.px(8))
            ring = Radio("")
            ring.setAccessibleName(tr("Keep {title}, {address}").format(title=title, address=addresses.get(feed_id, "")))
            ring.setChecked(not rings)
            rings.append(ring)
            line.addWidget(ring, 0, Qt.AlignmentFlag.AlignTop)
            named = QVBoxLayout()
            named.setSpacing(0)
            named.addWidget(theme.label(title, "strong", wrap=True))
            named.addWidget(theme.label(_breakable(addresses.get(feed_id, "")), "third", wrap=True))
            line.addLayout(named, 1)
            box.addLayout(line)

        def merge() -> None:
            keep = next((feed_id for feed_id, ring in zip(group.feed_ids, rings, strict=True) if ring.isChecked()), group.feed_ids[0])
            self._merge(keep, [feed_id for feed_id in group.feed_ids if feed_id != keep])

        box.addWidget(_alone(button(tr("Merge"), merge, name=tr("Merge {titles}").format(titles=", ".join(group.titles)))))
        return frame

    # ---- choosing ----------------------------------------------------------------------------

    def _choose(self, feed_id: int, on: bool) -> None:
        if on:
            self._chosen.add(feed_id)
        else:
            self._chosen.discard(feed_id)
        self._count()

    def _choose_all(self, ids: Sequence[int]) -> None:
        on = not self._chosen.issuperset(ids)
        self._chosen = self._chosen | set(ids) if on else self._chosen - set(ids)
        for feed_id, check in self._checks.items():
            check.setChecked(feed_id in self._chosen)
        self._count()

    def _count(self) -> None:
        n = len(self._chosen)
        self.count.setText(plural("{n} chosen", "{n} chosen", n))
        self.merge.setVisible(n > 1)
        self.bar.setVisible(n > 0 and self._job is None)

    # ---- acts --------------------------------------------------------------------------------

    def repair(self, ids: Sequence[int]) -> None:
        """Try feeds again now, with progress; what came of each stands above the list afterwards."""
        engine = self._window.engine
        if engine is None or not ids or self._job is not None:
            return
        self._told = []
        self._tell()
        self.meter.setRange(0, len(ids))
        self.meter.setValue(0)
        self.now.setText(tr("Trying again…"))
        self.progress.show()
        self._job = self._window.lanes.job(
            "repair", lambda: engine.repair(ids), self._event, self._done, self._not_done, owner=self
        )
        self._count()

    def _event(self, event: object) -> None:
        if isinstance(event, FeedRepaired):
            self._told.append(event)
            self._tell()
        elif isinstance(event, Progress):
            self.meter.setValue(event.done)
            self.now.setText(tr("{done} of {total}").format(done=number(event.done), total=number(event.total or 0)))

    def _cancel(self) -> None:
        if self._job is not None:
            self._job.cancel()
            self.now.setText(tr("Stopping …"))

    def _done(self, cancelled: bool) -> None:
        self._job = None
        self.progress.hide()
        self._chosen -= {told.feed_id for told in self._told if told.outcome != "failed"}
        self._seen = None
        if cancelled:
            self._window.say(tr("Stopped. What was repaired stays."))
        self.load()

    def _not_done(self, error: EngineError) -> None:
        self._job = None
        self.progress.hide()
        self._window.say(str(error))
        self._count()

    def _tell(self) -> None:
        empty(self._results)
        if not self._told:
            return
        frame, box = card()
        box.addWidget(theme.label(tr("What trying again came to"), "section"))
        for told in self._told[-AT_ONCE:]:
            box.addWidget(theme.label(_breakable(outcome_words(told)), "second" if told.outcome != "failed" else "amber", wrap=True))
        box.addWidget(_alone(button(tr("Close"), self._forget)))
        self._results.addWidget(frame)

    def _forget(self) -> None:
        self._told = []
        self._tell()

    def _fetching(self, ids: Sequence[int], *, stopped: bool) -> None:
        before = {feed.feed_id for feed in self._feeds(ids) if (feed.verdict == "stopped") != stopped}

        def set_to(value: bool) -> Callable[[Engine], object]:
            return lambda engine: [engine.update_feed(feed_id, stopped=value) for feed_id in ids if feed_id in before]

        if stopped:
            words = plural("{n} feed is not fetched any more", "{n} feeds are not fetched any more", len(before))
        else:
            words = plural("{n} feed is fetched again", "{n} feeds are fetched again", len(before))
        self._do(words, set_to(stopped), set_to(not stopped))

    def _unfollow(self, ids: Sequence[int]) -> None:
        words = plural("{n} feed unfollowed", "{n} feeds unfollowed", len(ids))
        self._do(words, lambda engine: [engine.remove_feed(i) for i in ids], lambda engine: [engine.restore_feed(i) for i in ids])

    def _merge_chosen(self) -> None:
        found = self._feeds(self._chosen)
        if len(found) > 1:  # the one that fares best, then the one with most posts, stays
            keep = max(found, key=lambda feed: (GROUPS.index(feed.verdict), feed.posts, -feed.feed_id))
            self._merge(keep.feed_id, [feed.feed_id for feed in found if feed is not keep])

    def _merge(self, keep: int, others: Sequence[int]) -> None:
        title = next((feed.title for feed in self._feeds([keep])), "")
        words = tr("{feeds} merged into “{title}”").format(feeds=plural("{n} feed", "{n} feeds", len(others)), title=title)
        merged: list[FeedsMerged] = []
        self._do(
            words,
            lambda engine: merged.append(engine.merge_feeds(keep, others)),
            lambda engine: engine.undo_merge(merged[0].id),
        )

    def _do(self, words: str, act: Callable[[Engine], Any], back: Callable[[Engine], Any]) -> None:
        """Do something to feeds as one act that one undo takes back."""
        window, engine = self._window, self._window.engine
        if engine is None:
            return

        def done(_result: object) -> None:
            window.undo.push(words, lambda: window.lanes.read(lambda: back(engine), lambda _: self._again()))
            window.say(words, undo=window.undo.back)
            self._again()

        window.lanes.read(lambda: act(engine), done, owner=self)

    def _again(self) -> None:
        self._chosen.clear()
        self._seen = None
        self._window.timeline.reorder()
        self.load()

    def _feeds(self, ids: Iterable[int]) -> list[FeedHealth]:
        wanted = set(ids)
        return [feed for feed in self._health.feeds if feed.feed_id in wanted] if self._health is not None else []


def _alone(link: QWidget) -> QWidget:
    """A link button in a line of its own, beginning where other lines do."""
    holder = QWidget()
    FlowLayout(holder).addWidget(link)
    flush(holder)
    return holder


def _breakable(text: str) -> str:
    """Let an address go on in the next line."""
    return text.replace("/", "/\u200b").replace("?", "?\u200b").replace("&", "&\u200b")
