"""What the encoder's own layers would give: out-of-fold figures of small networks on the mean of every layer, unchanged.

    python packaging/heads/frozen.py --data ../shared/data --model FOLDER

They say what the branch is worth: same sets, same folds, same measures as `train.py`, and nothing but the features differs.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import combine
import corpora
import numpy as np
import torch
from numpy.typing import NDArray
from train import COLUMNS, FITTED, FOLDS, Floats, Material, figures, show, stacked

MAX_TOKENS = 128
TASKS = {
    "sentiment": FITTED["sentiment en"],
    "emotions": ("tweeteval/emotion",),
    "hostility": ("tweeteval/offensive",),
    "spam": ("sms_smishing", "youtube_spam"),
}


def layer_means(folder: Path, texts: Sequence[str]) -> Floats:
    """(n, layers · width): the mean over a text's tokens of each layer's output, the embedding layer first."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(
        str(folder), device="cpu", local_files_only=True, config_kwargs={"output_hidden_states": True}
    )
    model.max_seq_length = MAX_TOKENS
    order = np.argsort([len(text) for text in texts], kind="stable")
    out: Floats | None = None
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        for start in range(0, len(order), 64):
            rows = order[start : start + 64]
            result = model(model.preprocess([texts[row] for row in rows]))
            mask = result["attention_mask"].float().unsqueeze(-1)
            means = [(layer.float() * mask).sum(1) / mask.sum(1) for layer in result["all_layer_embeddings"]]
            block = torch.cat(means, dim=1).numpy()
            if out is None:
                out = np.empty((len(texts), block.shape[1]), dtype=np.float32)
            out[rows] = block
    assert out is not None
    return out


def fit(features: Floats, targets: Floats, weights: NDArray[np.float64], asked: Floats, seed: int) -> Floats:
    """Two networks of 32 rectified units, trained apart: their mean numbers for `asked` (m, classes)."""
    mean, scale = features.mean(axis=0), features.std(axis=0) + 1e-6
    inputs, wanted = torch.tensor((features - mean) / scale), torch.tensor(targets)
    heavy = torch.tensor(weights / weights.mean(), dtype=torch.float32)
    said = np.zeros((len(asked), targets.shape[1]), np.float32)
    for member in range(2):
        torch.manual_seed(1000 * seed + member)
        model = torch.nn.Sequential(
            torch.nn.Dropout(0.5),
            torch.nn.Linear(features.shape[1], 32),
            torch.nn.ReLU(),
            torch.nn.Dropout(0.3),
            torch.nn.Linear(32, targets.shape[1]),
        )
        optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.3)
        steps = 6 * -(-len(inputs) // 256)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 1e-3, total_steps=steps)
        for _ in range(6):
            for rows in torch.randperm(len(inputs)).split(256):  # type: ignore[no-untyped-call]
                optimiser.zero_grad()
                losses = -(wanted[rows] * torch.log_softmax(model(inputs[rows]), dim=1)).sum(dim=1)
                (heavy[rows] * losses).mean().backward()  # type: ignore[no-untyped-call]
                optimiser.step()
                schedule.step()
        with torch.inference_mode():
            said += model.eval()(torch.tensor((asked - mean) / scale)).numpy() / 2
    return said


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True, help="a sentence-transformers folder")
    options = parser.parse_args()
    material = Material(list(corpora.load(options.data)))
    for task, names in TASKS.items():
        sets = [(place, one) for place, one in material.of(task, ("en",)) if one.name in names or not one.judged]
        rows = np.concatenate([material.rows(place) for place, _ in sets])
        targets = np.concatenate([one.targets for _, one in sets])
        weights = np.concatenate([np.full(len(one.texts), one.weight) for _, one in sets])
        features = layer_means(options.model, [material.texts[row] for row in rows])
        count = len(COLUMNS[task])
        parts = np.zeros((len(material.texts), max(count, 2)), np.float32)
        for away in range(FOLDS):
            kept = material.folds[rows] != away
            heavy = combine.balanced(targets[kept], weights[kept]) if task == "sentiment" else weights[kept]
            parts[rows[~kept]] = fit(features[kept], targets[kept], heavy, features[~kept], away)
        chosen = Material([one for one in material.sets if one.name in names and one.task == task])
        place_of = np.concatenate([material.rows(place) for place, one in sets if one.name in names])
        chosen.__dict__["folds"] = material.folds[place_of]
        for name, measured, number in figures(chosen, stacked(chosen, task, "en", ("en",), parts[place_of]), ("en",)):
            show(f"{task}, frozen: {name}", measured, number)


if __name__ == "__main__":
    main()
