"""Timelines from plain words, in English and Chinese: which feeds, in what order, and what weighs more or less. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from engine.filters.plainwords_lexicon import CARRIERS, SIGNAL_WORDS, STOP
from engine.filters.plainwords_parts import Names
from engine.filters.plainwords_times import COUNT, UNIT, hours_of
from engine.filters.text import tokens
from engine.types import PlainNames, PlainRemark, PlainTimeline, Timeline

_I = re.IGNORECASE
_X = "\ue002"
_WANTED = re.compile(r"^\W*(?:(?:please|can you|could you|i want|i(?:['’]d| would) like|give me|show me|make(?: me)?|create|build|new|set up|add|let me have)\b[ ,]*)*(?:(?:an?|the|my|another|one) )?(?:[\w-]+ ){0,2}?(?:timeline|feed of my own|list)\b|(?:新建|创建|做|给我)?(?:一条|一个)?(?:新的)?时间线", _I)
_PLAIN = {"interest": 0.0, "source": 0.0, "author": 0.0, "rare_poster": 0.0, "seen": 0.0, "story_size": 0.0, "topic_variety": 0.0, "variety": 0.0}
_NEWEST = re.compile(r"\b(?:newest|latest|most recent)(?: (?:ones|posts))? (?:first|on top|at the top)|\b(?:strictly |simply |purely |just )?(?:chronological(?:ly)?|in (?:chronological order|order of (?:time|date))|by (?:date|time)|sorted by (?:date|time)|no algorithm)\b|按时间(?:顺序|排序)?|最新的?(?:排?在(?:最)?前面?|优先|在上)", _I)
# What weighs how much; the names are those of `Timeline.weights`.
_WEIGHTS: tuple[tuple[str, float, str], ...] = (
    ("variety", 1.2, r"(?:only )?(?:a )?(?:little|few|not (?:too )?(?:much|many)|no more than a few|just a few|one or two)(?: posts)? (?:from|of|by|per) (?:each|any(?: one| single)?|every|one|the same) (?:source|feed|site|outlet|author)|(?:a )?(?:mix|variety|range) of (?:sources|feeds|sites|outlets)|(?:many|varied|mixed|different) (?:sources|feeds|outlets)|(?:每个|同一)来源(?:都?少一?[点些]|不要太多)|来源(?:要)?多样"),
    ("topic_variety", 0.8, r"(?:a )?(?:mix|variety|range) of (?:topics|subjects|themes)|(?:many|varied|mixed|different|all sorts of) (?:topics|subjects)|话题(?:要)?多样|各种话题"),
    ("story_size", 1.2, r"(?:the )?(?:big|biggest|major|important|main|top)(?: news)? (?:stories|news|events|headlines)(?: first| on top)?|what (?:everyone|everybody|the world) (?:reports|talks about|is talking about)|重大新闻(?:优先)?|大新闻(?:优先)?"),
    ("rare_poster", 1.6, r"(?:people|authors|sources|feeds|blogs|those|friends)?(?: (?:who|that|which))? ?(?:rarely|seldom|hardly ever) (?:post|write|publish)(?:s|ing)?(?: anything)?(?: first)?|rare (?:posters|sources|feeds)(?: first)?|很少(?:发|更新)的?(?:人|来源)?(?:优先)?"),
    ("seen", 2.5, r"(?:only )?(?:what|posts|things|nothing) (?:that )?i(?:['’]ve| have)? (?:not (?:yet )?(?:seen|read)|already (?:seen|read)|haven['’]t (?:seen|read)(?: yet)?)|unread(?: (?:posts|ones))?(?: first)?|未读(?:的)?(?:优先)?"),
    ("author", 1.6, r"(?:my )?(?:favou?rite|best[- ]liked) (?:authors|writers|people)(?: first)?|(?:authors|people|friends) (?:that )?i like(?: first| most)?|喜欢的作者(?:优先)?"),
    ("source", 1.5, r"(?:my )?(?:favou?rite|best[- ]liked) (?:sources|feeds|sites|outlets)(?: first)?|(?:sources|feeds|sites) (?:that )?i like(?: first| most)?|喜欢的来源(?:优先)?"),
)  # fmt: skip
_PRESETS = (
    ("favourites", r"(?:of )?(?:my )?favou?rites(?: first)?|(?:only )?(?:what|things|posts|stuff) (?:that )?i (?:really )?(?:like|love|enjoy)(?: most| best)?|喜欢的"),
    ("quiet", r"\b(?:quiet|calm|peaceful|slow|gentle|relaxed|restful)\b|安静的?|平静的?"),
    ("fresh", r"\b(?:fresh|fast|up[- ]to[- ]date|current|the very latest|breaking news)\b|新鲜的?"),
)
_EXPLORE = re.compile(r"(?:with )?(?:some |a few |something |a bit of |lots of )?(?:surprises?|serendipity|discover(?:y|ies)|outside (?:of )?my bubble|new (?:things|sources|voices)|unexpected(?: things)?)(?: now and then)?|surprise me|意外(?:的)?惊喜", _I)
_SPAN = re.compile(rf"(?:from |of |for |over )?(?:the )?(?:last|past) (?P<count>{COUNT} )?(?P<unit>{UNIT})", _I)
_LESS = re.compile(
    rf"\b(?P<how>no|without(?: any)?|hardly any|free of|less|fewer|not? (?:so |too )?(?:much|many)|little|few)\s+(?P<what>(?:{'|'.join(pattern for _, pattern in SIGNAL_WORDS)})(?:(?:,| and| or|, and|, or) (?:{'|'.join(pattern for _, pattern in SIGNAL_WORDS)}))*)(?: (?:{CARRIERS}))?\b", _I
)
_LESS_CHINESE = re.compile(r"(?P<how>没有|不要|少一?[些点]|少)(?P<what>广告|标题党|垃圾信息|诈骗|负面(?:新闻)?|愤怒)")
_CHINESE = {"广告": "promotion", "标题党": "clickbait", "垃圾": "spam", "诈骗": "scam", "负面": "negative", "愤怒": "anger"}
_NAMED = re.compile(r"\b(?:called|named)\s+(?:[\"“](?P<quoted>[^\"”]{1,60})[\"”]|(?P<name>[^\"”',.;]{1,60}?)(?=\s+(?:from|of|with|without|in|about|that)\b|[,.;]|$))|(?:叫|名为)[“\"]?(?P<name2>[^”\"，。]{1,30})[”\"]?", _I)
_W = r"(?:(?!(?:in|from|of|the|my|and|about)\b)[\w/&'-]+)"
_FOLDER = re.compile(rf"\b(?:from|of|in|out of) (?:the |my )*(?:folder (?P<name>[\w/&-]+(?: (?-i:[A-Z])[\w/&-]*)*)|(?P<name2>{_W}(?: {_W}){{0,2}}?) (?:folder|category))(?!\w)|(?:来自|在)?(?:我的)?[“\"「]?(?P<name3>[\w/]+?)[”\"」]?文件夹(?:里|中)?(?:的)?", _I)
_STOP = {*STOP, "timeline", "list", "make", "create", "build", "give", "first", "top", "would", "like", "please", "的", "一个", "一条"}


def is_timeline(text: str) -> bool:
    """Whether the words ask for a timeline rather than a rule."""
    return _WANTED.search(text) is not None and not re.match(r"\W*(?:hide|mute|remove|block|don['’]t|隐藏|屏蔽)", text, _I)


def read_timeline(text: str, *, names: PlainNames | None = None) -> PlainTimeline:
    """Understand what a timeline shall show, and how it shall be weighed.

    A timeline chooses by feeds and folder alone: subjects, lengths and kinds of posts are given back as not expressed.
    """
    words = " ".join(text.split())[:1000]
    reading = _Reading(view=words, names=Names(names or PlainNames()))
    reading.read()
    if not reading.found() and not is_timeline(words):
        return PlainTimeline(words=words, unexpressed=(words,) if words else ())
    return PlainTimeline(
        words=words,
        timeline=reading.timeline(words),
        unexpressed=tuple(dict.fromkeys(reading.unexpressed)),
        remarks=tuple(dict.fromkeys(reading.remarks)),
    )


@dataclass(slots=True)
class _Reading:
    """What was read so far; `view` is the text with that struck out."""

    view: str
    names: Names
    unexpressed: list[str] = field(default_factory=list)
    remarks: list[PlainRemark] = field(default_factory=list)
    name: str = ""
    folder: str = ""
    feed_ids: list[int] = field(default_factory=list)
    weights: dict[str, float] = field(default_factory=dict)
    signals: dict[str, float] = field(default_factory=dict)
    preset: str = "balanced"
    newest: bool = False
    explored: bool = False

    def read(self) -> None:
        """Read one kind of thing after the other; what is left of the text is not expressed."""
        for found in self._each(_NAMED):
            self.name = (found["quoted"] or found["name"] or found["name2"]).strip()
        for found in self._each(_FOLDER):
            self._folder(found[0].strip(), (found["name"] or found["name2"] or found["name3"]).strip(" '\""))
        for feed_id, title in self.names.known.feeds.items():
            if len(title) > 1 and self._has(rf"(?:\b(?:from|of|by|and|or)\s+(?:the |my )?|来自|[、和，,]\s*){re.escape(title)}(?!\w)"):
                self.feed_ids.append(feed_id)
        self.newest = self._has(_NEWEST)
        for pattern in (_LESS, _LESS_CHINESE):
            for found in self._each(pattern):
                self._less(found["how"], found["what"])
        for weight, value, form in _WEIGHTS:
            if self._has(form):
                self.weights[weight] = value
        self.explored = self._has(_EXPLORE)
        for found in self._each(_SPAN):
            self.weights["half_life_hours"] = min(720.0, max(1.0, hours_of(found["count"], found["unit"])))
        self.preset = next((one for one, form in _PRESETS if self._has(form)), "balanced")
        self._has(_WANTED)
        for said in filter(None, map(_bare, re.split(f"[{_X},.;，。；]+", self.view))):
            self.unexpressed.append(said)
            self.remarks.append(PlainRemark(name="timeline_topic", detail=said))

    def found(self) -> bool:
        """Whether anything was said that a timeline can be."""
        chosen = self.folder or self.feed_ids
        return bool(self.newest or self.weights or self.signals or chosen or self.explored or self.preset != "balanced")

    def timeline(self, words: str) -> Timeline:
        weights, strength = self.weights, 1.0
        if self.newest and (self.signals or weights.keys() - {"half_life_hours"}):
            weights = {**_PLAIN, **weights}  # nothing else but these and time
        elif self.newest:
            strength = 0.0
        return Timeline(
            name=(self.name or _bare(re.split(r"[,，:：;]| from | in ", _WANTED.sub("", words))[0]) or _bare(words) or words)[:60],
            preset=self.preset,
            strength=strength,
            exploration=0.6 if self.explored else 0.0,
            weights=weights,
            signals=self.signals,
            feed_ids=tuple(dict.fromkeys(self.feed_ids)) if not self.folder else (),
            folder=self.folder or None,
        )

    def _each(self, pattern: re.Pattern[str]) -> list[re.Match[str]]:
        """Every place where a pattern is found, struck out."""
        found = list(pattern.finditer(self.view))
        for match in found:
            self.view = self.view[: match.start()] + _X * (match.end() - match.start()) + self.view[match.end() :]
        return found

    def _has(self, pattern: re.Pattern[str] | str) -> bool:
        return bool(self._each(re.compile(pattern, _I) if isinstance(pattern, str) else pattern))

    def _folder(self, said: str, name: str) -> None:
        known = self.names.folder(name)
        if known and not self.folder:
            self.folder = known
        elif feeds := self.names.feeds(name):
            self.feed_ids.extend(feeds)
        else:
            self.unexpressed.append(said)
            self.remarks.append(PlainRemark(name="unknown_folder", detail=name))

    def _less(self, how: str, what: str) -> None:
        amount = 3.0 if re.match(r"no\b|without|free|没有|不要", how, _I) else 1.5
        for signal, form in SIGNAL_WORDS:
            if re.search(rf"(?<!\w)(?:{form})(?!\w)", what, _I):
                self.signals[signal] = amount
        self.signals.update({signal: amount for said, signal in _CHINESE.items() if said in what})


def _bare(text: str) -> str:
    """A piece without the words at its ends that mean nothing; "" where nothing else is in it."""
    parts = text.strip(" ,.;:!?()“”\"'，。；：的").split()
    while parts and parts[0].lower().strip(",.") in _STOP:
        parts.pop(0)
    while parts and parts[-1].lower().strip(",.") in _STOP:
        parts.pop()
    said = " ".join(parts)
    return said if tokens(said) and not re.fullmatch(rf"(?:{CARRIERS})", said, _I) else ""
