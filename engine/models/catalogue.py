"""The catalogue of models: read from `resources/models.toml`, checked, and looked up by name."""

from __future__ import annotations

import json
import logging
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any, Literal, cast

import platformdirs

import resources
from engine.errors import ModelError, NotFoundError

Kind = Literal["embedding", "text", "vision"]

OWN_FILE = "own.json"  # in the models folder

log = logging.getLogger(__name__)

_LATIN_LANGUAGES = frozenset(["cs", "da", "de", "en", "es", "fi", "fr", "hu", "id", "it", "nl", "no", "pl", "pt", "ro", "sv", "tr", "vi"])
_LATIN_SHARE = 0.75  # of a text's letters, from which it counts as written in Latin ones


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """One file of a model. It comes from `member` of the model's package, or from `url`."""

    name: str  # relative, with "/" between folders
    sha256: str  # lower-case hexadecimal
    size_bytes: int | None = None  # exact; None while no one has measured it
    about_bytes: int = 0  # an estimate, for progress and disk space
    member: str = ""
    url: str = ""
    modified_ns: int = 0  # of a person's own file, when its hash was taken

    @property
    def expected_bytes(self) -> int:
        return self.size_bytes if self.size_bytes is not None else self.about_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One entry of the catalogue."""

    name: str
    kind: Kind
    licence: str
    files: tuple[ModelFile, ...]
    memory_bytes: int
    description: str = ""
    default: bool = False
    runs: bool = True  # False: no worker of this version can run it
    languages: tuple[str, ...] = ()  # ISO 639-1; empty: many
    dimensions: int | None = None
    template: str = ""
    package: str = ""  # "name==version" on the Python index
    package_bytes: int = 0
    merit: int = 0  # among text models: which a machine should rather use, of those that it can
    own: str = ""  # where the person's own file or folder lies

    @property
    def size_bytes(self) -> int:
        """What its files take on the disk."""
        return sum(file.expected_bytes for file in self.files)

    @property
    def folder(self) -> str:
        """The name of its folder, fit for every file system."""
        return re.sub(r"[^A-Za-z0-9._-]+", "-", self.name)

    def speaks(self, language: str, text: str = "") -> bool:
        """Whether the model was made for this language.

        "" is a language that nobody could tell, as of a title of two words: it counts as spoken when `text` is written
        in Latin letters and the model knows a language that is. In other scripts the letters alone have told it.
        """
        if language:
            return not self.languages or language in self.languages
        return (not self.languages or not _LATIN_LANGUAGES.isdisjoint(self.languages)) and _mostly_latin(text)

    def usual_language(self) -> str:
        """What a text counts as that the model speaks though nobody could tell its language: see `speaks`."""
        return self.languages[0] if self.languages else ""

    def path(self, models_dir: Path) -> Path:
        """What a worker loads: the one GGUF file, or the folder with all files."""
        if self.own:
            return Path(self.own)
        folder = models_dir / self.folder
        return folder / self.files[0].name if len(self.files) == 1 else folder

    def installed(self, models_dir: Path) -> bool:
        """Whether every file is there in its right size. Installing, or adding, has checked the hashes."""
        if self.own:
            return not self.trouble()
        folder = models_dir / self.folder
        for file in self.files:
            try:
                size = (folder / file.name).stat().st_size
            except OSError:
                return False
            if file.size_bytes is not None and size != file.size_bytes:
                return False
        return True


    def trouble(self) -> str:
        """Why the person's own model cannot be used any more, "" when it can: its files are gone, or were changed since
        they were checked."""
        place = Path(self.own)
        for file in self.files:
            try:
                found = (place / file.name if place.is_dir() else place).stat()
            except OSError:
                return f"{place} is gone."
            if found.st_size != file.size_bytes or found.st_mtime_ns != file.modified_ns:
                return f"{place} was changed since it was checked. Add it again if that is as it should be."
        return "" if place.exists() else f"{place} is gone."


def _mostly_latin(text: str) -> bool:
    letters = [character for character in text[:300] if character.isalpha()]
    latin = sum(character < "\u0250" for character in letters)
    return latin >= 2 and latin >= _LATIN_SHARE * len(letters)


def default_models_dir() -> Path:
    """Where models lie, for all profiles of this person: `$MILLPOND_MODELS`, else the user's data folder."""
    chosen = os.environ.get("MILLPOND_MODELS")
    return Path(chosen) if chosen else Path(platformdirs.user_data_dir("millpond", appauthor=False)) / "models"


@cache
def catalogue() -> tuple[Model, ...]:
    """Every model of the shipped catalogue, defaults first."""
    return read(resources.path("models.toml").read_text(encoding="utf-8"))


def own_models(models_dir: Path) -> tuple[Model, ...]:
    """The models of the person's own, in the order in which they were added. A list that cannot be read is none."""
    try:
        entries = json.loads((models_dir / OWN_FILE).read_text(encoding="utf-8"))["models"]
        return tuple(
            Model(
                **{**entry, "files": tuple(ModelFile(**file) for file in entry["files"]), "languages": tuple(entry["languages"])}
            )
            for entry in entries
        )
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.info("own models cannot be read error=%s", type(error).__name__)
        return ()


def by_name(name: str) -> Model:
    """Raises NotFoundError, which names what there is."""
    known = catalogue()
    for model in known:
        if model.name.lower() == name.lower():
            return model
    own = own_models(default_models_dir())
    for model in own:
        if model.name.lower() == name.lower():
            return model
    raise NotFoundError(f"There is no model “{name}”. There are: {', '.join(model.name for model in (*known, *own))}.")


def in_use(name: str, kind: Kind) -> Model:
    """The model of a setting; the default of its kind where that one is not known any more."""
    try:
        found = by_name(name)
    except NotFoundError:
        return next(model for model in catalogue() if model.default and model.kind == kind)
    return found


def read(text: str) -> tuple[Model, ...]:
    """Read a catalogue.

    Raises:
        ModelError: an entry lacks something, names a file outside its folder, or has no proper hash or source.
    """
    try:
        models = tuple(_model(entry) for entry in tomllib.loads(text)["model"])
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"The model catalogue cannot be read: {error}") from error
    folders = [model.folder for model in models]
    if len(set(folders)) != len(folders):
        raise ModelError("The model catalogue names two models for one folder.")
    return models


def _model(entry: Mapping[str, Any]) -> Model:
    files = tuple(ModelFile(**file) for file in entry["files"])
    for file in files:
        inside = PurePosixPath(file.name)
        if inside.is_absolute() or ".." in inside.parts or "\\" in file.name or not inside.name:
            raise ModelError(f"The model catalogue names a file outside its folder: {file.name!r}.")
        if not re.fullmatch(r"[0-9a-f]{64}", file.sha256):
            raise ModelError(f"The model catalogue has no SHA-256 for {file.name!r}.")
        if bool(file.member) == bool(file.url) or (file.member and not entry.get("package")):
            raise ModelError(f"The model catalogue names no source, or two, for {file.name!r}.")
        if file.url and not file.url.startswith("https://"):
            raise ModelError(f"The model catalogue names a source that is not HTTPS for {file.name!r}.")
    if not files or entry["kind"] not in ("embedding", "text", "vision"):
        raise ModelError(f"The model catalogue's entry {entry['name']!r} has no files, or a kind unheard of.")
    rest = {key: value for key, value in entry.items() if key not in {"files", "kind", "languages"}}
    if re.fullmatch(r"[.]*", entry["name"]):
        raise ModelError("The model catalogue has an entry without a name.")
    return Model(
        files=files, kind=cast(Kind, entry["kind"]), languages=tuple(entry.get("languages", ())), **rest
    )
