"""The Models page over a real engine: fit, devices, models and servers of one's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget

from desktop.dialogs.model_server import AddServer
from desktop.dialogs.own_model import OwnModel, SwitchModel, switch_words
from desktop.main_window import MainWindow
from desktop.pages.model_card import ModelCard, fit_words, speed_words
from desktop.pages.model_device import BuildSheet, build_words, device_words
from desktop.pages.models import ModelsPage
from engine import Device, Fit, GpuBuild, SwitchCost
from tests.desktop.test_pages import engine_of, page, press
from tests.engine.test_own_models import gguf_file
from tests.fakenet import FakeNet
from tests.fakenet.openai import OpenAi

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
Settle = Callable[[MainWindow], None]


@pytest.fixture
def shown(window: MainWindow, settled: Settle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelsPage:
    """The page over a models folder without any model."""
    monkeypatch.setenv("MILLPOND_MODELS", str(tmp_path / "no-models"))
    found: ModelsPage = page(window, settled, "models")
    return found


def words(inside: QWidget) -> str:
    return "\n".join(label.text() for label in inside.findChildren(QLabel))


def sheet(kind: type[Any]) -> Any:
    return next(one for one in QApplication.topLevelWidgets() if isinstance(one, kind) and one.isVisible())


def test_each_card_says_whether_it_fits_and_how_quick_it_is(shown: ModelsPage) -> None:
    for card in shown.cards.values():
        assert "of memory" in card.fit.text()
        assert "not measured here yet" in words(card)
    assert sum("Recommended" in words(card) for card in shown.cards.values()) == 2


def test_models_that_cannot_be_run_are_named_and_have_no_button(shown: ModelsPage) -> None:
    assert "SmolVLM-256M-Instruct" in shown.rest.text()
    assert "SmolVLM-256M-Instruct" not in shown.cards


def test_the_page_says_on_what_models_run_and_why(shown: ModelsPage) -> None:
    assert "SmolLM2-135M-Instruct will run on the processor" in shown.device.text
    assert "Why:" in shown.device.text
    assert "cores" in shown.device.text or "1 core" in shown.device.text


def test_everything_on_the_page_can_be_reached_by_keyboard_and_has_a_name(shown: ModelsPage) -> None:
    buttons = [made for made in shown.findChildren(QPushButton) if made.isVisibleTo(shown)]
    assert len(buttons) > 10
    for made in buttons:
        assert made.accessibleName()
        assert made.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_the_focus_stays_where_it_was_when_the_page_is_read_again(
    shown: ModelsPage, window: MainWindow, settled: Settle
) -> None:
    name = shown.cards["Qwen3-4B"].check.accessibleName()
    shown.cards["Qwen3-4B"].check.setFocus()
    shown.load()
    settled(window)
    focused = window.focusWidget()
    assert focused is not None
    assert focused.accessibleName() == name


def test_choosing_what_is_not_here_fails_on_its_card(shown: ModelsPage, window: MainWindow, settled: Settle) -> None:
    shown.use(shown.cards["Qwen3-4B"].status)
    settled(window)
    assert "is not here" in shown.cards["Qwen3-4B"].state.text()
    assert engine_of(window).settings()["text_model"] == "SmolLM2-135M-Instruct"


# ---- a model of one's own --------------------------------------------------------------------------


def test_a_model_of_ones_own_wants_a_word_of_trust(shown: ModelsPage, window: MainWindow, settled: Settle, tmp_path: Path) -> None:
    press(shown, "Add a model of your own…")
    dialog: OwnModel = sheet(OwnModel)
    assert "somebody you trust" in dialog.warning.text()
    dialog.path.setText(str(gguf_file(tmp_path)))
    dialog.start()
    assert "trust whoever made" in dialog.error.text()
    assert not any(model.own for model in engine_of(window).models())
    dialog.reject()


@pytest.mark.parametrize("content", [b"", b"GGUF\x03\x00\x00\x00", b"MZ"])
def test_a_broken_file_is_refused_on_the_sheet_which_stays(
    shown: ModelsPage, window: MainWindow, settled: Settle, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "broken.gguf").write_bytes(content)
    shown.offer_own()
    dialog: OwnModel = sheet(OwnModel)
    dialog.path.setText(str(tmp_path / "broken.gguf"))
    dialog.trust.setChecked(True)
    dialog.start()
    settled(window)
    assert "GGUF" in dialog.error.text()
    assert dialog.isVisible()
    assert dialog.add.isEnabled()
    dialog.reject()


def test_only_writers_are_asked_how_they_are_spoken_to(shown: ModelsPage) -> None:
    shown.offer_own()
    dialog: OwnModel = sheet(OwnModel)
    assert dialog.template.isVisible()
    dialog.kind.setCurrentIndex(1)
    assert not dialog.template.isVisible()
    dialog.reject()


# ---- a server of one's own -------------------------------------------------------------------------


def test_a_server_names_its_models_and_is_used_only_when_told(
    shown: ModelsPage, window: MainWindow, settled: Settle, net: FakeNet
) -> None:
    there = OpenAi(net, models=["small", "large"])
    press(shown, "Add a model server…")
    dialog: AddServer = sheet(AddServer)
    dialog.address.setText(there.url)
    dialog.start()
    settled(window)
    assert [dialog.models.itemText(index) for index in range(dialog.models.count())] == ["small", "large"]
    dialog.models.setCurrentIndex(1)
    dialog.start()
    settled(window)
    assert "large" in words(shown)
    assert not engine_of(window).model_servers()[0].enabled
    next(made for made in shown.findChildren(QPushButton) if made.accessibleName() == "Use large on its server").click()
    settled(window)
    assert engine_of(window).model_servers()[0].enabled
    assert "writes in the place of a model here" in words(shown)
    press(shown, "Stop using it")
    settled(window)
    next(made for made in shown.findChildren(QPushButton) if made.accessibleName() == "Forget the server of large").click()
    settled(window)
    assert engine_of(window).model_servers() == []


def test_a_server_elsewhere_is_asked_for_only_once_its_name_was_typed(
    shown: ModelsPage, window: MainWindow, settled: Settle
) -> None:
    shown.offer_server()
    dialog: AddServer = sheet(AddServer)
    assert not dialog.host.isVisible()
    dialog.address.setText("https://llm.example.org")
    dialog.start()
    settled(window)
    assert "type the host's name" in dialog.error.text()
    assert dialog.host.isVisible()
    assert engine_of(window).ledger() == []
    dialog.reject()


# ---- words -----------------------------------------------------------------------------------------


def fit(word: Any, by: Any = "header") -> Fit:
    return Fit(
        word=word, need_bytes=3_000_000_000, weights_bytes=2_500_000_000, cache_bytes=300_000_000, margin_bytes=200_000_000,
        free_bytes=8_000_000_000, context_tokens=4096, by=by,
    )  # fmt: skip


def test_fit_is_told_with_its_numbers() -> None:
    assert fit_words(fit("fits")) == (
        "Fits: needs 3.0 GB of memory, 8.0 GB are free. 2.5 GB for its weights, 300 MB for what it reads, 200 MB to spare."
    )
    assert fit_words(fit("does not fit", "catalogue")).endswith("An estimate of the catalogue.")


def test_switching_is_told_with_its_price() -> None:
    cost = SwitchCost(kind="embedding", model="x", posts=120, seconds=600)
    assert switch_words(cost) == "120 posts get new vectors, in idle time. That takes about 10 minutes."
    assert "not known" in switch_words(SwitchCost(kind="embedding", model="x", posts=1))
    assert "2 posts have summaries by another model" in switch_words(SwitchCost(kind="text", model="x", summaries=2))


def test_keeping_or_writing_anew_is_the_persons_choice(window: MainWindow, settled: Settle) -> None:
    chosen: list[bool] = []
    for text, anew in (("Keep them", False), ("Write them anew", True)):
        dialog = SwitchModel(window, SwitchCost(kind="text", model="x", summaries=2), chosen.append)
        dialog.open()
        press(dialog, text)
        assert chosen[-1] is anew


def test_the_build_of_llama_is_told_without_what_it_lacks() -> None:
    assert build_words("0.3.36", "CPU : AVX2 = 1 | AMX_INT8 = 0 | OPENMP = 1 | ") == "llama-cpp-python 0.3.36, built with CPU, AVX2, OPENMP"
    assert build_words("", "") == "llama.cpp is not installed."


def test_a_model_that_is_here_and_fails_offers_no_installation(window: MainWindow, shown: ModelsPage) -> None:
    here = replace(shown.cards["Qwen3-4B"].status, installed=True, path="/somewhere")
    card = ModelCard(shown, here, False)
    card.fail("It could not be loaded.")
    assert not card.install.isVisible()
    assert not card.check.isVisible()
    assert not card.cancel.isVisible()


def test_where_a_model_runs_is_told_with_the_reason() -> None:
    device = Device(kind="text", model="M", runs_on="the processor", why="no layer fits", speed=5.25)
    assert device_words(device) == "M will run on the processor. Why: no layer fits. 5.3 tokens a second here."
    assert device_words(Device(kind="embedding", model="E", runs_on="")) == "E was not used yet."
    assert speed_words("embedding", 97.4) == "97 posts a second here"


def test_the_build_for_a_card_is_shown_with_its_exact_command(shown: ModelsPage, window: MainWindow) -> None:
    build = GpuBuild(backend="cuda", card="A card", index="https://x.example/cu124", command=("python", "-m", "pip", "install", "x==1"), why="It was found.")
    dialog = BuildSheet(window, shown, build)
    dialog.open()
    assert dialog.command.text() == "python -m pip install x==1"
    dialog.reject()
