"""The `embed` worker with the real default model; skipped where that is not installed."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import resources
from engine.errors import ModelError
from engine.models.catalogue import by_name, default_models_dir
from engine.signals.heads import Heads
from engine.types import Signals
from engine.workers.clients import EmbedWorker
from engine.workers.samples import SAMPLES

MODEL = by_name("all-MiniLM-L6-v2")
HERE = MODEL.installed(default_models_dir())
HEADS = resources.path("heads", "all-MiniLM-L6-v2.npz")
needs_model = pytest.mark.skipif(not HERE, reason="the default embedding model is not installed")


@pytest.fixture(scope="module")
def model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The installed model, linked to where nothing was measured before."""
    folder = tmp_path_factory.mktemp("models") / MODEL.folder
    shutil.copytree(MODEL.path(default_models_dir()), folder, copy_function=os.link)
    return folder


@pytest.fixture(scope="module")
def worker(model_dir: Path) -> Iterator[EmbedWorker]:
    with EmbedWorker(model_dir, HEADS if HEADS.exists() else None) as worker:
        yield worker


def vectors_of(worker: EmbedWorker, texts: list[str]) -> np.ndarray:
    found = np.zeros((len(texts), 384), np.float32)
    for batch in worker.embed(texts):
        found[list(batch.indices)] = batch.vectors
    return found


@needs_model
def test_every_text_gets_one_unit_vector(worker: EmbedWorker) -> None:
    vectors = vectors_of(worker, [*SAMPLES, "", "word " * 5000, "\x00\ud7ff\u200b"])
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)


@needs_model
def test_texts_of_one_meaning_lie_closer_than_texts_of_two(worker: EmbedWorker) -> None:
    texts = ["The cat sleeps on the sofa", "A kitten naps on the couch", "The central bank raised its rates"]
    a, b, c = vectors_of(worker, texts)
    assert a @ b > 0.5 > 0.3 > a @ c


@needs_model
def test_a_text_has_the_same_vector_alone_and_among_others(worker: EmbedWorker) -> None:
    alone = vectors_of(worker, [SAMPLES[3]])[0]
    assert alone @ vectors_of(worker, list(SAMPLES))[3] > 0.999


@needs_model
def test_a_kept_precision_is_close_to_fp32_and_no_slower_choice_was_kept(worker: EmbedWorker) -> None:
    info = worker.info()
    assert info.cosine >= 0.99
    assert info.dim == 384
    assert info.posts_per_second > 0
    assert worker.known_info() == info


@needs_model
def test_what_was_measured_is_kept_and_not_measured_again(worker: EmbedWorker, model_dir: Path) -> None:
    worker.info()
    path = model_dir.parent / "measured.json"
    (key,) = (kept := json.loads(path.read_text()))
    kept[key] = {"precision": "fp32", "posts_per_second": 12.5, "cosine": 1.0}
    original = path.read_text()
    path.write_text(json.dumps(kept))
    try:
        with EmbedWorker(model_dir) as again:
            assert (again.info().precision, again.info().posts_per_second) == ("fp32", 12.5)
    finally:
        path.write_text(original)


def signals_of(worker: EmbedWorker, texts: list[str], language: str = "en") -> list[Signals]:
    found = [Signals()] * len(texts)
    for batch in worker.embed(texts, heads=True, languages=[language] * len(texts)):
        for index, said in zip(batch.indices, batch.signals, strict=True):
            assert said is not None
            found[index] = said
    return found


@needs_model
def test_the_heads_speak_in_the_same_pass(worker: EmbedWorker) -> None:
    texts = ["I love this so much, best day ever!", "This is awful, I hate it and I am furious."]
    glad, cross = signals_of(worker, texts)
    assert glad.sentiment is not None
    assert cross.sentiment is not None
    assert (glad.sentiment.label, cross.sentiment.label) == ("positive", "negative")
    assert abs(glad.sentiment.negative + glad.sentiment.neutral + glad.sentiment.positive - 1) < 1e-3
    assert glad.shares["joy"] > 0.5 > glad.shares["anger"]
    assert cross.shares["anger"] > 0.5 > cross.shares["joy"]


FRIENDLY_OATHS = [
    "Holy shit that sunset was gorgeous",
    "damn girl you look fantastic in that dress",
    "I'm so fucking proud of you, congratulations!!",
    "That was one hell of a ride, loved every damn minute",
    "fuck yeah, we made it to the finals",
]
REPORTS_OF_VIOLENCE = [
    "Three killed, dozens injured as car bomb explodes outside courthouse in the capital",
    "Teenager charged with the murder of two classmates appears in court",
    "UN report documents torture of prisoners by both sides of the war",
    "Rebels attacked a convoy on Tuesday, killing eleven soldiers, the defence ministry said",
    "Police officer convicted of assaulting a protester is jailed for four years",
]
ATTACKS = [
    "You are a worthless piece of trash and everybody hates you",
    "Shut up you stupid idiot, nobody wants you here",
    "these people are disgusting vermin, go back to where you came from",
    "what a pathetic moron, you should be ashamed you dumb bitch",
]


@needs_model
@pytest.mark.parametrize("text", [*FRIENDLY_OATHS, *REPORTS_OF_VIOLENCE])
def test_a_friendly_oath_and_a_report_of_violence_are_not_surely_hostile(worker: EmbedWorker, text: str) -> None:
    (found,) = signals_of(worker, [text])
    assert found.verdict("hostility") != "yes"


@needs_model
@pytest.mark.parametrize("text", ATTACKS)
def test_an_attack_on_somebody_is_hostile(worker: EmbedWorker, text: str) -> None:
    (found,) = signals_of(worker, [text])
    assert found.verdict("hostility") == "yes"


@needs_model
def test_a_text_that_wants_to_rob_is_a_scam_and_a_plain_one_is_not(worker: EmbedWorker) -> None:
    scam, plain = signals_of(
        worker,
        [
            "URGENT: your bank account is suspended. Verify your card details at http://secure-login.example/verify or call 09061234567 now",
            "Running ten minutes late, can you order me a coffee?",
        ],
    )
    assert scam.verdict("scam") == scam.verdict("spam") == "yes"
    assert plain.verdict("scam") == plain.verdict("spam") == "no"


@needs_model
def test_a_headline_that_holds_back_what_it_is_about_is_clickbait(worker: EmbedWorker) -> None:
    bait, plain = signals_of(
        worker,
        ["17 Things You Won't Believe People Actually Do At Work", "Parliament passes budget after late-night session"],
    )
    assert (bait.verdict("clickbait"), plain.verdict("clickbait")) == ("yes", "no")


ADVERTISEMENTS = [
    "Flash sale: 70 % off all boots until midnight. Use the code POND at the till. Sponsored by the makers of the boots; "
    "we earn a commission.",
    "Treat yourself this weekend: buy two candles and the third is on us. Free delivery on orders over £25, this Sunday only.",
    "This video is brought to you by NordLock. Get three months free with the link in the description.",
    "Our autumn collection has landed! Shop the new coats now and save 20% with code LEAVES.",
    "The best robot vacuums of the year, tested. If you buy through our links we may earn an affiliate commission.",
    "Last chance: the early-bird price for our photography course ends tonight. Sign up today and get the workbook for free.",
    "Deal of the day: Sony headphones down from $349 to $199 at Amazon, their lowest price yet.",
    "#ad I have been using this serum for two weeks and my skin has never felt better. Get 15% off with my code ANNA15.",
    "Why thousands of families are switching to GreenBox for their dinners. Paid partnership.",
    "Don't miss out! Book your winter holiday now and pay nothing until March. Limited rooms available.",
]
WANTS_NO_MONEY = [
    "I paid 89 euros for these boots in March and the sole is already coming off.",
    "The European Commission fined the company 200 million euros for sharing prices with its rivals.",
    "Does anybody know a shop in town that still repairs umbrellas?",
    "Amazon will close two warehouses in the north and cut 600 jobs, the union said.",
    "We spent Saturday at the flea market and came home with a lamp, two chairs and a sunburn.",
    "House prices fell by 2 % in October, the fourth month in a row.",
    "Release 2.4 fixes a crash when a feed has no title. The code is on the main branch as always.",
    "My grandmother kept every receipt from 1962 on; a loaf of bread cost 80 pfennigs.",
    "The beans are up, and I could not be happier. After three years of trying, every single seed came up.",
    "The senator who sponsored the bill said it would pass before the holidays.",
]
BAIT = [
    "21 Photos That Will Restore Your Faith In Humanity",
    "She Opened Her Grandmother's Attic And What She Found Will Leave You Speechless",
    "Can You Guess The Movie From Just One Screenshot?",
    "This Is What Your Coffee Order Says About Your Love Life",
    "Doctors Hate This One Simple Trick For Better Sleep",
    "13 Struggles Only Left-Handed People Will Understand",
    "You've Been Peeling Bananas Wrong Your Entire Life",
    "We Tried Every Flavor Of Ice Cream So You Don't Have To",
    "The Reason Why Everybody Is Talking About This Tiny House Is Amazing",
    "Which Disney Princess Would Be Your Best Friend?",
]
EVERYDAY = [
    "The beans are up, and I could not be happier. After three years of trying, every single seed came up.",
    "Finally finished painting the kitchen. It took four weekends and I never want to see a roller again.",
    "You were right about the film, we laughed all the way home.",
    "I can't believe it's already December, where did the year go",
    "Made soup out of everything left in the fridge and it was actually the best one this year.",
    "My daughter took her first steps today while I was on the phone with the bank. Of course.",
    "Does anyone else's cat scream at the door and then refuse to go out?",
    "The train was late again, so I read half of my book on the platform.",
    "We moved our servers last night. If something looks broken, please write to us.",
    "The river is high after three days of rain, but the footpath to the mill is still dry.",
]


# Written for this test alone, before the made-up posts that the heads learn from were. Not all of them are read rightly.


def verdicts(worker: EmbedWorker, texts: list[str], name: str) -> list[str]:
    return [found.verdict(name) for found in signals_of(worker, texts)]


@needs_model
def test_a_shop_post_is_told_to_be_advertising_and_a_happy_garden_post_to_be_no_bait(worker: EmbedWorker) -> None:
    shop, garden = signals_of(worker, [ADVERTISEMENTS[0], EVERYDAY[0]])
    assert (shop.verdict("promotion"), garden.verdict("clickbait")) == ("yes", "no")
    assert (shop.verdict("clickbait"), garden.verdict("promotion")) == ("no", "no")


@needs_model
def test_of_ten_posts_that_want_to_sell_eight_are_told(worker: EmbedWorker) -> None:
    assert verdicts(worker, ADVERTISEMENTS, "promotion").count("yes") >= 8


@needs_model
@pytest.mark.parametrize("text", WANTS_NO_MONEY)
def test_a_post_that_only_speaks_of_shops_and_prices_is_no_advertisement(worker: EmbedWorker, text: str) -> None:
    assert verdicts(worker, [text], "promotion") == ["no"]


@needs_model
def test_of_ten_baits_nine_are_told(worker: EmbedWorker) -> None:
    assert verdicts(worker, BAIT, "clickbait").count("yes") >= 9


@needs_model
def test_of_ten_everyday_posts_one_at_most_is_taken_for_bait(worker: EmbedWorker) -> None:
    assert verdicts(worker, EVERYDAY, "clickbait").count("yes") <= 1


@needs_model
def test_signals_of_a_text_do_not_depend_on_the_texts_beside_it(worker: EmbedWorker) -> None:
    texts = [text for text in SAMPLES if text]
    together = signals_of(worker, texts)
    (alone,) = signals_of(worker, texts[2:3])
    assert alone.shares == pytest.approx(together[2].shares, abs=0.03)


@needs_model
def test_texts_in_other_languages_are_read_by_words_and_characters_alone(worker: EmbedWorker) -> None:
    chinese, unknown = worker.signals(["太棒了，非常喜欢，强烈推荐！", "Texti á íslensku"], ["zh", "is"])
    assert chinese.sentiment is not None
    assert chinese.sentiment.label == "positive"
    assert "joy" not in chinese.shares
    assert unknown == Signals()


@needs_model
def test_heads_of_another_encoder_are_refused(model_dir: Path, tmp_path: Path) -> None:
    heads = Heads.from_bytes(HEADS.read_bytes())
    assert heads.branch is not None
    path = tmp_path / "heads.npz"
    path.write_bytes(replace(heads, branch=replace(heads.branch, attention_heads=6)).to_bytes())
    with EmbedWorker(model_dir, path) as worker, pytest.raises(ModelError, match="another embedding model"):
        list(worker.embed(["x"], heads=True, languages=["en"]))


@needs_model
def test_closing_early_leaves_the_model_loaded(worker: EmbedWorker) -> None:
    vectors_of(worker, ["loaded"])
    pid = worker.state().pid
    batches = worker.embed(list(SAMPLES) * 20)
    next(batches)
    batches.close()  # type: ignore[attr-defined]
    assert len(vectors_of(worker, ["still here"])) == 1
    assert worker.state().pid == pid


@needs_model
def test_the_worker_resides_in_less_than_it_may(worker: EmbedWorker) -> None:
    worker.info()  # measures at first use, and that process is let go
    vectors_of(worker, list(SAMPLES) * 5)
    assert worker.state().resident_bytes <= MODEL.memory_bytes


@needs_model
def test_a_model_that_brings_code_is_refused(model_dir: Path, tmp_path: Path) -> None:
    folder = tmp_path / "evil"
    shutil.copytree(model_dir, folder, copy_function=os.link)
    modules = json.loads((folder / "modules.json").read_text())
    modules[0]["type"] = "evil.Module"
    (folder / "modules.json").unlink()
    (folder / "modules.json").write_text(json.dumps(modules))
    with EmbedWorker(folder) as worker, pytest.raises(ModelError, match="code of its own"):
        list(worker.embed(["x"]))


def test_a_missing_model_is_a_clear_error(tmp_path: Path) -> None:
    with EmbedWorker(tmp_path / "none") as worker, pytest.raises(ModelError, match="install it again"):
        list(worker.embed(["x"]))


def test_no_texts_start_no_worker(tmp_path: Path) -> None:
    with EmbedWorker(tmp_path / "none") as worker:
        assert list(worker.embed([])) == []
        assert worker.state().starts == 0
