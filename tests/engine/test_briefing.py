"""Briefings without a model: what is in them, in which order, what they are called, and that they are kept."""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from lxml import html
from markdown_it import MarkdownIt

from engine import (
    Briefing,
    BriefingItem,
    Engine,
    InputError,
    NotFoundError,
    Picture,
    PlainPost,
    Span,
    Summary,
    SummarySentence,
    open_engine,
)
from engine.language import briefing as planning
from engine.language.extractive import summarise
from tests.engine.store_posts import Clock, follow, take
from tests.engine.store_posts import post as stored_post

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def engine(tmp_path: Path, clock: Clock) -> Iterator[Engine]:
    with open_engine(tmp_path / "profile", key=secrets.token_bytes(32), clock=clock) as opened:
        opened.set_setting("ai", False)
        yield opened


def post(number: int, *, title: str = "", text: str = "", hours: float = 1.0, url: str = "") -> PlainPost:
    return PlainPost(
        title=title or f"Bridge {number} opens to traffic",
        text=text or f"Bridge number {number} was opened by the mayor on Monday. It cost four million and is two lanes wide.",
        url=url or f"https://posts.example/{number}",
        published_at=NOW - timedelta(hours=hours + number / 60),
        guid=f"post-{number}",
    )


WORDS = ["otter", "violin", "glacier", "harbour", "lantern", "meadow", "compass", "orchard", "saddle", "pepper", "walnut", "marble", "thunder", "velvet", "anchor", "barley", "candle", "ember", "falcon", "garnet", "hazel", "island", "jasmine", "kettle", "lilac", "magnet", "nutmeg", "oyster", "pebble", "quartz", "raven", "saffron", "timber", "umber", "vanilla", "willow", "yarrow", "zephyr", "acorn", "bramble", "copper", "dagger", "emerald", "fennel", "goblet", "hermit", "ivory", "juniper", "kernel", "ladder"]


def different(count: int, *, hours: float = 1.0) -> list[PlainPost]:
    """Posts of which no two tell the same."""
    return [
        post(number, title=f"The {WORDS[2 * number]} and the {WORDS[2 * number + 1]}",
             text=f"Someone found a {WORDS[2 * number]} near the old mill. Nobody asked the {WORDS[2 * number + 1]} what it thought of that.", hours=hours)
        for number in range(count)
    ]  # fmt: skip


def made(engine: Engine, minutes: float = 5.0, since: datetime | None = None) -> Briefing:
    *_, last = engine.brief(minutes, since)
    return last.briefing


def item(post_id: int, title: str, text: str = "", feed: str = "") -> BriefingItem:
    sentences = planning.two_lines(summarise(text, max_words=planning.ITEM_WORDS), title) if text else ()
    return BriefingItem(
        post_id=post_id, title=title, feed_title=feed or f"Feed {post_id}", url="", published_at=NOW, sentences=sentences, method="extractive"
    )


# ---- what is in it ---------------------------------------------------------------------------


def test_the_first_event_has_headlines_and_sentences_and_the_last_is_done(engine: Engine) -> None:
    engine.add_posts("Mine", different(3))
    first, *_, last = engine.brief()
    assert [len(each.sentences) for each in first.briefing.items] == [2, 2, 2]
    assert not first.briefing.done
    assert last.briefing.done
    assert last.done == last.total == 3


def test_every_sentence_is_one_of_the_post_and_says_where(engine: Engine) -> None:
    engine.add_posts("Mine", different(4))
    for each in made(engine).items:
        text = engine.post(each.post_id).text
        for sentence in each.sentences:
            assert [text[span.start : span.end] for span in sentence.evidence] == [sentence.text]
            assert sentence.quotes == (sentence.text,)


def test_a_short_briefing_has_fewer_items_and_says_how_many_posts_it_left_out(engine: Engine) -> None:
    engine.add_posts("Mine", different(25))
    briefing = made(engine, 1.0)
    assert 0 < len(briefing.items) < 25
    assert briefing.posts == 25
    assert briefing.left_out == 25 - len(briefing.items)
    assert briefing.reading_minutes <= 1.1


def test_a_story_is_told_once(engine: Engine) -> None:
    same = [post(number, title="Council closes Main Street to cars", text=f"The council voted on Tuesday. Source {number} was there.") for number in range(3)]
    for number, each in enumerate(same):
        engine.add_posts(f"Paper {number}", [each])
    for _ in engine.enrich():
        pass
    briefing = made(engine)
    assert len(briefing.items) == 1
    assert briefing.items[0].outlets == 3
    assert len(briefing.items[0].tellings) == 3
    assert briefing.left_out == 0


def test_what_was_read_is_left_out_of_what_is_new_but_not_of_yesterday(engine: Engine) -> None:
    engine.add_posts("Mine", different(3))
    read = engine.timeline()[0]
    engine.mark([read], read=True)
    assert read not in {each.post_id for each in made(engine).items}
    yesterday = made(engine, 5.0, NOW - timedelta(days=1))
    assert [each.post_id for each in yesterday.items if each.read] == [read]
    assert yesterday.items[-1].post_id == read


def test_hidden_posts_are_not_in_it(engine: Engine) -> None:
    engine.add_posts("Mine", different(3))
    hidden = engine.timeline()[1]
    engine.mark([hidden], hidden=True)
    briefing = made(engine)
    assert hidden not in {each.post_id for each in briefing.items}
    assert briefing.posts == 2


def test_the_next_one_tells_only_what_came_since(engine: Engine, clock: Clock) -> None:
    engine.add_posts("Mine", different(5)[:3])
    first = made(engine)
    clock.now = NOW + timedelta(hours=10)
    engine.add_posts("Mine", different(5, hours=-2)[3:])
    second = made(engine)
    assert second.since == first.made_at
    assert second.since_last
    assert {each.post_id for each in second.items}.isdisjoint(each.post_id for each in first.items)
    assert len(second.items) == 2


def test_when_nothing_is_new_it_is_empty_and_not_kept(engine: Engine) -> None:
    engine.add_posts("Mine", different(2))
    kept = made(engine)
    again = made(engine)
    assert again.items == ()
    assert again.id == 0
    assert again.done
    assert [each.id for each in engine.briefings()] == [kept.id]


def test_a_story_that_grew_is_told_again_by_what_is_new(engine: Engine, clock: Clock) -> None:
    title = "Council closes Main Street to cars"
    engine.add_posts("Paper 0", [post(0, title=title, text="The council voted on Tuesday about Main Street.")])
    first = made(engine)
    clock.now = NOW + timedelta(hours=3)
    engine.add_posts("Paper 1", [post(1, title=title, text="Shops on Main Street want money back.", hours=-1)])
    for _ in engine.enrich():
        pass
    (again,) = made(engine).items
    assert again.new == 1
    assert again.new_since == first.made_at
    assert again.sentences[0].text == "Shops on Main Street want money back."


def test_a_length_that_is_none_is_refused(engine: Engine) -> None:
    for minutes in (0.0, -1.0, 1000.0, float("nan")):
        with pytest.raises(InputError):
            next(iter(engine.brief(minutes)))


def test_a_time_ahead_is_refused(engine: Engine) -> None:
    with pytest.raises(InputError):
        next(iter(engine.brief(5.0, NOW + timedelta(hours=1))))


def test_without_a_model_it_says_so(engine: Engine) -> None:
    engine.add_posts("Mine", different(1))
    assert made(engine).note == "off"


# ---- outside the bubble ----------------------------------------------------------------------


def test_one_thing_lies_outside_the_bubble_once_something_is_liked(engine: Engine) -> None:
    posts = different(25)
    engine.add_posts("Mine", posts[:20])
    engine.add_posts("Elsewhere", posts[20:])
    for post_id in engine.timeline()[:3]:
        engine.feedback(post_id, True)
    briefing = made(engine, 1.0)
    assert briefing.outside is not None
    assert briefing.outside.feed_title == "Elsewhere"
    assert briefing.outside.post_id not in {each.post_id for group in briefing.groups for each in group.items}
    assert briefing.items[-1] == briefing.outside


def test_while_nothing_is_liked_nothing_is_outside(engine: Engine) -> None:
    engine.add_posts("Mine", different(25))
    assert made(engine, 1.0).outside is None


# ---- kept ------------------------------------------------------------------------------------


def test_a_kept_briefing_is_the_one_that_was_made(engine: Engine) -> None:
    engine.add_posts("Mine", different(25))
    engine.feedback(engine.timeline()[0], True)
    briefing = made(engine, 1.0)
    assert engine.briefing(briefing.id) == briefing


def test_one_that_was_closed_early_can_be_opened_and_finished(engine: Engine) -> None:
    engine.add_posts("Mine", different(3))
    events = engine.brief()
    first = next(iter(events)).briefing
    events.close()  # type: ignore[attr-defined]
    kept = engine.briefing(first.id)
    assert not kept.done
    assert kept.items == first.items
    *_, last = engine.finish_briefing(first.id)
    assert last.briefing.done
    assert engine.briefing(first.id).done


def test_a_briefing_that_is_not_there_is_not_found(engine: Engine) -> None:
    with pytest.raises(NotFoundError):
        engine.briefing(7)


# ---- how long, how many ----------------------------------------------------------------------


def test_reading_takes_230_words_or_400_chinese_characters_a_minute() -> None:
    assert planning.reading_minutes("word " * 230) == pytest.approx(1.0)
    assert planning.reading_minutes("水" * 400) == pytest.approx(1.0)
    assert planning.reading_minutes("word " * 115 + "水" * 200) == pytest.approx(1.0)


def test_no_more_items_are_looked_at_than_are_read() -> None:
    looked: list[int] = []

    def items() -> Iterator[BriefingItem]:
        for number in range(1000):
            looked.append(number)
            yield item(number, "word " * 20)

    chosen = planning.fitting(items(), 1.0)
    assert len(looked) == len(chosen) + 1 < 12


def test_one_item_is_there_however_short_the_time() -> None:
    assert len(planning.fitting([item(1, "word " * 400), item(2, "word")], 0.5)) == 1


def test_a_sentence_that_repeats_the_title_is_passed_over() -> None:
    text = "The bridge opens today. It took nine years to build."
    (only,) = planning.two_lines(summarise(text), "The bridge opens today")
    assert only.text == "It took nine years to build."


def test_a_text_without_an_end_is_cut_after_two_lines() -> None:
    text = "and so on it goes " * 60
    (only,) = planning.two_lines(summarise(text), "")
    assert only.text.endswith("…")
    assert len(only.text.split()) == planning.ITEM_WORDS
    (span,) = only.evidence
    assert " ".join(text[span.start : span.end].split()) == only.text.removesuffix("…")


def test_a_sentence_of_the_model_is_never_cut() -> None:
    words = "word " * 70
    summary = Summary(sentences=(SummarySentence(text=words, evidence=(Span(start=0, end=4),)),), method="model", model="M", text="words")
    assert planning.two_lines(summary)[0].text == words


# ---- switched off ----------------------------------------------------------------------------


def told_by_a_model(engine: Engine) -> Briefing:
    """A kept briefing of two things, of which a model told one."""
    engine.add_posts("Mine", [post(0), post(1)])
    kept = made(engine)
    sentence = replace(kept.items[0].sentences[0], text="The mayor opened it.")
    group = kept.groups[0]
    first = replace(group.items[0], sentences=(sentence,), method="model", model="M")
    written = replace(kept, groups=(replace(group, items=(first, *group.items[1:])), *kept.groups[1:]))
    return engine._store.save_briefing(written)


def test_while_summaries_are_off_a_kept_briefing_has_picked_sentences_where_a_model_wrote(engine: Engine) -> None:
    kept = told_by_a_model(engine)
    shown = engine.briefing(kept.id)
    assert {each.method for each in shown.items} == {"extractive"}
    assert shown.items[0].sentences
    assert shown.items[0].sentences[0].text in engine.post(shown.items[0].post_id).text
    assert [each.post_id for each in shown.items] == [each.post_id for each in kept.items]
    engine.set_setting("ai", True)
    assert engine.briefing(kept.id).items[0].method == "model"


def test_while_summaries_are_off_neither_list_nor_file_nor_going_on_tells_what_a_model_wrote(engine: Engine, tmp_path: Path) -> None:
    kept = told_by_a_model(engine)
    assert all(each.method == "extractive" for briefing in engine.briefings() for each in briefing.items)
    assert "The mayor opened it." not in engine.write_briefing(kept.id, tmp_path / "one.html").read_text()
    assert "The mayor opened it" not in engine.write_briefing(kept.id, tmp_path / "one.md").read_text()
    assert all(each.method == "extractive" for event in engine.finish_briefing(kept.id) for each in event.briefing.items)


def test_of_a_post_that_is_gone_nothing_is_told_in_the_models_place(engine: Engine) -> None:
    kept = told_by_a_model(engine)
    gone = replace(kept.groups[0].items[0], post_id=999_999)
    kept = engine._store.save_briefing(replace(kept, groups=(replace(kept.groups[0], items=(gone,)),)))
    (only,) = engine.briefing(kept.id).items
    assert (only.sentences, only.method) == ((), "extractive")


# ---- groups ----------------------------------------------------------------------------------


def towards(*directions: int) -> dict[int, np.ndarray]:
    return {number: np.eye(8, dtype=np.float32)[direction] for number, direction in enumerate(directions)}


def test_posts_near_each_other_are_a_group_called_by_their_words() -> None:
    items = [item(0, "New ferry for the harbour"), item(1, "A robin sings"), item(2, "The ferry is late"), item(3, "Rust compiles")]
    one, rest = planning.grouped(items, folders={}, vectors=towards(0, 1, 0, 2))
    assert (one.kind, one.title) == ("words", "ferry")
    assert [each.post_id for each in one.items] == [0, 2]
    assert (rest.kind, rest.title) == ("rest", "")


def test_a_folder_names_a_group_that_fills_it() -> None:
    items = [item(0, "New ferry"), item(1, "Ferry late"), item(2, "Rust compiles")]
    groups = planning.grouped(items, folders={0: "Harbour", 1: "Harbour", 2: ""}, vectors=towards(0, 0, 1))
    assert (groups[0].kind, groups[0].title) == ("folder", "Harbour")


def test_a_group_that_nothing_names_honestly_is_none() -> None:
    items = [item(0, "Alpha"), item(1, "Beta")]
    (only,) = planning.grouped(items, folders={}, vectors=towards(0, 0))
    assert only.kind == "rest"


def test_without_vectors_folders_and_sources_group() -> None:
    items = [item(0, "One", feed="A"), item(1, "Two", feed="B"), item(2, "Three", feed="B"), item(3, "Four", feed="C")]
    groups = planning.grouped(items, folders={0: "News", 3: "News"})
    assert [(group.kind, group.title) for group in groups] == [("folder", "News"), ("source", "B")]


def test_chinese_titles_name_a_group_by_what_they_share() -> None:
    items = [item(0, "图书馆换掉了旧暖气"), item(1, "市图书馆周末开放"), item(2, "夜班电车延长")]
    groups = planning.grouped(items, folders={}, vectors=towards(0, 0, 1))
    assert (groups[0].kind, groups[0].title) == ("words", "图书馆")


# ---- the schedule ----------------------------------------------------------------------------


def test_it_is_due_once_a_day_after_its_time() -> None:
    monday = datetime(2026, 11, 23, 8, 0).astimezone()
    before = monday.replace(hour=7, minute=0)
    assert planning.due(monday, "07:30", "daily", None)
    assert planning.due(monday, "07:30", "daily", before)
    assert not planning.due(monday, "07:30", "daily", monday.replace(hour=7, minute=31))
    assert not planning.due(before, "07:30", "daily", None)
    assert not planning.due(monday, "07:30", "weekends", None)
    assert not planning.due(monday, "", "daily", None)


def test_a_time_that_is_none_is_refused_as_a_setting(engine: Engine) -> None:
    engine.set_setting("briefing_at", "7:30")
    for wrong in ("25:00", "half past seven", "7"):
        with pytest.raises(InputError, match="07:30"):
            engine.set_setting("briefing_at", wrong)
    assert engine.settings()["briefing_at"] == "7:30"


# ---- as a file -------------------------------------------------------------------------------

HOSTILE = PlainPost(
    title="<script>alert(1)</script> [click](javascript:alert(2)) ![x](https://evil.example/p.png)",
    text='<img src="https://evil.example/pixel"> **bold** `code` &lt;b&gt; # Heading\u202e hidden\u200b. "Quoted" <a href="javascript:x">link</a> is text.',
    url='https://posts.example/a"><script>b</script>?(x)> c',
    published_at=NOW - timedelta(hours=1),
)


@pytest.fixture
def hostile(engine: Engine, tmp_path: Path) -> tuple[str, str]:
    engine.add_posts("<b>Feed</b> _x_", [HOSTILE, replace(HOSTILE, title="javascript", text="Only a link.", url="javascript:alert(3)")])
    briefing = made(engine)
    page, text = engine.write_briefing(briefing.id, tmp_path / "b.html"), engine.write_briefing(briefing.id, tmp_path / "b.md")
    return page.read_text(encoding="utf-8"), text.read_text(encoding="utf-8")


def test_no_markup_of_a_post_survives_in_html(hostile: tuple[str, str]) -> None:
    tree = html.fromstring(hostile[0])
    assert not tree.xpath("//script | //img | //iframe | //link | //*[@onerror]")
    assert {address.split(":")[0] for address in tree.xpath("//@href")} == {"https"}
    assert not tree.xpath("//@src")
    assert "<script>alert(1)</script>" in tree.text_content()
    assert "\u202e" not in hostile[0]


def test_no_markup_of_a_post_survives_in_markdown(hostile: tuple[str, str]) -> None:
    blocks = MarkdownIt("commonmark").parse(hostile[1])
    tokens = [token for block in blocks for token in (block, *(block.children or ()))]
    shown = "".join(token.content for token in tokens if token.type in ("text", "text_special"))
    assert "<script>alert(1)</script> [click](javascript:alert(2)) ![x](https://evil.example/p.png)" in shown
    assert "**bold** `code`" in shown
    assert {token.type for token in tokens}.isdisjoint({"html_inline", "html_block", "image", "code_inline", "fence", "code_block"})
    links = {str(token.attrs["href"]) for token in tokens if token.type == "link_open"}
    assert {link.split(":")[0] for link in links} == {"https"}


def test_a_page_has_the_fetched_pictures_that_may_be_shown(engine: Engine, tmp_path: Path) -> None:
    store = engine._store
    feed_id = follow(store)
    body = '<p>The bridge is open. It has two lanes.</p><img src="https://posts.example/bridge.png"><img src="https://posts.example/other.png">'
    take(store, feed_id, [stored_post(1, body_html=body, text="The bridge is open. It has two lanes.", published_at=NOW - timedelta(hours=1))])
    (post_id,) = engine.timeline()
    store.save_picture(post_id, Picture(url="https://posts.example/bridge.png", mime="image/png", width=1, height=1, data=b"bytes of a picture"))
    briefing = made(engine)
    page = engine.write_briefing(briefing.id, tmp_path / "b.html").read_text(encoding="utf-8")
    assert html.fromstring(page).xpath("//img/@src") == [f"data:image/png;base64,{b64encode(b'bytes of a picture').decode()}"]
    assert "bridge.png" not in page
    engine.set_picture_policy(feed_id, "never")
    assert "<img" not in engine.write_briefing(briefing.id, tmp_path / "b.html").read_text(encoding="utf-8")


def test_a_file_of_another_kind_is_refused(engine: Engine, tmp_path: Path) -> None:
    engine.add_posts("Mine", different(1))
    briefing = made(engine)
    with pytest.raises(InputError, match=r"\.html"):
        engine.write_briefing(briefing.id, tmp_path / "b.docx")
    with pytest.raises(InputError, match="cannot be written"):
        engine.write_briefing(briefing.id, tmp_path / "no" / "such" / "b.html")
