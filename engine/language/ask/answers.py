"""Short answers: the dates, names, numbers and places of a text that could be what a question asks for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import regex

from engine.language import lexicon
from engine.language.tokens import stem
from engine.types import AskKind, Span

_MONTH = "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\\.?"
_DATE = regex.compile(
    rf"""(?<![\p{{L}}\p{{N}}])(?:
    (?P<m1>{_MONTH})\s(?P<d1>\d{{1,2}})(?:st|nd|rd|th)?(?!\d)(?:\s?,?\s(?P<y1>(?:1[5-9]|20)\d\d)(?!\d))?
    |(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?(?:\sof)?\s(?P<m2>{_MONTH})(?!\p{{L}})(?:\s?,?\s(?P<y2>(?:1[5-9]|20)\d\d)(?!\d))?
    |(?P<m3>{_MONTH})\s?,?\s(?:of\s)?(?P<y3>(?:1[5-9]|20)\d\d)(?!\d)
    |(?P<y4>(?:1[5-9]|20)\d\d)[-/.](?P<m4>\d{{1,2}})(?:[-/.](?P<d4>\d{{1,2}}))?(?!\d)
    |(?P<y5>(?:1[5-9]|20)\d\d)(?![\p{{L}}\p{{N}},.%]*\d|\s?(?:people|million|billion|percent|元|万|人|吨|年))
    |(?P<w6>(?:mon|tues|wednes|thurs|fri|satur|sun)day|yesterday|today|tomorrow)
    )(?![\p{{L}}\p{{N}}])
    |(?P<y7>(?:1[5-9]|20)\d\d)\s?年(?:\s?(?P<m7>\d{{1,2}})\s?月(?:\s?(?P<d7>\d{{1,2}})\s?[日号號])?)?
    |(?<!\d)(?P<m8>\d{{1,2}})\s?月\s?(?P<d8>\d{{1,2}})\s?[日号號]""",
    regex.VERBOSE | regex.IGNORECASE,
)
_NUMBER = regex.compile(
    r"""(?<![\p{Latin}\p{N}.,:/-])(?P<money>(?:US|A|C|HK)?[$€£¥]\s?)?(?P<value>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)
    (?:\s?(?P<scale>thousand|million|billion|trillion|bn|mn|[万亿千百]+|[kmb](?![\p{L}])))?
    (?:\s?(?P<unit>%|‰|percent(?:age\spoints)?|per\scent|个百分点
      |(?:美元|人民币|元|欧元|港元|日元|英镑|吨|辆|人次|人|个|名|枚|倍|岁|公里|米|千米|公斤|小时|分钟|秒|天|周|年|届|次|部|票|强|组|平方公里|国家)
      |(?:dollars?|euros?|pounds?|yen|yuan|people|men|women|children|seats?|votes?|goals?|points?|miles?|km|kilomet(?:er|re)s?|met(?:er|re)s?|feet|ft|kg
         |tons?|tonnes?|hours?|minutes?|seconds?|days?|weeks?|months?|years?|copies|units?|users?|medals?|times|degrees|litres?|liters?|mph|km/h)(?![\p{L}])))?
    """,
    regex.VERBOSE | regex.IGNORECASE,
)
_NUMBER_WORD = regex.compile(
    r"(?<![\p{L}-])(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|hundreds?|thousands?)(?:\s(?:hundred|thousand|million|billion))?(?![\p{L}-])",
    regex.IGNORECASE,
)
_NAME = regex.compile(
    r"\p{Lu}[\p{L}\p{M}\p{N}'’&.-]*(?:(?:\s(?:of|de|da|di|del|van|von|der|bin|al|the|&)){0,2}\s\p{Lu}[\p{L}\p{M}\p{N}'’&-]*)*"
)
_PLACE = regex.compile(
    r"\b(?i:in|at|near|to|from|outside|of)\s(?:the\s)?(?P<place>\p{Lu}[\p{L}\p{M}.'’-]*(?:\s\p{Lu}[\p{L}\p{M}.'’-]*)*(?:,\s\p{Lu}[\p{L}\p{M}.'’-]*(?:\s\p{Lu}[\p{L}\p{M}.'’-]*)*)?)"
)
_HAN_PLACE = regex.compile(r"(?:在|于|位于|前往|抵达|去|到|访问)(?P<place>\p{Han}{2,12}?)(?=举行|舉行|举办|开幕|召开|进行|的|，|。|、|\s|$|发生|上映|地区)|(?P<named>\p{Han}{2,8}(?:市|省|县|国|州|岛|馆|堂|宫|中心|体育场|大学|机场|港))")  # fmt: skip
_HAN_TITLE = regex.compile(r"《([^》]{1,40})》")
_HAN_FOREIGN = regex.compile(r"\p{Han}{1,6}(?:[·・•]\p{Han}{1,8})+")
_SURNAMES = (
    "王李张張刘劉陈陳杨楊赵趙黄黃周吴吳徐孙孫胡朱高林何郭马馬罗羅梁宋郑鄭谢謝韩韓唐冯馮于董萧蕭程曹袁邓鄧许許傅沈曾彭吕呂苏蘇卢盧蒋蔣蔡"
    "贾丁魏薛叶葉阎余潘杜戴夏钟鍾汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段钱汤尹黎易常武乔贺赖龚文雷殷辛倪安童滕洪庞"
)
_HAN_PERSON = regex.compile(
    rf"(?:(?<=[、，。：；\s（(由与和及是为演员导演编剧冠军主演选手得主者长])|^)(?P<person>[{_SURNAMES}]\p{{Han}}{{1,2}}?)(?=[、，。；：\s）)/]|等|主演|执导|饰|担任|获得|夺得|夺冠|以|在|和|与|为|当选|表示|$)"
)
_TOO_LONG = 90  # characters; longer ones are headlines in capitals
_NO_NAMES = frozenset(
    ["the", "a", "an", "this", "that", "these", "those", "it", "he", "she", "they", "we", "i", "you", "in", "on", "at", "of", "for", "from", "to", "by", "with", "as", "and", "but", "or", "if", "when", "while", "after", "before", "since", "his", "her", "their", "its", "our", "my", "your", "there", "here", "what", "who", "how", "why", "where", "which", "not", "no", "yes", "mr", "mrs", "ms", "dr", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec", "news", "read", "more", "click", "also", "however", "both", "all", "some", "many", "most", "one", "two", "three", "first", "second", "third", "new", "about", "under", "over", "than", "then", "now", "just", "only"]
)
_YEAR_KIND = regex.compile(r"\b(?:what|which) year\b|哪[一]?年", regex.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Short:
    """A short answer in a text: where it stands, and what it says in a form that can be compared."""

    text: str
    span: Span
    kind: AskKind
    value: tuple[object, ...]

    @property
    def exactness(self) -> int:
        """How much it says: a day more than a year, a full name more than half of one."""
        return sum(part is not None for part in self.value)

    def agrees(self, other: Short) -> bool:
        """Whether both may be meant as the same: one may say it more exactly."""
        if self.kind != other.kind:
            return False
        if self.kind == "when":
            return all(mine == theirs or mine is None or theirs is None for mine, theirs in zip(self.value, other.value, strict=True))
        if self.kind == "how_many":
            mine, theirs = float(str(self.value[0])), float(str(other.value[0]))
            same_unit = self.value[1] == other.value[1] or not self.value[1] or not other.value[1]
            return same_unit and (mine == theirs or abs(mine - theirs) <= 0.02 * max(abs(mine), abs(theirs)))
        mine_words, their_words = set(self.value), set(other.value)
        return mine_words <= their_words or their_words <= mine_words


_MONEY_ASKED = regex.compile(r"\b(?:revenue|turnover|price|cost|profit|salary|fine|worth|earn|pay|paid)\b|营收|价格|售价|起售价|票房|罚款|收入|多少钱|亿元|净利", regex.IGNORECASE)
_SHARE_ASKED = regex.compile(r"\b(?:percent|percentage|share|rate|growth)\b|[率速]|增长|上涨|下降|百分", regex.IGNORECASE)
_COUNTED = regex.compile(r"\bhow many\s+(?:\p{L}+\s)?(\p{L}{3,})", regex.IGNORECASE)


def unit_asked(question: str) -> str:
    """What a question for a number is counted in: "%", "money", a noun's stem, or ""."""
    if _SHARE_ASKED.search(question):
        return "%"
    if _MONEY_ASKED.search(question):
        return "money"
    counted = _COUNTED.search(question)
    return stem(counted[1]) if counted else ""


def find(text: str, start: int, end: int, kind: AskKind) -> list[Short]:
    """Return what could answer a question of that kind among the characters [start, end) of a text, in order."""
    if kind == "when":
        return list(_dates(text, start, end))
    if kind == "how_many":
        return list(_numbers(text, start, end))
    if kind == "where":
        return list(_places(text, start, end))
    if kind in ("who", "what"):
        return list(_names(text, start, end, kind))
    return []


def _dates(text: str, start: int, end: int) -> Iterator[Short]:
    for match in _DATE.finditer(text, start, end):
        found = {name[0]: value for name, value in match.groupdict().items() if value}
        if set(found) == {"m"}:
            continue
        month = found.get("m", "").casefold().rstrip(".")
        number = int(month) if month.isdigit() else lexicon.MONTHS.get(month)
        value = (int(found["y"]) if "y" in found else None, number, int(found["d"]) if "d" in found else None, (found.get("w") or "").casefold() or None)
        yield Short(match[0], Span(start=match.start(), end=match.end()), "when", value)


def _numbers(text: str, start: int, end: int) -> Iterator[Short]:
    dates = [(match.start(), match.end()) for match in _DATE.finditer(text, start, end) if not match["w6"]]
    for match in _NUMBER.finditer(text, start, end):
        if any(first <= match.start() < last for first, last in dates) or text[match.end() : match.end() + 1] in ("年", "月", "日", "号"):
            continue
        value = float(match["value"].replace(",", ""))
        for sign in (match["scale"] or "").casefold() if not (match["scale"] or "a").isascii() else [(match["scale"] or "").casefold()]:
            value *= lexicon.SCALES.get(sign, 1.0)
        unit = (match["unit"] or match["money"] or "").strip().casefold()
        unit = "%" if unit.startswith("per") else "money" if (unit[-1:] in "$€£¥" and unit) or unit in ("dollars", "dollar", "元", "美元") else unit.rstrip("s")
        written = match[0].strip()
        yield Short(written, Span(start=match.start(), end=match.start() + len(match[0].rstrip())), "how_many", (value, unit))
    for match in _NUMBER_WORD.finditer(text, start, end):
        words = match[0].casefold().split()
        value = float(lexicon.NUMBER_WORDS.get(words[0], 0) or lexicon.SCALES.get(words[0].rstrip("s"), 0))
        for word in words[1:]:
            value *= lexicon.SCALES.get(word, 1)
        yield Short(match[0], Span(start=match.start(), end=match.end()), "how_many", (value, ""))


def _places(text: str, start: int, end: int) -> Iterator[Short]:
    seen: set[int] = set()
    for match in _PLACE.finditer(text, start, end):
        name = match["place"].rstrip(".'’-")
        words = _words(name)
        if words and len(name) <= _TOO_LONG:
            seen.add(match.start("place"))
            yield Short(name, Span(start=match.start("place"), end=match.start("place") + len(name)), "where", tuple(words))
    for match in _HAN_PLACE.finditer(text, start, end):
        group = "place" if match["place"] else "named"
        yield Short(match[group], Span(start=match.start(group), end=match.end(group)), "where", tuple(match[group]))
    if not seen:
        yield from _names(text, start, end, "where")


def _names(text: str, start: int, end: int, kind: AskKind) -> Iterator[Short]:
    for match in _NAME.finditer(text, start, end):
        first, last = match.start(), match.end()
        written = match[0]
        words = written.split()
        while words and words[0].casefold().rstrip(".,'’") in _NO_NAMES:  # "The", and what only begins a sentence
            first += len(words[0])
            first += len(text[first:last]) - len(text[first:last].lstrip())
            words = words[1:]
        while words and words[-1].casefold().rstrip(".,'’") in _NO_NAMES:
            last = first + len(text[first:last].rstrip().removesuffix(words[-1]).rstrip())
            words = words[:-1]
        written = text[first:last].rstrip(".,'’-")
        written = regex.sub(r"['’]s$", "", written)
        compared = _words(written)
        begins = first == start and " " not in written  # a capital says nothing at a sentence's beginning
        if begins and (written.endswith(("ed", "ing", "ly")) or written.casefold() in lexicon.FUNCTION_WORDS):
            continue
        if compared and len(written) <= _TOO_LONG and len(written) != 1:
            yield Short(written, Span(start=first, end=first + len(written)), kind, tuple(compared))
    patterns = (_HAN_TITLE, _HAN_FOREIGN, _HAN_PERSON) if kind == "what" else (_HAN_FOREIGN, _HAN_PERSON)
    for pattern in patterns:
        for match in pattern.finditer(text, start, end):
            group = 1 if pattern is _HAN_TITLE else "person" if pattern is _HAN_PERSON else 0
            yield Short(match[group], Span(start=match.start(group), end=match.end(group)), kind, tuple(match[group]))


_NO_PART = frozenset(  # of a name as it is compared
    ["the", "of", "and", "s", "jr", "sr", "inc", "ltd", "co", "corp", "llc", "plc", "president", "mayor", "minister", "prime", "chancellor", "senator", "sir", "dr", "mr", "mrs", "ms", "king", "queen", "pope", "ceo", "chief", "coach", "actor", "actress", "director", "author", "captain", "former", "quarterback", "striker", "champion"]
)


def _words(name: str) -> list[str]:
    words = [word for word in regex.findall(r"[\p{L}\p{M}\p{N}]+", name) if len(word) > 1 or word.isdigit()]
    return [stem(word) for word in words if word.casefold() not in _NO_PART] or [stem(word) for word in words]
