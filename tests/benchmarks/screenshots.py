"""`make screenshots`: every view, light and dark, wide and narrow, over the sample feeds in English and Chinese.

    python -m tests.benchmarks.screenshots [FOLDER]

The posts are the demo's own. The models read them where they are installed; without them the same pictures come
without signals.
"""

from __future__ import annotations

import os
import secrets
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEventLoop
from PySide6.QtWidgets import QApplication, QWidget

from desktop import theme
from desktop.app import make_application
from desktop.main_window import MainWindow
from desktop.shortcuts import ShortcutSheet
from engine import Comment, Condition, ProfileState, Rule, Thread, TimelineQuery, open_engine, sample_internet
from tests import tellings
from tests.benchmarks import ask_views, model_views, own_words_views, ranking_views
from tests.benchmarks.network_posts import plant

WIDE, NARROW, STACKED, BROAD = (1360, 860), (860, 780), (480, 800), (1900, 1000)
PAGES = ("rules", "tray", "profile", "evaluation", "health", "ledger", "models", "settings", "help")


OPML = """<opml version="2.0"><head><title>Mine</title></head><body><outline text="Ponds">
<outline text="Heron news" type="rss" xmlUrl="https://heron.invalid/feed"/>
<outline text="The router" type="rss" xmlUrl="http://192.168.7.1/log.xml"/></outline></body></opml>"""


COMMENTS = (
    Comment(author="ada", text="The new timetable leaves the night shift of the mill without a tram home. Somebody should tell the council.", published="", depth=0, score=12),
    Comment(author="bo", text="> without a tram home\nThe mill runs a bus of its own since August, it leaves at ten past two.", published="", depth=1, score=4),
    Comment(author="陈明", text="我开了三十年电车。司机们两次要求更长的休息时间，两次都被拒绝了。", published="", depth=0),
)  # fmt: skip


class Studio:
    """A window over a temporary profile, and where its pictures go."""

    def __init__(self, window: MainWindow, folder: Path) -> None:
        self.window, self.folder = window, folder
        self.taken: list[str] = []

    def wait(self, seconds: float = 0.25) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 10)
            time.sleep(0.002)

    def settle(self) -> None:
        for _ in range(3):
            self.window.lanes.wait_idle(180_000)
            self.wait()

    def take(self, name: str, widget: QWidget | None = None) -> None:
        self.settle()
        scheme = "dark" if theme.tokens().dark else "light"
        target = self.folder / f"{name}-{scheme}.png"
        (widget or self.window).grab().save(str(target))
        self.taken.append(target.name)

    def dialog(self, name: str, opening: Callable[[], object]) -> None:
        """Open a dialog, take its picture, and close it."""
        opening()
        self.settle()
        shown = [w for w in QApplication.topLevelWidgets() if w.isVisible() and w is not self.window]
        for widget in shown:
            self.take(name, widget)
            widget.close()
        self.settle()


def open_title(studio: Studio, words: str) -> None:
    """Show the first post whose title has these words."""
    model = studio.window.timeline.model
    for post_id in model.ids:
        row = model.row_of(post_id)
        if row is not None and words in row.title:
            studio.window.open_post(post_id)
            break
    studio.settle()


def reading(studio: Studio) -> None:
    window = studio.window
    window.resize(*WIDE)
    window.commands.show_for_you()
    studio.settle()
    open_title(studio, "Main Street")
    window.reading.summaries.summarise()
    studio.take("timeline")
    signals = window.reading.signals
    if signals.isVisible():
        window.reading.area.ensureWidgetVisible(signals)
        studio.take("signals")
        studio.dialog("dialog-rule-signal", next(iter(signals.names.values())).click)
    open_title(studio, "电")
    studio.take("timeline-chinese")
    if signals.isVisible():
        window.reading.area.ensureWidgetVisible(signals)
        studio.take("signals-chinese")
    window.commands.show_newest()
    studio.take("newest")
    window.top.search.setText("battery")
    window.top.search.search_now()
    studio.take("search")
    window.top.search.setText("没有这个词xyz")
    window.top.search.search_now()
    studio.take("search-empty")
    window.top.search.clear()
    window.commands.show_saved()
    studio.take("saved")


def networks(studio: Studio, feed_id: int) -> None:
    """What only some networks know: on the cards, and above and below the text."""
    window = studio.window
    window.resize(*WIDE)
    window.show_feed(feed_id)
    studio.settle()
    ids = window.timeline.model.ids
    for name, at in (("boosted", 0), ("warning", 1), ("poll", 2), ("quote", 3), ("arabic", 6)):
        window.open_post(ids[at])
        studio.take(f"network-{name}")
    window.open_post(ids[1])
    studio.settle()
    window.reading.show_covered()
    studio.take("network-warning-lifted")
    window.reading.show_covered()
    for name, size in (("720", (720, 900)), ("narrow", (420, 900))):
        window.resize(*size)
        window.go_back()
        window.timeline.view.verticalScrollBar().setValue(0)
        studio.take(f"network-{name}")
    window.resize(*WIDE)


def stories(studio: Studio) -> None:
    """Who tells the same: on the card, above the text, picked, followed, and as a list."""
    window, engine = studio.window, studio.window.engine
    assert engine is not None
    window.resize(*WIDE)
    window.commands.show_newest()
    studio.settle()
    open_title(studio, "bridge closes for repairs until")
    studio.take("story")
    window.reading.story.rows[0].only.click()
    window.reading.story.more.click()
    studio.take("story-all")
    open_title(studio, "电车")
    studio.take("story-chinese")
    for words in ("Hedges", "allocator"):
        window.timeline.toggle_pick(next(i for i in window.timeline.model.ids if words in str(window.timeline.model.row_of(i))))
    studio.take("story-picked")
    window.timeline.let_go()
    window.act_on("tellings", next(i for i in window.timeline.model.ids if "bridge" in str(window.timeline.model.row_of(i))))
    studio.take("story-list")
    window.commands.show_newest()
    studio.settle()
    followed(studio)
    for name, size in (("narrow", (420, 900)), ("wide", BROAD)):
        window.resize(*size)
        window.commands.show_newest()
        studio.take(f"story-{name}-list")
        open_title(studio, "bridge closes for repairs until")
        studio.take(f"story-{name}")
    window.resize(*WIDE)


def summaries(studio: Studio) -> None:
    """What the tellings of a story agree on and where they differ, and the words behind a claim; a conversation summed up."""
    window, engine = studio.window, studio.window.engine
    assert engine is not None
    for name, size in (("", WIDE), ("-narrow", (420, 900))):
        window.resize(*size)
        window.commands.show_newest()
        studio.settle()
        for language, title in (("", "bridge closes for repairs until"), ("-chinese", "电车")):
            open_title(studio, title)
            window.reading.summaries.summarise_story()
            window.reading.summaries.summarise()
            studio.settle()
            window.reading.summaries.story_box.unfold(1)
            window.reading.area.ensureWidgetVisible(window.reading.summaries.story_box)
            studio.take(f"story-summary{language}{name}")
        talk = window.reading.talk
        talk._show(Thread(post_id=window.reading.post_id or 0, comments=COMMENTS))
        talk.show()
        studio.settle()
        talk.summarise()
        studio.settle()
        window.reading.area.ensureWidgetVisible(talk.summary)
        studio.take(f"thread-summary{name}")
    window.resize(*WIDE)


def followed(studio: Studio) -> None:
    """A followed story to which something came since the last look."""
    window, engine = studio.window, studio.window.engine
    assert engine is not None
    window.commands.show_followed()
    studio.take("story-followed-none")
    story = next(row for row in engine.rows(engine.timeline(TimelineQuery(order="newest"))) if "bridge" in row.title.casefold())
    engine.follow_story(story.id, True)
    tellings.add(engine, tellings.LATER_STILL if theme.tokens().dark else tellings.LATER)
    tellings.fold(engine)
    window.commands.show_newest()
    studio.settle()
    window.commands.show_followed()
    studio.settle()
    window.timeline.view.select(window.timeline.model.ids[0])
    studio.take("story-followed")
    window.open_post(window.timeline.model.ids[0])
    studio.take("story-followed-new")
    engine.follow_story(story.id, False)


def pages(studio: Studio) -> None:
    for name in PAGES:
        studio.window.show_page(name)
        studio.take(f"page-{name}")
    studio.window.show_timeline()


def briefing(studio: Studio) -> None:
    """Asked for, being made, made, its end, opened at its evidence, narrow, and when nothing is new."""
    from desktop.pages.briefing import BriefingPage

    window = studio.window
    window.resize(*WIDE)
    window.show_page("briefing")
    studio.take("briefing-first")
    page = window.panes.page()
    assert isinstance(page, BriefingPage)
    page.since.setCurrentIndex(page.since.findData("week"))
    page.make.click()
    studio.wait(3.0)
    scheme = "dark" if theme.tokens().dark else "light"
    window.grab().save(str(studio.folder / f"briefing-running-{scheme}.png"))
    studio.take("briefing")
    page.area.verticalScrollBar().setValue(page.area.verticalScrollBar().maximum())
    studio.take("briefing-end")
    page.open_item(page.items()[0])
    studio.take("briefing-opened")
    window.go_back()
    for name, size in (("narrow", STACKED), ("wide", BROAD)):
        window.resize(*size)
        page.area.verticalScrollBar().setValue(0)
        studio.take(f"briefing-{name}")
    window.resize(*WIDE)
    page.since.setCurrentIndex(page.since.findData("last"))
    page.make.click()
    studio.take("briefing-nothing")
    window.show_timeline()


def widths(studio: Studio) -> None:
    window = studio.window
    window.commands.show_for_you()
    studio.settle()
    window.commands.next_post()
    window.resize(*NARROW)
    studio.take("narrow")
    window.resize(*STACKED)
    studio.take("stacked-post")
    window.go_back()
    studio.take("stacked-list")
    window.toggle_sidebar()
    studio.take("stacked-sidebar")
    window.toggle_sidebar()
    window.resize(*BROAD)
    studio.take("broad")
    window.show_page("settings")
    studio.take("broad-settings")
    window.show_timeline()
    window.resize(*WIDE)
    for percent in (150, 200):
        window.set_setting("scale_percent", percent)
        studio.take(f"text-{percent}")
    window.show_page("settings")
    studio.take("text-200-settings")
    window.show_timeline()
    window.set_setting("scale_percent", 100)
    studio.settle()


def dialogs(studio: Studio) -> None:
    from desktop.dialogs import bug, feed_settings, import_opml, rule, unlock

    window = studio.window
    studio.dialog("dialog-add-feed", window.add_feed)
    studio.dialog("dialog-packs", window.show_packs)
    studio.dialog("dialog-rule", lambda: rule.open_dialog(window, None))
    fetched = next(feed for feed in window.feeds if feed.kind != "local")
    two = (Condition(field="words", value="the"), Condition(field="author", value="K. Sato", whole_word=False))
    studio.dialog("dialog-rule-preview", lambda: rule.open_dialog(window, Rule(name="Mine", conditions=two[:1])))
    studio.dialog("dialog-rule-two", lambda: rule.open_dialog(window, Rule(name="", conditions=two, action="muffle")))
    studio.dialog("dialog-feed", lambda: feed_settings.open_dialog(window, fetched.id))
    listed = studio.folder / "subscriptions.opml"
    listed.write_text(OPML, encoding="utf-8")
    studio.dialog("dialog-import", lambda: import_opml.open_dialog(window, listed))
    listed.unlink()
    locked = ProfileState(exists=True, encryption="passphrase", keyring_works=False)
    silent = ProfileState(exists=True, encryption="keyring", keyring_works=False)
    studio.dialog("start-unlock", lambda: unlock.Unlock(locked, parent=window).open())
    studio.dialog("start-unlock-wrong", lambda: unlock.Unlock(locked, "The passphrase does not open it.", window).open())
    studio.dialog("start-keyring", lambda: unlock.Unlock(silent, parent=window).open())
    studio.dialog("start-first", lambda: unlock.FirstRun(parent=window).open())
    studio.dialog("start-recovery-key", lambda: unlock.show_recovery_key(window))
    studio.dialog("dialog-keys", lambda: ShortcutSheet(window).open())
    studio.dialog("dialog-bug", lambda: bug.show(window, "Traceback (most recent call last):\n  …\nValueError: example"))


def run(target: str, only: Callable[[Studio], None] | None = None) -> None:
    """Make all pictures, or those of `only`, in the folder `target`."""
    folder = Path(target)
    folder.mkdir(parents=True, exist_ok=True)
    app = make_application([])
    with tempfile.TemporaryDirectory(prefix="millpond-shots-", ignore_cleanup_errors=True) as profiles:
        window = MainWindow()
        window.show()
        studio = Studio(window, folder)
        engine = open_engine(Path(profiles) / "profile", key=secrets.token_bytes(32))
        window.attach(engine)
        for scheme in ("light", "dark") if only is None else ():
            window.set_setting("theme", scheme)
            studio.take("empty")
        with sample_internet() as internet:
            engine.follow(internet.subscriptions, allow_private=True)
            window.refresh(force=True)
            studio.settle()
            engine.save_rule(
                Rule(name="Crypto prices", conditions=(Condition(field="words", value="crypto"),), action="muffle")
            )
            for name, words in (("No ferries", "ferries"), ("No frost", "frost"), ("不看自行车", "自行车"), ("No owls", "owls"), ("No lighthouses", "lighthouse")):
                engine.save_rule(Rule(name=name, conditions=(Condition(field="words", value=words),)))
            feed_id = plant(engine)
            tellings.plant(engine)
            window.commands.show_newest()
            studio.settle()
            for at, liked in ((1, True), (3, True), (6, False)):
                engine.feedback(window.timeline.model.ids[at], liked)
            engine.mark(window.timeline.model.ids[2:4], saved=True)
            for scheme in ("light", "dark") if only is None else ():
                window.set_setting("theme", scheme)
                studio.settle()
                reading(studio)
                networks(studio, feed_id)
                stories(studio)
                summaries(studio)
                pages(studio)
                briefing(studio)
                widths(studio)
                dialogs(studio)
                model_views.views(studio)
                own_words_views.views(studio)
                ask_views.views(studio)
            ranking_views.act(engine)
            for scheme in ("light", "dark"):
                window.set_setting("theme", scheme)
                (only or ranking_views.views)(studio)
        window.close()
        app.processEvents()
    print(f"{len(studio.taken)} pictures in {folder}")


def main() -> None:
    run(sys.argv[1] if len(sys.argv) > 1 else "screenshots")


if __name__ == "__main__":
    main()
