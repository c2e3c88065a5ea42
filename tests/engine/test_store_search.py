"""Search by words: any text is safe, every script is found."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.store import Store, search
from engine.store.tokens import wanted, without_exclusions
from engine.types import SearchQuery
from tests.engine.store_posts import NOW, follow, opened, post, take

TEXTS = {
    1: ("Pond life", "Herons and newts live by the water. AND so on."),
    2: ("Programming", "C++ is older than Rust; a:b and foo\"bar are no words."),
    3: ("机器学习入门", "他喜欢学习中文，每天读报。"),
    4: ("検索エンジン", "東京で検索する。"),
    5: ("Café au lait", "Ein Müller trinkt ＡＢＣ naïve."),
    6: ("한국어 소식", "오늘 서울은 맑음"),
    7: ("ภาษาไทย", "ฉันรักแม่น้ำ"),
    8: ("Mixed 世界 text", "hello世界 goodbye"),
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with opened(tmp_path_factory.mktemp("search")) as store:
        posts = [post(number, title=title, text=text) for number, (title, text) in TEXTS.items()]
        take(store, follow(store, folder="A"), posts)
        yield store


def found(store: Store, text: str, **filters: object) -> set[int]:
    """Return the numbers of the posts that a search finds."""
    hits, _ = store.search_words(SearchQuery(text=text, **filters))  # type: ignore[arg-type]
    return {int(store.post(post_id).guid.removeprefix("guid-")) for post_id, _ in hits}


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("herons", {1}),
        ("HERONS newts", {1}),
        ("herons rust", {1, 2}),
        ("c++", {2}),
        ("a:b", {2}),
        ('foo"bar', {2}),
        ("AND", {1, 2}),
        ("学习", {3}),
        ("学", {3}),
        ("習", set()),
        ("学中", set()),
        ("検索", {4}),
        ("索", {4}),
        ("エンジン", {4}),
        ("東京 検索", {4}),
        ("cafe", {5}),
        ("CAFÉ", {5}),
        ("muller", {5}),
        ("abc", {5}),
        ("ＡＢＣ", {5}),
        ("서울은", {6}),
        ("รัก", {7}),
        ("世界", {8}),
        ("hello世界", {8}),
        ("hello 世界", {8}),
        ("世界　goodbye", {8}),
        ("ada", set(TEXTS)),
        ("", set()),
        ("   ", set()),
        ("😀", set()),
        ("* ^ - ( )", set()),
        ("NEAR(herons newts)", {1}),
        ("\0herons\0", {1}),
        ("herons 😀", {1}),
        ("他学习什么语言？", {3}),
        ("东京的检索", set()),
        ("heron", {1}),
        ("where do newts live, and which program is older?", {1, 2}),
        ('"by the water"', {1}),
        ('"the water by"', set()),
        ('"by the water" rust', {1}),
        ("“older than” herons", {2}),
        ("AND -rust", {1}),
        ("AND -rust -newts", set()),
        ('AND -"older than"', {1}),
        ("hello -世界", set()),
        ("-herons", {1}),
        ("c++ - rust", {2}),
        ('"', set()),
        ('-"', set()),
        ('""', set()),
    ],
)
def test_a_query_finds_the_posts_that_hold_its_words(store: Store, text: str, numbers: set[int]) -> None:
    assert found(store, text) == numbers


_nasty = st.sampled_from(
    ["AND", "OR", "NOT", "NEAR(", ")", "(", '"', "'", "*", "^", "-", ":", "c++", "title:", "{a b}:", "\0", "😀", "学", "\ud800"]
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_nasty | st.text(max_size=8), max_size=12).map(" ".join) | st.text())
def test_any_text_is_safe_to_search_for(store: Store, text: str) -> None:
    hits, newest_only = store.search_words(SearchQuery(text=text))
    assert len(hits) <= len(TEXTS)
    assert not newest_only
    store.posts_with_words([text])
    assert set(store.filter_ids([1, 2, 3], SearchQuery(text=text))) <= {1, 2, 3}
    without_exclusions(text)


def test_a_query_of_a_million_characters_is_cut(store: Store) -> None:
    assert found(store, "herons " + "x " * 500_000 + "rust") == {1}


@pytest.mark.parametrize(
    ("term", "pieces"),
    [
        ("otter", ["otter", "otters"]),
        ("otters", ["otters", "otter"]),
        ("libraries", ["libraries", "library"]),
        ("box glass", ["box", "boxes", "glass"]),
        ("AT&T", ["AT&T", "AT"]),
        ("silver-tongued", ["silver-tongued", "silver", "tongued"]),
        ("机器学习", ["机 器", "器 学", "学 习"]),
        ("学", ["学"]),
        ("แม่น้ำ", ["แ ม ่", "ม ่ น", "่ น ้"]),
        ("हिन्दी", ["हिन्दी"]),
    ],
)
def test_a_term_is_also_looked_for_in_pieces(term: str, pieces: list[str]) -> None:
    assert set(pieces) <= set(wanted(term).pieces)
    assert wanted(f'"{term}"').pieces == []


def test_posts_with_all_words_come_before_those_with_some_and_rare_words_weigh_most(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        posts = [post(n, text="the pond " + "filler " * n) for n in range(1, 30)]
        posts += [
            post(30, text="the otter " + "filler " * 40),
            post(31, text="the pond and the otter " + "filler " * 80),
            post(32, text="otter otter otter otter"),
        ]
        take(store, follow(store), posts)
        hits, newest_only = store.search_words(SearchQuery(text="otter pond", limit=10))
        assert [store.post(post_id).guid for post_id, _ in hits][:3] == ["guid-31", "guid-32", "guid-30"]
        assert [score for _, score in hits] == sorted((score for _, score in hits), reverse=True)
        assert not newest_only
        assert [post_id for post_id, _ in store.search_words(SearchQuery(text="otter pond", limit=1))[0]] == [hits[0][0]]


def test_words_that_most_posts_hold_bring_no_posts_of_their_own(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        take(store, follow(store), [post(n, text="the pond" if n else "an otter") for n in range(10)])
        assert found(store, "the otter") == {0}
        assert found(store, "the") == set(range(1, 10))


def test_quotes_and_exclusions_hold_for_what_meaning_finds_too(store: Store) -> None:
    ids = [post_id for post_id, _ in store.search_words(SearchQuery(text="ada"))[0]]
    kept = store.filter_ids(ids, SearchQuery(text='life "by the water"'))
    assert [store.post(post_id).guid for post_id in kept] == ["guid-1"]
    rest = store.filter_ids(ids, SearchQuery(text="life -water"))
    assert {store.post(post_id).guid for post_id in rest} == {f"guid-{number}" for number in TEXTS if number != 1}
    assert without_exclusions('pond -water "still life" -"deep sea"') == "pond still life"
    assert without_exclusions("-water") == "-water"


def test_a_long_chinese_question_in_a_large_store_is_judged_on_the_newest_posts_and_the_answer_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "WALKED", 60)
    with opened(tmp_path) as store:
        posts = [post(n, text=f"他喜欢学习中文{'每天读报' if n in (3, 38) else '偶尔唱歌'}。") for n in range(40)]
        take(store, follow(store), posts)
        hits, newest_only = store.search_words(SearchQuery(text="谁每天学习读报呢", limit=5))
        assert newest_only
        assert store.post(hits[0][0]).guid == "guid-3"
        assert "guid-38" not in [store.post(post_id).guid for post_id, _ in hits]


def test_a_title_counts_for_more_than_a_text(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        take(store, follow(store), [post(1, text="otter " + "word " * 30), post(2, title="Otter", text="word " * 31), post(3)])
        hits, _ = store.search_words(SearchQuery(text="otter"))
        assert [store.post(post_id).guid for post_id, _ in hits] == ["guid-2", "guid-1"]
        assert hits[0][1] > hits[1][1]


def test_filters_narrow_a_search(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        one, two = follow(store, "one", folder="A"), follow(store, "two", folder="B")
        take(store, one, [post(1, text="otter")])
        take(store, two, [post(2, text="otter"), post(3, text="otter")])
        ids = {number: post_id for post_id in range(1, 4) for number in [int(store.post(post_id).guid[5:])]}
        store.mark([ids[2]], read=True, saved=True)
        assert found(store, "otter") == {1, 2, 3}
        assert found(store, "otter", feed_id=two) == {2, 3}
        assert found(store, "otter", folder="A") == {1}
        assert found(store, "otter", unread=True) == {1, 3}
        assert found(store, "otter", saved=True) == {2}
        assert found(store, "otter", since=NOW - timedelta(hours=2)) == {1, 2}
        assert found(store, "otter", until=NOW - timedelta(hours=2)) == {3}
        assert found(store, "otter", limit=1) <= {1, 2, 3}
        store.mark([ids[1]], hidden=True)
        assert found(store, "otter") == {2, 3}
        assert store.filter_ids([ids[3], ids[1], ids[2]], SearchQuery(text="", feed_id=two)) == [ids[3], ids[2]]


def test_common_words_are_judged_on_the_newest_matches_and_the_answer_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "COMMON", 20)
    monkeypatch.setattr(search, "JUDGED", 10)
    with opened(tmp_path) as store:
        posts = [post(n, title=f"t{n}", text="the pond " + ("the " * 5 if n == 3 else "")) for n in range(40)]
        take(store, follow(store), posts)
        hits, newest_only = store.search_words(SearchQuery(text="the pond", limit=5))
        assert newest_only
        assert len(hits) == 5
        assert store.post(hits[0][0]).guid == "guid-3"
        rare, newest_only = store.search_words(SearchQuery(text="the t7"))
        assert [store.post(post_id).guid for post_id, _ in rare] == ["guid-7"]
        assert not newest_only
