"""Views of wishes in one's own words for `make screenshots`: the field, what it opens, and what is not understood."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication

from desktop.pages.rules import RulesPage

if TYPE_CHECKING:
    from tests.benchmarks.screenshots import Studio

WIDE, NARROW = (1360, 860), (480, 860)
WISHES = (
    ("rule", "hide crypto prices unless it is a crash that makes the news"),
    ("rule-unexpressed", "mute football with fewer than 10 likes at night until Monday"),
    ("rule-chinese", "隐藏标题党和广告，除非是大新闻"),
    ("timeline", "a quiet timeline of long reads about science, little from each source, without ads"),
)


def views(studio: Studio) -> None:
    window = studio.window
    for size, name in ((WIDE, "wide"), (NARROW, "narrow")):
        window.resize(*size)
        window.commands.rule_from_words()
        studio.take(f"own-words-{name}")
        page = window.findChild(RulesPage)
        assert page is not None
        page.own_words.words.setText("今天天气很好" if size == NARROW else "the weather is nice")
        page.own_words.ask()
        studio.take(f"own-words-{name}-not-understood")
        for view, words in WISHES:
            page.own_words.words.setText(words)
            page.own_words.ask()
            studio.settle()
            shown = [one for one in QApplication.topLevelWidgets() if one.isVisible() and one is not window]
            for sheet in shown:
                studio.take(f"own-words-{name}-{view}", sheet)
            while shown:  # each rule's sheet opens the next
                for sheet in shown:
                    sheet.close()
                studio.settle()
                shown = [one for one in QApplication.topLevelWidgets() if one.isVisible() and one is not window]
    window.resize(*WIDE)
