"""The box for a story: what its tellings agree on, what one says, where they differ, each claim with who says it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from PySide6.QtCore import Signal
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from desktop import theme
from desktop.facts import plain, tip
from desktop.reading.browser import SafeBrowser
from desktop.reading.summary import method_words
from desktop.strings import ago, plural, tr
from engine import ClaimSource, StoryClaim, StorySummary, StoryText

QUOTE = 320  # characters of the words that support a claim
NAMES = 4  # sources that are named behind a claim; the others are counted


class StorySummaryBox(QFrame):
    """Hidden until a story's summary is wanted; then under way, shown, or failed. Claims count from 1; 0 is none."""

    wanted = Signal()
    cancelled = Signal()
    claim_hovered = Signal(int)
    claim_chosen = Signal(int)
    source_wanted = Signal(int, int)  # a claim and, from 0, which of its sources

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.role(self, "card")
        self.setAccessibleName(tr("Summary of the story"))
        self.summary: StorySummary | None = None
        self.claims: list[StoryClaim] = []
        self._open = 0  # the claim whose words are shown below it
        self._covered = False
        self._on = False
        title = theme.label(tr("The story"), "strong")
        self.method = theme.label("", "second", wrap=True)
        self.button = QPushButton(tr("Try again"))
        theme.role(self.button, "link")
        self.button.clicked.connect(self.wanted)
        self.cancel = QPushButton(tr("Cancel"))
        theme.role(self.cancel, "link")
        self.cancel.clicked.connect(self.cancelled)
        self._progress = QProgressBar()
        self._progress.setRange(0, 0)
        self._progress.setAccessibleName(tr("Summing up the story"))
        self.text = SafeBrowser(own_links=True)
        self.text.setAccessibleName(tr("The story's claims, and who says them"))
        self.text.own_link.connect(self._follow)
        self.text.own_link_hovered.connect(lambda name: self.claim_hovered.emit(_numbers(name)[0]))
        self.error = theme.label("", "error", wrap=True)
        head = QHBoxLayout()
        head.setSpacing(theme.px(6))
        head.addWidget(title)
        head.addWidget(self.method, 1)
        head.addWidget(self.button)
        head.addWidget(self.cancel)
        box = QVBoxLayout(self)
        box.setContentsMargins(theme.px(16), theme.px(12), theme.px(16), theme.px(12))
        box.setSpacing(theme.px(6))
        box.addLayout(head)
        for part in (self._progress, self.text, self.error):
            box.addWidget(part)
        self.show_none()

    # ---- states --------------------------------------------------------------------------------

    def show_none(self) -> None:
        self._set(False, "")

    def show_busy(self) -> None:
        self._set(True, tr("is being summed up on this machine, one telling after the other…"), busy=True)

    def show_failed(self, text: str) -> None:
        self._set(True, "", error=text)

    def show_summary(self, summary: StorySummary) -> None:
        self.claims = [*summary.agreed, *summary.single, *(claim for one in summary.differences for claim in one.claims)]
        words = plural("{n} telling", "{n} tellings", len(summary.tellings))
        if summary.left_out:
            words += " · " + plural("{n} not read", "{n} not read", summary.left_out)
        self._set(True, f"{words} · {method_words(summary)}", summary=summary)
        self.restyle()

    @property
    def idle(self) -> bool:
        """Whether nothing is shown, under way or failed."""
        return not self._on

    def cover(self, covered: bool) -> None:
        """Behind a warning it is not shown."""
        self._covered = covered
        self.setVisible(self._on and not covered)

    def _set(self, on: bool, method: str, *, busy: bool = False, error: str = "", summary: StorySummary | None = None) -> None:
        self._on, self._open, self.summary = on, 0, summary
        if summary is None:
            self.claims = []
        self.method.setText(method)
        self.method.setToolTip(tip(summary.model) if summary is not None else "")
        self.setAccessibleDescription(method)
        self.button.setVisible(bool(error))
        self.cancel.setVisible(busy)
        self._progress.setVisible(busy)
        self.text.setVisible(summary is not None)
        self.error.setText(error)
        self.error.setVisible(bool(error))
        self.cover(self._covered)

    # ---- text ----------------------------------------------------------------------------------

    def restyle(self) -> None:
        """Write the claims again, in the theme's present colours and size."""
        summary = self.summary
        if summary is None:
            return
        t = theme.tokens()
        self._told = {one.post_id: one for one in summary.tellings}
        parts: list[str] = []
        number = 0
        for heading, claims in (
            (tr("Several say"), summary.agreed), (tr("Found in one telling"), summary.single),
        ):  # fmt: skip
            if claims:
                parts.append(f'<p class="head">{escape(heading)}</p>')
            for claim in claims:
                number += 1
                parts.append(f"<p>{self._link(number, claim.text)} {self._names(claim)}</p>{self._words(number)}")
        if summary.differences:
            parts.append(f'<p class="head">{escape(tr("They differ"))}</p>')
        kinds = {"number": tr("Numbers"), "date": tr("Dates"), "name": tr("Names")}
        for difference in summary.differences:
            said, below = [], ""
            for words, claim in zip(difference.words, difference.claims, strict=True):
                number += 1
                said.append(f"{self._link(number, tr('“{words}”').format(words=plain(words, 60)))} {self._names(claim)}")
                below += self._words(number)
            parts.append(f"<p>{escape(kinds[difference.kind])}: {' · '.join(said)}</p>{below}")
        style = (
            f"p {{ line-height: {theme.px(20)}px; color: {t.ink}; margin-top: {theme.px(3)}px; margin-bottom: {theme.px(3)}px; }}"
            f" p.head {{ color: {t.ink_second}; margin-top: {theme.px(8)}px; }}"
            f" p.words {{ color: {t.ink_second}; margin-left: {theme.px(16)}px; }}"
        )
        self.text.show_html("".join(parts), theme.font(13), style)

    def _link(self, number: int, text: str) -> str:
        colour = theme.tokens().accent if number == self._open else theme.tokens().ink
        return f'<a href="app:{number}" style="color:{colour}; text-decoration:none">{escape(text)}</a>'

    def _names(self, claim: StoryClaim) -> str:
        names = list(dict.fromkeys(self._source_name(source) for source in claim.sources))
        shown = ", ".join(names[:NAMES])
        if len(names) > NAMES:
            shown += " " + plural("and {n} more", "and {n} more", len(names) - NAMES)
        return f'<span style="color:{theme.tokens().ink_third}">— {escape(shown)}</span>'

    def _source_name(self, source: ClaimSource) -> str:
        told = self._told.get(source.post_id)
        return plain(told.feed_title, 60) if told is not None else ""

    def _words(self, number: int) -> str:
        """The words that support the claim that is open, by source, each with a way to go there."""
        if number != self._open:
            return ""
        t = theme.tokens()
        lines = []
        for at, source in enumerate(self.claims[number - 1].sources):
            told = self._told.get(source.post_id)
            if told is None:
                continue
            link = f'<a href="app:{number}-{at}" style="color:{t.accent}; text-decoration:none">{escape(self._where(told))}</a>'
            lines.append(f'<p class="words">{escape(tr("“{words}”").format(words=_quoted(told, source)))} {link}</p>')
        return "".join(lines)

    @staticmethod
    def _where(told: StoryText) -> str:
        return tr("{source}, {when}: show it there").format(source=plain(told.feed_title, 60), when=ago(told.published_at))

    # ---- acts ----------------------------------------------------------------------------------

    def _follow(self, name: str) -> None:
        claim, source = _numbers(name)
        if not 0 < claim <= len(self.claims):
            return
        if source is not None:
            if source < len(self.claims[claim - 1].sources):
                self.source_wanted.emit(claim, source)
            return
        self.unfold(0 if claim == self._open else claim)
        self.claim_chosen.emit(claim)

    def unfold(self, claim: int) -> None:
        """Show the words below a claim (0: none); the keyboard goes on from that claim."""
        at, focused = self._open, self.text.hasFocus()
        self._open = claim
        self.restyle()
        if focused:
            self._put_cursor(claim or at)

    def _put_cursor(self, claim: int) -> None:
        block = self.text.document().begin()
        while block.isValid():
            fragments = block.begin()
            while not fragments.atEnd():
                fragment = fragments.fragment()
                if fragment.charFormat().anchorHref() == f"app:{claim}":
                    cursor = QTextCursor(self.text.document())
                    cursor.setPosition(fragment.position())
                    cursor.setPosition(fragment.position() + fragment.length(), QTextCursor.MoveMode.KeepAnchor)
                    self.text.setTextCursor(cursor)
                    return
                fragments += 1
            block = block.next()


def _quoted(told: StoryText, source: ClaimSource) -> str:
    words = " … ".join(" ".join(told.text[span.start : span.end].split()) for span in source.evidence)
    return plain(words, QUOTE)


def _numbers(name: str) -> tuple[int, int | None]:
    """A claim and perhaps one of its sources, of "3" or "3-1"; anything else is no claim."""
    claim, _, source = name.partition("-")
    if not claim.isdecimal() or len(claim) > 3 or (source and (not source.isdecimal() or len(source) > 3)):
        return 0, None
    return int(claim), int(source) if source else None


def spans_of(claims: Sequence[StoryClaim], post_id: int) -> list[list[tuple[int, int]]]:
    """For each claim the words of one telling that support it; none where that one does not."""
    return [
        [(span.start, span.end) for source in claim.sources if source.post_id == post_id for span in source.evidence]
        for claim in claims
    ]
