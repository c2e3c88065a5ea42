"""Posts of several outlets and people that tell the same, in English and Chinese, and some that only sound like it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zlib import crc32

from engine import Engine, PlainPost

BRIDGE = (
    ("City Observer", 2.0, "Old river bridge closes for repairs until March", "The old river bridge closes to all traffic on Monday for repairs that last until March. Engineers found cracks in two of its eleven arches. Buses will take the northern bridge, which adds nine minutes. The repairs cost four million."),
    ("Harbour Radio", 1.5, "River bridge closes Monday for repairs until March", "The old river bridge closes to traffic on Monday for repairs until March, the city says. Engineers found cracks in two of its eleven arches. A ferry for pedestrians runs every quarter of an hour and costs nothing."),
    ("Market Wire", 1.0, "Old river bridge closed for repairs until March, shops fear the winter", "The old river bridge closes on Monday for repairs until March after engineers found cracks in two of its arches. Shops on the south bank expect to lose a third of their customers before Christmas."),
    ("Spoke & Chain", 0.5, "The old river bridge closes for repairs on Monday", "Cracks in two arches: the old river bridge closes on Monday for repairs until March. Cyclists may still push their bikes across on the downstream pavement."),
)  # fmt: skip
TRAM = (
    ("城市观察", 3.0, "夜班电车从周五起延长到凌晨两点", "夜班电车从周五起延长到凌晨两点，每二十分钟一班。司机们要求更长的休息时间，最后也得到了。全市共有六条线路参加。"),
    ("磨坊日记", 2.5, "夜班电车延长到凌晨两点，周五开始", "从周五起，夜班电车延长到凌晨两点，每二十分钟一班。司机们要求更长的休息时间，最后也得到了。面包师傅说，他终于可以坐车上班了。"),
    ("清晨新闻", 2.0, "周五起夜班电车延长到凌晨两点", "夜班电车将从周五起延长到凌晨两点，每二十分钟一班。市长说，如果乘客够多，明年春天再延长一个小时。"),
)
APART = (
    ("Garden Notes", 4.0, "Hedges that feed bees until November", "Ivy flowers last. Cut it in spring, if at all."),
    ("Kernel Weekly", 5.0, "A small allocator explained in four drawings", "Each drawing shows what is freed too late. The code is shorter than the text."),
    ("City Observer", 6.0, "Library reopens its reading room after the flood", "Volunteers dried fourteen thousand books by hand. Only sixty-one could not be saved."),
    ("城市观察", 7.0, "图书馆换掉了旧暖气", "新的热泵从河水里取热，账单比预算还少。"),
)
LATER = ("Ferry Watch", 0.1, "River bridge closed for repairs until March: the ferry is full", "The old river bridge is closed for repairs until March after cracks in two of its eleven arches. On its first morning the free ferry carried nine hundred people, twice what was expected.")  # fmt: skip
LATER_STILL = ("Night Desk", 0.05, "Old river bridge closed for repairs until March: third crack found", "The old river bridge, closed for repairs until March, has a third crack, engineers say. Divers saw it with ultrasound below the waterline of the northern pillar and will pump concrete for two weeks.")  # fmt: skip

Telling = tuple[str, float, str, str]


def add(engine: Engine, *tellings: Telling) -> None:
    """Store these posts, each in a feed of its outlet's name, as if they had come so many hours ago."""
    now = datetime.now(UTC)
    for feed, hours, title, text in tellings:
        url = f"https://outlet.example/{crc32(f'{feed}: {title}'.encode())}"
        engine.add_posts(
            feed, [PlainPost(title=title, text=text, url=url, published_at=now - timedelta(hours=hours), guid=url)]
        )


def fold(engine: Engine) -> None:
    """Let the engine find out who tells the same, as it does after each look for posts."""
    for _ in engine.enrich():
        pass


def plant(engine: Engine) -> None:
    """Store everything here but what comes later, and fold it."""
    add(engine, *BRIDGE, *TRAM, *APART)
    fold(engine)
