"""Colours with enough contrast, sizes that scale, plain text everywhere."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QHBoxLayout, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from desktop import theme
from desktop.theme import Tokens, load_tokens
from resources import path

SCHEMES = [False, True]
TEXT_ON = [
    (ink, ground)
    for ground in ("background", "pane", "card")
    for ink in ("ink", "ink_second", "ink_third", "accent", "amber", "negative", "positive", "neutral")
] + [
    ("accent", "accent_soft"), ("ink", "accent_soft"), ("ink", "selection"), ("ink_second", "hover"),
    ("amber", "amber_soft"), ("on_accent", "accent"), ("on_accent", "accent_hover"),
    ("on_toast", "toast"), ("toast_action", "toast"), ("ink", "hover"), ("accent", "hover"), ("amber", "hover"),
    ("ink_second", "accent_soft"), ("ink_second", "selection"), ("amber", "accent_soft"), ("amber", "selection"),
]  # fmt: skip


def luminance(colour: str) -> float:
    parts = [QColor(colour).redF(), QColor(colour).greenF(), QColor(colour).blueF()]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("dark", SCHEMES)
@pytest.mark.parametrize(("ink", "ground"), TEXT_ON)
def test_text_keeps_a_contrast_of_four_and_a_half(dark: bool, ink: str, ground: str) -> None:
    tokens = load_tokens(dark)
    assert contrast(getattr(tokens, ink), getattr(tokens, ground)) >= 4.5


@pytest.mark.parametrize("dark", SCHEMES)
@pytest.mark.parametrize("ground", ["background", "pane", "card", "accent_soft", "hover"])
def test_the_ring_around_what_has_the_focus_keeps_a_contrast_of_three(dark: bool, ground: str) -> None:
    tokens = load_tokens(dark)
    assert contrast(tokens.accent, getattr(tokens, ground)) >= 3


def test_layouts_that_exist_grow_with_the_text_and_come_back_exactly(qapp: QApplication, qtbot: QtBot) -> None:
    holder = QWidget()
    qtbot.addWidget(holder)
    outer = QVBoxLayout(holder)
    outer.setContentsMargins(7, 3, 0, 13)
    inner = QHBoxLayout()
    inner.setSpacing(5)
    outer.addLayout(inner)
    for percent in (110, 200, 130, 90, 200):
        theme.install(qapp, "light", percent)
    assert (outer.contentsMargins().left(), outer.contentsMargins().bottom(), inner.spacing()) == (14, 26, 10)
    theme.install(qapp, "light", 100)
    assert (outer.contentsMargins().left(), outer.contentsMargins().bottom(), inner.spacing()) == (7, 13, 5)


@pytest.mark.parametrize("dark", SCHEMES)
def test_every_token_is_a_colour(dark: bool) -> None:
    tokens = load_tokens(dark)
    values = [getattr(tokens, field.name) for field in fields(Tokens) if field.name != "dark"]
    assert all(re.fullmatch("#[0-9A-F]{6}", value) for value in values)


def test_the_style_sheet_leaves_no_placeholder(qapp: QApplication) -> None:
    assert "@" not in qapp.styleSheet()


def test_the_style_sheet_loads_nothing() -> None:
    assert "url(" not in re.sub(r"url\(@[a-z-]+\)", "", path("theme", "window.qss").read_text(encoding="utf-8"))


def test_text_at_two_hundred_percent_is_twice_as_large(qapp: QApplication) -> None:
    usual = theme.font(14.5).pointSizeF()
    theme.install(qapp, "light", 200)
    assert theme.font(14.5).pointSizeF() == pytest.approx(2 * usual, rel=0.01)


@pytest.mark.parametrize(("asked", "given"), [(20, 0.8), (900, 2.0)])
def test_the_text_size_stays_within_its_bounds(qapp: QApplication, asked: int, given: float) -> None:
    theme.install(qapp, "light", asked)
    assert theme.scale() == given


def test_changing_the_scheme_tells_everyone(qapp: QApplication, qtbot: QtBot) -> None:
    with qtbot.waitSignal(theme.signal().changed, timeout=1000):
        theme.install(qapp, "dark", 100)
    assert theme.tokens().dark


def test_system_follows_what_the_system_says(qapp: QApplication) -> None:
    theme.install(qapp, "system", 100)
    assert theme.tokens().dark == (qapp.styleHints().colorScheme() == Qt.ColorScheme.Dark)


def test_only_installed_families_are_asked_for(qapp: QApplication) -> None:
    from PySide6.QtGui import QFontDatabase

    for font in (theme.font(13), theme.font(16, serif=True), theme.font(12, mono=True)):
        named = [name for name in font.families() if not QFontDatabase.hasFamily(name)]
        assert named == [] or len(font.families()) > len(named)


def test_labels_never_guess_rich_text() -> None:
    assert theme.label("<b>bold</b>").textFormat() == Qt.TextFormat.PlainText
