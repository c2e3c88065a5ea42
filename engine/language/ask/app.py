"""Questions about Millpond itself: recognised by a small grammar, answered from its help and from what the person has set up.

A question counts as one about the app only where it asks how, why or what in a form of the grammar and uses a word of the app; all others
are looked up in the posts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import regex

from engine.language.ask.passages import Passage, rank, read
from engine.language.ask.words import keys, understand
from engine.types import APP_FACTS, Answer, AnswerSentence, AppFact, AskAction, AskSource, Citation, Rule

HELP_SENTENCES = 2
_LEAST_COVERED = 0.34  # of the question's telling words that a paragraph of the help must hold

_MISSING = regex.compile(
    r"^(?:so\s)?(?:why|where|how come|what happened)\b.*?(?:"
    r"(?:don['’]?t|do not|can['’]?t|cannot|am i not|am i no longer|do i not|do i no longer|did i not|didn['’]?t)\s?(?:i\s)?(?:not\s)?(?:see|seeing|get|getting|find|have|show)"
    r"|i\s(?:don['’]?t|do not|can['’]?t|cannot|no longer)\s(?:see|get|find|have)"
    r"|(?:are|is) there no|no (?:new )?(?:posts?|articles?)|(?:are|is) (?:the |my )?(?:posts?|articles?))"
    r"\s*(?:any(?:thing|more)?\s|all\s|new\s|the\s|my\s)*(?:posts?|articles?|news|stories|items)?\s*(?P<how>from|of|by|in|on|about|with)\s+(?P<what>.+?)\s*(?:any\s?more|lately|recently|now|today|here|in my (?:feeds?|timeline|list))?\s*[?.!]*$"
    r"|^为什么.*?(?:看不到|看不见|收不到|没有)(?P<han>.+?)的?(?:帖子|文章|新闻|消息|内容)[？?]?$",
    regex.IGNORECASE,
)
_GONE = regex.compile(
    r"^why\s(?:is|are|was|were|has|have|did|does)\s(?:the feed\s|posts (?:from|of|about)\s)?(?P<what>.+?)\s(?:(?:been\s)?(?:hidden|missing|empty|silent|muffled|gone|failing|broken|not (?:shown|showing|updating|here))|disappear(?:ed)?|stop(?:ped)?)\s*[?.!]*$",
    regex.IGNORECASE,
)
_HOW = regex.compile(
    r"^(?:please\s)?(?:how (?:do|can|could|should|would) (?:i|you|we|one)|how to|how does|can i|could i|is it possible to|is there a way to|where (?:do|can) i|where (?:is|are) (?:the|my)|what (?:is|are|does|do|happens)|which (?:key|rules?|feeds?)|why (?:do|does|is|are|can))\b"
    r"|^(?:怎么|怎样|如何)|怎么(?:办|用)",
    regex.IGNORECASE,
)
_MUTE = regex.compile(
    r"\b(?:mute|hide|block|filter(?: out)?|silence|muffle|get rid of|stop seeing|see less|see fewer|no more)\s(?:out\s)?(?:a |the |all |every |any )?(?:posts?|articles?|news|stories|topics?|words?|things?)?\s?(?:about|on|from|with|of|containing)?\s?(?P<what>.*?)\s*[?.!]*$"
    r"|(?:屏蔽|静音|隐藏|过滤)(?:掉)?(?:关于|有关)?(?P<han>.+?)(?:的(?:帖子|文章|新闻|内容))?[？?]?$",
    regex.IGNORECASE,
)
_GENERIC = frozenset(["topic", "topics", "word", "words", "feed", "feeds", "post", "posts", "it", "them", "this", "that", "something", "things", "source", "sources", "site", "sites", "author", "people", "person"])

_MUTING = "a rule has conditions, takes posts and hides them or muffles them to one quiet line"
# A word of the app, and words of the help that stand for it. Words of one's own ("mute") are looked up as the help's ("hide", "rule").
_APP = {
    "mute": "hide rule", "block": "hide rule", "filter": "rule hide", "silence": "hide rule", "muffle": "muffles rule", "rule": "", "rules": "",
    "tray": "hidden", "hidden": "tray", "hide": "rule hides", "breakout": "let through", "feed": "", "feeds": "", "subscription": "feed add",
    "subscriptions": "list OPML", "subscribe": "add feed", "unsubscribe": "feed leave", "opml": "subscription list", "shortcut": "keys", "shortcuts": "keys", "keyboard": "keys",
    "timeline": "", "timelines": "", "rank": "order", "ranking": "order", "order": "", "undo": "", "backup": "copy", "restore": "", "export": "file", "import": "take over reader",
    "model": "", "models": "", "summary": "summaries", "summaries": "", "summarise": "", "briefing": "", "settings": "", "proxy": "Tor", "tor": "proxy",
    "encrypted": "encryption key", "passphrase": "encryption", "keyring": "", "recovery": "key", "ledger": "", "telemetry": "nothing leaves machine", "refresh": "look new posts",
    "millpond": "", "sentiment": "mood signals", "signals": "", "signal": "", "clickbait": "signals", "pictures": "", "images": "pictures", "account": "accounts", "accounts": "",
    "mastodon": "accounts", "bluesky": "accounts", "like": "", "dislike": "", "privacy": "private machine", "learn": "learnt", "algorithm": "weights", "search": "words meaning",
    "app": "millpond", "window": "", "sidebar": "", "ai": "models", "uninstall": "", "theme": "", "dark": "theme", "unread": "", "starred": "saved", "bookmark": "save", "story": "stories",
    "fold": "stories", "folded": "stories", "duplicate": "stories merge", "duplicates": "stories merge",
    "gpu": "models", "download": "models", "ask": "question", "question": "ask", "muted": "hide tray",
}  # fmt: skip
# What the app has that other things have too: alone they make no question about the app.
_SHARED = frozenset({"order", "like", "learn", "search", "story", "question", "model", "models", "account", "accounts", "download", "dark", "theme", "window", "ai", "gpu", "app", "ask",
                     "signal", "privacy", "import", "export", "tor", "proxy", "images", "pictures", "mastodon", "bluesky", "algorithm", "block", "encrypted", "rule", "rules", "restore", "rank", "ranking", "recovery"})  # fmt: skip
_PAGES = (
    (regex.compile(r"\b(?:tray|hidden|restore)\b", regex.IGNORECASE), "tray"),
    (regex.compile(r"\b(?:mute|hide|block|filter|muffle|rules?|breakout)\b", regex.IGNORECASE), "rules"),
    (regex.compile(r"\b(?:ledger|telemetry|network|leaves)\b", regex.IGNORECASE), "ledger"),
    (regex.compile(r"\b(?:models?|gpu)\b", regex.IGNORECASE), "models"),
    (regex.compile(r"\b(?:fails?|failing|dead|broken|health|duplicates?)\b", regex.IGNORECASE), "health"),
    (regex.compile(r"\b(?:learnt?|rank(?:ing)?|algorithm|weights|taste|order)\b", regex.IGNORECASE), "profile"),
    (regex.compile(r"\b(?:settings?|proxy|tor|theme|dark|size|language|accounts?|import|export|opml|pictures|images|backup|passphrase)\b", regex.IGNORECASE), "settings"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedFacts:
    """What is known of a feed that somebody misses posts of."""

    id: int
    title: str
    posts: int
    unread: int
    error: str  # of the last fetch
    stopped: bool
    newest: datetime | None
    hidden: int
    hidden_by: tuple[tuple[int, int], ...]  # rule, how many of its posts; 0 for the person


@dataclass(frozen=True, slots=True, kw_only=True)
class AppQuestion:
    """A question about the app. `missing`: of what posts are missed; `mute`: what shall be hidden; both "" for any other."""

    text: str
    missing: str = ""
    about: bool = False  # `missing` is a topic rather than a source
    mute: str = ""
    muting: bool = False  # something shall be hidden, named or not


def recognise(text: str) -> AppQuestion | None:
    """Return a question about the app; None for one about the world."""
    text = " ".join(text.split())
    for pattern in (_MISSING, _GONE):
        match = pattern.search(text)
        if match is not None:
            groups = match.groupdict()
            what = (groups.get("what") or groups.get("han") or "").strip(" ?？.!\"“”'")
            how = (groups.get("how") or "").casefold()
            if what and (pattern is _MISSING or _names_app(text)):
                return AppQuestion(text=text, missing=what.removeprefix("the feed ").strip(), about=how in ("about", "with", "on"))
    if not _HOW.search(text):
        return None
    mute = _MUTE.search(text)
    if mute is not None and regex.search(r"^(?:how|can|could|is|怎|如何)(?!.*\b(?:undo|restore|unhide|stop hiding)\b)", text, regex.IGNORECASE):
        groups = mute.groupdict()
        what = (groups.get("what") or groups.get("han") or "").strip(" ?？.!\"“”'")
        return AppQuestion(text=text, muting=True, mute="" if {word.casefold() for word in what.split()} <= _GENERIC | {"a", "the", "all", "from", "about"} else what)
    return AppQuestion(text=text) if _names_app(text) else None


def _names_app(text: str) -> bool:
    words = {word.casefold() for word in regex.findall(r"[\p{L}]+", text)} & _APP.keys()
    own = words - _SHARED
    asks_how = bool(regex.match(r"(?:how (?:do|can|should) i|can i|where (?:do|can) i|where (?:is|are) (?:the|my))\b", text, regex.IGNORECASE))
    return bool(own & {"millpond", "tray", "opml", "breakout", "muffle"}) or (bool(own) and (asks_how or len(words) > 1)) or (asks_how and bool(words))


def from_help(asked: AppQuestion, paragraphs: Sequence[AskSource], *, now: datetime) -> Answer | None:
    """Answer from paragraphs of the help, whose `url` is "help:TOPIC"; None where none speaks of it."""
    text = _MUTING if asked.muting else asked.text
    words = regex.findall(r"[\p{L}]+", text)
    others = [_APP[word.casefold()] for word in words if word.casefold() in _APP]
    question = understand(text, now=now)
    more = understand(" ".join(others), now=now).terms
    known = {term.key for term in question.terms}
    plain = {key.key for word in words if word.casefold() in _APP for key in keys(word)}
    terms = tuple(term for term in question.terms if term.key in plain or term.weight > 0.2)
    question = replace(question, terms=(*terms, *(term for term in more if term.key not in known)), kind="open")
    readings = [read(source) for source in paragraphs]
    ranked = [passage for passage in rank(question, readings) if not (passage.reading.titled and passage.index == 0)]
    ranked = sorted((passage for passage in ranked if passage.coverage >= _LEAST_COVERED), key=lambda passage: -_worth(passage, asked.text))
    if not ranked:
        return None
    best = ranked[0]
    shown = [best, *(passage for passage in ranked[1:6] if passage.reading is best.reading)][:HELP_SENTENCES]
    shown.sort(key=lambda passage: passage.index)
    source = best.reading.source
    topic = source.url.removeprefix("help:")
    return Answer(
        question=asked.text,
        asked=question.search,
        method="help",
        sentences=tuple(_cited(passage) for passage in shown),
        sources=(replace(source, number=1),),
        actions=(*_actions(asked), AskAction(kind="help", target=topic, name=source.title)),
    )


def _worth(passage: Passage, asked: str) -> float:
    """A sentence's score as an answer about the app: one that begins with what is asked explains it; the command line is for those who ask for it."""
    worth = passage.score
    first = " ".join(passage.text.split()[:3]).casefold()
    if any(word.casefold() in first for word in regex.findall(r"[\p{L}]{4,}", asked) if word.casefold() in _APP):
        worth += 0.15
    if regex.search(r"command line|millpond [a-z]+", passage.text) and not regex.search(r"command|terminal|script|millpond", asked, regex.IGNORECASE):
        worth -= 0.3
    return worth


def _cited(passage: Passage) -> AnswerSentence:
    text = " ".join(passage.text.split())
    return AnswerSentence(text=text, citations=(Citation(number=1, spans=(passage.span,)),), by="help")


def _actions(asked: AppQuestion) -> tuple[AskAction, ...]:
    if asked.mute:
        return (AskAction(kind="new_rule", target=asked.mute), AskAction(kind="page", target="rules"))
    if regex.search(r"\b(?:add|follow|subscribe)\b", asked.text, regex.IGNORECASE) and regex.search(r"\b(?:feeds?|sites?|blogs?|channels?)\b", asked.text, regex.IGNORECASE):
        return (AskAction(kind="add_feed"),)
    page = next((name for pattern, name in _PAGES if pattern.search(asked.text)), "")
    return (AskAction(kind="page", target=page),) if page else ()


# ---- what is missed ------------------------------------------------------------------------------------


def named_feed(name: str, titles: dict[str, int]) -> int:
    """Return the feed that a name means, 0 for none: the whole title, or one that holds the name's words or stands in it."""
    wanted = name.casefold().removeprefix("the ").strip()
    folded = {title.casefold().removeprefix("the ").strip(): feed_id for title, feed_id in titles.items()}
    if wanted in folded:
        return folded[wanted]
    for title, feed_id in sorted(folded.items(), key=lambda item: len(item[0])):
        if title and regex.search(rf"(?<![\p{{L}}\p{{N}}]){regex.escape(wanted)}(?![\p{{L}}\p{{N}}])", title):
            return feed_id
    for title, feed_id in sorted(folded.items(), key=lambda item: -len(item[0])):
        if len(title) > 2 and regex.search(rf"(?<![\p{{L}}\p{{N}}]){regex.escape(title)}(?![\p{{L}}\p{{N}}])", wanted):
            return feed_id
    return 0


def why_missing(asked: AppQuestion, feed: FeedFacts | None, rules: Sequence[Rule], counts: dict[int, int]) -> Answer:
    """Say why posts of a feed, or about something, are not seen."""
    said: list[AppFact] = []
    actions: list[AskAction] = []
    by_id = {rule.id: rule for rule in rules}
    if feed is not None:
        _of_feed(feed, by_id, said, actions)
    else:
        _of_topic(asked, rules, counts, said, actions)
    sentences = tuple(AnswerSentence(text=_in_english(fact), citations=(), by="app", fact=fact) for fact in said)
    return Answer(question=asked.text, asked=asked.missing, method="app", sentences=sentences, actions=tuple(dict.fromkeys(actions)))


def _in_english(fact: AppFact) -> str:
    words = APP_FACTS[fact.name][fact.count != 1]
    day = f"{fact.at:%Y-%m-%d}" if fact.at is not None else ""
    return words.format(n=fact.count, feed=fact.feed, rule=fact.rule, detail=fact.detail, unread=fact.unread, day=day)


def _of_feed(feed: FeedFacts, rules: dict[int, Rule], said: list[AppFact], actions: list[AskAction]) -> None:
    if feed.stopped:
        said.append(AppFact(name="stopped", feed=feed.title))
        actions.append(AskAction(kind="refresh_feed", id=feed.id, name=feed.title))
    elif feed.error:
        said.append(AppFact(name="failing", feed=feed.title, detail=feed.error))
        actions += [AskAction(kind="refresh_feed", id=feed.id, name=feed.title), AskAction(kind="page", target="health", id=feed.id)]
    for rule_id, count in feed.hidden_by:
        rule = rules.get(rule_id)
        if rule is not None:
            said.append(AppFact(name="hidden_by_rule", feed=feed.title, rule=rule.name, count=count))
            actions += [AskAction(kind="rule", id=rule.id, name=rule.name), AskAction(kind="tray", id=rule.id, name=rule.name)]
        else:
            said.append(AppFact(name="hidden_by_you", feed=feed.title, count=count))
            actions.append(AskAction(kind="tray"))
    muffling = [rule for rule in rules.values() if rule.enabled and rule.action == "muffle" and feed.id in rule.feed_ids]
    for rule in muffling:
        said.append(AppFact(name="muffled", feed=feed.title, rule=rule.name))
        actions.append(AskAction(kind="rule", id=rule.id, name=rule.name))
    if not feed.posts:
        said.append(AppFact(name="empty", feed=feed.title))
        actions.append(AskAction(kind="refresh_feed", id=feed.id, name=feed.title))
    else:
        said.append(AppFact(name="here", feed=feed.title, count=feed.posts, unread=feed.unread))
        if feed.newest is not None:
            said.append(AppFact(name="newest", feed=feed.title, at=feed.newest))
        actions.append(AskAction(kind="feed", id=feed.id, name=feed.title))


def _of_topic(asked: AppQuestion, rules: Sequence[Rule], counts: dict[int, int], said: list[AppFact], actions: list[AskAction]) -> None:
    wanted = {key.key for key in keys(asked.missing)}
    for rule in rules:
        text = " ".join([rule.name, *(condition.value for condition in rule.conditions)])
        if rule.enabled and rule.action in ("hide", "muffle") and wanted & {key.key for key in keys(text)}:
            name = "rule_hides" if rule.action == "hide" else "rule_muffles"
            said.append(AppFact(name=name, rule=rule.name, count=counts.get(rule.id, 0)))
            actions += [AskAction(kind="rule", id=rule.id, name=rule.name), AskAction(kind="tray", id=rule.id, name=rule.name)]
    if not said and asked.about:
        said.append(AppFact(name="no_rule", detail=asked.missing))
        actions.append(AskAction(kind="tray"))
    elif not said:
        said.append(AppFact(name="no_feed", detail=asked.missing))
        actions.append(AskAction(kind="add_feed", target=asked.missing))


def plain_help(markdown: str) -> list[str]:
    """Return the paragraphs of a topic of the help as plain text, without the marks of Markdown; lists stay together with what they follow."""
    paragraphs: list[str] = []
    for block in regex.split(r"\n\s*\n", markdown):
        lines = [regex.sub(r"\*\*|(?<!\w)\*(?=\S)|(?<=\S)\*(?!\w)|`", "", line).strip() for line in block.splitlines() if not line.startswith("    ")]
        text = "\n".join(regex.sub(r"^[-*]\s+", "", line) for line in lines if line and not line.startswith("#"))
        if text:
            paragraphs.append(regex.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", text))
    return paragraphs

