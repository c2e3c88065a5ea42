"""A remark above a post that speaks to a language model instead of people."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QVBoxLayout

from desktop import theme
from desktop.strings import tr
from engine import PostRow


def kind_words(kind: str) -> str:
    """What of a post speaks to a model, as the person reads it."""
    return {
        "roles": tr("signs by which a model tells who speaks"),
        "orders": tr("orders to a model"),
        "dialogue": tr("a made-up talk with a model"),
        "encoded": tr("orders written so that people cannot read them"),
        "invisible": tr("characters that nobody sees"),
        "hidden": tr("text that its page hides; it is left out here"),
        "leak": tr("a way to pass on what a model knows"),
    }.get(kind, kind)


def card_flag(row: PostRow) -> str:
    """The mark on a card; "" for nearly every post."""
    return tr("speaks to a model") if row.flags else ""


def flag_hint(row: PostRow) -> str:
    """The mark, and what it goes by, in a line."""
    return tr("Tries to steer a language model: {what}").format(what=", ".join(map(kind_words, row.flags))) if row.flags else ""


class FlagNote(QFrame):
    """Shows nothing for a post without flags."""

    def __init__(self) -> None:
        super().__init__()
        theme.role(self, "card")
        box = QVBoxLayout(self)
        box.setContentsMargins(theme.px(16), theme.px(10), theme.px(16), theme.px(10))
        box.setSpacing(theme.px(2))
        self.words = theme.label(
            tr("This post holds text that tries to steer a language model. Millpond shows it as it is and follows none of it."),
            "amber",
            wrap=True,
        )
        self.found = theme.label("", "third", wrap=True)
        box.addWidget(self.words)
        box.addWidget(self.found)
        self.setAccessibleName(tr("A remark on this post"))
        self.hide()

    def show_row(self, row: PostRow) -> None:
        self.found.setText(tr("Found: {what}.").format(what=", ".join(map(kind_words, row.flags))))
        self.setVisible(bool(row.flags))
