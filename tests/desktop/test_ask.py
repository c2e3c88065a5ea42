"""Ask my feeds in the window: the answer with its sources, the words marked in their post, nothing found, actions, and off."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from desktop.main_window import MainWindow
from desktop.pages.ask import AskPage, fact_words
from engine import APP_FACTS, AppFact, Condition, Engine, PlainPost, Rule
from tests.desktop.conftest import open_window

Settled = Callable[[MainWindow], None]

FERRY = PlainPost(
    title="A new ferry for Arden",
    text="The city of Arden has bought a new ferry. The Heron was launched on 12 March 2026 and carries 240 people. Mayor Ines Okafor broke a bottle on its bow.",
    url="https://arden.example/ferry",
)
RIVER = PlainPost(
    title="On the river", text="The ferry Heron was launched on 2 May 2021. The Heron is painted <b>red</b> & white.", url="https://river.example/1"
)


@pytest.fixture
def asking(qtbot: QtBot, filled: Engine, settled: Settled, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> MainWindow:
    """The window with AI on and no model installed, so that words alone answer."""
    monkeypatch.setenv("MILLPOND_MODELS", str(tmp_path / "none"))
    filled.set_setting("ai", True)
    filled.add_posts("Arden Post", [FERRY])
    window = open_window(qtbot, filled)
    settled(window)
    return window


def page_of(window: MainWindow, settled: Settled) -> AskPage:
    window.show_page("ask")
    settled(window)
    page = window._pages["ask"]
    assert isinstance(page, AskPage)
    return page


def ask(window: MainWindow, settled: Settled, question: str) -> AskPage:
    page = page_of(window, settled)
    page.ask(question)
    settled(window)
    return page


def words(page: QWidget) -> str:
    return "\n".join(label.text() for label in page.findChildren(QLabel) if label.isVisible())


def buttons(page: QWidget) -> dict[str, QPushButton]:
    return {made.text().replace("&&", "&"): made for made in page.findChildren(QPushButton) if made.isVisible()}


def test_an_answer_shows_the_words_of_its_post_and_the_short_answer_in_bold(asking: MainWindow, settled: Settled) -> None:
    page = ask(asking, settled, "When was the Heron launched?")
    assert "The Heron was launched on 12 March 2026" in page.text.toPlainText()
    assert "12 March 2026</span>" in page.text.toHtml()
    assert "[1]" in page.text.toPlainText()
    assert page.state.text() == "Picked from your posts: no language model is installed."


def test_a_citation_opens_its_post_with_the_words_marked(asking: MainWindow, settled: Settled) -> None:
    page = ask(asking, settled, "When was the Heron launched?")
    page.open_citation("1")
    settled(asking)
    assert asking.on_timeline()
    shown = asking.reading.row
    assert shown is not None
    assert shown.title == FERRY.title
    text = asking.reading.body.document().toPlainText()
    (start, end, _), *_ = asking.reading.body._marks
    assert text[start:end].startswith("The Heron was launched on 12 March 2026")


def test_a_source_is_reached_and_opened_with_the_keyboard(asking: MainWindow, settled: Settled, qtbot: QtBot) -> None:
    page = ask(asking, settled, "When was the Heron launched?")
    link = buttons(page)["[1] A new ferry for Arden"]
    link.setFocus()
    qtbot.keyClick(link, Qt.Key.Key_Space)
    settled(asking)
    shown = asking.reading.row
    assert shown is not None
    assert shown.title == FERRY.title


def test_sources_that_disagree_are_said_to_disagree(asking: MainWindow, settled: Settled, filled: Engine) -> None:
    filled.add_posts("River News", [RIVER])
    page = ask(asking, settled, "When was the Heron launched?")
    said = words(page)
    assert "Sources disagree" in said
    assert "12 March 2026" in said
    assert "2 May 2021" in said


def test_nothing_found_says_where_it_was_looked_for(asking: MainWindow, settled: Settled) -> None:
    page = ask(asking, settled, "Who won the chess tournament in Ulverton yesterday?")
    said = words(page)
    assert "I found nothing about this." in said
    assert "Ulverton" in said
    assert "since" in said


def test_what_strangers_wrote_stays_plain_text(asking: MainWindow, settled: Settled, filled: Engine) -> None:
    filled.add_posts("River News", [RIVER])
    page = ask(asking, settled, "What colour is the Heron painted?")
    assert "<b>red</b> & white" in page.text.toPlainText()


def test_a_question_about_the_app_offers_what_to_do_and_does_nothing_by_itself(asking: MainWindow, settled: Settled, filled: Engine) -> None:
    page = ask(asking, settled, "How do I mute football?")
    assert "Make a rule that hides “football”…" in buttons(page)
    assert filled.rules() == []


def test_posts_that_a_rule_hides_lead_to_the_tray(asking: MainWindow, settled: Settled, filled: Engine) -> None:
    filled.save_rule(Rule(name="No ferries", conditions=(Condition(field="words", value="ferry"),)))
    page = ask(asking, settled, "Why don't I see posts from Arden Post?")
    assert "is hidden by your rule “No ferries”" in page.text.toPlainText()
    buttons(page)["Show what “No ferries” hid"].click()
    settled(asking)
    assert asking._pages["tray"].isVisible()


def test_a_chip_asks_the_next_question(asking: MainWindow, settled: Settled) -> None:
    page = ask(asking, settled, "When was the Heron launched?")
    chip = next(made for text, made in buttons(page).items() if "Ines Okafor" in text)
    chip.click()
    settled(asking)
    assert "Mayor Ines Okafor" in page.text.toPlainText()


def test_examples_come_from_the_posts_that_are_there(asking: MainWindow, settled: Settled) -> None:
    page = page_of(asking, settled)
    assert any(text.startswith(("What is new about", "关于")) for text in buttons(page))


def test_the_key_leads_to_the_page_and_into_the_line(asking: MainWindow, settled: Settled) -> None:
    asking.actions_by_name["show_ask"].trigger()
    settled(asking)
    page = asking._pages["ask"]
    assert isinstance(page, AskPage)
    assert asking.focusWidget() is page.question


def test_switched_off_the_button_is_gone_and_the_page_says_so(asking: MainWindow, settled: Settled) -> None:
    page = page_of(asking, settled)
    asking.set_setting("use_ask", False)
    settled(asking)
    assert not asking.top.ask.isVisible()
    assert page.off.isVisible()
    assert not page.line.isVisible()


def test_with_the_master_switch_off_there_is_no_button(window: MainWindow) -> None:
    assert not window.top.ask.isVisible()


@pytest.mark.parametrize("name", APP_FACTS)
def test_each_fact_about_feeds_and_rules_has_words_without_holes(name: str) -> None:
    at = datetime(2026, 11, 30, tzinfo=UTC)
    for count in (0, 1, 1200):
        words = fact_words(AppFact(name=name, feed="Lake {news}", rule="No ferries", detail="gone", count=count, unread=3, at=at))
        assert words.endswith((".", "gone"))
        assert not {"{n}", "{feed}", "{rule}", "{day}", "{unread}", "{detail}"} & set(words.split())
