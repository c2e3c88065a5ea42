"""The hardened browser: what a post names is neither read nor fetched nor followed."""

from __future__ import annotations

import ctypes
import os
import struct
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QFont, QImage
from PySide6.QtWidgets import QApplication, QMessageBox, QScrollArea
from pytestqt.qtbot import QtBot

from desktop import theme
from desktop.reading import browser as browser_module
from desktop.reading.browser import SafeBrowser, reading_style
from desktop.reading.document import safe_html

# The offscreen platform says so of every window whose least size changes.
pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")

IN_ACCESS_OR_OPEN = 0x1 | 0x20


@contextmanager
def watched(folder: Path) -> Iterator[Callable[[], list[str]]]:
    """Names of the files in `folder` that anybody opens, C++ code included: the kernel tells."""
    libc = ctypes.CDLL(None, use_errno=True)
    handle = libc.inotify_init1(os.O_NONBLOCK)
    assert handle >= 0
    assert libc.inotify_add_watch(handle, os.fsencode(folder), IN_ACCESS_OR_OPEN) >= 0

    def opened() -> list[str]:
        names = []
        try:
            data = os.read(handle, 65536)
        except BlockingIOError:
            return []
        at = 0
        while at < len(data):
            _, _, _, length = struct.unpack_from("iIII", data, at)
            names.append(data[at + 16 : at + 16 + length].rstrip(b"\0").decode())
            at += 16 + length
        return names

    try:
        yield opened
    finally:
        os.close(handle)


def vectors(folder: Path) -> dict[str, str]:
    """The twelve ways in which HTML names a resource, all pointing at files that exist."""
    picture = folder / "secret.png"
    style = folder / "secret.css"
    data = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII="
    return {
        "file address": f'<img src="file://{picture}">',
        "relative path": '<img src="secret.png">',
        "absolute path": f'<img src="{picture}">',
        "data address": f'<img src="{data}">',
        "style url()": f'<div style="background-image: url({picture})">x</div><p style="list-style-image: url(secret.png)">x</p>',
        "linked style sheet": f'<link rel="stylesheet" href="{style}"><style>@import url("{style}");</style>',
        "background attribute": f'<table background="{picture}"><tr><td background="secret.png">x</td></tr></table>',
        "srcset": f'<img srcset="{picture} 1x, file://{picture} 2x"><picture><source srcset="{picture}"></picture>',
        "poster": f'<video poster="{picture}" src="{picture}"><source src="secret.png"></video>',
        "SMB share": '<img src="file://attacker.example/share/x.png"><img src="//attacker.example/share/x.png">',
        "Qt resource": '<img src="qrc:/qt-project.org/qmessagebox/images/qtlogo-64.png"><img src=":/x.png">',
        "endless device": '<img src="/dev/zero"><img src="file:///dev/zero">',
    }


@pytest.fixture
def traps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    image = QImage(4, 4, QImage.Format.Format_RGB32)
    image.fill(0)
    assert image.save(str(tmp_path / "secret.png"))
    (tmp_path / "secret.css").write_text("p { color: red }")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def shown(qtbot: QtBot, html: str) -> SafeBrowser:
    made = SafeBrowser()
    qtbot.addWidget(made)
    made.resize(500, 400)
    made.show()
    made.show_html(html, theme.font(16, serif=True), reading_style())
    made.grab()
    return made


def test_parts_shown_one_by_one_are_the_whole_document(qtbot: QtBot) -> None:
    parts = [
        "<p>One <b>two</b></p>", '<table class="quote" width="100%"><tr><td class="quote"><p>Quoted</p></td></tr></table>',
        "<ul><li>a</li><li>b</li></ul>", "<ul><li>c</li></ul><pre>x\n y</pre>", "<h3>Head</h3><p>End</p>",
    ]  # fmt: skip
    whole, made = shown(qtbot, "".join(parts)), shown(qtbot, "")
    with qtbot.waitSignal(made.filled):
        made.show_parts(parts, theme.font(16, serif=True), reading_style())
    assert made.toPlainText() == whole.toPlainText()
    assert made.document().blockCount() == whole.document().blockCount()
    assert made.height() == whole.height()


def test_a_document_that_grows_keeps_what_stands(qtbot: QtBot) -> None:
    style, font = reading_style(), theme.font(16, serif=True)
    made = shown(qtbot, "")
    made.show_parts(["<p>one</p>", "<p>cut sho</p>"], font, style)
    qtbot.waitUntil(lambda: not made.filling())
    before = made.height()
    with qtbot.waitSignal(made.filled):
        made.show_parts(["<p>one</p>", "<p>cut short no more</p>", "<p>three</p>"], font, style, same=True)
        assert made.height() >= before
    assert made.toPlainText() == "one\ncut short no more\nthree"


@pytest.mark.skipif(sys.platform != "linux", reason="inotify tells of files that C++ opens")
@pytest.mark.parametrize("name", sorted(vectors(Path("/"))))
@pytest.mark.parametrize("written_anew", [True, False], ids=["as shown", "raw"])
def test_a_resource_that_a_post_names_is_never_opened(
    qtbot: QtBot, traps: Path, name: str, written_anew: bool
) -> None:
    html = vectors(traps)[name]
    if written_anew:
        html = safe_html(html).html
    python_opened: list[str] = []

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event == "open" and active:
            python_opened.append(str(args[0]))
        assert not (active and event == "socket.connect"), args

    active = False
    sys.addaudithook(hook)
    with watched(traps) as opened:
        active = True
        browser = shown(qtbot, html)
        active = False
        assert opened() == []
    assert not [path for path in python_opened if "secret" in path or path.startswith("/dev/")]
    if written_anew:
        assert not browser.refused, "safe_html leaves no resource to ask for"


@pytest.mark.skipif(sys.platform != "linux", reason="inotify tells of files that C++ opens")
def test_the_watch_sees_what_an_ordinary_browser_opens(qtbot: QtBot, traps: Path) -> None:
    from PySide6.QtWidgets import QTextBrowser

    plain = QTextBrowser()
    qtbot.addWidget(plain)
    with watched(traps) as opened:
        plain.setHtml(vectors(traps)["absolute path"])
        plain.show()
        plain.grab()
        assert "secret.png" in opened()


def test_what_was_asked_for_is_remembered_and_not_given(qtbot: QtBot, traps: Path) -> None:
    browser = shown(qtbot, vectors(traps)["file address"])
    assert f"file://{traps / 'secret.png'}" in browser.refused


def test_no_network_library_is_loaded_by_showing_a_post(qtbot: QtBot) -> None:
    shown(qtbot, '<p>x</p><img src="http://127.0.0.1:9/x.png"><img src="https://example.org/x.png">')
    maps = Path("/proc/self/maps")
    if not maps.exists():
        pytest.skip("no /proc")
    assert "QtWebEngine" not in maps.read_text()


def test_a_picture_handed_over_is_shown_by_its_own_address(qtbot: QtBot) -> None:
    browser = SafeBrowser()
    qtbot.addWidget(browser)
    image = QImage(3, 2, QImage.Format.Format_RGB32)
    browser.add_picture("cover", image)
    assert browser.loadResource(2, QUrl("app:cover")).size() == image.size()
    assert not browser.refused


def test_nothing_replaces_what_is_shown(qtbot: QtBot, traps: Path) -> None:
    browser = shown(qtbot, "<p>stays</p>")
    browser.setSource(QUrl.fromLocalFile(str(traps / "secret.css")))
    browser.reload()
    browser.home()
    assert browser.toPlainText() == "stays"


# ---- links -----------------------------------------------------------------------------------


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses given to the system; nothing is really opened."""
    seen: list[str] = []

    class Recorder(QDesktopServices):
        @staticmethod
        def openUrl(url: QUrl) -> bool:  # type: ignore[override]
            seen.append(url.toString(QUrl.ComponentFormattingOption.FullyEncoded))
            return True

    from desktop.reading import links

    monkeypatch.setattr(links, "QDesktopServices", Recorder)
    return seen


def click(browser: SafeBrowser, address: str) -> None:
    browser.anchorClicked.emit(QUrl(address))


def test_a_plain_link_goes_to_the_system(qtbot: QtBot, opened: list[str]) -> None:
    browser = shown(qtbot, '<a href="https://example.org/a?b=c">read on</a>')
    click(browser, "https://example.org/a?b=c")
    assert opened == ["https://example.org/a?b=c"]


@pytest.mark.parametrize("address", ["file:///etc/passwd", "qrc:/x", "javascript:alert(1)", "data:text/html,x", "smb://h/s", "app:1"])
def test_a_link_of_another_kind_is_not_opened(qtbot: QtBot, opened: list[str], address: str) -> None:
    browser = shown(qtbot, f'<a href="{address}">x</a>')
    click(browser, address)
    assert opened == []
    for box in browser.window().findChildren(QMessageBox):
        box.close()


def test_a_link_whose_text_names_another_host_asks_first(qtbot: QtBot, opened: list[str]) -> None:
    browser = shown(qtbot, '<a href="https://evil.example/login">www.bank.example</a>')
    click(browser, "https://evil.example/login")
    assert opened == []
    box = browser.window().findChild(QMessageBox)
    assert box is not None
    assert "bank.example" in box.text()
    assert "evil.example" in box.text()
    assert box.textFormat() == browser_module.Qt.TextFormat.PlainText
    next(b for b in box.buttons() if "evil.example" in b.text()).click()
    assert opened == ["https://evil.example/login"]


def test_the_question_stays_by_default(qtbot: QtBot, opened: list[str]) -> None:
    browser = shown(qtbot, '<a href="https://evil.example/">bank.example</a>')
    click(browser, "https://evil.example/")
    box = browser.window().findChild(QMessageBox)
    assert box is not None
    default = box.defaultButton()
    assert default is not None
    default.click()
    assert opened == []


def test_hovering_a_link_tells_where_it_leads(qtbot: QtBot) -> None:
    browser = shown(qtbot, '<a href="https://user:pw@example.org/a">x</a>')
    with qtbot.waitSignal(browser.link_hovered) as told:
        browser.highlighted.emit(QUrl("https://user:pw@example.org/a"))
    assert told.args == ["https://example.org/a"]


def test_the_menu_offers_a_rule_for_selected_words(qtbot: QtBot) -> None:
    browser = shown(qtbot, "<p>crypto prices</p>")
    browser.selectAll()
    menu = browser.make_menu(browser.rect().center())
    entry = next(action for action in menu.actions() if "rule" in action.text())
    with qtbot.waitSignal(browser.rule_wanted) as told:
        entry.trigger()
    assert told.args == ["crypto prices"]
    menu.close()


def test_the_browser_is_as_high_as_its_document(qtbot: QtBot) -> None:
    browser = shown(qtbot, "<p>a line</p>" * 60)
    assert browser.height() >= int(browser.document().size().height())
    assert browser.verticalScrollBar().maximum() == 0


def cells(rows: int, columns: int) -> str:
    return "<table>" + ("<tr>" + "<td>12.5 words</td>" * columns + "</tr>") * rows + "</table>"


TABLES = {
    "long": cells(1200, 3),
    "wide": cells(30, 100),
    "one row": cells(1, 3000),
    "nested": f"<table><tr><td>{cells(1000, 3)}</td></tr></table>",
    "in an item": f"<ul><li>{cells(1000, 3)}</li></ul>",
    "one cell": f"<table><tr><td>{'<p>Some words of a long post</p>' * 3000}</td></tr></table>",
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_of_100_kb_never_holds_the_window_for_long(qtbot: QtBot, name: str) -> None:
    browser, area = SafeBrowser(), QScrollArea()
    qtbot.addWidget(area)
    area.setWidget(browser)
    area.setWidgetResizable(True)
    area.resize(700, 800)
    area.show()
    parts = safe_html(TABLES[name], limit=100_000).parts
    steps = []
    began = time.process_time()
    browser.show_parts(parts, QFont(), reading_style())
    while True:
        QApplication.processEvents()
        steps.append((time.process_time() - began) * 1000)
        if not browser.filling():
            break
        time.sleep(0.001)
        began = time.process_time()
    assert len(parts) > 2
    # Some 30 ms at most; the rest is for what else this process does meanwhile.
    assert sorted(steps)[-2] < 50
