"""Privacy: every request that left the machine, for what, how many bytes, and what that comes to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QHeaderView, QLineEdit, QTableView

from desktop import theme
from desktop.pages.page import Page, button, card
from desktop.strings import moment, number, plural, size, tr
from engine import Changes, Feed, LedgerRow

if TYPE_CHECKING:
    from desktop.main_window import MainWindow

NEWEST = 2000
WIDEST = 960  # pixels at 100 %: errors are sentences
FOR_FEEDS = frozenset({"feed", "discovery", "icon"})
_Index = QModelIndex | QPersistentModelIndex


def purpose_words(name: str) -> str:
    return {
        "feed": tr("a feed"), "discovery": tr("looking for feeds"), "icon": tr("a feed's icon"),
        "model": tr("a model"), "page": tr("an article's page"), "robots": tr("a site's rules for programs"),
        "account": tr("who somebody is"), "thread": tr("a conversation"), "picture": tr("a picture"),
    }.get(name, name)  # fmt: skip


def answer_words(row: LedgerRow) -> str:
    """What came of a request: error, status, or that it is under way."""
    if row.error:
        return row.error
    if row.status == 304:
        return tr("304, nothing new")
    return str(row.status) if row.status is not None else tr("under way")


def truth(rows: Sequence[LedgerRow], feeds: int) -> str:
    """One sentence on where bytes were sent, as the ledger has it."""
    elsewhere = [row for row in rows if row.purpose not in FOR_FEEDS]
    asked = plural("{n} feed", "{n} feeds", feeds)
    if not rows:
        return tr("Nothing has left this machine.")
    if not elsewhere:
        return tr("0 bytes sent anywhere but your {feeds}.").format(feeds=asked)
    kinds = Counter(row.purpose for row in elsewhere)
    parts = ", ".join(f"{purpose_words(kind)} ({number(count)}×)" for kind, count in kinds.most_common())
    sent = sum(row.sent_bytes for row in elsewhere)
    return tr("Sent elsewhere than to your {feeds}: {size}, for {what}.").format(feeds=asked, size=size(sent), what=parts)


class LedgerModel(QAbstractTableModel):
    """Requests, the newest first."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[LedgerRow] = []
        self._all: list[LedgerRow] = []
        self._filter = ""

    @property
    def rows(self) -> list[LedgerRow]:
        return self._rows

    def show(self, rows: list[LedgerRow]) -> None:
        self._all = rows
        self.filter(self._filter)

    def filter(self, text: str) -> None:
        """Show the hosts that hold `text`."""
        self._filter = text.strip().casefold()
        self.beginResetModel()
        self._rows = [row for row in self._all if self._filter in row.host.casefold()]
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else 6

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return (tr("When"), tr("Host"), tr("For"), tr("Sent"), tr("Received"), tr("Answer"))[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row, column = self._rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return (
                moment(row.at), row.host, purpose_words(row.purpose), size(row.sent_bytes), size(row.received_bytes),
                answer_words(row),
            )[column]  # fmt: skip
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        if role == Qt.ItemDataRole.ToolTipRole and column in (1, 5):
            return f"<p>{escape(row.host if column == 1 else answer_words(row))}</p>"
        if role == Qt.ItemDataRole.ForegroundRole and column == 5 and row.error:
            return theme.color("negative")
        return None


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column in (3, 4) else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


class LedgerPage(Page):
    def __init__(self, window: MainWindow) -> None:
        super().__init__(
            window,
            tr("Privacy"),
            tr("Every request is entered here before it leaves. There is no account, no telemetry and no server of Millpond's."),
            widest=WIDEST,
        )
        frame, box = card()
        self.truth = theme.label("", "strong", wrap=True)
        self.totals = theme.label("", "second", wrap=True)
        box.addWidget(self.truth)
        box.addWidget(self.totals)
        self.body.addWidget(frame)
        head = QHBoxLayout()
        self.host = QLineEdit()
        self.host.setPlaceholderText(tr("Only hosts with…"))
        self.host.setAccessibleName(tr("Only hosts with"))
        self.host.setClearButtonEnabled(True)
        self.host.setMaximumWidth(theme.px(260))
        head.addWidget(self.host)
        head.addStretch(1)
        head.addWidget(button(tr("Read again"), self.load))
        self.body.addLayout(head)
        self.model = LedgerModel()
        self.table = QTableView()
        self.table.setModel(self.model)
        self.table.setAccessibleName(tr("Requests"))
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setShowGrid(False)
        self.table.setStyleSheet("QTableView::item { padding: 0 8px; }")
        self.table.setWordWrap(False)
        self.table.setTabKeyNavigation(False)
        self.table.setMinimumHeight(theme.px(420))
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(theme.px(28))
        header = self.table.horizontalHeader()
        header.setHighlightSections(False)
        for column, width in enumerate((120, 230, 130, 90, 96)):
            header.resizeSection(column, theme.px(width))
        header.setSectionResizeMode(5, QHeaderView.ResizeMode.Stretch)
        self.host.textChanged.connect(self.model.filter)
        self.body.addWidget(self.table, 1)

    def concerns(self, changes: Changes) -> bool:
        return changes.unknown or bool(changes.feeds)

    def load(self) -> None:
        engine = self._window.engine
        if engine is not None:
            self._window.lanes.read(
                lambda: (engine.ledger(limit=NEWEST), engine.feeds()), self._show, key="ledger-page", owner=self
            )

    def _show(self, found: tuple[list[LedgerRow], list[Feed]]) -> None:
        rows, feeds = found
        self.truth.setText(truth(rows, len([feed for feed in feeds if feed.kind != "local"])))
        hosts = len({row.host for row in rows})
        words = [
            plural("{n} request", "{n} requests", len(rows)),
            plural("{n} host", "{n} hosts", hosts),
            tr("{size} sent").format(size=size(sum(row.sent_bytes for row in rows))),
            tr("{size} received").format(size=size(sum(row.received_bytes for row in rows))),
        ]
        if len(rows) >= NEWEST:
            words.append(tr("these are the newest {n}").format(n=number(NEWEST)))
        self.totals.setText(" · ".join(words))
        self.model.show(rows)
