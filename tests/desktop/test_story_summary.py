"""The box that sums up a story: its claims, who says them, and the way to their words in each telling."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop.main_window import MainWindow
from desktop.reading.story_summary import StorySummaryBox
from desktop.reading.summarising import Summarising
from engine import (
    ClaimSource,
    Engine,
    PlainPost,
    Span,
    StoryClaim,
    StoryDifference,
    StorySummary,
    StoryText,
    TimelineQuery,
)
from tests.desktop.conftest import open_window

Settle = Callable[[MainWindow], None]
TOLD = {
    "Morning Post": "Twelve people were hurt in the warehouse fire in Arden, the brigade said. The mayor thanked the firemen.",
    "Evening Post": "The river path is closed. Nine people were hurt in the warehouse fire in Arden, the brigade said.",
    "Night Desk": "In Arden twelve people were hurt in the warehouse fire, the brigade said. Trams run again.",
}


@pytest.fixture
def told(qtbot: QtBot, engine: Engine, settled: Settle) -> MainWindow:
    """The window with one of three tellings open."""
    for feed, text in TOLD.items():
        engine.add_posts(feed, [PlainPost(title=f"Fire, says the {feed}", text=text, guid=feed)])
    engine.merge_stories(engine.timeline(TimelineQuery(order="newest")))
    engine.add_posts("Alone", [PlainPost(title="Alone", text="Nobody else tells this.", guid="alone")])
    window = open_window(qtbot, engine)
    settled(window)
    return window


def open_titled(window: MainWindow, settled: Settle, words: str) -> Summarising:
    engine = window.engine
    assert engine is not None
    window.open_post(next(row.id for row in engine.rows(range(1, 5)) if words in row.title))
    settled(window)
    return window.reading.summaries


def summed_up(window: MainWindow, settled: Settle) -> Summarising:
    summaries = open_titled(window, settled, "Morning")
    window.actions_by_name["summarise_story"].trigger()
    settled(window)
    assert summaries.story_box.summary is not None
    return summaries


def marked(summaries: Summarising) -> str:
    document = summaries._body.document().toPlainText()
    return " ".join(document[start:end] for start, end, full in summaries._body._marks if full)


def number_of(box: StorySummaryBox, words: str) -> int:
    return next(number for number, claim in enumerate(box.claims, 1) if words in claim.text)


def test_a_storys_summary_shows_claims_with_who_says_them(told: MainWindow, settled: Settle) -> None:
    box = summed_up(told, settled).story_box
    shown = box.text.toPlainText()
    assert "Several say" in shown
    assert "Found in one telling" in shown
    assert "The river path is closed. — Evening Post" in shown
    assert "Numbers: “Twelve” — " in shown
    assert "3 tellings · picked sentences: language models are switched off" in box.method.text()


def test_a_claim_that_is_chosen_shows_the_words_of_each_source(told: MainWindow, settled: Settle) -> None:
    box = summed_up(told, settled).story_box
    claim = number_of(box, "hurt")
    assert "show it there" not in box.text.toPlainText()
    box.text.own_link.emit(str(claim))
    shown = box.text.toPlainText()
    assert "“Twelve people were hurt in the warehouse fire in Arden, the brigade said.” Morning Post, " in shown
    assert shown.count("show it there") == 2
    box.text.own_link.emit(str(claim))
    assert "show it there" not in box.text.toPlainText()


def test_a_claims_words_are_underlined_where_the_open_post_has_them(told: MainWindow, settled: Settle) -> None:
    summaries = summed_up(told, settled)
    box = summaries.story_box
    box.claim_hovered.emit(number_of(box, "hurt"))
    assert marked(summaries) == "Twelve people were hurt in the warehouse fire in Arden, the brigade said."
    box.claim_hovered.emit(0)
    assert marked(summaries) == ""


def test_a_source_opens_its_telling_with_the_words_underlined(told: MainWindow, settled: Settle) -> None:
    summaries = summed_up(told, settled)
    box = summaries.story_box
    box.source_wanted.emit(number_of(box, "river path"), 0)
    settled(told)
    assert told.reading.row is not None
    assert told.reading.row.feed_title == "Evening Post"
    assert marked(summaries) == "The river path is closed."


def test_the_kept_summary_is_there_in_every_telling(told: MainWindow, settled: Settle) -> None:
    summed_up(told, settled)
    box = open_titled(told, settled, "Night Desk").story_box
    assert box.isVisible()
    assert box.summary is not None


def test_claims_and_sources_are_reached_by_keyboard(told: MainWindow, settled: Settle, qtbot: QtBot) -> None:
    box = summed_up(told, settled).story_box
    wanted: list[tuple[int, int]] = []
    box.source_wanted.connect(lambda claim, at: wanted.append((claim, at)))
    box.text.setFocus()
    qtbot.keyClick(box.text, Qt.Key.Key_Tab)
    qtbot.keyClick(box.text, Qt.Key.Key_Return)
    assert "show it there" in box.text.toPlainText()
    qtbot.keyClick(box.text, Qt.Key.Key_Tab)
    qtbot.keyClick(box.text, Qt.Key.Key_Return)
    assert wanted == [(1, 0)]


def test_a_post_that_stands_alone_offers_no_story(told: MainWindow, settled: Settle) -> None:
    summaries = open_titled(told, settled, "Alone")
    assert not summaries.box.story.isVisible()
    told.actions_by_name["summarise_story"].trigger()
    settled(told)
    assert not summaries.story_box.isVisible()


def test_a_storys_summary_goes_when_a_telling_is_taken_out(told: MainWindow, settled: Settle) -> None:
    summaries = summed_up(told, settled)
    engine = told.engine
    assert engine is not None
    story = engine.story(told.reading.post_id or 0)
    assert story is not None
    engine.split_story([next(post.post_id for post in story.posts if post.feed_title == "Night Desk")])
    settled(told)
    assert summaries.story_box.summary is None
    assert not summaries.story_box.isVisible()


def test_a_cancelled_storys_summary_leaves_no_box(told: MainWindow, settled: Settle) -> None:
    summaries = open_titled(told, settled, "Morning")
    summaries.summarise_story()
    summaries.story_box.cancel.click()
    settled(told)
    assert not summaries.story_box.isVisible()
    assert summaries.story_box.summary is None


def hostile() -> StorySummary:
    words = "<img src=x onerror=alert(1)><b>x</b>"
    text = StoryText(post_id=1, feed_title=words, title=words, text=words, published_at=datetime.now(UTC))
    claim = StoryClaim(text=words, sources=(ClaimSource(post_id=1, evidence=(Span(start=0, end=len(words)),)),))
    return StorySummary(
        tellings=(text,), agreed=(claim,), single=(), method="model", model="a model", rejected=2,
        differences=(StoryDifference(kind="name", claims=(claim, claim), words=(words, words)),),
    )  # fmt: skip


def test_hostile_text_in_a_storys_summary_is_shown_as_it_is(qtbot: QtBot) -> None:
    box = StorySummaryBox()
    qtbot.addWidget(box)
    box.show_summary(hostile())
    box.unfold(1)
    assert box.text.toPlainText().count("<img src=x onerror=alert(1)><b>x</b>") >= 5
    assert not box.text.refused


def test_what_the_model_wrote_is_labelled_with_its_name(qtbot: QtBot) -> None:
    box = StorySummaryBox()
    qtbot.addWidget(box)
    box.show_summary(hostile())
    assert "by the local model, every sentence checked · 2 sentences refused" in box.method.text()
    assert box.method.toolTip() == "a model"
    assert box.accessibleDescription() == box.method.text()
