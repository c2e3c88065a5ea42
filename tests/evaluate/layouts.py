"""Reads labelled data by the shape of its files, never by the name of a set.

A set is named after its folder when its files are splits of one whole ("train.tsv", "dev.tsv"), or when it is the
folder's only file; else after the stem of its file. Only one split is taken: test, else dev or val, else train.
"""

from __future__ import annotations

import csv
import gzip
import html
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SPLITS = (("test",), ("dev", "val", "valid", "validation"), ("train",))
_SPLIT = re.compile(r"(?:^|[_\-.])(test|dev|val|valid|validation|train)(?:$|[_\-.])", re.IGNORECASE)
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")

NEGATIVE, NEUTRAL, POSITIVE = 0, 1, 2
_CLASS_NAMES = {"negative": NEGATIVE, "neutral": NEUTRAL, "positive": POSITIVE}


@dataclass(frozen=True, slots=True)
class Texts:
    """Short texts with a class each; `intensity` where people gave a number instead of a class."""

    name: str
    texts: tuple[str, ...]
    labels: tuple[int, ...]
    classes: int = 3  # 2: nothing in the set is neutral
    intensity: tuple[float, ...] | None = None


def split_of(path: Path) -> str:
    """The split that a file's stem names, lower-case, or ""."""
    found = _SPLIT.search(path.stem)
    return found.group(1).lower() if found else ""


def best_split(paths: Iterable[Path], *, only: str | None = None) -> list[Path]:
    """The files to judge on: those of the best split among them, and all that name none."""
    paths = sorted(paths)
    plain = [path for path in paths if not split_of(path)]
    if only is not None:
        return plain + [path for path in paths if split_of(path) == only]
    for names in SPLITS:
        chosen = [path for path in paths if split_of(path) in names]
        if chosen:
            return plain + chosen
    return plain


def sets(paths: Iterable[Path], *, every_split: bool = False) -> Iterator[tuple[str, list[Path]]]:
    """Group files into named sets: see the module's text. `every_split` keeps train, dev and test together."""
    folders: dict[Path, list[Path]] = {}
    for path in sorted(paths):
        if "readme" not in path.name.lower() and "licen" not in path.name.lower():
            folders.setdefault(path.parent, []).append(path)
    for folder, files in folders.items():
        splits = [path for path in files if split_of(path)]
        plain = [path for path in files if not split_of(path)]
        if splits:
            chosen = splits if every_split else best_split(splits)
            yield folder.name, chosen
        for path in plain:
            yield (folder.name if len(files) == 1 else path.stem), [path]


def read_lines(path: Path) -> list[str]:
    """The lines of a text, split at newlines only: tweets hold other line separators."""
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    lines = text.split("\n")
    return [line.rstrip("\r") for line in (lines[:-1] if lines and not lines[-1] else lines)]


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in read_lines(path) if line.strip()]


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        return list(csv.DictReader(file))


def read_bytes(path: Path) -> bytes:
    """The bytes of a file, unpacked when it is a .gz."""
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


def tweet(text: str) -> str:
    """Undo what the collectors of tweets did to the characters: `\\u2019`, `&amp;amp;`, doubled quotation marks."""
    text = _ESCAPED.sub(lambda found: chr(int(found.group(1), 16)), text)
    text = html.unescape(html.unescape(text))
    return text.replace('\\""', '"').replace('""', '"').replace("\\n", " ").strip()


# ---- sentiment -------------------------------------------------------------------------------


def sentiment_sets(root: Path, *, every_split: bool = False) -> Iterator[Texts]:
    """Every set below `root` whose shape says that its labels are sentiment."""
    readers = (
        ("*_labels.txt", _paired_texts),
        ("*.tsv", _labelled_tsv),
        ("*.txt", _intensity_table),
        ("*.csv", _review_csv),
        ("*.json*", _labelled_json),
    )
    for pattern, read in readers:
        for name, files in sets(root.rglob(pattern), every_split=every_split):
            rows = [row for path in files for row in read(path)]
            if not rows:
                continue
            classes = 3 if any(label == NEUTRAL for _, label, _ in rows) else 2
            numbers = tuple(number for _, _, number in rows if number is not None)
            yield Texts(
                name=name,
                texts=tuple(text for text, _, _ in rows),
                labels=tuple(label for _, label, _ in rows),
                classes=classes,
                intensity=numbers if len(numbers) == len(rows) else None,
            )


Row = tuple[str, int, float | None]  # text, class, intensity


def _paired_texts(labels: Path) -> Iterator[Row]:
    """`{split}_text.txt` beside `{split}_labels.txt`; mapping.txt, where there is one, must name the three classes."""
    texts = labels.with_name(labels.name.replace("_labels", "_text"))
    if not texts.exists():
        return
    names = {"0": NEGATIVE, "1": NEUTRAL, "2": POSITIVE}
    mapping = labels.with_name("mapping.txt")
    if mapping.exists():
        named = dict(line.split("\t", 1) for line in read_lines(mapping) if "\t" in line)
        if {name.strip().lower() for name in named.values()} != set(_CLASS_NAMES):
            return
        names = {number.strip(): _CLASS_NAMES[name.strip().lower()] for number, name in named.items()}
    values = read_lines(labels)
    if not set(values) <= set(names):
        return
    for text, value in zip(read_lines(texts), values, strict=True):
        yield tweet(text), names[value], None


def _labelled_tsv(path: Path) -> Iterator[Row]:
    """`label<TAB>text` or `text<TAB>label` with labels 0 (negative) and 1 (positive)."""
    rows = [line.split("\t") for line in read_lines(path) if line.strip()]
    if not rows or any(len(row) != 2 for row in rows):
        return
    for place in (0, 1):
        if {row[place].strip() for row in rows} == {"0", "1"}:
            for row in rows:
                yield row[1 - place].strip(), POSITIVE if row[place].strip() == "1" else NEGATIVE, None
            return


def _intensity_table(path: Path) -> Iterator[Row]:
    """`id<TAB>mean intensity<TAB>text`; beyond one half either way it counts as negative or positive."""
    rows = [line.split("\t") for line in read_lines(path) if line.strip()]
    if not rows or any(len(row) != 3 for row in rows):
        return
    try:
        numbers = [float(row[1]) for row in rows]
    except ValueError:
        return
    for row, number in zip(rows, numbers, strict=True):
        yield tweet(row[2]), NEGATIVE if number <= -0.5 else POSITIVE if number >= 0.5 else NEUTRAL, number


def _review_csv(path: Path) -> Iterator[Row]:
    """A header with `review` and `label`, 1 positive."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        reader = csv.DictReader(file)
        if not {"review", "label"} <= set(reader.fieldnames or ()):
            return
        for row in reader:
            if row["label"] in ("0", "1") and row["review"]:
                yield row["review"], POSITIVE if row["label"] == "1" else NEGATIVE, None


def _labelled_json(path: Path) -> Iterator[Row]:
    """`sentence` with `label` Positive or Negative, or with `polarity` −1, 0 or 1."""
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        first = file.readline()
    try:
        sample = json.loads(first)
    except ValueError:
        return
    if not isinstance(sample, dict) or "sentence" not in sample:
        return
    if "polarity" in sample:
        for row in read_jsonl(path):
            yield row["sentence"], int(row["polarity"]) + 1, None
    elif str(sample.get("label", "")).lower() in _CLASS_NAMES:
        for row in read_jsonl(path):
            yield row["sentence"], _CLASS_NAMES[row["label"].lower()], None


# ---- other signals ---------------------------------------------------------------------------

EMOTIONS = frozenset({"joy", "sadness", "anger", "optimism"})
_HOSTILE = frozenset({"offensive", "hate", "hateful", "hostile", "abusive", "toxic"})
_UNWANTED = frozenset({"ham", "spam", "smishing"})


@dataclass(frozen=True, slots=True)
class Named:
    """Texts with the name of a class each; `groups` where the texts come from several places."""

    name: str
    texts: tuple[str, ...]
    labels: tuple[str, ...]
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class YesNo:
    """Texts of which something is so or is not. `worse`: where the set knows a worse kind of it, whether it is that."""

    name: str
    texts: tuple[str, ...]
    labels: tuple[bool, ...]
    worse: tuple[bool, ...] = ()


def emotion_sets(root: Path) -> Iterator[Named]:
    """Paired texts and labels whose mapping.txt names emotions of EMOTIONS."""
    for name, files in sets(root.rglob("*_labels.txt")):
        rows = [row for path in files for row in _mapped(path)]
        if rows and {label for _, label in rows} <= EMOTIONS:
            yield Named(name, tuple(text for text, _ in rows), tuple(label for _, label in rows))


def hostility_sets(root: Path) -> Iterator[YesNo]:
    """Texts that attack or do not: paired with a mapping of two names, of which one is such a word and the other its
    negation; csv with `TEXT` and `label` 0 or 1; csv with `tweet` and `class` 0 hateful, 1 offensive, 2 neither."""
    for name, files in sets(root.rglob("*_labels.txt")):
        rows = [row for path in files for row in _mapped(path)]
        labels = {label for _, label in rows}
        if len(labels & _HOSTILE) == 1 and all(re.match("no[tn][-_ ]", label) for label in labels - _HOSTILE):
            yield YesNo(name, tuple(text for text, _ in rows), tuple(label in _HOSTILE for _, label in rows))
    for name, files in sets(root.rglob("*.csv")):
        table = [row for path in files for row in read_csv(path)]
        if not table:
            continue
        if {"TEXT", "label"} <= table[0].keys() and {row["label"] for row in table} <= {"0", "1"}:
            yield YesNo(name, tuple(row["TEXT"] for row in table), tuple(row["label"] == "1" for row in table))
        elif {"tweet", "class"} <= table[0].keys() and {row["class"] for row in table} <= {"0", "1", "2"}:
            texts = tuple(tweet(row["tweet"]) for row in table)
            yield YesNo(name, texts, tuple(row["class"] != "2" for row in table), tuple(row["class"] == "0" for row in table))


def spam_sets(root: Path) -> Iterator[Named]:
    """Messages that are ham, spam or smishing: `label<TAB>text`; csv with `LABEL` and `TEXT`; jsonl with `text`, `spam` 0
    or 1, and `video`, below which a comment stood."""
    for name, files in sets(root.rglob("*.tsv")):
        rows = [line.split("\t", 1) for path in files for line in read_lines(path) if "\t" in line]
        if rows and {label.strip().lower() for label, _ in rows} <= _UNWANTED:
            yield Named(name, tuple(text for _, text in rows), tuple(label.strip().lower() for label, _ in rows))
    for name, files in sets(root.rglob("*.csv")):
        table = [row for path in files for row in read_csv(path)]
        if table and {"TEXT", "LABEL"} <= table[0].keys() and {row["LABEL"].strip().lower() for row in table} <= _UNWANTED:
            yield Named(name, tuple(row["TEXT"] for row in table), tuple(row["LABEL"].strip().lower() for row in table))
    for name, found in _objects(root, {"text", "spam"}):
        yield Named(
            name,
            tuple(html.unescape(row["text"]) for row in found),
            tuple("spam" if int(row["spam"]) else "ham" for row in found),
            tuple(str(row["video"]) for row in found) if all("video" in row for row in found) else (),
        )


def promotion_sets(root: Path) -> Iterator[YesNo]:
    """Texts that advertise or do not: jsonl with `text` and `ad` 0 or 1; csv with `title` and `sponsor`, "none" for nobody."""
    for name, found in _objects(root, {"text", "ad"}):
        yield YesNo(name, tuple(row["text"] for row in found), tuple(bool(int(row["ad"])) for row in found))
    folders: dict[Path, list[tuple[str, bool]]] = {}
    for path in sorted(root.rglob("*.csv")):
        table = read_csv(path)
        if table and {"title", "sponsor"} <= table[0].keys():
            paid = [(row["title"], row["sponsor"].strip().lower() not in ("", "none")) for row in table if row["title"].strip()]
            folders.setdefault(path.parent, []).extend(paid)
    for folder, rows in folders.items():
        yield YesNo(folder.name, tuple(text for text, _ in rows), tuple(paid for _, paid in rows))


def headline_sets(root: Path, signal: str) -> Iterator[YesNo]:
    """`SIGNAL.txt` beside `non_SIGNAL.txt`, one text a line."""
    for path in sorted(root.rglob(f"{signal}.txt")):
        other = path.with_name(f"non_{signal}.txt")
        if other.exists():
            rows = [(text, path is file) for file in (path, other) for text in read_lines(file) if text.strip()]
            yield YesNo(path.parent.name, tuple(text for text, _ in rows), tuple(there for _, there in rows))


def language_sets(root: Path) -> Iterator[Named]:
    """Folders of files that are named after a language's ISO 639-1 code, one text a line."""
    folders: dict[Path, list[Path]] = {}
    for path in sorted(root.rglob("*.txt")):
        if re.fullmatch("[a-z]{2}", path.stem):
            folders.setdefault(path.parent, []).append(path)
    for folder, files in folders.items():
        rows = [(text, path.stem) for path in files for text in read_lines(path) if text.strip()]
        yield Named(folder.name, tuple(text for text, _ in rows), tuple(code for _, code in rows))


def _mapped(labels: Path) -> Iterator[tuple[str, str]]:
    """Text and name of its class, where mapping.txt names them."""
    texts, mapping = labels.with_name(labels.name.replace("_labels", "_text")), labels.with_name("mapping.txt")
    if texts.exists() and mapping.exists():
        pairs = (line.split("\t", 1) for line in read_lines(mapping) if "\t" in line)
        names = {number.strip(): name.strip().lower() for number, name in pairs}
        for text, value in zip(read_lines(texts), read_lines(labels), strict=True):
            yield tweet(text), names.get(value.strip(), "")


def _objects(root: Path, keys: set[str]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Sets of json lines whose objects have these keys."""
    for name, files in sets(root.rglob("*.jsonl")):
        with files[0].open(encoding="utf-8-sig", errors="replace") as file:
            try:
                first = json.loads(file.readline())
            except ValueError:
                continue
        if isinstance(first, dict) and keys <= first.keys():
            yield name, [row for path in files for row in read_jsonl(path)]
