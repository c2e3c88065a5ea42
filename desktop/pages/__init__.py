"""The pages that take the timeline's place: what you set, what your rules hid, what left the machine, what is installed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from desktop.main_window import MainWindow


def _settings(window: MainWindow) -> QWidget:
    from desktop.pages.settings import SettingsPage

    return SettingsPage(window)


def _rules(window: MainWindow) -> QWidget:
    from desktop.pages.rules import RulesPage

    return RulesPage(window)


def _profile(window: MainWindow) -> QWidget:
    from desktop.pages.profile import ProfilePage

    return ProfilePage(window)


def _evaluation(window: MainWindow) -> QWidget:
    from desktop.pages.evaluation import EvaluationPage

    return EvaluationPage(window)


def _briefing(window: MainWindow) -> QWidget:
    from desktop.pages.briefing import BriefingPage

    return BriefingPage(window)


def _health(window: MainWindow) -> QWidget:
    from desktop.pages.health import HealthPage

    return HealthPage(window)


def _tray(window: MainWindow) -> QWidget:
    from desktop.pages.tray import TrayPage

    return TrayPage(window)


def _ledger(window: MainWindow) -> QWidget:
    from desktop.pages.ledger import LedgerPage

    return LedgerPage(window)


def _models(window: MainWindow) -> QWidget:
    from desktop.pages.models import ModelsPage

    return ModelsPage(window)


def _ask(window: MainWindow) -> QWidget:
    from desktop.pages.ask import AskPage

    return AskPage(window)


def _help(window: MainWindow) -> QWidget:
    from desktop.help.page import HelpPage

    return HelpPage(window)


PAGES: dict[str, Callable[[MainWindow], QWidget]] = {
    "settings": _settings,
    "briefing": _briefing,
    "rules": _rules,
    "tray": _tray,
    "profile": _profile,
    "evaluation": _evaluation,
    "health": _health,
    "ledger": _ledger,
    "models": _models,
    "ask": _ask,
    "help": _help,
}
