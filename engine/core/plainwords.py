"""Rules and timelines from plain words: understood, shown, and saved by the person alone."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace

from engine.core.applying import Applying
from engine.core.features import Features
from engine.core.ruletexts import RuleTexts
from engine.errors import EngineError
from engine.types import PlainNames, PlainRemark, PlainRule, PlainTimeline

# A language model below this size is not asked: of 14 wishes that the grammar does not read the default model (98 MB) got the action of one
# right and its subject of none, and on the evaluation's sentences it made no more of them right than the grammar alone.
CAPABLE_FROM_BYTES = 350_000_000
_OF_WORDS = frozenset({"words", "phrase", "title", "topic", "author", "source"})


class PlainWords(Features, RuleTexts, Applying):
    """What a person says in their own words. Nothing here saves anything."""

    def rule_from_words(self, text: str, *, cancel: threading.Event | None = None) -> PlainRule:
        """Understand what shall be done with which posts: by a grammar of English and Chinese.

        Where the grammar reads no wish at all, a language model that is large enough is asked what to do and which of the person's own words
        name the posts; the grammar then reads that. `by` says so. It never changes what the grammar has read.

        Args:
            cancel: once set, the model stops after its current token and the grammar's answer counts.
        """
        from engine.filters.plainwords import read_rules
        from engine.filters.plainwords_timeline import is_timeline

        if is_timeline(text):
            made = self.timeline_from_words(text)
            return PlainRule(words=made.words, timeline=made.timeline, unexpressed=made.unexpressed, remarks=made.remarks)
        names, topics = self._names_in(text), self._topics_can_be_compared()
        found = read_rules(text, names=names, now=self._clock(), topics=topics)
        if found.rules or not found.unexpressed or not {"plain_rules", "model"} <= self.features():
            return found
        return self._rule_by_model(found, names, topics, cancel)

    def timeline_from_words(self, text: str) -> PlainTimeline:
        """Understand what a timeline shall show, and how it shall be weighed: by the grammar, for a timeline has few things to say."""
        from engine.filters.plainwords_timeline import read_timeline

        return read_timeline(text, names=self._names_in(text))

    # ---- inside ------------------------------------------------------------------------------

    def _rule_by_model(self, found: PlainRule, names: PlainNames, topics: bool, cancel: threading.Event | None) -> PlainRule:
        """What the model makes of words that the grammar could not read; else what the grammar said."""
        from engine.filters.plainwords import read_rules
        from engine.filters.text import tokens
        from engine.language.rulewords import propose
        from engine.workers.supervisor import CancelledError

        generator, entry = self._models.generator(), self._models.text_model()
        if entry.size_bytes < CAPABLE_FROM_BYTES or generator is None or not entry.speaks("zh" if not found.words.isascii() and _mostly_chinese(found.words) else "en", found.words):
            return found
        try:
            proposal = propose(generator, found.words, cancelled=cancel.is_set if cancel is not None else None)
        except CancelledError:
            return found
        except EngineError as error:
            return replace(found, remarks=(*found.remarks, PlainRemark(name="model_failed", detail=str(error))))
        if proposal is None:
            return found
        made = read_rules(proposal.as_wish(), names=names, now=self._clock(), topics=topics)
        said = set(tokens(found.words))
        rules = tuple(
            replace(rule, name=found.words[:80])
            for rule in made.rules
            if all(set(tokens(one.value)) <= said for one in rule.conditions if one.field in _OF_WORDS)
        )
        if not rules:
            return found
        kept = set(tokens(f"{proposal.posts} {proposal.unless}"))
        aside = " ".join(word for word in found.words.split() if not set(tokens(word)) <= kept)
        return PlainRule(
            words=found.words,
            rules=rules,
            by="model",
            unexpressed=made.unexpressed,
            remarks=(PlainRemark(name="model", detail=proposal.posts), *([PlainRemark(name="aside", detail=aside)] if aside else []), *made.remarks),
            model=entry.name,
        )

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


def _mostly_chinese(text: str) -> bool:
    return sum("\u3400" <= letter <= "\u9fff" for letter in text) * 3 > len(text)


def _and_above(folder: str) -> Sequence[str]:
    """A folder and those around it: "A/B" and "A"."""
    names = [name for name in folder.split("/") if name]
    return ["/".join(names[:count]) for count in range(1, len(names) + 1)]
