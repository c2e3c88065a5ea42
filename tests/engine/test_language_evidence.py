"""What the evidence check lets pass and refuses, each by its own reason, and which words of the source it points at."""

from __future__ import annotations

import time

import pytest

from engine import supports
from engine.language import extractive
from engine.language.evidence import Checker, check
from engine.language.sentences import words
from engine.language.summary import kept_sentences

SOURCE = (
    "The Arden council voted 7–2 on Tuesday to close Main Street to cars from 3 May. Mayor Ines Falk said the plan "
    "would cut noise by 40 percent. “We waited ten years for this,” she said. Shop owner Peter Lang expects to lose "
    "customers and will not support the plan. The street carries 12,000 cars a day."
)
CHINESE = "阿登市议会周二以七票对两票决定从五月三日起禁止汽车通行。市长王丽说，该计划将使噪音减少百分之四十。店主李强担心失去顾客。"


@pytest.mark.parametrize(
    "sentence",
    [
        "The council voted 7–2 to close Main Street to cars.",
        "Mayor Ines Falk said the plan would cut noise by 40 percent.",
        "Peter Lang will not support the plan.",
        "“We waited ten years for this,” she said.",
    ],
)
def test_what_the_source_says_passes(sentence: str) -> None:
    assert check(sentence, SOURCE).ok


@pytest.mark.parametrize(
    ("sentence", "refusal"),
    [
        ("The council voted 9–2 to close Main Street to cars.", "number"),
        ("Mayor Ines Falk said the plan would cut noise by 60 percent.", "number"),
        ("The Arden council voted on Friday to close Main Street to cars.", "date"),
        ("Mayor Greta Holm said the plan would cut noise by 40 percent.", "name"),
        ("Peter Lang will support the plan.", "negation"),
        ("The street does not carry 12,000 cars a day.", "negation"),
        ("“We never wanted this at all,” she said.", "quotation"),
        ("The council voted to close Main Street, see https://bad.example/x.", "link"),
        ("Penguins enjoy skating on frozen lakes together.", "unsupported"),
        ("…", "empty"),
    ],
)
def test_what_it_does_not_say_is_refused_by_its_reason(sentence: str, refusal: str) -> None:
    verdict = check(sentence, SOURCE)
    assert (verdict.ok, verdict.refusal) == (False, refusal)


def test_chinese_passes_word_for_word_and_is_refused_with_another_name() -> None:
    assert check("店主李强担心失去顾客。", CHINESE).ok
    assert not check("店主赵敏担心失去顾客。", CHINESE).ok
    assert not check("市长王丽说，该计划将使噪音减少百分之九十。", CHINESE).ok


def test_the_spans_are_the_sentences_that_support() -> None:
    verdict = check("Peter Lang will not support the plan.", SOURCE)
    assert any("Peter Lang" in SOURCE[span.start : span.end] for span in verdict.spans)
    assert not any("12,000" in SOURCE[span.start : span.end] for span in verdict.spans)


def test_a_close_vector_never_excuses_a_wrong_number() -> None:
    checker = Checker(SOURCE, similarity=lambda sentence, sources: [1.0] * len(sources))
    assert checker.check("Mayor Ines Falk said the plan would cut noise by 60 percent.").refusal == "number"


def test_the_title_may_lend_a_word_but_supports_nothing_alone() -> None:
    assert not check("The Harbour Gazette grew.", SOURCE, context="The Harbour Gazette grew.").ok


def test_nothing_stands_in_an_empty_source() -> None:
    assert check("The council voted.", "").refusal == "empty"


def test_a_source_and_a_sentence_of_any_length_take_bounded_time() -> None:
    before = time.process_time()
    check("The ferry 7 left on Tuesday. " * 30, "The ferry 7 of Ines Falk left on Tuesday at nine, “it said”. " * 20_000)
    assert time.process_time() - before < 5


def test_a_text_without_a_sentence_has_an_empty_pick() -> None:
    assert extractive.summarise(" … \n").sentences == ()


def test_a_text_of_one_long_sentence_is_picked_whole_rather_than_not_at_all() -> None:
    text = "The ferry " + "went on and " * 60 + "arrived."
    (only,) = extractive.summarise(text, max_words=20).sentences
    assert only.text == text


def test_what_says_the_same_twice_is_picked_once() -> None:
    text = "The ferry left Arden at nine. The ferry left Arden at nine. A storm closed the harbour in the evening."
    found = [sentence.text for sentence in extractive.summarise(text, max_words=16).sentences]
    assert found == ["The ferry left Arden at nine.", "A storm closed the harbour in the evening."]


def test_picking_reads_chinese() -> None:
    found = extractive.summarise(CHINESE, max_words=30)
    assert found.sentences
    assert all(sentence.text in CHINESE for sentence in found.sentences)


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("Mayor Ines Falk said the plan would cut noise.", "Mayor Ines Falk said the street would cut customers."),
        ("The council voted to close Main Street.", "The council expects to close the noise."),
    ],
)
def test_what_stands_together_scores_above_what_is_put_together(better: str, worse: str) -> None:
    assert check(better, SOURCE).score > check(worse, SOURCE).score


def test_a_name_may_stand_for_the_pronoun_that_means_it() -> None:
    source = "Ada Marsh rowed out alone. She won the regatta at Arden. The harbour closed at nine."
    assert check("Ada Marsh won the regatta.", source).score > check("The harbour won the regatta.", source).score


def test_a_claim_is_supported_when_all_of_its_sentences_are() -> None:
    found = supports("The council voted 7–2 to close Main Street. Peter Lang will support the plan.", SOURCE)
    assert [verdict.ok for verdict in found.verdicts] == [True, False]
    assert not found.supported
    assert supports("The council voted 7–2 to close Main Street.", SOURCE).supported


def test_a_claim_of_no_words_is_not_supported() -> None:
    assert not supports("…", SOURCE).supported
    assert not supports("The council voted.", "").supported


def test_of_news_the_first_sentences_are_picked_that_speak_of_its_matter() -> None:
    text = (
        "By our own staff. The Arden council closed Main Street to cars on Tuesday. Cars used Main Street for a century. "
        "The council expects less noise on Main Street. Shops on the street fear for their trade. Twelve thousand cars "
        "used the street each day. The mayor called the closed street a gift. A bakery opens at nine. Buses use the "
        "river road. The council meets again in May."
    )
    found = [sentence.text for sentence in extractive.summarise(text, max_words=30).sentences]
    assert found[0] == "The Arden council closed Main Street to cars on Tuesday."


def test_of_a_text_that_is_longer_a_quarter_is_picked() -> None:
    text = "I rowed to Arden before breakfast. The water was like glass and nobody else was out. " * 6
    picked = extractive.summarise(text + "I saw two herons on the far bank by the mill.", max_words=80)
    assert sum(len(sentence.text.split()) for sentence in picked.sentences) <= 25


def test_of_mail_neither_heads_nor_quoted_lines_nor_signatures_are_picked() -> None:
    text = (
        "From: Ines Falk\nTo: council@arden.example\nSubject: the ferry\n\n"
        "I think the ferry should run until ten in the evening.\n\n--\nInes Falk, Arden, telephone 1234\n\n"
        "From: Peter Lang\nTo: council@arden.example\n\nInes Falk wrote:\n"
        "> I think the ferry should run until ten in the evening.\n\n"
        "The late ferry carries nobody, so we should stop it at eight.\n"
    )
    found = extractive.summarise(text, max_words=80)
    assert [sentence.text for sentence in found.sentences] == [
        "I think the ferry should run until ten in the evening.",
        "The late ferry carries nobody, so we should stop it at eight.",
    ]
    assert all(text[span.start : span.end] in text for sentence in found.sentences for span in sentence.evidence)


FERRY = (
    "The ferry from Arden to Holm carried over 185 people on Tuesday. Ines Falk may close the harbour because the ice is "
    "thick. Will the crews go on strike? The yard was founded in the late 1980s by Peter Lang. Prices rose in March as "
    "demand fell short, sending shares lower. I met my friend Ada Marsh at the mill, where we bake bread."
)


@pytest.mark.parametrize(
    ("sentence", "why"),
    [
        ("The ferry from Holm to Arden carried over 185 people on Tuesday.", "the names are exchanged"),
        ("The ferry from Arden to Holm carried almost 185 people on Tuesday.", "more is not less"),
        ("Ines Falk closes the harbour because the ice is thick.", "perhaps is not surely"),
        ("The crews go on strike.", "a question says nothing"),
        ("The yard was founded in 1980 by Peter Lang.", "a decade is not its first year"),
        ("Prices rose in March, sending shares lower.", "something else sent them"),
        ("I met your friend Ada Marsh at the mill.", "whose friend she is"),
        ("Lang bake bread at the mill.", "put together from two places"),
        ("Curbish Marsh met my friend at the mill.", "a first word that is a name nobody has"),
        ("The ferry may strike the mill on Tuesday.", "words of the text, put together anew"),
    ],
)
def test_true_words_put_together_wrongly_are_never_close(sentence: str, why: str) -> None:
    assert not check(sentence, FERRY).close, why


@pytest.mark.parametrize(
    "sentence",
    [
        "The ferry from Arden to Holm carried over 185 people.",
        "Ines Falk may close the harbour.",
        "The yard was founded in the late 1980s.",
        "Demand fell short, sending shares lower.",
        "I met my friend Ada Marsh at the mill.",
        "The ferry from Arden to Holm carried over 185 people on Tuesday, and prices rose in March as demand fell short.",
    ],
)
def test_what_is_left_when_a_clause_is_dropped_is_close(sentence: str) -> None:
    assert check(sentence, FERRY).close


@pytest.mark.parametrize(
    "sentence",
    [
        "The ferry from Holm to Arden carried over 185 people on Tuesday.",
        "Ines Falk closes the harbour because the ice is thick.",
        "The crews go on strike.",
        "The yard was founded in 1980 by Peter Lang.",
        "Curbish Marsh met my friend at the mill.",
    ],
)
def test_exchanged_places_doubts_questions_decades_and_names_from_nowhere_are_refused(sentence: str) -> None:
    assert not check(sentence, FERRY).ok


def test_a_paraphrase_is_supported_though_it_is_not_close() -> None:
    verdict = check("Over 185 people took the ferry on Tuesday.", FERRY)
    assert (verdict.ok, verdict.close) == (True, False)


def test_two_sentences_may_be_joined() -> None:
    assert check("The yard was founded in the late 1980s and prices rose in March.", FERRY).ok


def test_chinese_characters_after_digits_are_words_of_their_own() -> None:
    assert words("2400名成年人") == ["2400", "名", "成", "年", "人"]


def test_what_is_said_of_some_of_a_towns_boats_is_not_said_of_all() -> None:
    source = "Arden's flat-bottomed boats are just as bad. The council knows it."
    assert check("Arden's flat-bottomed boats are just as bad.", source).close
    assert not check("Arden's boats are just as bad.", source).close


INNS = (
    "The Pelican Inn: The Pelican Inn is a pub that offers warm meals and cider. The Heron Inn: The Heron Inn is a quiet pub located in "
    "Lindow, with rooms for 14 pounds a night. The Otter is located in Arden and costs 22 pounds. Guests complain that the Otter loses "
    "its keys more often than before. Note that the Heron Inn loses its keys only a few times. Opened in 1986 in Arden, the Otter has "
    "become one of the noisiest pubs of the valley. It is one of the largest inns of the lake shore and the best in Holm. The course "
    "consists of ten walks with two variations each. It is easy to book a room: you ring the bell. But nobody knew how to open the "
    "gate from the garden. The cider comes from the Marsh region, above all from the village of Weir."
)


@pytest.mark.parametrize(
    ("sentence", "why"),
    [
        ("The Heron Inn is a pub located in Arden.", "the place of another one"),
        ("The Heron Inn is a quiet pub located in Lindow, with rooms for 22 pounds a night.", "the price of another one"),
        ("Guests complain that the Otter loses its keys only a few times.", "goes on with another sentence's words"),
        ("Opened in 1986, it has become one of the noisiest inns of the lake shore and the best in Holm.", "goes on with another's"),
        ("The course consists of two variations each.", "two of what stood behind another preposition"),
        ("It is easy to open the gate from the garden.", "easy was something else"),
        ("The cider comes from the Weir region, above all from the village of Weir.", "a name twice for another one"),
    ],
)
def test_a_sentence_put_together_from_two_is_never_close(sentence: str, why: str) -> None:
    assert not check(sentence, INNS).close, why


@pytest.mark.parametrize(
    "sentence",
    [
        "The Heron Inn is a pub located in Lindow.",
        "The Otter is located in Arden and costs 22 pounds.",
        "The Otter has become one of the noisiest pubs of the valley.",
    ],
)
def test_a_sentence_shortened_or_put_behind_another_is_close(sentence: str) -> None:
    assert check(sentence, INNS).close


def test_a_sentence_that_refers_back_is_kept_only_behind_the_one_that_it_refers_to() -> None:
    text = (
        "The ferry Heron sails to Holm on Mondays. She carries 240 people and nine cars. The mill at Weir grinds rye for three villages. "
        "It stands still in winter because the pond is frozen. These are the prices:"
    )

    def kept(written: str) -> list[str]:
        return [sentence.text for sentence in kept_sentences(written, Checker(text), 60)[0]]

    whole = "The ferry Heron sails to Holm on Mondays. She carries 240 people and nine cars."
    assert " ".join(kept(whole)) == whole
    assert kept("The ferry Heron sails to Holm on Mondays. It stands still in winter because the pond is frozen.") == [
        "The ferry Heron sails to Holm on Mondays."
    ]
    assert kept("The mill at Weir grinds rye for three villages. She carries 240 people and nine cars. These are the prices:") == [
        "The mill at Weir grinds rye for three villages."
    ]
