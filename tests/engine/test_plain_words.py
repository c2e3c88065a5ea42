"""Rules from plain words by the grammar alone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine import Engine, PlainPost
from engine.filters import check, format_rule
from engine.filters.plainwords import read_rules
from engine.filters.plainwords_timeline import read_timeline
from engine.filters.text import tokens
from engine.types import PLAIN_REMARKS, PlainNames, PlainRule, Timeline

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)  # a Wednesday
NAMES = PlainNames(
    feeds={1: "Daily Mail", 2: "BBC News", 3: "Reuters", 4: "The Guardian"}, folders=("News", "Tech", "Work", "Work/Projects"), authors=("Ada Lovelace", "Bob")
)


@pytest.fixture(autouse=True)
def _days_begin_at_midnight_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC0")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def read(text: str, *, topics: bool = True) -> PlainRule:
    return read_rules(text, names=NAMES, now=NOW, topics=topics)


def lines(text: str, *, topics: bool = True) -> list[str]:
    return [format_rule(rule).split(" named ")[0] for rule in read(text, topics=topics).rules]


SENTENCES: tuple[tuple[str, list[str]], ...] = (
    ("mute football until Monday", ['hide topic "football" over 0.22 until 2026-11-30T00:00:00+00:00']),
    ("hide everything from Daily Mail except about science", ['hide not topic "science" over 0.22 in 1']),
    ("show less politics", ['muffle topic "politics" over 0.22']),
    ("star posts from Ada about rust", ['star author "Ada" topic "rust" over 0.22']),
    ("label long reads (over 2000 words)", ["label length over 2000.0"]),
    ("hide clickbait and ads", ["hide signal clickbait over 0.8", "hide signal promotion over 0.8"]),
    ("hide angry posts on Mastodon", ['hide network "mastodon" signal anger over 0.8']),
    ("notify me when posts mention Millpond", ['notify words "Millpond"']),
    ("hide posts in German", ['hide language "de"']),
    ("no videos", ['hide media "video"']),
    ("never hide posts from my friend Bob", ['allow author "Bob"']),
    ("mark as read posts older than 3 days", ["read age over 72.0"]),
    ("boost posts about gardening", ['boost topic "gardening" over 0.22']),
    ("hide posts about Elon Musk in folder News", ['hide phrase "Elon Musk" in folder "News"']),
    ('if a post mentions "layoffs", star it', ['star words "layoffs"']),
    ("politics should be hidden until Friday", ['hide topic "politics" over 0.22 until 2026-11-27T00:00:00+00:00']),
    ("hide ads but keep the ones from Reuters", ["hide signal promotion over 0.8 unless from 3"]),
    ("I never want to see horoscopes again", ['hide topic "horoscopes" over 0.22']),
    ("mute anything that isn't in English", ['hide length over 0.0 not language "en"']),
    ("hide stories told by at least 5 outlets", ["hide outlets over 5.0"]),
    ("show only science in folder News", ['hide not topic "science" over 0.22 in folder "News"']),
    ("Show me everything except politics", ['hide topic "politics" over 0.22']),
    ("Everything Reuters publishes about Ukraine should be at the top", ['boost words "Ukraine" in 3']),
    ('when a post is longer than 3000 words, label it "long"', ["label length over 3000.0"]),
    ("Hide all German and French posts", ['hide language "de"', 'hide language "fr"']),
    ("hide football, except when BBC News writes about it", ['hide topic "football" over 0.22 unless from 2']),
    ("hide links to x.com and twitter.com", ['hide domain "x.com"', 'hide domain "twitter.com"']),
    ("hide posts by Bob that are about cooking and in English", ['hide language "en" author "Bob" topic "cooking" over 0.22']),
    ("hide anything mentioning both Apple and Google", ['hide words "Apple" words "Google"']),
    ("hide politics unless half the media are covering it", ['hide topic "politics" over 0.22 unless outlets 5']),
    ("Block user spammer99", ['hide author "spammer99"']),
    ("hide news about trains", ['hide topic "trains" over 0.22']),
    ("only show me good news", ["hide length over 0.0 unless signal positive over 0.8"]),
    ("My feed is full of crypto, get rid of it", ['hide topic "crypto" over 0.22']),
    ("From Daily Mail, only show me posts about science", ['hide not topic "science" over 0.22 in 1']),
    ("It would be great if I never saw another post about diets", ['hide topic "diets" over 0.22']),
    ("star posts about cats and notify me", ['star topic "cats" over 0.22', 'notify topic "cats" over 0.22']),
    ("for the next week, hide posts about gardens", ['hide topic "gardens" over 0.22 until 2026-12-02T12:00:00+00:00']),
    ("if BBC News or Reuters write about football, mark it as read", ['read topic "football" over 0.22 in 2', 'read topic "football" over 0.22 in 3']),
    ("hide papers on transformers", ['hide topic "papers on transformers" over 0.3']),
    ("hide r/funny", ['hide source "r/funny"']),
    ("more posts about cats and fewer about dogs", ['boost topic "cats" over 0.22', 'muffle topic "dogs" over 0.22']),
    ("hide US politics", ['hide topic "US politics" over 0.3 words "US"']),
    ("hide stories covered by fewer than 3 outlets", ["hide outlets under 2.0"]),
    ("hide posts that mention Biden and Trump together", ['hide words "Biden" words "Trump"']),
    ('hide posts that start with "Breaking"', ['hide regex "^\\\\W*Breaking"']),
    ("屏蔽足球直到周一", ['hide phrase "足球" until 2026-11-30T00:00:00+00:00']),
    ("隐藏所有关于加密货币价格的帖子，除非是大新闻", ['hide phrase "加密" phrase "货币" phrase "价格" unless outlets 3']),
    ("隐藏标题党和广告", ["hide signal clickbait over 0.8", "hide signal promotion over 0.8"]),
    ("把超过3天的文章标记为已读", ["read age over 72.0"]),
    ("收藏来自Ada的关于Rust的文章", ['star author "Ada" phrase "Rust"']),
    ("永远不要隐藏来自BBC News的内容", ['allow source "BBC News" in 2']),
    ("隐藏所有来自Daily Mail的文章，除了科学方面的", ['hide not phrase "科学" in 1']),
    ("链接到tabloid.example的不要显示", ['hide domain "tabloid.example"']),
    ("一周内屏蔽世界杯", ['hide phrase "世界杯" until 2026-12-02T12:00:00+00:00']),
    ("给关于编程的文章加上标签“代码”", ['label phrase "编程"']),
    ("屏蔽除了英文以外的所有帖子", ['hide length over 0.0 not language "en"']),
    ("少看一点政治", ['muffle phrase "政治"']),
)


@pytest.mark.parametrize(("words", "rules"), SENTENCES, ids=[words for words, _ in SENTENCES])
def test_a_sentence_becomes_these_rules(words: str, rules: list[str]) -> None:
    assert lines(words) == rules


def test_two_things_that_must_both_be_so_to_be_let_through_become_two_rules() -> None:
    assert lines("hide crypto prices unless it is a crash that makes the news") == [
        'hide topic "crypto prices" over 0.3 unless outlets 3',
        'hide topic "crypto prices" over 0.3 not topic "crash" over 0.22',
    ]


def test_what_a_rule_cannot_say_is_given_back_in_the_persons_own_words() -> None:
    found = read("don't show me boring posts about football at night")
    assert set(found.unexpressed) == {"boring", "at night"}
    assert lines("don't show me boring posts about football at night") == ['hide topic "football" over 0.22']


@pytest.mark.parametrize(
    ("words", "unexpressed"),
    [
        ("turn down politics until the election is over", "until the election is over"),
        ("hide more than 3 posts a day from Daily Mail", "more than 3 posts a day"),
        ("hide football unless it is popular", "popular"),
        ("hide posts in folder Nowhere", "in folder Nowhere"),
        ("hide politics posts that my friends did not like", "that my friends did not like"),
        ("hide YouTube videos longer than 10 minutes", "longer than 10 minutes"),
        ("隐藏晚上的足球新闻", "晚上"),
        ("隐藏点赞少于10个的帖子", "点赞少于10个"),
    ],
)
def test_each_part_that_no_rule_says_is_named(words: str, unexpressed: str) -> None:
    assert any(unexpressed in part for part in read(words).unexpressed)


def test_a_number_of_posts_a_day_makes_no_rule_that_takes_them_all() -> None:
    assert read("hide more than 3 posts a day from Daily Mail").rules == ()


def test_nothing_is_made_of_what_is_no_wish() -> None:
    found = read("The weather was nice yesterday")
    assert (found.rules, found.unexpressed) == ((), ("The weather was nice yesterday",))


def test_without_a_model_subjects_are_looked_for_as_words() -> None:
    assert lines("hide crypto prices", topics=False) == ['hide part of words "crypto price"']


def test_the_words_become_the_rules_name() -> None:
    assert read("hide posts in German").rules[0].name == "hide posts in German"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([word for words, _ in SENTENCES for word in words.split()] + ["unless", "and", ",", "\"", "(", "it’s", "not", "除非"]), max_size=14).map(" ".join))
@example("hide posts (from")
@example("football about")
def test_whatever_is_said_every_rule_is_valid_and_looks_only_for_words_that_were_said(words: str) -> None:
    found = read(words)
    said = set(tokens(words))
    for rule in found.rules:
        check(rule)
        for condition in rule.conditions:
            if condition.field in {"words", "phrase", "title", "topic", "author", "source"}:
                assert set(tokens(condition.value)) <= said
    assert all(remark.name in PLAIN_REMARKS for remark in found.remarks)


@pytest.mark.timeout(30)  # each took longer than ten minutes: a pattern could divide a run of struck letters in endless ways
@pytest.mark.parametrize(
    "words",
    [
        "not about mute unless star source Monday post little without posts",
        "days for from in posts crypto folder timeline Mail and newest hidden",
        "label star keep Monday unless less timeline without me me",
        "from crash folder Monday post crypto star calm star label each",
        "never mute science all ads without 'x' timeline never until",
        "star a post for a week from my friends of the , , , of the and the of x " * 13,
    ],
)
def test_a_muddle_of_words_is_read_at_once(words: str) -> None:
    made = read(words)
    assert made.rules or made.unexpressed


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60))
def test_no_text_makes_it_fail(words: str) -> None:
    read(words)
    read(f"hide {words}")
    read(f"隐藏{words}")


def test_the_engine_knows_the_names_of_feeds_and_authors_and_saves_nothing(engine: Engine) -> None:
    engine.add_posts("Mill Gazette", [PlainPost(title="Ice on the pond", text="It is thick.", author="Ada Lovelace")])
    found = engine.rule_from_words("hide everything from Mill Gazette unless it is by Ada")
    assert [format_rule(rule).split(" named ")[0] for rule in found.rules] == [
        f'hide not author "Ada" in {engine.feeds()[0].id}'
    ]
    assert engine.rules() == []


def test_with_ai_off_subjects_are_words(engine: Engine) -> None:
    engine.set_setting("ai", False)
    (rule,) = engine.rule_from_words("hide crypto prices").rules
    assert rule.conditions[0].field == "words"


def test_a_timeline_is_weighed_as_the_words_say_and_what_it_cannot_choose_by_is_given_back() -> None:
    found = read_timeline("a timeline of long reads about science from my News folder, newest first, little from each source", names=NAMES)
    assert found.timeline is not None
    assert (found.timeline.folder, found.timeline.weights["variety"], found.timeline.weights["interest"]) == ("News", 1.2, 0.0)
    assert found.unexpressed == ("long reads about science",)


def test_newest_first_alone_is_exact() -> None:
    found = read_timeline("make a timeline called Evening from BBC News, newest first", names=NAMES)
    assert found.timeline == Timeline(name="Evening", strength=0.0, feed_ids=(2,))


def test_words_that_ask_for_a_timeline_make_no_rule(engine: Engine) -> None:
    found = engine.rule_from_words("show me a quiet timeline without ads")
    assert found.rules == ()
    assert found.timeline is not None
    assert (found.timeline.preset, found.timeline.signals) == ("quiet", {"promotion": 3.0})
    assert engine.timelines() == []


def test_a_timeline_is_weighed_in_chinese_too() -> None:
    found = read_timeline("新建一条时间线：来自News文件夹，最新的在前", names=NAMES)
    assert found.timeline is not None
    assert (found.timeline.folder, found.timeline.strength, found.unexpressed) == ("News", 0.0, ())
