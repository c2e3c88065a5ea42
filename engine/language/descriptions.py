"""What a video's or a recording's description says of it: without its links, chapters, sponsors, hashtags and credits.

Whole lines and sentences are left out, nothing is changed in what stays: evidence for a summary is found in the original.
"""

from __future__ import annotations

import regex

from engine.language.sentences import count_words, split

_LINK = regex.compile(r"(?:https?://|www\.)\S+|[\w.+-]+@[\w-]+\.[\w.]+|(?<![\w/])@[\w.]{2,40}\b", regex.IGNORECASE)
_CHAPTER = regex.compile(r"^\W*\d{1,2}:\d{2}(?::\d{2})?\b|^[^.!?]{0,80}\s\(?\d{1,2}:\d{2}(?::\d{2})?\)?\s*$")
_HASHTAG = regex.compile(r"(?<!\w)[#＃][\p{L}\p{N}_]+")
_HASHTAGS_AT_END = regex.compile(r"(?:\s*(?<!\w)[#＃][\p{L}\p{N}_]+)+\s*$")
_RULE = regex.compile(r"^[^\p{L}\p{N}]*$")
_HEADING = regex.compile(r"^[^.!?。！？]{1,40}[:：]\s*$")
_CREDIT = regex.compile(
    r"^\W*(?:music|song|track|edit(?:ed|or|ing)?|camera|gear|lens|mic(?:rophone)?|thumbnail|animation|sound|footage|stock|intro|outro|"
    r"producer|produced|filmed|cast|credits?|licen[cs]e|copyright|sources?|links?|chapters?|timestamps?|time\s?stamps|tags|"
    r"音乐|音樂|剪辑|剪輯|配乐|配樂|章节|章節|时间轴|時間軸|素材|设备|設備)\b[^.!?]{0,30}[:：]",
    regex.IGNORECASE,
)
_SELLING = regex.compile(
    r"\bsponsor|\baffiliate|\bpromo(?:tional)? code|\bdiscount code|\buse (?:my |the )?code\b|\bcoupon|\b\d{1,2} ?% off\b|\bfree trial\b|"
    r"\bpatreon\b|\bmerch\b|\bko-?fi\b|\bbuy me a coffee\b|\bpaypal\b|\bsubscribe\b|\bjoin (?:this|the|our|my) (?:channel|discord|newsletter)|"
    r"\bbecome a (?:channel )?member|\bmembership\b|\bfollow (?:me|us|along)\b|\bsign up\b.*\bfree\b|\bbusiness (?:inquir|enquir)|"
    r"\bring the bell\b|\bhit the (?:bell|like)|\blike (?:and|&) (?:subscribe|share)|\bsupport (?:me|us|the (?:channel|show|podcast))\b|"
    r"\bthanks to .{2,40} for (?:sponsoring|supporting)|\bas an amazon associate|\bcommission\b|\blink(?:s)? (?:below|in (?:the )?(?:bio|description))|"
    r"赞助|贊助|优惠码|優惠碼|折扣码|折扣碼|打折|订阅|訂閱|点赞|點讚|投币|关注我|關注我|一键三连|商务合作|商務合作|会员频道|加入频道",
    regex.IGNORECASE,
)
_MOST_WORDS_BESIDE_A_LINK = 6


def told(description: str) -> str:
    """Return the lines and sentences of a description that tell what is shown, each as it stands there; "" where none does."""
    kept: list[str] = []
    for line in description.splitlines():
        said = "" if _HEADING.match(line.strip()) else _line(line.strip())
        if said or (not line.strip() and kept and kept[-1]):
            kept.append(said)
    return "\n".join(kept).strip()


def _line(line: str) -> str:
    """What stays of one line: all its sentences, some, or none."""
    if _RULE.match(line) or _CHAPTER.search(line) or _CREDIT.match(line):
        return ""
    bare = _HASHTAG.sub(" ", _LINK.sub(" ", line))
    if not count_words(bare) or (_LINK.search(line) and count_words(bare) <= _MOST_WORDS_BESIDE_A_LINK):
        return ""
    spans = split(line)
    if all(_tells(line[span.start : span.end]) for span in spans):
        return _HASHTAGS_AT_END.sub("", line)
    return " ".join(_HASHTAGS_AT_END.sub("", line[span.start : span.end]) for span in spans if _tells(line[span.start : span.end]))


def _tells(sentence: str) -> bool:
    bare = _HASHTAG.sub(" ", _LINK.sub(" ", sentence))
    return bool(count_words(bare)) and not _SELLING.search(sentence)
