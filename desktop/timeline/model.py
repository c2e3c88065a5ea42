"""The timeline as Qt sees it: a sequence of ids, and the rows of those that were looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from desktop import story_words
from desktop.facts import boosters, facts, headline, rule_badges, warning
from desktop.reading.flags import flag_hint
from desktop.signals import card_words, on_card
from desktop.strings import ago, plural, reason, sentiment, tr
from engine import PostRow

Index = QModelIndex | QPersistentModelIndex

PAGE = 40  # rows asked for at once
KEPT = 1500  # rows kept beyond which the farthest are let go

IdRole = Qt.ItemDataRole.UserRole
RowRole = Qt.ItemDataRole.UserRole + 1
PickedRole = Qt.ItemDataRole.UserRole + 2

Loaded = Callable[[Sequence[PostRow]], None]
Load = Callable[[list[int], Loaded], None]


def spoken(row: PostRow) -> str:
    """A card as a screen reader says it."""
    said = warning(row.extras)
    told = tr("content warning: {words}").format(words=said) if said else headline(row)
    parts = [told, row.feed_title, ago(row.published_at)]
    parts += [words for words in (boosters(row.extras), *facts(row.extras)) if words]
    parts += rule_badges(row)
    parts += [flag] if (flag := flag_hint(row)) else []
    parts += story_words.spoken(row)
    parts.append(tr("read") if row.read else tr("unread"))
    if row.saved:
        parts.append(tr("saved"))
    if row.liked is not None:
        parts.append(tr("liked") if row.liked else tr("disliked"))
    if row.muffled_by is not None:
        parts.append(tr("muffled by a rule"))
    if row.sentiment is not None:
        parts.append(sentiment(row.sentiment))
    parts += [card_words(name) for name in on_card(row)]
    if row.reason:
        parts.append(reason(row.reason, row.reason_detail))
    if row.reading_minutes > 1:
        parts.append(plural("{n} minute to read", "{n} minutes to read", row.reading_minutes))
    return ", ".join(parts)


class TimelineModel(QAbstractListModel):
    """Ids in order. `load(ids, loaded)` fetches rows elsewhere and calls `loaded` with them, in any order."""

    rows_loaded = Signal(list)  # positions whose row came or changed

    def __init__(self, load: Load, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._load = load
        self._ids: list[int] = []
        self._at: dict[int, int] = {}
        self._rows: dict[int, PostRow] = {}
        self._asked: set[int] = set()
        self._picked: dict[int, None] = {}  # in the order in which they were picked

    # ---- Qt ----------------------------------------------------------------------------------

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 (Qt's own default)
        return 0 if parent.isValid() else len(self._ids)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self._ids):
            return None
        post_id = self._ids[index.row()]
        if role == IdRole:
            return post_id
        row = self._rows.get(post_id)
        if role == RowRole:
            return row
        if role == PickedRole:
            return post_id in self._picked
        if role == Qt.ItemDataRole.DisplayRole:
            return headline(row) if row else ""
        if role == Qt.ItemDataRole.AccessibleTextRole:
            words = spoken(row) if row else tr("loading")
            return f"{tr('picked')}, {words}" if post_id in self._picked else words
        return None

    # ---- what is in it -----------------------------------------------------------------------

    @property
    def ids(self) -> list[int]:
        return self._ids

    def position(self, post_id: int) -> int | None:
        return self._at.get(post_id)

    def row(self, position: int) -> PostRow | None:
        return self._rows.get(self._ids[position]) if 0 <= position < len(self._ids) else None

    def row_of(self, post_id: int) -> PostRow | None:
        return self._rows.get(post_id)

    @property
    def picked(self) -> list[int]:
        """The posts that the person picked, in any list, the first one first."""
        return list(self._picked)

    def held(self) -> list[PostRow]:
        """The rows that are loaded, of posts in the list."""
        return [row for post_id, row in self._rows.items() if post_id in self._at]

    # ---- changing it -------------------------------------------------------------------------

    def set_ids(self, ids: Sequence[int], rows: Iterable[PostRow] = ()) -> None:
        """Show these posts in this order; `rows` are those already at hand."""
        fresh = list(dict.fromkeys(ids))
        self._rows.update((row.id, row) for row in rows)
        if fresh == self._ids:
            return
        old = len(self._ids)
        if 0 < old < len(fresh) and fresh[:old] == self._ids:
            self.beginInsertRows(QModelIndex(), old, len(fresh) - 1)
            self._take(fresh)
            self.endInsertRows()
            return
        self.beginResetModel()
        self._take(fresh)
        self.endResetModel()

    def remove(self, ids: Iterable[int]) -> None:
        """Take posts out of the list, each with its own row removal, so that selection and position stay."""
        for position in sorted((self._at[i] for i in set(ids) if i in self._at), reverse=True):
            self.beginRemoveRows(QModelIndex(), position, position)
            gone = self._ids.pop(position)
            self._at = {post_id: at for at, post_id in enumerate(self._ids)}
            self._rows.pop(gone, None)
            self.endRemoveRows()

    def pick(self, ids: Iterable[int], picked: bool) -> None:
        """Pick posts, or let them go; they stay picked in other lists too."""
        for post_id in list(ids):
            if picked:
                self._picked[post_id] = None
            else:
                self._picked.pop(post_id, None)
            position = self._at.get(post_id)
            if position is not None:
                roles = [int(PickedRole), int(Qt.ItemDataRole.AccessibleTextRole)]
                self.dataChanged.emit(self.index(position), self.index(position), roles)

    def want(self, first: int, last: int) -> None:
        """Have the rows from position `first` to `last` loaded where they are not; a page more on either side."""
        missing = [i for i in self._ids[max(0, first) : last + 1] if i not in self._rows and i not in self._asked]
        if not missing:
            return
        low, high = max(0, first - PAGE // 4), min(len(self._ids), last + 1 + PAGE // 2)
        self._ask([i for i in self._ids[low:high] if i not in self._rows and i not in self._asked])
        self._let_go(first, last)

    def refresh(self, ids: Iterable[int]) -> None:
        """Load again those of `ids` whose rows are held; the others load when they are looked at."""
        self._ask([i for i in ids if i in self._rows and i in self._at])

    def forget_rows(self) -> None:
        """Every row may be stale: load again what is held."""
        self._rows = {i: row for i, row in self._rows.items() if i in self._at}
        self.refresh(list(self._rows))

    # ---- inside ------------------------------------------------------------------------------

    def _take(self, ids: list[int]) -> None:
        self._ids = ids
        self._at = {post_id: at for at, post_id in enumerate(ids)}

    def _ask(self, ids: list[int]) -> None:
        for start in range(0, len(ids), PAGE):
            page = ids[start : start + PAGE]
            self._asked.update(page)
            self._load(page, lambda rows, page=page: self._loaded(page, rows))  # type: ignore[misc]

    def _loaded(self, asked: list[int], rows: Sequence[PostRow]) -> None:
        self._asked.difference_update(asked)
        changed = []
        for row in rows:
            position = self._at.get(row.id)
            if position is not None and self._rows.get(row.id) != row:
                self._rows[row.id] = row
                changed.append(position)
        if not changed:
            return
        changed.sort()
        roles = [int(RowRole), int(Qt.ItemDataRole.DisplayRole), int(Qt.ItemDataRole.AccessibleTextRole)]
        start = previous = changed[0]
        for position in [*changed[1:], -1]:
            if position != previous + 1:
                self.dataChanged.emit(self.index(start), self.index(previous), roles)
                start = position
            previous = position
        self.rows_loaded.emit(changed)

    def _let_go(self, first: int, last: int) -> None:
        if len(self._rows) <= KEPT:
            return
        middle = (first + last) // 2
        far = sorted(self._rows, key=lambda i: abs(self._at.get(i, 1 << 30) - middle), reverse=True)
        for post_id in far[: len(self._rows) - KEPT // 2]:
            del self._rows[post_id]
