"""Cheap facts about a text, as names: links, capitals, prices, telephone numbers, affiliate links, disclosures, length.

None of them decides: each is one feature among the words and characters that a trained head weighs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_LINK = re.compile(r"https?://\S+|www\.\S+|\b[\w-]+\.(?:com|net|org|info|biz|ru|ly|co|tk)/\S*", re.IGNORECASE)
_AFFILIATE = re.compile(
    r"[?&](?:tag|aff\w*|ref|refid|ref_id|referrer|partner|clickid|utm_\w+|irclickid|ranmid)=|amzn\.to|/dp/|shareasale|awin1?\.|"
    r"rstyle\.me|skimresources|linksynergy|go\.redirect",
    re.IGNORECASE,
)
_DISCLOSURE = re.compile(
    r"#(?:ad|ads|advert|sponsored|spon|gifted|werbung|anzeige|publi|pub|reclame)\b|\b(?:sponsored|advertisement|advertorial|"
    r"paid (?:post|partnership|content)|affiliate|promoted|anzeige|werbung|gesponsert|publireportage|sponsorisé|publicité|"
    r"patrocinado|publicidad|sponsorizzato|advertentie|gesponsord|реклама)\b|广告|廣告|赞助|推广|软文|恰饭|広告|スポンサー",
    re.IGNORECASE,
)
_PRICE = re.compile(
    r"[$€£¥₹]\s?\d|\d\s?(?:[$€£¥₹]|usd|eur|euro|gbp|dollars?|pounds?|元|块|折)|\d\s?%\s?off|\d\d?p\b", re.IGNORECASE
)
_TELEPHONE = re.compile(r"(?<!\d)(?:\+?\d[\d\s().-]{8,}\d)(?!\d)")
_SHORT_NUMBER = re.compile(r"(?<!\d)\d{5}(?!\d)")
_CALL = re.compile(
    r"\b(?:subscribe|click|buy now|order now|sign up|free|winner|won|claim|prize|urgent|cash|offer|discount|coupon|promo code|"
    r"check out|visit|download|limited time|call now|txt|reply)\b|加微信|加群|扫码|优惠|折扣|免费|点击|领取|包邮",
    re.IGNORECASE,
)
_CAPITALS = re.compile(r"\b[A-Z]{2,}\b")
_YOU = re.compile(r"\b(?:you|your|you're|u|ur|he|she|they|them|these people)\b", re.IGNORECASE)


def facts(text: str) -> Iterator[str]:
    """Yield the names of what is true of a text. Amounts come in few steps, and as all steps below them."""
    yield from _steps("links", len(_LINK.findall(text)), (1, 2, 4))
    yield from _steps("prices", len(_PRICE.findall(text)), (1, 2))
    yield from _steps("calls", len(_CALL.findall(text)), (1, 2, 3))
    yield from _steps("shouted words", len(_CAPITALS.findall(text)), (1, 2, 4))
    yield from _steps("exclamations", text.count("!") + text.count("！"), (1, 2, 4))
    yield from _steps("questions", text.count("?") + text.count("？"), (1, 2))
    yield from _steps("digits", sum(map(text.count, "0123456789")), (1, 4, 10))
    yield from _steps("length", len(text), (15, 30, 60, 120, 200, 400, 800))
    for name, pattern in (
        ("affiliate", _AFFILIATE),
        ("disclosure", _DISCLOSURE),
        ("telephone", _TELEPHONE),
        ("short number", _SHORT_NUMBER),
        ("addressed", _YOU),
    ):
        if pattern.search(text):
            yield name
    if text[:1].isdigit():
        yield "begins with a number"
    if text.isupper():
        yield "all in capitals"


def _steps(name: str, amount: int, steps: tuple[int, ...]) -> Iterator[str]:
    for step in steps:
        if amount >= step:
            yield f"{name} {step}"
