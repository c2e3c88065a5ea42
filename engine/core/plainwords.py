"""Rules and timelines from plain words: understood, shown, and saved by the person alone."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from engine.core.applying import Applying
from engine.core.ruletexts import RuleTexts
from engine.types import PlainNames, PlainRule, PlainTimeline


class PlainWords(RuleTexts, Applying):
    """What a person says in their own words. Nothing here saves anything."""

    def rule_from_words(self, text: str, *, cancel: threading.Event | None = None) -> PlainRule:
        """Understand what shall be done with which posts: by a grammar of English and Chinese.

        Where the grammar leaves something open, a usable language model fills the gaps; what it proposes is held to the person's own words.

        Args:
            cancel: once set, the model stops after its current token and the grammar's answer counts.
        """
        from engine.filters.plainwords import read_rules
        from engine.filters.plainwords_timeline import is_timeline

        if is_timeline(text):
            found = self.timeline_from_words(text)
            return PlainRule(words=found.words, timeline=found.timeline, unexpressed=found.unexpressed, remarks=found.remarks)
        return read_rules(text, names=self._names_in(text), now=self._clock(), topics=self._topics_can_be_compared())

    def timeline_from_words(self, text: str) -> PlainTimeline:
        """Understand what a timeline shall show, and how it shall be weighed: by the grammar, for a timeline has few things to say."""
        from engine.filters.plainwords_timeline import read_timeline

        return read_timeline(text, names=self._names_in(text))

    # ---- inside ------------------------------------------------------------------------------

    def _topics_can_be_compared(self) -> bool:
        return bool(self._settings["ai"]) and self._models.embedder() is not None

    def _names_in(self, text: str) -> PlainNames:
        """The person's feeds and folders, and those authors whose name may stand in the text."""
        from engine.filters.text import tokens

        feeds = self._store.feeds()
        said = set(tokens(text))
        return PlainNames(
            feeds={feed.id: feed.title for feed in feeds},
            folders=tuple(sorted({folder for feed in feeds for folder in _and_above(feed.folder)})),
            authors=tuple(author for author in self._store.authors() if not said.isdisjoint(tokens(author))),
        )


def _and_above(folder: str) -> Sequence[str]:
    """A folder and those around it: "A/B" and "A"."""
    names = [name for name in folder.split("/") if name]
    return ["/".join(names[:count]) for count in range(1, len(names) + 1)]
