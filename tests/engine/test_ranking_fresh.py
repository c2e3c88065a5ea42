"""A fresh learner over plain posts ranks by meaning where there is some, else by words and characters."""

from __future__ import annotations

import numpy as np
import pytest

from engine.ranking.fresh import learn_space, rank_fresh
from engine.ranking.logistic import fit_logistic
from engine.ranking.termspace import Bags, TermSpace, count_terms
from engine.types import PlainPost
from engine.vectors import unit


def post(title: str, **more: str) -> PlainPost:
    return PlainPost(title=title, **more)  # type: ignore[arg-type]


def test_shared_words_rank_first_without_any_vector() -> None:
    posts = [post("Old engine museum"), post("Skating on a frozen lake"), post("Bread and salt")]
    scores = rank_fresh(posts, [post("Frozen lake at dawn")], [post("Engine trouble")])
    assert int(np.argmax(scores)) == 1
    assert int(np.argmin(scores)) == 0


def test_chinese_is_ranked_by_its_characters_and_likes_alone() -> None:
    posts = [post("股市今日下跌"), post("湖面结冰可以滑冰"), post("新手学做面包")]
    assert int(np.argmax(rank_fresh(posts, [post("冬天的湖面结冰")], []))) == 1


def test_dislikes_alone_push_down() -> None:
    posts = [post("Engine noise"), post("Frozen lake")]
    scores = rank_fresh(posts, [], [post("Engine repair")])
    assert scores[0] < scores[1]


def test_nothing_liked_ranks_nothing() -> None:
    assert not rank_fresh([post("One"), post("Two")], [], []).any()


def test_no_posts_get_no_scores() -> None:
    assert rank_fresh([], [post("One")], []).shape == (0,)


def test_posts_of_a_liked_source_come_first_among_equals() -> None:
    posts = [post("Note one", source="A"), post("Note two", source="B")]
    scores = rank_fresh(posts, [post("Something else", source="B")], [post("Another thing", source="A")])
    assert scores[1] > scores[0]


def test_vectors_carry_what_words_do_not_say() -> None:
    random = np.random.default_rng(2)
    near, far = unit(random.standard_normal((2, 16)).astype(np.float32))
    posts, liked, disliked = [post("alpha"), post("beta")], [post("gamma")], [post("delta")]
    scores = rank_fresh(posts, liked, disliked, vectors=np.stack([far, near, near, far]))
    assert scores[1] > scores[0]


def test_posts_without_a_vector_are_ranked_beside_those_with_one() -> None:
    random = np.random.default_rng(3)
    lakes, engines = unit(random.standard_normal((2, 16)).astype(np.float32))
    nothing = np.full(16, np.nan, np.float32)
    posts = [post("Lake"), post("Engine"), post("湖面结冰"), post("发动机维修")]
    liked, disliked = [post("Lake shore"), post("湖面")], [post("Engine room"), post("发动机")]
    vectors = np.stack([lakes, engines, nothing, nothing, lakes, nothing, engines, nothing])
    scores = rank_fresh(posts, liked, disliked, vectors=vectors)
    assert min(scores[0], scores[2]) > max(scores[1], scores[3])


def test_the_order_of_the_posts_given_does_not_matter() -> None:
    posts = [post(title) for title in ("Frozen lake", "Old engine", "Rye bread", "Lake ice", "Engine oil")]
    liked, disliked = [post("Lake")], [post("Engine")]
    forward = rank_fresh(posts, liked, disliked)
    backward = rank_fresh(posts[::-1], liked, disliked)[::-1]
    np.testing.assert_allclose(forward, backward, atol=1e-4)


def corpus() -> list[PlainPost]:
    """Posts of two kinds; words of a kind stand beside each other but not always."""
    random = np.random.default_rng(4)
    kinds = [[f"{kind}word{number}" for number in range(100)] for kind in "ab"]
    return [post(" ".join(random.choice(kinds[number % 2], 16))) for number in range(400)]


def test_a_space_is_the_same_each_time_it_is_learnt() -> None:
    first, second = learn_space(corpus()), learn_space(corpus())
    np.testing.assert_array_equal(first.projection, second.projection)


def test_a_space_agrees_with_a_full_decomposition() -> None:
    bags = Bags.of(count_terms(item.title) for item in corpus())
    space = TermSpace.fit(bags, dims=2)
    weighted = bags.weighted(space.idf)
    dense = np.zeros((len(bags), 65536), np.float32)
    dense[weighted.rows(), weighted.terms] = weighted.values
    left, singular, _ = np.linalg.svd(dense[:, dense.any(axis=0)], full_matrices=False)
    exact, found = left[:, :2] * singular[:2], weighted.sums(space.projection)
    # The two bases may differ by a rotation: distances may not.
    np.testing.assert_allclose(found @ found.T, exact @ exact.T, atol=0.02)


def of_two_languages() -> tuple[list[PlainPost], list[PlainPost]]:
    """Many posts of eight kinds in one language, and few of two kinds in another; the first of each kind come first."""
    random = np.random.default_rng(4)

    def written(language: str, posts: int, kinds: int) -> list[PlainPost]:
        everywhere = [f"{language}common{number}" for number in range(30)]
        words = [[f"{language}{kind}word{number}" for number in range(100)] for kind in range(kinds)]
        picked = [[*random.choice(words[n % kinds], 12), *random.choice(everywhere, 6)] for n in range(posts)]
        return [post(" ".join(each)) for each in picked]

    return written("x", 1200, 8), written("y", 40, 2)


def closeness(space: TermSpace, posts: list[PlainPost], kinds: int) -> tuple[float, float]:
    """Mean products of the places of posts of one kind, and of different kinds."""
    places = space.places(Bags.of(count_terms(each.title) for each in posts).weighted(space.idf))
    same = np.equal.outer(np.arange(len(posts)) % kinds, np.arange(len(posts)) % kinds)
    products = places @ places.T
    others = ~np.eye(len(posts), dtype=bool)
    return float(products[same & others].mean()), float(products[~same].mean())


def test_a_space_joins_words_that_go_together() -> None:
    often, seldom = of_two_languages()
    same, different = closeness(learn_space([*often, *seldom]), often[:200], 8)
    assert same > 0.35  # 0.47 as this is written, of posts that share but one word in fifty by chance
    assert different < 0.05


def test_posts_of_a_seldom_language_do_not_all_look_alike() -> None:
    often, seldom = of_two_languages()
    _, different = closeness(learn_space([*often, *seldom]), seldom, 2)
    assert different < 0.5  # 0.39, and 0.99 where they are only seen from the middle of all posts


def test_posts_whose_words_nobody_wrote_before_have_no_place_in_the_space() -> None:
    space = learn_space(of_two_languages()[0])
    strange = space.places(Bags.of(map(count_terms, ("quorl vembit", "zasp hunrik", ""))).weighted(space.idf))
    np.testing.assert_array_equal(strange, 0)


def test_few_posts_make_no_latent_space_but_term_weights() -> None:
    space = learn_space([post("Frozen lake"), post("Old engine")])
    assert space.dims == 0
    assert space.idf.min() > 0


def test_the_logistic_fit_is_at_its_minimum() -> None:
    random = np.random.default_rng(6)
    features = random.standard_normal((40, 5))
    labels = np.sign(features[:, 0] + 0.5 * random.standard_normal(40))
    weights = random.random(40) + 0.1
    kernel = features @ features.T + 1
    dual = fit_logistic(
        kernel.__matmul__, kernel.diagonal().copy(), labels, weights, cost=2.0, newton_steps=40, tolerance=1e-9
    )
    chance = 1 / (1 + np.exp(labels * (kernel @ dual)))
    # At the minimum each dual weight is cost * weight * label * (chance of the other label).
    np.testing.assert_allclose(dual, 2.0 * weights * labels * chance, atol=1e-4)


@pytest.mark.parametrize("count", [1, 3])
def test_one_act_is_enough_to_rank(count: int) -> None:
    posts = [post("Frozen lake"), post("Old engine")]
    scores = rank_fresh(posts, [post("Lake")] * count, [])
    assert scores[0] > scores[1]


def test_a_like_reaches_along_a_drift_of_posts() -> None:
    """Posts on an arc, each near the next: the like at its end is far from the other end, but nearer than a stranger is."""
    angles = np.linspace(0, 1.4, 12)
    arc = np.stack([np.cos(angles), np.sin(angles), np.zeros(12), np.zeros(12)], axis=1)
    stranger = np.array([[np.cos(angles[-1]), 0, np.sin(angles[-1]), 0]])  # as far from the like as the end of the arc is
    disliked = np.array([[0, 0, 0, 1.0]])
    vectors = np.concatenate([arc[1:], stranger, arc[:1], disliked]).astype(np.float32)
    scores = rank_fresh([post(f"p{n}") for n in range(12)], [post("liked")], [post("disliked")], vectors=vectors)
    assert scores[10] > scores[11]


def test_a_single_post_with_a_vector_is_ranked_without_neighbours() -> None:
    vectors = np.full((3, 4), np.nan, np.float32)
    vectors[0] = [1, 0, 0, 0]
    assert np.isfinite(rank_fresh([post("Lake")], [post("Lake shore")], [post("Engine")], vectors=vectors)).all()
