"""Train the sentiment head on an encoder's layers, print out-of-fold scores, and write `resources/heads/`.

    python packaging/heads/train.py --data ../shared/data --model FOLDER

Folds are grouped by normalised text over all sets together: a text that stands in two sets never stands in the training
and the testing half of the same fold.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import corpora
import numpy as np
import torch
from fit import Recipe, cooled, fit, logits, temperature
from layers import Encoder, cached_layers
from numpy.typing import NDArray

from engine.signals.heads import Heads
from tests.evaluate import metrics, provenance

FOLDS = 5
NAME = "all-MiniLM-L6-v2"
TWEETS = ("tweeteval/sentiment", "umsab/english")  # with hand-made classes: what the scores are about


def group_folds(texts: list[str], *, seed: int) -> NDArray[np.int64]:
    """A fold for each text; equal normalised texts share theirs."""
    _, group = np.unique([provenance.normalised(text) for text in texts], return_inverse=True)
    order = np.random.default_rng(seed).permutation(int(group.max()) + 1)
    return np.asarray(order[group] % FOLDS, dtype=np.int64)


def softmax(values: NDArray[np.float32]) -> NDArray[np.float32]:
    odds = np.exp(values - values.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True), dtype=np.float32)


def figures(targets: NDArray[np.float32], shares: NDArray[np.float32]) -> dict[str, float]:
    truth, said = targets.argmax(axis=1).tolist(), shares.argmax(axis=1).tolist()
    sure = shares.max(axis=1) >= 0.5
    right = [a == b for a, b in zip(truth, said, strict=True)]
    return {
        "macro_recall": metrics.macro_recall(truth, said),
        "macro_f1": metrics.macro_f1(truth, said),
        "accuracy": metrics.accuracy(truth, said),
        "ece": metrics.ece(shares.max(axis=1).tolist(), right),
        "unsure": float(1 - sure.mean()),
        "accuracy_when_sure": float(np.mean(np.array(right)[sure])),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True, help="a sentence-transformers folder")
    parser.add_argument("--cache", type=Path, help="where to keep the layers between runs")
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parents[2] / "resources" / "heads")
    parser.add_argument("--seeds", type=int, default=3, help="how often the folds are drawn anew")
    parser.add_argument("--bf16", action="store_true", help="also compare with the encoder in bfloat16")
    options = parser.parse_args()

    sets = list(corpora.load(options.data))
    encoder = Encoder(options.model)
    layers = np.concatenate([cached_layers(encoder, found.texts, options.cache) for found in sets]).astype(np.float32)
    features = layers.reshape(len(layers), -1)
    targets = np.concatenate([found.targets for found in sets])
    weights = np.concatenate([np.full(len(found.texts), found.weight) for found in sets])
    names = np.concatenate([[found.name] * len(found.texts) for found in sets])
    texts = [text for found in sets for text in found.texts]
    recipe, tweets = Recipe(), np.isin(names, TWEETS)

    all_found: list[NDArray[np.float32]] = []
    report: dict[str, list[dict[str, float]]] = {}
    for seed in range(options.seeds):
        folds = group_folds(texts, seed=seed)
        found = np.zeros((len(texts), 3), dtype=np.float32)
        for fold in range(FOLDS):
            away = folds == fold
            found[away] = logits(
                fit(features[~away], targets[~away], weights[~away], recipe, seed=seed), features[away]
            )
        shares = np.zeros_like(found)
        for fold in range(FOLDS):  # the temperature, too, is learnt without the fold it is judged on
            away = folds == fold
            degrees = temperature(found[tweets & ~away], targets[tweets & ~away])
            shares[away] = softmax(found[away] / degrees)
        for name in dict.fromkeys(names.tolist()):
            if name == "sst2" or name == "tweeteval/emotion":
                continue
            report.setdefault(name, []).append(figures(targets[names == name], shares[names == name]))
        _, first = np.unique([provenance.normalised(texts[row]) for row in np.flatnonzero(tweets)], return_index=True)
        rows = np.flatnonzero(tweets)[first]
        report.setdefault("English tweets (both, each text once)", []).append(figures(targets[rows], shares[rows]))
        all_found.append(found)
    for name, runs in report.items():
        shown = "  ".join(f"{key} {100 * np.mean([run[key] for run in runs]):.1f}" for key in runs[0])
        spread = 100 * np.std([run["macro_recall"] for run in runs])
        print(f"{name:<40} {shown}  (macro_recall ±{spread:.1f} over {len(runs)} draws of the folds)")

    degrees = float(np.mean([temperature(found[tweets], targets[tweets]) for found in all_found]))
    heads = Heads(NAME, layers.shape[1], cooled(fit(features, targets, weights, recipe), degrees))
    data = heads.to_bytes()
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / f"{NAME}.npz").write_bytes(data)
    np.save(options.out / f"{NAME}.rows.npy", provenance.row_hashes(texts), allow_pickle=False)
    rounded = np.abs(
        Heads.from_bytes(data).network.probabilities(features) - heads.network.probabilities(features)
    ).mean()
    print(f"8 bits change a probability by {rounded:.4f} on average")
    print(json.dumps({"temperature": round(degrees, 3), "bytes": len(data), "rows": len(texts)}))

    if options.bf16:
        half = Encoder(options.model, precision=torch.bfloat16)
        kept = Heads.from_bytes(data)
        for corpus in sets[:2]:
            full = kept.sentiment_probabilities(cached_layers(encoder, corpus.texts, options.cache))
            low = kept.sentiment_probabilities(cached_layers(half, corpus.texts, options.cache))
            same = float((full.argmax(axis=1) == low.argmax(axis=1)).mean())
            print(f"bf16 {corpus.name}: same class {100 * same:.1f} %, mean change {np.abs(full - low).mean():.4f}")


if __name__ == "__main__":
    main()
