"""What a rule would take, before it is saved: how many, examples, and the posts nearest to its threshold, to be judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from desktop import theme
from desktop.dialogs.controls import Choice
from desktop.strings import ago, decimal, plural, tr
from engine import PostRow, RulePreview

EXAMPLES = 5
DAYS = (0, 30, 7)
_LONGEST = 86  # characters of an example


@dataclass(frozen=True, slots=True)
class Seen:
    """A preview and the rows that it shows."""

    preview: RulePreview
    examples: Sequence[PostRow]
    near: Mapping[int, PostRow]


class DryRun(QFrame):
    """`wanted`: look again, over other days. `sharpen_wanted`: put the rule right by `marks`."""

    wanted = Signal()
    sharpen_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.marks: dict[int, bool] = {}
        theme.role(self, "card")
        self.setAccessibleName(tr("What this rule takes"))
        box = QVBoxLayout(self)
        box.setContentsMargins(theme.px(14), theme.px(10), theme.px(14), theme.px(10))
        box.setSpacing(theme.px(4))
        head = QHBoxLayout()
        self.count = theme.label("", "strong", wrap=True)
        head.addWidget(self.count, 1)
        self.days = Choice()
        for days in DAYS:
            self.days.addItem(tr("of all posts") if not days else tr("of {n} days").format(n=days), days)
        self.days.setAccessibleName(tr("Of which posts"))
        self.days.activated.connect(lambda _index: self.wanted.emit())
        head.addWidget(self.days)
        box.addLayout(head)
        self.examples = [theme.label("", "second") for _ in range(EXAMPLES)]
        for label in self.examples:
            label.setMinimumWidth(1)
            box.addWidget(label)
        self._near = QVBoxLayout()
        self._near.setSpacing(theme.px(2))
        box.addLayout(self._near)
        self._rows: list[QWidget] = []
        self.buttons: dict[int, tuple[QPushButton, QPushButton]] = {}
        foot = QHBoxLayout()
        self.sharpen = QPushButton(tr("Put the rule right by these answers"))
        self.sharpen.setAutoDefault(False)
        self.sharpen.clicked.connect(lambda _checked=False: self.sharpen_wanted.emit())
        self.sharpen.hide()
        foot.addWidget(self.sharpen)
        foot.addStretch(1)
        box.addLayout(foot)

    def show_nothing(self, words: str) -> None:
        self.count.setText(words)
        self._show_examples([])
        self._clear()

    def show_seen(self, seen: Seen) -> None:
        preview = seen.preview
        if not preview.ready:
            self.count.setText(tr("The topic cannot be compared: no embedding model is at hand. Models has more."))
        elif preview.posts:
            self.count.setText(plural("{n} post so far would be taken", "{n} posts so far would be taken", preview.posts))
        else:
            self.count.setText(tr("No post so far would be taken"))
        self._show_examples([] if preview.threshold is not None else seen.examples)
        self._clear()
        for words, near in ((tr("Just taken"), preview.inside), (tr("Just not taken"), preview.outside)):
            rows = [(seen.near[post_id], score) for post_id, score in near if post_id in seen.near]
            if rows:
                self._add(theme.label(words, "section"))
            for row, score in rows:
                self._add(self._judged(row, score))

    def _show_examples(self, rows: Sequence[PostRow]) -> None:
        for at, label in enumerate(self.examples):
            label.setVisible(at < len(rows))
            if at < len(rows):
                row = rows[at]
                label.setText(_short(f"{row.title or row.excerpt}  ·  {row.feed_title}, {ago(row.published_at)}"))

    def _clear(self) -> None:
        for row in self._rows:
            self._near.removeWidget(row)
            row.deleteLater()
        self._rows, self.buttons = [], {}

    def _add(self, widget: QWidget) -> None:
        self._rows.append(widget)
        self._near.addWidget(widget)

    def _judged(self, row: PostRow, score: float) -> QWidget:
        line = QWidget()
        box = QHBoxLayout(line)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(theme.px(6))
        title = row.title or row.excerpt
        box.addWidget(theme.label(decimal(score), "third"))
        words = theme.label(_short(f"{title}  ·  {row.feed_title}"), "second")
        words.setMinimumWidth(1)
        words.setToolTip(row.excerpt[:280])
        box.addWidget(words, 1)
        pair = []
        for label, fits, name in (
            (tr("fits"), True, tr("“{title}” fits the rule")), (tr("does not"), False, tr("“{title}” does not fit the rule")),
        ):  # fmt: skip
            button = QPushButton(label)
            button.setCheckable(True)
            button.setAutoDefault(False)
            button.setChecked(self.marks.get(row.id) is fits)
            button.setAccessibleName(name.format(title=title[:60]))
            button.clicked.connect(lambda checked, fits=fits, post_id=row.id: self.judge(post_id, fits if checked else None))
            box.addWidget(button)
            pair.append(button)
        self.buttons[row.id] = (pair[0], pair[1])
        return line

    def judge(self, post_id: int, fits: bool | None) -> None:
        """Keep the person's answer; None takes it back."""
        if fits is None:
            self.marks.pop(post_id, None)
        else:
            self.marks[post_id] = fits
        for button, answer in zip(self.buttons.get(post_id, ()), (True, False), strict=False):
            button.setChecked(fits is answer)
        self.sharpen.setVisible(bool(self.marks))


def _short(text: str) -> str:
    return text if len(text) < _LONGEST else text[: _LONGEST - 1] + "…"
