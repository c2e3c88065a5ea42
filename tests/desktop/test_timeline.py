"""The list of posts: loading, keeping still, acting, undoing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from desktop import theme
from desktop.main_window import MainWindow
from desktop.timeline.card import lay_out, marks, paragraph
from desktop.timeline.merge import merge
from desktop.timeline.model import Loaded, TimelineModel, spoken
from engine import PlainPost, PostRow, Sentiment, TimelineQuery
from tests.desktop.conftest import fill

Settled = Callable[[MainWindow], None]


def a_row(post_id: int = 1, **changes: object) -> PostRow:
    values: dict[str, object] = {
        "id": post_id, "feed_id": 1, "feed_title": "Garden Notes", "title": f"Post {post_id}", "excerpt": "Some words.",
        "author": "", "url": "", "language": "en", "published_at": datetime.now(UTC) - timedelta(hours=2), "read": False,
        "saved": False, "liked": None, "hidden": False, "hidden_by": None, "muffled_by": None, "reading_minutes": 3,
        "sentiment": None, "reason": "", "reason_detail": "",
    }  # fmt: skip
    return PostRow(**{**values, **changes})  # type: ignore[arg-type]


class Asked:
    """Rows on demand, delivered when the test says so."""

    def __init__(self) -> None:
        self.waiting: list[tuple[list[int], Loaded]] = []

    def __call__(self, ids: list[int], loaded: Loaded) -> None:
        self.waiting.append((ids, loaded))

    def deliver(self) -> None:
        waiting, self.waiting = self.waiting, []
        for ids, loaded in waiting:
            loaded([a_row(post_id) for post_id in ids])


def test_the_model_keeps_qts_rules_through_every_change(qtbot: QtBot) -> None:
    asked = Asked()
    model = TimelineModel(asked)
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.set_ids(range(1, 101))
    model.want(0, 20)
    asked.deliver()
    model.remove([3, 4, 90])
    model.set_ids([*model.ids, 200, 201])
    model.set_ids(reversed(model.ids))
    model.refresh([5, 6, 7])
    asked.deliver()
    assert model.rowCount() == 99


def test_rows_are_asked_for_once_while_they_are_on_their_way(qtbot: QtBot) -> None:
    asked = Asked()
    model = TimelineModel(asked)
    model.set_ids(range(1, 500))
    model.want(0, 10)
    model.want(0, 12)
    assert len(asked.waiting) == 1


def test_only_a_page_of_a_long_list_is_loaded(qtbot: QtBot) -> None:
    asked = Asked()
    model = TimelineModel(asked)
    model.set_ids(range(1, 100_001))
    model.want(50_000, 50_010)
    assert sum(len(ids) for ids, _ in asked.waiting) < 60


def test_a_row_that_is_the_same_again_changes_nothing(qtbot: QtBot) -> None:
    row = a_row(1)
    model = TimelineModel(lambda _ids, loaded: loaded([row]))
    model.set_ids([1], [row])
    with qtbot.assertNotEmitted(model.dataChanged, wait=10):
        model.refresh([1])


def test_a_screen_reader_hears_state_and_reason() -> None:
    words = spoken(a_row(saved=True, read=True, sentiment=Sentiment(0.1, 0.1, 0.8), reason="rare_poster"))
    assert words == "Post 1, Garden Notes, 2 h, read, saved, positive, rare poster, 3 minutes to read"


def test_no_class_with_half_of_the_probability_is_said_as_unsure() -> None:
    assert marks(a_row(sentiment=Sentiment(0.40, 0.29, 0.31)))[0] == ("ink_third", "mood unsure (0.40)", False)


def test_a_title_has_three_lines_at_most_and_the_last_one_is_elided() -> None:
    laid = paragraph("word " * 400, theme.font(14.5, 600), 300, 3)
    assert laid.tail.endswith("…")


def test_a_word_without_end_does_not_leave_the_card() -> None:
    laid = paragraph("x" * 5000, theme.font(13), 300, 2)
    assert laid.layout.boundingRect().width() <= 301


def test_a_title_of_a_megabyte_is_laid_out_at_once(qtbot: QtBot) -> None:
    began = datetime.now(UTC)
    lay_out(a_row(title="水" * 1_000_000, excerpt="x" * 1_000_000), 460)
    assert (datetime.now(UTC) - began).total_seconds() < 0.2


def test_a_muffled_post_is_one_line() -> None:
    assert lay_out(a_row(muffled_by=1), 460).height < lay_out(a_row(), 460).height / 2


def test_read_posts_are_set_in_a_lighter_weight() -> None:
    read, unread = lay_out(a_row(read=True), 460).title, lay_out(a_row(), 460).title
    assert read is not None
    assert unread is not None
    assert read.font.weight() < unread.font.weight()


def test_arabic_is_set_from_the_right() -> None:
    assert paragraph("الجسر الجديد", theme.font(13), 300, 2).right_to_left


# ---- merging ---------------------------------------------------------------------------------

lists = st.lists(st.integers(1, 60), unique=True, max_size=40)


@given(shown=lists, fresh=lists, keep=st.integers(0, 12), by_time=st.booleans())
def test_merging_never_moves_what_is_kept(shown: list[int], fresh: list[int], keep: int, by_time: bool) -> None:
    ids, _ = merge(shown, fresh, keep, by_time=by_time)
    assert ids[: min(keep, len(shown))] == shown[:keep]


@given(shown=lists, fresh=lists, keep=st.integers(0, 12), by_time=st.booleans())
def test_merging_loses_no_post_and_shows_none_twice(
    shown: list[int], fresh: list[int], keep: int, by_time: bool
) -> None:
    ids, waiting = merge(shown, fresh, keep, by_time=by_time)
    assert sorted(ids + waiting) == sorted(set(shown[:keep]) | set(fresh))


def test_a_newer_post_never_appears_below_an_older_one_on_screen() -> None:
    ids, waiting = merge([5, 4, 3, 2, 1], [9, 8, 7, 6, 5, 4, 3, 2, 1], keep=2, by_time=True)
    assert (ids, waiting) == ([5, 4, 3, 2, 1], [9, 8, 7, 6])


# ---- in the window ---------------------------------------------------------------------------


def test_the_list_opens_with_its_first_rows_loaded(window: MainWindow) -> None:
    model = window.timeline.model
    assert model.rowCount() == 40
    assert all(model.row(at) is not None for at in range(*window.timeline.view.on_screen()))


def test_new_posts_wait_behind_the_pill_while_someone_reads(
    window: MainWindow, settled: Settled, qtbot: QtBot
) -> None:
    window.commands.show_newest()
    settled(window)
    window.commands.next_post()
    settled(window)
    first = list(window.timeline.model.ids)
    assert window.engine is not None
    window.engine.add_posts("City Observer", [PlainPost(title="Just in", text="A bridge.", published_at=datetime.now(UTC))])
    qtbot.waitUntil(window.timeline.pill.isVisible, timeout=5000)
    assert window.timeline.model.ids == first
    assert window.timeline.pill.text() == "↑ 1 new"


def test_the_pill_shows_the_new_posts_from_the_top(window: MainWindow, settled: Settled, qtbot: QtBot) -> None:
    window.commands.show_newest()
    settled(window)
    window.commands.next_post()
    assert window.engine is not None
    window.engine.add_posts("City Observer", [PlainPost(title="Just in", text="A bridge.", published_at=datetime.now(UTC))])
    qtbot.waitUntil(window.timeline.pill.isVisible, timeout=5000)
    window.timeline.pill.click()
    settled(window)
    row = window.timeline.model.row(0)
    assert row is not None
    assert row.title == "Just in"


def test_an_empty_list_fills_by_itself(empty_window: MainWindow, settled: Settled, qtbot: QtBot) -> None:
    assert empty_window.engine is not None
    fill(empty_window.engine, 10)
    qtbot.waitUntil(lambda: empty_window.timeline.model.rowCount() == 10, timeout=5000)


def test_liking_shows_on_the_card_at_once(window: MainWindow, settled: Settled) -> None:
    post_id = window.timeline.step(1)
    assert post_id is not None
    window.commands.like()
    settled(window)
    row = window.timeline.model.row_of(post_id)
    assert row is not None
    assert row.liked is True


def test_a_post_that_is_selected_while_the_list_is_asked_for_again_stays_selected(window: MainWindow, settled: Settled) -> None:
    chosen = window.timeline.model.ids[0]
    window.timeline._check()  # what the timer does after a change; the answer comes later
    window.timeline.view.select(chosen)
    settled(window)
    assert window.timeline.view.current_id() == chosen


def test_after_a_like_the_selected_post_stays_where_it_is_on_screen(window: MainWindow, settled: Settled) -> None:
    for _ in range(9):
        window.commands.next_post()
        settled(window)
    view = window.timeline.view
    before = view.visualRect(view.currentIndex()).top()
    post_id = view.current_id()
    window.commands.like()
    settled(window)
    assert view.current_id() == post_id
    now = view.visualRect(view.currentIndex()).top()
    # It may have become one of the first, with too few above it to keep its place.
    assert now == before or view.verticalOffset() == 0


def test_a_post_that_falls_out_of_the_list_stays_while_it_is_selected(window: MainWindow, settled: Settled) -> None:
    window.timeline.show_query(TimelineQuery(limit=5), "Five")
    settled(window)
    last = window.timeline.model.ids[4]
    window.timeline.view.select(last)
    window.commands.dislike()
    settled(window)
    assert window.engine is not None
    assert last not in window.engine.timeline(TimelineQuery(limit=5))
    assert window.timeline.view.current_id() == last


def test_a_like_is_taken_back_by_undo(window: MainWindow, settled: Settled) -> None:
    post_id = window.timeline.step(1)
    assert post_id is not None
    window.commands.like()
    settled(window)
    window.commands.undo_last()
    settled(window)
    assert window.engine is not None
    assert window.engine.rows([post_id])[0].liked is None


def test_hiding_takes_the_card_away_and_selects_the_next(window: MainWindow, settled: Settled) -> None:
    first, second = window.timeline.model.ids[:2]
    window.timeline.view.select(first)
    window.commands.hide_post()
    settled(window)
    assert first not in window.timeline.model.ids
    assert window.timeline.view.current_id() == second


def test_undo_brings_a_hidden_post_back_into_the_list(window: MainWindow, settled: Settled) -> None:
    first = window.timeline.model.ids[0]
    window.timeline.view.select(first)
    window.commands.hide_post()
    settled(window)
    window.commands.undo_last()
    settled(window)
    assert first in window.timeline.model.ids


@pytest.mark.parametrize("command", ["save_post", "toggle_read"])
def test_an_act_and_its_undo_leave_the_post_as_it_was(window: MainWindow, settled: Settled, command: str) -> None:
    post_id = window.timeline.step(1)
    settled(window)
    assert window.engine is not None
    assert post_id is not None
    before = window.engine.rows([post_id])[0]
    getattr(window.commands, command)()
    settled(window)
    after = window.engine.rows([post_id])[0]
    assert (after.saved, after.read) != (before.saved, before.read)
    window.commands.undo_last()
    settled(window)
    now = window.engine.rows([post_id])[0]
    assert (now.saved, now.read) == (before.saved, before.read)


def test_a_click_on_the_bookmark_of_a_card_saves_it(window: MainWindow, settled: Settled, qtbot: QtBot) -> None:
    view, post_id = window.timeline.view, window.timeline.model.ids[1]
    cell = view.visualRect(window.timeline.model.index(1)).toRectF()
    spot = window.timeline.delegate.buttons(cell)["save"].center().toPoint()
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    settled(window)
    assert window.engine is not None
    assert window.engine.rows([post_id])[0].saved


def test_a_click_on_a_card_opens_it_and_marks_it_read(window: MainWindow, settled: Settled, qtbot: QtBot) -> None:
    view, post_id = window.timeline.view, window.timeline.model.ids[1]
    spot = view.visualRect(window.timeline.model.index(1)).topLeft() + QPoint(60, 20)
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    settled(window)
    assert window.engine is not None
    assert window.engine.rows([post_id])[0].read
    assert window.reading.post_id == post_id


def test_a_rule_takes_its_posts_off_the_list_while_it_is_shown(
    window: MainWindow, settled: Settled, qtbot: QtBot
) -> None:
    from engine import Condition, Rule

    assert window.engine is not None
    window.engine.save_rule(Rule(name="Crypto", conditions=(Condition(field="words", value="crypto"),)))
    model = window.timeline.model
    qtbot.waitUntil(lambda: not any("Crypto" in r.title for i in model.ids if (r := model.row_of(i))), timeout=5000)
    assert 0 < model.rowCount() < 40


def test_a_muffling_rule_leaves_one_line_that_names_it(window: MainWindow, settled: Settled, qtbot: QtBot) -> None:
    from engine import Condition, Rule

    assert window.engine is not None
    window.engine.save_rule(
        Rule(name="Crypto prices", conditions=(Condition(field="words", value="crypto"),), action="muffle")
    )
    settled(window)
    assert "Crypto prices" in window.timeline.delegate.rule_names.values()
    row = next(r for i in window.timeline.model.ids if (r := window.timeline.model.row_of(i)) and "Crypto" in r.title)
    assert row.muffled_by is not None


def test_a_list_of_two_thousand_grows_as_its_end_comes_near(
    empty_window: MainWindow, settled: Settled, qtbot: QtBot
) -> None:
    window = empty_window
    assert window.engine is not None
    fill(window.engine, 1300)
    window.commands.show_newest()
    settled(window)
    assert window.timeline.model.rowCount() == 500
    bar = window.timeline.view.verticalScrollBar()
    bar.setValue(bar.maximum())
    qtbot.waitUntil(lambda: window.timeline.model.rowCount() == 1000, timeout=5000)


def test_rows_are_loaded_wherever_the_list_is_scrolled_to(
    empty_window: MainWindow, settled: Settled, qtbot: QtBot
) -> None:
    window = empty_window
    assert window.engine is not None
    fill(window.engine, 480)
    window.commands.show_newest()
    settled(window)
    view = window.timeline.view
    view.verticalScrollBar().setValue(view.verticalScrollBar().maximum() // 2)
    settled(window)
    first, last = view.on_screen()
    assert first > 50
    assert all(window.timeline.model.row(at) is not None for at in range(first, last + 1))


def test_the_context_menu_offers_what_the_keys_do(window: MainWindow) -> None:
    row = window.timeline.model.row(0)
    assert row is not None
    words = [action.text() for action in window.timeline.menu(row).actions() if action.text()]
    assert words[:5] == ["Open", "Open in the browser", "Like", "Dislike", "Save"]
