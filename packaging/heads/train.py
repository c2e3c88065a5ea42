"""Train the heads, print every figure out of fold, and write `resources/heads/`.

    python packaging/heads/train.py --data ../shared/data --model FOLDER --cache FOLDER

Folds are grouped by normalised text over all sets and tasks together: a text that stands in two sets never stands in the
training and the testing half of one fold. What weighs the parts together is fitted without the fold that it is judged on.
What was trained is kept in the cache, so a run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("OMP_NUM_THREADS", "2")

import branch as branches
import combine
import corpora
import numpy as np
import torch
import words
from folds import group_folds
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from engine.signals.heads import ASIDE, QUESTIONS, SENTIMENT, Branch, Heads, Reading, Table, probabilities
from engine.types import SURE_FROM
from tests.evaluate import provenance

FOLDS = 5
NAME = "all-MiniLM-L6-v2"
Floats = NDArray[np.float32]
Rows = NDArray[np.int64]

# columns that a task's classes have in tables and read-outs; of two classes the second alone
COLUMNS = {
    "sentiment": SENTIMENT,
    "emotions": ("joy", "sadness", "anger", "optimism", "none"),
    "hostility": ("hostility",),
    "promotion": ("promotion",),
    "clickbait": ("clickbait",),
    "spam": ("spam",),
    "scam": (ASIDE,),
}
READ = ("sentiment", "emotions", "hostility", "clickbait", "spam", "scam")  # tasks that the branch tells
READ_AGAIN = ("clickbait",)  # of these, the ones whose read-out also learns from late sets, the branch being as it is
BRANCH_COLUMNS = tuple(name for task in READ for name in COLUMNS[task])
TABLES = {  # which languages share one, and what it is asked
    "en": (("en",), tuple(COLUMNS)),
    "zh": (("zh",), ("sentiment", "hostility")),
    "nl": (("nl",), ("promotion",)),
    "others": (("ar", "de", "es", "fr", "hi", "it", "pt"), ("sentiment",)),
}
STRENGTHS = {
    ("en", "emotions"): 20.0,
    ("en", "hostility"): 20.0,
    ("en", "promotion"): 10.0,
    ("en", "clickbait"): 20.0,
    ("zh", "sentiment"): 10.0,
    ("zh", "hostility"): 10.0,
}
LATE = 0.1  # of its weight, a row of a late set has where parts are weighed: the judged sets are what is calibrated
SILENT = ("hi",)  # measured, and too close to chance to be shown to anybody
# sets whose rows fit the weights between the parts, where these are not all of the task's judged ones
FITTED = {
    "sentiment en": ("tweeteval/sentiment", "umsab/english", "vader_gt"),
    "hostility en": ("tweeteval/offensive",),
    "promotion en": ("native_ads_webis",),
}


@dataclass(frozen=True)
class Material:
    """All texts of all sets, one after the other, and where each set lies."""

    sets: list[corpora.Corpus]

    @cached_property
    def starts(self) -> Rows:
        return np.cumsum([0] + [len(one.texts) for one in self.sets])

    @cached_property
    def texts(self) -> list[str]:
        return [text for one in self.sets for text in one.texts]

    @cached_property
    def folds(self) -> Rows:
        groups = [group for one in self.sets for group in (one.groups or ("",) * len(one.texts))]
        return group_folds(self.texts, groups, FOLDS, early=self.early)

    @cached_property
    def early(self) -> int:
        """How many texts, the first ones, are of sets that are not late."""
        late = [one.late for one in self.sets]
        assert late == sorted(late)
        return int(self.starts[late.count(False)])

    @cached_property
    def english(self) -> tuple[list[str], Rows]:
        """Distinct English texts that are not late, and for each row of all texts which of them it is, -1 for none."""
        numbers: dict[str, int] = {}
        where = np.full(len(self.texts), -1)
        for place, one in enumerate(self.sets):
            if one.late:
                where[self.rows(place)] = [numbers.get(text, -1) for text in one.texts]
            elif one.language == "en":
                where[self.rows(place)] = [numbers.setdefault(text, len(numbers)) for text in one.texts]
        return list(numbers), where

    def rows(self, place: int) -> Rows:
        return np.arange(self.starts[place], self.starts[place + 1])

    def of(self, task: str, languages: tuple[str, ...]) -> Iterator[tuple[int, corpora.Corpus]]:
        for place, one in enumerate(self.sets):
            if one.task == task and one.language in languages:
                yield place, one


# ---- the branch ----------------------------------------------------------------------------------


def lessons(material: Material, away: int) -> list[branches.Lesson]:
    """What the branch learns, without the fold `away`; -1 for all."""
    found = []
    for place, one in enumerate(material.sets):
        rows = material.rows(place)
        kept = material.folds[rows] != away
        count = int(kept.sum())
        drawn = min(count, one.branch)
        if one.language == "en" and drawn and not one.late:
            weight = min(1.0, one.weight * count / drawn)
            where = material.english[1][rows[kept]]
            found.append(branches.Lesson(one.task, where, one.targets[kept], weight, drawn))
    return found


def read_outs(heads: dict[str, torch.Tensor]) -> tuple[Floats, Floats]:
    """(width, columns) and (columns,): what READ tells of the branch's mean."""
    weights, biases = [], []
    for task in READ:
        weight, bias = heads[f"{task}.weight"].float().numpy(), heads[f"{task}.bias"].float().numpy()
        if len(COLUMNS[task]) == 1:
            weight, bias = weight[1:] - weight[:1], bias[1:] - bias[:1]
        weights.append(weight.T)
        biases.append(bias)
    return np.concatenate(weights, axis=1), np.concatenate(biases)


class Branches:
    """A branch for each fold, and one that learnt from all; trained when first asked for."""

    def __init__(self, material: Material, model: Path, cache: Path, recipe: branches.Recipe) -> None:
        self.material, self.cache, self.recipe = material, cache, recipe
        self.encoder = branches.load_encoder(model)
        texts, where = material.english
        digest = hashlib.sha256("\0".join([repr(recipe), *texts]).encode())
        digest.update(material.folds[: material.early][where[: material.early] >= 0].tobytes())
        self.key = digest.hexdigest()[:12]

    @cached_property
    def hidden(self) -> branches.Hidden:
        return branches.hidden_states(self.encoder, self.material.english[0], self.cache)

    def state(self, away: int) -> dict[str, torch.Tensor]:
        path = self.cache / f"branch-{self.key}-{away}.pt"
        if not path.exists():
            print(f"training the branch without fold {away}", flush=True)
            taught = lessons(self.material, away)
            trained = branches.train(self.encoder, self.hidden, taught, self.recipe, log=True)
            torch.save(trained.state_dict(), path)
        state: dict[str, torch.Tensor] = torch.load(path, weights_only=True)
        return state

    def layers(self, away: int) -> branches.Layers:
        layers = branches.last_layers(self.encoder)
        layers.load_state_dict(part_of(self.state(away), "layers."))
        return layers.eval()

    def told(self) -> Floats:
        """What the branch that did not know a text tells of it: (texts, columns), NaN where it reads nothing."""
        found = np.full((len(self.material.texts), len(BRANCH_COLUMNS)), np.nan, dtype=np.float32)
        found[: self.material.early] = self._told_at_first()
        for task in READ_AGAIN:
            found[:, BRANCH_COLUMNS.index(COLUMNS[task][0])] = self._again(task)[0]
        return found

    def read_outs(self) -> tuple[Floats, Floats]:
        """(width, columns) and (columns,): what is shipped."""
        weights, biases = read_outs(part_of(self.state(-1), "heads."))
        for task in READ_AGAIN:
            _, weight, bias = self._again(task)
            column = BRANCH_COLUMNS.index(COLUMNS[task][0])
            weights[:, column], biases[column] = weight, bias
        return weights, biases

    def _again(self, task: str) -> tuple[Floats, Floats, Floats]:
        """A yes or no read from the trained branch anew, late sets and all: out of fold (texts,); weights and bias to ship."""
        sets = list(self.material.of(task, ("en",)))
        rows = np.concatenate([self.material.rows(place) for place, _ in sets])
        wanted = np.concatenate([one.targets[:, 1:] for _, one in sets])
        heavy = np.concatenate([np.full(len(one.texts), one.weight) for _, one in sets])
        digest = hashlib.sha256(
            "\0".join([self.key, "from the first", task, *(self.material.texts[row] for row in rows)]).encode()
        )
        digest.update(wanted.tobytes() + heavy.tobytes())
        path = self.cache / f"again-{task}-{digest.hexdigest()[:12]}.npz"
        if path.exists():
            with np.load(path, allow_pickle=False) as kept:
                return kept["told"], kept["weight"], kept["bias"]
        where = self.material.english[1][rows]
        assert (where >= 0).all()
        column = BRANCH_COLUMNS.index(COLUMNS[task][0])
        learnt = np.zeros(len(rows), dtype=bool)
        learnt[corpora.spread(len(rows), 10_000)] = True
        told = np.full(len(self.material.texts), np.nan, dtype=np.float32)
        for away in (*range(FOLDS), -1):
            asked = self.material.folds[rows] == away
            used = np.flatnonzero(learnt | asked)
            means = branches.means(self.layers(away), self.hidden, where[used])
            first, first_bias = (part[..., [column]] for part in read_outs(part_of(self.state(away), "heads.")))
            inputs = np.concatenate(
                [means, means @ first + first_bias], axis=1
            )  # what it told at first is a good start
            taught = (learnt & ~asked)[used]
            mix, bias = combine.stack(inputs[taught], wanted[used][taught], heavy[used][taught], penalty=1e-4)
            weight, bias = mix[:-1] + first * mix[-1], bias + first_bias * mix[-1]
            told[rows[used][asked[used]]] = (means[asked[used]] @ weight + bias)[:, 0]
        np.savez(path, told=told, weight=weight[:, 0], bias=bias[0])
        return told, weight[:, 0], bias[0]

    def _told_at_first(self) -> Floats:
        """The same by the read-outs that were trained with the branch, of the texts that are not late."""
        path = self.cache / f"told-{self.key}.npy"
        if path.exists():
            kept: Floats = np.load(path, allow_pickle=False)
            return kept
        found: Floats | None = None
        for away in range(FOLDS):
            early = np.arange(len(self.material.texts)) < self.material.early
            rows = np.flatnonzero(early & (self.material.folds == away) & (self.material.english[1] >= 0))
            weight, bias = read_outs(part_of(self.state(away), "heads."))
            means = branches.means(self.layers(away), self.hidden, self.material.english[1][rows])
            if found is None:
                found = np.full((self.material.early, len(bias)), np.nan, dtype=np.float32)
            found[rows] = means @ weight + bias
        assert found is not None
        np.save(path, found)
        return found


def part_of(state: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {name[len(prefix) :]: value for name, value in state.items() if name.startswith(prefix)}


# ---- words and characters --------------------------------------------------------------------------


@dataclass(frozen=True)
class Tables:
    """A table for each group of languages: trained without each fold to be judged, and on everything to be shipped."""

    material: Material
    cache: Path
    matrices: dict[str, csr_matrix] = field(default_factory=dict)

    def columns(self, table: str) -> tuple[str, ...]:
        return tuple(name for task in TABLES[table][1] for name in COLUMNS[task])

    def told(self, table: str) -> Floats:
        """What a table that did not know a text tells of it: (texts, columns), NaN for texts of other languages."""
        return self._trained(table)[0]

    def shipped(self, table: str) -> Table:
        _, weights, bias = self._trained(table)
        return in_eight_bits(weights, bias)

    def _trained(self, table: str) -> tuple[Floats, Floats, Floats]:
        tasks = TABLES[table][1]
        parts = []
        told = np.full((len(self.material.texts), len(self.columns(table))), np.nan, dtype=np.float32)
        for task in tasks:
            rows = self._rows(table, task)
            parts.append(self._task(table, task, rows))
            columns = [place for place, name in enumerate(self.columns(table)) if name in COLUMNS[task]]
            told[np.ix_(rows, columns)] = parts[-1][0]
        return told, np.concatenate([part[1] for part in parts], axis=1), np.concatenate([part[2] for part in parts])

    def _rows(self, table: str, task: str) -> Rows:
        """The texts that a table is asked a task's questions about: all of its languages but late ones of other tasks."""
        chosen = [
            place
            for place, one in enumerate(self.material.sets)
            if one.language in TABLES[table][0] and (one.task == task or not one.late)
        ]
        return np.concatenate([self.material.rows(place) for place in chosen])

    def _task(self, table: str, task: str, rows: Rows) -> tuple[Floats, Floats, Floats]:
        """What each of `rows`, all of a table's, is told out of fold (rows, columns); weights and bias to ship."""
        sets = list(self.material.of(task, TABLES[table][0]))
        strength = STRENGTHS.get((table, task), words.STRENGTH)
        key = [words.RECIPE, table, task, str(strength), *(f"{one.name} {one.weight}" for _, one in sets)]
        digest = hashlib.sha256("\0".join([*key, *(self.material.texts[row] for row in rows)]).encode())
        digest.update(self.material.folds[rows].tobytes())
        path = self.cache / f"table-{table}-{task}-{digest.hexdigest()[:12]}.npz"
        if path.exists():
            with np.load(path, allow_pickle=False) as kept:
                return kept["told"], kept["weights"], kept["bias"]
        began = time.monotonic()
        held, place_of = self._held(table)
        learnt = np.concatenate([self.material.rows(place) for place, _ in sets])
        targets = np.concatenate([one.targets for _, one in sets])
        heavy = np.concatenate([np.full(len(one.texts), one.weight) for _, one in sets])
        count = len(COLUMNS[task])
        told = np.zeros((len(rows), count), np.float32)
        weights, biases = np.zeros((held.shape[1], count), np.float32), np.zeros(count, np.float32)
        for column in range(count):
            wanted = targets[:, column if count > 1 else 1]
            for away in (*range(FOLDS), -1):
                kept_rows = self.material.folds[learnt] != away
                weight, bias = words.fit_column(
                    held[place_of[learnt[kept_rows]]], wanted[kept_rows], heavy[kept_rows], strength=strength
                )
                if away < 0:
                    weights[:, column], biases[column] = weight, bias
                else:
                    asked = self.material.folds[rows] == away
                    told[asked, column] = held[place_of[rows[asked]]] @ weight + bias
        print(f"table {table}: {task} {time.monotonic() - began:.0f} s", flush=True)
        np.savez(path, told=told, weights=weights, bias=biases)
        return told, weights, biases

    def _held(self, table: str) -> tuple[csr_matrix, Rows]:
        """What every text of a table's languages holds, and which line of it each text is."""
        spoken = TABLES[table][0]
        chosen = [self.material.rows(place) for place, one in enumerate(self.material.sets) if one.language in spoken]
        rows = np.concatenate(chosen)
        if table not in self.matrices:
            self.matrices.clear()
            self.matrices[table] = words.matrix([self.material.texts[row] for row in rows])
        place_of = np.full(len(self.material.texts), -1)
        place_of[rows] = np.arange(len(rows))
        return self.matrices[table], place_of


def in_eight_bits(weights: Floats, bias: Floats) -> Table:
    """One step for each column, so wide that its heaviest weight fits: those that are cut are the ones that matter."""
    scales = np.maximum(np.abs(weights).max(axis=0) / 127, 1e-12).astype(np.float32)
    return Table(np.clip(np.rint(weights / scales), -127, 127).astype(np.int8), scales, bias.astype(np.float32))


# ---- both together -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stacked:
    """One task in the languages of one table: probabilities out of fold, and the weights to ship."""

    task: str
    rows: Rows
    shares: Floats  # (rows, columns)
    mix: Floats
    bias: Floats


def outputs(task: str) -> tuple[str, ...]:
    return tuple(name for name in COLUMNS[task] if name != "none")


def stacked(material: Material, task: str, table: str, languages: tuple[str, ...], parts: Floats) -> Stacked:
    """`parts`: (texts, parts), finite for the texts of this table."""
    sets = list(material.of(task, languages))
    rows = np.concatenate([material.rows(place) for place, _ in sets])
    targets = np.concatenate([one.targets for _, one in sets])
    heavy = np.concatenate([np.full(len(one.texts), one.weight) for _, one in sets])
    fitted = FITTED.get(f"{task} {table}")
    heavy = heavy * np.concatenate([np.full(len(one.texts), LATE if one.late else 1.0) for _, one in sets])
    if fitted is not None:
        heavy = heavy * np.concatenate([np.full(len(one.texts), float(one.name in fitted)) for _, one in sets])
    wanted = targets if task in ("sentiment", "emotions") else targets[:, 1:]
    wanted = wanted[:, : len(outputs(task))]

    def fit(kept: NDArray[np.bool_]) -> tuple[Floats, Floats]:
        if task == "sentiment":
            equal = heavy[kept] if table == "zh" else combine.balanced(wanted[kept], heavy[kept])  # headlines stay few
            return combine.stack(parts[rows[kept]], wanted[kept], equal)
        found = [
            combine.stack(parts[rows[kept]], wanted[kept][:, [one]], heavy[kept]) for one in range(wanted.shape[1])
        ]
        return np.concatenate([mix for mix, _ in found], axis=1), np.concatenate([bias for _, bias in found])

    shares = np.zeros((len(rows), wanted.shape[1]), np.float32)
    for away in range(FOLDS):
        kept = material.folds[rows] != away
        mix, bias = fit(kept & (heavy > 0))
        shares[~kept] = probabilities(outputs(task), parts[rows[~kept]] @ mix + bias)
    return Stacked(task, rows, shares, *fit(heavy > 0))


def figures(
    material: Material, found: Stacked, languages: tuple[str, ...]
) -> Iterator[tuple[str, dict[str, float], int]]:
    """Of each judged set of a task, out of fold."""
    place_of = {int(row): number for number, row in enumerate(found.rows)}
    together: list[tuple[str, float, float]] = []
    for place, one in material.of(found.task, languages):
        shares = found.shares[[place_of[int(row)] for row in material.rows(place)]]
        if one.name in ("tweeteval/sentiment", "umsab/english"):
            together += zip(one.texts, one.targets, shares, strict=True)
        if not one.judged:
            if found.task == "hostility" or one.late:
                called = {"yes": 100 * float((shares[:, 0] >= 0.5).mean())}
                yield f"{one.name}: called {found.task}", called, len(one.texts)
            continue
        if found.task == "sentiment":
            yield one.name, combine.of_classes(one.targets, shares), len(one.texts)
        elif found.task == "emotions":
            targets = one.targets[:, : shares.shape[1]]
            measured = combine.of_classes(targets, shares)
            each = [combine.of_yes_or_no(targets[:, k] > 0.5, shares[:, k], SURE_FROM) for k in range(shares.shape[1])]
            measured |= {
                "ECE": max(item["ECE"] for item in each),
                "unsure": float(np.mean([item["unsure"] for item in each])),
            }
            yield one.name, measured, len(one.texts)
        else:
            yield one.name, combine.of_yes_or_no(one.targets[:, 1] > 0.5, shares[:, 0], SURE_FROM), len(one.texts)
    if together:
        once = {provenance.normalised(text): (target, share) for text, target, share in together}
        pairs = list(once.values())
        measured = combine.of_classes(
            np.stack([target for target, _ in pairs]), np.stack([share for _, share in pairs])
        )
        yield "tweets of both, each once", measured, len(pairs)


def three_classes(material: Material, spam: Stacked, scam: Floats) -> tuple[str, dict[str, float], int]:
    """Ham, spam and smishing of the set that tells them apart; `scam`: probabilities among what is unwanted."""
    ((place, one),) = [found for found in material.of("spam", ("en",)) if found[1].name == "sms_smishing"]
    ((_, bad),) = material.of("scam", ("en",))
    kinds = {text: 1 + int(target[1] > 0.5) for text, target in zip(bad.texts, bad.targets, strict=True)}
    rows = material.rows(place)
    place_of = {int(row): number for number, row in enumerate(spam.rows)}
    unwanted = spam.shares[[place_of[int(row)] for row in rows], 0]
    among = scam[rows]
    shares = np.stack([1 - unwanted, unwanted * (1 - among), unwanted * among], axis=1)
    truth = [kinds[text] if target[1] > 0.5 else 0 for text, target in zip(one.texts, one.targets, strict=True)]
    return "sms_smishing in three classes", combine.of_classes(np.eye(3, dtype=np.float32)[truth], shares), len(rows)


def scam_among(material: Material, spam: Stacked, parts: Floats) -> Floats:
    """For each text that is asked for spam, out of fold: the probability that it is a scam if it is spam."""
    found = np.zeros(len(material.texts), np.float32)
    ((place, one),) = material.of("scam", ("en",))
    known = material.rows(place)
    for away in range(FOLDS):
        kept = material.folds[known] != away
        mix, bias = combine.stack(parts[known[kept]], one.targets[kept][:, 1:], np.ones(int(kept.sum())))
        rows = spam.rows[material.folds[spam.rows] == away]
        found[rows] = probabilities((ASIDE,), parts[rows] @ mix + bias)[:, 0]
    return found


def reading(language: str, table: str, names: Sequence[str], kept: Mapping[str, Stacked]) -> Reading:
    """What was stacked for one language, as it is shipped; `names`: of all parts."""
    columns: dict[str, tuple[Floats, float]] = {}
    for task, found in kept.items():
        used = [place for place, name in enumerate(names) if name in COLUMNS[task]]
        for number, name in enumerate(outputs(task)):
            column = np.zeros(len(names), np.float32)
            column[used] = found.mix[:, number]
            columns[name] = column, float(found.bias[number])
    questions = tuple(name for name in QUESTIONS if name in columns)
    return Reading(
        (language,),
        questions,
        table,
        table == "en",
        np.stack([columns[name][0] for name in questions], axis=1),
        np.array([columns[name][1] for name in questions], np.float32),
    )


def show(name: str, measured: dict[str, float], count: int, note: str = "") -> None:
    print(
        f"{name:<48} {count:>6}  " + "  ".join(f"{key} {value:.1f}" for key, value in measured.items()) + note,
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True, help="a sentence-transformers folder")
    parser.add_argument("--cache", type=Path, required=True, help="where what was trained is kept between runs")
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parents[2] / "resources" / "heads")
    parser.add_argument("--only", choices=("tables", "branch"), help="train these alone, into the cache")
    parser.add_argument(
        "--folds",
        type=int,
        nargs="*",
        default=[*range(FOLDS), -1],
        help="with --only branch: those left out, -1 for none; processes with one thread each share the work best",
    )
    parser.add_argument("--read-errors", type=int, default=0, help="print so many errors on native_ads_webis")
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)

    material = Material(list(corpora.load(options.data)))
    tables = Tables(material, options.cache)
    if options.only != "branch":
        for name in TABLES:
            tables.told(name)
    if options.only == "tables":
        return
    trained = Branches(material, options.model, options.cache, branches.Recipe())
    for away in options.folds:
        trained.state(away)
    if options.only == "branch":
        return
    read = trained.told()
    readings = []
    for table, (spoken, tasks) in TABLES.items():
        told = tables.told(table)
        parts = np.concatenate([read, told], axis=1) if table == "en" else told
        names = [*(BRANCH_COLUMNS if table == "en" else ()), *tables.columns(table)]
        for language in spoken:  # each weighs the columns of its table by itself
            kept: dict[str, Stacked] = {}
            for task in tasks:
                used = [place for place, name in enumerate(names) if name in COLUMNS[task]]
                kept[task] = stacked(material, task, table, (language,), parts[:, used])
                print(f"\n{task}, {language}")
                alone = {}
                if table == "en" and task in READ:
                    for title, places in (
                        ("branch", range(read.shape[1])),
                        ("words", range(read.shape[1], len(names))),
                    ):
                        some = stacked(
                            material, task, table, (language,), parts[:, [one for one in used if one in places]]
                        )
                        alone[title] = {name: measured for name, measured, _ in figures(material, some, (language,))}
                for name, measured, count in figures(material, kept[task], (language,)):
                    key = "F1" if "F1" in measured else "yes"
                    note = "".join(f"  [{title} alone: {key} {some[name][key]:.1f}]" for title, some in alone.items())
                    show(name, measured, count, note)
            if "scam" in kept:
                among = scam_among(
                    material, kept["spam"], parts[:, [place for place, name in enumerate(names) if name == ASIDE]]
                )
                show(*three_classes(material, kept["spam"], among))
            if options.read_errors and table == "en":
                read_errors(material, kept["promotion"], options.read_errors)
            if language not in SILENT:
                readings.append(reading(language, table, names, kept))

    state = trained.state(-1)
    layers = part_of(state, "layers.layers.")
    count = 1 + max(int(name.split(".")[0]) for name in layers)
    branch = Branch(
        branches.SHARED,
        int(trained.encoder[0].auto_model.config.num_attention_heads),
        tuple(
            {name: value.float().numpy() for name, value in part_of(layers, f"{number}.").items()}
            for number in range(count)
        ),
    )
    weight, bias = trained.read_outs()
    heads = Heads(NAME, branch, weight, bias, {name: tables.shipped(name) for name in TABLES}, tuple(readings))
    data = heads.to_bytes()
    again = Heads.from_bytes(data)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / f"{NAME}.npz").write_bytes(data)
    np.save(options.out / f"{NAME}.rows.npy", provenance.row_hashes(material.texts), allow_pickle=False)
    rounding(trained, tables, again)
    print(json.dumps({"bytes": len(data), "version": again.version, "rows": len(material.texts)}))


def rounding(trained: Branches, tables: Tables, shipped: Heads) -> None:
    """Print what keeping branch and table in 8 bits changes, over English texts of all sets."""
    texts = trained.material.english[0]
    rows = np.array(corpora.spread(len(texts), 2_000))
    some = [texts[row] for row in rows]
    (reading,) = (one for one in shipped.readings if "en" in one.languages)
    _, weights, bias = tables._trained("en")
    layers = branches.last_layers(trained.encoder)
    assert shipped.branch is not None
    for number, kept in enumerate(shipped.branch.layers):
        layers.layers[number].load_state_dict({name: torch.from_numpy(part) for name, part in kept.items()})
    means = branches.means(trained.layers(-1), trained.hidden, rows)
    exact = np.concatenate(
        [means @ shipped.read_out + shipped.read_out_bias, words.matrix(some) @ weights + bias], axis=1
    )
    full = probabilities(reading.questions, exact @ reading.mix + reading.mix_bias)
    short = shipped.shares(reading, some, branches.means(layers.eval(), trained.hidden, rows))
    for number, name in enumerate(reading.questions):
        same = 100 * float(((full[:, number] >= 0.5) == (short[:, number] >= 0.5)).mean())
        change = float(np.abs(full[:, number] - short[:, number]).mean())
        print(f"8 bits: {name:<16} changes by {change:.4f} on average, {same:.1f} % on the same side of one half")


def read_errors(material: Material, found: Stacked, count: int) -> None:
    one = next(one for _, one in material.of("promotion", ("en",)))
    shares = found.shares[: len(one.texts), 0]
    wrong = np.flatnonzero((shares >= 0.5) != (one.targets[:, 1] > 0.5))
    for row in wrong[:: max(1, len(wrong) // count)][:count]:
        print(f"--- {shares[row]:.2f} truth {int(one.targets[row, 1])}: {one.texts[row][:600]}")


if __name__ == "__main__":
    main()
