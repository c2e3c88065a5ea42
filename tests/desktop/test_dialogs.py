"""Dialogs over a real engine: what they ask, what they do, and what they say when it fails."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from desktop.dialogs import add_feed, bug, feed_settings, import_opml, packs, rule, unlock
from desktop.dialogs.sheet import Sheet
from desktop.main_window import MainWindow
from engine import Condition, OpmlImport, ProfileState, Rule, TimelineQuery, open_engine
from tests.fakenet import FakeNet, items, rss
from tests.fakenet.posts import page

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
Settle = Callable[[MainWindow], None]


@pytest.fixture(autouse=True)
def _clean_clipboard(qapp: object) -> None:
    QGuiApplication.clipboard().clear()


def plain(sheet: Sheet) -> None:
    for label in sheet.findChildren(QLabel):
        assert label.textFormat() == Qt.TextFormat.PlainText, label.text()


# ---- following -------------------------------------------------------------------------------


def test_a_feed_is_followed_by_its_address(window: MainWindow, settled: Settle) -> None:
    with FakeNet() as net:
        url = net.serve("/feed.xml", rss("Pond Notes", items(3)))
        dialog = add_feed.open_dialog(window)
        dialog.address.setText(url)
        dialog.folder.setEditText("Ponds")
        dialog.follow_button.click()
        settled(window)
    assert window.engine is not None
    feed = next(feed for feed in window.engine.feeds() if feed.url == url)
    assert (feed.title, feed.folder, feed.posts) == ("Pond Notes", "Ponds", 3)


def test_a_page_that_names_feeds_becomes_a_choice(window: MainWindow, settled: Settle) -> None:
    with FakeNet() as net:
        one, two = net.serve("/one.xml", rss("One", items(1))), net.serve("/two.xml", rss("Two", items(2)))
        url = net.serve("/", page("A site", [("One", one), ("Two", two)]))
        dialog = add_feed.open_dialog(window)
        dialog.address.setText(url)
        dialog.follow()
        settled(window)
        if dialog.candidates.count():
            dialog.candidates.setCurrentRow(1)
            dialog.follow()
            settled(window)
    assert window.engine is not None
    assert any(feed.url in (one, two) for feed in window.engine.feeds())


@pytest.mark.parametrize("address", ["", "ftp://example.org/x", "not an address !!"])
def test_a_bad_address_is_said_in_words(window: MainWindow, settled: Settle, address: str) -> None:
    dialog = add_feed.open_dialog(window)
    dialog.address.setText(address)
    dialog.follow()
    settled(window)
    assert dialog.isVisible()
    assert dialog.error.isVisible()
    assert len(dialog.error.text()) > 10
    assert dialog.follow_button.isEnabled()
    plain(dialog)
    dialog.close()


def test_an_address_on_the_clipboard_is_offered(window: MainWindow) -> None:
    QGuiApplication.clipboard().setText("https://example.org/feed.xml")
    dialog = add_feed.open_dialog(window)
    assert dialog.address.text() == "https://example.org/feed.xml"
    dialog.close()


def test_a_feed_is_renamed_moved_and_stopped(window: MainWindow, settled: Settle) -> None:
    assert window.engine is not None
    feed = window.engine.feeds()[0]
    dialog = feed_settings.FeedSettings(window, feed)
    dialog.open()
    settled(window)
    dialog.name.setText("My name for it")
    dialog.folder.setEditText("A/B")
    dialog.fetched.setChecked(False)
    dialog.save()
    settled(window)
    after = next(other for other in window.engine.feeds() if other.id == feed.id)
    assert (after.title, after.folder, after.stopped) == ("My name for it", "A/B", True)


def test_a_feed_that_is_never_fetched_shows_no_made_up_address(window: MainWindow, settled: Settle) -> None:
    assert window.engine is not None
    dialog = feed_settings.FeedSettings(window, window.engine.feeds()[0])
    dialog.open()
    settled(window)
    assert not any("millpond:" in label.text() for label in dialog.findChildren(QLabel))
    assert not dialog.fetched.isVisible()
    dialog.close()


def test_unfollowing_is_undone_with_every_post(window: MainWindow, settled: Settle) -> None:
    engine = window.engine
    assert engine is not None
    feed = engine.feeds()[0]
    before = engine.timeline(TimelineQuery(order="newest", feed_id=feed.id))
    feed_settings.unfollow(window, feed)
    settled(window)
    assert feed.id not in [other.id for other in engine.feeds()]
    window.undo.back()
    settled(window)
    assert engine.timeline(TimelineQuery(order="newest", feed_id=feed.id)) == before


# ---- lists -----------------------------------------------------------------------------------


def test_private_addresses_of_a_list_are_listed_and_asked_about_once(
    window: MainWindow, settled: Settle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window, "refresh", lambda *_a, **_k: None)
    path = tmp_path / "list.opml"
    path.write_text(
        '<opml version="2.0"><body><outline text="Public" type="rss" xmlUrl="https://a.example/feed"/>'
        '<outline text="Router" type="rss" xmlUrl="http://192.168.7.1/log.xml"/></body></opml>'
    )
    import_opml.open_dialog(window, path)
    settled(window)
    dialog = window.findChild(import_opml.ImportOpml)
    assert dialog is not None
    engine = window.engine
    assert engine is not None
    assert "http://192.168.7.1/log.xml" in dialog.addresses.toPlainText()
    assert "http://192.168.7.1/log.xml" not in [feed.url for feed in engine.feeds()]
    dialog.allow_button.click()
    settled(window)
    assert "http://192.168.7.1/log.xml" in [feed.url for feed in engine.feeds()]
    assert not dialog.allow_button.isVisible()
    dialog.close()


def test_a_file_that_is_no_list_is_said_in_words(window: MainWindow, settled: Settle, tmp_path: Path) -> None:
    path = tmp_path / "photo.opml"
    path.write_bytes(b"\x89PNG\r\n")
    import_opml.open_dialog(window, path)
    settled(window)
    dialog = window.findChild(import_opml.ImportOpml)
    assert dialog is not None
    assert dialog.error.isVisible()
    dialog.close()


def test_what_an_import_did_is_one_line() -> None:
    from engine import Changes

    words = import_opml.outcome_words(OpmlImport(added=2, already=1, private=(), refused=("x",), changes=Changes()))
    assert words == "2 feeds added · 1 was followed already · 1 address is no feed's"


def test_starter_packs_follow_only_what_is_ticked(window: MainWindow, settled: Settle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window, "refresh", lambda *_a, **_k: None)
    dialog = packs.open_dialog(window)
    settled(window)
    assert not dialog.follow_button.isEnabled()
    top = dialog.tree.topLevelItem(0)
    assert top is not None
    top.child(1).setCheckState(0, Qt.CheckState.Checked)
    (wanted,) = dialog.chosen()
    assert dialog.follow_button.text() == "Follow 1 feed"
    dialog.follow()
    settled(window)
    assert window.engine is not None
    assert wanted.url in [feed.url for feed in window.engine.feeds()]


def test_every_starter_feed_has_a_name_and_its_own_https_address(window: MainWindow) -> None:
    assert window.engine is not None
    feeds = [feed for pack in window.engine.starter_packs() for feed in pack.feeds]
    assert len(feeds) >= 25
    assert len({feed.url for feed in feeds}) == len(feeds)
    for feed in feeds:
        assert feed.title
        assert feed.folder
        assert feed.url.startswith("https://")
        assert feed.site_url.startswith("https://")


# ---- rules -----------------------------------------------------------------------------------


def test_a_rule_is_tried_on_past_posts_before_it_is_saved(window: MainWindow, settled: Settle, qtbot: QtBot) -> None:
    engine = window.engine
    assert engine is not None
    editor = rule.open_dialog(window)
    assert not editor.save_button.isEnabled()
    editor._rows[0].value.setText("crypto")
    qtbot.wait(rule.PREVIEW_AFTER_MILLISECONDS + 50)
    settled(window)
    draft = editor.rule()
    assert draft is not None
    wanted = engine.preview_rule(draft).posts
    assert wanted > 0
    assert editor.count.text().startswith(str(wanted))
    assert "Crypto" in editor.examples[0].text()
    assert engine.rules() == []
    plain(editor)
    editor.save()
    settled(window)
    (saved,) = engine.rules()
    assert saved.conditions[0].value == "crypto"
    assert engine.counts().hidden == wanted
    window.undo.back()
    settled(window)
    assert engine.rules() == []
    assert engine.counts().hidden == 0


def test_a_rule_in_chinese_previews_too(window: MainWindow, settled: Settle, qtbot: QtBot) -> None:
    editor = rule.open_dialog(window, Rule(name="", conditions=(Condition(field="words", value="水车"),)))
    qtbot.wait(rule.PREVIEW_AFTER_MILLISECONDS + 50)
    settled(window)
    assert "水车" in editor.examples[0].text()
    editor.close()


def test_conditions_are_added_and_removed(window: MainWindow) -> None:
    editor = rule.open_dialog(window, Rule(name="", conditions=(Condition(field="words", value="a"),)))
    editor.add_condition.click()
    editor._rows[1].value.setText("b")
    draft = editor.rule()
    assert draft is not None
    assert [condition.value for condition in draft.conditions] == ["a", "b"]
    editor._rows[0].remove.click()
    draft = editor.rule()
    assert draft is not None
    assert [condition.value for condition in draft.conditions] == ["b"]
    editor.close()


def test_an_edited_rule_is_put_back_by_undo(window: MainWindow, settled: Settle) -> None:
    engine = window.engine
    assert engine is not None
    saved = engine.save_rule(Rule(name="Crypto", conditions=(Condition(field="words", value="crypto"),))).rule
    editor = rule.open_dialog(window, saved)
    editor.muffle_choice.setChecked(True)
    editor.save()
    settled(window)
    assert engine.rules()[0].action == "muffle"
    window.undo.back()
    settled(window)
    assert engine.rules()[0].action == "hide"


def test_a_deleted_rule_comes_back_by_undo(window: MainWindow, settled: Settle) -> None:
    engine = window.engine
    assert engine is not None
    saved = engine.save_rule(Rule(name="Crypto", conditions=(Condition(field="words", value="crypto"),))).rule
    rule.delete_rule(window, saved)
    settled(window)
    assert engine.rules() == []
    window.undo.back()
    settled(window)
    assert [made.name for made in engine.rules()] == ["Crypto"]


# ---- keeping ---------------------------------------------------------------------------------

LOCKED = ProfileState(exists=True, encryption="passphrase", keyring_works=None)
NEW = ProfileState(exists=False, encryption=None, keyring_works=False)


def press(sheet: Sheet, text: str) -> None:
    next(made for made in sheet.findChildren(QPushButton) if made.text() == text).click()


def test_a_new_profile_with_a_keyring_needs_no_question(tmp_path: Path) -> None:
    assert unlock.ask(tmp_path, ProfileState(exists=False, encryption=None, keyring_works=True)) == {"encryption": "keyring"}


def test_a_chosen_passphrase_makes_an_encrypted_profile(qtbot: QtBot, tmp_path: Path) -> None:
    dialog = unlock.FirstRun()
    qtbot.addWidget(dialog)
    dialog.first.setText("four unrelated words here")
    dialog.second.setText("four unrelated words here")
    press(dialog, "Begin")
    assert dialog.answer is not None
    with open_engine(tmp_path / "p", **dialog.answer) as made:
        assert made.recovery_key()
    assert (tmp_path / "p" / "millpond.db").read_bytes()[:15] != b"SQLite format 3"


def test_two_different_passphrases_are_refused(qtbot: QtBot) -> None:
    dialog = unlock.FirstRun()
    qtbot.addWidget(dialog)
    dialog.show()
    dialog.first.setText("one")
    dialog.second.setText("two")
    press(dialog, "Begin")
    assert dialog.answer is None
    assert "do not match" in dialog.error.text()


def test_no_encryption_is_an_explicit_choice(qtbot: QtBot) -> None:
    dialog = unlock.FirstRun()
    qtbot.addWidget(dialog)
    assert dialog.by_passphrase.isChecked()
    dialog.plain.setChecked(True)
    press(dialog, "Begin")
    assert dialog.answer == {"encryption": "plain"}


def test_a_wrong_passphrase_is_said_in_words_and_asked_again(qtbot: QtBot) -> None:
    dialog = unlock.Unlock(LOCKED, "This is not the passphrase of this profile. Nothing was changed.")
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.error.isVisible()
    dialog.secret.setText("right")
    press(dialog, "Open")
    assert dialog.answer == {"passphrase": "right"}


def test_the_passphrase_is_not_readable_on_screen_until_asked(qtbot: QtBot) -> None:
    dialog = unlock.Unlock(LOCKED)
    qtbot.addWidget(dialog)
    dialog.secret.setText("secret")
    assert dialog.secret.displayText() != "secret"
    dialog.shown.setChecked(True)
    assert dialog.secret.displayText() == "secret"


def test_the_recovery_key_opens_the_profile_again(qtbot: QtBot, tmp_path: Path) -> None:
    with open_engine(tmp_path / "p", encryption="passphrase", passphrase="four words") as made:
        key = made.recovery_key()
    dialog = unlock.RecoveryKey(None, key)
    qtbot.addWidget(dialog)
    with open_engine(tmp_path / "p", passphrase=dialog.shown.text()):
        pass


def test_the_recovery_key_is_saved_for_its_owner_only(qtbot: QtBot, tmp_path: Path) -> None:
    dialog = unlock.RecoveryKey(None, "AAAAA-BBBBB")
    qtbot.addWidget(dialog)
    dialog.write(str(tmp_path / "key.txt"))
    assert "AAAAA-BBBBB" in (tmp_path / "key.txt").read_text()
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / "key.txt").stat().st_mode) == 0o600


def test_a_place_that_cannot_be_written_is_said_in_words(qtbot: QtBot, tmp_path: Path) -> None:
    dialog = unlock.RecoveryKey(None, "AAAAA")
    qtbot.addWidget(dialog)
    dialog.show()
    dialog.write(str(tmp_path / "missing" / "key.txt"))
    assert "could not be written" in dialog.error.text()


# ---- faults ----------------------------------------------------------------------------------


def test_a_fault_is_shown_as_plain_text_that_can_be_copied(window: MainWindow) -> None:
    text = "Traceback:\n  <b>not bold</b> ValueError"
    dialog = bug.show(window, text)
    assert "<b>not bold</b>" in dialog.text.toPlainText()
    dialog.copy()
    assert "ValueError" in QGuiApplication.clipboard().text()
    plain(dialog)
    dialog.close()


def test_several_faults_share_one_window(window: MainWindow, qtbot: QtBot) -> None:
    first = bug.show(window, "first fault")
    assert bug.show(window, "second fault") is first
    assert "second fault" in first.text.toPlainText()
    first.close()
    qtbot.wait(10)
    again = bug.show(window, "third fault")
    assert "first fault" not in again.text.toPlainText()
    again.close()


def test_a_dialog_grows_with_what_it_says(window: MainWindow, qtbot: QtBot) -> None:
    dialog = add_feed.open_dialog(window)
    qtbot.wait(20)
    before = dialog.height()
    dialog.fail("A long sentence about what went wrong. " * 12)
    qtbot.wait(20)
    assert dialog.height() > before
    assert dialog.folder.height() >= dialog.folder.sizeHint().height()
    dialog.close()


def test_escape_leaves_a_dialog(window: MainWindow, qtbot: QtBot) -> None:
    dialog = rule.open_dialog(window)
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
