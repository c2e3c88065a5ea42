"""Colours, fonts and lengths of the window: tokens from `resources/theme`, the style sheet and palette made of them.

There is one theme per application, as there is one palette and one style sheet.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import lru_cache

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontInfo, QGuiApplication, QPalette
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QLabel,
    QLayout,
    QScrollArea,
    QSizePolicy,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from resources import path

SCALE_LOW, SCALE_HIGH = 80, 200  # percent
PAGE_WIDTH = 720

# Only families that are installed are asked for: on macOS Qt warns of, and is slowed by, each one that is not.
_SANS = ("Inter", "SF Pro Text", "Segoe UI Variable Text", "Segoe UI", "Cantarell", "Noto Sans", "DejaVu Sans")
_SANS_CJK = ("PingFang SC", "Microsoft YaHei UI", "Noto Sans CJK SC", "Source Han Sans SC", "WenQuanYi Micro Hei")
_SERIF = ("Source Serif 4", "Source Serif Pro", "Charter", "Iowan Old Style", "Georgia", "Noto Serif", "DejaVu Serif")
_SERIF_CJK = ("Songti SC", "Noto Serif CJK SC", "Source Han Serif SC", "SimSun", *_SANS_CJK)
_MONO = ("JetBrains Mono", "SF Mono", "Cascadia Mono", "Noto Sans Mono", "DejaVu Sans Mono")


@dataclass(frozen=True, slots=True)
class Tokens:
    """The colours of one scheme, as #RRGGBB."""

    background: str
    pane: str
    card: str
    ink: str
    ink_second: str
    ink_third: str
    line: str
    line_strong: str
    accent: str
    accent_soft: str
    accent_hover: str
    on_accent: str
    selection: str
    hover: str
    amber: str
    amber_soft: str
    negative: str
    positive: str
    neutral: str
    toast: str
    on_toast: str
    toast_action: str
    dark: bool


@lru_cache(maxsize=2)
def load_tokens(dark: bool) -> Tokens:
    """Read the tokens of a scheme. A missing or unknown name raises TypeError: the file and the class must agree."""
    text = path("theme", "dark.json" if dark else "light.json").read_text(encoding="utf-8")
    return Tokens(**json.loads(text), dark=dark)


class Theme(QObject):
    """What `choice` ("system", "light", "dark") and the text size come to on this screen."""

    changed = Signal()

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._app = app
        self._choice = "system"
        self._percent = 100
        self._laid_out = 1.0  # the scale that the present layouts were made for
        self._fonts: dict[tuple[float, int, bool, bool], QFont] = {}
        self._families: dict[tuple[bool, bool], list[str]] = {}
        self.tokens = load_tokens(self._wants_dark())
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._follow)

    def set(self, choice: str, percent: int) -> None:
        """Choose the scheme and the text size in percent (80 to 200)."""
        percent = max(SCALE_LOW, min(SCALE_HIGH, percent))
        if (choice, percent) != (self._choice, self._percent):
            self._choice, self._percent = choice, percent
            self.apply()

    @property
    def scale(self) -> float:
        return self._percent / 100

    def apply(self) -> None:
        """Give the application its palette, font and style sheet, and tell everyone."""
        self.tokens = load_tokens(self._wants_dark())
        self._fonts.clear()
        if self._laid_out != self.scale:
            self._space_out(self._laid_out, self.scale)
            self._laid_out = self.scale
        self._app.setFont(self.font(13))
        self._app.setPalette(palette(self.tokens))
        self._app.setStyleSheet(self._style_sheet())
        self.changed.emit()

    def _space_out(self, before: float, now: float) -> None:
        """Give every layout that exists the margins and the spacing that it would be made with now.

        Each remembers its own at 100 %, so that going to and fro rounds nothing away. What sets its lengths whenever the
        theme changes does so after this.
        """
        for widget in self._app.allWidgets():
            for layout in _layouts(widget.layout()):
                margins = layout.contentsMargins()
                found = [margins.left(), margins.top(), margins.right(), margins.bottom(), layout.spacing()]
                kept = layout.property("lengths")  # at 100 %, and as they were set last
                usual = kept[:5] if kept and kept[5:] == found else [length / before for length in found]
                made = [round(length * now) if length > 0 else int(length) for length in usual]
                if made != found:
                    layout.setContentsMargins(*made[:4])
                    if made[4] >= 0 and not isinstance(layout, QStackedLayout):
                        layout.setSpacing(made[4])
                layout.setProperty("lengths", [*usual, *made])

    def font(self, pixels: float, weight: int = 400, serif: bool = False, mono: bool = False) -> QFont:
        key = (pixels, weight, serif, mono)
        font = self._fonts.get(key)
        if font is None:
            font = QFont(self._families_for(serif, mono))
            font.setPointSizeF(self._points(pixels))
            font.setWeight(QFont.Weight(weight))
            if serif:
                font.setStyleHint(QFont.StyleHint.Serif)
            elif mono:
                font.setStyleHint(QFont.StyleHint.Monospace)
            self._fonts[key] = font
        return QFont(font)

    def _points(self, pixels: float) -> float:
        screen = QGuiApplication.primaryScreen()
        dots = screen.logicalDotsPerInch() if screen is not None else 96.0
        return round(pixels * self.scale * 72.0 / dots, 2)

    def _families_for(self, serif: bool, mono: bool) -> list[str]:
        key = (serif, mono)
        if key not in self._families:
            own: tuple[str, ...] = _MONO if mono else _SERIF if serif else _SANS
            cjk: tuple[str, ...] = _SERIF_CJK if serif else _SANS_CJK
            which = QFontDatabase.SystemFont.FixedFont if mono else QFontDatabase.SystemFont.GeneralFont
            system = QFontInfo(QFontDatabase.systemFont(which)).family()
            latin = [name for name in own if QFontDatabase.hasFamily(name)][:1] or [system]
            wide = [name for name in cjk if QFontDatabase.hasFamily(name)][:1]
            self._families[key] = list(dict.fromkeys([*latin, *wide, system]))
        return self._families[key]

    def _wants_dark(self) -> bool:
        if self._choice == "system":
            return QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
        return self._choice == "dark"

    def _follow(self) -> None:
        if self._choice == "system" and self._wants_dark() != self.tokens.dark:
            self.apply()

    def _style_sheet(self) -> str:
        text = re.sub(r"/\*.*?\*/", "", path("theme", "window.qss").read_text(encoding="utf-8"), flags=re.DOTALL)
        text = re.sub(r"@size\(([\d.]+)\)", lambda m: f"font-size: {self._points(float(m[1]))}pt;", text)
        text = re.sub(r"@px\(([\d.]+)\)", lambda m: f"{round(float(m[1]) * self.scale)}px", text)
        colours = {field.name: getattr(self.tokens, field.name) for field in fields(Tokens) if field.name != "dark"}
        return re.sub(r"@([a-z_]+)", lambda m: str(colours[m[1]]), text)


def _layouts(layout: QLayout | None) -> Iterator[QLayout]:
    """A layout and those inside it."""
    if layout is None:
        return
    yield layout
    for at in range(layout.count()):
        item = layout.itemAt(at)
        if item is not None:
            yield from _layouts(item.layout())


def palette(tokens: Tokens) -> QPalette:
    """The Qt palette of a scheme, for whatever the style sheet does not name."""
    made = QPalette()
    role = QPalette.ColorRole
    pairs = {
        role.Window: tokens.pane, role.WindowText: tokens.ink, role.Base: tokens.card, role.AlternateBase: tokens.pane,
        role.Text: tokens.ink, role.Button: tokens.card, role.ButtonText: tokens.ink, role.BrightText: tokens.negative,
        role.Highlight: tokens.accent, role.HighlightedText: tokens.on_accent, role.ToolTipBase: tokens.card,
        role.ToolTipText: tokens.ink, role.PlaceholderText: tokens.ink_third, role.Link: tokens.accent,
        role.LinkVisited: tokens.accent, role.Mid: tokens.line, role.Midlight: tokens.line, role.Dark: tokens.line_strong,
        role.Light: tokens.card, role.Shadow: tokens.line_strong, role.Accent: tokens.accent,
    }
    for which, colour in pairs.items():
        made.setColor(which, QColor(colour))
    for which in (role.Text, role.ButtonText, role.WindowText):
        made.setColor(QPalette.ColorGroup.Disabled, which, QColor(tokens.ink_third))
    return made


_theme: Theme | None = None


def install(app: QApplication, choice: str = "system", percent: int = 100) -> Theme:
    """Give `app` its theme; called once, before the first widget. A second call sets the choice."""
    global _theme
    if _theme is None or _theme.parent() is not app:
        app.setStyle("Fusion")
        _theme = Theme(app)
        _theme.set(choice, percent)
        _theme.apply()
    else:
        _theme.set(choice, percent)
    return _theme


def signal() -> Theme:
    """The theme itself: connect to its `changed`."""
    assert _theme is not None, "theme.install(app) comes first"
    return _theme


def tokens() -> Tokens:
    return signal().tokens


def color(name: str) -> QColor:
    """The token `name` as a colour."""
    return QColor(getattr(tokens(), name))


def scale() -> float:
    return signal().scale


def px(pixels: float) -> int:
    """A length that grows with the text."""
    return round(pixels * signal().scale)


def font(pixels: float, weight: int = 400, *, serif: bool = False, mono: bool = False) -> QFont:
    """A font of `pixels` at 100 % text size."""
    return signal().font(pixels, weight, serif, mono)


def restyle(widget: QWidget) -> None:
    """Have a shown widget take up a changed `role`."""
    widget.style().unpolish(widget)
    widget.style().polish(widget)
    widget.update()


def role(widget: QWidget, name: str) -> None:
    """Set the role by which the style sheet knows `widget`."""
    widget.setProperty("role", name)


def label(text: str, kind: str = "", *, wrap: bool = False) -> QLabel:
    """A label of plain text in the style of `kind` (a role)."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(wrap)
    if kind:
        role(made, kind)
    return made


def page(title: str) -> tuple[QScrollArea, QVBoxLayout]:
    """A page as they all look: its title on top of one column; the body layout takes the rest."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    outside = QWidget()
    role(outside, "pane")
    column = QWidget()
    column.setMaximumWidth(px(PAGE_WIDTH))
    column.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    frame = QVBoxLayout(outside)
    frame.setContentsMargins(px(44), px(24), px(44), px(32))
    frame.addWidget(column)
    frame.addStretch(1)
    body = QVBoxLayout(column)
    body.setContentsMargins(0, 0, 0, 0)
    body.setSpacing(px(12))
    heading = label(title, "title")
    body.addWidget(heading)
    area.setWidget(outside)
    area.setAccessibleName(title)
    return area, body
