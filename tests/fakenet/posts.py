"""Feeds that could be real: self-written sentences in English and Chinese, put together by a seed."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from xml.sax.saxutils import escape

NEWEST = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)

_PLACES = ("Harrow Bay", "the old mill", "Lindqvist Square", "the north ferry", "Tamsin Street", "the upper valley",
           "Port Ellery", "the river library", "Quarry Hill", "the seed bank", "Marrow Lane", "the lighthouse")
_ACTORS = ("The harbour council", "A team of gardeners", "Two retired engineers", "The night bus crew",
           "A small software shop", "The choir", "Volunteers", "The weather station", "A schoolteacher",
           "The ferry company", "The bakers' guild", "A group of birdwatchers")
_DEEDS = ("measured the tide for ninety days", "rebuilt the wooden footbridge", "opened a workshop for broken radios",
          "counted swifts above the rooftops", "published the accounts of the last three winters",
          "replaced the heating with a pump that drinks river water", "taught forty people to read a map",
          "lost an argument with a goat and put up a fence", "moved the archive to shelves that fold",
          "wrote a compiler for knitting patterns", "planted a hedge that feeds bees until November",
          "turned a ticket office into a kitchen")
_FOLLOW = ("Nobody expected the bill to be lower than the estimate, and yet it was by {n} crowns.",
           "The first try failed because {n} screws were a millimetre too short.",
           "Anyone who wants to help can bring gloves on Saturday and stay for soup.",
           "A second report, due in {n} weeks, will say whether the change lasts.",
           "“We only wanted to know whether it could be done,” one of them said.",
           "The plan had been rejected twice before; this time nobody voted against it.",
           "Visitors walk past it every day without noticing what holds the roof.",
           "In the end the cheapest part, a {n}-gram spring, decided everything.",
           "It rained for most of the week, which turned out to be the point.",
           "The notes fill {n} pages and end with a drawing of a very small boat.",
           "Some neighbours complained about the noise and were invited to listen more closely.",
           "What happens next depends on the frost, the budget and one stubborn signature.")
_TAGS = ("craft", "weather", "software", "gardens", "transport", "history", "birds", "kitchens")

_ZH_ACTORS = ("镇上的木匠", "几位退休老师", "夜班电车的司机", "河边图书馆", "一家很小的软件公司", "气象站的志愿者", "合唱团",
              "面包师协会", "两名学生", "渡轮公司")
_ZH_DEEDS = ("修好了停了十年的水车", "把旧车站改成了公共厨房", "记录了一百天的潮水", "教会了四十个人看地图", "在屋顶种出了第一批豆子",
             "公布了过去三年的账目", "给旧收音机开了一间诊所", "写了一个会织毛衣的程序", "数清了钟楼上的雨燕", "换掉了图书馆的暖气")
_ZH_FOLLOW = ("第一次没有成功,因为有{n}颗螺丝短了一毫米。", "谁也没想到花费比预算还少了{n}元。", "星期六想帮忙的人可以带上手套,中午有热汤。",
              "第二份报告要等{n}个星期以后才会公布。", "“我们只是想知道能不能做到。”其中一位说。", "这个计划以前被否决过两次,这一次没有人反对。",
              "路过的人每天都看见它,却很少有人注意到是什么撑住了屋顶。", "最后起作用的是一根只有{n}克重的弹簧。", "那个星期几乎天天下雨,后来发现这正是关键。",
              "接下来会怎样,要看霜冻、经费,还有一个迟迟不肯签的名字。")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A post before it is written in some format."""

    guid: str
    url: str
    title: str
    body_html: str
    author: str
    published_at: datetime
    language: str
    tags: tuple[str, ...]


def items(count: int, *, seed: int = 0, language: str = "en", site: str = "http://site.invalid") -> list[Item]:
    """Return `count` posts, newest first, the same for the same seed; English bodies have 100 to 200 words."""
    chance = random.Random(f"{seed}/{language}")
    return [_item(chance, number, seed, language, site) for number in range(count)]


def _item(chance: random.Random, number: int, seed: int, language: str, site: str) -> Item:
    chinese = language == "zh"
    actors, deeds = (_ZH_ACTORS, _ZH_DEEDS) if chinese else (_ACTORS, _DEEDS)
    actor, deed = chance.choice(actors), chance.choice(deeds)
    place = "" if chinese else f" at {chance.choice(_PLACES)}"
    title = f"{actor}{deed}" if chinese else f"{actor} {deed}{place}"
    paragraphs = [_paragraph(chance, chinese) for _ in range(chance.randint(2, 4) if chinese else 3)]
    url = f"{site}/{seed}/{number}"
    lead = f"<p><strong>{title}{'。' if chinese else '.'}</strong> {paragraphs[0]}</p>"
    more = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs[1:])
    link = f'<p><a href="{url}?utm_source=feed">{"原文" if chinese else "Read the whole story"}</a></p>'
    return Item(
        guid=f"{site}/id/{seed}/{language}/{number}",
        url=url,
        title=title,
        body_html=lead + more + link,
        author=chance.choice(("L. Okafor", "M. Sørensen", "陈雨", "T. Varga")),
        published_at=NEWEST - timedelta(minutes=37 * number + seed),
        language=language,
        tags=tuple(chance.sample(_TAGS, 2)),
    )


def _paragraph(chance: random.Random, chinese: bool) -> str:
    pool = _ZH_FOLLOW if chinese else _FOLLOW
    picked = chance.sample(pool, chance.randint(3, 4))
    number = chance.randint(2, 400)
    return ("" if chinese else " ").join(sentence.format(n=number) for sentence in picked)


def rss(title: str, posts: Sequence[Item], *, ttl_minutes: int | None = None) -> bytes:
    """RSS 2.0 with whole bodies in content:encoded."""
    ttl = f"<ttl>{ttl_minutes}</ttl>" if ttl_minutes is not None else ""
    entries = "".join(
        f"<item><title>{escape(post.title)}</title><link>{escape(post.url)}</link>"
        f'<guid isPermaLink="false">{escape(post.guid)}</guid><pubDate>{format_datetime(post.published_at)}</pubDate>'
        f"<dc:creator>{escape(post.author)}</dc:creator>"
        + "".join(f"<category>{tag}</category>" for tag in post.tags)
        + f"<content:encoded><![CDATA[{post.body_html}]]></content:encoded></item>"
        for post in posts
    )
    language = posts[0].language if posts else "en"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>'
        f"<title>{escape(title)}</title><link>http://site.invalid/</link><description>{escape(title)}</description>"
        f"<language>{language}</language>{ttl}{entries}</channel></rss>"
    ).encode()


def atom(title: str, posts: Sequence[Item]) -> bytes:
    """Atom 1.0 with bodies as escaped HTML."""
    entries = "".join(
        f'<entry><title>{escape(post.title)}</title><link href="{escape(post.url)}"/><id>{escape(post.guid)}</id>'
        f"<published>{post.published_at.isoformat()}</published><updated>{post.published_at.isoformat()}</updated>"
        f"<author><name>{escape(post.author)}</name></author>"
        + "".join(f'<category term="{tag}"/>' for tag in post.tags)
        + f'<content type="html">{escape(post.body_html)}</content></entry>'
        for post in posts
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
        f"<title>{escape(title)}</title><id>http://site.invalid/{escape(title)}</id>"
        f"<updated>{NEWEST.isoformat()}</updated>{entries}</feed>"
    ).encode()


def jsonfeed(title: str, posts: Sequence[Item]) -> bytes:
    """JSON Feed 1.1."""
    return json.dumps(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": title,
            "home_page_url": "http://site.invalid/",
            "items": [
                {
                    "id": post.guid,
                    "url": post.url,
                    "title": post.title,
                    "content_html": post.body_html,
                    "date_published": post.published_at.isoformat(),
                    "authors": [{"name": post.author}],
                    "language": post.language,
                    "tags": list(post.tags),
                }
                for post in posts
            ],
        },
        ensure_ascii=False,
    ).encode()


def page(title: str, feeds: Sequence[tuple[str, str]]) -> bytes:
    """A site's page that names its feeds: (title, href)."""
    links = "".join(
        f'<link rel="alternate" type="{"application/feed+json" if href.endswith(".json") else "application/rss+xml"}" '
        f'title="{escape(name)}" href="{escape(href)}">'
        for name, href in feeds
    )
    return (
        f"<!doctype html><html lang=en><head><meta charset=utf-8><title>{escape(title)}</title>{links}</head>"
        f"<body><h1>{escape(title)}</h1><p>Letters from a small town.</p></body></html>"
    ).encode()
