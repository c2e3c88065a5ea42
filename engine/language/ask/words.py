"""Reading a question: what it asks for, its telling words, its time, its source, its parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import regex

from engine.language.sentences import split
from engine.language.tokens import Token, read, stem
from engine.types import AskKind

MOST_CHARACTERS = 400  # of a question that are read
_HAN = regex.compile(r"\p{Han}")

# What a question asks for, by the words that ask. The first that is found decides.
_KINDS: tuple[tuple[AskKind, regex.Pattern[str]], ...] = (
    ("why", regex.compile(r"\b(?:why|how come)\b|为什么|為什麼|为何|為何|原因|怎么会", regex.IGNORECASE)),
    ("who", regex.compile(
        r"\b(?:what|which) (?:country|city|state|team|company|club|party|nation)\s(?!is\b|was\b|are\b|were\b|did\b|do\b|does\b|has\b|have\b|in\b|will\b|can\b)\p{L}+", regex.IGNORECASE)),
    ("when", regex.compile(
        r"\b(?:when|(?:what|which) (?:year|date|day|month|time)|release date|since when|until when)\b"
        r"|什么时候|什麼時候|何时|何時|时间|時間|日期|哪[一]?[年天日月]|几月|几号|幾號", regex.IGNORECASE)),
    ("where", regex.compile(
        r"\b(?:where|(?:what|which) (?:city|country|place|town|state|venue|stadium|airport|region)|location)\b"
        r"|在哪|哪里|哪裡|哪儿|地点|地點|何处|何地|举办地|哪[些个座]?(?:城市|国家|地方|地区)", regex.IGNORECASE)),
    ("how_many", regex.compile(
        r"\b(?:how (?:many|much|long|old|far|big|large|tall|fast|often|high)|(?:what|which) (?:number|amount|share|percentage|price|cost|score)"
        r"|(?:revenue|price|population|cost|turnover|profit|gdp)\b(?!.*\bwho\b))\b"
        r"|多少|[幾几][个個人名次年天岁家位倍]|数量|數量|人数|人數|[率额額]\s*(?:是|[?？]|$)|营收|產量|产量|销量|價格|价格|售价|GDP|增长|增速|交付量|收入", regex.IGNORECASE)),
    ("who", regex.compile(
        r"\b(?:who|whom|whose|which (?:person|team|company|player|actor|director|party|man|woman))\b"
        r"|谁|誰|哪[位名个]?人|导演|導演|主演|编剧|編劇|冠军|冠軍|得主|作者|市长|总统|總統|主席|首相|旗手|演员|对手", regex.IGNORECASE)),
    ("what", regex.compile(r"\b(?:what|which)\b|什么|什麼|哪些|哪个|哪個|哪部|何", regex.IGNORECASE)),
)  # fmt: skip

# Words that ask or that name the kind of the answer: a text that answers need not hold them.
_ASKING_WORDS = frozenset(
    stem(word)
    for word in ["happen", "happened", "happening", "tell", "know", "find", "think", "mean", "explain", "please", "give", "show", "list", "name", "date", "day", "month", "year", "time", "location", "place", "number", "amount", "city", "country", "person", "people", "kind", "sort", "type", "reason", "cause", "price", "news", "latest", "recent", "recently", "new", "post", "posts", "feed", "feeds", "article", "articles", "story", "stories", "say", "says", "said", "write", "wrote", "mention", "anything", "something", "question", "answer", "long", "old", "currently", "today", "there", "did", "really", "exactly", "respectively"]
)
_HAN_ASKING = regex.compile(
    r"是什么时候|什么时候|什麼時候|分别是多少|分别是谁|分别是什么|是多少|有多少|多少钱|多少|是什么|什么样|什么|什麼|为什么|为何|是谁|谁是|谁|誰|哪里|哪裡|哪儿|在哪个|在哪|哪一|哪些|哪个|哪部|哪位|哪几|哪"
    r"|分别|分別|何时|何地|何处|怎么样|怎么|怎样|如何|有哪些|有谁|请问|告诉我|时间|地点|日期|情况|吗|呢|吧|的|了|是|在|几[个位名次]?"
)
_TITLED = regex.compile(r"《([^》]{1,60})》|[“\"「『]([^”\"」』]{2,80})[”\"」』]")

_WEIGHTS = {"name": 1.7, "number": 1.6, "year": 1.5, "month": 1.2, "weekday": 1.0, "season": 1.0, "relative": 0.3, "word": 1.0}
_LESS = 0.2  # the weight of words that ask
_TITLED_WEIGHT = 1.7
_HEAVY = 0.8  # from this weight on a word may be what is asked
_HAN_SINGLE = 0.35  # a character that stands alone is no word


@dataclass(frozen=True, slots=True)
class Key:
    """A word of a text as it is compared: a stem, a number's value, two neighbouring Han characters."""

    key: str
    start: int
    end: int
    sentence: int
    token: Token


@dataclass(frozen=True, slots=True)
class Term:
    """A word of a question that an answer's text should hold."""

    key: str
    text: str
    weight: float
    sharp: bool  # a name, number, year or title: another one in its place is another question
    head: bool = False  # what is asked of these ("won", "revenue"): a sentence without it does not answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question as it is read."""

    text: str
    kind: AskKind
    terms: tuple[Term, ...]
    since: datetime | None = None
    until: datetime | None = None
    feed_id: int | None = None
    feed_title: str = ""
    chinese: bool = False
    runs: tuple[str, ...] = ()  # in Chinese, what stands between the words that ask

    @property
    def words(self) -> tuple[str, ...]:
        """The telling words as a person reads them."""
        return self.runs or tuple(dict.fromkeys(self.search.split()))

    @property
    def search(self) -> str:
        """What to look for by words: the telling ones, as written."""
        return " ".join(dict.fromkeys(term.text for term in self.terms if term.weight > _LESS))

    @property
    def broad(self) -> bool:
        """Whether it asks for all there is ("What happened yesterday?"): no word of it tells what about."""
        return not any(term.weight >= _HEAVY for term in self.terms)


# Codes of letters and digits ("Q1", "A15", "MU5735") say something as a whole only. Quarters have several names.
_CODE = regex.compile(
    r"(?<![\p{L}\p{N}])(?:(?P<quarter>(?:first|second|third|fourth)[ -]quarter|第?[一二三四]季度)|\p{Latin}{1,4}-?\d{1,6}(?![\p{L}\p{N}]))",
    regex.IGNORECASE,
)
_COUNTRIES = regex.compile(r"(?<![\p{L}.])(?:(?P<us>U\.S\.(?:A\.)?|USA?|United States(?: of America)?)|(?P<uk>U\.K\.|UK|United Kingdom))(?![\p{L}\p{N}])")
_QUARTERS = {"first": "q1", "second": "q2", "third": "q3", "fourth": "q4", "一": "q1", "二": "q2", "三": "q3", "四": "q4"}
_AFTER_NUMBER = frozenset("年月日号號")


def keys(text: str, spans: list[tuple[int, int]] | None = None) -> list[Key]:
    """Return the words of a text as they are compared, in order; Han characters as overlapping pairs."""
    found: list[Key] = []
    codes = {match.start(): match for match in _CODE.finditer(text)}
    countries = {match.start(): match for match in _COUNTRIES.finditer(text)}
    skip = 0
    tokens = []
    for token in _tokens(text, spans, countries):
        if token.start < skip:
            continue
        code = codes.get(token.start) or (codes.get(token.start - 1) if text[token.start - 1 : token.start].isalpha() else None)
        if code is not None:
            quarter = (code["quarter"] or "").casefold().lstrip("第")
            key = _QUARTERS.get(quarter.split("-")[0].split()[0], _QUARTERS.get(quarter[:1], "")) if quarter else ""
            key = key or code[0].casefold().replace("-", "")
            token = Token(code[0], code.start(), code.end(), key, "name", token.sentence)
            skip = code.end()
        tokens.append(token)
    for place, token in enumerate(tokens):
        if not _is_han(token):
            if not token.negation:
                found.append(Key(token.key, token.start, token.end, token.sentence, token))
            continue
        if token.text in _AFTER_NUMBER and text[token.start - 1 : token.start].isdigit():
            continue
        following = tokens[place + 1] if place + 1 < len(tokens) else None
        before = tokens[place - 1] if place and tokens[place - 1].text not in _AFTER_NUMBER else None
        if following is not None and _is_han(following) and following.start == token.end and following.sentence == token.sentence:
            found.append(Key(token.text + following.text, token.start, following.end, token.sentence, token))
        elif before is None or not _is_han(before) or before.end != token.start:
            found.append(Key(token.text, token.start, token.end, token.sentence, token))
    return found


def _tokens(text: str, spans: list[tuple[int, int]] | None, countries: Mapping[int, regex.Match[str]]) -> list[Token]:
    """Return a text's tokens, countries with several names under one key each; "US" would be taken for a word without meaning."""
    tokens = read(text, spans)
    if not countries:
        return tokens
    if spans is None:
        spans = [(span.start, span.end) for span in split(text)]
    kept = [token for token in tokens if not any(match.start() <= token.start < match.end() for match in countries.values())]
    for match in countries.values():
        place = next((place for place, (start, end) in enumerate(spans) if start <= match.start() < end), None)
        if place is not None:
            kept.append(Token(match[0], match.start(), match.end(), "country:us" if match["us"] else "country:uk", "name", place))
    return sorted(kept, key=lambda token: token.start)


def _is_han(token: Token) -> bool:
    return len(token.text) == 1 and not token.negation and token.family == "word" and "\u3400" <= token.text <= "\u9fff"


def understand(
    text: str, *, now: datetime, feeds: Mapping[str, int] | None = None, before: Sequence[Question] = ()
) -> Question:
    """Read a question.

    Args:
        now: what "yesterday" is counted from.   feeds: titles and ids of the feeds that may be named.
        before: the questions before it, whose telling words an elliptic one takes over.
    """
    text = " ".join(text[:MOST_CHARACTERS].split())
    rest, since, until = _times(text, now)
    rest, feed_title = _source(rest, feeds or {})
    chinese = len(_HAN.findall(text)) > len(text) / 3
    question = Question(
        text=text, kind=kind_of(text), terms=terms_of(rest), since=since, until=until, feed_id=(feeds or {}).get(feed_title),
        feed_title=feed_title, chinese=chinese, runs=tuple(regex.split(r"[\s\p{P}]+", _HAN_ASKING.sub(" ", rest).strip(" ？?。"))) if chinese else (),
    )  # fmt: skip
    return _carried(question, before[-1]) if before and is_elliptic(text) else question


def kind_of(text: str) -> AskKind:
    for kind, pattern in _KINDS:
        if pattern.search(text):
            return kind
    return "open"


def terms_of(text: str) -> tuple[Term, ...]:
    """Return the telling words of a question, heavier the more they tell."""
    titled = [(match.start(), match.end()) for match in _TITLED.finditer(text)]
    cut = _HAN_ASKING.sub(lambda match: match[0] if _inside(match.start(), titled) else " " * len(match[0]), text)
    found: dict[str, Term] = {}
    for key in keys(cut):
        token = key.token
        inside = _inside(key.start, titled)
        asks = token.key in _ASKING_WORDS and token.family in ("word", "name")
        weight = _LESS if asks else _TITLED_WEIGHT if inside else _WEIGHTS[token.family]
        if len(key.key) == 1 and _HAN.match(key.key):
            weight *= _HAN_SINGLE
        written = cut[key.start : key.end]
        sharp = not asks and (inside or token.family in ("name", "number", "year") or _is_latin_in_han(key, cut))
        term = Term(key.key, written, weight, sharp)
        if key.key not in found or found[key.key].weight < weight:
            found[key.key] = term
    return _headed(list(found.values()))


def _headed(terms: list[Term]) -> tuple[Term, ...]:
    """Mark what is asked of the names: words of news that have others for the same."""
    return tuple(replace(term, head=True) if not term.sharp and term.weight >= _HEAVY and alike(term.key) else term for term in terms)


def _is_latin_in_han(key: Key, text: str) -> bool:
    """In Chinese a word in Latin letters is nearly always a name."""
    return bool(_HAN.search(text)) and key.token.text.isascii() and key.token.text[:1].isalpha()


def _inside(place: int, spans: Iterable[tuple[int, int]]) -> bool:
    return any(start <= place < end for start, end in spans)


# Words that say the same of a thing in news, by what may be asked: one in the place of another is as good.
_ALIKE_WORDS = (
    "acquire buy purchase takeover acquisition bought sold sell", "win beat defeat champion victory title winner triumph crowned clinch",
    "release launch publish debut premiere available arrive issued", "found start create establish form founder co-founder set",
    "die dead death killed passed", "revenue sales turnover", "born birth", "cost price priced worth", "host hold held staged venue",
    "resign quit step stepped leave left", "appoint name named elect elected chosen", "increase rise grow climb jump surge", "fall drop decline decrease shrink plunge",
    "direct director", "star starring cast", "injured hurt wounded", "arrest detain detained arrested", "announce unveil reveal introduce", "lead leader head chief",
)  # fmt: skip
_ALIKE: dict[str, frozenset[str]] = {}
for _row in _ALIKE_WORDS:
    _stems = frozenset(stem(_word) for _word in _row.split())
    for _stem in _stems:
        _ALIKE[_stem] = _ALIKE.get(_stem, frozenset()) | _stems


def alike(key: str) -> frozenset[str]:
    """Return the other words that say the same in news."""
    return _ALIKE.get(key, frozenset()) - {key}


# ---- time words ----------------------------------------------------------------------------------

_MONTH_NAMES = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december")  # fmt: skip
_TIMES = regex.compile(
    r"\b(?P<day>yesterday|today|tonight|this (?:week|month|year)|(?:last|past|previous) (?:week|month|year|night)"
    r"|(?:in|over|during|within) the (?:last|past) (?:(?P<count>\d{1,3}|few|couple of) )?(?P<unit>hours?|days?|weeks?|months?)"
    r"|(?P<ago>\d{1,3}) (?P<ago_unit>days?|weeks?|months?) ago"
    r"|since (?P<since_day>yesterday|last week|(?:mon|tues|wednes|thurs|fri|satur|sun)day)"
    rf"|(?P<since>since |in )(?P<month>{'|'.join(_MONTH_NAMES)})(?! \d))\b"
    r"|(?P<han>昨天|今天|前天|本周|这周|上周|本月|上个月|上月|今年|去年|最近(?P<han_count>[\d一二三两]{1,2})?(?P<han_unit>天|周|个月)?)",
    regex.IGNORECASE,
)
_WEEKDAYS = ("mon", "tues", "wednes", "thurs", "fri", "satur", "sun")
_UNIT_DAYS = {"hour": 1 / 24, "day": 1, "week": 7, "month": 31, "天": 1, "周": 7, "个月": 31}
_HAN_COUNTS = {"一": 1, "二": 2, "两": 2, "三": 3}


def _times(text: str, now: datetime) -> tuple[str, datetime | None, datetime | None]:
    """Return the text without its words of time, and the time in which posts are looked for.

    "last year" and months narrow only what stands on its own: a year that is written out is a word to be found.
    """
    match = _TIMES.search(text)
    if match is None:
        return text, None, None
    rest = f"{text[: match.start()]} {text[match.end() :]}"
    local = now.astimezone()
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    since, until = _span(match, local, midnight)
    return rest, since, until


def _span(match: regex.Match[str], local: datetime, midnight: datetime) -> tuple[datetime | None, datetime | None]:
    day = timedelta(days=1)
    monday = midnight - day * midnight.weekday()
    first = midnight.replace(day=1)
    said = (match["day"] or match["han"]).casefold()
    if match["unit"]:
        count = int(match["count"]) if (match["count"] or "").isdigit() else 3 if match["count"] else 1
        return local - timedelta(days=count * _UNIT_DAYS[match["unit"].casefold().rstrip("s")]), None
    if match["ago"]:
        back = midnight - timedelta(days=int(match["ago"]) * _UNIT_DAYS[match["ago_unit"].casefold().rstrip("s")])
        unit = match["ago_unit"].casefold().rstrip("s")
        return back - (3 * day if unit != "day" else day * 0), back + (3 * day if unit != "day" else day)
    if match["since_day"]:
        since = match["since_day"].casefold()
        if since == "yesterday":
            return midnight - day, None
        if since == "last week":
            return monday - 7 * day, None
        days_back = (midnight.weekday() - next(n for n, name in enumerate(_WEEKDAYS) if since.startswith(name))) % 7
        return midnight - day * (days_back or 7), None
    if match["month"]:
        number = _MONTH_NAMES.index(match["month"].casefold()) + 1
        start = first.replace(year=midnight.year - (number > midnight.month), month=number)
        end = (start + 32 * day).replace(day=1)
        return start, None if match["since"].casefold().startswith("since") else end + 3 * day  # what is told of a month appears after it too
    return _named(said, match, midnight, monday, first)


def _named(
    said: str, match: regex.Match[str], midnight: datetime, monday: datetime, first: datetime
) -> tuple[datetime | None, datetime | None]:
    day = timedelta(days=1)
    if said.startswith("最近"):
        count = match["han_count"] or ""
        days = (int(count) if count.isdigit() else _HAN_COUNTS.get(count, 7)) * _UNIT_DAYS.get(match["han_unit"] or "天", 1)
        return midnight - timedelta(days=days), None
    named: dict[str, tuple[datetime, datetime | None]] = {
        "today": (midnight, None), "tonight": (midnight, None), "今天": (midnight, None),
        "yesterday": (midnight - day, midnight + day), "昨天": (midnight - day, midnight + day),
        "last night": (midnight - day / 2, midnight + day), "前天": (midnight - 2 * day, midnight),
        "this week": (monday, None), "本周": (monday, None), "这周": (monday, None),
        "week": (monday - 7 * day, monday + day), "上周": (monday - 7 * day, monday + day),
        "this month": (first, None), "本月": (first, None),
        "month": ((first - day).replace(day=1), first + 2 * day), "上个月": ((first - day).replace(day=1), first + 2 * day),
        "上月": ((first - day).replace(day=1), first + 2 * day),
        "this year": (first.replace(month=1), None), "今年": (first.replace(month=1), None),
        "year": (first.replace(year=first.year - 1, month=1), first.replace(month=1) + 7 * day),
        "去年": (first.replace(year=first.year - 1, month=1), first.replace(month=1) + 7 * day),
    }  # fmt: skip
    if said in named:
        return named[said]
    return named.get(said.rpartition(" ")[2], (None, None))


# ---- sources ---------------------------------------------------------------------------------------

_FROM = regex.compile(r"\b(?:from|on|by|in|at|according to|did|does|has|what does|says)\s+(?:the\s+)?$", regex.IGNORECASE)


def _source(text: str, feeds: Mapping[str, int]) -> tuple[str, str]:
    """Return the text without the name of a feed that it asks about, and that feed's title.

    A feed counts as asked about after "from", "on", "according to", and where it says, writes or reports something.
    """
    folded = text.casefold()
    for title in sorted(feeds, key=len, reverse=True):
        name = title.casefold().strip()
        short = name.removeprefix("the ")
        if len(short) < 3:
            continue
        match = regex.search(rf"(?<![\p{{L}}\p{{N}}]){regex.escape(short)}(?![\p{{L}}\p{{N}}])", folded)
        if match is None and not (_HAN.search(short) and short in folded):
            continue
        start = match.start() if match else folded.index(short)
        end = match.end() if match else start + len(short)
        before, after = text[:start], text[end:]
        told = regex.match(r"\s*(?:say|said|write|wrote|report|publish|post|tell|think|报道|说|写)", after, regex.IGNORECASE)
        if _FROM.search(before) and (told or regex.search(r"\b(?:from|on|by|according to)\s+(?:the\s+)?$", before, regex.IGNORECASE)):
            return f"{_FROM.sub(' ', before)} {after[told.end() :].lstrip('sed ') if told else after}", title
        if _HAN.search(text) and (told or before.endswith(("在", "从", "据"))):
            return f"{before} {after}", title
    return text, ""


# ---- follow-ups ------------------------------------------------------------------------------------

_PRONOUN = regex.compile(
    r"\b(?:he|him|his|she|her|hers|it|its|they|them|their|this|these|those|that|one|ones|there|then|so)\b|[他她它]们?|这[个些件]?|那[个些件]?|其",
    regex.IGNORECASE,
)
_ELLIPSIS = regex.compile(r"^(?:and|but|or|what about|how about|also|why|when|where|who|how|since when|really|那|还有|呢|为什么|什么时候|在哪|谁)\b?", regex.IGNORECASE)


def is_elliptic(text: str) -> bool:
    """Whether a question leans on the one before: it begins with "and" or "what about", has a pronoun and no name, or says next to nothing."""
    terms = [term for term in terms_of(text) if term.weight > _LESS]
    if regex.match(r"^(?:and|but|or|what about|how about|also|那|还有)\b?", text, regex.IGNORECASE) or text.rstrip("?？").endswith("呢"):
        return True
    if _PRONOUN.search(text) and not any(term.sharp for term in terms):
        return True
    return not terms or (len(terms) == 1 and bool(_ELLIPSIS.match(text)) and not terms[0].sharp)


def _carried(question: Question, before: Question) -> Question:
    """Take over what the question before was about: all its telling words but those that this one puts others in the place of."""
    own = {term.key for term in question.terms}
    sharp = [term for term in question.terms if term.sharp]
    years = any(term.key.startswith("#") for term in sharp)
    names = any(not term.key.startswith("#") for term in sharp)
    replaced = regex.match(r"^(?:and|but|or|what about|how about|also|那|还有)\b?", question.text, regex.IGNORECASE)
    kept = []
    for term in before.terms:
        if term.key in own or term.weight <= _LESS:
            continue
        number = term.key.startswith("#")
        if replaced and term.sharp and ((number and years) or (not number and names and _last_name(term, before))):
            continue
        kept.append(replace(term, weight=0.8 * term.weight))
    asks = question.kind if question.kind != "open" else before.kind
    return replace(
        question, terms=(*question.terms, *kept), kind=asks, since=question.since or before.since,
        until=question.until or before.until, feed_id=question.feed_id or before.feed_id,
        feed_title=question.feed_title or before.feed_title,
    )  # fmt: skip


def _last_name(term: Term, before: Question) -> bool:
    """Whether a name is the last of its question's: "in France" of "Who won the election in France?" is what "and in Germany?" replaces."""
    names = [other for other in before.terms if other.sharp and not other.key.startswith("#")]
    return bool(names) and names[-1] is term


# ---- parts -----------------------------------------------------------------------------------------

_YEARS = regex.compile(r"(?P<first>\d{4}年?)(?P<and>和|与|及|、|\s+and\s+|\s*,\s*)(?P<second>\d{4}年?)", regex.IGNORECASE)
_HAN_AND = regex.compile(r"(?P<first>[^\s，,、？?和与及的年月在]{1,8})(?P<and>和|与|及|、)(?P<second>[^\s，,、？?和与及的分是有在各]{1,8})")
_AND = regex.compile(
    r"(?P<first>\p{Lu}[\p{L}.'-]*(?:\s\p{Lu}[\p{L}.'-]*)*)(?P<and>\s+and\s+)(?P<second>(?:the\s+)?\p{Lu}[\p{L}.'-]*(?:\s\p{Lu}[\p{L}.'-]*)*)"
)
_CLAUSE = regex.compile(r"\s*(?:[？?]\s*(?=\S)|[，,](?=\s*(?:被|起|谁|什么|多少|导演|主演|它|他|她|where|when|who|what|how)))\s*", regex.IGNORECASE)


def parts(question: Question, *, now: datetime) -> list[Question]:
    """Return the questions that a question holds: one for each of two years, names or things that it asks about together."""
    text = question.text
    clauses = [clause for clause in _CLAUSE.split(text) if clause]
    if len(clauses) == 2 and not _HAN_AND.search(clauses[0]):
        first = understand(clauses[0], now=now)
        second = understand(clauses[1], now=now)
        subject = tuple(term for term in first.terms if term.sharp or first.chinese)
        known = {term.key for term in second.terms}
        joined = replace(second, terms=(*second.terms, *(replace(t, weight=0.7 * t.weight) for t in subject if t.key not in known)))
        return [_placed(first, question), _placed(joined, question)]
    for pattern in (_YEARS, *((_HAN_AND,) if question.chinese else (_AND,))):
        match = pattern.search(text)
        if match is None or _inside(match.start("and"), [(m.start(), m.end()) for m in _TITLED.finditer(text)]):
            continue
        first_text, second_text = match["first"], match["second"]
        start, end = match.start("first"), match.end("second")
        if pattern is _HAN_AND:
            # Neither side's bounds are known without a parser; both are about as long, as what is put side by side is.
            length = max(min(len(first_text), len(second_text)), 2)
            start, end = max(match.start("first"), match.start("and") - length), min(match.end("second"), match.end("and") + length)
        one = text[: match.start("and")] + text[end:]
        other = text[:start] + text[match.end("and") :]
        return [_placed(understand(half, now=now), question) for half in (one, other)]
    return [question]


def _placed(part: Question, whole: Question) -> Question:
    part = replace(part, since=whole.since, until=whole.until, feed_id=whole.feed_id, feed_title=whole.feed_title, chinese=whole.chinese)
    return replace(part, kind=whole.kind) if part.kind in ("open", "what") and whole.kind not in ("open", "what") else part

