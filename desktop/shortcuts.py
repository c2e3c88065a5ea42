"""Every key of the window, in one table: the actions and the sheet that lists them are made of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from desktop import theme
from desktop.strings import tr


@dataclass(frozen=True, slots=True)
class Shortcut:
    """`name` is the method of the window that the keys call."""

    name: str
    keys: tuple[str, ...]
    text: str
    group: str


def table() -> tuple[Shortcut, ...]:
    reading, posts, places, window = tr("Reading"), tr("Posts"), tr("Places"), tr("Window")
    stories = tr("Stories")
    return (
        Shortcut("next_post", ("J",), tr("Next post"), reading),
        Shortcut("previous_post", ("K",), tr("Previous post"), reading),
        Shortcut("next_unread", ("N",), tr("Next unread post"), reading),
        Shortcut("page_or_next", ("Space",), tr("Scroll on, then the next post"), reading),
        Shortcut("open_current", ("Return",), tr("Open the post"), reading),
        Shortcut("open_in_browser", ("O",), tr("Open in the browser"), reading),
        Shortcut("toggle_full_text", ("F",), tr("Whole article, or the feed's text"), reading),
        Shortcut("show_conversation", ("C",), tr("Show the conversation"), reading),
        Shortcut("summarise_conversation", ("Shift+C",), tr("Sum up the conversation"), reading),
        Shortcut("show_pictures", ("I",), tr("Fetch the pictures of the post"), reading),
        Shortcut("summarise", ("T",), tr("Summarise"), reading),
        Shortcut("rewrite", ("P",), tr("Plain title, translation, explanation, draft of an answer"), reading),
        Shortcut("show_covered", ("X",), tr("Show a post behind its warning"), reading),
        Shortcut("toggle_why", ("W",), tr("Why is this here?"), reading),
        Shortcut("next_telling", ("E",), tr("The next telling of the story"), stories),
        Shortcut("follow_story", ("Y",), tr("Follow the story, or no longer"), stories),
        Shortcut("summarise_story", ("Shift+T",), tr("Sum up the story from all its tellings"), stories),
        Shortcut("split_story", ("Shift+N",), tr("Not the same story: take this telling out"), stories),
        Shortcut("lead_story", ("Shift+E",), tr("Let this telling stand for the story"), stories),
        Shortcut("pick_post", ("V",), tr("Pick a card, or let it go"), stories),
        Shortcut("put_together", ("Shift+V",), tr("Put the picked cards together"), stories),
        Shortcut("show_followed", ("Shift+Y",), tr("Followed stories"), stories),
        Shortcut("like", ("L",), tr("Like, or take it back"), posts),
        Shortcut("dislike", ("D",), tr("Dislike, or take it back"), posts),
        Shortcut("save_post", ("S",), tr("Save, or no longer"), posts),
        Shortcut("hide_post", ("H",), tr("Hide, or restore"), posts),
        Shortcut("toggle_read", ("M",), tr("Mark as read or unread"), posts),
        Shortcut("read_all", ("Shift+A",), tr("Mark all of this list as read"), posts),
        Shortcut("favourite", ("Shift+F",), tr("Favourite on its network, or take it back"), posts),
        Shortcut("boost", ("Shift+B",), tr("Boost, or take it back"), posts),
        Shortcut("bookmark", ("Shift+K",), tr("Bookmark on its network, or take it back"), posts),
        Shortcut("reply", ("R",), tr("Reply"), posts),
        Shortcut("undo_last", ("Z", "Ctrl+Z"), tr("Undo"), posts),
        Shortcut("show_for_you", ("1",), tr("For you"), places),
        Shortcut("show_newest", ("2",), tr("Newest"), places),
        Shortcut("show_saved", ("3",), tr("Saved"), places),
        Shortcut("show_tray", ("4",), tr("Tray"), places),
        Shortcut("show_briefing", ("5",), tr("Briefing"), places),
        Shortcut("toggle_unread", ("U",), tr("Only unread posts, or all"), places),
        Shortcut("show_new", (".",), tr("Show the new posts"), places),
        Shortcut("focus_search", ("Ctrl+K", "/"), tr("Search"), places),
        Shortcut("show_ask", ("Ctrl+J",), tr("Ask your feeds"), places),
        Shortcut("show_rules", ("Ctrl+R",), tr("Rules"), places),
        Shortcut("rule_from_words", ("Ctrl+I",), tr("A rule in your own words"), places),
        Shortcut("show_profile", ("Ctrl+L",), tr("What Millpond learnt"), places),
        Shortcut("show_evaluation", ("Ctrl+E",), tr("How well it works"), places),
        Shortcut("show_health", ("Ctrl+H",), tr("Feed health"), places),
        Shortcut("show_settings", ("Ctrl+,",), tr("Settings"), places),
        Shortcut("refresh_now", ("F5",), tr("Look for new posts"), window),
        Shortcut("add_feed", ("Ctrl+N",), tr("Add a feed"), window),
        Shortcut("new_timeline", ("Ctrl+T",), tr("Make a timeline"), window),
        Shortcut("edit_timeline", ("Ctrl+Shift+T",), tr("Change the timeline that is shown"), window),
        Shortcut("go_back", ("Esc",), tr("Back"), window),
        Shortcut("toggle_sidebar", ("B",), tr("Show or hide the sidebar"), window),
        Shortcut("larger_text", ("Ctrl++", "Ctrl+="), tr("Larger text"), window),
        Shortcut("smaller_text", ("Ctrl+-",), tr("Smaller text"), window),
        Shortcut("usual_text", ("Ctrl+0",), tr("Text at its usual size"), window),
        Shortcut("toggle_models", ("Ctrl+Shift+M",), tr("All language models off, or on again"), window),
        Shortcut("show_shortcuts", ("?", "F1"), tr("This sheet"), window),
        Shortcut("close_window", ("Ctrl+Q",), tr("Leave"), window),
    )


# These act on whatever has the focus (a button, the list): the list handles them, they are no actions of the window.
LISTED_ONLY = frozenset({"page_or_next", "open_current"})


def install(window: QWidget, act: Callable[[str], Callable[[], None]]) -> Mapping[str, QAction]:
    """Give `window` its actions; `act(name)` finds what each of them calls."""
    actions = {}
    for entry in table():
        if entry.name in LISTED_ONLY:
            continue
        action = QAction(entry.text, window)
        action.setShortcuts([QKeySequence(key) for key in entry.keys])
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        action.triggered.connect(_without_argument(act(entry.name)))
        window.addAction(action)
        actions[entry.name] = action
    return actions


def _without_argument(call: Callable[[], None]) -> Callable[[bool], None]:
    def triggered(_checked: bool) -> None:
        call()

    return triggered


class ShortcutSheet(QDialog):
    """All keys at a glance, in two columns."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Keys"))
        outer = QVBoxLayout(self)
        outer.setContentsMargins(theme.px(24), theme.px(20), theme.px(24), theme.px(24))
        outer.addWidget(theme.label(tr("Keys"), "heading"))
        columns = QHBoxLayout()
        columns.setSpacing(theme.px(40))
        outer.addLayout(columns)
        groups: dict[str, list[Shortcut]] = {}
        for entry in table():
            groups.setdefault(entry.group, []).append(entry)
        names = list(groups)
        for part in (names[:3], names[3:]):
            grid = QGridLayout()
            grid.setHorizontalSpacing(theme.px(16))
            grid.setVerticalSpacing(theme.px(5))
            line = 0
            for name in part:
                heading = theme.label(name, "section")
                heading.setContentsMargins(0, theme.px(10), 0, 0)
                grid.addWidget(heading, line, 0, 1, 2)
                line += 1
                for entry in groups[name]:
                    keys = "  ".join(
                        QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) for key in entry.keys
                    )
                    label = theme.label(keys, "accent")
                    label.setFont(theme.font(12.5, 600, mono=True))
                    grid.addWidget(label, line, 0)
                    grid.addWidget(theme.label(entry.text), line, 1)
                    line += 1
            grid.setRowStretch(line, 1)
            grid.setColumnStretch(1, 1)
            columns.addLayout(grid)
