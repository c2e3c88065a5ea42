"""The help page: topics as a list, the chosen one in the hardened browser."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QButtonGroup, QPushButton, QWidget

from desktop import theme
from desktop.help import Topic, topics
from desktop.pages.page import Page, button
from desktop.reading.browser import SafeBrowser, reading_style
from desktop.reading.document import safe_html
from desktop.reading.flow import FlowLayout
from desktop.strings import tr

if TYPE_CHECKING:
    from desktop.main_window import MainWindow


class HelpPage(Page):
    def __init__(self, window: MainWindow) -> None:
        super().__init__(window, tr("Help"))
        self._topics = topics()
        row = QWidget()
        flow = FlowLayout(row, across=theme.px(4))
        self.choices = QButtonGroup(self)
        for number, topic in enumerate(self._topics):
            choice = QPushButton(tr(topic.title).replace("&", "&&"))
            theme.role(choice, "quiet")
            choice.setCheckable(True)
            self.choices.addButton(choice, number)
            flow.addWidget(choice)
        keys = button(tr("All keys…"), self._show_keys, "quiet")
        flow.addWidget(keys)
        self.body.addWidget(row)
        self.heading = theme.label("", "heading", wrap=True)
        self.body.addSpacing(theme.px(4))
        self.body.addWidget(self.heading)
        self.text = SafeBrowser()
        self.body.addWidget(self.text)
        self.choices.idToggled.connect(lambda number, on: self._show(number) if on else None)
        theme.signal().changed.connect(self._again)
        first = self.choices.button(0)
        if first is not None:
            first.setChecked(True)

    def open_topic(self, name: str) -> None:
        """Show the topic of that name, if there is one."""
        for number, topic in enumerate(self._topics):
            if topic.name == name:
                self.choices.button(number).setChecked(True)

    def _show(self, number: int) -> None:
        topic = self._topics[number]
        self.heading.setText(tr(topic.title))
        self.text.setAccessibleName(topic.title)
        self.text.show_html(markdown_html(topic), theme.font(15, serif=True), reading_style())
        self.area.verticalScrollBar().setValue(0)

    def _again(self) -> None:
        if self.choices.checkedId() >= 0:
            self._show(self.choices.checkedId())

    def _show_keys(self) -> None:
        show = getattr(self._window, "show_shortcuts", None)
        if show is not None:
            show()


def markdown_html(topic: Topic) -> str:
    """A topic as the browser's rich text: Qt reads the Markdown, raw HTML in it stays text, and only known tags are kept."""
    document = QTextDocument()
    features = QTextDocument.MarkdownFeature.MarkdownDialectGitHub | QTextDocument.MarkdownFeature.MarkdownNoHTML
    document.setMarkdown(tr(topic.text), features)
    html = document.toHtml()
    body = html[html.find("<body") :]
    body = body[body.find(">") + 1 : body.rfind("</body>")]
    body = re.sub(r'<span style="([^"]*)">(.*?)</span>', _span, body, flags=re.DOTALL)
    return safe_html(body).html


def _span(match: re.Match[str]) -> str:
    """Qt writes emphasis as styles; they become tags again."""
    style, text = match[1], match[2]
    if "font-weight:7" in style or "font-weight:6" in style:
        text = f"<b>{text}</b>"
    if "italic" in style:
        text = f"<i>{text}</i>"
    return text
