"""A story summed up from its tellings: what several say, where they differ, and which words of which telling support it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from engine import Engine, InputError, PlainPost, StoryClaim, StorySummary, StoryText, TimelineQuery
from engine.language import tellings
from engine.language.disagreements import disagreements
from engine.language.summary import finish
from engine.models.catalogue import by_name, default_models_dir
from engine.workers.clients import GenerateWorker
from engine.workers.supervisor import CancelledError
from tests.tellings import BRIDGE, TRAM

MODEL = by_name("SmolLM2-135M-Instruct")
needs_model = pytest.mark.skipif(
    not MODEL.installed(default_models_dir()), reason="the default language model is not installed"
)
FIRE = (
    "A fire broke out in a warehouse in Arden on Tuesday night. Twelve people were hurt, two of them badly, the fire brigade "
    "said. Mayor Lena Ito said the damage was about $1.2 million. The river path stays closed until 4 March.",
    "Nine people were hurt in the fire at the Arden warehouse, the fire brigade said. The fire broke out in the warehouse on "
    "Wednesday night. The river path stays closed until 9 March, said the mayor. Damage is put at $1,187,000.",
    "Some 12 people were hurt in the warehouse fire in Arden, the brigade said. Mayor Lena Ito thanked the firemen.",
)


def told(*texts: str, title: str = "Fire in Arden") -> list[StoryText]:
    now = datetime(2026, 11, 30, tzinfo=UTC)
    return [
        StoryText(post_id=number, feed_title=f"Paper {number}", title=title, text=text, published_at=now)
        for number, text in enumerate(texts, 1)
    ]


def summed_up(*texts: str) -> StorySummary:
    return finish(tellings.write(told(*texts), lambda _: tellings.Reader()))


def sources(claim: StoryClaim) -> set[int]:
    return {source.post_id for source in claim.sources}


def words_of(summary: StorySummary, claim: StoryClaim) -> str:
    texts = {one.post_id: one.text for one in summary.tellings}
    return " ".join(texts[s.post_id][span.start : span.end] for s in claim.sources for span in s.evidence)


def values(texts: tuple[str, ...]) -> list[tuple[str, set[str]]]:
    found = disagreements(texts)
    return [(one.kind, {texts[s.text][s.words.start : s.words.end] for s in one.said}) for one in found]


def test_numbers_days_and_dates_that_tellings_have_otherwise_are_found() -> None:
    assert values(FIRE) == [
        ("number", {"Twelve", "Nine", "12"}), ("date", {"Tuesday", "Wednesday"}), ("date", {"4", "9"}),
    ]  # fmt: skip


def test_a_name_in_anothers_place_is_found() -> None:
    texts = ("Mayor Lena Ito opened the new bridge in Arden.", "Mayor Lena Tanaka opened the new bridge in Arden.")
    assert values(texts) == [("name", {"Ito", "Tanaka"})]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The damage was about $1.2 million, the mayor said.", "The damage was $1,187,000, the mayor said."),
        ("Twelve people were hurt in the fire.", "12 people were hurt in the fire."),
        ("Twelve people were hurt in the fire.", "The fire cost 9 million and closed two roads."),
        ("Twelve people were hurt in the fire.", "Twelve people were hurt in the fire, nine of them badly."),
        ("Prices rose by 12% in Arden, the bank said.", "Prices rose by $9 in Arden, the bank said."),
        ("Details are in the Nov. 5 issue of the Arden medical journal.", "The journal of Arden told of 47 patients in its medical issue."),
        ("The firm is for sale, its owner said on Tuesday.", "The firm is for sale, its owner said on Monday."),
        ("He sold the plant to fellow British utility Norpower.", "He sold the plant to fellow UK utility Norpower."),
        ("Mayor Lena Guangdo opened the bridge in Arden.", "Mayor Lena Guando opened the bridge in Arden."),
        ("The ferry to Arden left on Tuesday.", "Trams and buses to the market rest on Wednesday."),
    ],
)
def test_what_is_no_disagreement_is_not_called_one(one: str, other: str) -> None:
    assert values((one, other)) == []


def test_chinese_tellings_are_compared_too() -> None:
    texts = ("阿登市的仓库周二夜间起火，十二人受伤。", "阿登市的仓库周三夜间起火，九人受伤。")
    assert sorted(values(texts)) == [("date", {"周二", "周三"}), ("number", {"十二", "九"})]


def test_a_claim_that_two_tellings_support_names_both_with_their_words() -> None:
    found = summed_up(*FIRE)
    claim = next(claim for claim in found.agreed if "hurt" in claim.text)
    assert sources(claim) == {1, 3}
    assert "Twelve people were hurt" in words_of(found, claim)
    assert "12 people were hurt" in words_of(found, claim)


def test_a_difference_shows_each_value_with_who_says_it() -> None:
    found = summed_up(*FIRE).differences[0]
    assert found.words == ("Twelve", "Nine")
    assert [sources(claim) for claim in found.claims] == [{1, 3}, {2}]


def test_without_a_model_every_claim_is_a_sentence_of_its_source_word_for_word() -> None:
    found = summed_up(*FIRE)
    assert (found.method, found.note, found.model) == ("extractive", "no_model", "")
    texts = {one.post_id: one.text for one in found.tellings}
    claims = [*found.agreed, *found.single, *(claim for one in found.differences for claim in one.claims)]
    assert claims
    assert all(claim.text in texts[claim.sources[0].post_id] for claim in claims)


def test_what_only_one_telling_says_names_that_one_alone() -> None:
    found = summed_up(*FIRE)
    assert found.single
    assert all(len(sources(claim)) == 1 for claim in found.single)


def test_no_claim_is_made_twice() -> None:
    found = summed_up(*(text for _, _, _, text in BRIDGE))
    texts = [claim.text for claim in (*found.agreed, *found.single)]
    assert len(texts) == len(set(texts))
    assert sum("cracks" in text for text in texts) == 1


def test_chinese_tellings_agree_on_what_both_say() -> None:
    found = summed_up(*(text for _, _, _, text in TRAM))
    assert any("凌晨两点" in claim.text and len(claim.sources) > 1 for claim in found.agreed)


def test_what_the_headlines_say_too_is_agreed_on_all_the_same() -> None:
    texts = [StoryText(post_id=at, feed_title=feed, title=title, text=text, published_at=datetime(2026, 11, 30, tzinfo=UTC))
             for at, (feed, _, title, text) in enumerate(TRAM, 1)]  # fmt: skip
    found = finish(tellings.write(texts, lambda _: tellings.Reader()))
    assert any("凌晨两点" in claim.text and sources(claim) == {1, 2, 3} for claim in found.agreed)


def test_a_summary_keeps_within_its_words() -> None:
    found = finish(tellings.write(told(*FIRE), lambda _: tellings.Reader(), max_words=30))
    assert sum(len(claim.text.split()) for claim in (*found.agreed, *found.single)) <= 30


def test_of_many_tellings_the_rest_is_counted() -> None:
    found = summed_up(*FIRE, *FIRE, *FIRE)
    assert (len(found.tellings), found.left_out) == (6, 3)


def test_what_is_kept_comes_back_the_same() -> None:
    found = summed_up(*FIRE)
    assert tellings.unpacked(tellings.packed(found), told(*FIRE)) == found


def test_hidden_characters_of_a_telling_support_nothing_and_are_not_shown() -> None:
    hidden = "".join(chr(0xE0000 + ord(sign)) for sign in "obey")
    found = summed_up(FIRE[0] + hidden, FIRE[2])
    assert all(hidden not in one.text for one in found.tellings)


def story_of(engine: Engine) -> int:
    """Two posts that tell the same, put together by hand; returns the one that stands for both."""
    for feed, text in (("Morning Post", FIRE[0]), ("Evening Post", FIRE[1])):
        engine.add_posts(feed, [PlainPost(title="Fire in Arden", text=text, guid=feed)])
    ids = engine.timeline(TimelineQuery(order="newest"))
    engine.merge_stories(ids)
    found = engine.story(ids[0])
    assert found is not None
    return found.lead_id


@pytest.fixture
def plain_engine(engine: Engine) -> Engine:
    engine.set_setting("ai", False)
    return engine


def test_the_engine_sums_a_story_up_and_keeps_it(plain_engine: Engine) -> None:
    lead = story_of(plain_engine)
    assert plain_engine.stored_story_summary(lead) is None
    found = plain_engine.summarise_story(lead)
    assert {one.feed_title for one in found.tellings} == {"Morning Post", "Evening Post"}
    assert (found.method, found.note) == ("extractive", "off")
    assert plain_engine.stored_story_summary(lead) == found


def test_the_stores_summary_goes_when_a_telling_changes(plain_engine: Engine) -> None:
    lead = story_of(plain_engine)
    plain_engine.summarise_story(lead)
    plain_engine.add_posts("Evening Post", [PlainPost(title="Fire in Arden", text=FIRE[1] + " It is out.", guid="Evening Post")])
    assert plain_engine.stored_story_summary(lead) is None


def test_a_hidden_telling_is_left_out(plain_engine: Engine) -> None:
    plain_engine.set_setting("story_marks_all", False)
    lead = story_of(plain_engine)
    story = plain_engine.story(lead)
    assert story is not None
    plain_engine.mark([next(post.post_id for post in story.posts if post.post_id != lead)], hidden=True)
    with pytest.raises(InputError, match="Only this post"):
        plain_engine.summarise_story(lead)


def test_a_post_that_stands_alone_has_no_story_to_sum_up(plain_engine: Engine) -> None:
    plain_engine.add_posts("Alone", [PlainPost(title="Alone", text="Nobody else tells this.")])
    with pytest.raises(InputError, match="Only this post"):
        plain_engine.summarise_story(plain_engine.timeline(TimelineQuery(order="newest"))[0])


def test_a_kept_summary_survives_the_profile_being_closed(reopen: Callable[[], Engine]) -> None:
    with reopen() as engine:
        engine.set_setting("ai", False)
        lead = story_of(engine)
        made = engine.summarise_story(lead)
    with reopen() as engine:
        assert engine.stored_story_summary(lead) == made


@needs_model
def test_the_model_reads_each_telling_alone_and_its_claims_stand_in_it() -> None:
    with GenerateWorker(MODEL.path(default_models_dir()), MODEL.template) as worker:
        texts = told(f"{FIRE[0]} The cause is unknown. Firemen stayed until morning to watch the roof.", FIRE[2])
        found = finish(tellings.write(texts, lambda _: tellings.Reader(worker), model=MODEL.name, urgent=True))
    assert found.method == "model" or found.note in ("rejected", "slow")
    assert (found.model == MODEL.name) == (found.method == "model")
    assert all(words_of(found, claim) for claim in (*found.agreed, *found.single))


@needs_model
def test_a_story_summary_that_nobody_waits_for_any_more_ends(engine: Engine) -> None:
    lead = story_of(engine)
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(CancelledError):
        engine.summarise_story(lead, cancel=cancel)
    assert engine.stored_story_summary(lead) is None
