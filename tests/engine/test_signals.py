"""The trained heads, as shipped and as a file format."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import EngineError
from engine.signals.heads import ASIDE, Branch, Heads, Reading, Table
from engine.signals.ngrams import BITS, features, normalise
from engine.types import SIGNAL_NAMES, Sentiment, Signals
from resources import resource_bytes

SHIPPED = "heads/all-MiniLM-L6-v2.npz"
WIDTH = 4


@pytest.fixture(scope="module")
def shipped() -> Heads:
    return Heads.from_bytes(resource_bytes(SHIPPED))


def small_branch(draw: np.random.Generator) -> Branch:
    shapes = {
        "query_key_value.weight": (12, 4),
        "query_key_value.bias": (12,),
        "joined.weight": (4, 4),
        "joined.bias": (4,),
        "attended.weight": (4,),
        "attended.bias": (4,),
        "up.weight": (16, 4),
        "up.bias": (16,),
        "down.weight": (4, 16),
        "down.bias": (4,),
        "done.weight": (4,),
        "done.bias": (4,),
    }
    return Branch(
        3,
        2,
        tuple({name: draw.normal(size=shape).astype(np.float32) for name, shape in shapes.items()} for _ in range(2)),
    )


def small_heads(seed: int = 0) -> Heads:
    draw = np.random.default_rng(seed)

    def table(columns: int) -> Table:
        weights = draw.integers(-127, 128, size=(1 << BITS, columns), dtype=np.int8)
        return Table(weights, np.full(columns, 0.01, np.float32), draw.normal(size=columns).astype(np.float32))

    def reading(language: str, questions: tuple[str, ...], parts: int, branch: bool) -> Reading:
        mix = draw.normal(size=(parts, len(questions))).astype(np.float32)
        return Reading((language,), questions, language, branch, mix, np.zeros(len(questions), np.float32))

    tone = ("negative", "neutral", "positive")
    return Heads(
        "an encoder",
        small_branch(draw),
        draw.normal(size=(WIDTH, 2)).astype(np.float32),
        draw.normal(size=2).astype(np.float32),
        {"en": table(3), "zh": table(4)},
        (reading("en", (*tone, "hostility", "spam", ASIDE), 5, True), reading("zh", (*tone, "hostility"), 4, False)),
    )


def changed(**parts: object) -> bytes:
    """A file of heads with other members; None takes one away."""
    out = io.BytesIO()
    with np.load(io.BytesIO(small_heads().to_bytes())) as archive:
        kept = {name: archive[name] for name in archive.files} | {
            name.replace("__", "/"): part for name, part in parts.items()
        }
    np.savez(out, **{name: part for name, part in kept.items() if part is not None})  # type: ignore[arg-type]
    return out.getvalue()


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("meta.npy", bytes(300 << 20))
    return out.getvalue()


# ---- the file --------------------------------------------------------------------------------------


def test_heads_survive_being_written_and_read() -> None:
    heads = small_heads()
    means = np.random.default_rng(1).normal(size=(2, WIDTH)).astype(np.float32)
    again = Heads.from_bytes(heads.to_bytes())
    asked = (["good day", "bad day"], ["en", "en"], means)
    assert again.signals(*asked) == heads.signals(*asked)
    assert (again.encoder, len(again.version)) == ("an encoder", 10)


def test_the_version_tells_one_file_from_another() -> None:
    versions = {Heads.from_bytes(small_heads(seed).to_bytes()).version for seed in (0, 0, 1)}
    assert len(versions) == 2


def test_eight_bits_change_the_branch_by_less_than_a_hundredth_of_its_largest_weight() -> None:
    heads = small_heads()
    again = Heads.from_bytes(heads.to_bytes())
    assert heads.branch is not None
    assert again.branch is not None
    for before, after in zip(heads.branch.layers, again.branch.layers, strict=True):
        for name, part in before.items():
            assert np.abs(part - after[name]).max() <= 0.01 * np.abs(part).max()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x03\x04 no archive",
        small_heads().to_bytes()[:4000],
        changed(meta=np.array("no json")),
        changed(meta=np.array("[]")),
        changed(meta=np.array("[" * 100_000)),
        changed(meta=np.array('{"format": 2}')),
        changed(read_out=None),
        changed(read_out=np.zeros((5, 2), np.float32)),
        changed(read_out=np.full((4, 2), np.nan, np.float32)),
        changed(tables__en__weights=np.zeros((16, 3), np.int8)),
        changed(tables__en__weights=np.zeros((1 << BITS, 3), np.int16)),
        changed(tables__en__scales=np.array(["a", "b", "c"])),
        changed(tables__zh__bias=np.array([np.inf, 0, 0, 0], np.float32)),
        changed(readings__0__mix=np.zeros((4, 6), np.float32)),
        changed(readings__1__mix=None),
        changed(**{"branch__0__up.weight": np.zeros((4, 4), np.int8)}),
        changed(**{"branch__1__done.bias": None}),
        changed(**{"branch__7__done.bias": np.zeros(4, np.float32)}),
        bomb(),
    ],
)
def test_a_damaged_file_of_heads_is_a_clear_error(data: bytes) -> None:
    with pytest.raises(EngineError, match="damaged"):
        Heads.from_bytes(data)


def test_a_format_of_another_version_is_named() -> None:
    with pytest.raises(EngineError, match="format 9"):
        Heads.from_bytes(changed(meta=np.array('{"format": 9, "encoder": "x"}')))


def test_a_pickled_object_is_never_loaded() -> None:
    with pytest.raises(EngineError, match="damaged"):
        Heads.from_bytes(changed(read_out=np.array([{"format": 2}], dtype=object)))


# ---- what they say ---------------------------------------------------------------------------------


def test_a_language_that_no_head_speaks_gets_nothing() -> None:
    heads = small_heads()
    assert heads.speaks("zh")
    assert not heads.speaks("xx")
    assert heads.signals(["何か"], ["xx"], None) == [Signals()]
    assert heads.signals(["something"], [""], None) == [Signals()]


def test_what_the_branch_did_not_read_is_not_judged_by_words_alone() -> None:
    heads = small_heads()
    nothing = np.full((2, WIDTH), np.nan, np.float32)
    english, chinese = heads.signals(["a good day", "好天气"], ["en", "zh"], nothing)
    assert english == Signals()
    assert chinese.sentiment is not None
    assert heads.signals(["a good day"], ["en"], None) == [Signals()]


def test_each_language_is_told_what_its_reading_asks() -> None:
    english, chinese = small_heads().signals(["a good day", "好天气"], ["en", "zh"], np.zeros((2, WIDTH), np.float32))
    assert english.shares.keys() == {"hostility", "spam", "scam"}
    assert chinese.shares.keys() == {"hostility"}


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(max_size=60), max_size=6), st.floats(0.01, 1e4))
def test_probabilities_are_probabilities_whatever_the_text(texts: list[str], size: float) -> None:
    means = (np.random.default_rng(len(texts)).normal(size=(len(texts), WIDTH)) * size).astype(np.float32)
    for one in SMALL.signals(texts, ["en"] * len(texts), means):
        assert one.sentiment is not None
        assert one.sentiment.negative + one.sentiment.neutral + one.sentiment.positive == pytest.approx(1, abs=1e-5)
        assert all(0 <= share <= 1 for share in one.shares.values())
        assert one.shares["scam"] <= one.shares["spam"]  # a scam is spam


SMALL = small_heads()


def test_a_text_gets_the_same_answer_alone_and_among_others() -> None:
    texts = ["free prize!! call 09061701461 now", "see you at ten", "", "哈哈哈"]
    means = np.random.default_rng(3).normal(size=(4, WIDTH)).astype(np.float32)
    together = SMALL.signals(texts, ["en"] * 4, means)
    for row, text in enumerate(texts):
        (alone,) = SMALL.signals([text], ["en"], means[row : row + 1])
        assert alone.shares == pytest.approx(together[row].shares, abs=1e-5)


def test_means_of_another_width_are_refused() -> None:
    with pytest.raises(ValueError, match="one mean for each text"):
        SMALL.signals(["a", "b"], ["en", "en"], np.zeros((2, WIDTH + 1), np.float32))


def test_a_sentiment_without_a_majority_is_unsure() -> None:
    assert Sentiment(0.4, 0.35, 0.25).label == "unsure"


def test_a_sentiment_that_another_comes_close_to_is_unsure() -> None:
    assert [Sentiment(0.62, 0.0, 0.38).label, Sentiment(0.5, 0.3, 0.2).label] == ["unsure", "unsure"]
    assert [Sentiment(0.65, 0.0, 0.35).label, Sentiment(0.1, 0.6, 0.3).label] == ["negative", "neutral"]


# ---- words and characters ----------------------------------------------------------------------------


def test_case_links_names_and_width_do_not_count() -> None:
    assert normalise("Look @anna:  HTTPS://a.example/b ＯＫ") == normalise("look @bob: https://c.example/d ok")


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=80), min_size=1, max_size=80))
def test_features_of_a_text_do_not_depend_on_its_neighbours(texts: list[str]) -> None:
    rows, buckets = features(texts)
    assert (np.diff(rows) >= 0).all()
    for row in (0, len(texts) - 1):
        _, alone = features([texts[row]])
        assert np.array_equal(buckets[rows == row], alone)


# ---- as shipped --------------------------------------------------------------------------------------


def test_the_shipped_heads_fit_the_default_encoder(shipped: Heads) -> None:
    assert shipped.encoder == "all-MiniLM-L6-v2"
    assert shipped.branch is not None
    assert (shipped.branch.shared, len(shipped.branch.layers), shipped.branch.width) == (3, 3, 384)


def test_the_shipped_heads_are_small_enough_to_ship() -> None:
    assert len(resource_bytes(SHIPPED)) < 13_000_000


def test_the_shipped_heads_tell_every_signal_of_english(shipped: Heads) -> None:
    (found,) = shipped.signals(["A quiet day."], ["en"], np.zeros((1, 384), np.float32))
    assert found.sentiment is not None
    assert set(found.shares) == set(SIGNAL_NAMES)


def test_chinese_gets_sentiment_and_hostility_and_no_emotions(shipped: Heads) -> None:
    glad, cross, hostile = shipped.signals(
        ["太棒了，非常喜欢，强烈推荐！", "质量太差了，退货也没人理，非常失望", "你们这些死黑鬼滚回去，恶心的垃圾人种"],
        ["zh"] * 3,
        None,
    )
    assert glad.sentiment is not None
    assert cross.sentiment is not None
    assert glad.sentiment.label == "positive"
    assert cross.sentiment.label == "negative"
    assert glad.shares.keys() == {"hostility"}
    assert hostile.shares["hostility"] > 0.5 > glad.shares["hostility"]


def test_the_shipped_heads_come_with_a_card_that_names_data_and_licences() -> None:
    card = resource_bytes(SHIPPED.replace(".npz", ".md")).decode()
    for name in (
        "tweeteval/sentiment",
        "umsab/english",
        "sst2",
        "newsmtsc",
        "vader_gt",
        "coldataset",
        "weibo2018",
        "Apache-2.0",
    ):
        assert name in card


def test_the_shipped_card_and_hashes_hold_no_text() -> None:
    folder = Path(__file__).resolve().parents[2] / "resources" / "heads"
    rows = np.load(folder / "all-MiniLM-L6-v2.rows.npy", allow_pickle=False)
    assert rows.dtype == np.uint32
    assert (folder / "all-MiniLM-L6-v2.rows.npy").stat().st_size < 1_000_000
