"""Summaries: picked ones, and those of the real worker with the default model, which stop when nobody wants them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from engine import Engine, PlainPost, Summary, TimelineQuery, check_summary
from engine.errors import WorkerError
from engine.language import extractive, summary
from engine.models.catalogue import by_name, default_models_dir
from engine.workers.clients import GenerateWorker

MODEL = by_name("SmolLM2-135M-Instruct")
needs_model = pytest.mark.skipif(
    not MODEL.installed(default_models_dir()), reason="the default language model is not installed"
)
TEXT = " ".join(
    f"On day {number} the ferry carried {number * 7 + 3} people across the lake to the market in Arden."
    for number in range(1, 40)
)


@pytest.fixture
def worker() -> Iterator[GenerateWorker]:
    with GenerateWorker(MODEL.path(default_models_dir()), MODEL.template) as started:
        yield started


@pytest.mark.parametrize(
    "sentence",
    [
        "Council votes to close Main Street, a city-owned business.",
        "The council voted to close Main Street, who proposed it last year.",
        "The council, which was elected in spring, voted to close Main Street.",
    ],
)
def test_a_clause_that_nothing_in_the_source_says_is_refused(sentence: str) -> None:
    source = "The council voted 7–2 to close Main Street to cars. Shop owner Peter Lang expects to lose customers."
    assert not check_summary(sentence, source).ok


def test_a_sentence_that_repeats_the_headline_passes_where_the_text_says_it_too() -> None:
    headline, source = "Council closes Main Street to cars", "The council voted 7–2 to close Main Street to cars on Monday."
    assert check_summary("The council voted to close Main Street to cars.", source, context=headline).ok
    assert not check_summary("Council closes Main Street to cars.", "Shops expect to lose customers.", context=headline).ok


def test_picked_sentences_stand_in_the_text_word_for_word_and_in_order() -> None:
    found = extractive.summarise(TEXT, max_words=60)
    places = [sentence.evidence[0].start for sentence in found.sentences]
    assert places == sorted(places)
    assert all(sentence.text in TEXT for sentence in found.sentences)
    assert sum(summary.count_words(sentence.text) for sentence in found.sentences) <= 60


def test_picking_takes_no_time_to_speak_of() -> None:
    extractive.summarise(TEXT)
    before = time.process_time()
    extractive.summarise(TEXT)
    assert time.process_time() - before < 0.05


@needs_model
def test_closing_a_summary_under_way_stops_the_model_and_keeps_its_process(worker: GenerateWorker) -> None:
    steps = summary.write(TEXT, generate=worker)
    next(steps)
    steps.close()
    began = time.monotonic()
    assert "".join(worker.complete([("scaffold", "One, two,")], max_tokens=4))
    assert time.monotonic() - began < 10
    assert (worker.state().starts, worker.state().deaths) == (1, 0)


@needs_model
def test_a_summary_that_takes_too_long_is_picked_and_says_so(worker: GenerateWorker) -> None:
    found = summary.summarise(TEXT, generate=worker, seconds=0.0)
    assert (found.method, found.note) == ("extractive", "slow")
    assert found.sentences


@needs_model
def test_the_engine_stops_a_summary_that_is_cancelled(engine: Engine) -> None:
    cancel = threading.Event()
    threading.Timer(0.5, cancel.set).start()
    with pytest.raises(WorkerError):
        engine.summarise(TEXT, cancel=cancel)


def kept(note: str, tries: int = 1) -> Summary:
    return replace(extractive.summarise(TEXT, note=note), tries=tries)


@pytest.mark.parametrize("note", ["slow", "failed"])
def test_a_summary_that_was_slow_or_failed_is_owed_once_more_and_no_more(note: str) -> None:
    first = summary.counted(kept(note), None)
    assert summary.owed(first)
    second = summary.counted(kept(note), first)
    assert not summary.owed(second)


@pytest.mark.parametrize("note", ["rejected", "short", "language", ""])
def test_what_the_model_would_do_again_is_not_owed(note: str) -> None:
    assert not summary.owed(kept(note))


def test_a_summary_is_owed_where_there_is_none_or_was_no_model() -> None:
    assert summary.owed(None)
    assert summary.owed(kept("no_model"))
    assert summary.owed(kept("off"))


def test_a_failure_after_a_success_counts_from_one() -> None:
    assert summary.counted(kept("slow"), kept("rejected")).tries == 1


@needs_model
def test_the_engine_tries_a_slow_summary_once_more_in_idle_time(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    engine.add_posts("Ferries", [PlainPost(title="Ferry", text=TEXT)])
    engine.set_setting("summaries_top", 3)
    (post_id,) = engine.timeline(TimelineQuery(order="newest"))
    real = summary.write
    asked: list[str] = []

    def slow(text: str, **more: Any) -> summary.Steps:
        asked.append(text)
        return real(text, **(more | {"seconds": 0.0}))

    monkeypatch.setattr(summary, "write", slow)
    for _ in range(4):
        list(engine.enrich())
    assert len(asked) == 2
    found = engine.stored_summary(post_id)
    assert found is not None
    assert (found.note, found.tries, found.method) == ("slow", 2, "extractive")
