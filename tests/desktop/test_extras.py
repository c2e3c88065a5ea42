"""What only some networks know of a post: on its card, above and below its text, and behind a warning."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QLabel, QPushButton, QStyleOptionViewItem
from pytestqt.qtbot import QtBot

from desktop.facts import NETWORKS, boosters, duration, facts, headline, long_facts, plain, poll_words
from desktop.reading.extras import ExtrasPanel
from desktop.strings import reason
from desktop.timeline.card import lay_out, marks, when
from desktop.timeline.delegate import CardDelegate, told
from desktop.timeline.model import TimelineModel, spoken
from engine import Engine, Extras, PlainPost, Poll, PostRow, Quote, TimelineQuery
from engine.core import fetched_from_plain
from engine.sources.registry import SOURCES
from engine.store import Answer
from engine.types import FeedInfo, FetchState
from tests.desktop.conftest import open_window
from tests.desktop.test_timeline import Settled, a_row

SOON = datetime.now(UTC) + timedelta(days=2)
POLL = Poll(options=("Ducks", "Geese"), votes=(30, 10), ends_at=SOON)


def with_extras(**extras: object) -> PostRow:
    return a_row(extras=Extras(**extras))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("extras", "words"),
    [
        ({"duration_seconds": 245.0}, "4:05"),
        ({"duration_seconds": 3729.4}, "1:02:09"),
        ({"score": 1}, "1 point"),
        ({"score": -3}, "−3 points"),
        ({"comments_count": 57}, "57 comments"),
        ({"views_count": 120}, "120 views"),
        ({"poll": POLL}, "poll, 2 answers, 40 votes"),
        ({"reply_to_url": "https://pond.example/1"}, "reply"),
        ({"visibility": "followers"}, "followers only"),
        ({"visibility": "public"}, None),
        ({"sensitive": True}, "sensitive pictures"),
        ({"edited_at": SOON}, "edited"),
        ({"labels": ("question", "answered")}, "question"),
        ({"is_short": True}, "short"),
    ],
)
def test_a_card_says_what_the_network_knows(extras: dict[str, object], words: str | None) -> None:
    row = with_extras(**extras)
    said = [mark[1] for mark in marks(row)]
    assert (words in said) if words else not said
    assert words is None or words in spoken(row)


def test_who_boosted_a_post_stands_beside_its_author() -> None:
    assert boosters(Extras(boosted_by=("Ada",))) == "boosted by Ada"
    assert boosters(Extras(boosted_by=("Ada", "Bo"))) == "boosted by Ada and Bo"
    assert boosters(Extras(boosted_by=("Ada", "Bo", "Cy"))) == "boosted by Ada and 2 others"
    assert "Mira · boosted by Ada · 2 h" in when(a_row(author="Mira", extras=Extras(boosted_by=("Ada",))))


def test_behind_a_warning_a_card_tells_the_warning_and_nothing_of_the_text() -> None:
    row = a_row(title="", excerpt="The murderer is the gardener", extras=Extras(content_warning="Spoilers: “The Pond”"))
    card = lay_out(row, 460)
    assert card.title is not None
    assert card.title.layout.text() == "Spoilers: “The Pond”"
    assert card.excerpt is None
    assert "murderer" not in spoken(row)
    assert marks(row)[0] == ("amber", "behind a warning", False)


def test_a_quote_makes_a_card_higher_by_two_lines_at_most() -> None:
    quoted = lay_out(with_extras(quote=Quote(author="Bo", text="word " * 500)), 460)
    assert quoted.quote is not None
    assert 0 < quoted.height - lay_out(a_row(), 460).height < 60


def test_a_strangers_words_cannot_turn_or_break_the_line() -> None:
    assert plain("Ada\u202egnp.exe\n\nBo\x07") == "Adagnp.exe Bo"
    assert plain("x" * 500, 40) == "x" * 39 + "…"
    assert all(len(words) < 120 for words in facts(Extras(labels=("y" * 5000,) * 50, boosted_by=("z" * 5000,) * 900)))
    assert len(boosters(Extras(boosted_by=("z" * 5000,) * 900))) < 120


def test_a_count_larger_than_qts_integers_is_a_number_like_any_other() -> None:
    assert facts(Extras(views_count=5_000_000_000)) == ["5000000000 views"]
    assert facts(Extras(score=-(10**30)))[0].startswith("−9223372")


def test_times_and_polls_in_words() -> None:
    assert duration(59.6) == "1:00"
    assert poll_words(replace(POLL, votes=(), ends_at=datetime.now(UTC) - timedelta(hours=1))) == "poll, 2 answers, ended"
    assert any(words.startswith("poll open until") for words in long_facts(Extras(poll=POLL)))
    assert any(words.startswith("edited ") and len(words) > 8 for words in long_facts(Extras(edited_at=SOON)))


def test_a_title_that_quotes_is_not_quoted_twice() -> None:
    assert reason("close_to_liked", "“Cheaper”: the numbers") == "close to “Cheaper: the numbers”, which you liked"
    assert reason("close_to_liked", "“”") == "close to ““””, which you liked"


def test_poll_and_quote_are_shown_below_the_text_as_plain_text(qtbot: QtBot) -> None:
    panel = ExtrasPanel()
    qtbot.addWidget(panel)
    panel.show_extras(Extras(poll=POLL, quote=Quote(author="<b>Bo</b>", text="<img src=x> hi", url="https://pond.example/2")))
    labels = panel.findChildren(QLabel)
    assert {"Ducks", "75 %", "25 %"} <= {label.text() for label in labels}
    hostile = [label for label in labels if "<" in label.text()]
    assert len(hostile) == 2
    assert all(label.textFormat() == Qt.TextFormat.PlainText for label in hostile)
    with qtbot.waitSignal(panel.quote_wanted) as wanted:
        next(b for b in panel.findChildren(QPushButton) if "quoted" in b.text()).click()
    assert wanted.args == ["https://pond.example/2"]
    panel.show_extras(None)
    assert panel.isHidden()


def ingest(engine: Engine, extras: Extras) -> int:
    feed = engine.add_posts("Pond people", [PlainPost(title="", text="Hello.", guid="first")]).feeds
    (feed_id,) = feed
    made = fetched_from_plain(PlainPost(title="", text="The murderer is the gardener.", guid="second"))
    state = FetchState(feed_id=feed_id, url=engine.feeds()[0].url)
    answer = Answer(feed_id=feed_id, info=FeedInfo(title="Pond people"), posts=[replace(made, extras=extras)], state=state)
    (changes,) = engine._store.ingest([answer])
    (post_id,) = changes.new
    return post_id


def test_a_post_behind_a_warning_is_shown_when_the_person_wants_it_and_covered_again(
    qtbot: QtBot, engine: Engine, settled: Settled
) -> None:
    post_id = ingest(engine, Extras(content_warning="Spoilers", poll=POLL))
    window = open_window(qtbot, engine)
    settled(window)
    window.open_post(post_id)
    settled(window)
    pane = window.reading
    assert pane.cover.isVisible()
    assert pane.cover.words.text() == "Spoilers"
    assert not pane.body.isVisible()
    assert not pane.extras.isVisible()
    assert not pane.summary_box.isVisible()
    qtbot.mouseClick(pane.cover.button, Qt.MouseButton.LeftButton)
    settled(window)
    assert not pane.cover.isVisible()
    assert pane.body.isVisible()
    assert "gardener" in pane.body.toPlainText()
    assert pane.extras.isVisible()
    window.actions_by_name["show_covered"].trigger()
    assert pane.cover.isVisible()
    assert not pane.body.isVisible()
    (other,) = [known for known in engine.timeline(TimelineQuery()) if known != post_id]
    window.open_post(other)
    settled(window)
    assert not pane.cover.isVisible()
    assert pane.body.isVisible()
    window.open_post(post_id)
    settled(window)
    assert pane.cover.isVisible()


HOSTILE = "\u202eevil\u2066\n\r\t\u0000 <b>bold</b> 水 القارب " + "W" * 5000


def painted(row: PostRow, width: int = 460) -> QImage:
    """The card of a row as the list paints it, with 400 pixels of empty ground around it."""
    model = TimelineModel(lambda _ids, _loaded: None)
    model.set_ids([row.id], [row])
    delegate = CardDelegate(lambda _name, _id: None)
    option = QStyleOptionViewItem()
    option.rect = QRect(400, 400, width, delegate.height(row, width))
    image = QImage(width + 800, option.rect.height() + 800, QImage.Format.Format_RGB32)
    image.fill(QColor("#ff00ff"))
    painter = QPainter(image)
    delegate.paint(painter, option, model.index(0))
    painter.end()
    return image


def untouched(image: QImage, area: QRect) -> bool:
    ground = QColor("#ff00ff").rgb()
    return all(image.pixel(x, y) == ground for x in range(area.left(), area.right() + 1, 3) for y in range(area.top(), area.bottom() + 1))


@pytest.mark.parametrize("width", [300, 460, 900])
@pytest.mark.parametrize("covered", [False, True])
def test_hostile_words_of_a_network_stay_inside_their_card(width: int, covered: bool) -> None:
    extras = Extras(
        source_kind=HOSTILE, content_warning=HOSTILE if covered else "", boosted_by=(HOSTILE,) * 20, labels=(HOSTILE,) * 20,
        quote=Quote(author=HOSTILE, text=HOSTILE), poll=Poll(options=(HOSTILE,) * 30, votes=(10**19,) * 30),
        score=-(10**15), comments_count=10**15, duration_seconds=1e9,
    )  # fmt: skip
    row = a_row(title=HOSTILE, excerpt=HOSTILE, author=HOSTILE, feed_title=HOSTILE, extras=extras)
    image = painted(row, width)
    right, below = 400 + width, image.height() - 400
    assert untouched(image, QRect(0, 0, 400, image.height()))
    assert untouched(image, QRect(right, 0, 400, image.height()))
    assert untouched(image, QRect(400, 0, width, 400))
    assert untouched(image, QRect(400, below, width, 400))
    assert image.height() - 800 < 420


def test_a_screen_of_the_richest_cards_is_painted_well_within_fifty_milliseconds() -> None:
    extras = Extras(
        source_kind="mastodon", boosted_by=("Ada", "Bo", "ليلى"), labels=("question", "answered"), poll=POLL,
        quote=Quote(author="Mira", text="Words and words. " * 40), score=42, comments_count=7, edited_at=SOON,
    )  # fmt: skip
    row = a_row(title="A title that takes two lines of its card, or even three. " * 2, excerpt="水 and words. " * 40, extras=extras)
    model = TimelineModel(lambda _ids, _loaded: None)
    rows = [replace(row, id=post_id) for post_id in range(1, 11)]
    model.set_ids([row.id for row in rows], rows)
    delegate, option = CardDelegate(lambda _name, _id: None), QStyleOptionViewItem()
    option.rect = QRect(0, 0, 460, delegate.height(row, 460))
    image = QImage(option.rect.size(), QImage.Format.Format_RGB32)
    painter = QPainter(image)
    spent = []
    for _ in range(3):
        began = time.thread_time()
        for at in range(10):
            delegate.paint(painter, option, model.index(at))
        spent.append(time.thread_time() - began)
    painter.end()
    assert min(spent) < 0.05


def test_the_tip_of_a_card_tells_what_was_cut_and_takes_no_markup_from_a_stranger() -> None:
    words = "<img src=x> a title that goes on " * 20
    tip = told(lay_out(a_row(title=words, author="<b>Bo</b>", extras=Extras(boosted_by=("Ada", "Bo", "Cy"))), 300))
    assert tip.startswith("<p>Garden Notes · &lt;b&gt;Bo&lt;/b&gt; · boosted by Ada and 2 others</p>")
    assert "<img" not in tip
    assert "&lt;img src=x&gt; a title" in tip
    assert "gardener" not in told(lay_out(a_row(excerpt="The gardener.", extras=Extras(content_warning="Plot")), 300))


def test_nothing_that_turns_the_line_reaches_a_card() -> None:
    row = a_row(title=HOSTILE, author=HOSTILE, feed_title=HOSTILE, extras=Extras(quote=Quote(author=HOSTILE, text=HOSTILE)))
    card = lay_out(row, 460)
    assert card.title is not None
    assert card.quote is not None
    drawn = (card.title.layout.text(), card.title.tail, card.quote.layout.text(), card.who, card.by)
    assert not any(c in text for text in drawn for c in "\u202e\u2066\n\0")


def test_a_name_that_is_written_from_the_right_keeps_its_direction_to_itself() -> None:
    assert boosters(Extras(boosted_by=("ليلى",))) == "boosted by \u2068ليلى\u2069"
    assert boosters(Extras(boosted_by=("林岚",))) == "boosted by 林岚"


def test_a_card_tells_the_network_unless_the_feed_is_called_so() -> None:
    assert lay_out(with_extras(source_kind="hackernews"), 460).aside == "Hacker News · 3 min read"
    assert lay_out(a_row(feed_title="Hacker News: Show", extras=Extras(source_kind="hackernews")), 460).aside == "3 min read"
    assert lay_out(with_extras(source_kind="hackernews"), 300).aside == "3 min read"
    assert lay_out(with_extras(source_kind="feed"), 460).aside == "3 min read"


def test_networks_are_called_as_the_engine_calls_them() -> None:
    assert {kind: source.label for kind, source in SOURCES.items() if kind != "feed"}.items() <= NETWORKS.items()


def test_a_poll_shows_its_first_answers_with_their_shares() -> None:
    card = lay_out(with_extras(poll=Poll(options=("a", "b", "c", "d", "e"), votes=(3, 1, 0, 0, 0))), 460)
    assert [(answer.words, answer.share) for answer in card.answers] == [("a", 0.75), ("b", 0.25), ("c", 0), ("d", 0)]
    assert card.height > lay_out(a_row(), 460).height
    untold = lay_out(with_extras(poll=Poll(options=("a", "b"))), 460)
    assert [answer.share for answer in untold.answers] == [None, None]
    assert lay_out(with_extras(poll=POLL, content_warning="Ducks"), 460).answers == []


def test_a_muffled_line_tells_nothing_from_behind_a_warning() -> None:
    row = a_row(title="The gardener did it", extras=Extras(content_warning="Spoilers"), muffled_by=1)
    assert headline(row) == "Spoilers"
    assert "gardener" not in spoken(row)
