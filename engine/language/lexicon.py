"""Word tables of the evidence check. English unless said otherwise; small on purpose."""

from __future__ import annotations


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


NUMBER_WORDS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50,
    "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "first": 1, "second": 2, "third": 3, "fourth": 4,
    "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10, "dozen": 12, "twice": 2, "once": 1,
    "double": 2, "doubled": 2, "triple": 3, "tripled": 3, "half": 0.5,
}  # fmt: skip
WEAK_NUMBERS = frozenset({"one", "once"})  # too often no numbers
SCALES = {
    "hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12, "k": 1e3, "m": 1e6, "mn": 1e6,
    "bn": 1e9, "b": 1e9, "tn": 1e12, "万": 1e4, "萬": 1e4, "亿": 1e8, "億": 1e8, "千": 1e3, "百": 1e2,
}  # fmt: skip
HAN_DIGITS = {"〇": 0, "零": 0, "一": 1, "二": 2, "两": 2, "兩": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7,
              "八": 8, "九": 9}  # fmt: skip

MONTHS = {
    "january": 1, "february": 2, "march": 3, "april": 4, "may": 5, "june": 6, "july": 7, "august": 8, "september": 9,
    "october": 10, "november": 11, "december": 12, "jan": 1, "feb": 2, "mar": 3, "apr": 4, "jun": 6, "jul": 7,
    "aug": 8, "sep": 9, "sept": 9, "oct": 10, "nov": 11, "dec": 12,
}  # fmt: skip
DOUBTFUL_DATES = frozenset({"may", "march", "mar", "dec", "sun", "sat", "mon", "wed", "second"})  # words of their own
DAYS = {
    "monday": 1, "tuesday": 2, "wednesday": 3, "thursday": 4, "friday": 5, "saturday": 6, "sunday": 7, "mon": 1,
    "tue": 2, "tues": 2, "wed": 3, "thu": 4, "thur": 4, "thurs": 4, "fri": 5, "sat": 6, "sun": 7,
}  # fmt: skip
RELATIVE_DAYS = {"today": 0, "tonight": 0, "yesterday": -1, "tomorrow": 1}
SEASONS = {"spring": 1, "summer": 2, "autumn": 3, "fall": 3, "winter": 4}

NEGATIONS = _set("not no never none nobody nothing neither nor cannot without nowhere n't hardly barely scarcely")
DENIALS = _set(  # what they govern did not happen, or is said not to have
    "deny denied refuse refused refusal reject rejected fail failed failure unlikely lack false untrue decline declined"
    " unable miss missed missing absent absence avoid prevent ban banned block halt stop stopped cease cancel cancelled"
    " oppose unaware unknown dropped impossible withhold abandon rule out ruled avoidance neither impossible"
)
HAN_NEGATIONS = ("没有", "沒有", "并非", "並非", "不是", "无法", "無法", "从未", "從未", "尚未", "并未", "並未", "没", "沒", "未", "不", "无", "無", "否认", "否認", "拒绝", "拒絕")  # fmt: skip
HAN_NOT_NEGATION = ("不仅", "不僅", "不但", "不过", "不過", "不断", "不斷", "不少", "不久", "不同", "未来", "未來", "无论", "無論", "不管", "差不多", "不锈", "不得不", "无线", "无人")  # fmt: skip

FUNCTION_WORDS = _set(
    "a about above across after again against ago ah all almost along already also although always am among an and any"
    " anyone anything are around as at away back be became because become becomes been before behind being below"
    " between both but by can could did do does doing done down during each either else even ever every everyone"
    " everything few for from further get gets getting got had has have having he her here hers herself him himself"
    " his how however i if in into is it its itself just last least less let like made make makes making many may me"
    " might mine more most much must my myself near next now of off often on only onto or other others our ours out"
    " over own per quite rather s same shall she should since so some someone something soon still such t take taken"
    " takes than that the their theirs them themselves then there these they this those though through thus to"
    " together too took toward towards under until up upon us use used uses using very via was we well went were what"
    " when where whether which while who whom whose why will with within would yet you your yours yourself 'd 'll 've"
    " 're 'm d ll ve re m got going go goes really around way thing things lot lots am is"
)
PRONOUNS = _set("he she they it who him her them his their its i we which")  # may mean who was spoken of before
REPORTING = _set(  # who writes about a text may use these though it does not
    "say says said tell tells told state states stated report reports reported reportedly according add adds added note"
    " notes noted mention explain explains explained describe describes announce announces announced claim claims"
    " reveal reveals revealed argue argues believe believes discuss discusses highlight show shows suggest suggests"
    " writer author article post story text speaker include includes including"
)
HEDGES = _set(  # what is said with one of these is not said to be so
    "may might could would should allegedly reportedly apparently perhaps possibly probably likely supposedly maybe if"
    " unless whether rumour rumours rumoured rumored hope hopes hoped hoping want wants wanted plan plans planned"
    " planning propose proposes proposed proposal expect expects expected consider considers considered considering"
    " seek seeks seeking try tries tried trying attempt attempts attempted almost nearly alleged suspected suspect"
    " believed thought"
)
PREPOSITIONS = _set("from to of in by against for with at over into onto under on near towards via")
WEIGHTY = _set(  # small words that change what is said: how much, how many, how surely
    "almost nearly over under above below least most more less fewer up about around only all every each both many few"
    " several can must will would should may might could does did before after until since without again against"
    " i me my mine we us our ours you your yours"
)
LIGHT = _set(  # words that a shorter sentence may need in a new place
    "a an the and that this these those it its he she they his her their who which is are was were be been has have had"
    " also"
)
IRREGULAR = {
    "won": "win", "bought": "buy", "sold": "sell", "sale": "sell", "sales": "sell", "rose": "rise", "risen": "rise",
    "fell": "fall", "fallen": "fall", "grew": "grow", "grown": "grow", "growth": "grow", "held": "hold",
    "kept": "keep", "left": "leave", "lost": "lose", "loss": "lose", "met": "meet", "paid": "pay", "ran": "run",
    "saw": "see", "seen": "see", "sent": "send", "spoke": "speak", "spoken": "speak", "spent": "spend",
    "stood": "stand", "taught": "teach", "thought": "think", "wrote": "write", "written": "write", "found": "find",
    "gave": "give", "given": "give", "came": "come", "began": "begin", "begun": "begin", "built": "build",
    "broke": "break", "broken": "break", "died": "die", "dies": "die", "dead": "die", "death": "die",
    "deaths": "die", "dying": "die", "children": "child", "men": "man", "women": "woman", "people": "person",
    "known": "know", "knew": "know", "led": "lead", "shot": "shoot", "struck": "strike", "drove": "drive",
    "driven": "drive", "fought": "fight", "caught": "catch", "brought": "bring", "chose": "choose",
    "chosen": "choose", "choice": "choose", "flew": "fly", "flown": "fly", "flight": "fly", "forgot": "forget",
    "froze": "freeze", "frozen": "freeze", "hid": "hide", "hidden": "hide", "hung": "hang", "laid": "lay",
    "lay": "lie", "lying": "lie", "meant": "mean", "sang": "sing", "sung": "sing", "sank": "sink", "sunk": "sink",
    "slept": "sleep", "sought": "seek", "stole": "steal", "stolen": "steal", "stuck": "stick", "swam": "swim",
    "threw": "throw", "thrown": "throw", "told": "tell", "understood": "understand", "woke": "wake", "wore": "wear",
    "worn": "wear", "wives": "wife", "lives": "life", "bigger": "big", "biggest": "big", "better": "good",
    "best": "good", "worse": "bad", "worst": "bad", "made": "make", "feet": "foot", "cities": "city",
    "countries": "country", "decision": "decide", "decisions": "decide", "arrival": "arrive", "closure": "close",
}  # fmt: skip

_OPPOSITES = (
    "rise/fall rise/drop increase/decrease increase/fall win/lose gain/lose more/fewer approve/reject accept/reject"
    " accept/refuse open/close start/end begin/end start/stop buy/sell hire/fire before/after above/below best/worst"
    " highest/lowest allow/ban support/oppose success/failure pass/fail guilty/innocent raise/lower raise/cut"
    " grow/shrink strong/weak cheap/expensive higher/lower faster/slower arrive/depart join/leave alive/dead"
    " confirm/deny safe/dangerous legal/illegal male/female north/south east/west large/small add/remove"
    " agree/disagree likely/unlikely possible/impossible victory/defeat profit/loss longer/shorter early/late"
)
OPPOSITES = tuple(  # words that turn a claim round
    (pair.split("/")[0], pair.split("/")[1]) for pair in _OPPOSITES.split()
)
