"""Summaries of comments below a post, and of what videos' descriptions tell."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from engine import Comment, Engine, PlainPost, Thread, TimelineQuery, comment_text
from engine.language import comments, descriptions
from engine.language.summary import finish
from engine.models.catalogue import by_name, default_models_dir
from engine.types import Span
from engine.workers.clients import GenerateWorker
from tests.fakenet import FakeNet
from tests.fakenet.youtube import CHANNEL, FakeYouTube, Video

MODEL = by_name("SmolLM2-135M-Instruct")
needs_model = pytest.mark.skipif(
    not MODEL.installed(default_models_dir()), reason="the default language model is not installed"
)
SAID = (
    ("ada", "The new timetable leaves the night shift of the mill without a tram home. Somebody should tell the council."),
    ("bo", "> leaves the night shift without a tram\nThe mill runs a bus of its own since August, it leaves at ten past two."),
    ("cy", "I drove trams for thirty years. Drivers asked for longer breaks twice and were refused both times."),
    ("di", "Nobody asked the bakers either. We start at three and walk four kilometres."),
)
DESCRIPTION = """We rebuild the old water wheel of the mill, from the broken axle to the first flour. Use code POND for 20% off at our shop.
The axle came from a barge that sank in 1911 and it took six weeks to dry.

🎥 Chapters:
0:00 Intro
2:15 The axle
(12:40) First flour
Subscribe for more: https://video.example/pond
Twitter: https://social.example/@pond
► Our other channel https://video.example/other
Music: Slow River by K. Sato
------
This video is sponsored by Acme. Thanks to Acme for sponsoring this episode.
#mill #water
Contact: hello@pond.example
The wheel turns again since Friday. #watermill #pond"""


def said(told: Sequence[tuple[str, str]] = SAID) -> list[Comment]:
    return [Comment(author=author, text=text, published="", depth=0) for author, text in told]


def author_of(span: Span, text_spans: Sequence[Span]) -> int:
    return next(place for place, own in enumerate(text_spans) if own.start <= span.start and span.end <= own.end)


def test_picked_sentences_of_a_thread_each_stand_in_one_comment() -> None:
    found = finish(comments.write(said(), generate=None, max_words=50))
    _, places = comment_text(said())
    assert found.sentences
    for sentence in found.sentences:
        place = author_of(sentence.evidence[0], places)
        assert sentence.text in SAID[place][1]


def test_what_a_comment_only_quotes_is_not_taken_for_its_own_words() -> None:
    text, places = comment_text(said())
    assert text[places[1].start : places[1].end].startswith("The mill runs a bus")


def test_an_empty_comment_keeps_its_place() -> None:
    text, places = comment_text(said((("ada", "One."), ("bo", "> only quoted"), ("cy", "Three."))))
    assert [text[span.start : span.end] for span in places] == ["One.", "", "Three."]


def supported(sentence: str) -> int | None:
    text, places = comment_text(said())
    found = comments._supported(sentence, text, places, {}, None)
    return None if found is None else author_of(found.evidence[0], places)


def test_a_sentence_is_given_to_the_comment_that_supports_it() -> None:
    assert supported("Drivers asked for longer breaks twice and were refused both times.") == 2


def test_a_sentence_made_of_two_comments_is_refused() -> None:
    assert supported("Drivers asked for longer breaks and bakers walk four kilometres.") is None


@needs_model
def test_what_the_model_writes_of_a_thread_stands_in_single_comments() -> None:
    with GenerateWorker(MODEL.path(default_models_dir()), MODEL.template) as worker:
        found = finish(comments.write(said(), generate=worker, model=MODEL.name, max_words=40, urgent=True))
    _, places = comment_text(said())
    assert found.method == "model" or found.note in ("rejected", "slow")
    for sentence in found.sentences:
        assert len({author_of(span, places) for span in sentence.evidence}) == 1


def test_the_engine_sums_a_thread_up_without_a_model(engine: Engine) -> None:
    engine.set_setting("ai", False)
    found = engine.summarise_thread(Thread(post_id=1, comments=tuple(said())))
    assert (found.method, found.note) == ("extractive", "off")
    assert found.text == comment_text(said())[0]


def test_a_thread_without_comments_has_an_empty_summary(engine: Engine) -> None:
    engine.set_setting("ai", False)
    assert engine.summarise_thread(Thread(post_id=1, comments=())).sentences == ()


# ---- descriptions ---------------------------------------------------------------------------------------------------


def test_of_a_videos_description_only_what_is_told_is_left() -> None:
    assert descriptions.told(DESCRIPTION).split("\n") == [
        "We rebuild the old water wheel of the mill, from the broken axle to the first flour.",
        "The axle came from a barge that sank in 1911 and it took six weeks to dry.",
        "",
        "The wheel turns again since Friday.",
    ]


@pytest.mark.parametrize(
    "line",
    [
        "At 10:30 the ferry leaves, and at noon it is back.",
        "The museum shop sells flour at https://mill.example, ground on the spot by volunteers every Friday.",
        "They discounted the theory for years.",
        "Music was played on the old bridge all night.",
        "老水车修好了，每天磨两百公斤面粉。",
    ],
)
def test_a_sentence_that_tells_something_stays(line: str) -> None:
    assert descriptions.told(line) == line


@pytest.mark.parametrize("line", ["记得点赞订阅！", "音乐：河边", "00:00 开头", "https://video.example/x", "#水车 #面粉", "＝＝＝"])
def test_chinese_descriptions_lose_theirs_too(line: str) -> None:
    assert descriptions.told(line) == ""


def test_a_video_is_summed_up_by_what_its_description_tells(engine: Engine, net: FakeNet) -> None:
    engine.set_setting("ai", False)
    FakeYouTube(net, [Video("video000001", "The wheel", text=DESCRIPTION)])
    engine.add_feed(net.url(f"/feeds/videos.xml?playlist_id=UULF{CHANNEL[2:]}"), kind="youtube")
    (post_id,) = engine.timeline(TimelineQuery(order="newest"))
    found = engine.summarise(post_id, 200)
    assert "Acme" in engine.post(post_id).text
    assert found.text == descriptions.told(DESCRIPTION).replace("\n\n", "\n")
    assert found.sentences


def test_a_text_that_is_no_video_is_summed_up_whole(engine: Engine) -> None:
    engine.set_setting("ai", False)
    engine.add_posts("Notes", [PlainPost(title="The wheel", text=DESCRIPTION)])
    (post_id,) = engine.timeline(TimelineQuery(order="newest"))
    assert engine.summarise(post_id).text == DESCRIPTION
