"""A real engine over a real temporary profile, and the real window over it, offscreen."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from desktop import theme
from desktop.app import make_application
from desktop.main_window import MainWindow
from engine import Engine, PlainPost, open_engine

ENGLISH = (
    ("City Observer", "Council opens the riverside path to bicycles", "The path follows the old towing track. Cafe owners expect more guests, anglers fear for their quiet."),
    ("City Observer", "Night buses run every twenty minutes from Friday", "Drivers asked for longer breaks and got them. The timetable fits on one page."),
    ("Kernel Weekly", "What changed in the scheduler, and why laptops care", "Three patches, two regressions and a benchmark that nobody expected."),
    ("Kernel Weekly", "A small allocator explained in four drawings", "Each drawing shows what is freed too late. The code is shorter than the text."),
    ("Market Wire", "Crypto prices fell again this week", "Analysts disagree on the reason, as they did when prices rose."),
    ("Market Wire", "Grid batteries got cheaper, say their makers", "The figure holds for one chemistry only, and only for large sites."),
    ("Garden Notes", "Hedges that feed bees until November", "Ivy flowers last. Cut it in spring, if at all."),
    ("Garden Notes", "", "A robin has moved into the watering can, so the beans wait."),
)
CHINESE = (
    ("磨坊日记", "老水车重新转动起来", "志愿者从河床里挖出了旧轮轴，又请来邻镇的木匠。如今它每天磨两百公斤面粉。"),
    ("磨坊日记", "春天的第一场雨", "雨下了三天，水位升高了半米，磨盘转得比平时快。"),
    ("城市观察", "夜班电车延长到凌晨两点", "司机们要求更长的休息时间，最后也得到了。"),
    ("城市观察", "图书馆换掉了旧暖气", "新的热泵从河水里取热，账单比预算还少。"),
)


@pytest.fixture(scope="session")
def qapp_cls() -> type[QApplication]:
    return QApplication


@pytest.fixture(autouse=True)
def _themed(qapp: QApplication) -> Iterator[None]:
    make_application([])
    theme.install(qapp, "light", 100)
    yield
    theme.install(qapp, "light", 100)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """An empty encrypted profile whose key only the test knows. No model is loaded."""
    with open_engine(tmp_path / "profile", key=secrets.token_bytes(32)) as made:
        made.set_setting("ai", False)
        yield made


@pytest.fixture
def models_on(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """The profile with everything of models switched on, on a machine without any."""
    monkeypatch.setenv("MILLPOND_MODELS", str(tmp_path / "no models"))
    engine.set_setting("ai", True)
    return engine


def posts(count: int = 40, *, start: int = 0) -> dict[str, list[PlainPost]]:
    """`count` posts by feed, in English and Chinese, an hour apart, the first the newest."""
    now = datetime.now(UTC)
    found: dict[str, list[PlainPost]] = {}
    texts = ENGLISH + CHINESE
    for at in range(start, start + count):
        feed, title, text = texts[at % len(texts)]
        number = at // len(texts)
        if title and number:
            title = f"{title} ({number})"
        found.setdefault(feed, []).append(
            PlainPost(
                title=title,
                text=text if title else f"{text} {number}",
                url=f"https://posts.example/{at}",
                published_at=now - timedelta(hours=at, minutes=5),
                guid=f"post-{at}",
            )
        )
    return found


def fill(engine: Engine, count: int = 40, *, start: int = 0) -> None:
    for feed, listed in posts(count, start=start).items():
        engine.add_posts(feed, listed)


@pytest.fixture
def filled(engine: Engine) -> Engine:
    """Forty posts, each with a card of its own: the same dozen texts come again and again, which folding would put together."""
    engine.set_setting("fold_stories", False)
    fill(engine)
    return engine


@pytest.fixture
def settled(qtbot: QtBot) -> Callable[[MainWindow], None]:
    """Turn the event loop until a window has nothing left to do."""

    def settle(window: MainWindow) -> None:
        for _ in range(3):  # an answer may ask for more, a timer later
            assert window.lanes.wait_idle(20_000)
            qtbot.wait(60)

    return settle


def open_window(qtbot: QtBot, engine: Engine) -> MainWindow:
    window = MainWindow()
    qtbot.addWidget(window, before_close_func=lambda w: w.detach())
    window.show()
    window.attach(engine)
    with qtbot.waitExposed(window):
        pass
    return window


@pytest.fixture
def window(qtbot: QtBot, filled: Engine, settled: Callable[[MainWindow], None]) -> MainWindow:
    """The window over forty posts, its list on screen and nothing under way."""
    made = open_window(qtbot, filled)
    settled(made)
    return made


@pytest.fixture
def empty_window(qtbot: QtBot, engine: Engine, settled: Callable[[MainWindow], None]) -> MainWindow:
    made = open_window(qtbot, engine)
    settled(made)
    return made


@pytest.fixture
def shoot() -> Callable[[QWidget, str], None]:
    """Save a picture of a widget where MILLPOND_SHOTS says; do nothing where it says nothing."""

    def take(widget: QWidget, name: str) -> None:
        folder = os.environ.get("MILLPOND_SHOTS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            assert widget.grab().save(str(Path(folder) / f"{name}.png"))

    return take
