"""Chinese wishes about posts. As in English, what is read is struck out, and what remains is given back."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from engine.filters.plainwords_parts import Choice, Clause, Found, From, Group, Names
from engine.filters.rule import SIGNAL_FROM
from engine.filters.text import tokens
from engine.types import Condition, PlainRemark

_X = "\ue002"
_DIGIT = r"[0-9０-９零一二两三四五六七八九十百千万半几]"
_POSTS = "帖子|贴子|帖|文章|新闻|内容|消息|东西|资讯|报道|动态|推文|微博|条目|故事|更新|信息|话题|主题|东东|一切|事情"
_ACTIONS: tuple[tuple[str, str], ...] = (
    ("allow", r"(?:永远不要|永不|千万别|不要|不得|别|绝不)(?:隐藏|屏蔽|过滤|静音|藏起来)|(?:始终|总是|永远|一直)(?:显示|保留|给我看)|放行|允许"),
    ("only", r"只(?:显示|看|想看|给我看|保留|要)"),
    ("read", r"(?:自动)?(?:标记为|标为|设为|标成|当作)已读"),
    ("notify", r"(?:请)?(?:通知我|提醒我|告诉我|推送给我|通知|提醒)"),
    ("star", r"收藏|加星标?|标星|保存|存起来|稍后阅读"),
    ("label", r"(?:打上?|贴上?|加上?)?标签|标记为|标记成|标记|标注(?:为)?|标为"),
    ("boost", r"置顶|提升|优先(?:显示|看)?|排(?:在)?前面|往前排|多(?:显示|看|给我|来)(?:一?点|一?些)?|更多"),
    ("muffle", r"少(?:显示|看|给我看|推|来)?(?:一?点|一?些)|少(?:看|显示|推|给我看)|减少|淡化|弱化|折叠|缩成一行|收起|压缩成一行|更少"),
    ("hide", r"隐藏(?:掉|起来)?|屏蔽(?:掉)?|过滤(?:掉)?|静音|藏起来|删掉|去掉|移除|拉黑|忽略|不(?:要|想|再|用)?(?:再)?(?:给我)?(?:看到?|显示|见到?|推送|出现)|(?:不要|别|停止)(?:再)?(?:给我|让我)?(?:看到?|显示|推送|推|见到?|出现)|不感兴趣|不要|没兴趣|讨厌|受够了?"),
)  # fmt: skip
_FIRST = [(action, re.compile(pattern)) for action, pattern in _ACTIONS]
_VERB = "|".join(pattern for _, pattern in _ACTIONS)
_CLAUSE = re.compile(rf"[。；;！!？?\n]+|[，,](?:并且?|同时|然后|再|另外|还要|也)?(?=(?:请|把|将|帮我)?(?:{_VERB}))|(?:并且|同时|然后)(?=(?:请|把|将|帮我)?(?:{_VERB}))")
_EXCEPT = re.compile(
    r"[，,]?(?:除非(?:是|它是|它|出现)?(?P<unless>[^，,。；]+)|除了(?P<but>[^，,。；]+?)(?:以外|之外|外|除外|的除外|[，,]|$)|(?:但是?|不过|可是)(?:要|请)?(?:保留|显示|留下|不要?隐藏|别隐藏|放行|不包括|不包含)(?P<keep>[^，,。；]+)|(?:但是?|不过)?(?P<outside>[^，,。；]+?)(?:的)?除外|(?:但)?不(?:包括|包含|含)(?P<without>[^，,。；]+)|(?:但)?(?:不是|并非)(?P<isnot>[^，,。；]+?)(?:的|$)|(?:但)?(?:不|没有|没)(?:关于|涉及|提到|提及|有)(?P<notabout>[^，,。；]+?)(?:的|$))"
)
_UNTIL = re.compile(r"(?:直到|一直到|到|至|截至)(?P<end>(?:下个?|这个?|本)?(?:周|星期|礼拜)[一二三四五六日天末]?|明天|后天|今晚|今天结束|月底|年底|下个?月|明年|(?:(?P<year>\d{4})年)?(?P<month>\d{1,2}|[一二三四五六七八九十]{1,2})月(?P<day>\d{1,2}|[一二三四五六七八九十]{1,3})[日号])(?:为止|之前|以前|前|止|结束)?")
_FOR = re.compile(rf"(?<!超过)(?<!早于)(?<!多于)(?<!大于)(?<!至少)(?<![0-9一二三四五六七八九十百千两几])(?:在)?(?:接下来的?|未来的?|持续|为期)?(?P<count>{_DIGIT}+)(?:个)?(?P<unit>小时|钟头|天|日|周|星期|礼拜|月|个月|年)(?:的时间|之内|以内|内|时间)?(?![以之]?前|以上|以下|老|旧)|(?P<named>今天|今晚|本周|这周|这个?周末|本月|这个月)(?=[，,]|$|内|不|别|屏蔽|隐藏)")
_OLD = re.compile(rf"(?:超过|早于|多于|大于)?(?P<count>{_DIGIT}+)(?:个)?(?P<unit>小时|天|日|周|星期|月|年)(?:(?:以|之)?前|以上|之久)(?:发布|发表)?(?:的)?|(?:超过|早于)(?P<count2>{_DIGIT}+)(?:个)?(?P<unit2>小时|天|日|周|星期|月|年)(?:的)?")
_LENGTH = re.compile(rf"(?P<over>超过|多于|大于|长于|至少|不少于)?(?P<under>少于|不到|短于|小于|不超过|最多)?(?P<count>{_DIGIT}+)个?(?:字|词|单词)(?P<over2>以上|或以上)?(?P<under2>以下|以内)?(?:的)?")
_LONG = re.compile(r"长文章?|长篇(?:文章)?|长帖|深度(?:文章|长文)|(?P<short>短文章?|短帖|很短的)")
_OUTLETS = re.compile(rf"(?:被|有|至少|超过|由)*(?P<count>{_DIGIT}+)(?:家|个|以上)(?:以上)?(?:的)?(?:不同的?)?(?:媒体|来源|网站|报纸|订阅源|新闻社)(?:以上)?(?:都?(?:报道|转载|提到|在说|讲述)(?:过|了)?)?(?:的)?|(?P<few>(?:引发|成为|上了?|登上|是|闹成)?(?:个|一个)?(?:重大|大|重要|头条|突发|爆炸性)(?:的)?(?:新闻|事件|消息)|上了?(?:新闻|头条)|登上(?:新闻)?头条|成为头条)|(?P<many>(?:大家|各家媒体|所有媒体|很多媒体|多家媒体|许多媒体|众多媒体)(?:都)?(?:在)?(?:报道|说|讨论)(?:了)?)")
_FOLDER = re.compile(r"(?:只?在|来自|仅限?|只限)?(?:我的)?[“\"「『]?(?P<name>[\w/]+?)[”\"」』]?(?:这个)?(?:文件夹|分类|目录|分组)(?:里面?|中|内)?(?:的)?")
_ON = re.compile(r"(?:在|来自)?\s*(?P<name>mastodon|长毛象|bluesky|蓝天|reddit|红迪|lemmy|hacker ?news|黑客新闻|youtube|油管)\s*(?:上面?|里|中)?(?:的)?", re.IGNORECASE)
_NETWORKS = {"长毛象": "mastodon", "蓝天": "bluesky", "红迪": "reddit", "黑客新闻": "hackernews", "hackernews": "hackernews", "hacker news": "hackernews", "油管": "youtube"}
_LANGUAGES = {"英": "en", "德": "de", "法": "fr", "西班牙": "es", "意大利": "it", "葡萄牙": "pt", "日": "ja", "韩": "ko", "俄": "ru", "中": "zh", "汉": "zh", "阿拉伯": "ar", "荷兰": "nl", "越南": "vi", "泰": "th"}
_LANGUAGE = re.compile(rf"(?:用|以)?(?P<name>{'|'.join(_LANGUAGES)})(?:语|文)(?:写|发布|书写)?(?:的)?")
_MEDIA = re.compile(r"(?:带有?|有|含有?|附有?|包含)?(?P<video>视频|影片|短片)|(?:带有?|有|含有?|附有?|包含)(?P<image>图片|照片|图)|(?P<image2>图片|照片|表情包|梗图)(?:帖子?)?$|(?P<audio>播客|音频|语音)|(?P<none>纯文字|没有图片和视频)")
_SIGNALS = (
    ("clickbait", r"标题党|骗点击(?:率)?的?"), ("promotion", r"广告|推广|软文|促销|营销(?:号|内容|文)?|赞助(?:内容)?|带货"), ("scam", r"诈骗|骗局|钓鱼"),
    ("spam", r"垃圾(?:信息|消息|内容|邮件|帖)?"), ("hostility", r"仇恨(?:言论)?|辱骂|攻击性|恶意|人身攻击|骂人|敌意|引战"), ("anger", r"愤怒|生气|发怒|暴怒|怒气冲冲"),
    ("sadness", r"悲伤|伤心|难过"), ("joy", r"快乐|开心|欢乐|温馨"), ("optimism", r"乐观"), ("negative", r"负面|消极|悲观|丧气|坏消息"), ("positive", r"正面|积极|好消息|正能量"),
)  # fmt: skip
_SIGNAL = [(name, re.compile(rf"(?:{pattern})(?:的)?")) for name, pattern in _SIGNALS]
_TITLE = re.compile(r"标题(?:里面?|中|上)?(?:含有?|包含|有|带有?|出现|写着|提到)(?P<what>[^，,。；的]+)(?:的)?")
_DOMAIN = re.compile(r"(?:链接到|来自|指向)?\s*(?P<domain>[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)*\.[a-z]{2,})(?![a-z0-9.-])\s*(?:的)?(?:链接)?(?:的)?", re.IGNORECASE)
_FROM = re.compile(r"(?:来自|出自|源自)\s*(?P<name>[^，,。；的]+?)(?:的|$|(?=关于|有关|提到|包含))|(?P<by>[@\w·]+?)(?:发布|发表|发|写|撰写|上传|分享)的|(?:作者(?:是|为)|由)\s*(?P<by2>[@\w·]+?)(?:发布|发表|写|撰写)?(?:的|$)|(?:我的?)?朋友\s*(?P<by3>[@\w·]+?)的")
_MENTION = re.compile(r"(?:提到|提及|包含|含有|带有|出现|写着|说到|谈到|有)\s*(?P<quoted>[“\"「『‘][^”\"」』’]+[”\"」』’])(?:这个词|这几个字|一词|字样|关键词)?(?:的)?|(?:提到|提及|包含|含有|出现|说到|谈到|谈论|讨论)(?:了)?(?P<what>[^，,。；]+?)(?:这个词|这几个字|一词|字样|关键词)?(?:的|时|$)")
_ABOUT = re.compile(rf"(?:是)?(?:关于|(?<!所)有关|涉及|[跟和与](?=[^，,。；、]+?(?:有关|相关)))(?P<what>[^，,。；]+?)(?:有关|相关)?(?:的(?=(?:所有)?(?:{_POSTS}|视频|{_X})|$)|(?={_X})|$)")
_UNSAYABLE = re.compile(
    rf"(?:点赞|转发|评论|回复|阅读量?|播放量?|粉丝)(?:数|量)?(?:超过|少于|多于|大于|低于|不到|至少)?{_DIGIT}+(?:个|次|条)?(?:以上|以下)?(?:的)?|(?:超过|少于|多于|不到|至少){_DIGIT}+(?:个|次|条)?(?:点赞|赞|转发|评论|回复)(?:的)?|"
    r"(?:早上|上午|中午|下午|晚上|夜里|深夜|凌晨|工作时间|上班时间?|睡觉前|周末的?时候)(?:[0-9一二三四五六七八九十]+点)?(?:之?前|之?后|的时候)?|我(?:已经|没有|没|不)?(?:看过|读过|认识|关注|点赞过)的?(?:人|账号)?|(?:无聊|低质量|没意思|有趣|愚蠢|虚假|重复|有用|没用|搞笑)的?|(?:每天|每周|每小时)(?:最多|至多|只)?[0-9一二三四五六七八九十]*(?:条|篇|次)?|转发的?|转贴"
)
_NOISE = re.compile(r"起来|有人|别人|请|帮我|麻烦|我的(?:时间线|订阅|首页)(?:里|中|上)?|从(?=.*时间线)|时间线(?:里|中|上)?|所有|全部|任何|一切|凡是|统统|都|以后|今后|从现在起|谢谢|暂时|那些|这些|如果|当|只要|一旦|的时候|时(?=[，,]|$)|出现|我")
_EDGE = rf"(?:[\s，,。；;：:！!？?、“”\"「」{_X}]|的|了|吧|啊|把|将|是|它|有|在|和|与|或|及|就|也|里|中|上|被|为|给|着|过|这|那|类|种|些|关于|有关|相关|要|方面|领域|之类|一类|等等|等)"
_TRIM = re.compile(rf"^(?:{_EDGE})+|(?:{_EDGE})+$")
_LIST = re.compile(r"、|和|与|或者|或|以及|及|还有|跟|[，,;；]|\s+(?:and|or)\s+")
_NUMBERS = {"零": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "几": 3}
_HOURS = {"小时": 1, "钟头": 1, "天": 24, "日": 24, "周": 168, "星期": 168, "礼拜": 168, "月": 720, "个月": 720, "年": 8760}


def read_chinese(text: str, names: Names, now: datetime) -> tuple[list[Clause], list[str]]:
    """The wishes in a text, and what is none."""
    made: list[Clause] = []
    unexpressed: list[str] = []
    start = 0
    ends = [(found.start(), found.end()) for found in _CLAUSE.finditer(text)] + [(len(text), len(text))]
    for end, after in ends:
        words = text[start:end].strip(" ，,")
        start = after
        if not words:
            continue
        clause = _Reader(words, names, now).clause()
        if clause is None:
            unexpressed.append(words)
        else:
            made.append(clause)
    return made, unexpressed


def count_of(text: str) -> float:
    """The number that Chinese or other digits stand for."""
    text = "".join(chr(ord(one) - 0xFEE0) if "０" <= one <= "９" else one for one in text)
    if text.isdecimal():
        return float(text)
    if text == "半":
        return 0.5
    total, section, digit = 0.0, 0.0, 0.0
    for one in text:
        if one in _NUMBERS:
            digit = _NUMBERS[one]
        elif one.isdecimal():
            digit = digit * 10 + int(one)
        elif one in "十百千":
            section += (digit or 1) * {"十": 10, "百": 100, "千": 1000}[one]
            digit = 0
        elif one == "万":
            total, section, digit = (total + section + digit or 1) * 10_000, 0, 0
    return total + section + digit


class _Reader:
    """Reads one clause."""

    def __init__(self, words: str, names: Names, now: datetime) -> None:
        self.words, self.view, self.names = words, words, names
        self.local = now.astimezone()
        self.found = Found()

    def clause(self) -> Clause | None:
        action, span = self._action()
        if not action:
            return None
        self._strike(*span)
        clause = Clause(words=self.words, action="hide" if action == "only" else action, found=self.found)  # type: ignore[arg-type]
        if action == "label":
            named = re.search(r"[“\"「『](?P<name>[^”\"」』]+)[”\"」』]", self.view[span[0] :]) or re.match(rf"{_X}*(?:为)?(?P<name>[\w]{{1,8}})$", self.view[span[0] :])
            if named is not None and (span[0] > 1 or named[0][:1] in "“\"「『"):
                clause.name = named["name"]
                self._strike(span[0] + named.start(), span[0] + named.end())
        against = self._apart()
        self._until(clause)
        self._scope(clause)
        main = self.view
        clause.found = self.found = self._read(main)
        if action == "only":
            spared = clause.found.choices()
            clause.found.groups.clear()
            clause.exceptions += spared
        for piece in against:
            said = self._read(piece)
            clause.found.take(said)
            choices: Group = said.choices()
            if not choices and not said.unexpressed:
                clause.found.unexpressed.append(piece)
            clause.exceptions += choices
        return clause

    def _strike(self, start: int, end: int) -> None:
        self.view = self.view[:start] + _X * (end - start) + self.view[end:]

    def _action(self) -> tuple[str, tuple[int, int]]:
        if read := re.search(r"(?:自动)?(?:标记为|标为|设为|标成|当作|标记成)已读", self.view):
            return "read", read.span()
        best: tuple[int, int, str, tuple[int, int]] | None = None
        for rank, (action, pattern) in enumerate(_FIRST):
            found = pattern.search(self.view)
            if found is not None:
                # The earliest counts; of two that begin together the longer one, then the first in the list.
                key = (found.start(), -(found.end() - found.start()) * 10 + rank, action, found.span())
                best = min(best, key) if best is not None else key
        exception = re.search(r"除非|除了|但", self.view)
        if best is not None and exception is not None and best[0] > exception.start() and (before := self._before(exception.start())):
            return before
        return (best[2], best[3]) if best is not None else ("", (0, 0))

    def _before(self, end: int) -> tuple[str, tuple[int, int]] | None:
        for action, pattern in _FIRST:
            if found := pattern.search(self.view, 0, end):
                return action, found.span()
        return None

    def _apart(self) -> list[str]:
        against = []
        for found in list(_EXCEPT.finditer(self.view)):
            what = next((one for one in found.groupdict().values() if one), "")
            if found["isnot"] is not None and not re.search(r"[^\s" + _X + "]", found["isnot"]):
                continue
            if what.strip(_X + " 的"):
                against.append(what)
                self._strike(*found.span())
        return against

    def _until(self, clause: Clause) -> None:
        midnight = self.local.replace(hour=0, minute=0, second=0, microsecond=0)
        if found := _UNTIL.search(self.view):
            end = self._end(found, midnight)
            if end is not None and end > self.local:
                clause.until = end
                self._strike(*found.span())
                return
        unknown = re.search(r"(?:直到|一直到)[^，,。；]+", self.view)
        if unknown is not None:
            self.found.unexpressed.append(unknown[0])
            self._strike(*unknown.span())
        if found := _FOR.search(self.view):
            named = found["named"] or ""
            if named in ("今天", "今晚"):
                clause.until = midnight + timedelta(days=1)
            elif "周" in named:
                clause.until = midnight + timedelta(days=7 - midnight.weekday())
            elif named:
                clause.until = (midnight.replace(day=1) + timedelta(days=32)).replace(day=1)
            else:
                hours = count_of(found["count"]) * _HOURS[found["unit"]]
                if not 0 < hours < 8760 * 50:
                    return
                clause.until = (self.local + timedelta(hours=hours)).replace(microsecond=0)
            self._strike(*found.span())

    def _end(self, found: re.Match[str], midnight: datetime) -> datetime | None:
        end = found["end"]
        if found["month"]:
            try:
                made = midnight.replace(year=int(found["year"] or midnight.year), month=int(count_of(found["month"])), day=int(count_of(found["day"])))
                return made if found["year"] or made > midnight else made.replace(year=made.year + 1)
            except ValueError:
                return None
        if end in ("明天", "今晚", "今天结束"):
            return midnight + timedelta(days=1)
        if end == "后天":
            return midnight + timedelta(days=2)
        if "年" in end:
            return midnight.replace(year=midnight.year + 1, month=1, day=1)
        if "月" in end:
            return (midnight.replace(day=1) + timedelta(days=32)).replace(day=1)
        day = "一二三四五六日".find(end[-1].replace("天", "日"))
        ahead = 7 - midnight.weekday() if day < 0 else (day - midnight.weekday() - 1) % 7 + 1
        if end.endswith("末"):
            return midnight + timedelta(days=(5 - midnight.weekday() - 1) % 7 + 1)
        if day >= 0 and end.startswith("下") and midnight.weekday() + ahead < 7:
            ahead += 7
        return midnight + timedelta(days=ahead)

    def _scope(self, clause: Clause) -> None:
        for found in list(_FOLDER.finditer(self.view)):
            name = re.sub(r"^(?:只?在|来自|仅限?|只限)?(?:我的)?", "", found["name"])
            folder, feeds = self.names.folder(name), self.names.feeds(name)
            if folder:
                clause.folders += (folder,)
            elif feeds:
                clause.feed_ids += feeds
            else:
                self.found.unexpressed.append(found[0])
                self.found.remarks.append(PlainRemark(name="unknown_folder", detail=name))
            self._strike(*found.span())

    # ---- conditions --------------------------------------------------------------------------

    def _read(self, text: str) -> Found:
        found = self.found if text is self.view else Found()
        self.text = text
        for match in self._each(_UNSAYABLE):
            found.unexpressed.append(match[0])
        for match in self._each(_OUTLETS):
            if match["count"]:
                low = count_of(match["count"])
            else:
                low = 5.0 if match["many"] else 3.0
                found.remarks.append(PlainRemark(name="outlets", detail=match[0]))
            found.add((Condition(field="outlets", value="", low=low),))
        for match in self._each(_LENGTH):
            low = count_of(match["count"])
            under = match["under"] or match["under2"]
            found.add((Condition(field="length", value="", high=low) if under else Condition(field="length", value="", low=low),))
        exact = any(atom for group in found.groups for choice in group for atom in choice if isinstance(atom, Condition) and atom.field == "length")
        for match in self._each(_LONG):
            if not exact:
                short = bool(match["short"])
                found.add((Condition(field="length", value="", high=50.0) if short else Condition(field="length", value="", low=1000.0),))
                found.remarks.append(PlainRemark(name="short" if short else "long", detail=match[0]))
        for match in self._each(_OLD):
            count, unit = match["count"] or match["count2"], match["unit"] or match["unit2"]
            found.add((Condition(field="age", value="", low=count_of(count) * _HOURS[unit]),))
        for match in self._each(_TITLE):
            found.add(*((Condition(field="title", value=_bare(one)),) for one in _LIST.split(match["what"]) if tokens(_bare(one))))
        for match in self._each(_ON):
            name = match["name"].lower()
            found.add((Condition(field="network", value=_NETWORKS.get(name, name)),))
        for match in self._each(_DOMAIN):
            found.add((Condition(field="domain", value=match["domain"].lower()),))
        for match in self._each(_LANGUAGE):
            found.add((Condition(field="language", value=_LANGUAGES[match["name"]]),))
        self._authors(found)
        for pattern in (_MENTION, _ABOUT):
            for match in self._each(pattern):
                what = match.groupdict().get("quoted") or match["what"]
                found.add(*self._subjects(what, found))
        group: list[Choice] = []
        for chunk in re.split(f"{_X}+", self.text):
            group += self._subjects(_NOISE.sub(_X, chunk), found)
        found.add(*group)
        return found

    def _each(self, pattern: re.Pattern[str]) -> list[re.Match[str]]:
        found = list(pattern.finditer(self.text))
        for match in found:
            self.text = self.text[: match.start()] + _X * (match.end() - match.start()) + self.text[match.end() :]
        return found

    def _authors(self, found: Found) -> None:
        for match in self._each(_FROM):
            group: list[Choice] = []
            for one in _LIST.split(match["name"] or match["by"] or match["by2"] or match["by3"]):
                name = _bare(_NOISE.sub("", one))
                if not tokens(name):
                    continue
                feeds, author = self.names.feeds(name), self.names.author(name)
                if match["name"] and feeds:
                    group.append((From(feeds, name),))
                elif match["name"] and not author:
                    found.remarks.append(PlainRemark(name="unknown_source", detail=name))
                    group.append((Condition(field="source", value=name),))
                else:
                    group.append((Condition(field="author", value=author or name),))
            found.add(*group)

    def _subjects(self, text: str, found: Found) -> list[Choice]:
        group: list[Choice] = []
        for piece in _LIST.split(text):
            choice: list[Condition] = []
            quoted = re.search(r"[“\"「『‘]([^”\"」』’]+)[”\"」』’]", piece)
            if quoted is not None and tokens(quoted[1]):
                group.append((Condition(field="phrase", value=quoted[1]),))
                continue
            for name, pattern in _SIGNAL:
                match = pattern.search(piece)
                if match is not None:
                    choice.append(Condition(field="signal", value=name, low=SIGNAL_FROM))
                    piece = piece[: match.start()] + _X + piece[match.end() :]
            match = _MEDIA.search(piece)
            if match is not None:
                kind = next(name for name, value in match.groupdict().items() if value).rstrip("2")
                choice.append(Condition(field="media", value=kind))
                piece = piece[: match.start()] + _X + piece[match.end() :]
            for one in piece.split(_X):
                bare = re.sub(rf"(?:的)?(?:{_POSTS})+$", "", _bare(one))
                bare = _bare(bare)
                if tokens(bare) and bare not in _POSTS.split("|"):
                    choice += chinese_words(bare)
                    found.remarks.append(PlainRemark(name="words", detail=bare))
            if choice:
                group.append(tuple(choice))
        return group


def chinese_words(text: str) -> list[Condition]:
    """What finds a Chinese subject: as it stands where it is short, else its pairs of characters, or each of an odd number of them."""
    count = len(text)
    if text.isascii() or count < 4 or not all("\u3400" <= letter <= "\u9fff" for letter in text):
        return [Condition(field="phrase" if len(tokens(text)) < 9 else "words", value=text)]
    if count % 2 == 0:
        return [Condition(field="phrase", value=text[at : at + 2]) for at in range(0, count, 2)]
    return [Condition(field="words", value=text)]


def _bare(text: str) -> str:
    before = None
    while before != text:
        before, text = text, _TRIM.sub("", text)
    return text
