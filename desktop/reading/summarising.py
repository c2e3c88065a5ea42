"""Summaries of the open post and of its story: asked for, shown above the text, and their words marked in it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from desktop import theme
from desktop.reading.browser import SafeBrowser
from desktop.reading.column import Column
from desktop.reading.document import find_spans
from desktop.reading.story_summary import StorySummaryBox, spans_of
from desktop.reading.summary import SummaryBox
from desktop.strings import tr
from engine import EngineError, Post, StorySummary, Summary

if TYPE_CHECKING:
    from desktop.main_window import MainWindow

Places = list[list[tuple[int, int]]]  # for each sentence, where its words stand in the document


class Summarising(QObject):
    """What comes late for another post is dropped."""

    def __init__(self, window: MainWindow, body: SafeBrowser, area: Column) -> None:
        super().__init__(window)
        self._window, self._body, self._area = window, body, area
        self._id: int | None = None
        self._cancel = {"summary": threading.Event(), "story-summary": threading.Event()}
        self.evidence: Places = []
        self.claim_evidence: Places = []
        self._tells_story = False
        self._told: tuple[int, Summary] | None = None  # by a briefing, of one post
        self._cited: tuple[int, str, list[tuple[int, int]]] | None = None  # the post whose words an answer or a claim stands on
        self._went = False  # to those words
        self._article = False  # the whole article of the post is shown
        self.box = SummaryBox()
        self.box.wanted.connect(self.summarise)
        self.box.cancelled.connect(self.stop)
        self.box.sentence_hovered.connect(self._leave_cited)
        self.box.sentence_hovered.connect(self.show_evidence)
        self.box.sentence_chosen.connect(self._go_to_evidence)
        self.box.story_wanted.connect(self.summarise_story)
        self.story_box = StorySummaryBox()
        self.story_box.wanted.connect(self.summarise_story)
        self.story_box.cancelled.connect(self.stop_story)
        self.story_box.claim_hovered.connect(self._show_claim)
        self.story_box.claim_chosen.connect(self._show_claim)
        self.story_box.source_wanted.connect(self._lead_to)
        body.filled.connect(self.place_evidence)
        window.features.changed.connect(self._suit)

    # ---- showing -----------------------------------------------------------------------------

    def leave(self, id: int) -> None:
        """Post `id` is opened: what is under way for the one before it stops."""
        self.stop()
        self.stop_story()
        if self._cited is not None and self._cited[0] != id:
            self._cited = None

    def tell(self, id: int, summary: Summary | None) -> None:
        """What a briefing says of a post; it stands for a summary where no model wrote one."""
        self._told = None if summary is None else (id, summary)

    def show_post(
        self, post: Post, summary: Summary | None, story: StorySummary | None, *, new: bool, article: bool = False
    ) -> None:
        """Take up what is kept about a post that was loaded. `article`: its whole article is shown, which is then summed up."""
        waits = False
        if article != self._article and not new:
            waits = self.box.busy
            self.stop()  # it was of the other text
            self._mark([])
        self._article = article
        self._id = post.row.id
        self._tells_story = post.row.story_id is not None and post.row.story_posts > 1
        told = self._told[1] if self._told is not None and self._told[0] == self._id else None
        if told is not None and told.method == "model" and "summaries" not in self._window.features:
            told = None
        if told is not None and (summary is None or summary.method != "model"):
            summary = told
        if summary is not None:
            self._show(summary)
        elif new:
            self.box.show_none()
            self._mark([])
        elif waits:
            self.summarise()
        if story is not None:
            self._show_story(story)
        elif new or post.row.story_id is None or not self._still_told(post):
            self.story_box.show_none()
            self.claim_evidence = []
        self._offer_story()
        if self._cited is not None and self._cited[0] == self._id:
            self.place_evidence()

    def _suit(self) -> None:
        """Once summaries are switched off, what a model wrote goes from the boxes, and what it was asked for is given up."""
        if "summaries" in self._window.features:
            return
        if self.box.summary is None or self.box.summary.method == "model":
            self.stop()
            self._mark([])
        if not self.story_box.idle and (self.story_box.summary is None or self.story_box.summary.method == "model"):
            self.stop_story()
            self.claim_evidence = []

    def _offer_story(self) -> None:
        self.box.offer_story(self._tells_story and self.story_box.idle)

    def _still_told(self, post: Post) -> bool:
        """Whether what the story's box shows is about the story as it is: as many tellings, or under way."""
        shown = self.story_box.summary
        return shown is None or len(shown.tellings) + shown.left_out == post.row.story_posts

    def cover(self, covered: bool) -> None:
        self.box.setVisible(not covered)
        self.story_box.cover(covered)

    def restyle(self) -> None:
        self.box.restyle()
        self.story_box.restyle()
        self.show_evidence(0)

    def _show(self, summary: Summary) -> None:
        if summary == self.box.summary:
            return
        if not summary.sentences:
            self.box.show_failed(tr("There is nothing in this post that could be summed up."))
            return
        self.box.show_summary(summary)
        self.place_evidence()

    def _show_story(self, story: StorySummary) -> None:
        if story == self.story_box.summary:
            return
        if not (story.agreed or story.single or story.differences):
            self.story_box.show_failed(tr("There is nothing in these tellings that could be summed up."))
            return
        self.story_box.show_summary(story)
        self.place_evidence()

    # ---- asking ------------------------------------------------------------------------------

    def summarise(self) -> None:
        """Ask for a summary of the post that is open; shows one that exists already."""
        id, engine, article = self._id, self._window.engine, self._article
        if id is None or engine is None or self.box.summary is not None:
            return
        self.box.show_busy()
        cancel = self._begin("summary")

        def done(summary: Summary) -> None:
            if self._id == id:
                self._show(summary)

        def failed(error: EngineError) -> None:
            if self._id == id and not cancel.is_set():
                self.box.show_failed(str(error))

        self._window.lanes.slow(lambda: engine.summarise(id, whole=article, cancel=cancel), done, failed=failed, key="summary", owner=self)

    def summarise_story(self) -> None:
        """Ask for a summary of the story that the open post tells."""
        id, engine = self._id, self._window.engine
        if id is None or engine is None or self.story_box.summary is not None:
            return
        if not self._tells_story:
            self._window.say(tr("Only this post tells it"))
            return
        self.story_box.show_busy()
        self._offer_story()
        cancel = self._begin("story-summary")

        def done(story: StorySummary) -> None:
            if self._id == id:
                self._show_story(story)

        def failed(error: EngineError) -> None:
            if self._id == id and not cancel.is_set():
                self.story_box.show_failed(str(error))

        self._window.lanes.slow(
            lambda: engine.summarise_story(id, cancel=cancel), done, failed=failed, key="story-summary", owner=self
        )

    def stop(self) -> None:
        """Stop the model; an answer that still comes is dropped."""
        self._drop("summary")
        self.box.show_none()

    def stop_story(self) -> None:
        self._drop("story-summary")
        self.story_box.show_none()
        self._offer_story()

    def _begin(self, what: str) -> threading.Event:
        self._cancel[what].set()
        self._cancel[what] = threading.Event()
        return self._cancel[what]

    def _drop(self, what: str) -> None:
        self._cancel[what].set()
        if self._window.lanes is not None:
            self._window.lanes.slow(lambda: None, None, key=what)

    # ---- the words that support what is said -------------------------------------------------

    def mark_words(self, post_id: int, source: str, spans: list[tuple[int, int]]) -> None:
        """Mark words of a post once it is shown, and go to the first of them. `spans` index `source`, which holds the post's text."""
        self._cited, self._went = (post_id, source, spans) if spans else None, False
        if post_id == self._id:
            self.place_evidence()

    def _leave_cited(self, sentence: int) -> None:
        """The person points at the summary: from now on its evidence is marked."""
        if sentence and self._cited is not None:
            self._cited = None
            self.place_evidence()

    def place_evidence(self) -> None:
        """Look up where the words stand in the document as it is shown now."""
        summary, story, id = self.box.summary, self.story_box.summary, self._id
        cited = self._cited if self._cited is not None and self._cited[0] == id else None
        if id is None or (summary is None and story is None and cited is None):
            return
        text, claims = self._body.document().toPlainText(), list(self.story_box.claims)
        own = next((told.text for told in story.tellings if told.post_id == id), "") if story is not None else ""

        def find() -> tuple[Places, Places]:
            said = [find_spans(text, own, spans) for spans in spans_of(claims, id)]
            if cited is not None:
                return [find_spans(text, cited[1], cited[2])], said
            if summary is None:
                return [], said
            return [
                find_spans(text, summary.text, [(span.start, span.end) for span in sentence.evidence])
                for sentence in summary.sentences
            ], said

        def found(places: tuple[Places, Places]) -> None:
            if self._id != id:
                return
            self.claim_evidence = places[1]
            self._mark(places[0])
            if cited is not None and places[0][0] and not self._went:
                self._went = True
                QTimer.singleShot(0, self, lambda: self._scroll_to(places[0][0]))

        self._window.lanes.read(find, found, key="evidence", owner=self)

    def _mark(self, evidence: Places) -> None:
        self.evidence = evidence
        self.show_evidence(0)

    def show_evidence(self, sentence: int) -> None:
        """Underline all evidence; that of `sentence` (from 1) stands out, with 0 all of it does."""
        marks = [
            (start, end, sentence in (0, number))
            for number, spans in enumerate(self.evidence, start=1)
            for start, end in spans
        ]
        self._body.mark(sorted(marks, key=lambda mark: mark[2]))

    def _go_to_evidence(self, sentence: int) -> None:
        self.show_evidence(sentence)
        if 0 < sentence <= len(self.evidence):
            self._scroll_to(self.evidence[sentence - 1])

    def _show_claim(self, claim: int) -> None:
        """Underline the words of a claim of the story, where the open post has them."""
        spans = self.claim_evidence[claim - 1] if 0 < claim <= len(self.claim_evidence) else []
        if spans:
            self._body.mark([(start, end, True) for start, end in spans])
        else:
            self.show_evidence(0)

    def _lead_to(self, claim: int, at: int) -> None:
        """Go to the words of one source of a claim, opening that telling where it is not open."""
        story = self.story_box.summary
        if story is None:
            return
        source = self.story_box.claims[claim - 1].sources[at]
        if source.post_id == self._id:
            self._show_claim(claim)
            if 0 < claim <= len(self.claim_evidence):
                self._scroll_to(self.claim_evidence[claim - 1])
            return
        text = next(told.text for told in story.tellings if told.post_id == source.post_id)
        self.mark_words(source.post_id, text, [(span.start, span.end) for span in source.evidence])
        self._window.open_post(source.post_id)

    def _scroll_to(self, spans: list[tuple[int, int]]) -> None:
        if spans:
            start, end = min(spans)
            top = self._body.mapTo(self._area.outside, self._body.rect().topLeft()).y()
            self._area.ensureVisible(0, top + self._body.mark_top((start, end, True)), 0, theme.px(80))
