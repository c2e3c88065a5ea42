"""The reading pane: header, summary, body, and why the post is here, in one column that scrolls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication, QImage, QResizeEvent
from PySide6.QtWidgets import (
    QLabel,
    QPushButton,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from desktop import theme
from desktop.facts import media_words, warning
from desktop.reading.acting import ActsPanel
from desktop.reading.browser import SafeBrowser, ask_and_open, reading_style
from desktop.reading.column import Column
from desktop.reading.document import SHOWN_AT_ONCE, Shown, picture_box, safe_html, shown_picture
from desktop.reading.extras import ExtrasPanel, WarningCover
from desktop.reading.flags import FlagNote
from desktop.reading.fulltext import FullTextControl
from desktop.reading.header import PostHeader
from desktop.reading.links import judge
from desktop.reading.pictures import PictureControl, decode, picture_name
from desktop.reading.reasons import Reasons
from desktop.reading.rewrite import RewriteBox
from desktop.reading.signals import SignalsPanel
from desktop.reading.story import StoryPanel
from desktop.reading.summarising import Summarising
from desktop.reading.thread import ThreadPanel
from desktop.reading.why import WhyPanel
from desktop.signals import rule_of
from desktop.strings import tr
from engine import (
    Changes,
    Condition,
    EngineError,
    FullText,
    Media,
    NotFoundError,
    PicturePolicy,
    Post,
    PostRow,
    Rule,
    StorySummary,
    Summary,
)

if TYPE_CHECKING:
    from desktop.main_window import MainWindow

COLUMN = 640  # pixels at 100 %
MARGIN = 44


@dataclass(frozen=True, slots=True)
class _Loaded:
    post: Post
    shown: Shown
    limit: int
    summary: Summary | None
    story: StorySummary | None
    article: bool  # the whole article is shown
    whole: FullText | None
    whole_always: bool
    images: dict[str, QImage]  # the fetched pictures, by address
    policy: PicturePolicy


class ReadingPane(QWidget):
    """Shows one post. Every call to the engine goes through the window's lanes; what comes late for another post is dropped."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__()
        self._window = window
        self._id: int | None = None
        self._post: Post | None = None
        self._shown: Shown | None = None
        self._shown_limit = 0
        self._images: dict[str, QImage] = {}
        self._widest = 0  # pixels at which pictures were decoded
        self._policy: PicturePolicy = "never"
        self._article = ""  # the whole article that is shown; "" for the feed's own text
        self._limit = SHOWN_AT_ONCE
        self._uncovered: int | None = None  # the post whose warning was lifted
        theme.role(self, "pane")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(tr("Reading pane"))
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._make_empty())
        self._stack.addWidget(self._make_column())
        self._foot = self._make_foot()
        theme.signal().changed.connect(self._restyle)
        self._resized = QTimer(self)
        self._resized.setSingleShot(True)
        self._resized.setInterval(150)
        self._resized.timeout.connect(self._fit_pictures)

    # ---- building ----------------------------------------------------------------------------

    def _make_empty(self) -> QWidget:
        empty = QWidget()
        box = QVBoxLayout(empty)
        box.setContentsMargins(theme.px(MARGIN), theme.px(24), theme.px(MARGIN), theme.px(24))
        box.addStretch(2)
        self._empty_title = theme.label(tr("Nothing open"), "heading")
        self._empty_text = theme.label(
            tr("Choose a post on the left, or press J to open the next one."), "second", wrap=True
        )
        for label in (self._empty_title, self._empty_text):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            box.addWidget(label)
        box.addStretch(3)
        return empty

    def _make_column(self) -> Column:
        self.area = Column(COLUMN, margin=MARGIN, top=28, bottom=40)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setAccessibleName(tr("Post"))
        column = self.area.body
        column.setSpacing(theme.px(8))
        self.header = PostHeader()
        self.header.open_wanted.connect(self.open_in_browser)
        self.header.like_wanted.connect(self._like)
        self.header.save_wanted.connect(lambda saved: self._act(lambda id: self._window.acts.save([id], saved)))
        self.header.hide_wanted.connect(self._hide)
        self.header.copy_wanted.connect(self._copy_link)
        self.header.comments_wanted.connect(self._open_comments)
        self.whole = FullTextControl(self._window, self.header.whole_button)
        self.whole.changed.connect(self._load)
        column.addWidget(self.header)
        column.addSpacing(theme.px(4))
        self.flags = FlagNote()
        column.addWidget(self.flags)
        self.rewrite = RewriteBox(self._window, self.header.rewrite_button)
        column.addWidget(self.rewrite)
        self.story = StoryPanel(self._window)
        column.addWidget(self.story)
        self.body = SafeBrowser(own_links=True)
        self.summaries = Summarising(self._window, self.body, self.area)
        self.summary_box = self.summaries.box
        column.addWidget(self.summaries.story_box)
        column.addWidget(self.summary_box)
        column.addSpacing(theme.px(8))
        self.body.setAccessibleName(tr("Text of the post"))
        self.body.link_hovered.connect(self._show_link)
        self.body.rule_wanted.connect(self._rule_from_words)
        self.body.own_link.connect(self._fetch_picture)
        self.cover = WarningCover()
        self.cover.lifted.connect(self.show_covered)
        column.addWidget(self.cover)
        column.addWidget(self.body)
        self.extras = ExtrasPanel()
        self.extras.quote_wanted.connect(lambda url: ask_and_open(self.window(), judge(url)))
        column.addWidget(self.extras)
        self.rest = QPushButton(tr("Show more of this long post"))
        self.rest.clicked.connect(self._show_more)
        column.addWidget(self.rest, 0, Qt.AlignmentFlag.AlignLeft)
        self.picture_words = theme.label("", "third", wrap=True)
        column.addWidget(self.picture_words)
        show_all = QPushButton(tr("Show all pictures"))
        show_all.hide()
        column.addWidget(show_all, 0, Qt.AlignmentFlag.AlignLeft)
        self.pictures = PictureControl(self._window, self.picture_words, show_all)
        self.pictures.changed.connect(self._load)
        column.addSpacing(theme.px(8))
        self.deeds = ActsPanel(self._window)
        column.addWidget(self.deeds)
        self.talk = ThreadPanel(self._window)
        self.talk.comment_wanted.connect(lambda comment: self.area.ensureWidgetVisible(comment, 0, theme.px(60)))
        column.addWidget(self.talk)
        self.signals = SignalsPanel()
        self.signals.rule_wanted.connect(self._rule_from_signal)
        self.signals.help_wanted.connect(lambda: self._window.show_help("signals"))
        column.addWidget(self.signals)
        self.why = WhyPanel()
        self.why.more.connect(lambda: self._like(True))
        self.why.less.connect(lambda: self._like(False))
        self.reasons = Reasons(self._window, self.why)
        column.addWidget(self.why)
        return self.area

    def _make_foot(self) -> QLabel:
        foot = theme.label("", "second")
        foot.setParent(self)
        foot.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        foot.hide()
        return foot

    # ---- showing -----------------------------------------------------------------------------

    @property
    def post_id(self) -> int | None:
        return self._id

    @property
    def row(self) -> PostRow | None:
        """The row of the post that is open, once it is loaded."""
        return self._post.row if self._post is not None and self._post.row.id == self._id else None

    def show_post(self, id: int) -> None:
        """Load and show a post; one that is shown already is loaded again, and stays where it was scrolled."""
        if id != self._id:
            self._limit = SHOWN_AT_ONCE
            self.summaries.leave(id)
        self._id = id
        self._load()

    def tell(self, id: int, summary: Summary | None) -> None:
        """Show this summary of a post where none by the model is kept, whenever that post is shown."""
        self.summaries.tell(id, summary)

    def clear(self) -> None:
        self._id = self._post = self._shown = None
        self.story.clear()
        self._stack.setCurrentIndex(0)
        self._foot.hide()

    def refresh(self, changes: Changes) -> None:
        """Take up what a write changed, if it is about this post or the order of all."""
        if self._id is None:
            return
        if changes.unknown or self._id in changes.updated or (self._post and self._post.row.feed_id in changes.feeds):
            self._load()
            return
        self.story.refresh(changes)
        if changes.order or changes.rules:
            self.reasons.load(self._id)

    def _load(self) -> None:
        id, engine, limit = self._id, self._window.engine, self._limit
        if id is None or engine is None:
            return
        old = self._post
        known, widest, ratio = self._images, self._room_for_pictures(), self.devicePixelRatioF()

        def load() -> _Loaded:
            post = engine.post(id)
            whole = engine.stored_full_text(id)
            article = self.whole.body(post, whole)
            policy = engine.picture_policy(post.row.feed_id)
            mine = known if old is not None and old.row.id == id and widest == self._widest else {}
            images = {
                picture.url: mine[picture.url] if picture.url in mine else _sharp(decode(picture, round(widest * ratio)), ratio)
                for picture in engine.stored_pictures(id)
            }
            pictures = {url: _shown_size(image) for url, image in images.items() if not image.isNull()}
            same = old is not None and old.row.id == id and old.content_hash == post.content_hash and images.keys() == mine.keys() and policy == self._policy
            shown = self._shown if same and limit == self._shown_limit and article == self._article else None
            body = article or post.body_html or escape(post.text, quote=False)
            shown = shown or safe_html(body, limit=limit, pictures=pictures, offer=policy != "never")
            self._article = article
            always = post.row.feed_id in engine.full_text_feeds()
            story = engine.stored_story_summary(id) if post.row.story_id is not None else None
            return _Loaded(post, shown, limit, engine.stored_summary(id, whole=bool(article)), story, bool(article), whole, always, images, policy)

        self._window.lanes.read(load, self._take, failed=self._missing, key="reading")
        self.reasons.load(self._id)

    def _take(self, loaded: _Loaded) -> None:
        post = loaded.post
        if post.row.id != self._id:
            return
        new = self._post is None or self._post.row.id != post.row.id
        changed = new or self._shown is None or loaded.shown.html != self._shown.html
        self._post, self._shown, self._shown_limit = post, loaded.shown, loaded.limit
        changed = changed or loaded.images.keys() != self._images.keys() or loaded.policy != self._policy
        self._take_pictures(loaded)
        self.whole.show_post(post, loaded.whole, always=loaded.whole_always)
        self.header.show_post(post)
        self.story.show_post(post)
        self.deeds.show_post(post)
        self.talk.show_post(post)
        self.signals.show_row(post.row)
        self.flags.show_row(post.row)
        self.rewrite.show_post(post)
        if changed:
            self._show_body(same=not new)
        else:
            self._show_cover()
        self.summaries.show_post(post, loaded.summary, loaded.story, new=new, article=loaded.article)
        self._stack.setCurrentIndex(1)
        if new:
            self.why.setVisible(False)
            self.area.verticalScrollBar().setValue(0)
            self._foot.hide()

    def _missing(self, error: EngineError) -> None:
        if isinstance(error, NotFoundError):
            self.clear()
        else:
            self._window.say(str(error))

    def _show_body(self, *, same: bool = True) -> None:
        shown, post = self._shown, self._post
        if shown is None or post is None:
            return
        boxes = "".join(
            self._picture(media)
            if media.kind == "image"
            else picture_box(media.kind, media_words(media.alt, media.size_bytes, media.duration_seconds), media.url, "")
            for media in self._beside(post, shown)
        )
        parts = [part for part in (*shown.parts, boxes) if part.strip()]
        if not parts:
            parts = [f"<p>{tr('This post has no text of its own. Open the original to read it.')}</p>"]
        self.body.show_parts(parts, theme.font(16, serif=True), reading_style(), same=same)
        self.rest.setVisible(shown.cut)
        self._show_cover()

    def _show_cover(self) -> None:
        """Behind a warning stand text, summary, poll and quote, until the person lifts it for this post."""
        assert self._post is not None
        extras = self._post.row.extras
        words = warning(extras) if self._uncovered != self._post.row.id else ""
        self.cover.show_warning(words)
        self.header.title.setVisible(bool(self._post.row.title) and not words)
        self.cover.setVisible(bool(words))
        self.rewrite.cover(bool(words))
        self.extras.show_extras(None if words else extras)
        self.body.setVisible(not words)
        self.summaries.cover(bool(words))
        shown = self._shown
        assert shown is not None
        urls = [*shown.urls, *(media.url for media in self._beside(self._post, shown) if media.kind == "image")]
        self.pictures.show_post(
            self._post.row.id, urls, self._images, self._policy, trackers=shown.trackers, covered=bool(words)
        )
        if words:
            self.rest.hide()
            self.picture_words.hide()
            self.pictures.button.hide()

    @staticmethod
    def _beside(post: Post, shown: Shown) -> list[Media]:
        """What a post brings beside its text. Pictures are told there only where the text itself names none."""
        return [media for media in post.media if media.kind in ("audio", "video") or (media.kind == "image" and not shown.urls)]

    def _fetch_picture(self, name: str) -> None:
        self.pictures.fetch(name)

    def _picture(self, media: Media) -> str:
        image = self._images.get(media.url)
        if image is not None and not image.isNull():
            return shown_picture(media.url, media.alt, _shown_size(image))
        return picture_box("img", media_words(media.alt, media.size_bytes, None), media.url, "", offer=self._policy != "never")

    def _room_for_pictures(self) -> int:
        """How wide a picture may be: as the text, with room for the scroll bar that it may bring."""
        bar = self.area.verticalScrollBar()
        room = self.body.viewport().width() - (0 if bar.isVisible() else bar.sizeHint().width())
        return max(theme.px(160), min(theme.px(COLUMN), room))

    def _take_pictures(self, loaded: _Loaded) -> None:
        self._images, self._policy, self._widest = loaded.images, loaded.policy, self._room_for_pictures()
        self.body.forget_pictures()
        for url, image in loaded.images.items():
            self.body.add_picture(picture_name(url, _shown_size(image)[0]), image)

    def show_covered(self) -> None:
        """Show the post behind its warning, or put the warning back."""
        if self._post is not None and warning(self._post.row.extras):
            self._uncovered = None if self._uncovered == self._post.row.id else self._post.row.id
            self._show_body()

    def _fit_pictures(self) -> None:
        if self._images and self._room_for_pictures() != self._widest:
            self._shown = None
            self._load()

    def _show_more(self) -> None:
        self._limit *= 4
        self._load()

    def mark_words(self, post_id: int, source: str, spans: list[tuple[int, int]]) -> None:
        """Mark words of a post once it is shown, and go to the first of them. `spans` index `source`, which holds the post's text."""
        self.summaries.mark_words(post_id, source, spans)

    # ---- why ---------------------------------------------------------------------------------

    def toggle_why(self) -> None:
        """Show or hide the panel; when it appears it is scrolled to."""
        reasons = self.reasons
        reasons.open = not (reasons.open and self.why.isVisible())
        self.why.setVisible(reasons.open and self.why.explanation is not None)
        if self.why.isVisible():
            QTimer.singleShot(0, self.why, lambda: self.area.ensureWidgetVisible(self.why, 0, theme.px(24)))

    def _rule_from_words(self, words: str) -> None:
        from desktop.dialogs import rule

        draft = Rule(name=words[:60], conditions=(Condition(field="phrase", value=words),), action="hide")
        rule.open_dialog(self._window, draft)

    def _rule_from_signal(self, name: str, share: float) -> None:
        from desktop.dialogs import rule

        rule.open_dialog(self._window, rule_of(name, share))

    # ---- acts --------------------------------------------------------------------------------

    def _act(self, act: Callable[[int], object]) -> None:
        if self._id is not None:
            act(self._id)

    def _like(self, liked: bool | None) -> None:
        if self._post is not None:
            self._post = replace(self._post, row=replace(self._post.row, liked=liked))
            self.header.show_post(self._post)
            self._window.acts.like(self._post.row.id, liked)

    def _hide(self, hidden: bool) -> None:
        if self._post is None:
            return
        if hidden:
            self._window.acts.hide([self._post.row.id], True)
        else:
            self._window.acts.restore([self._post.row.id])

    def _copy_link(self) -> None:
        if self._post is not None:
            QGuiApplication.clipboard().setText(judge(self._post.row.url).url)
            self._window.say(tr("Link copied"))

    def _open_comments(self) -> None:
        if self._post is not None:
            ask_and_open(self.window(), judge(self._post.comments_url))

    def open_in_browser(self) -> None:
        """Open the post's own page outside, and remember that it was opened."""
        if self._post is None:
            return
        link = judge(self._post.row.url)
        if not link.url:
            self._window.say(tr("This post names no page of its own."))
            return
        ask_and_open(self.window(), link)
        id, engine = self._post.row.id, self._window.engine
        if engine is not None:
            self._window.lanes.read(lambda: engine.record(id, "opened"))

    # ---- look --------------------------------------------------------------------------------

    def scroll_page(self) -> bool:
        """One page on; False at the end."""
        bar = self.area.verticalScrollBar()
        if self._id is None or bar.value() >= bar.maximum():
            return False
        bar.setValue(bar.value() + max(40, bar.pageStep() - theme.px(52)))
        return True

    def _show_link(self, text: str) -> None:
        if not text:
            self._foot.hide()
            return
        t = theme.tokens()
        self._foot.setStyleSheet(
            f"background: {t.card}; border: 1px solid {t.line_strong}; border-radius: 6px; padding: 3px 8px; color: {t.ink_second};"
        )
        self._foot.setText(self._foot.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, self.width() - 60))
        self._foot.adjustSize()
        self._place_foot()
        self._foot.show()
        self._foot.raise_()

    def _place_foot(self) -> None:
        self._foot.move(8, self.height() - self._foot.height() - 8)

    def _restyle(self) -> None:
        if self._post is not None:
            self.header.draw()
            self.story.restyle()
            self._show_body()
            self.summaries.restyle()
            self.talk.restyle()
            if self.why.explanation is not None:
                self.reasons.load(self._id)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._images:
            self._resized.start()
        self._place_foot()


def _sharp(image: QImage, ratio: float) -> QImage:
    image.setDevicePixelRatio(ratio)
    return image


def _shown_size(image: QImage) -> tuple[int, int]:
    """Width and height in the document's pixels."""
    size = image.deviceIndependentSize()
    return max(1, round(size.width())), max(1, round(size.height()))
