"""Stories in the window: what a card says of them, who else tells it, taking apart, putting together, following."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QStyleOptionViewItem
from pytestqt.qtbot import QtBot

from desktop import theme
from desktop.timeline.card import lay_out, marks
from desktop.timeline.delegate import CardDelegate
from desktop.timeline.model import PickedRole, TimelineModel, spoken
from engine import Extras
from tests.desktop.test_timeline import a_row

# ---- on a card -------------------------------------------------------------------------------


def test_a_card_says_how_many_other_outlets_tell_its_story() -> None:
    assert lay_out(a_row(story_id=7, story_posts=5, outlets=4), 460).story == "+3 outlets"


def test_a_card_of_a_person_counts_people() -> None:
    row = a_row(story_id=7, story_posts=2, outlets=2, extras=Extras(source_kind="mastodon"))
    assert lay_out(row, 460).story == "+1 person"


def test_an_outlet_that_told_it_twice_is_no_second_outlet() -> None:
    assert lay_out(a_row(story_id=7, story_posts=2, outlets=1), 460).story == "+1 post"


def test_a_post_that_stands_alone_says_nothing_of_a_story() -> None:
    card = lay_out(a_row(), 460)
    assert (card.story, card.news) == ("", "")


def test_a_followed_story_says_what_is_new() -> None:
    assert lay_out(a_row(story_id=7, story_posts=4, outlets=3, story_followed=True, story_new=2), 460).news == "2 new"


def test_a_followed_story_without_news_is_marked_as_followed() -> None:
    row = a_row(story_id=7, story_posts=4, outlets=3, story_followed=True)
    assert ("accent", "followed", False) in marks(row)


def test_a_screen_reader_hears_of_the_story() -> None:
    words = spoken(a_row(story_id=7, story_posts=5, outlets=4, story_followed=True, story_new=2))
    assert "5 posts tell this, from 4 sources, a story that you follow, 2 new" in words


def test_a_narrow_card_keeps_its_story(qtbot: QtBot) -> None:
    """What else there is to say gives way; the pill in the accent's soft ground is painted."""
    row = a_row(story_id=7, story_posts=5, outlets=4, reason="source_liked", saved=True, liked=True)
    delegate = CardDelegate(lambda _name, _id: None)
    image = QImage(300, 200, QImage.Format.Format_RGB32)
    image.fill(theme.color("card"))
    painter = QPainter(image)
    delegate._paint_marks(painter, lay_out(row, 240), 10, 10, 90)
    painter.end()
    assert image.pixelColor(14, 20) == theme.color("accent_soft")


def test_behind_the_card_of_a_story_the_edge_of_another_is_seen(qtbot: QtBot) -> None:
    def below(**story: int) -> str:
        model = TimelineModel(lambda _ids, _loaded: None)
        row = a_row(**story)
        model.set_ids([row.id], [row])
        delegate = CardDelegate(lambda _name, _id: None)
        option = QStyleOptionViewItem()
        height = delegate.height(row, 460)
        option.rect = QRectF(0, 0, 460, height).toRect()
        image = QImage(460, height, QImage.Format.Format_RGB32)
        image.fill(theme.color("background"))
        painter = QPainter(image)
        delegate.paint(painter, option, model.index(0))
        painter.end()
        edge = round(delegate.frame(QRectF(option.rect)).bottom()) + theme.px(3)
        return image.pixelColor(QPointF(230, edge).toPoint()).name()

    assert below() == theme.tokens().background.lower()
    assert below(story_id=7, story_posts=3, outlets=3) != theme.tokens().background.lower()


def test_a_picked_card_stays_picked_in_another_list(qtbot: QtBot) -> None:
    model = TimelineModel(lambda _ids, _loaded: None)
    model.set_ids([1, 2, 3])
    model.pick([2], True)
    model.set_ids([9, 2])
    assert [model.index(at).data(PickedRole) for at in range(2)] == [False, True]
