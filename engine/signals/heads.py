"""The trained heads: small networks over the mean of every layer of the sentence encoder.

A file of heads is a NumPy archive without pickled objects. The head "sentiment", for an encoder of L layers (the
embedding layer counts as one) of width d, is two dense layers with a rectifier between, the scaling of the features and the
temperature folded in. The first, (L·d, h), is kept in 8 bits: `sentiment/hidden` times `sentiment/hidden_rows` (L·d,) times
`sentiment/hidden_columns` (h,). `sentiment/hidden_bias` (h,), `sentiment/out` (h, 3) and `sentiment/out_bias` (3,) are plain.
`meta` is a JSON text that names the format, the encoder and L.
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
_DAMAGED = "The file of trained heads is damaged; install Millpond again."


@dataclass(frozen=True, slots=True)
class Network:
    """Two dense layers with a rectifier between: (features, h), (h,), (h, classes), (classes,)."""

    hidden: Floats
    hidden_bias: Floats
    out: Floats
    out_bias: Floats

    def fits(self, features: int, classes: int) -> bool:
        width = self.hidden_bias.size
        return (
            self.hidden.shape == (features, width)
            and self.hidden_bias.shape == (width,)
            and self.out.shape == (width, classes)
            and self.out_bias.shape == (classes,)
            and all(np.isfinite(part).all() for part in (self.hidden, self.hidden_bias, self.out, self.out_bias))
        )

    def probabilities(self, features: Floats) -> Floats:
        """(n, features) to (n, classes); rows sum to 1."""
        logits = np.maximum(features @ self.hidden + self.hidden_bias, 0.0) @ self.out + self.out_bias
        logits -= logits.max(axis=1, keepdims=True)
        odds = np.exp(logits)
        shares: Floats = odds / odds.sum(axis=1, keepdims=True)
        return shares


@dataclass(frozen=True, slots=True)
class Heads:
    """What the heads know. Make one with `from_bytes`."""

    encoder: str  # the name of the model whose layers they read
    layers: int  # how many, the embedding layer among them
    network: Network

    @classmethod
    def from_bytes(cls, data: bytes) -> Heads:
        """Read a file of heads.

        Raises:
            EngineError: this is no file of heads, or one of a format that this version does not know.
        """
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as archive:
                meta = json.loads(str(archive["meta"]))
                encoder, layers, version = str(meta["encoder"]), int(meta["layers"]), meta["format"]
                if version != FORMAT:
                    raise EngineError(f"The file of trained heads has format {version}; this version reads {FORMAT}.")
                names = ("hidden", "hidden_rows", "hidden_columns", "hidden_bias", "out", "out_bias")
                hidden, rows, columns, *rest = (archive[f"sentiment/{name}"].astype(np.float32) for name in names)
                network = Network(hidden * rows[:, None] * columns, *rest)
        except (
            OSError,
            ValueError,
            IndexError,
            KeyError,
            TypeError,
            AttributeError,
            EOFError,
            zipfile.BadZipFile,
        ) as error:
            raise EngineError(_DAMAGED) from error
        if layers < 1 or network.hidden.ndim != 2 or len(network.hidden) % layers:
            raise EngineError(_DAMAGED)
        if not network.fits(len(network.hidden), 3):
            raise EngineError(_DAMAGED)
        return cls(encoder, layers, network)

    def to_bytes(self) -> bytes:
        """The file that `from_bytes` reads. Rounding the first layer to 8 bits changes probabilities by about 0.001."""
        hidden = self.network.hidden
        rows = np.maximum(np.sqrt(np.square(hidden).mean(axis=1)), 1e-12).astype(np.float32)
        columns = np.maximum(np.abs(hidden / rows[:, None]).max(axis=0) / 127, 1e-12).astype(np.float32)
        meta = json.dumps({"format": FORMAT, "encoder": self.encoder, "layers": self.layers})
        parts = {
            "hidden": np.rint(hidden / rows[:, None] / columns).astype(np.int8),
            "hidden_rows": rows,
            "hidden_columns": columns,
            "hidden_bias": self.network.hidden_bias,
            "out": self.network.out,
            "out_bias": self.network.out_bias,
        }
        out = io.BytesIO()
        np.savez_compressed(
            out, allow_pickle=False, meta=np.array(meta), **{f"sentiment/{name}": part for name, part in parts.items()}
        )
        return out.getvalue()

    def sentiment_probabilities(self, layers: NDArray[np.floating]) -> Floats:
        """Calibrated probabilities of negative, neutral and positive: (n, 3), rows sum to 1.

        Args:
            layers: (n, L, d), the mean over a text's tokens of each layer's output, the embedding layer first.
        Raises:
            ValueError: the shape is another encoder's.
        """
        width = len(self.network.hidden) // self.layers
        if layers.ndim != 3 or layers.shape[1:] != (self.layers, width):
            raise ValueError(f"layers {layers.shape} do not fit heads for (n, {self.layers}, {width})")
        flat = layers.reshape(len(layers), self.layers * width).astype(np.float32, copy=False)
        return self.network.probabilities(flat)

    def sentiment(self, layers: NDArray[np.floating]) -> list[Sentiment]:
        """Calibrated sentiment of each text: see `sentiment_probabilities`."""
        return [Sentiment(*row) for row in self.sentiment_probabilities(layers).tolist()]
