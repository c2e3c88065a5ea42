"""What plain words became: rules or a timeline that a person may look at and save, and what of the words they do not say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from engine.types.deciding import Rule
from engine.types.ranked import Timeline


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainRemark:
    """How something was understood. `name` is a key of PLAIN_REMARKS, `detail` the words or the number it is about."""

    name: str
    detail: str = ""


# What remarks say. The window translates them.
PLAIN_REMARKS: Mapping[str, str] = MappingProxyType(
    {
        "several": "One rule cannot say this; it became {detail} rules.",
        "topic": "“{detail}” is compared by meaning. The slider says how near a post must be.",
        "words": "“{detail}” is looked for as words: a post that says it otherwise is not found.",
        "outlets": "“{detail}” is taken as: a story that several sources tell.",
        "long": "“{detail}” is taken as 1,000 words or more.",
        "short": "“{detail}” is taken as 50 words or fewer.",
        "old": "“{detail}” is taken as a week or older when it arrives.",
        "unknown_source": "None of your feeds and authors is called “{detail}”. Look at what stands for it.",
        "unknown_folder": "You have no folder or feed called “{detail}”.",
        "nothing": "Nothing says which posts are meant.",
        "all_but": "This takes every post but those that it names. See below how many these are.",
        "too_wide": "What is left of “{detail}” would take nearly all posts.",
        "wider": "Without what is not expressed, this takes other posts than you said.",
        "timeline_topic": "A timeline does not choose by subject. What you like decides; or make a rule that ranks “{detail}” higher.",
        "model": "The language model took “{detail}” to be what this is about. It may be wrong.",
        "aside": "It left aside: “{detail}”.",
        "model_failed": "The language model could not help: {detail}",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainRule:
    """What words about posts became. Nothing of it is saved.

    `rules`: none where nothing could be understood, several where one cannot say it. `timeline`: in place of rules, where the words
    ask for one. `unexpressed`: parts of the words, as they were written, that neither says. `by`: who understood it.
    """

    words: str
    rules: tuple[Rule, ...] = ()
    timeline: Timeline | None = None
    by: Literal["grammar", "model", "both"] = "grammar"
    unexpressed: tuple[str, ...] = ()
    remarks: tuple[PlainRemark, ...] = ()
    model: str = ""  # its name, where it had a part

    @property
    def rule(self) -> Rule | None:
        """The first rule."""
        return self.rules[0] if self.rules else None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainTimeline:
    """What words about a timeline became; see `PlainRule`."""

    words: str
    timeline: Timeline | None = None
    by: Literal["grammar", "model", "both"] = "grammar"
    unexpressed: tuple[str, ...] = ()
    remarks: tuple[PlainRemark, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainNames:
    """The person's own names, which words are matched against."""

    feeds: Mapping[int, str] = field(default_factory=dict)  # titles by id
    folders: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
