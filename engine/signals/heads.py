"""The trained heads: small linear models over the mean of every layer of the sentence encoder.

A file of heads is a NumPy archive without pickled objects. The head "sentiment", for an encoder of L layers (the
embedding layer counts as one) of width d, is `sentiment/weights` (L, d, 3) and `sentiment/bias` (3,), with the scaling of
the features and the temperature folded in; `meta` is a JSON text that names the format and the encoder.
"""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.errors import EngineError
from engine.types import Floats, Sentiment

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Heads:
    """What the heads know. Make one with `from_bytes`."""

    encoder: str  # the name of the model whose layers they read
    weights: Floats  # (L, d, 3)
    bias: Floats  # (3,)

    @classmethod
    def from_bytes(cls, data: bytes) -> Heads:
        """Read a file of heads.

        Raises:
            EngineError: this is no file of heads, or one of a format that this version does not know.
        """
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as archive:
                meta = json.loads(str(archive["meta"]))
                weights = archive["sentiment/weights"].astype(np.float32)
                bias = archive["sentiment/bias"].astype(np.float32)
                encoder, version = str(meta["encoder"]), meta["format"]
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
            raise EngineError("The file of trained heads is damaged; install Millpond again.") from error
        if version != FORMAT:
            raise EngineError(f"The file of trained heads has format {version}; this version reads {FORMAT}.")
        if weights.ndim != 3 or weights.shape[2] != 3 or bias.shape != (3,) or not np.isfinite(weights).all():
            raise EngineError("The file of trained heads is damaged; install Millpond again.")
        return cls(encoder, weights, bias)

    def to_bytes(self) -> bytes:
        """The file that `from_bytes` reads; the same bytes for the same heads."""
        out = io.BytesIO()
        np.savez(
            out,
            allow_pickle=False,
            **{
                "sentiment/weights": self.weights,
                "sentiment/bias": self.bias,
                "meta": np.array(json.dumps({"format": FORMAT, "encoder": self.encoder})),
            },
        )
        return out.getvalue()

    def sentiment_probabilities(self, layers: NDArray[np.floating]) -> Floats:
        """Probabilities of negative, neutral and positive: (n, 3), rows sum to 1.

        Args:
            layers: (n, L, d), the mean over a text's tokens of each layer's output, the embedding layer first.
        Raises:
            ValueError: the shape is another encoder's.
        """
        if layers.ndim != 3 or layers.shape[1:] != self.weights.shape[:2]:
            raise ValueError(f"layers {layers.shape} do not fit heads for (n, {self.weights.shape[:2]})")
        flat = layers.reshape(len(layers), self.weights[..., 0].size).astype(np.float32, copy=False)
        logits = flat @ self.weights.reshape(-1, 3) + self.bias
        logits -= logits.max(axis=1, keepdims=True)
        odds = np.exp(logits)
        probabilities: Floats = odds / odds.sum(axis=1, keepdims=True)
        return probabilities

    def sentiment(self, layers: NDArray[np.floating]) -> list[Sentiment]:
        """Calibrated sentiment of each text: see `sentiment_probabilities`."""
        return [Sentiment(*row) for row in self.sentiment_probabilities(layers).tolist()]
