"""The mean of every layer of a sentence encoder over a text's tokens: what the heads are trained on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer

MAX_TOKENS = 256


class Encoder:
    """A sentence-transformers folder, read without the network."""

    def __init__(self, folder: Path, *, precision: torch.dtype = torch.float32) -> None:
        self.precision = precision
        self.model = SentenceTransformer(
            str(folder), device="cpu", local_files_only=True, config_kwargs={"output_hidden_states": True}
        ).to(precision)
        self.model.max_seq_length = MAX_TOKENS
        self.model.eval()

    def layers(self, texts: Sequence[str], *, batch: int = 64) -> NDArray[np.float32]:
        """Mean over the tokens of each layer's output, the embedding layer first: (n, layers, width)."""
        order = np.argsort([len(text) for text in texts], kind="stable")
        out: NDArray[np.float32] | None = None
        with torch.inference_mode():
            for start in range(0, len(order), batch):
                rows = order[start : start + batch]
                features = self.model.preprocess([texts[row] for row in rows])
                result = self.model(features)
                mask = result["attention_mask"].to(torch.float32).unsqueeze(-1)
                means = [
                    (layer.to(torch.float32) * mask).sum(1) / mask.sum(1).clamp(min=1)
                    for layer in result["all_layer_embeddings"]
                ]
                block = torch.stack(means, dim=1).numpy()
                if out is None:
                    out = np.empty((len(texts), *block.shape[1:]), dtype=np.float32)
                out[rows] = block
        return out if out is not None else np.empty((0, 0, 0), dtype=np.float32)


def cached_layers(encoder: Encoder, texts: Sequence[str], cache: Path | None) -> NDArray[np.float32]:
    """`encoder.layers`, kept in `cache` under the hash of the texts and the precision."""
    if cache is None:
        return encoder.layers(texts)
    digest = hashlib.sha256("\0".join([str(encoder.precision), *texts]).encode()).hexdigest()[:16]
    path = cache / f"layers-{digest}.npy"
    if path.exists():
        kept: NDArray[np.float32] = np.load(path, allow_pickle=False)
        return kept
    found = encoder.layers(texts)
    cache.mkdir(parents=True, exist_ok=True)
    np.save(path, found.astype(np.float16 if encoder.precision != torch.float32 else np.float32))
    return found
