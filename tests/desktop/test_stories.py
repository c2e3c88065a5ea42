"""Stories in the window: what a card says of them, who else tells it, taking apart, putting together, following."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QLabel, QStyleOptionViewItem
from pytestqt.qtbot import QtBot

from desktop import theme
from desktop.main_window import MainWindow
from desktop.reading.story import StoryPanel
from desktop.reading.telling import Telling
from desktop.sidebar import Place
from desktop.timeline.card import lay_out, marks
from desktop.timeline.delegate import CardDelegate
from desktop.timeline.model import PickedRole, TimelineModel, spoken
from engine import Engine, Extras, PostRow, TimelineQuery
from tests.desktop.conftest import open_window
from tests.desktop.test_keyboard import press
from tests.desktop.test_timeline import a_row
from tests.tellings import APART, BRIDGE, LATER, TRAM, add, fold, plant

Settled = Callable[[MainWindow], None]

# ---- on a card -------------------------------------------------------------------------------


def test_a_card_says_how_many_other_outlets_tell_its_story() -> None:
    assert lay_out(a_row(story_id=7, story_posts=5, outlets=4), 460).story == "+3 outlets"


def test_a_card_of_a_person_counts_people() -> None:
    row = a_row(story_id=7, story_posts=2, outlets=2, people=2, author="Ada", extras=Extras(source_kind="mastodon"))
    assert lay_out(row, 460).story == "+1 person"


def test_a_card_of_an_outlet_counts_people_apart() -> None:
    assert lay_out(a_row(story_id=7, story_posts=5, outlets=4, people=2), 460).story == "+1 outlet · 2 people"


def test_an_outlet_that_told_it_twice_is_no_second_outlet() -> None:
    assert lay_out(a_row(story_id=7, story_posts=2, outlets=1), 460).story == "+1 post"


def test_a_post_that_stands_alone_says_nothing_of_a_story() -> None:
    card = lay_out(a_row(), 460)
    assert (card.story, card.news) == ("", "")


def test_a_followed_story_says_what_is_new() -> None:
    assert lay_out(a_row(story_id=7, story_posts=4, outlets=3, story_followed=True, story_new=2), 460).news == "2 new"


def test_a_followed_story_without_news_is_marked_as_followed() -> None:
    row = a_row(story_id=7, story_posts=4, outlets=3, story_followed=True)
    assert ("accent", "followed", False) in marks(row)


def test_a_screen_reader_hears_of_the_story() -> None:
    words = spoken(a_row(story_id=7, story_posts=5, outlets=4, story_followed=True, story_new=2))
    assert "5 posts tell this, from 4 sources, a story that you follow, 2 new" in words


def test_a_narrow_card_keeps_its_story(qtbot: QtBot) -> None:
    """What else there is to say gives way; the pill in the accent's soft ground is painted."""
    row = a_row(story_id=7, story_posts=5, outlets=4, reason="source_liked", saved=True, liked=True)
    delegate = CardDelegate(lambda _name, _id: None)
    image = QImage(300, 200, QImage.Format.Format_RGB32)
    image.fill(theme.color("card"))
    painter = QPainter(image)
    delegate._paint_marks(painter, lay_out(row, 240), 10, 10, 90)
    painter.end()
    assert image.pixelColor(14, 20) == theme.color("accent_soft")


def test_behind_the_card_of_a_story_the_edge_of_another_is_seen(qtbot: QtBot) -> None:
    def below(**story: int) -> str:
        model = TimelineModel(lambda _ids, _loaded: None)
        row = a_row(**story)
        model.set_ids([row.id], [row])
        delegate = CardDelegate(lambda _name, _id: None)
        option = QStyleOptionViewItem()
        height = delegate.height(row, 460)
        option.rect = QRectF(0, 0, 460, height).toRect()
        image = QImage(460, height, QImage.Format.Format_RGB32)
        image.fill(theme.color("background"))
        painter = QPainter(image)
        delegate.paint(painter, option, model.index(0))
        painter.end()
        edge = round(delegate.frame(QRectF(option.rect)).bottom()) + theme.px(3)
        return image.pixelColor(QPointF(230, edge).toPoint()).name()

    assert below() == theme.tokens().background.lower()
    assert below(story_id=7, story_posts=3, outlets=3) != theme.tokens().background.lower()


def test_a_picked_card_stays_picked_in_another_list(qtbot: QtBot) -> None:
    model = TimelineModel(lambda _ids, _loaded: None)
    model.set_ids([1, 2, 3])
    model.pick([2], True)
    model.set_ids([9, 2])
    assert [model.index(at).data(PickedRole) for at in range(2)] == [False, True]


# ---- in the window ---------------------------------------------------------------------------


@pytest.fixture
def told(engine: Engine) -> Engine:
    """Eleven posts: a story of four outlets in English, one of three in Chinese, and four that stand alone."""
    plant(engine)
    return engine


@pytest.fixture
def window(qtbot: QtBot, told: Engine, settled: Settled) -> MainWindow:
    made = open_window(qtbot, told)
    made.commands.show_newest()
    settled(made)
    return made


def cards(window: MainWindow) -> list[PostRow]:
    model = window.timeline.model
    return [row for at in range(model.rowCount()) if (row := model.row(at)) is not None]


def card(window: MainWindow, words: str) -> PostRow:
    """The one card whose title has these words."""
    (found,) = [row for row in cards(window) if words in row.title]
    return found


def open_story(window: MainWindow, settled: Settled, words: str) -> PostRow:
    row = card(window, words)
    window.open_post(row.id)
    settled(window)
    return row


def panel(window: MainWindow) -> StoryPanel:
    return window.reading.story


def row_of(window: MainWindow, source: str) -> Telling:
    """The telling of a source in the reading pane."""
    (found,) = [row for row in panel(window).rows if row.post.feed_title == source]
    return found


@pytest.mark.parametrize(("words", "said"), [("bridge", "+3 outlets"), ("电车", "+2 outlets")])
def test_a_story_is_one_card(window: MainWindow, words: str, said: str) -> None:
    assert lay_out(card(window, words), 460).story == said


def test_a_list_has_no_card_for_what_is_told_by_another(window: MainWindow) -> None:
    assert len(cards(window)) == 6


def test_a_list_of_one_feed_shows_all_its_posts(window: MainWindow, settled: Settled) -> None:
    feed = next(feed for feed in window.feeds if feed.title == "Market Wire")
    window.show_feed(feed.id)
    settled(window)
    assert [row.feed_title for row in cards(window)] == ["Market Wire"]


def test_opening_a_card_shows_who_else_tells_it(window: MainWindow, settled: Settled) -> None:
    lead = open_story(window, settled, "bridge")
    outlets = {telling[0] for telling in BRIDGE} - {lead.feed_title}
    assert panel(window).heading.text() == "Also told by 3 others"
    assert {row.post.feed_title for row in panel(window).rows} == outlets


def test_chinese_tellings_are_listed_too(window: MainWindow, settled: Settled) -> None:
    lead = open_story(window, settled, "电车")
    assert {row.post.feed_title for row in panel(window).rows} == {telling[0] for telling in TRAM} - {lead.feed_title}


def test_a_post_that_stands_alone_shows_no_tellings(window: MainWindow, settled: Settled) -> None:
    open_story(window, settled, "Hedges")
    assert not panel(window).isVisible()


def test_what_only_one_telling_says_stands_behind_a_disclosure(window: MainWindow, settled: Settled) -> None:
    open_story(window, settled, "bridge")
    row = row_of(window, "Harbour Radio")
    assert not row.notes.isVisible()
    row.only.click()
    assert row.notes.isVisible()
    assert any("ferry for pedestrians" in label.text() for label in row.notes.findChildren(QLabel))


def test_a_click_opens_a_telling_and_the_card_stays_selected(window: MainWindow, settled: Settled) -> None:
    lead = open_story(window, settled, "bridge")
    other = row_of(window, "Harbour Radio")
    other.button.click()
    settled(window)
    assert window.reading.post_id == other.post.post_id
    assert window.timeline.view.current_id() == lead.id


def test_enter_opens_the_telling_that_has_the_focus(window: MainWindow, settled: Settled, qtbot: QtBot) -> None:
    open_story(window, settled, "bridge")
    other = row_of(window, "Market Wire")
    other.button.setFocus()
    qtbot.keyClick(other.button, Qt.Key.Key_Return)
    settled(window)
    assert window.reading.post_id == other.post.post_id


def test_e_goes_through_all_tellings_and_back_to_the_first(window: MainWindow, settled: Settled, qtbot: QtBot) -> None:
    lead = open_story(window, settled, "bridge")
    seen = []
    for _ in BRIDGE:
        press(qtbot, window, Qt.Key.Key_E)
        settled(window)
        seen.append(window.reading.post_id)
    assert len(set(seen)) == 4
    assert seen[-1] == lead.id


def test_keys_mean_the_telling_that_is_open(window: MainWindow, settled: Settled) -> None:
    lead = open_story(window, settled, "bridge")
    other = row_of(window, "Harbour Radio").post.post_id
    window.open_post(other)
    settled(window)
    window.commands.like()
    settled(window)
    assert window.engine is not None
    assert [row.liked for row in window.engine.rows([other, lead.id])] == [True, None]


# ---- taking apart, putting together ----------------------------------------------------------


def test_not_the_same_story_gives_a_telling_its_own_card_and_undo_takes_it_back(window: MainWindow, settled: Settled) -> None:
    lead = open_story(window, settled, "bridge")
    row_of(window, "Market Wire").out.click()
    settled(window)
    assert lay_out(card(window, "shops fear"), 460).story == ""
    assert panel(window).heading.text() == "Also told by 2 others"
    window.toast.action.click()
    settled(window)
    assert len(cards(window)) == 6
    assert window.timeline.model.row_of(lead.id).story_posts == 4  # type: ignore[union-attr]


def test_shift_n_takes_the_open_post_out(window: MainWindow, settled: Settled, qtbot: QtBot) -> None:
    lead = open_story(window, settled, "电车")
    window.activateWindow()
    qtbot.keyClick(window.focusWidget() or window, Qt.Key.Key_N, Qt.KeyboardModifier.ShiftModifier)
    settled(window)
    assert window.engine is not None
    assert window.engine.story(lead.id) is None


def test_a_story_can_be_taken_apart_from_its_card(window: MainWindow, settled: Settled) -> None:
    window.act_on("take_apart", card(window, "电车").id)
    settled(window)
    assert len(cards(window)) == 8
    window.commands.undo_last()
    settled(window)
    assert len(cards(window)) == 6


@pytest.mark.parametrize("words", [("Hedges", "allocator"), ("allocator", "Hedges")])
def test_picked_cards_are_put_together_and_undo_parts_them(
    window: MainWindow, settled: Settled, words: tuple[str, str]
) -> None:
    ids = [card(window, title).id for title in words]
    for post_id in ids:
        window.timeline.view.select(post_id)
        window.commands.pick_post()
    assert window.timeline.picked_bar.words.text() == "2 cards picked"
    window.timeline.picked_bar.together.click()
    settled(window)
    assert len(cards(window)) == 5
    assert window.timeline.view.current_id() in {row.id for row in cards(window)}
    assert not window.timeline.picked_bar.isVisible()
    window.toast.action.click()
    settled(window)
    assert {row.id for row in cards(window)} >= set(ids)


def test_control_and_a_click_pick_a_card_and_do_not_open_it(window: MainWindow, settled: Settled, qtbot: QtBot) -> None:
    view, row = window.timeline.view, card(window, "Hedges")
    place = window.timeline.model.position(row.id)
    assert place is not None
    point = view.visualRect(window.timeline.model.index(place)).center()
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier, point)
    settled(window)
    assert window.timeline.model.picked == [row.id]
    assert window.reading.post_id is None


def test_escape_lets_picked_cards_go(window: MainWindow, settled: Settled) -> None:
    window.timeline.toggle_pick(card(window, "Hedges").id)
    window.commands.go_back()
    assert window.timeline.model.picked == []


def test_putting_one_card_together_says_what_to_do(window: MainWindow) -> None:
    window.timeline.toggle_pick(card(window, "Hedges").id)
    window.commands.put_together()
    assert "Pick two or more cards" in window.toast.words.text()


def test_another_telling_can_stand_for_the_story(window: MainWindow, settled: Settled) -> None:
    lead = open_story(window, settled, "bridge")
    chosen = row_of(window, "Harbour Radio")
    chosen.stand.click()
    settled(window)
    assert card(window, "ridge").id == chosen.post.post_id
    assert window.timeline.view.current_id() == chosen.post.post_id
    window.commands.undo_last()
    settled(window)
    assert card(window, "ridge").id == lead.id


def test_an_outlet_that_is_preferred_stands_for_its_stories_until_undo(window: MainWindow, settled: Settled) -> None:
    lead = open_story(window, settled, "bridge")
    other = row_of(window, "Market Wire")
    other.prefer.click()
    settled(window)
    assert window.engine is not None
    assert window.engine.story(lead.id).lead_id == other.post.post_id  # type: ignore[union-attr]
    window.commands.undo_last()
    settled(window)
    assert window.engine.story(lead.id).lead_id == lead.id  # type: ignore[union-attr]


def test_every_telling_can_be_shown_as_a_list_and_escape_goes_back(window: MainWindow, settled: Settled) -> None:
    window.act_on("tellings", card(window, "bridge").id)
    settled(window)
    assert {row.feed_title for row in cards(window)} == {telling[0] for telling in BRIDGE}
    window.commands.go_back()
    settled(window)
    assert len(cards(window)) == 6


# ---- following -------------------------------------------------------------------------------


def listed(window: MainWindow) -> list[str]:
    """What the sidebar lists above the feeds."""
    tree = window.sidebar.feeds
    found = [item for at in range(6) if (item := tree.topLevelItem(at)) is not None]
    return [item.text(0) for item in found if tree.place(item) not in (None, Place("section"))]


def test_the_sidebar_names_followed_stories_only_while_there_are_some(window: MainWindow, settled: Settled) -> None:
    without = ["For you", "Newest", "Saved", "Briefing", "Tray"]
    assert listed(window) == without
    open_story(window, settled, "bridge")
    panel(window).follow.click()
    settled(window)
    assert listed(window) == ["For you", "Newest", "Saved", "Briefing", "Followed stories", "Tray"]
    window.commands.undo_last()
    settled(window)
    assert listed(window) == without


def test_what_comes_to_a_followed_story_is_marked_and_shown_alone(window: MainWindow, settled: Settled) -> None:
    story = open_story(window, settled, "bridge")
    window.commands.follow_story()
    settled(window)
    assert window.engine is not None
    add(window.engine, LATER)
    fold(window.engine)
    open_story(window, settled, "Hedges")
    window.commands.show_followed()
    settled(window)
    (row,) = cards(window)
    assert lay_out(row, 460).news == "1 new"
    assert row.story_id == window.engine.story(story.id).id  # type: ignore[union-attr]
    window.open_post(row.id)
    settled(window)
    assert panel(window).heading.text() == "1 new since you last looked"
    assert [one.post.feed_title for one in panel(window).rows] == ["Ferry Watch"]
    assert row_of(window, "Ferry Watch").notes.isVisible()
    assert window.timeline.model.row_of(row.id).story_new == 0  # type: ignore[union-attr]


def test_all_tellings_of_a_followed_story_are_one_click_away(window: MainWindow, settled: Settled) -> None:
    open_story(window, settled, "bridge")
    window.commands.follow_story()
    settled(window)
    assert window.engine is not None
    add(window.engine, LATER)
    fold(window.engine)
    open_story(window, settled, "Hedges")
    open_story(window, settled, "bridge")
    panel(window).more.click()
    settled(window)
    assert len(panel(window).rows) == 4


def test_a_list_of_no_followed_story_says_how_to_follow_one(window: MainWindow, settled: Settled) -> None:
    window.commands.show_followed()
    settled(window)
    assert window.timeline.empty.isVisible()
    assert "Y follows the story" in window.timeline.empty.text.text()


# ---- marking and settings --------------------------------------------------------------------


def test_marking_the_card_marks_every_telling_and_undo_unmarks_what_it_marked(window: MainWindow, settled: Settled) -> None:
    assert window.engine is not None
    row = card(window, "bridge")
    story = window.engine.story(row.id)
    assert story is not None
    ids = [post.post_id for post in story.posts]
    was_read = next(post_id for post_id in ids if post_id != row.id)
    window.set_setting("story_marks_all", False)
    settled(window)
    window.engine.mark([was_read], read=True)
    window.set_setting("story_marks_all", True)
    settled(window)
    window.acts.read([row.id], True)
    settled(window)
    assert all(one.read for one in window.engine.rows(ids))
    window.commands.undo_last()
    settled(window)
    assert [one.id for one in window.engine.rows(ids) if one.read] == [was_read]


def test_hiding_the_card_hides_what_it_told_and_undo_brings_all_of_it_back(window: MainWindow, settled: Settled) -> None:
    assert window.engine is not None
    before = {row.id for row in cards(window)}
    window.act_on("hide", card(window, "bridge").id)
    settled(window)
    assert window.engine.counts().hidden == 4
    assert len(cards(window)) == 5
    window.toast.action.click()
    settled(window)
    assert window.engine.counts().hidden == 0
    assert {row.id for row in cards(window)} == before


def test_restoring_one_telling_and_undoing_that_hides_no_other(window: MainWindow, settled: Settled) -> None:
    assert window.engine is not None
    window.set_setting("story_marks_all", False)
    settled(window)
    lead = card(window, "bridge").id
    window.engine.mark([lead], hidden=True)
    window.acts.restore([lead])
    settled(window)
    window.commands.undo_last()
    settled(window)
    assert [row.id for row in window.engine.rows(window.engine.timeline(TimelineQuery(hidden=True)))] == [lead]


def test_with_the_setting_off_a_card_marks_only_itself(window: MainWindow, settled: Settled) -> None:
    assert window.engine is not None
    window.set_setting("story_marks_all", False)
    settled(window)
    row = card(window, "bridge")
    story = window.engine.story(row.id)
    assert story is not None
    window.acts.read([row.id], True)
    settled(window)
    assert [one.id for one in window.engine.rows([post.post_id for post in story.posts]) if one.read] == [row.id]


def test_folding_can_be_switched_off_and_the_list_shows_every_post_at_once(window: MainWindow, settled: Settled) -> None:
    window.set_setting("fold_stories", False)
    settled(window)
    assert len(cards(window)) == 11
    window.set_setting("fold_stories", True)
    settled(window)
    assert len(cards(window)) == 6


def test_a_card_that_turns_out_to_be_told_leaves_the_list(qtbot: QtBot, engine: Engine, settled: Settled) -> None:
    add(engine, *BRIDGE[:2], *APART)
    window = open_window(qtbot, engine)
    window.commands.show_newest()
    settled(window)
    assert len(cards(window)) == 6
    window.timeline.view.select(card(window, "Hedges").id)
    fold(engine)
    settled(window)
    qtbot.waitUntil(lambda: len(cards(window)) == 5, timeout=5000)


def test_the_tellings_take_up_another_theme(window: MainWindow, settled: Settled) -> None:
    open_story(window, settled, "bridge")
    window.set_setting("theme", "dark")
    settled(window)
    assert len(panel(window).rows) == 3
