"""The evaluation's measures against values worked out by hand or by others, and its loaders on data made here."""

from __future__ import annotations

import gzip
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, ndcg_score

from engine import list_models
from tests.evaluate import layouts, metrics, provenance

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


# ---- measures --------------------------------------------------------------------------------


def test_macro_recall_counts_small_classes_as_much_as_large_ones() -> None:
    assert metrics.macro_recall(["a", "a", "a", "b"], ["a", "a", "a", "a"]) == 0.5


def test_macro_f1_is_the_mean_over_true_classes() -> None:
    assert metrics.macro_f1(["a", "a", "b", "b"], ["a", "b", "b", "b"]) == pytest.approx((2 / 3 + 4 / 5) / 2)


def test_calibration_error_is_zero_when_confidence_is_accuracy() -> None:
    assert metrics.ece([0.5] * 4, [True, True, False, False]) == 0


def test_calibration_error_weighs_bins_by_their_size() -> None:
    assert metrics.ece([1.0, 1.0, 1.0, 0.5], [True, True, True, True]) == pytest.approx(0.125)


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=40))
def test_auc_is_the_share_of_ordered_pairs(rows: list[tuple[bool, int]]) -> None:
    pairs = [(a, b) for wanted, a in rows if wanted for unwanted, b in rows if not unwanted]
    found = metrics.auc([wanted for wanted, _ in rows], [score for _, score in rows])
    if pairs:
        assert found == pytest.approx(sum(1.0 if a > b else 0.5 if a == b else 0.0 for a, b in pairs) / len(pairs))
    else:
        assert math.isnan(found)


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 1_000)), min_size=2, max_size=40, unique_by=lambda row: row[1]))
def test_average_precision_is_scikit_learns(rows: list[tuple[bool, int]]) -> None:
    truth, scores = [wanted for wanted, _ in rows], [score for _, score in rows]
    found = metrics.average_precision(metrics.ordered(truth, scores))
    if any(truth):
        assert found == pytest.approx(average_precision_score(truth, scores))
    else:
        assert math.isnan(found)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 1_000)), min_size=2, max_size=40, unique_by=lambda row: row[1]
    ),
    st.integers(1, 12),
)
def test_ndcg_is_scikit_learns(rows: list[tuple[int, int]], k: int) -> None:
    truth, scores = [gain for gain, _ in rows], [score for _, score in rows]
    found = metrics.ndcg(metrics.ordered(truth, scores), k)
    if any(truth):
        assert found == pytest.approx(ndcg_score([truth], [scores], k=k))
    else:
        assert math.isnan(found)


def test_ndcg_of_a_list_that_misses_answers_is_measured_against_all_of_them() -> None:
    assert metrics.ndcg([1.0], 10, ideal=[1.0, 1.0]) == pytest.approx(1 / (1 + 1 / math.log2(3)))


def test_reciprocal_rank_is_of_the_first_answer() -> None:
    assert metrics.reciprocal_rank([0, 0, 1, 1]) == pytest.approx(1 / 3)


def test_a_tie_keeps_the_order_of_the_rows() -> None:
    assert metrics.ordered([1, 2, 3], [0.0, 1.0, 0.0]).tolist() == [2, 1, 3]


def test_bcubed_f1_of_the_published_example() -> None:
    truth = ["a"] * 5 + ["b"] * 2 + ["c"] * 7  # Amigó et al. 2009: precision by item, then recall by item
    said = [1, 1, 1, 1, 2, 2, 2, 1, 2, 3, 3, 3, 3, 3]
    precision = sum(
        sum(said[j] == said[i] and truth[j] == truth[i] for j in range(14)) / said.count(said[i]) for i in range(14)
    )
    recall = sum(
        sum(said[j] == said[i] and truth[j] == truth[i] for j in range(14)) / truth.count(truth[i]) for i in range(14)
    )
    assert metrics.bcubed_f1(truth, said) == pytest.approx(metrics.f1(precision / 14, recall / 14))


def test_bcubed_f1_of_all_apart_has_perfect_precision() -> None:
    assert metrics.bcubed_f1(["a", "a"], [1, 2]) == pytest.approx(2 / 3)


def test_pairs_count_what_shares_a_group() -> None:
    assert metrics.pairs("aabb", [1, 1, 1, 2]) == pytest.approx((1 / 3, 1 / 2, 0.4))


def test_rouge_1_is_f1_of_shared_words() -> None:
    assert metrics.rouge_n(["the", "cat", "sat"], ["the", "cat", "ran", "away"], 1) == pytest.approx(4 / 7)


def test_rouge_2_is_f1_of_shared_pairs() -> None:
    assert metrics.rouge_n(["the", "cat", "sat"], ["the", "cat", "ran", "away"], 2) == pytest.approx(2 / 5)


@settings(deadline=None)
@given(st.text("abc", max_size=12), st.text("abc", max_size=12))
def test_rouge_l_is_the_longest_common_subsequence(reference: str, said: str) -> None:
    lengths = np.zeros((len(reference) + 1, len(said) + 1), dtype=int)
    for i, left in enumerate(reference):
        for j, right in enumerate(said):
            lengths[i + 1, j + 1] = lengths[i, j] + 1 if left == right else max(lengths[i, j + 1], lengths[i + 1, j])
    common = int(lengths[-1, -1])
    expected = 2 * common / (len(reference) + len(said)) if common else 0.0
    assert metrics.rouge_l(list(reference), list(said)) == pytest.approx(expected)


def test_words_take_each_chinese_character_for_one() -> None:
    assert metrics.words("Rain, 北京下雨") == ["rain", "北", "京", "下", "雨"]


def test_a_page_taken_word_for_word_overlaps_fully() -> None:
    assert metrics.shingle_overlap("one two three four five", "one two  three four, five!") == (1.0, 0.0, 0.0)


def test_a_page_of_which_nothing_was_taken_is_missed() -> None:
    assert metrics.shingle_overlap("one two three four five", "") == (0.0, 0.0, 1.0)


def test_words_too_many_cost_precision() -> None:
    hit, extra, missed = metrics.shingle_overlap("a b c d", "a b c d e")
    assert (hit, extra, missed) == (0.5, 0.5, 0.0)


def test_the_mean_leaves_out_what_is_undefined() -> None:
    assert metrics.mean([1.0, math.nan, 0.0]) == 0.5


# ---- splits and names ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "split"),
    [("test_text.txt", "test"), ("mt_dev.jsonl", "dev"), ("dev_few_all.json", "dev"), ("validation.jsonl", "validation"),
     ("latest.csv", ""), ("contest.tsv", ""), ("msr-para-val.tsv", "val")],
)  # fmt: skip
def test_a_split_is_a_whole_word_of_the_stem(name: str, split: str) -> None:
    assert layouts.split_of(Path(name)) == split


def test_test_files_come_before_dev_and_dev_before_train() -> None:
    paths = [Path("train.tsv"), Path("dev.tsv"), Path("test.tsv")]
    assert layouts.best_split(paths) == [Path("test.tsv")]
    assert layouts.best_split(paths[:2]) == [Path("dev.tsv")]


def test_splits_take_their_folders_name_and_other_files_their_own() -> None:
    paths = [Path("sst/dev.tsv"), Path("sst/train.tsv"), Path("shops/a.csv"), Path("shops/b.csv"), Path("one/x.tsv")]
    assert [name for name, _ in layouts.sets(paths)] == ["one", "a", "b", "sst"]


def test_a_read_me_is_no_data() -> None:
    paths = [Path("rated/_README_.txt"), Path("rated/tweets.txt")]
    assert list(layouts.sets(paths)) == [("rated", [Path("rated/tweets.txt")])]


def test_lines_end_at_newlines_only(tmp_path: Path) -> None:
    assert layouts.read_lines(write(tmp_path / "t.txt", "a\u2028b\nc\n")) == ["a\u2028b", "c"]


def test_a_packed_page_is_unpacked(tmp_path: Path) -> None:
    (tmp_path / "a.html.gz").write_bytes(gzip.compress(b"<p>"))
    assert layouts.read_bytes(tmp_path / "a.html.gz") == b"<p>"


def test_the_collectors_escapes_are_undone() -> None:
    assert layouts.tweet('I\\u2019m &amp;amp; \\""you\\"" ') == 'I’m & "you"'


# ---- sentiment -------------------------------------------------------------------------------


def only_set(folder: Path) -> layouts.Texts:
    (found,) = layouts.sentiment_sets(folder)
    return found


def test_paired_files_are_read_line_by_line(tmp_path: Path) -> None:
    write(tmp_path / "fine" / "test_text.txt", "bad\nmeh\ngood\n")
    write(tmp_path / "fine" / "test_labels.txt", "0\n1\n2\n")
    assert only_set(tmp_path) == layouts.Texts("fine", ("bad", "meh", "good"), (0, 1, 2))


def test_a_mapping_decides_which_number_is_which_class(tmp_path: Path) -> None:
    write(tmp_path / "fine" / "val_text.txt", "good\nmeh\n")
    write(tmp_path / "fine" / "val_labels.txt", "0\n1\n")
    write(tmp_path / "fine" / "mapping.txt", "0\tpositive\n1\tneutral\n2\tnegative\n")
    assert only_set(tmp_path).labels == (2, 1)


def test_a_mapping_of_other_classes_is_no_sentiment(tmp_path: Path) -> None:
    write(tmp_path / "mood" / "val_text.txt", "grr\n")
    write(tmp_path / "mood" / "val_labels.txt", "0\n")
    write(tmp_path / "mood" / "mapping.txt", "0\tanger\n1\tjoy\n2\tsadness\n")
    assert list(layouts.sentiment_sets(tmp_path)) == []


@pytest.mark.parametrize("lines", ["1\tgood\n0\tbad\n", "good\t1\nbad\t0\n"])
def test_tables_with_two_classes_are_read_either_way_round(tmp_path: Path, lines: str) -> None:
    found = only_set(write(tmp_path / "set" / "dev.tsv", lines).parent)
    assert (found.texts, found.labels, found.classes) == (("good", "bad"), (2, 0), 2)


def test_a_table_of_ham_and_spam_is_no_sentiment(tmp_path: Path) -> None:
    write(tmp_path / "sms" / "messages.tsv", "ham\thello\nspam\twin!\n")
    assert list(layouts.sentiment_sets(tmp_path)) == []


def test_mean_ratings_become_classes_and_stay_numbers(tmp_path: Path) -> None:
    found = only_set(write(tmp_path / "rated" / "x.txt", "1\t-2.5\tbad\n2\t0.1\tmeh\n3\t1.5\tgood\n").parent)
    assert (found.labels, found.intensity) == ((0, 1, 2), (-2.5, 0.1, 1.5))


def test_reviews_in_csv_are_read_by_their_header(tmp_path: Path) -> None:
    found = only_set(write(tmp_path / "shop" / "a.csv", 'cat,label,review\nx,1,"good, so\ngood"\nx,0,bad\n').parent)
    assert (found.texts, found.labels) == (("good, so\ngood", "bad"), (2, 0))


def test_polarities_and_names_of_classes_are_read_from_json(tmp_path: Path) -> None:
    write(tmp_path / "news" / "mt_dev.jsonl", '{"sentence": "a", "polarity": -1}\n{"sentence": "b", "polarity": 0}\n')
    write(tmp_path / "few" / "dev_all.json", '{"sentence": "c", "label": "Positive"}\n')
    write(tmp_path / "topic" / "dev_all.json", '{"sentence": "d", "label": 115}\n')
    assert {found.name: found.labels for found in layouts.sentiment_sets(tmp_path)} == {"news": (0, 1), "few": (2,)}


# ---- what heads were trained on --------------------------------------------------------------


def test_a_text_is_known_again_through_case_links_and_users() -> None:
    assert provenance.row_hash("Good DAY, @anna! https://a.example/x") == provenance.row_hash("good day @user")


def test_a_fifth_of_known_rows_marks_a_set() -> None:
    known = provenance.row_hashes(["row 1", "row 2"])
    assert provenance.trained_on([f"row {number}" for number in range(1, 11)], known)
    assert not provenance.trained_on([f"row {number}" for number in range(2, 12)], known)


def test_foreign_texts_are_not_marked_against_the_shipped_hashes() -> None:
    known = provenance.known_rows(Path(__file__).resolve().parents[2] / "resources" / "heads")
    assert len(known) > 20_000
    assert not provenance.trained_on([f"A sentence nobody has written, number {n}." for n in range(200)], known)


@pytest.mark.skipif(not (SHARED / "signals").is_dir(), reason="../shared/data is not here")
def test_the_sets_that_the_shipped_head_learnt_from_are_marked() -> None:
    known = provenance.known_rows(Path(__file__).resolve().parents[2] / "resources" / "heads")
    marked = {
        found.name for found in layouts.sentiment_sets(SHARED / "signals") if provenance.trained_on(found.texts, known)
    }
    umsab = {"arabic", "english", "french", "german", "hindi", "italian", "portuguese", "spanish"}
    chinese = {"weibo2018", "eprstmt", "ChnSentiCorp_htl_all", "online_shopping_10_cats", "waimai_10k"}
    assert marked == {"sentiment", "sst2", "newsmtsc", "vader_gt", *umsab, *chinese}


# ---- the tasks' own loaders ------------------------------------------------------------------


def test_beir_gains_are_read_and_unknown_documents_left_out(tmp_path: Path) -> None:
    from tests.evaluate.tasks import search

    write(
        tmp_path / "wiki" / "corpus.jsonl", '{"_id": "d1", "title": "T", "text": "one"}\n{"_id": "d2", "text": "two"}\n'
    )
    write(tmp_path / "wiki" / "queries.jsonl", '{"_id": "q1", "text": "which?"}\n{"_id": "q2", "text": "none"}\n')
    write(tmp_path / "wiki" / "qrels" / "test.tsv", "query-id\tcorpus-id\tscore\nq1\td2\t2\nq1\td1\t0\nq2\tgone\t1\n")
    (found,) = search.collections(tmp_path)
    assert (found.name, len(found.posts), found.questions) == ("wiki", 2, (("which?", {"d2": 2.0}),))


def test_squad_paragraphs_become_posts_and_questions_point_at_them(tmp_path: Path) -> None:
    from tests.evaluate.tasks import search

    document = {"data": [{"title": "A", "paragraphs": [{"context": "c", "qas": [{"question": "q?"}]}]}]}
    write(tmp_path / "some_dev.json", json.dumps(document))
    (found,) = search.collections(tmp_path)
    assert (found.name, found.posts[0].text, found.questions) == (
        "some_dev",
        "c",
        (("q?", {found.posts[0].guid: 1.0}),),
    )


def test_a_simulated_users_hidden_truth_never_reaches_a_post(tmp_path: Path) -> None:
    from tests.evaluate.tasks import ranking

    post = {"id": "p", "t": 1, "sub": "SECRET", "title": "t", "text": "x", "domain": "d.example", "url": "u"}
    write(tmp_path / "posts.jsonl", json.dumps(post) + "\n")
    user = {"user": 1, "likes": ["SECRET"], "feedback": [["p", 1], ["gone", 0]], "test": [["p", 0]]}
    write(tmp_path / "sim_users.jsonl", json.dumps(user) + "\n")
    loaded = ranking.load(tmp_path)
    assert loaded is not None
    posts, readers = loaded
    assert "SECRET" not in repr(posts) + repr(readers)
    assert readers == [ranking.Reader(("p",), (), ("p",), (0,))]


def test_impressions_give_a_history_and_candidates(tmp_path: Path) -> None:
    from tests.evaluate.tasks import ranking

    news = [{"nid": f"n{number}", "title": f"t{number}", "abstract": ""} for number in range(3)]
    write(tmp_path / "news_xx.jsonl", "".join(json.dumps(row) + "\n" for row in news))
    row = {"history": ["n0", "n0", "gone"], "candidates": ["n1", "n2"], "clicked": [0, 1]}
    write(tmp_path / "impressions.jsonl", json.dumps(row) + "\n")
    loaded = ranking.load(tmp_path)
    assert loaded is not None
    assert loaded[1] == [ranking.Reader(("n0",), (), ("n1", "n2"), (0, 1))]


def test_the_lead_is_what_fits_of_three_sentences() -> None:
    from tests.evaluate import baselines

    def count(text: str) -> int:
        return len(text.split())

    lines = ["one two three", "four five", "six seven eight nine", "ten"]
    assert baselines.lead(lines, 6, count) == lines[:2]
    assert baselines.lead(lines, 80, count) == lines[:3]
    assert baselines.lead(lines, 1, count) == lines[:1]


def test_lexrank_takes_what_the_others_are_like() -> None:
    from tests.evaluate import baselines

    def count(text: str) -> int:
        return len(text.split())

    lines = ["the harbour froze overnight", "boats stayed in the harbour", "bread costs more", "the harbour boats froze"]
    assert baselines.lexrank(lines, 4, count) == ["the harbour boats froze"]


def test_shortened_and_joined_sentences_are_still_true() -> None:
    from tests.evaluate import planted

    long = "The old river bridge, which the council closed in May, opened to cyclists again."
    assert planted.shortened(long) == "The old river bridge opened to cyclists again."
    assert planted.joined("The bridge is closed.", "It opens in March.") == "The bridge is closed and it opens in March."
    assert planted.joined("The bridge is closed.", "Engineers found cracks.") is None


def test_an_error_of_each_kind_is_planted() -> None:
    from tests.evaluate import planted

    source = "Ada Marsh beat Ines Falk by 12 votes on Tuesday. “We will count again,” she said, and is tired."
    planter = planted.Planter(3, {"ada", "marsh", "ines", "falk", "holm"})
    for kind in planted.KINDS:
        found = planter.plant(planted.Case(source, source, "copied"), kind)
        assert found is not None, kind
        assert found.sentence != source
    assert planter.roles("Ada Marsh beat Ines Falk.", source) == "Ines Falk beat Ada Marsh."


def test_claims_are_ordered_by_how_much_of_them_their_source_says() -> None:
    from tests.evaluate.tasks import summaries, support

    source = "The council voted to close Main Street. Peter Lang expects to lose customers."
    told = [
        summaries.Claim(source, "The council voted to close Main Street.", 1.0),
        summaries.Claim(source, "Peter Lang expects to lose customers.", 1.0),
        summaries.Claim(source, "The council never voted to close Main Street.", 0.0),
        summaries.Claim(source, "Ines Falk expects to lose seven customers.", 0.5),
    ]
    found = support.judge(told)
    assert found["auc"] == 1.0
    assert found["refused_of_unsupported"] == 1.0
    assert found["refused_of_supported"] == 0.0


def test_the_baseline_is_the_share_of_bigrams_in_the_source() -> None:
    from tests.evaluate.tasks import summaries, support

    assert support.bigram_overlap(summaries.Claim("a b c d", "a b d c", 1.0)) == pytest.approx(1 / 3)


def test_summaries_are_read_in_every_layout(tmp_path: Path) -> None:
    from tests.evaluate.tasks import summaries

    write(tmp_path / "mail" / "val.source", "a long mail\n")
    write(tmp_path / "mail" / "val.target", "mail\n")
    write(tmp_path / "talk.jsonl", json.dumps({"dialogue": "A: hi\nB: ho", "summary": "They greet."}) + "\n")
    write(
        tmp_path / "talks.jsonl", json.dumps({"context": [["你好。", "好。"], ["再见。"]], "discussion": "问好"}) + "\n"
    )
    claims = {"0": {"sys_summ": "s", "scores": {"fact": 0.5}}}
    write(tmp_path / "facts.jsonl", json.dumps({"src": "x", "ref_summ": "x", "sys_summs": claims}) + "\n")
    found = {name: (pairs, said) for name, pairs, said in summaries.collections(tmp_path)}
    assert found == {
        "mail": ([summaries.Pair("a long mail", "mail")], []),
        "talk": ([summaries.Pair("A: hi\nB: ho", "They greet.")], []),
        "talks": ([summaries.Pair("你好。好。\n再见。", "问好")], []),
        "facts": ([], [summaries.Claim("x", "s", 0.5)]),
    }


def test_article_pages_are_found_packed_or_not(tmp_path: Path) -> None:
    from tests.evaluate.tasks import articles

    truth = {"a": {"articleBody": "text a", "url": "u"}, "b": {"articleBody": "text b"}, "gone": {"articleBody": "x"}}
    write(tmp_path / "news" / "truth.json", json.dumps(truth))
    write(tmp_path / "news" / "html" / "a.html", "<p>text a")
    (tmp_path / "news" / "html" / "b.html.gz").write_bytes(gzip.compress(b"<p>text b"))
    (found,) = articles.collections(tmp_path)
    assert found == ("news", [articles.Page(b"<p>text a", "u", "text a"), articles.Page(b"<p>text b", "", "text b")])


def test_no_answer_is_a_wrong_answer() -> None:
    from engine import Sentiment
    from tests.evaluate.tasks import sentiment

    sure = Sentiment(0.1, 0.1, 0.8)
    found = sentiment.judge([2, 2], [sure, None], classes=3)
    assert (found["accuracy"], found["answered"], found["unsure"]) == (0.5, 0.5, 0.0)


def test_of_two_classes_neutral_is_left_out_of_the_choice() -> None:
    from engine import Sentiment
    from tests.evaluate.tasks import sentiment

    best, share = sentiment.choice(Sentiment(0.1, 0.7, 0.2), classes=2)
    assert (best, share) == (2, pytest.approx(2 / 3))


def test_a_sample_is_even_the_same_each_time_and_says_of_how_many() -> None:
    from tests.evaluate.tasks import sample

    assert sample(list(range(10)), 4) == ([0, 2, 5, 7], 10)
    assert sample([1, 2], 4) == ([1, 2], None)


def test_undefined_measures_are_left_out_of_the_report() -> None:
    from tests.evaluate.tasks import SetResult

    row = SetResult(name="x", n=3, metrics={"auc": math.nan, "f1": 0.5}, sampled_from=9, trained_on=True).as_json(1.234)
    assert row == {"f1": 0.5, "n": 3, "seconds": 1.23, "sampled_from": 9, "trained_on": True}


def test_every_task_of_the_first_issue_is_known() -> None:
    from tests.evaluate import tasks

    assert {"sentiment", "ranking", "search", "summaries", "support", "articles", "feeds"} <= set(tasks.names())


def test_an_unknown_task_is_an_error_of_use(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    from tests.evaluate.__main__ import main

    with pytest.raises(SystemExit) as ended:
        main(["--data", str(tmp_path), "--task", "weather"])
    assert ended.value.code == 2
    assert "weather" in capsys.readouterr().err


@pytest.mark.parametrize("host", ["example.org", "93.184.216.34", b"example.org"])
def test_the_evaluation_looks_up_and_reaches_nothing_beyond_this_machine(host: str | bytes) -> None:
    from tests.evaluate.__main__ import stay_on_this_machine

    with pytest.raises(OSError, match="stays on this machine"):
        stay_on_this_machine("socket.getaddrinfo", (host, 443, 0, 0, 0))
    with pytest.raises(OSError, match="stays on this machine"):
        stay_on_this_machine("socket.connect", (None, (host, 443)))


def test_the_evaluation_reaches_its_own_server() -> None:
    from tests.evaluate.__main__ import stay_on_this_machine

    stay_on_this_machine("socket.connect", (None, ("127.0.0.1", 80)))


# ---- the other signals -----------------------------------------------------------------------


def test_emotions_are_read_where_the_mapping_names_no_others(tmp_path: Path) -> None:
    for folder, names in (("moods", "0\tanger\n1\tjoy\n"), ("irony", "0\tnon_irony\n1\tirony\n"), ("more", "0\tjoy\n1\tsurprise\n")):
        write(tmp_path / folder / "val_text.txt", "grr\nyay\n")
        write(tmp_path / folder / "val_labels.txt", "0\n1\n")
        write(tmp_path / folder / "mapping.txt", names)
    assert list(layouts.emotion_sets(tmp_path)) == [layouts.Named("moods", ("grr", "yay"), ("anger", "joy"))]


def test_hostility_is_read_from_each_of_its_layouts(tmp_path: Path) -> None:
    for folder, names in (("rude", "0\tnot-offensive\n1\toffensive\n"), ("joy", "0\tanger\n1\tjoy\n"), ("irony", "0\tnon_irony\n1\tirony\n")):
        write(tmp_path / folder / "test_text.txt", "hello\noaf\n")
        write(tmp_path / folder / "test_labels.txt", "0\n1\n")
        write(tmp_path / folder / "mapping.txt", names)
    write(tmp_path / "zh" / "dev.csv", ",topic,label,TEXT\n1,x,1,走开\n2,x,0,你好\n")
    write(tmp_path / "old" / "data.csv", ",class,tweet\n0,0,hateful\n1,1,rude\n2,2,fine\n")
    write(tmp_path / "shop" / "a.csv", "label,review\n1,good\n")
    assert list(layouts.hostility_sets(tmp_path)) == [
        layouts.YesNo("rude", ("hello", "oaf"), (False, True)),
        layouts.YesNo("old", ("hateful", "rude", "fine"), (True, True, False), (True, False, False)),
        layouts.YesNo("zh", ("走开", "你好"), (True, False)),
    ]


def test_spam_is_read_with_its_kinds_and_its_videos(tmp_path: Path) -> None:
    write(tmp_path / "sms" / "messages.tsv", "ham\thello\nspam\twin\tnow!\n")
    write(tmp_path / "films" / "a.tsv", "1\tgood\n0\tbad\n")
    write(tmp_path / "smish" / "s.csv", "LABEL,TEXT,URL\nSmishing,pay,Yes\nHAM,hi,No\n")
    rows = [{"text": "&lt;3", "spam": 0, "video": "v1"}, {"text": "visit me", "spam": 1, "video": "v2"}]
    write(tmp_path / "talk" / "comments.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    assert list(layouts.spam_sets(tmp_path)) == [
        layouts.Named("sms", ("hello", "win\tnow!"), ("ham", "spam")),
        layouts.Named("smish", ("pay", "hi"), ("smishing", "ham")),
        layouts.Named("talk", ("<3", "visit me"), ("ham", "spam"), ("v1", "v2")),
    ]


def test_comments_are_judged_below_each_video_by_itself() -> None:
    from tests.evaluate.tasks import spam

    whole = layouts.Named("talk", ("a", "b", "c"), ("ham", "spam", "spam"), ("v1", "v2", "v1"))
    assert list(spam.by_group(whole)) == [
        whole,
        layouts.Named("talk/v1", ("a", "c"), ("ham", "spam")),
        layouts.Named("talk/v2", ("b",), ("spam",)),
    ]


def test_an_unwanted_message_is_a_scam_where_that_is_likelier_than_other_spam() -> None:
    from engine import Signals
    from tests.evaluate.tasks import spam

    said = [{"spam": 0.4, "scam": 0.4}, {"spam": 0.9, "scam": 0.5}, {"spam": 0.9, "scam": 0.4}, {"spam": 0.9}, {}]
    answers = [Signals(shares=shares) for shares in said]
    assert [spam.choice(one) for one in answers] == ["ham", "smishing", "spam", "spam", ""]
    measured = spam.judge(["ham", "smishing", "spam", "spam", "ham"], answers)
    assert measured["macro_f1_of_3"] == pytest.approx((2 / 3 + 1 + 1) / 3)
    assert measured["answered"] == 0.8


def test_promotion_is_read_from_objects_and_from_titles_with_and_without_a_sponsor(tmp_path: Path) -> None:
    write(tmp_path / "answers" / "validation.jsonl", '{"text": "buy it", "ad": 1}\n{"text": "rain", "ad": 0}\n')
    write(tmp_path / "paper" / "a.csv", "index,sponsor,title\n1,Shop,Best shoes\n2,Shop,\n")
    write(tmp_path / "paper" / "b.csv", "index,sponsor,title\n1,none,Storm ahead\n")
    assert list(layouts.promotion_sets(tmp_path)) == [
        layouts.YesNo("answers", ("buy it", "rain"), (True, False)),
        layouts.YesNo("paper", ("Best shoes", "Storm ahead"), (True, False)),
    ]


def test_headlines_are_read_from_two_files_of_which_one_negates_the_other(tmp_path: Path) -> None:
    write(tmp_path / "heads" / "clickbait.txt", "You will gasp\n\n")
    write(tmp_path / "heads" / "non_clickbait.txt", "Rates rise\n")
    write(tmp_path / "alone" / "clickbait.txt", "One file\n")
    assert list(layouts.headline_sets(tmp_path, "clickbait")) == [layouts.YesNo("heads", ("You will gasp", "Rates rise"), (True, False))]


def test_languages_are_read_from_files_named_after_them(tmp_path: Path) -> None:
    write(tmp_path / "words" / "en.txt", "pond\nheron\n")
    write(tmp_path / "words" / "zh.txt", "池塘\n")
    write(tmp_path / "words" / "readme.txt", "about\n")
    assert list(layouts.language_sets(tmp_path)) == [layouts.Named("words", ("pond", "heron", "池塘"), ("en", "en", "zh"))]


def test_norwegian_is_right_under_either_code_and_silence_is_wrong() -> None:
    from tests.evaluate.tasks import langid

    assert langid.judge(["nb", "en", "de", "fr"], ["no", "en", "", "en"]) == {
        "accuracy": 0.5, "macro_recall": 0.5, "answered": 0.75, "accuracy_when_answered": pytest.approx(2 / 3),
    }  # fmt: skip


def test_the_languages_are_asked_of_the_engine(tmp_path: Path) -> None:
    from engine import open_engine
    from tests.evaluate.tasks import langid

    write(tmp_path / "data" / "langid" / "some" / "zh.txt", "今天的天气很好。\n")
    write(tmp_path / "data" / "langid" / "some" / "en.txt", "The weather is very fine today in the whole country.\n")
    with open_engine(tmp_path / "profile", key=b"k" * 32) as engine:
        (found,) = langid.evaluate(engine, tmp_path / "data", 100)
    assert (found.name, found.n, found.metrics["accuracy"]) == ("some", 2, 1.0)


def test_no_signal_is_a_wrong_answer_and_the_unsure_band_is_counted() -> None:
    from tests.evaluate import judging

    found = judging.yes_no([True, True, False, False], [0.9, 0.4, 0.1, None])
    assert (found["accuracy"], found["answered"]) == (0.5, 0.75)
    assert found["f1"] == pytest.approx(2 / 3)
    assert found["unsure"] == pytest.approx(1 / 3)
    assert found["accuracy_when_sure"] == 1.0
    assert found["auc"] == 1.0
    assert found["ece"] == pytest.approx((0.1 + 0.6 + 0.1) / 3)


def test_the_likeliest_emotion_is_the_answer_and_each_is_calibrated_by_itself() -> None:
    from engine import Signals
    from tests.evaluate.tasks import emotion

    glad = Signals(shares={"joy": 0.8, "sadness": 0.1, "anger": 0.3, "optimism": 0.2})
    found = emotion.judge(["joy", "anger", "joy"], [glad, glad, Signals()])
    assert (found["accuracy"], found["answered"]) == (pytest.approx(1 / 3), pytest.approx(2 / 3))
    assert found["f1_joy"] == pytest.approx(0.5)
    assert (found["ece_joy"], found["ece_anger"], found["ece_sadness"]) == (pytest.approx(0.3), pytest.approx(0.2), pytest.approx(0.1))
    assert found["macro_f1"] == pytest.approx(0.25)


def test_signals_are_put_to_the_engine_and_sets_learnt_from_are_marked(tmp_path: Path) -> None:
    from engine import open_engine
    from tests.evaluate.tasks import clickbait

    write(tmp_path / "data" / "signals" / "heads" / "clickbait.txt", "You will gasp at what she found\n")
    write(tmp_path / "data" / "signals" / "heads" / "non_clickbait.txt", "Rates rise\nStorm ahead\n")
    if not all(model.installed for model in list_models() if model.kind == "embedding" and model.default):
        pytest.skip("the default embedding model is not installed")
    with open_engine(tmp_path / "profile", key=b"k" * 32) as engine:
        (found,) = clickbait.evaluate(engine, tmp_path / "data", 2)
    assert (found.name, found.n, found.sampled_from, found.trained_on) == ("heads", 2, 3, False)
