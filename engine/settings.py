"""Every setting with its type, default, bounds and help. The window and the CLI are built from this list."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from engine.errors import InputError

Value = bool | int | float | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting. `choices` and `pattern` are for text, `low` and `high` (inclusive) for numbers."""

    name: str
    group: str
    label: str
    help: str
    default: Value
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    pattern: str = ""  # that a text must match, where there is one
    form: str = ""  # and how that is said

    def parse(self, value: object) -> Value:
        """Return `value` as this setting's type.

        Raises:
            InputError: it has another type or lies out of bounds; the message names both.
        """
        kind = type(self.default)
        if kind is bool:
            if isinstance(value, bool):
                return value
            if str(value).lower() in {"1", "true", "yes", "on"}:
                return True
            if str(value).lower() in {"0", "false", "no", "off"}:
                return False
            raise InputError(f"{self.name} is on or off, not “{value}”.")
        if kind in (int, float) and not isinstance(value, bool):
            try:
                number = float(str(value))
            except ValueError:
                raise InputError(f"{self.name} is a number, not “{value}”.") from None
            low = self.low if self.low is not None else float("-inf")
            high = self.high if self.high is not None else float("inf")
            if not low <= number <= high:
                raise InputError(f"{self.name} lies between {low:g} and {high:g}; {number:g} does not.")
            return int(number) if kind is int else number
        text = str(value)
        if self.choices and text not in self.choices:
            raise InputError(f"{self.name} is one of {', '.join(self.choices)}; “{text}” is not.")
        if self.pattern and re.fullmatch(self.pattern, text) is None:
            raise InputError(f"{self.name} is {self.form}; “{text}” is not.")
        return text


ALL: tuple[Setting, ...] = (
    Setting(name="theme", group="Appearance", label="Theme", default="system", choices=("system", "light", "dark"),
            help="Follow the system, or always light or dark."),
    Setting(name="scale_percent", group="Appearance", label="Text size", default=100, low=80, high=200,
            help="Size of all text, in percent."),
    Setting(name="mark_read_on_open", group="Reading", label="Opening marks as read", default=True,
            help="A post that you open counts as read."),
    Setting(name="pictures", group="Reading", label="Pictures in posts", default="click", choices=("never", "click", "all"),
            help="Whoever serves a picture learns that you read the post. Each feed may have a choice of its own."),
    Setting(name="refresh_minutes", group="Feeds", label="Look for new posts every … minutes", default=60, low=60, high=1440,
            help="While the window is open. A feed may ask for longer, never for more often."),
    Setting(name="refresh_metered", group="Feeds", label="Look for new posts on metered lines", default=False,
            help="Off: on a line that the system calls metered, Millpond asks only when you press F5."),
    Setting(name="proxy", group="Feeds", label="Proxy", default="",
            help="Empty, or an address such as socks5h://127.0.0.1:9050. Everything then goes through it, names included."),
    Setting(name="strength", group="Ranking", label="Strength", default=1.0, low=0.0, high=2.0,
            help="How much your likes order the timeline. 0 is newest first."),
    Setting(name="preset", group="Ranking", label="Preset", default="balanced",
            choices=("balanced", "fresh", "favourites", "quiet"),
            help="How the reasons weigh against each other."),
    Setting(name="exploration", group="Ranking", label="Exploration", default=0.0, low=0.0, high=1.0,
            help="0 shows what you surely like; higher also shows what Millpond cannot tell yet, so that it learns."),
    Setting(name="fold_stories", group="Stories", label="Fold posts that tell the same", default=True,
            help="One card for a story, with the others behind it. Nothing is removed."),
    Setting(name="story_marks_all", group="Stories", label="Reading one telling marks all as read", default=True,
            help="Reading the card of a story, or hiding it, does the same to the posts behind it."),
    Setting(name="ai", group="Models", label="Use language models", default=True,
            help="Off: no model is loaded, nothing is written by one, and signals, Ask and rewrites are gone. Words, rules and sources go on."),
    Setting(name="embedding_model", group="Models", label="Embedding model", default="all-MiniLM-L6-v2",
            help="The model that turns posts into vectors."),
    Setting(name="text_model", group="Models", label="Language model", default="SmolLM2-135M-Instruct",
            help="The model that writes summaries."),
    Setting(name="use_signals", group="Models", label="Signals", default=True,
            help="What posts are like: mood, promotion, clickbait and so on. Off: none is shown, and none is asked for."),
    Setting(name="use_summaries", group="Models", label="Summaries by the language model", default=True,
            help="Off: summaries are picked sentences of the text itself."),
    Setting(name="use_ask", group="Models", label="Ask your feeds", default=True,
            help="Answers to questions, from posts that you have."),
    Setting(name="use_plain_rules", group="Models", label="Rules from plain words by the language model", default=True,
            help="Off: Millpond understands the common forms by its own grammar alone."),
    Setting(name="use_rewrites", group="Models", label="Rewrites", default=True,
            help="Plain titles, translations, explanations and drafts of answers, beside the original."),
    Setting(name="summaries_top", group="Models", label="Summarise the top … posts when idle", default=20, low=0, high=200,
            help="The top of For you. 0: none of them without being asked."),
    Setting(name="summarise_saved", group="Models", label="Summarise saved posts when idle", default=False,
            help="What you save gets its summary before you come back to it."),
    Setting(name="summarise_long_words", group="Models", label="Summarise new posts from … words on when idle", default=0, low=0, high=20_000,
            help="Of the newest unread posts. 0: none of them without being asked."),
    Setting(name="summary_minutes", group="Models", label="Minutes a day for summaries when idle", default=30, low=0, high=1440,
            help="How long the language model may work a day without being asked. 0 sets no limit; what you ask for does not count."),
    Setting(name="summaries_on_battery", group="Models", label="Summarise on battery", default=False,
            help="Off: without being asked, the language model works only while the machine is plugged in."),
    Setting(name="server_when_idle", group="Models", label="A model server of yours works when idle, too", default=False,
            help="Off: posts are sent to it only when you ask for something; briefings made by themselves are picked sentences."),
    Setting(name="gpu", group="Models", label="Use the graphics card", default=True,
            help="Where there is one that the installed llama.cpp can use. Off: language models run on the processor alone."),
    Setting(name="threads", group="Models", label="Processor threads for models", default=0, low=0, high=64,
            help="0 lets Millpond choose."),
    Setting(name="briefing_model_minutes", group="Briefing", label="The language model writes for at most … minutes", default=2.0,
            low=0.0, high=30.0, help="What it has not written by then stays picked sentences. 0: picked sentences alone."),
    Setting(name="briefing_at", group="Briefing", label="Make one each day at", default="",
            pattern=r"(?:[01]?\d|2[0-3]):[0-5]\d|", form="a time such as 07:30, or nothing",
            help="Such as 07:30; empty: only when you ask. Made while the window is open and nothing else is under way, not on battery."),
    Setting(name="briefing_days", group="Briefing", label="On", default="daily", choices=("daily", "weekdays", "weekends"),
            help="The days on which it is made by itself."),
    Setting(name="briefing_length", group="Briefing", label="It takes … minutes to read", default=5, low=1, high=30,
            help="The length of the briefing that is made by itself, and what the page proposes."),
)

BY_NAME: Mapping[str, Setting] = {setting.name: setting for setting in ALL}

# The weights of a timeline, in half-lives; `default` is what the preset "balanced" has. Other presets have their own.
WEIGHTS: tuple[Setting, ...] = (
    Setting(name="half_life_hours", group="Time", label="Freshness lasts … hours", default=24.0, low=1.0, high=720.0,
            help="After so many hours a post has lost one point. All other weights count in such points."),
    Setting(name="interest", group="What you like", label="Meaning and words", default=1.2, low=0.0, high=4.0,
            help="How much it counts that a post is close to what you liked."),
    Setting(name="source", group="What you like", label="Sources", default=0.6, low=0.0, high=3.0,
            help="How much it counts that you like where a post comes from."),
    Setting(name="author", group="What you like", label="Authors", default=0.6, low=0.0, high=3.0,
            help="How much it counts that you like who wrote it."),
    Setting(name="rare_poster", group="Sources", label="Rare posters", default=0.7, low=0.0, high=3.0,
            help="What a post gains at most for coming from a source that seldom posts."),
    Setting(name="seen", group="Time", label="Already seen", default=0.7, low=0.0, high=5.0,
            help="What a post loses once you read it."),
    Setting(name="variety", group="Variety", label="Variety of sources", default=0.45, low=0.0, high=3.0,
            help="What a post loses for each doubling of posts of its source just above it."),
    Setting(name="topic_variety", group="Variety", label="Variety of topics", default=0.2, low=0.0, high=3.0,
            help="The same for posts on much the same subject."),
    Setting(name="story_variety", group="Variety", label="Variety of stories", default=1.0, low=0.0, high=5.0,
            help="The same for posts that tell the same story, where they are not folded."),
    Setting(name="story_size", group="Stories", label="Big stories", default=0.3, low=0.0, high=3.0,
            help="What a post gains for each doubling of the sources that tell its story."),
)
SIGNAL_WEIGHT = Setting(
    name="signal", group="Signals", label="What a signal takes", default=0.0, low=0.0, high=10.0,
    help="What a post loses by a signal that is surely there. It stays in the list.",
)  # fmt: skip
EDIT_WEIGHT = Setting(
    name="weight", group="What you like", label="Your own weight", default=0.0, low=-4.0, high=4.0,
    help="Above 0 you like it, below 0 you do not. It stands in the place of what was learnt.",
)  # fmt: skip


def by_name(name: str) -> Setting:
    """Raises InputError when there is no such setting."""
    try:
        return BY_NAME[name]
    except KeyError:
        raise InputError(f"There is no setting “{name}”. There are: {', '.join(BY_NAME)}.") from None
