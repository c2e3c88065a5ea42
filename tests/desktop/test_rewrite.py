"""Rewrites in the reading pane: asked for by menu or key, shown beside the post with a label, never in its place."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu

from desktop.link_button import LinkButton
from desktop.main_window import MainWindow
from desktop.reading.rewrite import RewriteBox, method_words
from engine import Engine, PlainPost, Rewrite, RewriteSource, TimelineQuery
from tests.injections import STORIES

pytestmark = [pytest.mark.qt_log_ignore("This plugin does not support"), pytest.mark.usefixtures("models_on")]
Settle = Callable[[MainWindow], None]

TEASING = "You won't believe what this old mill did after forty years"


def engine_of(window: MainWindow) -> Engine:
    assert window.engine is not None
    return window.engine


def opened(window: MainWindow, settled: Settle, title: str = TEASING, text: str = STORIES[4][1], *, network: str = "") -> RewriteBox:
    """The box of a new post that is open."""
    engine = engine_of(window)
    engine.add_posts("Odd", [PlainPost(title=title, text=text, url="https://odd.example/1")])
    post_id = max(engine.timeline(TimelineQuery(order="newest")))
    if network:
        engine._store._db.write(
            lambda connection: connection.execute(
                "insert or replace into extras (content_id, extras) select content_id, ? from posts where id = ?",
                (json.dumps({"source_kind": network}), post_id),
            )
        )
    window.open_post(post_id)
    settled(window)
    return window.reading.rewrite


def entries(menu: QMenu) -> list[str]:
    return [action.text() for action in menu.actions()]


def test_the_menu_offers_a_draft_only_where_somebody_can_be_answered(window: MainWindow, settled: Settle) -> None:
    assert entries(opened(window, settled).menu()) == ["Plain title", "Translate", "Explain from my posts"]
    assert "Draft an answer" in entries(opened(window, settled, "Other", network="mastodon").menu())


def test_the_key_opens_the_menu(window: MainWindow, settled: Settle) -> None:
    box = opened(window, settled)
    window.actions_by_name["rewrite"].trigger()
    menu = next(menu for menu in box.findChildren(QMenu) if menu.isVisible())
    assert "Plain title" in entries(menu)
    menu.close()


def test_a_plain_title_stands_beside_the_post_with_its_label_and_the_post_keeps_its_own(window: MainWindow, settled: Settle) -> None:
    box = opened(window, settled)
    box.menu().actions()[0].trigger()
    settled(window)
    assert box.isVisible()
    assert box.text.text() in STORIES[4][1]
    assert box.method.text() == "picked from the post: no language model is installed"
    assert window.reading.header.title.text() == TEASING
    box.copy.click()
    assert QGuiApplication.clipboard().text() == box.text.text()
    box.close_button.click()
    assert not box.isVisible()


def test_what_is_shown_goes_with_the_post(window: MainWindow, settled: Settle) -> None:
    box = opened(window, settled)
    box.ask("title")
    window.open_post(engine_of(window).timeline(TimelineQuery(order="newest"))[3])
    settled(window)
    assert not box.isVisible()


def test_a_translation_that_no_model_can_make_says_so_and_leads_to_the_models(window: MainWindow, settled: Settle) -> None:
    box = opened(window, settled)
    box.ask("translation", "de")
    settled(window)
    assert "Models page" in box.error.text()
    box.models.click()
    settled(window)
    assert not window.on_timeline()


def test_an_explanation_leads_to_the_posts_that_it_cites(window: MainWindow, settled: Settle) -> None:
    engine_of(window).add_posts(
        "Atlas", [PlainPost(title="Where our water comes from", text="Halvorsen Dam is a reservoir above the valley. It was built in 1931.")]
    )
    box = opened(window, settled, "Halvorsen Dam to be repaired", "Engineers will repair Halvorsen Dam in spring. The work takes nine weeks.")
    box.ask("explanation")
    settled(window)
    link = box.findChildren(LinkButton)[0]
    assert "Where our water comes from" in link.text()
    link.click()
    settled(window)
    assert window.reading.header.title.text() == "Where our water comes from"


def test_a_draft_waits_in_the_box_for_answers_and_nothing_is_sent(window: MainWindow, settled: Settle) -> None:
    box = opened(window, settled, network="mastodon")
    box.ask("reply")
    settled(window)
    deeds = window.reading.deeds
    deeds.show()  # as for somebody who is signed in
    deeds.text.setPlainText("My own words.")
    box.use.click()
    assert deeds.text.toPlainText().startswith("My own words.\n\n“The mill at the lower pond")
    assert deeds.writing.isVisible()
    assert "Nothing is sent" in deeds.note.text()
    assert engine_of(window).acts() == []


@pytest.mark.parametrize("switch", ["ai", "use_rewrites"])
def test_switched_off_the_button_and_what_is_shown_are_gone(window: MainWindow, settled: Settle, switch: str) -> None:
    box = opened(window, settled)
    box.ask("title")
    settled(window)
    engine_of(window).set_setting(switch, False)
    settled(window)
    assert not box.isVisible()
    assert not window.reading.header.rewrite_button.isVisible()
    engine_of(window).set_setting(switch, True)
    settled(window)
    assert window.reading.header.rewrite_button.isVisible()


def test_every_generated_text_says_that_a_model_wrote_it() -> None:
    for kind in ("title", "translation", "reply"):
        made = Rewrite(post_id=1, kind=kind, text="x", method="model", model="m")  # type: ignore[arg-type]
        assert "by the local model" in method_words(made)


def test_a_draft_is_not_said_to_be_checked_against_the_post() -> None:
    assert "checked" not in method_words(Rewrite(post_id=1, kind="reply", text="x", method="model", model="m"))


def test_the_words_of_a_post_become_no_markup_in_a_tool_tip(window: MainWindow, settled: Settle) -> None:
    box = opened(window, settled)
    row = box._source(RewriteSource(post_id=1, title="<img src='/etc/x.png'> A & B", feed_title="<b>F</b>", text="It is.", about="It"))
    link = row.findChild(LinkButton)
    assert link is not None
    assert "A & B" in link.toolTip()
    assert "<" not in link.toolTip()
    assert "A && B" in link.text()


def test_cancelled_the_box_goes_and_nothing_comes_late(window: MainWindow, settled: Settle) -> None:
    box = opened(window, settled)
    box.ask("title")
    box.cancel.click()
    settled(window)
    assert not box.isVisible()
