"""Asking the feeds: what is answered, from where, and what is not."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from engine import Answer, AskDone, AskFound, Engine, InputError, PlainPost, open_engine

NOW = datetime.now(UTC)
FERRY = [
    PlainPost(
        title="A new ferry for Arden",
        text="The city of Arden has bought a new ferry. The Heron was launched on 12 March 2026 and carries 240 people. "
        "Mayor Ines Okafor broke a bottle on its bow.",
        url="https://arden.example/ferry",
        published_at=NOW - timedelta(days=2),
    ),
    PlainPost(
        title="Lake traffic grows",
        text="More people cross the lake each year. The operator counted 91,000 passengers in 2025.",
        url="https://lake.example/traffic",
        published_at=NOW - timedelta(days=40),
    ),
    PlainPost(
        title="Bread prices",
        text="Bakers in the valley ask more for bread. Flour is dear.",
        url="https://valley.example/bread",
        published_at=NOW - timedelta(days=1),
    ),
]


@pytest.fixture
def worded(engine: Engine) -> Engine:
    """An engine that loads no model."""
    engine.set_setting("ai", False)
    return engine


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine with posts, and with the models that are installed."""
    with open_engine(tmp_path_factory.mktemp("lake") / "profile", key=secrets.token_bytes(32)) as opened:
        opened.add_posts("Lake news", FERRY)
        opened.add_posts(
            "Valley post", [PlainPost(title="Another ferry", text="The ferry Heron is late again.", url="https://v.example/1", published_at=NOW)]
        )
        yield opened


def shown(answer: Answer) -> str:
    return " ".join(sentence.text for sentence in answer.sentences)


def told(answer: Answer) -> list[str]:
    return [sentence.text[span.start : span.end] for sentence in answer.sentences for span in sentence.told]


def passages(*texts: str) -> Sequence[PlainPost]:
    return [PlainPost(title="", text=text, source=f"source {number}") for number, text in enumerate(texts)]


def by_words(engine: Engine, question: str, *texts: str) -> Answer:
    return engine.answer(question, passages=passages(*texts), model=False)


@pytest.mark.parametrize(
    ("question", "short"),
    [
        ("When was the Heron launched?", "12 March 2026"),
        ("How many people does the Heron carry?", "240 people"),
        ("Who is the mayor of Arden?", "Ines Okafor"),
        ("How many passengers were counted in 2025?", "91,000"),
    ],
)
def test_a_question_is_answered_with_the_words_of_a_post(worded: Engine, question: str, short: str) -> None:
    answer = worded.answer(question, passages=FERRY, model=False)
    assert short in told(answer)


def test_a_sentence_cites_the_very_words_of_its_post(worded: Engine) -> None:
    answer = worded.answer("When was the Heron launched?", passages=FERRY, model=False)
    sentence = answer.sentences[0]
    source = answer.sources[sentence.citations[0].number - 1]
    span = sentence.citations[0].spans[0]
    assert source.text[span.start : span.end] == sentence.text


def test_what_no_passage_says_is_not_answered(worded: Engine) -> None:
    answer = worded.answer("When was the Pelican launched?", passages=FERRY, model=False)
    assert (answer.method, answer.sentences) == ("nothing", ())


def test_another_year_is_no_answer(worded: Engine) -> None:
    answer = by_words(worded, "How many passengers were counted in 2019?", "The operator counted 91,000 passengers in 2025.")
    assert answer.method == "nothing"


def test_sources_that_contradict_each_other_are_both_shown(worded: Engine) -> None:
    answer = by_words(
        worded,
        "When was the Heron launched?",
        "The ferry Heron was launched on 12 March 2026 in Arden.",
        "On Thursday, 12 March 2026, the Heron was launched.",
        "The ferry Heron was launched on 2 May 2021 in Arden.",
    )
    (disagreement,) = answer.disagreements
    assert [(side.value, side.outlets) for side in disagreement.sides] == [("12 March 2026", 2), ("2 May 2021", 1)]
    assert {"12 March 2026", "2 May 2021"} <= set(told(answer))


def test_a_year_and_a_day_of_that_year_do_not_contradict_each_other(worded: Engine) -> None:
    answer = by_words(
        worded, "When was the Heron launched?", "The Heron was launched in 2026.", "The Heron was launched on 12 March 2026."
    )
    assert answer.disagreements == ()
    assert told(answer)[0] == "12 March 2026"


def test_chinese_questions_are_answered_by_words_alone(worded: Engine) -> None:
    answer = by_words(worded, "苍鹭号渡轮什么时候下水？", "苍鹭号渡轮于2026年3月12日在阿登下水，可载240人。", "山谷里的面包涨价了。")
    assert "2026年3月12日" in told(answer)


def test_a_question_for_two_things_is_answered_for_both(worded: Engine) -> None:
    answer = by_words(
        worded,
        "苍鹭号和白鹭号渡轮分别能载多少人？",
        "苍鹭号渡轮能载240人。",
        "白鹭号渡轮能载95人。",
    )
    assert {"240人", "95人"} <= set(told(answer))


def test_asking_tells_the_posts_first_and_the_answer_last(lake: Engine) -> None:
    events = list(lake.ask("When was the Heron launched?"))
    assert isinstance(events[0], AskFound)
    assert isinstance(events[-1], AskDone)
    assert events[0].sources[0].title == "A new ferry for Arden"
    assert "12 March 2026" in shown(events[-1].answer)


def test_words_of_time_narrow_what_is_looked_at(lake: Engine) -> None:
    found = next(iter(lake.ask("What happened to lake traffic in the last 7 days?")))
    assert isinstance(found, AskFound)
    assert all(source.title != "Lake traffic grows" for source in found.sources)


def test_a_named_feed_is_looked_at_alone(lake: Engine) -> None:
    found = next(iter(lake.ask("What does Valley Post say about the ferry?")))
    assert isinstance(found, AskFound)
    assert [source.feed_title for source in found.sources] == ["Valley post"]


def test_a_follow_up_takes_over_what_the_question_before_was_about(worded: Engine) -> None:
    first = by_words(worded, "When was the Heron launched?", *(post.text for post in FERRY))
    answer = worded.answer("And how many people does it carry?", passages=FERRY, before=[first], model=False)
    assert "240 people" in told(answer)


def test_what_else_could_be_asked_names_somebody_of_the_sources(worded: Engine) -> None:
    answer = worded.answer("When was the Heron launched?", passages=FERRY, model=False)
    assert any("Ines Okafor" in question for question in answer.follow_ups)


def test_asking_is_refused_in_words_when_it_is_switched_off(engine: Engine) -> None:
    engine.set_setting("use_ask", False)
    with pytest.raises(InputError, match="off"):
        engine.ask("Who is the mayor of Arden?")
