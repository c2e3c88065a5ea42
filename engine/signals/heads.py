"""The trained heads: what a fine-tuned branch of the sentence encoder makes of a text, and the text's words and characters, in;
calibrated probabilities out.

For each language a *reading* says what counts. Its parts are numbers: those that `read_out` tells from the branch's mean
(where the encoder speaks the language), then those that a *table* of words and characters tells (see `ngrams`). `mix` and
`mix_bias` weigh the parts into one number for each of the reading's questions: this is where the parts are stacked
(Wolpert 1992) and calibrated. The three of sentiment make a softmax; every other one is a yes or no of its own.

A file of heads is a NumPy archive without pickled objects. Large matrices are kept in 8 bits with one scale for each row
(branch) or column (tables); the JSON text `meta` names the rest.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import EngineError
from engine.signals.ngrams import BITS, features
from engine.types import SIGNAL_NAMES, Floats, Sentiment, Signals

FORMAT = 2
SENTIMENT = ("negative", "neutral", "positive")
ASIDE = "scam among spam"  # asked of what is unwanted; times "spam" it is "scam"
QUESTIONS = (*SENTIMENT, *(name for name in SIGNAL_NAMES if name != "scam"), ASIDE)
_DAMAGED = "The file of trained heads is damaged; install Millpond again."
_MAX_BYTES = 256 << 20  # unpacked: no file of ours comes near
_PARTS = (
    ("query_key_value", 3, 1),
    ("joined", 1, 1),
    ("up", 4, 1),
    ("down", 1, 4),
)  # dense layers of a layer, with their outputs and inputs in widths


@dataclass(frozen=True, slots=True)
class Branch:
    """The encoder's last layers with weights of their own: for each its arrays, by the names of `engine.workers.branch`."""

    shared: int  # so many layers of the encoder come before it, the embedding layer not counted
    attention_heads: int
    layers: tuple[Mapping[str, Floats], ...]

    @property
    def width(self) -> int:
        return int(self.layers[0]["joined.weight"].shape[0])

    def fits(self) -> bool:
        if not self.layers or self.shared < 0 or self.attention_heads < 1 or self.width % self.attention_heads:
            return False
        width = self.width
        for layer in self.layers:
            shapes: dict[str, tuple[int, ...]]
            shapes = {f"{name}.weight": (rows * width, columns * width) for name, rows, columns in _PARTS}
            shapes |= {f"{name}.bias": (rows * width,) for name, rows, _ in _PARTS}
            shapes |= {f"{name}.{part}": (width,) for name in ("attended", "done") for part in ("weight", "bias")}
            if {name: part.shape for name, part in layer.items()} != shapes:
                return False
        return all(np.isfinite(part).all() for layer in self.layers for part in layer.values())


@dataclass(frozen=True, slots=True)
class Table:
    """Weights of words and characters: (2^BITS, columns) in 8 bits, times `scales` (columns,), plus `bias` (columns,)."""

    weights: NDArray[np.int8]
    scales: Floats
    bias: Floats

    def fits(self) -> bool:
        columns = self.scales.size
        return (
            self.weights.dtype == np.int8
            and self.weights.shape == (1 << BITS, columns)
            and self.scales.shape == self.bias.shape == (columns,)
            and bool(np.isfinite(self.scales).all() and np.isfinite(self.bias).all())
        )

    def tell(self, texts: Sequence[str]) -> Floats:
        """(n, columns): the mean weight of what a text holds, times the root of how much that is."""
        rows, buckets = features(texts)
        counts = np.bincount(rows, minlength=len(texts))
        found = np.zeros((len(texts), len(self.scales)), np.float32)
        held = np.flatnonzero(counts)
        if len(held):
            starts = (np.cumsum(counts) - counts)[held]
            sums = np.add.reduceat(self.weights[buckets], starts, axis=0, dtype=np.int32)
            found[held] = sums * self.scales / np.sqrt(counts[held])[:, None]
        return found + self.bias


@dataclass(frozen=True, slots=True)
class Reading:
    """How texts of some languages are read; `mix` is (parts, questions)."""

    languages: tuple[str, ...]
    questions: tuple[str, ...]  # of QUESTIONS, in their order
    table: str  # "" for none
    branch: bool
    mix: Floats
    mix_bias: Floats

    def fits(self, parts: int) -> bool:
        asked = [name for name in QUESTIONS if name in self.questions]
        tones = sum(name in SENTIMENT for name in asked)
        return (
            tuple(asked) == self.questions
            and tones in (0, 3)
            and (ASIDE not in asked or "spam" in asked)
            and self.mix.shape == (parts, len(asked))
            and self.mix_bias.shape == (len(asked),)
            and bool(np.isfinite(self.mix).all() and np.isfinite(self.mix_bias).all())
        )


@dataclass(frozen=True, slots=True)
class Heads:
    """What the heads know. Make one with `from_bytes`."""

    encoder: str  # the name of the model whose states they read
    branch: Branch | None
    read_out: Floats  # (width, numbers), from the branch's mean
    read_out_bias: Floats
    tables: Mapping[str, Table]
    readings: tuple[Reading, ...]
    version: str = ""  # a short hash of the file; "" for one that was never written
    _of_language: dict[str, Reading] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_of_language", {name: one for one in self.readings for name in one.languages})

    @classmethod
    def from_bytes(cls, data: bytes) -> Heads:
        """Read a file of heads.

        Raises:
            EngineError: this is no file of heads, or one of a format that this version does not know.
        """
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as packed:
                if sum(info.file_size for info in packed.infolist()) > _MAX_BYTES:
                    raise EngineError(_DAMAGED)
            with np.load(io.BytesIO(data), allow_pickle=False) as archive:
                meta = json.loads(str(archive["meta"]))
                if meta["format"] != FORMAT:
                    raise EngineError(
                        f"The file of trained heads has format {meta['format']}; this version reads {FORMAT}."
                    )
                heads = _unpacked(archive, meta)
        except (
            OSError,
            ValueError,
            IndexError,
            KeyError,
            TypeError,
            AttributeError,
            EOFError,
            RuntimeError,
            MemoryError,
            OverflowError,
            zipfile.BadZipFile,
            zlib.error,
        ) as error:
            raise EngineError(_DAMAGED) from error
        if not heads._fits():
            raise EngineError(_DAMAGED)
        return replace(heads, version=hashlib.sha256(data).hexdigest()[:10])

    def to_bytes(self) -> bytes:
        """The file that `from_bytes` reads. What the branch's 8 bits cost is told on the card."""
        parts: dict[str, Any] = {"read_out": self.read_out, "read_out_bias": self.read_out_bias}
        for name, table in self.tables.items():
            parts |= {
                f"tables/{name}/weights": table.weights,
                f"tables/{name}/scales": table.scales,
                f"tables/{name}/bias": table.bias,
            }
        for number, reading in enumerate(self.readings):
            parts |= {f"readings/{number}/mix": reading.mix, f"readings/{number}/mix_bias": reading.mix_bias}
        for number, layer in enumerate(self.branch.layers if self.branch is not None else ()):
            for name, part in layer.items():
                where = f"branch/{number}/{name}"
                if part.ndim == 2:
                    scales = np.maximum(np.abs(part).max(axis=1) / 127, 1e-12).astype(np.float32)
                    parts |= {where: np.rint(part / scales[:, None]).astype(np.int8), f"{where}/scales": scales}
                else:
                    parts[where] = part
        meta = {
            "format": FORMAT,
            "encoder": self.encoder,
            "tables": list(self.tables),
            "readings": [
                {
                    "languages": list(one.languages),
                    "questions": list(one.questions),
                    "table": one.table,
                    "branch": one.branch,
                }
                for one in self.readings
            ],
        }
        if self.branch is not None:
            meta["branch"] = {
                "shared": self.branch.shared,
                "attention_heads": self.branch.attention_heads,
                "layers": len(self.branch.layers),
            }
        out = io.BytesIO()
        np.savez_compressed(out, allow_pickle=False, meta=np.array(json.dumps(meta)), **parts)
        return out.getvalue()

    def speaks(self, language: str) -> bool:
        """Whether anything at all is told of texts in a language (ISO 639-1)."""
        return language in self._of_language

    def signals(self, texts: Sequence[str], languages: Sequence[str], means: Floats | None) -> list[Signals]:
        """What the heads say of texts, each in its language; nothing of those that they do not speak.

        Args:
            languages: ISO 639-1, one a text; "" where nothing is sure.
            means: (n, width), what the branch made of each text; a row that is not finite, or None, where it made nothing.
        Raises:
            ValueError: the sizes do not fit each other.
        """
        if len(texts) != len(languages) or (means is not None and means.shape != (len(texts), len(self.read_out))):
            raise ValueError("not one language and one mean for each text")
        found = [Signals()] * len(texts)
        heard = [means is not None and bool(np.isfinite(means[row]).all()) for row in range(len(texts))]
        for reading in self.readings:
            rows = [
                row
                for row, language in enumerate(languages)
                if self._of_language.get(language) is reading and (heard[row] or not reading.branch)
            ]
            if rows:
                read = means[rows].astype(np.float32) if reading.branch and means is not None else None
                shares = self.shares(reading, [texts[row] for row in rows], read)
                for row, one in zip(rows, shares.tolist(), strict=True):
                    found[row] = _signals(reading.questions, one)
        return found

    def parts(self, reading: Reading, texts: Sequence[str], means: Floats | None) -> Floats:
        """The numbers that a reading weighs: (n, parts)."""
        told = []
        if reading.branch and means is not None:
            told.append(means @ self.read_out + self.read_out_bias)
        if reading.table:
            told.append(self.tables[reading.table].tell(texts))
        return np.concatenate(told, axis=1).astype(np.float32)

    def shares(self, reading: Reading, texts: Sequence[str], means: Floats | None) -> Floats:
        """Probabilities (n, questions) for texts of a reading's languages."""
        return probabilities(reading.questions, self.parts(reading, texts, means) @ reading.mix + reading.mix_bias)

    def _fits(self) -> bool:
        numbers = self.read_out_bias.size
        if self.branch is not None and (not self.branch.fits() or self.branch.width != len(self.read_out)):
            return False
        if self.read_out.shape != (len(self.read_out), numbers) or self.read_out_bias.shape != (numbers,):
            return False
        if not (np.isfinite(self.read_out).all() and np.isfinite(self.read_out_bias).all()):
            return False
        if not all(table.fits() for table in self.tables.values()):
            return False
        sizes = {"": 0} | {name: table.bias.size for name, table in self.tables.items()}
        return all(
            one.table in sizes
            and not (one.branch and self.branch is None)
            and (one.branch or one.table != "")
            and one.fits(numbers * one.branch + sizes[one.table])
            for one in self.readings
        )


def probabilities(questions: Sequence[str], logits: Floats) -> Floats:
    """From (n, questions) numbers to probabilities: see the module's text."""
    shares = 1 / (1 + np.exp(-np.clip(logits, -60, 60)))
    tones = [place for place, name in enumerate(questions) if name in SENTIMENT]
    if tones:
        odds = np.exp(logits[:, tones] - logits[:, tones].max(axis=1, keepdims=True))
        shares[:, tones] = odds / odds.sum(axis=1, keepdims=True)
    return np.asarray(shares, dtype=np.float32)


def _signals(questions: Sequence[str], shares: Sequence[float]) -> Signals:
    told = dict(zip(questions, shares, strict=True))
    tone = [told.pop(name) for name in SENTIMENT if name in told]
    if ASIDE in told:
        told["scam"] = told["spam"] * told.pop(ASIDE)
    return Signals(sentiment=Sentiment(*tone) if tone else None, shares=told)


def _unpacked(archive: Any, meta: Any) -> Heads:
    def plain(name: str) -> Floats:
        found = archive[name]
        if not np.issubdtype(found.dtype, np.floating):
            raise ValueError(name)
        return np.asarray(found, dtype=np.float32)

    branch = None
    if "branch" in meta:
        count = int(meta["branch"]["layers"])
        layers: list[dict[str, Floats]] = [{} for _ in range(count)]
        for where in archive.files:
            kind, _, rest = where.partition("/")
            if kind != "branch" or where.endswith("/scales"):
                continue
            number, _, name = rest.partition("/")
            if f"{where}/scales" in archive.files:
                layers[int(number)][name] = archive[where].astype(np.float32) * plain(f"{where}/scales")[:, None]
            else:
                layers[int(number)][name] = plain(where)
        branch = Branch(int(meta["branch"]["shared"]), int(meta["branch"]["attention_heads"]), tuple(layers))
    tables = {
        str(name): Table(
            archive[f"tables/{name}/weights"], plain(f"tables/{name}/scales"), plain(f"tables/{name}/bias")
        )
        for name in meta["tables"]
    }
    readings = tuple(
        Reading(
            tuple(map(str, one["languages"])),
            tuple(map(str, one["questions"])),
            str(one["table"]),
            bool(one["branch"]),
            plain(f"readings/{number}/mix"),
            plain(f"readings/{number}/mix_bias"),
        )
        for number, one in enumerate(meta["readings"])
    )
    return Heads(str(meta["encoder"]), branch, plain("read_out"), plain("read_out_bias"), tables, readings)
