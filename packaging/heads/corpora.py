"""The texts that the heads learn from: what each set says, under which licence, and how heavy a row of it is.

A set belongs to one task and one language. Its targets are distributions over the task's classes. Sets without a class for
"none of these" are completed by others: what says so is in the set's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from made_up import FRIENDLY_OATHS, REPORTS
from made_up_posts import SELLING, SPEAKING
from numpy.typing import NDArray

from tests.evaluate.layouts import read_csv, read_jsonl, read_lines, sentiment_sets, tweet
from tests.evaluate.provenance import normalised

TASKS: dict[str, tuple[str, ...]] = {
    "sentiment": ("negative", "neutral", "positive"),
    "emotions": ("joy", "sadness", "anger", "optimism", "none"),
    "hostility": ("no", "yes"),
    "promotion": ("no", "yes"),
    "clickbait": ("no", "yes"),
    "spam": ("no", "yes"),  # unwanted of any kind, scams among it
    "scam": ("no", "yes"),  # of what is unwanted: does it want to rob?
    "irony": ("no", "yes"),  # these two only help the branch to read
    "hate": ("no", "yes"),
}
HELPERS = ("irony", "hate")
UMSAB = {
    "arabic": "ar",
    "french": "fr",
    "german": "de",
    "hindi": "hi",
    "italian": "it",
    "portuguese": "pt",
    "spanish": "es",
}
RESEARCH = "research use, training allowed"


@dataclass(frozen=True, slots=True)
class Corpus:
    """Texts with soft labels (n, classes of the task)."""

    name: str
    task: str
    language: str
    licence: str
    texts: tuple[str, ...]
    targets: NDArray[np.float32]
    weight: float = 1.0  # of one row, beside a row of the set that the task is about
    judged: bool = True  # its rows count in the figures
    groups: tuple[str, ...] = ()  # rows that must share a fold for another reason than their words
    branch: int = 1_000_000  # at most so many rows in each epoch train the branch of the encoder
    late: bool = (
        False  # came after the branch was trained, which it leaves as it was; stands after all that are not late
    )


def load(data: Path) -> Iterator[Corpus]:
    """Read every set whose licence allows training; `data` is the folder that holds `signals/`."""
    signals = data / "signals"
    for read in (_sentiment, _emotions, _hostility, _promotion, _clickbait, _spam, _helpers, _chinese, _others):
        yield from read(signals)
    yield from _headlines(data)
    yield from _everyday(signals)


# ---- English -----------------------------------------------------------------------------------


def _sentiment(signals: Path) -> Iterator[Corpus]:
    plain = (
        ("tweeteval/sentiment", f"{RESEARCH} (SemEval 2017 task 4)", 1.0, 10_000),
        ("umsab/english", "Apache-2.0", 1.0, 10_000),
        ("sst2", RESEARCH, 0.3, 1_600),
        ("newsmtsc", "MIT", 0.15, 1_500),
    )
    for name, licence, weight, branch in plain:
        (found,) = sentiment_sets(signals / name, every_split=True)
        yield Corpus(name, "sentiment", "en", licence, found.texts, _hard(found.labels, 3), weight, branch=branch)
    (rated,) = sentiment_sets(signals / "vader_gt", every_split=True)
    assert rated.intensity is not None
    targets = soft_intensity(np.array(rated.intensity))
    yield Corpus("vader_gt", "sentiment", "en", "MIT", rated.texts, targets, 0.5, branch=2_200)
    texts, labels = _paired(signals / "tweeteval/emotion", {"joy": 2, "optimism": 2, "anger": 0, "sadness": 0})
    licence = f"{RESEARCH} (SemEval 2018 task 1)"
    yield Corpus(
        "tweeteval/emotion as tone", "sentiment", "en", licence, texts, _hard(labels, 3), 0.1, False, branch=800
    )


def _emotions(signals: Path) -> Iterator[Corpus]:
    names = {name: number for number, name in enumerate(TASKS["emotions"])}
    texts, labels = _paired(signals / "tweeteval/emotion", names)
    yield Corpus("tweeteval/emotion", "emotions", "en", f"{RESEARCH} (SemEval 2018 task 1)", texts, _hard(labels, 5))
    for name, licence, most in (
        ("tweeteval/sentiment", f"{RESEARCH} (SemEval 2017 task 4)", 900),
        ("newsmtsc", "MIT", 600),
    ):
        (found,) = sentiment_sets(signals / name, every_split=True)
        calm = [text for text, label in zip(found.texts, found.labels, strict=True) if label == 1]
        calm = [calm[row] for row in spread(len(calm), most)]
        targets = _hard([names["none"]] * len(calm), 5)
        yield Corpus(f"{name}, neutral rows as none", "emotions", "en", licence, tuple(calm), targets, 0.5, False)


def _hostility(signals: Path) -> Iterator[Corpus]:
    texts, labels = _paired(signals / "tweeteval/offensive", {"not-offensive": 0, "offensive": 1})
    yield Corpus(
        "tweeteval/offensive",
        "hostility",
        "en",
        f"{RESEARCH} (SemEval 2019 task 6)",
        texts,
        _hard(labels, 2),
        branch=7_500,
    )
    rows = [row for row in read_csv(signals / "davidson_hate/labeled_data.csv") if row["class"] in ("0", "2")]
    targets = _hard([int(row["class"] == "0") for row in rows], 2)
    name = "davidson_hate, without the rows that are only coarse"
    texts = tuple(tweet(row["tweet"]) for row in rows)
    yield Corpus(name, "hostility", "en", "MIT", texts, targets, 0.3, False, branch=1_500)
    for name, made in (
        ("friendly oaths, made up here", FRIENDLY_OATHS),
        ("reports of violence, made up here", REPORTS),
    ):
        yield Corpus(name, "hostility", "en", "Millpond's own", made, _hard([0] * len(made), 2), 0.5, False, branch=250)
    (found,) = sentiment_sets(signals / "newsmtsc", every_split=True)
    news = tuple(found.texts[row] for row in spread(len(found.texts), 1_500))
    yield Corpus(
        "newsmtsc as reports", "hostility", "en", "MIT", news, _hard([0] * len(news), 2), 0.2, False, branch=300
    )


def _promotion(signals: Path) -> Iterator[Corpus]:
    rows = read_jsonl(signals / "native_ads_webis/validation.jsonl")
    yield Corpus(
        "native_ads_webis",
        "promotion",
        "en",
        "CC BY 4.0",
        tuple(row["text"] for row in rows),
        _hard([int(row["ad"]) for row in rows], 2),
        groups=tuple(
            row["id"].rsplit("-", 1)[0] for row in rows
        ),  # an answer, and the same with an advertisement in it
        branch=0,  # too long for it, and what gives an advertisement away is its words
    )
    folder = signals / "advertorial_nl"
    paid, editorial = (
        tuple(row["title"] for row in read_csv(folder / f"{name}.csv")) for name in ("advertorials", "articles")
    )
    targets = _hard([1] * len(paid) + [0] * len(editorial), 2)
    yield Corpus("advertorial_nl", "promotion", "nl", "MIT", paid + editorial, targets, branch=0)


def _clickbait(signals: Path) -> Iterator[Corpus]:
    bait, plain = (
        tuple(line for line in read_lines(signals / "clickbait" / f"{name}.txt") if line.strip())
        for name in ("clickbait", "non_clickbait")
    )
    targets = _hard([1] * len(bait) + [0] * len(plain), 2)
    yield Corpus("clickbait", "clickbait", "en", "MIT", bait + plain, targets, branch=800)


def _spam(signals: Path) -> Iterator[Corpus]:
    rows = [line.split("\t", 1) for line in read_lines(signals / "sms_spam/SMSSpamCollection.tsv") if "\t" in line]
    texts, labels = tuple(text for _, text in rows), [int(label == "spam") for label, _ in rows]
    yield Corpus("sms_spam", "spam", "en", "CC BY 4.0", texts, _hard(labels, 2), branch=500)
    table = read_csv(signals / "sms_smishing/smishing.csv")
    targets = _hard([int(row["LABEL"].strip().lower() != "ham") for row in table], 2)
    texts = tuple(row["TEXT"] for row in table)
    yield Corpus("sms_smishing", "spam", "en", "CC BY 4.0", texts, targets, branch=2_200)
    bad = [row for row in table if row["LABEL"].strip().lower() != "ham"]
    targets = _hard([int(row["LABEL"].strip().lower() == "smishing") for row in bad], 2)
    yield Corpus(
        "sms_smishing, what is unwanted", "scam", "en", "CC BY 4.0", tuple(row["TEXT"] for row in bad), targets
    )
    first: dict[str, str] = {}  # what stands below several videos counts for one: it would tie them to one fold
    comments = [
        row
        for row in read_jsonl(signals / "youtube_spam/comments.jsonl")
        if first.setdefault(normalised(row["text"]), row["video"]) == row["video"]
    ]
    texts, targets = tuple(row["text"] for row in comments), _hard([int(row["spam"]) for row in comments], 2)
    videos = tuple(row["video"] for row in comments)
    yield Corpus("youtube_spam", "spam", "en", "CC BY 4.0", texts, targets, 2.0, groups=videos)


def _helpers(signals: Path) -> Iterator[Corpus]:
    """What no head is asked for, but what teaches the branch to read."""
    for task, classes, drawn in (
        ("irony", {"non_irony": 0, "irony": 1}, 1_000),
        ("hate", {"not-hate": 0, "hate": 1}, 1_500),
    ):
        texts, labels = _paired(signals / "tweeteval" / task, classes)
        licence = f"{RESEARCH} (SemEval {'2018 task 3' if task == 'irony' else '2019 task 5'})"
        yield Corpus(f"tweeteval/{task}", task, "en", licence, texts, _hard(labels, 2), 0.5, False, branch=drawn)


# ---- other languages ---------------------------------------------------------------------------


def _chinese(signals: Path) -> Iterator[Corpus]:
    sets = (("weibo2018", 1.0, 100_000), ("fewclue/eprstmt", 1.0, 100_000), ("zh_reviews", 0.1, 60_000))
    for name, weight, most in sets:
        for found in sentiment_sets(signals / name, every_split=True):
            chosen = spread(len(found.texts), most)
            texts = tuple(found.texts[row] for row in chosen)
            targets = _hard([found.labels[row] for row in chosen], 3)
            full = name if found.name in name else f"{name}/{found.name}"
            yield Corpus(full, "sentiment", "zh", "none stated", texts, targets, weight, branch=0)
    rows = [row for split in ("train", "dev") for row in read_csv(signals / f"coldataset/{split}.csv")]
    targets = _hard([int(row["label"]) for row in rows], 2)
    yield Corpus("coldataset", "hostility", "zh", "Apache-2.0", tuple(row["TEXT"] for row in rows), targets, branch=0)


def _headlines(data: Path) -> Iterator[Corpus]:
    """Chinese sets know no neutral: headlines stand for it."""
    rows = read_jsonl(data / "load/weibo_hot_titles.jsonl")
    texts = [row["title"] for row in rows]
    chosen = tuple(texts[row] for row in spread(len(texts), 6_000))
    for task, classes, target in (("sentiment", 3, 1), ("hostility", 2, 0)):
        targets = _hard([target] * len(chosen), classes)
        yield Corpus("weibo_hot_titles as neutral", task, "zh", "MIT", chosen, targets, 0.2, False, branch=0)


def _others(signals: Path) -> Iterator[Corpus]:
    for name, language in UMSAB.items():
        (found,) = sentiment_sets(signals / "umsab" / name, every_split=True)
        targets = _hard(found.labels, 3)
        yield Corpus(f"umsab/{name}", "sentiment", language, "Apache-2.0", found.texts, targets, branch=0)


# ---- what came late -------------------------------------------------------------------------------


def _everyday(signals: Path) -> Iterator[Corpus]:
    """What clickbait and promotion are not, outside the one kind of text that their sets are of; and short advertisements."""
    plain: list[tuple[str, str, tuple[str, ...]]] = []
    for name, licence, most in (
        ("tweeteval/sentiment", f"{RESEARCH} (SemEval 2017 task 4)", 1_500),
        ("umsab/english", "Apache-2.0", 1_000),
        ("newsmtsc", "MIT", 1_500),
        ("vader_gt", "MIT", 2_000),
        ("sst2", RESEARCH, 1_000),
    ):
        (found,) = sentiment_sets(signals / name, every_split=True)
        plain.append((name, licence, tuple(found.texts[row] for row in spread(len(found.texts), most))))
    rows = [line.split("\t", 1) for line in read_lines(signals / "sms_spam/SMSSpamCollection.tsv") if "\t" in line]
    wanted = [text for label, text in rows if label == "ham"]
    plain.append(("sms_spam", "CC BY 4.0", tuple(wanted[row] for row in spread(len(wanted), 1_500))))
    for name, licence, texts in plain:
        named = f"{name} as no headline"
        yield Corpus(named, "clickbait", "en", licence, texts, _hard([0] * len(texts), 2), 1.0, False, late=True)
    for name, licence, texts in plain[:3]:
        unpaid = tuple(text for text in texts if not _OFFERS.search(text))[::2]
        named = f"{name} as unpaid"
        yield Corpus(named, "promotion", "en", licence, unpaid, _hard([0] * len(unpaid), 2), 3.0, False, late=True)
    table = read_csv(signals / "sms_smishing/smishing.csv")
    kinds = [(row["TEXT"], row["LABEL"].strip().lower()) for row in table]
    offers = tuple(text for text, kind in kinds if kind == "spam")
    ham = tuple(text for text, kind in kinds if kind == "ham")[::6]
    targets = _hard([1] * len(offers) + [0] * len(ham), 2)
    named = "sms_smishing, what wants to sell"
    yield Corpus(named, "promotion", "en", "CC BY 4.0", offers + ham, targets, 2.0, False, late=True)
    headlines = tuple(line for line in read_lines(signals / "clickbait/non_clickbait.txt") if line.strip())
    headlines = tuple(headlines[row] for row in spread(len(headlines), 600))
    targets = _hard([0] * len(headlines), 2)
    yield Corpus("plain headlines as unpaid", "promotion", "en", "MIT", headlines, targets, 3.0, False, late=True)
    for name, made, label in (
        ("posts that want to sell, made up here", SELLING, 1),
        ("posts that speak of shops, made up here", SPEAKING, 0),
    ):
        groups = tuple(f"{name} {number}" for number in made.values())
        targets = _hard([label] * len(made), 2)
        yield Corpus(
            name, "promotion", "en", "Millpond's own", tuple(made), targets, 10.0, False, groups=groups, late=True
        )


_OFFERS = re.compile(  # tweets with these may well be advertisements
    r"https?:|\bwww|% off|\bsale\b|giveaway|\bwin\b|\bfree\b|ticket|discount|coupon|\bdeals?\b|\bcode\b|\border\b|promo|"
    r"available|check out|subscribe|\bshop\b|[$£€]\s?\d",
    re.IGNORECASE,
)


# ---- labels ------------------------------------------------------------------------------------


def soft_intensity(mean: NDArray[np.float64]) -> NDArray[np.float32]:
    """From a mean rating in −4…4 to classes: certain from ±1.5 on, neutral at 0, mixed between."""
    strength = np.clip(np.abs(mean) / 1.5, 0.0, 1.0)
    targets = np.zeros((len(mean), 3), dtype=np.float32)
    targets[:, 1] = 1.0 - strength
    targets[np.arange(len(mean)), np.where(mean < 0, 0, 2)] += strength.astype(np.float32)
    return targets


def spread(count: int, most: int) -> list[int]:
    """At most `most` of `count` places, evenly."""
    return list(range(count)) if count <= most else [row * count // most for row in range(most)]


def _hard(labels: Sequence[int], classes: int) -> NDArray[np.float32]:
    return np.eye(classes, dtype=np.float32)[list(labels)]


def _paired(folder: Path, classes: dict[str, int]) -> tuple[tuple[str, ...], list[int]]:
    """`{split}_text.txt` beside `{split}_labels.txt`; mapping.txt names the numbers."""
    names = dict(line.split("\t") for line in read_lines(folder / "mapping.txt"))
    texts: list[str] = []
    labels: list[int] = []
    for split in ("train", "val"):
        texts += [tweet(line) for line in read_lines(folder / f"{split}_text.txt")]
        labels += [classes[names[line.strip()].strip()] for line in read_lines(folder / f"{split}_labels.txt")]
    return tuple(texts), labels
